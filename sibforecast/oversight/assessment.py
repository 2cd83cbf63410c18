"""`assess`: the scorecard of the areas, each score traceable to its figure, and what a point is worth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from sibforecast import items
from sibforecast.analysis.attribution import Attribution
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.analysis.sharing import share
from sibforecast.errors import SibError
from sibforecast.forecasting import nowcast as nc
from sibforecast.items import did_you_mean
from sibforecast.oversight.reporting import months_behind
from sibforecast.oversight.scorecard_file import TOTAL, Card, Indicator, read_scorecard
from sibforecast.oversight.standing import KEYS, at_areas, last_account, stage_rows, whole_year
from sibforecast.oversight.understood import as_understood
from sibforecast.periods import Period
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.projection.draft import BudgetDraft
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.cells import read_truth
from sibforecast.tables.data import FundData

Figures = Mapping[tuple[str, str, str], float]
_BLANK = float("nan")


@dataclass(frozen=True, repr=False)
class Scorecard(Result):
    """Scores of the areas for a year.

    One row an indicator: its `weight` in points, the `value` measured (a completion, a
    deviation, a share, or what was entered), the `score`, and the `reason`: the figures it comes
    from. The row ``total`` is of 100; where indicators are missing it is worked out from those
    known, `weight` says how many points they make, and the grade is provisional (none below half
    of all points). `status` is the colour of the score's grade, for an indicator of its score ÷ weight: green for the
    best grade, red for the worst; blank where there is no score.
    """

    data: FundData | None = field(default=None, repr=False)
    card: Card | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "period", "indicator", "weight", "value", "score", "reason", "group", "grade", "status",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @property
    def totals(self) -> pd.DataFrame:
        """The areas by their total, the best first: region, score, grade, complete."""
        frame = self.frame[self.frame["indicator"] == TOTAL]
        whole = self.card.whole if self.card is not None else 100.0
        out = frame.assign(complete=frame["weight"] >= whole - 1e-9).sort_values("score", ascending=False, kind="stable")
        return out[["region", "score", "grade", "complete"]].reset_index(drop=True)

    def grades(self, provisional: bool = False) -> dict[str, str]:
        """The grade of each area, as `share` takes them for its multiplier (``assessments=card`` does the same).

        Parameters
        ----------
        provisional : bool
            Whether areas of which an indicator is missing take part; by default they have no
            grade yet.
        """
        table = self.totals
        table = table[(table["complete"] | provisional) & (table["grade"] != "")]
        return dict(zip(table["region"], table["grade"], strict=True))

    def worth(
        self, causes: Attribution | BudgetDraft | pd.DataFrame, rules: SharingRules, *, points: float = 1.0,
        provisional: bool = False, **facts: Any,
    ) -> pd.DataFrame:  # fmt: skip
        """What more points are worth to each area: the bill is shared again with its grade raised, all others as they are.

        Parameters
        ----------
        causes, rules, facts
            As `share` takes them.
        points : float
            How many more.
        provisional : bool
            As in `grades`.

        Returns
        -------
        DataFrame
            region, score, grade, grant (what the grantor pays), worth (of the points), next_grade,
            points_to_next, worth_of_next; the multiplier moves by grades, so a point may be worth nothing.
        """
        if self.card is None:
            raise SibError("this scorecard carries no rules")
        grades, rows = self.grades(provisional), []
        now = self._grants(causes, rules, grades, facts)
        for region, score, grade, _ in self.totals.itertuples(index=False, name=None):
            if region not in grades or region not in now:
                continue
            better = [(name, least) for name, least in self.card.grades if least > score]
            after, least = better[-1] if better else ("", _BLANK)
            raised = {g: self._grants(causes, rules, grades | {region: g}, facts)[region] - now[region]
                      for g in {self.card.grade(score + points), after} - {""}}  # fmt: skip
            rows.append((region, score, grade, now[region], raised[self.card.grade(score + points)], after, least - score,
                         raised.get(after, _BLANK)))  # fmt: skip
        columns = ["region", "score", "grade", "grant", "worth", "next_grade", "points_to_next", "worth_of_next"]
        return pd.DataFrame(rows, columns=columns)

    def _grants(self, causes: Any, rules: SharingRules, grades: Mapping[str, str], facts: Mapping[str, Any]) -> dict[str, float]:
        """What the grantor pays each area under these grades."""
        frame = share(causes, rules, assessments=grades, **facts).frame
        paid = frame["value"].where(frame["payer"] == rules.grantor, 0.0)
        return {str(r): float(v) for r, v in paid.groupby(frame["region"], sort=False).sum().items()}

    def headline(self) -> str:
        """How many areas of each grade."""
        counts = self.totals["grade"].value_counts()
        names = [name for name, _ in self.card.grades] if self.card is not None else []
        told = ", ".join(f"{name} {counts.get(name, 0)}" for name in names)
        open_ = int((~self.totals["complete"]).sum())
        status = f"; weights {self.card.status}" if self.card is not None else ""
        return f"{self.provenance.get('year', '')}: {told}" + (f"; {open_} provisional" if open_ else "") + status

    def summary(self) -> pd.DataFrame:
        """Scores by group, with the total."""
        frame = self.frame
        parts = frame[frame["indicator"] != TOTAL].groupby(["region", "group"], sort=False)["score"]
        table = parts.sum(min_count=1).unstack("group")
        table = table.join(self.totals.set_index("region")[["score", "grade"]].rename(columns={"score": TOTAL}))
        return table.rename(index=self.labels()).round(1).sort_values(TOTAL, ascending=False)


def assess(data: FundData, year: int, *, scorecard: str | Path | Card | None = None) -> Scorecard:
    """Score the areas for a year.

    Parameters
    ----------
    data : FundData
        Budgets and accounts, months, ``audits``, and what was entered by hand in ``assessments``: an
        indicator's id, or a group's where its indicators have no figures, with a value up to
        100. Of routine entries by month the mean counts, beside an entry of the year by the
        scorecard's weight ``routine``. Where audits of the year are known, an area without one had no finding.
    year : int
        The year to score.
    scorecard : path or Card, optional
        Indicators, weights and grades (`read_scorecard`); by default the package's own, whose
        weights no document names.

    Returns
    -------
    Scorecard
        ``share(..., assessments=card)`` takes its grades; ``.worth(causes, rules)`` says what one
        more point is worth; ``.findings`` what is missing.

    Raises
    ------
    RulesError
        With all faults of the file.
    SibError
        If no area has a figure of the year.

    Examples
    --------
    >>> import sibforecast as sib
    >>> card = sib.assess(sib.load(sib.sample("nmg")), 2025)
    >>> card.totals.iloc[0]["grade"], len(card.totals)
    ('优秀', 12)
    """
    year = whole_year(year)
    data, strange = as_understood(data)
    card = scorecard if isinstance(scorecard, Card) else read_scorecard(scorecard)
    found = [*strange, *months_behind(data, year)]
    areas = _areas(data, card.unit)
    entered = _entered(data, year, card, areas, found)
    measured = _Measured.of(data, year, areas, card, found)
    rows: list[dict[str, Any]] = []
    for region in areas:
        mine = [_row(region, year, i, *measured.value(region, i, entered)) for i in card.indicators]
        _by_hand(mine, region, entered)
        if all(r["score"] != r["score"] for r in mine):
            continue
        rows += [*mine, _total(region, year, mine, card)]
        for row in mine:
            if row["score"] != row["score"]:
                found.append({"id": "indicator_missing", "severity": "warning", "table": "assessments", "region": region,
                              "period": str(year), "item": row["indicator"], "message": f"no score: {row['reason']}",
                              "mend": "enter the figures, or a value in the table assessments"})  # fmt: skip
    if not rows:
        raise SibError(f"nothing is known of {year} that could be scored")
    frame = pd.DataFrame(rows, columns=[c for c in Scorecard.columns if c != "status"])
    hundredths = frame["score"].where(frame["indicator"] == TOTAL, 100.0 * frame["score"] / frame["weight"])
    frame["status"] = [card.colour(points) for points in hundredths]
    provenance = {**data.provenance, "year": year, "scorecard": card.title, "status": card.status, "weights": card.source}
    return Scorecard(lambda: frame, provenance, data=data, card=card, findings=Findings.of(found, provenance))


def _areas(data: FundData, unit: str) -> tuple[str, ...]:
    """Areas that are scored: those of the unit, the own levels above apart; where there are none, all without areas below."""
    tree = data.regions
    named = tuple(a for a in tree.order if tree.areas[a].level == unit and not tree.is_own_level(a))
    return named or tuple(a for a in tree.order if not tree.children(a))


def _row(region: str, year: int, indicator: Indicator, value: float, reason: str) -> dict[str, Any]:
    score = indicator.points(value)
    if score == score and indicator.measure != "entered":
        reason += f": {score:.1f} of {indicator.weight:g}"
    return {"region": region, "period": str(year), "indicator": indicator.id, "weight": indicator.weight, "value": value,
            "score": score, "reason": reason, "group": indicator.group, "grade": ""}  # fmt: skip


def _by_hand(rows: list[dict[str, Any]], region: str, entered: Mapping[tuple[str, str], float]) -> None:
    """What was entered for an indicator without figures, or for its group as a whole, stands for it."""
    for row in rows:
        for word in (row["indicator"], row["group"]):
            value = entered.get((region, word), _BLANK)
            if row["score"] != row["score"] and value == value:
                row["value"], row["score"] = value, row["weight"] * value / 100.0
                row["reason"] = f"{value:g} of 100 entered for {word}; of its own: {row['reason']}"


def _total(region: str, year: int, rows: list[dict[str, Any]], card: Card) -> dict[str, Any]:
    known = [r for r in rows if r["score"] == r["score"]]
    weight, points = sum(r["weight"] for r in known), sum(r["score"] for r in known)
    score = 100.0 * points / weight
    grade = card.grade(score) if weight >= card.whole / 2.0 else ""
    told = f"{points:.1f} of {weight:g} points"
    if weight < card.whole - 1e-9:
        told += f"; {card.whole - weight:g} points are not known yet: " + ("provisional" if grade else "no grade")
    return {"region": region, "period": str(year), "indicator": TOTAL, "weight": weight, "value": points, "score": score,
            "reason": told, "group": TOTAL, "grade": grade}  # fmt: skip


def _entered(
    data: FundData, year: int, card: Card, areas: tuple[str, ...], found: list[dict[str, Any]]
) -> dict[tuple[str, str], float]:
    """What was entered by hand by area and indicator or group: the months' mean, and the entry of the year by its weight."""
    known = {i.id for i in card.indicators} | {i.group for i in card.indicators}
    table: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    strange: dict[str, Any] = {}
    for row in data.table("assessments").to_dict("records"):
        if str(row["period"])[:4] != str(year):
            continue
        word, region, value = str(row["indicator"]), str(row["region"]), float(row["value"])
        if word not in known:
            strange.setdefault(word, row)
        elif not 0.0 <= value <= 100.0:
            found.append({"id": "score_out_of_range", "severity": "error", "table": "assessments", "row": row.get("row"),
                          "region": region, "period": str(year), "expected": "0 to 100", "found": f"{value:g}",
                          "message": f"the value entered for {word} is no score; it is left out",
                          "mend": "enter a value up to 100"})  # fmt: skip
        elif region in areas:
            table.setdefault((region, word), ([], []))["-" not in str(row["period"])].append(value)
    for word, row in strange.items():
        found.append({"id": "unknown_indicator", "severity": "note", "table": "assessments", "row": row.get("row"), "found": word,
                      "message": f"the scorecard has no indicator {word!r}{did_you_mean(word, known)}; it is not scored",
                      "mend": "correct the word, or give a scorecard that has it"})  # fmt: skip
    out = {}
    for key, kinds in table.items():
        means = [sum(many) / len(many) for many in kinds if many]
        out[key] = card.routine * means[0] + (1.0 - card.routine) * means[1] if len(means) == 2 else means[0]
    return out


