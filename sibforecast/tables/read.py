"""Raw tables out of a folder of CSV files or a workbook: cells as text, nothing judged yet."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.tables.cells import read_code
from sibforecast.tables.heading import header_row, meaning, not_data, stated_unit
from sibforecast.tables.number_formats import NOT_SEEN, hidden_rows, mark, per_cent_cells, put, unstored, used_ranges
from sibforecast.tables.schema import COMMON, TABLE_LOOKUP, TABLES, Table

_DELIMITERS = ",;\t"
#: Bytes looked at in one go.
_PIECE = 1_000_000
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".xlsb")
#: A sheet beyond this is not read: a reader holds every cell between the outermost.
_MOST_CELLS = 60_000_000


@dataclass
class RawTable:
    """One table as it stands in the file."""

    name: str
    file: str
    frame: pd.DataFrame  # columns by contract name; cells as text, numbers or dates, blank or None where empty
    row_numbers: np.ndarray  # as a person counts them in the file
    letters: dict[str, str] = field(default_factory=dict)  # column letters by contract name
    ragged: pd.DataFrame = field(default_factory=pd.DataFrame)  # rows left out because their cells have moved

    @property
    def per_cents_unseen(self) -> bool:
        """Whether 0.24 in a cell may be shown as 24%, for all that is read of the file."""
        return self.file.partition(", sheet ")[0].lower().endswith(NOT_SEEN)


class Collector:
    """Gathers findings on the way, so that all of them are told at once."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self._tables: dict[str, RawTable] = {}

    def add(self, id: str, severity: str, message: str, **where: Any) -> None:
        """Add one finding; `where` are columns of the findings table.

        The place in the file, as a spreadsheet names it, is added to the message.
        """
        table = self._tables.get(str(where.get("table")))
        if table is not None and where.get("row"):
            letters = table.letters.get(str(where.get("column")))
            cell = f"{letters}{where['row']}" if letters else f"row {where['row']}"
            message = f"{message} ({table.file}, {cell})"
        self.rows.append({"id": id, "severity": severity, "message": message, **where})

    def reading(self, table: RawTable) -> None:
        """From now on findings in this table name its file and cell."""
        self._tables[table.name] = replace(table, frame=pd.DataFrame())  # the cells may go once they are read

    @property
    def errors(self) -> int:
        """How many errors so far."""
        return sum(row["severity"] == "error" for row in self.rows)


def input_hash(path: Path) -> str:
    """A short hash of all tables of a data set, for provenance."""
    digest = hashlib.sha256()
    for file in [*_files(path), *_books(path)] if path.is_dir() else [path]:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return sorted(
        f for f in folder.iterdir()
        if f.is_file() and not f.name.startswith(".") and f.name.lower().endswith((".csv", ".csv.gz"))
    )  # fmt: skip


def _books(folder: Path) -> list[Path]:
    """Workbooks in a folder: areas hand in official forms as they are."""
    return sorted(f for f in folder.iterdir() if f.is_file() and f.name.lower().endswith(_WORKBOOKS) and f.name[0] not in ".~")


def read_tables(path: Path, found: Collector) -> dict[str, RawTable]:
    """All tables of a data set; what cannot be opened is a finding."""
    from sibforecast.tables.forms import is_form, repeats, with_forms  # they read raw tables out of forms

    tables: dict[str, RawTable] = {}
    if not path.exists():
        found.add("no_such_path", "error", f"there is no file or folder {path}", mend="check the path")
        return tables
    sheets: list[tuple[str, str, pd.DataFrame]] = []
    sources = chain(_folder(path, found), _forms(path, found)) if path.is_dir() else _workbook(path, found)
    for name, file, rows in sources:
        table = TABLE_LOOKUP.get(name.strip().lower())
        if table is None and is_form(rows):
            sheets.append((name, file, rows))
            continue
        if table is None:
            found.add("unknown_table", "note", f"{file} is no table of a data set and was not read", table=name)
            continue
        if table in tables:
            found.add("table_twice", "error", f"{file} holds the table a second time", table=table,
                      found=file, expected=tables[table].file, mend="keep one of the two")
            continue
        raw = _with_headers(TABLES[table], file, rows, found)
        if raw is not None:
            tables[table] = raw
            found.reading(raw)
    if "history" in tables:  # forms that only show its figures again
        sheets = [s for s in sheets if not repeats(s[2])]
    return with_forms(tables, sheets, found) if sheets else tables


