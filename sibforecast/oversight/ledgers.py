"""`match_ledgers`: the books of agency, finance, bank and tax against one another, row by row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pandas as pd

from sibforecast.errors import DataError, SibError
from sibforecast.periods import Period
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData

#: The words each book is known by.
BOOKS = {
    "agency": ("经办", "经办机构", "社保", "社保经办", "社保局", "社保中心", "医保", "医保经办", "医保局", "医保中心"),
    "finance": ("财政", "财政局", "财政专户"), "bank": ("银行", "开户银行"), "tax": ("税务", "税务机关", "税务局"),
}  # fmt: skip
#: The words ledgers are known by, and the names of their books.
LEDGERS = {word: book for book, words in BOOKS.items() for word in (book, *words)}
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class _Entry:
    """One row of a book; amounts in whole cents, for only equal cents agree."""

    key: Key
    ledger: str
    cents: int
    row: int


@dataclass(frozen=True, repr=False)
class LedgerMatch(Result):
    """Every row of the books, and whether each other book of the line has its like.

    Rows agree where area, fund, item, period and amount (to the cent) do; as many times as one
    book has an amount, each other must. `missing_in` names the books that lack the row,
    blank where none does; `status` is ``matched``, ``unmatched``, or ``alone`` where no other book has any row of
    the item of the fund, so that nothing was compared; `cause` is what probably happened:
    another amount in the same line, another fund, another period, a unit slip, digits swapped, the
    wrong sign, or an entry made twice.
    """

    data: FundData | None = field(default=None, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "item", "period", "ledger", "amount", "status", "missing_in", "cause", "row",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @property
    def totals(self) -> pd.DataFrame:
        """Sums of each line by book, side by side, with the largest difference between two of them.

        Returns
        -------
        DataFrame
            region, programme, item, period, a column for each book, difference, status (matched, or unmatched where a
            row of the line is); lines that differ first.
        """
        keys = ["region", "programme", "item", "period"]
        wide = self.frame.pivot_table(index=keys, columns="ledger", values="amount", aggfunc="sum", sort=False)
        wide.columns.name = None
        wide["difference"] = (wide.max(axis=1) - wide.min(axis=1)).round(2)
        bad = (self.frame["status"] == "unmatched").groupby([self.frame[k] for k in keys], sort=False).any()
        wide["status"] = bad.map({True: "unmatched", False: "matched"})
        return wide.sort_values("difference", ascending=False, kind="stable").reset_index()

    def headline(self) -> str:
        """How many rows of how many books are unmatched."""
        frame = self.frame
        return f"{(frame['status'] == 'unmatched').sum():,} of {len(frame):,} rows of {frame['ledger'].nunique()} books unmatched"

    def summary(self) -> pd.DataFrame:
        """Rows and unmatched rows by book."""
        bad = self.frame.assign(unmatched=self.frame["status"] == "unmatched")
        return bad.groupby("ledger", sort=False)["unmatched"].agg(rows="size", unmatched="sum").reset_index()

    def notices(self) -> list[str]:
        """The largest unmatched rows."""
        return self.findings.lines()[:5]


def match_ledgers(data: FundData) -> LedgerMatch:
    """Match the books of agency, finance, bank and tax by area, fund, item, period and amount.

    账账、账款相符: a book is asked for a line if it holds the item of the fund anywhere, so that the tax
    authority is not asked for benefits. An unmatched row is a finding, the largest first: an error,
    or a warning where the same amount stands in a neighbouring period (money on its way).

    Where two books have a line and differ in it, that is one finding for the pair of them.

    Parameters
    ----------
    data : FundData
        Its table ``ledgers``: region, programme, item, period, ledger, amount, unit. The books are agency
        (经办, 经办机构, 社保, 社保经办, 社保局, 医保, …), finance (财政, 财政局, 财政专户), bank (银行, 开户银行) and
        tax (税务, 税务机关, 税务局); the whole list is `sibforecast.oversight.ledgers.BOOKS`.

    Returns
    -------
    LedgerMatch

    Raises
    ------
    SibError
        If there is no such table, or only one book in it.
    DataError
        If a row is of a book that is none of these words; all such rows are told together.

    Examples
    --------
    >>> import sibforecast as sib
    >>> import pandas as pd
    >>> data = sib.load(sib.sample("oasdi"))
    >>> book = {"region": "US", "programme": "di", "item": "interest", "period": "2005", "row": 2}
    >>> rows = [book | {"ledger": "agency", "amount": 100.0}, book | {"ledger": "bank", "amount": 1000000.0}]
    >>> made = sib.match_ledgers(data.replaced(data._view, tables={"ledgers": pd.DataFrame(rows)}))
    >>> made.frame["cause"].tolist()
    ['unit slip (× 10,000): agency 100.00, bank 1,000,000.00', 'unit slip (× 10,000): bank 1,000,000.00, agency 100.00']
    """
    table = data.table("ledgers")
    if table.empty:
        raise SibError("the data set has no table ledgers; enter area, fund, item, period, ledger, amount and unit")
    if strange := list(_strange(table)):
        raise DataError(f"ledgers: {len(strange)} rows are of an unknown book", Findings.of(strange))
    entries = list(_entries(table))
    books = list(dict.fromkeys(e.ledger for e in entries))
    if len(books) < 2:
        told = " and ".join(books) or "no"
        raise SibError(f"the table ledgers holds {told} book; expected two or more of agency, finance, bank, tax")
    missing = _missing(entries)
    free = _Free.of(entries, missing)
    causes = [free.cause(e, lacking) if lacking else "" for e, lacking in zip(entries, missing, strict=True)]
    alone = _alone(entries)
    rows = [(*e.key, e.ledger, e.cents / 100.0, "unmatched" if lacking else "alone" if e.key[1:3] in alone else "matched",
             ", ".join(lacking), cause, e.row) for e, lacking, cause in zip(entries, missing, causes, strict=True)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(LedgerMatch.columns))
    found = Findings.of([*_findings(entries, missing, free), *_held_against_nothing(entries, alone)], data.provenance)
    return LedgerMatch(lambda: frame, dict(data.provenance), data=data, findings=found)


def _word(ledger: object) -> str:
    return str(ledger).strip().lower()


def _strange(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Rows of a book nobody knows: it would be held against all others."""
    told = "; ".join(f"{book} ({', '.join(words)})" for book, words in BOOKS.items())
    for ledger, row in zip(table["ledger"], table["row"], strict=True):
        if _word(ledger) not in LEDGERS:
            yield {"id": "unknown_ledger", "severity": "error", "table": "ledgers", "row": int(row), "column": "ledger",
                   "expected": told, "found": str(ledger), "message": "unknown book",
                   "mend": "name the book by one of these words"}  # fmt: skip


