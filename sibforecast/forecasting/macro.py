"""Wages of the economy in the contribution base: what an entered average wage does to it.

The base grows with wages, by an elasticity learned from the panel: growth of the base on
growth of the average wage over all areas and years (least squares, statsmodels), drawn
towards one, which the law's window between floor and ceiling makes it in the long run. Where
nobody enters a wage for the year to come, the base's own forecast stands: it holds the same
information.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from sibforecast.periods import Period
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import Floats, Panel

#: The macro figure, and the drivers that move with it.
MACRO = "average_wage"
DRIVEN = ("contribution_base", "contribution_base_flexible")
#: Observations that the elasticity of one counts as.
PRIOR = 10.0


@dataclass(frozen=True)
class Elasticity:
    """By how much a driver moves with the macro figure.

    Attributes
    ----------
    value : float
        Per cent for each per cent, drawn towards one.
    estimate, error : float
        Least squares as it was, and its standard error; NaN with too few years.
    number : int
        Observations.
    """

    value: float
    estimate: float
    error: float
    number: int


def elasticity(panel: Panel, item: str) -> Elasticity:
    """The elasticity of a driver to the average wage.

    Examples
    --------
    >>> import numpy as np
    >>> wage = 100 * 1.05 ** np.arange(9) * (1 + 0.01 * np.sin(np.arange(9)))
    >>> p = Panel("f", ("a",), tuple(range(9)), {"average_wage": wage[None], "contribution_base": 30 * wage[None] ** 0.8})
    >>> e = elasticity(p, "contribution_base")
    >>> round(e.estimate, 6), round(e.value, 3), e.number
    (0.8, 0.911, 8)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        moved, wage = (np.diff(np.log(panel.get(i)), axis=1).ravel() for i in (item, MACRO))
    known = np.isfinite(moved) & np.isfinite(wage)
    number = int(known.sum())
    if number < 5 or np.ptp(wage[known]) < 1e-9:
        return Elasticity(1.0, float("nan"), float("nan"), number)
    from statsmodels.api import OLS

    design = np.column_stack([np.ones(number), wage[known]])
    fit = OLS(moved[known], design).fit()
    weight = number / (number + PRIOR)
    return Elasticity(float(weight * fit.params[1] + 1.0 - weight), float(fit.params[1]), float(fit.bse[1]), number)


def entered(data: FundData, panel: Panel, year: int) -> Floats:
    """The average wage somebody entered for a year, by area: the more specific before the general."""
    rows = [
        row for row in data.table("assumptions").to_dict("records")
        if row["item"] == MACRO and str(row["period"]) == str(year) and row["programme"] in ("", panel.programme)
    ]  # fmt: skip
    rows.sort(key=lambda row: bool(row["programme"]))  # of one area, the fund's own goes before that of all funds
    known = {str(row["region"]): float(row["value"]) for row in rows}
    blank = float("nan")
    lineage = ((a, *data.regions.ancestors(a), "") for a in panel.areas)
    return np.array([next((known[r] for r in line if r in known), blank) for line in lineage])


def unused(data: FundData, funds: Iterable[Panel], limit: Period, until: int) -> Iterator[dict[str, Any]]:
    """Findings on entered wages that move no contribution base, and why."""
    held = {panel.programme for panel in funds if MACRO in panel.items}
    under_way = 0 < limit.month < 12
    for row in data.table("assumptions").to_dict("records"):
        if row["item"] != MACRO or not limit.year + (not under_way) <= int(str(row["period"])[:4]) <= until:
            continue
        if not (held & {row["programme"]} if row["programme"] else held):
            why = "no average wage is known of earlier years, so the base's own forecast stands"
            mend = "add average_wage of earlier years to the history, or enter contribution_base"
        elif under_way and str(row["period"]) == str(limit.year):
            why = "the year is under way: its contribution base follows from its own figures, not from this wage"
            mend = "enter the wage of the year to come, or contribution_base of this one"
        else:
            continue
        yield {"id": "wage_not_used", "severity": "note", "region": str(row["region"]) or None,
               "programme": str(row["programme"]) or None, "item": MACRO, "period": str(row["period"]),
               "table": "assumptions", "row": int(row["row"]), "column": "value", "message": why, "mend": mend}