def _folder(folder: Path, found: Collector) -> Iterator[tuple[str, str, pd.DataFrame]]:
    for file in _files(folder):
        name = file.name.lower().removesuffix(".gz").removesuffix(".csv")
        if name not in TABLE_LOOKUP:
            found.add("unknown_table", "note", f"{file.name} is no table of a data set and was not read", table=name)
            continue
        table = TABLE_LOOKUP[name]
        data = file.read_bytes()
        try:
            data = gzip.decompress(data) if file.name.lower().endswith(".gz") else data
        except (OSError, EOFError, zlib.error) as fault:
            found.add("unreadable", "error", f"{file.name} cannot be unpacked: {fault}", table=table,
                      mend="pack the file again, or give it unpacked")
            continue
        encoding = _encoding(data, file.name, table, found)
        if encoding is None:
            continue
        try:
            rows = _csv_rows(data, encoding)
            del data  # a nation's file is large, and so are its cells: not both while the tables are read
            yield name, file.name, rows
        except csv.Error as fault:
            found.add("unclosed_quote", "error", f"{file.name} cannot be split into cells: {fault}", table=table,
                      mend="close the quotation mark, or remove it")


def read_one(path: Path, schema: Table, found: Collector) -> RawTable | None:
    """One table out of a CSV file of its own; ``None`` where it cannot be read, and why is a finding."""
    data = path.read_bytes()
    encoding = _encoding(data, path.name, schema.name, found)
    if encoding is None:
        return None
    try:
        raw = _with_headers(schema, path.name, _csv_rows(data, encoding), found)
    except csv.Error as fault:
        found.add("unclosed_quote", "error", f"{path.name} cannot be split into cells: {fault}", table=schema.name,
                  mend="close the quotation mark, or remove it")
        return None
    if raw is not None:
        found.reading(raw)
    return raw


def _forms(folder: Path, found: Collector) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """The sheets of every workbook in a folder, named so that they are no tables of the data set."""
    for book in _books(folder):
        told = Collector()
        for name, file, rows in _workbook(book, told):
            yield f"{book.stem}/{name}", file, rows
        found.rows += [row | {"severity": "warning"} for row in told.rows]  # it may be no part of the data set at all


def _encoding(data: bytes, file: str, table: str, found: Collector) -> str | None:
    """How the text of a file is written: UTF-8 first, GB18030 next, nothing else."""
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data
    for encoding in () if wide else ("utf-8-sig", "gb18030"):
        try:
            for _ in codecs.iterdecode((data[i : i + _PIECE] for i in range(0, len(data), _PIECE)), encoding):
                pass
            return encoding
        except UnicodeDecodeError:
            continue
    what = "is UTF-16 (what spreadsheets call Unicode text)" if wide else "is neither UTF-8 nor GB18030"
    found.add("encoding", "error", f"{file} {what}", table=table, expected="UTF-8 or GB18030", mend="save it as CSV UTF-8")
    return None


def _csv_rows(data: bytes, encoding: str) -> pd.DataFrame:
    """Cells as text; the fast reader first, the patient one where rows differ in length.

    The patient reader leaves ``None`` where a row has no cell at all.
    """
    if not data.removeprefix(codecs.BOM_UTF8).strip():
        return pd.DataFrame()
    head = codecs.getincrementaldecoder(encoding)().decode(data[:_PIECE])  # a letter may be cut in two there
    first = next((line for line in head[:10_000].splitlines() if any(d in line for d in _DELIMITERS)), "")
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        frame = pd.read_csv(io.BytesIO(data), header=None, dtype=object, na_filter=False, sep=delimiter,
                            skip_blank_lines=False, encoding=encoding)  # fmt: skip
        return frame.fillna("") if frame.isna().to_numpy().any() else frame
    except pd.errors.ParserError:
        rows = list(csv.reader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter, strict=True))
        width = max(map(len, rows))
        return pd.DataFrame([[*row, *[None] * (width - len(row))] for row in rows], dtype=object)


