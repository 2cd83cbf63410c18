"""Changes and scenarios: the record, its faults, its months, its files."""

import re

import numpy as np
import pytest

import sibforecast as sib
from sibforecast import items
from sibforecast.assumptions.effects import interval
from sibforecast.errors import ScenarioError
from sibforecast.phrases import SCREEN, Teller
from sibforecast.programmes.registry import SEVEN
from tests import datasets


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    return sib.draft_budget(sib.load(datasets.enterprise_pension(tmp_path_factory.mktemp("ep"))), year=2026)


def value(projection, item, year="2026"):
    frame = projection.frame
    return frame.loc[(frame["item"] == item) & (frame["period"] == year), "value"].iloc[0]


def change(**words):
    return sib.Change(**({"start": "2026-01", "decided_by": "nation"} | words))


def test_all_faults_at_once():
    with pytest.raises(ScenarioError) as told:
        sib.Change(item="benefit_levle", add=1, set=2, start="2026", decided_by="king", end="2025-01")
    text = str(told.value)
    for words in ("did you mean 'benefit_level'", "exactly one of", "must be a month", "decided_by"):
        assert words in text


def test_changes_are_read_in_every_word_the_program_shows():
    """Every label means its item; a share may be written in per cent, an amount in words its unit agrees with."""
    for entry in items.CATALOGUE.values():
        assert {items.code_of(word) for word in (entry.code, entry.zh, entry.en, entry.en.upper(), *entry.aliases)} == {entry.code}
    cut = sib.read_scenario({"title": "降费", "change": [
        {"item": "缴费比例", "add": "-1%", "start": "2026年7月", "end": "2026-9", "decided_by": "自治区", "known_at_budget": "否"},
        {"item": "人均待遇水平", "add": "20", "unit": "元/月", "start": "2026-01", "decided_by": "突发事件", "known_at_budget": "是",
         "evidence": "x", "title": "加发"},
    ]})  # fmt: skip
    rate, level = cut.changes
    assert (rate.item, rate.amount, rate.start, rate.end, rate.decided_by, rate.known_at_budget) == (
        "contribution_rate", -0.01, "2026-07", "2026-09", "region", False)  # fmt: skip
    assert (level.item, level.amount, level.decided_by, level.known_at_budget) == ("benefit_level", 20.0, "event", True)
    assert cut.causes() == ("benefit_level +20", "contribution_rate −0.01")
    assert cut.titles() == {"benefit_level +20": "加发"}
    for text in ("5%", "1万人", "2 or 3"):  # no amount of yuan a month for certain
        with pytest.raises(ScenarioError, match=f"add must be a number; found '{text}'"):
            change(item="benefit_level", add=text, unit="元/月")


def test_all_faults_of_all_changes_at_once_also_those_of_the_wrong_kind():
    """One kind of fault hides no other; a fault is told once; in Chinese as a whole."""
    first = {"item": "缴费比率", "add": "abc", "start": "2026年13月", "decided_by": "市长", "known_at_budget": "maybe", "foo": 1, "unit": 3}
    with pytest.raises(ScenarioError) as told:
        sib.read_scenario({"title": "x", "change": [first, {"item": 4, "start": "2026", "set": 1, "decided_by": "国家"}]})
    lines = [line.removeprefix("  - ") for line in str(told.value).splitlines()[1:]]
    for words in ("unknown key 'foo'", "the keys of a change are item, start", "unit must be text", "known_at_budget must be true",
                  "did you mean '缴费率', '缴费费率' or '缴费比例'", "add must be a number", "start must be a month", "decided_by must be"):
        assert sum(words in line for line in lines if line.startswith("change 1: ")) == 1, words
    assert [line for line in lines if line.startswith("change 2: ")] == [
        "change 2: item must be text in quotes; found 4", "change 2: start must be a month such as 2026-07; found '2026'"]  # fmt: skip
    teller = Teller("zh")
    keys = "item|start|unit|known_at_budget|add|decided_by|true|false|foo|floor|maybe|abc|docs/cookbook.md"
    for line in lines:
        if "keys of a change" not in line:
            said = re.sub(rf"{keys}|nation \(|region \(|league \(|county \(|event \(", "", teller.text(line, SCREEN))
            assert not re.search("[a-z]{2}", said), said


