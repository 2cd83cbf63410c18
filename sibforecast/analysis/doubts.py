"""What is in doubt: the drivers of a fund that are drawn, how far they may go, and how they go together.

The doubt of a driver is that of its forecast (rolling-origin errors) or of the author of a
judgement. An error has a part that all areas share in a year and a part of their own. How
errors go together across drivers is estimated from the same errors, and drawn towards
what they do on the whole: few origins say little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sibforecast.assumptions.basis import Assumptions
from sibforecast.forecasting import scales as sc
from sibforecast.forecasting import spread as sp
from sibforecast.forecasting.fund_forecast import FundForecast
from sibforecast.forecasting.identities import products
from sibforecast.forecasting.variance import FORGETTING
from sibforecast.items import CATALOGUE
from sibforecast.programmes.programme import GIVEN
from sibforecast.projection.fund import FundPath

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: How a draw moves a figure: by a factor, by an amount, or on the logit.
FACTOR, AMOUNT, LOGIT = 0, 1, 2
#: Origins that the mean correlation of all drivers counts as, and that half of an error's variance being common counts as.
APART, HALF = 10.0, 2.0
#: Correlations weaker than this are not drawn.
FAINT = 0.1
#: Common shocks across drivers and funds go through so many factors.
FACTORS = 3
#: Standard normal draws beyond this are taken as this: tails of logs must have a mean.
FARTHEST = 5.0
#: On logs, errors of factors reach at most WIDEST in 19 of 20 draws and UTMOST in any: beyond, their mean lies
#: where hardly a draw does.
WIDEST, UTMOST = 1.5, 2.25


@dataclass(frozen=True)
class Doubt:
    """One driver of one fund, by area and year.

    Attributes
    ----------
    way : array (areas, years)
        FACTOR, AMOUNT or LOGIT.
    deviation : array (areas, years)
        Of the error up to that year, on its scale; 0: sure.
    keep, step : arrays (areas, years)
        The error so far goes on (``keep``) and a new one of deviation ``step`` comes on top.
    tail : array (areas, 2)
        Errors are ``z (a + b z²)`` deviations, z standard normal: shaped by the 80 and 95 % intervals (`_tail`).
    shared : float
        Part of the variance that all areas share in a year.
    """

    way: npt.NDArray[np.int8]
    deviation: Floats
    keep: Bools
    step: npt.NDArray[np.float32]
    tail: Floats
    shared: float


@dataclass(frozen=True)
class FundDoubts:
    """All drivers of a fund that are in doubt."""

    programme: str
    areas: tuple[str, ...]
    years: tuple[int, ...]
    items: Mapping[str, Doubt]
    own: Floats  # how own parts are mixed from independent ones, (items, items), lower triangular
    loadings: Floats  # of the common parts on the factors, (items, FACTORS)

    def draws(self, item: str, year: int, rows: npt.NDArray[np.int64]) -> bool:
        """Whether an item is in doubt in a year, in any of some areas."""
        doubt = self.items.get(item)
        if doubt is None or year not in self.years:
            return False
        return bool((doubt.deviation[rows, self.years.index(year)] > 0).any())

    def cut(self, rows: npt.NDArray[np.int64]) -> FundDoubts:
        """The same of some areas."""
        parts = {item: Doubt(d.way[rows], d.deviation[rows], d.keep[rows], d.step[rows], d.tail[rows], d.shared)
                 for item, d in self.items.items()}  # fmt: skip
        return replace(self, areas=tuple(self.areas[r] for r in rows), items=parts)


def doubts_of(assumptions: Assumptions, paths: Mapping[str, FundPath], last: int) -> dict[str, FundDoubts]:
    """What is drawn of each fund up to a year.

    Parameters
    ----------
    assumptions : Assumptions
        Their forecast holds the spreads and the errors they rest on.
    paths : mapping
        The deterministic projection: tells which figures were given and which follow.
    last : int

    Returns
    -------
    dict of FundDoubts by fund
    """
    found: dict[str, dict[str, Doubt]] = {}
    errors: dict[str, dict[str, Floats]] = {}
    years: dict[str, tuple[int, ...]] = {}
    for code, path in paths.items():
        ahead = assumptions.forecast.funds.get(code) if assumptions.forecast else None
        if ahead is None:
            continue
        years[code] = tuple(y for y in path.basis.years if y <= last)
        place = ahead.years.index(years[code][-1]) if years[code][-1] in ahead.years else -1
        items, told, beside = {}, {}, _beside(ahead, path.basis.programme.kind, place)
        alone = np.ones(len(path.basis.areas))
        for item in (i for i in ahead.point if i in CATALOGUE):
            wrong = _standard(ahead, item, len(path.basis.areas))
            doubt = _doubt(ahead, item, path, years[code], wrong, beside.get(item, alone))
            if (doubt.deviation > 0).any():
                items[item], told[item] = doubt, wrong
        found[code], errors[code] = items, told
    loadings = _loadings(errors)
    out = {}
    for code, items in found.items():
        own = _own_mix([errors[code][i] for i in items])
        places = [loadings[code, i] for i in items]
        out[code] = FundDoubts(code, paths[code].basis.areas, years[code], items, own,
                               np.array(places) if places else np.zeros((0, FACTORS)))  # fmt: skip
    return out


def _drawn(item: str, path: FundPath, year: int) -> Bools:
    """Areas where an item is drawn: drivers that are averages or stocks (a stock holds its flows), and what is taken as given."""
    entry = CATALOGUE[item]
    if entry.side in ("driver", "rate") and entry.timing in ("average", "closing"):
        return np.ones(len(path.basis.areas), dtype=bool)
    now = path.years[year]
    now.get(item)
    given = now.used[item][:, 0] == GIVEN
    fitted = path.basis.years[year].fitted.get(item)
    return np.asarray(given if fitted is None else given | fitted[:, 0])


def _standard(ahead: FundForecast, item: str, areas: int) -> Floats:
    """One-year errors of a driver in each area's own size, none across a break of all areas: (areas, origins)."""
    errors = ahead.record.get(item)
    if errors is None or not errors.size:
        return np.full((areas, 0), np.nan)
    told = ~np.isnan(errors)
    if item in ahead.broken:
        told &= ~ahead.broken[item]
    square = np.where(told, errors, 0.0) ** 2
    size = np.sqrt(square.sum(axis=1, keepdims=True) / np.maximum(told.sum(axis=1, keepdims=True), 1))
    return np.where(told & (size > 0), errors / np.where(size > 0, size, 1.0), np.nan)