def _workbook(path: Path, found: Collector) -> Iterator[tuple[str, str, pd.DataFrame]]:
    from python_calamine import CalamineWorkbook

    if not path.name.lower().endswith(_WORKBOOKS):
        found.add("unreadable", "error", f"{path.name} is neither a folder of CSV files nor a workbook",
                  mend="give a folder with history.csv and regions.csv, or an .xlsx workbook")
        return
    try:
        book = CalamineWorkbook.from_path(str(path))
    except Exception as fault:  # the reader raises its own kinds for damaged files
        found.add("unreadable", "error", f"{path.name} cannot be opened as a workbook: {fault}",
                  mend="open it in a spreadsheet and save it again as .xlsx")
        return
    in_per_cent = _in_per_cent(path, found)
    far, without_value, hidden = _far_apart(path), _of_xlsx(path, unstored), _of_xlsx(path, hidden_rows)
    seen = {sheet.name: str(sheet.visible).endswith("Visible") for sheet in book.sheets_metadata}
    for name in book.sheet_names:
        if name in far:
            found.add("unreadable", "error", f"{path.name}, sheet {name}: cells are used as far apart as {far[name]}",
                      expected="a table", mend="delete what stands far outside the table, or the sheet")
            continue
        if name.strip().lower() not in ("readme", "说明", "words"):
            rows: list[list[Any]] = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            mark(rows, in_per_cent.get(name, []))
            put(rows, without_value.get(name, {}))
            _tell_hidden(path, name, seen.get(name, True), hidden.get(name, []), found)
            yield name, f"{path.name}, sheet {name}", pd.DataFrame(rows, dtype=object)


def _far_apart(path: Path) -> dict[str, str]:
    """Sheets so wide and long that no memory holds them, and the range they say they use."""
    if not path.name.lower().endswith((".xlsx", ".xlsm")):
        return {}
    try:
        return {name: used for name, used, cells in used_ranges(path) if cells > _MOST_CELLS}
    except Exception:  # what is odd in the file is told by the reader itself
        return {}


def _in_per_cent(path: Path, found: Collector) -> dict[str, list[tuple[int, int]]]:
    """The cells shown in per cent; where they cannot be seen, no number is taken for one."""
    try:
        return per_cent_cells(path)
    except Exception as fault:  # readers of archives and of XML raise their own kinds
        found.add("number_formats", "warning", f"{path.name}: which cells show a per cent cannot be read: {fault!r}",
                  mend="open it in a spreadsheet and save it again as .xlsx")
        return {}


def _of_xlsx(path: Path, look: Callable[[Path], dict[str, Any]]) -> dict[str, Any]:
    """What the reader does not show of an ``.xlsx``, by sheet; what is odd in the file the reader tells itself."""
    if not path.name.lower().endswith((".xlsx", ".xlsm")):
        return {}
    try:
        return look(path)
    except Exception:  # readers of archives and of XML raise their own kinds
        return {}


def _tell_hidden(path: Path, sheet: str, seen: bool, rows: list[int], found: Collector) -> None:
    """What a person does not see on the screen is read like the rest, and that is said."""
    table = TABLE_LOOKUP.get(sheet.strip().lower())
    if table is None:
        return
    if not seen:
        found.add("hidden_sheet", "warning", f"{path.name}, sheet {sheet} is hidden and was read", table=table,
                  mend="unhide it, or delete it if it is not to count")
    if rows:
        more = f" and {len(rows) - 5} more" if rows[5:] else ""
        found.add("hidden_rows", "note", f"hidden rows were read like the others ({path.name}, sheet {sheet})", table=table,
                  row=rows[0], found=f"rows {', '.join(map(str, rows[:5]))}{more}", mend="delete them if they are not to count")


