"""One manner for all results: a tidy frame that can show, save and account for itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast, overload

from sibforecast.finding import Finding, alike_line, finding_line
from sibforecast.phrases.tables import SCREEN, told_sentences, told_table
from sibforecast.screen import folded, table_lines
from sibforecast.writing import written_whole

if TYPE_CHECKING:
    from typing import Self

    import pandas as pd

    from sibforecast.phrases import Teller

#: Version of the JSON form of results: the first number changes when a column changes its
#: meaning, the second when something is added. 1.1: findings go with the result.
JSON_VERSION = "1.1"

#: Columns of results that hold numbers (`Result.words` names the exceptions).
NUMBERS = {
    "value", "quantile", "ratio", "forecast", "actual", "weight", "score", "row", "horizon",
    "lower80", "upper80", "lower95", "upper95", "gap", "own_balance", "gap_subsidy",
    "gap_grant", "open", "opening_balance", "closing_balance",
    "budget", "adjusted", "executed", "season_share", "season_scatter", "chance", "deviation", "progress", "time_share",
    "expected_low", "expected_high", "last_year", "completion", "against_original", "growth",
    "before", "after", "difference", "share", "after_low", "after_high", "expected",
    "by", "low", "high", "depth", "deviations", "change", "at_stake", "amount", "balance", "rate",
    "term_months", "months", "accrued", "preferential_rate", "preferential", "forgone", "present", "present_share",
    "kept", "interest", "due", "assessed", "not_assessed", "collected", "unsettled", "deferred_out", "exempted",
    "collected_flexible", "back_payments", "prepayments", "deferred_in", "received", "contribution_revenue",
    "not_transferred", "arrears_opening", "arrears_recovered", "written_off", "arrears", "arrears_rolled", "recovery",
    "peer_rate", "peers", "worth", "opening", "new_beneficiaries", "beneficiary_exits", "beneficiaries", "rolled",
    "deaths", "expected_deaths", "fewest_exits", "missing_exits", "paid_after", "standard", "benefit_level",
    "expected_level", "level_excess", "excess_paid",
}  # fmt: skip


def _jsonable(value: Any) -> Any:
    """A plain JSON value: blank and what is no finite number are null, never zero."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(k): _jsonable(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(v) for v in value]
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    item = getattr(value, "item", None)
    plain = item() if callable(item) else value
    return None if isinstance(plain, float) and not isfinite(plain) else plain


def _json_column(column: pd.Series) -> list[Any]:
    """The values of a column as JSON has them."""
    if column.dtype.kind == "f":
        return [value if isfinite(value) else None for value in column.tolist()]
    if hasattr(column, "cat"):
        words = [*(_jsonable(word) for word in column.cat.categories), None]  # a blank has the code -1
        return [words[code] for code in column.cat.codes.tolist()]
    return [_jsonable(value) for value in column.tolist()]


def round_half_up(value: float, places: int = 0) -> Decimal:
    """Round as official forms do: half away from zero, on the decimal digits shown.

    Examples
    --------
    >>> str(round_half_up(2.5)), str(round_half_up(-0.125, 2))
    ('3', '-0.13')
    """
    exact = Decimal(repr(float(value)))
    rounded = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded


def scale_for(largest: float, currency: str = "yuan", language: str = "en") -> tuple[float, str]:
    """Divisor and unit word by which amounts of this size are shown.

    Examples
    --------
    >>> scale_for(3.1e10), scale_for(3.1e10, language="zh"), scale_for(4e9, "USD")
    ((100000000.0, '100m yuan'), (100000000.0, '亿元'), (1000000.0, 'USD m'))
    """
    size = abs(largest)
    if currency == "yuan":
        steps = [(1e8, "亿元", "100m yuan"), (1e4, "万元", "10k yuan"), (1.0, "元", "yuan")]
    else:
        m, bn = f"{currency} m", f"{currency} bn"
        steps = [(1e9, bn, bn), (1e6, m, m), (1.0, currency, currency)]
    for divisor, zh, en in steps:
        if size >= divisor * (10 if currency != "yuan" and divisor >= 1e9 else 1):
            return divisor, zh if language == "zh" else en
    return steps[-1][0], steps[-1][1] if language == "zh" else steps[-1][2]


