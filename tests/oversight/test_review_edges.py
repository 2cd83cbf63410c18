"""Odd reports give a finding, never a crash; what is in order gives none."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.oversight.review import CHECKS, checks
from sibforecast.phrases import Teller
from tests.datasets import EP_DRIVERS, EP_LINES, EP_OPENING, WAN, dataset
from tests.reported import close

FUND, AREA = "unemployment", "150100"


def reviewed(folder, rows, stage="reported", **more):
    return sib.review(sib.load(dataset(folder, rows, **more)), stage)


def rows_of(account, period, stage, region=AREA, fund=FUND, unit="元"):
    return [(region, fund, item, period, f"{value:.2f}", unit, stage) for item, value in account.items()]


def ids(found):
    return [(r["id"], r["item"]) for r in found.records() if r["id"] in CHECKS]


def month(k, **more):
    """A month of an unemployment fund, cumulative: 100 a month comes in, 60 go out."""
    lines = {"contribution_revenue": 100.0 * k, "interest": 1.5 * k, "unemployment_expenditure": 60.0 * k, "opening_balance": 1_000.0}
    return close(lines | more)


def test_what_the_reading_cannot_understand_is_a_finding_among_the_others(tmp_path):
    rows = [*rows_of(month(12), "2026", "reported"), (AREA, FUND, "unemploymnet_expenditure", "2026", 5, "元", "reported"), (AREA, "lottery", "interest", "2026", 5, "元", "reported"), (AREA, FUND, "interest", "2026", 99, "元", "reported")]
    found = sib.review(dataset(tmp_path, rows))
    assert {"unknown_item", "unknown_programme", "duplicate"} <= set(found.frame["id"])
    assert found.accounts == 1
    assert not found.ok


def test_a_frame_made_in_python_is_reviewed_as_far_as_it_is_understood(tmp_path):
    data = sib.load(dataset(tmp_path, rows_of(month(12), "2026", "reported")))
    frame = data.frame.astype({"region": str, "programme": str, "item": str})
    odd = frame.iloc[[0, 0, 0, 0]].assign(item=["intrest", "interest", "interest", "interest"], programme=[FUND, "lottery", FUND, FUND],
                                          region=[AREA, AREA, "999999", AREA])  # fmt: skip
    both = pd.concat([frame, odd], ignore_index=True)
    found = sib.review(data.replaced(lambda: both))
    frame = found.frame.set_index("id")
    assert frame.loc["unknown_item", "found"] == "intrest"
    assert "'interest'" in frame.loc["unknown_item", "message"]
    assert frame.loc["unknown_programme", "found"] == "lottery"
    assert frame.loc["unknown_region", "found"] == "999999"
    assert frame.loc["duplicated_report", "item"] == "interest"
    assert set(found.frame["severity"]) == {"error", "note"}
    assert frame.loc["not_compared", "severity"] == "note"  # there is no year before


def test_a_missing_month_is_told_once(tmp_path):
    rows = [r for k in (1, 2, 4, 5) for r in rows_of(month(k), f"2026-{k:02d}", "executed")]
    found = reviewed(tmp_path, rows, "executed")
    one = found.frame[found.frame["id"] == "missing_month"]
    assert one["period"].tolist() == ["2026-03"]
    assert "2026-03" in one["message"].iloc[0]
    assert len(found) == 1, found.lines()


def test_a_falling_cumulative_figure_is_told_with_its_likely_cause(tmp_path):
    third = month(3, contribution_revenue=100.0)  # the month's own 100 instead of 300 since January
    rows = [r for k in (1, 2) for r in rows_of(month(k), f"2026-{k:02d}", "executed")] + rows_of(third, "2026-03", "executed")
    found = reviewed(tmp_path, rows, "executed").frame.set_index("item")
    assert found.loc["contribution_revenue", "id"] == "falling_cumulative"
    assert found.loc["contribution_revenue", "difference"] == -100.0
    assert len(reviewed(tmp_path / "fine", [r for k in (1, 2, 3) for r in rows_of(month(k), f"2026-{k:02d}", "executed")], "executed")) == 0


def test_a_report_handed_in_twice_is_told(tmp_path):
    again = rows_of(month(2), "2026-02", "executed") + rows_of(month(2), "2026-03", "executed")
    found = reviewed(tmp_path / "month", again + rows_of(month(1), "2026-01", "executed"), "executed")
    assert found.frame["id"].tolist() == ["duplicated_report"]
    assert found.frame["found"].iloc[0].endswith("2026-02")
    last = rows_of(month(12), "2025", "final") + rows_of(month(12), "2026", "reported")
    found = reviewed(tmp_path / "year", last)
    assert ("duplicated_report", "last year's figure repeated") in set(found.frame[["id", "cause"]].itertuples(index=False, name=None))


def test_an_area_that_has_not_reported_is_named(tmp_path):
    leagues = [(f"15{n:02d}00", f"第{n}市", "150000", "league") for n in range(1, 5)]
    rows = [r for area, *_ in leagues for r in rows_of(month(12), "2025", "final", area)]
    for n, (area, *_) in enumerate(leagues[:3]):
        rows += rows_of(month(12, contribution_revenue=1_300.0 + n, opening_balance=month(12)["closing_balance"]), "2026", "reported", area)
    found = reviewed(tmp_path, rows, regions=[("150000", "内蒙古自治区", "", "region"), *leagues])
    assert found.frame[["id", "region"]].values.tolist() == [["not_reported", "150400"]]


def worked(**changed):
    """The enterprise pension example of the specification as a reported draft beside last year."""
    last = [(AREA, "enterprise_pension", i, 2025, v, u, "final") for i, v, u in EP_OPENING]
    flexible = (("contributors", 120_000, "人"), ("contributors_flexible", 52_000, "人"), ("beneficiaries", 73_000, "人"), ("benefit_level", 2_972.5, "元/月"))
    skipped = ("contributor_ratio", "flexible_share", "fiscal_subsidy", "other_revenue", "other_expenditure")
    drivers = [(AREA, "enterprise_pension", i, 2026, v, u, "reported") for i, v, u in (*EP_DRIVERS, *flexible) if i not in skipped]
    lines = EP_LINES | {"gap_subsidy": 0.0, "gap_grant": 0.0} | changed
    return last + drivers + [(AREA, "enterprise_pension", i, 2026, v, WAN, "reported") for i, v in lines.items()]


def test_the_worked_example_is_what_its_drivers_give(tmp_path):
    # 120,000 × 5,500 × 12 × 24 % × 98 % = 186,278.40; 52,000 × 3,800 × 12 × 20 % = 47,424.00; + 1,500 + 2,000 + 300 = 237,502.40
    # (70,000 + 73,000) / 2 × 2,972.5 × 12 = 255,040.50 万元
    assert ids(reviewed(tmp_path, worked())) == []


@pytest.mark.parametrize(("item", "id", "due"), [("contribution_revenue", "R-06", 237_502.40), ("pension_expenditure", "R-08", 255_040.50)])
def test_a_line_off_its_drivers_by_more_than_two_per_cent(tmp_path, item, id, due):
    for share, expected in ((1.019, []), (1.021, [(id, item)]), (0.979, [(id, item)])):
        account = close({i: round(v, 2) for i, v in (EP_LINES | {item: due * share}).items()})
        found = reviewed(tmp_path, worked(**{i: account[i] for i in EP_LINES}))
        assert ids(found) == expected
        if expected:
            one = found.frame.iloc[0]
            assert one["expected"] == f"{due * 1e4:,.2f}"
            assert one["difference"] == pytest.approx((share - 1) * due * 1e4, abs=100)
            assert one["at_stake"] == abs(one["difference"])


def test_last_years_arrears_recovered_stand_in_and_widen_the_tolerance(tmp_path):
    """Left out of the report, 1,500 + 2,000 + 300 万元 are last year's; half of them is allowed beside 2 %."""
    left_out = ("arrears_recovered", "back_payments", "prepayments")
    rows = [r for r in worked() if r[2] not in left_out]
    rows += [(AREA, "enterprise_pension", i, 2025, v, u, "final") for i, v, u in EP_DRIVERS if i in left_out]
    assert ids(reviewed(tmp_path, rows)) == []
    for more, expected in ((0.02 * 237_502.40 + 1_890, []), (0.02 * 237_502.40 + 1_910, [("R-06", "contribution_revenue")])):
        account = close(EP_LINES | {"contribution_revenue": round(237_502.40 + more, 2)})
        changed = [r if r[6] != "reported" or r[2] not in EP_LINES else (*r[:4], account[r[2]], *r[5:]) for r in rows]
        found = reviewed(tmp_path, changed)
        assert ids(found) == expected
        assert all("arrears_recovered, back_payments, prepayments taken from last year" in r["message"] for r in found.records() if r["id"] == "R-06")


