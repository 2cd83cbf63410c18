"""A plain workbook of results: a cover, wide tables people read, long tables machines read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE, UNITS
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
    "expected": ("expected", "应为"), "found": ("found", "实为"), "message": ("message", "说明"), "mend": ("mend", "改法"),
}  # fmt: skip
_STAGES = {
    "final": "决算", "executed": "执行", "expected": "预计执行", "budget": "预算", "adjusted": "调整预算",
    "reported": "上报", "draft": "草案",
}  # fmt: skip
_STAGE_ORDER = ("final", "executed", "budget", "adjusted", "expected", "reported", "draft")
_TIDY = ("region", "programme", "item", "period", "stage", "value", "method")
#: Columns of sentences in tables that people read, and their width.
_SENTENCES = {"draft_method": 46, "message": 48, "mend": 48, "reason": 40, "evidence": 40}
#: Rows of a bill that must not be overlooked: nobody pays them yet, or no list of the rules has them.
_MARKED = {"treat": ("pending", "unlisted")}
#: More year-and-stage columns than this are a history, not a draft: no wide sheet.
_WIDEST = 12
_PROVENANCE = {
    "input": ("data set", "数据集"), "input_hash": ("fingerprint of the data", "数据指纹"),
    "version": ("sibforecast version", "sibforecast 版本"), "currency": ("currency", "币种"),
    "asof": ("known until", "数据截至"), "year": ("budget year", "预算年度"), "seed": ("seed", "随机种子"),
    "illustrative": ("illustrative data", "示例数据"), "scenarios": ("scenarios", "情景"),
    "created": ("created", "生成时间"),
}  # fmt: skip


def workbook(results: Any, path: str | Path, *, language: str | None = None) -> Path:
    """Write results as a plain workbook.

    The first sheet says what the figures are, where they come from and in which units. A
    draft has a wide sheet with the year's columns side by side, its balance table, its
    findings and the long table; any other result its long table. Codes stand beside names,
    values are in base units and unrounded.

    Parameters
    ----------
    results : Result, pandas.DataFrame, mapping or list of these
        What to write; the keys of a mapping name the sheets.
    path : str or Path
        The ``.xlsx`` file.
    language : {"zh", "en"}, optional
        By default Chinese if the results know Chinese names, else English.

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
    named = _named(results)
    if not named:
        raise SibError("no result to write")
    if language not in (None, "zh", "en"):
        raise SibError(f"unknown language {language!r}; expected 'zh' or 'en'")
    speech = language or ("zh" if any(map(_speaks_chinese, named.values())) else "en")
    names: dict[str, str] = {}
    for result in reversed(named.values()):
        names |= _labels(result, speech)
    note = _word("illustrative", speech) if any(_provenance(r).get("illustrative") for r in named.values()) else ""
    sheets: dict[str, Any] = {_word("about", speech): Sheet.of(((_word("subject", speech), _word("text", speech)), []))}
    for name, result in named.items():
        for title, table in _sheets_of(name, result, names, speech).items():
            sheets[_unused(title, sheets)] = _shown(table, speech, note)
    about = [list(column) for column in zip(*_about(named, list(sheets)[1:], speech), strict=True)]
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


def _named(results: Any) -> dict[str, Any]:
    """Results by name; a list or a single one is named by its kind."""
    if isinstance(results, Mapping):
        return {str(name): result for name, result in results.items()}
    listed: Iterable[Any] = results if isinstance(results, list | tuple) else [results]
    named: dict[str, Any] = {}
    for result in listed:
        kind = "table" if hasattr(result, "groupby") else type(result).__name__
        named[_unused(kind, named)] = result
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


def _provenance(result: Any) -> Mapping[str, Any]:
    known = getattr(result, "provenance", None)
    known = getattr(result, "attrs", {}).get("provenance") if known is None else known
    return known if isinstance(known, Mapping) else {}


def _speaks_chinese(result: Any) -> bool:
    return any("一" <= c <= "鿿" for name in _labels(result, "zh").values() for c in name)


def _sheets_of(name: str, result: Any, names: Mapping[str, str], language: str) -> dict[str, pd.DataFrame]:
    """The tables of one result, by the title of their sheet."""
    frame = _frame(result)
    money = _currency(result)
    tables: dict[str, pd.DataFrame] = {}
    wide = _wide(frame, names)
    if wide is not None:
        tables[name] = _names_first(_with_names(wide, names, language, money))
    balance = getattr(result, "balance", None)
    if balance is not None and hasattr(balance, "groupby"):
        tables[f"{name} {_word('balance', language)}"] = _names_first(_with_names(balance, names, language, money))
    findings = getattr(result, "findings", None)
    if findings is not None and len(_frame(findings)):
        tables[f"{name} {_word('findings', language)}"] = _frame(findings)
    if wide is None:
        tables[name] = _with_names(frame, names, language, money)
    else:  # the long table beside a wide one is for machines: codes alone
        tables[f"{name} {_word('long', language)}"] = frame
    return tables


