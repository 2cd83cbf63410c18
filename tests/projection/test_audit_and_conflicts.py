"""What each change did, which changes stand in each other's way, and which do nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from tests import datasets

EP = "enterprise_pension"


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    path = datasets.enterprise_pension(tmp_path_factory.mktemp("small"), 2026, datasets.SMALL_FUNDS)
    return sib.draft_budget(sib.load(path), 2026)


def change(**words):
    return sib.Change(**({"start": "2026-01", "decided_by": "nation", "programme": EP} | words))


def found(draft, *changes, years=1):
    frame = sib.project(draft.assumptions, sib.Scenario("s", *changes), years=years).findings.frame
    return frame[frame["table"] == "scenario"]


# --- audit ------------------------------------------------------------------------------


def test_the_audit_is_a_chain_from_the_baseline_to_the_scenario(draft):
    """2,972.50 × 1.02 = 3,031.95; + 30 from July + 15 on the year = 3,046.95; the cap 3,040 in the second half:
    (3,031.95 + 3,040) / 2 = 3,035.975."""
    changes = (
        change(item="benefit_level", multiply=1.02, id="raise"), change(item="benefit_level", add=30, unit="元/月", start="2026-07", id="top-up"),
        change(item="benefit_level", cap=3_040, unit="元/月", start="2026-07", id="limit"), change(item="deaths", multiply=1.5, id="winter"),
    )  # fmt: skip
    reform = sib.project(draft.assumptions, sib.Scenario("s", *changes, reference="document 1"))
    table = reform.audit
    rows = {r.change: (r.item, r.before, r.after) for r in table.itertuples()}
    assert rows["raise"] == ("benefit_level", pytest.approx(2_972.50), pytest.approx(3_031.95))
    assert rows["top-up"] == ("benefit_level", pytest.approx(3_031.95), pytest.approx(3_046.95))
    assert rows["limit"] == ("benefit_level", pytest.approx(3_046.95), pytest.approx(3_035.975))
    assert rows["winter"] == ("deaths", 1_500, 2_250)
    assert set(table["reference"]) == {"document 1"}
    assert set(table["unit"]) == {"currency/person-month", "persons"}
    frame = reform.frame
    assert frame.loc[frame["item"] == "benefit_level", "value"].iloc[0] == table.loc[table["change"] == "limit", "after"].iloc[0]


def test_the_audit_shows_every_year_area_and_fund_that_is_met(nmg_draft):
    up = sib.Change(item="contribution_rate", programme=(EP, "unemployment"), add=0.01, start="2027-07", regions=("乌海市",),
                    decided_by="nation", id="up")  # fmt: skip
    table = sib.project(nmg_draft.assumptions, sib.Scenario("s", up), years=2).audit
    assert set(table["region"]) == set(nmg_draft.source.regions.below("150300"))
    assert table.groupby(["programme", "period"]).size().tolist() == [3, 3, 3, 3]
    assert (table["after"] - table["before"]).round(12).tolist() == pytest.approx([0.005, 0.005, 0.005, 0.01, 0.01, 0.01] * 2)


def test_a_late_payment_is_in_the_audit_of_the_year_it_is_paid(draft):
    late = change(item="benefit_level", add=12, unit="元/月", start="2026-07", paid="2027-03", id="late")
    table = sib.project(draft.assumptions, sib.Scenario("s", late), years=2).audit
    moved = dict(zip(table["period"], table["after"] - table["before"], strict=True))
    assert moved == pytest.approx({"2026": 0, "2027": 18})


def test_scenarios_stand_side_by_side_in_the_audit_and_the_baseline_has_none(draft):
    many = sib.run_scenarios(draft.assumptions, [sib.Scenario("a", change(item="deaths", multiply=2)), sib.Scenario("b", change(item="deaths", multiply=3))])
    assert many.audit[["scenario", "after"]].to_numpy().tolist() == [["a", 3_000], ["b", 4_500]]
    empty = sib.project(draft.assumptions).audit
    assert empty.empty
    assert list(empty.columns) == list(many.audit.columns)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["multiply", "add", "set"]), st.floats(0.8, 1.3), st.integers(1, 12)), min_size=1, max_size=5))
def test_each_before_is_the_after_of_the_change_before(draft, parts):
    changes = []
    for number, (how, size, month) in enumerate(parts):
        value = {"multiply": size, "add": 100 * size, "set": 3_000 * size}[how]
        unit = {} if how == "multiply" else {"unit": "元/月"}
        changes.append(change(item="benefit_level", start=f"2026-{month:02d}", id=str(number), **{how: value}, **unit))
    reform = sib.project(draft.assumptions, sib.Scenario("s", *changes))
    table = reform.audit
    base = sib.project(draft.assumptions).paths[""][EP].value("benefit_level", 2026)[0, 0]
    assert table["before"].tolist() == [base, *table["after"].tolist()[:-1]]
    assert table["after"].iloc[-1] == reform.paths["s"][EP].value("benefit_level", 2026)[0, 0]


# --- the average wage ---------------------------------------------------------------------


def test_a_wage_moves_the_bases_by_months_and_gives_way_to_a_base_that_is_set(draft):
    """From July 2 % more wages: 1 % on the year; elasticity one, as nothing is known of earlier wages."""
    wage = change(item="average_wage", multiply=1.02, start="2026-07", decided_by="event", id="wage")
    base, reform = (sib.project(draft.assumptions, s).paths for s in (None, sib.Scenario("w", wage)))
    for item in ("contribution_base", "contribution_base_flexible"):
        one, two = base[""][EP].value(item, 2026)[0, 0], reform["w"][EP].value(item, 2026)[0, 0]
        assert two == pytest.approx(one * 1.01)
    fixed = change(item="contribution_base", set=6_000, unit="元/月")
    both = sib.project(draft.assumptions, sib.Scenario("both", wage, fixed))
    assert both.paths["both"][EP].value("contribution_base", 2026)[0, 0] == pytest.approx(6_000)
    frame = sib.project(draft.assumptions, sib.Scenario("w", wage)).frame
    method = frame.loc[(frame["item"] == "contribution_base") & (frame["programme"] == EP), "method"].iloc[0]
    assert method.endswith("moves with average_wage, changed by the scenario")


def test_the_elasticity_is_the_one_learned_from_the_data(tmp_path):
    """Bases grow by 0.5 % for each per cent of wages, eight years: 0.5 × 8/18 + 10/18 = 0.7778 drawn towards one."""
    rows = []
    wage, base = 60_000.0, 4_000.0
    for place, year in enumerate(range(2017, 2026)):
        growth = (0.04, 0.07)[place % 2]
        wage, base = wage * np.exp(growth), base * np.exp(growth / 2)
        rows += [("150100", EP, i, year, round(v, 6), u, "final") for i, v, u in (
            ("average_wage", wage, "元/年"), ("contribution_base", base, "元/月"), ("contributors", 100_000, "人"),
            ("contribution_rate", 24, "%"), ("collection_rate", 98, "%"))]  # fmt: skip
    draft = sib.draft_budget(sib.load(datasets.dataset(tmp_path, rows)), 2026)
    up = change(item="average_wage", multiply=1.10, decided_by="event")
    one, two = (sib.project(draft.assumptions, s).paths[t][EP].value("contribution_base", 2026)[0, 0]
                for s, t in ((None, ""), (sib.Scenario("w", up), "w")))  # fmt: skip
    assert two / one == pytest.approx(1.10 ** (0.5 * 8 / 18 + 10 / 18), rel=1e-6)


def test_the_wage_is_a_cause_of_its_own(draft):
    """Wages +2 %: (186,278.40 + 47,424) × 2 % more revenue, shared out with a raise that has nothing to do with it."""
    wage = change(item="average_wage", multiply=1.02, decided_by="event", id="wage")
    causes = sib.attribute(draft, sib.project(draft.assumptions, sib.Scenario("s", wage, change(item="deaths", multiply=2, id="deaths")))).frame
    got = causes[causes["programme"] == EP].groupby("cause")["value"].sum() / 1e4
    assert got["wage"] == pytest.approx(-4_674.048)
    assert got["deaths"] == pytest.approx(6_750)


def test_a_wage_where_none_is_known_is_said(draft):
    idle = found(draft, change(item="average_wage", multiply=1.02, programme="unemployment"))
    assert idle[["id", "item"]].to_numpy().tolist() == [["no_effect", "average_wage"]]


def test_employment_moves_the_insured_and_through_them_the_contributors_once(tmp_path):
    """Heads follow urban employment by what was learned; a change of July weighs half on the average, in full on the stock."""
    rng = np.random.default_rng(1)
    rows = []
    for area, size in (("150100", 1.0), ("150200", 0.6)):
        jobs = 1e6 * size * np.cumprod(1.02 + 0.03 * rng.normal(size=14))
        for place, year in enumerate(range(2012, 2026)):
            heads = jobs[place] ** 0.95 * np.exp(0.0005 * rng.normal())
            rows += [(area, EP, i, year, v, u, "final") for i, v, u in (
                ("urban_employment", jobs[place], "人"), ("insured_active", 0.5 * heads, "人"), ("contributors", 0.4 * heads, "人"),
                ("contribution_base", 5_000 * 1.05**place, "元/月"), ("contribution_rate", 24, "%"), ("collection_rate", 98, "%"))]  # fmt: skip
    regions = [*datasets.ONE_LEAGUE, ("150200", "包头市", "150000", "league")]
    draft = sib.draft_budget(sib.load(datasets.dataset(tmp_path, rows, regions=regions)), 2026)
    learned = draft.assumptions.forecast.funds[EP].learned
    assert {i for i, _ in learned} == {"insured_active", "contributors"}  # the second follows from the first
    jobs_up = change(item="urban_employment", multiply=1.05, start="2026-07", decided_by="event", id="jobs")
    base, reform = (sib.project(draft.assumptions, s, years=2) for s in (None, sib.Scenario("s", jobs_up)))
    elasticity = learned["insured_active", "urban_employment"].value
    for item, year, ratio in (
        ("insured_active", 2026, 1.05), ("contributors", 2026, 1.025), ("contributors", 2027, 1.05), ("contribution_revenue", 2027, 1.05),
    ):  # fmt: skip
        moved = reform.paths["s"][EP].value(item, year) / base.paths[""][EP].value(item, year)
        assert moved[:, 0] == pytest.approx(ratio**elasticity, rel=1e-9), (item, year)
    assert reform.findings.frame[reform.findings.frame["table"] == "scenario"].empty
    draws = [sib.simulate(draft.assumptions, one, draws=400, seed=1, lines=("contributors",)).frame for one in (None, sib.Scenario("s", jobs_up))]
    middle = [f[(f["item"] == "contributors") & (f["quantile"] == 0.5) & (f["region"] == "150100")]["value"].iloc[0] for f in draws]
    assert middle[1] / middle[0] == pytest.approx(1.025**elasticity, rel=1e-6)  # the same draws, moved alike


# --- conflicts and changes without effect ---------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "severities"),
    [
        ({"set": 3_000, "unit": "元/月"}, {"set": 3_100, "unit": "元/月"}, ["warning"]),  # the same months
        ({"set": 3_000, "unit": "元/月"}, {"set": 3_100, "unit": "元/月", "start": "2026-07"}, ["note"]),  # law takes its course
        ({"set": 3_000, "unit": "元/月", "end": "2026-06"}, {"set": 3_100, "unit": "元/月", "start": "2026-07"}, []),
        ({"set": 3_000, "unit": "元/月", "end": "2026-08"}, {"set": 3_100, "unit": "元/月", "start": "2026-07"}, ["warning"]),
        ({"multiply": 1.1}, {"set": 3_100, "unit": "元/月", "start": "2026-07"}, ["warning"]),  # wiped from July
        ({"add": 10, "unit": "元/月"}, {"set": 3_100, "unit": "元/月"}, ["warning"]),
        ({"set": 3_000, "unit": "元/月"}, {"multiply": 1.1}, []),  # laid on what was set
        ({"multiply": 1.1}, {"multiply": 1.1}, []),
        ({"set": 3_000, "unit": "元/月", "programme": "resident_pension"}, {"set": 3_100, "unit": "元/月"}, []),
    ],
)  # fmt: skip
def test_changes_that_undo_each_other_are_said(draft, one, other, severities):
    rows = found(draft, change(item="benefit_level", id="one", **one), change(item="benefit_level", id="other", **other), years=2)
    conflict = rows[rows["id"] == "conflict"]
    assert conflict["severity"].tolist() == severities
    if severities:
        assert "'other'" in conflict["message"].iloc[0]
        assert "'one'" in conflict["message"].iloc[0]


def test_other_areas_are_no_conflict(nmg_draft):
    def level(value, area):
        return sib.Change(item="benefit_level", programme=EP, set=value, unit="元/月", start="2027-01", decided_by="league", regions=(area,), id=area)

    apart = sib.project(nmg_draft.assumptions, sib.Scenario("s", level(3_000, "包头市"), level(3_100, "乌海市")))
    inside = sib.project(nmg_draft.assumptions, sib.Scenario("s", level(3_000, "内蒙古自治区"), level(3_100, "乌海市")))
    assert "conflict" not in set(apart.findings.frame["id"])
    assert (inside.findings.frame["id"] == "conflict").sum() == 1


def test_packages_put_together_tell_their_conflicts(draft):
    one = sib.Scenario("ministry", change(item="benefit_level", multiply=1.05, id="a"), author="A", reference="doc 1", explanation="up")
    two = sib.Scenario("city", change(item="benefit_level", set=3_000, unit="元/月", id="b"), author="B", reference="doc 2")
    both = one + two
    assert (both.title, both.author, both.reference, both.explanation) == ("ministry + city", "A; B", "doc 1; doc 2", "up")
    assert "conflict" in set(sib.project(draft.assumptions, both).findings.frame["id"])


def test_a_cap_that_does_not_bind_beside_a_raise_that_does_is_said(draft):
    rows = found(draft, change(item="benefit_level", multiply=1.01, id="raise"), change(item="benefit_level", cap=9_000, unit="元/月", id="cap"))
    assert rows["id"].tolist() == ["no_effect"]
    assert "'cap'" in rows["message"].iloc[0]


def test_a_line_that_was_not_there_is_brought_and_no_longer_said_to_meet_nothing(draft):
    more = change(item="investment_return", add=100, unit="万元")
    assert found(draft, more).empty
    lost = found(draft, change(item="deferred_out", programme="resident_pension", add=5, unit="万元"))
    assert lost["id"].tolist() == ["no_effect"]


def test_years_to_come_and_months_gone_by_are_a_warning_and_a_later_step_a_note(draft):
    later, gone = change(item="deaths", multiply=2, start="2028-01"), change(item="deaths", multiply=2, start="2024-01", end="2024-12")
    assert found(draft, later)["severity"].tolist() == ["warning"]
    begun = change(item="deaths", multiply=1.5, end="2027-12", id="begun")
    assert found(draft, begun, later)["severity"].tolist() == ["note"]
    other = change(item="benefit_level", multiply=1.5, id="other")
    assert found(draft, other, later)["severity"].tolist() == ["warning"]
    assert found(draft, gone)["severity"].tolist() == ["warning"]
    assert found(draft, later, years=3).empty


def test_an_amount_for_many_areas_is_laid_on_each_and_said(nmg_draft):
    words = {"item": "back_payments", "programme": EP, "add": 1, "unit": "万元", "start": "2027-01", "decided_by": "region", "id": "window"}
    base = sib.project(nmg_draft.assumptions).paths[""][EP].value("contribution_revenue", 2027)
    for regions, count in ((("乌海市",), 3), (("150302",), 1)):
        reform = sib.project(nmg_draft.assumptions, sib.Scenario("s", sib.Change(regions=regions, **words)))
        assert np.nansum(reform.paths["s"][EP].value("contribution_revenue", 2027) - base) == pytest.approx(count * 1e4)
        told = reform.findings.frame.query("id == 'amount_for_each'")["message"].tolist()
        assert ([m for m in told if f"each of {count} areas" in m] != []) == (count > 1)


def test_an_announced_decision_laid_on_again_is_said(nmg, nmg_draft):
    """The sample's own decisions of 2027 are part of its draft; as a scenario they come a second time, and that is told."""
    again = sib.Scenario.from_table("again", nmg.policies.query("start >= '2027'"))
    told = sib.project(nmg_draft.assumptions, again).findings.frame.query("id == 'laid_twice'")
    assert len(told) == len(again.changes)
    bare = sib.assume(nmg, nmg_draft.assumptions.forecast, sib.Scenario("none"))
    once = sib.project(bare, again)
    assert "laid_twice" not in set(once.findings.frame["id"])
    audit = once.audit.query("item == 'subsidy_per_head'")
    assert (audit["after"] - audit["before"]).to_numpy() == pytest.approx(30)


