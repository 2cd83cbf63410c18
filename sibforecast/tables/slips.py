"""Figures that stand in another unit: by ten thousand, by a hundred million, by a hundred."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.tables.figures import Figures, shown
from sibforecast.tables.panel import Floats
from sibforecast.tables.read import Collector
from sibforecast.tables.units import parse_unit

Truths = npt.NDArray[np.bool_]

_SERIES = ["region", "programme", "item"]
#: Differences of large figures, which may be of any size.
DIFFERENCES = ("current_balance", "balance_adjustment", "gap")
#: What comes once, or in lumps of any size: a jump is asked about and never refused.
_LUMPS = frozenset({
    "investment_return", "transfer_in", "transfer_out", "collective_aid", "other_revenue", "other_expenditure", "upper_grant",
    "lower_grant", "upper_remittance", "lower_remittance", "gap_subsidy", "gap_grant", "deferred_out", "deferred_in", "exempted",
    "written_off", "arrears", "arrears_recovered", "back_payments", "prepayments", "movers_in", "movers_out",
})  # fmt: skip
#: What may run out: a balance of next to nothing is asked about, and refused where it does not roll.
_BALANCES = ("opening_balance", "closing_balance")
#: Below this nothing is told: a small figure jumps by itself.
_LEAST = {"currency": 1e7, "persons": 1e4, "person-months": 1e4}
#: Rates that hardly move from year to year; interest and adjustments may.
_STEADY_RATES = (
    "contribution_rate", "contribution_rate_flexible", "collection_rate", "collection_rate_flexible", "contributor_ratio",
    "pooled_pay_rate", "admissions_per_insured",
)  # fmt: skip
#: A rate so many times its other years', or such a part of them, is asked about; these may differ among themselves by so much.
_RATE_JUMP, _RATE_STEADY = 5.0, 2.0
#: More than is due is collected where arrears come in: never so much where no other year comes near it.
_COLLECTED, _COLLECTED_ELSE = 1.1, 1.05
#: How many other years must be known, how near they must lie, and more than which part of them.
_OTHERS, _STEADY, _MOST = 3, 10.0, 0.75


def slip_told(unit: str, power: float, sign: str) -> str:
    """The words for a figure in another unit: by which power of ten, times or divided."""
    if unit == "share":
        return f"percent/share slip ({sign} {power:,.0f})"
    return "a year's figure for a month's" if power == 12.0 else f"unit slip ({sign} {power:,.0f})"


def slips(
    found: Floats | float, due: Floats | float, unit: str, *, wide: float = 2.0, months: float = 1.15
) -> Iterator[tuple[float, str, Truths]]:
    """The ways in which figures may stand in another unit than they should, and which of them do.

    Parameters
    ----------
    found, due : array or float
        What is there and what it is held against, in base units.
    unit : str
        Of the item: shares slip by a hundred, levels by twelve months as well.
    wide, months : float
        Within which factor ``found / due`` must lie of a power of ten, and of twelve.

    Yields
    ------
    way, words, where
        ``found / way`` is the figure that was meant; the likely cause; the places.

    Examples
    --------
    >>> [(way, words) for way, words, where in slips(34_800.0, 3.5, "currency") if where.any()]
    [(10000.0, 'unit slip (× 10,000)')]
    """
    powers: tuple[float, ...] = (1e2, 1e4) if unit == "share" else (1e4, 1e8)
    powers += (12.0,) if unit == "currency/person-month" else ()
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.atleast_1d(np.abs(np.asarray(found, dtype=float)) / np.abs(np.asarray(due, dtype=float)))
    for power in powers:
        near = months if power == 12.0 else wide
        for way, sign in ((power, "×"), (1.0 / power, "÷")):
            yield way, slip_told(unit, power, sign), (ratio > way / near) & (ratio < way * near)


def slipped_part(parts: Floats, whole: float, tolerance: float) -> tuple[int, float, str] | None:
    """The one part of a sum that only stands in another unit: its place, by what, and the words; none where it is not one.

    Examples
    --------
    >>> import numpy as np
    >>> slipped_part(np.array([5.0, 20_000.0, 3.0]), 10.0, 0.01)
    (1, 10000.0, 'unit slip (× 10,000)')
    """
    known = np.where(np.isnan(parts), 0.0, parts)
    rest = known.sum() - known
    with np.errstate(invalid="ignore"):
        due = whole - rest
    hits = [
        (int(k), way, words) for way, words, near in slips(known, due, "currency", wide=1.5)
        for k in np.flatnonzero(near & (np.abs(known / way - due) <= tolerance) & (np.sign(known) == np.sign(due)))
    ]  # fmt: skip
    return hits[0] if len(hits) == 1 else None


def unit_slips(figures: Figures, found: Collector) -> None:
    """Find figures about 10,000 (100,000,000) times, or one such part of, the other years of their series.

    A series is an area's item in a fund: its years, of whatever stage, and apart from them its
    months (flows carried to a year). Three other periods or more must agree, the neighbours
    among them; small figures and the start of a scheme are left alone. What comes in lumps, and a
    figure with a word in the column ``caliber``, is a warning, all else an error. Reported drafts are for the review.
    """
    history = figures.history
    unit = {code: items.CATALOGUE[code].unit for code in history["item"].cat.categories}
    codes = [c for c, u in unit.items() if u not in ("share", "months", "count") and c not in DIFFERENCES]
    told = history["value"].notna() & (history["value"] != 0) & (history["stage"] != "reported")
    rows = history[(history["item"].isin(codes) & told).to_numpy()]
    if rows.empty:
        return
    table = _series(rows)
    middle = table.groupby("series", sort=False)["size"].transform("median").to_numpy()
    far = np.abs(np.log10(table["size"].to_numpy() / middle)) > 3.0
    for name, part in table[table["series"].isin(table["series"][far].unique())].groupby("series", sort=False):
        del name
        for place in part.index[np.abs(np.log10(part["size"] / part["size"].median())) > 3.0]:
            row = history.loc[place]
            way = _slip(part, place, str(row["item"]))
            if way is not None:
                _tell(row, way, figures.units, found)


def _series(rows: pd.DataFrame) -> pd.DataFrame:
    """The number of each figure's series, its size (flows of months carried to a year) and its period."""
    text = rows["period"].astype(str)
    months = text.str[5:].where(text.str.len() > 4, "0").astype(int).to_numpy()
    flow = rows["item"].map({c: items.CATALOGUE[c].timing == "flow" for c in rows["item"].cat.categories}).to_numpy(dtype=bool)
    size = np.abs(rows["value"].to_numpy()) * np.where(flow & (months > 0), 12.0 / np.maximum(months, 1), 1.0)
    series = np.zeros(len(rows), dtype=np.int64)
    for key in _SERIES:
        series = series * (len(rows[key].cat.categories) + 1) + rows[key].cat.codes.to_numpy()
    return pd.DataFrame({"series": series * 2 + (months > 0), "size": size, "period": text.to_numpy()}, index=rows.index)


