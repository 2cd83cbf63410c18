"""Each change's part of each line of the gap: Shapley values over coalitions of changes, or the official chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from sibforecast import items
from sibforecast.analysis.shapley import coalitions, shapley
from sibforecast.assumptions.effects import Effects
from sibforecast.assumptions.fitting import FundBasis
from sibforecast.projection.fund import FundPath, roll_forward

Floats = npt.NDArray[np.float64]

#: Lines of the gap: side, its sign (expenditure worsens the gap, revenue mends it), its lines.
SIDES = (
    ("revenue", -1.0, (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE)),
    ("expenditure", 1.0, (*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE)),
)
#: What fills a gap is part of these lines, but not of the gap.
_FILLING = {"fiscal_subsidy": "gap_subsidy", "upper_grant": "gap_grant"}
_CHAIN_ORDER = ("nation", "region", "event", "league", "county")


def parts_of(
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
        for line, value in _lines(path, year, shape):
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


def _lines(path: FundPath, year: int, shape: tuple[int, int]) -> Iterator[tuple[str, Floats]]:
    """Each line's part of the gap in every coalition; together they are the gap's movement.

    What a total moves beyond its lines (a total published without them, or changed itself)
    stands as a line of its own.
    """
    now = path.years[year]
    for side, sign, lines in SIDES:
        flag = now.given.get(f"{side}_itemised")
        itemised = flag == 1.0 if flag is not None else np.zeros((shape[0], 1), dtype=bool)
        rest = np.broadcast_to(_filled(path.value(f"total_{side}", year)), shape)
        for line in lines:
            value = path.value(line, year)
            filling = path.value(_FILLING[line], year) if line in _FILLING else np.zeros((1, 1))
            part = np.where(itemised, _filled(value) - _filled(filling), 0.0)
            rest = rest - np.where(itemised, _filled(value), 0.0)
            if part.shape[1] > 1:  # otherwise no change reaches this line
                yield line, sign * np.broadcast_to(part, shape)
        if np.ptp(rest, axis=1).max() > 0.005:
            yield f"total_{side}", sign * rest


def _filled(value: Floats) -> Floats:
    return np.where(np.isnan(value), 0.0, value)


def _chain(order: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Coalitions of the chain: none, the first in order, the first two, …"""
    place = np.argsort(order)
    return place[:, None] < np.arange(len(place) + 1)[None, :]
