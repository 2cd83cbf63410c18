"""The figures of one area as the official forms need them: fund by fund, last year and this."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sibforecast.items import EXPENDITURE_LINES, INTER_LEVEL_EXPENDITURE, INTER_LEVEL_REVENUE, REVENUE_LINES
from sibforecast.programmes.programme import Programme
from sibforecast.programmes.registry import counted
from sibforecast.report.known import as_known, same

#: Stages that may stand for the year before the draft, the best first.
_BEFORE = ("expected", "executed", "final", "adjusted", "budget")
NAN = float("nan")
#: Lines that a fund has not by its rules, by its kind: entrusted investment is for pensions, collective aid for
#: residents' pensions, and who moves takes nothing along from residents' medical or work-injury insurance.
_TRANSFERS = ("transfer_in", "transfer_out")
_NEVER: dict[str, tuple[str, ...]] = {
    "wage_based_pension": ("collective_aid",), "closing_subsidy_pension": ("collective_aid",), "flat_pension": (),
    "employee_medical": ("collective_aid", "investment_return"),
    "resident_medical": ("collective_aid", "investment_return", *_TRANSFERS),
    "injury": ("collective_aid", "investment_return", *_TRANSFERS),
    "unemployment": ("collective_aid", "investment_return"),
}  # fmt: skip


@dataclass(frozen=True)
class Account:
    """One area's draft.

    Attributes
    ----------
    region : str
        The reporting area's name.
    year : int
        The budget year.
    funds : mapping of str to tuple
        Code of each fund to its name and kind, in their order.
    columns : tuple of (period, stage)
        Last year's final, this year's budget and outturn, the draft: those that are there.
    currency : str
        ``yuan`` or an ISO code.
    """

    region: str
    year: int
    funds: Mapping[str, tuple[str, str]]
    columns: tuple[tuple[str, str], ...]
    currency: str
    values: Mapping[tuple[str, str, str, str], float] = field(repr=False)
    methods: Mapping[tuple[str, str], str] = field(repr=False)
    known: frozenset[tuple[str, str]] = field(repr=False)
    told: tuple[str, str] | None = None  # the column that forms of another kind than a draft are of
    declared: Mapping[str, Programme] = field(repr=False, default_factory=dict)  # funds by code: which of them hold which

    @classmethod
    def of(cls, result: Any, language: str, parts: Any = None) -> Account | None:
        """The account of a draft of one area; ``None`` if the result is something else.

        Methods are told from the draft of its `parts`, where it was rolled up.
        """
        source, year = getattr(result, "source", None), getattr(result, "year", None)
        frame = as_known(result.frame)
        if not year or source is None or frame.empty or "scenario" in frame or frame["region"].nunique() != 1:
            return None
        names = result.labels(language)
        plain = frame.astype(dict.fromkeys(("region", "programme", "item", "period", "stage"), "object"))
        keys = list(plain[["programme", "item", "period", "stage"]].itertuples(index=False, name=None))
        codes = [c for c in source.programmes if c in set(plain["programme"])]
        there = set(plain[["period", "stage"]].itertuples(index=False, name=None))
        order = [(str(year - 2), "final"), (str(year - 1), "final"), (str(year - 1), "budget"), (str(year - 1), "adjusted"),
                 (str(year - 1), "expected"), (str(year), "draft")]  # fmt: skip
        return cls(
            names.get(str(plain["region"].iloc[0]), str(plain["region"].iloc[0])), int(year),
            {c: (names.get(c, c), source.programmes[c].kind) for c in codes},
            tuple(pair for pair in order if pair in there), str(source.currency),
            dict(zip(keys, plain["value"].astype(float), strict=True)),
            _methods((parts if parts is not None else result).frame, str(year)),
            frozenset((p, i) for p, i, _, _ in keys), declared=source.programmes,
        )  # fmt: skip

    @property
    def draft(self) -> tuple[str, str]:
        """Period and stage of the draft, or of the account that the forms are of."""
        return self.told or (str(self.year), "draft")

    @property
    def on_forms(self) -> tuple[tuple[str, str], ...]:
        """Periods and stages that stand on the form of a fund."""
        return self.columns if self.told is not None else (self.before, self.draft)

    @property
    def before(self) -> tuple[str, str]:
        """Period and stage of the column beside the draft: the year under way, as it is known best."""
        year = str(self.year - 1)
        return next(((year, s) for s in _BEFORE if (year, s) in self.columns), (year, "expected"))

    @cached_property
    def summed(self) -> tuple[str, ...]:
        """Funds that are added up: a published total or the funds it holds, never both."""
        there = {f for (f, _, *column), value in self.values.items() if tuple(column) == self.draft and math.isfinite(value)}
        return counted([f for f in self.funds if f in there] or list(self.funds), self.declared)

    @property
    def left_out(self) -> str:
        """Names of the funds that are not added up."""
        return "、".join(self.funds[f][0] for f in self.funds if f not in self.summed)

    def get(self, fund: str, item: str, column: tuple[str, str]) -> float:
        """A figure; not a number where it is not known."""
        return self.values.get((fund, item, *column), NAN)

    def has(self, fund: str, item: str) -> bool:
        """Whether a fund knows an item at all, in any year."""
        return (fund, item) in self.known

    def lacks(self, fund: str, item: str) -> bool:
        """Whether a fund has by its rules no such line, and none was reported.

        A line that was merely not reported is not known, and a blank says so. Of funds abroad no
        rules are known here.
        """
        return self.currency == "yuan" and not self.has(fund, item) and item in _NEVER.get(self.funds[fund][1], ())

    def adds_nothing(self, fund: str, item: str, column: tuple[str, str]) -> bool:
        """Whether a line was not reported while the lines of its side that were make up the total to the cent."""
        revenue = item in REVENUE_LINES + INTER_LEVEL_REVENUE
        lines = REVENUE_LINES + INTER_LEVEL_REVENUE if revenue else EXPENDITURE_LINES + INTER_LEVEL_EXPENDITURE
        if item not in lines or self.has(fund, item):
            return False
        told = [v for v in (self.get(fund, line, column) for line in lines) if math.isfinite(v)]
        return bool(told) and same(sum(told), self.get(fund, "total_revenue" if revenue else "total_expenditure", column))

    def items(self, fund: str) -> Iterator[str]:
        """Items a fund knows."""
        return (item for code, item in self.known if code == fund)


def _methods(frame: Any, year: str) -> dict[tuple[str, str], str]:
    """How the draft of each item was found; the commonest way where areas differ, and how many go it."""
    drafted = frame[(frame["period"] == year) & (frame["stage"] == "draft") & frame["value"].notna()]
    out: dict[tuple[str, str], str] = {}
    counts = drafted.groupby(["programme", "item"], observed=True, sort=False)["method"].value_counts()
    totals = counts.groupby(level=[0, 1], observed=True, sort=False).sum().to_dict()
    for (fund, item, method), count in counts.items():
        if count > 0:
            every = totals[fund, item]
            out.setdefault((fund, item), str(method) if count == every else f"{method} ({count}/{every})")
    return out


def whole(result: Any) -> Any:
    """A draft of several areas as that of the area they make up; ``None`` where there is none."""
    if not getattr(result, "year", None) or result.frame.empty or not {"stage", "item", "value"} <= set(result.frame):
        return None  # a settlement has a year too
    return result if result.frame["region"].nunique() == 1 else rolled(result)


def rolled(result: Any) -> Any:
    """A result rolled up to the one area at the top of its tree; ``None`` where there is no such area.

    The roll-up is the public one: flows between the areas are taken out, rates are weighted.
    """
    tree = getattr(getattr(result, "source", None), "regions", None)
    tops = tops_of(tree) if tree is not None else []
    if tree is None or len(tops) != 1:
        return None
    from sibforecast.rollup.roll import roll_up  # pandas comes with it: only where something is rolled up

    return roll_up(result, tree.areas[tops[0]].level)


def totals_apart(result: Any, frame: Any) -> frozenset[str]:
    """Funds of a frame that are not added up: published totals beside the funds they hold, or funds that such a total holds."""
    declared = getattr(getattr(result, "source", None), "programmes", {})
    told = frame[frame["value"].notna()]
    last = told["period"].astype(str).max() if len(told) else ""
    there = list(dict.fromkeys(told.loc[told["period"] == last, "programme"].astype(str)))
    return frozenset(map(str, frame["programme"].unique())) - frozenset(counted(there, declared))


def tops_of(tree: Any) -> list[str]:
    """Areas that stand below no other."""
    return [code for code, area in tree.areas.items() if area.parent not in tree.areas]