@dataclass(frozen=True, repr=False)
class Result:
    """Base of all results; one result may be read by many threads at once.

    Attributes
    ----------
    frame : pandas.DataFrame
        The tidy table; its columns are those of the contract. A copy each time: whoever changes
        it changes no later answer.
    provenance : mapping
        Input hash, versions, as-of date, seed: what it takes to reproduce the result. It is
        shared by the results made from each other, and only to be read.
    """

    build: Callable[[], pd.DataFrame] = field(repr=False)
    provenance: Mapping[str, Any] = field(default_factory=dict, repr=False)

    columns: ClassVar[tuple[str, ...]] = ()
    categories: ClassVar[bool] = False  # whether those who read the frame count on its codes being categories
    summed_up_in_hundreds: ClassVar[bool] = False  # whether the summary is in 100 million untold
    #: Columns of text whose name is one of numbers in other results.
    words: ClassVar[frozenset[str]] = frozenset()

    @property
    def frame(self) -> pd.DataFrame:
        """The tidy table, built when first asked for; changing it changes no result."""
        cache = self.__dict__.get("_frame")
        if cache is None:
            cache = self.build()
            object.__setattr__(self, "_frame", cache)
        copied = cache.copy()
        copied.attrs["provenance"] = dict(self.provenance)  # a filtered frame keeps its marks
        return copied

    def labels(self, language: str = "zh") -> dict[str, str]:
        """Names to show for the codes of areas and funds, and for changes with a title, where the result knows them."""
        data = self.__dict__.get("data") or getattr(self, "source", None)
        return {**(getattr(self, "titles", None) or {}), **(data.labels(language) if data is not None else {})}

    def _hundred_millions(self) -> str:
        """The unit of amounts in summaries, with the currency where it is known."""
        return f"100 million {self.provenance.get('currency', '')}".strip()

    def headline(self) -> str:
        """One line: what this result is."""
        return f"{len(self.frame):,} rows"

    def summary(self) -> Any:
        """A small table that says the most; shown by `repr`."""
        return self.frame.head(10)

    def notices(self) -> list[str]:
        """What must not be overlooked: shown below the summary, one a line."""
        return []

    def in_language(self, language: str = "zh", names: Mapping[str, str] | None = None) -> Self:
        """The same result with its sentences in a language: methods, reasons, findings; codes and figures stay.

        Parameters
        ----------
        language : {"zh", "en"}
            English is what results hold.
        names : mapping of str to str, optional
            Names of areas and funds in sentences, for results that know none themselves.

        Returns
        -------
        Result
            Of the same kind; sentences without Chinese stay in English.

        Raises
        ------
        SibError
            If the language is unknown.

        Examples
        --------
        >>> row = {"id": "level_jump", "severity": "note", "region": "150100", "message": "0 or more"}
        >>> Findings.of([row]).in_language("zh", {"150100": "呼和浩特市"})[0].message
        '不小于0'
        """
        from sibforecast.phrases import Teller

        teller = Teller(language, {**self.labels(language), **(names or {})})
        if language != "zh":
            return self
        frame = told_sentences(self.frame, teller, isinstance(self, Findings))
        found = getattr(self, "findings", None)
        more: dict[str, Any] = {"findings": found.in_language(language, teller.names)} if isinstance(found, Findings) else {}
        return replace(self, build=lambda: frame, **more)

    def spoken(self, teller: Teller) -> Any:
        """The summary in a language: of a table its headings and words, of sentences each."""
        body = self.summary()
        if hasattr(body, "to_string"):
            return told_table(body, teller)
        return "\n".join(teller.text(line, SCREEN) for line in str(body).splitlines())

    def shown(self, language: str = "en") -> str:
        """What `repr` shows, in a language: headline, summary and notices, in 80 columns.

        Parameters
        ----------
        language : {"zh", "en"}
            Chinese names areas, funds and items; English shows their codes, as programs use them.

        Raises
        ------
        SibError
            If the language is unknown.

        Examples
        --------
        >>> print(Findings.of([{"id": "I4", "severity": "warning", "region": "150100", "message": "0 or more"}]).shown("zh"))
        <检查结果> 错误0项，警告1项，提示0项
        警告 I4：150100：不小于0
        """
        from sibforecast.phrases import Teller

        teller = Teller(language, self.labels(language) if language == "zh" else {})
        body = self.spoken(teller)  # no option of pandas is set on the way: options are one for all threads
        if hasattr(body, "to_string"):
            numbered = body.index.names == [None] and body.index.dtype.kind in "iu"  # numbers of rows say nothing
            rows = table_lines(body, index=not numbered)
        else:
            rows = [part for line in str(body).splitlines() for part in folded(line, 80, "    ")]
        told = [part for line in self.warned(teller) for part in folded(f"! {line}", 80, "    ")]
        head = f"<{teller.kind(type(self).__name__)}> {teller.text(self.headline(), SCREEN)}"
        unit = f"amounts in {self._hundred_millions()}" if self.summed_up_in_hundreds and rows else ""
        return "\n".join([*folded(head, 80, "  "), *([teller.text(unit, SCREEN)] if unit else []), *rows, *told])

    def warned(self, teller: Teller) -> list[str]:
        """The notices in a language."""
        found = getattr(self, "findings", None)
        lines: dict[str, str] = {}
        if teller.language == "zh" and isinstance(found, Findings):  # some notices are findings
            lines = dict(zip(found.lines(), found.lines(teller=teller), strict=True))
        return [lines.get(line) or teller.text(line, SCREEN) for line in self.notices()]

    def __repr__(self) -> str:
        return self.shown()

    def _repr_html_(self) -> str:
        from html import escape

        body = self.summary()
        table = body.to_html(max_rows=20) if hasattr(body, "to_html") else escape(str(body))
        told = "".join(f'<p style="color:#b00020"><b>!</b> {escape(line)}</p>' for line in self.notices())
        return f"<p><b>{type(self).__name__}</b> {escape(self.headline())}</p>{table}{told}"

    def to_json(self, path: str | Path | None = None) -> str:
        """The result as strict JSON (see `schema`); written to `path` as well if given.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it: whole, or not at all.

        Returns
        -------
        str
            ``kind``, ``version``, ``provenance``, ``columns`` and ``rows`` of the frame, values in
            base units and unrounded; and ``findings``, where the result has them, one object each.
            What is blank or no finite number is ``null``.

        Examples
        --------
        >>> import json
        >>> import sibforecast as sib
        >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
        >>> record = json.loads(draft.to_json())
        >>> record["kind"], record["columns"][:3], len(record["findings"]) == len(draft.findings)
        ('BudgetDraft', ['region', 'programme', 'item'], True)
        """
        frame = self.frame
        record: dict[str, Any] = {
            "kind": type(self).__name__,
            "version": JSON_VERSION,
            "provenance": _jsonable(dict(self.provenance)),
            "columns": list(frame.columns),
            "rows": [list(row) for row in zip(*(_json_column(frame[c]) for c in frame.columns), strict=True)],
        }
        found = getattr(self, "findings", None)
        if isinstance(found, Findings):
            record["findings"] = [{c: _jsonable(row[c]) for c in Findings.columns} for row in found.records()]
        text = json.dumps(record, ensure_ascii=False, allow_nan=False, default=str)
        if path is not None:
            with written_whole(path) as temporary:
                temporary.write_text(text, encoding="utf-8")
        return text

    def to_excel(self, path: str | Path) -> Path:
        """The frame as a plain workbook: one sheet of values and one of provenance."""
        from sibforecast.sheets import write_sheets

        rows = [(key, str(value)) for key, value in self.provenance.items()]
        write_sheets(path, {type(self).__name__: self.frame, "provenance": (("key", "value"), rows)})
        return Path(path)