def rate_jumps(figures: Figures, found: Collector) -> None:
    """Ask about rates about 10 or 100 times, or such a part of, the other years of their series, and collection far above 1.

    Three other periods or more must agree within a factor of two, the neighbours among them: a
    rate that was changed for good has neighbours of its own. A figure with a word in the column
    ``caliber`` is not asked about, nor one that is an error already; reported drafts are for the review.
    """
    history = figures.history
    told = (history["value"] > 0) & (history["stage"] != "reported")
    rows = history[(history["item"].isin(_STEADY_RATES) & told).to_numpy()]
    if rows.empty:
        return
    table = _series(rows)
    ratio = table["size"].to_numpy() / table.groupby("series", sort=False)["size"].transform("median").to_numpy()
    collected = rows["item"].isin(("collection_rate", "collection_rate_flexible")).to_numpy()
    wrong = {r["row"] for r in found.rows if r["severity"] == "error" and r.get("table") == "history" and r.get("row")}
    far = (np.abs(np.log(ratio)) >= np.log(_RATE_JUMP) * 0.75) | (collected & (table["size"].to_numpy() > _COLLECTED))
    for place in table.index[far]:
        row = history.loc[place]
        number = int(row["row"])
        part = table[table["series"] == table["series"][place]]
        cause, due = _rate_jump(part, place, bool(collected[table.index.get_loc(place)]))
        if cause and str(row.get("caliber", "")) in ("", "nan", "None") and number not in wrong:
            message = f"a rate far from the other years of its series; likely cause: {cause}"
            written = _as_written(float(row["value"]), number, figures.units)
            place_of = {k: str(row[k]) for k in ("region", "programme", "item", "period")}
            found.add("rate_jump", "warning", message, table="history", row=number, column="value", **place_of,
                      expected=f"about {due:.4g}", found=f"{float(row['value']):.4g}", mend=_mend(written))


