"""Writing results into a folder: whole or not at all."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sibforecast.cli.speech import say, written
from sibforecast.items import CATALOGUE, cause_name
from sibforecast.phrases import Teller
from sibforecast.phrases.tables import told_sentences
from sibforecast.programmes.registry import counted
from sibforecast.projection.draft import BudgetDraft
from sibforecast.results import Result
from sibforecast.rollup.roll import roll_up
from sibforecast.sheets import write_sheets
from sibforecast.tables.data import FundData
from sibforecast.writing import whole_folder, written_whole

#: By how much each driver is moved for the chart of what moves the gap: one per cent.
SENSITIVITY_STEP = 0.01
#: Titles of sheets in Chinese.
_TITLES = {
    "draft": "草案", "scenario": "情景", "causes": "成因", "sharing": "分担", "nation": "全国", "region": "自治区",
    "league": "盟市", "county": "旗县",
}  # fmt: skip
#: More areas than these are no chart but a table.
MOST_AREAS = 20
#: More rows than these of the lowest areas stand in the tables alone: workbook and page would be slow to open.
MOST_ROWS = 10_000
#: Letters of the name of a sheet.
MOST_LETTERS = 31


def save(made: Result, arguments: argparse.Namespace, *, forms: bool = False) -> None:
    """Write a result in the form its file's ending asks for; said on the terminal, aside (stderr) where JSON is printed.

    With `forms` a workbook holds the official forms too.
    """
    path: Path | None = arguments.out
    if path is None:
        return
    form = path.suffix.lower()
    if form == ".xlsx" and (forms or arguments.language == "zh"):  # headings and names of a workbook are told by it
        from sibforecast.report import workbook

        workbook(made, path, language=arguments.language)
        say(arguments, f"written: {path}", aside=bool(getattr(arguments, "json", False)))
        return
    made = written(arguments, made)
    if form == ".xlsx":
        made.to_excel(path)
    elif form == ".json":
        made.to_json(path)
    else:
        with written_whole(path) as temporary:
            write_csv(made.frame, temporary)
    say(arguments, f"written: {path}", aside=bool(getattr(arguments, "json", False)))


@dataclass(frozen=True)
class _Beside:
    """A table beside a result, with the data set whose names it bears."""

    frame: Any
    data: FundData | None

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where its figures are from."""
        return self.data.provenance if self.data is not None else {}

    def labels(self, language: str = "zh") -> dict[str, str]:
        """Names of areas and funds."""
        return self.data.labels(language) if self.data is not None else {}


def save_table(table: Any, path: Path, arguments: argparse.Namespace, data: FundData | None = None) -> None:
    """Write a plain table as CSV or as a workbook, by the ending of its file; in Chinese where that is asked for."""
    if path.suffix.lower() == ".xlsx" and arguments.language == "zh":
        from sibforecast.report import workbook

        workbook({path.stem[:MOST_LETTERS]: _Beside(table, data)}, path, language="zh")
    elif path.suffix.lower() == ".xlsx":
        write_sheets(path, {path.stem[:MOST_LETTERS]: table})
    else:
        names = data.labels() if data is not None else {}
        with written_whole(path) as temporary:
            write_csv(told_sentences(table, Teller(arguments.language or "en", names)), temporary)
    say(arguments, f"written: {path}", aside=bool(arguments.json))


def write_csv(frame: Any, path: Path) -> None:
    """A table as CSV that spreadsheets open with their Chinese intact."""
    frame.to_csv(path, index=False, encoding="utf-8-sig")


def upper_levels(data: FundData) -> list[str]:
    """The levels above the lowest areas, lowest first."""
    from sibforecast.tables.schema import LEVELS

    there = {area.level for area in data.regions.areas.values()}
    return [level for level in reversed(LEVELS) if level in there]


def write_made(draft: BudgetDraft, target: Path, results: dict[str, Any], language: str | None) -> None:
    """Tables, workbook, page and charts of a draft and what was learnt from it, whole or not at all."""
    fund = _told_of(draft, results)
    with whole_folder(target) as folder:
        write_draft(draft, folder, results, language)
        write_charts(draft, folder, results, fund, language)


def _told_of(draft: BudgetDraft, results: dict[str, Any]) -> str:
    """The fund that the charts tell of: the one that causes move most, else the one that spends most, no total of others."""
    if "causes" in results:
        causes = results["causes"].frame
        moved = causes[causes["kind"] != "budget"].groupby("programme")["value"].agg(lambda v: v.abs().sum())
        if len(moved):
            return str(moved.idxmax())
    drafted = draft.frame[draft.frame["stage"] == "draft"]
    spending = drafted[drafted["item"] == "total_expenditure"]
    spent = (spending if len(spending) else drafted).groupby("programme", observed=True)["value"].sum()  # some spend nothing
    return str(spent[spent.index.isin(counted(list(spent.index), draft.source.programmes))].idxmax())


