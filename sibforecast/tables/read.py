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


def _folder(folder: Path, found: Collector) -> Iterator[tuple[str, str, pd.DataFrame]]:
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


def _csv_rows(text: str) -> pd.DataFrame:
    """Cells as text; the fast reader first, the patient one where rows differ in length."""
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    if not text.strip():
        return pd.DataFrame()
    try:
        frame = pd.read_csv(io.StringIO(text), header=None, dtype=object, na_filter=False, sep=delimiter,
                            skip_blank_lines=False)  # fmt: skip
        return frame.fillna("")
    except pd.errors.ParserError:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        return pd.DataFrame(rows, dtype=object).fillna("")


def _workbook(path: Path, found: Collector) -> Iterator[tuple[str, str, pd.DataFrame]]:
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
            yield name, f"{path.name}, sheet {name}", pd.DataFrame(rows, dtype=object)
        elif name.strip().lower() not in ("readme", "说明", "words"):
            found.add("unknown_table", "note", f"sheet {name} is no table of a data set and was not read", table=name)


def _with_headers(table: str, file: str, cells: pd.DataFrame, found: Collector) -> RawTable | None:
    """Name the columns by the contract and drop rows that are wholly empty."""
    schema = TABLES[table]
    known = {*schema.required, *schema.optional, *COMMON, "month"}
    filled = ~((cells == "") | cells.isna()).all(axis=1).to_numpy() if len(cells) else np.zeros(0, dtype=bool)
    if not filled.any():
        found.add("empty_table", "error", f"{file} is empty", table=table, mend="add a header row and data, or remove it")
        return None
    top = int(np.argmax(filled))
    names, headers = [], {}
    for word in cells.iloc[top]:
        text = read_code(word)
        plain = "".join(text.lower().split())
        code = plain if plain in known else HEADER_LOOKUP.get(plain, HEADER_LOOKUP.get(text.lower(), plain))
        if code in headers and code in known:
            found.add("column_twice", "error", f"two columns mean {code}", table=table, row=top + 1,
                      column=text, found=f"{headers[code]}, {text}", mend="keep one of them")
        if code:
            headers.setdefault(code, text)
        names.append(code)
    unknown = [h for c, h in headers.items() if c not in known]
    if unknown:
        found.add("unknown_column", "note", f"columns not used: {', '.join(unknown)}", table=table)
    missing = [c for c in schema.required if c not in headers]
    if missing:
        found.add("missing_column", "error", f"{file} lacks {', '.join(missing)}", table=table, row=top + 1,
                  expected=", ".join(schema.required), found=", ".join(headers.values()),
                  mend="add the columns, or head them with these words")
        return None
    keep = filled.copy()
    keep[: top + 1] = False
    for column in [i for i, name in enumerate(names) if not name]:  # cells beyond the header
        stray = keep & ~((cells[column] == "") | cells[column].isna()).to_numpy()
        for i in np.flatnonzero(stray):
            found.add("ragged_row", "error", f"the row has more cells than the header ({len(headers)})", table=table,
                      row=int(i) + 1, mend="put text with commas in quotes; numbers with commas too")
        keep &= ~stray
    data = {name: cells.iloc[:, i][keep].reset_index(drop=True) for i, name in reversed(list(enumerate(names))) if name in known}
    body = pd.DataFrame({name: data[name] for name in headers if name in data}, dtype=object)
    return RawTable(table, file, body, np.flatnonzero(keep) + 1, headers)
