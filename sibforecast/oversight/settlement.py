"""`settle`: the year's final account against its budgets and last year, by cause, to the bill and what is still due."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.analysis.attribution import Attribution, attribute
from sibforecast.analysis.rounding import cents
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.analysis.sharing import Sharing, share
from sibforecast.assumptions.law_records import read_day
from sibforecast.assumptions.policy import Policy
from sibforecast.errors import SibError
from sibforecast.oversight import standing
from sibforecast.oversight.limits import COLOURS, Limits, Own
from sibforecast.oversight.reporting import months_behind
from sibforecast.oversight.standing import KEYS, LINES, REVENUE, STOCKS, at_areas, forecast_plan, last_account, stage_rows
from sibforecast.oversight.understood import as_understood
from sibforecast.phrases import Teller
from sibforecast.phrases.tables import told_table
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.data import FundData

#: What was advanced on a gap, and who advanced it.
ADVANCED = {"gap_grant": "region", "gap_subsidy": "own treasury"}
#: Lines whose forecast error is told.
_TESTED = ("total_revenue", "total_expenditure", "contribution_revenue", "benefit_expenditure")
_SIDES = (("total_revenue", "contribution_revenue"), ("total_expenditure", "benefit_expenditure"))
_WORDS = {"final": "final account", "executed": "executed: the year's figure",
          "december": "executed: December's cumulative figure"}  # fmt: skip


@dataclass(frozen=True, repr=False)
class Settlement(Result):
    """The year's account beside its budget, its adjusted budget and last year, line by line.

    `executed` is the account (`account` says which), `expected` what compilers had expected
    of the year, `completion` = executed ÷ adjusted (else the budget), `deviation` =
    completion − 1, `against_original` = executed ÷ budget − 1, `growth` on last year.
    `season_share` is 1: the year is over. `status` and `reason` as in `Monitoring`; the reason
    names the largest causes. `causes` tells why the gap moved from the budget to the account.
    """

    data: FundData | None = field(default=None, repr=False)
    year: int = 0
    causes: Attribution | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    summed_up_in_hundreds: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "budget", "adjusted", "executed", "expected", "season_share",
        "deviation", "status", "reason", "last_year", "completion", "against_original", "growth", "account",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of the changes among its causes, by the name of each."""
        return self.causes.titles if self.causes is not None else {}

    def bill(self, rules: SharingRules, **facts: Any) -> Sharing:
        """Who carries the year's gap, by rules; `facts` are those of `share` (assessments, audits, …).

        Raises
        ------
        SibError
            If there are no causes to share, or a fact is faulty.
        """
        if self.causes is None:
            why = self.findings.frame["message"].iloc[-1]
            raise SibError(f"nothing to share: the causes of {self.year} are unknown: {why}")
        return share(self.causes, rules, **facts)

    def classes(self, rules: SharingRules, **facts: Any) -> pd.DataFrame:
        """Causes by class of the rules.

        Returns
        -------
        DataFrame
            region, programme, class, treat, cause, value: what counts as whose, all payers together.
        """
        keys = ["region", "programme", "class", "treat", "cause"]
        frame = self.bill(rules, **facts).frame
        return frame.groupby(keys, sort=False)["value"].sum().reset_index()

    def true_up(self, rules: SharingRules, **facts: Any) -> pd.DataFrame:
        """What is due by the bill less what was advanced during the year.

        The region advanced the gap-filling grants in the account (``gap_grant``), the area's own
        treasury (league and county) the gap-filling subsidies (``gap_subsidy``).

        Returns
        -------
        DataFrame
            region, programme, payer, due, advanced, difference (positive: still to be paid).
            What the fund itself carries and what is pending stands there too, with nothing advanced.
        """
        bill = self.bill(rules, **facts).frame
        payer = bill["payer"].replace({"league": "own treasury", "county": "own treasury"})
        keys = ["region", "programme", "payer"]
        due = bill.assign(payer=payer).groupby(keys, sort=False)["value"].sum().rename("due")
        given = pd.DataFrame(self._advanced(rules.unit), columns=[*keys, "advanced"])
        advanced = given.groupby(keys, sort=False)["advanced"].sum()
        table = pd.concat([due, advanced[advanced != 0.0]], axis=1).fillna(0.0)
        table["difference"] = [cents(d) for d in table["due"] - table["advanced"]]
        return table.reset_index()

    def _advanced(self, unit: str) -> Iterator[tuple[str, str, str, float]]:
        """What filled gaps in the account, by unit of the rules."""
        if self.causes is None or self.data is None:
            return
        told = set(zip(self.causes.frame["region"], self.causes.frame["programme"], strict=True))
        rows = _account(self.data, self.year)[1]
        rows = rows[rows["item"].isin(list(ADVANCED))]
        for region, programme, item, value in zip(*(rows[c] for c in (*KEYS, "value")), strict=True):
            if (str(region), str(programme)) in told:
                yield self.data.regions.at_level(str(region), unit), str(programme), ADVANCED[str(item)], float(value)

    def errors(self, forecast: bool = True) -> pd.DataFrame:
        """How far the year was missed, fund by fund.

        Parameters
        ----------
        forecast : bool
            Whether to hold the account against this package's own forecast as well, made from
            data to the December before.

        Returns
        -------
        DataFrame
            programme, item, against (budget, adjusted, expected, forecast), number of areas,
            error (mean of |executed ÷ told − 1| over the areas), bias (Σ executed ÷ Σ told − 1;
            positive: more came than was told).
        """
        frame = self.frame[self.frame["item"].isin(_TESTED)]
        told = {name: frame.set_index(KEYS)[name] for name in ("budget", "adjusted", "expected")}
        if forecast and self.data is not None:
            known: list[dict[str, Any]] = []
            told["forecast"] = at_areas(forecast_plan(self.data, self.year, known), self.data, set(frame["region"]), known)
        rows = []
        for (programme, item), part in frame.groupby(["programme", "item"], sort=False):
            came = part.set_index(KEYS)["executed"]
            for name, figures in told.items():
                here = figures.reindex(came.index)
                both = (here > 0) & came.notna()
                if both.any():
                    ratio = came[both] / here[both]
                    rows.append((programme, item, name, int(both.sum()), float((ratio - 1.0).abs().mean()),
                                 float(came[both].sum() / here[both].sum() - 1.0)))  # fmt: skip
        return pd.DataFrame(rows, columns=["programme", "item", "against", "number", "error", "bias"])

    def headline(self) -> str:
        """The year, its colours, and how the gap moved."""
        counts = self.frame["status"].value_counts()
        told = ", ".join(f"{counts.get(c, 0)} {c}" for c in reversed(COLOURS) if c != "excess")
        if not counts.drop("", errors="ignore").sum():
            told = "no budget to hold the account against"
        gap = ""
        if self.causes is not None and len(self.causes.frame):
            number, every = len(self._accounts(self.causes.frame)), len(self._accounts(self.frame))
            gap = f"; {self.causes.headline()}"
            gap += f", of {number} of {every} accounts: of the others a side is not known" if number < every else ""
        return f"{self.year}: {told}{gap}"

    def notices(self) -> list[str]:
        """Why a printed total over funds is not the gap told."""
        if self.causes is None or not (self.frame["programme"] == PRINTED_TOTAL).any() or self.causes.frame.empty:
            return []
        told = ", ".join(sorted({programme for _, programme in self._accounts(self.causes.frame)}))
        return [f"the gap is that of {told}; rows of {PRINTED_TOTAL!r} are totals as printed and may hold more funds"]

    @staticmethod
    def _accounts(frame: pd.DataFrame) -> set[tuple[str, str]]:
        """Areas and funds of a frame, printed totals over funds aside."""
        return {(str(r), str(p)) for r, p in zip(frame["region"], frame["programme"], strict=True) if p != PRINTED_TOTAL}

    def summary(self) -> pd.DataFrame:
        """Totals of each fund, all areas together, in 100 million."""
        frame = self.frame[self.frame["item"].isin(["total_revenue", "total_expenditure"])]
        shown = ["budget", "adjusted", "executed", "last_year"]
        table = frame.groupby(["programme", "item"], sort=False)[shown].sum(min_count=1) / 1e8
        return table.round(2).dropna(axis=1, how="all").reset_index()


    def spoken(self, teller: Teller) -> Any:
        """The summary in a language; final accounts are no mere execution."""
        closed = bool((self.frame["account"] == _WORDS["final"]).all())
        named = {"executed": "settled"} if closed and teller.language == "zh" else {}
        return told_table(self.summary().rename(columns=named), teller)


