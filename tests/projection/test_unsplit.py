"""What the last account leaves open: what of a subsidy filled a gap, and interest that only corrects."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import DataError
from sibforecast.phrases import Teller
from sibforecast.projection.fund import ALL_FILLED, BY_DRIVERS, UNSPLIT
from tests import datasets

LINES = {"contribution_revenue": 100, "fiscal_subsidy": 50, "benefit_expenditure": 145, "total_expenditure": 145,
         "closing_balance": 80}  # fmt: skip


def drafted(folder, *, fund="unemployment", areas=("150100",), judged=(), months=(), year=2026, **changed):
    """One account of 2025 in 万元 (two for the balance), `changed` items instead; no growth, so the draft repeats it."""
    lines = {**LINES, **changed}
    lines["total_revenue"] = lines.get("total_revenue", sum(lines.get(i) or 0 for i in (
        "contribution_revenue", "fiscal_subsidy", "interest", "upper_grant")))
    rows = [(a, fund, i, y, v * (k + 1), "万元", "final") for k, a in enumerate(areas) for i, v in lines.items()
            if v is not None for y in (2024, 2025)]  # fmt: skip
    regions = [datasets.ONE_LEAGUE[0], *((a, f"市{a}", "150000", "league") for a in areas)]
    return sib.draft_budget(sib.load(datasets.dataset(folder, [*rows, *months], judged, regions)), year)


def told(draft, id="filling_unknown"):
    frame = draft.findings.frame
    return frame[frame["id"] == id].to_dict("records")


def row(draft, item, stage="draft"):
    rows = draft.frame[(draft.frame["item"] == item) & (draft.frame["stage"] == stage)]
    return (None, "") if rows.empty else (round(rows["value"].iloc[-1] / 1e4, 6), rows["method"].iloc[-1])


def test_a_subsidy_never_split_is_warned_of_and_its_rows_say_so(tmp_path):
    """All 50 stand: gap = 145 − (100 + 50) = −5; were all of it filling, it would be 45."""
    draft = drafted(tmp_path)
    (one,) = told(draft)
    assert (one["severity"], one["region"], one["programme"], one["item"], one["period"]) == (
        "warning", "150100", "unemployment", "gap_subsidy", "2025")  # fmt: skip
    assert one["expected"] == "0 to 500,000.00"
    assert "500,000.00" in one["found"]
    assert one["mend"].startswith("give gap_subsidy of 2025")
    assert row(draft, "gap")[0] == -5
    assert row(draft, "fiscal_subsidy")[0] == 50
    assert all(row(draft, i)[1].endswith(UNSPLIT) for i in ("gap", "fiscal_subsidy"))
    assert row(draft, "contribution_revenue")[1] == row(draft, "contribution_revenue")[1].replace(UNSPLIT, "")
    assert row(draft, "gap", "expected") == (None, "")  # the account's own gap stays blank


@pytest.mark.parametrize(("changed", "gap"), [
    ({"gap_subsidy": 0}, -5), ({"gap_subsidy": 20}, 15), ({"fiscal_subsidy": 0}, 45),
    ({"total_revenue": 170}, None),  # a total that its lines do not make up has no gap at all
])  # fmt: skip
def test_a_split_account_or_none_to_split_is_silent(tmp_path, changed, gap):
    draft = drafted(tmp_path, **changed)
    assert told(draft) == []
    assert row(draft, "gap")[0] == gap
    assert not draft.frame["method"].astype(str).str.contains(UNSPLIT, regex=False).any()


def test_a_subsidy_entered_for_the_year_is_the_analysts_word(tmp_path):
    draft = drafted(tmp_path, judged=[("fiscal_subsidy", 2026, 30, "万元", "150100", "unemployment", "notice", "analyst")])
    assert told(draft) == []
    assert row(draft, "gap")[0] == 15  # 145 − 100 − 30


def test_a_subsidy_by_law_stands(tmp_path):
    """Residents' medical: 1,000 insured × 500 yuan is the standard, not a filling; without it the account's own is carried on."""
    heads = [("150100", "resident_medical", "insured", y, 1_000, "人", "final") for y in (2024, 2025)]
    law = [("150100", "resident_medical", "subsidy_per_head", y, 500, "元/年", "final") for y in (2024, 2025)]
    with_law = drafted(tmp_path / "law", fund="resident_medical", months=[*heads, *law])
    without = drafted(tmp_path / "none", fund="resident_medical", months=heads)
    assert (told(with_law), len(told(without))) == ([], 1)
    assert row(with_law, "fiscal_subsidy")[0] == row(without, "fiscal_subsidy")[0] == 50
    assert row(without, "fiscal_subsidy")[1].endswith(UNSPLIT)


def test_a_closing_subsidy_is_the_filling(tmp_path):
    assert told(drafted(tmp_path, fund="civil_servant_pension")) == []


def test_many_areas_are_one_finding_with_all_their_money(tmp_path):
    """Areas of 50, 100 and 150: 300 万元 in all, most of it in the third; the grant of 10, 20, 30 is a finding of its own."""
    draft = drafted(tmp_path, areas=("150100", "150300", "150700"), upper_grant=10)
    subsidy, grant = told(draft)
    assert (subsidy["region"], subsidy["item"], grant["item"]) == ("150700", "gap_subsidy", "gap_grant")
    assert "1,500,000.00, 3,000,000.00 in all" in subsidy["found"]
    assert "300,000.00, 600,000.00 in all" in grant["found"]
    assert "2 other areas" in subsidy["message"]
    chinese = Teller("zh")
    for one in (subsidy, grant):
        for text in (one["message"], one["expected"], one["found"], one["mend"]):
            assert not any(c.isascii() and c.isalpha() for c in chinese.text(text, "filling_unknown")), text
    assert "常规补助" in chinese.text(row(draft, "gap")[1])


def test_an_outturn_by_months_that_leaves_the_filling_open_has_no_gap(tmp_path):
    """The accounts split 20 of 50; the months of 2026 do not: their gap is blank, next year's stands on the accounts."""
    months = [("150100", "unemployment", i, f"{y}-{m:02d}", v * m / 12, "万元", "executed")
              for i, v in (("contribution_revenue", 100), ("fiscal_subsidy", 50), ("benefit_expenditure", 145))
              for y in (2024, 2025, 2026) for m in range(1, 10 if y == 2026 else 13)]  # fmt: skip
    draft = drafted(tmp_path, gap_subsidy=20, months=months, year=2027)
    assert row(draft, "gap", "expected") == row(draft, "revenue_before_filling", "expected") == (None, "")
    assert row(draft, "fiscal_subsidy", "expected")[0] == pytest.approx(50)
    assert "2026" in {f["period"] for f in told(draft, "gap_filled_unknown")}
    assert row(draft, "fiscal_subsidy")[0] == pytest.approx(30)
    assert told(draft) == []


