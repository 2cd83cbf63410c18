"""Builders of scenarios: the arithmetic beside each, on the small funds of `tests.datasets`, in 万元."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.assumptions import fund_levers
from sibforecast.errors import ScenarioError
from tests import datasets

EP, EM, WI, UI, RM = "enterprise_pension", "employee_medical", "work_injury", "unemployment", "resident_medical"


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    path = datasets.enterprise_pension(tmp_path_factory.mktemp("small"), 2027, datasets.SMALL_FUNDS)
    return sib.draft_budget(sib.load(path), 2027)


def moved(draft, scenario, programme, item, year="2027"):
    years = int(year) - 2026
    out = []
    for one in (None, scenario):
        frame = sib.project(draft.assumptions, one, years=years).frame
        rows = frame[(frame["programme"] == programme) & (frame["item"] == item) & (frame["period"] == year)]
        out.append(float(rows["value"].sum()))
    return (out[1] - out[0]) / 1e4


def same(one, other):
    """Two scenarios whose changes differ in names and digits beyond the tenth alone."""
    def key(c):
        return (c.item, c.programme, c.regions, c.operation, round(c.amount, 8), c.start, c.end, c.paid, c.decided_by, c.known_at_budget)

    return sorted(map(key, one.changes)) == sorted(map(key, other.changes))


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("benefit_adjustment", lambda: sib.levers.adjust_benefits(
            start="2027-01", paid="2027-07", fixed=25, per_year=1, average_years=28, share=0.005, tilt=20, tilt_share=0.3,
            programme=(EP, "civil_servant_pension"))),
        ("basic_pension_minimum", lambda: sib.levers.basic_pension_layers(
            {"league": 5, "nation": 15, "region": 8}, start="2027-01", regions={"league": ["呼和浩特市"]})),
        ("base_floor_ceiling", lambda: sib.levers.move_base_window(
            start="2027-01", floor=220, at_floor=0.12, ceiling=1_100, at_ceiling=0.03, programme=(EP, "civil_servant_pension", UI))),
        ("deferral", lambda: sib.levers.defer(
            100, unit="万元", start="2027-04", end="2027-09", repaid_start="2028-01", repaid_end="2028-06")),
    ],
)  # fmt: skip
def test_presets_are_what_their_builders_make(name, made):
    assert same(sib.read_scenario(name), made())


def test_the_exemption_is_what_its_builder_makes(draft):
    """In pensions the preset takes points off, the builder a part of the rate: 24 % × 16/24 × 0.8 = 12.8 points."""
    words = {"start": "2027-02", "small": 0.6, "small_months": 5, "large": 0.4, "large_months": 3}
    parts = ((EP, 16 / 24), (UI, 0.5), (WI, 1.0))
    made = [sib.levers.relieve_employers(employer_part=part, programme=p, **words) for p, part in parts]
    together = sib.Scenario("relief", *(c for s in made for c in s.changes))
    for fund, _ in parts:
        got = [moved(draft, s, fund, "contribution_revenue") for s in (together, sib.read_scenario("exemption"))]
        assert got[0] == pytest.approx(got[1], abs=1e-6)


def test_average_increase_and_its_parts(draft):
    """2,972.50 × 1 % + 30 + 2 × 25 + 0.2 × 40 = 117.725 yuan, × 71,500 × 12; half of it from July."""
    words = {"fixed": 30, "per_year": 2, "average_years": 25, "share": 0.01, "tilt": 40, "tilt_share": 0.2}
    assert sib.levers.average_increase(2_972.50, **words) == pytest.approx(117.725)
    for start, months in (("2027-01", 12), ("2027-07", 6)):
        scenario = sib.levers.adjust_benefits(start=start, **words)
        assert moved(draft, scenario, EP, "pension_expenditure") == pytest.approx(71_500 * 117.725 * months / 1e4)


def test_instead_of_the_draft_s_own_adjustment(draft):
    """The example raises 2,900 by 2.5 %. Instead: 2,900 × 1.01 + 30 = 2,959; 13.50 less, × 71,500 × 12."""
    scenario = sib.levers.adjust_benefits(start="2027-01", paid="2027-07", fixed=30, share=0.01, instead=True)
    assert moved(draft, scenario, EP, "benefit_level") * 1e4 == pytest.approx(2_959 - 2_972.5)
    assert moved(draft, scenario, EP, "pension_expenditure") == pytest.approx(-71_500 * 13.5 * 12 / 1e4)


def test_the_window_binds_shares_of_contributors(draft):
    scenario = sib.levers.move_base_window(start="2027-07", floor=100, at_floor=0.2)  # 20 yuan, half a year
    assert moved(draft, scenario, EP, "contribution_revenue") == pytest.approx(120_000 * 20 * 6 * 0.24 * 0.98 / 1e4)


def test_the_central_adjustment(draft):
    """6,500 × 12 × 90 % × 230,000 × 3 % = 48,438.00 and 71,500 × 6,200 = 44,330.00 on top of what is there."""
    scenario = sib.levers.adjust_centrally(year=2027, wage=6_500, heads=230_000, rate=0.03, retirees=71_500, grant_per_head=6_200,
                                           regions=["呼和浩特市"])  # fmt: skip
    assert moved(draft, scenario, EP, "upper_remittance") == pytest.approx(48_438.00)
    assert moved(draft, scenario, EP, "upper_grant") == pytest.approx(44_330.00)
    assert moved(draft, scenario, EP, "gap") == pytest.approx(4_108.00)


@pytest.mark.parametrize("by_area", [False, True])
def test_the_retirement_age_from_cohorts(draft, by_area):
    """Half men, half women at 50, 2027: (9 + 8) / 24 of 4,500 retire, 1,312.50 fewer; of men 6.25… cohort months wait.

    Men, 2027 by month: those of Jan 2025 on with m ≤ t < m + delay, t = 24 … 35; women likewise; × 4,500 / 12 × 90 %.
    """
    waiting = {}
    for group, step, most in (("men", 4, 36), ("women_50", 2, 60)):
        waiting[group] = np.mean([sum(m <= t < m + min(most, m // step + 1) for m in range(t + 1)) for t in range(24, 36)])
    more = 4_500 * (waiting["men"] + waiting["women_50"]) / 2 / 12 * 0.9
    scenario = sib.levers.raise_retirement_age(
        draft.assumptions, {"men": 0.5, "women_50": 0.5}, years=[2027], contributing=0.9, by_area=by_area)
    assert moved(draft, scenario, EP, "new_beneficiaries") * 1e4 == pytest.approx(-4_500 * 7 / 24)
    assert moved(draft, scenario, EP, "beneficiaries") * 1e4 == pytest.approx(-1_312.5)
    assert moved(draft, scenario, EP, "contributors") * 1e4 == pytest.approx(more)
    assert moved(draft, scenario, EP, "contribution_revenue") == pytest.approx(more * 5_500 * 12 * 0.24 * 0.98 / 1e4)


def test_each_county_keeps_its_own_retirees(nmg_draft):
    """Usual retirees × cohort months that wait / 12 in every county; the common factor is right in sum alone."""
    men = float(_men_waiting())
    base = sib.project(nmg_draft.assumptions).paths[""][EP]
    usual, heads = (base.value(i, 2027)[:, 0] for i in ("new_beneficiaries", "contributors"))
    more = []
    for by_area in (True, False):
        scenario = sib.levers.raise_retirement_age(nmg_draft.assumptions, {"men": 1}, years=[2027], by_area=by_area)
        more.append(sib.project(nmg_draft.assumptions, scenario).paths[scenario.title][EP].value("contributors", 2027)[:, 0] - heads)
    known = ~np.isnan(usual)
    assert more[0][known] == pytest.approx(usual[known] * men / 12)
    assert np.nansum(more[1]) == pytest.approx(np.nansum(more[0]))
    assert np.abs(more[1] - more[0])[known].max() > 1


def test_a_forecast_that_knows_the_reform_is_not_cut_twice(draft):
    """A trend that ends in 2025 holds 9 of 12 already: for 2026 it is 10/9 of it, not 10/12."""
    scenario = sib.levers.raise_retirement_age(draft.assumptions, {"men": 1}, years=[2027], as_in=2025)
    assert scenario.changes[0].multiply == pytest.approx((9 / 12) / (9 / 12))
    assert scenario.changes[1].multiply == pytest.approx(1 + 6_000 * (float(_men_waiting()) - 1.75) / 12 / 120_000)


def _men_waiting():
    return np.mean([sum(m <= t < m + m // 4 + 1 for m in range(t + 1)) for t in range(24, 36)])


def test_refunds_go_by_last_year_s_contributions_and_reserve(draft):
    """20,000 / (5,000 / 12) = 48 months; 8,500 × 60 % × 40 % = 2,040."""
    scenario = sib.levers.refund_employers(draft.assumptions, year=2027, ratio=0.6, eligible=0.4)
    assert moved(draft, scenario, UI, "non_benefit_expenditure") == pytest.approx(2_040)
    with pytest.raises(ScenarioError, match="no area of unemployment had 49 months"):
        sib.levers.refund_employers(draft.assumptions, year=2027, ratio=0.6, eligible=0.4, reserve=49)


def test_the_injury_rate_goes_by_the_reserve(draft):
    """5,000 / (3,000 / 12) = 20 months: the rate falls by a fifth from May: 3,300 × 20 % × 8/12."""
    scenario = sib.levers.cut_by_reserve(draft.assumptions, {18: 0.8, 24: 0.5}, start="2027-05", end="2028-04")
    assert [c.multiply for c in scenario.changes] == [0.8]
    assert moved(draft, scenario, WI, "contribution_revenue") == pytest.approx(-440)
    with pytest.raises(ScenarioError, match="no area of work_injury has 24 months"):
        sib.levers.cut_by_reserve(draft.assumptions, {24: 0.5}, start="2027-05")


def test_a_total_budget_is_settled_in_the_next_year(draft):
    """Cap 120,000 × 1.05 = 126,000; the formula gives 135,000; 60 % of 9,000 = 5,400 is paid in 2028."""
    scenario = sib.levers.cap_spending(draft.assumptions, year=2027, growth=0.05, settled=0.6)
    assert moved(draft, scenario, EM, "medical_expenditure") == pytest.approx(-9_000)
    assert moved(draft, scenario, EM, "medical_expenditure", "2028") == pytest.approx(5_400)
    loose = sib.levers.cap_spending(draft.assumptions, year=2027, growth=0.5, settled=0.6)
    assert len(loose.changes) == 1
    assert sib.project(draft.assumptions, loose).findings.frame["id"].tolist() == ["no_effect"]


def test_pooling_moves_collections_and_old_balances(draft):
    """10 % of 8,912.28; 20,000 − 5,000 of a year's spending = 15,000 moves up."""
    scenario = sib.levers.pool_upwards(draft.assumptions, year=2027, remitted=0.1, kept_months=12)
    assert moved(draft, scenario, UI, "upper_remittance") == pytest.approx(891.228)
    assert moved(draft, scenario, UI, "closing_balance") == pytest.approx(-891.228 - 15_000)
    assert moved(draft, scenario, UI, "gap") == pytest.approx(891.228)