def _rate_jump(part: pd.DataFrame, place: int, collected: bool) -> tuple[str, float]:
    """Why a rate cannot be right, blank where it may be, and what its neighbours are."""
    size = float(part["size"][place])
    others, beside = _around(part, place)
    if len(others) < _OTHERS:
        return "", size
    due = float(np.exp(np.log(others.loc[beside, "size"]).mean()))
    if collected and size > _COLLECTED and float(others["size"].max()) <= _COLLECTED_ELSE:
        return "more is collected than is due", due
    like = (others["size"] / float(others["size"].median())).between(1.0 / _RATE_STEADY, _RATE_STEADY)
    if like.mean() <= _MOST or not like[beside].all():
        return "", due
    times = max(size / due, due / size)
    if times < _RATE_JUMP:
        return "", due
    sign = "×" if size > due else "÷"
    return slip_told("share", 100.0, sign) if times >= 10.0 * _RATE_JUMP else f"a digit or the decimal point ({sign} 10)", due


def _around(part: pd.DataFrame, place: int) -> tuple[pd.DataFrame, list[Any]]:
    """The other periods of a figure's series, and the places of those next to it."""
    period = str(part["period"][place])
    others = part[part["period"] != period].sort_values("period", kind="stable")
    sides = ((others[others["period"] < period], -1), (others[others["period"] > period], 0))
    return others, [side.index[at] for side, at in sides if len(side)]


def _slip(part: pd.DataFrame, place: int, item: str) -> tuple[float, str] | None:
    """By what a figure of a series slipped, and the words; none where the others do not bear it out."""
    size, period = float(part["size"][place]), str(part["period"][place])
    others, beside = _around(part, place)
    if len(others) < _OTHERS:
        return None
    middle = float(others["size"].median())
    if max(size, middle) < _LEAST.get(items.CATALOGUE[item].unit, 0.0):
        return None
    like = (others["size"] / middle).between(1.0 / _STEADY, _STEADY)
    if like.mean() <= _MOST or not like[beside].all():
        return None
    due = float(np.exp(np.log(others.loc[beside, "size"]).mean()))
    begins = size < middle and not (others["period"] < period).any()
    hits = ((way, words) for way, words, near in slips(size, due, "currency") if near.any())
    return None if begins else next(hits, None)


def _tell(row: pd.Series, told: tuple[float, str], units: pd.Series, found: Collector) -> None:
    """The finding of one figure."""
    way, words = told
    item, number, value = str(row["item"]), int(row["row"]), float(row["value"])
    caliber = str(row.get("caliber", "")) not in ("", "nan", "None")
    mild = item in _LUMPS or caliber or (item in _BALANCES and way < 1.0)
    message = f"a figure far from the other years of its series; likely cause: {words}"
    found.add("unit_slip", "warning" if mild else "error", message, table="history", row=number,
              column="value", region=str(row["region"]), programme=str(row["programme"]), item=item, period=str(row["period"]),
              expected=f"about {shown(value / way, number, units)}", found=shown(value, number, units),
              mend=_mend(_as_written(value, number, units)))


def _mend(written: str) -> str:
    """What to do: not only the figure may be wrong, the word in the column of units may."""
    return (f"value and unit of this row together say {written}: correct the one that is wrong; "
            "if both are right, say in the column caliber why")  # fmt: skip


def _as_written(value: float, row: int, units: pd.Series) -> str:
    """A figure in the unit of its row.

    Examples
    --------
    >>> _as_written(4410.64, 5, pd.Series(["元"], index=[5])), _as_written(0.012, 5, pd.Series(["%"], index=[5]))
    ('4,410.64 元', '1.2 %')
    """
    words = set(units.loc[[row]]) if row in units.index else set()  # sheets of forms may share a row number
    word = str(words.pop()) if len(words) == 1 else ""
    try:
        factor = parse_unit(word).factor
    except SibError:
        word, factor = "", 1.0
    return f"{f'{value / factor:,.6f}'.rstrip('0').rstrip('.')} {word}".strip()
