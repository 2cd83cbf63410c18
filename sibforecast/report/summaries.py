"""Scenarios side by side, causes of the gap, the bill over payers and adjustments, with live totals."""

from __future__ import annotations

import math
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell as at

from sibforecast import items
from sibforecast.phrases import Teller
from sibforecast.report.account import rolled
from sibforecast.report.cover import currency_of
from sibforecast.report.grid import Cell, Grid
from sibforecast.report.known import same
from sibforecast.screen import columns_of

#: Lines by which scenarios are compared.
_COMPARED = ("total_revenue", "total_expenditure", "gap", "closing_balance", "months_payable")
_PAYERS = {
    "nation": ("Nation", "国家"), "region": ("Region", "自治区"), "league": ("League", "盟市"), "county": ("County", "旗县"),
    "fund": ("Fund", "基金结余"), "pending": ("Pending", "待定"),
}  # fmt: skip


_HEADS = {
    "programme": ("Fund", "险种"), "period": ("Year", "年度"), "scenario": ("Scenario", "情景"), "stage": ("Stage", "环节"),
    "kind": ("Kind", "类别"), "cause": ("Cause", "原因"), "decided_by": ("Decided by", "决定层级"),
}  # fmt: skip
_TOTAL, _AMOUNT = ("Total", "合计"), ("Amount", "金额")


def _top(title: str, unit: str, width: int, note: str) -> tuple[list[list[Cell | None]], list[tuple[int, int, int, int]]]:
    """Title and unit line."""
    rows: list[list[Cell | None]] = [[None] * width for _ in range(2)]
    rows[0][0], rows[1][0], rows[1][-1] = Cell(title, "title"), Cell(note, "warn"), Cell(unit, "right")
    return rows, [(0, 0, 0, width - 1)]


def _unit(currency: str, zh: bool) -> str:
    name = ("元" if zh else "yuan") if currency == "yuan" else currency
    return f"单位：{name}" if zh else f"Unit: {name}"


