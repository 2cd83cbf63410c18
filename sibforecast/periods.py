"""Years, months and how much of a year something is in force.

A period is written ``2024`` (a year) or ``2024-09`` (a month). Both ends of an interval
are inclusive, and months are what policy is dated by.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sibforecast.errors import SibError

_PERIOD = re.compile(r"(\d{4})(?:-(\d{1,2}))?")


@dataclass(frozen=True, order=True)
class Period:
    """A year, or a month of a year.

    Examples
    --------
    >>> Period.parse("2024-09"), Period.parse(2024).is_month
    (Period(year=2024, month=9), False)
    >>> str(Period(2024, 9))
    '2024-09'
    """

    year: int
    month: int = 0  # 0 is the whole year

    @classmethod
    def parse(cls, text: object) -> Period:
        """Read ``2024``, ``2024-09`` or a whole number.

        Raises
        ------
        SibError
            If the text is not a period; the message shows it.
        """
        match = _PERIOD.fullmatch(str(text).strip())
        if not match or not 0 <= int(match[2] or 0) <= 12 or match[2] in ("0", "00"):
            raise SibError(f"not a period: {text!r}; expected a year 2024 or a month 2024-09")
        return cls(int(match[1]), int(match[2] or 0))

    @property
    def is_month(self) -> bool:
        """Whether this is a month rather than a year."""
        return self.month > 0

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}" if self.month else str(self.year)


def months_in_force(year: int, start: Period | None, end: Period | None) -> int:
    """Months of `year` that lie between `start` and `end`, both inclusive.

    A year as start means its January, a year as end its December; ``None`` is open.

    Examples
    --------
    >>> months_in_force(2026, Period(2026, 7), None)
    6
    >>> months_in_force(2027, Period(2026, 7), Period(2027, 3))
    3
    """
    first = (start.year * 12 + (start.month or 1)) if start else -(10**9)
    last = (end.year * 12 + (end.month or 12)) if end else 10**9
    return max(0, min(last, year * 12 + 12) - max(first, year * 12 + 1) + 1)


def in_force_at_end(year: int, start: Period | None, end: Period | None) -> bool:
    """Whether an interval covers December of `year`.

    Examples
    --------
    >>> in_force_at_end(2026, Period(2026, 7), Period(2026, 11))
    False
    """
    first = (start.year * 12 + (start.month or 1)) if start else -(10**9)
    last = (end.year * 12 + (end.month or 12)) if end else 10**9
    return first <= year * 12 + 12 <= last


def years_told(years: Sequence[int]) -> str:
    """The first and the last of some years; of one that alone.

    Examples
    --------
    >>> years_told([2027]), years_told([2026, 2027])
    ('2027', '2026-2027')
    """
    return f"{years[0]}" if years[0] == years[-1] else f"{years[0]}-{years[-1]}"