def settle(
    data: FundData, year: int, *, method: str = "shapley", law: Policy | None = None, limits: Own | None = None
) -> Settlement:  # fmt: skip
    """Settle a year: its account against the budget, the adjusted budget and last year, with the causes.

    Parameters
    ----------
    data : FundData
        Budgets at stage ``budget`` and ``adjusted``; the account at ``final``, else ``executed`` of
        the year, else December's cumulative months.
    year : int
        The year to settle.
    method : str
        ``shapley`` or ``chain``, as in `attribute`.
    law, limits
        Bands of the deviation, as in `monitor`.

    Returns
    -------
    Settlement
        ``.causes`` (an `Attribution` from budget to account), ``.bill(rules)``,
        ``.classes(rules)``, ``.true_up(rules)``, ``.errors()``, ``.findings``.

    Raises
    ------
    SibError
        If there is no account of the year, or the changes cannot be undone (`attribute`).

    Examples
    --------
    >>> import sibforecast as sib
    >>> made = sib.settle(sib.load(sib.sample("china")), 2016)
    >>> row = made.frame.query("programme == 'enterprise_pension' and item == 'total_revenue'").iloc[0]
    >>> f"{row['completion']:.1%}", row["account"]
    ('107.7%', 'final account')
    """
    year = standing.whole_year(year)
    data, strange = as_understood(data)
    stage, account = _account(data, year)
    found: list[dict[str, Any]] = []
    if stage != "final":
        found.append({"id": "not_final", "severity": "note", "period": str(year), "found": _WORDS[stage],
                      "message": "there is no final account yet; the settlement is provisional",
                      "mend": "enter the final account"})  # fmt: skip
    found += [*strange, *months_behind(data, year)]
    areas = set(account["region"].astype(str))
    wide = account.astype(dict.fromkeys(KEYS, str)).set_index(KEYS)["value"].astype(float).rename("executed").to_frame()
    for column, source in (("budget", "budget"), ("adjusted", "adjusted"), ("expected", "expected")):
        wide[column] = at_areas(stage_rows(data, year, source), data, areas, found).reindex(wide.index)
    wide["last_year"] = at_areas(last_account(data, year - 1), data, areas, found).reindex(wide.index)
    found += _without_account(data, year, wide.index.tolist())
    causes = _causes(data, year, stage, method, found)
    bands = Limits.of(data, read_day(f"{year}-12"), law, limits)
    rows = list(_rows(wide, bands, year, _WORDS[stage], causes, data.currency))
    frame = pd.DataFrame(rows, columns=list(Settlement.columns))
    provenance = {**data.provenance, "year": year, "method": method}
    return Settlement(lambda: frame, provenance, data=data, year=year, causes=causes, findings=Findings.of(found, provenance))


