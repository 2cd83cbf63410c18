"""What a forecast of one fund holds: points, spreads, labels, and the options it was made by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from sibforecast.forecasting import spread as sp
from sibforecast.forecasting.entered import Figure
from sibforecast.forecasting.events import Event
from sibforecast.forecasting.known import STAGE_WORDS
from sibforecast.forecasting.law import ALWAYS, Adjustment, Setting
from sibforecast.periods import Period
from sibforecast.tables.panel import Floats, Panel

if TYPE_CHECKING:
    from sibforecast.forecasting.macro import Elasticity

#: Half-widths of intervals where errors are taken as normal.
NORMAL = ndtri(0.5 + sp.LEVELS / 2.0)
#: Measures of policy: what was exempted or deferred last year says nothing about next year.
POLICY_ITEMS = frozenset({"deferred_out", "deferred_in", "exempted", "written_off"})
#: Computed by the projection, never extrapolated.
COMPUTED = frozenset(
    {"opening_balance", "current_balance", "closing_balance", "balance_adjustment", "gap", "gap_subsidy",
     "gap_grant", "months_payable", "completion", "growth", "revenue_before_filling", "benefit_adjustment",
     "insured_average", "insured_active_average", "beneficiaries_average", "wage_bill", "wage_bill_flexible"}
)  # fmt: skip

LABELS = {
    "combination": "forecast: mean of last growth, fading growth, drift and theta",
    "panel": "forecast: fading growth, drawn towards all areas'",
    "long_panel": "forecast: mean of last growth, fading growth, drift and theta, drawn towards all areas'",
    "amount": "forecast: mean of fading growth, drift and theta",
    "theta": "forecast: theta (half the long trend on a smoothed level)",
    "drift": "forecast: drift", "growth_of_three": "forecast: growth of three years", "momentum": "forecast: last growth",
    "fading": "forecast: fading growth", "simple": "forecast: simple smoothing", "holt": "forecast: Holt's trend",
    "damped": "forecast: damped trend",
    "last_value": "forecast: last value",
    "recent_mean": "forecast: mean of the last three years",
    "identity": "forecast: its drivers × what recent accounts had beside them",
    "law": "forecast: announced law",
    "in_force": "forecast: value in force at the end of the last year",
    "policy": "no measure announced: nothing is extrapolated",
    "level_end": "forecast: level in force in December × last year's paid level / its own December level",
    "composed": "forecast: stayers, newcomers and leavers each at their level; adjustment as in the past",
    "composed_end": "forecast: stayers, newcomers and leavers each at their level; stayers' level in force in December",
    "short": "forecast: fewer than three years known; half the growth",
    "one": "forecast: one year known; kept",
    "stale": "none: last figure older than three years",
}
#: Said of any of them where the forecast of a panel leaned (`leaning`).
UPRIGHT = "; plus what it missed on the same side year after year"
#: Said where growth is the mean of two forecasts (`wages`).
WITH_WAGE, WITH_BASE = "; mean of this growth and the average wage's", "; mean of this growth and the contribution base's"


@dataclass
class FundForecast:
    """Point forecasts of one fund as arrays (areas, years); part of a `Forecast`."""

    panel: Panel  # what was known, implied drivers included, up to the base year
    years: tuple[int, ...]
    reported: frozenset[str] = frozenset()  # items of the panel that are not implied
    stages: Panel | None = None  # at which stage each figure of the panel is known
    point: dict[str, Floats] = field(default_factory=dict)
    spread: dict[str, Floats] = field(default_factory=dict)
    # half-widths of the intervals of `spread.LEVELS`, by area and year; the working scale of the spread, by area in
    # a step of years forecast together, by area and year where steps are put side by side
    shape: dict[str, Floats] = field(default_factory=dict)
    scale: dict[str, npt.NDArray[np.int8]] = field(default_factory=dict)
    label: dict[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    nowcast: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    marked: dict[str, dict[int, str]] = field(default_factory=dict)  # years an event leaves out of the fit
    tried: Panel | None = None  # the panel the record is of
    record: dict[str, Floats] = field(default_factory=dict)  # one-year errors at earlier origins, (areas, origins)
    broken: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)  # of the record: across a break of all areas
    moved: dict[str, Floats] = field(default_factory=dict)  # by how much reconciliation moved each forecast
    learned: dict[tuple[str, str], Elasticity] = field(default_factory=dict)  # by item and figure of the economy
    by_economy: dict[str, Floats] = field(default_factory=dict)  # factor by which figures of the economy moved each forecast
    unplaced: list[tuple[str, str]] = field(default_factory=list)  # (upper area, item) known by months, of nobody below
    left_out: Mapping[str, int] = field(default_factory=dict)  # areas whose accounts are too old, with their year

    def known(self, item: str, year: int) -> Floats:
        """What accounts or months say of a year after the base year: (areas, 1), unknown where they say nothing."""
        blank = np.full((len(self.panel.areas), 1), np.nan)
        if item not in self.nowcast or year not in self.years:
            return blank
        column = slice(self.years.index(year), self.years.index(year) + 1)
        return np.where(self.nowcast[item][:, column], self.point[item][:, column], blank)

    def by_account(self, item: str, year: int) -> npt.NDArray[np.bool_]:
        """Where a figure of a year is of an account: (areas, 1)."""
        found = self.stages.year(item, year) if self.stages else np.full((len(self.panel.areas), 1), np.nan)
        return np.asarray(~np.isnan(found))

    def words(self, item: str, year: int) -> npt.NDArray[np.object_]:
        """What the figures of a year are called, by the stage they are known at: (areas, 1)."""
        return stage_words(self.stages, item, year) if self.stages else np.full((len(self.panel.areas), 1), "data", dtype=object)


def stage_words(stages: Panel, item: str, year: int) -> npt.NDArray[np.object_]:
    """The word for the stage of each figure of an item and year."""
    rank = stages.year(item, year)
    table = np.array([*STAGE_WORDS, ""], dtype=object)
    return np.asarray(table[np.where(np.isnan(rank), len(STAGE_WORDS), rank).astype(np.int64)])


def from_december(label: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Where a level is forecast from the one in force in December, which holds January's adjustment."""
    words = label.astype(str)
    return np.asarray(np.char.startswith(words, LABELS["level_end"]) | np.char.startswith(words, LABELS["composed_end"]))


