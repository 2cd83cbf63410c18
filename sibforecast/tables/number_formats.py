"""Cells that a workbook shows in per cent: 24% typed into a spreadsheet is stored as 0.24 with a format.

The reader of workbooks gives stored numbers only. In an ``.xlsx`` the formats stand beside
them: ``styles.xml`` says which styles show a per cent, each sheet which cells bear them.
Sheets are looked through only where such a style exists. In an ``.ods`` each cell says what
kind of value it holds. The binary kinds, ``.xls`` and ``.xlsb``, are not looked into.
"""

from __future__ import annotations

import html
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sibforecast.tables.cells import PerCent

#: Kinds of workbooks whose formats are not looked for.
NOT_SEEN = (".xls", ".xlsb")
#: A value repeated over more cells than this is no table.
_MOST_REPEATED = 1_000_000
#: The formats every spreadsheet knows by number: 0% and 0.00%.
_BUILT_IN = {"9", "10"}
#: What a format code shows as it stands: quoted, escaped, filled or bracketed.
_LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[[^\]]*\]', re.DOTALL)
_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]*)(\d+)["']""")
_DIMENSION = re.compile(rb"""<(?:\w+:)?dimension\s[^>]*ref=["']([A-Z]+\d+(?::[A-Z]+\d+)?)["']""")
#: A cell with something in it; what it holds; its formula, its stored value and its kind.
_FILLED = re.compile(rb"<(?:\w+:)?c\s((?:[^>/]|/(?!>))*)>(.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f(?:\s[^>]*)?>([^<]*)<")
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)<")
_KIND = re.compile(rb"""\bt=["'](\w+)["']""")
_FORMULA_OR_ERROR = re.compile(rb"""<(?:\w+:)?f[\s>]|\bt=["']e["']""")
_HIDDEN = re.compile(rb"""<(?:\w+:)?row\s(?=[^>]*\bhidden=["'](?:1|true)["'])[^>]*?\br=["'](\d+)["']""")
_STYLE = re.compile(rb"""\bs=["'](\d+)["']""")


def shows_per_cent(code: str) -> bool:
    r"""Whether a number format multiplies by a hundred and shows a per cent sign.

    Examples
    --------
    >>> shows_per_cent("0.0%;[Red]-0.0%"), shows_per_cent('0"%"'), shows_per_cent(r"0\%")
    (True, False, False)
    """
    return "%" in _LITERAL.sub("", code)


def per_cent_cells(path: Path) -> dict[str, list[tuple[int, int]]]:
    """Rows and columns, counted from nought, of the cells shown in per cent, by the sheet they stand in.

    None of a workbook of a binary kind, `NOT_SEEN`, which keeps its formats where they are not looked for.

    Raises
    ------
    Exception
        Of the reader of archives or of XML, if the workbook is not built as workbooks are.
    """
    if path.name.lower().endswith(NOT_SEEN):
        return {}
    with zipfile.ZipFile(path) as book:
        if path.name.lower().endswith(".ods"):
            return _open_document(book)
        parts = _related(book, _top(book))
        styles = {s for kind, _, target in parts if kind == "styles" for s in _per_cent_styles(book.read(target))}
        return {name: list(_cells(book.read(part), styles)) for name, part in _sheets(book)} if styles else {}


def used_ranges(path: Path) -> Iterator[tuple[str, str, int]]:
    """Each sheet, the range it says it uses, and how many cells that would be; a reader holds all of them.

    Raises
    ------
    Exception
        Of the reader of archives or of XML, if the workbook is not built as workbooks are.
    """
    with zipfile.ZipFile(path) as book:
        for name, part in _sheets(book):
            with book.open(part) as text:
                match = _DIMENSION.search(text.read(4096))
            if match:
                first, _, last = match[1].decode().partition(":")
                sides = [re.match(r"([A-Z]+)(\d+)", corner) for corner in (first, last or first)]
                (left, top_row), (right, bottom) = ((_column(m[1].encode()), int(m[2])) for m in sides if m)
                yield name, f"{first}:{last}", (right - left + 1) * (bottom - top_row + 1)


def hidden_rows(path: Path) -> dict[str, list[int]]:
    """Rows that a filter or a person hid, as a person counts them, by sheet. Of an ``.xlsx`` only."""
    with zipfile.ZipFile(path) as book:
        return {name: [int(n) for n in _HIDDEN.findall(book.read(part))] for name, part in _sheets(book)}


def unstored(path: Path) -> dict[str, dict[tuple[int, int], str]]:
    """Formulas whose result the file does not hold, and errors such as ``#REF!``, by sheet and place.

    A reader takes both for blank cells. Of an ``.xlsx`` only.
    """
    out: dict[str, dict[tuple[int, int], str]] = {}
    with zipfile.ZipFile(path) as book:
        for name, part in _sheets(book):
            data = book.read(part)
            if _FORMULA_OR_ERROR.search(data):
                out[name] = dict(_unstored(data))
    return out