def scenario_form(result: Any, teller: Teller, note: str, draft: Any = None) -> Grid | None:
    """Main lines of each fund by scenario, with the difference to the baseline; ``None`` without scenarios.

    Scenarios without a baseline of their own are held against the `draft` that rests on the same assumptions.
    """
    names, zh = teller.names, teller.language == "zh"
    frame = result.frame
    if not {"scenario", "item", "stage", "period"} <= set(frame) or "line" in frame or "quantile" in frame:
        return None
    if frame["region"].nunique() > 1:
        whole = rolled(result)
        if whole is None:
            return None
        frame = whole.frame
    plain = frame[frame["item"].isin(_COMPARED)].astype(dict.fromkeys(("programme", "item", "period", "scenario"), "object"))
    plain["scenario"] = plain["scenario"].fillna("")
    runs = list(dict.fromkeys(plain["scenario"]))
    if runs in ([], [""]) or plain["region"].nunique() != 1:
        return None
    plain = plain[["region", "programme", "period", "item", "scenario", "value"]]
    if "" not in runs and draft is not None and getattr(result, "assumptions", None) is draft.assumptions:
        plain, runs = _with_baseline(plain, draft.frame), ["", *runs]
    base = "" if "" in runs else runs[0]
    others = [r for r in runs if r != base]
    keys = plain[["programme", "period", "item", "scenario"]].itertuples(index=False, name=None)
    values = dict(zip(keys, plain["value"].astype(float), strict=True))
    width = 3 + len(runs) + len(others)
    rows, merged = _top("情景对比" if zh else "Scenarios compared", _unit(currency_of(result), zh), width, note)
    told = [base or ("基准" if zh else "baseline"), *others, *(f"{o}：{'差额' if zh else 'difference'}" for o in others)]
    rows.append([Cell(t, "head") for t in (*(("险种", "年度", "指标") if zh else ("Fund", "Year", "Line")), *told)])
    for fund, period in dict.fromkeys(zip(plain["programme"], plain["period"], strict=True)):
        for item in _COMPARED:
            figures = [values.get((fund, period, item, run), math.nan) for run in (base, *others)]
            look = "gap" if item == "gap" else items.CATALOGUE[item].unit
            here = len(rows)
            cells = [Cell(v, look) for v in figures]
            change = [Cell(v - figures[0], look, f"={at(here, 3 + n)}-{at(here, 3)}") for n, v in enumerate(figures) if n]
            label = items.CATALOGUE[item].label("zh" if zh else "en")
            rows.append([Cell(names.get(fund, fund)), Cell(period), Cell(label), *cells, *change])
    high = max(30.0, *(15.0 * -(-columns_of(t) // 18) for t in told))  # titles of scenarios may be long
    return Grid(rows, [32, 8, 20, *[22] * (width - 3)], (0, 2), 3, merged, {0: 28.0, 2: high})


def _with_baseline(plain: Any, frame: Any) -> Any:
    """Rows of scenarios with those of a draft of the same area before them, as the blank scenario."""
    import pandas as pd

    own = frame[frame["stage"].isin(["expected", "draft"]) & frame["item"].isin(_COMPARED)].assign(scenario="")
    own = own[own["region"].isin(plain["region"].unique()) & own["period"].astype(str).isin(plain["period"].unique())]
    return pd.concat([own[plain.columns].astype(plain.dtypes), plain], ignore_index=True)


def bill_form(result: Any, teller: Teller, note: str) -> Grid | None:
    """Who pays what of each fund's gap; ``None`` for what is no bill."""
    names, zh = teller.names, teller.language == "zh"
    frame = result if hasattr(result, "groupby") else result.frame
    if not {"programme", "payer", "value"} <= set(frame) or frame.empty:
        return None
    extra = [c for c in ("period", "scenario") if c in frame]
    plain = frame[["programme", *extra, "payer", "value"]].astype({"programme": "object", "payer": "object"}).copy()
    for column in extra:
        plain[column] = plain[column].astype("object").fillna("").astype(str)
    sums = plain.groupby(["programme", *extra, "payer"], sort=False)["value"].sum().to_dict()
    keys = list(dict.fromkeys(plain[["programme", *extra]].itertuples(index=False, name=None)))
    payers = [p for p in _PAYERS if p in set(plain["payer"])] + [p for p in dict.fromkeys(plain["payer"]) if p not in _PAYERS]
    start = 1 + len(extra)
    rows, merged = _top("缺口分担汇总" if zh else "The bill: who carries the gap", _unit(currency_of(result), zh),
                        start + len(payers) + 1, note)
    heads = [_HEADS["programme"][zh], *(_HEADS[c][zh] for c in extra), *(_PAYERS.get(p, (p, p))[zh] for p in payers)]
    rows.append([Cell(t, "head") for t in (*heads, _TOTAL[zh])])
    for rest in dict.fromkeys(key[1:] for key in keys):  # years and scenarios are never added up
        first = len(rows)
        table = [(key[0], [float(sums.get((*key, p), 0.0)) for p in payers]) for key in keys if key[1:] == rest]
        for fund, figures in table:
            span = f"=SUM({at(len(rows), start)}:{at(len(rows), start + len(payers) - 1)})"
            told = [Cell(names.get(fund, fund)), *map(Cell, rest), *(Cell(v, "amount") for v in figures)]
            rows.append([*told, Cell(sum(figures), "total amount", span)])
        columns = [sum(figures[n] for _, figures in table) for n in range(len(payers))]
        spans = [f"=SUM({at(first, start + n)}:{at(len(rows) - 1, start + n)})" for n in range(len(payers) + 1)]
        told = [Cell(_TOTAL[zh], "band"), *(Cell(text, "band") for text in rest)]
        rows.append([*told, *(Cell(v, "total amount", f) for v, f in zip([*columns, sum(columns)], spans, strict=True))])
    return Grid(rows, [34, *[12] * len(extra), *[22] * (len(payers) + 1)], (0, 2), start, merged, {0: 28.0, 2: 24.0})


def cause_form(result: Any, teller: Teller, note: str) -> Grid | None:
    """What made the gap, fund by fund, largest first; ``None`` for what has no causes."""
    names, zh = teller.names, teller.language == "zh"
    frame = result if hasattr(result, "groupby") else result.frame
    if not {"programme", "cause", "value", "line"} <= set(frame) or "payer" in frame or frame.empty:
        return None
    extra = [c for c in ("period", "scenario") if c in frame]
    keys = ["programme", *extra, *(c for c in ("stage", "kind", "cause", "decided_by") if c in frame)]
    plain = frame[[*keys, "value"]].copy()
    for column in keys:
        plain[column] = plain[column].astype("object").fillna("").astype(str)
    sums = plain.groupby(keys, sort=False)["value"].sum().reset_index()
    width = len(keys) + 1
    rows, merged = _top("缺口成因汇总" if zh else "Causes of the gap", _unit(currency_of(result), zh), width, note)
    rows.append([Cell(t, "head") for t in (*(_HEADS[k][zh] for k in keys), _AMOUNT[zh])])
    heights, widths = {0: 28.0, 2: 24.0}, {"programme": 32, "cause": 36, "scenario": 26}
    for whose, part in sums.groupby(["programme", *extra], sort=False):
        part = part.reindex(part["value"].abs().sort_values(ascending=False, kind="stable").index)
        first, fund = len(rows), names.get(whose[0], whose[0])
        for record in part.itertuples(index=False, name=None):
            told = [teller.word(v) for v in record[1:-1]]
            lines = max(-(-columns_of(t) // (widths.get(k, 14) - 3)) for k, t in zip(keys[1:], told, strict=True))
            heights |= {len(rows): 15.0 * lines} if lines > 1 else {}
            rows.append([Cell(fund), *(Cell(t, "wrapped") for t in told), Cell(float(record[-1]), "gap")])
        span = f"=SUM({at(first, width - 1)}:{at(len(rows) - 1, width - 1)})"
        blank = [Cell("", "band") for _ in keys[2 + len(extra) :]]
        lead = [Cell(fund, "band"), *(Cell(text, "total wrapped") for text in whose[1:])]
        rows.append([*lead, *blank, Cell(_TOTAL[zh], "band"), Cell(float(sum(part["value"])), "total gap", span)])
        lines = max((-(-columns_of(t) // (widths.get(k, 14) - 3)) for k, t in zip(extra, whose[1:], strict=True)), default=1)
        heights |= {len(rows) - 1: 15.0 * lines} if lines > 1 else {}
    return Grid(rows, [*(widths.get(k, 14) for k in keys), 22], (0, 2), 1, merged, heights)


def adjustment_form(result: Any, teller: Teller, note: str) -> Grid | None:
    """Budget in force, what is proposed and the difference, line by line; ``None`` for what is no adjustment."""
    names, zh = teller.names, teller.language == "zh"
    frame = result if hasattr(result, "groupby") else result.frame
    if not {"before", "after", "difference", "status", "reason"} <= set(frame) or frame.empty:
        return None
    heads = (("Area", "地区"), ("Fund", "险种"), ("Line", "收支科目"), ("Budget in force", "原预算"), ("Proposed", "调整后预算"),
             ("Difference", "增减额"), ("Share", "增减比例"), ("Status", "状态"), ("Reason", "理由"))  # fmt: skip
    rows, merged = _top("预算调整情况表" if zh else "Adjustment of the budget", _unit(currency_of(result), zh), len(heads), note)
    rows.append([Cell(words[zh], "head") for words in heads])
    heights = {0: 28.0, 2: 24.0}
    columns = ["region", "programme", "item", "before", "after", "difference", "share", "status", "reason"]
    for area, fund, item, before, after, difference, share, status, reason in frame[columns].itertuples(index=False, name=None):
        here = len(rows)
        label = items.CATALOGUE[item].label("zh" if zh else "en") if item in items.CATALOGUE else str(item)
        formula = f"={at(here, 4)}-{at(here, 3)}" if same(after - before, difference) else ""
        told = [Cell(names.get(area, str(area))), Cell(names.get(fund, str(fund))), Cell(label)]
        why = teller.text(reason)
        rows.append([*told, Cell(before, "amount"), Cell(after, "amount"), Cell(difference, "currency", formula),
                     Cell(share, "share"), Cell(teller.word(status)), Cell(why, "wrapped")])  # fmt: skip
        if len(why) > 50:
            heights[here] = 14.0 * -(-len(why) // 48)
    return Grid(rows, [16, 30, 24, 20, 20, 20, 10, 12, 56], (0, 2), 3, merged, heights)
