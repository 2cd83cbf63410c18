"""How a bill came about: what was taken, netted, looked up and cut on the way from the gap to the payers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sibforecast.analysis.ratio_table import Ratio

_BLANK = float("nan")


@dataclass(frozen=True)
class TakenCause:
    """A cause and the class that took it; its value is that before netting."""

    cause: str
    stage: str
    kind: str
    treat: str
    clause: str
    value: float
    by: str = ""  # what of the cause fitted the class


@dataclass(frozen=True)
class Cut:
    """A cut of the grant: its class, the amount, and the numbers and word behind it."""

    kind: str
    amount: float
    numbers: Mapping[str, float] = field(default_factory=dict)
    word: str = ""


@dataclass
class Workings:
    """The way of one area, fund and year.

    Attributes
    ----------
    key : dict
        region, programme, period, scenario.
    gap : float
        The gap that is shared, to the cent.
    level : str
        Level at which the fund is pooled.
    unpooled : str
        Why it is out of the scope of the rules: ``pooled`` elsewhere, ``no_entry`` in the
        pooling table, ``not_named`` by the rules; else blank.
    taken : list of TakenCause
        Every cause with its class.
    sums, carried : mapping
        Per treatment: the causes' sum, and what of it is carried after netting.
    ratio : Ratio, optional
        The shares used, chosen by `tier` and `months` of reserve.
    opening, monthly, kept, used, left : float
        Opening balance, a month's spending, months of it that stay, what the balance met, and
        what is left to share.
    held, base, increment : float
        What is held in reserve, the base amount, and what exceeds it and follows the ratio.
    budgeted, completion : float
        Budgeted contribution revenue and the part of it collected, where a tolerance asks.
    cuts : list of Cut
        Cuts of the grant, in their order.
    """

    key: Mapping[str, Any]
    gap: float
    level: str = ""
    unpooled: str = ""
    taken: list[TakenCause] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)
    carried: dict[str, float] = field(default_factory=dict)
    ratio: Ratio | None = None
    tier: str = ""
    months: float = _BLANK
    opening: float = _BLANK
    monthly: float = _BLANK
    kept: float = 0.0
    used: float = 0.0
    left: float = 0.0
    held: float = _BLANK
    base: float = _BLANK
    increment: float = 0.0
    budgeted: float = _BLANK
    completion: float = _BLANK
    cuts: list[Cut] = field(default_factory=list)