def _entries(table: pd.DataFrame) -> Iterator[_Entry]:
    """The rows that have an amount."""
    columns = [table[c] for c in ("region", "programme", "item", "period", "ledger", "amount", "row")]
    for region, programme, item, period, ledger, amount, row in zip(*columns, strict=True):
        if amount == amount and amount is not None:
            key = (str(region), str(programme), str(item), str(period))
            yield _Entry(key, LEDGERS[_word(ledger)], round(float(amount) * 100), int(row))


def _missing(entries: Sequence[_Entry]) -> list[list[str]]:
    """Of each row the books that lack it: where an amount stands more often here than there, the last ones lack their like."""
    asked: dict[tuple[str, str], list[str]] = {}
    counts: Counter[tuple[Key, int, str]] = Counter()
    for e in entries:
        books = asked.setdefault((e.key[1], e.key[2]), [])
        if e.ledger not in books:
            books.append(e.ledger)
        counts[e.key, e.cents, e.ledger] += 1
    seen: Counter[tuple[Key, int, str]] = Counter()
    out: list[list[str]] = []
    for e in entries:
        seen[e.key, e.cents, e.ledger] += 1
        number = seen[e.key, e.cents, e.ledger]
        out.append([b for b in asked[e.key[1], e.key[2]] if counts[e.key, e.cents, b] < number])
    return out


def _alone(entries: Sequence[_Entry]) -> set[tuple[str, str]]:
    """Funds and items that one book alone has."""
    books: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for e in entries:
        books[e.key[1], e.key[2]].add(e.ledger)
    return {line for line, those in books.items() if len(those) == 1}


