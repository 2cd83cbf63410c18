"""Words to codes: areas, funds, items, periods and stages as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.programmes.programme import Programme
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.cells import date_hint, read_code, read_period
from sibforecast.tables.read import Collector
from sibforecast.tables.regions import Regions
from sibforecast.tables.schema import STAGE_LOOKUP, STAGES


@dataclass(frozen=True)
class Names:
    """How words become codes."""

    regions: Regions
    programmes: Mapping[str, str]
    declared: Mapping[str, Programme]

    def region(self, word: str) -> str:
        """The area a word means."""
        return self.regions.resolve(word)

    def programme(self, word: str) -> str:
        """The fund a word means."""
        code = _looked_up(word, self.programmes)
        if code is None:
            raise SibError(f"unknown programme {word!r}{_nearest(word, self.programmes)}")
        return code

    def fund(self, word: str) -> str:
        """The fund a word means where only funds that are computed can be meant, no printed total over them."""
        code = self.programme(word)
        if code == PRINTED_TOTAL and code not in self.declared:
            raise SibError(f"{word!r} is the printed total over the funds; write * for all of them")
        return code

    def item(self, word: str) -> str:
        """The item a word means."""
        code = items.code_of(word)
        if code is None:
            raise SibError(f"unknown item {word!r}{_nearest(word, items.words())}")
        return code

    @staticmethod
    def period(word: object) -> str:
        """The period a cell means."""
        code = read_period(word)
        if code is None:
            hint = date_hint(word)
            raise SibError(f"{word!r} is {hint}" if hint else f"not a period: {word!r}")
        return code

    @staticmethod
    def stage(word: str) -> str:
        """The stage a word means."""
        code = STAGE_LOOKUP.get("".join(word.lower().split()))
        if code is None:
            raise SibError(f"unknown stage {word!r}; expected one of {', '.join(STAGES)}")
        return code


def each(text: str, read: Callable[[str], str]) -> str:
    """Codes of several words in one cell, with commas between them, or ``*`` for all.

    The cell may be one word that holds such a mark itself. All words that are not understood are told.

    Raises
    ------
    SibError
        With every fault of the cell.

    Examples
    --------
    >>> each("缴费比例、征缴率", Names(Regions.of([]), {}, {}).item)
    'contribution_rate,collection_rate'
    """
    try:
        return text if text == "*" else read(text)
    except SibError:
        parts = [p.strip() for p in re.split("[,，、]", text)]
    codes: list[str] = []
    faults: list[str] = []
    for part in dict.fromkeys(p for p in parts if p) or [text]:
        try:
            codes.append(part if part == "*" else read(part))
        except SibError as fault:
            faults.append(str(fault))
    if faults:
        raise SibError("; ".join(faults))
    return ",".join(dict.fromkeys(codes))


def _looked_up(word: str, table: Mapping[str, str]) -> str | None:
    """The code of a word, with or without the spaces written into it."""
    low = word.lower()
    return table.get("".join(low.split())) or table.get(" ".join(low.split()))


def _nearest(word: str, table: Mapping[str, str]) -> str:
    """A hint in the writing of the word: codes for a code, Chinese for Chinese."""
    return items.did_you_mean(word, set(table.values()) if word.isascii() else set(table))


_MENDS = {
    "region": "use the code or full name of the regions table",
    "programme": "use a code or name of the seven funds, or declare the fund in the table programmes",
    "regions": "use codes or full names of the regions table, with commas between them, or * for all",
    "item": "use a code of the catalogue (the workbook of `sibforecast template` lists them)",
    "period": "write a year 2024 or a month 2024-09",
    "stage": "use a stage of the list",
}


#: Of merged cells only the first holds the word.
BLANK_MEND = "fill it in on every row; of merged cells only the first row has it"


def mend_of(column: str) -> str:
    """What to do about a word of this column that is not understood."""
    return _MENDS.get(column, "correct the cell")


def fault_id(column: str, text: str, fault: SibError) -> str:
    """The name of the finding for a word that is not understood."""
    if not text:
        return "blank_key"
    word = "region" if column == "regions" else column
    if "may mean" in str(fault):
        return f"ambiguous_{word}"
    return "bad_period" if word == "period" else f"unknown_{word}"


def translate(
    cells: pd.Series, read: Callable[[Any], str], table: str, column: str, numbers: np.ndarray,
    found: Collector, blank: str | None = None,
) -> pd.Categorical[Any]:  # fmt: skip
    """Words to codes, each distinct word once; unknown ones are findings with their rows.

    A blank cell means `blank`, or is a finding where that is ``None``.
    """
    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    meaning: list[str | None] = []
    for index, word in enumerate(distinct):
        text = read_code(word)
        if not text and blank is not None:
            meaning.append(blank)
            continue
        try:
            if not text:
                raise SibError("the cell is blank")
            meaning.append(read(word if column == "period" else text))
        except SibError as fault:
            meaning.append(None)
            rows = numbers[codes == index]
            more = f" (and {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            found.add(fault_id(column, text, fault), "error", f"{fault}{more}", table=table, row=int(rows[0]),
                      column=column, found=text or "blank", mend=mend_of(column) if text else BLANK_MEND)
    known = list(dict.fromkeys(m for m in meaning if m is not None))
    position = {m: i for i, m in enumerate(known)}
    table_of = np.array([-1 if m is None else position[m] for m in meaning], dtype=np.int64)
    return pd.Categorical.from_codes(table_of[codes] if len(codes) else codes, pd.Index(known))
