"""One package as a file, in Python, as rows of a workbook and on the command line: the same to the bit."""

import json
import subprocess
import sys

import numpy as np
import openpyxl
import pytest

import sibforecast as sib
from tests import datasets

CHANGES = [
    {"id": "raise", "item": "benefit_level", "programme": "enterprise_pension", "add": 20.7, "unit": "元/月", "start": "2027-03", "paid": "2027-07",
     "decided_by": "nation", "known_at_budget": False},
    {"id": "cut", "item": "contribution_rate", "programme": "enterprise_pension,unemployment", "multiply": 0.97, "start": "2027-05", "end": "2027-11",
     "decided_by": "nation", "known_at_budget": True},
    {"id": "flood", "item": "collection_rate", "programme": "*", "regions": "呼和浩特市", "multiply": 0.913, "start": "2027-07",
     "decided_by": "event", "known_at_budget": False, "evidence": "document 7"},
    {"id": "wage", "item": "average_wage", "programme": "enterprise_pension", "multiply": 1.013, "start": "2027-01", "decided_by": "event"},
    {"id": "limit", "item": "medical_expenditure", "programme": "employee_medical", "cap": 12.3456, "unit": "亿元", "start": "2027-01",
     "end": "2027-12", "decided_by": "region"},
    {"id": "employers", "item": "employer_rate", "programme": "enterprise_pension", "add": -0.005, "start": "2027-08", "decided_by": "nation"},
]  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    folder = datasets.enterprise_pension(tmp_path_factory.mktemp("small"), 2027, datasets.SMALL_FUNDS)
    other = tmp_path_factory.mktemp("ways")
    lines = ['title = "package"']
    for change in CHANGES:
        lines.append("[[change]]")
        for name, value in change.items():
            if name in ("programme", "regions") and "," in str(value):
                text = json.dumps(value.split(","))
            else:
                text = json.dumps(value, ensure_ascii=False)
            lines.append(f"{name} = {text}")
    file = other / "package.toml"
    file.write_text("\n".join(lines), encoding="utf-8")
    book = other / "data.xlsx"
    _workbook(folder, book)
    return folder, file, book


def _workbook(folder, book):
    """The data set as one workbook, the package among its sheets."""
    out = openpyxl.Workbook()
    out.remove(out.active)
    for table in sorted(folder.glob("*.csv")):
        sheet = out.create_sheet(table.stem)
        for line in table.read_text("utf-8").splitlines():
            sheet.append(line.split(","))
    sheet = out.create_sheet("policies")
    header = list(dict.fromkeys(k for c in CHANGES for k in c))
    sheet.append(header)
    for change in CHANGES:
        sheet.append([change.get(k) for k in header])
    out.save(book)


def cells(frame):
    keys = ["region", "programme", "item", "period", "stage"]
    rows = frame[frame["scenario"] != ""] if "scenario" in frame else frame
    return {tuple(map(str, r[:-1])): np.float64(r[-1]).tobytes() for r in rows[[*keys, "value"]].itertuples(index=False)}


def test_file_python_workbook_and_command_line_are_one(places):
    folder, file, book = places
    draft = sib.draft_budget(sib.load(folder), 2027)
    from_book = sib.load(book)
    drafted = sib.draft_budget(from_book, 2027)
    bare = sib.assume(from_book, drafted.assumptions.forecast, sib.Scenario("none"))  # else they would be part of the draft
    in_python = sib.Scenario("package", *(sib.Change(**c) for c in CHANGES))
    ways = {
        "file": sib.project(draft.assumptions, sib.read_scenario(file)),
        "python": sib.project(draft.assumptions, in_python),
        "rows": sib.project(bare, sib.Scenario.from_table("package", from_book.policies)),
    }
    results = {name: cells(made.frame) for name, made in ways.items()}
    done = subprocess.run(
        [sys.executable, "-m", "sibforecast", "draft", str(folder), "--year", "2027", "--scenario", str(file), "--json"],
        capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    part = json.loads(done.stdout)["scenario"]
    table = [dict(zip(part["columns"], row, strict=True)) for row in part["rows"]]
    results["command line"] = {
        tuple(str(r[k]) for k in ("region", "programme", "item", "period", "stage")): np.float64(r["value"]).tobytes() for r in table
    }  # fmt: skip
    assert len(results["python"]) > 100
    for name, result in results.items():
        assert result == results["python"], name
    base = cells(sib.project(draft.assumptions).frame.assign(scenario="base"))
    assert sum(base[k] != results["python"][k] for k in base) > 20  # and it is not the baseline
    before = {"rows": sib.project(bare)}
    causes = {n: sib.attribute(before.get(n, draft), made).frame["value"].to_numpy().tobytes() for n, made in ways.items()}
    assert len(set(causes.values())) == 1
    audits = {n: made.audit[["change", "before", "after"]].to_csv() for n, made in ways.items()}
    assert len(set(audits.values())) == 1
    assert set(ways["file"].audit["change"]) == {c["id"] for c in CHANGES}