def test_a_change_is_called_by_its_title_and_keeps_its_key(draft):
    named = change(item="contribution_rate", add=-0.01, programme="enterprise_pension", title="降一个百分点", id="cut")
    plain = change(item="benefit_level", multiply=1.05, programme="enterprise_pension")
    made = sib.project(draft.assumptions, sib.Scenario("两项", named, plain))
    causes = sib.attribute(draft, made)
    assert {"cut", "benefit_level ×1.05"} <= set(causes.frame["cause"])
    bill = sib.share(causes, sib.read_rules("nmg_2016"))
    assert bill.labels()["cut"] == causes.labels()["cut"] == made.labels("en")["cut"] == "降一个百分点"
    for told in (causes.shown("zh"), sib.explain(bill, "150100", "enterprise_pension", "gap", language="zh").text):
        assert "降一个百分点" in told
        assert "人均待遇水平 ×1.05" in told
        assert "cut" not in told.replace("ILLUSTRATIVE", "")
    for item, words in (("contribution_rate", "“降一个百分点”（缴费比例 −0.01，自2026-01起，国家决定）变动：−1个百分点"),
                        ("benefit_level", "“人均待遇水平 ×1.05”（自2026-01起，国家决定）变动：+")):  # fmt: skip
        assert words in sib.explain(made, "150100", "enterprise_pension", item, language="zh").text


@pytest.mark.parametrize("words", [{"add": 20}, {"add": 20, "unit": "人"}, {"set": 20, "unit": "元/天"}])
def test_a_unit_is_needed_and_must_fit(words):
    with pytest.raises(ScenarioError, match="unit"):
        change(item="benefit_level", **words)


def test_units_are_converted():
    assert change(item="deferred_out", add=1_800, unit="万元").amount == 18_000_000
    assert change(item="benefit_level", add=240, unit="元/年").amount == pytest.approx(20)
    assert change(item="contribution_rate", add=1, unit="%").amount == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("words", "level"),
    [
        ([("multiply", 1.1, "2026-07", ""), ("multiply", 1.1, "2026-07", "")], 2_972.5 * (1 + 1.21) / 2),
        ([("set", 3_000, "2026-01", "2026-06"), ("set", 3_200, "2026-07", "")], 3_100),
        ([("set", 3_000, "2026-04", ""), ("set", 3_200, "2026-07", "")], (3 * 2_972.5 + 3 * 3_000 + 6 * 3_200) / 12),
        ([("multiply", 1.1, "2026-07", ""), ("cap", 3_000, "2026-07", "")], (2_972.5 + 3_000) / 2),
    ],
)
def test_changes_on_one_item_compose_month_by_month(draft, words, level):
    changes = [change(item="benefit_level", start=start, end=end, **{how: value, **({} if how == "multiply" else {"unit": "元/月"})})
               for how, value, start, end in words]  # fmt: skip
    assert value(sib.project(draft.assumptions, sib.Scenario("s", *changes)), "benefit_level") == pytest.approx(level)


@pytest.mark.parametrize(
    ("start", "end", "years"),
    [("2026-07", "", (6, 12)), ("2026-07", "2027-03", (6, 3)), ("2025-07", "", (12, 12)), ("2028-07", "", (0, 0))],
)
def test_levels_weigh_by_months(draft, start, end, years):
    more = change(item="benefit_level", add=12, unit="元/月", start=start, end=end)
    base, reform = (sib.project(draft.assumptions, s, years=2) for s in (None, sib.Scenario("s", more)))
    for year, months in zip(("2026", "2027"), years, strict=True):
        assert value(reform, "benefit_level", year) - value(base, "benefit_level", year) == pytest.approx(months)


def test_arrears_are_paid_in_one_sum(draft):
    late = change(item="benefit_level", add=12, unit="元/月", start="2026-07", paid="2027-03")
    base, reform = (sib.project(draft.assumptions, s, years=3) for s in (None, sib.Scenario("s", late)))
    moved = [value(reform, "benefit_level", y) - value(base, "benefit_level", y) for y in ("2026", "2027", "2028")]
    assert moved == pytest.approx([0, 18, 12])