def _without_account(data: FundData, year: int, told: list[tuple[str, str, str]]) -> Iterator[dict[str, Any]]:
    """Areas and funds with a budget and no account, be it of those within or above; and lines that lack a figure."""
    lines, tree = set(told), data.regions
    pairs = {(region, programme) for region, programme, _ in lines}
    near = {(above, programme) for region, programme in pairs if region in tree.areas for above in tree.ancestors(region)}
    budget = stage_rows(data, year, "budget").astype(dict.fromkeys(KEYS, str))
    budget = budget[budget["item"].isin(list(LINES)) & (budget["value"].abs() > 0)]
    for key, part in budget.groupby(KEYS[:2], sort=False):
        region, programme = map(str, key)
        above = [(a, programme) in pairs for a in tree.ancestors(region)] if region in tree.areas else []
        if (region, programme) in pairs:
            for item in part["item"]:
                if (region, programme, item) not in lines:
                    yield _no_account(year, "the line has a budget and no figure in the account", region, programme, item)
        elif (region, programme) not in near and not any(above):
            yield _no_account(year, "there is a budget and no account: it is not settled", region, programme, None)


def _no_account(year: int, message: str, region: object, programme: object, item: str | None) -> dict[str, Any]:
    return {"id": "account_missing", "severity": "warning", "region": region, "programme": programme, "item": item,
            "period": str(year), "message": message, "mend": "enter the account"}  # fmt: skip


def _account(data: FundData, year: int) -> tuple[str, pd.DataFrame]:
    """The account of a year at the best stage that tells lines, and which that is."""
    frame = data._view()
    places = (("final", str(year), "final"), ("executed", str(year), "executed"), ("executed", f"{year}-12", "december"))
    for stage, period, name in places:
        rows = frame[(frame["period"] == period) & (frame["stage"] == stage)]
        if rows["item"].isin(list(LINES)).any():
            return name, rows
    raise SibError(f"there is no account of {year}: neither final figures, nor the year's execution, nor its December")