def write_draft(draft: BudgetDraft, folder: Path, results: dict[str, Any], language: str | None = None) -> None:
    """Tables of a draft and what was learnt from it, one workbook and one page of them all; a large draft's of the upper levels.

    Workbook and page are Chinese where the draft is, unless a language is given; the tables hold codes, and
    their sentences are English unless Chinese is asked for.
    """
    from sibforecast.report import page, workbook
    from sibforecast.report.book import speaks_chinese

    def tell(table: Any, findings: bool = False, titles: Mapping[str, str] | None = None) -> Any:
        """Sentences in the language asked for; codes and figures stay, causes with their titles beside them."""
        teller = Teller(language or "en", draft.labels() if language == "zh" else {})
        return _titled(told_sentences(table, teller, findings), teller.language, titles)

    write_csv(tell(draft.frame), folder / "draft.csv")
    write_csv(tell(draft.balance), folder / "balance.csv")
    write_csv(tell(_findings(draft, results), True), folder / "findings.csv")
    sheets: dict[str, Any] = {}
    levels, zh = upper_levels(draft.source), language == "zh" if language else speaks_chinese(draft)
    if len(levels) > 1:
        for level in reversed(levels[1:]):  # the whole first, its parts after it
            rolled = roll_up(draft, level)
            write_csv(tell(rolled.frame), folder / f"draft_{level}.csv")
            sheets[_title(f"draft {level}", zh)] = rolled
        if len(draft.frame) <= MOST_ROWS:
            sheets[_title(f"draft {levels[0]}", zh)] = draft
    else:
        sheets[_title("draft", zh)] = draft
    for name, result in results.items():
        write_csv(tell(result.frame, titles=getattr(result, "titles", None)), folder / f"{name}.csv")
        sheets[_title(name, zh)] = result
    if "scenario" in results:  # what each change did to its item, for whoever checks it
        write_csv(tell(results["scenario"].audit, titles=results["scenario"].titles), folder / "audit.csv")
    workbook(sheets, folder / "draft.xlsx", language="zh" if zh else "en")
    for name, result in results.items():
        sheets[_title(name, zh)] = roll_up(result, levels[1]) if len(levels) > 1 else result
    page(sheets, folder / "page.html", language=language)


def _titled(table: Any, language: str, titles: Mapping[str, str] | None) -> Any:
    """A table of causes or changes with the title of each at its end: the names stay, for rules and programs go by them."""
    column = next((name for name in ("cause", "change") if name in table.columns), None)
    if column is None:
        return table
    teller = Teller(language, dict(titles or {}))

    def told(cause: Any) -> Any:
        if not isinstance(cause, str) or language == "zh":
            return teller.word(cause) if isinstance(cause, str) else cause
        item = CATALOGUE.get(cause)
        return teller.names.get(cause) or (item.en if item is not None else cause_name(cause, "en"))

    return table.assign(title=[told(cause) for cause in table[column]])


def _findings(draft: BudgetDraft, results: dict[str, Any]) -> Any:
    """What was found in the draft, then what only its scenario adds: a change without effect, say."""
    import pandas as pd

    own = draft.findings.frame
    if "scenario" not in results or not len(added := results["scenario"].findings.frame):
        return own
    return pd.concat([own, added], ignore_index=True).drop_duplicates(ignore_index=True) if len(own) else added


def _title(name: str, zh: bool) -> str:
    """The title of a sheet in its language; words that are not known stay."""
    return " ".join(_TITLES.get(word, word) for word in name.split()) if zh else name


