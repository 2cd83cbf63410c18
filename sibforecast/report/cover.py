"""The cover of a workbook: what the figures are, in which units, where they come from, how they print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sibforecast.phrases import Teller

_PROVENANCE = {
    "input": ("data set", "数据集"), "input_hash": ("fingerprint of the data", "数据指纹"),
    "version": ("sibforecast version", "sibforecast 版本"), "currency": ("currency", "币种"),
    "asof": ("known until", "数据截至"), "year": ("budget year", "预算年度"), "seed": ("seed", "随机种子"),
    "illustrative": ("illustrative data", "示例数据"), "scenarios": ("scenarios", "情景"),
    "created": ("created", "生成时间"), "method": ("method", "归因方法"), "rules": ("rules", "分担规则"),
    "reference": ("reference", "依据文件"), "scorecard": ("scorecard", "评分表"), "status": ("status", "状态"),
    "weights": ("weights", "权重依据"), "stage": ("stage", "阶段"), "scenario": ("scenario", "情景"),
    "draws": ("draws", "模拟次数"), "programme": ("fund", "险种"), "level": ("level", "保证程度"),
    "unit": ("level of areas", "地区层级"), "years": ("years", "年数"),
    "keep": ("today's term deposits kept", "保留现有定期存款"),
}  # fmt: skip


def currency_of(result: Any) -> str:
    """The currency of a result's amounts."""
    return str(provenance_of(result).get("currency", "yuan"))


def provenance_of(result: Any) -> Mapping[str, Any]:
    """Where a result or a table comes from; empty where it does not say."""
    known = getattr(result, "provenance", None)
    known = getattr(result, "attrs", {}).get("provenance") if known is None else known
    return known if isinstance(known, Mapping) else {}


def cover(named: Mapping[str, Any], titles: list[str], teller: Teller, forms_of: str) -> list[tuple[str, str]]:
    """What the cover says: contents, marks, units, origin and versions."""
    from importlib.metadata import version

    zh = teller.language == "zh"
    rows: list[tuple[str, str]] = []
    if any(provenance_of(r).get("illustrative") for r in named.values()):
        rows.append((("示例数据" if zh else "Illustrative data"), "示例数据，不是真实数据 illustrative data, not real"))
    for name, result in named.items():
        headline = getattr(result, "headline", None)
        rows.append((name, _in_sum(result) if zh or not callable(headline) else headline()))
        warned = getattr(result, "warned", None)
        rows += [(f"{name} !", told) for told in (warned(teller) if callable(warned) else [])]
    rows.append(("工作表" if zh else "sheets", "、".join(titles) if zh else ", ".join(titles)))
    money = sorted({currency_of(r) for r in named.values()})
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
        for key, value in provenance_of(result).items():
            if value in (None, "", [], ()) or key == "illustrative":
                continue
            label = _PROVENANCE[key][zh] if key in _PROVENANCE else str(key)
            shown = "、".join(map(str, value)) if zh and isinstance(value, list | tuple) else str(value)
            told.setdefault((label, _value(shown, teller)), name)
    several: dict[str, int] = {}
    for label, _ in told:
        several[label] = several.get(label, 0) + 1
    rows += [(label if several[label] == 1 else f"{label} ({name})", value) for (label, value), name in told.items()]
    rows += _how_to_read(forms_of, zh)
    rows.append(("pandas", version("pandas")))
    rows.append(("xlsxwriter", version("xlsxwriter")))
    return rows


def _value(shown: str, teller: Teller) -> str:
    """A word or a sentence of where results come from."""
    word = teller.word(shown)
    return teller.text(shown) if word == shown else word


def _in_sum(result: Any) -> str:
    """A table in a line of Chinese: its years, areas, rows and findings."""
    frame = result if hasattr(result, "groupby") else result.frame
    said = [f"{'、'.join(sorted(map(str, frame['period'].dropna().unique()))[-4:])}"] if "period" in frame and len(frame) else []
    said += [f"{frame['region'].nunique()}个地区"] if "region" in frame else []
    said.append(f"{len(frame):,}行")
    found = result if hasattr(result, "count") and hasattr(result, "lines") else getattr(result, "findings", None)
    if found is not None and len(found):
        kinds = (("error", "错误"), ("warning", "警告"), ("note", "提示"))
        said += [f"{word}{found.count(kind)}" for kind, word in kinds if found.count(kind)]
    return "，".join(said)


def _how_to_read(forms_of: str, zh: bool) -> list[tuple[str, str]]:
    """Forms, formulas, cells to fill in, and what is printed."""
    if not forms_of:
        return []
    if zh:
        return [
            ("报表", f"社预各表、附表、参数表和平衡表的编报单位为{forms_of}；各合计为公式，可重新计算。"),
            ("可填单元格", "黄底蓝字：政策调整表的空行，以及参数表中由人工录入的参数。其余为计算结果。"),
            ("打印", "A4横向，标题行每页重复。分地区表和数据表供屏幕查阅，打印区域只含前若干行。"),
            ("读回", "sib.load(本文件) 读地区、险种、数据和政策调整各表；删去数据表后，读社预各表。"),
        ]
    return [
        ("forms", f"forms, annexes, parameters and balance are those of {forms_of}; totals are live formulas"),
        ("cells to fill in", "yellow with blue letters: the empty rows of the sheet policies; parameters people entered"),
        ("printing", "A4 landscape, headings on every page; tables by area and the figures are for the screen: "
                     "only their first rows are in the print area"),
        ("read back", "sib.load(this file) reads the sheets regions, programmes, figures and policies"),
    ]  # fmt: skip
