"""Raw tables out of a folder of CSV files or a workbook: cells as text, nothing judged yet."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.tables.cells import read_code
from sibforecast.tables.schema import COMMON, HEADER_LOOKUP, TABLE_LOOKUP, TABLES


@dataclass
class RawTable:
    """One table as it stands in the file."""

    name: str
    file: str
    frame: pd.DataFrame  # columns by contract name; cells as text or numbers
    row_numbers: np.ndarray  # as a person counts them in the file
    headers: dict[str, str] = field(default_factory=dict)  # contract name -> word in the file


class Collector:
    """Gathers findings on the way, so that all of them are told at once."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, id: str, severity: str, message: str, **where: Any) -> None:
        """Add one finding; `where` are columns of the findings table."""
        self.rows.append({"id": id, "severity": severity, "message": message, **where})

    @property
    def errors(self) -> int:
        """How many errors so far."""
        return sum(row["severity"] == "error" for row in self.rows)


def input_hash(path: Path) -> str:
    """A short hash of all tables of a data set, for provenance."""
    digest = hashlib.sha256()
    for file in _files(path) if path.is_dir() else [path]:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> list[Path]:
    return sorted(
        f for f in folder.iterdir()
        if f.is_file() and not f.name.startswith(".") and f.name.lower().endswith((".csv", ".csv.gz"))
    )  # fmt: skip


def read_tables(path: Path, found: Collector) -> dict[str, RawTable]:
    """All tables of a data set; what cannot be opened is a finding."""
    tables: dict[str, RawTable] = {}
    if not path.exists():
        found.add("no_such_path", "error", f"there is no file or folder {path}", mend="check the path")
        return tables
    for name, file, rows in _folder(path, found) if path.is_dir() else _workbook(path, found):
        table = TABLE_LOOKUP.get(name.strip().lower())
        if table is None:
            found.add("unknown_table", "note", f"{file} is no table of a data set and was not read", table=name)
            continue
        if table in tables:
            found.add("table_twice", "error", f"{file} holds the table a second time", table=table,
                      found=file, expected=tables[table].file, mend="keep one of the two")
            continue
        raw = _with_headers(table, file, rows, found)
        if raw is not None:
            tables[table] = raw
    return tables


def _folder(folder: Path, found: Collector) -> Iterator[tuple[str, str, list[list[Any]]]]:
    for file in _files(folder):
        name = file.name.lower().removesuffix(".gz").removesuffix(".csv")
        if name not in TABLE_LOOKUP:
            found.add("unknown_table", "note", f"{file.name} is no table of a data set and was not read", table=name)
            continue
        data = file.read_bytes()
        try:
            data = gzip.decompress(data) if file.name.lower().endswith(".gz") else data
        except (OSError, EOFError) as fault:
            found.add("unreadable", "error", f"{file.name} cannot be unpacked: {fault}", table=name)
            continue
        text = _decode(data, file.name, name, found)
        if text is not None:
            yield name, file.name, _csv_rows(text)


def _decode(data: bytes, file: str, table: str, found: Collector) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    found.add("encoding", "error", f"{file} is neither UTF-8 nor GB18030", table=table,
              mend="save it as CSV UTF-8")
    return None


def _csv_rows(text: str) -> list[list[Any]]:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def _workbook(path: Path, found: Collector) -> Iterator[tuple[str, str, list[list[Any]]]]:
    from python_calamine import CalamineWorkbook

    if not path.name.lower().endswith((".xlsx", ".xlsm", ".xls", ".ods", ".xlsb")):
        found.add("unreadable", "error", f"{path.name} is neither a folder of CSV files nor a workbook",
                  mend="give a folder with history.csv and regions.csv, or an .xlsx workbook")
        return
    try:
        book = CalamineWorkbook.from_path(str(path))
    except Exception as fault:  # the reader raises its own kinds for damaged files
        found.add("unreadable", "error", f"{path.name} cannot be opened as a workbook: {fault}")
        return
    for name in book.sheet_names:
        if name.strip().lower() in TABLE_LOOKUP:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield name, f"{path.name}, sheet {name}", [list(row) for row in rows]
        elif name.strip().lower() not in ("readme", "说明", "words"):
            found.add("unknown_table", "note", f"sheet {name} is no table of a data set and was not read", table=name)


def _with_headers(table: str, file: str, rows: list[list[Any]], found: Collector) -> RawTable | None:
    """Name the columns by the contract and drop rows that are wholly empty."""
    schema = TABLES[table]
    known = {*schema.required, *schema.optional, *COMMON, "month"}
    top = 0
    while top < len(rows) and all(read_code(c) == "" for c in rows[top]):
        top += 1
    if top == len(rows):
        found.add("empty_table", "error", f"{file} is empty", table=table, mend="add a header row and data, or remove it")
        return None
    names, headers = [], {}
    for word in rows[top]:
        text = read_code(word)
        plain = "".join(text.lower().split())
        code = plain if plain in known else HEADER_LOOKUP.get(plain, HEADER_LOOKUP.get(text.lower(), plain))
        if code in headers and code in known:
            found.add("column_twice", "error", f"two columns mean {code}", table=table, row=top + 1,
                      column=text, found=f"{headers[code]}, {text}", mend="keep one of them")
        headers.setdefault(code, text)
        names.append(code)
    unknown = [h for c, h in headers.items() if c not in known and h]
    if unknown:
        found.add("unknown_column", "note", f"columns not used: {', '.join(unknown)}", table=table)
    missing = [c for c in schema.required if c not in headers]
    if missing:
        found.add("missing_column", "error", f"{file} lacks {', '.join(missing)}", table=table, row=top + 1,
                  expected=", ".join(schema.required), found=", ".join(headers.values()),
                  mend="add the columns, or head them with these words")
        return None
    return _body(table, file, rows, top, names, headers, known, found)


def _body(
    table: str, file: str, rows: list[list[Any]], top: int, names: list[str],
    headers: dict[str, str], known: set[str], found: Collector,
) -> RawTable:  # fmt: skip
    width = len(names)
    kept: list[list[Any]] = []
    numbers: list[int] = []
    for number, row in enumerate(rows[top + 1 :], start=top + 2):
        if not any(c not in ("", None) for c in row):
            continue
        if len(row) > width and any(c not in ("", None) for c in row[width:]):
            found.add("ragged_row", "error", f"the row has {len(row)} cells, the header {width}", table=table,
                      row=number, mend="put text with commas in quotes; numbers with commas too")
            continue
        kept.append(row[:width] + [""] * (width - len(row)))
        numbers.append(number)
    columns = list(zip(*kept, strict=True)) if kept else [()] * width
    data = {}
    for name, cells in zip(names, columns, strict=True):
        if name in known and name not in data:
            data[name] = pd.Series(cells, dtype=object)
    return RawTable(table, file, pd.DataFrame(data), np.asarray(numbers, dtype=np.int64), headers)
