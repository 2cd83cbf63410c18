"""The story of a draft in the fixed sentences of official statements, and the numbers in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from sibforecast.errors import SibError
from sibforecast.report.voice import Voice, figure

if TYPE_CHECKING:
    import pandas as pd

    from sibforecast.plots.scales import Scale

#: What a sentence tells, by its item.
MAIN = ("total_revenue", "total_expenditure", "current_balance", "closing_balance", "months_payable", "gap")
_AMOUNTS = ("total_revenue", "total_expenditure", "current_balance", "closing_balance")
#: Stages of the year before, the one to compare with first.
_BEFORE = {"draft": ("expected", "final", "executed", "draft", "adjusted", "budget"), "expected": ("final", "executed")}
_BUDGETS = ("adjusted", "budget")


def story_table(frame: pd.DataFrame, apart: Collection[str] = ()) -> pd.DataFrame:
    """The numbers of the sentences.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of region, programme, item, period, stage and value, as of a draft.
    apart : collection of str
        Funds told and not added up: published totals beside the funds they hold, or what such a total holds.

    Returns
    -------
    pandas.DataFrame
        One row for each area, fund (``""``: all funds together, where there are several) and
        year told: the outturn expected of the year under way, and the draft. The six items as
        they are in the frame; ``compared``, the stage of the year before that
        ``revenue_before`` and ``expenditure_before`` are of; ``revenue_budget`` and
        ``expenditure_budget``, the budget of a year under way. Blank where not known: of all
        funds nothing is known that is not known of each.

    Raises
    ------
    SibError
        If a figure occurs twice.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"region": "A", "programme": "unemployment", "item": "total_revenue",
    ...                      "period": ["2026", "2027"], "stage": ["expected", "draft"], "value": [4e8, 5e8]})
    >>> story_table(rows)[["period", "total_revenue", "compared", "revenue_before"]].to_dict("records")[1]
    {'period': '2027', 'total_revenue': 500000000.0, 'compared': 'expected', 'revenue_before': 400000000.0}
    """
    import pandas as pd

    keys = ["region", "programme", "period", "stage"]
    plain = frame.loc[frame["item"].isin(MAIN), [*keys, "item", "value"]].astype(dict.fromkeys([*keys, "item"], "object"))
    if plain.duplicated([*keys, "item"]).any():
        row = plain[plain.duplicated([*keys, "item"])].iloc[0]
        raise SibError(f"two figures of {', '.join(str(row[k]) for k in [*keys, 'item'])}: keep one series of the table")
    funds = list(dict.fromkeys(plain["programme"]))
    known = {tuple(k): v for *k, v in plain[[*keys, "item", "value"]].itertuples(index=False, name=None)}
    told = [(str(p), s) for p, s in plain[["period", "stage"]].drop_duplicates().itertuples(index=False, name=None)]
    pairs = sorted(p for p in told if p[1] in _BEFORE and len(p[0]) == 4) or sorted(told)[-1:]
    rows = []
    for region in dict.fromkeys(plain["region"]):
        for period, stage in pairs:
            here = [f for f in funds if any((region, f, period, stage, item) in known for item in MAIN)]
            parts = [_row(known, str(region), str(fund), period, stage) for fund in here]
            summed = [p for p, f in zip(parts, here, strict=True) if f not in apart]
            rows += ([_together(summed)] if len(summed) > 1 else []) + parts
    return pd.DataFrame(rows)


def _row(known: dict[tuple[Any, ...], float], region: str, fund: str, period: str, stage: str) -> dict[str, Any]:
    def value(year: str, at: str, item: str) -> float:
        return float(known.get((region, fund, year, at, item), np.nan))

    row: dict[str, Any] = {"region": region, "programme": fund, "period": period, "stage": stage}
    row |= {item: value(period, stage, item) for item in MAIN}
    last = str(int(period) - 1) if period.isdigit() and len(period) == 4 else ""
    before = [s for s in _BEFORE.get(stage, ()) if not np.isnan([value(last, s, i) for i in _AMOUNTS[:2]]).all()]
    row["compared"] = before[0] if before else ""
    budgets = [s for s in _BUDGETS if stage == "expected" and not np.isnan(value(period, s, "total_revenue"))]
    for name, item in (("revenue", "total_revenue"), ("expenditure", "total_expenditure")):
        row[f"{name}_before"] = value(last, before[0], item) if before else np.nan
        row[f"{name}_budget"] = value(period, budgets[0], item) if budgets else np.nan
    return row


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """All funds of an area: sums of what is known of each; months and gaps are each fund's own."""
    first = parts[0]
    row = {key: first[key] for key in ("region", "programme", "period", "stage")} | {"programme": ""}
    summed = (*_AMOUNTS, "revenue_before", "expenditure_before", "revenue_budget", "expenditure_budget")
    row |= {item: sum(p[item] for p in parts) for item in summed}  # a blank makes the sum blank
    row |= {"months_payable": np.nan, "gap": np.nan}
    same = {p["compared"] for p in parts}
    row["compared"] = same.pop() if len(same) == 1 else ""
    if not row["compared"]:
        row["revenue_before"] = row["expenditure_before"] = np.nan
    return row


