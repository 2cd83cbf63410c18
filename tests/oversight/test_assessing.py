"""`assess` on two leagues worked by hand, the sample's own card, and what a point is worth in the bill."""

import json
from dataclasses import replace

import jsonschema
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import RulesError, SibError
from sibforecast.oversight.scorecard_file import read_scorecard
from tests import datasets
from tests.datasets import WAN

A, B, UI = "150100", "150200", "unemployment"
REGIONS = [*datasets.ONE_LEAGUE, (B, "包头市", "150000", "league"), ("150099", "自治区本级", "150000", "region")]
#: item, budget, account of league A; 万元, persons
FIGURES = (
    ("contribution_revenue", 1_000, 979, WAN), ("total_revenue", 1_000, 1_100, WAN), ("benefit_expenditure", 900, 990, WAN),
    ("total_expenditure", 900, 990, WAN), ("insured_active", 1_000, 950, "人"), ("arrears_recovered", 10, 10.5, WAN),
)  # fmt: skip
ENTERED = (("timeliness", 90), ("completeness", 80), ("reconciliation", 100), ("internal_control", 50))
#: Scores of league A by hand.
SCORES = {
    "timeliness": 7.2,  # 8 × 90 %
    "completeness": 5.6,  # 7 × 80 %
    "forecast_accuracy": 5.0,  # |1,100 − 1,000| + |990 − 900| = 190 of 1,900: 10 % apart; 10 × (15 − 10) ÷ (15 − 5)
    "revenue_completion": 12.9,  # 97.9 %: 15 − 2.1
    "spending_accuracy": 5.0,  # 90 of 900: 10 % apart
    "coverage": 5.0,  # 95 %: 10 − 5
    "arrears": 5.0,  # 105 %: full
    "monthly_reports": 5 * 11 / 12,  # November is missing
    "audit": 5.0,  # 4.95 of 990 is 0.5 %: 10 × (1 − 0.5) ÷ 1
    "reconciliation": 7.0,
    "internal_control": 3.0,  # 6 × 50 %
    "rectification": 7 / 3,  # 1.65 of 4.95 put right
}
AUDITS = (("region", "programme", "period", "amount", "unit", "rectified"), [(A, UI, 2025, 1.65, WAN, "true"), (A, UI, 2025, 3.3, WAN, "false"), (A, UI, 2024, 99, WAN, "false")])


def history():
    rows = []
    for region in (A, B):
        for item, told, came, unit in FIGURES:
            rows += [(region, UI, item, 2025, told, unit, "budget"), (region, UI, item, 2025, came, unit, "final")]
        rows += [(region, UI, "total_revenue", f"2025-{m:02d}", 1_100 * m / 12, WAN, "executed") for m in range(1, 13) if (region, m) != (A, 11)]
    return rows


def assessments(entered=ENTERED):
    return ("region", "indicator", "period", "value"), [(A, name, "2025", value) for name, value in entered]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("a")
    return sib.load(datasets.dataset(path, history(), regions=REGIONS, assessments=assessments(), audits=AUDITS))


@pytest.fixture(scope="module")
def card(data):
    return sib.assess(data, 2025)


def of(card, region=A):
    return card.frame[card.frame["region"] == region].set_index("indicator")


def test_every_score_by_hand(card):
    rows = of(card)
    assert rows["score"].drop("total").to_dict() == pytest.approx(SCORES)
    assert rows.loc["total", "score"] == pytest.approx(sum(SCORES.values()))  # 67.6 of 100
    assert rows.loc["total", "grade"] == "合格"
    assert rows["weight"].drop("total").sum() == 100


def test_status_is_the_grade_of_each_score(card):
    """12.9 of 15 is 86 %, good: yellow; 5 of 10 is 50 %, failed: red; 67.6 passes: orange; what has no score has none."""
    rows = of(card)["status"]
    assert rows[["revenue_completion", "coverage", "total", "timeliness"]].tolist() == ["yellow", "red", "orange", "green"]
    assert set(of(card, B).loc[[n for n, _ in ENTERED], "status"]) == {""}


