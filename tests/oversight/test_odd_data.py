"""Odd data through the public calls: each oddity is a finding or a sentence, never a crash and never silently wrong."""

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.cli.main import main
from sibforecast.errors import DataError, SibError
from sibforecast.oversight.limits import Limits
from sibforecast.plots.bands import bands_of, light_of
from tests import datasets
from tests.datasets import WAN
from tests.oversight.test_monitoring import TWELFTHS, UI, R, budget, load, months, past, row, this_year
from tests.tables.test_forms import LEFT, form

OTHER = "150200"
TWO = [*datasets.ONE_LEAGUE, (OTHER, "包头市", "150000", "league")]
BASE = past() + budget() + this_year()


def found(result, name):
    frame = result.findings.frame
    return frame[frame["id"] == name]


@pytest.mark.parametrize("month", [1, 12])
def test_january_and_december(tmp_path, month):
    """January: 5 % of 725 have come; December ends at what has come, without doubt: 725 of 1,000."""
    got = sib.monitor(load(tmp_path, past() + budget() + this_year(last=month)), f"2025-{month:02d}")
    revenue = row(got, "total_revenue")
    assert revenue["executed"] == pytest.approx({1: 36.25e4, 12: 725e4}[month])
    assert revenue["status"] == "red"
    if month == 12:
        assert revenue[["expected", "expected_low", "expected_high"]].tolist() == pytest.approx([725e4] * 3)
        assert revenue["chance"] == 0.0


def test_no_history_is_no_season_and_no_more_than_a_hint_by_pace(tmp_path):
    """290 of 1,000 by June are 21 points below the 50 % of twelfths; the outturn by twelfths, 580, is what makes it red."""
    revenue = row(sib.monitor(load(tmp_path, budget() + this_year()), "2025-06"), "total_revenue")
    assert pd.isna(revenue["season_share"])
    assert pd.isna(revenue["season_scatter"])
    assert revenue["reason"].startswith("the year ends at 580.00 (10k yuan)")


def test_neither_budget_nor_history_is_told(tmp_path):
    got = sib.monitor(load(tmp_path, this_year()), "2025-06")
    assert len(found(got, "no_plan")) == 1
    assert row(got, "total_revenue")["reason"] == "no budget, and no forecast of it, to hold this against"
    assert row(got, "total_revenue")["status"] == ""


def test_a_budget_below_nothing_is_not_taken_for_nothing_due(tmp_path):
    got = row(sib.monitor(load(tmp_path, past() + budget(-1_000, 900) + this_year()), "2025-06"), "total_revenue")
    assert got["status"] == "yellow"
    assert got["reason"] == "the budget is -1,000.00 (10k yuan), below nothing: no progress can be told of it"


def test_a_balance_below_nothing_is_not_yet_to_be_used_up(tmp_path):
    """200 + 0 − 450 = −250 by June: red now, not in a month ahead."""
    rows = past() + budget() + months("total_revenue", 2025, 0, TWELFTHS, 6) + months("total_expenditure", 2025, 900, TWELFTHS, 6)
    got = row(sib.monitor(load(tmp_path, rows), "2025-06"), "closing_balance")
    assert (got["status"], got["exhaustion"]) == ("red", "2025-06")
    assert got["reason"] == "the balance is -250.00 (10k yuan) in 2025-06, below nothing"


def test_what_lies_on_its_season_is_said_to(tmp_path):
    assert row(sib.monitor(load(tmp_path, BASE), "2025-06"), "total_expenditure")["reason"] == (
        "50.0% of the budget to date, on the season's 50.0%, 1/12 being 50.0%"
    )


def test_only_an_adjusted_budget(tmp_path):
    """Its balances too: 725 − 900 = −175 is the current balance of the budget as it stands."""
    got = sib.monitor(load(tmp_path, past() + budget(725, 900, "adjusted") + this_year()), "2025-06")
    assert row(got, "total_revenue")["plan"] == "adjusted budget"
    assert pd.isna(row(got, "current_balance")["budget"])
    assert row(got, "current_balance")["adjusted"] == pytest.approx(-175e4)
    both = sib.monitor(load(tmp_path / "b", BASE + budget(725, 900, "adjusted")[:1]), "2025-06")
    assert row(both, "current_balance")[["budget", "adjusted"]].tolist() == pytest.approx([100e4, -175e4])  # 725 − the 900 of the budget


