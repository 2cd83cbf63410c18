"""Colours that are fixed: of a fund, of a scenario, of a traffic light.

A fund or scenario looks the same on every chart. No two depend on colour alone: marks, dashes
and hatches tell them apart in greyscale and to colour-blind eyes; a light always carries its word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32


@dataclass(frozen=True)
class Paint:
    """How one series is drawn: colour, mark of a line, dashes of a line, hatch of a bar."""

    colour: str
    marker: str = "o"
    dash: Any = "-"
    hatch: str = ""


#: The seven funds: pensions blue, medical brown, the small ones apart; dark to light within each kind.
FUNDS: dict[str, Paint] = {
    "enterprise_pension": Paint("#0b2f5c", "o"),
    "resident_pension": Paint("#2f7fb8", "s"),
    "civil_servant_pension": Paint("#8cc4e8", "^"),
    "employee_medical": Paint("#5a3300", "D", hatch="//"),
    "resident_medical": Paint("#c77700", "v", hatch="//"),
    "work_injury": Paint("#e8c35a", "P", hatch=".."),
    "unemployment": Paint("#7d3c74", "X", hatch="\\\\"),
}
BASELINE = Paint("#222222", "o", "-")
#: Series that are neither funds nor the baseline: scenarios, areas, items, funds a data set declares.
_OTHERS = (
    Paint("#0072b2", "s", (0, (6, 2)), "//"),
    Paint("#b06a00", "^", (0, (2, 2)), "\\\\"),
    Paint("#00795c", "D", (0, (6, 2, 1, 2)), ".."),
    Paint("#6a3d9a", "v", (0, (4, 1)), "xx"),
    Paint("#56b4e9", "P", (0, (1, 1)), "--"),
    Paint("#9a9a00", "X", (0, (8, 2, 2, 2)), "||"),
    Paint("#b45a92", "*", (0, (3, 3)), "++"),
    Paint("#7b8794", "h", (0, (5, 5)), "oo"),
)

#: Colour and hatch of each light, from act now to all is well; ever lighter in greyscale.
LIGHTS: dict[str, tuple[str, str]] = {
    "red": ("#a50f15", ""),
    "orange": ("#e08214", ""),
    "yellow": ("#f2cf4a", ""),
    "green": ("#dff2e6", ""),
    "excess": ("#c3d3ea", "..."),
    "unknown": ("#ffffff", ""),
}


def paints(names: Iterable[str], given: dict[str, str] | None = None) -> dict[str, Paint]:
    """The paint of each series.

    A fund has its own. Any other name has a place of its own in the list of paints, which
    follows from the name alone; only where two names of one chart fall on the same place does
    the second take the next free one.

    Parameters
    ----------
    names : iterable of str
        Funds, scenarios, areas or items; ``""`` is the baseline.
    given : mapping, optional
        Colours by name, which override.

    Returns
    -------
    dict

    Examples
    --------
    >>> paints(["", "unemployment"])["unemployment"].colour
    '#7d3c74'
    >>> paints(["raise"]) == {"raise": paints(["cut", "raise"])["raise"]}
    True
    """
    out: dict[str, Paint] = {}
    taken: set[int] = set()
    wanted = list(dict.fromkeys(names))
    for name in sorted(wanted):
        if name == "":
            out[name] = BASELINE
        elif name in FUNDS:
            out[name] = FUNDS[name]
        else:
            place = crc32(name.encode()) % len(_OTHERS)
            while place in taken and len(taken) < len(_OTHERS):
                place = (place + 1) % len(_OTHERS)
            taken.add(place)
            out[name] = _OTHERS[place]
    for name, colour in (given or {}).items():
        if name in out:
            out[name] = Paint(colour, out[name].marker, out[name].dash, out[name].hatch)
    return {name: out[name] for name in wanted}
