"""`adjust` on one fund worked by hand.

Years 2022-2024 alike: contributions 400 and grants 600, by the course of `test_monitoring` (40 % by June), benefits 900
in twelfths; the budget of 2025 is the same. By June 2025 contributions run at 320, grants at 720, benefits at 1,080 a year:
share and pace say just that, the rest of last year half the change: contributions (3 × 320 + 128 + 240 × 0.9) / 4 = 326,
grants (3 × 720 + 288 + 360 × 1.1) / 4 = 711, benefits (3 × 1,080 + 540 + 450 × 1.1) / 4 = 1,068.75 (all 万元).
"""

import json

import jsonschema
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests import datasets
from tests.datasets import WAN, write_table
from tests.oversight.test_monitoring import COURSE, TWELFTHS, R, months
from tests.worked.test_settlement import POLICY

EP = "enterprise_pension"
RAISE = ("raise", "benefit_level", EP, "*", 200, "元/月", "2025-01", "nation", "false", "")
WAIVER = (("id", "programme", "item", "start", "end", "known_from", "kind"), [("waiver", EP, "contribution_revenue", "2025-02", "2025-12", "2025-03", "one_off")])


def flows(year, contributions, grants, benefits, last=12):
    rows = []
    for item, total, course in (("contribution_revenue", contributions, COURSE), ("upper_grant", grants, COURSE), ("total_revenue", contributions + grants, COURSE),
                                ("benefit_expenditure", benefits, TWELFTHS), ("total_expenditure", benefits, TWELFTHS)):  # fmt: skip
        rows += months(item, year, total, course, last, programme=EP)
    return rows


@pytest.fixture
def load(tmp_path):
    def made(policies=(), stages=("budget",), **tables):
        rows = [row for year in (2022, 2023, 2024) for row in flows(year, 400, 600, 900)] + flows(2025, 320, 720, 1_080, 6)
        told = {"contribution_revenue": 400, "upper_grant": 600, "total_revenue": 1_000, "benefit_expenditure": 900, "total_expenditure": 900}
        rows += [(R, EP, item, 2025, value, WAN, stage) for stage in stages for item, value in told.items()]
        path = datasets.dataset(tmp_path, rows, **tables)
        if policies:
            write_table(path, "policies", POLICY, policies)
        return sib.load(path)

    return made


def table(made):
    return made.frame.set_index("item")


def wan(row):
    return [round(float(v) / 1e4, 2) for v in row[["before", "after", "difference"]]]


def test_before_after_difference_with_ground_and_proposer(load):
    made = sib.adjust(load([RAISE], events=WAIVER), "2025-06")
    rows = table(made)
    assert wan(rows.loc["benefit_expenditure"]) == [900, 1_068.75, 168.75]
    assert rows.loc["benefit_expenditure", ["status", "ground", "decided_by", "proposer"]].tolist() == ["adjust", "raise", "nation", "agency"]
    assert wan(rows.loc["contribution_revenue"]) == [400, 326, -74]
    assert rows.loc["contribution_revenue", ["ground", "proposer"]].tolist() == ["waiver", "agency together with the tax authority"]
    assert wan(rows.loc["total_expenditure"]) == [900, 1_068.75, 168.75]
    assert rows.loc["total_expenditure", "status"] == "total"


def test_grants_of_the_upper_level_are_kept_out_and_listed(load):
    """The total moves by the contributions alone, 1,000 − 74 = 926; the grant's 600 → 711 is to be reported."""
    rows = table(sib.adjust(load([RAISE], events=WAIVER), "2025-06"))
    assert wan(rows.loc["total_revenue"]) == [1_000, 926, -74]
    assert wan(rows.loc["upper_grant"]) == [600, 711, 111]
    assert rows.loc["upper_grant", "status"] == "report"
    assert rows.loc["total_revenue", "share"] == pytest.approx(-74 / 400)  # of what is not granted
    assert rows.loc["contribution_revenue", "reason"].endswith("; total_revenue is told without grants of the upper level")
    assert "upper_grant" not in set(sib.adjust(load([RAISE], events=WAIVER), "2025-06").proposals["item"])