@pytest.mark.parametrize(("share", "found"), [(1.0, []), (1.04, []), (0.975, []), (1.06, [("R-08", "benefit_expenditure")]), (0.94, [("R-08", "benefit_expenditure")])])
def test_benefits_in_one_sum_are_scaled_by_last_years_account(tmp_path, share, found):
    """Last year 100,000 heads × 1,000 yuan × 12 = 120,000 万元, and 126,000 were paid: 1.05 times as much.

    Now 105,000 heads, 102,500 on average, × 1,050 × 12 = 129,150 万元 × 1.05 = 135,607.5; allowed are 2 % and half of the 5 %
    by which the heads grew.
    """
    def rows(period, stage, heads, level, paid):
        told = (("beneficiaries", heads, "人"), ("benefit_level", level, "元/月"), ("benefit_expenditure", paid, "万元"))
        return [(AREA, "enterprise_pension", item, period, value, unit, stage) for item, value, unit in told]

    both = rows("2025", "final", 100_000, 1_000, 126_000) + rows("2026", "reported", 105_000, 1_050, 135_607.5 * share)
    assert [r for r in ids(reviewed(tmp_path, both)) if r[0] == "R-08"] == found


def test_a_deficit_from_own_balance_passes_and_an_open_gap_does_not(tmp_path):
    spent = {"contribution_revenue": 1_000.0, "unemployment_expenditure": 1_800.0, "opening_balance": 900.0}
    assert ids(reviewed(tmp_path / "own", rows_of(close(spent), "2026", "reported"))) == []  # 900 − 800 = 100 is left
    found = reviewed(tmp_path / "open", rows_of(close(spent | {"opening_balance": 300.0}), "2026", "reported"))
    assert ids(found) == [("R-15", "current_balance")]
    assert found.frame["at_stake"].dropna().tolist() == [500.0]  # 800 − 300
    filled = close(spent | {"opening_balance": 300.0, "fiscal_subsidy": 500.0, "gap_subsidy": 500.0})
    assert ids(reviewed(tmp_path / "filled", rows_of(filled, "2026", "reported"))) == []


