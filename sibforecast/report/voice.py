"""How a page speaks: language, names, currency, and figures as official forms write them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE, cause_name
from sibforecast.phrases import Teller
from sibforecast.plots.scales import Scale, scale_of
from sibforecast.plots.style import Look, has_chinese
from sibforecast.report.page_words import WORDS

if TYPE_CHECKING:
    import pandas as pd

#: A figure too small for two places is shown with more of them, down to the cent of a 亿元.
_MOST_PLACES = 10
#: Where the largest total of a page's drafts is below 100 亿元, two places of a 亿元 are too coarse for its lines.
_SMALL = 1e10
_TOTALS = ("total_revenue", "total_expenditure", "current_balance", "closing_balance")


@dataclass(frozen=True)
class Voice:
    """Language, names by code, currency, whether the data are illustrative, and whether yuan stand in 万元 at most."""

    language: str
    names: Mapping[str, str] = field(default_factory=dict)
    currency: str = "yuan"
    illustrative: bool = False
    small: bool = False

    @cached_property
    def teller(self) -> Teller:
        """Tells the sentences of tables in its language."""
        return Teller(self.language, self.names)

    @property
    def zh(self) -> bool:
        """Whether it speaks Chinese."""
        return self.language == "zh"

    def word(self, key: str, *parts: object) -> str:
        """A word of the page; a key without entry stands for itself."""
        if key not in WORDS:
            return key
        text = WORDS[key][self.zh]
        return text.format(*parts) if parts else text

    def name(self, code: object) -> str:
        """The name of an area, fund, item or cause; without one, the code."""
        text = str(code)
        if text in self.names:
            return self.names[text]
        if text in CATALOGUE:
            return CATALOGUE[text].label(self.language)
        return self.word(cause_name(text, self.language))

    def column(self, period: str, stage: str) -> str:
        """A year and its stage: 2027年草案."""
        return f"{period}{'年' if self.zh and len(period) == 4 else '' if self.zh else ' '}{self.word(stage)}"

    def scale(self, largest: float, unit: str = "currency") -> Scale:
        """The size figures of a unit are shown in; money with two places."""
        size = min(abs(largest), 1e8 - 1.0) if self.small and unit == "currency" else largest
        found = scale_of(size, unit, Look(self.language, currency=self.currency))
        return replace(found, places=2) if unit == "currency" else found


def figure(value: float, scale: Scale) -> str:
    """A figure as shown: rounded half-up; one that is not zero never shows as zero.

    Examples
    --------
    >>> figure(1.375321e11, Scale(1e8, "亿元", 2)), figure(30_000.0, Scale(1e8, "亿元", 2)), figure(0.0, Scale(1e8, "亿元", 2))
    ('1,375.32', '0.0003', '0.00')
    """
    places = scale.places
    while value and places < _MOST_PLACES and not any(c in "123456789" for c in scale.text(value, places=places)):
        places += 1
    return scale.text(value, places=places)


def frame_of(result: Any) -> pd.DataFrame:
    """The tidy frame of a result, or the table itself.

    Raises
    ------
    SibError
        If it is neither.
    """
    frame = result if hasattr(result, "groupby") else getattr(result, "frame", None)
    if frame is None or not hasattr(frame, "groupby"):
        raise SibError(f"a page takes results and tables; got {type(result).__name__}")
    table: pd.DataFrame = frame
    return table


def origin_of(result: Any) -> Mapping[str, Any]:
    """The provenance of a result, or the one a plain table carries along."""
    known = getattr(result, "provenance", None)
    known = getattr(result, "attrs", {}).get("provenance") if known is None else known
    return known if isinstance(known, Mapping) else {}


def _names(result: Any, language: str) -> dict[str, str]:
    tell = getattr(result, "labels", None)
    return dict(tell(language)) if callable(tell) else {}


def voice_of(results: list[Any], language: str | None) -> Voice:
    """The voice for these results: Chinese where money is yuan or, untold, where names are Chinese."""
    if language not in (None, "zh", "en"):
        raise SibError(f"unknown language {language!r}; expected 'zh' or 'en'")
    origins = [origin_of(r) for r in results]
    money = list(dict.fromkeys(str(o["currency"]) for o in origins if o.get("currency")))
    if len(money) > 1:
        raise SibError(f"one page is of one currency; found {', '.join(money)}: write a page for each")
    if language is None:
        chinese = any(has_chinese(n) for r in results for n in _names(r, "zh").values())
        language = "zh" if money == ["yuan"] or (not money and chinese) else "en"
    names: dict[str, str] = {}
    for result in results:
        for code, name in _names(result, language).items():
            names.setdefault(code, name)
    currency = money[0] if money else "yuan"
    small = currency == "yuan" and _is_small(results)
    return Voice(language, names, currency, any(bool(o.get("illustrative")) for o in origins), small)


def _is_small(results: list[Any]) -> bool:
    """Whether the largest total of all drafts and projections is small; without any of them it is not known."""
    frames = [frame_of(r) for r in results]
    totals = [f.loc[f["item"].isin(_TOTALS), "value"].abs().max() for f in frames if {"item", "stage", "value"} <= set(f.columns)]
    told = [float(t) for t in totals if t == t]
    return bool(told) and max(told) < _SMALL
