"""Judgement is a first-class figure: recorded with author, reason and spread, shown beside the model, scored."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import DataError
from tests.datasets import dataset, write_table

WI = "work_injury"
HEADER = ("item", "period", "value", "unit", "region", "programme", "source", "author", "spread", "reason")


def load(tmp_path, spread="2%", value=1_700):
    rows = [("150100", WI, "insured", y, round(1000 * 1.05 ** (y - 2015)), "人", "final") for y in range(2015, 2026)]
    path = dataset(tmp_path, rows)
    write_table(path, "assumptions", HEADER, [("insured", 2026, value, "人", "150100", WI, "memo 7", "analyst", spread, "a new plant opens")])
    return sib.load(path)


def test_it_stands_beside_the_model_with_author_reason_and_spread(tmp_path):
    draft = sib.draft_budget(load(tmp_path), 2026)
    row = draft.assumptions.judgements().iloc[0]
    assert (row["item"], row["value"], row["spread"]) == ("insured", 1700, pytest.approx(0.02))
    model = draft.forecast.frame
    model = model[(model["item"] == "insured") & (model["period"].astype(str) == "2026") & model["quantile"].isna()]["value"].iloc[0]
    assert row["model"] == pytest.approx(model)
    assert row["apart"] == pytest.approx(1700 / model - 1)
    for words in ("author analyst", "reason: a new plant opens", "source: memo 7", "row 2"):
        assert words in row["origin"]


def test_no_spread_is_unknown_not_nothing(tmp_path):
    assert np.isnan(sib.draft_budget(load(tmp_path, spread=""), 2026).assumptions.judgements()["spread"].iloc[0])


@pytest.mark.parametrize("spread", ["150", "-1%", "much"])
def test_a_spread_that_is_none_is_refused(tmp_path, spread):
    with pytest.raises(DataError) as told:
        load(tmp_path, spread=spread)
    assert told.value.findings.frame["id"].tolist() == ["bad_spread"]


def test_an_entered_wage_moves_the_base_by_its_elasticity(tmp_path):
    """Base and wage grow alike (elasticity one): a wage 3 % above its forecast lifts the base 3 %."""
    rng = np.random.default_rng(0)
    wage = 60_000 * np.cumprod(1.06 + 0.02 * rng.normal(size=12))
    rows = [("150100", WI, "average_wage", 2014 + i, round(w, 2), "元/年", "final") for i, w in enumerate(wage)]
    rows += [("150100", WI, "contribution_base", 2014 + i, round(w / 15, 2), "元/月", "final") for i, w in enumerate(wage)]
    data = sib.load(dataset(tmp_path, rows))
    plain = sib.forecast(data, 2026).frame.query("`quantile`.isna()").set_index("item")["value"]
    mine = data.with_judgement([{"item": "average_wage", "period": "2026", "value": 1.03 * plain["average_wage"]}], author="macro desk")
    moved = sib.forecast(mine, 2026).frame.query("`quantile`.isna()").set_index("item")
    assert moved.loc["contribution_base", "value"] == pytest.approx(1.03 * plain["contribution_base"], rel=1e-6)
    assert "elasticity 1.00" in moved.loc["contribution_base", "method"]
