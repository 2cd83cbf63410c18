"""Areas as a pooling tree: who lies in whom, and which words mean whom."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

import pandas as pd

from sibforecast.errors import SibError
from sibforecast.items import did_you_mean
from sibforecast.tables.cells import read_code
from sibforecast.tables.read import Collector, RawTable
from sibforecast.tables.schema import LEVEL_LOOKUP, LEVELS


@dataclass(frozen=True)
class Area:
    """One area of the tree."""

    code: str
    name: str
    parent: str
    level: str
    name_en: str = ""
    econ_tier: str = ""


@cache
def known_aliases() -> dict[str, tuple[str, ...]]:
    """Short and former names by full name, from the package's table."""
    text = resources.files("sibforecast.tables").joinpath("aliases.toml").read_text("utf-8")
    return {name: tuple(words) for name, words in tomllib.loads(text).items()}


@dataclass(frozen=True)
class Regions:
    """The pooling tree.

    Examples
    --------
    >>> tree = Regions.of([Area("1", "A", "", "region"), Area("11", "B", "1", "league")])
    >>> tree.children("1"), tree.ancestors("11"), tree.resolve("B")
    (('11',), ('1',), '11')
    """

    areas: Mapping[str, Area]
    order: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, areas: Iterable[Area]) -> Regions:
        """A tree of these areas, in their order."""
        table = {area.code: area for area in areas}
        return cls(table, tuple(table))

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        table: dict[str, list[str]] = {}
        for code in self.order:
            table.setdefault(self.areas[code].parent, []).append(code)
        return {parent: tuple(codes) for parent, codes in table.items()}

    @property
    def frame(self) -> pd.DataFrame:
        """The tree as the table it was read from."""
        areas = [self.areas[code] for code in self.order]
        names = {"region": "code"} | {n: n for n in ("name", "parent", "level", "name_en", "econ_tier")}
        return pd.DataFrame({column: [getattr(a, name) for a in areas] for column, name in names.items()})

    def children(self, code: str) -> tuple[str, ...]:
        """Areas directly below."""
        return self._children.get(code, ())

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Areas above, nearest first."""
        found: list[str] = []
        parent = self.areas[code].parent
        while parent and parent in self.areas and parent not in found:
            found.append(parent)
            parent = self.areas[parent].parent
        return tuple(found)

    def below(self, code: str) -> tuple[str, ...]:
        """All areas below, depth first."""
        found: list[str] = []
        for child in self.children(code):
            found.extend((child, *self.below(child)))
        return tuple(found)

    def is_own_level(self, code: str) -> bool:
        """Whether an area is the own level of its parent (自治区本级): same level as it."""
        area = self.areas[code]
        parent = self.areas.get(area.parent)
        return parent is not None and (area.level == parent.level or area.name.endswith("本级"))

    def at_level(self, code: str, level: str) -> str:
        """The area of `level` that `code` lies in; itself or the nearest above.

        The own level of an area (自治区本级, 市本级) stands for itself below its area's
        level, whatever level it was given, and belongs to its area from there upwards.
        """
        rank = LEVELS.index(level)
        here = code
        while True:
            area = self.areas[here]
            if self.is_own_level(here):
                if rank > LEVELS.index(self.areas[area.parent].level):
                    return here
            elif LEVELS.index(area.level) <= rank or not area.parent:
                return here
            elif LEVELS.index(self.areas[area.parent].level) < rank:
                return here  # a county addressed directly (满洲里): no area of the level holds it
            here = area.parent

    @cached_property
    def _words(self) -> dict[str, set[str]]:
        table: dict[str, set[str]] = {}
        for area in self.areas.values():
            short = area.name.rstrip("市盟旗县区") if len(area.name) > 2 else area.name
            names = [area.code, area.name, area.name_en, *known_aliases().get(area.name, ())]
            if len(short) >= 2:
                names.append(short)
            for word in names:
                if word:
                    table.setdefault("".join(word.lower().split()), set()).add(area.code)
        return table

    def resolve(self, word: str) -> str:
        """The code of the area a word means.

        Raises
        ------
        SibError
            If no area, or more than one, may be meant: never a guess.
        """
        if word in self.areas:
            return word
        key = "".join(word.lower().split())
        found = self._words.get(key, set())
        exact = {c for c in found if self.areas[c].name == word}
        found = exact if len(exact) == 1 else found
        if len(found) == 1:
            return next(iter(found))
        if not found and key:
            found = {c for w, codes in self._words.items() if w.startswith(key) for c in codes}
        if found:
            names = "、".join(sorted(self.areas[c].name for c in found)[:6])
            raise SibError(f"{word!r} may mean {names}")
        raise SibError(f"unknown area {word!r}{self._nearest(word)}")

    def _nearest(self, word: str) -> str:
        """A hint: full names and names a person may have meant; of a code the nearest codes."""
        if word.isascii():
            return did_you_mean(word, {t for a in self.areas.values() for t in (a.code, a.name_en) if t})
        names = {a.name for a in self.areas.values()}
        one_off = [n for n in names if len(n) == len(word) >= 3 and sum(x != y for x, y in zip(n, word, strict=True)) == 1]
        return did_you_mean(word, one_off, cutoff=0.6) if one_off else did_you_mean(word, names)

    def label(self, code: str, language: str = "zh") -> str:
        """The name to show."""
        area = self.areas.get(code)
        if area is None:
            return code
        return (area.name_en or area.name) if language == "en" else area.name


def read_regions(raw: RawTable, found: Collector) -> Regions:
    """The pooling tree, with its faults: unknown levels, parents, doubles, circles."""
    areas: dict[str, Area] = {}
    rows: dict[str, int] = {}
    for number, record in zip(raw.row_numbers, raw.frame.to_dict("records"), strict=True):
        cell = {k: read_code(v) for k, v in record.items()}
        where: dict[str, Any] = {"table": raw.name, "row": int(number), "region": cell["region"]}
        if not cell["region"]:
            found.add("blank_code", "error", "an area without a code", column="region", expected="a code",
                      found="blank", mend="give the area a code, or delete the row", **where)
            continue
        if cell["region"] in areas:
            found.add("duplicate", "error", "the area stands twice", column="region",
                      found=f"rows {rows[cell['region']]} and {number}", expected="one row", mend="keep one row", **where)
            continue
        level = LEVEL_LOOKUP.get(cell["level"].lower(), "")
        if not level:
            found.add("unknown_level", "error", "unknown level", column="level", found=cell["level"] or "blank",
                      expected=", ".join(LEVELS), mend="write one of these levels", **where)
        areas[cell["region"]] = Area(
            cell["region"], cell["name"] or cell["region"], cell["parent"], level or LEVELS[-1],
            cell.get("name_en", ""), cell.get("econ_tier", ""),
        )  # fmt: skip
        rows[cell["region"]] = int(number)
    words = Regions.of(areas.values())
    for code, area in areas.items():
        where = {"table": raw.name, "row": rows[code], "region": code}
        try:
            parent = words.resolve(area.parent) if area.parent else ""
        except SibError as fault:
            found.add("unknown_parent", "error", f"the parent is no area of the table: {fault}", column="parent",
                      found=area.parent, mend="add the parent, or leave the cell blank for the top", **where)
            parent = ""
        areas[code] = replace(area, parent=parent)
    _tree_faults(areas, rows, found)
    return Regions.of(areas.values())


def _tree_faults(areas: dict[str, Area], rows: Mapping[str, int], found: Collector) -> None:
    """Areas that lie within themselves (cut loose), or in an area of a lower level."""
    for code, area in areas.items():
        where: dict[str, Any] = {"table": "regions", "row": rows[code], "region": code}
        walked, above = {code}, area.parent
        while above and above not in walked:
            walked.add(above)
            above = areas[above].parent
        if above == code:
            found.add("circle", "error", "the area lies within itself", column="parent", found=area.parent,
                      mend="correct the parent; the top has none", **where)
            areas[code] = replace(area, parent="")
        elif area.parent and LEVELS.index(area.level) < LEVELS.index(areas[area.parent].level):
            found.add("level_order", "error", "the area lies in an area of a lower level", column="level",
                      found=f"{area.level} in {areas[area.parent].level}", mend="correct the level or the parent", **where)