def test_arrears_compose_with_other_changes_on_the_item(draft):
    """All of 2026 at 1.1 and, decided late, at 1.15 too: 1.265 of each year's level is due.

    Level 2026 2,972.50 (the example), the same in 2027. Paid in 2026: 1.1. Paid in 2027:
    1.1 × 1.15 for 2027, and for 2026 what was not paid, 1.265 − 1.1.
    """
    one = change(item="benefit_level", multiply=1.1, start="2026-01", id="one")
    late = change(item="benefit_level", multiply=1.15, start="2026-01", paid="2027-03", id="late")
    reform = sib.project(draft.assumptions, sib.Scenario("s", one, late), years=3)
    base = sib.project(draft.assumptions, years=3)
    levels = [value(base, "benefit_level", y) for y in ("2026", "2027", "2028")]
    due = [levels[0] * 1.1, levels[1] * 1.265 + levels[0] * (1.265 - 1.1), levels[2] * 1.265]
    assert [value(reform, "benefit_level", y) for y in ("2026", "2027", "2028")] == pytest.approx(due)


def test_arrears_are_due_on_the_level_of_their_own_year(tmp_path):
    """Half of 2026 at +10 %, paid in 2027 when the level has risen: 5 % of the level of 2026 comes on top."""
    rows = [("benefit_adjustment", 2027, 8, "%", "150100", "enterprise_pension", "example", "analyst")]
    path = datasets.enterprise_pension(tmp_path)
    with (path / "assumptions.csv").open("a", encoding="utf-8") as file:
        file.writelines(",".join(map(str, row)) + "\n" for row in rows)
    draft = sib.draft_budget(sib.load(path), 2026)
    late = change(item="benefit_level", multiply=1.1, start="2026-07", paid="2027-01")
    reform, base = (sib.project(draft.assumptions, s, years=2) for s in (sib.Scenario("s", late), None))
    assert value(base, "benefit_level", "2027") == pytest.approx(2_972.5 * 1.08)
    assert value(reform, "benefit_level", "2026") == pytest.approx(2_972.5)
    assert value(reform, "benefit_level", "2027") == pytest.approx(2_972.5 * 1.08 * 1.1 + 0.05 * 2_972.5)


@pytest.mark.parametrize(("order", "expected"), [(("add", "multiply"), 1.1 * (2_000 + 500)), (("multiply", "add"), 1.1 * 2_000 + 500)])
def test_amounts_and_multiplications_of_a_flow_keep_their_order(draft, order, expected):
    """Back-payments of the example: 2,000 万元."""
    made = {"add": change(item="back_payments", add=500, unit="万元"), "multiply": change(item="back_payments", multiply=1.1)}
    reform = sib.project(draft.assumptions, sib.Scenario("s", *(made[o] for o in order)))
    assert value(reform, "back_payments") == pytest.approx(expected * 1e4)


def test_amounts_are_totals_for_their_interval():
    spread = change(item="back_payments", add=1_200, unit="元", start="2026-07", end="2027-06")
    assert [interval(spread, y)[1] for y in (2026, 2027)] == [0.5, 0.5]
    once = change(item="deferred_out", add=1_200, unit="元", start="2026-07")
    assert [interval(once, y)[1] for y in (2026, 2027)] == [1.0, 0.0]


def test_an_adjustment_without_end_is_made_once(draft):
    none = change(item="benefit_adjustment", set=0.0)
    open_ = change(item="benefit_adjustment", set=0.05, start="2026-07")
    base, reform = (sib.project(draft.assumptions, sib.Scenario(str(i), *c), years=2) for i, c in enumerate(((none,), (none, open_))))
    assert value(reform, "benefit_level") == pytest.approx(value(base, "benefit_level") * 1.025)
    assert value(reform, "benefit_level", "2027") == pytest.approx(value(base, "benefit_level", "2027") * 1.05)


def test_july_start_weighs_half_and_full_from_the_next_year(draft):
    raise_ = change(item="benefit_level", multiply=1.05, start="2026-07", programme="enterprise_pension")
    base = sib.project(draft.assumptions, years=3)
    reform = sib.project(draft.assumptions, sib.Scenario("raise", raise_), years=3)
    for year, factor in (("2026", 1.025), ("2027", 1.05), ("2028", 1.05)):
        assert value(reform, "pension_expenditure", year) == pytest.approx(factor * value(base, "pension_expenditure", year), rel=1e-12)


