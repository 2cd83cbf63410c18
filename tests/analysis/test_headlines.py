"""Headlines of causes and bills: the surplus of one fund is set against no gap of another."""

from __future__ import annotations

import pandas as pd

import sibforecast as sib
from sibforecast.analysis.attribution import Attribution
from sibforecast.analysis.sharing import Sharing

KEY = {"region": "150100", "period": "2026", "scenario": "cut"}


def causes(**gaps: tuple[float, float]) -> Attribution:
    """Of each fund the gap before, and by how much a change moves it, in 100 million."""
    rows = [KEY | {"programme": fund, "kind": kind, "cause": cause, "value": value * 1e8} for fund, both in gaps.items()
            for (kind, cause), value in zip((("budget", "budget_gap"), ("policy", "cut")), both, strict=True)]  # fmt: skip
    return Attribution(lambda: pd.DataFrame(rows), {})


def test_gaps_and_surpluses_are_told_apart() -> None:
    """−1.74 + 5.53 = 3.79 is a gap, −2.44 stays a surplus: never 1.35 of both."""
    made = causes(enterprise_pension=(-1.74, 5.53), unemployment=(-2.44, 0.0))
    assert made.headline() == "gap 0.00 → 3.79, surplus 4.18 → 2.44 (100 million), measures: 1"
    assert made.shown("zh").startswith("<成因> 收支缺口0.00 → 3.79，结余4.18 → 2.44（单位：亿），措施1项\n")
    two = causes(enterprise_pension=(1.0, 2.0), unemployment=(-2.0, 0.5))
    both = Attribution(lambda: pd.concat([made.frame, two.frame.assign(scenario="other")]), {}).headline()
    assert "cut: gap 0.00 → 3.79, surplus 4.18 → 2.44; other: gap 1.00 → 3.00, surplus 2.00 → 1.50" in both


def test_where_no_fund_is_set_against_another_one_figure_does() -> None:
    assert causes(unemployment=(-2.44, 3.0)).headline() == "gap -2.44 → 0.56 (100 million), measures: 1"
    assert causes(unemployment=(1.0, 3.0), work_injury=(1.0, 0.0)).headline() == "gap 2.00 → 5.00 (100 million), measures: 1"


def test_a_bill_totals_what_is_shared_and_tells_surpluses_apart() -> None:
    """The pension fund carries 0.5 of its gap of 1.5 itself; the surplus of 2.44 of the other is no part of it."""
    rows = [KEY | {"programme": fund, "payer": payer, "treat": "shared", "class": "", "cause": "cut", "value": value * 1e8}
            for fund, payer, value in (("enterprise_pension", "league", 1.0), ("enterprise_pension", "fund", 0.5),
                                       ("unemployment", "fund", -2.44))]  # fmt: skip
    bill = Sharing(lambda: pd.DataFrame(rows), {})
    assert bill.headline() == "league 1.00, fund 0.50, surplus 2.44 (100 million)"
    assert bill.summary().loc["150100"].to_dict() == {"league": 1.0, "fund": 0.5, "surplus": 2.44}
    rolled = Sharing(lambda: pd.DataFrame(rows).assign(programme="one", value=[4e8, 0.5e8, -2.44e8]), {})  # areas of one fund, summed up
    assert rolled.headline() == "league 4.00, fund 0.50, surplus 2.44 (100 million)"
    assert "盟市1.00、基金自身0.50、结余留存2.44" in bill.shown("zh")
    assert sib.plots.sharing_table(bill)["total"].tolist() == [1.5e8]
