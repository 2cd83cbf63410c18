"""Why an outturn differs from its budget: drivers and decisions, line by line, to the cent.

Both sides are slices of one data set (``data.at("2026", "budget")``, ``data.at("2026",
"final")``). What decisions the budget did not know did to a driver is *stripped* from the
actual figure first; then drivers (budget → stripped actual) and decisions are players of one
game on each line's formula. What the formula does not hold is a residual of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sibforecast import items
from sibforecast.analysis.outturn_game import Floats, Game, Side, itemised
from sibforecast.assumptions.effects import Effects, effects_on
from sibforecast.assumptions.scenario import Change
from sibforecast.errors import ScenarioError, SibError
from sibforecast.forecasting.known import known_rows
from sibforecast.periods import Period
from sibforecast.programmes.implied import implied
from sibforecast.programmes.programme import Programme, Year
from sibforecast.projection.fund import account_year
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import leaves, panels

#: Average heads: drivers themselves where two years are compared, each with its own opening stock.
_AVERAGES = ("insured_average", "insured_active_average", "beneficiaries_average")
#: Levels that a line and its heads imply where nobody reports them.
_LEVELS = frozenset({"benefit_level", "death_benefit", "disability_level", "personal_contribution", "transfer_level_in",
                     "transfer_level_out"})  # fmt: skip


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
            sides.append(Side(programme, areas, figures, _solved(programme, figures, starts[-1], period, len(areas))))
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
    return Year(programme, dict(given) | itemised(areas), areas=areas, direct=direct, before=opening, months=months)


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