def test_a_part_year_adjustment_is_annualised_and_applied_once(draft):
    none = change(item="benefit_adjustment", set=0.0)
    half = change(item="benefit_adjustment", set=0.04, start="2026-07", end="2026-12")
    base = sib.project(draft.assumptions, sib.Scenario("0", none), years=2)
    reform = sib.project(draft.assumptions, sib.Scenario("4", none, half), years=2)
    assert value(reform, "benefit_level") == pytest.approx(value(base, "benefit_level") * 1.02)
    assert value(reform, "benefit_level", "2027") == pytest.approx(value(base, "benefit_level", "2027") * 1.04)


def test_a_stock_takes_the_value_of_december_and_the_average_weighs_the_months(draft):
    more = change(item="beneficiaries", multiply=1.1, start="2026-07")
    base = sib.project(draft.assumptions, years=2)
    reform = sib.project(draft.assumptions, sib.Scenario("more", more), years=2)
    assert value(reform, "beneficiaries") == pytest.approx(1.1 * value(base, "beneficiaries"))
    assert value(reform, "beneficiaries_average") == pytest.approx(1.05 * value(base, "beneficiaries_average"))
    assert value(reform, "beneficiaries", "2027") == pytest.approx(1.1 * value(base, "beneficiaries", "2027"))
    assert value(reform, "beneficiaries_average", "2027") == pytest.approx(1.1 * value(base, "beneficiaries_average", "2027"))


@pytest.mark.parametrize(
    ("item", "moved"),
    [
        ("insured_active", "contributors"), ("contributor_ratio", "contribution_revenue"), ("flexible_share", "contributors_flexible"),
        ("contributors", "assessed"), ("contribution_base", "assessed"), ("contribution_rate", "collected"),
        ("collection_rate", "contribution_revenue"), ("arrears_recovered", "contribution_revenue"),
        ("new_beneficiaries", "pension_expenditure"), ("benefit_adjustment", "benefit_level"), ("deaths", "death_expenditure"),
        ("movers_in", "transfer_in"), ("grant_per_beneficiary", "upper_grant"), ("remittance_wage", "upper_remittance"),
        ("deposit_rate", "interest"), ("fiscal_subsidy", "total_revenue"), ("total_expenditure", "gap"),
    ],
)  # fmt: skip
def test_a_scenario_reaches_drivers_lines_and_rates_alike(draft, item, moved):
    base = sib.project(draft.assumptions)
    reform = sib.project(draft.assumptions, sib.Scenario("up", change(item=item, multiply=1.1)))
    assert value(reform, item) == pytest.approx(1.1 * value(base, item))
    assert value(reform, moved) != value(base, moved)


def test_a_deferral_nets_to_zero_when_repaid(draft):
    out = change(item="deferred_out", add=1_800, unit="万元", start="2026-07")
    back = change(item="deferred_in", add=1_800, unit="万元", start="2027-02")
    base = sib.project(draft.assumptions, years=2)
    reform = sib.project(draft.assumptions, sib.Scenario("defer", out, back), years=2)
    cash = [value(reform, "contribution_revenue", y) - value(base, "contribution_revenue", y) for y in ("2026", "2027")]
    assert cash == pytest.approx([-18_000_000, 18_000_000])


def test_empty_is_the_baseline_bit_for_bit_and_nothing_leaks(draft):
    before = sib.project(draft.assumptions, years=2).frame
    sib.project(draft.assumptions, sib.Scenario("x", change(item="benefit_level", multiply=9), change(item="insured_active", multiply=3)), years=2)
    after = sib.project(draft.assumptions, years=2).frame
    empty = sib.project(draft.assumptions, sib.Scenario("empty"), years=2).frame
    for other in (after, empty):
        assert np.array_equal(before["value"].to_numpy(), other["value"].to_numpy())
        assert list(before["item"]) == list(other["item"])
        assert list(before["method"]) == list(other["method"])


def test_an_empty_scenario_on_nmg(nmg_draft):
    base = sib.project(nmg_draft.assumptions).frame
    empty = sib.project(nmg_draft.assumptions, sib.Scenario("nothing")).frame
    drafted = nmg_draft.frame
    assert base["value"].to_numpy().tobytes() == empty["value"].to_numpy().tobytes()
    assert base["value"].to_numpy().tobytes() == drafted.loc[drafted["stage"] == "draft", "value"].to_numpy().tobytes()


