"""Write docs/glossary.md from the catalogue of items, the funds and the shipped law: ``python docs/make.py``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import sibforecast as sib
from sibforecast.items import CATALOGUE, UNITS, Item
from sibforecast.programmes.registry import ALIASES, SEVEN

GLOSSARY = Path(__file__).with_name("glossary.md")

HEAD = """# Glossary, Chinese and English

Written by `python docs/make.py` from the catalogue of items, the funds and the law that ships with the package: do not edit
it. Data sets may use the code, either language or any of the other words; `sib.template` explains every column.
"""
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


if __name__ == "__main__":
    GLOSSARY.write_text(glossary(), encoding="utf-8", newline="\n")
