"""Official two-sided forms (社预01–08, 社决, 社预执行) read as they stand, cell by cell.

A form has a merged title with the year, its number, the reporting unit, a unit line, one or two
header rows, and on each side a column of items with figures beside it; numbered and indented
lines, 其中 lines, totals, ``×`` where nothing applies, notes below. What is read becomes rows of
the tables ``history`` and ``statements``, and goes through the same checks as any other table.

Sources: layout of the 2021 budget forms (单位:元) and of a county's 2024 budget table (单位:万元).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.programmes.registry import PRINTED_TOTAL, words
from sibforecast.sheets import REPEATS
from sibforecast.tables.cells import read_cell, read_period
from sibforecast.tables.form_lines import HEADS, bare, is_note, is_section, item_of, level_of, plain
from sibforecast.tables.read import Collector, RawTable, letters_of

Cells = Sequence[Sequence[Any]]
#: 总计 by fund, period and stage: what each side says, and where.
Totals = dict[tuple[str, str, str], list[tuple[float, str]]]

#: Funds by form number; 社预01 and 社决02 hold all funds side by side.
_BUDGET_FORMS = dict(zip(("02", "03", "04", "05", "06", "07", "08"), (
    "enterprise_pension", "resident_pension", "civil_servant_pension", "employee_medical", "resident_medical", "work_injury",
    "unemployment"), strict=True))  # fmt: skip
_FINAL_FORMS = {"03": "enterprise_pension", "04": "resident_pension", "05": "civil_servant_pension", "06": "employee_medical",
                "07": "resident_medical", "10": "work_injury", "11": "unemployment"}  # fmt: skip
_NUMBER = re.compile(r"社(预执行|预|决)(附?)(\d{2})表?")
_TITLE = re.compile(r"(?:收支|基金).*(?:预算|决算|执行|预计).*表")
_UNIT = re.compile(r"(?:(?:金额)?单位:?|\()(亿元|万元|千元|元)(?:\)|$)?")
_REPORTER = re.compile(r"(?:编报|编制|填报)(?:单位|部门):?([^:]*?)(?=(?:金额)?单位|$)")
_OFFICES = re.compile(r"(财政局|财政厅|人力资源和社会保障[局厅]|医疗保障局|社会保险.*(?:局|中心))$")
_STAGES = (("调整", "adjusted"), ("预计", "expected"), ("预算", "budget"), ("执行", "executed"), ("决算", "final"))
_NOT_AMOUNTS = ("%", "进度", "增长", "比重", "当期", "行次", "栏次", "备注")


@dataclass(frozen=True)
class Column:
    """A column of figures: whose, of which period and stage."""

    index: int
    programme: str
    period: str
    stage: str


@dataclass(frozen=True)
class Line:
    """A line of a form: its row, its item, and whether it is a part of the line above."""

    row: int
    item: str
    below: bool


@dataclass(frozen=True)
class Head:
    """What stands above the table of a form."""

    region: str
    programme: str
    period: str
    stage: str
    unit: str
    top: int  # the row of the header


def is_form(cells: pd.DataFrame) -> bool:
    """Whether a sheet is laid out as an official form: a title or form number, and a column of items."""
    rows = [[plain(c) for c in row] for row in cells.head(12).itertuples(index=False)]
    text = " ".join(c for row in rows for c in row)
    return any(HEADS.intersection(row) for row in rows) and bool(_NUMBER.search(text) or _TITLE.search(text))


def repeats(cells: pd.DataFrame) -> bool:
    """Whether a form says that its figures stand in the table ``history`` of the same workbook."""
    return any(REPEATS in str(c) for row in cells.tail(3).itertuples(index=False) for c in row)


def with_forms(
    tables: Mapping[str, RawTable], sheets: Sequence[tuple[str, str, pd.DataFrame]], found: Collector
) -> dict[str, RawTable]:
    """The tables of a workbook with what its official forms say.

    Figures join ``history``, notes ``statements``; without a table ``regions`` the reporting
    units are the areas.
    """
    figures: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    said: dict[tuple[Any, ...], tuple[str, str, str]] = {}
    forms = []
    for name, file, cells in sheets:
        rows = [list(row) for row in cells.itertuples(index=False)]
        head = _head(rows, name, file, found)
        if head is not None:
            forms.append((rows, head, name, file))
    for rows, head, name, file in sorted(forms, key=lambda f: f[1].programme == PRINTED_TOTAL):  # the forms of the funds first
        here = list(_figures(rows, head, name, file, found))
        figures += _not_said(here, head, said)
        periods = {str(f["period"]) for f in here if f["stage"] == head.stage} or {head.period}
        notes += [{"region": head.region, "programme": head.programme, "period": p, "text": text, "row": row}
                  for row, text in _notes(rows, head) for p in sorted(periods)]  # fmt: skip
    out = dict(tables)
    if figures:
        out["history"] = _joined(out.get("history"), "history", figures, sheets[0][1])
    if notes:
        out["statements"] = _joined(out.get("statements"), "statements", notes, sheets[0][1])
    if figures and "regions" not in out:
        areas = dict.fromkeys(str(f["region"]) for f in figures)
        there = [{"region": a, "name": a, "parent": "", "level": "county", "row": n} for n, a in enumerate(areas, start=1)]
        out["regions"] = _joined(None, "regions", there, sheets[0][1])
    return out


def _not_said(
    rows: list[dict[str, Any]], head: Head, said: dict[tuple[Any, ...], tuple[str, str, str]]
) -> Iterator[dict[str, Any]]:
    """The figures that no form of another fund, period or stage says alike: the budget stands on each form of its year."""
    mark = (head.programme, head.period, head.stage)
    for row in rows:
        read = read_cell(row["value"])
        value = f"{read.value:.9g}" if read.state == "number" else str(row["value"])
        told = (*(row[k] for k in ("region", "programme", "item", "period", "stage", "unit")), value)
        if said.setdefault(told, mark) == mark:  # the same form twice is for the checks to tell
            yield row


def _joined(table: RawTable | None, name: str, rows: list[dict[str, Any]], file: str) -> RawTable:
    """Rows as a raw table, behind those the table has already."""
    frame = pd.DataFrame(rows, dtype=object)
    numbers = frame.pop("row").to_numpy(dtype=np.int64)
    if table is None:
        return RawTable(name, file, frame, numbers)
    both = pd.concat([table.frame, frame], ignore_index=True).astype(object)
    filled = both.where(both.notna(), "")
    return RawTable(name, table.file, filled, np.concatenate([table.row_numbers, numbers]), table.letters, table.ragged)


def _head(rows: Cells, name: str, file: str, found: Collector) -> Head | None:
    """Title, number, unit and reporting unit; what is lacking is an error with its mend."""
    top = next((i for i, row in enumerate(rows) if HEADS.intersection(map(plain, row))), 0)
    above = [plain(c) for row in rows[:top] for c in row if plain(c)]
    text = " ".join(above)
    number, title = _NUMBER.search(text), next((t for t in above if _TITLE.search(t)), name)
    year = re.search(r"[12]\d{3}年|[一二][○〇零一二三四五六七八九]{3}年", title) or re.search(r"[12]\d{3}年", text)
    units = [u.group(1) for t in above for u in [_UNIT.search(_REPORTER.sub("", t))] if u]
    fund = _fund_of(number, title)
    reporter = next((m.group(1) for t in above for m in [_REPORTER.search(t)] if m and m.group(1)), "")
    region = _OFFICES.sub("", reporter) or _area_in(title, fund)
    stage = "executed" if "执行" in title else "final" if "决算" in title else "budget"
    wanted = {
        "year": (year, "the year in the title"), "unit": (units, "a unit line, such as 单位:万元"),
        "programme": (fund, "the fund in the title, or the form number"), "region": (region, "the reporting unit (编报单位)"),
    }  # fmt: skip
    lacking = {k: what for k, (value, what) in wanted.items() if not value}
    for column, what in lacking.items():
        found.add("form_head", "error", f"{file}: the head of the form lacks {what}", table="history", column=column,
                  expected=what, mend="add it above the table")  # fmt: skip
    if (by_number := _fund_of(number, "")) and (by_title := _fund_named(title)) and by_number != by_title:
        found.add("fund_conflict", "error", f"{file}: the title of the form and its number name two funds", table="history",
                  column="programme", found=f"{by_title} and {by_number}", expected="one fund",
                  mend="correct the title or the number")  # fmt: skip
        return None
    if len(set(units)) > 1:
        found.add("unit_conflict", "error", f"{file}: the head of the form names two units", table="history", column="unit",
                  found=" and ".join(dict.fromkeys(units)), expected="one unit", mend="keep the right one")  # fmt: skip
        return None
    if lacking or year is None:
        return None
    period = read_period(year.group()) or ""
    last = _last_month(title)
    if last and "执行" in title:
        period = f"{period}-{last:02d}"
    return Head(region, fund, period, stage, units[0], top)


def _last_month(title: str) -> int:
    """The last month a form of execution covers; 0 where its title names none."""
    month = re.search(r"(\d{1,2})月", title)
    if month and 1 <= int(month.group(1)) <= 12:
        return int(month.group(1))
    quarter = re.search(r"([一二三四])季度", title)
    return 3 * ("一二三四".index(quarter.group(1)) + 1) if quarter else 6 if "半年" in title else 0


def _fund_of(number: re.Match[str] | None, title: str) -> str:
    """The fund a form is of; ``all`` for the table over all funds."""
    if number is not None and not number.group(2):
        forms = _FINAL_FORMS if number.group(1) == "决" else _BUDGET_FORMS
        if number.group(3) in forms:
            return forms[number.group(3)]
        if number.group(3) == ("02" if number.group(1) == "决" else "01"):
            return PRINTED_TOTAL
    return _fund_named(title) or (PRINTED_TOTAL if "总表" in title else "")


def _fund_named(text: str) -> str:
    """The fund whose longest name stands in a text."""
    known = {w: code for w, code in words({}).items() if not w.isascii()}
    inside = [w for w in known if w in text]
    return known[max(inside, key=len)] if inside else ""


def _area_in(title: str, fund: str) -> str:
    """The area between year and fund of a title: 2016年内蒙古自治区企业职工…."""
    after = re.sub(r"^.*?年(?:度)?", "", title)
    names = [w for w, code in words({}).items() if code == fund and not w.isascii() and w in after] or ["社会保险基金"]
    place = min((after.find(n) for n in names if n in after), default=0)
    return after[: max(place, 0)]


def _columns(rows: Cells, head: Head, start: int, end: int, first: int) -> list[Column]:
    """The columns of figures of one side, by their header rows."""
    out = []
    whole = [_spread(rows[r], start, end) for r in range(head.top, first)]
    for index in range(start + 1, end):
        word = "".join(dict.fromkeys(row[index - start] for row in whole))
        if not word or any(mark in word for mark in _NOT_AMOUNTS):
            continue
        fund = _fund_named(word) if head.programme == PRINTED_TOTAL else ""
        stage = next((code for mark, code in _STAGES if mark in word), "")
        if not stage and not fund:
            continue
        out.append(Column(index, fund or head.programme, _period(word, head, stage or head.stage), stage or head.stage))
    return out


def _spread(row: Sequence[Any], start: int, end: int) -> list[str]:
    """Header words of a side; a merged word stands over every column it spans."""
    out, last = [], ""
    for index in range(start, end):
        last = plain(row[index]) or last
        out.append(last)
    return out


def _period(word: str, head: Head, stage: str) -> str:
    """The period of a column: the year it names, else that of the form, or the one before."""
    year, _, month = head.period.partition("-")
    named = re.search(r"([12]\d{3})年", word)
    told = int(named.group(1)) if named else int(year) - ("上年" in word or "去年" in word)
    in_months = month and stage == "executed" and "全年" not in word
    return f"{told}-{month}" if in_months else str(told)


def _figures(rows: Cells, head: Head, name: str, file: str, found: Collector) -> Iterator[dict[str, Any]]:
    """Every figure of a form."""
    top = [plain(c) for c in rows[head.top]]
    starts = [i for i, word in enumerate(top) if word in HEADS]
    first = _first_row(rows, head.top, starts)
    totals: Totals = {}
    for start, end in zip(starts, [*starts[1:], len(top)], strict=True):
        lines = list(_items(rows, first, start, file, found))
        for column in _columns(rows, head, start, end, first):
            yield from _one_column(rows, head, name, column, lines, totals)
    _both_sides(totals, head.region, found)


def _one_column(
    rows: Cells, head: Head, name: str, column: Column, lines: Sequence[Line], totals: Totals
) -> Iterator[dict[str, Any]]:
    """The figures of one column: lines of one item are one figure, and parts that make up their line are read too."""
    main: dict[str, dict[str, Any]] = {}
    parts: dict[str, dict[str, Any]] = {}
    for line in lines:
        cell = rows[line.row][column.index]
        read = read_cell(cell)
        if read.state == "missing" or (line.below and read.state != "number"):
            continue  # × and —: nothing applies
        at = f"{name}!{letters_of(column.index)}{line.row + 1}"
        if line.item == "two_sided_total":
            if read.state == "number":
                totals.setdefault((column.programme, column.period, column.stage), []).append((read.value, at))
            continue
        side = parts if line.below else main
        known = side.get(line.item)
        if known is not None and read.state == "number" and read_cell(known["value"]).state == "number":
            known["value"] = float(read_cell(known["value"]).value) + read.value
            known["source"] += f" + {at}"
            continue
        side[line.item] = {
            "region": head.region, "programme": column.programme, "item": line.item, "period": column.period, "value": cell,
            "unit": head.unit, "stage": column.stage, "source": at, "row": line.row + 1,
        }  # fmt: skip
    yield from main.values()
    yield from _benefits(main, parts)


def _benefits(main: Mapping[str, dict[str, Any]], parts: Mapping[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Parts of the benefits where they make them up; their sum where the form has no line for it.

    Parts that are only "of which" stay inside their line.
    """
    whole = main.get("benefit_expenditure")
    if whole is not None:
        total, step = read_cell(whole["value"]), 0.5 * (len(parts) + 1)
        if parts and total.state == "number" and abs(_total(parts.values()) - total.value) <= step:
            yield from parts.values()
        return
    lines = [main[i] for i in items.BENEFIT_LINES if i in main]
    if lines and all(read_cell(r["value"]).state == "number" for r in lines):
        told = " + ".join(str(r["source"]) for r in lines)
        yield lines[0] | {"item": "benefit_expenditure", "value": _total(lines), "source": f"sum of {told}"}


