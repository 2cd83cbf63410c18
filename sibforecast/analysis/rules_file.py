"""Sharing rules as data: read from TOML, refused with all faults at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sibforecast.analysis.ratio_table import Caps, Ratio, built_caps, built_ratio, caps_faults, is_share, ratio_faults
from sibforecast.analysis.rule_sections import is_number, linkage_faults, many, number_faults, rounding_faults, scope_faults
from sibforecast.analysis.rule_terms import SECTIONS, Terms, built_terms, set_aside, term_faults
from sibforecast.errors import NoSuchFileError, RulesError, SibError, all_faults
from sibforecast.items import code_of, did_you_mean
from sibforecast.tables.schema import LEVELS
from sibforecast.tables.units import parse_unit

if TYPE_CHECKING:
    import pandas as pd

TREATMENTS = ("shared", "local", "pending", "unlisted", "override", "out_of_scope")
#: Cuts of the grant, by the class of their rows.
CUTS = {"C2": "assessment", "C1": "audit", "K1": "condition", "CAP": "cap", "MIN": "minimum local input", "POOL": "pool"}
#: A class of this id may only be one that national shares decide, as the bill's own row of it is.
NATIONAL = "N0"
#: Classes of rows that a bill writes itself: out of scope, own balance, reserve, base amount, within the tolerance, cuts.
RESERVED = ("P0", "B0", "R0", "J0", "T0", *CUTS)
_SHIPPED = Path(__file__).parent / "rules"
_KEYS = ("ruleset", "title", "reference", "effective", "unit", "scope", "gap", "classes", "ratio", "caps", "conditions",
         "linkage", "national", "rounding", "note", "note_zh", *SECTIONS)  # fmt: skip
_SECTIONS = {
    "scope": ("level", "programmes"),
    "gap": ("basis", "keep_months"),
    "ratio": ("default", "rows"),
    "caps": ("per_unit", "multiple_of_remitted", "budget_pool"),
    "conditions": ("remitted_on_time", "task_completed"),
    "linkage": ("assessment", "audit_deduction"),
    "national": LEVELS,
    "rounding": ("unit", "places", "residual_to"),
    **SECTIONS,
}
_MATCH = ("stage", "side", "kind", "decided_by", "known_at_budget", "cause", "line", "evidence")
_CLASS = ("id", "treat", "clause", *_MATCH)
WORDS = {
    "stage": ("budget", "execution"),
    "side": ("revenue", "expenditure"),
    "kind": ("budget", "driver", "policy", "event", "residual"),
    "decided_by": ("nation", "region", "league", "county", "event"),
}


@dataclass(frozen=True)
class RuleClass:
    """One class: which causes it takes and how it treats them."""

    id: str
    treat: str
    clause: str = ""
    match: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    def takes(self, row: Mapping[str, Any]) -> bool:
        """Whether a cause belongs to the class."""
        return all(self._fits(key, wanted, row) for key, wanted in self.match.items())

    def _fits(self, key: str, wanted: tuple[Any, ...], row: Mapping[str, Any]) -> bool:
        if key == "evidence":
            return bool(str(row.get("evidence") or "").strip())
        if key == "cause" and "under_collection" in wanted and is_under_collection(row):
            return True
        return row.get(key) in wanted

    def shadows(self, later: RuleClass) -> bool:
        """Whether everything the later class takes is taken here already."""
        return all(
            key in later.match and (key == "evidence" or set(later.match[key]) <= set(wanted))
            for key, wanted in self.match.items()
        )


def is_under_collection(row: Mapping[str, Any]) -> bool:
    """A missed collection: a driver or residual of the contribution line, or named so."""
    named = row.get("cause") == "under_collection"
    return named or (row.get("kind") in ("driver", "residual") and row.get("line") == "contribution_revenue")


@dataclass(frozen=True, repr=False)
class SharingRules:
    """Who carries which part of a gap; see `read_rules`."""

    ruleset: str
    classes: tuple[RuleClass, ...]
    default: Ratio
    title: str = ""
    reference: str = ""
    unit: str = "league"
    programmes: tuple[str, ...] = ()
    basis: str = "current_year"
    keep_months: float = 0.0
    rows: tuple[Ratio, ...] = ()
    caps: Caps = field(default_factory=Caps)
    conditions: tuple[str, ...] = ()
    assessment: Mapping[str, float] = field(default_factory=dict)
    audit_deduction: bool = False
    national: Mapping[str, float] = field(default_factory=dict)
    round_to: float = 100.0
    residual_to: str = "league"
    money: str = "万元"
    places: int = 2
    note: str = ""
    note_zh: str = ""
    effective: tuple[str, str] = ("", "")
    terms: Terms = field(default_factory=Terms)

    def __repr__(self) -> str:
        shares = ", ".join(f"{k} {v:.0%}" for k, v in self.default.shares.items())
        lines = [f"<SharingRules> {self.ruleset}: {shares}, first match wins"]
        for kind in self.classes:
            when = ", ".join(f"{k} {'/'.join(map(str, v))}" for k, v in kind.match.items()) or "anything else"
            lines.append(f"  {kind.id}: {kind.treat} if {when}")
        return "\n".join(line if len(line) <= 80 else line[:79] + "…" for line in lines)

    @property
    def ratio(self) -> float:
        """The region's share by default."""
        return float(self.default.shares.get("region", 0.0))

    @property
    def grantor(self) -> str:
        """The level that grants: the highest the ratio names; the nation only where one lower level stands beside it."""
        named = [level for level in LEVELS if level in self.default.shares]
        if len(named) == 2 and named[0] == "nation":
            return "nation"
        return next((level for level in LEVELS if level != "nation" and level in self.default.shares), "region")

    @property
    def carrier(self) -> str:
        """The level that carries the rest: the lowest the ratio names, the area's own."""
        named = [level for level in LEVELS if level in self.default.shares]
        return named[-1] if named and named[-1] != self.grantor else ("county" if self.unit == "county" else "league")

    @property
    def reserve_first(self) -> bool:
        """Whether what an area holds in reserve meets its gap before anyone shares."""
        return self.terms.reserve is not None and self.terms.reserve.first

    def set_aside(self, accounts: pd.DataFrame) -> pd.DataFrame:
        """What each area has to keep in reserve and to remit of a year.

        Parameters
        ----------
        accounts : DataFrame
            region, programme, ``collected``, ``surplus`` (current balance) and ``held`` (in
            reserve at the start), in currency units; a column the rules do not use may be missing.

        Returns
        -------
        DataFrame
            The table with ``kept``, ``remitted`` and ``held_after``; blank where a figure is.

        Raises
        ------
        SibError
            If the rules have no ``[reserve]``, or a column is missing.

        Examples
        --------
        >>> import pandas as pd
        >>> year = pd.DataFrame({"region": ["A"], "programme": ["work_injury"], "collected": [1_000.0], "held": [250.0]})
        >>> read_rules("huangshi_injury").set_aside(year)[["kept", "remitted", "held_after"]].values.tolist()
        [[50.0, 0.0, 300.0]]
        """
        reserve = self.terms.reserve
        if reserve is None:
            raise SibError(f"the rules {self.ruleset} set nothing aside: they have no [reserve]")
        return set_aside(accounts, reserve)

    def ruled(self, kind: str, treat: str, reference: str = "") -> SharingRules:
        """The same rules after a ruling on one class, such as a pending one that is to be shared.

        Parameters
        ----------
        kind : str
            The class's id.
        treat : str
            How it is to be treated from now on.
        reference : str
            The document of the ruling; it is added to the clause of the class.

        Raises
        ------
        RulesError
            If there is no such class or treatment, or national shares are wanted and missing.

        Examples
        --------
        >>> rules = read_rules("nmg_2016").ruled("A1", "shared", "ruling of the region")
        >>> next(c.treat for c in rules.classes if c.id == "A1")
        'shared'
        """
        ids = [c.id for c in self.classes]
        if kind not in ids:
            raise RulesError(f"no class {kind!r}{did_you_mean(kind, ids)}; there are {', '.join(ids)}")
        if treat not in TREATMENTS:
            raise RulesError(f"treat must be one of {', '.join(TREATMENTS)}; found {treat!r}")
        if treat == "override" and not self.national:
            raise RulesError("a class is treated as override, but there are no [national] shares")
        added = f"; {reference}" if reference else ""
        classes = tuple(replace(c, treat=treat, clause=c.clause + added) if c.id == kind else c for c in self.classes)
        return replace(self, classes=classes)

    def ratio_for(self, region: str, programme: str, tier: str, months: float) -> Ratio:
        """The first row that fits, else the default."""
        return next((r for r in self.rows if r.fits(region, programme, tier, months)), self.default)


