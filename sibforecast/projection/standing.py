"""The standing of a draft: versions that are frozen, kept and compared. Records only, no workflow."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pandas as pd

from sibforecast import items
from sibforecast.errors import DataError, SibError, all_faults
from sibforecast.programmes.registry import KINDS
from sibforecast.projection.draft import BudgetDraft
from sibforecast.projection.project import Projection
from sibforecast.results import Result
from sibforecast.tables.data import FundData

#: Statuses in the order a budget goes through them, and the stage its figures bear in a data set.
STATUSES = {"draft": "draft", "reviewed": "draft", "approved": "budget", "adjusted": "adjusted"}
_KEYS = ["region", "programme", "item", "period"]
_COLUMNS = ("region", "programme", "item", "period", "stage", "value", "method")


@dataclass(frozen=True, repr=False)
class BudgetVersion(Result):
    """A budget as it stood: its figures, its status, who compiled and reviewed it, and when.

    Attributes
    ----------
    status : str
        ``draft``, ``reviewed``, ``approved`` or ``adjusted``.
    year : int
        The budget year.
    compiled_by, reviewed_by, note : str
        As entered; nothing is made up.
    date, reviewed_on : str
        Days, as in ``2026-11-20``.
    content : str
        Fingerprint of the figures (SHA-256): two versions with the same one are the same to
        the last bit, and a file whose figures were changed is refused when read back.
    """

    status: str = "draft"
    year: int = 0
    compiled_by: str = ""
    reviewed_by: str = ""
    date: str = ""
    reviewed_on: str = ""
    note: str = ""
    content: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict, repr=False)

    columns: ClassVar[tuple[str, ...]] = _COLUMNS

    def headline(self) -> str:
        """Year, status, who and when, and the fingerprint."""
        by = f", compiled by {self.compiled_by}" if self.compiled_by else ""
        seen = f", reviewed by {self.reviewed_by}" if self.reviewed_by else ""
        seen += f" on {self.reviewed_on}" if self.reviewed_on else ""
        return f"{self.year} {self.status} of {self.date}{by}{seen}; figures {self.content[:12]}"

    def summary(self) -> pd.DataFrame:
        """Revenue, expenditure, gap and closing balance by fund, in 100 million, as the areas report them.

        Blank where that of some area is unknown.
        """
        frame = self.frame
        shown = ["total_revenue", "total_expenditure", "gap", "closing_balance"]
        rows = frame[frame["item"].isin(shown)]
        funds = rows.groupby(["programme", "item"], sort=False)["value"]
        table, told = funds.sum().unstack("item"), funds.count().unstack("item")
        areas = rows.groupby("programme", sort=False)["region"].nunique()
        whole = told.ge(areas.reindex(told.index), axis=0)
        return (table.where(whole).reindex(columns=shown) / 1e8).round(2)


def freeze(
    budget: BudgetDraft | Projection | FundData, *, status: str, date: str, compiled_by: str = "", reviewed_by: str = "",
    reviewed_on: str = "", note: str = "", scenario: str | None = None,
) -> BudgetVersion:  # fmt: skip
    """Keep a budget as it stands: a copy that nothing can change later.

    Parameters
    ----------
    budget : BudgetDraft, Projection or FundData
        The draft of its year; a projection of one year under a scenario (a proposed
        adjustment); or one slice of a data set, ``data.at("2026", "budget")``.
    status : {"draft", "reviewed", "approved", "adjusted"}
        In a data set the figures of a draft or reviewed version bear the stage ``draft``, of
        an approved one ``budget``, of an adjusted one ``adjusted``.
    date : str
        The day the version stood so, ``2026-11-20``.
    compiled_by, reviewed_by, reviewed_on, note : str
        As they are to be remembered. A reviewed version names who reviewed it.
    scenario : str, optional
        Of a projection with several scenarios, the one to keep.

    Returns
    -------
    BudgetVersion

    Raises
    ------
    SibError
        With all faults at once: an unknown status, a date that is none, a reviewed version
        without a reviewer, figures of more than one year or stage.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> kept = freeze(draft, status="draft", date="2005-11-20", compiled_by="budget office")
    >>> kept.status, set(kept.frame["stage"])
    ('draft', {'draft'})
    """
    faults = [f"unknown status {status!r}; expected one of {', '.join(STATUSES)}"] if status not in STATUSES else []
    wrong = [(n, d) for n, d in (("date", date), ("reviewed_on", reviewed_on)) if not _is_day(d) and (d or n == "date")]
    faults += [f"{name} must be a day such as 2026-11-20; found {day!r}" for name, day in wrong]
    if status == "reviewed" and not reviewed_by.strip():
        faults.append("a reviewed version names who reviewed it: give reviewed_by")
    if faults:
        raise all_faults(SibError, "freeze", faults)
    figures, source = _figures(budget, scenario)
    figures["stage"] = STATUSES[status]
    figures = figures.sort_values(_KEYS, kind="stable", ignore_index=True)
    provenance = dict(budget.provenance)
    return _version(
        figures, provenance, status=status, date=date, compiled_by=compiled_by, reviewed_by=reviewed_by,
        reviewed_on=reviewed_on, note=note, kinds={code: p.kind for code, p in source.programmes.items()},
    )  # fmt: skip


def _figures(budget: Any, scenario: str | None) -> tuple[pd.DataFrame, FundData]:
    """The budget year's figures, and the data set behind them."""
    if isinstance(budget, BudgetDraft):
        frame = budget.frame
        frame, source = frame[frame["stage"] == "draft"], budget.source
    elif isinstance(budget, Projection):
        frame, source = budget.frame, budget.source
        titles = list(frame["scenario"].astype(str).unique())
        if scenario is None and len(titles) > 1:
            raise SibError(f"freeze keeps one scenario: choose scenario= of {', '.join(map(repr, titles))}")
        if scenario is not None and scenario not in titles:
            raise SibError(f"no scenario {scenario!r}; there are {', '.join(map(repr, titles))}")
        frame = frame if scenario is None else frame[frame["scenario"] == scenario]
    elif isinstance(budget, FundData):
        frame, source = budget.history.assign(method="data"), budget.whole or budget
        stages = list(frame["stage"].astype(str).unique())
        if len(stages) != 1:
            raise SibError(f"freeze keeps one slice of a data set, data.at(period, stage); found the stages {', '.join(stages)}")
    else:
        raise SibError(f"freeze keeps a draft, a projection or a slice of a data set; found {type(budget).__name__}")
    years = sorted(frame["period"].astype(str).unique())
    if len(years) != 1:
        raise SibError(f"freeze keeps one budget year; found {', '.join(years) or 'no figures'}")
    return frame[list(_COLUMNS)].astype({c: str for c in _COLUMNS if c != "value"}), source


