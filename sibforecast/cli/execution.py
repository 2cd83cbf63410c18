"""Commands of the year in execution: monitor, adjust, settle, assess; collection, benefits, reserves, ladder, match."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from sibforecast.analysis.rules_file import read_rules
from sibforecast.cli import output
from sibforecast.cli.commands import WIDE, _data_path, _progress
from sibforecast.cli.speech import findings_told, names_of, say, speaks, table_told, written
from sibforecast.oversight.adjustment import adjust as adjust_budget
from sibforecast.oversight.assessment import assess as assess_areas
from sibforecast.oversight.benefit_stock import benefit_stock
from sibforecast.oversight.collection import collection as collection_of
from sibforecast.oversight.ladder import ladder as ladder_of
from sibforecast.oversight.ledgers import match_ledgers
from sibforecast.oversight.monitoring import Monitoring
from sibforecast.oversight.monitoring import monitor as monitor_year
from sibforecast.oversight.reserves import reserves as reserves_of
from sibforecast.oversight.scorecard_file import read_scorecard
from sibforecast.oversight.settlement import Settlement
from sibforecast.oversight.settlement import settle as settle_year
from sibforecast.projection.draft import draft_budget
from sibforecast.results import Findings, Result
from sibforecast.tables.data import FundData
from sibforecast.tables.load import load

#: Findings, and rows of a table beside the result, shown on the terminal; the rest is counted.
_SHOWN = 10


R = TypeVar("R", bound=Result)


def _from_data(arguments: argparse.Namespace, doing: str, compute: Callable[[FundData], R]) -> R:
    """What is computed of a data set, its progress told."""
    with _progress(2, arguments) as step:
        step("reading")
        data = load(_data_path(arguments.path))
        step(doing)
        return compute(data)


def monitor(arguments: argparse.Namespace) -> int:
    """Where each fund stands at the end of a month."""
    words = arguments.language or "en"
    made = _from_data(arguments, "monitoring", lambda data: monitor_year(data, arguments.asof, language=words))
    code = _tell(made, made.findings, arguments)
    if not arguments.json:
        rules = made.rules[["region", "programme", "rule", "months", "limit", "reason"]]
        if speaks(arguments) == "zh" and made.limits is not None:  # an English terminal shows codes
            rules = rules.assign(rule=list(map(partial(made.limits.title, language="zh"), rules["rule"], rules["programme"])))
        _table("what policy ties to the months payable", rules, made, arguments)
    return code


def adjust(arguments: argparse.Namespace) -> int:
    """Which lines of the budget need an adjustment, on which ground."""
    made = _from_data(arguments, "adjusting", lambda data: adjust_budget(data, arguments.asof))
    return _tell(made, made.findings, arguments)


def settle(arguments: argparse.Namespace) -> int:
    """The year's account against its budget, by cause; with rules who carries it, and what is still due."""
    with _progress(2, arguments) as step:
        step("reading")
        rules = read_rules(arguments.rules) if arguments.rules else None
        data = load(_data_path(arguments.path))
        step("settling")
        made = settle_year(data, arguments.year)
        shared = (made.bill(rules), made.classes(rules), made.true_up(rules)) if rules is not None else None
    code = _tell(made, made.findings, arguments)
    if arguments.json:
        return code
    missed = made.errors(forecast=False)
    _table("how far the year was missed: mean error of the areas, bias of their sum (share)", missed, made, arguments)
    if shared is not None:
        bill, classes, due = shared
        print(f"\n{bill.shown(speaks(arguments))}")
        classes = classes.assign(cause=classes["cause"].replace("", "the whole gap, not split by cause"))
        _table("causes by class of the rules", classes.drop(columns="treat"), made, arguments)
        meanings = [_meaning(*row) for row in due[["payer", "due", "difference"]].itertuples(index=False, name=None)]
        due = due.assign(**{"what it means": meanings})
        due = due.rename(columns={"due": "due_of_bill"}) if speaks(arguments) == "zh" else due
        _table(f"still to be paid, {data.currency}", due, made, arguments)
    return code


def _meaning(payer: str, due: float, difference: float) -> str:
    """What an amount of a bill asks of its payer, in words."""
    if payer == "fund":
        return "the fund keeps this surplus; nobody pays" if due < 0 else "carried by the fund's own balance"
    if payer == "pending":
        return "waits for a ruling"
    if difference == 0:
        return "paid in full"
    return "still to be paid" if difference > 0 else "to be paid back: more was advanced"