def test_a_sum_names_the_line_that_slipped(tmp_path):
    """1,000 + 20 × 10,000 are not 1,020: interest of 20 makes the sum right, so interest is named."""
    sound = close({"contribution_revenue": 1_000.0, "interest": 20.0, "unemployment_expenditure": 900.0, "opening_balance": 900.0})
    found = reviewed(tmp_path, rows_of(sound | {"interest": 200_000.0}, "2026", "reported"))
    one = found.frame[found.frame["id"] == "R-01"].iloc[0]
    assert (one["item"], one["expected"], one["cause"]) == ("interest", "20.00", "unit slip (× 10,000)")


def test_likely_causes_of_lines(tmp_path):
    last = close({"contribution_revenue": 20_000.0, "interest": 1_800.0, "unemployment_expenditure": 15_000.0, "opening_balance": 100_000.0})
    now = close(last | {"opening_balance": last["closing_balance"], "interest": -1_900.0})  # 1.8 % of the balance, with the wrong sign
    found = reviewed(tmp_path / "sign", rows_of(last, "2025", "final") + rows_of(now, "2026", "reported"))
    assert found.frame[["id", "cause"]].values.tolist() == [["R-13", "sign flipped"]]
    now = close(last | {"opening_balance": 100_000.0})
    found = reviewed(tmp_path / "open", rows_of(last, "2025", "final") + rows_of(now, "2026", "reported")).frame
    assert found.loc[found["id"] == "R-02", "cause"].tolist() == ["last year's opening repeated"]
    now = close(last | {"opening_balance": last["closing_balance"], "unemployment_expenditure": 20_000.0, "contribution_revenue": 20_100.0})
    found = reviewed(tmp_path / "shift", rows_of(last, "2025", "final") + rows_of(now, "2026", "reported"))
    assert found.frame["item"].tolist()[:1] == ["unemployment_expenditure"]
    assert found.frame["cause"].iloc[0] == "shifted column: last year's figure of contribution_revenue"


def test_shares_in_per_cent_and_years_for_months_are_slips(tmp_path):
    last = [(AREA, FUND, "collection_rate", "2025", 0.97, "share", "final"), (AREA, FUND, "benefit_level", "2025", 1_500, "元/月", "final")]
    before = sib.load(dataset(tmp_path, last)).frame.astype({"period": str, "stage": str})
    now = before.assign(period="2026", stage="reported", value=[0.0098, 18_900.0])  # 98 % divided twice; 1,575 × 12
    data = sib.load(tmp_path)
    found = sib.review(data.replaced(lambda: pd.concat([before, now], ignore_index=True))).frame
    slips = found[found["id"] == "R-16"].set_index("item")
    assert slips["cause"].to_dict() == {"collection_rate": "percent/share slip (÷ 100)", "benefit_level": "a year's figure for a month's"}
    assert slips.loc["benefit_level", "expected"] == "1,575.00"
    assert found[found["follows"] == ""]["id"].tolist() == ["R-16", "R-16"]


