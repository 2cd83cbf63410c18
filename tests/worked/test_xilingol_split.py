"""The observed split of the resident pension subsidy, Xilingol League 2022, and records of splits in general."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sibforecast.analysis.split_records import Split, read_splits
from sibforecast.errors import NoSuchFileError, RulesError, SibError

WAN = 1e4
RP, ITEM = "resident_pension", "fiscal_subsidy"


def test_xilingol_2022_by_hand():
    """30,075 = 11,375 + 3,953 + 3,261 + 10,935 + 551 万元: 37.8, 13.1, 10.8, 36.4 and 1.8 %."""
    record = read_splits("observed").records[0]
    assert (record.id, record.status, record.applies_to, record.base, record.unknown) == ("xilingol-2022", "observed", "base", "actual_cost", ())
    table = record.apply(30_075 * WAN).set_index("level")
    assert (table["value"] / WAN).to_dict() == {"nation": 11_375, "region": 3_953, "league": 3_261, "county": 10_935, "other": 551}
    assert 11_375 + 3_953 + 3_261 + 10_935 + 551 == 30_075
    assert [round(100 * s, 1) for s in table["share"]] == [37.8, 13.1, 10.8, 36.4, 1.8]


def test_a_record_holds_only_where_and_when_it_says():
    splits = read_splits("observed")
    assert splits.find(RP, ITEM, "2022-06-30", region="152500").id == "xilingol-2022"
    assert splits.find(RP, ITEM, "2023-01-01", region="152500") is None
    assert splits.find(RP, ITEM, "2022-06-30", region="152200") is None
    later = splits.apply(RP, ITEM, 100.0, "2023-01-01", region="152500").set_index("level")
    assert later.loc["unknown", "value"] == 100.0
    assert later.loc[["nation", "region", "league", "county"], "value"].isna().all()


FILE = """
[[split]]
id = "all"
programme = "resident_pension"
item = "fiscal_subsidy"
base = "national_standard"
shares = { nation = 0.8, region = 0.1 }
applies_to = "base"
source = "a document"
status = "unverified"

[[split]]
id = "growth"
programme = "resident_pension"
item = "fiscal_subsidy"
base = "regional_standard"
shares = { nation = 0, region = 0.5, league = 0.3, county = 0.2 }
applies_to = "increment"
source = "a document"
status = "statute"

[[split]]
id = "tier three"
programme = "resident_pension"
item = "fiscal_subsidy"
base = "per_head"
tier = "3"
shares = { nation = 0.8, region = 0.2, league = 0, county = 0 }
applies_to = "base"
valid_from = "2022-01-01"
source = "a document"
status = "observed"
"""


def written(tmp_path, text=FILE):
    path = tmp_path / "splits.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_base_and_increment_by_hand(tmp_path):
    """1,300 of which base 1,000: nation 800, region 100, 100 unknown; increment 300: region 150, league 90, county 60, nation 0."""
    splits = read_splits(written(tmp_path))
    table = splits.apply(RP, ITEM, 1_300.0, "2024-01-01", base=1_000.0).set_index(["part", "level"])["value"]
    assert table["base"][["nation", "region", "unknown"]].tolist() == [800.0, 100.0, 100.0]
    assert table["base"][["league", "county"]].isna().all()  # unknown, never zero
    assert table["increment"].to_dict() == {"nation": 0.0, "region": 150.0, "league": 90.0, "county": 60.0}
    assert splits.frame.query("id == 'all' and level == 'league'")["share"].isna().all()
    assert splits.find(RP, ITEM, "2024-01-01", tier="3").id == "tier three"
    assert splits.find(RP, ITEM, "2021-12-31", tier="3").id == "all"
    assert "1 leave a level unknown" in repr(splits)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(["nation", "region", "league", "county"]), st.integers(0, 2_500)), st.integers(-10**13, 10**13))
def test_known_parts_and_the_unknown_one_sum_to_the_amount(shares, cent):
    whole = {"nation", "region", "league", "county"} <= set(shares)
    parts = {k: v / 10_000 for k, v in shares.items()} | ({"other": 1 - sum(shares.values()) / 10_000} if whole else {})
    table = Split("s", RP, ITEM, "actual_cost", parts).apply(cent / 100)
    assert math.fsum(table["value"].dropna()) == pytest.approx(cent / 100, abs=1e-3 if abs(cent) > 1e12 else 1e-6)
    assert set(table.loc[table["value"].isna(), "level"]) == {"nation", "region", "league", "county"} - set(shares)
    known = table[table["level"].isin(list(shares))]
    assert np.abs(known["value"] - known["share"] * cent / 100).max() <= 0.011 if len(known) else True


@pytest.mark.parametrize(("before", "after", "told"), [
    ('nation = 0.8, region = 0.1', "nation = 0.8, region = 0.3", "sum to 1.1"), ("league = 0.3", "league = 0.2", "sum to 0.9"),
    ("nation = 0.8, region = 0.1", "nation = 8", "must lie in"), ("nation = 0.8, region = 0.1", "province = 1", "stand by level"),
    ('status = "statute"', 'status = "sure"', "status must be one of"), ('applies_to = "increment"', 'applies_to = "base"', "both in force"),
    ('source = "a document"', "", "source is missing"), ('base = "per_head"', 'base = "heads"', "base must be one of"),
    ('item = "fiscal_subsidy"', 'item = "subsidy"', "unknown item"), ('valid_from = "2022-01-01"', 'valid_from = "spring"', "must be a day"),
    ('valid_from = "2022-01-01"', 'valid_from = "2022-01-01"\nvalid_to = "2021-01-01"', "lies before"), ('tier = "3"', 'teir = "3"', "unknown key 'teir'"),
    ('id = "growth"', 'id = "all"', "stands twice"), ("shares = { nation = 0.8, region = 0.1 }", "", "either shares or amounts"),
    ("shares = { nation = 0.8, region = 0.1 }", 'amounts = { nation = 5 }\ntotal = 4\nunit = "万元"', "not to the total"),
    ("shares = { nation = 0.8, region = 0.1 }", "amounts = { nation = 5 }\ntotal = 9\nunit = \"bushels\"", "bushels"),
])  # fmt: skip
def test_faulty_records_are_refused(tmp_path, before, after, told):
    assert before in FILE
    with pytest.raises(RulesError, match=told):
        read_splits(written(tmp_path, FILE.replace(before, after, 1)))


def test_what_is_no_file_or_no_amount_is_refused(tmp_path):
    with pytest.raises(NoSuchFileError, match="shipped: observed"):
        read_splits("none")
    with pytest.raises(RulesError, match="not a TOML file"):
        read_splits(written(tmp_path, "["))
    with pytest.raises(RulesError, match="no \\[\\[split\\]\\]"):
        read_splits(written(tmp_path, 'title = "x"'))
    with pytest.raises(SibError, match="blank is not zero"):
        read_splits("observed").records[0].apply(float("nan"))
    with pytest.raises(SibError, match="must be a day"):
        read_splits("observed").apply(RP, ITEM, 1.0, "2022")
