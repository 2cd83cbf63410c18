"""A data set that was read and checked: what every later room starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from sibforecast.errors import SibError
from sibforecast.items import item
from sibforecast.programmes.programme import Programme
from sibforecast.results import Findings, Result
from sibforecast.tables.regions import Regions
from sibforecast.tables.schema import STAGES, TABLES


@dataclass(frozen=True, repr=False)
class FundData(Result):
    """A checked data set.

    Attributes
    ----------
    history : pandas.DataFrame
        region, programme, item, period, stage, value (base units), method, and the origin
        of each figure: file and row; `frame` is the same table.
    regions : Regions
        The pooling tree.
    programmes : dict of str to Programme
        The funds that occur, the declared ones included.
    tables : dict of str to pandas.DataFrame
        The other tables: pooling, assumptions, policies, deposits, …
    findings : Findings
        Warnings and notes of the load (errors would have stopped it).
    currency : str
        ``yuan`` or an ISO code.
    illustrative : bool
        Whether the figures are made up for illustration; shown in every title.
    """

    regions: Regions = field(default_factory=lambda: Regions({}))
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    findings: Findings = field(default_factory=lambda: Findings.of([]))
    currency: str = "yuan"
    illustrative: bool = False
    whole: FundData | None = field(default=None, repr=False)  # of a slice: the data set it was cut from

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "stage", "value", "method",
    )  # fmt: skip
    categories: ClassVar[bool] = True

    @property
    def history(self) -> pd.DataFrame:
        """The tidy table of figures."""
        return self.frame

    def _view(self) -> pd.DataFrame:
        """The table itself, for the package's own reading (not to be changed)."""
        if "_frame" not in self.__dict__:
            object.__setattr__(self, "_frame", self.build())
        view: pd.DataFrame = self.__dict__["_frame"]
        return view

    def table(self, name: str) -> pd.DataFrame:
        """One of the other tables; empty if the data set has none."""
        found = self.tables.get(name)
        return found.copy() if found is not None else pd.DataFrame()

    def labels(self, language: str = "zh") -> dict[str, str]:
        """Names of areas and funds by code, in ``zh`` or ``en``."""
        names = {code: self.regions.label(code, language) for code in self.regions.order}
        return names | {code: p.label(language) for code, p in self.programmes.items()}

    def __getattr__(self, name: str) -> pd.DataFrame:
        """The other tables by name: ``data.pooling``, ``data.policies``, ``data.deposits``, …"""
        if name in TABLES and not name.startswith("_"):
            return self.table(name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def at(self, period: str | int, stage: str) -> FundData:
        """One slice: a budget, an outturn, a reported draft.

        Raises
        ------
        SibError
            If the stage is unknown or the slice is empty; the message says what there is.
        """
        if stage not in STAGES:
            raise SibError(f"unknown stage {stage!r}; expected one of {', '.join(STAGES)}")
        frame = self._view()
        chosen = frame[(frame["period"] == str(period)) & (frame["stage"] == stage)]
        if chosen.empty:
            there = frame[["period", "stage"]].drop_duplicates().astype(str)
            have = ", ".join(f"{p} {s}" for p, s in there.itertuples(index=False))
            raise SibError(f"no figures of {period} at stage {stage}; there are: {have[:300]}")
        return self.replaced(lambda: chosen.reset_index(drop=True), whole=self.whole or self)

    def with_judgement(
        self, rows: pd.DataFrame | Iterable[Mapping[str, Any]], *, author: str, source: str = ""
    ) -> FundData:
        """The same data set with further judgement, as if it stood in ``assumptions``.

        Parameters
        ----------
        rows : DataFrame or records
            item, period, value in base units, and optionally region and programme (blank:
            all). A figure given twice counts as given last.
        author : str
            Whose judgement it is; it is told with every figure that rests on it.
        source : str
            What it rests on.

        Raises
        ------
        SibError
            If a column is missing, or an item or area unknown.

        Examples
        --------
        >>> import sibforecast as sib
        >>> data = sib.load(sib.sample("oasdi"))
        >>> mine = data.with_judgement(
        ...     [{"item": "collection_rate", "period": "2006", "value": 0.99, "programme": "oasi"}],
        ...     author="analyst")
        >>> sib.draft_budget(mine, 2006).frame.query(
        ...     "item == 'collection_rate' and programme == 'oasi' and stage == 'draft'")["value"].iloc[0]
        np.float64(0.99)
        """
        given = pd.DataFrame(rows if isinstance(rows, pd.DataFrame) else list(rows)).copy()
        for column in ("item", "period", "value"):
            if column not in given:
                raise SibError(f"judgement lacks the column {column}")
        for code in given["item"]:
            item(str(code))
        for column in ("region", "programme"):
            given[column] = given[column].astype(object).fillna("").astype(str) if column in given else ""
        given["region"] = [self.regions.resolve(r) if r else "" for r in given["region"]]
        given["period"] = given["period"].astype(str)
        given = given.assign(author=author, source=source, file="given in Python", row=range(1, len(given) + 1))
        old = self.tables.get("assumptions")
        both = given if old is None or old.empty else pd.concat([old.astype({"region": str, "programme": str}), given])
        keys = ["region", "programme", "item", "period"]
        both = both.astype(dict.fromkeys(keys, str)).drop_duplicates(keys, keep="last").reset_index(drop=True)
        return self.replaced(self._view, tables={**self.tables, "assumptions": both})

    def replaced(self, build: Callable[[], pd.DataFrame], **changes: Any) -> FundData:
        """The same data set with another history."""
        keep: dict[str, Any] = {
            "provenance": self.provenance, "regions": self.regions, "programmes": self.programmes,
            "tables": self.tables, "findings": self.findings, "currency": self.currency,
            "illustrative": self.illustrative, "whole": self.whole,
        }  # fmt: skip
        return FundData(build, **(keep | changes))

    def headline(self) -> str:
        """Areas, funds, periods and findings in one line."""
        frame = self._view()
        years = sorted(frame["period"].astype(str).unique())
        span = f"{years[0]} … {years[-1]}" if years else "no periods"
        mark = "ILLUSTRATIVE, " if self.illustrative else ""
        return (
            f"{mark}{frame['region'].nunique()} areas, {frame['programme'].nunique()} funds, "
            f"{len(frame):,} figures, {span}"
        )

    def summary(self) -> pd.DataFrame:
        """Figures by fund and stage."""
        frame = self._view()
        keys = [frame["programme"].astype(str), frame["stage"].astype(str)]
        return frame.groupby(keys, sort=False).size().unstack(fill_value=0)
