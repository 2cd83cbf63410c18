"""The sheets a workbook is read back from, and the one in which measures are entered."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from sibforecast import items
from sibforecast.report.grid import Cell, Grid
from sibforecast.sheets import Sheet

#: Names of the sheets, English and Chinese: words by which tables of a data set are known.
#: Excel keeps the name ``history`` for itself.
SHEETS = {
    "regions": ("regions", "地区"), "programmes": ("programmes", "险种"), "history": ("figures", "数据"),
    "policies": ("policies", "政策调整"), "lists": ("words", "清单"),
}  # fmt: skip
#: Units as they are read back, by the unit of an item.
_UNITS = {
    "currency": "{0}", "currency/person-month": "{0}/{1}", "currency/person-year": "{0}/{2}", "currency/case": "{0}",
    "persons": "人", "person-months": "人月", "share": "share", "per person-year": "次/人年", "months": "months",
}  # fmt: skip
#: Columns of the table ``policies``: Chinese heading, width, what to write.
_POLICY = {
    "id": ("编号", 24), "title": ("标题", 48), "item": ("项目", 20), "programme": ("险种", 22), "regions": ("适用地区", 16),
    "set": ("设为", 12), "add": ("增加", 12), "multiply": ("乘以", 10), "floor": ("下限", 12), "cap": ("上限", 12),
    "unit": ("单位", 10), "start": ("开始", 10), "end": ("结束", 10), "paid": ("发放月份", 10), "decided_by": ("决定层级", 10),
    "known_at_budget": ("预算时已知", 12), "evidence": ("依据", 20), "reference": ("文号", 20), "author": ("填报人", 12),
    "before_value": ("调整前数值", 12), "known_from": ("公布月份", 10), "source": ("来源", 16),
}  # fmt: skip
_AMOUNTS = ("set", "add", "multiply", "floor", "cap", "before_value")
#: Who may have decided a measure.
DECIDERS = ("nation", "region", "league", "county", "event")
#: Empty rows to fill in.
_EMPTY = 60
#: How many of them are printed.
_PRINTED = 20


def data_sheets(result: Any, language: str, note: str) -> dict[str, Any]:
    """Areas, declared funds and every figure, as they are read back."""
    source, zh = result.source, language == "zh"
    tree = source.regions.frame.fillna("")
    out = {"regions": Sheet.of(tree)}
    out["regions"] = Sheet(list(tree.columns), out["regions"].data,
                           ("地区代码", "名称", "上级", "层级", "英文名称", "经济档次") if zh else None, note)
    funds = list(source.programmes.values())
    out["programmes"] = Sheet(["programme", "kind", "name", "name_en"],
                              [list(c) for c in zip(*((p.code, p.kind, p.name_zh, p.name_en) for p in funds), strict=True)],
                              ("险种代码", "类别", "名称", "英文名称") if zh else None, note)
    out["history"] = _history(result.frame, str(source.currency), zh, note, bool(result.provenance.get("illustrative")))
    return out


def _history(frame: Any, currency: str, zh: bool, note: str, illustrative: bool) -> Sheet:
    """Every figure, unrounded, with its unit."""
    money, month, year = ("元", "月", "年") if currency == "yuan" else (currency, "month", "year")
    units = {code: _UNITS[i.unit].format(money, month, year) for code, i in items.CATALOGUE.items()}
    names = ["region", "programme", "item", "period", "stage", "value", "method"]
    known = frame[frame["value"].notna()]
    written = [_written(v, units[i], currency) for v, i in zip(known["value"].tolist(), known["item"].tolist(), strict=True)]
    data = [known[c].tolist() for c in names]
    data[5] = [value for value, _ in written]
    data.insert(6, [unit for _, unit in written])
    data.append(["illustrative" if illustrative else "draft"] * len(known))
    header = ("地区代码", "险种代码", "项目", "期间", "阶段", "数值", "单位", "方法", "来源") if zh else None
    return Sheet([*names[:6], "unit", "method", "source"], data, header, note, frozen=5, printed_rows=50)


def _written(value: float, unit: str, currency: str) -> tuple[float, str]:
    """An amount in the largest unit that shows all its digits.

    A sum published in millions is out by a million at most, not by a cent: what is read back
    is checked as finely as it was published.
    """
    if unit not in ("元", currency) or value == 0.0:
        return value, unit
    steps = ((1e8, 1e4, "亿元"), (1e4, 1e4, "万元")) if unit == "元" else ((1e9, 1e6, f"{unit} bn"), (1e6, 1e6, f"{unit} m"))
    for factor, step, word in steps:
        if value % step == 0.0 and value / factor * factor == value:
            return value / factor, word
    return value, unit


def policy_sheet(source: Any, language: str, note: str) -> Grid:
    """Measures known already, and empty rows to enter more: the columns of the table ``policies``."""
    zh = language == "zh"
    columns = list(_POLICY)
    head: list[Cell | None] = [Cell(_POLICY[c][0] if zh else c, "head") for c in columns]
    rows: list[list[Cell | None]] = [head]
    table = source.table("policies") if source is not None else None
    records = [] if table is None else table.to_dict("records")
    rows += [[_given(r.get(c)) for c in columns] for r in records]
    first = len(rows)
    rows += [[Cell(None, "entry_number" if c in _AMOUNTS else "entry") for c in columns] for _ in range(_EMPTY)]
    lists = f"='{SHEETS['lists'][zh]}'!"
    funds = list(source.programmes) if source is not None else []
    choices = [(first, columns.index("item"), len(rows) - 1, f"{lists}$A$2:$A${1 + len(items.CATALOGUE)}"),
               (first, columns.index("programme"), len(rows) - 1, f"{lists}$C$2:$C${2 + len(funds)}"),
               (first, columns.index("decided_by"), len(rows) - 1, list(DECIDERS)),
               (first, columns.index("known_at_budget"), len(rows) - 1, ["true", "false"])]  # fmt: skip
    return Grid(rows, [w for _, w in _POLICY.values()], (0, 0), 2, note=note, heights={0: 22.0}, lists=choices,
                comments=[(first, 0, _example(zh, funds))], printed_rows=first + _PRINTED, pages=(2, 0))  # fmt: skip


def _given(value: Any) -> Cell:
    """A cell of a measure that is known already."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return Cell(None, "text")
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return Cell(str(bool(value)).lower(), "text")
    if isinstance(value, list | tuple):
        return Cell(", ".join(map(str, value)), "text")
    return Cell(value, "text") if isinstance(value, str) else Cell(float(value), "number")


