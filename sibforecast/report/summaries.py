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
#: What funds without a gap keep; shared with nobody, so in no total.
_LEFT = ("Surplus kept, not shared", "结余留存（不分担）")


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
    told = [base or ("基准" if zh else "baseline"), *others, *(_against(o, len(others) > 1, zh) for o in others)]
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
    high = max(30.0, *(16.5 * -(-columns_of(t) // 20) for t in told))  # titles of scenarios may be long
    return Grid(rows, [32, 8, 20, *[24] * (width - 3)], (0, 2), 3, merged, {0: 28.0, 2: high})


def _against(scenario: str, several: bool, zh: bool) -> str:
    """The heading of a difference: of the one scenario, or of which."""
    what = "差额" if zh else "Difference"
    return f"{what}：{scenario}" if several and zh else f"{what}: {scenario}" if several else what


def _with_baseline(plain: Any, frame: Any) -> Any:
    """Rows of scenarios with those of a draft of the same area before them, as the blank scenario."""
    import pandas as pd

    own = frame[frame["stage"].isin(["expected", "draft"]) & frame["item"].isin(_COMPARED)].assign(scenario="")
    own = own[own["region"].isin(plain["region"].unique()) & own["period"].astype(str).isin(plain["period"].unique())]
    return pd.concat([own[plain.columns].astype(plain.dtypes), plain], ignore_index=True)


def bill_form(result: Any, teller: Teller, note: str) -> Grid | None:
    """Who pays what of each fund's gap, surpluses apart; ``None`` for what is no bill."""
    import pandas as pd

    names, zh = teller.names, teller.language == "zh"
    frame = result if hasattr(result, "groupby") else result.frame
    if not {"programme", "payer", "value"} <= set(frame) or frame.empty:
        return None
    extra = [c for c in ("period", "scenario") if c in frame]
    plain = frame[["programme", *extra, "payer", "value"]].astype({"programme": "object", "payer": "object"}).copy()
    for column in extra:
        plain[column] = plain[column].astype("object").fillna("").astype(str)
    own = frame["region"] if "region" in frame else pd.Series("", index=frame.index)
    each = [own.astype("object").fillna(""), *(plain[column] for column in ("programme", *extra))]
    left = plain["value"].groupby(each).transform("sum") < 0  # no gap: what is left pays for no other area or fund
    left |= (plain["payer"] == "fund") & (plain["value"] < 0)  # of areas that are rolled up together
    sums = plain[~left].groupby(["programme", *extra, "payer"], sort=False)["value"].sum().to_dict()
    kept = plain[left].groupby(["programme", *extra], sort=False)["value"].sum().to_dict()
    keys = list(dict.fromkeys(plain[["programme", *extra]].itertuples(index=False, name=None)))
    there = dict.fromkeys(plain.loc[~left, "payer"])
    payers = [p for p in _PAYERS if p in there] + [p for p in there if p not in _PAYERS]
    start, apart = 1 + len(extra), [_LEFT[zh]] if kept else []
    rows, merged = _top("缺口分担汇总" if zh else "The bill: who carries the gap", _unit(currency_of(result), zh),
                        start + len(payers) + 1 + len(apart), note)
    heads = [_HEADS["programme"][zh], *(_HEADS[c][zh] for c in extra), *(_PAYERS.get(p, (p, p))[zh] for p in payers)]
    rows.append([Cell(t, "head") for t in (*heads, _TOTAL[zh], *apart)])
    widths = {"scenario": 30}
    heights = {0: 28.0, 2: 24.0 if not apart else 32.0}
    for rest in dict.fromkeys(key[1:] for key in keys):  # years and scenarios are never added up
        first = len(rows)
        table = [
            (key[0], [float(sums.get((*key, p), 0.0)) for p in payers], -float(kept.get(key if extra else key[0], 0.0)))
            for key in keys if key[1:] == rest
        ]  # fmt: skip
        lines = max((-(-columns_of(t) // (widths.get(c, 12) - 3)) for c, t in zip(extra, rest, strict=True)), default=1)
        for fund, figures, over in [*table, (None, [], 0.0)]:
            here = len(rows)
            heights |= {here: 15.0 * lines} if lines > 1 else {}
            if fund is None:
                break
            span = f"=SUM({at(here, start)}:{at(here, start + len(payers) - 1)})" if payers else ""
            told = [Cell(names.get(fund, fund)), *(Cell(t, "wrapped") for t in rest), *(Cell(v, "amount") for v in figures)]
            rows.append([*told, Cell(sum(figures), "total amount", span), *(Cell(over, "amount") for _ in apart)])
        columns = [sum(figures[n] for _, figures, _ in table) for n in range(len(payers))]
        overs = [sum(over for _, _, over in table) for _ in apart]
        spans = [f"=SUM({at(first, start + n)}:{at(len(rows) - 1, start + n)})" for n in range(len(payers) + 1 + len(apart))]
        told = [Cell(_TOTAL[zh], "band"), *(Cell(text, "total wrapped") for text in rest)]
        figures = [*columns, sum(columns), *overs]
        rows.append([*told, *(Cell(v, "total amount", f) for v, f in zip(figures, spans, strict=True))])
    broad = [34, *(widths.get(c, 9) for c in extra), *[20] * (len(payers) + 1 + len(apart))]
    return Grid(rows, broad, (0, 2), start, merged, heights)


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