def _unstored(data: bytes) -> Iterator[tuple[tuple[int, int], str]]:
    for attributes, content in _FILLED.findall(data):
        place, kind, value = _REFERENCE.search(attributes), _KIND.search(attributes), _VALUE.search(content)
        text = html.unescape(value[1].decode()) if value else ""
        if place is None or (text and (kind is None or kind[1] != b"e")):
            continue
        formula = _FORMULA.search(content)
        if formula is not None and not text and (kind is None or kind[1] == b"n"):
            text = "=" + html.unescape(formula[1].decode())
        if text:
            yield (int(place[2]) - 1, _column(place[1])), text


def put(rows: list[list[Any]], cells: Mapping[tuple[int, int], str]) -> None:
    """Write texts into cells that are blank, in place."""
    for (row, column), text in cells.items():
        if row < len(rows) and column < len(rows[row]) and rows[row][column] in ("", None):
            rows[row][column] = text


def mark(rows: list[list[Any]], cells: list[tuple[int, int]]) -> None:
    """Make the numbers in these cells per cents, in place."""
    for row, column in cells:
        if row < len(rows) and column < len(rows[row]):
            cell = rows[row][column]
            if isinstance(cell, (int, float)) and not isinstance(cell, bool):
                rows[row][column] = PerCent(cell)


def _open_document(book: zipfile.ZipFile) -> dict[str, list[tuple[int, int]]]:
    """The same of an OpenDocument workbook: cells whose value is a percentage; rows and cells may stand for several alike."""
    out: dict[str, list[tuple[int, int]]] = {}
    here: list[tuple[int, int]] = []
    row, rows, column = 0, 0, 0
    with book.open("content.xml") as text:
        for event, element in ElementTree.iterparse(text, ("start", "end")):
            kind = element.tag.rpartition("}")[2]
            if event == "end":
                if kind == "table-row":
                    element.clear()  # a sheet may be long
                continue
            if kind == "table":
                here = out.setdefault(_own(element, "name"), [])
                row, rows = 0, 0
            elif kind == "table-row":
                row, rows, column = row + rows, int(_own(element, "number-rows-repeated") or 1), 0
            elif kind in ("table-cell", "covered-table-cell"):
                many = int(_own(element, "number-columns-repeated") or 1)
                if _own(element, "value-type") == "percentage":
                    if rows * many > _MOST_REPEATED:
                        raise ValueError(f"a percentage is repeated over {rows * many} cells")
                    here.extend((r, c) for r in range(row, row + rows) for c in range(column, column + many))
                column += many
    return out


def _top(book: zipfile.ZipFile) -> str:
    """The part that lists the sheets."""
    return next(target for kind, _, target in _related(book, "") if kind == "officeDocument")


def _sheets(book: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of each sheet of cells."""
    top = _top(book)
    parts = {key: target for kind, key, target in _related(book, top) if kind == "worksheet"}
    for sheet in ElementTree.fromstring(book.read(top)).iterfind("{*}sheets/{*}sheet"):
        if _own(sheet, "id") in parts:
            yield sheet.get("name", ""), parts[_own(sheet, "id")]


def _related(book: zipfile.ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """Kind, key and name of the parts that a part refers to."""
    folder, name = posixpath.split(part)
    for one in ElementTree.fromstring(book.read(posixpath.join(folder, "_rels", f"{name}.rels"))):
        target = posixpath.normpath(posixpath.join("/", folder, one.get("Target", ""))).lstrip("/")
        yield one.get("Type", "").rpartition("/")[2], one.get("Id", ""), target


def _own(element: ElementTree.Element, name: str) -> str:
    """An attribute that bears the prefix of its namespace."""
    return next((value for key, value in element.items() if key.endswith(f"}}{name}")), "")


def _per_cent_styles(data: bytes) -> set[int]:
    """The cell styles whose number format shows a per cent."""
    root = ElementTree.fromstring(data)
    known = {f.get("numFmtId", ""): f.get("formatCode", "") for f in root.iterfind("{*}numFmts/{*}numFmt")}
    shown = _BUILT_IN - known.keys() | {number for number, code in known.items() if shows_per_cent(code)}
    return {i for i, style in enumerate(root.iterfind("{*}cellXfs/{*}xf")) if style.get("numFmtId", "") in shown}


def _cells(data: bytes, styles: set[int]) -> Iterator[tuple[int, int]]:
    """The cells of a sheet that bear one of these styles; a cell without a place stands right of the last."""
    row, column = -1, -1
    wanted = {str(s).encode() for s in styles}
    for tag in _TAG.finditer(data):
        kind, attributes = tag.groups()
        place = _REFERENCE.search(attributes)
        if kind == b"row":
            row, column = (int(place[2]) - 1 if place else row + 1), -1
            continue
        column = _column(place[1]) if place else column + 1
        style = _STYLE.search(attributes)
        if (style[1] if style else b"0") in wanted:
            yield row, column


def _column(letters: bytes) -> int:
    """A column as a number from nought: A is 0, AA is 26."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
