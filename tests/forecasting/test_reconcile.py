"""Reconciliation: exact, coherent, and moving least what is known best."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sibforecast as sib
from sibforecast.forecasting.reconcile import Tree, reconcile

PARENTS = [-1, 0, 0, 1, 1, 2, 2, 2]


def by_constraints(values, variances, parent):
    """The same by the textbook: x = y − W Cᵀ (C W Cᵀ)⁻¹ C y."""
    size = len(parent)
    upper = sorted({p for p in parent if p >= 0})
    rows = np.zeros((len(upper), size))
    for place, node in enumerate(upper):
        rows[place, node] = 1.0
        rows[place, [i for i, p in enumerate(parent) if p == node]] = -1.0
    weight = np.diag(variances)
    return values - weight @ rows.T @ np.linalg.solve(rows @ weight @ rows.T, rows @ values)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3)), min_size=8, max_size=8))
def test_the_recursion_is_the_textbook(cells):
    values, variances = np.array(cells).T
    got = reconcile(values, variances, Tree.of(PARENTS))
    assert np.allclose(got, by_constraints(values, variances, PARENTS), atol=1e-6)
    for node in (0, 1, 2):
        assert got[node] == pytest.approx(sum(got[i] for i, p in enumerate(PARENTS) if p == node), abs=1e-9)


def test_an_area_without_its_own_forecast_is_the_sum_and_a_sure_one_stands():
    tree = Tree.of([-1, 0, 0])
    assert reconcile(np.array([np.nan, 3.0, 4.0]), np.array([np.nan, 1.0, 1.0]), tree).tolist() == [7.0, 3.0, 4.0]
    assert reconcile(np.array([10.0, 3.0, 4.0]), np.array([0.0, 1.0, 3.0]), tree) == pytest.approx([10.0, 3.75, 6.25])


def test_coherent_to_1e12_on_a_nation():
    rng = np.random.default_rng(0)
    parent = [-1, *[0] * 51, *(1 + rng.integers(0, 51, 3170))]
    tree = Tree.of(parent)
    got = reconcile(rng.normal(100, 10, (3222, 2)), rng.gamma(2, 1, (3222, 2)), tree)
    total, size = np.zeros_like(got), np.zeros_like(got)
    np.add.at(total, np.array(parent[1:]), got[1:])
    np.add.at(size, np.array(parent[1:]), np.abs(got[1:]))
    has = np.unique(parent[1:])
    assert (np.abs(total - got)[has] / size[has]).max() < 1e-12


def test_forecasts_of_areas_are_moved_and_it_is_told_which_most(nmg):
    ahead = sib.forecast(nmg, [2027])
    table = ahead.moved(10)
    assert list(table.columns) == ["region", "programme", "item", "period", "moved"]
    assert len(table) == 10
    assert table["moved"].abs().is_monotonic_decreasing
    row = table.iloc[0]
    frame = ahead.frame
    method = frame[(frame["region"] == row["region"]) & (frame["programme"] == row["programme"]) & (frame["item"] == row["item"])]["method"]
    assert "reconciled" in str(method.iloc[0])
