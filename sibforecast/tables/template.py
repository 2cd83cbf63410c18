"""A workbook to fill in: the tables of the contract, with lists to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.programmes import registry
from sibforecast.programmes.programme import Programme
from sibforecast.tables.data import FundData
from sibforecast.tables.guide import (
    DRIVERS,
    LEAST,
    LINES,
    MONEY_UNITS,
    OTHER_UNITS,
    RATE_UNITS,
    SHEETS_ZH,
    SIDES_ZH,
    TABLES_IN_WORDS,
    TIMINGS_ZH,
    UNITS_IN_WORDS,
    column_in_words,
)  # fmt: skip
from sibforecast.tables.load import load
from sibforecast.tables.others import MAY_BE_BLANK
from sibforecast.tables.panel import annual_rows, leaves
from sibforecast.tables.samples import SAMPLES, sample
from sibforecast.tables.schema import EVENT_WORDS, HEADERS, LEVEL_WORDS, LEVELS, STAGE_WORDS, STAGES, TABLES
from sibforecast.writing import written_whole

#: The mark of a figure that is not there yet; to be overwritten.
NOT_AVAILABLE = "—"
#: Cells for numbers; every other column is text, so that 011 stays 011.
_NUMBERS = {
    "value", "balance", "rate", "term_months", "amount", "set", "add", "multiply", "floor", "cap", "before_value",
}  # fmt: skip
#: Which list of the words sheet a column chooses from; `kind` of a deposit is free.
_CHOICES = {
    **{(t, "programme"): "programme" for t in (
        "history", "pooling", "assumptions", "policies", "deposits", "events", "audits", "ledgers")},
    **{(t, "item"): "item" for t in ("history", "assumptions", "policies", "events", "ledgers")},
    ("history", "stage"): "stage", ("regions", "level"): "level", ("pooling", "level"): "level",
    ("programmes", "kind"): "kind", ("events", "kind"): "event",
    **{(t, "unit"): "unit" for t in ("history", "assumptions", "policies")},
    **{(t, "unit"): "money" for t in ("deposits", "audits", "ledgers")},
}  # fmt: skip
_LAST_ROW = 1_048_575
#: The unit proposed for an item, by its base unit: English, Chinese.
_UNITS = {
    "currency": ("{0}", "{0}"), "currency/person-month": ("{0}/month", "{0}/月"), "currency/person-year": ("{0}/year", "{0}/年"),
    "currency/case": ("{0}", "{0}"), "persons": ("persons", "人"), "person-months": ("person-months", "人月"),
    "share": ("%", "%"), "per person-year": ("per person-year", "次/人年"), "months": ("months", "个月"),
}  # fmt: skip
_LANGUAGES = ("en", "zh")
#: Chinese headings where the first word that is understood is not the best.
_HEADINGS = {"period": "期间", "author": "测算人", "amount": "金额"}
_EXAMPLES = (
    ("150100", "enterprise_pension", "contributors", "2025", "120000", "人", "final"),
    ("150100", "enterprise_pension", "collection_rate", "2025", "96", "%", "final"),
    ("150100", "enterprise_pension", "contribution_revenue", "2026-06", "93500.25", "万元", "executed"),
)


def template(path: str | Path, like: FundData | str | Path | None = None, *, language: str = "en") -> Path:
    """Write a workbook to fill in.

    One sheet a table (the table ``history`` is the sheet ``figures``, in Chinese 历史数据), text
    columns kept as text, lists to choose funds, items, stages, levels and units from, and a
    sheet ``words`` (in Chinese 说明) that explains every column and lists the items
    with unit, side, timing and labels. The lists only offer: whatever else `load` understands
    may be typed, and no spreadsheet warns of it.

    Parameters
    ----------
    path : path
        Where to write it; an ``.xlsx`` file.
    like : FundData, sample name or path, optional
        A data set whose areas are filled in, with a row for every item that an area
        reported in the last two years of a fund, for the year after the data. Each value is ``—`` (not available), to be
        overwritten: a cell left blank would be an error.
    language : {"en", "zh"}
        ``en`` offers codes and names sheets and columns with them, ``zh`` is Chinese: sheets,
        headings, and the names to choose from. Both are read alike.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SibError
        If `path` is no ``.xlsx`` file, or the language is neither.
    DataError
        If `like` has errors.

    Examples
    --------
    >>> import tempfile
    >>> import sibforecast as sib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = sib.template(f"{folder}/next_year.xlsx", like="oasdi")
    ...     found = sib.check(file)
    >>> found.ok, found.count("warning")
    (True, 0)
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise SibError(f"{target.name} is no workbook; give a path that ends in .xlsx")
    if target.exists():
        raise SibError(f"{target.name} exists and may be filled in; give another name, or remove it first")
    if language not in _LANGUAGES:
        raise SibError(f"unknown language {language!r}; expected one of {', '.join(_LANGUAGES)}")
    data = _data(like)
    with written_whole(target) as temporary:
        _write(temporary, data, language)
    return target


