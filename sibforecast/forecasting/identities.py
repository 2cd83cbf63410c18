"""Lines that follow from their drivers: forecast by formula, not by their own trend.

A line moves as the product of its drivers: contributions as contributors × base × rate, pensions
as heads × level, medical benefits as insured × admissions × cost × pooled share. What the
product does not explain (collection, what is paid beside it) stays at its smoothed level.
The error of such a forecast is the sum of its drivers' errors and of the change of that rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from sibforecast.forecasting import bank
from sibforecast.programmes.implied import averages
from sibforecast.tables.panel import Floats, Panel

#: Rates fixed by law: known for the year to come, so no source of error.
BY_LAW = frozenset({"contribution_rate", "contribution_rate_flexible"})
_EMPLOYED = ("contributors", "contribution_base", "contribution_rate")
_FLEXIBLE = ("contributors_flexible", "contribution_base_flexible", "contribution_rate_flexible")
_HEADS_BY_LEVEL = ("beneficiaries_average", "benefit_level")
_MEDICAL = ("insured_average", "admissions_per_insured", "cost_per_admission", "pooled_pay_rate")
#: Line of each kind of fund, and the products that make it up (one or more added together).
_LINES: dict[str, dict[str, tuple[tuple[str, ...], ...]]] = {
    kind: {"contribution_revenue": (_EMPLOYED, _FLEXIBLE), line: (_HEADS_BY_LEVEL,)}
    for kind, line in (
        ("wage_based_pension", "pension_expenditure"), ("closing_subsidy_pension", "pension_expenditure"),
        ("injury", "injury_expenditure"), ("unemployment", "unemployment_expenditure"),
    )
} | {
    "flat_pension": {"contribution_revenue": (("contributors", "personal_contribution"),),
                     "pension_expenditure": (_HEADS_BY_LEVEL,)},
    "employee_medical": {"contribution_revenue": (_EMPLOYED, _FLEXIBLE), "medical_expenditure": (_MEDICAL,)},
    "resident_medical": {"contribution_revenue": (("insured", "personal_contribution"),), "medical_expenditure": (_MEDICAL,)},
}  # fmt: skip

Store = dict[str, Floats]


def products(panel: Panel, kind: str) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The lines of a fund that follow from drivers it has, with those drivers."""
    table = dict(_LINES.get(kind, {}))
    main = next((line for line in table if line.endswith("_expenditure")), None)
    if main is not None and main not in panel.items and "benefit_expenditure" in panel.items:
        table["benefit_expenditure"] = table.pop(main)  # published as one sum
    out = {}
    for line, many in table.items():
        there = tuple(p for p in many if all(_has(panel, item) for item in p))
        if line in panel.items and there:
            out[line] = there
    if any(_has(panel, i) for i in _EMPLOYED[:2]) and "contribution_base" in panel.items:
        out["wage_bill"] = (_EMPLOYED[:2],)
    return out


def _has(panel: Panel, item: str) -> bool:
    stock = {"beneficiaries_average": ("beneficiaries", "recipient_months"), "insured_average": ("insured",)}.get(item, (item,))
    return any(s in panel.items for s in stock)


def by_identity(
    panel: Panel, kind: str, point: Store, errors: Store, steps: int, origins: range
) -> dict[str, tuple[Floats, Floats]]:
    """Forecasts of lines by their products, with their errors at earlier origins.

    Parameters
    ----------
    panel : Panel
        What is known, implied drivers included.
    kind : str
        Kind of the fund.
    point, errors : dict
        Forecasts (areas, steps) and errors (areas, origins, steps; on logs) of the drivers.
    steps : int
        Years ahead.
    origins : range
        Columns of the panel the errors are of.

    Returns
    -------
    dict
        For each line (forecast, errors); NaN where a driver is not known.
    """
    past, ahead, wrong = _averages(panel, point, errors, steps, len(origins))
    out = {}
    for line, many in products(panel, kind).items():
        parts, later = _groups([[past(i) for i in p] for p in many], [[ahead(i) for i in p] for p in many])
        base, moved = np.sum(parts, axis=0), np.sum(later, axis=0)
        own = panel.get(line) if line in panel.items else base * 12.0
        with np.errstate(invalid="ignore", divide="ignore"):
            rest = np.log(own) - np.log(base)
            value = moved * np.exp(_smoothed(rest))[:, None]
            share = [np.where(np.isnan(p), 0.0, p) / base for p in parts]
        error = np.full((len(value), len(origins), steps), np.nan)
        for place, origin in enumerate(origins):
            before = _smoothed(rest[:, : origin + 1])
            for j in range(min(steps, panel.get(line).shape[1] - 1 - origin)):
                driven = sum(
                    s[:, origin] * sum((wrong(i)[:, place, j] for i in p), start=np.zeros(len(value)))
                    for s, p in zip(share, many, strict=True)
                )
                error[:, place, j] = rest[:, origin + j + 1] - before + driven
        out[line] = (np.where((value > 0) & np.isfinite(value), value, np.nan), np.where(np.isfinite(error), error, np.nan))
    return out


