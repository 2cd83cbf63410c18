"""The bill of one area, fund and year: netting, own balance, ratio, cuts, rounding.

The order is that of the rules: own balance, ratio, conditions, assessment, audit, cap, pool;
each cut of the grant is a row of its own that the area carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import pandas as pd

from sibforecast.analysis.facts import Facts
from sibforecast.analysis.ratio_table import Ratio
from sibforecast.analysis.rules_file import RuleClass, SharingRules
from sibforecast.errors import SibError
from sibforecast.results import round_half_up
from sibforecast.tables.regions import Regions

#: Treatments in the order of netting; the first are local.
ORDER = ("local", "shared", "pending", "unlisted")
_NATIONAL = RuleClass("N0", "override", "国家如有规定的,按国家政策规定执行")
#: Cuts of the grant: class and name.
_CUTS = {"C2": "assessment", "C1": "audit", "K1": "condition", "CAP": "cap", "POOL": "pool"}
Taken = tuple[dict[str, Any], RuleClass, str]


def share_the_pool(bills: list[tuple[Unit, list[dict[str, Any]]]], rules: SharingRules) -> None:
    """A pool that is too small pays everyone the same part of what is due."""
    pool = rules.caps.budget_pool
    if pool != pool:
        return
    due = sum(max(unit.granted(rows), 0.0) for unit, rows in bills)
    if due <= pool:
        return
    for unit, rows in bills:
        cut = cents(max(unit.granted(rows), 0.0) * (1.0 - pool / due))
        rows.extend(unit.cut("POOL", cut, pool / due, f"the pool of {pool:,.2f} pays {pool / due:.2%} of what is due"))


@dataclass
class Unit:
    """One area, fund and year: its causes, and the bill made of them."""

    key: dict[str, Any]
    group: pd.DataFrame
    rules: SharingRules
    regions: Regions
    pooling: pd.DataFrame | None
    assessments: Mapping[str, object]
    facts: Facts

    def bill(self) -> list[dict[str, Any]]:
        """Rows that sum to the gap to the cent."""
        level, note = self._pooled_at()
        records = cast("list[dict[str, Any]]", self.group.to_dict("records"))
        total = cents(sum(float(r["value"]) for r in records))
        if level in ("league", "county"):
            payer = "fund" if total <= 0 else self._as_payer(level)
            return [self._row("P0", "", "out_of_scope", payer, None, "", note, total)]
        if total <= 0:
            return [self._row("", "", "netted", "fund", None, "", "no gap: the surplus stays in the fund", total)]
        if level == "nation" and self.rules.national:
            return self._rounded(self._nationally([(r, _NATIONAL, "pooled nationally") for r in records]), total)
        treated: dict[str, list[Taken]] = {t: [] for t in (*ORDER, "override", "out_of_scope")}
        for record in records:
            kind, reason = self._class_of(record)
            treated[kind.treat].append((record, kind, reason + note))
        first = self._nationally(treated["override"])  # they leave before netting
        first += [self._from(t, "out_of_scope", self.carrier, None, 1.0) for t in treated["out_of_scope"]]
        rest = total - sum(float(r["value"]) for r in first)
        if rest <= 0:
            stays = self._row("", "", "netted", "fund", None, "", "no gap left: the surplus stays in the fund", rest)
            return self._rounded([*first, *([stays] if rest else [])], total)
        return self._rounded([*first, *self._paid(treated, rest)], total)

    def _nationally(self, rows: list[Taken]) -> list[dict[str, Any]]:
        """Causes a national rule settles, by its shares."""
        shares = self.rules.national.items()
        return [self._from(t, "override", self._as_payer(level), share, share) for t in rows for level, share in shares]

    def _from(self, taken: Taken, treat: str, payer: str, ratio: float | None, part: float) -> dict[str, Any]:
        """A row of one cause."""
        record, kind, why = taken
        return self._row(kind.id, str(record["cause"]), treat, payer, ratio, kind.clause, why, float(record["value"]) * part,
                         str(record["stage"]))  # fmt: skip

    @property
    def carrier(self) -> str:
        """Who carries what no level above takes over."""
        return self._as_payer(self.rules.carrier)

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
        self, treated: Mapping[str, list[Taken]], total: float
    ) -> list[dict[str, Any]]:
        """Net by treatment, let the own balance go first, then give each cause its payers, less the cuts."""
        sums = {t: sum(float(r["value"]) for r, _, _ in treated[t]) for t in ORDER}
        carried = {"local": min(max(sums["local"], 0.0), total)}
        rest = total - carried["local"]
        others = {t: max(sums[t], 0.0) for t in ORDER[1:]}
        whole = sum(others.values())
        scale = min(1.0, rest / whole) if whole > 0 else 0.0
        carried |= {t: value * scale for t, value in others.items()}
        own, left = self._own_balance(carried["shared"])
        out = []
        for treat in ORDER:
            if carried[treat] <= 0:
                continue
            burdens = [r for r in treated[treat] if float(r[0]["value"]) > 0]  # savings lighten them alike
            amount = left if treat == "shared" else carried[treat]
            part = amount / sum(float(r["value"]) for r, _, _ in burdens)
            netted = "" if abs(carried[treat] / sums[treat] - 1.0) < 1e-12 else "; netted against savings elsewhere"
            for record, kind, reason in burdens:
                out.extend(self._payers(record, kind, reason + netted, float(record["value"]) * part))
        return [*own, *self._cuts(out)]

    def _own_balance(self, shared: float) -> tuple[list[dict[str, Any]], float]:
        """What the fund's own balance meets of the shared part, where the rules let it go first."""
        if self.rules.basis != "after_balance" or shared <= 0:
            return [], shared
        opening, monthly = self.facts.balance(self.key)
        kept = self.rules.keep_months * monthly if self.rules.keep_months else 0.0
        used = cents(min(max(opening - kept, 0.0), shared))
        if used == 0:
            return [], shared
        reason = f"own balance of {opening:,.2f} first" + (f", {self.rules.keep_months:g} months kept" if kept else "")
        return [self._row("B0", "own balance", "shared", "fund", None, "", reason, used)], shared - used

    def _payers(self, record: Mapping[str, Any], kind: RuleClass, reason: str, value: float) -> list[dict[str, Any]]:
        cause, stage = str(record["cause"]), str(record["stage"])

        def row(payer: str, amount: float, ratio: float | None = None, more: str = "") -> dict[str, Any]:
            return self._row(kind.id, cause, kind.treat, self._as_payer(payer), ratio, kind.clause, reason + more, amount, stage)

        if kind.treat == "shared":
            ratio = self._ratio()
            return [row(level, value * share, share, f"; {ratio.why}") for level, share in ratio.shares.items()]
        if kind.treat == "pending":
            return [row("pending", value)]
        return [row("county" if record.get("decided_by") == "county" else self.rules.carrier, value)]

    def _ratio(self) -> Ratio:
        """The shares of this area and fund, by tier and by the months its audited opening balance pays for."""
        region = str(self.key["region"])
        area = self.regions.areas.get(region)
        banded = any(r.months_from > -float("inf") or r.months_to < float("inf") for r in self.rules.rows)
        months = float("nan")
        if banded:
            opening, monthly = self.facts.balance(self.key)
            months = opening / monthly if monthly > 0 else float("nan")
        return self.rules.ratio_for(region, str(self.key["programme"]), area.econ_tier if area else "", months)

    def granted(self, rows: list[dict[str, Any]]) -> float:
        """What the level above pays by these rows."""
        return sum(float(r["value"]) for r in rows if r["payer"] == self.rules.grantor and r["treat"] == "shared")

    def cut(self, kind: str, amount: float, factor: float | None, reason: str, clause: str = "") -> list[dict[str, Any]]:
        """A cut of the grant: a row of its own that the area carries."""
        if amount <= 0 or self.carrier == self.rules.grantor:  # the region's own level would pay itself
            return []
        return [
            self._row(kind, _CUTS[kind], "shared", payer, factor, clause, reason, sign * amount)
            for payer, sign in ((self.rules.grantor, -1.0), (self.carrier, 1.0))
        ]

    def _cuts(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Conditions, assessment, audit, cap: in this order, each from what the ones before left."""
        for unmet in self.facts.unmet(self.rules, self.key):
            rows = rows + self.cut("K1", self.granted(rows), 0.0, f"condition not met: {unmet}")
        grade = self.assessments.get(str(self.key["region"]))
        if grade is not None:
            factor = self.rules.assessment.get(str(grade)) if isinstance(grade, str) else float(grade)  # type: ignore[arg-type]
            if factor is None or not 0.0 <= factor <= 1.0:
                known = ", ".join(self.rules.assessment)
                raise SibError(f"assessment {grade!r} of {self.key['region']}: expected one of {known} or a number up to 1")
            clause = "建立考评结果与对盟市补助资金挂钩的激励机制"
            reason = f"assessment {grade}: the region's share times {factor:g}"
            rows = rows + self.cut("C2", self.granted(rows) * (1.0 - factor), factor, reason, clause)
        if self.rules.audit_deduction:
            found = self.facts.audited(self.key)
            reason = f"audit findings of {found:,.2f} not rectified"
            rows = rows + self.cut("C1", min(found, self.granted(rows)), None, reason, "审计、基金监督查处情况与补助资金挂钩")
        for limit, reason in self.facts.limits(self.rules, self.key):
            rows = rows + self.cut("CAP", self.granted(rows) - limit, None, reason)
        return rows

    def _as_payer(self, payer: str) -> str:
        """The region's own level pays as the region; a county without a league pays itself."""
        area = self.regions.areas.get(str(self.key["region"]))
        if payer in ("league", "county") and bool(self.group["_own"].all()):
            return "region"
        alone = area is not None and area.level == "county" and self.rules.unit != "county"
        return "county" if payer == "league" and alone else payer

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
            row["value"] = cents(float(round_half_up(row["value"] / step)) * step)
        difference = total - sum(cents(r["value"]) for r in rows)
        takers = [r for r in rows if r["payer"] == rest_to] or rows
        largest = max(takers, key=lambda r: abs(r["value"]))
        largest["value"] = cents(largest["value"] + difference)
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


def cents(value: float) -> float:
    """To the cent, half-up."""
    return float(round_half_up(value, 2))