def _doubt(
    ahead: FundForecast, item: str, path: FundPath, years: tuple[int, ...], wrong: Floats, beside: Floats
) -> Doubt:
    areas = len(path.basis.areas)
    shape = (areas, len(years))
    way, deviation = np.zeros(shape, dtype=np.int8), np.zeros(shape)
    keep, step = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.float32)
    never_below = CATALOGUE[item].unit in ("persons", "person-months", "share") or not (ahead.panel.get(item) < 0).any()
    for j, year in enumerate(years):
        if year not in ahead.years:
            continue
        place = ahead.years.index(year)
        value = path.years[year].get(item)[:, 0]
        scale, spread = ahead.scale[item][:, place], np.nan_to_num(ahead.spread[item][:, place])
        on_logit = (scale == sc.LOGIT) & (value > 0) & (value < 1)
        by_factor = (scale == sc.LOG) | never_below
        with np.errstate(invalid="ignore", divide="ignore"):
            relative = np.where(scale == sc.PLAIN, np.sqrt(np.log1p((spread / np.abs(value)) ** 2)), spread)
        way[:, j] = np.where(on_logit, LOGIT, np.where(by_factor, FACTOR, AMOUNT))
        tail = _tail(ahead.shape[item][:, place], beside)
        widest = WIDEST / np.maximum(bent95(tail), 1e-9)
        size = np.where(way[:, j] == FACTOR, np.minimum(relative, widest), spread)
        now = path.basis.years[year]
        judged = now.judged.get(item)
        if judged is not None:
            author = np.nan_to_num(now.doubt[item][:, 0]) if item in now.doubt else np.zeros(areas)
            size = np.where(judged[:, 0], author, size)
            way[:, j] = np.where(judged[:, 0], FACTOR, way[:, j])
        size = np.where(_drawn(item, path, year) & np.isfinite(value) & (value != 0.0), size, 0.0)
        deviation[:, j] = np.where(np.isfinite(size), size, 0.0)
        before = deviation[:, j - 1] if j else np.zeros(areas)
        on = (way[:, j] == way[:, j - 1]) & (deviation[:, j] >= before) if j else np.zeros(areas, dtype=bool)
        keep[:, j] = on
        step[:, j] = np.sqrt(np.maximum(deviation[:, j] ** 2 - np.where(on, before, 0.0) ** 2, 0.0))
    place = ahead.years.index(years[-1]) if years[-1] in ahead.years else -1
    return Doubt(way, deviation, keep, step, _tail(ahead.shape[item][:, place], beside), _shared(wrong))


