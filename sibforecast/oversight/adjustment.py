"""`adjust`: which lines of the budget need an adjustment, on which ground, and who must propose it.

An adjustment needs two things: the year is expected to miss the budget by more than the
threshold, and a cause for it is registered (a decision the budget did not know, a dated event).
A line that misses without a cause is told, and not adjusted. What upper levels granted is no
adjustment; it is listed to be reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isnan
from typing import Any, ClassVar

import pandas as pd

from sibforecast import items
from sibforecast.assumptions.policy import Policy
from sibforecast.assumptions.scenario import Change
from sibforecast.assumptions.scenario_files import from_policies
from sibforecast.errors import SibError
from sibforecast.forecasting.events import Event, events_of
from sibforecast.forecasting.law import known_by
from sibforecast.oversight.limits import Limits, Own
from sibforecast.oversight.monitoring import monitor
from sibforecast.oversight.standing import KEYS
from sibforecast.oversight.understood import as_understood
from sibforecast.periods import Period, months_in_force
from sibforecast.phrases import SCREEN, Teller
from sibforecast.programmes.programme import Programme
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.cells import read_truth
from sibforecast.tables.data import FundData

#: Who proposes the adjustment of contributions, by who collects them.
COLLECTORS = {"tax": "agency together with the tax authority", "agency": "agency"}
#: Grants of upper levels: no adjustment, to be reported.
GRANTS = ("upper_grant",)
_SIDES = {
    "total_revenue": (*items.REVENUE_LINES, "lower_remittance"),
    "total_expenditure": (*items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE),
}
#: What a rise of these takes from the contributions.
_TAKES = ("exempted", "deferred_out", "written_off")
_STATUS = ("adjust", "total", "unexplained", "report")


@dataclass(frozen=True, repr=False)
class Adjustment(Result):
    """Lines whose budget is to be adjusted, and those that are not although they miss it.

    `before` is the budget in force (adjusted, else approved), `after` what is proposed: the
    estimated outturn, with its 80 % interval beside it; `share` = difference ÷ before (of total revenue ÷ before
    without the grants of upper levels, which `difference` leaves out too). Status:
    ``adjust`` (proposed, `ground` names the registered causes), ``total`` (what the proposals
    make of the side's total), ``unexplained`` (beyond the threshold without a registered
    cause: no adjustment), ``report`` (a grant of the upper level: to be reported). Money in the
    data's currency.
    """

    data: FundData | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "before", "after", "difference", "share", "status", "ground", "decided_by",
        "proposer", "reason", "after_low", "after_high",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @property
    def proposals(self) -> pd.DataFrame:
        """The lines to adjust with the totals they make: before, after, difference, ground, proposer."""
        frame = self.frame
        shown = [*KEYS, "before", "after", "difference", "ground", "proposer"]
        return frame.loc[frame["status"].isin(["adjust", "total"]), shown].reset_index(drop=True)

    def headline(self) -> str:
        """How many lines of each status."""
        counts = self.frame["status"].value_counts()
        told = {"adjust": "to adjust", "unexplained": "beyond the threshold without a ground", "report": "grants to report"}
        words = ", ".join(f"{counts.get(s, 0)} {w}" for s, w in told.items())
        return f"as of {self.provenance.get('asof', '')}: {words}"

    def summary(self) -> str:
        """The lines, a sentence each: from which amount to which, why, on which ground, and who proposes it."""
        return self.spoken(Teller("en", self.labels()))

    def spoken(self, teller: Teller) -> str:
        """The same in a language; English names areas and shows the codes of funds and lines."""
        frame = self.frame[self.frame["status"] != "total"]
        rows = frame.head(10).to_dict("records")
        lines = [self._line({str(k): v for k, v in r.items()}, teller) for r in rows]
        more = len(frame) - len(rows)
        rest = [f"… and {more} more"] if more else [] if lines else ["nothing to adjust"]
        return "\n".join([*lines, *(teller.text(line, SCREEN) for line in rest)])

    def _line(self, row: dict[str, Any], teller: Teller) -> str:
        names = self.labels()
        currency = self.data.currency if self.data is not None else "yuan"
        zh = teller.language == "zh"
        divisor, unit = scale_for(max(abs(row["before"]), abs(row["after"])), currency, teller.language)
        before, after, moved = (row[c] / divisor for c in ("before", "after", "difference"))
        words = [teller.word(row[key]) if zh else row[key] for key in ("status", "programme", "item")]
        head = f"{words[0]}: {names.get(row['region'], row['region'])} {words[1]} {words[2]}"
        told = teller.text(f"ground {row['ground']}; to be proposed by the {row['proposer']}", SCREEN) if row["ground"] else ""
        figures = f"{before:,.2f} → {after:,.2f} ({unit}), {moved:+,.2f}"
        figures = figures.replace("-", "−") if teller.language == "zh" else figures  # a sentence has one minus sign
        line = f"{head}: {figures}: {teller.text(row['reason'])}"
        return f"{line}; {told}" if told else line


def adjust(
    data: FundData, asof: str, *, collector: str | Mapping[str, str] = "tax", law: Policy | None = None,
    limits: Own | None = None, events: bool = True,
) -> Adjustment:  # fmt: skip
    """Propose adjustments of the budget of the year under way.

    A line is looked at where its expected outturn misses the budget by more than 10 %, or
    where its side (without grants of the upper level) does by more than 5 %. It is proposed
    for adjustment where a cause is registered that reaches it and moves it that way: a
    decision of the table ``policies`` known by `asof` that the budget did not know, or an event.

    Parameters
    ----------
    data : FundData
        Months, budgets, ``policies`` and ``events``.
    asof : str
        The last month that may be used, ``2026-09``.
    collector : str or mapping of fund to str
        Who collects contributions: ``tax`` (the agency proposes together with the tax
        authority) or ``agency``.
    law, limits
        Thresholds ``adjustment_total`` and ``adjustment_item``, as in `monitor`: defaults
        without a document.
    events : bool
        As in `monitor`.

    Returns
    -------
    Adjustment

    Raises
    ------
    SibError
        As `monitor`; also where a collector is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> made = sib.adjust(sib.load(sib.sample("nmg")), "2026-09")
    >>> made.frame.query("item == 'fiscal_subsidy' and status == 'adjust'")["ground"].unique().tolist()
    ['rp-basic-2026-subsidy']
    """
    by_fund = dict.fromkeys(data.programmes, collector) if isinstance(collector, str) else dict(collector)
    unknown = [f"{fund}: {who}" for fund, who in by_fund.items() if who not in COLLECTORS or fund not in data.programmes]
    if unknown:
        raise SibError(f"unknown collector or fund in {', '.join(unknown)}; expected {' or '.join(COLLECTORS)} for each fund")
    data, strange = as_understood(data)
    watched = monitor(data, asof, law=law, limits=limits, events=events)
    limit = Period.parse(asof)
    bands = Limits.of(data, _day(limit), law, limits)
    grounds = Grounds(data, limit, tuple(_changes(data, limit)), events_of(data, limit) if events else ())
    frame = watched.frame
    budgeted = frame["plan"].isin(["budget", "adjusted budget"])
    funds = pd.MultiIndex.from_frame(frame[["region", "programme"]])
    also = frame["item"].isin(GRANTS) & funds.isin(funds[budgeted])  # a grant is to be reported though no budget has it
    held = frame[budgeted | also]
    found = [*strange, *watched.findings.records()]
    for bare in sorted(set(frame["programme"]) - set(held["programme"])):
        found.append({"id": "no_budget", "severity": "note", "programme": bare, "period": str(limit.year),
                      "message": "there is no budget to adjust", "mend": "enter the budget"})  # fmt: skip
    rows: list[dict[str, Any]] = []
    for (region, programme), part in held.groupby(["region", "programme"], sort=False):
        lines = {str(r["item"]): {str(k): v for k, v in r.items()} for r in part.to_dict("records")}
        proposer = COLLECTORS[by_fund.get(str(programme), "tax")]
        fund = _Fund(str(region), data.programmes[str(programme)], lines, bands, grounds, proposer)
        rows += fund.rows(str(limit.year))
        found += fund.deficit(str(limit.year))
    table = pd.DataFrame(rows, columns=list(Adjustment.columns))
    provenance = {**data.provenance, "asof": str(limit)}
    return Adjustment(lambda: table, provenance, data=data, findings=Findings.of(found, provenance))


def _day(limit: Period) -> Any:
    from sibforecast.assumptions.law_records import read_day

    return read_day(str(limit))


def _changes(data: FundData, limit: Period) -> Iterator[Change]:
    """Decisions known by now that the budget of the year did not know and that are in force in it."""
    for row in data.table("policies").to_dict("records"):
        if read_truth(row.get("known_at_budget")) or not known_by(row, limit):
            continue
        record = {str(k): v for k, v in row.items()}
        for change in from_policies([record]):
            end = Period.parse(change.end) if change.end else None
            if months_in_force(limit.year, Period.parse(change.start), end):
                yield change


def reach(programme: Programme, line: str) -> frozenset[str]:
    """Items that a line may follow from, by any rule of the fund; the line itself among them.

    Examples
    --------
    >>> from sibforecast.programmes.registry import SEVEN
    >>> found = reach(SEVEN["enterprise_pension"], "contribution_revenue")
    >>> "contribution_rate" in found, "benefit_level" in found
    (True, False)
    """
    seen: set[str] = set()
    queue = [line]
    while queue:
        item = queue.pop()
        if item in seen or item.endswith("_opening"):
            continue
        seen.add(item)
        for rule in programme.by_item.get(item, ()):
            names = [n for n, _ in rule.parameters if n != "months"] + ([rule.follows] if rule.follows else [])
            queue.extend(n.removesuffix("_raw").removesuffix("_in_force") for n in names)
    return frozenset(seen)


@dataclass(frozen=True)
class Grounds:
    """Registered causes of the year."""

    data: FundData
    limit: Period
    changes: tuple[Change, ...]
    events: tuple[Event, ...]

    def of(self, region: str, programme: Programme, line: str, upwards: bool) -> list[tuple[str, str]]:
        """Causes (name, who decided) that reach a line of an area and move it that way."""
        reached = reach(programme, line)
        out = []
        for change in self.changes:
            touches = change.concerns(programme.code) and change.item in reached and self._here(change, region)
            if touches and _moves(change, line) in (None, upwards):
                out.append((change.cause, change.decided_by))
        for event in self.events:
            running = event.kind == "one_off" and months_in_force(self.limit.year, event.start, event.end) > 0
            if running and event.concerns(programme.code, line):
                out.append((event.id, "event"))
        return list(dict.fromkeys(out))

    def _here(self, change: Change, region: str) -> bool:
        """Whether a decision meets an area: it, an area above it, or areas below it."""
        tree = self.data.regions
        for word in change.regions:
            if word == "*":
                return True
            code = tree.resolve(word)
            if code == region or code in tree.below(region) or region in tree.below(code):
                return True
        return False


def _moves(change: Change, line: str) -> bool | None:
    """Whether a decision raises (True) or lowers a line; ``None`` where that cannot be told."""
    if change.operation == "multiply":
        up = change.amount > 1.0
    elif change.operation == "add":
        up = change.amount > 0.0
    elif change.operation in ("floor", "cap"):
        up = change.operation == "floor"
    elif change.before is not None:
        up = change.amount > change.before
    else:
        return None
    return not up if change.item in _TAKES and line != change.item else up


@dataclass(frozen=True)
class _Fund:
    """The lines of one fund of one area, and what is proposed for them."""

    region: str
    programme: Programme
    lines: Mapping[str, Mapping[str, Any]]
    bands: Limits
    grounds: Grounds
    proposer: str

    def before(self, item: str) -> float:
        """The budget in force; of a grant that no budget has it is nothing."""
        line = self.lines.get(item)
        if line is None:
            return float("nan")
        budget = float(line["adjusted"] if line["adjusted"] == line["adjusted"] else line["budget"])
        return 0.0 if budget != budget and item in GRANTS else budget

    def difference(self, item: str) -> float:
        """Expected outturn less the budget; of a side's total without the grants of the upper level."""
        line = self.lines.get(item)
        if line is None:
            return float("nan")
        grants = sum(self.difference(g) for g in GRANTS if g in self.lines and item == "total_revenue")
        expected = float(line["expected"])
        if expected != expected and item in GRANTS:  # no forecast of it: what has come
            expected = float(line["executed"])
        return expected - self.before(item) - grants

    def share(self, item: str) -> float:
        """The difference as a share of the budget, grants left out on both sides."""
        grants = sum(self.before(g) for g in GRANTS if g in self.lines and item == "total_revenue")
        base = self.before(item) - grants
        return self.difference(item) / base if base > 0 else float("nan")

    def rows(self, year: str) -> list[dict[str, Any]]:
        """What is proposed, what it makes of the totals, what is not explained, what is to be reported."""
        out = [row for total, side in _SIDES.items() for row in self._side(total, side, year)]
        for grant in GRANTS:
            line = self.lines.get(grant)
            if line is None or isnan(self.before(grant)):
                continue
            low, high = float(line["expected_low"]), float(line["expected_high"])
            if not low <= self.before(grant) <= high or float(line["executed"]) > self.before(grant):
                told = "a grant of the upper level is no adjustment of the budget; government and congress are to be told of it"
                told += "; the budget has none" if line["budget"] != line["budget"] else ""
                out.append(self._row(grant, year, "report", self.difference(grant), (), told))
        return out

    def _side(self, total: str, side: tuple[str, ...], year: str) -> Iterator[dict[str, Any]]:
        where = (self.programme.code, self.region)
        item_limit, total_limit = (self.bands.get(n, *where) for n in ("adjustment_item", "adjustment_total"))
        whole = abs(self.share(total)) > total_limit
        known = [i for i in side if i in self.lines and self.before(i) == self.before(i)]
        moved = explained = 0.0
        for item in known or ([total] if total in self.lines else []):
            share = self.share(item)
            beyond = abs(share) > (total_limit if item == total else item_limit)
            if not beyond and not whole:
                continue
            causes = self.grounds.of(self.region, self.programme, item, share > 0)
            why = f"{share:+.1%} of its budget expected"
            why += f", {total} {self.share(total):+.1%}" if whole and item != total else ""
            left = self._left_out(total) if whole else ""
            if causes:
                moved += self.difference(item)
                explained += 1
                yield self._row(item, year, "adjust", self.difference(item), causes, why + left)
            elif beyond:
                why += ", and no cause is registered"
                yield self._row(item, year, "unexplained", self.difference(item), (), why + left)
        if explained and known and total in self.lines:
            told = "the side's total with the proposals"
            yield self._row(total, year, "total", moved, (), told)
        elif whole and known and not explained:
            told = f"{self.share(total):+.1%} of its budget expected, and no cause is registered for any of its lines"
            told += self._left_out(total)
            yield self._row(total, year, "unexplained", self.difference(total), (), told)

    def _left_out(self, total: str) -> str:
        """That a total is told without what upper levels grant, where they do."""
        granted = total == "total_revenue" and any(self.before(g) > 0 or self.difference(g) > 0 for g in GRANTS)
        return f"; {total} is told without grants of the upper level" if granted else ""

    def _row(
        self, item: str, year: str, status: str, difference: float, causes: Any, reason: str
    ) -> dict[str, Any]:
        before, line = self.before(item), self.lines[item]
        base = before - sum(self.before(g) for g in GRANTS if g in self.lines and item == "total_revenue")
        proposer = self.proposer if item == "contribution_revenue" else "agency"
        return {
            "region": self.region, "programme": self.programme.code, "item": item, "period": year, "before": before,
            "after": before + difference, "difference": difference,
            "share": difference / base if base > 0 else float("nan"), "status": status,
            "ground": ", ".join(c for c, _ in causes), "decided_by": ", ".join(dict.fromkeys(d for _, d in causes)),
            "proposer": proposer if status == "adjust" else "", "reason": reason,
            "after_low": line["expected_low"] if status != "total" else float("nan"),
            "after_high": line["expected_high"] if status != "total" else float("nan"),
        }  # fmt: skip

    def deficit(self, year: str) -> list[dict[str, Any]]:
        """A proposal that leaves a deficit says so: it must be filled before it can be approved."""
        proposed = {r["item"]: float(r["difference"]) for r in self.rows(year) if r["status"] in ("adjust", "total")}
        moved = [proposed.get(total, 0.0) for total in _SIDES]
        balance = self.before("total_revenue") - self.before("total_expenditure")
        after = balance + moved[0] - moved[1]
        if not proposed or not after < 0 or not after < balance:
            return []
        return [{
            "id": "deficit_after", "severity": "warning", "region": self.region, "programme": self.programme.code,
            "item": "current_balance", "period": year, "expected": "0.00 or more", "found": f"{after:,.2f}",
            "message": "the adjusted budget ends in a deficit", "mend": "say how it is filled: own balance, subsidy, grant",
        }]  # fmt: skip
