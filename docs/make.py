"""Write docs/glossary.md and docs/sources.md from the items, the funds and the shipped law: ``python docs/make.py``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sibforecast as sib
from sibforecast.items import CATALOGUE, UNITS, Item
from sibforecast.programmes.registry import ALIASES, SEVEN

FOLDER = Path(__file__).parent
HEAD = """# Glossary, Chinese and English

Written by `python docs/make.py` from the catalogue of items, the funds and the law that ships with the package: do not edit
it. Data sets may use the code, either language or any of the other words; `sib.template` explains every column.
"""
SOURCES = """# Where the law was read

Written by `python docs/make.py` from `sib.current_law()`: do not edit it. Each record of the law names its source and how far it
was checked; what is unverified is a dated default of the package, to be checked before it is relied on.
"""
#: What each status means, in the order shown.
STATUSES = {
    "statute": "Read in the document named",
    "observed": "Seen in a report",
    "unverified": "Unverified: own knowledge of the field",
}
#: Sides of the catalogue in the order of the forms.
SIDES = {
    "revenue": "Revenue lines",
    "revenue_total": "Revenue totals",
    "expenditure": "Expenditure lines",
    "expenditure_total": "Expenditure totals",
    "benefit": "Parts of benefit expenditure",
    "filling": "Filling a gap",
    "balance": "Balances",
    "result": "Results",
    "driver": "Drivers",
    "rate": "Rates",
}


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines) + "\n"


def funds() -> str:
    """The seven funds."""
    rows = ((f"`{code}`", f.name_zh, f.name_en, f"`{f.kind}`", "、".join(ALIASES.get(code, ()))) for code, f in SEVEN.items())
    return "## Funds\n\n" + table(("code", "中文", "English", "kind", "other words"), rows)


def side(name: str, title: str) -> str:
    """The items of one side."""

    def row(item: Item) -> tuple[str, ...]:
        unit, timing = UNITS[item.unit][0], item.timing
        return f"`{item.code}`", item.zh, item.en, unit.replace("yuan", "currency"), timing, "、".join(item.aliases)

    rows = (row(item) for item in CATALOGUE.values() if item.side == name)
    return f"## {title}\n\n" + table(("item", "中文", "English", "unit", "timing", "other words"), rows)


def law() -> str:
    """Parameters of the law, each title once, with the funds that have it."""
    found: dict[tuple[str, str, str, str], list[str]] = {}
    columns = ["parameter", "title_zh", "title", "unit", "programme"]
    for row in sib.current_law().frame[columns].astype(str).drop_duplicates().itertuples(index=False):
        fund = "all funds" if row.programme == "*" else f"`{row.programme}`"
        found.setdefault((row.parameter, row.title_zh, row.title, row.unit), []).append(fund)
    rows = ((f"`{code}`", zh, en, unit, ", ".join(by)) for (code, zh, en, unit), by in sorted(found.items()))
    return "## Parameters of the law\n\n" + table(("parameter", "中文", "English", "unit", "funds"), rows)


def sources() -> str:
    """Sources of the law by status, with the number of dated values that rest on each."""
    frame = sib.current_law().frame
    parts = [SOURCES]
    for status, title in STATUSES.items():
        rows = frame[frame["status"].astype(str) == status]
        counts = rows["source"].astype(str).value_counts().sort_index()
        listed = table(("source", "values"), ((str(source), str(number)) for source, number in counts.items()))
        parts.append(f"## {title} ({len(rows)} of {len(frame)} values)\n\n{listed}")
    return "\n".join(parts)


def glossary() -> str:
    """The whole text.

    Raises
    ------
    ValueError
        If the catalogue has a side that the glossary does not show.
    """
    unknown = {item.side for item in CATALOGUE.values()} - set(SIDES)
    if unknown:
        raise ValueError(f"sides of the catalogue without a title here: {', '.join(sorted(unknown))}")
    return "\n".join([HEAD, funds(), *(side(name, title) for name, title in SIDES.items()), law()])


#: Files written, and what writes them.
PAGES = {"glossary.md": glossary, "sources.md": sources}

if __name__ == "__main__":
    for name, text in PAGES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8", newline="\n")