def worded(where: npt.NDArray[np.bool_], words: str, others: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Labels with the same words where something holds: one text for all cells, which `numpy.where` would copy into each."""
    out = np.array(np.broadcast_to(others, np.broadcast_shapes(where.shape, others.shape)), dtype=object)
    out[np.broadcast_to(where, out.shape)] = words
    return out


def room(ahead: FundForecast, item: str, steps: int = 1) -> None:
    """Room for an item that was not forecast yet."""
    if item not in ahead.point:
        areas = len(ahead.panel.areas)
        ahead.point[item] = np.full((areas, steps), np.nan)
        ahead.spread[item] = np.full((areas, steps), np.nan)
        ahead.shape[item] = np.tile(NORMAL, (areas, steps, 1))
        ahead.scale[item] = np.zeros(areas, dtype=np.int8)
        ahead.label[item] = np.full((areas, steps), "", dtype=object)


@dataclass(frozen=True)
class Options:
    """How a forecast is made, beside its data."""

    chosen: Mapping[str, str] = field(default_factory=dict)  # method by item
    events: tuple[Event, ...] = ()
    law: Mapping[str, list[Setting]] = field(default_factory=dict)  # announced settings of the fund's items
    adjusted: Mapping[str, list[Adjustment]] = field(default_factory=dict)  # what is added or multiplied, by item
    limit: Period = ALWAYS  # the last month of figures
    entered: Mapping[str, Figure] = field(default_factory=dict)  # flows of beneficiaries entered for years to come
    economy: Mapping[str, Figure] = field(default_factory=dict)  # what is known and entered of wages, GDP, employment