@pytest.mark.parametrize("told", [50, 20])
def test_what_stands_of_a_year_under_way_is_never_more_than_its_line(tmp_path, told):
    """The accounts split 20 of 50, so 30 stand; where the months tell of 20 or so in all, no more than the line can."""
    months = [("150100", "unemployment", i, f"{y}-{m:02d}", v * m / 12, "万元", "executed")
              for y in (2024, 2025, 2026) for i, v in (("contribution_revenue", 100), ("fiscal_subsidy", told if y == 2026 else 50))
              for m in range(1, 10 if y == 2026 else 13)]  # fmt: skip
    draft = drafted(tmp_path, gap_subsidy=20, months=months, year=2027)
    year = draft.projection.paths[""]["unemployment"].years[2026]
    line = year.get("fiscal_subsidy")[0, 0]
    assert line == pytest.approx(told * 1e4, rel=0.05)
    assert year.get("standing_subsidy")[0, 0] == (pytest.approx(300_000) if told == 50 else line)
    assert np.isnan(year.get("revenue_before_filling")[0, 0])
    assert row(draft, "fiscal_subsidy")[0] == pytest.approx(30)


def test_a_subsidy_that_was_all_filling_says_why_none_is_planned(tmp_path):
    draft = drafted(tmp_path, gap_subsidy=50)
    value, method = row(draft, "fiscal_subsidy")
    assert (value, method.endswith(ALL_FILLED)) == (0, True)
    assert "全部用于弥补缺口" in Teller("zh").text(method)
    assert row(drafted(tmp_path / "part", gap_subsidy=20), "fiscal_subsidy") == (30, "standing subsidy + gap filling")


