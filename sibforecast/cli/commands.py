"""What each command does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import reduce
from operator import add
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from sibforecast.analysis.attribution import COLUMNS, Attribution, attribute
from sibforecast.analysis.rules_file import read_rules
from sibforecast.analysis.sharing import share
from sibforecast.analysis.simulation import simulate as simulate_draft
from sibforecast.assumptions.scenario import Scenario
from sibforecast.assumptions.scenario_files import read_scenario
from sibforecast.cli import output
from sibforecast.cli.speech import findings_told, names_of, say, speaks, table_told, told, written
from sibforecast.errors import DataError, NoSuchFileError, ScenarioError, SibError
from sibforecast.forecasting.backtest import backtest as backtest_data
from sibforecast.forecasting.drivers import nowcast as nowcast_year
from sibforecast.oversight.review import review as review_data
from sibforecast.projection.draft import BudgetDraft, draft_budget
from sibforecast.projection.project import project
from sibforecast.results import Findings
from sibforecast.rollup.roll import roll_up
from sibforecast.tables.cells import read_cell
from sibforecast.tables.data import FundData
from sibforecast.tables.load import load
from sibforecast.tables.load import read as read_data
from sibforecast.tables.read import Collector, read_one
from sibforecast.tables.samples import SAMPLES, sample
from sibforecast.tables.schema import STAGES, Table
from sibforecast.writing import whole_folder

if TYPE_CHECKING:
    import pandas as pd

#: Bundled data sets the demo drafts: year, fund of the charts, scenario, sharing rules.
_DEMO = {
    "nmg": (2027, "enterprise_pension", "demo_nmg", "nmg_2016.toml"),
    "oasdi": (2006, "oasi", "payroll_tax", None),
    "china": (2022, "urban_employee_pension", None, None),
}
#: Columns of the terminal that a table of measures takes.
WIDE = 160
#: Columns of the tables that `share` reads.
_NEEDED = ("region", "programme", "value")
_CAUSES = Table("causes", _NEEDED, (*(c for c in COLUMNS if c not in _NEEDED), "title"))
_FIGURES = Table("figures", ("region", "item", "value"), ("programme", "period"))
_CONDITIONS = Table("conditions", ("region",), ("programme", "period", "remitted_on_time", "task_completed"))


def check(arguments: argparse.Namespace) -> int:
    """List everything found in a data set."""
    data, findings = read_data(_data_path(arguments.path))
    names = names_of(data, arguments) if data is not None else {}
    for line in findings_told(arguments, findings, names=names):
        print(line)
    say(arguments, findings.headline())
    stage = _stage_to_review(data) if data is not None and findings.ok else ""
    if stage:
        asked = f" --language {arguments.language}" if arguments.language else ""
        command = f"sibforecast review {quote(str(arguments.path))} --stage {stage}{asked}"
        say(arguments, f"next: {command}   (unit slips and implausible figures)")
    return 0 if findings.ok else 1


def _stage_to_review(data: FundData) -> str:
    """The stage whose years are worth a review: what was reported, else accounts, else what there is."""
    frame = data.frame
    there = set(frame.loc[~frame["period"].astype(str).str.contains("-"), "stage"].astype(str))
    return next((stage for stage in ("reported", *STAGES) if stage in there), "")


def template(arguments: argparse.Namespace) -> int:
    """Write a workbook to fill in."""
    from sibforecast.tables.template import template as write

    path = write(arguments.path, like=arguments.like, language=arguments.language or "en")
    say(arguments, f"written: {path}")
    return 0


def draft(arguments: argparse.Namespace) -> int:
    """Draft a budget; with a scenario its causes, with rules who carries the gap."""
    path = _data_path(arguments.path)
    with _progress(5, arguments) as step:
        step("rules and scenarios")
        rules = read_rules(arguments.rules) if arguments.rules else None
        packages = _packages(arguments)
        scenario = reduce(add, packages) if packages else None
        step("reading")
        data = load(path)
        step("drafting")
        made = draft_budget(data, arguments.year, asof=arguments.asof)
        step("scenario and sharing")
        results = _studies(made, scenario, rules, arguments)
        step("writing")
        if arguments.out is not None:
            output.write_made(made, arguments.out, results, arguments.language)
    parts = {"draft": made, **results}
    if arguments.json:
        parts = {name: written(arguments, part) for name, part in parts.items()}
    if arguments.json and results:
        print("{" + ", ".join(f'"{name}": {part.to_json()}' for name, part in parts.items()) + "}")
    elif arguments.json:
        print(parts["draft"].to_json())
    else:
        _tell(made, results, arguments)
        if arguments.out is not None:
            say(arguments, f"written: {arguments.out}")
    return 0


def _packages(arguments: argparse.Namespace) -> list[Scenario]:
    """The scenarios; where one is faulty its funds and areas are held against the data set too, so that all is told at once."""
    try:
        return [read_scenario(source) for source in arguments.scenario]
    except NoSuchFileError:
        raise
    except ScenarioError as fault:
        try:
            data = load(_data_path(arguments.path))
        except (SibError, OSError):  # told when the scenario is mended
            raise fault from None
        return [read_scenario(source, data) for source in arguments.scenario]


def nowcast(arguments: argparse.Namespace) -> int:
    """The outturn of the year under way."""
    with _progress(2, arguments) as step:
        step("reading")
        data = load(_data_path(arguments.path))
        step("nowcast")
        made = nowcast_year(data, arguments.asof)
        frame = made.frame
    shown = frame[frame["quantile"].isna() & frame["item"].isin(["total_revenue", "total_expenditure"])]
    print(made.shown(speaks(arguments)).splitlines()[0])
    table = shown.astype({"region": str, "programme": str, "item": str}).pivot_table(
        index=["region", "programme"], columns="item", values="value"
    )
    say(arguments, "100 million " + data.currency)
    print(table_told(arguments, (table / 1e8).round(2), names_of(data, arguments)))
    output.save(made, arguments)
    return 0


def backtest(arguments: argparse.Namespace) -> int:
    """Forecasts of the past beside what came."""
    with _progress(2, arguments) as step:
        step("reading")
        data = load(_data_path(arguments.path))
        step("forecasting the past")
        made = backtest_data(data, horizon=arguments.horizon, origins=arguments.origin)
    names = names_of(data, arguments)
    print(made.shown(speaks(arguments)).splitlines()[0])
    print(table_told(arguments, made.summary(), names, width=WIDE))
    print()
    say(arguments, "by fund, ours")
    ours = made.summary(("programme", "horizon", "method")).xs("sibforecast", level="method")
    print(table_told(arguments, ours, names, width=WIDE))
    output.save(made, arguments)
    return 0


def simulate(arguments: argparse.Namespace) -> int:
    """The draft over many draws: chances of gaps, and what to set aside."""
    import pandas as pd

    with _progress(3, arguments) as step:
        step("rules and scenarios")
        rules = read_rules(arguments.rules) if arguments.rules else None
        packages = _packages(arguments)
        step("reading and drafting")
        made = draft_budget(load(_data_path(arguments.path)), arguments.year, asof=arguments.asof)
        if made.assumptions is None:
            raise SibError("this draft carries no assumptions")
        step("simulating")
    scenario = reduce(add, packages) if packages else None
    found = simulate_draft(made.assumptions, scenario, draws=arguments.draws, seed=arguments.seed)
    if arguments.json:
        print(written(arguments, found).to_json())
    else:
        print(found.shown(speaks(arguments)))
    if rules is not None:
        bill = found.bill(rules)
        every = bill[bill["region"] == ""].astype({"payer": str})
        every = every.assign(quantile=every["quantile"].fillna(-1.0))
        wide = every.pivot_table(index="payer", columns="quantile", values="value")
        wide.columns = pd.Index(["mean" if q < 0 else f"{q:.1%}" for q in map(float, wide.columns)], name="quantile")
        stream = sys.stderr if arguments.json else sys.stdout
        say(arguments, f"who pays, all areas and funds together, 100 million {made.source.currency}", aside=arguments.json)
        print(table_told(arguments, (wide / 1e8).round(2), names_of(made, arguments)), file=stream)
    output.save(found, arguments)
    return 0


def review(arguments: argparse.Namespace) -> int:
    """Review what areas report: every error, and the warnings with most money at stake."""
    with _progress(2, arguments) as step:
        step("reading and reviewing")
        found = review_data(_data_path(arguments.path), arguments.stage)
        step("forecasting beside it")
        beside = found.recomputed() if arguments.recomputed is not None else None
    if arguments.json:
        print(written(arguments, found).to_json())
    else:
        names = names_of(found, arguments)
        for line in findings_told(arguments, found, "error", names):
            print(line)
        warnings = findings_told(arguments, found.by_money(), "warning", names)
        top = max(arguments.top, 0)
        for line in warnings[:top]:
            print(line)
        if len(warnings) > top:
            say(arguments, f"… and {len(warnings) - top} more warnings; --top or --out shows them")
        say(arguments, found.headline())
    output.save(found, arguments)
    if beside is not None:
        output.save_table(beside, arguments.recomputed, arguments, found.data)
    return 0 if found.ok else 1


def share_causes(arguments: argparse.Namespace) -> int:
    """Share a table of causes by rules."""
    table = _table(arguments.path, _CAUSES, arguments)
    beside = {_FIGURES: arguments.figures, _CONDITIONS: arguments.conditions}
    facts: dict[str, Any] = {schema.name: _table(path, schema, arguments) for schema, path in beside.items() if path is not None}
    rules = read_rules(arguments.rules)
    causes: Any = table
    if arguments.data is not None:
        causes = Attribution.of(table, load(_data_path(arguments.data)))
    made = share(causes, rules, **facts)
    print(made.shown(speaks(arguments)))
    for line in findings_told(arguments, made.findings, names=names_of(made, arguments)):
        print(line)
    output.save(made, arguments)
    return 0


def _table(path: Path, schema: Table, arguments: argparse.Namespace) -> pd.DataFrame:
    """A CSV table of texts, its ``value`` as amounts; rows are numbered as in the file."""
    if not path.is_file():
        raise SibError(f"there is no file {path}")
    found = Collector()
    raw = read_one(path, schema, found)
    if raw is None or found.errors:
        raise DataError(f"{path.name}: {found.errors} errors", Findings.of(found.rows))
    for line in findings_told(arguments, Findings.of(found.rows)):
        print(line, file=sys.stderr)
    table = raw.frame.set_axis(raw.row_numbers)
    if "value" in table:
        table["value"] = _amounts(table["value"], path)
    return table


def _amounts(cells: pd.Series, path: Path) -> list[float]:
    """Amounts of a column of texts; all that are none are told together."""
    found, out = Collector(), []
    for row, cell in zip(cells.index, cells, strict=True):
        read = read_cell(cell)
        good = read.state == "number" and not read.percent and read.family in ("", "currency")
        if not good:
            found.add("bad_value", "error", "not an amount; blank is not zero", table=path.name, row=row, column="value",
                      found=cell or "blank", expected="a number", mend="enter the amount")
        out.append(read.value * read.scale if good else float("nan"))
    if found.errors:
        raise DataError(f"{path.name}: {found.errors} rows have no amount", Findings.of(found.rows))
    return out


def demo(arguments: argparse.Namespace) -> int:
    """Draft the bundled data sets into a folder."""
    told: list[tuple[str, BudgetDraft, dict[str, Any]]] = []
    with _progress(2 * len(_DEMO), arguments) as step, whole_folder(arguments.out) as folder:
        for name, (year, fund, scenario, rules) in _DEMO.items():
            step(f"{name}: drafting")
            made = draft_budget(load(sample(name)), year)
            results = _studies(
                made, read_scenario(scenario) if scenario else None, read_rules(rules) if rules else None, arguments
            )
            step(f"{name}: writing")
            place = folder / name
            place.mkdir()
            output.write_draft(made, place, results, arguments.language)
            output.write_charts(made, place, results, fund, arguments.language)
            told.append((name, made, results))
    for name, made, results in told:
        print(f"\n== {name}")
        _tell(made, results, arguments)
    print()
    say(arguments, f"tables, workbooks, pages and charts are in {arguments.out}:")
    for file in sorted(Path(arguments.out).rglob("*")):
        if file.is_file():
            print(f"  {file.relative_to(arguments.out)}")
    return 0


def _data_path(path: Path) -> Path:
    """A data set on disk, or a bundled one by its name."""
    if not path.exists():
        if str(path) in SAMPLES:
            return sample(str(path))
        raise SibError(f"there is no file or folder {path}; bundled data sets: {', '.join(SAMPLES)}")
    return path


def _studies(
    made: BudgetDraft, scenario: Scenario | None, rules: Any, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Scenario, causes and bill beside the draft."""
    out: dict[str, Any] = {}
    causes: Any = made
    if scenario is not None:
        if made.assumptions is None:
            raise SibError("this draft carries no assumptions")
        reform = project(made.assumptions, scenario)
        for line in findings_told(arguments, reform.findings, "warning", names_of(made, arguments)):
            print(line, file=sys.stderr)
        out["scenario"] = reform
        out["causes"] = causes = attribute(made, reform)
    if rules is not None:
        out["sharing"] = share(causes, rules)
    return out