def write_charts(
    draft: BudgetDraft, folder: Path, results: dict[str, Any], programme: str, language: str | None = None
) -> list[str]:
    """What a reviewer asks for first, of one fund, as far as the data tell it.

    Fan, revenue and balance, the year in execution, what moves the gap; where there are several
    areas the heat table, months payable and the gap of each; waterfall, scenarios and sharing where
    there are causes, a scenario and a bill.
    """
    import matplotlib.figure as mf

    from sibforecast import plots

    drawn: list[str] = []
    words: dict[str, Any] = {"language": language or (None if draft.source.currency == "yuan" else "en")}

    def save(name: str, draw: Any) -> None:
        figure = mf.Figure(figsize=(12, 6.75), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(folder / f"{name}.png", dpi=130)
        drawn.append(f"{name}.png")

    shown = largest_series(draft, programme)
    if shown is None:  # neither lines nor drivers: nothing to draw
        return drawn
    region, item = shown
    save("fan", lambda ax: plots.fan(draft, region=region, programme=programme, item=item, ax=ax, **words))
    _draw_whole(draft, programme, save, words)
    _draw_areas(draft, programme, save, words)
    if "causes" in results:
        save("waterfall", lambda ax: plots.waterfall(results["causes"], programme=programme, ax=ax, **words))
    if "scenario" in results and _gaps_known(draft, results["scenario"]):
        save("scenarios", lambda ax: plots.scenarios(results["scenario"], baseline=draft, ax=ax, **words))
    if "sharing" in results:
        save("sharing", lambda ax: plots.sharing(results["sharing"], programme=programme, ax=ax, **words))
    return drawn


def _gaps_known(draft: BudgetDraft, scenario: Any) -> bool:
    """Whether every gap is known on both sides: else a sum would hide one."""
    both = [frame[(frame["item"] == "gap") & (frame["stage"] == "draft")] for frame in (draft.frame, scenario.frame)]
    same = [set(zip(rows["region"], rows["programme"], rows["period"], strict=True)) for rows in both]
    return bool(same[0]) and same[0] == same[1] and not any(rows["value"].isna().any() for rows in both)


def _draw_whole(draft: BudgetDraft, programme: str, save: Any, words: dict[str, Any]) -> None:
    """The fund in the highest area: years, months of the year, and what moves the gap."""
    from sibforecast import plots
    from sibforecast.analysis.sensitivity import sensitivity

    level = upper_levels(draft.source)[-1]
    top, data = roll_up(draft, level), roll_up(draft.source, level)
    region = _one_area(top, programme)
    frame = top.frame
    own = frame[(frame["programme"] == programme) & (frame["region"] == region)]
    there = set(own.loc[own["value"].notna(), "item"].astype(str))
    if region is not None and {"total_revenue", "total_expenditure"} <= there:
        save("balance", lambda ax: plots.balance(top, region=region, programme=programme, history=data, ax=ax, **words))
    months = data.frame[data.frame["period"].astype(str).str.contains("-") & (data.frame["stage"] == "executed")]
    known = set(months.loc[(months["programme"] == programme) & (months["region"] == region), "item"].astype(str))
    line = next((item for item in ("benefit_expenditure", "total_expenditure", "total_revenue") if item in known), None)
    if line is not None:
        save(
            "execution",
            lambda ax: plots.execution(data, region=region, programme=programme, item=line, expected=top, ax=ax, **words),
        )
    if draft.assumptions is not None:
        moved = sensitivity(draft.assumptions, by=SENSITIVITY_STEP)
        if (moved.frame["programme"] == programme).any():
            drivers = [
                item for item in moved.frame.loc[moved.frame["programme"] == programme, "item"].unique() if _is_cause(item)
            ]
            save("tornado", lambda ax: plots.tornado(moved, programme=programme, items=drivers or None, ax=ax, **words))


def _is_cause(item: str) -> bool:
    """Heads, levels and rates: amounts only follow from them."""
    entry = CATALOGUE[item]
    return entry.side in ("driver", "rate") and entry.unit != "currency"


def _one_area(draft: BudgetDraft, programme: str) -> str | None:
    """The area of a rolled-up draft that is not an own level of another; none where there are several."""
    rows = draft.frame[(draft.frame["programme"] == programme) & (draft.frame["stage"] == "draft")]
    regions = [str(r) for r in rows["region"].unique() if not draft.source.regions.is_own_level(str(r))]
    return regions[0] if len(regions) == 1 else None


def _draw_areas(draft: BudgetDraft, programme: str, save: Any, words: dict[str, Any]) -> None:
    """The areas of the highest level that has several beside each other."""
    from sibforecast import plots

    for level in reversed(upper_levels(draft.source)):
        areas = [code for code, area in draft.source.regions.areas.items() if area.level == level]
        regions = [code for code in areas if not draft.source.regions.is_own_level(code)]
        if 1 < len(regions) <= MOST_AREAS:
            break
    else:
        return
    rolled, data = roll_up(draft, level), roll_up(draft.source, level)
    frame = rolled.frame
    frame = frame[(frame["stage"] == "draft") & frame["value"].notna()]
    there = set(zip(frame["region"], frame["programme"], frame["item"], strict=True))
    regions = [r for r in regions if (r, programme, "total_expenditure") in there]
    if len(regions) < 2:
        return
    choice: dict[str, Any] = {"regions": regions, **words}
    if any((r, programme, "months_payable") in there for r in regions):
        save("heat", lambda ax: plots.heat(rolled, ax=ax, **choice))
        save("reserves", lambda ax: plots.reserves(rolled, programme=programme, history=data, ax=ax, **choice))
    save("multiples", lambda ax: plots.multiples(rolled, programme=programme, item="total_expenditure", history=data,
                                                 ax=ax, **choice))  # fmt: skip


def largest_series(draft: BudgetDraft, programme: str) -> tuple[str, str] | None:
    """The area that pays most benefits (else has most heads), and the driver that tells most about it."""
    frame = draft.frame
    rows = frame[(frame["stage"] == "draft") & (frame["programme"] == programme)]
    for item in ("benefit_expenditure", "total_expenditure", "beneficiaries", "insured", "insured_active"):
        largest = rows[(rows["item"] == item) & rows["value"].notna()].sort_values("value", ascending=False)
        if len(largest):
            break
    else:
        return None
    region = str(largest["region"].iloc[0])
    there = set(rows.loc[rows["region"] == region, "item"].astype(str))
    forecast = draft.forecast.frame if draft.forecast else rows
    known = set(forecast.loc[forecast["programme"] == programme, "item"].astype(str)) & there
    for item in ("beneficiaries", "contribution_base", "insured", "total_expenditure"):
        if item in known:
            return region, item
    return (region, min(known)) if known else None
