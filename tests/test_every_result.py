"""What holds of results of every kind: JSON under its schema, frames that nobody can spoil, answers alike in any thread."""

import json
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from threading import Barrier

import jsonschema
import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.cli.schemas import result_kinds
from sibforecast.results import JSON_VERSION, NUMBERS, Findings, Result
from tests.kinds import one_of_each

NAMES = ("FundData", "Forecast", "Backtest", "Assumptions", "Policy", "BudgetDraft", "Projection", "Explanation", "BudgetVersion",
         "Attribution", "Sharing", "Simulation", "Sensitivity", "Stress", "Splits", "Monitoring", "Adjustment", "Settlement", "Review",
         "Findings", "Scorecard", "Collection", "BenefitStock", "Reserves", "Ladder", "LedgerMatch")  # fmt: skip


@pytest.fixture(scope="module")
def makers(nmg, nmg_draft, tmp_path_factory):
    return one_of_each(nmg, nmg_draft, tmp_path_factory.mktemp("books"))


@pytest.fixture(scope="module")
def made(makers):
    return {name: make() for name, make in makers.items()}


def strict(text):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_no_kind_is_left_out(makers):
    sib.schema("BudgetDraft")  # every room is known now
    ours = {name for name, kind in result_kinds().items() if kind.__module__.startswith("sibforecast.")}
    assert ours == set(makers) == set(NAMES)
    for name in ours:
        told = sib.schema(name)
        jsonschema.Draft202012Validator.check_schema(told)
        assert told["properties"]["version"] == {"const": JSON_VERSION}
    with pytest.raises(sib.SibError, match="known: Adjustment"):
        sib.schema("Nothing")


@pytest.mark.parametrize("name", NAMES)
def test_json_is_strict_valid_and_complete(made, name):
    """Blank is null, numbers are those of the frame to the bit, findings and provenance go along."""
    result = made[name]
    record = strict(result.to_json())
    jsonschema.validate(record, sib.schema(name))
    frame = result.frame
    assert tuple(frame.columns[: len(result.columns)]) == result.columns
    assert len(record["rows"]) == len(frame) > 0
    for place, column in enumerate(frame.columns):
        told = [row[place] for row in record["rows"]]
        if frame[column].dtype.kind == "f":
            there = np.isfinite(frame[column].to_numpy())
            assert [v is not None for v in told] == there.tolist()
            assert [v for v in told if v is not None] == frame[column][there].tolist()
            assert column in NUMBERS - result.words or column not in result.columns, column
        elif column in NUMBERS - result.words and column in result.columns:
            assert frame[column].dtype.kind in "iu" or str(frame[column].dtype) == "Int64", column
        else:
            assert [v is None for v in told] == frame[column].isna().tolist()
    assert record["provenance"] == json.loads(json.dumps(dict(result.provenance), default=str))
    assert record["provenance"]
    found = getattr(result, "findings", None)
    assert ("findings" in record) == isinstance(found, Findings)
    if found is not None:
        assert [(f["id"], f["message"]) for f in record["findings"]] == [(f["id"], f["message"]) for f in found.records()]


@pytest.mark.parametrize("wrong", [
    {"version": "0"}, {"kind": "Sharing"}, {"rows": [["a"]]}, {"columns": []}, {"provenance": None}, {"findings": [{"id": "x"}]}, {"more": 1},
])  # fmt: skip
def test_the_schema_refuses_what_is_no_draft(made, wrong):
    record = json.loads(made["BudgetDraft"].to_json())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record | wrong, sib.schema("BudgetDraft"))


def test_a_number_where_text_stands_is_refused(made):
    record = json.loads(made["BudgetDraft"].to_json())
    record["rows"][0][5] = "12.5"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(record, sib.schema("BudgetDraft"))


