"""How official forms name and number their lines, and which item each line is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sibforecast import items
from sibforecast.tables.cells import read_cell, read_code

#: Numbering of lines, highest level first: 一、 (一) 1. (1) ①.
_NUMBERINGS = tuple(re.compile(p) for p in (
    r"^[一二三四五六七八九十]+、", r"^[(][一二三四五六七八九十]+[)]", r"^\d+[.、](?!\d)", r"^[(]\d+[)]", r"^[①-⑳]"))  # fmt: skip
#: What stands over a column of items.
HEADS = frozenset({"项目", "收入项目", "支出项目", "收入", "支出"})
_NOTES = ("注", "备注", "说明")
#: What a line of a form is, by what its name ends with or holds; the first that fits.
_LINES = tuple(
    (re.compile(pattern), item)
    for pattern, item in (
        (r"(总计)$", "two_sided_total"),
        (r"上级补助收入$", "upper_grant"), (r"下级上解收入$", "lower_remittance"),
        (r"补助下级支出$", "lower_grant"), (r"上解上级支出$", "upper_remittance"),
        (r"收入小计$", "revenue_subtotal"), (r"收入合计$", "total_revenue"),
        (r"支出小计$", "expenditure_subtotal"), (r"支出合计$", "total_expenditure"),
        (r"(上年末?|年初)(累计|滚存)?结余$", "opening_balance"), (r"(本年|当年)(收支)?结余$", "current_balance"),
        (r"(年末|期末)?(滚存|累计)结余$", "closing_balance"), (r"以前年度.*调整$", "balance_adjustment"),
        (r"(保险费|缴费)收入$", "contribution_revenue"), (r"(财政补贴|政府补助)收入$", "fiscal_subsidy"),
        (r"利息收入$", "interest"), (r"投资收益$", "investment_return"), (r"集体补助收入$", "collective_aid"),
        (r"转移收入$", "transfer_in"), (r"其他收入$", "other_revenue"),
        (r"待遇支出$", "benefit_expenditure"), (r"转移支出$", "transfer_out"), (r"其他支出$", "other_expenditure"),
        (r"(非待遇性|大病保险.*|劳动能力鉴定.*|工伤预防.*)支出$", "non_benefit_expenditure"),
        (r"(稳定岗位|技能提升|职业培训|职业介绍).*支出$", "non_benefit_expenditure"),
        (r"养老金支出$", "pension_expenditure"), (r"(丧葬|抚恤).*支出$", "death_expenditure"),
        (r"病残津贴.*支出$", "disability_expenditure"), (r"失业保险金支出$", "unemployment_expenditure"),
        (r"(医疗补助金|代缴.*医疗保险费|基本医疗保险费)支出$", "medical_expenditure"),
    )
)  # fmt: skip


def plain(cell: Any) -> str:
    """A cell's text without any space, in half width."""
    return "".join(read_code(cell).split()).replace("：", ":").replace("（", "(").replace("）", ")")


def item_of(label: str) -> str:
    """The item a line of a form is; blank where it is none."""
    label = re.sub(r"\(.*?\)$", "", label)
    return next((item for pattern, item in _LINES if pattern.search(label)), items.words().get(label.lower(), ""))


def level_of(label: str) -> int | None:
    """How deep a numbering stands; ``None`` where there is none."""
    return next((n for n, pattern in enumerate(_NUMBERINGS) if pattern.match(label)), None)


def bare(label: str) -> str:
    """A label without 其中 and its numbering."""
    label = label.removeprefix("其中").lstrip(":")
    level = level_of(label)
    return label if level is None else _NUMBERINGS[level].sub("", label)


def is_section(label: str, row: Sequence[Any]) -> bool:
    """Whether a row only opens the revenue or the expenditure of a one-sided form."""
    return bare(label) in HEADS and not any(read_cell(c).state == "number" for c in row)


def is_note(label: str) -> bool:
    """Whether a line opens the notes below a form."""
    return any(label.startswith((f"{word}:", f"{word}1", f"{word}(")) for word in _NOTES)
