"""Units as people write them, to base units.

A unit has a *family* (the base unit of the catalogue) and a factor. ``万元`` is 10,000 of
the family ``currency``; ``元/年`` for an item per person-month is a twelfth.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from sibforecast.errors import SibError

_SCALES = {
    "": 1.0, "k": 1e3, "thousand": 1e3, "千": 1e3, "10k": 1e4, "万": 1e4, "m": 1e6,
    "million": 1e6, "百万": 1e6, "100m": 1e8, "亿": 1e8, "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_YUAN = {"元", "yuan", "cny", "rmb", "人民币", "圆"}
_PERSONS = {"人", "persons", "person", "people", "heads", "人次", "次", "count", "例", "件", "cases"}
_PERSON_MONTHS = {"人月", "人·月", "person-months", "person-month", "人次月"}
_SHARE = {"%": 0.01, "percent": 0.01, "per cent": 0.01, "pct": 0.01, "‰": 0.001, "share": 1.0, "比例": 1.0}
_PER = {
    "month": 1.0, "月": 1.0, "人月": 1.0, "人·月": 1.0, "person-month": 1.0, "mo": 1.0,
    "year": 12.0, "年": 12.0, "人年": 12.0, "人·年": 12.0, "person-year": 12.0, "yr": 12.0, "a": 12.0,
    "case": 0.0, "例": 0.0, "人": 0.0, "次": 0.0, "人次": 0.0, "person": 0.0, "head": 0.0,
}  # fmt: skip
_CURRENCY = re.compile(
    r"([A-Z]{3})(?: ?(k|m|bn|thousand|million|billion))?|(k|m|bn|thousand|million|billion) ?([A-Z]{3})"
)
#: What may stand around a unit: 单位：万元, （万元）, 人民币万元.
_DRESSED = re.compile(
    r"^(?:单位 ?[::] ?)?\(?(?:(?:人民币|rmb|cny) ?(?=[千万百亿]?万?元))?([^()]+?)(?:人民币)?\)?$", re.IGNORECASE
)
#: Base units of the catalogue that are no money: the families that may be written for them.
_FAMILIES = {
    "persons": ("persons",), "share": ("share",), "person-months": ("person-months",), "months": ("months",),
    "per person-year": ("rate", "share", "persons"),
}  # fmt: skip
#: Base units of money: months that one payment stands for (0: per person or case, None: no rate).
_MONEY = {"currency": None, "currency/person-month": 1.0, "currency/person-year": 12.0, "currency/case": 0.0}


@dataclass(frozen=True)
class Unit:
    """A unit: what it measures, how much of the base unit it is, per how many months."""

    family: str  # currency, persons, person-months, share, months, rate
    factor: float
    per_months: float | None = None  # None: not per person; 0: per person or case
    currency: str = ""


@lru_cache(maxsize=4096)
def parse_unit(text: str) -> Unit:
    """Read a unit.

    Raises
    ------
    SibError
        If the unit is unknown.

    Examples
    --------
    >>> parse_unit("万元").factor, parse_unit("USD m").factor, parse_unit("元/年").per_months
    (10000.0, 1000000.0, 12.0)
    """
    plain = re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()
    plain = _DRESSED.sub(r"\1", plain)
    low = plain.lower()
    if low in _SHARE:
        return Unit("share", _SHARE[low])
    if low in ("months", "月", "个月", "month"):
        return Unit("months", 1.0)
    if low in ("per person-year", "次/人年", "次/人·年", "次/人", "per insured"):
        return Unit("rate", 1.0)
    head, _, per = plain.replace(" per ", "/").partition("/")
    head, per_months = head.strip(), _per_months(per.strip().lower(), text)
    scale, word = _split_scale(head.lower())
    if word in _PERSON_MONTHS and per_months is None:
        return Unit("person-months", _SCALES[scale])
    if word in _PERSONS and per_months is None:
        return Unit("persons", _SCALES[scale])
    if word in _YUAN:
        return Unit("currency", _SCALES[scale], per_months, "yuan")
    match = _CURRENCY.fullmatch(head)
    if match:
        code = match[1] or match[4]
        currency = "yuan" if code.lower() in _YUAN else code
        return Unit("currency", _SCALES[match[2] or match[3] or ""], per_months, currency)
    raise SibError(
        f"unknown unit {text!r}; expected 元, 万元, 亿元, yuan, 10k yuan, 100m yuan, USD m, "
        "元/月, 元/年, 人, 万人, persons, 10k persons, %, share, months, count"
    )


def _per_months(per: str, text: str) -> float | None:
    """The months of one payment: ``month`` is 1, ``year`` 12, ``person`` 0; none without a word."""
    if not per:
        return None
    plain = per.removeprefix("人/")  # 元/人/月
    if plain not in _PER:
        raise SibError(f"unknown unit {text!r}: per {per!r}")
    return _PER[plain]


def _split_scale(head: str) -> tuple[str, str]:
    for scale in sorted(_SCALES, key=len, reverse=True):
        if scale and head.startswith(scale):
            word = head[len(scale) :].strip()
            if word in _YUAN | _PERSONS | _PERSON_MONTHS:
                return scale, word
    return "", head


def conversion(unit: Unit, base: str) -> tuple[float, bool]:
    """Factor from `unit` to a base unit of the catalogue, and whether the period was assumed.

    Raises
    ------
    SibError
        If the unit does not fit the item.

    Examples
    --------
    >>> conversion(parse_unit("元/年"), "currency/person-month")
    (0.08333333333333333, False)
    """
    misfit = SibError(f"does not fit: expected {base}")
    if base in _FAMILIES:
        if unit.family not in _FAMILIES[base]:
            raise misfit
        return unit.factor, False
    if unit.family != "currency":
        raise misfit
    wanted = _MONEY[base]
    if wanted is None or wanted == 0.0:
        if unit.per_months if wanted == 0.0 else unit.per_months is not None:
            raise misfit
        return unit.factor, False
    if not unit.per_months:
        return unit.factor, wanted == 1.0
    return unit.factor * wanted / unit.per_months, False