# --- one measure, an amount for each area -----------------------------------------------------


def test_a_measure_with_an_amount_for_each_area_is_one_cause(nmg_draft):
    """Refunds of 103 counties: one cause, each county its own amount; beside a raise it is told apart exactly."""
    refunds = sib.levers.refund_employers(nmg_draft.assumptions, year=2027, ratio=0.6, eligible=0.5)
    assert len(refunds.changes) > 50
    raise_ = sib.Scenario("raise", sib.Change(item="recipient_months", programme="unemployment", multiply=1.1, start="2027-01", decided_by="nation", id="more"))
    reform = sib.project(nmg_draft.assumptions, refunds + raise_)
    causes = sib.attribute(nmg_draft, reform).frame
    mine = causes[causes["cause"] == "refunds to employers 2027"].set_index("region")["value"]
    assert set(causes.loc[causes["programme"] == "unemployment", "cause"]) == {"budget_gap", "refunds to employers 2027", "more"}
    amounts = {c.regions[0]: c.amount for c in refunds.changes}
    assert mine.to_dict() == pytest.approx(amounts)
    audit = reform.audit.query("change == 'refunds to employers 2027'").set_index("region")
    assert (audit["after"] - audit["before"]).to_dict() == pytest.approx(amounts)
    assert "no_effect" not in set(reform.findings.frame["id"])


def test_steps_under_one_id_in_the_same_areas_stay_apart(draft):
    """The same id twice in one area: two steps, each with a before and an after of its own."""
    steps = [change(item="benefit_level", multiply=1.02, id="raise"), change(item="benefit_level", multiply=1.03, start="2026-07", id="raise")]
    reform = sib.project(draft.assumptions, sib.Scenario("s", *steps))
    table = reform.audit
    assert table["change"].tolist() == ["raise", "raise (2)"]
    assert table["before"].iloc[1] == table["after"].iloc[0]
    causes = sib.attribute(draft, reform).frame
    assert set(causes["cause"]) == {"budget_gap", "raise", "raise (2)"}
