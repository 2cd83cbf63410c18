"""Years that are known for good: where the account is final, nothing of that year is expected any more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: What makes a year's account: where these agree to the cent, the outturn "expected" is the final account.
_ACCOUNT = ("total_revenue", "total_expenditure", "closing_balance")
_COLUMNS = ("region", "programme", "item", "period", "stage", "value")


def as_known(frame: pd.DataFrame) -> pd.DataFrame:
    """A draft's table for readers: of a year whose account is final the expected outturn is not shown beside it.

    Parameters
    ----------
    frame : pandas.DataFrame
        Rows of region, programme, item, period, stage and value, as of a draft.

    Returns
    -------
    pandas.DataFrame
        The same table, or one in which the years whose totals at stage ``expected`` are all those
        at stage ``final`` stand at stage ``final`` alone. What only ``expected`` held of such a
        year (heads and levels computed from the account) is kept, at stage ``final``.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"region": "A", "programme": "unemployment", "item": "total_revenue", "period": "2025",
    ...                      "stage": ["final", "expected"], "value": [5.0, 5.0]})
    >>> as_known(rows)["stage"].tolist()
    ['final']
    """
    if not set(_COLUMNS) <= set(frame.columns) or not {"final", "expected"} <= set(frame["stage"]):
        return frame
    keys = [c for c in ("region", "programme", "item", "period", "scenario") if c in frame.columns]
    stage = frame["stage"].astype("object")
    plain = frame[keys].astype("object").fillna("")
    told = list(plain.itertuples(index=False, name=None))
    values = dict(zip(zip(told, stage, strict=True), frame["value"].astype(float), strict=True))
    place = {key: n for n, key in enumerate(keys)}
    agree: dict[str, bool] = {}
    for (key, at), value in values.items():
        if at == "expected" and key[place["item"]] in _ACCOUNT and value == value:
            period = str(key[place["period"]])
            agree[period] = agree.get(period, True) and same(value, values.get((key, "final"), float("nan")))
    settled = [agree.get(str(key[place["period"]]), False) for key in told]
    kept = []
    for key, at, known in zip(told, stage, settled, strict=True):
        final = values.get((key, "final"), float("nan"))
        blank = at == "final" and final != final and (key, "expected") in values
        kept.append(not known or not (blank or (at == "expected" and final == final)))
    if not any(settled):
        return frame
    moved = ["final" if known and at == "expected" else at for known, at in zip(settled, stage, strict=True)]
    return frame.assign(stage=moved)[kept]


def same(one: float, other: float) -> bool:
    """Whether two amounts are equal to the cent, as forms show them."""
    return math.isfinite(one) and math.isfinite(other) and abs(one - other) < 0.005 + 1e-13 * abs(other)