@dataclass(frozen=True)
class _Measured:
    """Figures of the year by area, fund and item."""

    data: FundData
    year: int
    account: Figures
    budget: Figures
    adjusted: Figures
    reports: Mapping[str, tuple[int, int]]
    audits: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, data: FundData, year: int, areas: tuple[str, ...], card: Card, found: list[dict[str, Any]]) -> _Measured:
        """What the indicators of a scorecard ask for."""
        wanted = {item for i in card.indicators for item in i.of} | {"total_expenditure"}

        def figures(rows: pd.DataFrame) -> Figures:
            known = at_areas(rows, data, set(areas), found, wanted)
            return dict(zip(known.index.tolist(), known.tolist(), strict=True))

        stages = {s: figures(stage_rows(data, year, s)) for s in ("budget", "adjusted")}
        return cls(data, year, figures(last_account(data, year)), stages["budget"], stages["adjusted"],
                   _reports(data, year, areas), _audits(data, year, areas))  # fmt: skip

    def value(self, region: str, indicator: Indicator, entered: Mapping[tuple[str, str], float]) -> tuple[float, str]:
        """The figure of an indicator, and where it comes from."""
        if indicator.measure == "entered":
            by_hand = entered.get((region, indicator.id), _BLANK)
            return by_hand, f"{by_hand:g} of 100 entered" if by_hand == by_hand else "nothing entered"
        measure = {"completion": self._against_plan, "deviation": self._against_plan, "reported": self._reported,
                   "audited": self._audited, "rectified": self._rectified}[indicator.measure]  # fmt: skip
        return measure(region, indicator)

    def _pairs(self, region: str, indicator: Indicator) -> Iterator[tuple[str, float, float]]:
        """(item, planned, came) of each fund that has both."""
        for fund in dict.fromkeys(f for r, f, _ in self.account if r == region and f != PRINTED_TOTAL):
            for item in indicator.of:
                key = (region, fund, item)
                plan = self.budget.get(key, _BLANK)
                if indicator.against == "adjusted":
                    plan = self.adjusted.get(key, plan)
                came = self.account.get(key, _BLANK)
                if plan == plan and came == came and (plan or came):
                    yield item, plan, came
                    if indicator.one_of:
                        break

    def _against_plan(self, region: str, indicator: Indicator) -> tuple[float, str]:
        pairs = list(self._pairs(region, indicator))
        planned, came = sum(p for _, p, _ in pairs), sum(c for _, _, c in pairs)
        names = ", ".join(dict.fromkeys(i for i, _, _ in pairs))
        if not planned > 0:
            return _BLANK, f"no plan and account of {', '.join(indicator.of)}"
        told = f"{names}: {self._shown(came, pairs[0][0])} of {self._shown(planned, pairs[0][0])}"
        if indicator.measure == "completion":
            return came / planned, f"{told} planned, {came / planned:.1%}"
        apart = sum(abs(c - p) for _, p, c in pairs)  # a fund's excess does not make up for another's shortfall
        return apart / planned, f"{told} budgeted, {apart / planned:.1%} apart fund by fund"

    def _shown(self, value: float, item: str) -> str:
        if items.CATALOGUE[item].unit != "currency":
            return f"{value:,.0f}"
        divisor, unit = scale_for(value, self.data.currency)
        return f"{value / divisor:,.2f} ({unit})"

    def _reported(self, region: str, indicator: Indicator) -> tuple[float, str]:
        came, due = self.reports.get(region, (0, 0))
        return (came / due, f"{came} of {due} monthly reports") if due else (_BLANK, "no months known")

    def _audited(self, region: str, indicator: Indicator) -> tuple[float, str]:
        spent = self._spent(region)
        if not spent > 0 or not self.audited:
            return _BLANK, "no audits or no expenditure known"
        amount = self.audits.get(region, (0.0, 0.0))[0]
        told = f"findings of {self._shown(amount, 'total_expenditure')} in {self._shown(spent, 'total_expenditure')} spent"
        return amount / spent, f"{told}, {amount / spent:.3%}"

    @property
    def audited(self) -> bool:
        """Whether any audit of the year is known: only then is an area without a finding one that had none."""
        audits = self.data.table("audits")
        return not audits.empty and str(self.year) in set(audits["period"].astype(str).str[:4])

    def _spent(self, region: str) -> float:
        """Expenditure of all funds of an area by the account."""
        funds = {f for r, f, _ in self.account if r == region and f != PRINTED_TOTAL}
        return sum(self.account.get((region, fund, "total_expenditure"), 0.0) for fund in funds)

    def _rectified(self, region: str, indicator: Indicator) -> tuple[float, str]:
        amount, right = self.audits.get(region, (0.0, 0.0))
        if not amount:
            known = self.audited and self._spent(region) > 0
            return (1.0, "no audit findings") if known else (_BLANK, "no audits of the year known")
        told = f"{self._shown(right, 'total_expenditure')} of {self._shown(amount, 'total_expenditure')} put right"
        return right / amount, told


