"""Current law: every shipped record, values by hand at dates, areas, overlays, pooling, ages."""

import datetime as dt
import json
import tomllib
from collections import Counter
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.assumptions.law_records import STATUSES, lineage_of, read_day
from sibforecast.assumptions.retirement import retirement_delay
from sibforecast.errors import PolicyError, SibError
from sibforecast.programmes.registry import SEVEN
from sibforecast.tables.regions import Area, Regions

LAW = sib.current_law()
EP, RP, UI, WI, EM = "enterprise_pension", "resident_pension", "unemployment", "work_injury", "employee_medical"
SHIPPED = sorted((Path(sib.__file__).parent / "assumptions" / "current_law").glob("*.toml"))


# --- every shipped record --------------------------------------------------------------


def test_one_file_for_each_fund_and_one_for_several():
    assert {f.stem for f in SHIPPED} == {*SEVEN, "several_funds"}


def test_every_record_has_its_source_status_and_title():
    frame = LAW.frame
    values = sum(len(p.get("value", [])) * (1 if isinstance(p["programme"], str) else len(p["programme"]))
                 for f in SHIPPED for p in tomllib.loads(f.read_text("utf-8"))["parameter"])  # fmt: skip
    assert len(frame) == values > 250
    for column in ("source", "title", "title_zh", "unit", "start", "decided_by"):
        assert (frame[column].str.len() > 0).all(), column
    assert set(frame["status"]) == set(STATUSES)


def test_every_record_lies_in_its_range():
    numbers = LAW.frame[LAW.frame["unit"] != "word"]
    assert ((numbers["low"] <= numbers["value"]) & (numbers["value"] <= numbers["high"])).all()
    words = LAW.frame[LAW.frame["unit"] == "word"]
    assert words["value"].isna().all()
    assert (words["word"] != "").all()


def test_derived_values_lie_in_their_range_on_every_step():
    derived = [p for p in LAW.law.parameters.values() if p.parts]
    assert {p.id for p in derived} == {"contribution_rate", "benefit_standard_months_1_12", "benefit_standard_months_13_24"}
    for parameter in derived:
        steps = LAW.history(parameter.id, parameter.programme)
        assert len(steps)
        assert steps["value"].between(parameter.low, parameter.high).all()


def test_what_was_read_in_no_source_says_so():
    """The rate of 16 % and the yearly residents' minimum were not read in a document."""
    assert LAW.record("employer_rate", "2020", programme=EP).status == "unverified"
    assert set(LAW.history("basic_pension_minimum")["status"]) == {"unverified"}
    assert LAW.record("employer_rate", "2018", programme=EP).status == "statute"
    assert LAW.record("employer_rate", "2020", programme="civil_servant_pension").status == "observed"


# --- values by hand --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "programme", "region", "day", "expected"),
    [
        ("employer_rate", EP, "*", "2018-07-01", 0.20),
        ("employer_rate", EP, "150100", "2010", 0.20),
        ("employer_rate", EP, "150100", "2019-04-30", 0.20),
        ("employer_rate", EP, "150100", "2019-05-01", 0.16),
        ("employer_rate_with_reserve", EP, "*", "2016-05-01", 0.19),
        ("contribution_rate", EP, "*", "2019-04-30", 0.28),  # 20 % + 8 %
        ("contribution_rate", EP, "*", "2019-05-01", 0.24),  # 16 % + 8 %
        ("contribution_rate_flexible", EP, "152500", "2012", 0.20),
        ("contribution_rate", EM, "*", "2019", 0.08),  # 6 % + 2 %
        ("contribution_rate", EM, "*", "2020", 0.085),  # and 0.5 % for maternity
        ("contribution_rate", UI, "*", "2014", 0.03),  # 2 % + 1 %
        ("contribution_rate", UI, "*", "2015-03-01", 0.02),
        ("contribution_rate", UI, "*", "2016-05-01", 0.015),
        ("contribution_rate", UI, "*", "2017-01-01", 0.01),
        ("employee_rate", WI, "*", "2020", 0.0),
        ("base_floor_share", EP, "150100", "2025", 0.6),
        ("base_ceiling_share", UI, "150100", "2025", 3.0),
        ("remittance_rate", EP, "*", "2018-07-01", 0.03),
        ("remittance_rate", EP, "*", "2019", 0.035),
        ("remittance_rate", EP, "*", "2020", 0.04),
        ("remittance_rate", EP, "*", "2021-12-31", 0.045),
        ("remittance_share", EP, "*", "2020", 0.9),
        ("account_months_age_60", RP, "*", "2025", 139),
        ("employer_due_small", EP, "*", "2020-01-31", 1.0),
        ("employer_due_small", UI, "*", "2020-12-31", 0.0),
        ("employer_due_small", WI, "*", "2021-01-01", 1.0),
        ("employer_due_large", EP, "*", "2020-06-30", 0.5),
        ("employer_due_large", EP, "*", "2020-07-01", 1.0),
        ("phase_cut_moderate", WI, "*", "2018-05-01", 0.20),
        ("phase_cut_deep", WI, "*", "2018-05-01", 0.50),
        ("reserve_months_short", "maternity", "*", "2016", 3),
        ("refund_reserve_months", UI, "*", "2022", 12),
        ("benefit_months_paid_5_to_10_years", UI, "*", "2022", 18),
        ("personal_contribution", "resident_medical", "*", "2016", 150),
        ("subsidy_per_head", "resident_medical", "*", "2024-06", 670),
        ("subsidy_per_head", "resident_medical", "*", "2025", 700),
        ("funeral_months", WI, "*", "2020", 6),
        ("nursing_share_total", WI, "*", "2020", 0.5),
        ("benefit_adjustment", EP, "*", "2024-07", 0.03),
        ("contribution_months_minimum", EP, "*", "2029-12-31", 180),
        ("contribution_months_minimum", EP, "*", "2030", 186),
        ("contribution_months_minimum", EP, "*", "2039", 240),  # 180 + 10 × 6
    ],
)
def test_values_by_hand(parameter, programme, region, day, expected):
    assert LAW.value(parameter, day, region, programme) == expected


