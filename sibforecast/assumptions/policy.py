"""The law in force: what a parameter was, is and will be, where, by whom decided and where written.

`current_law` holds what ships with the package for the seven funds. Every record bears its
status: *statute* (read in the document it names), *observed* (seen in a report) or
*unverified* (own knowledge of the field, to be checked before it is relied on). A region's
own law file lies over it. Bounds are those a value or a reform must keep.

Sources: each record names its own; readable copies stand behind the document's number.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sibforecast.assumptions.law_files import read_law
from sibforecast.assumptions.law_records import ALL, STATUSES, Law, Parameter, Record, lineage_of, read_day
from sibforecast.errors import PolicyError
from sibforecast.items import did_you_mean
from sibforecast.programmes import registry
from sibforecast.results import Result

if TYPE_CHECKING:
    import pandas as pd

    from sibforecast.tables.regions import Regions

_SHIPPED = Path(__file__).parent / "current_law"


@dataclass(frozen=True, repr=False)
class Policy(Result):
    """Dated law of the funds; see `current_law`.

    The frame lists every dated value: parameter, programme, region, value, word (for what is
    no number, such as a level), unit, start, end (blank: open; both inclusive), decided_by,
    source, status, title, title_zh, low, high (the bounds), note.

    Of one parameter the nearest area with a value in force wins (the area itself, then those
    above it, then ``*``, the nation's rule). Within an area a later start supersedes what was
    before for good: where the latest has ended nothing is in force, and that is an error told,
    never an old figure that comes back. So a region's own value holds against later national
    ones until it is given an end.
    """

    law: Law = field(default_factory=Law, repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "parameter", "programme", "region", "value", "word", "unit", "start", "end", "decided_by", "source", "status",
        "title", "title_zh", "low", "high", "note",
    )  # fmt: skip

    def at(
        self, date: object, region: str = ALL, programme: str | None = None, regions: Regions | None = None
    ) -> pd.DataFrame:
        """What is in force on a day in an area.

        Parameters
        ----------
        date : str, int or date
            A day; of a month or a year its first day.
        region : str
            A code, or a name where `regions` is given; ``"*"`` is what the nation decided for all.
        programme : str, optional
            One fund, by code or name; by default all.
        regions : Regions, optional
            The pooling tree (``data.regions``): whose law an area is under. Without it a
            six-digit code lies in its prefecture and province (GB/T 2260).

        Returns
        -------
        DataFrame
            The columns of the frame, one row per parameter and fund; a derived parameter
            (a sum or product) names its parts in the note.

        Raises
        ------
        SibError
            If the date, the area or the fund cannot be read.

        Examples
        --------
        >>> import sibforecast as sib
        >>> law = sib.current_law().at("2026-01-01", "150100", "enterprise_pension")
        >>> law.set_index("parameter").loc["employer_rate", "value"].item()
        0.16
        """
        day, lineage = read_day(date), lineage_of(region, regions)
        wanted = _fund(programme, self._funds) if programme is not None else None
        found = (
            self.law.in_force(p, lineage, day)
            for p in self.law.parameters.values()
            if wanted is None or p.programme in (wanted, ALL)
        )
        return _table([r for r in found if r is not None])

    def record(
        self, parameter: str, date: object, region: str = ALL, programme: str | None = None, regions: Regions | None = None
    ) -> Record:
        """The record in force: value, since when, by whom, where written, how far checked.

        Raises
        ------
        PolicyError
            If there is no such parameter (near names are told), it concerns several funds and
            none is named, or nothing is in force on the day: what is unknown is never zero.

        Examples
        --------
        >>> import sibforecast as sib
        >>> told = sib.current_law().record("minimum_wage", "2025-01", "150100", "unemployment")
        >>> told.value, str(told.start), told.status
        (2270.0, '2024-12-01', 'statute')
        """
        known = self._parameter(parameter, programme)
        day, lineage = read_day(date), lineage_of(region, regions)
        found = self.law.in_force(known, lineage, day)
        if found is None:
            raise PolicyError(self._nothing(known, lineage, day))
        return found

    def value(
        self, parameter: str, date: object, region: str = ALL, programme: str | None = None, regions: Regions | None = None
    ) -> float:
        """The number in force; arguments and errors as those of `record`.

        Raises
        ------
        PolicyError
            As `record`; also where the parameter is a word (ask ``record(...).word``).

        Examples
        --------
        >>> import sibforecast as sib
        >>> law = sib.current_law()
        >>> law.value("contribution_rate", "2018-06-30", programme="enterprise_pension")
        0.28
        """
        found = self.record(parameter, date, region, programme, regions)
        if found.parameter.unit == "word":
            raise PolicyError(f"{found.parameter.id} is a word, {found.word!r}: ask record(...).word")
        return found.value

    def history(self, parameter: str, programme: str | None = None) -> pd.DataFrame:
        """Every dated value of a parameter, for all funds or one; of a derived one its steps.

        Raises
        ------
        PolicyError
            If there is no such parameter; the nearest names are told.

        Examples
        --------
        >>> import sibforecast as sib
        >>> sib.current_law().history("remittance_rate")[["start", "value"]].values.tolist()
        [['2018-07-01', 0.03], ['2019-01-01', 0.035], ['2020-01-01', 0.04], ['2021-01-01', 0.045]]
        """
        name = self._name(parameter)
        wanted = _fund(programme, self._funds) if programme is not None else None
        rows: list[Record] = []
        for known in self.law.parameters.values():
            if known.id == name and (wanted is None or known.programme in (wanted, ALL)):
                rows.extend(self.law.steps(known))
        return _table(rows)

    def bounds(self, parameter: str, programme: str | None = None) -> tuple[float, float]:
        """The lowest and highest value that the parameter, or a reform of it, may have.

        Raises
        ------
        PolicyError
            As `record`.

        Examples
        --------
        >>> import sibforecast as sib
        >>> sib.current_law().bounds("remittance_rate")
        (0.0, 0.2)
        """
        known = self._parameter(parameter, programme)
        return known.low, known.high

    def pooling_level(self, programme: str, date: object, region: str = ALL, regions: Regions | None = None) -> str:
        """The level at which a fund is pooled on a day: county, league, region or nation.

        Raises
        ------
        PolicyError
            If the law says nothing of the fund, the area or the day.

        Examples
        --------
        >>> import sibforecast as sib
        >>> law = sib.current_law()
        >>> [law.pooling_level("work_injury", day, "150100") for day in ("2020-04-26", "2020-04-27")]
        ['league', 'region']
        """
        return self.record("pooling_level", date, region, programme, regions).word

    def pooling(self, region: str | None = None, regions: Regions | None = None) -> pd.DataFrame:
        """Levels of pooling as the table ``pooling`` of a data set, for example for `share`.

        Parameters
        ----------
        region : str, optional
            Only what holds for this area, as rows for all areas: for causes whose areas lie
            in no tree. By default every area's own rows.
        regions : Regions, optional
            As in `at`.

        Returns
        -------
        DataFrame
            programme, level, start, end (inclusive), region (blank: all), source, status.

        Raises
        ------
        SibError
            If the area cannot be read.

        Examples
        --------
        >>> import sibforecast as sib
        >>> table = sib.current_law().pooling().query("programme == 'enterprise_pension'")
        >>> table[["level", "start", "end"]].values.tolist()
        [['region', '2009-10-01', '2021-12-31'], ['nation', '2022-01-01', '']]
        """
        import pandas as pd

        rows = []
        for known in self.law.parameters.values():
            if known.id != "pooling_level":
                continue
            for lineage in [lineage_of(region, regions)] if region is not None else [(a,) for a in self.law.areas(known)]:
                for step in self.law.pieces(known, lineage):
                    area = "" if region is not None or step.region == ALL else step.region
                    span = (str(step.start), str(step.end or ""))
                    rows.append((known.programme, step.word, *span, area, step.source, step.status))
        return pd.DataFrame(rows, columns=["programme", "level", "start", "end", "region", "source", "status"])

    def overlay(self, *files: str | Path) -> Policy:
        """This law with further files laid over it: a region's own, or a draft.

        A value replaces the one of the same fund, area and start; others are added. A
        parameter known already needs its ``id``, ``programme`` and values only.

        Raises
        ------
        PolicyError
            With every fault of every file at once.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import sibforecast as sib
        >>> text = '''
        ... [[parameter]]
        ... id = "minimum_wage"
        ... programme = "unemployment"
        ... region = "150200"
        ... decided_by = "region"
        ... source = "example, no document"
        ... status = "unverified"
        ... [[parameter.value]]
        ... value = 2300
        ... start = "2027-01-01"
        ... '''
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "baotou.toml"
        >>> _ = file.write_text(text, encoding="utf-8")
        >>> law = sib.current_law().overlay(file)
        >>> law.value("benefit_standard_months_1_12", "2027-01", "150200", "unemployment")  # 95 % of it
        2185.0
        """
        return _policy(read_law([Path(f) for f in files], self.law), [*self.provenance["files"], *map(str, files)])

    def headline(self) -> str:
        """How many parameters and values, and how far they were checked."""
        counts = self.frame["status"].value_counts()
        told = ", ".join(f"{counts.get(s, 0)} {s}" for s in STATUSES)
        return f"{len(self.law.ids)} parameters, {len(self.law.records)} dated values: {told}"

    def summary(self) -> pd.DataFrame:
        """Parameters and values by fund, and how far they were checked."""
        frame = self.frame
        table = frame.groupby("programme", sort=False).agg(parameters=("parameter", "nunique"), values=("start", "size"))
        return table.join(frame.pivot_table(index="programme", columns="status", values="start", aggfunc="size", fill_value=0))

    @cached_property
    def _funds(self) -> dict[str, str]:
        """Every word a fund of the law may be written as."""
        return registry.words({}) | {p: p for _, p in self.law.parameters if p != ALL}

    def _name(self, parameter: str) -> str:
        """The present name; a former one is told."""
        present = self.law.renamed.get(parameter)
        if present is not None:
            warnings.warn(f"the parameter {parameter!r} is now called {present!r}", FutureWarning, stacklevel=4)
            return present
        if parameter not in self.law.ids:
            raise PolicyError(f"unknown parameter {parameter!r}{did_you_mean(parameter, (*self.law.ids, *self.law.renamed))}")
        return parameter

    def _parameter(self, parameter: str, programme: str | None) -> Parameter:
        name = self._name(parameter)
        funds = [p for id, p in self.law.parameters if id == name]
        if programme is None:
            if len(funds) > 1:
                raise PolicyError(f"{name} is a parameter of {', '.join(funds)}: name the programme")
            return self.law.parameters[name, funds[0]]
        code = _fund(programme, self._funds)
        found = self.law.parameters.get((name, code), self.law.parameters.get((name, ALL)))
        if found is None:
            raise PolicyError(f"{name} is no parameter of {code}; it is one of {', '.join(funds)}")
        return found

    def _nothing(self, parameter: Parameter, lineage: tuple[str, ...], day: dt.date) -> str:
        """Why there is no value, and where there is one."""
        for part in self.law.parts(parameter):
            if self.law.in_force(part, lineage, day) is None:
                return f"{parameter.id} follows from {self._nothing(part, lineage, day)}"
        head = f"{parameter.id} of {parameter.programme}: nothing is in force on {day} for {lineage[0]!r}"
        pieces = self.law.pieces(parameter, lineage)
        if pieces:
            ended = [p for p in pieces if p.last < day]
            if not ended:
                return f"{head}; the first value is of {pieces[0].start}"
            note = f" ({ended[-1].note})" if ended[-1].note else ""
            return f"{head}; the last value ended on {ended[-1].end}{note}"
        return f"{head}; it is known for {', '.join(self.law.areas(parameter)) or 'no area'}"


def current_law(*files: str | Path) -> Policy:
    """The law of the seven funds as shipped, with further law files laid over it.

    Rates, floors and ceilings of the base, standards and subsidies, adjustments, benefit
    standards, retirement ages, thresholds, pooling levels, central adjustment: of China, and
    of Inner Mongolia (150000) where it has its own.

    Parameters
    ----------
    *files : str or Path
        Law files of your own, in order; see `Policy.overlay`.

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        With every fault of every file at once.

    Examples
    --------
    >>> import sibforecast as sib
    >>> law = sib.current_law()
    >>> [law.value("employer_rate", day, programme="企业职工基本养老保险") for day in ("2019-04-30", "2019-05-01")]
    [0.2, 0.16]
    """
    shipped = _shipped()
    return shipped.overlay(*files) if files else shipped


@cache
def _shipped() -> Policy:
    files = sorted(_SHIPPED.glob("*.toml"))
    return _policy(read_law(files), [f.name for f in files])


def _policy(law: Law, files: list[str]) -> Policy:
    told = repr(sorted(map(repr, law.records.values()))) + repr(sorted(map(repr, law.parameters.values())))
    provenance = {"files": files, "law_hash": hashlib.sha256(told.encode()).hexdigest()[:16]}
    return Policy(lambda: _table(law.records.values()), provenance, law=law)


def _fund(word: str, words: Mapping[str, str]) -> str:
    code = words.get("".join(word.lower().split()), words.get(word))
    if code is None:
        raise PolicyError(f"unknown fund {word!r}{did_you_mean(word, words)}")
    return code


def _table(records: Iterable[Record]) -> pd.DataFrame:
    """Records as a tidy frame."""
    import pandas as pd

    rows: list[tuple[Any, ...]] = [
        (r.parameter.id, r.parameter.programme, r.region, r.value, r.word, r.parameter.unit, str(r.start), str(r.end or ""),
         r.decided_by, r.source, r.status, r.parameter.title, r.parameter.title_zh, r.parameter.low, r.parameter.high, r.note)
        for r in records
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(Policy.columns)).astype({"value": float, "low": float, "high": float})