def _tell(made: BudgetDraft, results: dict[str, Any], arguments: argparse.Namespace) -> None:
    """What a person wants to see first, on the terminal."""
    top, names = _top(made), names_of(made, arguments)
    print(top.shown(speaks(arguments)))
    if top is not made:
        say(arguments, "summed up over all areas; area by area in draft.csv")
    for line in _filled(top):
        say(arguments, line, names=names)
    if top.summary()["gap"].isna().any():
        say(arguments, "gap blank: what fills it is not told apart from the lines, or a line is not known; "
                       "findings.csv says which")
    for name in ("causes", "sharing"):
        if name in results:
            print()
            print(results[name].shown(speaks(arguments)))
    for line in findings_told(arguments, results["sharing"].findings, "warning", names)[:5] if "sharing" in results else ():
        print(line)
    warnings = findings_told(arguments, made.findings, "warning", names)
    for line in warnings[:5]:
        print(line)
    if len(warnings) > 5:
        say(arguments, f"… and {len(warnings) - 5} more warnings")


def _filled(top: BudgetDraft) -> Iterator[str]:
    """What fills each gap where that is known: revenue holds it already, so revenue − expenditure is not the gap."""
    table = top.balance.groupby("programme", observed=True)[["gap", "gap_subsidy", "gap_grant"]].sum(min_count=1) / 1e8
    for row in table.reset_index().to_dict("records"):
        parts = [f"{name} {row[name]:,.2f}" for name in ("gap_subsidy", "gap_grant") if abs(row[name]) >= 0.005]
        if parts and row["gap"] == row["gap"]:
            told = f"{row['programme']}: gap before filling {row['gap']:,.2f}, filled by {' and '.join(parts)}"
            yield f"{told}, which revenue holds"


def _top(made: BudgetDraft) -> BudgetDraft:
    data: FundData = made.source
    levels = output.upper_levels(data)
    return roll_up(made, levels[-1]) if len(levels) > 1 else made


@contextmanager
def _progress(steps: int, arguments: argparse.Namespace) -> Iterator[Callable[[str], None]]:
    """Steps shown on a terminal, in its language; nothing in a pipe."""
    from tqdm import tqdm

    with tqdm(total=steps, disable=None, leave=False, bar_format="{desc:24} {bar} {n_fmt}/{total_fmt}") as bar:

        def step(words: str) -> None:
            bar.set_description_str(told(arguments, words))
            bar.update()

        yield step