def test_the_minimum_of_the_residents_pension():
    """55 (2009), 70 (July 2014), 88 (2018), 93 (July 2020), 98, 103, 123, 143 (2022 to 2025)."""
    days = ["2013", "2014-06-30", "2014-07-01", "2018", "2020-06-30", "2020-07-01", "2022", "2023", "2024", "2025"]
    assert [LAW.value("basic_pension_minimum", d) for d in days] == [55, 55, 70, 88, 88, 93, 98, 103, 123, 143]
    assert LAW.history("basic_pension_minimum")["value"].tolist() == [55, 70, 88, 93, 98, 103, 123, 143]


@pytest.mark.parametrize(
    ("day", "first_year", "second_year"),
    [
        ("2017-06-30", 1_312.00, 1_148.00),  # 1,640 × 80 %, × 70 %
        ("2021-11-30", 1_408.00, 1_232.00),  # 1,760 × 80 %, × 70 %
        ("2021-12-01", 1_782.00, 1_584.00),  # 1,980 × 90 %, × 80 %
        ("2024-11-30", 1_782.00, 1_584.00),
    ],
)
def test_the_unemployment_standard(day, first_year, second_year):
    assert LAW.value("benefit_standard_months_1_12", day, "150100", UI) == first_year
    assert LAW.value("benefit_standard_months_13_24", day, "150100", UI) == second_year


def test_the_unemployment_standard_of_december_2024():
    """95 % of the class-I minimum wage of 2,270 yuan: 2,270 × 0.95 = 2,156.50 yuan a month, to the cent."""
    told = LAW.record("benefit_standard_months_1_12", "2024-12-01", "150202", UI)
    assert (told.value, told.status, str(told.start)) == (2156.5, "statute", "2024-12-01")
    assert told.note == "benefit_share_months_1_12 0.95 × minimum_wage 2270"
    with pytest.raises(PolicyError, match=r"ended on 2024-11-30 \(from December 2024 it is lower .* cut off"):
        LAW.value("benefit_standard_months_13_24", "2024-12-01", "150202", UI)