def test_tolerances_are_overridden_and_all_faults_told(tmp_path):
    data = sib.load(dataset(tmp_path, worked(contribution_revenue=240_000.0)))
    assert ("R-06", "contribution_revenue") not in ids(sib.review(data))  # 1.05 % off
    assert ("R-06", "contribution_revenue") in ids(sib.review(data, tolerances={"R-06": 0.01}))
    assert ("R-06", "contribution_revenue") in ids(sib.review(data, tolerances={"R-06": {"share": 0.01}}))
    with pytest.raises(sib.SibError) as told:
        sib.review(data, tolerances={"R-99": 1, "R-06": {"shares": 0.1}, "R-13": {"low": -1}, "R-18": 3})
    for word in ("R-99", "'shares'", "low must not be below 0", "R-18 has no tolerance"):
        assert word in str(told.value)
    with pytest.raises(sib.SibError, match="reportd"):
        sib.review(data, "reportd")
    with pytest.raises(sib.SibError, match="final, reported"):
        sib.review(data, "budget")


def test_the_table_of_checks():
    table = checks()
    assert table["id"].tolist() == [f"R-{n:02d}" for n in range(1, 20)]
    errors = {"R-01", "R-02", "R-03", "R-04", "R-05", "R-07", "R-15", "R-16"}
    assert set(table.loc[table["severity"] == "error", "id"]) == errors
    assert (table[["title", "source", "status", "mend"]] != "").all().all()
    judged = table[table["status"] != "identity"]
    assert judged["status"].str.contains("unverified default of 20").all()
    assert {c.run.__module__ for c in CHECKS.values()} <= {f"sibforecast.oversight.review_{n}" for n in ("identities", "formulas", "plausible", "growth", "peers", "policies", "words")}


LINES = st.floats(0, 1e10).map(lambda v: round(v, 2))


@settings(max_examples=25, deadline=None)
@given(
    account=st.fixed_dictionaries(dict.fromkeys(("contribution_revenue", "fiscal_subsidy", "interest", "upper_grant", "unemployment_expenditure", "upper_remittance", "opening_balance"), LINES)),
    spoilt=st.sampled_from(["interest", "revenue_subtotal", "total_expenditure", "current_balance", "closing_balance"]),
    cents=st.integers(5, 10**9),
)
def test_what_foots_passes_and_a_few_cents_are_found(tmp_path_factory, account, spoilt, cents):
    whole = close(account)
    data = sib.load(dataset(tmp_path_factory.mktemp("a"), rows_of(whole, "2026", "reported")))
    assert not {"R-01", "R-03"} & {i for i, _ in ids(sib.review(data))}
    frame = data.frame
    frame.loc[frame["item"] == spoilt, "value"] += cents / 100
    broken = sib.review(data.replaced(lambda: frame))
    hits = [r for r in broken.records() if r["id"] in ("R-01", "R-03")]
    assert hits
    assert all(abs(abs(r["difference"]) - cents / 100) < 1e-4 for r in hits)


def test_the_result_shows_and_saves_itself(tmp_path):
    import json

    import jsonschema

    found = sib.review(sib.load(dataset(tmp_path, worked(closing_balance=90_000.0))))
    assert all(len(line) <= 80 for line in repr(found).splitlines())
    record = json.loads(found.to_json())
    jsonschema.validate(record, sib.schema("Review"))
    assert record["columns"][-4:] == ["difference", "cause", "at_stake", "follows"]
    assert found.to_excel(tmp_path / "r.xlsx").exists()
    assert found.provenance["stage"] == "reported"
    assert found.ranked()["name"].tolist()[0] == "呼和浩特市"


def two_years_on(**now):
    """Final accounts of 2024, a budget of 2025 in lines only, and a reported draft of 2026: 20,000 heads × 3,000 × 12 = 72,000 万元."""
    then = (("beneficiaries", 20_000, "人"), ("benefit_level", 3_000, "元/月"), ("benefit_expenditure", 72_000, WAN))
    told = {"beneficiaries": 22_050, "benefit_level": 3_200, "benefit_expenditure": 82_656} | now
    units = {item: unit for item, _, unit in then}
    return [
        *((AREA, "enterprise_pension", item, "2024", v, unit, "final") for item, v, unit in then),
        (AREA, "enterprise_pension", "benefit_expenditure", "2025", 85_000, WAN, "budget"),
        *((AREA, "enterprise_pension", item, "2026", v, units.get(item, WAN), "reported") for item, v in told.items()),
    ]