def test_an_adjusted_budget_in_deficit_is_told(load):
    """926 − 1,068.75 = −142.75, from a balance of 100."""
    found = sib.adjust(load([RAISE], events=WAIVER), "2025-06").findings.frame.set_index("id")
    assert found.loc["deficit_after", "found"] == "-1,427,500.00"


def test_contributions_collected_by_the_agency(load):
    made = table(sib.adjust(load(events=WAIVER), "2025-06", collector="agency"))
    assert made.loc["contribution_revenue", "proposer"] == "agency"
    with pytest.raises(SibError, match="treasury"):
        sib.adjust(load(), "2025-06", collector="treasury")


@pytest.mark.parametrize(("field", "value"), [(None, None), (8, "true"), (4, -200), (6, "2025-09"), (3, "150200"), (2, "unemployment")])
def test_without_a_registered_cause_nothing_is_proposed(load, field, value):
    """No decision; known at the budget; one that lowers; not yet known; of another area; of another fund."""
    policies = []
    if field is not None:
        row = list(RAISE)
        row[field] = value
        policies = [tuple(row)]
    more = {"regions": [*datasets.ONE_LEAGUE, ("150200", "包头市", "150000", "league")]}
    rows = table(sib.adjust(load(policies, **more), "2025-06"))
    assert rows.loc["benefit_expenditure", "status"] == "unexplained"
    assert "+18.8% of its budget expected" in rows.loc["benefit_expenditure", "reason"]
    assert "adjust" not in set(rows["status"])


def test_thresholds_can_be_set(load):
    rows = table(sib.adjust(load([RAISE]), "2025-06", limits={"adjustment_item": 0.2, "adjustment_total": 0.25}))
    assert rows.index.tolist() == ["upper_grant"]  # 18.75 % is below 20 %, and of the total below 25 %


def test_without_a_budget_there_is_nothing_to_adjust(load):
    made = sib.adjust(load([RAISE], stages=()), "2025-06")
    assert made.frame.empty
    assert "no_budget" in set(made.findings.frame["id"])
    assert "nothing to adjust" in repr(made)


def test_each_line_is_told_with_its_amounts_its_ground_and_who_proposes_it(load):
    told = sib.adjust(load([RAISE], events=WAIVER), "2025-06").summary()
    assert "contribution_revenue: 400.00 → 326.00 (10k yuan), -74.00: -18.5% of its budget expected" in told
    assert "ground waiver; to be proposed by the agency together with the tax authority" in told
    assert "upper_grant: 600.00 → 711.00 (10k yuan), +111.00: a grant of the upper level" in told


def test_a_result_like_all_others(load, tmp_path):
    made = sib.adjust(load([RAISE], events=WAIVER), "2025-06")
    jsonschema.validate(json.loads(made.to_json()), sib.schema("Adjustment"))
    assert all(len(line) <= 80 for line in repr(made).splitlines())
    assert made._repr_html_().startswith("<p><b>Adjustment")
    assert made.to_excel(tmp_path / "a.xlsx").exists()


def test_a_grant_no_budget_has_is_listed_and_kept_out_of_the_total(tmp_path):
    """The budget has 400 of contributions and no grant; 711 of grants are expected: to be reported, and no part of the total's departure."""
    rows = [row for year in (2022, 2023, 2024) for row in flows(year, 400, 600, 900)] + flows(2025, 320, 720, 1_080, 6)
    rows += [(R, EP, item, 2025, value, WAN, "budget") for item, value in
             {"contribution_revenue": 400, "total_revenue": 400, "benefit_expenditure": 900, "total_expenditure": 900}.items()]  # fmt: skip
    made = sib.adjust(sib.load(datasets.dataset(tmp_path, rows, events=WAIVER)), "2025-06")
    told = table(made)
    assert wan(told.loc["upper_grant"]) == [0, 711, 711]
    assert told.loc["upper_grant", "status"] == "report"
    assert told.loc["upper_grant", "reason"].endswith("the budget has none")
    assert told.loc["contribution_revenue", "status"] == "adjust"
    assert wan(told.loc["total_revenue"])[2] == pytest.approx(326 - 400)
    assert "total_revenue -" in told.loc["contribution_revenue", "reason"]  # below the budget: no grant hides it
