"""Ratios, caps and conditions of sharing rules: read, refused where they leave a gap or overlap, looked up.

A ratio is a set of shares by level of government. A table of ratios chooses one by economic
tier, by months of reserve (the audited opening balance over the month's spending), by fund
and by area; the first row that fits is taken, then the default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.tables.schema import LEVELS
from sibforecast.tables.units import parse_unit

_ROW = ("econ_tier", "months_from", "months_to", "programmes", "regions", *LEVELS)
_ENDLESS = float("inf")


@dataclass(frozen=True)
class Ratio:
    """Shares by level, for areas and funds that fit."""

    shares: Mapping[str, float]
    econ_tier: str = ""
    months_from: float = -_ENDLESS
    months_to: float = _ENDLESS
    programmes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    followed: str = ""  # the figure it follows
    figures: Mapping[str, float] = field(default_factory=dict)  # the area's own, and that of all areas

    def fits(self, region: str, programme: str, tier: str, months: float) -> bool:
        """Whether an area and fund are meant; unknown months fit only rows without a band."""
        band = self.months_from > -_ENDLESS or self.months_to < _ENDLESS
        return (
            (not self.econ_tier or self.econ_tier == tier)
            and (not self.programmes or programme in self.programmes)
            and (not self.regions or region in self.regions)
            and (not band or self.months_from <= months < self.months_to)
        )

    @property
    def why(self) -> str:
        """The row in words."""
        parts = [f"tier {self.econ_tier}"] if self.econ_tier else []
        if self.months_from > -_ENDLESS or self.months_to < _ENDLESS:
            low, high = (f"{v:g}" if abs(v) < _ENDLESS else "…" for v in (self.months_from, self.months_to))
            parts.append(f"reserve of {low} to {high} months")
        parts += [", ".join(self.programmes)] if self.programmes else []
        parts += [", ".join(self.regions)] if self.regions else []
        if self.followed:
            own, every = self.figures["own"], self.figures["every"]
            spending = f"in proportion to benefit spending, {own:,.2f} of {every:,.2f}"
            dependency = f"dependency ratio of {own:.4f} against {every:.4f} of all areas"
            parts.append(spending if self.followed == "benefit_expenditure" else dependency)
        return "; ".join(parts) or "default ratio"


@dataclass(frozen=True)
class Caps:
    """Limits of what the upper level pays, in currency units; NaN where there is none.

    A pool that is `pool_remitted` holds what the areas remitted to it.
    """

    per_unit: float = float("nan")
    multiple_of_remitted: float = float("nan")
    budget_pool: float = float("nan")
    pool_remitted: bool = False


def ratio_faults(record: Any) -> Iterable[str]:
    """Faults of the section ``[ratio]``."""
    if not isinstance(record, dict):
        return
    listed = record.get("rows", [])
    if not isinstance(listed, list):
        yield f"[ratio]: rows must be a list of tables; found {listed!r}"
        listed = []
    default = record.get("default")
    rows = [("default", default)]
    rows += [(f"row {i}", row) for i, row in enumerate(listed, start=1)]
    for name, row in rows:
        if not isinstance(row, dict):
            yield f"[ratio] {name}: shares are missing"
            continue
        for key in row:
            if key not in _ROW or (name == "default" and key not in LEVELS):
                yield f"[ratio] {name}: unknown key {key!r}{did_you_mean(key, _ROW)}"
        shares = {k: row[k] for k in LEVELS if k in row}
        if not shares:
            yield f"[ratio] {name}: shares are missing"
        elif not all(is_share(s) for s in shares.values()):
            yield f"[ratio] {name}: shares must lie in [0, 1]; found {shares}"
        elif abs(sum(map(float, shares.values())) - 1.0) > 1e-12:
            yield f"[ratio] {name}: the shares do not sum to one; found {shares}"
        if name != "default" and isinstance(default, dict):
            yield from _above_faults(name, row, default)
        if name != "default" and not any(k in row for k in _ROW[:5]):
            yield f"[ratio] {name}: econ_tier is missing (or months_from, months_to, programmes, regions)"
        if isinstance(row.get("econ_tier", ""), bool) or not isinstance(row.get("econ_tier", ""), (str, int)):
            yield f"[ratio] {name}: econ_tier must be a text, such as \"1\"; found {row['econ_tier']!r}"
        low, high = row.get("months_from", -_ENDLESS), row.get("months_to", _ENDLESS)
        if not all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (low, high)):
            yield f"[ratio] {name}: months_from and months_to must be numbers"
        elif not low < high:
            yield f"[ratio] {name}: months_from {low:g} is not below months_to {high:g}"
    yield from _band_faults([r for _, r in rows[1:] if isinstance(r, dict)])


def _above_faults(name: str, row: Mapping[str, Any], default: Mapping[str, Any]) -> Iterable[str]:
    """A row cannot let a level pay that stands above the one that grants; the default says which that is."""
    named = [level for level in LEVELS if level in default]
    for level in LEVELS[: LEVELS.index(named[0])] if named else ():
        if level in row:
            yield (f"[ratio] {name}: {level} stands above {named[0]}, which grants by the default; found {level} = "
                   f"{row[level]!r}: give the share to {named[0]}, or name {level} in the default too (0 where it pays nothing)")


def _band_faults(rows: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """Bands of the same tier, funds and areas must neither overlap nor leave a hole between them."""
    groups: dict[tuple[Any, ...], list[tuple[float, float]]] = {}
    for row in rows:
        low, high = row.get("months_from", -_ENDLESS), row.get("months_to", _ENDLESS)
        if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low < high:
            key = (str(row.get("econ_tier", "")), str(_texts(row.get("programmes", ()))), str(_texts(row.get("regions", ()))))
            groups.setdefault(key, []).append((float(low), float(high)))
    for (tier, *_), bands in groups.items():
        name = f"econ_tier {tier}" if tier else "the table"
        ordered = sorted(bands)
        for (low, high), (after, top) in pairwise(ordered):
            if (low, high) == (after, top) == (-_ENDLESS, _ENDLESS):
                yield f"[ratio]: {name} stands twice"
            elif after < high:
                yield f"[ratio]: bands of {name} overlap from {after:g} to {min(high, top):g} months"
            elif after > high:
                yield f"[ratio]: {name} leaves a gap from {high:g} to {after:g} months"


def built_ratio(row: Mapping[str, Any]) -> Ratio:
    """A ratio from its row."""
    return Ratio(
        {k: float(row[k]) for k in LEVELS if k in row}, str(row.get("econ_tier", "")), float(row.get("months_from", -_ENDLESS)),
        float(row.get("months_to", _ENDLESS)), _texts(row.get("programmes", ())), _texts(row.get("regions", ())),
    )  # fmt: skip


def caps_faults(record: Any) -> Iterable[str]:
    """Faults of the section ``[caps]``."""
    for name in ("per_unit", "budget_pool"):
        cell = record.get(name)
        if cell is None or (name == "budget_pool" and cell == "remitted"):
            continue
        if not isinstance(cell, dict) or set(cell) != {"value", "unit"} or not _is_amount(cell["value"]):
            other = ', or "remitted"' if name == "budget_pool" else ""
            yield f"[caps] {name}: write {{ value = 5000, unit = \"万元\" }}{other}; found {cell!r}"
            continue
        try:
            if parse_unit(str(cell["unit"])).family != "currency":
                yield f"[caps] {name}: the unit must be money; found {cell['unit']!r}"
        except SibError as fault:
            yield f"[caps] {name}: {fault}"
    multiple = record.get("multiple_of_remitted")
    if multiple is not None and not _is_amount(multiple):
        yield f"[caps] multiple_of_remitted must be a number of at least 0; found {multiple!r}"


def built_caps(record: Mapping[str, Any]) -> Caps:
    """Caps from their section."""

    def amount(name: str) -> float:
        cell = record.get(name)
        return float(cell["value"]) * parse_unit(str(cell["unit"])).factor if isinstance(cell, dict) else float("nan")

    return Caps(amount("per_unit"), float(record.get("multiple_of_remitted", float("nan"))), amount("budget_pool"),
                record.get("budget_pool") == "remitted")  # fmt: skip


def is_share(value: Any) -> bool:
    """Whether a value is a number from 0 to 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def _is_amount(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)


def smooth_ratio(
    months: float, tier: int, *, base: float = 0.6, per_month: float = 0.02, reference: float = 6.0, per_tier: float = 0.05,
    lowest: float = 0.3, highest: float = 0.9,
) -> float:  # fmt: skip
    """The region's share as a plain function of reserve and economic tier.

    ``base − per_month × (months − reference) + per_tier × (tier − 1)``, within bounds: an area
    with more months of reserve gets less, one of a poorer tier (1 is the richest) more. A
    proposal to see what a table does, not law: every number is an argument.

    Parameters
    ----------
    months : float
        Months the audited opening balance pays for.
    tier : int
        1 is the richest.

    Examples
    --------
    >>> [round(smooth_ratio(m, 2), 2) for m in (0, 3, 6, 12, 40)]
    [0.77, 0.71, 0.65, 0.53, 0.3]
    """
    return min(max(base - per_month * (months - reference) + per_tier * (tier - 1), lowest), highest)