def read_rules(source: str | Path) -> SharingRules:
    """Read sharing rules from a TOML file, or shipped ones by name.

    Raises
    ------
    RulesError
        With all faults at once: unknown keys, unknown words, a class that an earlier one
        shadows wholly, a share outside [0, 1], shares that do not sum to one.

    Examples
    --------
    >>> rules = read_rules("nmg_2016.toml")
    >>> [c.id for c in rules.classes][:3], rules.ratio
    (['X2', 'S2', 'S3'], 0.6)
    """
    path = Path(source)
    if not path.exists() and path.parent == Path("."):
        path = _SHIPPED / f"{path.stem}.toml"
    if not path.exists():
        shipped = ", ".join(sorted(p.name for p in _SHIPPED.glob("*.toml")))
        raise NoSuchFileError(f"no rules {str(source)!r}; shipped: {shipped}")
    try:
        record = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RulesError(f"{path.name}: not a TOML file: {fault}") from fault
    faults = list(_faults(record))
    if faults:
        raise all_faults(RulesError, path.name, faults)
    return _built(record)


def _faults(record: Mapping[str, Any]) -> Iterable[str]:
    for key in record:
        if key not in _KEYS:
            yield f"unknown key {key!r}{did_you_mean(key, _KEYS)}"
    yield from number_faults(record, "")
    for section, known in _SECTIONS.items():
        content = record.get(section, {})
        if not isinstance(content, dict):
            yield f"[{section}] must be a table; found {content!r}"
            record = {k: v for k, v in record.items() if k != section}
            continue
        for key in content:
            if key not in known:
                yield f"[{section}]: unknown key {key!r}{did_you_mean(key, known)}"
    if not record.get("ruleset"):
        yield "the key ruleset is missing"
    if record.get("unit", "league") not in LEVELS:
        yield f"unit must be one of {', '.join(LEVELS)}; found {record.get('unit')!r}"
    if record.get("gap", {}).get("basis", "current_year") not in ("current_year", "after_balance"):
        yield "[gap]: basis must be current_year or after_balance"
    yield from _class_faults(record.get("classes"))
    yield from ratio_faults(record.get("ratio", {}))
    yield from caps_faults(record.get("caps", {}))
    yield from term_faults(record, TREATMENTS)
    yield from scope_faults(record)
    yield from linkage_faults(record.get("linkage", {}))
    for name, needed in record.get("conditions", {}).items():
        if not isinstance(needed, bool):
            yield f"[conditions] {name} must be true or false; found {needed!r}"
    national = record.get("national", {})
    if national:
        if not all(is_share(v) for v in national.values()) or abs(sum(map(float, national.values())) - 1.0) > 1e-12:
            yield f"[national]: shares must lie in [0, 1] and sum to one; found {national}"
    elif any(isinstance(c, dict) and c.get("treat") == "override" for c in many(record.get("classes", ()))):
        yield "a class is treated as override, but there are no [national] shares"
    rounding = record.get("rounding", {})
    yield from rounding_faults(rounding)
    keep = record.get("gap", {}).get("keep_months", 0)
    if not is_number(keep, 0.0, float("inf")):
        yield f"[gap]: keep_months must be a number of at least 0; found {keep!r}"
    if rounding.get("residual_to", "league") not in LEVELS:
        yield f"[rounding]: residual_to must be one of {', '.join(LEVELS)}"


