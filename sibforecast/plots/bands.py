"""Bands of the months payable: when a reserve is red, orange, yellow, green, or more than needed."""

from __future__ import annotations

from collections.abc import Mapping

from sibforecast.errors import SibError, all_faults
from sibforecast.plots.style import Look

#: From when the defaults count. No document names them, but for the 15 months of employee medical
#: (observed): they are a default of this package (status: unverified), the same as the thresholds
#: ``warning_months_…`` of the current law.
SINCE = "2016-01-01"
_USUAL = {"red": 3.0, "orange": 6.0, "yellow": 9.0}
_SMALL = {"red": 6.0, "orange": 12.0, "excess": 24.0}
_MEDICAL = {**_USUAL, "excess": 15.0}
DEFAULT: dict[str, dict[str, float]] = {"work_injury": _SMALL, "unemployment": _SMALL, "employee_medical": _MEDICAL}
_ORDER = ("red", "orange", "yellow", "excess")


def bands_of(programme: str | None, bands: Mapping[str, float] | None = None) -> dict[str, float]:
    """The limits of a fund, in months payable.

    Parameters
    ----------
    programme : str or None
        The fund; work injury, unemployment and employee medical have limits of their own.
    bands : mapping, optional
        ``red``, ``orange``, ``yellow``: below this many months; ``excess``: above this many.
        Replaces the defaults (since 2016, in no document).

    Returns
    -------
    dict
        Limits in rising order.

    Raises
    ------
    SibError
        With every unknown name, and if limits do not rise.

    Examples
    --------
    >>> bands_of("unemployment")
    {'red': 6.0, 'orange': 12.0, 'excess': 24.0}
    """
    found = DEFAULT.get(programme or "", _USUAL) if bands is None else bands
    faults = [f"unknown band {name!r}; expected {', '.join(_ORDER)}" for name in found if name not in _ORDER]
    limits = {name: float(found[name]) for name in _ORDER if name in found}
    if any(not limit < above for limit, above in zip(limits.values(), [*limits.values()][1:], strict=False)):
        faults.append(f"limits must rise from red to excess; found {limits}")
    if faults:
        raise all_faults(SibError, "bands", faults)
    return limits


def light_of(months: float, limits: Mapping[str, float]) -> str:
    """The light of so many months payable.

    Examples
    --------
    >>> [light_of(m, bands_of("enterprise_pension")) for m in (-0.1, 3.0, 9.0, float("nan"))]
    ['red', 'orange', 'green', 'unknown']
    """
    if months != months:
        return "unknown"
    for light in ("red", "orange", "yellow"):
        if light in limits and months < limits[light]:
            return light
    return "excess" if months > limits.get("excess", float("inf")) else "green"


def ranges(limits: Mapping[str, float]) -> list[tuple[str, float, float]]:
    """The bands as light, from, to; open ends are infinite.

    Examples
    --------
    >>> ranges({"red": 3.0})
    [('red', -inf, 3.0), ('green', 3.0, inf)]
    """
    out, low = [], float("-inf")
    for light in ("red", "orange", "yellow"):
        if light in limits:
            out.append((light, low, limits[light]))
            low = limits[light]
    top = limits.get("excess", float("inf"))
    out.append(("green", low, top))
    return [*out, ("excess", top, float("inf"))] if "excess" in limits else out


def said(light: str, low: float, high: float, look: Look) -> str:
    """A band in words: ``red below 3``."""
    word = look.word(light)
    if low == float("-inf"):
        return look.word("below", word, f"{high:g}")
    return look.word("from", word, f"{low:g}") if high == float("inf") else look.word("between", word, f"{low:g}", f"{high:g}")


def origin(bands: Mapping[str, float] | None, look: Look) -> str:
    """Where the bands come from, for the source line."""
    return look.word("bands_given") if bands is not None else look.word("bands_default", SINCE)