def _reports(data: FundData, year: int, areas: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Monthly reports received and due, by area: of each fund that is reported this year or was last, up to the
    last month that any area reported."""
    rows = nc.month_rows(data, Period(year, 12))
    rows = rows[rows["year"].isin([year - 1, year]) & (rows["programme"] != PRINTED_TOTAL)].astype(dict.fromkeys(KEYS, str))
    inside = {below: area for area in areas for below in (area, *data.regions.below(area))}
    rows = rows.assign(area=rows["region"].map(inside)).dropna(subset=["area"])
    now = rows[rows["year"] == year]
    if now.empty:
        return {}
    due = rows.drop_duplicates(["region", "programme"]).groupby("area").size() * int(now["month"].max())
    here = now.drop_duplicates(["region", "programme", "month"]).groupby("area").size()
    return {str(area): (int(here.get(area, 0)), int(count)) for area, count in due.items()}


def _audits(data: FundData, year: int, areas: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Audit findings of the year and what of them was put right, by area."""
    inside = {below: area for area in areas for below in (area, *data.regions.below(area))}
    out: dict[str, tuple[float, float]] = {}
    for row in data.table("audits").to_dict("records"):
        area = inside.get(str(row["region"]))
        if area is None or str(row["period"])[:4] != str(year):
            continue
        amount, right = out.get(area, (0.0, 0.0))
        value = float(row["amount"])
        out[area] = (amount + value, right + (value if read_truth(row["rectified"]) else 0.0))
    return out