def _currency(result: Any) -> str:
    return str(_provenance(result).get("currency", "yuan"))


def _wide(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame | None:
    """Rows of area, fund and item, with the years and stages side by side; None if it is no draft."""
    import pandas as pd

    if not set(_TIDY) <= set(frame.columns) or frame.empty:
        return None
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
    return table


def _names_first(table: pd.DataFrame) -> pd.DataFrame:
    """Names in front, their codes at the far right: what is read and printed comes first."""
    codes = [c for c in ("region", "programme", "item") if c in table.columns]
    return table[[*(c for c in table.columns if c not in codes), *codes]]


def _item_label(code: Any, language: str) -> str | None:
    return CATALOGUE[code].label(language) if code in CATALOGUE else None


def _unit(code: Any, language: str, currency: str) -> str | None:
    if code not in CATALOGUE:
        return None
    text = UNITS[CATALOGUE[code].unit][language == "zh"]
    return text if currency == "yuan" else text.replace("yuan", currency).replace("元", currency)


def _shown(table: pd.DataFrame, language: str, note: str) -> Sheet:
    """The table as a sheet with headings in the language."""
    plain = Sheet.of(table)
    header = []
    for column in plain.columns:
        period, _, stage = column.partition(" ")
        known = stage in _STAGES and language == "zh"
        header.append(f"{period} {stage} {_STAGES[stage]}" if known else _word(column, language))
    names_first = list(plain.columns[:2]) == ["region_name", "programme_name"]
    hidden = sum(c in ("region", "programme", "item") for c in plain.columns) if names_first else 0
    return Sheet(
        plain.columns, plain.data, header, note, frozen=2 + ("item_name" in plain.columns) if names_first else 0,
        printed=len(plain.columns) - hidden if hidden else None,
        wrapped={c: w for c, w in _SENTENCES.items() if c in plain.columns},
        marked={c: words for c, words in _MARKED.items() if c in plain.columns},
    )  # fmt: skip


def _about(named: Mapping[str, Any], titles: list[str], language: str) -> list[tuple[str, str]]:
    """What the cover says: contents, marks, units, origin and versions."""
    from importlib.metadata import version

    zh = language == "zh"
    rows: list[tuple[str, str]] = []
    if any(_provenance(r).get("illustrative") for r in named.values()):
        rows.append((("示例数据" if zh else "Illustrative data"), "示例数据，不是真实数据 illustrative data, not real"))
    for name, result in named.items():
        headline = getattr(result, "headline", None)
        said = headline() if callable(headline) else f"{len(_frame(result)):,} {'行' if zh else 'rows'}"
        rows.append((name, said))
        notices = getattr(result, "notices", None)
        rows += [(f"{name} !", told) for told in (notices() if callable(notices) else [])]
    rows.append(("工作表" if zh else "sheets", "、".join(titles) if zh else ", ".join(titles)))
    money = sorted({_currency(r) for r in named.values()})
    coin = "、".join("元" if m == "yuan" else m for m in money) if zh else ", ".join(money)
    units = (
        f"金额：{coin}，未四舍五入；人数：人；比例：%；可支付月数：个月。空白表示没有数据，不是零。收支缺口为正数表示收不抵支。"
        if zh
        else f"amounts in {coin}, unrounded; persons; shares in %; months. Blank is not known, never zero. "
        "A positive gap is a deficit."
    )
    rows.append(("单位" if zh else "units", units))
    told: dict[tuple[str, str], str] = {}
    for name, result in named.items():
        for key, value in _provenance(result).items():
            if value in (None, "", [], ()) or key == "illustrative":
                continue
            label = _PROVENANCE[key][zh] if key in _PROVENANCE else str(key)
            told.setdefault((label, str(value)), name)
    several: dict[str, int] = {}
    for label, _ in told:
        several[label] = several.get(label, 0) + 1
    rows += [(label if several[label] == 1 else f"{label} ({name})", value) for (label, value), name in told.items()]
    rows.append(("pandas", version("pandas")))
    rows.append(("xlsxwriter", version("xlsxwriter")))
    return rows
