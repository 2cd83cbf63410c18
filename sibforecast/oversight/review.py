"""`review`: what areas report, checked before anyone adds it up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from sibforecast.errors import DataError, SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.oversight import (
    review_formulas,
    review_growth,
    review_identities,
    review_peers,
    review_plausible,
    review_policies,
    review_words,
)
from sibforecast.oversight.review_accounts import Accounts, accounts_of
from sibforecast.oversight.review_beside import beside
from sibforecast.oversight.review_calendar import calendar
from sibforecast.oversight.review_causes import likely_cause, mark_consequences, money_at_stake
from sibforecast.oversight.review_registry import Check, Hit, written
from sibforecast.phrases import Teller
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.data import FundData
from sibforecast.tables.load import read
from sibforecast.tables.schema import STAGES

_ROOMS = (review_identities, review_formulas, review_plausible, review_growth, review_peers, review_policies, review_words)
#: Every check by its id, in order.
CHECKS: dict[str, Check] = {
    check.id: check for check in sorted((c for room in _ROOMS for c in room.CHECKS), key=lambda c: c.id)
}
#: Findings of the reading that the review tells anew, with more about them.
_RETOLD = ("I1_revenue_subtotal", "I1_expenditure_subtotal", "I1_benefit_expenditure", "I1_total_revenue", "I1_total_expenditure",
           "I2", "I3", "I3_opening", "I4", "children_sum")  # fmt: skip

Tolerances = Mapping[str, float | Mapping[str, float]]


@dataclass(frozen=True, repr=False)
class Review(Findings):
    """What a review found, with the money at stake.

    Beside the columns of all findings: `difference` (found − expected, in the item's base
    unit), `cause` (what it most likely comes from), `at_stake` (money, in currency units; of a
    driver the part of its line that the difference moves) and `follows` (the check whose
    finding this one follows from; blank for a root).
    """

    data: FundData | None = field(default=None, repr=False)
    stage: str = "reported"
    accounts: int = 0
    uncompared: int = 0

    columns: ClassVar[tuple[str, ...]] = (*Findings.columns, "difference", "cause", "at_stake", "follows")

    def ranked(self) -> pd.DataFrame:
        """Findings that follow from no other, by the money at stake, largest first.

        Returns
        -------
        DataFrame
            id, severity, region, name, programme, item, period, found, expected, difference,
            at_stake, cause, message; findings without an amount stand last, notes behind all others.
        """
        roots = self.by_money().frame
        labels = self.labels()
        roots["name"] = [labels.get(str(r), "") for r in roots["region"]]
        shown = ["id", "severity", "region", "name", "programme", "item", "period", "found", "expected", "difference", "at_stake",
                 "cause", "message"]  # fmt: skip
        return roots[shown]

    def by_money(self) -> Review:
        """The findings that follow from no other, largest sum of money first, notes behind.

        `ranked` shows the same as a table to read.
        """
        frame = self.frame
        roots = frame[frame["follows"].fillna("") == ""]
        roots = roots.sort_values("at_stake", ascending=False, na_position="last", kind="stable")
        kept = roots.sort_values("severity", key=lambda s: s == "note", kind="stable").reset_index(drop=True)
        return Review(lambda: kept, self.provenance, data=self.data, stage=self.stage, accounts=self.accounts,
                      uncompared=self.uncompared)

    def recomputed(self, year: int | None = None) -> pd.DataFrame:
        """Each yearly figure reported, beside our own draft of the year made without this stage.

        See `review_beside.beside`.

        Parameters
        ----------
        year : int, optional
            The year; by default the last one under review.

        Returns
        -------
        DataFrame
            region, programme, item, period, reported, expected, lower, upper, difference,
            plausible (inside the band; blank where there is none), habit (how earlier plans of the fund and item
            stray, by which the band of a plan reaches further), method.

        Raises
        ------
        SibError
            If nothing is reported for the year, or nothing is known before it.
        """
        if self.data is None:
            raise SibError("this review has no data set behind it")
        return beside(self.data, self.stage, year)

    def headline(self) -> str:
        """How much was reviewed and what was found."""
        money = self.by_money().frame["at_stake"].sum()
        divisor, unit = scale_for(float(money), self.data.currency if self.data is not None else "yuan")
        mark = "ILLUSTRATIVE " if self.data is not None and self.data.illustrative else ""
        bare = f"; {self.uncompared} figure{'s' if self.uncompared != 1 else ''} not compared" if self.uncompared else ""
        said = f"{mark}{self.stage}, {self.accounts} accounts: {super().headline()}"
        return f"{said}; {money / divisor:,.2f} ({unit}) at stake{bare}"

    def summary(self) -> Any:
        """The findings with most money at stake."""
        top = self.ranked().head(10)
        if top.empty:
            return "nothing found"
        short = top[["id", "region", "programme", "item", "found", "at_stake", "cause"]]
        return short.assign(at_stake=(top["at_stake"] / 1e4).round(1)).rename(columns={"at_stake": "at stake, 10k"})

    def spoken(self, teller: Teller) -> Any:
        """The same in a language."""
        return Result.spoken(self, teller)


def review(data: FundData | str | Path, stage: str = "reported", *, tolerances: Tolerances | None = None) -> Review:
    """Review what areas report: identities, formulas, plausibility, words.

    The checks R-01 … R-19 of `checks` are made of every account (area, fund, period) of the
    stage; last year's figures are those of the first of final, expected, executed, adjusted,
    budget that has them. A finding that only follows from another says so in `follows`.

    Parameters
    ----------
    data : FundData or path
        The data set. Given as a path, what cannot be read for certain (an unknown item, a fund
        that does not exist) is a finding among the others, and the rest is reviewed.
    stage : str
        Which figures are under review: ``reported`` drafts, or ``budget``, ``executed``, ``final`` …
    tolerances : mapping, optional
        Tolerances other than the defaults of `checks`: a number for a check's first one
        (``{"R-06": 0.03}``) or several by name (``{"R-11": {"share": 0.25, "small": 0.4}}``).

    Returns
    -------
    Review
        Findings, errors first, with difference, likely cause and money at stake.

    Raises
    ------
    SibError
        If the stage or a tolerance is unknown, or the stage has no figures.

    Examples
    --------
    >>> import sibforecast as sib
    >>> found = sib.review(sib.load(sib.sample("oasdi")), stage="final")
    >>> found.ok
    True
    """
    limits = _limits(tolerances)
    if stage not in STAGES:
        raise SibError(f"unknown stage {stage!r}{did_you_mean(stage, STAGES)}; expected one of {', '.join(STAGES)}")
    given: list[dict[str, Any]] = []
    if not isinstance(data, FundData):
        loaded, findings = read(Path(data))
        if loaded is None:
            raise DataError(f"{data}: there is nothing to review", findings)
        data, given = loaded, findings.records()
    accounts = accounts_of(data, stage)
    if not len(accounts) and not accounts.strange:
        if any(r["severity"] == "error" for r in given):
            raise DataError(f"there is nothing to review at stage {stage}", Findings.of(given))
        view = data._view()
        there = ", ".join(sorted(set(view.loc[view["value"].notna(), "stage"].astype(str))))
        raise SibError(f"no figures at stage {stage}; there are {there or 'none at all'}")
    made = [_record(accounts, CHECKS[id], hit) for id, hits in _hits(accounts, limits).items() for hit in hits]
    slipped = {(*_key(r), r["item"]) for r in made if r["id"] == "R-16"}
    rows = [r for r in given if not ((r["id"] in _RETOLD and _key(r) in accounts.place)
                                     or (r["id"] == "unit_slip" and (*_key(r), r["item"]) in slipped))]  # fmt: skip
    rows += [*calendar(accounts), *made]
    bare = accounts.not_compared()
    if bare:
        rows.append(_bare(bare))
    for row in rows:
        row.setdefault("follows", "")
    mark_consequences(rows, CHECKS, accounts)
    plain = Review.of(rows, {**data.provenance, "stage": stage})

    def build() -> pd.DataFrame:
        return plain.frame.astype({"difference": float, "at_stake": float})

    return Review(build, plain.provenance, data=data, stage=stage, accounts=len(accounts),
                  uncompared=sum(map(len, bare.values())))


def _bare(found: Mapping[tuple[str, str, str], list[str]]) -> dict[str, Any]:
    """One note for all figures of which no earlier year is known."""
    names = dict.fromkeys(item for many in found.values() for item in many)
    count = sum(map(len, found.values()))
    message = f"not compared with earlier years: {count} of the figures of {len(found)} of the accounts: {', '.join(names)}"
    return {
        "id": "not_compared", "severity": "note", "table": "history", "row": None, "column": "value", "region": None,
        "programme": None, "item": next(iter(names)) if len(names) == 1 else None, "period": None,
        "expected": "a figure of one of the three years before", "found": "none",
        "message": message,
        "mend": "enter an earlier year's figures, or look at these by hand", "difference": float("nan"), "cause": "",
        "at_stake": float("nan"), "follows": "",
    }  # fmt: skip


def checks() -> pd.DataFrame:
    """The checks of the review, one a row: what must hold, how strictly, and why.

    Returns
    -------
    DataFrame
        id, title, severity, tolerance, source, status, consequences, mend. It never raises.

    Examples
    --------
    >>> from sibforecast.oversight.review import checks
    >>> len(checks()), checks().loc[5, "tolerance"]
    (19, 'share 0.02, steps 1, carried 0.5')
    """
    rows = [
        (c.id, c.title, c.severity, ", ".join(f"{k} {v:g}" for k, v in c.tolerance.items()), c.source, c.status,
         ", ".join(c.consequences), c.mend)
        for c in CHECKS.values()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["id", "title", "severity", "tolerance", "source", "status", "consequences", "mend"])


def _hits(accounts: Accounts, limits: Mapping[str, Mapping[str, float]]) -> dict[str, list[Hit]]:
    """What each check hits, in order; the comparison with peers is made last, knowing what the others found."""
    last = "R-12"
    hits = {id: list(check.run(accounts, limits[id])) if id != last else [] for id, check in CHECKS.items()}
    found = (hit for many in hits.values() for hit in many if hit.table == "history" and not hit.region)
    accounts.shared["found"] = {(hit.account, hit.item) for hit in found}
    hits[last] = list(CHECKS[last].run(accounts, limits[last]))
    return hits


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row.get("region")), str(row.get("programme")), str(row.get("period"))


def _limits(given: Tolerances | None) -> dict[str, Mapping[str, float]]:
    """The tolerances of every check; all faults of the given ones at once."""
    limits = {check.id: dict(check.tolerance) for check in CHECKS.values()}
    faults = []
    for id, value in (given or {}).items():
        if id not in limits:
            faults.append(f"unknown check {id!r}{did_you_mean(id, limits)}; expected R-01 … R-19")
            continue
        names = list(limits[id])
        if not isinstance(value, Mapping) and not names:
            faults.append(f"{id} has no tolerance")
            continue
        for name, number in (value if isinstance(value, Mapping) else {names[0]: value}).items():
            if name not in names:
                faults.append(f"{id} has no tolerance {name!r}; it has {', '.join(names) or 'none'}")
            elif not float(number) >= 0.0:
                faults.append(f"{id} {name} must not be below 0; found {number}")
            else:
                limits[id][name] = float(number)
    if faults:
        raise all_faults(SibError, "tolerances", faults)
    return dict(limits)


def _record(accounts: Accounts, check: Check, hit: Hit) -> dict[str, Any]:
    """One finding of a check."""
    region, programme, period = accounts.keys[hit.account]
    region = hit.region or region
    cause, stake = likely_cause(accounts, hit), money_at_stake(accounts, hit)
    column = accounts.columns.get(hit.item)
    told = column is not None and hit.table == "history" and not hit.region
    row = hit.row or (int(accounts.row[hit.account, column]) if told else 0)
    message = "; ".join(filter(None, (check.title, hit.detail, f"likely cause: {cause}" if cause else "")))
    return {
        "id": check.id, "severity": hit.severity or check.severity, "table": hit.table, "row": row or None,
        "column": "value" if hit.table == "history" else {"statements": "text"}.get(hit.table, "value"),
        "region": region, "programme": programme, "item": hit.item, "period": period,
        "expected": hit.said or written(hit.item, hit.expected) or None, "found": written(hit.item, hit.found) or None,
        "message": message, "mend": check.mend, "difference": hit.found - hit.expected, "cause": cause, "at_stake": stake,
        "follows": hit.follows,
    }  # fmt: skip
