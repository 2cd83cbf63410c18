"""Where every figure of a page leads: what it is, how it was made, where it is from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sibforecast.items import CATALOGUE, UNITS
from sibforecast.report.markup import Html, element, joined
from sibforecast.report.page_words import FORMULAS
from sibforecast.report.voice import Voice

if TYPE_CHECKING:
    import pandas as pd

#: Areas an explanation names before it only counts them.
_NAMED = 4


@dataclass
class Explanations:
    """The explanations of a page; a figure asks for the address of its own and is told one.

    One foldable block stands for a subject (a fund's line); in it one point for each year,
    stage and method.
    """

    voice: Voice
    blocks: dict[tuple[str, ...], dict[tuple[str, ...], list[str]]] = field(default_factory=dict)
    intros: dict[tuple[str, ...], list[object]] = field(default_factory=dict)
    backs: dict[tuple[str, ...], str] = field(default_factory=dict)
    _numbers: dict[tuple[str, ...], int] = field(default_factory=dict)
    _places: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = field(default_factory=dict)

    def address(
        self, block: tuple[str, ...], point: tuple[str, ...], area: str = "", *, back: str, intro: Iterable[object] = ()
    ) -> str:
        """The address of a point in a block; both are made when first asked for.

        Parameters
        ----------
        block : tuple of str
            The words of its heading, as shown.
        point : tuple of str
            What is said of the figure, as shown; alike figures share a point.
        area : str
            The area of the figure, named beside the point.
        back : str
            The address of the table.
        intro : iterable
            What is said of the subject as a whole.

        Returns
        -------
        str
            ``#w3-1``.
        """
        if block not in self.blocks:
            self._numbers[block] = len(self.blocks) + 1
            self.blocks[block], self.intros[block], self.backs[block] = {}, list(intro), back
        points = self.blocks[block]
        key = (block, point)
        if key not in self._places:
            self._places[key] = f"w{self._numbers[block]}-{len(points) + 1}"
            points[point] = []
        if area and area not in points[point]:
            points[point].append(area)
        return f"#{self._places[key]}"

    def item(self, section: str, frame: pd.DataFrame, fund: str, code: str) -> _Items:
        """The addresses of one fund's item in a table of results."""
        return _Items(self, section, frame, fund, code)

    def html(self) -> Html:
        """All blocks, folded."""
        said = []
        for block, points in self.blocks.items():
            lines = [
                element("li", *self._point(point), self._areas(areas), id=self._places[(block, point)])
                for point, areas in sorted(points.items())
            ]
            back = element("a", self.voice.word("back"), href=self.backs[block], class_="back")
            intro = [element("p", i) if not isinstance(i, Html) else i for i in self.intros[block]]
            said.append(
                element("details", element("summary", " · ".join(block)), *intro, element("ul", *lines), back, class_="why")
            )
        return joined(said)

    def _point(self, point: tuple[str, ...]) -> list[object]:
        """The first words of a point, then the method."""
        between = "：" if self.voice.zh else ": "
        return [*(part for word in point[:-1] for part in (word, between)), element("q", point[-1])] if point[1:] else list(point)

    def _areas(self, areas: list[str]) -> str | None:
        """The areas of a point, where there are several in the table."""
        if not areas:
            return None
        said = ("、" if self.voice.zh else ", ").join(areas[:_NAMED])
        if len(areas) > _NAMED:
            left = len(areas) if self.voice.zh else len(areas) - _NAMED
            said = self.voice.word("and_more", said, left)
        return f"（{said}）" if self.voice.zh else f" ({said})"


@dataclass
class _Items:
    """The addresses of the figures of one fund's item: by area, year and stage."""

    owner: Explanations
    section: str
    frame: Any
    fund: str
    code: str

    def __post_init__(self) -> None:
        voice = self.owner.voice
        self.several = self.frame["region"].nunique() > 1
        heading = [part for part in (self.section, voice.name(self.fund), voice.name(self.code)) if part]
        self.block = tuple(heading)
        self.intro: list[object] = []
        known = CATALOGUE.get(self.code)
        if known is not None:
            unit = UNITS[known.unit][voice.zh]
            if voice.currency != "yuan":
                unit = unit.replace("yuan", voice.currency).replace("元", voice.currency)
            timing = voice.word(known.timing)
            self.intro.append(voice.word("unit_timing", unit, timing))
        if self.code in FORMULAS:
            self.intro.insert(0, f"{voice.name(self.code)} = {FORMULAS[self.code][voice.zh]}")

    def __call__(self, region: str, period: str, stage: str, method: object, back: str) -> str:
        voice = self.owner.voice
        said = voice.teller.text(method) or voice.word("no_data")
        area = voice.name(region) if self.several else ""
        return self.owner.address(self.block, (voice.column(period, stage), said), area, back=back, intro=self.intro)
