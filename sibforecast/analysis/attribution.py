"""`attribute`: why the gap moved, split over the causes, line by line, adding up exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast.analysis.facts import expected_figures
from sibforecast.analysis.outturn import games
from sibforecast.analysis.outturn_game import Game
from sibforecast.analysis.parts import SIDES, parts_of
from sibforecast.analysis.rounding import in_whole_steps
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

_REVENUE = {*SIDES[0][2], "total_revenue"}

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
    expected: Callable[[], pd.DataFrame] | None = field(default=None, repr=False)
    titles: Mapping[str, str] = field(default_factory=dict, repr=False)

    columns: ClassVar[tuple[str, ...]] = COLUMNS

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @classmethod
    def of(cls, causes: pd.DataFrame, data: FundData) -> Attribution:
        """Causes worked out elsewhere, with the data set they are of: its areas, pooling and balances."""
        table = causes.copy()
        return cls(lambda: table, dict(data.provenance), data=data)

    def headline(self) -> str:
        """Gap before and after, all areas together; the surplus of one fund is set against no gap of another."""
        frame = self.frame
        causes = frame.loc[frame["cause"] != "budget_gap", ["cause", "kind"]]
        number, measures = (part["cause"].nunique() for part in (causes, causes[causes["kind"].isin(["policy", "event"])]))
        counted = f"measures: {measures}" if measures == number else f"causes: {number}, of them measures: {measures}"
        told = []
        for title, part in frame.groupby("scenario", sort=False):  # scenarios stand side by side, they do not add up
            name = f"{title}: " if frame["scenario"].nunique() > 1 else ""
            told.append(f"{name}{_gap_of(part)}")
        return "; ".join(told) + f" ({self._hundred_millions()}), {counted}"

    def rounded(self, step: float = 0.01) -> pd.DataFrame:
        """The causes in whole cents (or any other step), still adding up.

        Each value is rounded half-up; where the sum of an area and fund would then miss its
        own rounding, the values nearest to the next step take one step each.

        Parameters
        ----------
        step : float
            In currency units: 0.01 is a cent, 10,000 is 万元.

        Returns
        -------
        DataFrame
            The frame with rounded values.
        """
        frame = self.frame
        groups = frame.groupby(["region", "programme", "period", "scenario"], sort=False, observed=True, dropna=False)
        values = frame["value"].to_numpy(copy=True)
        for place in groups.indices.values():
            values[place] = in_whole_steps(values[place].tolist(), step)
        return frame.assign(value=values)

    def summary(self) -> pd.DataFrame:
        """Each cause by fund, all areas together; changes by their titles."""
        frame = self.frame
        frame["cause"] = [self.titles.get(cause, cause) for cause in frame["cause"]]
        keys = ["scenario", "cause"] if frame["scenario"].nunique() > 1 else ["cause"]
        table = frame.groupby([*keys, "programme"], observed=True, sort=False)["value"].sum().unstack("programme")
        return (table / 1e8).round(2)


def _gap_of(part: pd.DataFrame) -> str:
    """Gap before and after; where some funds have one and others a surplus, the two apart."""
    funds = part["programme"].astype("object")
    after = part["value"].groupby(funds).sum() / 1e8
    before = (part["value"].where(part["kind"] == "budget", 0.0).groupby(funds).sum() / 1e8).reindex(after.index)
    if not any((side < 0).any() and (side > 0).any() for side in (before, after)):
        return f"gap {before.sum():,.2f} → {after.sum():,.2f}"
    (gap, gap_after), (left, left_after) = (
        [float((sign * side).clip(lower=0).sum()) for side in (before, after)] for sign in (1.0, -1.0)
    )
    return f"gap {gap:,.2f} → {gap_after:,.2f}, surplus {left:,.2f} → {left_after:,.2f}"


def attribute(
    before: BudgetDraft | Projection | FundData, after: Projection | FundData, *,
    changes: Sequence[Change] | Scenario | None = None, method: str = "shapley",
) -> Attribution:  # fmt: skip
    """Split the difference between a draft and a scenario, or a budget and its outturn, over its causes.

    Each change gets its Shapley value on each line, over all other changes that touch the
    fund; lines that couple through the balance (interest, closing subsidy) are evaluated
    jointly. ``method="chain"`` adds the changes one by one in the official order: nation, region,
    event, league, county.

    Parameters
    ----------
    before : BudgetDraft, Projection or FundData
        The draft, or a projection of the same assumptions without changes; or a slice of a
        data set, ``data.at("2026", "budget")``.
    after : Projection or FundData
        A projection of the draft's assumptions under a scenario; or another slice of the
        same data set, ``data.at("2026", "final")``.
    changes : sequence of Change or Scenario, optional
        For two slices: decisions between them. By default those of the table ``policies``.
        What the budget did not know is stripped from the actual drivers (`outturn.stripped`).
    method : str
        ``shapley`` or ``chain``: drivers in the official order (heads, base, rate, collection,
        others), then nation, region, event, league, county.

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
    if method not in ("shapley", "chain"):
        raise SibError(f"unknown method {method!r}; expected shapley or chain")
    if isinstance(before, FundData) and isinstance(after, FundData):
        return _between_slices(before, after, changes, method)
    if changes is not None:
        raise SibError("changes= is for two slices of a data set; a scenario brings its own changes")
    base = before.projection if isinstance(before, BudgetDraft) else before
    if not isinstance(base, Projection) or not isinstance(after, Projection):
        raise SibError("attribute takes a draft or projection, and a projection: project(draft.assumptions, scenario)")
    if base is None or base.assumptions is None or after.assumptions is not base.assumptions:
        raise SibError("both sides must rest on the same assumptions: project(draft.assumptions, scenario)")
    if BASELINE not in base.paths:
        raise SibError("the side before must be a draft or a projection without a scenario")
    rows: list[dict[str, Any]] = []
    for scenario in after.scenarios.values():
        if scenario is None and len(after.scenarios) > 1:
            continue
        for code, path in base.paths[BASELINE].items():
            _fund_rows(rows, path, scenario, code, after, method)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Attribution(
        lambda: frame, {**after.provenance, "method": method}, data=base.source, expected=lambda: expected_figures(base),
        titles=after.titles,
    )


