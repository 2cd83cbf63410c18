"""Funds that became one: the merged series carried back, worked by hand."""

import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from tests.datasets import WAN, dataset

R = "150100"
KINDS = (
    ("programme", "kind", "name"),
    [("ncms", "resident_medical", "新型农村合作医疗"), ("urban", "resident_medical", "城镇居民基本医疗保险"), ("maternity", "totals_only", "生育保险")],
)  # fmt: skip


def rows(programme, item, values, unit=WAN, first=2014):
    return [(R, programme, item, first + i, v, unit, "final") for i, v in enumerate(values) if v is not None]


@pytest.fixture(scope="module")
def residents(tmp_path_factory):
    """The new rural scheme and the urban residents' scheme become one fund in 2017."""
    history = [
        *rows("ncms", "insured", [100_000, 110_000, 120_000], "人"), *rows("urban", "insured", [50_000, 50_000, 60_000], "人"),
        *rows("ncms", "contribution_revenue", [900, 1_000, 1_200]), *rows("urban", "contribution_revenue", [500, 600, 700]),
        *rows("ncms", "subsidy_per_head", [320, 380, 420], "元/年"), *rows("urban", "subsidy_per_head", [320, 350, 420], "元/年"),
        *rows("ncms", "medical_expenditure", [4_000, 4_200, 5_000]), *rows("urban", "medical_expenditure", [2_000, None, 2_500]),
        *rows("ncms", "other_revenue", [10, 20, 30]), *rows("ncms", "closing_balance", [500, 600, 700]),
        *rows("urban", "closing_balance", [300, 310, 330]),
        *rows("resident_medical", "insured", [181_000, 182_000], "人", first=2017),
        *rows("resident_medical", "contribution_revenue", [2_400, 2_900], first=2017),
        *rows("resident_medical", "medical_expenditure", [8_000, 8_500], first=2017),
    ]  # fmt: skip
    return sib.load(dataset(tmp_path_factory.mktemp("rm"), history, programmes=KINDS))


def spliced(data, item, fund="resident_medical"):
    frame = data.history
    part = frame[(frame["caliber"] == "spliced") & (frame["item"] == item) & (frame["programme"] == fund)]
    return {str(r.period): r.value for r in part.itertuples()}


def test_sums_means_and_what_cannot_be_told(residents):
    """2015: 110,000 × 380 + 50,000 × 350 = 59.3 million / 160,000 = 370.625; its medical spending is half known: left out."""
    one = sib.merge_funds(residents, ["ncms", "urban"], "resident_medical", first=2017)
    assert spliced(one, "insured") == {"2014": 150_000, "2015": 160_000, "2016": 180_000}
    assert spliced(one, "contribution_revenue") == pytest.approx({"2014": 1_400e4, "2015": 1_600e4, "2016": 1_900e4})
    assert spliced(one, "subsidy_per_head") == pytest.approx({"2014": 320, "2015": 370.625, "2016": 420})
    assert spliced(one, "medical_expenditure") == pytest.approx({"2014": 6_000e4, "2016": 7_500e4})
    assert spliced(one, "other_revenue") == pytest.approx({"2014": 10e4, "2015": 20e4, "2016": 30e4})  # the other never had it
    assert spliced(one, "closing_balance")["2016"] == pytest.approx(1_030e4)
    told = one.findings.frame.query("id == 'not_spliced'")["item"].tolist()
    assert told == ["medical_expenditure"]


def test_the_merged_series_is_one_fund_and_can_be_drafted(residents):
    one = sib.merge_funds(residents, ["ncms", "urban"], "resident_medical", first=2017)
    assert set(one.history["programme"].astype(str)) == {"resident_medical"}
    assert set(one.programmes) == {"resident_medical"}
    frame = one.history
    assert set(frame.loc[frame["caliber"] == "spliced", "method"].astype(str)) == {"spliced"}
    assert set(frame.loc[frame["period"].astype(str) >= "2017", "method"].astype(str)) == {"data"}
    draft = sib.draft_budget(one, 2019)
    assert draft.assumptions.forecast.funds["resident_medical"].panel.years[0] == 2014
    assert len(residents.history["programme"].unique()) == 3  # the data set it was made from is as it was


def test_a_fund_that_takes_in_another_of_the_same_people(tmp_path):
    """Maternity joins employees' medical in 2020: money is added, the people are medical's own, the levels stay out."""
    history = [
        *rows("employee_medical", "insured", [200, 210, 220], "人", first=2018), *rows("maternity", "insured", [150, 160], "人", first=2018),
        *rows("employee_medical", "contribution_revenue", [1_000, 1_100, 1_300], first=2018),
        *rows("maternity", "contribution_revenue", [60, 70], first=2018),
        *rows("employee_medical", "contribution_base", [5_000, 5_100, 5_200], "元/月", first=2018),
        *rows("maternity", "contribution_base", [4_000, 4_100], "元/月", first=2018),
    ]  # fmt: skip
    data = sib.load(dataset(tmp_path, history, programmes=KINDS))
    one = sib.merge_funds(data, ["employee_medical", "maternity"], "employee_medical", first=2020, same_people=True)
    assert spliced(one, "contribution_revenue", "employee_medical") == pytest.approx({"2018": 1_060e4, "2019": 1_170e4})
    assert spliced(one, "insured", "employee_medical") == {"2018": 200, "2019": 210}
    assert spliced(one, "contribution_base", "employee_medical") == {"2018": 5_000, "2019": 5_100}
    assert set(one.history["programme"].astype(str)) == {"employee_medical"}
    assert len(one.history) == 9  # three items, three years, each once


def test_years_with_one_predecessor_alone_are_not_the_merged_fund(tmp_path):
    history = [*rows("ncms", "contribution_revenue", [900, 1_000, 1_200]), *rows("urban", "contribution_revenue", [600, 700], first=2015),
               *rows("resident_medical", "contribution_revenue", [2_000], first=2017)]  # fmt: skip
    data = sib.load(dataset(tmp_path, history, programmes=KINDS))
    one = sib.merge_funds(data, ["ncms", "urban"], "resident_medical", first=2017)
    assert spliced(one, "contribution_revenue") == pytest.approx({"2015": 1_600e4, "2016": 1_900e4})
    assert one.findings.frame.query("id == 'not_spliced'")["period"].tolist() == ["2014"]


@pytest.mark.parametrize(
    ("names", "into", "words"),
    [(["ncsm", "urban"], "resident_medical", "did you mean 'ncms'"), (["ncms"], "resident_medical", "two predecessors"), (["ncms", "urban"], "medicine", "unknown fund 'medicine'")],
)
def test_funds_that_are_none_are_refused(residents, names, into, words):
    with pytest.raises(SibError, match=words):
        sib.merge_funds(residents, names, into, first=2017)
