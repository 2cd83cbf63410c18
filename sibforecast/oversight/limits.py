"""The thresholds of a day: of the law in force, or given by the user.

They are dated records of the law (`current_law`), each with its source and status; most have
no document and say so. An argument overrides them for one call, a law file of the region's
own for good.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sibforecast.assumptions.law_records import ALL, lineage_of
from sibforecast.assumptions.policy import Policy, current_law
from sibforecast.errors import SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.oversight.sentences import Speech
from sibforecast.programmes.registry import SEVEN
from sibforecast.results import round_half_up
from sibforecast.tables.data import FundData

if TYPE_CHECKING:
    import pandas as pd

#: From all is well to act now; ``excess`` is a reserve beyond what is thought enough.
COLOURS = ("green", "excess", "yellow", "orange", "red")
#: What is called: the others are hints.
CALLED = ("orange", "red")
_BANDS = ("green", "yellow", "orange", "red")
_COLOUR_OF = {"note": "yellow", "warning": "orange", "error": "red"}
#: What can be set by argument.
NAMES = (
    "progress_band_green", "progress_band_yellow", "progress_band_orange", "warning_material_share",
    "warning_months_red", "warning_months_orange", "warning_months_yellow", "warning_months_excess",
    "warning_months_fall", "warning_deficit_years", "warning_exhaustion_months", "adjustment_total", "adjustment_item",
    "rate_cut_reserve_months", "employer_rate_with_reserve", "payment_reserve_months", "reserve_months_short",
    "reserve_months_low", "reserve_months_high", "reserve_months_excess", "maternity_rate_ceiling",
    "phase_cut_moderate_months", "phase_cut_moderate", "phase_cut_deep_months", "phase_cut_deep", "refund_reserve_months",
)  # fmt: skip
Own = Mapping[str | tuple[str, str], float]
_KIND = {p.kind: code for code, p in SEVEN.items()}


def standard_fund(data: FundData, programme: str) -> str | None:
    """The fund of the law whose rules a fund takes: itself, or for one that a data set declares that of its kind."""
    declared = data.programmes.get(programme)
    return programme if programme in SEVEN else _KIND.get(declared.kind) if declared is not None else None


def worst(*colours: str) -> str:
    """The worst of some colours; a blank one says nothing.

    Examples
    --------
    >>> worst("yellow", "", "orange")
    'orange'
    """
    told = [c for c in colours if c]
    return max(told, key=COLOURS.index) if told else ""


def apart(value: float, limit: float) -> str:
    """A figure with as many decimals, from one to eight, as show on which side of its limit it lies.

    Examples
    --------
    >>> apart(2.96, 3), apart(2.4, 3), apart(3.04, 3), apart(3.0, 3)
    ('2.96', '2.4', '3.04', '3.0')
    """
    for places in range(1, 9):
        shown = round_half_up(value, places)
        if float(shown) != limit or value == limit:
            break
    return str(shown)


def status_of(rows: pd.DataFrame, found: Iterable[Mapping[str, Any]], known: Iterable[bool]) -> list[str]:
    """The colour of each area and fund: as bad as what is found about it, green where nothing is.

    An error makes red, a warning orange, a note yellow; blank where nothing is known to judge by.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"region": ["1", "2", "3"], "programme": "unemployment"})
    >>> status_of(rows, [{"region": "2", "programme": "unemployment", "severity": "warning"}], [True, True, False])
    ['green', 'orange', '']
    """
    colours: dict[tuple[str, str], str] = {}
    for one in found:
        key = (str(one.get("region")), str(one.get("programme")))
        colours[key] = worst(colours.get(key, ""), _COLOUR_OF[str(one["severity"])])
    keys = zip(rows["region"].astype(str), rows["programme"].astype(str), strict=True)
    return [colours.get(key, "green" if told else "") for key, told in zip(keys, known, strict=True)]


def at_most(colour: str, highest: str) -> str:
    """A colour that goes no further than another."""
    return min(colour, highest, key=COLOURS.index)


@dataclass(frozen=True)
class Limit:
    """One threshold: its value, its source, and the status of that."""

    value: float
    source: str
    status: str


_NOT_SET = Limit(float("nan"), "", "")


@dataclass(frozen=True)
class Limits:
    """Thresholds in force on a day; a fund that a data set declares takes those of its kind's standard fund.

    Before the first day of a default, the default holds.
    """

    data: FundData
    day: dt.date
    law: Policy
    own: Own = field(default_factory=dict)
    speech: Speech = field(default_factory=Speech)
    known: dict[tuple[str, str, str], Limit] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, data: FundData, day: dt.date, law: Policy | None, own: Own | None, speech: Speech | None = None) -> Limits:
        """Checked limits.

        Raises
        ------
        SibError
            With every name that is no threshold and every value that is no number.
        """
        faults = []
        for key, value in (own or {}).items():
            name = key if isinstance(key, str) else key[0]
            if name not in NAMES:
                faults.append(f"unknown threshold {name!r}{did_you_mean(name, NAMES)}")
            if not isinstance(key, str) and key[1] not in data.programmes:
                faults.append(f"{name}: unknown fund {key[1]!r}{did_you_mean(key[1], data.programmes)}")
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
                faults.append(f"{name}: expected a number; found {value!r}")
        if faults:
            raise all_faults(SibError, "limits", faults)
        return cls(data, day, law or current_law(), dict(own or {}), speech or Speech(currency=data.currency))

    def title(self, name: str, programme: str, language: str = "en") -> str:
        """What the law's record of a threshold is called; without one its name.

        Examples
        --------
        >>> import datetime as dt
        >>> import sibforecast as sib
        >>> limits = Limits.of(sib.load(sib.sample("oasdi")), dt.date(2025, 1, 1), None, None)
        >>> limits.title("refund_reserve_months", "unemployment", "zh")
        '稳岗返还和技能提升补贴所需备付月数'
        """
        parameters = self.law.law.parameters
        kind = standard_fund(self.data, programme) if programme in self.data.programmes else ""
        funds = (programme, kind or ALL, ALL)
        found = next((parameters[name, fund] for fund in funds if (name, fund) in parameters), None)
        return (found.title_zh if language == "zh" else found.title) if found is not None else name

    def get(self, name: str, programme: str, region: str) -> float:
        """A threshold; NaN where neither the law nor the user sets one."""
        return self.limit(name, programme, region).value

    def limit(self, name: str, programme: str, region: str) -> Limit:
        """A threshold with where it is written and how far that was checked."""
        key = (name, programme, region)
        if key not in self.known:
            self.known[key] = self._find(*key)
        return self.known[key]

    def table(self) -> pd.DataFrame:
        """The thresholds that were asked for: threshold, programme, value, source, status, each once."""
        import pandas as pd

        rows = [(name, fund, t.value, t.source, t.status) for (name, fund, _), t in self.known.items() if t.value == t.value]
        return pd.DataFrame(list(dict.fromkeys(rows)), columns=["threshold", "programme", "value", "source", "status"])

    def rule(self, name: str, programme: str, region: str) -> Limit:
        """A threshold of a rule of this very fund, if the rule is in force on the day; else NaN."""
        key = (name, programme, region)
        if key not in self.known:
            law = self.law.law
            parameter = law.parameters.get((name, programme))
            found = law.in_force(parameter, self._lineage(region), self.day) if parameter is not None else None
            there = Limit(found.value, found.source, found.status) if found is not None else _NOT_SET
            self.known[key] = self._given(name, programme) or there
        return self.known[key]

    def _given(self, name: str, programme: str) -> Limit | None:
        key = (name, programme) if (name, programme) in self.own else name
        return Limit(float(self.own[key]), "given as an argument", "") if key in self.own else None

    def _lineage(self, region: str) -> tuple[str, ...]:
        return lineage_of(region, self.data.regions if region in self.data.regions.areas else None)

    def _find(self, name: str, programme: str, region: str) -> Limit:
        given = self._given(name, programme)
        if given is not None:
            return given
        law = self.law.law
        funds = (programme, standard_fund(self.data, programme) or ALL, ALL)
        keys = [*((name, fund) for fund in funds), (f"{name}_default", ALL)]
        parameter = next((law.parameters[key] for key in keys if key in law.parameters), None)
        if parameter is None:
            return _NOT_SET
        lineage = self._lineage(region)
        found = law.in_force(parameter, lineage, self.day)
        if found is None:
            later = [p for p in law.pieces(parameter, lineage) if p.start > self.day]
            found = later[0] if later else None
        return Limit(found.value, found.source, found.status) if found is not None else _NOT_SET

    def deviation(self, bad: float, programme: str, region: str) -> str:
        """The colour of a deviation (share of the year's budget, positive is bad); blank where unknown."""
        if bad != bad:
            return ""
        bands = [self.get(f"progress_band_{c}", programme, region) for c in _BANDS[:3]]
        return _BANDS[sum(bad > band for band in bands)]

    def both_sides(self, bad: float, programme: str, region: str) -> str:
        """The same on the bad side; on the good side yellow beyond the orange band, never more."""
        if bad < 0:
            return "yellow" if -bad > self.get("progress_band_orange", programme, region) else "green"
        return self.deviation(bad, programme, region)

    def months(self, months: float, programme: str, region: str) -> tuple[str, str]:
        """The colour of the months payable, with its reason; blank where unknown."""
        if months != months:
            return "", ""
        if months < 0:
            return "red", self.speech.say("months_gone", months=apart(months, 0.0))
        for colour in ("red", "orange", "yellow"):
            limit = self.get(f"warning_months_{colour}", programme, region)
            if months < limit:
                return colour, self.speech.say("months_below", months=apart(months, limit), limit=limit)
        excess = self.get("warning_months_excess", programme, region)
        if months > excess:
            return "excess", self.speech.say("months_above", months=apart(months, excess), limit=excess)
        return "green", self.speech.say("months", months=round_half_up(months, 1))
