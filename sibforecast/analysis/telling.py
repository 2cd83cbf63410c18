"""Why a league pays what it pays: a bill in plain sentences that add up, English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from sibforecast import items
from sibforecast.analysis.rules_file import CUTS, SharingRules
from sibforecast.analysis.telling_words import (
    CAUSES,
    CLAUSES,
    CONDITIONS,
    LEVELS,
    MONEY,
    PARTS,
    PAYERS,
    SENTENCES,
    TREATS,
    WHY,
    word,
)
from sibforecast.analysis.workings import Cut, Workings
from sibforecast.projection.explain import Explanation
from sibforecast.results import round_half_up
from sibforecast.tables.units import parse_unit

#: Numbers of sentences that are no money, and their unit.
_UNITS = {"share": "share", "pool_part": "share", "multiplier": "factor", "times": "factor",
          "months": "months", "low": "months", "high": "months", "kept": "months",
          "completion": "share", "complete_from": "share", "own_dependency": "factor", "every_dependency": "factor"}  # fmt: skip


@dataclass(frozen=True)
class Number:
    """A number in a sentence: what it is, and what it is of."""

    item: str
    value: float
    of: str = ""
    depth: int = 1


@dataclass
class Teller:
    """Tells the bill of one area, fund and year for one payer, or for all of them (``gap``)."""

    way: Workings
    bill: pd.DataFrame
    rules: SharingRules
    payer: str
    language: str
    labels: Mapping[str, str]
    asked: str = ""
    lines: list[str] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, provenance: Mapping[str, Any]) -> Explanation:
        """The sentences, and every number in them as a row, in their order."""
        way = self.way
        names = {"area": self._name(way.key["region"]), "fund": self._name(way.key["programme"]),
                 "period": str(way.key["period"]), "unit": self._money_word()}  # fmt: skip
        if self.asked and self.asked != str(way.key["region"]):
            level = word(LEVELS, self.rules.unit, self.language)
            self._say("within", asked=self._name(self.asked), area=names["area"], level=level)
        if way.gap <= 0 and set(self.bill["payer"]) <= {"fund"}:
            self._say("surplus", surplus=Number("surplus", -way.gap, depth=0), **names)
        elif way.gap <= 0:
            self._say("surplus_apart", surplus=Number("surplus", -way.gap, depth=0), **names)
        else:
            self._say("gap", gap=Number("gap", way.gap, depth=0), **names)
        if way.unpooled:
            self._say(way.unpooled, level=word(PAYERS, way.level, self.language))
        self._causes()
        self._tolerance()
        self._netting()
        self._balance()
        self._reserve_and_base()
        self._ratio()
        for payer in self.told:
            self._payments(payer)
            for cut in way.cuts:
                self._cut(cut, payer)
            self._total(payer)
        self._others()
        note = (self.rules.note_zh if self.language == "zh" else "") or self.rules.note
        if note and way.ratio is not None:
            self._say("note", note=self._quoted(note))
        frame = pd.DataFrame(self.rows, columns=list(Explanation.columns))
        return Explanation(lambda: frame, provenance, text="\n".join(self.lines))

    @property
    def told(self) -> list[str]:
        """The payers the sentences tell of."""
        return list(self.bill["payer"].unique()) if self.payer == "gap" else [self.payer]

    def _causes(self) -> None:
        """Each class with its clause, and its causes with their amounts before netting."""
        sums: dict[tuple[str, ...], list[float]] = {}
        for taken in self.way.taken:
            sums.setdefault((taken.kind, taken.treat, taken.clause, taken.cause), []).append(taken.value)
        order = {t: place for place, t in enumerate(TREATS)}
        for (kind, treat, clause, cause), values in sorted(sums.items(), key=lambda s: (order[s[0][1]], s[0][0])):
            value = math.fsum(values)
            key = ("worse" if value >= 0 else "better") if kind else ("no_class" if value >= 0 else "no_class_better")
            self._say(
                key, cause=self._cause(cause), clause=self._clause(clause), treat=word(TREATS, treat, self.language),
                cause_amount=Number("cause", value, cause), relief=Number("relief", -value, cause), **{"class": kind},
            )  # fmt: skip

    def _netting(self) -> None:
        """What savings leave of the burdens of each treatment."""
        for treat, after in self.way.carried.items():
            before = math.fsum(t.value for t in self.way.taken if t.treat == treat and t.value > 0)
            if before > 0 and abs(after - before) >= 0.005:
                numbers = {n: Number(n, v, treat) for n, v in (("before_netting", before), ("after_netting", after))}
                self._say("netted", part=word(PARTS, treat, self.language), **numbers)

    def _balance(self) -> None:
        way = self.way
        if self.rules.basis != "after_balance" or way.opening != way.opening:
            return
        self._say(
            "balance_kept" if way.kept else "balance", opening_balance=Number("opening_balance", way.opening),
            kept=Number("kept", way.kept), monthly=Number("monthly", way.monthly), met=Number("met", way.used, "own balance"),
            left=Number("left", way.left),
        )  # fmt: skip

    def _tolerance(self) -> None:
        """A shortfall that counts as none, or nearly did."""
        terms, way = self.rules.terms.tolerance, self.way
        if terms is None or way.budgeted != way.budgeted:
            return
        key = "complete" if any(t.kind == "T0" for t in way.taken) else "incomplete"
        self._say(key, completion=Number("completion", way.completion), budgeted=Number("budgeted", way.budgeted),
                  complete_from=Number("complete_from", terms.completion))  # fmt: skip

    def _reserve_and_base(self) -> None:
        """What is held in reserve, and the base amount."""
        way = self.way
        for key, cause, value in (("reserve", "reserve", way.held), ("base", "base amount", way.base)):
            if value == value:
                rows = self.bill[self.bill["cause"] == cause]
                met = math.fsum(rows["value"])
                payer = word(PAYERS, str(rows["payer"].iloc[0]), self.language) if len(rows) else ""
                numbers = {n: Number(n, v) for n, v in ((key, value), ("left", way.left), ("increment", way.increment))}
                self._say(key if len(rows) else f"{key}_none", payer=payer, met=Number("met", met, cause), **numbers)

    def _ratio(self) -> None:
        """The shares, and what of the rules chose them."""
        ratio = self.way.ratio
        if ratio is None:
            return
        numbers = [Number("share", share, level) for level, share in ratio.shares.items()]
        shares = self._listed([(word(PAYERS, n.of, self.language), n) for n in numbers])
        self._told_numbers(numbers)
        told = []
        if ratio.followed:
            told.append(self._why(ratio.followed))
        elif ratio == self.rules.default:
            told.append(self._why(self._no_row()))
        if ratio.econ_tier:
            told.append(self._why("tier", ratio.econ_tier))
        low, high = (math.isfinite(v) for v in (ratio.months_from, ratio.months_to))
        if low or high:
            told.append(self._why("between" if low and high else "above" if low else "below"))
        told += [self._why(name) for name in ("programmes", "regions") if getattr(ratio, name)]
        self._line("ratio", shares=shares, why=("，" if self.language == "zh" else "; ").join(told))

    def _no_row(self) -> str:
        """Why the default ratio: no table, or no row of it fits."""
        if not self.rules.rows:
            return "default"
        if not any(math.isfinite(r.months_from) or math.isfinite(r.months_to) for r in self.rules.rows):
            return "no_fit"
        return "no_fit_unknown" if self.way.months != self.way.months else "no_fit_months"

    def _why(self, key: str, tier: str = "") -> str:
        ratio = self.way.ratio
        assert ratio is not None  # asked only where there is one
        values = {"months": self.way.months, "low": ratio.months_from, "high": ratio.months_to}
        values |= {f"{name}_{what}": v for name, v in ratio.figures.items() for what in ("spending", "dependency")}
        template = word(WHY, key, self.language)
        numbers = {name: Number(name, v) for name, v in values.items() if "{" + name + "}" in template}
        self._told_numbers(sorted(numbers.values(), key=lambda n: template.index("{" + n.item + "}")))
        return template.format(tier=self._quoted(tier), **{n: self._number(v) for n, v in numbers.items()})

    def _payments(self, payer: str) -> None:
        """What a payer carries of each cause, as the rows of the bill say."""
        bill = self.bill[~self.bill["class"].isin(_CUT_CLASSES)]
        part = bill[bill["payer"] == payer]
        for (cause, treat, kind), group in part.groupby(["cause", "treat", "class"], sort=False):
            value = math.fsum(group["value"])
            if value == 0:
                continue
            every = bill[(bill["cause"] == cause) & (bill["treat"] == treat) & (bill["class"] == kind)]
            share = math.fsum(group["ratio"].dropna()) / max(math.fsum(every["ratio"].dropna()), 1e-9)
            key = "pays" if group["ratio"].isna().all() else "pays_share"
            if treat == "netted":
                key = "left_over"
            elif kind in ("B0", "R0", "J0"):
                key = {"B0": "pays_balance", "R0": "pays_reserve", "J0": "pays_base"}[kind]
            elif payer == "pending":
                key = "waits"
            elif not cause and kind == "P0":
                key = "pays_all"
            self._say(key, cause=self._cause(str(cause)), payer=word(PAYERS, payer, self.language),
                      share=Number("share", share, payer), payment=Number("payment", value, str(cause)))  # fmt: skip

    def _cut(self, cut: Cut, payer: str) -> None:
        """A cut of the grant, as it moves what one payer carries."""
        rows = self.bill[(self.bill["class"] == cut.kind) & (self.bill["payer"] == payer)]
        moved = [v for v in rows["value"] if abs(abs(v) - cut.amount) < 0.005]
        if not moved:
            return
        key = cut.kind + ("_times" if "times" in cut.numbers else "_word" if cut.kind == "C2" and cut.word else "")
        names = {"part": "pool_part"}
        numbers = {names.get(n, n): Number(names.get(n, n), v, cut.kind) for n, v in cut.numbers.items()}
        spoken = word(CONDITIONS, cut.word, self.language) if cut.kind == "K1" else cut.word
        self._say(key, word=self._quoted(spoken), payer=word(PAYERS, payer, self.language),
                  change=Number("change", moved[0], cut.kind), **numbers)  # fmt: skip

    def _total(self, payer: str) -> None:
        total = Number("total", self._sum(payer), payer, 0)
        key = "nothing" if total.value == 0 else "total_pending" if payer == "pending" else "total"
        self._say(key, payer=word(PAYERS, payer, self.language), total=total)

    def _others(self) -> None:
        """The rest of the gap: every other payer's total."""
        others = [p for p in self.bill["payer"].unique() if p not in self.told and self._sum(p) != 0]
        if not others:
            return
        numbers = [Number("other_payer", self._sum(p), p, 0) for p in others]
        self._told_numbers(numbers)
        self._line("others", others=self._listed([(word(PAYERS, n.of, self.language), n) for n in numbers]))

    def _sum(self, payer: str) -> float:
        return float(round_half_up(math.fsum(self.bill.loc[self.bill["payer"] == payer, "value"]), 2))

    def _say(self, key: str, **parts: Any) -> None:
        """One sentence; the numbers it states become rows of the frame, in their order."""
        template, order = SENTENCES[key][self.language == "zh"], SENTENCES[key][0]
        stated = {n: p for n, p in parts.items() if isinstance(p, Number) and "{" + n + "}" in order}
        self._told_numbers([stated[n] for n in sorted(stated, key=lambda n: order.index("{" + n + "}"))])
        self.lines.append(template.format(**{n: self._number(p) if isinstance(p, Number) else p for n, p in parts.items()}))

    def _line(self, key: str, **parts: str) -> None:
        self.lines.append(SENTENCES[key][self.language == "zh"].format(**parts))

    def _told_numbers(self, numbers: Sequence[Number]) -> None:
        for number in numbers:
            self.rows.append({
                "depth": number.depth, "item": number.item, "period": str(self.way.key["period"]), "value": number.value,
                "unit": _UNITS.get(number.item, self.rules.money), "formula": "", "origin": number.of,
            })  # fmt: skip

    def _listed(self, named: Sequence[tuple[str, Number]]) -> str:
        between = "，" if self.language == "zh" else ", "
        gap = "" if self.language == "zh" else " "
        return between.join(f"{name}{gap}{self._number(number)}" for name, number in named)

    def _number(self, number: Number) -> str:
        """A number as the field writes it: in the unit of the rules, half-up."""
        unit = _UNITS.get(number.item, "")
        if number.value != number.value:
            return "?"
        if unit == "share":
            return f"{_plain(number.value * 100.0, 4)}{'' if self.language == 'zh' else ' '}%"
        if unit:
            return _plain(number.value, 4 if unit == "factor" else 2)
        return f"{round_half_up(number.value / parse_unit(self.rules.money).factor, self.rules.places):,}"

    def _money_word(self) -> str:
        return self.rules.money if self.language == "zh" else MONEY.get(self.rules.money, self.rules.money)

    def _name(self, code: Any) -> str:
        return self._quoted(self.labels.get(str(code), str(code)))

    def _cause(self, cause: str) -> str:
        if cause in self.labels:
            return self._quoted(self.labels[cause])
        entry = items.CATALOGUE.get(cause)
        told = word(CAUSES, items.cause_name(cause, self.language), self.language)
        return self._quoted(entry.label(self.language) if entry else told)

    def _clause(self, clause: str) -> str:
        if not clause:
            return ""
        quoted = self._quoted(word(CLAUSES, clause, self.language))
        return f"（{quoted}）" if self.language == "zh" else f" ({quoted})"

    def _quoted(self, text: str) -> str:
        return f"“{text.replace('“', '‘').replace('”', '’')}”"


#: Classes of rows that are cuts of the grant.
_CUT_CLASSES = tuple(CUTS)


def _plain(value: float, places: int) -> str:
    """A number without trailing zeros."""
    text = f"{round_half_up(value, places):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