def _causes(data: FundData, year: int, stage: str, method: str, found: list[dict[str, Any]]) -> Attribution | None:
    """Why the gap moved from the budget to the account; ``None`` where there is no budget."""
    period = f"{year}-12" if stage == "december" else str(year)
    try:
        before = data.at(str(year), "budget")
    except SibError:
        found.append({"id": "no_budget", "severity": "warning", "period": str(year), "message": "there is no budget of the year: "
                      "the account is held against last year only", "mend": "enter the budget"})  # fmt: skip
        return None
    account = data.at(period, "final" if stage == "final" else "executed")
    causes = attribute(before, account, method=method)
    told = {(str(r), str(p), str(i)) for r, p, i in account.frame[KEYS].itertuples(index=False)}
    frame = causes.frame
    pairs = list(zip(frame["region"], frame["programme"], strict=True))
    bare = {p for p in dict.fromkeys(pairs) if not all(any((*p, line) in told for line in side) for side in _SIDES)}
    for region, programme in sorted(bare):
        found.append({"id": "gap_unknown", "severity": "warning", "region": region, "programme": programme, "period": str(year),
                      "message": "the account does not tell both sides: its gap is unknown and has no causes",
                      "mend": "enter total revenue and total expenditure"})  # fmt: skip
    if len(bare) == len(set(pairs)):
        found.append({"id": "causes_unknown", "severity": "warning", "period": str(year),
                      "message": "budget and account share no fund and area of which both know the gap",
                      "mend": "enter both for the same areas"})  # fmt: skip
        return None
    kept = frame[[p not in bare for p in pairs]].reset_index(drop=True)
    return replace(causes, build=lambda: kept)


def _rows(
    wide: pd.DataFrame, bands: Limits, year: int, account: str, causes: Attribution | None, currency: str
) -> Iterator[dict[str, Any]]:
    """Each line with its deviation, colour and reason."""
    largest = _largest(causes)
    for key, row in zip(wide.index.tolist(), wide.to_dict("records"), strict=True):
        region, programme, item = key
        if item not in LINES and item not in STOCKS:
            continue
        told, came = (row["adjusted"] if row["adjusted"] == row["adjusted"] else row["budget"]), row["executed"]
        completion = came / told if told > 0 else float("nan")
        growth = came / row["last_year"] - 1.0 if row["last_year"] > 0 else float("nan")
        flow = item in LINES
        sign = -1.0 if item in REVENUE else 1.0
        colour = bands.both_sides(sign * (completion - 1.0), programme, region) if flow else ""
        reason = _reason(completion, growth, "adjusted budget" if row["adjusted"] == row["adjusted"] else "budget", told, came)
        if flow and key in largest:
            parts = ", ".join(f"{_in_words(cause, causes)} {_money(value, currency)}" for cause, value in largest[key])
            reason += f"; chiefly {parts}"
        yield {
            "region": region, "programme": programme, "item": item, "period": str(year), **{str(k): v for k, v in row.items()},
            "season_share": 1.0 if items.CATALOGUE[item].timing == "flow" else float("nan"), "deviation": completion - 1.0,
            "status": colour, "reason": reason, "completion": completion,
            "against_original": came / row["budget"] - 1.0 if row["budget"] > 0 else float("nan"), "growth": growth,
            "account": account,
        }  # fmt: skip


def _reason(completion: float, growth: float, name: str, told: float, came: float) -> str:
    parts = []
    if completion == completion:
        parts.append(f"{completion:.1%} of the {name}")
    elif told == told:
        parts.append(f"the {name} has nothing" if came else "nothing due")
    else:
        parts.append("no budget")
    if growth == growth:
        parts.append(f"{growth:+.1%} on last year")
    return ", ".join(parts)


def _largest(causes: Attribution | None) -> dict[tuple[str, str, str], list[tuple[str, float]]]:
    """The three largest causes of each line in execution, as they move the line."""
    if causes is None or causes.frame.empty:
        return {}
    frame = causes.frame[causes.frame["stage"] == "execution"]
    frame = frame[(frame["line"] != "total_expenditure") | (frame["cause"] != "residual")]  # it holds what revenue moved as well
    frame = frame.assign(moved=np.where(frame["side"] == "revenue", -frame["value"], frame["value"]))
    summed = frame.groupby(["region", "programme", "line", "cause"], sort=False)["moved"].sum().reset_index()
    summed = summed.iloc[summed["moved"].abs().to_numpy().argsort()[::-1]]
    out: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
    for row in summed.itertuples():
        many = out.setdefault((str(row.region), str(row.programme), str(row.line)), [])
        if len(many) < 3:
            many.append((str(row.cause), float(row.moved)))  # type: ignore[arg-type]
    return out


def _in_words(cause: str, causes: Attribution | None) -> str:
    """A cause as it is read: a change by its title, a driver by its label."""
    titles = causes.titles if causes is not None else {}
    return titles.get(cause) or (items.CATALOGUE[cause].en if cause in items.CATALOGUE else items.cause_name(cause, "en"))


def _money(value: float, currency: str) -> str:
    divisor, unit = scale_for(value, currency)
    return f"{value / divisor:+,.2f} ({unit})"
