"""The drafts of the illustrative sample: what was planted is found, and the corrected copy passes."""

import pandas as pd
import pytest

import sibforecast as sib
from tests import reported

#: The check that finds each kind of planted mistake.
FOUND_BY = {
    "unit_slip_x10000": "R-16", "swapped_lines": "R-08", "last_year_repeated": "R-08", "opening_not_previous_closing": "R-02",
    "does_not_foot": "R-01", "mirror_mismatch": "R-07", "contributors_above_insured": "R-09", "benefit_level_up_30_percent": "R-11",
    "interest_times_3": "R-13", "subsidy_not_standard_times_heads": "R-14", "closing_identity_broken": "R-03",
    "base_growth_25_percent": "R-10",
}  # fmt: skip
CAUSES = {
    "unit_slip_x10000": "unit slip (× 10,000)", "last_year_repeated": "last year's figure repeated",
    "opening_not_previous_closing": "opening not equal to last closing", "mirror_mismatch": "mirror items unmatched",
    "swapped_lines": "figures of unemployment_expenditure and medical_expenditure swapped",
    "contributors_above_insured": "more contributors than active insured",
}  # fmt: skip


@pytest.fixture(scope="module")
def found():
    return sib.review(reported.sample())


@pytest.mark.parametrize("mistake", reported.answer_key(), ids=lambda m: f"{m['kind']}-{m['item']}")
def test_every_planted_mistake_is_found_with_its_cause_and_its_money(found, mistake):
    frame = found.frame
    id = FOUND_BY[mistake["kind"]]
    here = frame[(frame["id"] == id) & (frame["region"] == mistake["region"]) & (frame["programme"] == mistake["programme"])]
    if mistake["kind"] == "swapped_lines":  # one finding tells of both lines
        assert here["item"].tolist() == ["unemployment_expenditure"]
        assert mistake["item"] in here["cause"].iloc[0]
        return
    one = here[here["item"] == mistake["item"]]
    assert len(one) == 1, frame.to_string()
    assert one["cause"].iloc[0] == CAUSES.get(mistake["kind"], "")
    right, planted = float(mistake["right_value"]), float(mistake["planted_value"])
    assert one["found"].iloc[0] == (f"{planted:,.0f}" if mistake["item"] == "contributors" else f"{planted:,.2f}")
    exact = {"R-01", "R-02", "R-03", "R-07", "R-14", "R-08", "R-16"}
    if id in exact:
        assert one["difference"].iloc[0] == pytest.approx(planted - right, rel=1e-4, abs=0.02)
        assert one["at_stake"].iloc[0] == pytest.approx(abs(planted - right), rel=1e-4, abs=0.02)
    assert one["at_stake"].iloc[0] > 0


def test_they_are_ranked_by_the_money_at_stake(found):
    ranked = found.ranked()
    for part in (ranked[ranked["severity"] != "note"], ranked[ranked["severity"] == "note"]):
        money = part["at_stake"].dropna().tolist()
        assert money == sorted(money, reverse=True)
    assert ranked["severity"].tolist().index("note") == (ranked["severity"] != "note").sum()  # notes stand behind
    # 25,827,923.38 yuan × (10,000 − 1) is by far the largest; a pension level up by 30 % comes next:
    # 4,912.73 against 3,779.02 moves 23 % of that county's pensions.
    first, second = ranked.iloc[0], ranked.iloc[1]
    assert (first["id"], first["region"]) == ("R-16", "150423")
    assert first["at_stake"] == pytest.approx(25_827_923.38 * 9_999)
    assert (second["id"], second["region"], second["item"]) == ("R-11", "150622", "benefit_level")
    places = set(ranked[["id", "region"]].itertuples(index=False, name=None))
    for mistake in reported.answer_key():
        upper = "150099" if mistake["kind"] == "mirror_mismatch" else mistake["region"]
        assert (FOUND_BY[mistake["kind"]], upper) in places
    assert ranked.loc[ranked["id"] == "R-07", "cause"].str.contains("152202").all()


def test_the_money_at_stake_is_told_in_a_unit_that_suits_it(found):
    """The slip of × 10,000 alone is 25,827,923.38 × 9,999 yuan, some 2,582.53 (100m yuan), of the money at stake."""
    told = float(found.headline().rsplit("; ", 1)[1].removesuffix(" (100m yuan) at stake").replace(",", ""))
    assert told == pytest.approx(found.by_money().frame["at_stake"].sum() / 1e8, abs=0.005)
    assert told > 2_582.53 - 0.01


def test_the_corrected_copy_has_no_error():
    found = sib.review(reported.clean().data())
    assert found.ok, found.lines("error")
    warnings = found.frame["id"].value_counts()
    assert set(warnings.index) <= {"R-11", "R-12"}, found.lines()[:20]
    assert len(found.by_money()) < 50  # of 722 accounts


def test_executions_of_the_leagues_have_no_error():
    assert sib.review(reported.sample(), "executed").ok


def test_our_forecast_stands_beside_every_reported_driver():
    data = reported.sample()
    small = data.frame
    small = small[small["region"].isin(["150622", "150421", "150423", "150424", "150425", "150426"]) & (small["programme"] == "enterprise_pension")]
    few = data.replaced(lambda: small.reset_index(drop=True))
    table = sib.review(few).recomputed()
    drivers = {"contributors", "contribution_base", "collection_rate", "benefit_level", "beneficiaries", "insured_active"}
    assert drivers <= set(table["item"])
    level = table[table["item"] == "benefit_level"].set_index("region")
    assert not level.loc["150622", "plausible"]  # 4,912.73 yuan, 30 % above what was meant
    assert level.loc["150622", "upper"] < 4_912.73
    assert (level.drop("150622")["expected"] / level.drop("150622")["reported"] - 1).abs().max() < 0.05
    again = sib.review(few.replaced(lambda: small[small["stage"] != "budget"].reset_index(drop=True))).recomputed()
    pd.testing.assert_series_equal(again["expected"], table["expected"])  # the figures under review and plans are not looked at