def test_file_python_and_table_are_one_path(tmp_path, draft):
    from sibforecast.assumptions.scenario_files import from_policies

    path = tmp_path / "s.toml"
    path.write_text(
        'title = "t"\n[[change]]\nitem = "benefit_level"\nprogramme = "enterprise_pension"\nadd = 20\nunit = "元/月"\n'
        'start = "2026-07"\ndecided_by = "nation"\nknown_at_budget = false\nid = "n1"\n',
        encoding="utf-8",
    )
    in_python = change(item="benefit_level", programme="enterprise_pension", add=20, unit="元/月", start="2026-07", id="n1")
    row = {"item": "benefit_level", "programme": "enterprise_pension", "add": "20", "unit": "元/月", "start": "2026-07",
           "decided_by": "nation", "known_at_budget": "false", "id": "n1", "set": None, "multiply": float("nan")}  # fmt: skip
    scenarios = [sib.read_scenario(path), sib.Scenario("t", in_python), sib.Scenario("t", *from_policies([row]))]
    values = [sib.project(draft.assumptions, s).frame["value"].to_numpy().tobytes() for s in scenarios]
    assert len(set(values)) == 1


def test_a_file_tells_all_its_faults(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text('titel = "x"\n[[change]]\nitem = "nonsense"\nstart = "soon"\nwhy = 1\n', encoding="utf-8")
    with pytest.raises(ScenarioError) as told:
        sib.read_scenario(path)
    for words in ("'titel'", "title is missing", "change 1", "nonsense", "soon", "'why'", "exactly one"):
        assert words in str(told.value)


def test_shipped_scenarios_are_read_and_others_refused():
    assert sib.read_scenario("raise_pensions") == sib.read_scenario("raise_pensions.toml")
    with pytest.raises(ScenarioError, match="shipped: "):
        sib.read_scenario("no_such")


def test_a_change_that_meets_nothing_is_said(draft):
    lost = change(item="benefit_level", programme="work_injury", multiply=1.1)
    found = sib.project(draft.assumptions, sib.Scenario("lost", lost)).findings
    assert found.frame["id"].tolist() == ["no_effect"]


def test_an_unknown_area_is_refused(draft):
    with pytest.raises(ScenarioError, match="乌"):
        sib.project(draft.assumptions, sib.Scenario("x", change(item="benefit_level", multiply=1.1, regions=("乌有",))))


def test_order_of_commuting_changes_never_matters(draft):
    a, b = change(item="benefit_level", multiply=1.02), change(item="collection_rate", multiply=0.99)
    one = sib.project(draft.assumptions, sib.Scenario("ab", a, b)).frame["value"].to_numpy()
    two = sib.project(draft.assumptions, sib.Scenario("ba", b, a)).frame["value"].to_numpy()
    assert np.array_equal(one, two)


def test_a_part_that_law_decides_apart_moves_its_item(tmp_path):
    """A point less of the employer's rate is a point less of the contribution rate; set alone would leave the other parts unsaid."""
    part = change(item="employer_rate", add=-0.01, programme="enterprise_pension")
    whole = change(item="contribution_rate", add=-0.01, programme="enterprise_pension")
    assert part == whole
    assert change(item="单位缴费比例", add=-0.01, programme="enterprise_pension") == whole
    with pytest.raises(ScenarioError, match="employer_rate is a part of contribution_rate: write add"):
        change(item="employer_rate", set=0.15)
    with pytest.raises(ScenarioError, match="retirement_age_men is a record of the law that no formula reads"):
        change(item="retirement_age_men", set=62)
    with pytest.raises(ScenarioError, match="unknown item 'employer_rat'; did you mean 'employer_rate'"):
        change(item="employer_rat", add=-0.01)


def test_the_parts_are_those_of_the_law():
    law = sib.current_law().law
    summed = {part.id: p.id for p in law.parameters.values() if p.id in items.CATALOGUE and p.how == "sum" for part in law.parts(p)}
    assert summed == {word: whole for word, whole in items.PARTS.items() if word.isascii()}


def test_several_funds_in_one_text_by_name():
    """Divided by any of the marks people write; English names hold spaces."""
    named = change(item="benefit_level", programme=f"企业养老、工伤， {SEVEN['unemployment'].name_en}", multiply=1.05)
    assert named.programme == ("enterprise_pension", "work_injury", "unemployment")
