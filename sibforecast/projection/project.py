"""`project`: assumptions in, every statutory line and the rolled-forward fund out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.assumptions.basis import Assumptions
from sibforecast.assumptions.conflicts import conflicts
from sibforecast.assumptions.effects import Effects, effects_on
from sibforecast.assumptions.scenario import Scenario, titles_of
from sibforecast.errors import DataError, ProjectionError, ScenarioError, SibError, all_faults
from sibforecast.periods import years_told
from sibforecast.programmes import registry
from sibforecast.projection.audit import audit_table
from sibforecast.projection.fund import MIRRORED, FundPath, labels, lost_lines, roll_forward
from sibforecast.projection.reach import without_effect
from sibforecast.projection.scrutiny import unsplit
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.read import Collector

BASELINE = ""
_HIDDEN = {"benefit_level_base", "standing_subsidy", "standing_grant"}


@dataclass(frozen=True, repr=False)
class Projection(Result):
    """Drivers, lines and balances of the projected years.

    The frame has region, programme, item, period, stage, value, method and scenario (blank
    for the baseline), for the lowest areas; `roll_up` gives those above.
    """

    assumptions: Assumptions | None = None
    paths: Mapping[str, Mapping[str, FundPath]] = field(default_factory=dict)
    scenarios: Mapping[str, Scenario | None] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    findings: Findings = field(default_factory=lambda: Findings.of([]))

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "stage", "value", "method", "scenario",
    )  # fmt: skip

    @property
    def source(self) -> FundData:
        """The data set behind it."""
        if self.assumptions is None:
            raise ProjectionError("this projection has no assumptions behind it")
        return self.assumptions.source

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of the scenarios' changes, by the name of each."""
        return titles_of(self.scenarios.values())

    @property
    def audit(self) -> pd.DataFrame:
        """What each change did to its item, for an auditor: before and after.

        Returns
        -------
        DataFrame
            scenario, change (its id), item, region, programme, period, before, after (base
            units), unit, decided_by, reference: one row for each lowest area and year that a
            change meets, in the order the changes are laid. Each is laid on what those before
            it left: the first ``before`` of an item is the baseline's, and the last ``after`` is
            what the scenario uses. Empty for a baseline.

        Examples
        --------
        >>> import sibforecast as sib
        >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
        >>> cut = sib.Change(item="contribution_rate", multiply=0.5, start="2006-01", decided_by="nation", id="cut")
        >>> table = sib.project(draft.assumptions, sib.Scenario("half", cut)).audit
        >>> bool((table["after"] == table["before"] / 2).all()), sorted(table["programme"].unique())
        (True, ['di', 'oasi'])
        """
        if self.assumptions is None:
            raise ProjectionError("this projection has no assumptions behind it")
        return audit_table(self.assumptions, self.scenarios, self.years)

    def headline(self) -> str:
        """Years, scenarios and the gap."""
        names = ", ".join(name or "baseline" for name in self.paths)
        return f"gap {years_told(self.years)} ({self._hundred_millions()}), {names}"

    def summary(self) -> pd.DataFrame:
        """Gap by fund and year."""
        frame = self.frame
        gap = frame[frame["item"] == "gap"]
        table = gap.groupby(["scenario", "programme", "period"], observed=True)["value"].sum().unstack("period")
        lines = frame[frame["item"] == "total_expenditure"]  # a gap that some area does not know is nobody's sum
        areas = lines.groupby(["scenario", "programme", "period"], observed=True)["region"].nunique().unstack("period")
        known = gap.groupby(["scenario", "programme", "period"], observed=True)["region"].nunique().unstack("period")
        return (table.where(known >= areas.reindex_like(known)) / 1e8).round(2)


def project(
    assumptions: Assumptions, scenario: Scenario | None = None, *, years: int = 1
) -> Projection:
    """Project every fund.

    Parameters
    ----------
    assumptions : Assumptions
        What `assume` or ``draft.assumptions`` gives.
    scenario : Scenario, optional
        Laid on drivers, lines and parameters alike; without changes the result is the
        baseline bit for bit.
    years : int
        How many years from the first.

    Returns
    -------
    Projection
        Amounts in currency units, heads in persons, rates as shares.

    Raises
    ------
    ProjectionError
        If the assumptions do not reach that far.
    ScenarioError
        If a change names an area that does not exist.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> empty = sib.project(draft.assumptions, sib.Scenario("nothing"))
    >>> base = sib.project(draft.assumptions)
    >>> bool((empty.frame["value"] == base.frame["value"]).all())
    True
    """
    return run_scenarios(assumptions, [scenario] if scenario is not None else [], years=years, baseline=scenario is None)


