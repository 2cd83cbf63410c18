"""Why an outturn differs from its budget: drivers and decisions, line by line, to the cent.

Both sides are slices of one data set (``data.at("2026", "budget")``, ``data.at("2026",
"final")``). What decisions the budget did not know did to a driver is *stripped* from the
actual figure first; then drivers (budget → stripped actual) and decisions are players of one
game on each line's formula. What the formula does not hold is a residual of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.analysis.shapley import coalitions, shapley
from sibforecast.assumptions.effects import Effect, Effects, effects_on
from sibforecast.assumptions.scenario import Change
from sibforecast.errors import ScenarioError, SibError
from sibforecast.forecasting.known import known_rows
from sibforecast.periods import Period
from sibforecast.programmes.implied import implied
from sibforecast.programmes.programme import GIVEN, Adjust, Programme, Year, no_change
from sibforecast.projection.fund import account_year
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import leaves, panels

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: The official order of the chain: heads, base, rate, collection, others; then who decided.
CHAIN = (
    "insured_active", "insured", "insured_active_average", "insured_average", "contributor_ratio", "flexible_share",
    "contributors", "contributors_flexible", "beneficiaries", "beneficiaries_average", "recipient_months", "deaths",
    "contribution_base", "contribution_base_flexible", "benefit_level", "benefit_standard",
    "contribution_rate", "contribution_rate_flexible", "collection_rate", "collection_rate_flexible",
)  # fmt: skip
DECIDERS = ("nation", "region", "event", "league", "county")
#: Average heads: drivers themselves where two years are compared, each with its own opening stock.
_AVERAGES = ("insured_average", "insured_active_average", "beneficiaries_average")
#: Levels that a line and its heads imply where nobody reports them.
_LEVELS = frozenset({"benefit_level", "death_benefit", "disability_level", "personal_contribution", "transfer_level_in",
                     "transfer_level_out"})  # fmt: skip
#: Cells of one array of a game.
_CELLS = 4_000_000
_REVENUE = (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE)
_LINES = (*_REVENUE, *items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE)
_FILLING = {"fiscal_subsidy": "gap_subsidy", "upper_grant": "gap_grant"}


def stripped(actual: Floats, item: str, effects: Effects, year: int) -> Floats:
    """A driver as it would have been without known changes.

    The changes of a year are an affine map of the path without them wherever they multiply
    and add, month by month: it is solved for, all changes of the item together. `set`, `floor`
    and `cap` lose what was there: their changes must say it (``before_value``).

    Parameters
    ----------
    actual : array (areas, 1)
        The reported figure of the year.
    item : str
        The driver.
    effects : Effects
        Changes that are in it.
    year : int

    Returns
    -------
    array (areas, 1)

    Raises
    ------
    ScenarioError
        If a set, floor or cap names no value before, or the changes leave nothing of the path.

    Examples
    --------
    >>> import numpy as np
    >>> from sibforecast.assumptions.effects import Effect
    >>> raise_ = Change(item="benefit_level", add=20, unit="元/月", start="2026-07", decided_by="nation")
    >>> effect = Effects((Effect(raise_, 0, np.ones((1, 1), dtype=bool)),))
    >>> stripped(np.array([[2982.5]]), "benefit_level", effect, 2026)
    array([[2972.5]])
    """
    adjust = effects.adjuster(year)
    lost = [e for e in effects.effects if e.change.item == item and e.change.operation in ("set", "floor", "cap")]
    out = np.full_like(actual, np.nan)
    met = np.zeros(actual.shape, dtype=bool)
    for effect in lost:
        value = effect.change.before
        if value is None:
            raise ScenarioError(f"change {effect.change.cause!r} sets, floors or caps {item}: give before_value to undo it")
        out = np.where(effect.where & ~met, value, out)
        met |= effect.where

    def laid(value: Floats) -> Floats:
        return adjust(item, value, False, lambda back: None)

    zero, one = laid(np.zeros_like(actual)), laid(np.ones_like(actual))
    slope = one - zero
    if (~met & (np.abs(slope) < 1e-12) & ~np.isnan(actual)).any():
        raise ScenarioError(f"the changes of {item} leave nothing of what was there: give before_value to undo them")
    with np.errstate(invalid="ignore", divide="ignore"):
        solved = (actual - zero) / slope
    untouched = (zero == 0.0) & (one == 1.0)
    return np.where(met, out, np.where(untouched, actual, solved))


@dataclass
class _Side:
    """One slice of one fund: its figures, solved."""

    programme: Programme
    areas: tuple[str, ...]
    given: dict[str, Floats]
    year: Year


@dataclass
class Game:
    """Budget and outturn of one fund, and the changes between them."""

    programme: Programme
    areas: tuple[str, ...]
    period: Period
    before: _Side
    after: _Side
    opening: Year
    effects: Effects
    method: str
    drivers: tuple[str, ...] = ()
    base: dict[str, Floats] = field(default_factory=dict)  # drivers of the budget
    bare: dict[str, Floats] = field(default_factory=dict)  # actual drivers without the changes

    def run(self) -> Iterator[tuple[str, str, str, Floats]]:
        """(line, kind, cause, value of each area, as it moves the gap), line by line."""
        for line in _LINES:
            sign = -1.0 if line in _REVENUE else 1.0
            told, came = (self._line(side, line) for side in (self.before, self.after))
            if told is None and came is None:
                continue
            apart = self._told_by_one(line, told, came)
            moved = np.where(apart, 0.0, _known(came) - _known(told))
            split = self._split(line)
            for (kind, cause), whole in split.items():
                value = np.where(apart, 0.0, whole)
                yield line, kind, cause, sign * value
                moved = moved - value
            if np.abs(moved).max() > 1e-9 * max(1.0, float(np.abs(_known(came)).max())):
                named = line in self.after.year.programme.by_item and bool(split)
                yield line, "residual" if named else "driver", "residual" if named else line, sign * moved

    def gap(self, side: _Side) -> Floats:
        """Gap of a slice: its totals, else the sum of its lines, without what filled it; NaN where unknown."""
        blank = np.full((len(self.areas), 1), np.nan)
        filled = sum((_known(side.given.get(f, blank)[:, 0]) for f in _FILLING.values()), start=np.zeros(len(self.areas)))
        totals = {}
        for total, lines in (("total_revenue", _REVENUE), ("total_expenditure", _LINES[len(_REVENUE) :])):
            parts = [p for p in (self._line(side, line) for line in lines) if p is not None]
            added = np.sum([_known(p) for p in parts], axis=0) if parts else blank[:, 0]
            given = side.given.get(total, blank)[:, 0] - (filled if total == "total_revenue" else 0.0)
            totals[total] = np.where(np.isnan(given), added, given)
        gap: Floats = totals["total_expenditure"] - totals["total_revenue"]
        closed = self.programme.kind == "closing_subsidy_pension" and "gap_subsidy" not in side.given
        unsplit = closed & ~np.isnan(side.given.get("fiscal_subsidy", blank)[:, 0])  # the subsidy filled what it filled
        return np.where(unsplit, np.nan, gap)

    def _told_by_one(self, line: str, told: Floats | None, came: Floats | None) -> Bools:
        """Where only one side tells a line of a total that both tell: blank is not zero, it is in the total's residual."""
        blank = np.full(len(self.areas), np.nan)
        one = np.isnan(blank if told is None else told) != np.isnan(blank if came is None else came)
        total = "total_revenue" if line in _REVENUE else "total_expenditure"
        for side in (self.before, self.after):
            one = one & ~np.isnan(side.given.get(total, blank[:, None])[:, 0])
        return np.asarray(one)

    def _line(self, side: _Side, line: str) -> Floats | None:
        """A line of a slice without what filled a gap: as reported, else by its formula."""
        value = side.given.get(line)
        if value is None or np.isnan(value).all():
            value = side.year.get(line)
        if np.isnan(value).all():
            return None
        filling = side.given.get(_FILLING.get(line, ""))
        return np.asarray(value[:, 0] - (_known(filling[:, 0]) if filling is not None else 0.0))

    def _split(self, line: str) -> dict[tuple[str, str], Floats]:
        """The formula's change of a line, by driver and change."""
        probe = self._solve({}, None)
        value = probe.get(line)
        if np.isnan(value).all() or (probe.used[line] == GIVEN).all():
            return {}
        reached = _reach(probe, line)
        drivers = [d for d in self.drivers if d in reached]
        changes = [p for p in self.effects.players if self._item(p) in reached or self._item(p) == line]
        players = len(drivers) + len(changes)
        if not players:
            return {}
        order = sorted(range(players), key=lambda i: self._rank(i, drivers, changes))
        member = coalitions(players) if self.method == "shapley" else np.arange(players + 1)[None, :] > np.argsort(order)[:, None]
        out = {("driver", d): np.zeros(len(self.areas)) for d in drivers}
        out |= {("policy", str(p)): np.zeros(len(self.areas)) for p in changes}
        rows = max(1, _CELLS // member.shape[1])
        for start in range(0, len(self.areas), rows):
            part = slice(start, min(start + rows, len(self.areas)))
            worth = self._worth(line, drivers, changes, member, part)
            worth = np.where(np.isnan(worth), 0.0, worth)
            split = shapley(worth) if self.method == "shapley" else np.diff(worth, axis=1)[:, np.argsort(order)]
            for place, name in enumerate(out):
                out[name][part] = split[:, place]
        return out

    def _worth(self, line: str, drivers: list[str], changes: list[int], member: Bools, part: slice) -> Floats:
        """The line in every coalition, for some areas."""
        width = member.shape[1]
        given: dict[str, Floats] = {}
        for place, driver in enumerate(drivers):
            given[driver] = np.where(member[place][None, :], self.bare[driver][part], self.base[driver][part])
        most = max(self.effects.players, default=-1) + 1
        switch = np.zeros((most, width), dtype=bool)
        for place, player in enumerate(changes):
            switch[player] = member[len(drivers) + place]
        year = self._solve(given, switch, part)
        size = part.stop - part.start
        return np.broadcast_to(year.get(line), (size, width))

    def _solve(self, given: Mapping[str, Floats], switch: Bools | None, part: slice | None = None) -> Year:
        """A year with some drivers of the budget or the outturn, and some changes in force."""
        part = part or slice(0, len(self.areas))
        figures = {i: v[part] for i, v in self.base.items()} | dict(given)
        areas = part.stop - part.start
        direct = {i: ~np.isnan(v) for i, v in figures.items()}
        adjust: Adjust = no_change
        if switch is not None and self.effects.effects:
            chosen = tuple(Effect(e.change, e.player, e.where[part]) for e in self.effects.effects)
            adjust = Effects(chosen, switch).adjuster(self.period.year)
        return Year(
            self.programme, figures | _flags(areas), areas=areas, direct=direct, before=_cut(self.opening, part),
            adjust=adjust, months=float(self.period.month or 12),
        )  # fmt: skip

    def _item(self, player: int) -> str:
        return next(e.change.item for e in self.effects.effects if e.player == player)

    def _rank(self, place: int, drivers: list[str], changes: list[int]) -> tuple[int, int]:
        if place < len(drivers):
            name = drivers[place]
            return (0, CHAIN.index(name) if name in CHAIN else len(CHAIN) + place)
        decider = next(e.change.decided_by for e in self.effects.effects if e.player == changes[place - len(drivers)])
        return (1 + DECIDERS.index(decider), place)


def _cut(year: Year, part: slice) -> Year:
    """The opening year of some areas."""
    given = {i: v[part] for i, v in year.given.items()}
    direct = {i: ~np.isnan(v) for i, v in given.items()}
    return Year(year.programme, given, areas=part.stop - part.start, direct=direct)


def _known(value: Floats | None) -> Floats:
    return np.zeros(1) if value is None else np.where(np.isnan(value), 0.0, value)


def _reach(year: Year, line: str) -> frozenset[str]:
    """Items a line is computed from, by the rules used."""
    seen: set[str] = set()
    queue = [line]
    while queue:
        item = queue.pop()
        if item in seen or item.endswith("_opening"):
            continue
        seen.add(item)
        year.get(item)
        rules = year.programme.by_item.get(item, ())
        for index in np.unique(year.used[item]):
            if index >= 0:
                names = [n for n, _ in rules[index].parameters if n != "months"] + [rules[index].follows or line]
                queue.extend(n.removesuffix("_raw").removesuffix("_in_force") for n in names)
    return frozenset(seen - {line})


def games(before: FundData, after: FundData, changes: Sequence[Change], method: str) -> Iterator[Game]:
    """One game for each fund that both slices hold."""
    whole = after.whole or after
    periods = [Period.parse(_only(slice_, "period")) for slice_ in (before, after)]
    period = periods[1]
    told, came = (panels(_dated(slice_, period), slice_) for slice_ in (before, after))
    openings = [_openings(whole, p.year) for p in periods]
    for code in came:
        if code not in told or code not in whole.programmes:
            continue
        areas = tuple(a for a in came[code].areas if a in set(told[code].areas))
        areas = leaves(whole, areas)
        if not areas:
            continue
        programme = whole.programmes[code]
        sides, starts = [], []
        for panel, known in zip((told[code], came[code]), openings, strict=True):
            stocks = _figures(known[code], areas, -1) if code in known else {}
            starts.append(account_year(programme, stocks, len(areas), {}))
            figures = _with_levels(programme.kind, _figures(panel, areas), stocks, len(areas))
            sides.append(_Side(programme, areas, figures, _solved(programme, figures, starts[-1], period, len(areas))))
        effects = effects_on(changes, code, areas, whole.regions)
        game = Game(programme, areas, period, sides[0], sides[1], starts[1], effects, method)
        _set_drivers(game, _AVERAGES if periods[0].year != period.year else ())
        yield game


def _openings(whole: FundData, year: int) -> Mapping[str, Any]:
    """What is known of the year before, by fund."""
    rows = known_rows(whole, Period(year - 1, 12))
    return panels(rows, whole) if len(rows) else {}


def _with_levels(kind: str, given: dict[str, Floats], stocks: Mapping[str, Floats], areas: int) -> dict[str, Floats]:
    """The figures with the levels they imply, so that heads and level can be told apart."""
    blank = np.full((areas, 1), np.nan)
    found = implied(kind, lambda i: given.get(i, blank), lambda i: stocks.get(i, blank))
    return {i: v for i, v in found.items() if i in _LEVELS and i not in given} | given


def _only(data: FundData, column: str) -> str:
    values = data._view()[column].astype(str).unique()
    if len(values) != 1:
        raise SibError(f"attribute takes one slice on each side, data.at(period, stage); found {len(values)} {column}s")
    return str(values[0])


def _dated(data: FundData, period: Period) -> Any:
    """Rows of a slice under the year of the outturn: a month is compared with the same month of another year."""
    frame = data._view()
    year = str(period.year)
    return frame.assign(period=frame["period"].astype(str).map(lambda p: year).astype("category"))


def _figures(panel: Any, areas: tuple[str, ...], column: int | None = None) -> dict[str, Floats]:
    """Figures of some areas as columns; of a panel of several years, its last."""
    place = {a: i for i, a in enumerate(panel.areas)}
    rows = np.array([place.get(a, -1) for a in areas])
    out = {}
    for item, series in panel.items.items():
        value = np.where(rows >= 0, series[np.maximum(rows, 0), -1 if column is None else column], np.nan)[:, None]
        if not np.isnan(value).all():
            out[item] = value
    return out


def _solved(programme: Programme, given: Mapping[str, Floats], opening: Year, period: Period, areas: int) -> Year:
    """A slice by its formulas: drivers stand as given, lines follow from them."""
    direct = {i: ~np.isnan(v) for i, v in given.items() if _is_driver(i)}
    months = float(period.month or 12)
    return Year(programme, dict(given) | _flags(areas), areas=areas, direct=direct, before=opening, months=months)


def _flags(areas: int) -> dict[str, Floats]:
    """Lines are looked at one by one: every side counts as itemised."""
    return {f: np.ones((areas, 1)) for f in ("revenue_itemised", "expenditure_itemised", "benefits_itemised")}


def _is_driver(item: str) -> bool:
    """Whether an item moves lines by itself: amounts assessed and collected follow from others."""
    entry = items.CATALOGUE.get(item)
    follows = item.removesuffix("_flexible") in ("assessed", "collected")
    return entry is not None and entry.side in ("driver", "rate") and not follows


def _has_formula(game: Game, line: str) -> bool:
    """Whether a line follows from drivers on either side."""
    for side in (game.before, game.after):
        side.year.get(line)
        if (side.year.used[line] >= 0).any():
            return True
    return False


def _set_drivers(game: Game, averages: Sequence[str]) -> None:
    """Drivers that either side reports: the budget's value, and the actual one without the changes."""
    reported = list(dict.fromkeys([*game.before.given, *game.after.given]))
    names = [i for i in reported if _is_driver(i)]
    names += [i for i in items.BENEFIT_LINES if i in reported and not _has_formula(game, i)]  # it moves as it is
    names += [i for i in averages if i not in names and not np.isnan(game.after.year.get(i)).all()]
    if not any("collection_rate" in side.given for side in (game.before, game.after)):
        blank = np.ones((len(game.areas), 1))  # assessed and received are compared; what lies between is the residual
        game.base["collection_rate"] = game.bare["collection_rate"] = blank
    moved = []
    for item in names:
        told, came = (side.year.get(item)[:, :1] for side in (game.before, game.after))
        empty = np.zeros_like(told)
        optional = items.CATALOGUE[item].timing == "flow"
        told, came = (np.where(np.isnan(v) & ~np.isnan(o) & optional, empty, v) for v, o in ((told, came), (came, told)))
        told = np.where(np.isnan(told), came, told)  # reported on one side only: it cannot have moved anything
        came = np.where(np.isnan(came), told, came)
        touched = Effects(tuple(e for e in game.effects.effects if e.change.item == item))
        bare = stripped(came, item, touched, game.period.year) if touched.effects else came
        game.base[item], game.bare[item] = told, bare
        if np.nanmax(np.abs(bare - told), initial=0.0) > 1e-9 * max(1.0, float(np.nanmax(np.abs(told), initial=0.0))):
            moved.append(item)
    game.drivers = tuple(moved)
