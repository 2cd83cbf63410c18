"""The documents say what the package does: the cookbook runs, the glossary is up to date, links lead somewhere."""

import importlib
import importlib.util
import re
from functools import cache

import pytest

import sibforecast as sib
from sibforecast.items import CATALOGUE
from sibforecast.programmes.registry import SEVEN
from tests.documents import ROOT, python_blocks, read, run_blocks

COOKBOOK = read("docs/cookbook.md")


@cache
def cooked() -> dict:
    return run_blocks(python_blocks(COOKBOOK))


def test_twelve_questions_each_with_its_answer():
    questions = re.split(r"^## ", COOKBOOK, flags=re.M)[1:]
    assert [q.split(". ")[0] for q in questions] == [str(n) for n in range(1, 13)]
    assert all(len(python_blocks(q)) == 1 for q in questions)
    assert "**illustrative**" in COOKBOOK


def test_the_workbook_gives_the_draft_of_the_folder():
    told = cooked()["us_draft"].frame
    plain = sib.draft_budget(sib.load(sib.sample("oasdi")), 2006).frame
    assert told["value"].equals(plain["value"])


def test_a_per_cent_moves_the_gap_the_right_way():
    moves = cooked()["moves"].groupby("item")["value"].sum()
    assert moves["contribution_base"] < 0 < moves["benefit_level"]


def test_the_value_found_closes_the_gap():
    names = cooked()
    first = names["closes"].iloc[0]
    change = sib.Change(item="collection_rate", programme="employee_medical", regions=(first["region"],),
                        multiply=first["factor"], start="2027-01", decided_by="league")  # fmt: skip
    after = sib.project(names["draft"].assumptions, sib.Scenario("closed", change)).frame
    row = after[(after["region"] == first["region"]) & (after["programme"] == "employee_medical") & (after["item"] == "gap")]
    assert row["value"].iloc[0] == pytest.approx(0.0, abs=1.0)  # a yuan


def test_ten_packages_and_the_baseline():
    assert len(cooked()["many"].paths) == 11


def test_more_certainty_costs_more():
    aside = cooked()["aside"]
    known = aside[aside.index.notna()]
    assert list(known.index) == [0.025, 0.1, 0.5, 0.9, 0.975]
    assert known.is_monotonic_increasing


def test_causes_of_the_settled_year_give_the_change():
    """2016, enterprise pension, 100m yuan: budget gap 25,401 − 26,480 = −1,079; account 25,782 − 28,519 = −2,737: −1,658."""
    why = cooked()["why"].query("programme == 'enterprise_pension'")
    assert why["value"].sum() / 1e8 == pytest.approx(-1658.0, abs=1e-6)


def test_the_judgement_stands_in_the_draft():
    frame = cooked()["judged"].frame.query("programme == 'oasi' and item == 'beneficiaries' and stage == 'draft'")
    assert frame["value"].tolist() == [41_300_000]


def test_a_fund_of_ones_own_kind_is_drafted():
    """Contributions 2026 = 1,000,000 × 1.01^7 × 3,000 × 1.03^7 × 12 × 0.02: growth so steady goes on."""
    frame = cooked()["care"].frame.query("item == 'contribution_revenue' and stage == 'draft'")
    assert frame["value"].tolist() == [pytest.approx(1_000_000 * 1.01**7 * 3_000 * 1.03**7 * 12 * 0.02, rel=0.01)]


def test_the_pool_of_threads_gives_the_same_bits():
    assert cooked()["far"].frame.equals(cooked()["future"].frame)


def test_what_is_generated_is_up_to_date():
    spec = importlib.util.spec_from_file_location("make", ROOT / "docs" / "make.py")
    assert spec
    assert spec.loader
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert set(make.PAGES) == {"glossary.md", "sources.md"}
    for name, text in make.PAGES.items():
        assert read(f"docs/{name}") == text(), f"{name}: run python docs/make.py"


def test_the_glossary_holds_every_item_fund_and_title_of_the_law():
    text = read("docs/glossary.md")
    assert all(f"| `{code}` | {entry.zh} | {entry.en} |" in text for code, entry in CATALOGUE.items())
    assert all(f"| `{code}` | {fund.name_zh} | {fund.name_en} |" in text for code, fund in SEVEN.items())
    assert all(f"| {title} |" in text for title in sib.current_law().frame["title_zh"].astype(str).unique())


def test_sources_count_every_value_of_the_law():
    counted = [int(n) for n in re.findall(r"\| (\d+) \|$", read("docs/sources.md"), re.M)]
    assert sum(counted) == len(sib.current_law().frame)


def test_the_numbers_of_the_method_note_are_those_of_the_code():
    rows = re.findall(r"^\| `([a-z_.]+)\.([A-Z_]+)` \| ([0-9.]+) \|", read("docs/method.md"), re.M)
    assert len(rows) == 29
    for module, name, value in rows:
        assert getattr(importlib.import_module(f"sibforecast.{module}"), name) == float(value), f"{module}.{name}"


def test_modules_and_rules_named_by_the_method_note_exist():
    text = read("docs/method.md")
    for package, inside in re.findall(r"^Code: `sibforecast\.(\w+)` \(([^)]*)\)", text, re.M):
        for module in re.findall(r"`(\w+)`", inside):
            assert importlib.util.find_spec(f"sibforecast.{package}.{module}"), f"{package}.{module}"
    shipped = {p.stem for p in (ROOT / "sibforecast" / "analysis" / "rules").glob("*.toml")}
    assert shipped <= set(re.findall(r"`(\w+)`", text))


def test_every_public_name_of_the_reports_is_there():
    assert all(callable(getattr(sib.report, name)) for name in dir(sib.report))


@pytest.mark.parametrize("name", sorted(p.name for p in (ROOT / "docs").glob("*.md")))
def test_links_lead_to_files(name):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", read(f"docs/{name}")):
        assert target.startswith("https://") or (ROOT / "docs" / target).exists(), target
