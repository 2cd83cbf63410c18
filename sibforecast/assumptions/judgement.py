"""Judgement and deposits: what people gave, laid on the areas it is meant for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.periods import Period, months_in_force
from sibforecast.tables.data import FundData
from sibforecast.tables.read import Collector

Floats = npt.NDArray[np.float64]


@dataclass
class Judged:
    """One item as given for some areas; arrays (areas, 1)."""

    value: Floats
    where: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]  # meant for this area alone, not for all below an upper area
    spread: Floats  # the author's own doubt as a share of the value; NaN where none was given
    label: npt.NDArray[np.object_]
    origin: npt.NDArray[np.object_]


def judged(
    data: FundData, areas: tuple[str, ...], programme: str, year: int, found: Collector, used: set[tuple[str, int]]
) -> dict[str, Judged]:
    """What was given for a fund and year: entered drafts first, then assumptions.

    The more specific goes before the general: an area before the area above it, a fund
    before all funds. An amount of an upper area is never split over the areas below.
    Rows that met an area are noted in `used` by file and row.
    """
    out: dict[str, Judged] = {}
    place = {a: i for i, a in enumerate(areas)}
    table = data.tables.get("assumptions")
    if table is not None and not table.empty:
        rows = table[(table["period"].astype(str) == str(year)) & table["programme"].isin(["", programme])]
        for row in _general_first(rows, data):
            if is_result(str(row["item"])):
                used.add(_where(row))
                found.add(
                    "result_not_assumed", "error", f"{row['item']} follows from other figures by identity", table="assumptions",
                    row=row.get("row"), region=str(row["region"]) or None, programme=programme, item=str(row["item"]),
                    period=str(year), mend="give a driver or a line, or balance_adjustment",
                )  # fmt: skip
                continue
            _lay(out, data, areas, place, row, "judgement", found, used)
    for row in _entered(data, programme, year):
        _lay(out, data, areas, place, row, f"data ({row['stage']})", found, used)
    return out


def _general_first(rows: pd.DataFrame, data: FundData) -> list[dict[str, object]]:
    def rank(row: dict[str, object]) -> tuple[int, int]:
        region = str(row["region"])
        depth = len(data.regions.ancestors(region)) + 1 if region else 0
        return depth, int(bool(row["programme"]))

    records: list[dict[str, object]] = rows.to_dict("records")  # type: ignore[assignment]
    return sorted(records, key=rank)


def _entered(data: FundData, programme: str, year: int) -> list[dict[str, object]]:
    """Figures of the year at stage ``expected`` or ``draft``: the compiler's own."""
    frame = data._view()
    if str(year) not in frame["period"].cat.categories:
        return []
    use = (frame["programme"] == programme) & (frame["period"] == str(year)) & frame["stage"].isin(["draft", "expected"])
    records: list[dict[str, object]] = frame[use].to_dict("records")  # type: ignore[assignment]
    return [r for r in records if not is_result(str(r["item"])) or (r["item"], r["stage"]) == ("closing_balance", "expected")]


def is_result(item: str) -> bool:
    """Whether an item follows from others by identity, so that it cannot be judged itself."""
    return items.CATALOGUE[item].side in ("result", "balance") and item not in ("balance_adjustment", "opening_balance")


def _lay(
    out: dict[str, Judged], data: FundData, areas: tuple[str, ...], place: dict[str, int],
    row: dict[str, object], label: str, found: Collector, used: set[tuple[str, int]],
) -> None:  # fmt: skip
    item, region = str(row["item"]), str(row["region"])
    inside = [region] if region in place else []
    if not region:
        inside = list(areas)
    elif not inside:
        inside = [a for a in data.regions.below(region) if a in place]
    if not inside:
        return
    used.add(_where(row))
    if len(inside) > 1 and items.CATALOGUE[item].is_additive:
        found.add("sum_not_split", "error", "an amount or number of heads is given for an area above the ones drafted",
                  table="assumptions", row=row.get("row"), region=region or None, item=item, period=str(row["period"]),
                  expected="a figure for each area below", mend="give it area by area, or give a rate or level")
        return
    shape = (len(areas), 1)
    cells = out.get(item)
    if cells is None:
        cells = out[item] = Judged(
            np.full(shape, np.nan), np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool),
            np.full(shape, np.nan), np.full(shape, "", dtype=object), np.full(shape, "", dtype=object),
        )  # fmt: skip
    author = str(row.get("author") or "")
    source = str(row.get("source") or "")
    origin = f"{row.get('file', '')}, row {row.get('row', '')}"
    origin += f"; author {author}" if author else ""
    reason = str(row.get("reason") or "")
    origin += f"; reason: {reason}" if reason and reason != "nan" else ""
    origin += f"; source: {source}" if source and source != "nan" else ""
    index = [place[a] for a in inside]
    cells.value[index, 0] = float(row["value"])  # type: ignore[arg-type]
    cells.where[index, 0] = True
    cells.spread[index, 0] = float(row.get("spread", np.nan))  # type: ignore[arg-type]
    cells.own[index, 0] = len(index) == 1
    cells.label[index, 0] = label
    cells.origin[index, 0] = origin


def _where(row: Mapping[Any, Any]) -> tuple[str, int]:
    """File and row of a record."""
    return str(row.get("file", "")), int(row["row"])


def note_unused(
    data: FundData, used: set[tuple[str, int]], first: int, funds: Mapping[str, Any], found: Collector
) -> None:
    """Judgement and deposits that met no fund, area or year: said, never dropped silently."""
    for table, words in (("assumptions", "judgement"), ("deposits", "deposit")):
        for row in data.table(table).to_dict("records"):
            region, programme = str(row.get("region") or ""), str(row.get("programme") or "")
            if table == "assumptions":
                idle = _where(row) not in used and Period.parse(row["period"]).year >= first
            else:
                idle = region not in getattr(funds.get(programme), "areas", ())
            if idle:
                found.add("not_used", "warning", f"the {words} meets no fund, area and year that are drafted; it has no effect",
                          table=table, row=int(row["row"]), region=region or None, programme=programme or None,
                          item=str(row["item"]) if "item" in row else None, period=str(row.get("period") or "") or None,
                          mend="check area (the lowest that reports), fund and period")


def deposit_rates(data: FundData, areas: tuple[str, ...], programme: str, year: int) -> Floats | None:
    """Average yearly rate of each area's deposits, weighed by balance and months in force."""
    table = data.tables.get("deposits")
    if table is None or table.empty:
        return None
    rows = table[table["programme"] == programme]
    if rows.empty:
        return None
    place = {a: i for i, a in enumerate(areas)}
    balance, interest = np.zeros(len(areas)), np.zeros(len(areas))
    for region, amount, rate, start in zip(rows["region"], rows["balance"], rows["rate"], rows["start"], strict=True):
        if region not in place or amount is None or rate is None or amount != amount or rate != rate:
            continue
        begins = Period.parse(start) if start else None
        if begins is not None and begins.year > year:  # money that is not there yet earns nothing and weighs nothing
            continue
        months = months_in_force(year, begins, None)
        balance[place[region]] += amount
        interest[place[region]] += amount * rate * months / 12.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(balance > 0, interest / balance, np.nan)[:, None]
