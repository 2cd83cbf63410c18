"""Bands of the months payable: when a reserve is red, orange, yellow, green, or more than needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sibforecast.errors import SibError, all_faults
from sibforecast.plots.style import Look
from sibforecast.programmes.registry import SEVEN

#: From when the defaults count. No document names them, but for the 15 months of employee medical
#: (observed): they are a default of this package (status: unverified), the same as the thresholds
#: ``warning_months_…`` of the current law.
SINCE = "2016-01-01"
_USUAL = {"red": 3.0, "orange": 6.0, "yellow": 9.0}
_SMALL = {"red": 6.0, "orange": 12.0, "excess": 24.0}
_MEDICAL = {**_USUAL, "excess": 15.0}
DEFAULT: dict[str, dict[str, float]] = {"work_injury": _SMALL, "unemployment": _SMALL, "employee_medical": _MEDICAL}
_ORDER = ("red", "orange", "yellow", "excess")
#: Funds of this kind keep no reserve, a subsidy closes them: yellow at most, as the monitor has it.
_CLOSED = "closing_subsidy_pension"


def bands_of(programme: str | None, bands: Mapping[str, float] | None = None, table: Any = None) -> dict[str, float]:
    """The limits of a fund, in months payable.

    Parameters
    ----------
    programme : str or None
        The fund; work injury, unemployment and employee medical have limits of their own, and a fund
        that a subsidy closes (government-staff pensions) keeps no reserve: it is yellow at most.
    bands : mapping, optional
        ``red``, ``orange``, ``yellow``: below this many months; ``excess``: above this many.
        Replaces the defaults (since 2016, in no document).
    table : Result, optional
        What is shown: it knows of which kind a fund is that a data set declares.

    Returns
    -------
    dict
        Limits in rising order.

    Raises
    ------
    SibError
        With every unknown name, and if limits do not rise.

    Examples
    --------
    >>> bands_of("unemployment")
    {'red': 6.0, 'orange': 12.0, 'excess': 24.0}
    >>> bands_of("civil_servant_pension")
    {'yellow': 9.0}
    """
    kind = _kind(programme, table)
    standard = next((code for code, fund in SEVEN.items() if fund.kind == kind), programme)
    found = DEFAULT.get(standard or "", _USUAL) if bands is None else bands
    faults = [f"unknown band {name!r}; expected {', '.join(_ORDER)}" for name in found if name not in _ORDER]
    limits = {name: float(found[name]) for name in _ORDER if name in found}
    if any(not limit < above for limit, above in zip(limits.values(), [*limits.values()][1:], strict=False)):
        faults.append(f"limits must rise from red to excess; found {limits}")
    if faults:
        raise all_faults(SibError, "bands", faults)
    low = [limit for name, limit in limits.items() if name != "excess"]
    if kind == _CLOSED and low:
        return {"yellow": max(low)} | {name: limit for name, limit in limits.items() if name == "excess"}
    return limits


def closed_funds(programmes: Iterable[str], table: Any = None) -> list[str]:
    """Those of the funds that a subsidy closes."""
    return [fund for fund in programmes if _kind(fund, table) == _CLOSED]


def _kind(programme: str | None, table: Any) -> str:
    """Of which kind a fund is: as the data set declares it, else that of its code; blank where neither is known."""
    source = getattr(table, "source", None)
    declared = getattr(table if source is None else source, "programmes", None)
    fund = declared.get(programme) if isinstance(declared, Mapping) else None
    return str(getattr(fund or SEVEN.get(programme or ""), "kind", ""))


def light_of(months: float, limits: Mapping[str, float]) -> str:
    """The light of so many months payable.

    Examples
    --------
    >>> [light_of(m, bands_of("enterprise_pension")) for m in (-0.1, 3.0, 9.0, float("nan"))]
    ['red', 'orange', 'green', 'unknown']
    """
    if months != months:
        return "unknown"
    for light in ("red", "orange", "yellow"):
        if light in limits and months < limits[light]:
            return light
    return "excess" if months > limits.get("excess", float("inf")) else "green"


def ranges(limits: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """The bands as light, from, to; open ends are infinite.

    Examples
    --------
    >>> ranges({"red": 3.0})
    [('red', -inf, 3.0), ('green', 3.0, inf)]
    """
    out, low = [], float("-inf")
    for light in ("red", "orange", "yellow"):
        if light in limits:
            out.append((light, low, limits[light]))
            low = limits[light]
    top = limits.get("excess", float("inf"))
    out.append(("green", low, top))
    return [*out, ("excess", top, float("inf"))] if "excess" in limits else out


def said(light: str, low: float, high: float, look: Look) -> str:
    """A band in words: ``red below 3``."""
    word = look.word(light)
    if low == float("-inf"):
        return look.word("below", word, f"{high:g}")
    return look.word("from", word, f"{low:g}") if high == float("inf") else look.word("between", word, f"{low:g}", f"{high:g}")


def origin(bands: Mapping[str, float] | None, look: Look, closed: Iterable[str] = ()) -> str:
    """Where the bands come from, for the source line; and which funds are yellow at most, for a subsidy closes them."""
    said = look.word("bands_given") if bands is not None else look.word("bands_default", SINCE)
    names = ("、" if look.language == "zh" else ", ").join(look.name(fund) for fund in closed)
    return said + (look.word("closed", names) if names else "")
