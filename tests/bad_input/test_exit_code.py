"""Each kind of mistake stops the command line: exit code 1, the finding told, nothing written."""

import pytest

from sibforecast.cli.main import main
from tests.bad_input.clean import clean


def figure(which, **words):
    def spoil(tables):
        tables.figure(which).update(words)

    return spoil




def drop_column(table, column):
    def spoil(tables):
        for row in tables[table]:
            row.pop(column)

    return spoil


KINDS = {
    "not_a_number": figure("contributors", value="about 120000"),
    "blank_value": figure("collection_rate", value=""),
    "bad_unit": figure("contributors", unit="元"),
    "blank_unit": figure("contributors", unit=""),
    "unit_conflict": figure("interest", value="1.2亿", unit="万元"),
    "share_out_of_range": figure("collection_rate", value=98, unit="share"),
    "negative_heads": figure("contributors", value=-5),
    "unknown_region": figure("contributors", region="北京市"),
    "ambiguous_region": figure("contributors", region="乌"),
    "unknown_programme": figure("contributors", programme="pensions"),
    "unknown_item": figure("contributors", item="payers of everything"),
    "bad_period": figure("contributors", period="2024-13"),
    "unknown_stage": figure("contributors", stage="finall"),
    "duplicate": lambda tables: tables["history"].append({**tables.figure("interest"), "value": 9_999}),
    "missing_column": drop_column("history", "unit"),
    "unknown_parent": lambda tables: tables["regions"][1].update(parent="999"),
    "unknown_level": lambda tables: tables["regions"][1].update(level="town"),
    "I1_revenue_subtotal": figure("fiscal_subsidy", value=59_755),
    "I2": figure("current_balance", value=99),
    "two_currencies": figure("interest", value=376, unit="USD m"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_exit_code_1_and_nothing_written(tmp_path, capsys, kind):
    tables = clean()
    KINDS[kind](tables)
    path = tables.folder(tmp_path / "data")
    assert main(["draft", str(path), "--year", "2025", "--out", str(tmp_path / "out")]) == 1
    assert kind in capsys.readouterr().err
    assert [f.name for f in tmp_path.iterdir()] == ["data"]


def test_the_clean_set_passes(tmp_path):
    path = clean().folder(tmp_path / "data")
    assert main(["check", str(path)]) == 0