def test_months_for_one_fund_only(tmp_path):
    """Work injury has a budget and no month of it: told once for the fund, not left out."""
    injury = [(R, "work_injury", item, 2025, 90, WAN, "budget") for item in ("total_revenue", "total_expenditure")]
    got = sib.monitor(load(tmp_path, BASE + injury), "2025-06")
    assert found(got, "fund_silent")["programme"].tolist() == ["work_injury"]
    assert set(got.frame["programme"]) == {UI}


def test_an_area_with_a_budget_and_no_month(tmp_path):
    got = sib.monitor(load(tmp_path, BASE + budget(region=OTHER), regions=TWO), "2025-06")
    silent = found(got, "not_reported")
    assert silent["region"].tolist() == [OTHER]
    assert "there is a budget of 2025 and no month of it" in silent["message"].iloc[0]
    assert "1 report missing" in got.headline()


def test_areas_that_lack_a_fund_are_settled_as_far_as_they_go(tmp_path):
    """Of the second area the budget has no account; of the first the account has no expenditure: both told."""
    final = [(R, UI, "total_revenue", 2025, 1_100, WAN, "final")]
    made = sib.settle(load(tmp_path, past() + budget() + budget(region=OTHER) + final, regions=TWO), 2025)
    told = found(made, "account_missing")
    assert told[["region", "item"]].fillna("").to_numpy().tolist() == [[R, "total_expenditure"], [OTHER, ""]]
    assert made.frame["item"].tolist() == ["total_revenue"]


def test_a_settlement_without_a_budget_says_so(tmp_path):
    assert sib.settle(load(tmp_path, past()), 2024).headline() == "2024: no budget to hold the account against"


@pytest.mark.parametrize("call", [sib.settle, sib.assess, sib.collection, sib.benefit_stock, sib.reserves])
@pytest.mark.parametrize("year", ["this", None, 2025.5, "2025-06"])
def test_what_is_no_year_is_refused(tmp_path_factory, call, year):
    data = load(tmp_path_factory.mktemp("y"), BASE)
    with pytest.raises(SibError, match=r"not a period|expected a year"):
        call(data, year)


def test_a_year_may_be_written_as_text(tmp_path):
    data = load(tmp_path, past() + budget())
    assert sib.settle(data, "2024").year == 2024
    assert sib.settle(data, "2024").headline() == sib.settle(data, 2024).headline()


def test_a_form_whose_title_and_number_name_two_funds(tmp_path):
    form(tmp_path / "a.xlsx", title="2024年失业保险基金收支预算表", number="社预06表")
    told = sib.check(tmp_path / "a.xlsx").frame.set_index("id").loc["fund_conflict"]
    assert told["found"] == "unemployment and resident_medical"


def test_a_form_with_one_side_only(tmp_path):
    form(tmp_path / "a.xlsx", left=[("", "", "")] * len(LEFT))
    told = sib.review(tmp_path / "a.xlsx", "budget").frame
    assert told[["id", "item"]].to_numpy().tolist() == [["side_missing", "total_revenue"]]


def test_a_review_of_what_could_not_be_read_tells_why(tmp_path):
    """A row with more cells than the header: not merely that there is nothing at the stage."""
    datasets.dataset(tmp_path, BASE)
    text = (tmp_path / "history.csv").read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "history.csv").write_text(f"{text}\n{R},{UI},total_revenue,2025,1,2,3,4,5,6,7,8\n", encoding="utf-8")
    with pytest.raises(DataError, match="ragged_row"):
        sib.review(tmp_path)


def test_no_more_warnings_than_none(capsys):
    assert main(["review", "oasdi", "--stage", "final", "--top", "-3"]) == 0
    assert "warning R-" not in capsys.readouterr().out


@pytest.mark.parametrize(("months_payable", "shown"), [(2.96, "2.96"), (2.4, "2.4"), (2.99999, "2.99999")])
def test_a_figure_shows_on_which_side_of_its_limit_it_lies(china, months_payable, shown):
    limits = Limits.of(china, pd.Timestamp("2026-01-01").date(), None, None)
    assert limits.months(months_payable, "enterprise_pension", "CN") == ("red", f"{shown} months payable at the end of the year, less than 3")


@pytest.mark.parametrize("fund", ["enterprise_pension", "unemployment", "work_injury", "employee_medical"])
def test_the_monitor_and_the_charts_speak_of_the_same_bands(china, fund):
    """§6.2-6.3: below 0 and below the first limit red, … , of work injury and unemployment above 24 too much, in one word."""
    limits = Limits.of(china, pd.Timestamp("2026-01-01").date(), None, None)
    for value in (-0.1, 0.0, 2.9, 3.0, 5.9, 6.0, 8.9, 9.0, 11.9, 12.0, 24.0, 24.1, 60.0):
        assert limits.months(value, fund, "CN")[0] == light_of(value, bands_of(fund)), value


