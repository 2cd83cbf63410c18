"""Sections of a rules file that stand alone: scope, days in force, linkage, rounding; and numbers no rule can mean."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sibforecast.analysis.ratio_table import is_share
from sibforecast.errors import SibError
from sibforecast.tables.schema import LEVELS
from sibforecast.tables.units import parse_unit

#: No share, multiple, month or amount of a rule is larger.
LARGEST = 1e12


def number_faults(value: Any, place: str) -> Iterable[str]:
    """Numbers that are not finite, or too large for any rule, anywhere in a record; the ends of a band of months may be open."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from number_faults(inner, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, inner in enumerate(value, start=1):
            yield from number_faults(inner, f"{place} {number}")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        open_end = (place.endswith("months_to") and value == math.inf) or (place.endswith("months_from") and value == -math.inf)
        if not open_end and not -LARGEST <= value <= LARGEST:
            shown = value if isinstance(value, float) else f"a number of {len(str(abs(value)))} digits"
            yield f"{place} must be a finite number of at most {LARGEST:g}; found {shown}"


def is_number(value: Any, low: float, high: float) -> bool:
    """Whether a value is a number between two, both included."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def many(value: Any) -> tuple[Any, ...]:
    """A value, or each of a list of them."""
    return tuple(value) if isinstance(value, (list, tuple)) else (value,)


def scope_faults(record: Mapping[str, Any]) -> Iterable[str]:
    """Faults of the level and funds in scope, and of the days in force."""
    scope = record.get("scope", {})
    if scope.get("level", "region") not in LEVELS:
        yield f"[scope]: level must be one of {', '.join(LEVELS)}; found {scope['level']!r}"
    if not all(isinstance(fund, str) and fund for fund in many(scope.get("programmes", "auto"))):
        yield f"[scope]: programmes must be \"auto\" or a list of funds; found {scope['programmes']!r}"
    days = many(record.get("effective", ()))
    if len(days) > 2 or not all(isinstance(d, (str, date)) and re.match(r"(\d{4}|$)", str(d)) for d in days):
        yield f"effective must be the first and last day in force, such as [\"2016-01-01\"]; found {record['effective']!r}"


def linkage_faults(linkage: Mapping[str, Any]) -> Iterable[str]:
    """Faults of multipliers by grade and of the deduction of audit findings."""
    if linkage.get("audit_deduction", "amount") != "amount":
        yield "[linkage]: audit_deduction can only be \"amount\""
    grades = linkage.get("assessment", {})
    if not isinstance(grades, dict):
        yield f"[linkage]: assessment must be a table of multipliers by grade; found {grades!r}"
        return
    for grade, share in grades.items():
        if not is_share(share):
            yield f"[linkage]: the multiplier of {grade!r} must lie in [0, 1]; found {share!r}"


def rounding_faults(rounding: Mapping[str, Any]) -> Iterable[str]:
    """Faults of unit and places: money, in steps of at least a cent."""
    places = rounding.get("places", 2)
    if isinstance(places, bool) or not isinstance(places, int) or not 0 <= places <= 10:
        yield f"[rounding]: places must be a whole number of at least 0; found {places!r}"
        return
    try:
        unit = parse_unit(str(rounding.get("unit", "元")))
    except SibError as fault:
        yield f"[rounding]: {fault}"
        return
    if unit.family != "currency":
        yield f"[rounding]: the unit must be money; found {rounding['unit']!r}"
    elif unit.factor * 10.0**-places < 0.00999:
        yield f"[rounding]: {places} places of {rounding.get('unit', '元')} are finer than a cent"
