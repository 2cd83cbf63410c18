"""`attribute`: why the gap moved, split over the causes, line by line, adding up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.analysis.shapley import coalitions, shapley
from sibforecast.assumptions.effects import Effects, effects_on
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.assumptions.scenario import Change, Scenario
from sibforecast.errors import SibError
from sibforecast.projection.draft import BudgetDraft
from sibforecast.projection.fund import FundPath, roll_forward
from sibforecast.projection.project import BASELINE, Projection
from sibforecast.results import Result
from sibforecast.tables.data import FundData

Floats = npt.NDArray[np.float64]

#: Lines of the gap with their sign: expenditure worsens it, revenue without filling mends it.
GAP_LINES: tuple[tuple[str, str, float], ...] = (
    *(
        (line, {"fiscal_subsidy": "standing_subsidy", "upper_grant": "standing_grant"}.get(line, line), -1.0)
        for line in (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE)
    ),
    *((line, line, 1.0) for line in (*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE)),
)
_CHAIN_ORDER = ("nation", "region", "event", "league", "county")
_REVENUE = {line for line, _, sign in GAP_LINES if sign < 0} | {"total_revenue"}

COLUMNS = (
    "region", "programme", "item", "period", "scenario", "stage", "line", "cause", "kind",
    "decided_by", "side", "known_at_budget", "evidence", "value",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Attribution(Result):
    """Causes of a gap: per area, fund, year, line and cause; positive worsens the gap.

    Rows of an area and fund sum to its gap after the scenario; those other than kind
    ``budget`` to the change.
    """

    data: FundData | None = field(default=None, repr=False)

    columns: ClassVar[tuple[str, ...]] = COLUMNS

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def headline(self) -> str:
        """Gap before and after, all areas together."""
        frame = self.frame
        before = frame.loc[frame["kind"] == "budget", "value"].sum()
        return f"gap {before / 1e8:,.2f} → {frame['value'].sum() / 1e8:,.2f} (100 million), {frame['cause'].nunique()} causes"

    def summary(self) -> pd.DataFrame:
        """Each cause by fund, all areas together."""
        frame = self.frame
        return frame.groupby(["cause", "programme"], observed=True, sort=False)["value"].sum().unstack("programme")


def attribute(
    before: BudgetDraft | Projection, after: Projection, *, changes: object = None, method: str = "shapley"
) -> Attribution:
    """Split the difference between a draft and a scenario over the scenario's changes.

    Each change gets its Shapley value on each line, over all other changes that touch the
    fund; lines that couple through the balance (interest, closing subsidy) are evaluated
    jointly. ``method="chain"`` adds the changes one by one in the official order: nation, region,
    event, league, county.

    Parameters
    ----------
    before : BudgetDraft or Projection
        The draft, or a projection of the same assumptions without changes.
    after : Projection
        A projection of the draft's assumptions under a scenario.
    method : str
        ``shapley`` or ``chain``.

    Returns
    -------
    Attribution

    Raises
    ------
    SibError
        If the two do not rest on the same assumptions, or more changes meet one fund than
        can be told apart.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> cut = sib.Change(item="contribution_rate", multiply=0.99, start="2006-01", decided_by="nation", id="cut")
    >>> why = sib.attribute(draft, sib.project(draft.assumptions, sib.Scenario("cut", cut)))
    >>> sorted(why.frame["cause"].unique())
    ['budget_gap', 'cut']
    """
    if changes is not None:
        raise SibError("changes= is for two slices of a data set; a scenario brings its own changes")
    if method not in ("shapley", "chain"):
        raise SibError(f"unknown method {method!r}; expected shapley or chain")
    base = before.projection if isinstance(before, BudgetDraft) else before
    if base is None or base.assumptions is None or after.assumptions is not base.assumptions:
        raise SibError("both sides must rest on the same assumptions: project(draft.assumptions, scenario)")
    if BASELINE not in base.paths:
        raise SibError("the side before must be a draft or a projection without a scenario")
    rows: list[dict[str, Any]] = []
    for title, scenario in after.scenarios.items():
        if scenario is None and len(after.scenarios) > 1:
            continue
        for code, path in base.paths[BASELINE].items():
            _fund_rows(rows, path, scenario or Scenario(title), code, after, method)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Attribution(
        lambda: frame, {**after.provenance, "method": method}, data=base.source
    )


def _fund_rows(
    rows: list[dict[str, Any]], path: FundPath, scenario: Scenario, code: str, after: Projection, method: str
) -> None:
    """Rows of one fund: its budget gap, then each change on each line."""
    ordered, causes = scenario.in_order, scenario.causes()
    effects = effects_on(ordered, code, path.basis.areas, after.source.regions)
    parts = _parts(path.basis, effects, after.years, method) if effects.effects else {}
    for year in after.years:
        gap = path.value("gap", year)[:, 0]
        for area, region in enumerate(path.basis.areas):
            if np.isnan(gap[area]):
                continue
            head = {"region": region, "programme": code, "item": "gap", "period": str(year), "scenario": scenario.title}
            rows.append(head | {
                "stage": "budget", "line": "", "cause": "budget_gap", "kind": "budget", "decided_by": "", "side": "",
                "known_at_budget": True, "evidence": "", "value": float(gap[area]),
            })  # fmt: skip
            for (at, line, player), value in parts.items():
                if at == year and value[area] != 0.0:
                    rows.append(head | _cause(ordered[player], causes[player], line, float(value[area])))


def _cause(change: Change, cause: str, line: str, value: float) -> dict[str, Any]:
    return {
        "stage": "budget" if change.known_at_budget else "execution", "line": line, "cause": cause,
        "kind": "event" if change.decided_by == "event" else "policy", "decided_by": change.decided_by,
        "side": "revenue" if line in _REVENUE else "expenditure", "known_at_budget": change.known_at_budget,
        "evidence": change.evidence, "value": value,
    }  # fmt: skip


def _parts(
    basis: FundBasis, effects: Effects, years: tuple[int, ...], method: str
) -> dict[tuple[int, str, int], Floats]:
    """Each change's part of each line and year, over the areas of the fund."""
    players = effects.players
    order = list(range(len(players)))
    if method == "chain":  # the official order: nation, region, event, league, county
        deciders = {e.player: _CHAIN_ORDER.index(e.change.decided_by) for e in effects.effects}
        order = sorted(order, key=lambda i: deciders[players[i]])
    member = coalitions(len(players)) if method == "shapley" else _chain(order)
    everyone = np.zeros((max(players) + 1, member.shape[1]), dtype=bool)
    everyone[list(players)] = member
    out: dict[tuple[int, str, int], Floats] = {}
    path = roll_forward(basis, Effects(effects.effects, everyone), years[-1])
    shape = (len(basis.areas), member.shape[1])
    for year in years:
        for line, item, sign in (*GAP_LINES, *_published(path, year)):
            value = path.value(item, year)
            if np.isnan(value).all() or value.shape[1] == 1:
                continue  # no change reaches this line
            value = sign * np.broadcast_to(np.where(np.isnan(value), 0.0, value), shape)
            split = _exact_zeros(shapley(value), value) if method == "shapley" else np.diff(value, axis=1)
            for place, player in enumerate(players[i] for i in order):
                if np.any(split[:, place]):
                    out[year, line, player] = split[:, place]
    return out


def _exact_zeros(split: Floats, value: Floats) -> Floats:
    """A change that moves a line in no coalition gets exactly nothing of it."""
    number = np.arange(value.shape[1])
    for player in range(split.shape[1]):
        without = number[(number >> player) & 1 == 0]
        touched = (value[:, without] != value[:, without | (1 << player)]).any(axis=1)
        split[:, player] = np.where(touched, split[:, player], 0.0)
    return split


def _published(path: FundPath, year: int) -> tuple[tuple[str, str, float], ...]:
    """Totals published without lines stand as lines themselves."""
    now = path.years[year]
    out = []
    for side, sign in (("revenue", -1.0), ("expenditure", 1.0)):
        flag = now.given.get(f"{side}_itemised")
        if flag is not None and np.isnan(flag).all():
            out.append((f"total_{side}", f"total_{side}", sign))
    return tuple(out)


def _chain(order: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Coalitions of the chain: none, the first in order, the first two, …"""
    place = np.argsort(order)
    return place[:, None] < np.arange(len(place) + 1)[None, :]