def test_no_number_is_no_number_in_json():
    """Not a number, infinity, missing integers, times and categories: null or text, in rows and in the provenance."""
    frame = pd.DataFrame({
        "value": [1.0, nan, inf], "n": pd.array([1, None, 3], dtype="Int64"), "word": pd.Categorical(["a", None, "b"]),
        "day": pd.to_datetime(["2026-01-01", None, "2026-01-03"]), "yes": [True, False, True], "mixed": [np.float64(0.5), None, np.int64(2)],
    })  # fmt: skip
    result = Result(lambda: frame, {"level": np.float64(nan), "years": (2026, np.int64(2027)), "deep": {"x": inf}})
    record = strict(result.to_json())
    assert record["rows"] == [
        [1.0, 1, "a", "2026-01-01 00:00:00", True, 0.5], [None, None, None, None, False, None], [None, 3, "b", "2026-01-03 00:00:00", True, 2],
    ]  # fmt: skip
    assert record["provenance"] == {"level": None, "years": [2026, 2027], "deep": {"x": None}}


@pytest.mark.parametrize("name", NAMES)
def test_whoever_changes_a_frame_changes_no_later_answer(made, name):
    result = made[name]
    before, told = result.to_json(), repr(result)
    frame = result.frame
    frame.attrs["provenance"]["illustrative"] = "spoiled"
    for column in list(frame.columns):
        if frame[column].dtype.kind == "f":
            frame.loc[:, column] = -1.0
    del frame[frame.columns[0]]
    assert result.frame.attrs["provenance"] == dict(result.provenance)
    assert (result.to_json(), repr(result)) == (before, told)


def test_tables_beside_the_frame_are_copies(nmg_draft):
    """The balance, findings and tables of a draft: spoiled by one reader, whole for the next."""
    rolled = sib.roll_up(nmg_draft, "region")
    for give in (lambda: nmg_draft.balance, lambda: rolled.balance, lambda: nmg_draft.findings.frame, lambda: nmg_draft.source.pooling,
                 lambda: nmg_draft.source.policies):  # fmt: skip
        before, spoiled = give(), give()
        for column in list(spoiled.columns):
            spoiled.isetitem(spoiled.columns.get_loc(column), spoiled[column].to_numpy()[::-1].copy())
        pd.testing.assert_frame_equal(give(), before)


def test_everything_at_once_in_many_threads(makers, nmg_draft, tmp_path):
    """Kinds of every room made and read by three threads in three orders, from shared data, with pages, charts and files between."""
    import matplotlib
    from matplotlib.figure import Figure

    def told(name, who):
        if name == "page":
            return sib.report.page(makers["BudgetDraft"](), tmp_path / f"{who}.html", language="zh").read_text("utf-8")
        if name == "workbook":
            return len(sib.load(sib.report.workbook(makers["BudgetDraft"](), tmp_path / f"{who}.xlsx")).frame)
        if name == "chart":
            axes = Figure().subplots()
            sib.plots.balance(makers["BudgetDraft"](), programme="di", ax=axes)
            return [t.get_fontfamily() for t in (axes.title, *axes.texts)], [p.get_height() for p in axes.patches]
        result = shared["rolled"] if name == "rolled" else makers[name]()
        return repr(result), result.to_json(), result._repr_html_()

    asked = ["Forecast", "BudgetDraft", "page", "Attribution", "rolled", "Sharing", "chart", "Explanation", "Simulation", "Policy", "Stress",
             "workbook", "Scorecard", "Collection", "Ladder"]  # fmt: skip
    shared = {"rolled": sib.roll_up(nmg_draft, "region")}
    serial = {name: told(name, "one") for name in asked}
    shared = {"rolled": sib.roll_up(nmg_draft, "region")}  # anew: what is filled when first asked for is filled by many
    settings = {k: v for k, v in matplotlib.rcParams.items() if k != "backend"}
    options = pd.get_option("display.width"), pd.get_option("display.max_columns")
    meet = Barrier(3)

    def ask(who):
        meet.wait()
        start = who * len(asked) // 3
        return {name: told(name, who) for name in asked[start:] + asked[:start]}

    with ThreadPoolExecutor(3) as pool:
        for answers in pool.map(ask, range(3)):
            for name in asked:
                assert answers[name] == serial[name], name
    assert {k: v for k, v in matplotlib.rcParams.items() if k != "backend"} == settings
    assert (pd.get_option("display.width"), pd.get_option("display.max_columns")) == options
