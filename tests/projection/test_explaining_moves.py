"""A figure that a scenario moved names the changes that moved it; every number is read back out of the sentences."""

import re
from decimal import Decimal

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.results import round_half_up

FUND, AREA = "enterprise_pension", "新城区"
NUMBER = re.compile(r"(?<![\w.,−-])[-+−]?\d[\d,]*(?:\.\d+)?(?![\w-])", re.ASCII)
CHANGES = (
    sib.Change(item="benefit_level", programme=FUND, multiply=1.05, start="2027-07", decided_by="nation", id="raise 5 %"),
    sib.Change(item="contribution_rate", programme=FUND, add=-0.01, start="2027-01", decided_by="region", id="cut"),
    sib.Change(item="benefit_level", programme=FUND, add=20, unit="元/月", start="2027-03", end="2027-12", regions=("呼市",),
               decided_by="league", id="local"),
)  # fmt: skip


@pytest.fixture(scope="module")
def reform(nmg_draft):
    return sib.project(nmg_draft.assumptions, sib.Scenario("reform", *CHANGES))


@pytest.fixture(scope="module")
def baseline(nmg_draft):
    return nmg_draft.projection


def figure(projection, region, item):
    frame = projection.frame
    rows = frame[(frame["region"] == region) & (frame["programme"] == FUND) & (frame["item"] == item) & (frame["period"] == "2027")]
    return float(rows["value"].iloc[0])


def read_back(told, zh=False):
    """Each line after the head against its row: period and figure, and of a change its amount and months."""
    rows = told.frame.to_dict("records")
    lines = told.text.splitlines()[1:]
    assert len(lines) == len(rows)
    by_id = {c.id: c for c in CHANGES}
    for line, row in zip(lines, rows, strict=True):
        named = re.search(r"“([^”]*)”", line)
        shown = round_half_up(row["value"] * 100, 4) if row["unit"] == "share" else round_half_up(row["value"], 0 if row["unit"] == "persons" else 2)
        if named is None:
            head, figures = re.split(r" = ", re.split(r"   [\[(]", line)[0])
            assert head.split()[-1] == row["period"] or head.endswith("without the scenario") or head.endswith("不含情景")
            assert Decimal(NUMBER.findall(figures)[0].replace(",", "").replace("−", "-")) == shown
            continue
        change = by_id[named.group(1)]
        end = "，" if zh else ","
        written = line.split("（" if zh else "(", 1)[1].split(end, 1)[0]
        amount = float(re.findall(r"[\d.]+", written)[0]) * (-1 if "−" in written else 1)
        assert amount == {"raise 5 %": 1.05, "cut": -0.01, "local": 20.0}[change.id]
        assert re.findall(r"\d{4}-\d{2}", line) == [m for m in (change.start, change.end) if m]
        assert Decimal(NUMBER.findall(line)[-1].replace(",", "").replace("−", "-")) == shown
        assert line.split("：" if zh else ": ")[-1].startswith("+" if row["value"] > 0 else "−")
    return rows


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("item", ["gap", "benefit_expenditure", "benefit_level", "contribution_revenue"])
def test_the_changes_that_moved_a_figure_are_named_and_add_up(reform, baseline, item, language):
    told = sib.explain(reform, AREA, FUND, item, language=language)
    rows = read_back(told, language == "zh")
    own = [r for r in rows if r["depth"] == 1 and r["item"] == item and r["period"] == "2027"]
    before, moves = own[0], own[1:]
    code = reform.source.regions.resolve(AREA)
    assert before["origin"] == "without the scenario"
    assert before["value"] == pytest.approx(figure(baseline, code, item), rel=1e-12)
    assert before["value"] + sum(m["value"] for m in moves) == pytest.approx(figure(reform, code, item), rel=1e-12)
    causes = [re.search("“(.*)”", m["origin"]).group(1) for m in moves]
    # in the order they are laid, by their start; the rate moves no benefit and the level no contribution
    assert causes == {"gap": ["cut", "local", "raise 5 %"], "contribution_revenue": ["cut"]}.get(item, ["local", "raise 5 %"])


def test_the_moves_of_the_level_by_hand(reform):
    rows = sib.explain(reform, AREA, FUND, "benefit_level").frame.to_dict("records")
    before = rows[1]["value"]
    assert rows[2]["value"] == pytest.approx(20 * 10 / 12)  # ten months of the year
    assert rows[3]["value"] == pytest.approx((before + 20) * 0.05 * 6 / 12)  # on what the league added, from July
    assert rows[2]["origin"] == "moved by “local” (benefit level +20 元/月, 2027-03–2027-12, decided by the league)"
    assert rows[3]["origin"] == "moved by “raise 5 %” (benefit level ×1.05, from 2027-07, decided by the nation)"


