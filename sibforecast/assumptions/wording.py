"""Fields of a change as people write them: labels for codes, Chinese levels, months, yes and no, figures with a per cent sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.tables.cells import read_cell, read_period, read_truth
from sibforecast.tables.schema import DECIDER_LOOKUP
from sibforecast.tables.units import parse_unit
from sibforecast.tables.values import worth


def _item(word: str) -> str | None:
    return None if items.whole_of(word) else items.code_of(word)


#: How the words of a field are read; what none of them knows stays as it is, and is told as a fault.
_READERS: dict[str, Callable[[str], Any]] = {
    "item": _item,
    "decided_by": lambda word: DECIDER_LOOKUP.get(word.strip().lower()),
    "known_at_budget": read_truth,
    **dict.fromkeys(("start", "end", "paid"), read_period),
}


def read_words(fields: Mapping[str, Any], numbers: tuple[str, ...]) -> dict[str, Any]:
    """The fields whose words mean something else than they are, with what they mean.

    Parameters
    ----------
    fields : mapping
        Fields of a change by name.
    numbers : tuple of str
        Fields that hold figures: ``"-1%"`` is -0.01, unless the unit beside it contradicts.

    Examples
    --------
    >>> read_words({"item": "缴费比例", "decided_by": "自治区", "start": "2026年7月", "add": "-1%"}, ("add",))
    {'item': 'contribution_rate', 'decided_by': 'region', 'start': '2026-07', 'add': -0.01}
    >>> read_words({"item": "benefit_level", "known_at_budget": "否"}, ())
    {'item': 'benefit_level', 'known_at_budget': False}
    """
    read: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, str) and value.strip() and name in (*_READERS, *numbers):
            meant = _READERS[name](value) if name in _READERS else _number(value, name, fields)
            if meant is not None:
                read[name] = meant
    return read


def _number(text: str, name: str, fields: Mapping[str, Any]) -> float | None:
    """A figure in the change's own unit; ``None`` where the text is none for certain."""
    cell, unit, item = read_cell(text), fields.get("unit") or "", fields["item"]
    if cell.state != "number" or not isinstance(unit, str) or not isinstance(item, str):
        return None
    try:
        if unit and name != "multiply":
            own = parse_unit(unit)
            return cell.value * worth(cell, own) / own.factor
    except SibError:
        return None
    entry = items.CATALOGUE.get(items.whole_of(item) or items.code_of(item) or "")
    shares = name == "multiply" or (entry is not None and entry.unit == "share")
    if cell.unit_word or (cell.percent and not shares):
        return None
    return cell.value * cell.scale