def test_each_score_names_its_figures(card):
    rows = of(card)["reason"]
    assert rows["revenue_completion"] == "contribution_revenue: 979.00 (10k yuan) of 1,000.00 (10k yuan) planned, 97.9%: 12.9 of 15"
    assert rows["coverage"] == "insured_active: 950 of 1,000 planned, 95.0%: 5.0 of 10"
    assert rows["monthly_reports"] == "11 of 12 monthly reports: 4.6 of 5"
    assert rows["rectification"] == "1.65 (10k yuan) of 4.95 (10k yuan) put right: 2.3 of 7"
    assert rows["timeliness"] == "90 of 100 entered"


def test_the_regions_own_level_is_not_scored(card):
    assert set(card.frame["region"]) == {A, B}


def test_what_is_missing_is_told_and_no_grade_is_given_away(card):
    """League B has no entries: 28 points unknown, the rest makes a provisional grade that no bill uses."""
    total = of(card, B).loc["total"]
    assert total["weight"] == 72
    assert "28 points are not known yet: provisional" in total["reason"]
    assert card.grades() == {A: "合格"}
    assert set(card.grades(provisional=True)) == {A, B}
    missing = card.findings.frame
    assert set(missing.loc[(missing["id"] == "indicator_missing") & (missing["region"] == B), "item"]) == {n for n, _ in ENTERED}


def test_a_group_entered_as_a_whole_stands_for_what_has_no_figures(tmp_path):
    """Compilation 60 stands for timeliness and completeness, 15 points: 9; the accuracy has its own figures. Routine entries: their mean."""
    entered = [("compilation", 60), ("reconciliation", 100)]
    head, rows = assessments(entered)
    rows += [(A, "internal_control", "2025-03", 40), (A, "internal_control", "2025-09", 80), (A, "timelines", "2025", 70), (B, "timeliness", "2025", 170)]
    card = sib.assess(sib.load(datasets.dataset(tmp_path, history(), regions=REGIONS, assessments=(head, rows), audits=AUDITS)), 2025)
    scores = of(card)["score"]
    assert scores[["timeliness", "completeness", "forecast_accuracy"]].tolist() == pytest.approx([4.8, 4.2, 5.0])
    assert scores["internal_control"] == pytest.approx(6 * 0.60)
    found = card.findings.frame.set_index("id")
    assert "did you mean 'timeliness'" in found.loc["unknown_indicator", "message"]
    assert found.loc["score_out_of_range", "found"] == "170"


GAP = pd.DataFrame({"region": [A], "programme": ["enterprise_pension"], "period": ["2025"], "stage": ["budget"], "value": [100e4]})


def paid(bill, payer):
    frame = bill.frame
    return round(float(frame.loc[frame["payer"] == payer, "value"].sum()) / 1e4, 6)


def test_the_card_feeds_the_bill(card):
    """A gap of 100: the region's 60 times 0.95 for 合格 is 57, the league carries 43."""
    bill = sib.share(GAP, sib.read_rules("nmg_2016"), assessments=card)
    assert (paid(bill, "region"), paid(bill, "league")) == (57.0, 43.0)
    assert paid(sib.share(GAP, sib.read_rules("nmg_2016"), assessments=card.grades()), "region") == 57.0


@pytest.mark.parametrize(("points", "worth"), [(1, 0.0), (13, 1.8), (30, 3.0)])
def test_what_more_points_are_worth(card, points, worth):
    """67.6 points: one more changes no grade; 13 make 良好, 60 × (0.98 − 0.95) = 1.8; 30 make 优秀, 60 × 0.05 = 3."""
    row = card.worth(GAP, sib.read_rules("nmg_2016"), points=points).iloc[0]
    assert row["grant"] == pytest.approx(57e4)
    assert row["worth"] == pytest.approx(worth * 1e4)
    assert (row["next_grade"], row["worth_of_next"]) == ("良好", pytest.approx(1.8e4))
    assert row["points_to_next"] == pytest.approx(80 - sum(SCORES.values()))


