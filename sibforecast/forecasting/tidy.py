"""The tidy table of a forecast: points and the quantiles of their intervals, row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast.errors import SibError
from sibforecast.forecasting.fund_forecast import FundForecast
from sibforecast.forecasting.scales import within
from sibforecast.forecasting.spread import quantile
from sibforecast.tables.panel import Floats

COLUMNS = ("region", "programme", "item", "period", "quantile", "value", "method")


def tails_of(level: Sequence[int]) -> list[float]:
    """The quantiles of some intervals.

    Raises
    ------
    SibError
        If a level is no per cent from 1 to 99.
    """
    for wanted in level if isinstance(level, Iterable) else (level,):
        if isinstance(wanted, (str, bool)) or not 1 <= wanted <= 99:
            raise SibError(f"level: expected per cent from 1 to 99, such as (80, 95); found {wanted!r}")
    if not isinstance(level, Iterable):
        raise SibError(f"level: expected several, such as ({level},); found {level!r}")
    return sorted({q for p in level for q in ((1 - p / 100) / 2, (1 + p / 100) / 2)})


def frame_of(funds: Mapping[str, FundForecast], periods: tuple[int, ...], level: tuple[int, ...]) -> pd.DataFrame:
    """The tidy table of points and quantiles."""
    tails, blocks = tails_of(level), []
    for programme, fund in funds.items():
        columns = [i for i, y in enumerate(fund.years) if y in periods]
        areas = np.array(fund.panel.areas, dtype=object)
        for item, point in fund.point.items():
            for j in columns:
                known = np.flatnonzero(~np.isnan(point[:, j]))
                if len(known):
                    blocks.append(rows_of(
                        areas[known], programme, item, fund.years[j], point[known, j], fund.spread[item][known, j],
                        fund.shape[item][known, j], fund.scale[item][known, j], fund.label[item][known, j], tails,
                        fund.panel.items.get(item),
                    ))  # fmt: skip
    return together(blocks)


def together(blocks: list[pd.DataFrame]) -> pd.DataFrame:
    """Blocks of rows as one table whose words are categories."""
    if not blocks:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(blocks, ignore_index=True).astype(
        {"region": "category", "programme": "category", "item": "category", "method": "category"}
    )


def rows_of(
    areas: Sequence[str] | npt.NDArray[np.object_], programme: str, item: str, year: int, point: Floats, deviation: Floats,
    shape: Floats, scale: npt.NDArray[np.int8], method: npt.NDArray[np.object_], tails: list[float],
    series: Floats | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Point and quantiles of one item and year for some areas; held within what the item can be."""
    values, quantiles = [point], [np.full(len(point), np.nan)]
    for q in tails:
        values.append(within(item, quantile(point, deviation, shape, scale, q), series))
        quantiles.append(np.full(len(point), round(q, 6)))
    times = len(values)
    return pd.DataFrame(
        {
            "region": np.tile(np.array(areas, dtype=object), times),
            "programme": programme,
            "item": item,
            "period": str(year),
            "quantile": np.concatenate(quantiles),
            "value": np.concatenate(values),
            "method": np.tile(method, times),
        }
    )
