"""`share`: who carries a gap, cause by cause, by the rules, to the cent.

Causes are matched to the rules' classes, then netted by treatment: a local cause stays with
its author first, savings and over-collection help everyone before anyone pays, and a
surplus stays in the fund.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, Protocol

import pandas as pd

from sibforecast.analysis.across import follow, share_the_pool
from sibforecast.analysis.attribution import COLUMNS, Attribution
from sibforecast.analysis.bill import Unit
from sibforecast.analysis.causes import read_causes
from sibforecast.analysis.facts import Facts, expected_figures
from sibforecast.analysis.given import partly_told, read_pooling
from sibforecast.analysis.rounding import cents
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.analysis.telling import Teller
from sibforecast.analysis.telling_words import PAYERS
from sibforecast.analysis.workings import Workings
from sibforecast.errors import SibError
from sibforecast.programmes.registry import words
from sibforecast.projection.draft import BudgetDraft
from sibforecast.projection.explain import Explanation
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.regions import Regions

_KEYS = ("region", "programme", "period", "scenario")

SHARING_COLUMNS = (
    "region", "programme", "period", "stage", "scenario", "class", "cause", "treat", "payer",
    "ratio", "clause", "reason", "value",
)  # fmt: skip


class Graded(Protocol):
    """What gives grades by area: a scorecard."""

    def grades(self) -> Mapping[str, object]:
        """Area to grade."""


@dataclass(frozen=True, repr=False)
class Sharing(Result):
    """The bill: per area, fund and cause who pays; payers of an area and fund sum to its gap."""

    data: FundData | None = field(default=None, repr=False)
    rules: SharingRules | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)
    workings: Mapping[tuple[str, ...], Workings] = field(default_factory=dict, repr=False)
    titles: Mapping[str, str] = field(default_factory=dict, repr=False)

    columns: ClassVar[tuple[str, ...]] = SHARING_COLUMNS

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def headline(self) -> str:
        """Totals by payer, in 100 million; what funds without a gap keep stands apart."""
        frame, left = self.frame, self._left()
        totals = frame[~left].groupby("payer", sort=False)["value"].sum() / 1e8
        if left.any():
            totals["surplus"] = -frame.loc[left, "value"].sum() / 1e8
        return ", ".join(f"{payer} {value:,.2f}" for payer, value in totals.items()) + f" ({self._hundred_millions()})"

    def _left(self) -> pd.Series[bool]:
        """Which rows are of an area and fund without a gap: its surplus pays for no other."""
        keys = [self.frame[key].astype("object").fillna("") for key in _KEYS]
        total, own = self.frame["value"].groupby(keys).transform("sum"), self.frame["payer"] == "fund"
        return (total < 0) | (own & (self.frame["value"] < 0))  # rolled up, areas without a gap stand beside others

    def notices(self) -> list[str]:
        """What has no payer yet, and what the rules do not list: by class and cause, all areas together."""
        frame = self.frame
        out = []
        said = {"pending": "waits for a ruling", "unlisted": "is in no list of the rules: carried by {}, shown apart"}
        for treat, told in said.items():
            rows = frame[(frame["treat"] == treat) & (frame["value"] != 0)]
            for (kind, cause), part in rows.groupby(["class", "cause"], sort=False):
                areas, amount = part["region"].nunique(), math.fsum(part["value"]) / 1e8
                name = f"{cause} ({kind})" if kind else str(cause)
                payers = " and ".join(dict.fromkeys(PAYERS[str(p)][0] for p in part["payer"]))
                where = f"{amount:,.4f} ({self._hundred_millions()}) in {areas} area{'s' if areas != 1 else ''}"
                out.append(f"{treat}: {name} {where} {told.format(payers)}")
        return out

    def explained(
        self, region: str, programme: str, item: str, *, period: int | str | None = None, scenario: str | None = None,
        language: str | None = None,
    ) -> Explanation:  # fmt: skip
        """Why a payer carries what it carries; `explain` asks here.

        Parameters
        ----------
        region, programme : str
            Code or name of an area of the bill, and of the fund. Of an area within one the bill of that
            one is told, and that it is.
        item : str
            The payer (nation, region, league, county, fund, pending), or ``gap`` for all of them.
        period, scenario : optional
            By default the first of the bill.
        language : {"zh", "en"}, optional
            By default Chinese where amounts are in yuan.

        Raises
        ------
        SibError
            If the bill has no such area, fund, period, scenario or payer.
        """
        rules = self.rules
        if rules is None:
            raise SibError("this bill carries no rules")
        if language not in (None, "zh", "en"):
            raise SibError(f"unknown language {language!r}; expected 'zh' or 'en'")
        way = self._way(region, programme, period, scenario)
        payer = {w: p for p, words in PAYERS.items() for w in (p, *words)}.get(item.strip(), item.strip())
        if payer != "gap" and payer not in PAYERS:
            raise SibError(f"a bill is explained by payer: {', '.join(PAYERS)}, or gap for all of them; found {item!r}")
        speech = language or ("zh" if self.data is None or self.data.currency == "yuan" else "en")
        frame = self.frame
        here = frame[(frame[list(_KEYS)] == [way.key[k] for k in _KEYS]).all(axis=1)]
        asked = self.data.regions.resolve(region) if self.data is not None else region
        return Teller(way, here, rules, payer, speech, self.labels(speech), asked).tell(self.provenance)

    def _way(self, region: str, programme: str, period: int | str | None, scenario: str | None) -> Workings:
        """The workings of the area, fund, year and scenario asked for."""
        code, fund = region, programme
        if self.data is not None:
            code = self.data.regions.resolve(region)
            if self.rules is not None and code not in {k[0] for k in self.workings}:
                code = self.data.regions.at_level(code, self.rules.unit)
            fund = words(dict(self.data.programmes)).get(programme.strip().lower(), programme)
        wanted = (code, fund, None if period is None else str(period), scenario)
        for key, way in self.workings.items():
            if all(w is None or w == k for w, k in zip(wanted, key, strict=True)):
                return way
        told = "; ".join(f"{name} {', '.join(sorted({k[i] for k in self.workings})[:8])}" for i, name in enumerate(_KEYS[:3]))
        raise SibError(f"no bill of {region}, {programme}" + (f", {period}" if period else "") + f"; there are: {told}")

    def carried_by(self, payer: str) -> pd.DataFrame:
        """What one level carries, as causes for a second rules file: how a league shares with its counties.

        Parameters
        ----------
        payer : str
            The level whose burden is handed down, such as ``league``.

        Returns
        -------
        DataFrame
            The causes with the columns of `Attribution`; each row says in `evidence` which
            class and clause put it there.
        """
        frame = self.frame
        rows = frame[(frame["payer"] == payer) & (frame["value"] != 0)]
        table = rows[["region", "programme", "period", "scenario", "stage", "cause", "value"]].copy()
        table["kind"] = ["budget" if stage == "budget" else "policy" for stage in rows["stage"]]
        table["item"], table["evidence"] = "gap", rows["class"] + " " + rows["clause"]
        return table.reindex(columns=list(COLUMNS), fill_value="").reset_index(drop=True)

    def true_up(self, advanced: pd.DataFrame) -> pd.DataFrame:
        """What is due by this bill less what was advanced on an earlier one.

        Parameters
        ----------
        advanced : DataFrame
            region, programme, value: what the granting level paid during the year. An area
            and fund that is not in it was advanced nothing.

        Returns
        -------
        DataFrame
            region, programme, due, advanced, difference (positive: still to be paid).

        Raises
        ------
        SibError
            If an advance is blank: blank is not zero.
        """
        keys = ["region", "programme"]
        blank = [c for c in (*keys, "value") if c not in advanced or advanced[c].isna().any()]
        if blank:
            raise SibError(f"advances: {', '.join(blank)} missing or blank; blank is not zero: give what was paid, or 0")
        grantor = self.rules.grantor if self.rules is not None else "region"
        paid = self.frame[self.frame["payer"] == grantor].groupby(keys, sort=False)["value"].sum().rename("due")
        given = advanced.astype(dict.fromkeys(keys, str)).groupby(keys, sort=False)["value"].sum().rename("advanced")
        table = pd.concat([paid, given], axis=1).fillna(0.0)
        table["difference"] = [cents(d) for d in table["due"] - table["advanced"]]
        return table.reset_index()

    def summary(self) -> pd.DataFrame:
        """Payers by area, all funds that have a gap together; what the others keep as their surplus stands apart."""
        frame, left = self.frame, self._left()
        payer = frame["payer"].astype("object").where(~left, "surplus").rename("payer")
        value = frame["value"].where(~left, -frame["value"])
        table = value.groupby([frame["region"], payer], sort=False).sum().unstack("payer")
        return (table.rename(index=self.labels()) / 1e8).round(2)


def share(
    causes: Attribution | BudgetDraft | pd.DataFrame, rules: SharingRules, *,
    pooling: pd.DataFrame | None = None, assessments: Mapping[str, object] | Graded | None = None,
    audits: pd.DataFrame | None = None, balances: pd.DataFrame | None = None, remitted: pd.DataFrame | None = None,
    conditions: pd.DataFrame | None = None, figures: pd.DataFrame | None = None,
) -> Sharing:  # fmt: skip
    """Share a gap by rules.

    Parameters
    ----------
    causes : Attribution, BudgetDraft or DataFrame
        Causes of a gap; of a draft its gap as one budget row; or a tidy frame with the
        columns of `Attribution` (absent ones are blank). Positive worsens the gap.
    rules : SharingRules
        What `read_rules` gives.
    pooling : DataFrame, optional
        programme, level, start, end[, region]; by default that of the data set.
    assessments : mapping or Scorecard, optional
        Area to grade (a word of the rules) or multiplier (at most 1); or what `assess` gives.
    audits : DataFrame, optional
        region, programme, period, amount, rectified: what is not rectified is deducted from
        the grant, where the rules say so. By default that of the data set.
    balances : DataFrame, optional
        region, programme, opening, monthly: audited opening balance and a month's spending,
        for rules that use them; by default of last year's account of the data set, and where
        that is not closed yet what the draft expects.
    remitted : DataFrame, optional
        region, programme, amount: for caps that are a multiple of it; by default what the
        areas remitted in the year before.
    conditions : DataFrame, optional
        region, remitted_on_time, task_completed (true or false), for rules that require them.
    figures : DataFrame, optional
        region, programme, item, value: other figures that terms of the rules use:
        ``reserve_fund`` (held in reserve), ``gap_base`` (the base amount), ``local_input``
        (last year's), ``contribution_revenue`` (budgeted, for a tolerance), and
        ``benefit_expenditure`` or heads of last year, for a ratio that follows them; also
        ``opening_balance``, ``total_expenditure`` and ``upper_remittance`` in place of
        `balances` and `remitted`. By default of the accounts of the data set, and what the
        draft expects.

    Returns
    -------
    Sharing

    Raises
    ------
    SibError
        If the causes lack a region, programme or value, or a grade is unknown.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> gap = pd.DataFrame({"region": ["A"], "programme": ["enterprise_pension"], "stage": ["budget"],
    ...                     "value": [1_000_000.0]})
    >>> bill = sib.share(gap, sib.read_rules("nmg_2016.toml")).frame
    >>> bill.set_index("payer")["value"].to_dict()
    {'region': 600000.0, 'league': 400000.0}
    """
    if not isinstance(rules, SharingRules):
        raise SibError(f"rules must be what read_rules gives; found {type(rules).__name__}")
    data = getattr(causes, "source", None)
    table, told = read_causes(causes, data)
    regions = data.regions if data is not None else Regions.of([])
    if assessments is not None and not isinstance(assessments, Mapping) and not hasattr(assessments, "grades"):
        raise SibError(f"assessments: expected area to grade, or what assess gives; found {type(assessments).__name__}")
    graded = assessments if isinstance(assessments, Mapping) or assessments is None else assessments.grades()
    grades = grades_of(graded or {}, regions, table, rules)
    entries = read_pooling(data.table("pooling") if pooling is None and data is not None else pooling, data)
    expected = causes.expected if isinstance(causes, Attribution) else None
    if isinstance(causes, BudgetDraft) and causes.projection is not None:
        expected = partial(expected_figures, causes.projection)
    facts = Facts.of(rules, data, audits, balances, remitted, conditions, figures, expected)
    billed = [
        Unit(dict(zip(_KEYS, key, strict=True)), records, rules, regions, entries, grades, facts)
        for key, records in _by_unit(table, rules, regions).items()
    ]
    bills = [(unit, unit.bill()) for unit in billed]
    if rules.terms.proportional is not None:  # the ratio follows figures of all areas: what is due is known now
        follow(billed, rules)
        bills = [(unit, unit.bill()) for unit in billed]
    share_the_pool(bills, rules)
    rows = [row for _, bill in bills for row in bill]
    frame = pd.DataFrame(rows, columns=list(SHARING_COLUMNS))
    provenance = dict(getattr(causes, "provenance", {})) | {"rules": rules.ruleset, "reference": rules.reference}
    told += _not_billed(causes) if isinstance(causes, BudgetDraft) else ()
    told += [*_out_of_force(rules, table), *_out_of_scope(billed), *partly_told(facts.given, regions)]
    workings = {tuple(str(unit.key[k]) for k in _KEYS): unit.workings for unit, _ in bills}
    return Sharing(
        lambda: frame, provenance, data=data, rules=rules, findings=Findings.of(told, provenance), workings=workings,
        titles=getattr(causes, "titles", {}),
    )


def _by_unit(table: pd.DataFrame, rules: SharingRules, regions: Regions) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Causes by unit of the rules, fund, year and scenario; the same cause of several areas of a unit is one cause of it."""
    known = table["region"].isin(regions.areas)
    units = {r: regions.at_level(r, rules.unit) if k else r for r, k in zip(table["region"], known, strict=True)}
    own = [r in regions.areas and pays_as_region(r, regions) for r in table["region"]]
    table = table.assign(_own=own, region=table["region"].map(units))
    keys = [c for c in table.columns if c != "value"]
    table = table.groupby(keys, sort=False, dropna=False)["value"].sum().reset_index()
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for row in table.itertuples(index=False, name=None):
        record = dict(zip(table.columns, row, strict=True))
        groups.setdefault(tuple(record[k] for k in _KEYS), []).append(record)
    return groups


def _out_of_force(rules: SharingRules, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Years the rules are not in force for: they are applied, and that is said."""
    start, end = rules.effective
    for period in dict.fromkeys(table["period"].astype(str)):
        year = period[:4]
        if year.isdigit() and ((start and year < start[:4]) or (end and year > end[:4])):
            yield {
                "id": "rules_not_in_force", "severity": "warning", "period": period, "expected": f"{start} to {end or 'today'}",
                "message": f"the rules {rules.ruleset} are not in force in {year}", "mend": "choose the rules of that year",
            }  # fmt: skip


def _out_of_scope(units: Sequence[Unit]) -> Iterator[dict[str, Any]]:
    """Funds that the rules leave to the areas for want of a word: a slip of the pen looks the same, so it is said."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for unit in units:
        area, fund, period, _ = (str(unit.key[k]) for k in _KEYS)
        found.setdefault((unit.workings.unpooled, fund, period), []).append(area)
    for (why, fund, period), areas in found.items():
        areas = list(dict.fromkeys(areas))
        told = ", ".join(areas[:5]) + (f" and {len(areas) - 5} more" if areas[5:] else "")
        where = {"programme": fund, "period": period, "region": areas[0] if len(areas) == 1 else "", "found": told}
        if why == "no_entry":
            yield where | {"id": "no_pooling_entry", "severity": "warning", "mend": "add the entry to the table pooling",
                           "message": "the fund has no entry in the pooling table: the areas carry its gap alone"}  # fmt: skip
        elif why == "not_named":
            yield where | {"id": "not_in_the_rules", "severity": "warning", "mend": "correct the fund, or choose other rules",
                           "message": "the fund is not among those of the rules: the areas carry its gap alone"}  # fmt: skip


def _not_billed(draft: BudgetDraft) -> Iterator[dict[str, Any]]:
    """Areas of a draft whose gap is unknown: nobody can be billed for it, and that is said."""
    frame = draft.frame
    drafted = frame[frame["stage"] == "draft"]
    keys = ["region", "programme", "period"]
    told = set(drafted.loc[drafted["item"] == "gap", keys].astype(str).itertuples(index=False, name=None))
    for key in drafted.loc[drafted["item"] == "total_expenditure", keys].astype(str).itertuples(index=False, name=None):
        if key not in told:
            yield {"id": "gap_unknown", "severity": "warning", **dict(zip(keys, key, strict=True)), "item": "gap",
                   "message": "the gap is unknown and is not part of the bill", "mend": "give gap_subsidy and gap_grant"}


def grades_of(
    assessments: Mapping[str, object], regions: Regions, table: pd.DataFrame, rules: SharingRules
) -> dict[str, object]:
    """Assessments by code; an area nobody knows is a slip of the pen."""
    out: dict[str, object] = {}
    here = set(table["region"].astype(str))
    for word, grade in assessments.items():
        code = str(word) if str(word) in here else regions.resolve(str(word))
        units = {regions.at_level(code, rules.unit)} if code in regions.areas else {code}
        out.update(dict.fromkeys(units, grade))
    return out


def pays_as_region(code: str, regions: Regions) -> bool:
    """The region itself, or its own level."""
    if regions.is_own_level(code):
        return regions.areas[regions.areas[code].parent].level == "region"
    return regions.areas[code].level == "region"