def run_scenarios(
    assumptions: Assumptions, scenarios: Iterable[Scenario], *, years: int = 1, baseline: bool = True
) -> Projection:
    """Project several scenarios into one table, the baseline first.

    Raises
    ------
    ProjectionError
        If two scenarios bear the same title, or the years are too many.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> cut = sib.Change(item="contribution_rate", multiply=0.9, start="2006-01", decided_by="nation")
    >>> both = sib.run_scenarios(draft.assumptions, [sib.Scenario("cut", cut)])
    >>> list(both.paths)
    ['', 'cut']
    """
    if not isinstance(assumptions, Assumptions):
        raise ProjectionError(f"project takes assumptions, such as draft.assumptions; found {type(assumptions).__name__}")
    first, last = assumptions.first, assumptions.first + years - 1
    if years < 1 or last > assumptions.last:
        raise ProjectionError(
            f"the assumptions reach from {first} to {assumptions.last}; {years} years were asked for; "
            "forecast more periods"
        )
    named: dict[str, Scenario | None] = {BASELINE: None} if baseline else {}
    for scenario in scenarios:
        if scenario.title in named:
            raise ProjectionError(f"two scenarios bear the title {scenario.title!r}")
        named[scenario.title] = scenario
    found = Collector()
    paths: dict[str, dict[str, FundPath]] = {}
    for title, one in named.items():
        if one is not None:
            _misplaced(assumptions, one)
        effects = effects_by_fund(assumptions, one)
        paths[title] = {
            code: roll_forward(basis, effects[code] if effects[code].effects else None, last)
            for code, basis in assumptions.funds.items()
        }
        if one is not None:
            without_effect(assumptions, one, effects, paths[title], last, found)
            conflicts(one, effects, {code: basis.policy for code, basis in assumptions.funds.items()}, found)
    base = next(iter(paths.values()))
    for path in base.values():
        for year in path.years:
            _blank_gaps(path, year, found)
        unsplit(path, first, found)
        for year in range(first, last + 1):
            lost_lines(path, year, found)
    findings = Findings.of(found.rows, assumptions.provenance)
    if not findings.ok:
        raise DataError(f"{findings.count('error')} lines of the draft cannot be computed", findings)
    span = tuple(range(first, last + 1))
    return Projection(
        lambda: projection_frame(paths, dict.fromkeys(span, "draft"), named),
        {**assumptions.provenance, "scenarios": [t for t in named if t]},
        assumptions=assumptions, paths=paths, scenarios=named, years=span, findings=findings,
    )  # fmt: skip


def effects_by_fund(assumptions: Assumptions, scenario: Scenario | None) -> dict[str, Effects]:
    """What the changes of a scenario meet in each fund; nothing for the baseline."""
    changes, regions = scenario.in_order if scenario else (), assumptions.source.regions
    return {code: effects_on(changes, code, basis.areas, regions) for code, basis in assumptions.funds.items()}


def _misplaced(assumptions: Assumptions, scenario: Scenario) -> None:
    """A fund or area that exists nowhere is a slip of the pen, and so is another currency."""
    known = {*assumptions.source.programmes, *registry.SEVEN, "*"}
    faults = [
        f"change {change.cause!r}: unknown programme {name!r}{items.did_you_mean(name, known)}"
        for change in scenario.changes for name in change.programme if name not in known
    ]  # fmt: skip
    for change in scenario.changes:
        for word in (w for w in change.regions if w != "*"):
            try:
                assumptions.source.regions.resolve(word)
            except SibError as fault:
                faults.append(f"change {change.cause!r}: {fault}")
    own = assumptions.source.currency
    faults += [
        f"change {change.cause!r}: unit {change.unit!r} is {change.currency}, the data set's money is {own}"
        for change in scenario.changes if change.currency and change.currency != own
    ]  # fmt: skip
    if faults:
        raise all_faults(ScenarioError, f"scenario {scenario.title!r}", faults)


