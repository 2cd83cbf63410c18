"""What can be understood of figures: known areas, funds and items, each figure once; the rest is told, and left out.

Reading checks all of that. A data set changed in Python was not read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.data import FundData

_KEYS = ("region", "programme", "item", "period", "stage")


def as_understood(data: FundData) -> tuple[FundData, list[dict[str, Any]]]:
    """A data set with what can be understood of it, and findings on what is left out; itself where that is all."""
    kept, strange = understood(data._view(), data, _KEYS)
    if not strange:
        return data, []
    clean = kept.reset_index(drop=True).copy()
    for column in _KEYS:
        clean[column] = clean[column].astype("category").cat.remove_unused_categories()
    return data.replaced(lambda: clean), strange


def understood(frame: pd.DataFrame, data: FundData, keys: Sequence[str]) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The figures whose words are known, each once; what is left out, as findings."""
    strange: list[dict[str, Any]] = []
    known = {
        "region": set(data.regions.areas), "programme": {*data.programmes, PRINTED_TOTAL}, "item": set(items.CATALOGUE),
    }  # fmt: skip
    keep = np.ones(len(frame), dtype=bool)
    for column, words in known.items():
        cells = frame[column].astype("category")
        unknown = {c for c in cells.cat.categories if c not in words}
        bad = cells.isin(unknown).to_numpy() if unknown else np.zeros(len(frame), dtype=bool)
        for word, rows in frame[bad].groupby(column, observed=True, sort=False):
            first = {k: str(rows[k].iloc[0]) for k in keys}
            strange.append(first | {
                "id": f"unknown_{column}", "severity": "error", "found": str(word),
                "message": f"unknown {column} {word!r}{items.did_you_mean(str(word), words)}; {len(rows)} figures left out",
                "row": int(rows["row"].iloc[0]) if "row" in rows else None,
                "mend": f"use a {column} of the data set, or declare it",
            })  # fmt: skip
        keep &= ~bad
    frame = frame[keep]
    double = frame.duplicated(list(keys)).to_numpy()
    account = ["region", "programme", "period"]
    for key, rows in frame[double].groupby(account, observed=True, sort=False):
        strange.append({
            "id": "duplicated_report", "severity": "error", **dict(zip(account, map(str, key), strict=True)),
            "item": str(rows["item"].iloc[0]), "row": int(rows["row"].iloc[0]) if "row" in rows else None,
            "message": f"{len(rows)} figures are reported a second time; the first is taken", "mend": "keep one report",
        })  # fmt: skip
    return frame[~double], strange
