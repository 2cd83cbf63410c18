"""Which sheets a workbook of a draft has, and what they are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sibforecast.finding import finding_line
from sibforecast.phrases import Teller
from sibforecast.report.account import Account, whole
from sibforecast.report.basics import BASES, balance_form, base_form, parameter_form
from sibforecast.report.entry import SHEETS, data_sheets, list_sheet, policy_sheet
from sibforecast.report.grid import Grid
from sibforecast.report.official import FORMS, Words, fund_form, total_form
from sibforecast.report.summaries import adjustment_form, bill_form, cause_form, scenario_form
from sibforecast.sheets import Sheet

_BASE_NAMES = {"01": ("pensions", "养老"), "02": ("medical", "医疗"), "03": ("injury, unemployment", "失业工伤")}
_SUMMARIES: tuple[tuple[Callable[..., Grid | None], tuple[str, str]], ...] = (
    (scenario_form, ("Scenarios compared", "情景对比")), (cause_form, ("Causes in sum", "成因汇总")),
    (bill_form, ("Bill in sum", "分担汇总")), (adjustment_form, ("Adjustment", "预算调整表")),
)  # fmt: skip


def official_sheets(
    named: Mapping[str, Any], names: Mapping[str, str], language: str, note: str
) -> tuple[dict[str, Any], str]:
    """Forms, annexes, parameters, balance and summaries; and the area the forms are of.

    Without a draft of a data set, or where its areas make up no area of the tree, there are none.
    """
    zh = language == "zh"
    sheets: dict[str, Any] = {}
    account: Account | None = None
    draft = top = None
    for draft in named.values():
        top = whole(draft)
        account = Account.of(top, language, draft) if top is not None else None
        if account is not None:
            break
    if account is None or top is None or draft is None:
        return {}, ""
    teller = Teller(language, names)
    words = Words(account, zh, bool(note), teller)
    yuan = account.currency == "yuan"
    sheets[words("社预01 总表", "Form 01 Total" if yuan else "Total table")] = total_form(words)
    for fund, (name, _) in account.funds.items():
        number, short = FORMS.get(fund, ("", ""))
        title = words(f"社预{number} {short}" if number else name, f"Form {number} {fund.replace('_', ' ')}" if number else name)
        sheets[title if len(title) <= 31 else fund] = fund_form(words, fund)
    for number in BASES:
        base = base_form(words, number)
        if base is not None:
            en, in_zh = _BASE_NAMES[number]
            told = (f"社预附{number} {in_zh}", f"Annex {number} {en}") if yuan else (f"基础资料 {in_zh}", f"Base data {en}")
            title = words(*told)
            sheets[title] = base
    sheets[words("收入参数表", "Revenue parameters")] = parameter_form(words, True)
    sheets[words("支出参数表", "Expenditure parameters")] = parameter_form(words, False)
    sheets[words("基金平衡表", "Balance and filling")] = balance_form(words, top.balance)
    for make, titles in _SUMMARIES:
        for name, result in named.items():
            made = scenario_form(result, teller, note, top) if make is scenario_form else make(result, teller, note)
            if made is not None:
                title = titles[zh]
                sheets[title if title not in sheets else f"{title} {name}"] = made
    for grid in sheets.values():
        grid.note = note
    before = set(draft.findings.lines())
    pairs = zip(top.findings.lines(), top.findings.records(), strict=True)
    added = [finding_line(row, teller) for line, row in pairs if line not in before]
    if added:  # what adding the areas up brought to light
        head = words("加总各地区时的检查结果", "found when the areas were added up")
        sheets[words("加总检查", "Adding up")] = Sheet(["message"], [added], [head], note, wrapped={"message": 120})
    return sheets, account.region


def reading_sheets(named: Mapping[str, Any], language: str, note: str) -> dict[str, Any]:
    """Measures to enter, and the tables that are read back: those of the first draft."""
    draft = next(r for r in named.values() if getattr(r, "year", None) and hasattr(r, "balance"))
    tables = data_sheets(draft, language, note)
    tables["policies"] = policy_sheet(draft.source, language, note)
    tables["lists"] = list_sheet(draft.source, language)
    order = ("policies", "regions", "programmes", "history", "lists")
    return {SHEETS[t][language == "zh"]: tables[t] for t in order}