def test_an_own_level_receives_what_the_areas_give(nmg_draft):
    """Both sides in one fund: nothing is lost between the counties and the region's own account."""
    scenario = sib.levers.pool_upwards(
        nmg_draft.assumptions, year=2027, remitted=0.05, kept_months=2, programme=EP, own_level="150099")
    reform, base = (sib.project(nmg_draft.assumptions, s).paths[t][EP] for s, t in ((scenario, scenario.title), (None, "")))
    for one, other in (("upper_remittance", "lower_remittance"), ("balance_adjustment", None)):
        change = np.nansum(np.nan_to_num(reform.value(one, 2027)) - np.nan_to_num(base.value(one, 2027)))
        back = np.nansum(np.nan_to_num(reform.value(other, 2027)) - np.nan_to_num(base.value(other, 2027))) if other else 0.0
        assert change == pytest.approx(back, abs=0.05)
    assert np.nansum(reform.value("closing_balance", 2027)) == pytest.approx(np.nansum(base.value("closing_balance", 2027)), rel=1e-12)


def test_a_lever_s_baseline_is_the_projection_s(nmg_draft):
    """What a lever reads of a fund is what `project` says, to the bit."""
    path = sib.project(nmg_draft.assumptions, years=2).paths[""][UI]
    for item in ("contribution_revenue", "months_payable", "total_expenditure", "closing_balance"):
        for year in (2026, 2027, 2028):
            assert fund_levers._figures(path.basis, item, year).tobytes() == path.value(item, year)[:, 0].tobytes(), (item, year)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (lambda a: sib.levers.adjust_benefits(start="2027-01", tilt=20), "needs a fixed amount"),
        (lambda a: sib.levers.basic_pension_layers({"province": 5}, start="2027-01"), "layers are nation"),
        (lambda a: sib.levers.move_base_window(start="2027-01", floor=100, at_floor=12), "between 0 and 1"),
        (lambda a: sib.levers.move_base_window(start="2027-01", floor=100), "neither floor nor ceiling"),
        (lambda a: sib.levers.relieve_employers(start="2027-02", employer_part=2, small=0.7, small_months=0, large=0.6), "small [+] large"),
        (lambda a: sib.levers.relieve_employers(start="2027", employer_part=1, small=0.7, small_months=2), "must be a month"),
        (lambda a: sib.levers.defer(1, unit="万元", start="2027-07", end="2027-09", repaid_start="2027-01", repaid_end="2027-03"), "before it is deferred"),
        (lambda a: sib.levers.refund_employers(a, year=2027, ratio=0.6, eligible=0.4, programme="nonsense"), "no fund 'nonsense'"),
        (lambda a: sib.levers.refund_employers(a, year=2050, ratio=0.6, eligible=0.4), "know no year 2049"),
        (lambda a: sib.levers.raise_retirement_age(a, {"men": 1}, years=[2027], programme=RM), "no new beneficiaries"),
        (lambda a: sib.levers.cap_spending(a, year=2027, growth=0, programme=UI), "has no figure in 2026"),
    ],
)  # fmt: skip
def test_what_cannot_be_built_is_refused(draft, made, words):
    with pytest.raises(ScenarioError, match=words):
        made(draft.assumptions)