def test_retirement_cohorts():
    """Those who reach the old age in month m (from January 2025) wait min(limit, m // step + 1) months.

    Men and women of 55: of 12 months of birth 9 retire in 2025, then 10, 9, 10, 10, 9;
    women of 50: 8 in each year.
    """
    def cohorts(group):
        retired = Counter()
        for m in range(12 * 12):
            year, month = divmod(m, 12)
            waits = retirement_delay(LAW, group, f"{2025 + year}-{month + 1:02d}")
            retired[2025 + (m + waits) // 12] += 1
        return [retired[y] for y in range(2025, 2031)]

    assert cohorts("men") == cohorts("women_55") == [9, 10, 9, 10, 10, 9]
    assert cohorts("women_50") == [8] * 6
    assert retirement_delay(LAW, "women_50", "2045-01") == 60
    with pytest.raises(SibError, match="unknown group 'women'"):
        retirement_delay(LAW, "women", "2025-01")


# --- dates -----------------------------------------------------------------------------


def test_first_and_last_day_are_in_force():
    """The rate of July 2018 begins on the first and that of 2021 ends on 31 December."""
    for day in ("2018-06-30", "2022-01-01"):
        with pytest.raises(PolicyError, match="nothing is in force"):
            LAW.value("remittance_rate", day)
    assert "remittance_rate" not in set(LAW.at("2022-01-01", programme=EP)["parameter"])
    assert "remittance_rate" in set(LAW.at("2021-12-31", programme=EP)["parameter"])


def test_what_has_ended_does_not_bring_back_what_was_before():
    """The adjustment of each year has its own notice: 2026 is unknown, not that of 2024."""
    with pytest.raises(PolicyError, match="the last value ended on 2025-12-31"):
        LAW.value("benefit_adjustment", "2026", programme=EP)


@pytest.mark.parametrize(("written", "first", "last"), [("2024", "2024-01-01", "2024-12-31"), (2024, "2024-01-01", "2024-12-31"),
    ("2024-02", "2024-02-01", "2024-02-29"), ("2024-12", "2024-12-01", "2024-12-31"),
    (dt.date(2024, 5, 6), "2024-05-06", "2024-05-06"), (dt.datetime(2024, 5, 6, 7), "2024-05-06", "2024-05-06")])  # fmt: skip
def test_dates_are_days_months_or_years(written, first, last):
    assert str(read_day(written)) == first
    assert str(read_day(written, last=True)) == last


@pytest.mark.parametrize("written", ["2024-13", "2024-02-30", "May 2024", "", None])
def test_what_is_no_date(written):
    with pytest.raises(SibError, match="not a date"):
        LAW.at(written)


# --- areas -----------------------------------------------------------------------------

TREE = Regions.of([
    Area("N", "中国", "", "nation"), Area("150000", "内蒙古自治区", "N", "region"), Area("L1", "甲盟", "150000", "league"),
    Area("C1", "甲旗", "L1", "county"), Area("370000", "山东省", "N", "region"),
])  # fmt: skip


def test_the_nearest_area_wins():
    assert LAW.record("employee_rate", "2020", "150102", EP).region == "150000"
    assert LAW.record("employee_rate", "2020", "370100", EP).region == "*"
    assert LAW.value("payment_reserve_months", "2021", "370400") == 2
    with pytest.raises(PolicyError, match="for '150400'; it is known for 370000"):
        LAW.value("payment_reserve_months", "2021", "150400")


def test_areas_of_a_pooling_tree_by_code_or_name():
    assert LAW.record("minimum_wage", "2025", "C1", regions=TREE).value == 2270
    assert LAW.record("minimum_wage", "2025", "甲盟", regions=TREE).value == 2270
    with pytest.raises(PolicyError, match="it is known for 150000"):
        LAW.value("minimum_wage", "2025", "山东省", regions=TREE)
    with pytest.raises(SibError, match="unknown area"):
        LAW.at("2025", "乙盟", regions=TREE)


def test_without_a_tree_the_digits_of_the_code_tell():
    assert lineage_of("150099") == ("150099", "150000", "*")
    assert lineage_of("150202") == ("150202", "150200", "150000", "*")
    assert lineage_of("Northland") == ("Northland", "*")


def test_at_gives_one_row_per_parameter_and_fund():
    frame = LAW.at("2025-06-30", "150100")
    assert tuple(frame.columns) == sib.Policy.columns
    assert not frame.duplicated(["parameter", "programme"]).any()
    assert set(frame["programme"]) == {*SEVEN, "*"}
    by_name = LAW.at("2025-06-30", "150100", "失业保险")
    assert set(by_name["programme"]) == {UI, "*"}
    assert by_name.set_index("parameter").loc["benefit_standard_months_1_12", "value"] == 2156.5
    with pytest.raises(PolicyError, match="unknown fund 'unemploymnt'; did you mean 'unemployment'"):
        LAW.at("2025", programme="unemploymnt")


# --- pooling ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("programme", "day", "level"),
    [
        (EP, "2009-10-01", "region"), (EP, "2021-12-31", "region"), (EP, "2022-01-01", "nation"),
        (WI, "2020-04-26", "league"), (WI, "2020-04-27", "region"),
        (UI, "2020-12-31", "league"), (UI, "2022-01-01", "region"), (UI, "2025-01-01", "region"),
        ("civil_servant_pension", "2025", "county"), (EM, "2025", "league"), ("resident_medical", "2017", "league"),
        (RP, "2025", "county"), ("maternity", "2019-12-31", "league"),
    ],
)  # fmt: skip
def test_pooling_levels(programme, day, level):
    assert LAW.pooling_level(programme, day, "150100") == level