def sentence(row: Any, voice: Voice, scale: Scale) -> str:
    """One row of `story_table` as official statements put it.

    Parameters
    ----------
    row : mapping
        A row of `story_table`.
    voice : Voice
        Language and names.
    scale : Scale
        The size amounts are shown in.

    Returns
    -------
    str

    Examples
    --------
    >>> from sibforecast.plots.scales import Scale
    >>> row = {"region": "A", "programme": "unemployment", "period": "2027", "stage": "draft", "total_revenue": 5e8,
    ...        "total_expenditure": 6e8, "current_balance": -1e8, "closing_balance": 9e8, "months_payable": 18.0,
    ...        "gap": 1e8, "compared": "expected", "revenue_before": 4e8, "expenditure_before": 6e8,
    ...        "revenue_budget": None, "expenditure_budget": None}
    >>> print(sentence(row, Voice("zh", {"unemployment": "失业保险基金"}), Scale(1e8, "亿元", 2)))
    失业保险基金2027年草案：本年收入5.00亿元，比上年预计执行增加1.00亿元，增长25.00%；本年支出6.00亿元，与上年预计执行持平。\
本年收支结余−1.00亿元（收不抵支），年末滚存结余9.00亿元，可支付月数18.00个月，弥补前收支缺口1.00亿元。
    """
    zh = voice.zh
    fund = voice.name(row["programme"]) if row["programme"] else voice.word("all_funds")
    head = f"{fund}{'' if zh else ', '}{voice.column(row['period'], row['stage'])}{'：' if zh else ': '}"
    flows = [
        _flow(row, name, item, voice, scale)
        for name, item in (("revenue", "total_revenue"), ("expenditure", "total_expenditure"))
    ]
    first = ("；" if zh else "; ").join(flows)
    ends = _ends(row, voice, scale)
    if zh:
        return f"{head}{first}。" + ("，".join(ends) + "。" if ends else "")
    return f"{head}{first}." + (f" {', '.join(ends)}." if ends else "")


def _given(value: Any) -> bool:
    return value is not None and value == value


def _flow(row: Any, name: str, item: str, voice: Voice, scale: Scale) -> str:
    """Revenue or expenditure, its change on the year before, its completion of the budget."""
    zh, now = voice.zh, row[item]
    label = {"revenue": ("revenue", "本年收入"), "expenditure": ("expenditure", "本年支出")}[name][zh]
    if not _given(now):
        return f"{label}{'' if zh else ' '}{voice.word('no_data')}"
    parts = [f"{label}{figure(now, scale)}{scale.unit}" if zh else f"{label} {figure(now, scale)} ({scale.unit})"]
    before, plan = row[f"{name}_before"], row[f"{name}_budget"]
    if _given(before):
        change, against = now - before, voice.word(row["compared"])
        size = figure(abs(change), scale)
        rate = percent(abs(change), before) if before > 0 else ""
        if change == 0:
            parts.append(f"与上年{against}持平" if zh else f"the same as last year's {against}")
        elif zh:
            parts.append(f"比上年{against}{'增加' if change > 0 else '减少'}{size}{scale.unit}")
            parts += [f"{'增长' if change > 0 else '下降'}{rate}%"] if rate else []
        else:
            parts.append(f"{size} {'more' if change > 0 else 'less'} than last year's {against}")
            parts += [f"{'up' if change > 0 else 'down'} {rate}%"] if rate else []
    if _given(plan) and plan > 0:
        parts.append(f"完成预算的{percent(now, plan)}%" if zh else f"{percent(now, plan)}% of the budget")
    return ("，" if zh else ", ").join(parts)


def percent(part: float, whole: float) -> str:
    """A share in per cent with two places.

    Examples
    --------
    >>> percent(1.0, 3.0)
    '33.33'
    """
    from sibforecast.plots.scales import Scale

    return Scale(0.01, "%", 2).text(part / whole)


def _ends(row: Any, voice: Voice, scale: Scale) -> Iterable[str]:
    """Balances, months payable, and the gap where there is one."""
    zh = voice.zh
    ends = []
    unit = scale.unit if zh else ""
    if _given(row["current_balance"]):
        short = row["current_balance"] < 0
        said = f"{'本年收支结余' if zh else 'Balance of the year '}{figure(row['current_balance'], scale)}{unit}"
        ends.append(said + (("（收不抵支）" if zh else " (a deficit)") if short else ""))
    if _given(row["closing_balance"]):
        ends.append(f"{'年末滚存结余' if zh else 'closing balance '}{figure(row['closing_balance'], scale)}{unit}")
    if _given(row["months_payable"]):
        months = voice.scale(abs(row["months_payable"]), "months")
        size = figure(row["months_payable"], months)
        ends.append(f"可支付月数{size}个月" if zh else f"{size} months payable")
    if _given(row["gap"]) and row["gap"] > 0:
        ends.append(f"{'弥补前收支缺口' if zh else 'gap before filling '}{figure(row['gap'], scale)}{unit}")
    return ends