@settings(max_examples=40, deadline=None)
@given(
    amount=st.floats(1, 5_000), out=st.integers(1, 12), length=st.integers(0, 11), back=st.integers(13, 30), later=st.integers(0, 5),
)  # fmt: skip
def test_a_deferral_repaid_nets_to_zero_over_the_years(draft, amount, out, length, back, later):
    def month(number):
        return f"{2027 + (number - 1) // 12}-{(number - 1) % 12 + 1:02d}"

    scenario = sib.levers.defer(amount, unit="万元", start=month(out), end=month(out + length), repaid_start=month(max(back, out)),
                                repaid_end=month(max(back, out) + later))  # fmt: skip
    base, reform = (sib.project(draft.assumptions, s, years=4) for s in (None, scenario))
    cash = [
        sum(float(p.value("contribution_revenue", y)[0, 0]) for y in base.years)
        for p in (base.paths[""][EP], reform.paths[scenario.title][EP])
    ]
    assert cash[1] - cash[0] == pytest.approx(0, abs=0.01)
    first = float(reform.paths[scenario.title][EP].value("gap", 2027)[0, 0] - base.paths[""][EP].value("gap", 2027)[0, 0])
    assert first == pytest.approx(amount * 1e4 * min(length + 1, 13 - out) / (length + 1), abs=0.01)


