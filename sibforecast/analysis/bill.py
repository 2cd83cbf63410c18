"""The bill of one area, fund and year: netting, own balance, reserve, base amount, ratio, cuts, rounding.

The order is that of the rules: own balance, reserve, base amount, ratio, conditions,
assessment, audit, cap, minimum local input, pool; each cut of the grant is a row of its own
that the area carries.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sibforecast.analysis.facts import Facts
from sibforecast.analysis.ratio_table import Ratio
from sibforecast.analysis.rounding import amount, cents, in_steps, no_less, shared_out, steps, whole_steps
from sibforecast.analysis.rules_file import CUTS, RuleClass, SharingRules, is_under_collection
from sibforecast.analysis.workings import Cut, TakenCause, Workings
from sibforecast.errors import SibError
from sibforecast.tables.regions import Regions

#: Treatments in the order of netting; the first are local.
ORDER = ("local", "shared", "pending", "unlisted")
#: Treatments that leave before netting.
_ASIDE = ("override", "out_of_scope")
_NATIONAL = RuleClass("N0", "override", "国家如有规定的,按国家政策规定执行")
_BY_ASSESSMENT = "建立考评结果与对盟市补助资金挂钩的激励机制"
_BY_AUDIT = "审计、基金监督查处情况与补助资金挂钩"
Taken = tuple[dict[str, Any], RuleClass, str]


def is_missed(record: Mapping[str, Any], kind: RuleClass) -> bool:
    """Whether a cause is a missed collection that stays with the area."""
    return kind.treat == "local" and is_under_collection(record)


@dataclass
class Unit:
    """One area, fund and year: its causes, and the bill made of them."""

    key: dict[str, Any]
    records: list[dict[str, Any]]
    rules: SharingRules
    regions: Regions
    pooling: list[dict[str, Any]]
    assessments: Mapping[str, object]
    facts: Facts
    followed: Ratio | None = None  # a ratio that follows a figure, once it is known
    workings: Workings = field(init=False)

    def bill(self) -> list[dict[str, Any]]:
        """Rows that sum to the gap to the cent."""
        level, note = self._pooled_at()
        total = cents(math.fsum(float(r["value"]) for r in self.records))
        way = self.workings = Workings(self.key, total, level=level)
        if level in ("league", "county"):
            payer = "fund" if total <= 0 else self._as_payer(level)
            way.unpooled = "not_named" if self.rules.programmes else "no_entry" if note.startswith("no pooling") else "pooled"
            return [self._row("P0", "", "out_of_scope", payer, None, "", note, total)]
        treated = self._treated(level, note)
        self._take([taken for t in treated for taken in treated[t]])
        first, rest = self._aside(treated, total)
        if rest < 0.005:
            reason = "no gap left: the surplus stays in the fund" if first else "no gap: the surplus stays in the fund"
            stays = [] if first and rest > -0.005 else [self._row("", "", "netted", "fund", None, "", reason, cents(rest))]
            return self._with_rest([*first, *stays], total)
        return self._cuts(self._with_rest([*first, *self._paid(treated, rest)], total))

    def _treated(self, level: str, note: str) -> dict[str, list[Taken]]:
        """The causes by treatment, each with its class and why."""
        if level == "nation" and self.rules.national:
            return {t: [] for t in (*ORDER, *_ASIDE)} | {
                "override": [(record, _NATIONAL, "pooled nationally") for record in self.records]
            }
        treated: dict[str, list[Taken]] = {t: [] for t in (*ORDER, *_ASIDE)}
        found = [(record, *self._class_of(record)) for record in self.records]
        complete = self._complete([float(r["value"]) for r, kind, _ in found if is_missed(r, kind)])
        for record, kind, reason in found:
            if complete is not None and is_missed(record, kind):
                kind, reason = complete
            treated[kind.treat].append((record, kind, reason + note))
        return treated

    def _complete(self, missed: Sequence[float]) -> tuple[RuleClass, str] | None:
        """How a shortfall is taken that leaves the collection task all but completed; ``None`` where it is missed."""
        terms, short = self.rules.terms.tolerance, math.fsum(missed)
        if terms is None or short <= 0:
            return None
        budgeted = self.facts.figure(self.key, "contribution_revenue")
        way = self.workings
        way.budgeted, way.completion = budgeted, 1.0 - short / budgeted if budgeted > 0 else float("nan")
        if not short <= self.missed_within():
            return None
        reason = f"{way.completion:.4%} of {budgeted:,.2f} collected: complete from {terms.completion:.4%}"
        return RuleClass("T0", terms.treat, "within the tolerance"), reason

    def missed_within(self) -> float:
        """The largest shortfall that counts as none; the noise of a float does not decide."""
        terms = self.rules.terms.tolerance
        return 0.0 if terms is None else (1.0 - terms.completion) * self.facts.figure(self.key, "contribution_revenue") + 0.005

    def _aside(self, treated: Mapping[str, list[Taken]], total: float) -> tuple[list[dict[str, Any]], float]:
        """What leaves before netting, by national shares or to its own area, and the gap that is left.

        Causes of one kind are netted among themselves; where they are savings together, they
        stay and lighten the rest: nobody is paid out.
        """
        rows, rest = [], total
        for treat in _ASIDE:
            due = math.fsum(float(r["value"]) for r, _, _ in treated[treat])
            if treated[treat]:
                self.workings.sums[treat], self.workings.carried[treat] = due, max(due, 0.0)
            if due >= 0.005:
                rows.extend(self._burdens(treat, treated[treat], due, ""))
                rest -= due
        return rows, rest

    def _take(self, taken: Sequence[Taken]) -> None:
        """Note what took each cause."""
        self.workings.taken = [
            TakenCause(str(r["cause"]), str(r["stage"]), k.id, k.treat, k.clause, float(r["value"]), why) for r, k, why in taken
        ]

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

    def _paid(self, treated: Mapping[str, list[Taken]], total: float) -> list[dict[str, Any]]:
        """Net by treatment, let the own balance go first, then give each cause its payers."""
        sums = {t: math.fsum(float(r["value"]) for r, _, _ in treated[t]) for t in ORDER}
        carried = {"local": min(max(sums["local"], 0.0), total)}
        rest = total - carried["local"]
        others = {t: max(sums[t], 0.0) for t in ORDER[1:]}
        whole = math.fsum(others.values())
        scale = min(1.0, rest / whole) if whole > 0 else 0.0
        carried |= {t: value * scale for t, value in others.items()}
        self.workings.sums |= sums
        self.workings.carried |= carried
        own, left = self._own_balance(carried["shared"])
        reserve, left = self._reserve(left)
        self.workings.left = left
        base, left = self._base(left)
        self.workings.increment = left
        out = []
        for treat in ORDER:
            due = left if treat == "shared" else carried[treat]
            if due < 0.005:
                continue
            netted = "" if abs(carried[treat] / sums[treat] - 1.0) < 1e-12 else "; netted against savings elsewhere"
            out.extend(self._burdens(treat, treated[treat], due, netted))
        return [*own, *reserve, *base, *out]

    def _burdens(self, treat: str, taken: Sequence[Taken], due: float, netted: str) -> list[dict[str, Any]]:
        """The payers of what is due of one treatment; savings lighten its burdens alike."""
        burdens = [(record, kind, reason + netted) for record, kind, reason in taken if float(record["value"]) > 0]
        part = due / math.fsum(float(record["value"]) for record, _, _ in burdens)
        return self._payers(treat, burdens, [float(record["value"]) * part for record, _, _ in burdens])

    def _own_balance(self, shared: float) -> tuple[list[dict[str, Any]], float]:
        """What the fund's own balance meets of the shared part, where the rules let it go first."""
        if self.rules.basis != "after_balance" or shared < 0.005:
            return [], shared
        way = self.workings
        opening, monthly = self.facts.balance(self.key)
        kept = self.rules.keep_months * monthly if self.rules.keep_months else 0.0
        way.opening, way.monthly, way.kept = opening, monthly, self.rules.keep_months
        if kept != kept:
            raise SibError(f"the rules keep {self.rules.keep_months:g} months of spending, and a month's spending of "
                           f"{self.key['region']}, {self.key['programme']} is unknown: give monthly in balances=")
        reason = f"own balance of {opening:,.2f} first" + (f", {self.rules.keep_months:g} months kept" if kept else "")
        row = self._row("B0", "own balance", "shared", "fund", None, "", reason, max(opening - kept, 0.0))
        rows, left = self._goes_first(row, shared)
        way.used = math.fsum(r["value"] for r in rows)
        return rows, left

    def _goes_first(self, row: dict[str, Any], shared: float) -> tuple[list[dict[str, Any]], float]:
        """What an amount meets of the shared part, in whole steps, and what is left of it."""
        step = self.rules.round_to
        used = amount(min(whole_steps(row["value"], step), steps(shared, step)), step)
        return ([row | {"value": used}], max(shared - used, 0.0)) if used else ([], shared)

    def _reserve(self, shared: float) -> tuple[list[dict[str, Any]], float]:
        """What the area holds in reserve, where the rules know one."""
        if not self.rules.reserve_first or shared < 0.005:
            return [], shared
        held = self.workings.held = self.facts.figure(self.key, "reserve_fund")
        row = self._row("R0", "reserve", "shared", "fund", None, "", f"reserve of {held:,.2f} first", max(held, 0.0))
        return self._goes_first(row, shared)

    def base_amount(self) -> float:
        """The base amount of the year, where the rules know one."""
        terms = self.rules.terms.base
        if terms is None:
            return 0.0
        return max(self.facts.figure(self.key, "gap_base") * terms.factor(str(self.key["period"])), 0.0)

    def carries_alone(self, payer: str) -> bool:
        """Whether the base amount and what exceeds it have the same payer: then the base does not matter."""
        return {self._as_payer(level) for level in (payer, *self.rules.default.shares)} == {self.rules.grantor}

    def _base(self, shared: float) -> tuple[list[dict[str, Any]], float]:
        """The base amount, which one level carries alone; only the increment follows the ratio."""
        terms = self.rules.terms.base
        if terms is None or shared < 0.005 or self.carries_alone(terms.payer):
            return [], shared
        base = self.workings.base = self.base_amount()
        reason = f"base amount of {base:,.2f}; only what exceeds it is shared by the ratio"
        row = self._row("J0", "base amount", "shared", self._as_payer(terms.payer), 1.0, "", reason, base)
        return self._goes_first(row, shared)

    def _payers(self, treat: str, burdens: list[Taken], amounts: list[float]) -> list[dict[str, Any]]:
        """The rows of one treatment, in whole steps of the rules; the order of causes moves no payer's sum."""
        step = self.rules.round_to
        order = sorted(range(len(burdens)), key=lambda i: (-amounts[i], *(str(v) for v in burdens[i][0].values())))
        sorted_amounts = [amounts[i] for i in order]
        whole = in_steps(sorted_amounts, step, down=treat == "shared")  # no level is granted more than there is
        shares: Mapping[str, float] = {"": 1.0}
        why = ""
        if treat == "shared":
            ratio = self._ratio()
            shares, why = ratio.shares, f"; {ratio.why}"
        elif treat == "override":
            shares = self.rules.national
        rest = self.rules.residual_to if self.rules.residual_to in shares else next(reversed(list(shares)))
        parts = shared_out(sorted_amounts, whole, shares, rest, step)
        place = {cause: rank for rank, cause in enumerate(order)}
        out = []
        for i, (record, kind, reason) in enumerate(burdens):
            for level, share in shares.items():
                payer = level or ("pending" if treat == "pending" else self._own_payer(treat, record))
                value = amount(parts[level][place[i]], step)
                out.append(self._row(kind.id, str(record["cause"]), treat, self._as_payer(payer), share if level else None,
                                     kind.clause, reason + why, value, str(record["stage"])))  # fmt: skip
        return out

    def _own_payer(self, treat: str, record: Mapping[str, Any]) -> str:
        """Who carries what is not shared: the county that decided it, else the area's own level."""
        return "county" if record.get("decided_by") == "county" and treat != "out_of_scope" else self.rules.carrier

    def _ratio(self) -> Ratio:
        """The shares of this area and fund, by tier and by the months its audited opening balance pays for."""
        if self.followed is not None:
            self.workings.ratio = self.followed
            return self.followed
        region = str(self.key["region"])
        area = self.regions.areas.get(region)
        banded = any(r.months_from > -float("inf") or r.months_to < float("inf") for r in self.rules.rows)
        months = float("nan")
        if banded:
            opening, monthly = self.facts.balance(self.key)
            months = opening / monthly if monthly > 0 else float("nan")
            self.workings.opening, self.workings.monthly = opening, monthly
        tier = area.econ_tier if area else ""
        ratio = self.rules.ratio_for(region, str(self.key["programme"]), tier, months)
        self.workings.ratio, self.workings.tier, self.workings.months = ratio, tier, months
        return ratio

    def granted(self, rows: list[dict[str, Any]]) -> float:
        """What the level above pays by these rows."""
        return cents(math.fsum(float(r["value"]) for r in rows if r["payer"] == self.rules.grantor and r["treat"] == "shared"))

    def cut(
        self, kind: str, value: float, rows: list[dict[str, Any]], factor: float | None, reason: str, clause: str = "",
        numbers: Mapping[str, float] | None = None, word: str = "",
    ) -> list[dict[str, Any]]:  # fmt: skip
        """A cut of the grant, at most all of it: a row of its own that the area carries."""
        value = min(value, self.granted(rows))
        if value <= 0 or self.carrier == self.rules.grantor:  # the region's own level would pay itself
            return []
        self.workings.cuts.append(Cut(kind, value, numbers or {}, word))
        return [
            self._row(kind, CUTS[kind], "shared", payer, factor, clause, reason, sign * value)
            for payer, sign in ((self.rules.grantor, -1.0), (self.carrier, 1.0))
        ]

    def _cuts(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Conditions, assessment, audit, cap: in this order, each from what the ones before left."""
        if self.carrier == self.rules.grantor:  # it would take from itself: no fact of it is asked for
            return rows
        step = self.rules.round_to
        for unmet in self.facts.unmet(self.rules, self.key):
            rows = rows + self.cut("K1", self.granted(rows), rows, 0.0, f"condition not met: {unmet}", word=unmet)
        grade = self.assessments.get(str(self.key["region"]))
        if grade is not None:
            factor = self._multiplier(grade)
            reason = f"assessment {grade}: the {self.rules.grantor}'s share times {factor:g}"
            lost = amount(steps(self.granted(rows) * (1.0 - factor), step), step)
            word = grade if isinstance(grade, str) else ""
            rows = rows + self.cut("C2", lost, rows, factor, reason, _BY_ASSESSMENT, {"multiplier": factor}, word)
        if self.rules.audit_deduction:
            found = self.facts.audited(self.key)
            reason = f"audit findings of {found:,.2f} not rectified"
            rows = rows + self.cut("C1", amount(steps(found, step), step), rows, None, reason, _BY_AUDIT, {"found": found})
        for limit, reason, numbers in self.facts.limits(self.rules, self.key):
            rows = rows + self.cut("CAP", no_less(self.granted(rows) - limit, step), rows, None, reason, numbers=numbers)
        multiple = self.rules.terms.local_input
        if multiple == multiple and self.granted(rows) > 0:
            before = self.facts.figure(self.key, "local_input")
            carried = math.fsum(float(r["value"]) for r in rows if r["payer"] == self.carrier)
            reason = f"at least {multiple:g} times last year's local input of {before:,.2f}"
            numbers = {"times": multiple, "local_input": before, "floor": multiple * before}
            rows = rows + self.cut("MIN", no_less(multiple * before - carried, step), rows, None, reason, numbers=numbers)
        return rows

    def _multiplier(self, grade: object) -> float:
        """What an assessment leaves of the grant."""
        try:
            factor = self.rules.assessment.get(grade) if isinstance(grade, str) else float(cast("float", grade))
        except TypeError:
            factor = None
        if factor is None or not 0.0 <= factor <= 1.0:
            known = ", ".join(self.rules.assessment)
            raise SibError(f"assessment {grade!r} of {self.key['region']}: expected one of {known} or a number up to 1")
        return factor

    def _as_payer(self, payer: str) -> str:
        """An area's own level pays as the area it belongs to; a county without a league pays itself."""
        code = str(self.key["region"])
        area = self.regions.areas.get(code)
        if payer in ("league", "county") and all(r["_own"] for r in self.records):
            return "region"
        if area is not None and self.regions.is_own_level(code) and payer == "county":
            return self.regions.areas[area.parent].level
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

    def _with_rest(self, rows: list[dict[str, Any]], total: float) -> list[dict[str, Any]]:
        """What rounding to the unit of the rules left over goes where they say.

        It makes nobody a payee, and no grant larger than what is to be shared.
        """
        rest = cents(total - math.fsum(r["value"] for r in rows))
        if rest == 0:
            return rows
        rest_to = self._as_payer(self.rules.residual_to)
        able = [r for r in rows if r["value"] + rest >= 0] or rows
        if self.granted(rows) + rest > self.workings.left + 0.005:
            able = [r for r in able if r["payer"] != self.rules.grantor or r["treat"] != "shared"] or able
        takers = [r for r in able if r["payer"] == rest_to] or able
        largest = max(takers, key=lambda r: (abs(r["value"]), str(r["cause"]), str(r["payer"])))
        largest["value"] = cents(largest["value"] + rest)
        return rows

    def _pooled_at(self) -> tuple[str, str]:
        """Level at which the fund is pooled on 1 January, with a note where that is special."""
        programme = str(self.key["programme"])
        if self.rules.programmes:
            named = programme in self.rules.programmes
            return ("region", "") if named else ("league", "not among the programmes of the rules")
        if not self.pooling:
            return "region", "; no pooling table: taken as pooled at the region"
        day = f"{self.key['period']}-01-01"[:10] if self.key["period"] else "9999-01-01"
        region = str(self.key["region"])
        above = self.regions.ancestors(region) if region in self.regions.areas else ()
        lineage = [region, *above, ""]  # an entry for the area itself goes before one for all
        known = [r for r in self.pooling if str(r.get("region") or "") in lineage]
        for row in sorted(known, key=lambda r: lineage.index(str(r.get("region") or ""))):
            start, end = str(row.get("start") or "0000"), str(row.get("end") or "9999-12-31")
            if row["programme"] == programme and start <= day <= (end if len(end) > 7 else end + "-31"):
                level = str(row["level"])
                if level == "nation":
                    return level, "; pooled nationally without national shares in the rules: the classes apply"
                return level, "" if level == "region" else f"pooled at {level} level on {day}"
        return "league", f"no pooling entry on {day}: not pooled at the region"