def assess(arguments: argparse.Namespace) -> int:
    """The scorecard of the areas; with rules what one more point is worth to each."""
    card = read_scorecard(arguments.scorecard)
    rules = read_rules(arguments.rules) if arguments.rules else None
    made = _from_data(arguments, "scoring", lambda data: assess_areas(data, arguments.year, scorecard=card))
    code = _tell(made, made.findings, arguments)
    if rules is not None and made.data is not None and not arguments.json:
        settled = settle_year(made.data, arguments.year)
        causes: Any = settled.causes
        told = f"settlement of {arguments.year}"
        if causes is None:  # no budget, so no gap of the year by cause: the budget drawn up after it
            causes, told = draft_budget(made.data, arguments.year + 1), f"draft of {arguments.year + 1}"
        worth = made.worth(causes, rules)
        _table(f"what one more point is worth, by the {told}", worth, made, arguments)
        if worth.empty:
            print()
            say(arguments, "what one more point is worth: no area has both a full score and a bill by these rules")
    return code


def collection(arguments: argparse.Namespace) -> int:
    """From what is due to what the fund receives, and the areas that collect less than their peers."""
    made = _from_data(
        arguments, "following contributions", lambda data: collection_of(data, arguments.year, stage=arguments.stage)
    )
    code = _tell(made, made.findings, arguments)
    if not arguments.json:
        _table("collect less than their peers, the dearest first", made.gaps, made, arguments)
    return code


def benefits(arguments: argparse.Namespace) -> int:
    """The people paid and what they are paid; spending without a ground in policy."""
    made = _from_data(arguments, "checking who is paid", lambda data: benefit_stock(data, arguments.year, stage=arguments.stage))
    code = _tell(made, made.findings, arguments)
    if not arguments.json:
        _table("spending by local decision, or without a ground", made.local, made, arguments)
    return code


def reserves(arguments: argparse.Namespace) -> int:
    """What the deposits of each fund earn in a year."""
    made = _from_data(arguments, "counting interest", lambda data: reserves_of(data, arguments.year))
    return _tell(made, made.findings, arguments)


def ladder(arguments: argparse.Namespace) -> int:
    """How one fund's balance is placed so that every month stays payable and the rest earns most."""
    with _progress(3, arguments) as step:
        step("reading")
        data = load(_data_path(arguments.path))
        step("drafting")
        base: Any = draft_budget(data, arguments.year) if arguments.year is not None else data
        step("simulating and placing")
        made = ladder_of(
            base, arguments.fund, level=arguments.level, draws=arguments.draws, seed=arguments.seed,
            unit=arguments.unit or output.upper_levels(data)[-1], keep=not arguments.afresh,
            rates=dict(arguments.rate) if arguments.rate else None,
        )  # fmt: skip
    code = _tell(made, None, arguments)
    if not arguments.json:
        _table("yield, and how often a month cannot be paid", made.yields.drop(columns=["programme"]), made, arguments)
    return code


def match(arguments: argparse.Namespace) -> int:
    """The books of agency, finance, bank and tax against one another."""
    made = _from_data(arguments, "matching", lambda data: match_ledgers(data))
    return _tell(made, made.findings, arguments)


def _tell(made: Result, findings: Findings | None, arguments: argparse.Namespace) -> int:
    """The result, then what was found; as JSON alone where that is asked for. 1 where the data have errors."""
    code = 0 if findings is None or findings.ok else 1
    forms = isinstance(made, (Monitoring, Settlement))
    if arguments.json:
        print(written(arguments, made).to_json())
        output.save(made, arguments, forms=forms)
        return code
    print(made.shown(speaks(arguments)))
    noticed = set(made.notices())
    lines = findings_told(arguments, findings, names=names_of(made, arguments)) if findings is not None else []
    if findings is not None:
        lines = [line for line, plain in zip(lines, findings.lines(), strict=True) if plain not in noticed]
    for line in lines[:_SHOWN]:
        print(line)
    if len(lines) > _SHOWN:
        say(arguments, f"… and {len(lines) - _SHOWN} more findings")
    output.save(made, arguments, forms=forms)
    return code


def _table(title: str, table: Any, made: Result, arguments: argparse.Namespace) -> None:
    """The first rows of a table that belongs to the result."""
    if len(table):
        print()
        say(arguments, title)
        shown = table.head(_SHOWN).map(lambda v: _number(v) if isinstance(v, float) and v == v else v)
        print(table_told(arguments, shown, names_of(made, arguments), width=WIDE, index=False, cell=40))
        if len(table) > _SHOWN:
            say(arguments, f"… and {len(table) - _SHOWN} more rows")


def _number(value: float) -> str:
    """Rates with four decimals, months and amounts with two."""
    return f"{value:,.4f}" if abs(value) < 1.0 else f"{value:,.2f}"
