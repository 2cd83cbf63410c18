"""Cells as people write them, to numbers: certain, or a fault with its name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np
import pandas as pd

#: Marks that say "not available" or "not applicable": missing on purpose.
MISSING_MARKS = frozenset(
    {"—", "–", "-", "--", "——", "－", "/", "×", "✕", "…", "......", "...", "……", "无", "n/a", "na",
     "n.a.", "nan", "null", "none", "不适用", "缺", "..", "暂无"}
)  # fmt: skip

#: Words that may follow the number, with the power they stand for and what they count.
_CELL_UNITS = {"": (1.0, ""), "个月": (1.0, "months")} | {
    scale + noun: (power, family)
    for scale, power in {"": 1.0, "千": 1e3, "万": 1e4, "百万": 1e6, "亿": 1e8}.items()
    for noun, family in {"": "", "元": "currency", "人": "persons", "人次": "persons"}.items()
    if scale + noun
}
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+|(?=\.\d))(?:\.\d+)?(?:[eE][+-]?\d+)?")


class PerCent(float):
    """A number that a workbook shows in per cent: 0.24 shown as 24%.

    Examples
    --------
    >>> str(PerCent(0.235)), read_cell(PerCent(0.235)).percent, PerCent(0.235) + 0
    ('23.5%', True, 0.235)
    """

    def __str__(self) -> str:
        return f"{self * 100:.12g}%"


@dataclass(frozen=True)
class Cell:
    """What a cell says.

    ``state`` is ``number``, ``blank``, ``missing`` or ``fault``; `scale` is the power that
    a unit word or a per cent sign in the cell stands for, `unit_word` that word and `family`
    what it counts (blank for 万 alone); `percent` whether the cell bore ``%``.
    """

    state: str
    value: float = float("nan")
    scale: float = 1.0
    unit_word: str = ""
    family: str = ""
    percent: bool = False
    fault: str = ""


def read_cell(raw: object) -> Cell:
    """Read one cell.

    Examples
    --------
    >>> read_cell("２７，３６２.00").value, read_cell("(123)").value, read_cell("47.48%").value
    (27362.0, -123.0, 47.48)
    >>> read_cell("").state, read_cell("—").state, read_cell("about 5").state
    ('blank', 'missing', 'fault')
    """
    if isinstance(raw, bool):
        return Cell("fault", fault="a truth value, not a number")
    if isinstance(raw, PerCent):
        return Cell("number", float(raw), percent=True)  # the workbook keeps the share itself
    if isinstance(raw, (int, float)):
        return Cell("number", float(raw)) if raw == raw else Cell("blank")
    if raw is None:
        return Cell("blank")
    if _FOOTNOTE.search(str(raw)):
        return Cell("fault", fault="a footnote mark or a small digit beside the number")
    text = unicodedata.normalize("NFKC", str(raw)).replace("−", "-")
    text = re.sub(r"[\u200b\ufeff]+", "", text).strip()
    if not text:
        return Cell("blank")
    text = re.sub(r"(?<=\d)\s(?=\d{3}(?!\d))", ",", text)  # 27 362 is grouped by a space
    if re.search(r"\d\s+\d", text):
        return Cell("fault", fault="two numbers in one cell")
    text = re.sub(r"\s+", "", text)
    if text.upper() in _SHEET_ERRORS:
        return Cell("fault", fault="an error of the spreadsheet")
    if text.lower() in MISSING_MARKS or str(raw).strip().lower() in MISSING_MARKS:
        return Cell("missing")
    if text.startswith(("=", "@")):
        return Cell("fault", fault="a formula without a stored value; formulas are never executed")
    return _read_number(text)


#: What a spreadsheet shows where a formula failed.
_SHEET_ERRORS = frozenset({"#REF!", "#DIV/0!", "#VALUE!", "#N/A", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"})
#: ① and ² would become digits of the number.
_FOOTNOTE = re.compile("[\u00b2\u00b3\u00b9\u2070-\u209f\u2460-\u24ff\u2776-\u2793\u3220-\u3247\u3280-\u32b0]")


def _read_number(text: str) -> Cell:
    """A number with what may stand around it: one sign, and ``%`` or a unit word."""
    negative = 0
    if text[0] in "▲△":
        negative, text = 1, text[1:]
    if text.startswith("(") and text.endswith(")"):
        negative, text = negative + 1, text[1:-1]
    percent = text.endswith("%")
    text = text.removesuffix("%")
    match = _NUMBER.match(text)
    if not match:
        return Cell("fault", fault="not a number")
    if negative + (text[0] in "+-") > 1:
        return Cell("fault", fault="two signs; it is not certain which is meant")
    word = text[match.end() :]
    if word not in _CELL_UNITS or (percent and word):
        return Cell("fault", fault=f"{word!r} follows the number" if word else "not a number")
    value = (-1.0 if negative else 1.0) * float(match[0].replace(",", ""))
    if value in (float("inf"), float("-inf")):
        return Cell("fault", fault="not a finite number")
    scale, family = _CELL_UNITS[word]
    return Cell("number", value, 0.01 if percent else scale, word, family, percent)


#: 2024.1 may be October whose zero was cut off, and is refused.
_MONTH = re.compile(r"(\d{4})(?:年|[-/]|\.(?!1$)|(?=\d\d$))(\d{1,2})(?:月[份末底]?)?")
#: 2024年1-6月 and 2024-1-6月 are January to June; 2024-1-6 may be a day and is refused.
_CUMULATIVE = re.compile(r"(\d{4})(?:年1[-~—至]|[-/.]1-(?=\d+月))(\d{1,2})(?:月[份末底]?)?")
_CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")


def read_period(raw: object) -> str | None:
    """A year or month in the contract's form; ``None`` if the cell is none for certain.

    Examples
    --------
    >>> read_period("2024年9月"), read_period("2024-9"), read_period("二○二四年"), read_period(2024.0)
    ('2024-09', '2024-09', '2024', '2024')
    """
    if hasattr(raw, "year") and hasattr(raw, "month"):
        return f"{raw.year}-{raw.month:02d}"
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    text = unicodedata.normalize("NFKC", str(raw)).strip().translate(_CHINESE_DIGITS)
    text = re.sub(r"\s+", "", text)
    text = text[:-2] if re.fullmatch(r"\d{4,6}\.0", text) else text
    match = re.fullmatch(r"(\d{4})(?:年度|年|FY)?", text)
    if match:
        return match[1] if 1900 <= int(match[1]) <= 2200 else None
    match = _MONTH.fullmatch(text) or _CUMULATIVE.fullmatch(text)
    if match and 1900 <= int(match[1]) <= 2200 and 1 <= int(match[2]) <= 12:
        return f"{match[1]}-{int(match[2]):02d}"
    return None


_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:00:00:00)?")


def date_hint(raw: object) -> str:
    """What to write instead, where a cell holds a date; blank where it holds none.

    Examples
    --------
    >>> date_hint("2020-12-31"), date_hint("2020-12")
    ('a date; a year is meant? write 2020; a month? write 2020-12', '')
    """
    text = unicodedata.normalize("NFKC", str(raw))
    match = _DAY.fullmatch(re.sub(r"\s+", "", text))
    if not match or not 1 <= int(match[2]) <= 12:
        return ""
    if len(match[2]) == len(match[3]) == 1:  # 2024-1-6 may be January to June
        return ""
    return f"a date; a year is meant? write {match[1]}; a month? write {match[1]}-{int(match[2]):02d}"


def read_code(raw: object) -> str:
    """A code or name kept as text: ``150100.0`` is 150100, ``"011"`` stays 011."""
    if raw is None or (isinstance(raw, float) and raw != raw):
        return ""
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    text = unicodedata.normalize("NFKC", str(raw)).strip()
    text = re.sub(r"[\u200b\ufeff\u3000]+", "", text)
    return text[:-2] if re.fullmatch(r"\d+\.0", text) else text


def read_codes(column: pd.Series) -> pd.Series:
    """A whole column of codes, each distinct cell read once."""
    codes, distinct = pd.factorize(column, use_na_sentinel=False)
    return pd.Series(np.array([read_code(c) for c in distinct], dtype=object)[codes], dtype=object)


def read_truth(raw: object) -> bool | None:
    """True, false, or ``None`` where the cell says neither."""
    word = read_code(raw).lower()
    if word in ("true", "1", "yes", "是", "y"):
        return True
    if word in ("false", "0", "no", "否", "n"):
        return False
    return None