def _between_slices(
    before: FundData, after: FundData, changes: Sequence[Change] | Scenario | None, method: str
) -> Attribution:
    """Budget against outturn: drivers, decisions, residuals."""
    whole = after.whole or after
    if changes is None:
        table = whole.table("policies")
        listed = Scenario.from_table("policies", table).in_order if not table.empty else ()
    else:
        listed = (changes if isinstance(changes, Scenario) else Scenario("changes", *changes)).in_order
    whole_list = Scenario("changes", *listed)
    names = whole_list.causes()
    unknown = [(c, n) for c, n in zip(listed, names, strict=True) if not c.known_at_budget]
    known = [(c, n) for c, n in zip(listed, names, strict=True) if c.known_at_budget and c.decided_by in ("league", "county")]
    rows: list[dict[str, Any]] = []
    for game in games(before, after, [c for c, _ in unknown], method):
        _slice_rows(rows, game, unknown)
    for game in games(before, before, [c for c, _ in known], method) if known else ():
        _known_rows(rows, game, known)
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return Attribution(lambda: frame, {**whole.provenance, "method": method}, data=whole, titles=whole_list.titles())


def _slice_rows(rows: list[dict[str, Any]], game: Game, named: Sequence[tuple[Change, str]]) -> None:
    """The budget's gap, then each cause of the difference, by area."""
    told, came = game.gap(game.before), game.gap(game.after)
    period = str(game.period)
    heads = [{"region": a, "programme": game.programme.code, "item": "gap", "period": period, "scenario": ""} for a in game.areas]
    for place, head in enumerate(heads):
        if not np.isnan(told[place]):
            rows.append(head | _row("budget", "", "budget_gap", "budget", "", True, "", float(told[place])))
    rest = came - told
    for line, kind, cause, value in game.run():
        decided, evidence, name = "", "", cause
        if kind == "policy":
            change, name = named[int(cause)]
            decided, evidence = change.decided_by, change.evidence
            kind = "event" if decided == "event" else "policy"
        for place, head in enumerate(heads):
            if value[place] != 0.0:
                rows.append(head | _row("execution", line, name, kind, decided, False, evidence, float(value[place])))
        rest = rest - value
    for place, head in enumerate(heads):  # what totals hold beside their lines
        if abs(np.nan_to_num(rest[place])) > 0.005:
            rows.append(head | _row("execution", "total_expenditure", "residual", "residual", "", False, "", float(rest[place])))


def _known_rows(rows: list[dict[str, Any]], game: Game, named: Sequence[tuple[Change, str]]) -> None:
    """Local decisions the budget knew: their part of its gap stands apart from the rest of it."""
    period = str(game.period)
    for line, kind, cause, value in game.run():
        if kind != "policy":
            continue
        change, name = named[int(cause)]
        for place, area in enumerate(game.areas):
            if value[place] == 0.0:
                continue
            head = {"region": area, "programme": game.programme.code, "item": "gap", "period": period, "scenario": ""}
            told = _row("budget", line, name, "policy", change.decided_by, True, change.evidence, float(value[place]))
            rows.append(head | told)
            for row in rows:
                if row["cause"] == "budget_gap" and row["region"] == area and row["programme"] == game.programme.code:
                    row["value"] -= float(value[place])


