"""Which programmes there are: the seven funds, and any fund declared by its kind."""

from __future__ import annotations

from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.programmes import (
    blocks,
    civil_servant_pension,
    employee_medical,
    enterprise_pension,
    resident_medical,
    resident_pension,
    unemployment,
    work_injury,
)
from sibforecast.programmes.programme import Programme

_FUNDS = (
    enterprise_pension,
    resident_pension,
    civil_servant_pension,
    employee_medical,
    resident_medical,
    work_injury,
    unemployment,
)

#: The seven funds in the order of the official forms.
SEVEN: dict[str, Programme] = {m.PROGRAMME.code: m.PROGRAMME for m in _FUNDS}

#: The rules of each kind of the ``programmes`` table.
KINDS = {p.kind: p.rules for p in SEVEN.values()} | {
    "totals_only": (*blocks.HEADS, *blocks.COMMON, *blocks.TOTALS)
}

#: The programme that holds a table's printed totals over funds: checked, never summed.
PRINTED_TOTAL = "all"

#: What people write for a fund: short official forms beside the full names.
ALIASES: dict[str, tuple[str, ...]] = {
    "enterprise_pension": ("企业职工基本养老保险", "企业职工养老保险", "企业养老", "企业职工养老", "企业职工基本养老"),
    "resident_pension": ("城乡居民基本养老保险", "城乡居民养老保险", "居民养老", "城乡居民养老"),
    "civil_servant_pension": ("机关事业单位基本养老保险", "机关事业单位养老保险", "机关事业养老", "机关养老"),
    "employee_medical": ("职工基本医疗保险", "城镇职工基本医疗保险", "职工医保", "职工医疗", "职工基本医疗保险(含生育保险)", "职工基本医疗保险(含生育保险)基金"),
    "resident_medical": ("城乡居民基本医疗保险", "居民医保", "居民医疗", "城乡居民医保"),
    "work_injury": ("工伤保险", "工伤"),
    "unemployment": ("失业保险", "失业"),
    PRINTED_TOTAL: ("合计", "总计", "社会保险基金合计", "total"),
}  # fmt: skip


def declare(code: str, kind: str, name_zh: str, name_en: str = "") -> Programme:
    """A programme beyond the seven, computed by the rules of its kind.

    Raises
    ------
    SibError
        If the kind is unknown.

    Examples
    --------
    >>> declare("oasi", "wage_based_pension", "老年遗属保险").kind
    'wage_based_pension'
    """
    if kind not in KINDS:
        raise SibError(
            f"unknown kind {kind!r} of programme {code!r}{did_you_mean(kind, KINDS)}; "
            f"expected one of {', '.join(KINDS)}"
        )
    return Programme(code, kind, name_zh or name_en or code, name_en or name_zh or code, KINDS[kind])


def words(declared: dict[str, Programme]) -> dict[str, str]:
    """Every word a programme may be written as, to its code."""
    table: dict[str, str] = {}
    for programme in (*declared.values(), *SEVEN.values()):
        for word in (programme.code, programme.name_zh, programme.name_en):
            table.setdefault(word.lower(), programme.code)
    for code, aliases in ALIASES.items():
        for word in (code, *aliases):
            table.setdefault(word.lower(), code)
    return table
