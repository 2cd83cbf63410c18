"""`monitor`: where each fund stands in the year, what the year will end at, and whom to warn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast.assumptions.law_records import read_day
from sibforecast.assumptions.policy import Policy
from sibforecast.errors import SibError
from sibforecast.forecasting import months as mo
from sibforecast.forecasting import nowcast as nc
from sibforecast.forecasting.drivers import nowcast
from sibforecast.forecasting.events import events_of
from sibforecast.items import CATALOGUE
from sibforecast.oversight import pace as pc
from sibforecast.oversight.limits import CALLED, COLOURS, Limits, Own, at_most, worst
from sibforecast.oversight.reporting import budgets_above, report_findings
from sibforecast.oversight.reserve_rules import spoken_of
from sibforecast.oversight.reserves_ahead import reserve_rows
from sibforecast.oversight.sentences import Speech
from sibforecast.oversight.standing import KEYS, LINES, REVENUE, Floats, Plan, at_areas, forecast_plan, plan_rows, stage_rows
from sibforecast.oversight.understood import as_understood
from sibforecast.periods import Period
from sibforecast.phrases import Teller
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.results import Findings, Result, round_half_up
from sibforecast.tables.data import FundData

#: The interval of the outturn that a warning must lie outside of, in per cent.
LEVEL = 80
#: Further intervals, from which the chance of a false warning is read.
_LEVELS = (50, LEVEL, 90, 95, 99)
_TAIL = (1 - LEVEL / 100) / 2


@dataclass(frozen=True, repr=False)
class Monitoring(Result):
    """Where each line of each fund stands at the end of a month.

    Of each area, fund and line: `budget` and `adjusted` for the year; `executed` since
    January, to the month in `period`; `expected`, the year's outturn, with the interval from
    `expected_low` to `expected_high`; `progress` = executed ÷ adjusted (else the budget);
    `time_share` = months ÷ 12; `season_share`, the part that had come by this month in the
    last three years; `deviation` = progress − season_share. Rows of ``current_balance``,
    ``closing_balance`` and ``months_payable`` tell what the year ends at; `exhaustion` is the
    month in which the balance is used up at the pace expected. `season_scatter` is how far progress
    strayed from its season in earlier years (passed in one of ten), `chance` that the year yet
    misses its plan by no more than the yellow band. `status` is green, yellow,
    orange, red or, of months payable, excess (blank: nothing to hold it against), `reason` says why in a sentence, and
    `plan` what the line is held against. Money in the data's currency.
    """

    data: FundData | None = field(default=None, repr=False)
    limits: Limits | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "budget", "adjusted", "executed", "expected", "season_share",
        "deviation", "status", "reason", "progress", "time_share", "expected_low", "expected_high", "exhaustion", "plan",
        "season_scatter", "chance",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @property
    def thresholds(self) -> pd.DataFrame:
        """The bands used, each with its source and status: threshold, programme, value, source, status."""
        return self.limits.table() if self.limits is not None else pd.DataFrame()

    @property
    def warnings(self) -> pd.DataFrame:
        """The rows that are not green, the worst first: region, programme, item, status, reason."""
        frame = self.frame
        frame = frame[frame["status"].isin(COLOURS[1:])]
        order = frame["status"].map(COLOURS.index).to_numpy()
        shown = ["region", "programme", "item", "period", "status", "reason"]
        return frame.iloc[np.argsort(-order, kind="stable")][shown].reset_index(drop=True)

    @property
    def rules(self) -> pd.DataFrame:
        """What policy ties to the months payable: region, programme, rule, months, limit, speaks, reason, source, status."""
        ahead = self.frame[self.frame["item"] == "months_payable"]
        rows = [
            (region, programme, told.rule.threshold, months, told.limit.value, told.rule.speaks, told.reason.lstrip("；; "),
             told.limit.source, told.limit.status)
            for region, programme, months in zip(ahead["region"], ahead["programme"], ahead["expected"], strict=True)
            for told in (spoken_of(months, self.limits, programme, region) if self.limits is not None else ())
        ]  # fmt: skip
        names = ["region", "programme", "rule", "months", "limit", "speaks", "reason", "source", "status"]
        return pd.DataFrame(rows, columns=names)

    @property
    def expected_false(self) -> float:
        """How many of the orange and red lines are to be expected false: Σ of their chances to end within the yellow band."""
        called = self.frame["status"].isin(CALLED) & self.frame["chance"].notna()
        return float(self.frame.loc[called, "chance"].sum())

    def headline(self) -> str:
        """How many lines stand in which colour, how many of the calls are expected false, and how many reports are missing."""
        say, counts = self._speech.say, self.frame["status"].value_counts()
        shown = [c for c in reversed(COLOURS) if c != "excess" or c in counts]
        joined = ("、" if self._speech.language == "zh" else ", ").join(
            say("count", number=counts.get(c, 0), colour=c) for c in shown
        )
        told = say("asof", asof=self.provenance.get("asof", ""), counts=joined)
        every = self.frame["status"].isin(CALLED)  # reserves and lines without an interval have no chance
        lines = int((every & self.frame["chance"].notna()).sum())
        if lines:
            told += say("called", every=int(every.sum()), number=lines, false=round_half_up(self.expected_false, 1))
        silent = int((self.findings.frame["id"] == "not_reported").sum())
        return told + (say("missing", number=silent, s="s" * (silent != 1)) if silent else "")

    def summary(self) -> str:
        """The worst rows, a sentence each."""
        names, speech = self.labels(), self._speech
        rows = self.warnings.head(10).to_dict("records")
        lines = []
        for r in rows:
            fund, item = r["programme"], r["item"]
            if speech.language == "zh":
                fund, item = names.get(fund, fund), CATALOGUE[item].label("zh")
            head = f"{speech.colour(r['status'])}: {names.get(r['region'], r['region'])} {fund} {item}"
            lines.append(f"{head}: {r['reason']}")
        more = len(self.warnings) - len(rows)
        return "\n".join([*lines, *([speech.say("more", number=more)] if more else [])]) or speech.say("nothing")

    def in_language(self, language: str = "zh", names: Mapping[str, str] | None = None) -> Monitoring:
        """The same with its reasons in a language; see `Result.in_language`. What was made in Chinese stays Chinese."""
        made = super().in_language(language, names)
        if language == "en" or made.limits is None:
            return made
        return replace(made, limits=replace(made.limits, speech=replace(self._speech, language=language)))

    def shown(self, language: str | None = None) -> str:
        """What `repr` shows, in a language; by default in that of its reasons. See `Result.shown`."""
        own = self._speech.language
        return super().shown(own) if language in (None, own, "en") else self.in_language(language).shown()

    def spoken(self, teller: Teller) -> str:
        """The worst rows, a sentence each, in the language of the reasons."""
        return self.summary()

    @property
    def _speech(self) -> Speech:
        return self.limits.speech if self.limits is not None else Speech()

    def _repr_html_(self) -> str:
        from html import escape

        table = self.warnings.to_html(max_rows=30, index=False)
        return f"<p><b>{type(self).__name__}</b> {escape(self.headline())}</p>{table}"


def monitor(
    data: FundData, asof: str, *, plan: Plan | None = None, law: Policy | None = None, limits: Own | None = None,
    events: bool = True, language: str = "en",
) -> Monitoring:  # fmt: skip
    """Hold the months of a year against its budget, its season and its reserves.

    A line is warned of on its bad side (revenue low, expenditure high): by how far its
    progress lies off what the season makes normal, and by how far the estimated outturn misses
    the budget even at the near end of its 80 % interval; the worse of the two counts. Bands:
    up to 3 points green, 5 yellow, 10 orange, beyond red. Progress that lies no further off than
    the season strayed in nine of ten earlier years (`season_scatter`) is a hint: at most yellow. So
    are the good side, and lines of less than 1 % of their side. Many lines are looked at month
    after month: `expected_false` says how many of the orange and red ones will by chance not
    end so. Balances: bands of the months payable by fund,
    a deficit two years running, months falling by more than 3 within the year, exhaustion.

    Parameters
    ----------
    data : FundData
        Months at stage ``executed``; budgets at ``budget`` and ``adjusted`` where there are.
    asof : str
        The last month that may be used, ``2026-09``.
    plan : BudgetDraft, FundData or DataFrame, optional
        What the year is held against instead of the budgets in the data: region, programme,
        item, value. By default the budget (of the area, else of the areas below it); for funds
        without one the forecast made from data to the December before.
    law : Policy, optional
        Where the thresholds stand; by default `current_law`. All are dated, and unverified
        where no document names them.
    limits : mapping, optional
        Thresholds that override the law for this call, by name or (name, fund):
        ``{"progress_band_orange": 0.08, ("warning_months_red", "unemployment"): 4}``.
    events : bool
        Whether years that announced events mark are kept from shaping others.
    language : {"en", "zh"}
        Of the reasons.

    Returns
    -------
    Monitoring
        ``.warnings`` lists what is not green; ``.findings`` who has not reported, which month
        is missing, whose cumulative figure fell, which report was sent twice.

    Raises
    ------
    SibError
        If `asof` is no month, no month of its year is known, or the plan or the limits are
        faulty.

    Examples
    --------
    >>> import sibforecast as sib
    >>> months = sib.monitor(sib.load(sib.sample("china")), "2020-03").frame
    >>> row = months.query("programme == 'work_injury' and item == 'total_revenue'").iloc[0]
    >>> row["status"], f"{row['progress']:.1%}", f"{row['season_share']:.1%}"
    ('red', '13.9%', '21.9%')
    """
    limit = Period.parse(asof)
    if not limit.is_month:
        raise SibError(f"asof must be a month such as 2021-09; found {asof!r}")
    data, strange = as_understood(data)
    bands = Limits.of(data, read_day(str(limit)), law, limits, Speech(language, data.currency))
    table = _reported(data, limit, events)
    if table is None:
        raise SibError(f"no month of {limit.year} is known at {asof}")
    found = [*strange, *report_findings(data, table, limit)]
    year = _year(data, table, limit, plan, events, bands, found)
    fell = {(f["region"], f["programme"], f["item"]) for f in found if f["id"] == "cumulative_fell"}
    rows = [*_line_rows(year, bands, data, fell), *reserve_rows(year, table, data, bands, found)]
    frame = pd.DataFrame(rows, columns=list(Monitoring.columns))
    provenance = {**data.provenance, "asof": str(limit)}
    return Monitoring(lambda: frame, provenance, data=data, limits=bands, findings=Findings.of(found, provenance))


def _reported(data: FundData, limit: Period, events: bool) -> nc.Table | None:
    """The months of the year, without printed totals over funds: those are checked, never watched beside their parts."""
    table = nc.month_table(data, limit.year, limit, events_of(data, limit) if events else ())
    if table is None or not (printed := (table.keys["programme"] == PRINTED_TOTAL).to_numpy()).any():
        return table
    if printed.all():
        return None
    months = mo.Months(table.data.values[~printed], table.data.flow[~printed], table.data.usable[~printed])
    return nc.Table(table.keys[~printed].reset_index(drop=True), months, table.month[~printed], table.year)


def _year(
    data: FundData, table: nc.Table, limit: Period, plan: Plan | None, events: bool, bands: Limits, found: list[dict[str, Any]]
) -> pd.DataFrame:
    """Each series of the year with its plan, execution, season and outturn; indexed by region, programme, item."""
    keys = table.keys.astype(str)
    out = keys.assign(month=table.month)
    at = np.arange(len(out)), table.month - 1
    out["executed"] = table.data.values[:, -1][at]
    out["season_share"] = pc.season(table, table.month)
    out["season_scatter"] = pc.scatter(table, table.month, _TAIL)
    wide = nowcast(data, str(limit), level=_LEVELS, events=events).frame.astype(dict.fromkeys(KEYS, str))
    levels, values = pc.quantiles(wide, keys)
    for name, quantile in (("expected", 0.5), ("expected_low", _TAIL), ("expected_high", 1 - _TAIL)):
        out[name] = values[:, int(np.abs(levels - quantile).argmin())]
    areas, doubt = set(keys["region"]), (levels, values)
    if plan is not None:
        planned = {"budget": at_areas(plan_rows(plan, data, limit.year), data, areas, found)}
        word = "plan"
    else:
        planned = {s: at_areas(stage_rows(data, limit.year, s), data, areas, found) for s in ("budget", "adjusted")}
        word = "budget"
    index = pd.MultiIndex.from_frame(keys)
    for stage in ("budget", "adjusted"):
        figures = planned.get(stage)
        out[stage] = figures.reindex(index).to_numpy() if figures is not None else np.nan
    out["plan"] = np.where(out["adjusted"].notna(), "adjusted budget", np.where(out["budget"].notna(), word, ""))
    bare = (out["plan"] == "") & out["item"].isin(LINES)
    whole = ~out["programme"].isin(out.loc[out["plan"] != "", "programme"])  # a fund with a budget keeps to it
    if plan is None and (bare & whole).any():
        budgets_above(data, limit.year, out[bare & whole], found)
        figures = at_areas(forecast_plan(data, limit.year, found), data, areas, found)
        value = figures.reindex(index).to_numpy()
        fill = (bare & whole).to_numpy() & ~np.isnan(value)
        out["budget"] = np.where(fill, value, out["budget"])
        out["plan"] = np.where(fill, f"forecast to {limit.year - 1}-12", out["plan"])
    out["chance"] = _chances(out, bands, *doubt)
    return out.set_index(index)


def _chances(year: pd.DataFrame, bands: Limits, levels: Floats, values: Floats) -> Floats:
    """The chance that the year yet ends within the yellow band of its plan, on the bad side; blank where nothing is planned."""
    base = year["adjusted"].fillna(year["budget"]).to_numpy(dtype=np.float64)
    band = np.array([bands.get("progress_band_yellow", p, r) for p, r in zip(year["programme"], year["region"], strict=True)])
    revenue = year["item"].isin(REVENUE).to_numpy()
    edge = np.where(base > 0, base * np.where(revenue, 1.0 - band, 1.0 + band), np.nan)
    below = pc.chance_below(levels, values, edge)
    return np.where(year["item"].isin(LINES), np.where(revenue, 1.0 - below, below), np.nan)


def _line_rows(year: pd.DataFrame, bands: Limits, data: FundData, fell: set[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
    """The rows of revenue and expenditure, each with its colour and reason."""
    base = year["adjusted"].fillna(year["budget"])
    totals = base[year["item"].isin(["total_revenue", "total_expenditure"])]
    for (key, base_value), row in zip(base.items(), year.to_dict("records"), strict=True):
        if row["item"] not in LINES or not any(v and v == v for v in (row["executed"], row["expected"], base_value)):
            continue
        side = "total_revenue" if row["item"] in REVENUE else "total_expenditure"
        whole = totals.get((row["region"], row["programme"], side), float("nan"))
        small = base_value < bands.get("warning_material_share", row["programme"], row["region"]) * whole
        record = {str(k): v for k, v in row.items()}
        yield _Line(record, float(base_value), bands, bool(small), key in fell).told()


@dataclass(frozen=True)
class _Line:
    """One line of the year, and how it is judged."""

    row: dict[str, Any]
    base: float
    bands: Limits
    small: bool
    fell: bool

    def told(self) -> dict[str, Any]:
        """The row of the frame."""
        row, base = self.row, self.base
        month = int(row["month"])
        progress = row["executed"] / base if base > 0 else float("nan")
        deviation = progress - row["season_share"]
        colour, reason = self._judged(progress, month)
        if self.fell:
            colour = worst(colour, "yellow")
            reason += self._say("fell")
        return {
            **{k: row[k] for k in (*KEYS, "budget", "adjusted", "executed", "expected", "season_share", "expected_low",
                                   "expected_high", "plan", "season_scatter", "chance")},
            "period": str(Period(self.bands.day.year, month)), "deviation": deviation, "status": colour, "reason": reason,
            "progress": progress, "time_share": month / 12.0, "exhaustion": "",
        }  # fmt: skip

    def _judged(self, progress: float, month: int) -> tuple[str, str]:
        row, base = self.row, self.base
        name = row["plan"] or "budget"
        if base != base:
            return "", self._say("no_plan")
        if base < 0:
            return "yellow", self._say("below_nothing", plan=name, money=self._money(base))
        if base == 0:
            if row["executed"] > 0:
                return "yellow", self._say("not_planned", plan=name, money=self._money(row["executed"]))
            return "green", self._say("nothing_due")
        sign = -1.0 if row["item"] in REVENUE else 1.0
        season, twelfths = row["season_share"], month / 12.0
        against = season if season == season else twelfths
        bad = sign * (progress - against)
        pace = self._colour(bad)
        strays = pace in CALLED and bad <= row["season_scatter"]  # earlier years strayed as far and held
        if season != season or strays:  # nothing is known of its season, or no more than it does of itself: a hint
            pace = at_most(pace, "yellow")
        edge = self._edge(sign)
        ahead = self._colour(edge)
        colour = worst(pace, ahead) or "green"
        told = self._pace_words(progress, against, season == season, twelfths, name)
        if strays:
            told += self._say("strays", points=100.0 * row["season_scatter"])
        if COLOURS.index(ahead or "green") > COLOURS.index(pace or "green"):
            told = self._outturn_words(edge, sign, name)
        if self.small and colour in ("orange", "red"):
            colour, told = "yellow", told + self._say("small", colour=colour)
        return colour, told

    def _edge(self, sign: float) -> float:
        """How far the outturn misses the budget at the near end of its interval; positive is bad, 0 where it holds the budget."""
        low, high = sorted(sign * (self.row[e] / self.base - 1.0) for e in ("expected_low", "expected_high"))
        return low if low > 0 else high if high < 0 else 0.0 if low == low and high == high else float("nan")

    def _colour(self, bad: float) -> str:
        return self.bands.both_sides(bad, self.row["programme"], self.row["region"])

    def _pace_words(self, progress: float, against: float, known: bool, twelfths: float, name: str) -> str:
        points = float(round_half_up(100.0 * (progress - against), 1))
        normal = self._say("season" if known else "no_season", against=against, twelfths=twelfths)
        place = "pace_above" if points > 0 else "pace_below" if points < 0 else "pace_on"
        return self._say(place, progress=progress, plan=name, points=abs(points), normal=normal)

    def _outturn_words(self, edge: float, sign: float, name: str) -> str:
        mild = self.base * (1.0 + sign * edge)
        return self._say(
            "ends_below" if mild < self.base else "ends_above", money=self._money(self.row["expected"]), mild=self._money(mild),
            level=LEVEL, edge=abs(edge), plan=name,
        )  # fmt: skip

    def _say(self, sentence: str, **values: object) -> str:
        return self.bands.speech.say(sentence, **values)

    def _money(self, value: float) -> str:
        return self.bands.speech.money(value)