def _class_faults(classes: Any) -> Iterable[str]:
    if not isinstance(classes, list) or not classes:
        yield "no [[classes]]"
        return
    built: list[RuleClass] = []
    for number, entry in enumerate(classes, start=1):
        if not isinstance(entry, dict):
            yield f"class {number}: must be a table with id and treat; found {entry!r}"
            continue
        name = f"class {entry.get('id', number)}"
        for key in entry:
            if key not in _CLASS:
                yield f"{name}: unknown key {key!r}{did_you_mean(key, _CLASS)}"
        if not entry.get("id"):
            yield f"{name}: the id is missing"
        if entry.get("id") in RESERVED or (entry.get("id") == NATIONAL and entry.get("treat") != "override"):
            yield f"{name}: the id is kept for rows of the bill itself ({', '.join((*RESERVED, NATIONAL))})"
        wrong = list(_wrong_values(name, entry))
        yield from wrong
        if wrong:
            continue
        if entry.get("treat") not in TREATMENTS:
            yield f"{name}: treat must be one of {', '.join(TREATMENTS)}; found {entry.get('treat')!r}"
        for key, known in WORDS.items():
            for word in many(entry.get(key, ())):
                if word not in known:
                    yield f"{name}: {key} must be one of {', '.join(known)}; found {word!r}"
        if entry.get("evidence", "required") != "required":
            yield f"{name}: evidence can only be \"required\""
        this = _class(entry)
        for earlier in built:
            if earlier.id == this.id:
                yield f"{name}: the id stands twice"
            elif earlier.shadows(this):
                yield f"{name}: never reached, class {earlier.id} takes all of it"
        built.append(this)