def _data(like: FundData | str | Path | None) -> FundData | None:
    """The data set to be like: itself, a sample by name, or read from a path."""
    if like is None or isinstance(like, FundData):
        return like
    return load(sample(like) if isinstance(like, str) and like in SAMPLES else like)


def _write(path: Path, data: FundData | None, language: str) -> None:
    import xlsxwriter

    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    try:
        looks = {
            "head": book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1, "num_format": "@"}),
            "text": book.add_format({"num_format": "@"}),
            "section": book.add_format({"bold": True, "font_size": 12, "num_format": "@"}),
            "number": book.add_format({"num_format": "#,##0.00##", "align": "right"}),
            "open": book.add_format({"bg_color": "#FFF4D6"}),
        }
        words = _Words(data, language)
        sheet = book.add_worksheet(words.own_sheet)
        words.write(sheet, looks)
        rows = {"regions": _regions(data, language), "programmes": _programmes(data), "history": _history(data, language)}
        for table in TABLES_IN_WORDS:
            _sheet(book.add_worksheet(words.sheet(table)), table, rows.get(table, ()), words, looks)
        book.get_worksheet_by_name(words.sheet("history")).activate()
    finally:
        book.close()


def _sheet(sheet: Any, table: str, rows: Sequence[tuple[str, ...]], words: _Words, looks: dict[str, Any]) -> None:
    """One table: header, formats, lists, and the rows known beforehand."""
    columns = (*TABLES[table].required, *TABLES[table].optional)
    columns += ("source",) if "source" not in columns else ()
    for index, column in enumerate(columns):
        look = looks["number"] if column in _NUMBERS else looks["text"]
        sheet.set_column(index, index, max(12, min(28, len(column) + 8)), look)
        sheet.write_string(0, index, words.heading(column), looks["head"])
        en, zh = column_in_words(table, column)
        sheet.write_comment(0, index, f"{en}\n{zh}")
        choice = _CHOICES.get((table, column))
        if choice:
            offered = {"validate": "list", "source": words.ranges[choice], "show_error": False}  # offers; forbids nothing
            sheet.data_validation(1, index, _LAST_ROW, index, offered)
    for number, row in enumerate(rows, start=1):
        for index, cell in enumerate(row):
            if cell:
                sheet.write_string(number, index, cell, looks["number" if columns[index] in _NUMBERS else "text"])
    if rows and "value" in columns:  # what is still open stands out until it is filled in
        value = columns.index("value")
        sheet.conditional_format(1, value, len(rows), value, {
            "type": "cell", "criteria": "==", "value": f'"{NOT_AVAILABLE}"', "format": looks["open"],
        })  # fmt: skip
    sheet.freeze_panes(1, 0)


def _regions(data: FundData | None, language: str) -> list[tuple[str, ...]]:
    areas = data.regions.areas.values() if data is not None else ()
    level = {s: LEVEL_WORDS[s][0] if language == "zh" else s for s in LEVELS}
    return [(a.code, a.name, a.parent, level[a.level], a.name_en, a.econ_tier) for a in areas]


def _programmes(data: FundData | None) -> list[tuple[str, ...]]:
    """Funds beyond the seven, which the history cannot be read without."""
    funds = data.programmes.values() if data is not None else ()
    return [(p.code, p.kind, p.name_zh, p.name_en, _holds(p)) for p in funds if p.code not in registry.SEVEN]


