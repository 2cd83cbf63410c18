"""The size in which figures are shown: units chosen by size, thousands separated, never 1e8."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sibforecast.items import UNITS
from sibforecast.results import round_half_up, scale_for

if TYPE_CHECKING:
    from sibforecast.plots.style import Look

MINUS = "−"


@dataclass(frozen=True)
class Scale:
    """The size in which figures are shown: 万元, 亿元, 100m yuan, %."""

    divisor: float
    unit: str
    places: int

    def text(self, value: float, *, signed: bool = False, places: int | None = None) -> str:
        """A figure as shown: rounded half-up, thousands separated, with a true minus."""
        shown = round_half_up(value / self.divisor, self.places if places is None else places)
        plus = "+" if signed and shown > 0 else ""
        return f"{plus}{shown:,f}".replace("-", MINUS)


def scale_of(largest: float, unit: str, look: Look) -> Scale:
    """The scale that suits the largest figure of an item's unit.

    Parameters
    ----------
    largest : float
        The largest figure in base units.
    unit : str
        A base unit of the catalogue of items.
    look : Look
        Language and currency.

    Returns
    -------
    Scale

    Examples
    --------
    >>> from sibforecast.plots.style import Look
    >>> scale_of(1.234e9, "currency", Look("en"))
    Scale(divisor=100000000.0, unit='100m yuan', places=2)
    >>> scale_of(0.165, "share", Look("en")).text(0.165)
    '16.50'
    """
    size = abs(largest) if largest == largest else 0.0
    zh = look.language == "zh"
    if unit == "currency":
        divisor, word = scale_for(size, look.currency, look.language)
    elif unit == "share":
        divisor, word = 0.01, "%"
    elif unit in ("persons", "person-months"):
        steps = ((1e8, "亿"), (1e4, "万")) if zh else ((1e6, "million "), (1e4, "thousand "))
        divisor, prefix = next(((d, w) for d, w in steps if size >= d), (1.0, ""))
        if not zh and prefix.startswith("thousand"):
            divisor = 1e3
        word = prefix + UNITS[unit][zh]
    else:
        divisor, word = 1.0, UNITS[unit][zh] if unit in UNITS else unit
        if look.currency != "yuan":
            word = word.replace("yuan", look.currency).replace("元", look.currency)
    shown = size / divisor
    places = 0 if shown >= 10_000 or (divisor == 1.0 and unit.startswith("person")) else 1 if shown >= 100 else 2
    return Scale(divisor, word, places)


def figures_axis(axis: Any, scale: Scale, most: int = 7) -> None:
    """Ticks of an axis of figures: scaled, separated, without an offset such as 1e8."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(most))

    def text(value: float, _: int) -> str:
        ticks = axis.get_majorticklocs()
        step = abs(ticks[1] - ticks[0]) / scale.divisor if len(ticks) > 1 else 1.0
        places = next((p for p in range(4) if abs(step * 10**p - round(step * 10**p)) < 1e-6), 4)
        return scale.text(value, places=places)

    axis.set_major_formatter(FuncFormatter(text))
