"""The causes that `share` takes: read into the columns of an attribution, every cell that is not understood refused at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import pandas as pd

from sibforecast.analysis.attribution import COLUMNS, Attribution, announced_rows
from sibforecast.analysis.reading import amounts, area_reader, fund_reader, names_of, period_of, plain, read_words
from sibforecast.analysis.rules_file import WORDS
from sibforecast.errors import SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.projection.draft import BudgetDraft
from sibforecast.tables.cells import read_code, read_truth
from sibforecast.tables.data import FundData
from sibforecast.tables.names import Names
from sibforecast.tables.schema import LEVEL_LOOKUP, STAGE_LOOKUP

#: What a cause's words may be written as, beside the words of the rules.
_MEANT: dict[str, Mapping[str, str]] = {
    "stage": {w: "execution" if c == "executed" else c for w, c in STAGE_LOOKUP.items() if c in ("budget", "executed")},
    "side": {"收入": "revenue", "支出": "expenditure"},
    "decided_by": {**LEVEL_LOOKUP, "事件": "event"},
}  # fmt: skip


def read_causes(causes: object, data: FundData | None) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """The causes with all columns of an attribution, and what is to be said about them.

    Areas and funds are taken by code or name. Without a data set an area is the word itself,
    and a fund nobody knows is a code of its own, with a warning.

    Raises
    ------
    SibError
        With all faults at once: columns that are missing or stand twice; an area, fund,
        period, amount or word that is not understood.
    """
    table = _table(causes)
    twice = sorted({str(c) for c in table.columns[table.columns.duplicated()]} & set(COLUMNS))
    missing = [c for c in ("region", "programme", "value") if c not in table]
    if missing or twice:
        told = [f"the causes lack {', '.join(missing)}; expected at least region, programme and value"] if missing else []
        raise SibError("; ".join(told + [f"the causes have {c} twice: keep one column" for c in twice]))
    names = names_of(data)
    faults: list[str] = []
    out = pd.DataFrame(index=range(len(table)))
    for column in COLUMNS:
        blank = False if column == "known_at_budget" else ""
        if column not in table:
            out[column] = pd.Series([blank] * len(table), dtype=object)
        elif column == "value":
            out[column] = amounts(table[column], "the causes", "value", faults)
        else:
            out[column] = pd.Series(read_words(table[column], _reader(column, data, names), column, faults), dtype=object)
    if faults:
        raise all_faults(SibError, "the causes cannot be shared", faults)
    return out, list(_unknown_funds(out, names))


def _reader(column: str, data: FundData | None, names: Names) -> Callable[[Any], Any]:
    """How a cell of a column is read."""
    if column in ("region", "programme"):
        by_word = (area_reader if column == "region" else fund_reader)(data, names)

        def keyed(cell: Any) -> str:
            text = read_code(cell)
            if not text:
                raise SibError(f"the {column} is blank; give it a code or name")
            return by_word(text)

        return keyed
    if column in WORDS:
        return lambda cell: _word(column, cell)
    return {"period": period_of, "known_at_budget": _truth}.get(column, plain)


def _truth(cell: Any) -> bool:
    """True or false; blank is false."""
    text = read_code(plain(cell))
    met = read_truth(text) if text else False
    if met is None:
        raise SibError(f"found {text!r}, expected true or false")
    return met


def _word(column: str, cell: Any) -> str:
    """A word the rules know, or blank."""
    text = read_code(plain(cell))
    low = text.lower()
    code = low if low in WORDS[column] else _MEANT.get(column, {}).get(low, "")
    if text and not code:
        known = WORDS[column]
        raise SibError(f"unknown {column} {text!r}{did_you_mean(text, known)}; expected one of {', '.join(known)}, or blank")
    return code


def _unknown_funds(table: pd.DataFrame, names: Names) -> Iterator[dict[str, Any]]:
    """Funds that nobody declared: they are shared by their own code, and that is said."""
    known = {*names.programmes.values(), *names.declared}
    for code in dict.fromkeys(table["programme"]):
        if code not in known:  # its rows are shared all the same
            near = get_close_matches(str(code), sorted(known | set(names.programmes)), n=3, cutoff=0.7)
            yield {"id": "unknown_programme", "severity": "warning", "programme": str(code), "found": str(code),
                   "expected": ", ".join(near), "message": "the fund is none of the seven, and no data set declares it",
                   "mend": "correct the fund, or give the data set that declares it"}  # fmt: skip


def _table(causes: object) -> pd.DataFrame:
    """The causes as a table: those of a draft are its gaps."""
    if isinstance(causes, BudgetDraft):
        frame = causes.frame
        gap = frame[(frame["stage"] == "draft") & (frame["item"] == "gap")]
        table = gap[["region", "programme", "period", "value"]].assign(
            stage="budget", kind="budget", cause="budget_gap", known_at_budget=True
        )
        return _local_apart(table.astype({"region": str, "programme": str, "period": str}), causes)
    if not isinstance(causes, (Attribution, pd.DataFrame)):
        raise SibError(f"share takes an attribution, a draft or a table of causes; found {type(causes).__name__}")
    return causes.frame if isinstance(causes, Attribution) else causes


def _local_apart(table: pd.DataFrame, draft: BudgetDraft) -> pd.DataFrame:
    """The budget gaps of a draft with announced local decisions as rows of their own, in the areas it is drawn up for."""
    local = pd.DataFrame(announced_rows(draft), columns=list(COLUMNS))
    if local.empty:
        return table
    here, tree = set(table["region"]), draft.source.regions
    local["region"] = [next((a for a in (r, *tree.ancestors(r)) if a in here), r) for r in local["region"]]
    local = local[local["region"].isin(here)]
    keys = ["region", "programme", "period"]
    apart = local.groupby(keys)["value"].sum()
    held = pd.MultiIndex.from_frame(table[keys])
    table = table.assign(value=table["value"].to_numpy() - apart.reindex(held).fillna(0.0).to_numpy())
    return pd.concat([table, local], ignore_index=True)