def _held_against_nothing(entries: Sequence[_Entry], alone: set[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    """What only one book has anywhere: that is no agreement."""
    for programme, item in sorted(alone):
        mine = [e for e in entries if e.key[1:3] == (programme, item)]
        yield {
            "id": "one_book_only", "severity": "warning", "table": "ledgers", "row": mine[0].row, "programme": programme,
            "item": item, "found": f"{sum(e.cents for e in mine) / 100:,.2f}",
            "message": f"only the book of {mine[0].ledger} has this item of the fund: {len(mine)} rows are held against nothing",
            "mend": "enter the rows of the other books",
        }  # fmt: skip


@dataclass(frozen=True)
class _Free:
    """Unmatched rows by line, and by area and amount."""

    line: dict[Key, list[_Entry]]
    amount: dict[tuple[str, int], list[_Entry]]
    counts: Counter[tuple[Key, int, str]]
    lacks: dict[int, Sequence[str]]

    @classmethod
    def of(cls, entries: Sequence[_Entry], missing: Sequence[Sequence[str]]) -> _Free:
        line: defaultdict[Key, list[_Entry]] = defaultdict(list)
        amount: defaultdict[tuple[str, int], list[_Entry]] = defaultdict(list)
        for e, lacking in zip(entries, missing, strict=True):
            if lacking:
                line[e.key].append(e)
                amount[e.key[0], e.cents].append(e)
        rows = {e.row: lacking for e, lacking in zip(entries, missing, strict=True)}
        return cls(line, amount, Counter((e.key, e.cents, e.ledger) for e in entries), rows)

    def cause(self, entry: _Entry, lacking: Sequence[str]) -> str:
        """What probably happened to a row, from the unmatched rows of the books that lack it."""
        if all(self.counts[entry.key, entry.cents, b] for b in lacking):
            return "entered twice"
        told = next(self._others(entry, lacking), None)
        return told[1] if told else ""

    def partner(self, entry: _Entry, book: str, done: Container[tuple[int, str]]) -> tuple[_Entry, str] | None:
        """The row of a book that stands for an entry it lacks, and what happened to it; none where it has nothing like it."""
        if self.counts[entry.key, entry.cents, book]:  # entered twice: the book has it, and need not have it again
            return None
        free = ((o, told) for o, told in self._others(entry, (book,))
                if entry.ledger in self.lacks[o.row] and (o.row, entry.ledger) not in done)  # fmt: skip
        return next(free, None)

    def _others(self, entry: _Entry, lacking: Sequence[str]) -> Iterator[tuple[_Entry, str]]:
        """Unmatched rows of the books that lack an entry, the likeliest slip first."""
        near = [o for o in self.line[entry.key] if o.ledger in lacking and o.cents != entry.cents]
        near.sort(key=lambda o: abs(o.cents - entry.cents))
        for other in near:
            if word := _slip(entry.cents, other.cents):
                yield other, f"{word}: {_told(entry)}, {_told(other)}"
        yield from self._elsewhere(entry, lacking)
        for other in near:
            yield other, f"another amount: {_told(entry)}, {_told(other)}, apart {(entry.cents - other.cents) / 100:+,.2f}"

    def _elsewhere(self, entry: _Entry, lacking: Sequence[str]) -> Iterator[tuple[_Entry, str]]:
        """Where a book that lacks the row has its amount in the same area; nothing is everywhere."""
        _, programme, item, period = entry.key
        for other in self.amount[entry.key[0], entry.cents] if entry.cents else ():
            _, its_fund, its_item, its_period = other.key
            if other.ledger not in lacking:
                continue
            if its_fund != programme and (its_item, its_period) == (item, period):
                yield other, f"booked in another fund: {other.ledger} has it in {its_fund}"
            elif (its_fund, its_item) == (programme, item) and _beside(period, its_period):
                yield other, f"booked in another period: {other.ledger} has it in {its_period}"
            elif (its_fund, its_period) == (programme, period) and its_item != item:
                yield other, f"booked in another item: {other.ledger} has it in {its_item}"


def _slip(one: int, other: int) -> str:
    """How one amount could have become the other; blank where no slip explains it."""
    low, high = sorted((abs(one), abs(other)))
    for power in (10, 100, 1_000, 10_000, 100_000_000):
        if low and high == low * power:
            return f"unit slip (× {power:,})"
    if one == -other and one:
        return "wrong sign"
    if sorted(str(abs(one))) == sorted(str(abs(other))):
        return "digits swapped"
    return ""


def _beside(one: str, other: str) -> bool:
    """Whether two periods are neighbours: months or years."""
    a, b = Period.parse(one), Period.parse(other)
    if a.is_month != b.is_month:
        return False
    return abs((a.year * 12 + a.month) - (b.year * 12 + b.month)) == (1 if a.is_month else 12)


def _told(entry: _Entry) -> str:
    return f"{entry.ledger} {entry.cents / 100:,.2f}"


def _findings(entries: Sequence[_Entry], missing: Sequence[Sequence[str]], free: _Free) -> Iterator[dict[str, Any]]:
    """Each pair of books that differ in a row, and each row that has no like at all; the largest first."""
    whole: defaultdict[Key, int] = defaultdict(int)
    bad = [(e, lacking) for e, lacking in zip(entries, missing, strict=True) if lacking]
    for e, _ in bad:
        whole[e.key] = max(whole[e.key], abs(e.cents))
    done: set[tuple[int, str]] = set()
    for e, lacking in sorted(bad, key=lambda b: -whole[b[0].key]):
        alone = []
        for book in lacking:
            if (e.row, book) in done:
                continue
            if (pair := free.partner(e, book, done)) is None:
                alone.append(book)
                continue
            other, cause = pair
            done |= {(e.row, book), (other.row, e.ledger)}
            yield _finding(e, f"a row of {e.ledger} and row {other.row} of {book} differ; {cause}", cause)
        if alone:
            cause = free.cause(e, alone)
            yield _finding(e, f"a row of {e.ledger} is not in {', '.join(alone)}" + (f"; {cause}" if cause else ""), cause)


def _finding(e: _Entry, message: str, cause: str) -> dict[str, Any]:
    """What is told of a row; money on its way between two periods is no error."""
    return {
        "id": "unmatched", "severity": "warning" if cause.startswith("booked in another period") else "error",
        "table": "ledgers", "row": e.row, "column": "amount", "region": e.key[0], "programme": e.key[1], "item": e.key[2],
        "period": e.key[3], "found": f"{e.cents / 100:,.2f}", "message": message,
        "mend": "clear the difference with the books named, and correct the one that is wrong",
    }  # fmt: skip