def test_a_card_of_the_regions_own_gives_the_points_of_the_sample(tmp_path):
    """The sample's grade_points are 25 % compilation, 30 % execution, 20 % collection, 25 % supervision."""
    text = 'source = "example"\nstatus = "unverified"\n[[grade]]\nname = "good"\nfrom = 85\n[[grade]]\nname = "other"\nfrom = 0\n'
    for name, weight in (("compilation", 25), ("execution", 30), ("collection_task", 20), ("supervision", 25)):
        text += f'[[indicator]]\nid = "{name}"\ngroup = "all"\nweight = {weight}\nmeasure = "entered"\n'
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    data = sib.load(sib.sample("nmg"))
    totals = sib.assess(data, 2025, scorecard=file).totals.set_index("region")["score"]
    table = data.assessments
    told = table[table["indicator"] == "grade_points"].astype({"region": str}).set_index("region")["value"].astype(float)
    assert len(totals) == 12
    assert (totals - told.reindex(totals.index)).abs().max() < 0.1


def test_a_faulty_card_is_refused_with_all_its_faults(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(
        'status = "sure"\nunits = "league"\n[[grade]]\nname = "a"\nfrom = 50\n[[grade]]\nname = "b"\nfrom = 60\n'
        '[[indicator]]\nid = "x"\ngroup = "g"\nweight = -1\nmeasure = "completed"\n[[indicator]]\nid = "x"\nweight = 5\n'
        'measure = "deviation"\nof = ["total_revenu"]\nfull = 0.2\nzero = 0.1\n', encoding="utf-8")  # fmt: skip
    with pytest.raises(RulesError) as fault:
        sib.read_scorecard(file)
    text = str(fault.value)
    for words in ("source is missing", "status must be", "unknown key 'units'", "stands twice", "weight must be a number", "measure must be",
                  "the group is missing", "did you mean 'total_revenue'", "must lie below zero", "from the best down", "start at 0"):  # fmt: skip
        assert words in text, words
    with pytest.raises(RulesError, match="no scorecard"):
        sib.read_scorecard(tmp_path / "none.toml")


def test_nothing_known_and_a_result_like_all_others(card, data):
    with pytest.raises(SibError, match="nothing is known of 2031"):
        sib.assess(data, 2031)
    jsonschema.validate(json.loads(card.to_json()), sib.schema("Scorecard"))
    jsonschema.validate(json.loads(card.findings.to_json()), sib.schema("Findings"))
    assert all(len(line) <= 80 for line in repr(card).splitlines())
    assert card.provenance["status"] == "unverified"


def test_routine_and_year_end_by_the_weight_of_the_file(tmp_path):
    """Twelve months of 100 and a year-end 0: a half each is 50 by default, 0.3 × 100 = 30 where the months weigh 0.3; the months alone are 100."""
    months = [(A, "timeliness", f"2025-{m:02d}", 100) for m in range(1, 13)]
    shipped = read_scorecard()
    values = []
    for weight, entries in ((0.5, [*months, (A, "timeliness", "2025", 0)]), (0.3, [*months, (A, "timeliness", "2025", 0)]), (0.5, months)):
        path = datasets.dataset(tmp_path, [(A, UI, "total_expenditure", 2025, 1, WAN, "final")], assessments=(("region", "indicator", "period", "value"), entries))
        made = sib.assess(sib.load(path), 2025, scorecard=replace(shipped, routine=weight))
        values.append(made.frame.query("indicator == 'timeliness'")["value"].item())
    assert shipped.routine == 0.5
    assert values == pytest.approx([50.0, 30.0, 100.0])
    (tmp_path / "card.toml").write_text("routine = 2", encoding="utf-8")
    with pytest.raises(RulesError, match="routine must be a share"):
        read_scorecard(tmp_path / "card.toml")


def test_audits_of_another_year_are_none_of_this(tmp_path):
    """Only 2024 was audited: what 2025 would have shown is not known, and no full score."""
    head, rows = AUDITS
    data = sib.load(datasets.dataset(tmp_path, history(), regions=REGIONS, assessments=assessments(), audits=(head, rows[2:])))
    frame = sib.assess(data, 2025).frame.set_index(["region", "indicator"])
    for name in ("audit", "rectification"):
        assert frame.loc[(A, name), "score"] != frame.loc[(A, name), "score"]
    assert frame.loc[(A, "rectification"), "reason"] == "no audits of the year known"