_COMMUTE = (
    ("benefit_level", "multiply", ""), ("contribution_rate", "add", "share"), ("collection_rate", "multiply", ""),
    ("insured_active", "multiply", ""), ("deaths", "multiply", ""), ("other_revenue", "multiply", ""), ("average_wage", "multiply", ""),
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(
    parts=st.lists(st.tuples(st.integers(0, len(_COMMUTE) - 1), st.floats(0.9, 1.1), st.integers(1, 12)), min_size=2, max_size=5,
                   unique_by=lambda p: p[0]),
    seed=st.randoms(use_true_random=False),
)  # fmt: skip
def test_changes_that_commute_give_the_same_in_any_order(draft, parts, seed):
    def change(place, size, month):
        item, how, unit = _COMMUTE[place]
        value = size if how == "multiply" else (size - 1) / 10
        return sib.Change(**{"item": item, "programme": EP, how: value, "unit": unit, "start": f"2027-{month:02d}", "decided_by": "nation"})

    changes = [change(*p) for p in parts]
    shuffled = changes[:]
    seed.shuffle(shuffled)
    one, two = (sib.project(draft.assumptions, sib.Scenario("s", *c), years=2).frame["value"].to_numpy() for c in (changes, shuffled))
    assert one.tobytes() == two.tobytes()