def test_pooling_before_and_elsewhere_is_unknown():
    for programme, day, region in ((EP, "2009-09-30", "150100"), (EP, "2020", "370100"), ("maternity", "2020", "150100")):
        with pytest.raises(PolicyError, match="nothing is in force"):
            LAW.pooling_level(programme, day, region)
    unsure = LAW.pooling("150100").query("programme == 'unemployment' and start == '2021-10-01'")
    assert unsure["status"].tolist() == ["unverified"]  # the month of the document is not known
    with pytest.raises(PolicyError, match="is a word, 'league': ask record"):
        LAW.value("pooling_level", "2025", "150100", EM)


def cause(programme, year):
    return pd.DataFrame([{"region": "150100", "programme": programme, "period": year, "stage": "budget", "kind": "budget",
                          "cause": "budget_gap", "value": 1_000_000.0}])  # fmt: skip


@pytest.mark.parametrize(
    ("programme", "year", "expected"),
    [
        (WI, "2020", {"league": 1_000_000}),  # on 1 January 2020 each league by itself
        (WI, "2021", {"region": 600_000, "league": 400_000}),
        (UI, "2021", {"league": 1_000_000}),
        (UI, "2022", {"region": 600_000, "league": 400_000}),
        ("civil_servant_pension", "2025", {"county": 1_000_000}),
    ],
)
def test_shares_by_the_law_of_pooling(programme, year, expected):
    rules = sib.read_rules("nmg_2016")
    bill = sib.share(cause(programme, year), rules, pooling=LAW.pooling("150100")).frame
    assert bill.groupby("payer")["value"].sum().to_dict() == expected
    silent = sib.share(cause(programme, year), rules).frame  # without it all is as before
    assert silent["reason"].str.contains("no pooling table").all()


def test_the_law_of_pooling_fits_a_data_set(nmg):
    """The sample's own table says the same where the law says anything (from the day it begins)."""
    law = LAW.pooling()
    for row in nmg.table("pooling").to_dict("records"):
        mine = law[(law["programme"] == row["programme"]) & (law["start"] <= row["start"])]
        if len(mine):
            assert LAW.pooling_level(row["programme"], row["start"], "150102", nmg.regions) == row["level"]
    assert set(law["region"]) == {"150000"}


# --- words, faults, shown --------------------------------------------------------------


def test_unknown_parameters_are_told_with_the_nearest():
    with pytest.raises(PolicyError, match=r"unknown parameter 'emploer_rate'; did you mean 'employer_rate'"):
        LAW.value("emploer_rate", "2020", programme=EP)
    with pytest.raises(PolicyError, match="name the programme"):
        LAW.value("employer_rate", "2020")
    with pytest.raises(PolicyError, match="employer_rate is no parameter of resident_pension; it is one of"):
        LAW.value("employer_rate", "2020", programme=RP)
    with pytest.raises(PolicyError, match="unknown parameter"):
        LAW.history("emploer_rate")
    assert LAW.bounds("employer_rate", EP) == (0.1, 0.3)


def test_it_shows_and_saves_itself(tmp_path):
    lines = repr(LAW).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert "statute" in lines[0]
    assert "unverified" in repr(LAW)
    assert "<table" in LAW._repr_html_()
    text = LAW.to_json(tmp_path / "law.json")
    assert (tmp_path / "law.json").read_text("utf-8") == text
    record = json.loads(text)
    jsonschema.validate(record, sib.schema("Policy"))
    assert len(record["rows"]) == len(LAW.frame)
    assert LAW.provenance["law_hash"] == sib.current_law().provenance["law_hash"]


def test_a_changed_frame_changes_no_law():
    frame = LAW.frame
    frame["value"] = 0.0
    assert LAW.value("employer_rate", "2020", programme=EP) == 0.16


# --- overlays --------------------------------------------------------------------------