def _total(rows: Iterable[Mapping[str, Any]]) -> float:
    return float(sum(read_cell(r["value"]).value for r in rows))


def _first_row(rows: Cells, top: int, starts: Sequence[int]) -> int:
    """The first row of figures: below the header rows, and below a row that only numbers the columns."""
    row = top + 1
    while row < len(rows):
        labels = [plain(rows[row][s]) for s in starts]
        if any(label and label not in ("栏次", *HEADS) and not label.isdigit() for label in labels):
            break
        row += 1
    return row


def _items(rows: Cells, first: int, start: int, file: str, found: Collector) -> Iterator[Line]:
    """The lines of a side; parts of a line, told by 其中 or a lower numbering, only where they are benefits."""
    labels = [(row, str(rows[row][start] or ""), plain(rows[row][start])) for row in range(first, len(rows))]
    end = next((n for n, (_, _, label) in enumerate(labels) if is_note(label)), len(labels))
    labels = [(r, raw, label) for r, raw, label in labels[:end] if label not in ("", "×", "—") and not is_section(label, rows[r])]
    highest = min((level for *_, label in labels if (level := level_of(label)) is not None), default=None)
    within: int | None = None  # the indent of a 其中 line whose parts go on
    for row, raw, label in labels:
        indent, level = len(raw) - len(raw.lstrip()), level_of(label)
        if label.startswith("其中"):
            within = indent
        elif within is not None and (indent < within or not indent or level == highest is not None):
            within = None
        below = within is not None or (level is not None and level != highest)
        part = items.words().get(bare(label).lower(), "") if below else ""  # 医疗待遇支出 below 待遇支出
        item = part if part in items.BENEFIT_LINES else item_of(bare(label))
        if below and item not in items.BENEFIT_LINES:
            continue
        if item:
            yield Line(row, item, below)
        else:
            found.add("unknown_item", "error", f"{file}: a line that is no item{items.did_you_mean(label, items.words())}",
                      table="history", row=row + 1, column="item", found=label,
                      mend="use the name of the official form, or write 其中 before a part of another line")  # fmt: skip


def _notes(rows: Cells, head: Head) -> Iterator[tuple[int, str]]:
    """What stands below the table in words."""
    below = False
    for row in range(head.top + 1, len(rows)):
        texts = [str(c).strip() for c in rows[row] if plain(c)]
        below = below or bool(texts and is_note(plain(texts[0])))
        if below and texts:
            yield row + 1, " ".join(texts)


def _both_sides(totals: Totals, region: str, found: Collector) -> None:
    """总计 of the two sides is one figure (I4), within one step of the last digit shown."""
    for (programme, period, _), sides in totals.items():
        values = [v for v, _ in sides]
        places = max(len(f"{round(v, 2):.2f}".rstrip("0").partition(".")[2]) for v in values)
        if max(values) - min(values) > 1.001 * 10.0**-places:
            told = [f"{value:,.2f} ({at})" for value, at in sides]
            found.add("I4_total", "error", "总计 of the two sides differ", table="history", column="value", region=region,
                      programme=programme, period=period, expected=told[0], found=told[1],
                      mend="correct the totals: revenue + opening is expenditure + closing")  # fmt: skip
