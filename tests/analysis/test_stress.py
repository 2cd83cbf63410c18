"""Studies of doubt: by driver, on chances, and the likeliest way to empty a fund."""

import numpy as np
import pytest

import sibforecast as sib
from sibforecast.errors import SibError


@pytest.fixture(scope="module")
def oasdi():
    return sib.draft_budget(sib.load(sib.sample("oasdi")), 2006)


def test_each_drivers_share_of_the_doubt(oasdi):
    """Shares are variances alone over that of all together; heads and payroll carry the gap, the law carries nothing."""
    s = sib.simulate(oasdi.assumptions, draws=3000, seed=2)
    table = s.doubt("contribution_revenue").query("region == 'US' and programme == 'oasi'") if "US" in set(s.frame["region"]) else s.doubt(
        "contribution_revenue").query("programme == 'oasi'")
    assert set(table["driver"]) >= {"contributors", "contribution_base"}
    assert "contribution_rate" not in set(table["driver"])
    assert 0.3 < table.drop_duplicates("driver")["share"].sum() < 2.0


def test_a_higher_driver_moves_the_chance_the_way_it_must(oasdi):
    s = sib.simulate(oasdi.assumptions, draws=500, seed=2)
    table = s.sensitivity(["benefit_level"], by=0.05, draws=500).query("programme == 'di'")
    assert (table["more_often"] >= 0).all()
    assert (table["more"] > 0).all()


def test_break_even_meets_the_chance_it_is_asked_for(oasdi):
    s = sib.simulate(oasdi.assumptions, draws=800, seed=2)
    found = s.break_even("benefit_level", "di", chance=0.5, draws=800)
    assert found["chance"].iloc[0] == pytest.approx(0.5, abs=0.02)
    assert 0.5 < found["factor"].iloc[0] < 2.0
    with pytest.raises(SibError, match="chance"):
        s.break_even("benefit_level", "di", chance=1.5)


def test_the_likeliest_shocks_reach_the_target_and_no_nearer_ones_do(oasdi):
    """For one driver the answer is its own quantile; for all, no random direction of the same length gets as far."""
    from sibforecast.analysis import stress
    from sibforecast.analysis.doubts import doubts_of
    from sibforecast.projection.fund import roll_forward

    found = sib.reverse_stress(oasdi.assumptions, "di", item="gap", above=0.0)
    assert "deviations from the draft" in found.sentence
    assert "gap" in repr(found)
    basis = oasdi.assumptions.funds["di"]
    path = roll_forward(basis, None, 2006)
    world = stress._World(path, doubts_of(oasdi.assumptions, {"di": path}, 2006)["di"], "gap", 2006)
    rng = np.random.default_rng(1)
    root = np.linalg.cholesky(world.correlation)
    for _ in range(200):
        z = root @ rng.normal(size=len(root))
        z *= (found.distance * 0.97) / np.sqrt(z @ np.linalg.inv(world.correlation) @ z)
        assert world.total(z) < 0.0
    assert found.frame["change"].abs().max() > 0
    with pytest.raises(SibError, match="already"):
        sib.reverse_stress(oasdi.assumptions, "di", item="total_expenditure", above=0.0)
    with pytest.raises(SibError, match="within eight"):
        sib.reverse_stress(oasdi.assumptions, "oasi")
    with pytest.raises(SibError, match="no fund"):
        sib.reverse_stress(oasdi.assumptions, "nobody")