def _row(
    stage: str, line: str, cause: str, kind: str, decided_by: str, known: bool, evidence: str, value: float
) -> dict[str, Any]:
    side = "" if not line else "revenue" if line in _REVENUE else "expenditure"
    return {"stage": stage, "line": line, "cause": cause, "kind": kind, "decided_by": decided_by, "side": side,
            "known_at_budget": known, "evidence": evidence, "value": value}  # fmt: skip


def _fund_rows(
    rows: list[dict[str, Any]], path: FundPath, scenario: Scenario | None, code: str, after: Projection, method: str
) -> None:
    """Rows of one fund: its budget gap, then each change on each line."""
    ordered, causes, title = (scenario.in_order, scenario.causes(), scenario.title) if scenario else ((), (), "")
    path = path if after.years[-1] in path.years else roll_forward(path.basis, None, after.years[-1])
    effects = effects_on(ordered, code, path.basis.areas, after.source.regions)
    parts = parts_of(path.basis, effects, after.years, method) if effects.effects else {}
    local, told = announced_parts(path.basis, after.years, method)
    for year in after.years:
        gap = path.value("gap", year)[:, 0] - told[year]
        for area, region in enumerate(path.basis.areas):
            if np.isnan(gap[area]):
                continue
            head = {"region": region, "programme": code, "item": "gap", "period": str(year), "scenario": title}
            rows.append(head | {
                "stage": "budget", "line": "", "cause": "budget_gap", "kind": "budget", "decided_by": "", "side": "",
                "known_at_budget": True, "evidence": "", "value": float(gap[area]),
            })  # fmt: skip
            here = ((line, change, value[area]) for at, line, change, value in local if at == year)
            rows.extend(head | _known(change, line, value) for line, change, value in here if value)
            for (at, line, player), value in parts.items():
                if at == year and value[area] != 0.0:
                    rows.append(head | _cause(ordered[player], causes[player], line, float(value[area])))


def announced_rows(draft: BudgetDraft, method: str = "shapley") -> list[dict[str, Any]]:
    """Announced decisions of leagues and counties that a draft holds: their part of each area's gap, line by line."""
    if draft.projection is None:
        return []
    rows: list[dict[str, Any]] = []
    for code, path in draft.projection.paths[BASELINE].items():
        for year, line, change, value in announced_parts(path.basis, (draft.year,), method)[0]:
            head = {"programme": code, "item": "gap", "period": str(year), "scenario": ""}
            rows.extend({"region": a} | head | _known(change, line, v) for a, v in zip(path.basis.areas, value, strict=True) if v)
    return rows


def _known(change: Change, line: str, value: float) -> dict[str, Any]:
    """A local decision that the draft knew."""
    return _row("budget", line, change.cause, "policy", change.decided_by, True, change.evidence, float(value))


def announced_parts(
    basis: FundBasis, years: tuple[int, ...], method: str
) -> tuple[list[tuple[int, str, Change, Floats]], dict[int, Floats]]:
    """Parts of announced local decisions by year, line and change; and what they make together in each year.

    They stand apart from the rest of a budget's gap: who decided them carries them.
    """
    told = {year: np.zeros(len(basis.areas)) for year in years}
    local = [i for i, e in enumerate(basis.policy) if e.change.decided_by in ("league", "county")]
    if not local:
        return [], told
    order = {place: player for player, place in enumerate(local)}
    effects = Effects(tuple(replace(e, player=order.get(i)) for i, e in enumerate(basis.policy)))
    parts = []
    for (year, line, player), value in parts_of(replace(basis, policy=()), effects, years, method).items():
        parts.append((year, line, basis.policy[local[player]].change, value))
        told[year] = told[year] + value
    return parts, told


def _cause(change: Change, cause: str, line: str, value: float) -> dict[str, Any]:
    return {
        "stage": "budget" if change.known_at_budget else "execution", "line": line, "cause": cause,
        "kind": "event" if change.decided_by == "event" else "policy", "decided_by": change.decided_by,
        "side": "revenue" if line in _REVENUE else "expenditure", "known_at_budget": change.known_at_budget,
        "evidence": change.evidence, "value": value,
    }  # fmt: skip
