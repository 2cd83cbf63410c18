"""Commands of the year in execution: monitor, settle, assess."""

from __future__ import annotations

import argparse

from sibforecast.analysis.rules_file import read_rules
from sibforecast.cli.commands import _data_path, _progress, _save
from sibforecast.oversight.assessment import assess as assess_areas
from sibforecast.oversight.monitoring import monitor as monitor_year
from sibforecast.oversight.scorecard_file import read_scorecard
from sibforecast.oversight.settlement import settle as settle_year
from sibforecast.results import Findings, Result
from sibforecast.tables.load import load

#: Findings shown on the terminal; the rest is counted.
_SHOWN = 10


def monitor(arguments: argparse.Namespace) -> int:
    """Where each fund stands at the end of a month."""
    with _progress(2) as step:
        step("reading")
        data = load(_data_path(arguments.path))
        step("monitoring")
        made = monitor_year(data, arguments.asof)
    return _tell(made, made.findings, arguments)


def settle(arguments: argparse.Namespace) -> int:
    """The year's account against its budget, by cause; with rules who carries it, and what is still due."""
    with _progress(2) as step:
        step("reading")
        rules = read_rules(arguments.rules) if arguments.rules else None
        data = load(_data_path(arguments.path))
        step("settling")
        made = settle_year(data, arguments.year)
        bill = made.bill(rules) if rules is not None else None
        due = made.true_up(rules) if rules is not None else None
    code = _tell(made, made.findings, arguments)
    if bill is not None and due is not None and not arguments.json:
        print(f"\n{bill!r}\n\nstill to be paid, {data.currency}\n{due.round(2).to_string(index=False)}")
    return code


def assess(arguments: argparse.Namespace) -> int:
    """The scorecard of the areas."""
    with _progress(2) as step:
        step("reading")
        card = read_scorecard(arguments.scorecard)
        data = load(_data_path(arguments.path))
        step("scoring")
        made = assess_areas(data, arguments.year, scorecard=card)
    return _tell(made, made.findings, arguments)


def _tell(made: Result, findings: Findings, arguments: argparse.Namespace) -> int:
    """The result, then what was found; as JSON alone where that is asked for."""
    if arguments.json:
        print(made.to_json())
        return 0
    print(repr(made))
    lines = findings.lines()
    for line in lines[:_SHOWN]:
        print(line)
    if len(lines) > _SHOWN:
        print(f"… and {len(lines) - _SHOWN} more findings")
    _save(made.frame, arguments.out)
    return 0
