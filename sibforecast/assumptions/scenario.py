"""Scenarios: named, dated, small differences to the assumptions.

A :class:`Change` says what is set, added to, multiplied, floored or capped, where, from
which month, and who decided it. The same record comes from a TOML file, from Python and
from a row of the ``policies`` table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from sys import float_info
from typing import TYPE_CHECKING

from sibforecast import items
from sibforecast.assumptions.wording import read_words
from sibforecast.errors import ScenarioError, SibError, all_faults
from sibforecast.periods import Period
from sibforecast.programmes import registry
from sibforecast.tables.schema import DECIDER_LOOKUP
from sibforecast.tables.units import conversion, parse_unit

if TYPE_CHECKING:
    import pandas as pd

OPERATIONS = ("set", "add", "multiply", "floor", "cap")
DECIDERS = ("nation", "region", "league", "county", "event")
#: A share beyond this is a per cent figure without its sign.
SHARE_LIMIT = 1.5


@dataclass(frozen=True, kw_only=True)
class Change:
    """One measure.

    Parameters
    ----------
    item : str
        A driver, a line, a policy parameter or a macro assumption of the catalogue, by its code or
        any label (``缴费比例``); with `add` also a part that law decides apart, such as
        ``employer_rate`` of the contribution rate.
    programme : str or tuple of str
        The funds it concerns; ``"*"`` for all.
    regions : tuple of str
        Areas (codes or names); an upper area means all below it; ``("*",)`` for all. An amount
        is laid on each area that is met (said by a finding), never shared out among them.
    set, add, multiply, floor, cap : float
        Exactly one of them; a text such as ``"-1%"`` is read as in the tables.
    start, end : str
        First and last month in force, inclusive; no end is open. ``2026-07`` or ``2026年7月``.
    paid : str
        Paid in one sum from this month, with arrears back to the start.
    decided_by : str
        nation, region, league, county or event (国家, 自治区, 盟市, 旗县, 突发事件): who carries what
        follows from it.
    known_at_budget : bool
        Whether the budget knew it; ``"是"`` and ``"否"`` are read too.
    evidence : str
        Required where an event decided.
    unit : str
        Required with set, add, floor and cap on an item that has a unit.
    before_value : float
        The value before, where a set, floor or cap must be undone later.
    id : str
        Name of the measure; it becomes the cause of what follows. Changes of one item with the
        same name, in different areas, are one measure with an amount of its own in each.
    title : str
        The measure in one line: what charts, bills and explanations show for its name.

    Raises
    ------
    ScenarioError
        With every fault of the record.

    Examples
    --------
    >>> Change(item="benefit_level", programme="enterprise_pension", multiply=1.05,
    ...        start="2026-07", decided_by="nation").cause
    'benefit_level ×1.05'
    """

    item: str
    start: str
    programme: str | tuple[str, ...] = "*"
    regions: tuple[str, ...] = ("*",)
    set: float | None = None
    add: float | None = None
    multiply: float | None = None
    floor: float | None = None
    cap: float | None = None
    end: str = ""
    paid: str = ""
    decided_by: str = ""
    known_at_budget: bool = False
    evidence: str = ""
    id: str = ""
    unit: str = ""
    before_value: float | None = None
    title: str = ""
    reference: str = ""
    author: str = ""

    def __post_init__(self) -> None:
        read = read_words({f.name: getattr(self, f.name) for f in fields(self)}, (*OPERATIONS, "before_value"))
        for name, value in read.items():
            object.__setattr__(self, name, value)
        wrong = dict(self._type_faults())
        for name in wrong:  # told already: what else is wrong is looked for without them
            object.__setattr__(self, name, "*" if name in ("programme", "regions") else "")
        for name in ("programme", "regions"):
            value = getattr(self, name)
            if isinstance(value, str):
                value = tuple(v.strip() for v in re.split("[,，、]", value) if v.strip()) or ("*",)
            object.__setattr__(self, name, tuple(value))
        known = registry.words({})
        codes = tuple(known.get("".join(p.lower().split()), known.get(" ".join(p.lower().split()), p)) for p in self.programme)
        object.__setattr__(self, "programme", codes)
        whole, part = items.whole_of(self.item), self.item
        if whole:
            object.__setattr__(self, "item", whole)
        faults = [f for name, f in self._faults() if name not in wrong]
        part_faults = [items.part_fault(part)] if whole and self.add is None else []
        if wrong or part_faults or faults:
            raise all_faults(ScenarioError, f"change {self.id or self.item!r}", [*wrong.values(), *part_faults, *faults])

    def _type_faults(self) -> Iterable[tuple[str, str]]:
        """Cells of the wrong kind by their field: numbers for codes, words for truth."""
        for name in ("programme", "regions"):
            value = getattr(self, name)
            if not isinstance(value, (str, list, tuple)) or not all(isinstance(v, str) for v in value):
                yield name, f"{name} must be text or a list of texts, codes in quotes; found {value!r}"
        for name in ("item", "start", "end", "paid", "decided_by", "evidence", "id", "unit", "title", "reference", "author"):
            if not isinstance(getattr(self, name), str):
                yield name, f"{name} must be text in quotes; found {getattr(self, name)!r}"
        if not isinstance(self.known_at_budget, bool):
            yield "known_at_budget", f"known_at_budget must be true or false, yes or no; found {self.known_at_budget!r}"

    def _faults(self) -> Iterable[tuple[str, str]]:
        """What is wrong, by the field."""
        if self.item not in items.CATALOGUE:
            yield "item", unknown_item(self.item)
        elif items.CATALOGUE[self.item].side in ("result", "balance") and self.item != "balance_adjustment":
            yield "item", f"{self.item} is a result; change a driver, a line or an assumption"
        given = [o for o in OPERATIONS if getattr(self, o) is not None]
        if len(given) != 1:
            yield "", f"exactly one of {', '.join(OPERATIONS)} is needed; found {', '.join(given) or 'none'}"
        for operation in (*given, *(["before_value"] if self.before_value is not None else [])):
            value = getattr(self, operation)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= float_info.max:
                yield operation, f"{operation} must be a number; found {value!r}"
        months = {name: self._month(name) for name in ("start", "end", "paid")}
        for name, month in months.items():
            if month is None and (getattr(self, name) or name == "start"):
                yield name, f"{name} must be a month such as 2026-07; found {getattr(self, name)!r}"
        if months["start"] and months["end"] and months["end"] < months["start"]:
            yield "end", f"the end {self.end} lies before the start {self.start}"
        if months["start"] and months["paid"] and months["paid"] < months["start"]:
            yield "paid", f"paid {self.paid} lies before the start {self.start}"
        if self.decided_by not in DECIDERS:
            words = {code: next(w for w, c in DECIDER_LOOKUP.items() if c == code and w != code) for code in DECIDERS}
            known = ", ".join(f"{code} ({word})" for code, word in words.items())
            yield "decided_by", f"decided_by must be one of {known}; found {self.decided_by!r}"
        if self.decided_by == "event" and not self.evidence and self.known_at_budget is True:
            yield "evidence", "an event cannot be known at the budget without evidence"
        yield from (("unit", fault) for fault in self._unit_faults(given))

    def _month(self, name: str) -> Period | None:
        """A month of a field; ``None`` where it is none."""
        try:
            period = Period.parse(getattr(self, name))
        except SibError:
            return None
        return period if period.is_month else None

    def _unit_faults(self, given: list[str]) -> Iterable[str]:
        if self.item not in items.CATALOGUE or not given:
            return
        base = items.CATALOGUE[self.item].unit
        value = getattr(self, given[0])
        if given[0] == "multiply" or not isinstance(value, (int, float)):
            return
        if base == "share" and not self.unit and abs(value) > SHARE_LIMIT:
            yield f"{self.item} is a share: {value:g} would be {value:.0%}; write it as a share, or give the unit %"
        if not self.unit:
            if base != "share":
                yield f"{given[0]} on {self.item} needs a unit, for example {items.UNITS[base][0]!r}"
            return
        try:
            conversion(parse_unit(self.unit), base)
        except SibError as fault:
            yield f"unit {self.unit!r}: {fault}"

    @property
    def operation(self) -> str:
        """Which of the five operations this is."""
        return next(o for o in OPERATIONS if getattr(self, o) is not None)

    @property
    def amount(self) -> float:
        """The operand in base units."""
        return self._in_base(float(getattr(self, self.operation)))

    @property
    def before(self) -> float | None:
        """The value before the change, in base units."""
        return None if self.before_value is None else self._in_base(float(self.before_value))

    @property
    def currency(self) -> str:
        """The currency its amount is in; blank where it is no money."""
        unit = parse_unit(self.unit) if self.unit and self.operation != "multiply" else None
        return unit.currency if unit is not None and unit.family == "currency" else ""

    def _in_base(self, value: float) -> float:
        if self.operation == "multiply" or not self.unit:
            return value
        return value * conversion(parse_unit(self.unit), items.CATALOGUE[self.item].unit)[0]

    @property
    def cause(self) -> str:
        """The name under which its effect is reported."""
        if self.id:
            return self.id
        return items.change_words(self.item, self.operation, getattr(self, self.operation))

    def concerns(self, programme: str) -> bool:
        """Whether a fund is meant."""
        return "*" in self.programme or programme in self.programme


@dataclass(frozen=True, repr=False)
class Scenario:
    """A title and its changes, applied in the order of their start, then of listing.

    Examples
    --------
    >>> a = Change(item="collection_rate", multiply=0.99, start="2026-01", decided_by="league")
    >>> both = Scenario("a", a) + Scenario("b", a)
    >>> both.title, len(both.changes)
    ('a + b', 2)
    """

    title: str
    changes: tuple[Change, ...]
    author: str = ""
    reference: str = ""
    explanation: str = field(default="", repr=False)

    def __init__(
        self, title: str, *changes: Change, author: str = "", reference: str = "", explanation: str = ""
    ) -> None:
        if not str(title).strip():
            raise ScenarioError("a scenario needs a title: the blank one is the baseline's")
        object.__setattr__(self, "title", title)
        object.__setattr__(self, "changes", tuple(changes))
        object.__setattr__(self, "author", author)
        object.__setattr__(self, "reference", reference)
        object.__setattr__(self, "explanation", explanation)

    def __repr__(self) -> str:
        lines = [f"<Scenario> {self.title}"]
        for change, cause in zip(self.in_order, self.causes(), strict=True):
            when = f"{change.start}…{change.end}"
            what = f"{items.change_words(change.item, change.operation, getattr(change, change.operation))} {change.unit}".strip()
            lines.append(f"  {cause}: {what}, {', '.join(change.programme)}, {when}, {change.decided_by}")
        return "\n".join(line if len(line) <= 80 else line[:79] + "…" for line in lines)

    @classmethod
    def from_table(cls, title: str, table: pd.DataFrame) -> Scenario:
        """A scenario from rows of a ``policies`` table, for example ``data.policies``.

        Raises
        ------
        ScenarioError
            With every fault, named by its row.

        Examples
        --------
        >>> import sibforecast as sib
        >>> data = sib.load(sib.sample("nmg"))
        >>> len(sib.Scenario.from_table("announced", data.policies.query("start >= '2027'")).changes)
        5
        """
        from sibforecast.assumptions.scenario_files import from_policies

        return cls(title, *from_policies(table.to_dict("records")))  # type: ignore[arg-type]

    def __add__(self, other: Scenario) -> Scenario:
        """Both packages together."""
        title = " + ".join(t for t in (self.title, other.title) if t)
        heads = {
            name: "; ".join(dict.fromkeys(t for t in (getattr(self, name), getattr(other, name)) if t))
            for name in ("author", "reference", "explanation")
        }
        return Scenario(title, *self.changes, *other.changes, **heads)

    @property
    def in_order(self) -> tuple[Change, ...]:
        """Changes by start, then as listed."""
        return tuple(sorted(self.changes, key=lambda c: c.start))

    def causes(self) -> tuple[str, ...]:
        """The name of each change, made unique, in order of application."""
        names: list[str] = []
        for change in self.in_order:
            name, n = change.cause, 2
            while name in names:
                name, n = f"{change.cause} ({n})", n + 1
            names.append(name)
        return tuple(names)

    def titles(self) -> dict[str, str]:
        """What to show for the names of its changes: their titles, where they have one; made unique.

        Examples
        --------
        >>> cut = Change(item="contribution_rate", add=-0.01, start="2026-07", decided_by="region", title="A point less")
        >>> Scenario("cut", cut).titles()
        {'contribution_rate −0.01': 'A point less'}
        """
        shown: dict[str, str] = {}
        for cause, change in zip(self.causes(), self.in_order, strict=True):
            title, n = change.title.strip(), 2
            while title and title in shown.values():
                title, n = f"{change.title.strip()} ({n})", n + 1
            if title:
                shown[cause] = title
        return shown


def titles_of(scenarios: Iterable[Scenario | None]) -> dict[str, str]:
    """The titles of the changes of several scenarios; a name that they mean differently keeps itself."""
    shown: dict[str, str] = {}
    for scenario in scenarios:
        for cause, title in (scenario.titles() if scenario is not None else {}).items():
            shown[cause] = title if shown.get(cause, title) == title else cause
    return shown


def unknown_item(word: str) -> str:
    """What is wrong with a word that is no item: a slip of the pen, or a record of the law that no formula reads."""
    from sibforecast.assumptions.policy import current_law

    if word in current_law().law.ids:
        return f"{word} is a record of the law that no formula reads: change the items it moves, as the shipped presets do"
    return items.unknown_word(word)
