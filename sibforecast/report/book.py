"""The workbook of results: a cover, official forms, tables people read, tables that are read back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE, UNITS, cause_name
from sibforecast.phrases import Teller
from sibforecast.report.contents import official_sheets, reading_sheets
from sibforecast.report.cover import cover, currency_of, provenance_of
from sibforecast.report.final_account import account_sheets
from sibforecast.report.known import as_known
from sibforecast.sheets import Sheet, write_sheets

if TYPE_CHECKING:
    import pandas as pd

#: Words of the workbook: English, Chinese.
_WORDS: dict[str, tuple[str, str]] = {
    "about": ("About", "说明"), "long": ("long", "明细"), "balance": ("balance", "平衡表"),
    "findings": ("findings", "检查结果"), "subject": ("subject", "事项"), "text": ("content", "内容"),
    "illustrative": ("Illustrative data", "示例数据"),
    "region": ("region", "地区代码"), "region_name": ("area", "地区"), "programme": ("programme", "险种代码"),
    "programme_name": ("fund", "险种"), "item": ("item", "项目代码"), "item_name": ("line", "项目"),
    "unit": ("unit", "单位"), "period": ("period", "期间"), "stage": ("stage", "阶段"), "value": ("value", "数值"),
    "method": ("method", "方法"), "draft_method": ("method of the draft", "草案方法"), "scenario": ("scenario", "情景"),
    "opening_balance": ("opening balance", "上年结余"), "gap": ("gap before filling", "收支缺口"),
    "own_balance": ("met by own balance", "动用结余"), "gap_subsidy": ("gap-filling subsidy", "缺口补助"),
    "gap_grant": ("gap-filling grant", "缺口上级补助"), "open": ("left open", "未弥补缺口"),
    "closing_balance": ("closing balance", "年末滚存结余"), "months_payable": ("months payable", "可支付月数"),
    "quantile": ("quantile", "分位数"), "cause": ("cause", "原因"), "payer": ("payer", "承担方"),
    "kind": ("kind", "类别"), "side": ("side", "收支方向"), "decided_by": ("decided by", "决定层级"),
    "class": ("class", "分类"), "treat": ("treatment", "处理"), "ratio": ("ratio", "比例"),
    "clause": ("clause", "条款"), "reason": ("reason", "理由"), "evidence": ("evidence", "依据"),
    "severity": ("severity", "级别"), "table": ("table", "表"), "row": ("row", "行"), "column": ("column", "列"),
    "before": ("before", "原预算"), "after": ("after", "调整后"), "difference": ("difference", "增减额"),
    "share": ("share", "增减比例"), "status": ("status", "状态"), "ground": ("ground", "依据事项"),
    "proposer": ("proposer", "提出部门"), "after_low": ("after, low", "调整后下限"), "after_high": ("after, high", "调整后上限"),
    "line": ("line", "收支项目"), "known_at_budget": ("known at budget", "预算时已知"),
    "expected": ("expected", "应为"), "found": ("found", "实为"), "message": ("message", "说明"), "mend": ("mend", "改法"),
}  # fmt: skip
_STAGES = {
    "final": "决算", "executed": "执行", "expected": "预计执行", "budget": "预算", "adjusted": "调整预算",
    "reported": "上报", "draft": "草案",
}  # fmt: skip
_STAGE_ORDER = ("final", "executed", "budget", "adjusted", "expected", "reported", "draft")
_TIDY = ("region", "programme", "item", "period", "stage", "value", "method")
#: Columns whose sentences and words are told in the reader's language; those of findings, by their id.
_TOLD = ("method", "draft_method", "reason", "severity", "kind", "side", "stage", "decided_by", "payer", "treat", "status",
         "cause", "line", "plan", "account", "indicator", "group", "rate_status", "proposer", "table", "column",
         "because", "source", "formula", "origin")  # fmt: skip
_FOUND = ("message", "mend", "expected", "found")
#: Columns whose words above are meant only beside another column: elsewhere their name has another meaning.
_HEADED = {"expected": "found", "balance": "found", "share": "before"}
#: Columns of sentences in tables that people read, and their width.
_SENTENCES = {"draft_method": 46, "message": 48, "mend": 48, "reason": 40, "evidence": 40, "clause": 36, "scenario": 30}
#: Columns for the screen, not for paper, by the columns that tell of which table they are.
_ASIDE = {
    ("message", "mend"): {"id", "table", "row", "column", "unit"},
    ("cause", "line"): {"side", "evidence", "known_at_budget"},
    ("cause", "payer"): {"reason"},
}
_CODES = ("region", "programme", "item")
#: Letters of a scenario's title at the head of a printed page; Excel takes 255 in all.
_HEADER = 160
#: Rows that must not be overlooked: nobody pays them yet, no list of the rules has them, or their status calls.
_MARKED = {"treat": ("pending", "unlisted"), "status": ("red", "orange", "unmatched")}
#: More year-and-stage columns than this are a history, not a draft: no wide sheet.
_WIDEST = 12
#: Results by kind, as their sheets are named in English.
_KINDS = {
    "BudgetDraft": "draft",
    "Projection": "scenarios",
    "Attribution": "causes",
    "Sharing": "bill",
    "Adjustment": "adjustments",
    "Findings": "findings",
    "Review": "review",
    "Monitoring": "execution",
    "Settlement": "settlement",
    "Scorecard": "scorecard",
    "Simulation": "simulation",
    "Forecast": "forecast",
    "Backtest": "backtest",
    "Sensitivity": "sensitivity",
    "Explanation": "explanation",
    "Stress": "stress",
    "Splits": "splits",
    "Collection": "collection",
    "BenefitStock": "benefits",
    "Reserves": "reserves",
    "Ladder": "ladder",
    "LedgerMatch": "ledgers",
    "BudgetVersion": "version",
    "Policy": "law",
    "Assumptions": "assumptions",
    "FundData": "data",
    "table": "table",
}
#: Tables beside the frame of a result that stand on sheets of their own, and what these are called.
_BESIDE = {
    "funds": ("by fund", "按险种"), "yields": ("by area", "按地区"), "shortfalls": ("months short", "不足月份"),
    "local": ("local spending", "自定支出"), "totals": ("in sum", "汇总"),
}  # fmt: skip
#: Rows of a table by area that are printed; the others are for the screen.
_PRINTED = 120


def workbook(results: Any, path: str | Path, *, language: str | None = None) -> Path:
    """Write results as a workbook in the official layout.

    The cover says what the figures are, where they come from and in which units. A draft
    fills the official forms of the area its areas make up: the total table (社预01), a
    two-sided form for each fund (社预02–08), base data (社预附01–03; their columns are ours),
    parameters of revenue and expenditure, and the balance with its filling. Scenarios, causes
    and bills have a page each. A settlement fills the forms of the final account (社决02–11), or of
    the year's execution where there is no final account yet, a monitoring those of the year's
    execution to its month. Totals of forms are live formulas; where published lines do
    not make a total up, it stands as a figure. Tables by area follow, findings, and the
    sheets from which :func:`sibforecast.load` reads the same figures back, unrounded; the
    table of measures has empty rows to enter a scenario.

    Parameters
    ----------
    results : Result, pandas.DataFrame, mapping or list of these
        What to write; the keys of a mapping name the sheets. The first draft fills the forms.
    path : str or Path
        The ``.xlsx`` file.
    language : {"zh", "en"}, optional
        By default Chinese if the results know Chinese names and count in yuan, else English.

    Returns
    -------
    Path

    Raises
    ------
    SibError
        If there is nothing to write, something is neither a result nor a table, or the
        language is unknown.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> bill = pd.DataFrame({"region": ["150100"], "payer": ["league"], "value": [4e8]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(sib.report.workbook({"bill": bill}, f"{folder}/bill.xlsx").name)
    bill.xlsx
    """
    if language not in (None, "zh", "en"):
        raise SibError(f"unknown language {language!r}; expected 'zh' or 'en'")
    given = _listed(results)
    if not given:
        raise SibError("no result to write")
    for _, result in given:
        _frame(result)
    speech = language or ("zh" if any(speaks_chinese(r) for _, r in given) else "en")
    named = _named(given, speech)
    names: dict[str, str] = {}
    for result in reversed(named.values()):
        names |= _labels(result, speech)
    teller = Teller(speech, names)
    note = _word("illustrative", speech) if any(provenance_of(r).get("illustrative") for r in named.values()) else ""
    forms, whose = official_sheets(named, names, speech, note)
    sheets: dict[str, Any] = {_word("about", speech): Sheet.of(((_word("subject", speech), _word("text", speech)), []))}
    sheets |= forms | account_sheets(named, speech, note, repeated=bool(whose))
    for name, result in named.items():
        for title, table in _sheets_of(name, result, names, speech, bool(whose)).items():
            sheets[_unused(title, sheets)] = _shown(_told(table, teller), teller, note, bool(whose))
    if whose:
        sheets |= reading_sheets(named, speech, note)
    about = [list(column) for column in zip(*cover(named, list(sheets)[1:], teller, whose), strict=True)]
    head = (_word("subject", speech), _word("text", speech))
    sheets[_word("about", speech)] = Sheet(["key", "text"], about, head, note, wrapped={"text": 90})
    return write_sheets(path, sheets)


def _word(key: str, language: str) -> str:
    return _WORDS[key][language == "zh"] if key in _WORDS else key


def _unused(title: str, taken: Mapping[str, Any]) -> str:
    found, number = title, 1
    while found in taken:
        number += 1
        found = f"{title} {number}"
    return found


def _listed(results: Any) -> list[tuple[str, Any]]:
    """Results with the names they were given; blank where they were given none."""
    if isinstance(results, Mapping):
        return [(str(name), result) for name, result in results.items()]
    listed: Iterable[Any] = results if isinstance(results, list | tuple) else [results]
    return [("", result) for result in listed]


def _named(given: Iterable[tuple[str, Any]], language: str) -> dict[str, Any]:
    """Results by name; those without a name are named by their kind."""
    named: dict[str, Any] = {}
    for name, result in given:
        kind = "table" if hasattr(result, "groupby") else type(result).__name__
        told = Teller(language).kind(kind) if language == "zh" else _KINDS.get(kind, kind)
        named[name or _unused(told, named)] = result
    return named


def _frame(result: Any) -> pd.DataFrame:
    frame = result if hasattr(result, "groupby") else getattr(result, "frame", None)
    if frame is None or not hasattr(frame, "groupby"):
        raise SibError(f"a workbook takes results and tables; got {type(result).__name__}")
    table: pd.DataFrame = frame
    return table


def _labels(result: Any, language: str) -> dict[str, str]:
    tell = getattr(result, "labels", None)
    return dict(tell(language)) if callable(tell) else {}


def speaks_chinese(result: Any) -> bool:
    """Whether a result counts in yuan and knows Chinese names."""
    if currency_of(result) != "yuan":
        return False
    return any("一" <= c <= "鿿" for name in _labels(result, "zh").values() for c in name)


def _sheets_of(name: str, result: Any, names: Mapping[str, str], language: str, forms: bool) -> dict[str, pd.DataFrame]:
    """The tables of one result, by the title of their sheet."""
    frame = _frame(result)
    money = currency_of(result)
    tables: dict[str, pd.DataFrame] = {}
    wide = _wide(frame, names)
    if wide is not None:
        tables[name] = _names_first(_with_names(wide, names, language, money))
    balance = getattr(result, "balance", None)
    several = frame["region"].nunique() > 1 if "region" in frame else False
    if balance is not None and hasattr(balance, "groupby") and (several or not forms):
        tables[f"{name} {_word('balance', language)}"] = _names_first(_with_names(balance, names, language, money))
    for part, words in _BESIDE.items():
        beside: Any = getattr(result, part, None)
        if hasattr(beside, "groupby") and len(beside):
            tables[f"{name} {words[language == 'zh']}"] = _names_first(_with_names(beside, names, language, money))
    findings = getattr(result, "findings", None)
    if findings is not None and len(_frame(findings)):
        tables[f"{name} {_word('findings', language)}"] = _names_first(_with_names(_frame(findings), names, language, money))
    if wide is None:
        tables[name] = _names_first(_with_names(frame, names, language, money))
    elif not forms:  # the long table beside a wide one is for machines: codes alone
        tables[f"{name} {_word('long', language)}"] = frame
    return tables


def _wide(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame | None:
    """Rows of area, fund and item, with the years and stages side by side; None if it is no draft."""
    import pandas as pd

    if not set(_TIDY) <= set(frame.columns) or frame.empty:
        return None
    frame = as_known(frame)
    keys = ["region", "programme", *(["scenario"] if "scenario" in frame.columns else []), "item"]
    plain = frame[[*keys, "period", "stage", "value", "method"]].astype(dict.fromkeys([*keys, "period", "stage"], "object"))
    plain["scenario" if "scenario" in keys else "item"] = plain["scenario" if "scenario" in keys else "item"].fillna("")
    pairs = plain[["period", "stage"]].drop_duplicates()
    if len(pairs) > _WIDEST or plain.duplicated([*keys, "period", "stage"]).any():
        return None
    known = {s: i for i, s in enumerate(_STAGE_ORDER)}
    order = sorted(pairs.itertuples(index=False, name=None), key=lambda p: (p[0], known.get(p[1], len(known))))
    values = plain.set_index([*keys, "period", "stage"])["value"].unstack(["period", "stage"]).reindex(columns=order)
    values.columns = pd.Index([f"{period} {stage}" for period, stage in order])
    drafts = [p for p in order if p[1] in ("draft", "expected")] or order
    period, stage = drafts[-1]
    last = plain[(plain["period"] == period) & (plain["stage"] == stage)].set_index(keys)["method"]
    table = values.assign(draft_method=last).reset_index()
    return _in_order(table, frame, names)


def _in_order(table: pd.DataFrame, frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Areas as the tree lists them, funds as they come, items as the catalogue lists them."""
    def rank(codes: Iterable[Any]) -> dict[Any, int]:
        return {code: place for place, code in enumerate(codes)}

    areas = rank(dict.fromkeys([*names, *frame["region"].unique()]))
    funds = rank(frame["programme"].unique())
    lines = rank(dict.fromkeys([*CATALOGUE, *frame["item"].unique()]))
    places = {"region": areas, "programme": funds, "item": lines}
    by = ["region", "programme", *(["scenario"] if "scenario" in table.columns else []), "item"]
    return table.sort_values(
        by, key=lambda column: column.map(places[str(column.name)]) if column.name in places else column,
        kind="stable", ignore_index=True,
    )  # fmt: skip


def _with_names(frame: pd.DataFrame, names: Mapping[str, str], language: str, currency: str) -> pd.DataFrame:
    """The table with names beside its codes, and the unit beside its item."""
    table = frame.copy()
    for column in ("region", "programme", "item"):
        if column not in table.columns or f"{column}_name" in table.columns:
            continue
        codes = table[column].dropna().unique()
        shown = {c: names.get(c) or _item_label(c, language) for c in codes}
        place = int(list(table.columns).index(column)) + 1
        table.insert(place, f"{column}_name", table[column].astype("object").map(shown))
        if column == "item" and "unit" not in table.columns:
            units = {c: _unit(c, language, currency) for c in codes}
            table.insert(place + 1, "unit", table[column].astype("object").map(units))
        elif column == "item" and language == "zh":
            table["unit"] = [_unit_word(unit, language, currency) if unit in UNITS else unit for unit in table["unit"]]
    return table


def _names_first(table: pd.DataFrame) -> pd.DataFrame:
    """What is read and printed comes first, names in front; what is for the screen after it, codes at the far right."""
    codes = [c for c in _CODES if c in table.columns]
    aside = _aside(table) if codes else []
    return table[[*(c for c in table.columns if c not in codes and c not in aside), *aside, *codes]]


def _aside(table: pd.DataFrame) -> list[str]:
    """Columns that are not printed: blank ones, those of one value that the sheet is of, and the machine's view of a finding."""
    columns = set(table.columns)
    names = {"draft_method"} & columns
    for mark, more in _ASIDE.items():
        names |= more if set(mark) <= columns else set()
    if not names:  # not one of the long tables
        return []
    names |= {c for c in ("scenario", "item_name") if c in columns and table[c].nunique(dropna=False) == 1}
    names |= {"unit"} if "item_name" in names else set()
    names |= {c for c in columns - {"value"} if table[c].isna().all() or (table[c].astype("object") == "").all()}
    return [c for c in table.columns if c in names and c not in _CODES]


def _item_label(code: Any, language: str) -> str | None:
    return CATALOGUE[code].label(language) if code in CATALOGUE else None


def _unit(code: Any, language: str, currency: str) -> str | None:
    return _unit_word(CATALOGUE[code].unit, language, currency) if code in CATALOGUE else None


def _unit_word(unit: str, language: str, currency: str) -> str:
    text = UNITS[unit][language == "zh"]
    return text if currency == "yuan" else text.replace("yuan", currency).replace("元", currency)


def _told(table: pd.DataFrame, teller: Teller) -> pd.DataFrame:
    """The table with its sentences and words in the reader's language; numbers and codes of keys stay."""
    import pandas as pd

    told = table.copy()
    for column in ("cause", "change"):  # a change by its title, else by the words of its item
        if column in told.columns and "id" not in told.columns and not _is_number(told[column]):
            cells = [teller.names.get(c) or cause_name(c, teller.language) if isinstance(c, str) else c for c in told[column]]
            told[column] = pd.Series(cells, index=told.index, dtype="object")
    if teller.language != "zh":
        return told
    ids = told["id"].astype("object").tolist() if set(_FOUND) <= set(told.columns) and "id" in told.columns else None
    for column in told.columns:
        found = (*_FOUND, "cause") if ids is not None else ()
        if column in found or (column in _TOLD and not _is_number(told[column])):
            cells = teller.texts(told[column].astype("object"), ids if column in found else None)
            shown = [teller.word(c) if isinstance(c, str) and c.isascii() and " " not in c else c for c in cells]
            told[column] = pd.Series(shown, index=told.index, dtype="object")
    return told


def _is_number(column: pd.Series) -> bool:
    return str(column.dtype.kind) in "fiub"


def _shown(table: pd.DataFrame, teller: Teller, note: str, forms: bool) -> Sheet:
    """The table as a sheet with headings in the language."""
    plain, language = Sheet.of(table), teller.language
    header, closed = [], set(table.get("account", ())) in ({"final account"}, {"决算数"})
    for column in plain.columns:
        period, _, stage = column.partition(" ")
        known = stage in _STAGES and language == "zh"
        elsewhere = column in _HEADED and _HEADED[column] not in plain.columns
        plain_word = column if elsewhere else _word(column, language)
        if plain_word == column:
            plain_word = teller.heading("settled" if closed and language == "zh" and column == "executed" else column)
        header.append(f"{period}年{_STAGES[stage]}" if known else plain_word)
    named = any(f"{c}_name" in plain.columns for c in _CODES)
    hidden = sum(c in _CODES for c in plain.columns) + len(_aside(table)) if named else 0
    front = list(plain.columns[: len(plain.columns) - hidden])
    frozen = next((n for n, c in enumerate(front) if not c.endswith("_name")), 0)
    run = set(table["scenario"].dropna()) if named and "scenario" in table and "scenario" not in front else set()
    told = "\n".join([*([note] if note else []), *(str(r)[:_HEADER] for r in run)])
    return Sheet(
        plain.columns, plain.data, header, told, frozen=frozen,
        printed=len(front) if hidden else None,
        printed_rows=_PRINTED if forms and plain.rows > _PRINTED else None,
        wrapped={c: w for c, w in _SENTENCES.items() if c in plain.columns and (c != "scenario" or c in front)},
        marked={c: [teller.word(w) for w in words] for c, words in _MARKED.items() if c in plain.columns},
    )  # fmt: skip
