"""Funds that became one: the merged series carried back by summing its predecessors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.programmes import registry
from sibforecast.results import Findings
from sibforecast.tables.data import FundData
from sibforecast.tables.read import Collector

#: Marks figures that were spliced together.
SPLICED = "spliced"
_KEYS = ["region", "period", "stage"]


def merge_funds(
    data: FundData, predecessors: Sequence[str], into: str, *, first: int, same_people: bool = False
) -> FundData:
    """The data set with predecessors merged into their successor before its first year.

    Sums are summed; means are weighted and ratios taken of the sums, by the roll-up rule of
    each item. What cannot be told is left out: an item that one predecessor has and another,
    which has it elsewhere, lacks in that period; periods in which one of them has no figure at
    all; items that have no meaning in sum. Each is a finding, none is a zero.

    Parameters
    ----------
    data : FundData
    predecessors : sequence of str
        Funds before the merger; the successor itself among them where it took the others in
        (employee medical took in maternity insurance).
    into : str
        The merged fund.
    first : int
        Its first year; earlier figures are spliced.
    same_people : bool
        Whether the predecessors insured the same people (maternity and employee medical): then
        heads, rates and levels are not added but left out, unless `into` is a predecessor, whose
        own heads stand.

    Returns
    -------
    FundData
        Spliced figures bear ``method`` and ``caliber`` ``"spliced"`` and replace the figures of
        all predecessors before `first`. A published figure of the merged fund itself stands.
        Findings tell what was left out.

    Raises
    ------
    SibError
        If a fund is unknown, or fewer than two are named.

    Examples
    --------
    >>> import sibforecast as sib
    >>> data = sib.load(sib.sample("nmg"))
    >>> one = sib.merge_funds(data, ["work_injury", "unemployment"], "unemployment", first=2020)
    >>> one.history.query("caliber == 'spliced'")["programme"].unique().tolist()
    ['unemployment']
    """
    known = data.programmes
    names = tuple(dict.fromkeys(predecessors))
    faults = [f"unknown fund {p!r}{items.did_you_mean(p, known)}" for p in names if p not in known]
    if into not in known and into not in registry.SEVEN:
        faults.append(f"unknown fund {into!r}{items.did_you_mean(into, {*known, *registry.SEVEN})}")
    if len(names) < 2:
        faults.append("a merger needs two predecessors or more")
    if faults:
        raise SibError("merge_funds: " + "; ".join(faults))
    frame = data.history.astype(dict.fromkeys(("region", "programme", "item", "period", "stage", "method", "file"), str))
    if "caliber" not in frame:
        frame["caliber"] = ""
    early = frame["programme"].isin(names) & (frame["period"].str[:4].astype(int) < first)
    found = Collector()
    merged = _merged(frame[early], names, into, same_people, found)
    rest = frame[~early]
    keys = ["region", "programme", "item", "period", "stage"]
    own = pd.MultiIndex.from_frame(rest[keys])
    merged = merged[~pd.MultiIndex.from_frame(merged[keys]).isin(own)]  # a published figure of the merged fund stands
    whole = pd.concat([rest, merged], ignore_index=True)
    for column in ("region", "programme", "item", "period", "stage", "method", "file"):
        whole[column] = whole[column].astype("category")
    funds = {c: p for c, p in known.items() if c in set(whole["programme"])}
    funds.setdefault(into, known[into] if into in known else registry.SEVEN[into])
    findings = Findings.of([*data.findings.records(), *found.rows], data.provenance)
    return data.replaced(lambda: whole, programmes=funds, findings=findings)


def _merged(rows: pd.DataFrame, names: tuple[str, ...], into: str, same_people: bool, found: Collector) -> pd.DataFrame:
    """One row for each area, item, period and stage that can be told of the merged fund."""
    wide = rows.pivot_table(index=_KEYS, columns=["item", "programme"], values="value", aggfunc="first")
    told = wide.notna().T.groupby(level="programme").any().T.reindex(columns=list(names), fill_value=False)
    for period in sorted(set(told.index[~told.all(axis=1)].get_level_values("period"))):
        there = [p for p in names if told.loc[told.index.get_level_values("period") == period, p].any()]
        found.add("not_spliced", "note", f"not every predecessor of {into} has figures: {', '.join(there)} alone is not the "
                  "merged fund", programme=into, period=str(period), mend="add the missing figures")
    wide = wide[told.all(axis=1)]
    out: dict[str, pd.Series[Any]] = {}
    for item in wide.columns.unique("item"):
        value = _together(wide, str(item), names, into, same_people)
        there = np.any([_of(wide, str(item), p).notna().to_numpy() for p in names], axis=0)
        out[str(item)] = value
        lost = int((there & value.isna().to_numpy()).sum())
        if lost:
            found.add("not_spliced", "note", f"{item} of {into} cannot be put together in {lost} areas and periods",
                      programme=into, item=str(item), mend="enter the merged figure")
    parts = [
        pd.DataFrame({
            "region": value.index.get_level_values("region"), "programme": into, "item": item,
            "period": value.index.get_level_values("period"), "stage": value.index.get_level_values("stage"),
            "value": value.to_numpy(), "method": SPLICED, "file": " + ".join(names), "row": 0, "quantum": np.nan,
            "caliber": SPLICED,
        }) for item, value in ((i, v.dropna()) for i, v in out.items()) if len(value)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True) if parts else rows.iloc[:0]


def _together(wide: pd.DataFrame, item: str, names: tuple[str, ...], into: str, same_people: bool) -> pd.Series[Any]:
    """An item of the merged fund by its roll-up rule; unknown where it cannot be told."""
    entry = items.item(item)
    money = entry.unit == "currency"
    if same_people and not money:
        return _of(wide, item, into) if into in names else _of(wide, item, "")
    if entry.rollup == "sum":
        total = pd.Series(0.0, index=wide.index)
        for name in names:
            value = _of(wide, item, name)
            total = total + (value if value.notna().any() else 0.0)  # a line this fund never had
        return total
    if entry.rollup.startswith("mean:"):
        for weight in entry.rollup.removeprefix("mean:").split("|"):
            parts = [(_of(wide, item, n), _of(wide, weight, n)) for n in names]
            heads = sum((w for _, w in parts), start=pd.Series(0.0, index=wide.index))
            mean = sum((v * w for v, w in parts), start=pd.Series(0.0, index=wide.index)) / heads.where(heads > 0)
            if mean.notna().any():
                return mean
    above, _, below = entry.rollup.removeprefix("ratio:").partition("/")
    if above in items.CATALOGUE and below in items.CATALOGUE:
        ratio = [_together(wide, i, names, into, same_people) for i in (above, below)]
        return ratio[0] / ratio[1].where(ratio[1] > 0)
    return _of(wide, item, "")


def _of(wide: pd.DataFrame, item: str, programme: str) -> pd.Series[Any]:
    """A predecessor's figures; unknown where it has none."""
    if (item, programme) in wide.columns:
        return wide[(item, programme)]
    return pd.Series(np.nan, index=wide.index)