def _holds(programme: Programme) -> str:
    """The cell ``includes`` of a fund."""
    if programme.kind != registry.TOTALS or programme.includes is None:
        return ""
    return ", ".join(programme.includes) or registry.NO_OTHER


def _history(data: FundData | None, language: str) -> list[tuple[str, ...]]:
    """A row for every item that an area's fund reported of late, for the year after the last one."""
    if data is None:
        return []
    rows = annual_rows(data, ("final",))
    rows = rows[rows["programme"].isin(list(data.programmes)) & rows["item"].isin(_main_items())]
    if rows.empty:
        return []
    years = rows["period"].astype(str).astype(int)
    late = years >= years.groupby(rows["programme"], observed=True).transform("max") - 1
    rows, following = rows[late], str(years.max() + 1)
    out: list[tuple[str, ...]] = []
    zh = language == "zh"
    for programme in data.programmes:
        fund = rows[rows["programme"] == programme]
        name = data.programmes[programme].name_zh if zh else programme
        reported = fund.groupby("region", observed=True)["item"].agg(set)
        for area in leaves(data, [str(a) for a in reported.index]):
            out.extend(
                (area, name, entry.zh if zh else item, following, NOT_AVAILABLE, _unit_word(item, data.currency, zh),
                 STAGE_WORDS["final"][0] if zh else "final")
                for item, entry in items.CATALOGUE.items() if item in reported[area]
            )  # fmt: skip
    return out


def _main_items() -> list[str]:
    """Items people report; results are computed."""
    return [code for code, item in items.CATALOGUE.items() if item.side != "result"]


def _unit_word(item: str, currency: str, zh: bool) -> str:
    """The unit proposed for an item: base units, shares in per cent."""
    return _UNITS[items.CATALOGUE[item].unit][zh and currency == "yuan"].format("元" if zh and currency == "yuan" else currency)


def _money(data: FundData | None, zh: bool) -> list[str]:
    """Units of money to choose from, in the data set's currency."""
    currency = data.currency if data is not None else "yuan"
    return list(MONEY_UNITS[zh]) if currency == "yuan" else [currency, f"{currency} m", f"{currency} bn"]


def _all_units(data: FundData | None, zh: bool) -> list[str]:
    """Units to choose from: money, money per month and year, heads, shares."""
    currency = data.currency if data is not None else "yuan"
    rates = RATE_UNITS[zh] if currency == "yuan" else (f"{currency}/month", f"{currency}/year")
    return [*_money(data, zh), *rates, *OTHER_UNITS[zh]]