def _version(figures: pd.DataFrame, provenance: Mapping[str, Any], **words: Any) -> BudgetVersion:
    content = _fingerprint(figures)
    marks = {k: words[k] for k in ("status", "date", "compiled_by", "reviewed_by", "reviewed_on", "note")}
    kinds = {code: words["kinds"][code] for code in figures["programme"].unique() if code in words["kinds"]}
    year = int(str(figures["period"].iloc[0])[:4])
    return BudgetVersion(
        figures.copy, MappingProxyType(dict(provenance) | marks | {"year": year, "content": content, "kinds": kinds}),
        year=year, content=content, kinds=kinds, **marks,
    )  # fmt: skip


def _fingerprint(figures: pd.DataFrame) -> str:
    """SHA-256 of the figures, to the last bit; blank is not zero."""
    rows = [[v if not isinstance(v, float) else repr(v) for v in row] for row in figures[list(_COLUMNS)].to_numpy().tolist()]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except (ValueError, TypeError):
        return False


def read_version(path: str | Path) -> BudgetVersion:
    """A version as it was written with ``to_json``: the same figures to the last bit.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    BudgetVersion

    Raises
    ------
    DataError
        If the file is no version, or its figures are not those that were frozen.

    Examples
    --------
    >>> import tempfile
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> kept = freeze(draft, status="approved", date="2005-12-30")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = kept.to_json(f"{folder}/approved.json")
    ...     again = read_version(f"{folder}/approved.json")
    >>> again.content == kept.content
    True
    """
    place = Path(path)
    try:
        record = json.loads(place.read_text("utf-8-sig"))
    except FileNotFoundError as fault:
        raise SibError(f"there is no file {place}") from fault
    except (ValueError, UnicodeDecodeError) as fault:
        raise DataError(f"{place.name}: not a JSON file: {fault}") from fault
    told = record.get("provenance") if isinstance(record, dict) else None
    if not isinstance(told, dict) or record.get("kind") != "BudgetVersion" or told.get("status") not in STATUSES:
        raise DataError(f"{place.name}: not a budget version; expected what to_json of a BudgetVersion writes")
    if record.get("columns") != list(_COLUMNS) or not record.get("rows"):
        raise DataError(f"{place.name}: expected rows of {', '.join(_COLUMNS)}; found {record.get('columns')}")
    figures = pd.DataFrame(record["rows"], columns=list(_COLUMNS))
    figures["value"] = pd.to_numeric(figures["value"], errors="coerce").astype(float)
    if _fingerprint(figures) != told.get("content"):
        raise DataError(f"{place.name}: the figures are not those that were frozen (fingerprint {str(told.get('content'))[:12]})")
    words = {k: str(told.get(k, "")) for k in ("status", "date", "compiled_by", "reviewed_by", "reviewed_on", "note")}
    return _version(figures, told, kinds=told.get("kinds", {}), **words)