def _blank(cells: pd.Series) -> np.ndarray:
    """Where cells hold nothing, or nothing but spaces."""
    codes, distinct = pd.factorize(cells, use_na_sentinel=False)
    return np.array([not read_code(c) for c in distinct], dtype=bool)[codes]


def _filled(cells: pd.DataFrame) -> np.ndarray:
    """Rows that hold anything at all."""
    filled = np.ones(len(cells), dtype=bool)
    if cells.shape[1]:
        rest = np.flatnonzero(_blank(cells[0]))
        for column in cells.columns[1:]:
            rest = rest[_blank(cells[column].iloc[rest])] if len(rest) else rest
        filled[rest] = False
    return filled


def _with_headers(schema: Table, file: str, cells: pd.DataFrame, found: Collector) -> RawTable | None:
    """Name the columns by the contract and drop rows that are wholly empty."""
    table = schema.name
    known = {*schema.required, *schema.optional, *COMMON} | ({"month"} if "period" in schema.required else set())
    keep = _filled(cells)
    if not keep.any():
        found.add("empty_table", "error", f"{file} is empty", table=table, mend="add a header row and data, or remove it")
        return None
    top = header_row(cells, keep, known, schema.required)
    unit = stated_unit(cells, top, known) if "unit" in known else ""
    words = [read_code(word) for word in cells.iloc[top]]
    columns: dict[str, int] = {}
    for index, code in enumerate(meaning(word, known)[0] for word in cells.iloc[top]):
        if code in columns and code in known:
            found.add("column_twice", "error", f"two columns mean {code} ({file}, row {top + 1})", table=table, row=top + 1,
                      column=code, found=f"{words[columns[code]]}, {words[index]}", mend="keep one of them")
        if code:
            columns.setdefault(code, index)
    unknown = [words[i] for c, i in columns.items() if c not in known]
    if unknown:
        found.add("unknown_column", "note", f"columns of {file} not used: {', '.join(unknown)}", table=table)
    missing = [c for c in schema.required if c not in columns and not (c == "unit" and unit)]
    if missing:
        found.add("missing_column", "error", f"{file} lacks {', '.join(missing)} in row {top + 1}", table=table, row=top + 1,
                  column=missing[0], expected=", ".join(schema.required), found=", ".join(w for w in words if w),
                  mend="add the columns, or head them with these words")
        return None
    keep[: top + 1] = False
    keep &= ~not_data(schema, file, cells, keep, columns, known, found)
    stray = _stray(table, file, cells, keep, [i for i, w in enumerate(words) if not w], found)
    keep &= ~stray
    body, ragged = (
        pd.DataFrame({c: cells.iloc[:, i][rows].reset_index(drop=True) for c, i in columns.items() if c in known}, dtype=object)
        for rows in (keep, stray)
    )
    if unit and table != "policies":  # each change states its own
        for part in (body, ragged):
            part["unit"] = part["unit"].where(~_blank(part["unit"]), unit) if "unit" in part else unit
    letters = {c: letters_of(i) for c, i in columns.items()}
    return RawTable(table, file, body, np.flatnonzero(keep) + 1, letters, ragged)


def _stray(
    table: str, file: str, cells: pd.DataFrame, keep: np.ndarray, headless: list[int], found: Collector
) -> np.ndarray:
    """Rows with cells beyond the header; each is an error, for its figures may have moved."""
    stray = np.zeros(len(cells), dtype=bool)
    for column in headless:
        there = cells[column].notna().to_numpy()
        # a delimiter at the end of every row means nothing; at the end of some, cells have moved
        stray |= keep & (~_blank(cells[column]) if there[keep].all() else there)
    for i in np.flatnonzero(stray):
        found.add("ragged_row", "error", f"the row has more cells than the header ({file}, row {i + 1})", table=table,
                  row=int(i) + 1, expected=f"{cells.shape[1] - len(headless)} cells",
                  mend="put text with commas in quotes; numbers with commas too")
    return stray


def letters_of(index: int) -> str:
    """A column as spreadsheets name it: A, B, … AA."""
    before, here = divmod(index, 26)
    return (letters_of(before - 1) if before else "") + chr(ord("A") + here)