def _smoothed(rest: Floats) -> Floats:
    """The part no driver explains, as it stands: smoothed, so that one odd year does not go on."""
    ahead = bank.fit(np.where(np.isfinite(rest), rest, np.nan), "simple", 1).ahead[:, 0]
    return np.asarray(np.where(np.isfinite(rest[:, -1]), np.where(np.isnan(ahead), rest[:, -1], ahead), np.nan))


def driven(panel: Panel, kind: str, point: Store, steps: int) -> dict[str, Floats]:
    """What the drivers of each line come to in the years ahead: arrays (areas, steps)."""
    past, ahead, _ = _averages(panel, point, {}, steps, 0)
    return {
        line: np.asarray(np.sum(_groups([[past(i) for i in p] for p in many], [[ahead(i) for i in p] for p in many])[1], axis=0))
        for line, many in products(panel, kind).items()
    }


def _groups(past: list[list[Floats]], ahead: list[list[Floats]]) -> tuple[list[Floats], list[Floats]]:
    """Products of the past and ahead: those added to the first count where they are known on both sides.

    A group without figures in the last year is left out of every year, not of some: else the
    part no driver explains would jump where it comes in.
    """
    parts, later = [np.prod(p, axis=0) for p in past], [np.prod(p, axis=0) for p in ahead]
    for i in range(1, len(parts)):
        told = ~(np.isnan(parts[i][:, -1]) | np.isnan(later[i]).any(axis=1))[:, None]
        parts[i], later[i] = np.where(told, parts[i], 0.0), np.where(told, later[i], 0.0)
    return parts, later


def _averages(
    panel: Panel, point: Mapping[str, Floats], errors: Mapping[str, Floats], steps: int, origins: int
) -> tuple[Callable[[str], Floats], Callable[[str], Floats], Callable[[str], Floats]]:
    """Drivers of the past, ahead, and their errors: average heads from their stocks among them."""
    areas = len(panel.areas)

    def opening(item: str) -> Floats:
        series = panel.get(item)
        return np.hstack([np.full((areas, 1), np.nan), series[:, :-1]])

    heads = averages(panel.get, opening)
    months = "recipient_months" in panel.items and not np.isnan(panel.get("recipient_months")[:, -1]).all()

    def known(item: str) -> Floats:
        if item == "beneficiaries_average" and months:
            return panel.get("recipient_months") / 12.0
        return heads[item] if item in heads else panel.get(item)

    def forecast(item: str) -> Floats:
        blank = np.full((areas, steps), np.nan)
        if item == "beneficiaries_average" and months:
            return point.get("recipient_months", blank) / 12.0
        if item in heads:
            stock = item.removesuffix("_average")
            closing = point.get(stock, blank)
            before = np.hstack([panel.get(stock)[:, -1:], closing[:, :-1]])
            middle = (before + closing) / 2.0
            return np.where(np.isnan(middle), closing, middle)
        return point.get(item, blank)

    def error(item: str) -> Floats:
        none = np.zeros((areas, origins, steps))
        if item in BY_LAW:
            return none
        if item == "beneficiaries_average" and months:
            return errors.get("recipient_months", none)
        if item in heads:
            stock: npt.NDArray[np.float64] = errors.get(item.removesuffix("_average"), none)
            earlier = np.concatenate([np.zeros((areas, origins, 1)), stock[:, :, :-1]], axis=2)
            return np.asarray((stock + earlier) / 2.0)
        return errors.get(item, none)

    return known, forecast, error
