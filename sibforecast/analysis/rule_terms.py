"""Terms of sharing rules beside classes, ratio and caps: reserve, base amount, tolerance, weights, minimum local input.

Each is a section of the rules file of its own; without the section the term does not exist.

``[reserve]``
    What an area keeps and remits of its collections or surplus up to a ceiling; what it holds
    meets a gap after its own balance and before anyone shares.
``[base]``
    A base amount (基数) that one level carries; only what exceeds it (增量) follows the ratio.
``[tolerance]``
    A shortfall that leaves the collection task all but completed is not counted as missed.
``[proportional]``
    The ratio follows pension spending or the area's own dependency ratio.
``[local_input]``
    What an area carries is at least (a multiple of) its input of last year (投入不低于上年).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sibforecast.analysis.rule_sections import is_number
from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.tables.schema import LEVELS

if TYPE_CHECKING:
    import pandas as pd

#: Sections and their keys.
SECTIONS: dict[str, tuple[str, ...]] = {
    "reserve": ("of", "keep", "remit", "ceiling", "first"),
    "base": ("payer", "growth", "year"),
    "tolerance": ("completion", "treat"),
    "proportional": ("to", "lowest", "highest"),
    "local_input": ("at_least",),
}
#: What a ratio may follow: spending apportions the lower level's part, dependency scales the upper level's share.
WEIGHTS = ("benefit_expenditure", "dependency")
_BLANK = float("nan")


@dataclass(frozen=True)
class Reserve:
    """Shares of a year's collections (or surplus) kept and remitted, until so much of a year's collections is held.

    What is held meets a gap `first`, before anyone shares, unless the rules say otherwise.
    """

    of: str = "collections"
    keep: float = 0.0
    remit: float = 0.0
    ceiling: float = _BLANK
    first: bool = True

    def set_aside(self, collected: float, surplus: float, held: float) -> tuple[float, float]:
        """What is kept and what is remitted of a year, in currency units.

        ``(keep + remit) × base``, at most ``ceiling × collected − held``, at least nothing; the
        two parts keep their proportion. The base is what was collected, or a surplus.

        Examples
        --------
        >>> Reserve(keep=0.10, ceiling=0.30).set_aside(1_000.0, 0.0, 250.0)
        (50.0, 0.0)
        >>> Reserve("surplus", remit=0.30).set_aside(1_000.0, 200.0, 0.0)
        (0.0, 60.0)
        """
        base = collected if self.of == "collections" else surplus
        whole = self.keep + self.remit
        put = max(whole * base, 0.0)
        if self.ceiling == self.ceiling:
            put = min(put, max(self.ceiling * collected - held, 0.0))
        remitted = put * self.remit / whole if whole else 0.0
        return put - remitted, remitted


@dataclass(frozen=True)
class Base:
    """Who carries the base amount, and how it grows a year from its own."""

    payer: str
    growth: float = 0.0
    year: int = 0

    def factor(self, period: str) -> float:
        """What the base amount is multiplied by in a year."""
        years = int(period[:4]) - self.year if self.growth and period[:4].isdigit() else 0
        return float((1.0 + self.growth) ** max(years, 0))


@dataclass(frozen=True)
class Tolerance:
    """The completion of the collection task that counts as complete, and how the shortfall is treated then."""

    completion: float = 1.0
    treat: str = "unlisted"


@dataclass(frozen=True)
class Proportional:
    """What the ratio follows, and the bounds of the upper level's share."""

    to: str
    lowest: float = 0.0
    highest: float = 1.0


@dataclass(frozen=True)
class Terms:
    """The terms that a rules file names; the others do not exist."""

    reserve: Reserve | None = None
    base: Base | None = None
    tolerance: Tolerance | None = None
    proportional: Proportional | None = None
    local_input: float = _BLANK


def term_faults(record: Mapping[str, Any], treatments: tuple[str, ...]) -> Iterable[str]:
    """Faults of the sections of terms (unknown keys are told with those of other sections)."""
    found = {name: record.get(name, {}) for name in SECTIONS}
    for name, section in found.items():
        if isinstance(section, dict) and name in record:
            yield from _CHECKS[name](section, treatments)
    if found["proportional"]:
        yield from _two_levels(record.get("ratio"))


def _reserve(section: Mapping[str, Any], _: tuple[str, ...]) -> Iterable[str]:
    if section.get("of", "collections") not in ("collections", "surplus"):
        yield f"[reserve]: of must be collections or surplus; found {section['of']!r}"
    parts = [section.get(k, 0.0) for k in ("keep", "remit")]
    if not all(is_number(p, 0.0, 1.0) for p in parts):
        yield f"[reserve]: keep and remit must lie in [0, 1]; found {parts}"
    elif not 0.0 < sum(map(float, parts)) <= 1.0:
        yield f"[reserve]: keep and remit together must be more than 0 and at most 1; found {sum(map(float, parts)):g}"
    if not isinstance(section.get("first", True), bool):
        yield f"[reserve]: first must be true or false; found {section['first']!r}"
    if "ceiling" in section and not is_number(section["ceiling"], 0.0, float("inf")):
        yield f"[reserve]: ceiling must be a number of at least 0 (a share of a year's collections); found {section['ceiling']!r}"