def _example(zh: bool, funds: list[str]) -> str:
    """One measure, filled in, told in a comment so that it is never read."""
    told = {"id": "rate-cut-1", "title": "费率降1个百分点" if zh else "Rate cut by one point", "item": "contribution_rate",
            "programme": funds[0] if funds else "enterprise_pension", "regions": "*", "add": "-0.01", "unit": "share",
            "start": "2027-01", "decided_by": "region", "known_at_budget": "true"}  # fmt: skip
    lead = ("Example, not read; fill in one of set, add, multiply, floor, cap:",
            "示例（不读取）；设为、增加、乘以、下限、上限只填一个：")[zh]
    return "\n".join([lead, *(f"{_POLICY[c][0] if zh else c} = {text}" for c, text in told.items())])


def list_sheet(source: Any, language: str) -> Grid:
    """The words to choose from: items and funds, with their names."""
    zh = language == "zh"
    funds: list[tuple[str, str]] = [("*", "全部" if zh else "all")]
    if source is not None:
        funds += [(code, p.label(language)) for code, p in source.programmes.items()]
    head = ("项目代码", "名称", "险种代码", "险种名称") if zh else ("item code", "name", "fund code", "fund")
    rows: list[list[Cell | None]] = [[Cell(t, "head") for t in head]]
    for n, (code, entry) in enumerate(items.CATALOGUE.items()):
        fund: Iterable[str] = funds[n] if n < len(funds) else ("", "")
        rows.append([Cell(code), Cell(entry.label(language)), *(Cell(t) if t else None for t in fund)])
    return Grid(rows, [30, 34, 26, 40])
