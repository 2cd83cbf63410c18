"""How a subsidy falls on the levels of government: dated, sourced records; what they do not say stays unknown."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd

from sibforecast import items
from sibforecast.analysis.ratio_table import is_share
from sibforecast.analysis.rounding import amount, in_steps
from sibforecast.errors import NoSuchFileError, RulesError, SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.results import Result
from sibforecast.tables.schema import LEVELS
from sibforecast.tables.units import parse_unit

#: What a share is a share of.
BASES = ("national_standard", "regional_standard", "per_head", "actual_cost")
APPLIES_TO = ("base", "increment")
STATUSES = ("statute", "observed", "unverified")
#: Levels, and what no level pays: carry-over, interest.
PARTS = (*LEVELS, "other")
_SHIPPED = Path(__file__).parent / "splits"
_KEYS = ("id", "programme", "item", "base", "tier", "region", "shares", "amounts", "total", "unit", "applies_to",
         "valid_from", "valid_to", "source", "status")  # fmt: skip
_NEEDED = ("id", "programme", "item", "base", "applies_to", "source", "status")
_EVER, _NEVER_ENDS = "0001-01-01", "9999-12-31"


@dataclass(frozen=True)
class Split:
    """One record: who pays which share of what, from when to when, on what ground.

    Attributes
    ----------
    shares : mapping
        Share by level (nation, region, league, county, other); a level that is not in it is
        unknown, never zero.
    applies_to : str
        ``base`` (the whole, or the base amount where one is given) or ``increment`` (what
        comes on top of it).
    status : str
        ``statute``, ``observed`` or ``unverified``.
    """

    id: str
    programme: str
    item: str
    base: str
    shares: Mapping[str, float]
    applies_to: str = "base"
    region: str = ""
    tier: str = ""
    valid_from: str = ""
    valid_to: str = ""
    source: str = ""
    status: str = "unverified"

    @property
    def unknown(self) -> tuple[str, ...]:
        """Levels whose share is not known."""
        return tuple(level for level in LEVELS if level not in self.shares)

    def apply(self, value: float) -> pd.DataFrame:
        """An amount by level, to the cent; what stays unknown is a row of its own.

        Parameters
        ----------
        value : float
            The amount, in currency units.

        Returns
        -------
        DataFrame
            level, share, value. A level without a share is blank, never zero; the row
            ``unknown`` holds what is left for the levels that are blank. Known parts and the
            unknown one sum to the amount to the cent.

        Raises
        ------
        SibError
            If the amount is blank.

        Examples
        --------
        >>> half = Split("h", "resident_pension", "fiscal_subsidy", "actual_cost", {"nation": 0.5, "region": 0.3})
        >>> half.apply(1_000.0).set_index("level")["value"].to_dict()
        {'nation': 500.0, 'region': 300.0, 'league': nan, 'county': nan, 'unknown': 200.0}
        """
        if value != value:
            raise SibError("the amount to split is blank, and blank is not zero")
        known = [level for level in PARTS if level in self.shares]
        left = 1.0 - sum(self.shares[level] for level in known)
        shares = [*(self.shares[level] for level in known), *([max(left, 0.0)] if self.unknown else [])]
        sign = -1.0 if value < 0 else 1.0
        parts = [sign * amount(n, 0.01) for n in in_steps([abs(value) * s for s in shares], 0.01)]
        told = dict(zip([*known, "unknown"], zip(shares, parts, strict=True), strict=False))
        rows = [(level, *told.get(level, (float("nan"), float("nan")))) for level in PARTS if level in told or level in LEVELS]
        rows += [("unknown", *told["unknown"])] if self.unknown else []
        return pd.DataFrame(rows, columns=["level", "share", "value"])


@dataclass(frozen=True, repr=False)
class Splits(Result):
    """Records of a file; see `read_splits`. The frame has a row for each level, blank where it is unknown."""

    records: tuple[Split, ...] = field(default=(), repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "id", "programme", "item", "base", "region", "tier", "applies_to", "level", "share", "valid_from", "valid_to",
        "source", "status",
    )  # fmt: skip

    def headline(self) -> str:
        """How many records, and how many leave a level unknown."""
        return f"{len(self.records)} records, {sum(bool(r.unknown) for r in self.records)} leave a level unknown"

    def summary(self) -> pd.DataFrame:
        """Shares by record and level."""
        frame = self.frame
        return frame.pivot_table(index="id", columns="level", values="share", sort=False)

    def find(
        self, programme: str, item: str, on: str, *, region: str = "", tier: str = "", applies_to: str = "base"
    ) -> Split | None:
        """The record in force on a day: one of the area itself, else of its tier, else one for all."""
        fits = [
            r for r in self.records
            if (r.programme, r.item, r.applies_to) == (programme, item, applies_to)
            and r.region in ("", region) and r.tier in ("", tier) and (r.valid_from or _EVER) <= on <= (r.valid_to or _NEVER_ENDS)
        ]  # fmt: skip
        return max(fits, key=lambda r: (bool(r.region), bool(r.tier)), default=None)

    def apply(
        self, programme: str, item: str, value: float, on: str, *, region: str = "", tier: str = "", base: float | None = None
    ) -> pd.DataFrame:
        """An amount of an area by level, by the records in force on a day.

        Parameters
        ----------
        programme, item : str
            Codes of fund and line.
        value : float
            The amount, in currency units.
        on : str
            The day, ``2022-06-30``.
        region, tier : str
            The area and its tier.
        base : float, optional
            The base amount (基数): it is split by the records of ``base``, the rest by those
            of ``increment``. Without it the whole amount is the base.

        Returns
        -------
        DataFrame
            part (base, increment), level, share, value, record. A part without a record is
            unknown as a whole.

        Raises
        ------
        SibError
            If the day is none, or an amount is blank.
        """
        _day(on, "on")
        parts = [("base", value)] if base is None else [("base", base), ("increment", value - base)]
        tables = []
        for part, worth in parts:
            record = self.find(programme, item, on, region=region, tier=tier, applies_to=part)
            found = record or Split("", programme, item, "", {})
            table = found.apply(worth)
            table.insert(0, "part", part)
            tables.append(table.assign(record=found.id))
        return pd.concat(tables, ignore_index=True)


def read_splits(source: str | Path) -> Splits:
    """Read records of a split from a TOML file, or shipped ones by name.

    Parameters
    ----------
    source : str or Path
        The file: ``[[split]]`` records with id, programme, item, base, applies_to, source,
        status, and either ``shares`` or ``amounts`` with their ``total`` and ``unit``; region,
        tier, valid_from and valid_to where they apply.

    Returns
    -------
    Splits

    Raises
    ------
    RulesError
        With all faults at once: unknown keys or words, shares outside [0, 1], shares of all
        levels that do not sum to one, amounts that are not their total, records of the same
        scope whose validity overlaps.

    Examples
    --------
    >>> splits = read_splits("observed")
    >>> splits.records[0].apply(300_750_000.0)["value"].tolist()
    [113750000.0, 39530000.0, 32610000.0, 109350000.0, 5510000.0]
    """
    path = Path(source)
    if not path.exists() and path.parent == Path("."):
        path = _SHIPPED / f"{path.stem}.toml"
    if not path.exists():
        shipped = ", ".join(sorted(p.stem for p in _SHIPPED.glob("*.toml")))
        raise NoSuchFileError(f"no splits {str(source)!r}; shipped: {shipped}")
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RulesError(f"{path.name}: not a TOML file: {fault}") from fault
    faults = list(_faults(content))
    if faults:
        raise all_faults(RulesError, path.name, faults)
    records = tuple(_built(entry) for entry in content["split"])
    faults = list(_overlaps(records))
    if faults:
        raise all_faults(RulesError, path.name, faults)
    return Splits(lambda: _frame(records), {"splits": path.stem, "title": str(content.get("title", ""))}, records=records)


def _frame(records: Sequence[Split]) -> pd.DataFrame:
    rows = [
        (r.id, r.programme, r.item, r.base, r.region, r.tier, r.applies_to, level, r.shares.get(level, float("nan")),
         r.valid_from, r.valid_to, r.source, r.status)
        for r in records for level in PARTS if level in LEVELS or level in r.shares
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(Splits.columns))


def _faults(content: Mapping[str, Any]) -> Iterable[str]:
    for key in content:
        if key not in ("title", "split"):
            yield f"unknown key {key!r}{did_you_mean(key, ('title', 'split'))}"
    entries = content.get("split")
    if not isinstance(entries, list) or not entries or not all(isinstance(e, dict) for e in entries):
        yield "no [[split]] records"
        return
    for number, entry in enumerate(entries, start=1):
        name = f"split {entry.get('id', number)}"
        yield from (f"{name}: {fault}" for fault in _record_faults(entry))


def _record_faults(entry: Mapping[str, Any]) -> Iterable[str]:
    for key in entry:
        if key not in _KEYS:
            yield f"unknown key {key!r}{did_you_mean(key, _KEYS)}"
    for key in _NEEDED:
        if not str(entry.get(key, "")).strip():
            yield f"the key {key} is missing"
    for key, known in (("base", BASES), ("applies_to", APPLIES_TO), ("status", STATUSES)):
        if key in entry and entry[key] not in known:
            yield f"{key} must be one of {', '.join(known)}; found {entry[key]!r}"
    if "item" in entry and entry["item"] not in items.CATALOGUE:
        yield f"unknown item {entry['item']!r}{did_you_mean(str(entry['item']), items.CATALOGUE)}"
    start, end = str(entry.get("valid_from") or _EVER), str(entry.get("valid_to") or _NEVER_ENDS)
    try:
        _day(start, "valid_from")
        _day(end, "valid_to")
        if end < start:
            yield f"valid_to {end} lies before valid_from {start}"
    except SibError as fault:
        yield str(fault)
    if ("shares" in entry) == ("amounts" in entry):
        yield "give either shares or amounts"
        return
    given = entry.get("shares", entry.get("amounts"))
    if not isinstance(given, dict) or not given or set(given) - set(PARTS):
        yield f"shares and amounts stand by level: {', '.join(PARTS)}; found {given!r}"
        return
    yield from (_share_faults(given) if "shares" in entry else _amount_faults(entry, given))


def _share_faults(given: Mapping[str, Any]) -> Iterable[str]:
    if not all(is_share(v) for v in given.values()):
        yield f"shares must lie in [0, 1]; found {given}"
        return
    total, whole = sum(map(float, given.values())), set(LEVELS) <= set(given)
    if total > 1.0 + 1e-12 or (whole and total < 1.0 - 1e-12):
        yield f"the shares sum to {total:g}, not to one; found {given}"


def _amount_faults(entry: Mapping[str, Any], given: Mapping[str, Any]) -> Iterable[str]:
    """Amounts are added up in their unit: with all levels they are the total, to the cent."""
    numbers = [*given.values(), entry.get("total")]
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) and v >= 0 for v in numbers) or not entry["total"]:
        yield f"amounts and their total must be numbers of at least 0; found {given}, total {entry.get('total')!r}"
        return
    try:
        unit = parse_unit(str(entry.get("unit", "")))
    except SibError as fault:
        yield str(fault)
        return
    rest = (float(entry["total"]) - sum(map(float, given.values()))) * unit.factor
    if rest < -0.005 or (set(LEVELS) <= set(given) and rest > 0.005):
        yield f"the amounts sum to {sum(given.values()):,g}, not to the total of {entry['total']:,g} {entry.get('unit')}"


def _overlaps(records: Sequence[Split]) -> Iterable[str]:
    """Two records of the same scope in force on the same day: which holds is never guessed."""
    for place, record in enumerate(records):
        for other in records[:place]:
            scope = [(r.programme, r.item, r.region, r.tier, r.applies_to) for r in (record, other)]
            if record.id == other.id:
                yield f"split {record.id}: the id stands twice"
            start = max(r.valid_from or _EVER for r in (record, other))
            end = min(r.valid_to or _NEVER_ENDS for r in (record, other))
            if scope[0] == scope[1] and start <= end:
                yield f"splits {other.id} and {record.id} are both in force from {start} to {end}"


def _built(entry: Mapping[str, Any]) -> Split:
    total = float(entry.get("total", 1.0))
    given = entry.get("shares") or {level: float(v) / total for level, v in entry["amounts"].items()}
    texts = {k: str(entry.get(k, "")) for k in ("region", "tier", "valid_from", "valid_to", "source")}
    return Split(
        str(entry["id"]), str(entry["programme"]), str(entry["item"]), str(entry["base"]),
        {level: float(given[level]) for level in PARTS if level in given}, str(entry["applies_to"]),
        status=str(entry["status"]), **texts,
    )  # fmt: skip


def _day(text: str, name: str) -> None:
    try:
        datetime.date.fromisoformat(text)
    except (ValueError, TypeError) as fault:
        raise SibError(f"{name} must be a day such as 2022-01-01; found {text!r}") from fault
