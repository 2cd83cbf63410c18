"""`share`: who carries a gap, cause by cause, by the rules, to the cent.

Causes are matched to the rules' classes, then netted by treatment: a local cause stays with
its author first, savings and over-collection help everyone before anyone pays, and a
surplus stays in the fund.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

import pandas as pd

from sibforecast.analysis.attribution import COLUMNS, Attribution
from sibforecast.analysis.rules_file import RuleClass, SharingRules
from sibforecast.errors import SibError
from sibforecast.projection.draft import BudgetDraft
from sibforecast.results import Findings, Result, round_half_up
from sibforecast.tables.cells import read_truth
from sibforecast.tables.data import FundData
from sibforecast.tables.regions import Regions

_KEYS = ("region", "programme", "period", "scenario")
_ORDER = ("local", "shared", "pending", "unlisted")

SHARING_COLUMNS = (
    "region", "programme", "period", "stage", "scenario", "class", "cause", "treat", "payer",
    "ratio", "clause", "reason", "value",
)  # fmt: skip


@dataclass(frozen=True, repr=False)
class Sharing(Result):
    """The bill: per area, fund and cause who pays; payers of an area and fund sum to its gap."""

    data: FundData | None = field(default=None, repr=False)
    rules: SharingRules | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = SHARING_COLUMNS

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def headline(self) -> str:
        """Totals by payer, in 100 million."""
        totals = self.frame.groupby("payer", sort=False)["value"].sum() / 1e8
        return ", ".join(f"{payer} {value:,.2f}" for payer, value in totals.items()) + " (100 million)"

    def summary(self) -> pd.DataFrame:
        """Payers by area, all funds together."""
        frame = self.frame
        table = frame.groupby(["region", "payer"], sort=False)["value"].sum().unstack("payer")
        return (table.rename(index=self.labels()) / 1e8).round(2)


def share(
    causes: Attribution | BudgetDraft | pd.DataFrame, rules: SharingRules, *,
    pooling: pd.DataFrame | None = None, assessments: Mapping[str, object] | None = None,
    audits: pd.DataFrame | None = None,
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
    assessments : mapping, optional
        Area to grade (a word of the rules) or multiplier (at most 1).
    audits : DataFrame, optional
        Reserved: deductions for audit findings are refused until rules can name them.

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
    if audits is not None:
        raise SibError("deductions for audit findings are not part of the rules yet")
    if not isinstance(rules, SharingRules):
        raise SibError(f"rules must be what read_rules gives; found {type(rules).__name__}")
    data = getattr(causes, "source", None)
    table = _causes_frame(causes)
    regions = data.regions if data is not None else Regions.of([])
    grades = _grades(assessments or {}, regions, table, rules)
    if pooling is None and data is not None:
        pooling = data.table("pooling")
    if rules.basis != "current_year":
        raise SibError(f"gap basis {rules.basis!r} needs the opening balances; this release shares the current year's gap")
    known = table["region"].isin(regions.areas)
    units = {r: regions.at_level(r, rules.unit) if k else r for r, k in zip(table["region"], known, strict=True)}
    table["_own"] = [r in regions.areas and _pays_as_region(r, regions) for r in table["region"]]
    table["region"] = table["region"].map(units)
    keys = [c for c in table.columns if c != "value"]  # the same cause of several areas of a unit is one cause of it
    table = table.groupby(keys, sort=False, dropna=False)["value"].sum().reset_index()
    rows: list[dict[str, Any]] = []
    for key, group in table.groupby(list(_KEYS), sort=False, dropna=False):
        unit = _Unit(dict(zip(_KEYS, key, strict=True)), group, rules, regions, pooling, grades)
        rows.extend(unit.bill())
    frame = pd.DataFrame(rows, columns=list(SHARING_COLUMNS))
    provenance = dict(getattr(causes, "provenance", {})) | {"rules": rules.ruleset, "reference": rules.reference}
    found = Findings.of(list(_not_billed(causes)) if isinstance(causes, BudgetDraft) else [], provenance)
    return Sharing(lambda: frame, provenance, data=data, rules=rules, findings=found)


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


def _grades(
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


def _pays_as_region(code: str, regions: Regions) -> bool:
    """The region itself, or its own level."""
    if regions.is_own_level(code):
        return regions.areas[regions.areas[code].parent].level == "region"
    return regions.areas[code].level == "region"


def _causes_frame(causes: Attribution | BudgetDraft | pd.DataFrame) -> pd.DataFrame:
    """The causes as a table with all columns of an attribution."""
    if isinstance(causes, BudgetDraft):
        frame = causes.frame
        gap = frame[(frame["stage"] == "draft") & (frame["item"] == "gap")]
        table = gap[["region", "programme", "period", "value"]].assign(
            stage="budget", kind="budget", cause="budget_gap", known_at_budget=True
        )
    else:
        if not isinstance(causes, (Attribution, pd.DataFrame)):
            raise SibError(f"share takes an attribution, a draft or a table of causes; found {type(causes).__name__}")
        table = (causes.frame if isinstance(causes, Attribution) else causes).copy()
    missing = [c for c in ("region", "programme", "value") if c not in table]
    if missing:
        raise SibError(f"the causes lack {', '.join(missing)}; expected at least region, programme and value")
    for column in COLUMNS:
        if column not in table:
            table[column] = False if column == "known_at_budget" else ""
    out = table[list(COLUMNS)].astype(object).reset_index(drop=True)
    blank = out.isna()
    if blank["value"].any():
        raise SibError(f"{int(blank['value'].sum())} causes have no value; blank is not zero")
    out = out.where(~blank, "")
    out["value"] = out["value"].astype(float)
    out["known_at_budget"] = [bool(read_truth(cell)) for cell in out["known_at_budget"]]
    return out


@dataclass
class _Unit:
    """One area, fund and year: its causes, and the bill made of them."""

    key: dict[str, Any]
    group: pd.DataFrame
    rules: SharingRules
    regions: Regions
    pooling: pd.DataFrame | None
    assessments: Mapping[str, object]

    def bill(self) -> list[dict[str, Any]]:
        """Rows that sum to the gap to the cent."""
        level, note = self._pooled_at()
        records = cast("list[dict[str, Any]]", self.group.to_dict("records"))
        total = _cents(sum(float(r["value"]) for r in records))
        if level in ("league", "county"):
            payer = "fund" if total <= 0 else self._as_payer(level)
            return [self._row("P0", "", "out_of_scope", payer, None, "", note, total)]
        if total <= 0:
            return [self._row("", "", "netted", "fund", None, "", "no gap: the surplus stays in the fund", total)]
        treated: dict[str, list[tuple[dict[str, Any], RuleClass, str]]] = {t: [] for t in _ORDER}
        for record in records:
            kind, reason = self._class_of(record)
            treated[kind.treat].append((record, kind, reason + note))
        return self._rounded(self._paid(treated, total), total)

    def _class_of(self, record: Mapping[str, Any]) -> tuple[RuleClass, str]:
        """The first class that takes a cause, and why."""
        if record.get("decided_by") == "event" and not str(record.get("evidence") or "").strip():
            return RuleClass("P1", "pending", "evidence is missing"), "an event without evidence waits for it"
        for kind in self.rules.classes:
            if kind.takes(record):
                why = ", ".join(f"{k} {record.get(k)}" for k in kind.match if k != "evidence") or "no other class takes it"
                return kind, why
        return RuleClass("", "unlisted", "no class of the rules takes it"), "no class of the rules takes it"

    def _paid(
        self, treated: Mapping[str, list[tuple[dict[str, Any], RuleClass, str]]], total: float
    ) -> list[dict[str, Any]]:
        """Net by treatment, then give each cause its part and its payer."""
        sums = {t: sum(float(r["value"]) for r, _, _ in rows) for t, rows in treated.items()}
        carried = {"local": min(max(sums["local"], 0.0), total)}
        rest = total - carried["local"]
        others = {t: max(sums[t], 0.0) for t in _ORDER[1:]}
        whole = sum(others.values())
        scale = min(1.0, rest / whole) if whole > 0 else 0.0
        carried |= {t: value * scale for t, value in others.items()}
        out = []
        for treat in _ORDER:
            if carried[treat] <= 0:
                continue
            burdens = [r for r in treated[treat] if float(r[0]["value"]) > 0]  # savings lighten them alike
            part = carried[treat] / sum(float(r["value"]) for r, _, _ in burdens)
            netted = "" if abs(part - 1.0) < 1e-12 else "; netted against savings elsewhere"
            for record, kind, reason in burdens:
                out.extend(self._payers(record, kind, reason + netted, float(record["value"]) * part))
        return out + self._multiplier(out)

    def _payers(self, record: Mapping[str, Any], kind: RuleClass, reason: str, value: float) -> list[dict[str, Any]]:
        cause, stage = str(record["cause"]), str(record["stage"])

        def row(payer: str, amount: float, ratio: float | None = None) -> dict[str, Any]:
            return self._row(kind.id, cause, kind.treat, self._as_payer(payer), ratio, kind.clause, reason, amount, stage)

        if kind.treat == "shared":
            area = self.regions.areas.get(str(self.key["region"]))
            ratio = self.rules.region_share(area.econ_tier if area else "")
            return [row("region", value * ratio, ratio), row("league", value * (1.0 - ratio), 1.0 - ratio)]
        if kind.treat == "pending":
            return [row("pending", value)]
        return [row("county" if record.get("decided_by") == "county" else "league", value)]

    def _multiplier(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a poor assessment moves from the region to the area."""
        grade = self.assessments.get(str(self.key["region"]))
        if grade is None:
            return []
        factor = self.rules.assessment.get(str(grade)) if isinstance(grade, str) else float(grade)  # type: ignore[arg-type]
        if factor is None or not 0.0 <= factor <= 1.0:
            known = ", ".join(self.rules.assessment)
            raise SibError(f"assessment {grade!r} of {self.key['region']}: expected one of {known} or a number up to 1")
        cut = sum(float(r["value"]) for r in rows if r["payer"] == "region") * (1.0 - factor)
        if cut == 0 or self._as_payer("league") == "region":  # the region's own level would pay itself
            return []
        clause = "建立考评结果与对盟市补助资金挂钩的激励机制"
        reason = f"assessment {grade}: the region's share times {factor:g}"
        return [
            self._row("C2", "assessment", "shared", payer, factor, clause, reason, sign * cut)
            for payer, sign in (("region", -1.0), (self._as_payer("league"), 1.0))
        ]

    def _as_payer(self, payer: str) -> str:
        """The region's own level pays as the region; a county without a league pays itself."""
        area = self.regions.areas.get(str(self.key["region"]))
        if payer in ("league", "county") and bool(self.group["_own"].all()):
            return "region"
        return "county" if payer == "league" and area is not None and area.level == "county" else payer

    def _row(
        self, kind: str, cause: str, treat: str, payer: str, ratio: float | None, clause: str, reason: str,
        value: float, stage: str = "",
    ) -> dict[str, Any]:  # fmt: skip
        return {
            **self.key, "stage": stage, "class": kind, "cause": cause, "treat": treat, "payer": payer,
            "ratio": float("nan") if ratio is None else ratio, "clause": clause, "reason": reason, "value": value,
        }  # fmt: skip

    def _rounded(self, rows: list[dict[str, Any]], total: float) -> list[dict[str, Any]]:
        """Payers to the unit of the rules; what is left over goes where the rules say."""
        step = self.rules.round_to
        rest_to = self._as_payer(self.rules.residual_to)
        for row in rows:
            row["value"] = _cents(float(round_half_up(row["value"] / step)) * step)
        difference = total - sum(_cents(r["value"]) for r in rows)
        takers = [r for r in rows if r["payer"] == rest_to] or rows
        largest = max(takers, key=lambda r: abs(r["value"]))
        largest["value"] = _cents(largest["value"] + difference)
        return rows

    def _pooled_at(self) -> tuple[str, str]:
        """Level at which the fund is pooled on 1 January, with a note where that is special."""
        programme = str(self.key["programme"])
        if self.rules.programmes:
            named = programme in self.rules.programmes
            return ("region", "") if named else ("league", "not among the programmes of the rules")
        if self.pooling is None or self.pooling.empty:
            return "region", "; no pooling table: taken as pooled at the region"
        day = f"{self.key['period']}-01-01"[:10] if self.key["period"] else "9999-01-01"
        region = str(self.key["region"])
        above = self.regions.ancestors(region) if region in self.regions.areas else ()
        lineage = [region, *above, ""]  # an entry for the area itself goes before one for all
        known = [r for r in self.pooling.to_dict("records") if str(r.get("region") or "") in lineage]
        for row in sorted(known, key=lambda r: lineage.index(str(r.get("region") or ""))):
            start, end = str(row.get("start") or "0000"), str(row.get("end") or "9999-12-31")
            if row["programme"] == programme and start <= day <= (end if len(end) > 7 else end + "-31"):
                level = str(row["level"])
                if level == "nation":
                    return level, "; pooled nationally without national shares in the rules: the classes apply"
                return level, "" if level == "region" else f"pooled at {level} level on {day}"
        return "league", f"no pooling entry on {day}: not pooled at the region"


def _cents(value: float) -> float:
    """To the cent, half-up."""
    return float(round_half_up(value, 2))
