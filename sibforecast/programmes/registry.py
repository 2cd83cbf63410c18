"""Which programmes there are: the seven funds, and any fund declared by its kind."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

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

#: The kind of funds of which totals alone are published; they may hold other funds.
TOTALS = "totals_only"
#: What the column ``includes`` says of a total that holds no other fund.
NO_OTHER = "none"

#: The rules of each kind of the ``programmes`` table.
KINDS = {p.kind: p.rules for p in SEVEN.values()} | {
    TOTALS: (*blocks.HEADS, *blocks.COMMON, *blocks.TOTALS)
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


def declare(code: str, kind: str, name_zh: str, name_en: str = "", includes: str = "") -> Programme:
    """A programme beyond the seven, computed by the rules of its kind.

    `includes` are the codes of the funds that a published total holds, ``none`` if it is a fund of
    its own; a blank does not say.

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
    parts = tuple(p.strip() for p in re.split("[,，、]", includes) if p.strip() not in ("", NO_OTHER))
    told = parts if includes.strip() or kind != TOTALS else None
    return Programme(code, kind, name_zh or name_en or code, name_en or name_zh or code, KINDS[kind], told)


def counted(present: Collection[str], programmes: Mapping[str, Programme]) -> tuple[str, ...]:
    """The funds of some that are added up, so that nothing counts twice and as little as can be is left out.

    A published total counts in place of the funds it holds, unless all of these are there: then they
    count. A total of which nobody said what it holds counts only where there is nothing else.

    Parameters
    ----------
    present : collection of str
        Funds that have figures.
    programmes : mapping of str to Programme

    Examples
    --------
    >>> pensions = declare("pensions", "totals_only", "养老", includes="enterprise_pension, resident_pension")
    >>> table = {**SEVEN, "pensions": pensions}
    >>> counted(["pensions", "enterprise_pension", "unemployment"], table)
    ('pensions', 'unemployment')
    >>> counted(["pensions", "enterprise_pension", "resident_pension"], table)
    ('enterprise_pension', 'resident_pension')
    """
    def of(code: str) -> tuple[str, ...]:
        return (programmes[code].includes or ()) if code in programmes else ()

    def within(code: str) -> frozenset[str]:
        return frozenset(of(code)).union(*(within(part) for part in of(code)))

    def whole(code: str) -> bool:
        return code in present or (bool(of(code)) and all(whole(part) for part in of(code)))

    known = [c for c in present if c not in programmes or programmes[c].includes is not None]
    if not known:
        return tuple(present)
    made_up = {c for c in known if of(c) and all(whole(part) for part in of(c))}
    held = frozenset[str]().union(*(within(c) for c in known if c not in made_up))
    return tuple(c for c in known if c not in made_up and c not in held)


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