def law_file(folder, text, name="own.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


WAGE = """
[[parameter]]
id = "minimum_wage"
programme = "unemployment"
decided_by = "region"
source = "example"
status = "unverified"
"""


def value(amount, start, **more):
    words = "\n".join(f'{k} = "{v}"' for k, v in more.items())
    return f'[[parameter.value]]\nvalue = {amount}\nstart = "{start}"\n{words}\n'


def test_a_regions_own_law_lies_over_the_shipped(tmp_path):
    """Baotou 2,300 from 2027: 95 % is 2,185; elsewhere 2,156.50 stays; the shipped law is untouched."""
    law = sib.current_law(law_file(tmp_path, WAGE + value(2300, "2027-01-01", region="150200")))
    standard = "benefit_standard_months_1_12"
    assert law.value(standard, "2027", "150202", UI) == 2_185.0
    assert law.value(standard, "2026-12-31", "150202", UI) == law.value(standard, "2027", "150100", UI) == 2_156.5
    assert LAW.value(standard, "2027", "150202", UI) == 2_156.5
    assert law.history("minimum_wage")["title"].unique().tolist() == ["Monthly minimum wage, class I"]
    assert law.provenance["law_hash"] != LAW.provenance["law_hash"]
    assert law.provenance["files"][-1].endswith("own.toml")


def test_the_same_start_replaces_and_a_later_one_supersedes(tmp_path):
    first = law_file(tmp_path, WAGE + value(2280, "2024-12-01", region="150000"), "a.toml")
    second = law_file(tmp_path, WAGE + value(2400, "2026-01-01", region="150000", end="2026-06"), "b.toml")
    law = sib.current_law(first).overlay(second)
    days = ["2024-11-30", "2024-12-01", "2025-12-31", "2026-01-01", "2026-06-30"]
    assert [law.value("minimum_wage", d, "150000") for d in days] == [1980, 2280, 2280, 2400, 2400]
    with pytest.raises(PolicyError, match="ended on 2026-06-30"):
        law.value("minimum_wage", "2026-07-01", "150000")


def test_a_new_parameter_and_a_fund_of_its_own(tmp_path):
    text = """
funds = ["flood_relief"]
[[parameter]]
id = "levy"
title_en = "Levy"
title_zh = "附加费"
programme = ["flood_relief", "unemployment"]
unit = "share"
range = [0, 0.1]
decided_by = "league"
source = "example"
status = "unverified"
[[parameter.value]]
value = 0.01
start = 2026-01-01
"""
    law = sib.current_law(law_file(tmp_path, text))
    assert law.value("levy", "2026", "150100", "flood_relief") == 0.01
    assert set(law.history("levy")["programme"]) == {"flood_relief", UI}


def test_a_parameter_renamed_answers_under_its_old_name(tmp_path):
    law = sib.current_law(law_file(tmp_path, '[renamed]\nminimum_salary = "minimum_wage"\n'))
    with pytest.warns(FutureWarning, match="'minimum_salary' is now called 'minimum_wage'"):
        assert law.value("minimum_salary", "2025", "150000") == 2270
    with pytest.warns(FutureWarning, match="minimum_wage"):
        assert law.history("minimum_salary")["parameter"].unique().tolist() == ["minimum_wage"]
    with pytest.raises(PolicyError, match="did you mean 'minimum_salary'"):
        law.value("minimum_salry", "2025", "150000")


# --- properties ------------------------------------------------------------------------

DAYS = st.dates(dt.date(2000, 1, 1), dt.date(2045, 12, 31))


@given(DAYS, st.sampled_from(["*", "150000", "150100", "150202", "370100"]))
def test_at_and_record_agree_on_every_day(day, region):
    frame = LAW.at(day, region)
    assert (frame["start"] <= str(day)).all()
    assert ((frame["end"] == "") | (frame["end"] >= str(day))).all()
    assert set(frame["region"]) <= set(lineage_of(region))
    row = frame.sample(1, random_state=day.toordinal()).iloc[0]
    fund = row["programme"] if row["programme"] != "*" else EP
    told = LAW.record(row["parameter"], day, region, fund)
    assert told.word == row["word"]
    assert told.value == row["value"] or row["unit"] == "word"
    assert told.source == row["source"]


@given(DAYS)
def test_the_pooling_table_never_says_two_things_of_a_day(day):
    table = LAW.pooling("150100")
    here = table[(table["start"] <= str(day)) & ((table["end"] == "") | (table["end"] >= str(day)))]
    assert not here["programme"].duplicated().any()
    for row in here.to_dict("records"):
        assert LAW.pooling_level(row["programme"], day, "150100") == row["level"]