def test_a_rate_that_the_last_account_only_implies_says_so(tmp_path):
    """2025 has no rate of its own: 100 万元 ÷ (500 × 1,000 × 12 × 20 %) = 0.8333…; 2024 reports 0.95."""
    heads = [("150100", "unemployment", i, y, v, unit, "final") for y in (2024, 2025)
             for i, v, unit in (("contributors", 500, "人"), ("contribution_base", 1_000, "元/月"), ("contribution_rate", 20, "%"))]
    rate = ("150100", "unemployment", "collection_rate", 2024, 95, "%", "final")
    months = [("150100", "unemployment", "contribution_revenue", f"{y}-06", 60, "万元", "executed") for y in (2025, 2026)]
    draft = drafted(tmp_path, months=[*heads, rate, *months], year=2027)
    rows = draft.frame[draft.frame["item"] == "collection_rate"].set_index("stage")
    assert rows.loc["draft", "value"] == pytest.approx(100e4 / (500 * 1_000 * 12 * 0.2))
    assert rows.loc["draft", "method"] == ("forecast: last value; implied: (collected + deferred + exempted) / assessed; "
                                           "the account of 2025 has no figure of its own")  # fmt: skip
    assert "2025年决算无此数" in Teller("zh").text(rows.loc["draft", "method"])
    assert row(draft, "collected", "expected")[1].endswith(BY_DRIVERS)
    assert BY_DRIVERS not in row(draft, "collected")[1]


def test_interest_below_nothing_is_no_yield(tmp_path):
    """2024: 1.6 on 80 is 2 %; 2025 books −3 on 80. Next year 80 × 2 % = 1.6 once more, never a negative yield."""
    rows = [("150100", "unemployment", "interest", 2024, 1.6, "万元", "final"),
            ("150100", "unemployment", "interest", 2025, -3, "万元", "final"),
            ("150100", "unemployment", "closing_balance", 2023, 80, "万元", "final")]  # fmt: skip
    draft = drafted(tmp_path, months=rows, gap_subsidy=0, total_revenue=None)
    assert row(draft, "interest", "final")[0] == -3
    assert row(draft, "interest") == (1.6, "last year's yield × opening balance")
    (one,) = told(draft, "interest_below_nothing")
    assert (one["severity"], one["item"], one["period"], one["found"]) == ("warning", "interest", "2025", "-30,000.00")
    assert draft.findings.frame["id"].eq("filling_unknown").sum() == 0


def test_interest_that_is_never_a_yield_is_not_guessed(tmp_path):
    with pytest.raises(DataError, match=r"interest cannot be computed.*enter deposit_rate"):
        drafted(tmp_path / "no", interest=-3)
    rate = [("interest_rate", 2026, 2, "%", "150100", "unemployment", "bank", "analyst")]
    assert row(drafted(tmp_path / "yes", interest=-3, judged=rate), "interest")[0] == 1.6  # 80 × 2 %
    owing = drafted(tmp_path / "debt", interest=-3, closing_balance=-80)  # interest on a debt is one
    assert row(owing, "interest")[0] == -3
    assert not told(owing, "interest_below_nothing")
    assert np.isfinite(row(owing, "total_revenue")[0])