def test_too_much_is_shown_as_such_in_the_heat_table(tmp_path):
    """A balance of 3,000 for 75 a month: 40 months and more, where 24 are thought enough."""
    rows = [r for r in BASE if r[2] != "closing_balance"] + [(R, UI, "closing_balance", 2024, 3_000, WAN, "final")]
    got = sib.monitor(load(tmp_path, [r for r in rows if r[2] != "total_revenue" or "2025" not in str(r[3])] + budget()[:1]
                           + months("total_revenue", 2025, 1_000, (0.05, 0.10, 0.15, 0.20, 0.30, 0.40), 6)), "2025-06")  # fmt: skip
    assert row(got, "months_payable")["status"] == "excess"
    assert "more than the 24 thought enough" in row(got, "months_payable")["reason"]
    table = sib.plots.heat_table(got, item="months_payable")
    assert table["light"].tolist() == ["excess"]
    assert "1 excess" in got.headline()


#: What may be wrong with a year's months, and the finding each call makes of it: monitor, adjust, settle and assess; review.
MONTHS_WRONG = {
    "a missing month": (lambda r: None if r[3] == "2025-03" else r, "missing_month", "missing_month"),
    "a line's missing month": (lambda r: None if r[2:4] == ("total_revenue", "2025-03") else r, "missing_month", "missing_month"),
    "a falling figure": (lambda r: (*r[:4], 100, *r[5:]) if r[2:4] == ("total_revenue", "2025-05") else r, "cumulative_fell", "falling_cumulative"),
    "last month's report": (lambda r: (*r[:4], {"total_revenue": 217.5, "total_expenditure": 375}[r[2]], *r[5:]) if r[3] == "2025-06" else r,
                            "report_repeated", "duplicated_report"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", [*MONTHS_WRONG, "a report twice"])
def test_what_is_wrong_with_a_month_is_a_finding_of_every_call(tmp_path, wrong):
    """725 × 30 % = 217.5 and 900 × 5 / 12 = 375 were May's. Rows given twice with one figure count once."""
    account = [(R, UI, "total_revenue", 2025, 725, WAN, "final"), (R, UI, "total_expenditure", 2025, 900, WAN, "final")]
    rows = [*past(), *budget(), *account, *this_year(last=12)]
    if wrong in MONTHS_WRONG:
        spoil, name, of_review = MONTHS_WRONG[wrong]
        rows = [kept for kept in map(spoil, rows) if kept is not None]
    else:
        rows, name, of_review = [*rows, *(r for r in rows if r[3] == "2025-06")], "duplicate_same", "duplicate_same"
    path = datasets.dataset(tmp_path, rows)
    data = sib.load(path)
    made = [sib.monitor(data, "2025-12"), sib.adjust(data, "2025-12"), sib.settle(data, 2025), sib.assess(data, 2025)]
    assert [name in set(m.findings.frame["id"]) for m in made] == [True] * 4
    assert of_review in set(sib.review(path, "executed").frame["id"])


@pytest.mark.parametrize(("column", "word", "name"), [
    ("item", "total_revenues", "unknown_item"), ("programme", "no_fund", "unknown_programme"), ("region", "999999", "unknown_region"),
    ("item", "total_revenue", "duplicated_report"),
])  # fmt: skip
def test_a_frame_changed_in_python_is_followed_as_far_as_it_is_understood(tmp_path, column, word, name):
    """The reading did not see it: what is unknown, or there twice, is left out and told; the figures are those without it."""
    account = [(R, UI, "total_revenue", 2025, 725, WAN, "final"), (R, UI, "total_expenditure", 2025, 900, WAN, "final")]
    data = sib.load(datasets.dataset(tmp_path, [*BASE, *account]))
    frame = data.frame.astype(dict.fromkeys(("region", "programme", "item", "period", "stage"), str))
    odd = frame[(frame["period"] == "2025-06") & (frame["item"] == "total_revenue")].assign(**{column: word}, value=1.0)
    changed = data.replaced(lambda: pd.concat([frame, odd], ignore_index=True))
    for call in (lambda d: sib.monitor(d, "2025-06"), lambda d: sib.adjust(d, "2025-06"), lambda d: sib.settle(d, 2025), lambda d: sib.assess(d, 2025)):
        made = call(changed)
        assert found(made, name)["severity"].tolist() == ["error"]
        one, other = (m.frame.sort_values([c for c in ("item", "indicator") if c in m.frame], ignore_index=True) for m in (made, call(data)))
        pd.testing.assert_frame_equal(one, other)