def bent95(tail: Floats) -> Floats:
    """How far 95 % of errors reach, in deviations."""
    z = float(ndtri(0.975))
    return np.asarray(tail[:, 0] * z + tail[:, 1] * z**3)


def _tail(shape: Floats, beside: Floats) -> Floats:
    """The cubic shaped by the 80 and 95 % half-widths, straight where the tails are light; as wide as what adds up to a line.

    Half-widths make up for a deviation known from few origins, or hold what one driver's errors
    did. In a sum of n drivers unknown deviations and far errors average out: its degrees of
    freedom are n times as many (Satterthwaite), and an nth of what makes the variance of the
    cubic larger than the driver's is drawn. All of it would make sums too wide, none too narrow.

    Parameters
    ----------
    shape : array (areas, levels)
        Half-widths of the intervals, in deviations.
    beside : array (areas,)
        As how many drivers of equal doubt those of its line count (`_beside`).
    """
    z80, z95 = ndtri(0.9), ndtri(0.975)
    w80, w95 = shape[:, sp.LEVELS.tolist().index(0.8)] / z80, shape[:, sp.LEVELS.tolist().index(0.95)] / z95
    bend = np.maximum((w95 - w80) / (z95**2 - z80**2), 0.0)
    level = np.where(bend > 0, w80 - bend * z80**2, (w80 + w95) / 2.0)
    flat = level < 0  # a centre so narrow is a spike; keep the 95 %
    level, bend = np.where(flat, 0.0, level), np.where(flat, w95 / z95**2, bend)
    variance = level**2 + 6.0 * level * bend + 15.0 * bend**2
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.sqrt((1.0 + (variance - 1.0) / beside) / variance)
    part = np.where(np.isfinite(part), part, 1.0)
    return np.column_stack([part * level, part * bend])


def _beside(ahead: FundForecast, kind: str, place: int) -> dict[str, Floats]:
    """As how many drivers of equal doubt the drivers of each one's line count, (Σ v)² ÷ Σ v²: (areas,) by item.

    v are their variances on logs. What is in no product is a line of its own.
    """
    out: dict[str, Floats] = {}
    for product in (p for many in products(ahead.panel, kind).values() for p in many):
        product += ("collection_rate",) if "contribution_base" in product else ()
        names = {_stock(item, ahead): item for item in product}
        squares = {stock: _on_logs(ahead, stock, item, place) ** 2 for stock, item in names.items() if stock in ahead.spread}
        total, fourth = sum(squares.values(), start=np.zeros(1)), sum((v**2 for v in squares.values()), start=np.zeros(1))
        with np.errstate(invalid="ignore", divide="ignore"):
            number = np.maximum(np.nan_to_num(total**2 / fourth, nan=1.0), 1.0)
        out |= {stock: number for stock in squares if stock not in out}
    return out


def _stock(item: str, ahead: FundForecast) -> str:
    """The driver that is drawn where a product takes an average of a stock."""
    if item == "beneficiaries_average" and "recipient_months" in ahead.spread:
        return "recipient_months"
    return item.removesuffix("_average")


def _on_logs(ahead: FundForecast, stock: str, item: str, place: int) -> Floats:
    """How far a driver's errors move its product, on logs: of an average, those of both ends of the year count half."""
    spread = np.nan_to_num(ahead.spread[stock])
    deviation = spread[:, place]
    if stock + "_average" == item:
        deviation = (deviation + (spread[:, place - 1] if place > 0 else 0.0)) / 2.0
    is_share = ahead.scale[stock][:, place] == sc.LOGIT  # d log p = (1 − p) d logit p
    return np.asarray(deviation * np.where(is_share, 1.0 - np.nan_to_num(ahead.point[stock][:, place]), 1.0))