@dataclass
class _Words:
    """The sheet that explains: sections below one another, lists for the other sheets to choose from."""

    data: FundData | None
    language: str
    ranges: dict[str, str] = field(default_factory=dict)

    @property
    def own_sheet(self) -> str:
        """The sheet of the words."""
        return "说明" if self.language == "zh" else "words"

    def sheet(self, table: str) -> str:
        """The sheet of a table; Excel keeps the name ``history`` for itself."""
        return SHEETS_ZH[table] if self.language == "zh" else "figures" if table == "history" else table

    def heading(self, column: str) -> str:
        """What heads a column."""
        return _HEADINGS.get(column) or HEADERS[column][0] if self.language == "zh" else column

    def write(self, sheet: Any, looks: dict[str, Any]) -> None:
        """Write all sections and remember where each list stands."""
        row = 0
        for title, name, header, rows in self._sections():
            sheet.write_string(row, 0, title, looks["section"])
            for index, word in enumerate(header):
                sheet.write_string(row + 1, index, word, looks["head"])
            first = row + 2
            for number, cells in enumerate(rows, start=first):
                for index, cell in enumerate(cells):
                    sheet.write_string(number, index, cell, looks["text"])
            if name:
                column = "B" if self.language == "zh" and header[1:2] == ("中文",) else "A"
                self.ranges[name] = f"={self.own_sheet}!${column}${first + 1}:${column}${first + len(rows)}"
            row = first + len(rows) + 1
        sheet.set_column(0, 1, 26, looks["text"])
        sheet.set_column(2, 6, 34, looks["text"])

    def _sections(self) -> Iterator[tuple[str, str, tuple[str, ...], list[tuple[str, ...]]]]:
        """Title, name of the list (if other sheets choose from it), header and rows."""
        yield ("Tables 表", "", ("table 表", "what it holds", "内容"),
               [(self.sheet(t), en, zh) for t, (en, zh) in TABLES_IN_WORDS.items()])
        yield ("Columns 列", "", ("table 表", "column 列", "needed 必填", "also understood 中文表头", "what it holds", "内容"),
               list(self._column_rows()))
        zh = self.language == "zh"
        funds = {**registry.SEVEN, **(self.data.programmes if self.data is not None else {})}
        yield ("Funds 险种", "programme", ("programme 险种", "中文", "English", "kind 类别"),
               [(p.code, p.name_zh, p.name_en, p.kind) for p in funds.values()])
        yield ("What a fund needs 各险种所需项目（其余项目可不填）", "",
               ("programme 险种", "at least 至少", "to tell lines apart 分项", "for formulas and scenarios 按公式测算和情景分析"),
               [(p.name_zh, *("、".join(items.CATALOGUE[i].zh for i in part) for part in (LEAST, LINES, DRIVERS.get(p.kind, ()))))
                for p in funds.values()])
        yield ("Items 项目", "item",
               ("item 项目", "中文", "English", "unit 单位", "written as 可填单位", "side 类别", "timing 时点"),
               [(i.code, i.zh, i.en, items.UNITS[i.unit][1], UNITS_IN_WORDS[i.unit],
                 SIDES_ZH[i.side] if zh else i.side, TIMINGS_ZH[i.timing] if zh else i.timing)
                for i in items.CATALOGUE.values()])
        yield ("Stages 阶段", "stage", ("stage 阶段", "中文", "also understood 其他写法"),
               [(s, STAGE_WORDS[s][0], "、".join(STAGE_WORDS[s][1:])) for s in STAGES])
        yield ("Levels 层级", "level", ("level 层级", "中文", "also understood 其他写法"),
               [(s, LEVEL_WORDS[s][0], "、".join(LEVEL_WORDS[s][1:])) for s in LEVELS])
        yield ("Kinds of events 事件类别", "event", ("kind 类别", "中文", "also understood 其他写法"),
               [(k, many[0], "、".join(many[1:])) for k, many in EVENT_WORDS.items()])
        yield ("Units of money 金额单位", "money", ("unit 单位",), [(u,) for u in _money(self.data, zh)])
        yield ("Units 单位（项目的单位见上）", "unit", ("unit 单位",), [(u,) for u in _all_units(self.data, zh)])
        yield ("Kinds of funds 险种类别", "kind", ("kind 类别", "for example 例"),
               [(k, "、".join(p.name_zh for p in registry.SEVEN.values() if p.kind == k)) for k in registry.KINDS])
        yield ("Example rows of figures 填写示例（仅供参考，不读取）", "",
               tuple(map(self.heading, (*TABLES["history"].required, "stage"))),
               [_example(row) for row in _EXAMPLES] if zh else list(_EXAMPLES))

    def _column_rows(self) -> Iterator[tuple[str, ...]]:
        """One row for each column of each table."""
        for table in TABLES_IN_WORDS:
            schema = TABLES[table]
            columns = (*schema.required, *schema.optional)
            for column in columns if "source" in columns else (*columns, "source"):
                blank = column in MAY_BE_BLANK.get(table, ()) or (table, column) == ("regions", "parent")
                needed = "column yes, cell may be blank 列须有，可留空" if blank else "yes 是"
                needed = needed if column in schema.required else ""
                yield (self.sheet(table), column, needed, "、".join(HEADERS.get(column, ())), *column_in_words(table, column))


def _example(row: tuple[str, ...]) -> tuple[str, ...]:
    """An example row in Chinese names."""
    region, fund, item, period, value, unit, stage = row
    return (region, registry.SEVEN[fund].name_zh, items.CATALOGUE[item].zh, period, value, unit, STAGE_WORDS[stage][0])