def _blank_gaps(path: FundPath, year: int, found: Collector) -> None:
    """Totals whose filling is unknown have no gap: said, never an assumed zero."""
    now = path.years[year]
    gap, revenue, spending = (np.isnan(now.get(i)[:, 0]) for i in ("gap", "total_revenue", "total_expenditure"))
    blank = gap & ~revenue & ~spending
    for area in np.flatnonzero(blank):
        found.add("gap_filled_unknown", "note", "the published total does not say what filled a gap; the gap is left blank",
                  region=path.basis.areas[area], programme=path.basis.programme.code, item="gap", period=str(year),
                  mend="give gap_subsidy and gap_grant")


class Rows:
    """Collects arrays of figures and makes one tidy frame of them, with few distinct words."""

    def __init__(self) -> None:
        self.words: dict[str, dict[str, int]] = {}
        self.codes: dict[str, list[npt.NDArray[np.int32]]] = {}
        self.values: list[npt.NDArray[np.float64]] = []
        self.areas: dict[tuple[str, ...], npt.NDArray[np.int32]] = {}

    def _code(self, column: str, word: str) -> int:
        table = self.words.setdefault(column, {})
        return table.setdefault(word, len(table))

    def _codes(self, column: str, words: Sequence[str]) -> npt.NDArray[np.int32]:
        """The codes of many words, of which few differ."""
        code = {word: self._code(column, word) for word in dict.fromkeys(words)}
        return np.array([code[word] for word in words], dtype=np.int32)

    def add(
        self, value: npt.NDArray[np.float64], areas: Sequence[str], method: npt.NDArray[np.object_] | str, **same: str
    ) -> None:
        """One array over areas; unknown figures give no row."""
        known = np.flatnonzero(~np.isnan(value))
        if not len(known):
            return
        self.values.append(value[known])
        table = self.areas.get(key := tuple(areas))
        if table is None:
            table = self.areas[key] = self._codes("region", areas)
        self.codes.setdefault("region", []).append(table[known])
        if isinstance(method, str):
            codes = np.full(len(known), self._code("method", method), dtype=np.int32)
        else:
            codes = self._codes("method", method[known].tolist())
        self.codes.setdefault("method", []).append(codes)
        for column, word in same.items():
            self.codes.setdefault(column, []).append(np.full(len(known), self._code(column, word), dtype=np.int32))

    def add_upper(self, path: FundPath, year: int, **same: str) -> None:
        """The own side of upper areas: what they receive from the areas they are made of, and grant them."""
        for side in path.basis.upper:
            self.add(side.total(path.value(side.mirror, year))[:1], (side.region,), MIRRORED, item=side.item, **same)

    def frame(self, columns: Sequence[str]) -> pd.DataFrame:
        """The tidy frame."""
        data: dict[str, Any] = {}
        for column in columns:
            if column == "value":
                data[column] = np.concatenate(self.values) if self.values else np.zeros(0)
                continue
            words = list(self.words.get(column, {}))
            parts = self.codes.get(column)
            codes: npt.NDArray[np.int32] = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
            data[column] = pd.Categorical.from_codes(codes, categories=pd.Index(words, dtype=object))
        return pd.DataFrame(data)


def projection_frame(
    paths: Mapping[str, Mapping[str, FundPath]], stages: Mapping[int, str], scenarios: Mapping[str, Scenario | None]
) -> pd.DataFrame:
    """The tidy frame of paths: each year at its stage."""
    rows = Rows()
    for title, funds in paths.items():
        scenario = scenarios.get(title)
        for code, path in funds.items():
            for year, stage in stages.items():
                if year in path.years:
                    _add_year(rows, path, year, stage, title, code, scenario)
    return rows.frame(Projection.columns)


def _add_year(rows: Rows, path: FundPath, year: int, stage: str, title: str, code: str, scenario: Scenario | None) -> None:
    now = path.years[year]
    rows.add_upper(path, year, programme=code, period=str(year), stage=stage, scenario=title)
    touched = {c.item for c in scenario.changes} if scenario else set()
    follow = {item: driven.by for item, many in now.driven.items() for driven in many if driven.by in touched}
    for item in now.items():
        if item not in items.CATALOGUE or item in _HIDDEN:
            continue
        value = now.get(item)[:, 0]
        method = labels(now, item, path.basis.years.get(year), untouched=item not in touched)
        if item in touched:
            method = np.array([f"{m}; changed by the scenario" for m in method], dtype=object)
        elif item in follow:
            method = np.array([f"{m}; moves with {follow[item]}, changed by the scenario" for m in method], dtype=object)
        rows.add(value, path.basis.areas, method, programme=code, item=item, period=str(year), stage=stage, scenario=title)