def compare(before: BudgetVersion, after: BudgetVersion) -> pd.DataFrame:
    """Two versions side by side: every line that moved, and which of its drivers did.

    Parameters
    ----------
    before, after : BudgetVersion
        Versions of the same year, such as the approved and the adjusted budget.

    Returns
    -------
    DataFrame
        region, programme, item, period, before, after, difference, drivers: lines, totals and
        balances that differ. A figure that only one version has is blank in the other, and so
        is the difference. `drivers` names the drivers and rates a line is computed from that
        differ as well (of the programme's own rules), without those that only follow others;
        blank where the line itself was set.

    Raises
    ------
    SibError
        If the two are not versions of the same year.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> more = sib.Change(item="contribution_rate", multiply=1.01, start="2006-01", decided_by="nation")
    >>> one = freeze(draft, status="approved", date="2005-12-30")
    >>> two = freeze(sib.project(draft.assumptions, sib.Scenario("more", more)), status="adjusted", date="2006-05-30")
    >>> moved = compare(one, two).query("programme == 'oasi' and item == 'contribution_revenue'")
    >>> moved["drivers"].tolist(), bool((moved["difference"] > 0).all())
    (['contribution_rate'], True)
    """
    for version in (before, after):
        if not isinstance(version, BudgetVersion):
            raise SibError(f"compare takes two versions, freeze(draft, …); found {type(version).__name__}")
    if before.year != after.year:
        raise SibError(f"the versions are of {before.year} and {after.year}: compare versions of the same year")
    sides = [v.frame.set_index(_KEYS)["value"].rename(n) for v, n in ((before, "before"), (after, "after"))]
    table = pd.concat(sides, axis=1).reset_index()
    apart = (table["after"] - table["before"]).abs() > 1e-9 * table[["before", "after"]].abs().max(axis=1)
    moved = table[apart | (table["before"].isna() != table["after"].isna())]
    driven = moved["item"].map(_is_driver).astype(bool)
    drivers = moved[driven]
    there: dict[tuple[str, str], set[str]] = {}
    for region, fund, item in drivers[["region", "programme", "item"]].itertuples(index=False):
        there.setdefault((region, fund), set()).add(item)
    lines = moved[~driven].copy()
    lines["difference"] = lines["after"] - lines["before"]
    kinds = dict(before.kinds) | dict(after.kinds)
    lines["drivers"] = [
        ", ".join(_roots(kinds.get(p, ""), there.get((r, p), set()) & _drawn(kinds.get(p, ""), i)))
        for r, p, i in lines[["region", "programme", "item"]].itertuples(index=False)
    ]
    order = {item: place for place, item in enumerate(items.CATALOGUE)}
    lines = lines.sort_values("item", key=lambda c: c.map(order), kind="stable")
    lines = lines.sort_values(["region", "programme"], kind="stable", ignore_index=True)
    lines.attrs["versions"] = [before.headline(), after.headline()]
    return lines[[*_KEYS, "before", "after", "difference", "drivers"]]


def _is_driver(item: str) -> bool:
    entry = items.CATALOGUE.get(item)
    return entry is not None and entry.side in ("driver", "rate")


def _roots(kind: str, moved: set[str]) -> list[str]:
    """Drivers that moved by themselves: those computed from another that moved follow it."""
    below = {item: _drawn(kind, item) for item in moved}
    return sorted(d for d in moved if not any(e in below[d] and d not in below[e] for e in moved))


@cache
def _drawn(kind: str, line: str) -> frozenset[str]:
    """Items that a line may be computed from, by the rules of a kind of programme."""
    rules = KINDS.get(kind, ())
    seen: set[str] = set()
    queue = [line]
    while queue:
        item = queue.pop()
        if item in seen:
            continue
        seen.add(item)
        for rule in rules:
            if rule.item == item:
                names = [n for n, _ in rule.parameters] + ([rule.follows] if rule.follows else [])
                queue.extend(n.removesuffix("_raw").removesuffix("_in_force") for n in names if not n.endswith("_opening"))
    return frozenset(seen - {line})