def _wrong_values(name: str, entry: Mapping[str, Any]) -> Iterable[str]:
    """Values of a class that are no texts; what the budget knew is true or false."""
    for key in ("id", "treat", "clause", *_MATCH):
        for value in many(entry[key]) if key in entry else ():
            kind: type = bool if key == "known_at_budget" else str
            if not isinstance(value, kind) or (isinstance(entry[key], list) and key in ("id", "treat", "clause")):
                yield f"{name}: {key} must be {'true or false' if kind is bool else 'a text'}; found {entry[key]!r}"


def _class(entry: Mapping[str, Any]) -> RuleClass:
    match = {key: many(entry[key]) for key in _MATCH if key in entry}
    for key in ("line", "cause"):  # lines and drivers by any word for the item
        if key in match:
            match[key] = tuple(code_of(word) or word if isinstance(word, str) else word for word in match[key])
    return RuleClass(str(entry.get("id", "")), str(entry.get("treat", "")), str(entry.get("clause", "")), match)


def _interval(value: Any) -> tuple[str, str]:
    """First and last day in force; blank where open."""
    start, end = (*map(str, many(value)), "", "")[:2]
    return start, end


def _built(record: Mapping[str, Any]) -> SharingRules:
    programmes = record.get("scope", {}).get("programmes", "auto")
    rounding = record.get("rounding", {})
    unit = parse_unit(str(rounding.get("unit", "元")))
    return SharingRules(
        ruleset=str(record["ruleset"]),
        classes=tuple(_class(c) for c in record["classes"]),
        default=built_ratio(record["ratio"]["default"]),
        title=str(record.get("title", "")),
        reference=str(record.get("reference", "")),
        unit=str(record.get("unit", "league")),
        programmes=() if programmes == "auto" else many(programmes),
        basis=str(record.get("gap", {}).get("basis", "current_year")),
        keep_months=float(record.get("gap", {}).get("keep_months", 0.0)),
        rows=tuple(built_ratio(r) for r in record["ratio"].get("rows", [])),
        caps=built_caps(record.get("caps", {})),
        conditions=tuple(k for k, needed in record.get("conditions", {}).items() if needed),
        audit_deduction=record.get("linkage", {}).get("audit_deduction") == "amount",
        national={k: float(v) for k, v in record.get("national", {}).items()},
        assessment={str(k): float(v) for k, v in record.get("linkage", {}).get("assessment", {}).items()},
        round_to=unit.factor * 10.0 ** -int(rounding.get("places", 2)),
        residual_to=str(rounding.get("residual_to", "league")),
        money=str(rounding.get("unit", "元")),
        places=int(rounding.get("places", 2)),
        note=str(record.get("note", "")),
        note_zh=str(record.get("note_zh", "")),
        effective=_interval(record.get("effective", ())),
        terms=built_terms(record),
    )