def test_a_driver_deep_in_a_figure_names_its_changes_too(reform):
    rows = sib.explain(reform, AREA, FUND, "benefit_expenditure").frame
    deep = rows[(rows["item"] == "benefit_level") & rows["origin"].str.startswith("moved by")]
    assert len(deep) == 2
    assert not rows[(rows["item"] == "pension_expenditure")]["origin"].str.startswith("moved by").any()  # it only follows


@pytest.mark.parametrize("rolled", [False, True])
@pytest.mark.parametrize("item", ["total_expenditure", "contribution_revenue"])
def test_a_rolled_up_figure_tells_its_areas_and_what_moved_them(reform, baseline, item, rolled):
    result = sib.roll_up(reform, "league") if rolled else reform
    told = sib.explain(result, "呼市", FUND, item)
    rows = read_back(told)
    tree = reform.source.regions
    league = tree.resolve("呼市")
    areas = [r for r in rows[1:] if r["origin"] in {tree.label(c) for c in tree.below(league)}]
    assert int(re.search(r"sum of (\d+) areas", told.text).group(1)) == len(areas) == len(tree.below(league))
    assert sum(r["value"] for r in areas) == pytest.approx(rows[0]["value"])
    moved = [r for r in rows if r["origin"].startswith(("without", "moved by"))]
    assert sum(r["value"] for r in moved) == pytest.approx(rows[0]["value"])
    assert moved[0]["value"] == pytest.approx(sum(figure(baseline, c, item) for c in tree.below(league)))


def test_a_baseline_and_what_no_change_meets_name_none(nmg_draft, reform):
    for told in (sib.explain(nmg_draft, AREA, FUND, "gap"), sib.explain(reform, AREA, "unemployment", "gap"), sib.explain(reform, AREA, FUND, "insured_active")):
        assert "scenario" not in told.text
        assert "moved by" not in told.text


def test_an_empty_scenario_moves_nothing(nmg_draft):
    empty = sib.project(nmg_draft.assumptions, sib.Scenario("nothing"))
    assert sib.explain(empty, AREA, FUND, "gap").text == sib.explain(nmg_draft, AREA, FUND, "gap").text


@pytest.mark.parametrize(("area", "item"), [(AREA, "gap"), (AREA, "contribution_revenue"), ("呼市", "total_revenue")])
def test_a_chinese_explanation_has_chinese_formulas_and_methods_and_an_english_frame(nmg_draft, area, item):
    told, english = (sib.explain(nmg_draft, area, FUND, item, language=language) for language in ("zh", "en"))
    pd.testing.assert_frame_equal(told.frame, english.frame)
    quoted = re.sub(r"国办发.*|[\w.]+\.csv(\.gz)?|theta", "", told.text)  # sources are quoted as entered
    assert re.findall("[A-Za-z]{3,}", re.sub("录入：\\w+", "", quoted)) == []
    if item == "gap":
        assert "[本年支出合计 −（本年收入合计 − 缺口补助 − 缺口上级补助）]" in told.text.splitlines()[1]
        assert "(history.csv.gz第" in told.text
        assert "行（决算）；来源：示例数据)" in told.text


def test_a_forecast_figure_names_the_row_of_the_last_known_one(nmg_draft):
    """Each row that is named is read back out of the file: the same area, fund and item, and the year told."""
    told = sib.explain(nmg_draft, AREA, FUND, "benefit_expenditure")
    code = nmg_draft.source.regions.resolve(AREA)
    table = pd.read_csv(sib.sample("nmg") / "history.csv.gz", dtype=str)
    found = 0
    for row in told.frame.to_dict("records"):
        if not row["origin"].startswith("forecast: "):
            continue
        named = re.search(r"; last known (\d{4}): (.+)$", row["origin"])
        assert named is not None, row["origin"]
        if named[2] == "worked out from that year's account":
            assert row["item"] == "benefit_coverage"
            continue
        line = table.iloc[int(re.search(r", row (\d+) \(final\)$", named[2])[1]) - 2]
        assert (line["region"], line["programme"], line["item"], line["period"][:4]) == (code, FUND, row["item"], named[1])
        assert line["period"] < row["period"]
        found += 1
    assert found >= 3