def _shared(wrong: Floats) -> float:
    """Part of the variance that areas share in a year, few origins drawn towards a half; one area shares all with itself."""
    told = ~np.isnan(wrong)
    if len(wrong) == 1:
        return 1.0
    many = told.sum(axis=0)
    use = many > 1
    if not use.any():
        return 0.5
    weight = _weights(len(many)) * use
    filled = np.where(told, wrong, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / many
        square = (filled**2).sum(axis=0) / many
        common = mean**2 - np.maximum(square - mean**2, 0.0) / np.maximum(many - 1, 1)
    whole = float((weight * square)[use].sum())
    part = float(np.clip((weight * common)[use].sum() / whole, 0.0, 1.0)) if whole > 0 else 0.5
    number = float(weight.sum() ** 2 / (weight**2).sum())
    return (number * part + HALF * 0.5) / (number + HALF)


def _weights(origins: int) -> Floats:
    """How much each origin counts: as it does in the spread, so that a break of long ago fades from both."""
    return np.asarray(FORGETTING ** np.arange(origins)[::-1], dtype=np.float64)


def _common(wrong: Floats) -> Floats:
    """Each origin's mean error over areas, in its own deviations: (origins,)."""
    told = ~np.isnan(wrong)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(told, wrong, 0.0).sum(axis=0) / told.sum(axis=0)
        return np.asarray(mean / np.sqrt(np.nanmean(mean**2))) if np.isfinite(mean).any() else mean


def _correlation(rows: Floats, weight: Floats, apart: float) -> Floats:
    """Correlations of rows about nothing, pairwise over what both know, by weight of the columns.

    Few columns say little of a pair and more of all pairs: each is drawn towards their mean, and that is none at least.
    """
    told = ~np.isnan(rows)
    filled = np.where(told, rows, 0.0)
    each = told.astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):  # as many equal ones (Kish)
        both = np.nan_to_num(((each * weight) @ each.T) ** 2 / ((each * weight**2) @ each.T))
    cross = (filled * weight) @ filled.T
    square = (filled**2 * weight) @ each.T
    with np.errstate(invalid="ignore", divide="ignore"):
        out = cross / np.sqrt(square * square.T)
    out = np.where(np.isfinite(out), out, 0.0)
    pairs = both[~np.eye(len(out), dtype=bool)]
    mean = max(float((out[~np.eye(len(out), dtype=bool)] * pairs).sum() / pairs.sum()), 0.0) if pairs.any() else 0.0
    out = (both * out + apart * mean) / (both + apart)
    np.fill_diagonal(out, 1.0)
    return np.asarray(np.clip(out, -0.99, 0.99) * (1 - np.eye(len(out))) + np.eye(len(out)))


def _loadings(errors: Mapping[str, Mapping[str, Floats]]) -> dict[tuple[str, str], Floats]:
    """How the common parts of all drivers of all funds hang on a few factors."""
    keys = [(code, item) for code, items in errors.items() for item in items]
    if not keys:
        return {}
    rows = [_common(errors[code][item]) for code, item in keys]
    length = max(len(r) for r in rows)
    table = np.full((len(rows), max(length, 1)), np.nan)
    for place, row in enumerate(rows):
        if len(row):
            table[place, -len(row) :] = row
    correlation = _correlation(table, _weights(table.shape[1]), APART)
    values, vectors = np.linalg.eigh(correlation)
    order = np.argsort(values)[::-1][:FACTORS]
    found = vectors[:, order] * np.sqrt(np.maximum(values[order] - 1.0, 0.0))  # what one factor explains beyond each by itself
    found *= np.where(found.sum(axis=0) < 0, -1.0, 1.0)
    size = np.sqrt((found**2).sum(axis=1, keepdims=True))
    found = np.where(size > 0.95, found * 0.95 / np.maximum(size, 1e-12), found)
    out = np.zeros((len(keys), FACTORS))
    out[:, : found.shape[1]] = found
    return dict(zip(keys, out, strict=True))


def _own_mix(errors: list[Floats]) -> Floats:
    """The triangular mix that gives own parts of a fund's drivers their correlations."""
    if not errors:
        return np.zeros((0, 0))
    length = max(e.shape[1] for e in errors)
    rows = []
    for wrong in errors:
        padded = np.full((len(wrong), length), np.nan)
        if wrong.shape[1]:
            padded[:, length - wrong.shape[1] :] = wrong
        told = ~np.isnan(padded)
        count = told.sum(axis=0)
        mean = np.where(told, padded, 0.0).sum(axis=0) / np.maximum(count, 1)
        rows.append(np.where(told & (count > 1), padded - mean, np.nan).ravel())
    weight = np.tile(_weights(length), len(errors[0]))
    correlation = _correlation(np.array(rows), weight, APART)
    faint = np.where(np.abs(correlation) < FAINT, 0.0, correlation)
    values, vectors = np.linalg.eigh(faint)
    if values.min() < 1e-6:  # dropped corners may leave no correlation matrix: the nearest one
        faint = vectors @ np.diag(np.maximum(values, 1e-6)) @ vectors.T
        scale = np.sqrt(np.diag(faint))
        faint = faint / scale[:, None] / scale[None, :]
    mix = np.linalg.cholesky(faint)
    return np.asarray(np.where(np.abs(mix) < 1e-9, 0.0, mix))