@pytest.mark.parametrize(("now", "found"), [
    ({}, []),  # heads of 2025 on even growth: 21,000; (21,000 + 22,050) ÷ 2 × 3,200 × 12 = 82,656 万元
    ({"beneficiaries": 220_500_000}, [("R-16", "beneficiaries"), ("R-11", "beneficiaries")]),
    ({"benefit_level": 4_200}, [("R-08", "benefit_expenditure"), ("R-11", "benefit_level")]),  # + 40 % in two years, √2 × 20 % = 28 %
    ({"benefit_level": 3_800, "benefit_expenditure": 98_154}, []),  # + 27 %; 21,525 × 3,800 × 12
])  # fmt: skip
def test_where_last_year_lacks_a_driver_the_year_before_stands_in(tmp_path, now, found):
    review = reviewed(tmp_path, two_years_on(**now))
    assert sorted(ids(review)) == sorted(found)
    assert all("the last figure is of 2024" in m for m in review.frame.loc[review.frame["id"] == "R-11", "message"])
    assert "not compared" not in review.headline()


def test_what_no_earlier_year_tells_is_said(tmp_path):
    review = reviewed(tmp_path, two_years_on(fiscal_subsidy=50, interest=20))
    notes = review.frame[review.frame["id"] == "not_compared"]
    assert notes["severity"].tolist() == ["note"]
    assert "2 of the figures of 1 of the accounts: fiscal_subsidy, interest" in notes["message"].iloc[0]
    assert Teller("zh").text(notes["message"].iloc[0], "not_compared") == "1个账户的2个数没有以前年度可比：财政补贴收入、利息收入"
    assert review.headline().endswith("; 2 figures not compared")


@pytest.mark.parametrize(("opening", "found"), [("368454999.99", 0), ("368445000.00", 0), ("368455000.10", 1)])
def test_an_opening_in_cents_of_a_closing_in_whole_ten_thousands(tmp_path, opening, found):
    """36,845 万元 may stand for anything from 36,844.5 to 36,845.5 万元."""
    rows = [(AREA, FUND, "closing_balance", "2025", "36845", WAN, "final"), (AREA, FUND, "opening_balance", "2026", opening, "元", "reported")]
    assert len(reviewed(tmp_path, rows)) == found


def test_drivers_left_out_and_rounds_not_over_are_told(tmp_path):
    """Of three leagues one leaves out the rate it had last year; of three one reports at all: neither may look like agreement."""
    leagues = [("150000", "内蒙古自治区", "", "region"), *((f"150{i}00", f"L{i}", "150000", "league") for i in (1, 2, 3))]
    figures = {"contribution_rate": (1, "%"), "total_revenue": (100, "万元"), "total_expenditure": (90, "万元"), "closing_balance": (200, "万元")}

    def rows(year, stage, areas, without=()):
        return [(f"150{i}00", "unemployment", item, year, v, u, stage) for i in areas for item, (v, u) in figures.items() if (i, item) not in without]

    told = sib.review(sib.load(dataset(tmp_path / "a", rows(2025, "final", (1, 2, 3)) + rows(2026, "reported", (1, 2, 3), {(2, "contribution_rate")}), regions=leagues))).frame
    found = told[told["id"] == "driver_left_out"]
    assert found[["region", "item"]].to_numpy().tolist() == [["150200", "contribution_rate"]]
    told = sib.review(sib.load(dataset(tmp_path / "b", rows(2025, "final", (1, 2, 3)) + rows(2026, "reported", (1,)), regions=leagues))).frame
    found = told[told["id"] == "many_not_reported"]
    assert found[["found", "message"]].to_numpy().tolist() == [["1 of 3", "2 areas had this fund last year and have not reported it"]]


def test_an_effect_where_nobody_reports_and_one_no_formula_tells_are_told(tmp_path):
    """R-17 has nothing to hold them against; silence would look like agreement."""
    policies = (("id", "item", "programme", "start", "set", "unit", "decided_by"), [("fixed", "contribution_rate", FUND, "2026-01", 0.01, "share", "nation")])
    effects = (("region", "programme", "policy", "value", "unit"), [(AREA, FUND, "fixed", 9, WAN), (AREA, "work_injury", "fixed", 9, WAN)])
    found = reviewed(tmp_path, rows_of(month(12), "2026", "reported"), policies=policies, effects=effects)
    told = found.frame[found.frame["id"].isin(["R-17", "effect_of_nobody"])]
    assert sorted(told["id"]) == ["R-17", "effect_of_nobody"]
    assert told["message"].str.contains("cannot be worked out").any()
