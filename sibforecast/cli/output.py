"""Writing results into a folder: whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sibforecast.analysis.rollup import roll_up
from sibforecast.projection.draft import BudgetDraft
from sibforecast.tables.data import FundData


def write_csv(frame: Any, path: Path) -> None:
    """A table as CSV that spreadsheets open with their Chinese intact."""
    frame.to_csv(path, index=False, encoding="utf-8-sig")


def upper_levels(data: FundData) -> list[str]:
    """The levels above the lowest areas, lowest first."""
    from sibforecast.tables.schema import LEVELS

    there = {area.level for area in data.regions.areas.values()}
    return [level for level in reversed(LEVELS) if level in there]


def write_draft(draft: BudgetDraft, folder: Path, results: dict[str, Any]) -> None:
    """Tables of a draft and what was learnt from it, and one workbook of them all."""
    from sibforecast.report import workbook

    write_csv(draft.frame, folder / "draft.csv")
    write_csv(draft.balance, folder / "balance.csv")
    write_csv(draft.findings.frame, folder / "findings.csv")
    sheets: dict[str, Any] = {}
    levels = upper_levels(draft.source)
    if len(levels) > 1:
        for level in reversed(levels[1:]):  # the whole first, its parts after it
            rolled = roll_up(draft, level)
            write_csv(rolled.frame, folder / f"draft_{level}.csv")
            sheets[f"draft {level}"] = rolled
    else:
        sheets["draft"] = draft
    for name, result in results.items():
        write_csv(result.frame, folder / f"{name}.csv")
        sheets[name] = result
    if "scenario" in results:  # what each change did to its item, for whoever checks it
        write_csv(results["scenario"].audit, folder / "audit.csv")
    workbook(sheets, folder / "draft.xlsx", language=None if draft.source.currency == "yuan" else "en")


def write_charts(draft: BudgetDraft, folder: Path, results: dict[str, Any], programme: str) -> list[str]:
    """Fan of the fund's spending, and, where there are causes and a bill, waterfall and sharing."""
    import matplotlib.figure as mf

    from sibforecast import plots

    drawn = []
    words: dict[str, Any] = {"language": None if draft.source.currency == "yuan" else "en"}

    def save(name: str, draw: Any) -> None:
        figure = mf.Figure(figsize=(12, 6.75), layout="constrained")
        draw(figure.add_subplot())
        figure.savefig(folder / f"{name}.png", dpi=130)
        drawn.append(f"{name}.png")

    shown = largest_series(draft, programme)
    if shown is None:  # neither lines nor drivers: nothing to draw
        return drawn
    region, item = shown
    save("fan", lambda ax: plots.fan(draft.forecast, region=region, programme=programme, item=item,
                                     history=draft.source, ax=ax, **words))  # fmt: skip
    if "causes" in results:
        save("waterfall", lambda ax: plots.waterfall(results["causes"], programme=programme, ax=ax, **words))
    if "sharing" in results:
        save("sharing", lambda ax: plots.sharing(results["sharing"], programme=programme, ax=ax, **words))
    return drawn


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