@dataclass(frozen=True, repr=False)
class Findings(Result):
    """What a check found: errors, warnings and notes, all together."""

    columns: ClassVar[tuple[str, ...]] = (
        "id", "severity", "table", "row", "column", "region", "programme", "item",
        "period", "expected", "found", "message", "mend",
    )  # fmt: skip
    words: ClassVar[frozenset[str]] = frozenset({"expected"})

    @classmethod
    def of(cls, rows: list[dict[str, Any]], provenance: Mapping[str, Any] | None = None) -> Findings:
        """Findings from records; absent columns are blank, errors stand first."""
        import pandas as pd

        order = {"error": 0, "warning": 1, "note": 2}
        rows = sorted(rows, key=lambda r: order[r["severity"]])
        records = [{c: r.get(c) for c in cls.columns} for r in rows]

        def build() -> pd.DataFrame:
            frame = pd.DataFrame(records, columns=list(cls.columns))
            frame["row"] = frame["row"].astype("Int64")
            return frame

        return cls(build, provenance or {})

    def count(self, severity: str) -> int:
        """How many findings have this severity."""
        return int((self.frame["severity"] == severity).sum())

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return self.count("error") == 0

    def __len__(self) -> int:
        return len(self.frame)

    def __iter__(self) -> Iterator[Finding]:
        return iter([Finding(record) for record in self.records()])

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> Self: ...
    def __getitem__(self, place: int | slice) -> Finding | Self:
        if isinstance(place, slice):
            part = self.frame.iloc[place].reset_index(drop=True)
            return replace(self, build=lambda: part)
        if not hasattr(place, "__index__"):
            raise TypeError(f"findings are numbered: findings[0], findings[:5]; columns are in .frame, as {place!r} may be")
        return list(self)[place]

    def records(self) -> list[dict[str, Any]]:
        """The findings as records."""
        return cast("list[dict[str, Any]]", self.frame.to_dict("records"))

    def lines(self, severity: str | None = None, teller: Teller | None = None) -> list[str]:
        """Each finding as one line a person can act on; in Chinese if a `teller` tells it so."""
        return [finding_line(r, teller) for r in self.records() if severity in (None, r["severity"])]

    def headline(self) -> str:
        """Counts by severity."""
        parts = [
            f"{self.count(s)} {s}{'s' if self.count(s) != 1 else ''}"
            for s in ("error", "warning", "note")
        ]
        return ", ".join(parts)

    def summary(self) -> Any:
        """The first findings, one a line; of three notes or more of a kind the first, and how many more there are."""
        return self._lines(None)

    def spoken(self, teller: Teller) -> Any:
        """The same in a language."""
        return self._lines(teller)

    def _lines(self, teller: Teller | None) -> str:
        records, lines = self.records(), []
        many = Counter(r["id"] for r in records if r["severity"] == "note")
        told: set[Any] = set()
        for row in records:
            alike = many[row["id"]] if row["severity"] == "note" else 1
            if alike > 2 and row["id"] in told:
                continue
            told.add(row["id"])
            lines.append(finding_line(row, teller))
            if alike > 2:
                lines.append(alike_line([r for r in records if r["id"] == row["id"] and r["severity"] == "note"][1:], teller))
        more = "… and more: see .frame" if len(lines) > 12 else ""
        last = [more] if more else [] if lines else ["nothing found"]
        return "\n".join([*lines[:12], *(teller.text(line, SCREEN) if teller else line for line in last)])