def _base(section: Mapping[str, Any], _: tuple[str, ...]) -> Iterable[str]:
    if section.get("payer") not in LEVELS:
        yield f"[base]: payer must be one of {', '.join(LEVELS)}; found {section.get('payer')!r}"
    if not is_number(section.get("growth", 0.0), -1.0, 1.0):
        yield f"[base]: growth must be a share a year from -1 to 1, such as 0.03; found {section['growth']!r}"
    year = section.get("year", 0)
    if isinstance(year, bool) or not isinstance(year, int) or (year and not 1900 <= year <= 2200):
        yield f"[base]: year must be a year, such as 2022; found {year!r}"
    elif section.get("growth") and not year:
        yield "[base]: growth needs the year of the base amount: year = 2022"


def _tolerance(section: Mapping[str, Any], treatments: tuple[str, ...]) -> Iterable[str]:
    if not is_number(section.get("completion"), 0.0, 1.0):
        yield f"[tolerance]: completion must lie in [0, 1], such as 0.995; found {section.get('completion')!r}"
    if section.get("treat", "unlisted") not in treatments[:4]:
        yield f"[tolerance]: treat must be one of {', '.join(treatments[:4])}; found {section['treat']!r}"


def _proportional(section: Mapping[str, Any], _: tuple[str, ...]) -> Iterable[str]:
    to = section.get("to")
    if to not in WEIGHTS:
        yield f"[proportional]: to must be one of {', '.join(WEIGHTS)}; found {to!r}{did_you_mean(str(to), WEIGHTS)}"
    bounds = [section.get("lowest", 0.0), section.get("highest", 1.0)]
    if not all(is_number(b, 0.0, 1.0) for b in bounds) or bounds[0] > bounds[1]:
        yield f"[proportional]: lowest and highest must lie in [0, 1] and rise; found {bounds}"
    elif to == "benefit_expenditure" and {"lowest", "highest"} & set(section):
        yield "[proportional]: lowest and highest bound a ratio that follows dependency; spending only apportions"


def _two_levels(ratio: Any) -> Iterable[str]:
    """A ratio that follows a figure is one between two levels, and no table chooses it."""
    if not isinstance(ratio, dict):
        return
    default = ratio.get("default")
    if isinstance(default, dict) and len([k for k in default if k in LEVELS]) != 2:
        yield "[proportional]: the default ratio must name two levels"
    if ratio.get("rows"):
        yield "[proportional]: a ratio that follows a figure takes no rows of a table"


def _local_input(section: Mapping[str, Any], _: tuple[str, ...]) -> Iterable[str]:
    if not is_number(section.get("at_least"), 0.0, float("inf")):
        yield f"[local_input]: at_least must be a multiple of last year's input, such as 1.0; found {section.get('at_least')!r}"


_CHECKS = {"reserve": _reserve, "base": _base, "tolerance": _tolerance, "proportional": _proportional,
           "local_input": _local_input}  # fmt: skip


def set_aside(accounts: pd.DataFrame, reserve: Reserve) -> pd.DataFrame:
    """A table of accounts with what is kept, remitted and held after it; blank where a figure is."""
    used = ["held"] if reserve.ceiling == reserve.ceiling else []
    used += ["collected"] if used or reserve.of == "collections" else []
    used += ["surplus"] if reserve.of == "surplus" else []
    missing = [c for c in ("region", *used) if c not in accounts]
    if missing:
        raise SibError(f"accounts lack {', '.join(missing)}; what these rules set aside follows from {', '.join(used)}")
    out = accounts.copy()
    columns = [out[c].astype(float) if c in out else out["region"].map(lambda _: 0.0) for c in ("collected", "surplus", "held")]
    parts = [reserve.set_aside(*row) if not any(v != v for v in row) else (_BLANK, _BLANK) for row in zip(*columns, strict=True)]
    out["kept"], out["remitted"] = ([part[i] for part in parts] for i in (0, 1))
    out["held_after"] = columns[2] + out["kept"] if "held" in out else _BLANK
    return out


def built_terms(record: Mapping[str, Any]) -> Terms:
    """The terms of a rules file without faults."""
    kinds: dict[str, Any] = {"reserve": Reserve, "base": Base, "tolerance": Tolerance, "proportional": Proportional}
    made = {name: kind(**record[name]) for name, kind in kinds.items() if name in record}
    if "tolerance" in made and made["tolerance"].completion >= 1.0:  # nothing short of complete is complete
        del made["tolerance"]
    return Terms(**made, local_input=float(record.get("local_input", {}).get("at_least", _BLANK)))
