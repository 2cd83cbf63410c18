"""The command line: ``sibforecast demo | check | draft | nowcast | backtest | simulate | review | monitor | adjust | settle |
assess | collection | benefits | reserves | ladder | match | share | template``.

Exit code 0: done; 1: the data (or a scenario or rules file) has errors, all listed;
2: wrong usage.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sibforecast import __version__
from sibforecast.cli.speech import readable_streams, refused, told
from sibforecast.errors import DataError, NoSuchFileError, RulesError, ScenarioError, SibError

#: Endings of files that results are written to: a table, a workbook, JSON.
_FORMS = (".csv", ".xlsx", ".json")
#: The exit code of a program that Ctrl-C stopped.
STOPPED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit code.

    Examples
    --------
    >>> main(["check", "oasdi", "--language", "en"])
    0 errors, 0 warnings, 0 notes
    next: sibforecast review oasdi --stage final --language en   (unit slips and implausible figures)
    0
    """
    try:
        arguments = _parser().parse_args(argv)
        if arguments.command is None:
            _parser().print_help()
            return 2
        readable_streams()
        return _run(arguments)
    except KeyboardInterrupt:  # at any time, while what a command needs is still being loaded too
        return _stopped(arguments if "arguments" in locals() else argparse.Namespace())


def _run(arguments: argparse.Namespace) -> int:
    """Run the command; what it refuses is told."""
    try:
        with _left_at_once():
            from sibforecast.cli import commands, execution

        name = "share_causes" if arguments.command == "share" else arguments.command
        return int(getattr(execution if hasattr(execution, name) else commands, name)(arguments))
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return 0
    except NoSuchFileError as fault:
        refused(arguments, fault, "sibforecast: ")
        return 2
    except (DataError, ScenarioError, RulesError) as fault:
        refused(arguments, fault)
        return 1
    except (SibError, OSError) as fault:
        refused(arguments, fault, "sibforecast: ")
        return 2


@contextmanager
def _left_at_once() -> Iterator[None]:
    """While modules load Ctrl-C leaves at once: there is nothing to tidy up, and some modules swallow an interrupt."""
    import signal
    import threading

    usual = signal.getsignal(signal.SIGINT)
    heard = usual is signal.default_int_handler and threading.current_thread() is threading.main_thread()
    if heard:
        signal.signal(signal.SIGINT, lambda *_: os._exit(STOPPED))
    try:
        yield
    finally:
        if heard:
            signal.signal(signal.SIGINT, usual)


def _stopped(arguments: argparse.Namespace) -> int:
    """Ctrl-C: one line, and the exit code of a program that was stopped."""
    print(f"sibforecast: {told(arguments, 'stopped; nothing was written')}", file=sys.stderr)
    return STOPPED


def _place(path: Path, *, folder: bool) -> Path:
    """A place that can be written to: asked before anything is computed.

    Raises
    ------
    argparse.ArgumentTypeError
        Where a file is to be a folder or the other way round, or nobody may write there.
    """
    if path.exists() and path.is_dir() != folder:
        raise argparse.ArgumentTypeError(f"{path} is a {'file; give a folder' if folder else 'folder; give a file'}")
    there = next(part for part in (path if folder else path.absolute().parent, *path.absolute().parents) if part.exists())
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"{path} cannot be written: {there} is a file, not a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError(f"{path} cannot be written: no permission in {there}")
    return path


def _folder(text: str) -> Path:
    """A folder that results can be written to."""
    return _place(Path(text), folder=True)


def _table_file(text: str, forms: tuple[str, ...] = _FORMS) -> Path:
    """A file that a result can be written to: by its ending a table, a workbook or JSON.

    Raises
    ------
    argparse.ArgumentTypeError
        For any other ending, or a place that cannot be written to, before anything is computed.
    """
    path = Path(text)
    if path.suffix and path.suffix.lower() not in forms:  # without an ending a table
        raise argparse.ArgumentTypeError(f"expected a file that ends in {', '.join(forms)}; found {text!r}")
    return _place(path, folder=False)


def _plain_table(text: str) -> Path:
    """A file that a plain table can be written to."""
    return _table_file(text, (".csv", ".xlsx"))


def _rate(text: str) -> tuple[int, float]:
    """A term in months and its yearly rate, as in ``12=0.015``."""
    term, _, rate = text.partition("=")
    try:
        return int(term), float(rate)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected months=rate such as 12=0.015; found {text!r}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sibforecast", description="Social insurance fund budgets: forecast, draft, scenario, sharing."
    )
    parser.add_argument("--version", action="version", version=f"sibforecast {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")
    demo = commands.add_parser("demo", help="draft the bundled data sets: tables, a workbook, a page and charts in a folder")
    demo.add_argument("--out", type=_folder, default=Path("demo_output"), help="folder to write to (default: %(default)s)")
    check = commands.add_parser("check", help="read a data set and list everything found")
    check.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    draft = commands.add_parser("draft", help="draft next year's budget of a data set")
    draft.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    draft.add_argument("--year", type=int, required=True, help="the budget year")
    draft.add_argument("--asof", help="use nothing after this period, e.g. 2026-06")
    draft.add_argument("--scenario", action="append", default=[], metavar="FILE",
                       help="scenario file or shipped name; repeatable, applied together")  # fmt: skip
    draft.add_argument("--rules", metavar="FILE", help="sharing rules file or shipped name")
    draft.add_argument("--out", type=_folder, help="folder to write tables, workbook, page and charts to")
    draft.add_argument("--json", action="store_true", help="print the draft, and its scenario, causes and bill, as JSON")
    now = commands.add_parser("nowcast", help="the outturn of the year under way, from its months")
    now.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    now.add_argument("--asof", required=True, help="the last month that may be used, e.g. 2026-09")
    now.add_argument("--out", type=_table_file, metavar="FILE", help="file to write (.csv, .xlsx, .json): points and quantiles")
    test = commands.add_parser("backtest", help="what would have been forecast, and what came, beside plain rules")
    test.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    test.add_argument("--horizon", type=int, default=1, help="years ahead (default: %(default)s)")
    test.add_argument("--origin", action="append", metavar="PERIOD", help="a year or month to forecast from; repeatable")
    test.add_argument("--out", type=_table_file, metavar="FILE",
                      help="file to write (.csv, .xlsx, .json): every forecast with what came")  # fmt: skip
    chance = commands.add_parser("simulate", help="the draft over many draws: how sure it is, and what to set aside")
    chance.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    chance.add_argument("--year", type=int, required=True, help="the budget year")
    chance.add_argument("--asof", help="use nothing after this period, e.g. 2026-06")
    chance.add_argument("--scenario", action="append", default=[], metavar="FILE",
                        help="scenario file or shipped name; repeatable, applied together")  # fmt: skip
    chance.add_argument("--rules", metavar="FILE", help="sharing rules applied to every draw: file or shipped name")
    chance.add_argument("--draws", type=int, default=10_000, help="how many draws (default: %(default)s)")
    chance.add_argument("--seed", type=int, default=0, help="the same seed gives the same draws (default: %(default)s)")
    chance.add_argument("--out", type=_table_file, metavar="FILE", help="file to write (.csv, .xlsx, .json): means and quantiles")
    chance.add_argument("--json", action="store_true", help="print the result as JSON")
    _execution(commands)
    _judging(commands)
    template = commands.add_parser("template", help="write a workbook to fill in")
    template.add_argument("path", type=Path, metavar="FILE.xlsx")
    template.add_argument("--like", help="data set or sample whose areas and funds are listed")
    for command in commands.choices.values():
        command.add_argument("--language", choices=("en", "zh"),
                             help="of what is printed (default: that of the terminal); if given, of sentences in CSV, JSON "
                                  "(headings and codes stay), and of workbook, page and charts as a whole")  # fmt: skip
    return parser


def _judging(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands that judge what others bring: reported figures, and causes by rules."""
    seen = commands.add_parser("review", help="review what areas report: identities, formulas, plausibility, words")
    seen.add_argument("path", type=Path, help="folder of CSV files, a workbook of tables, or a workbook of official forms")
    seen.add_argument("--stage", default="reported", help="which figures are under review (default: %(default)s)")
    seen.add_argument("--top", type=int, default=20, metavar="N",
                      help="warnings to print, most money first (default: %(default)s)")  # fmt: skip
    seen.add_argument("--out", type=_table_file, metavar="FILE", help="file to write (.csv, .xlsx, .json): every finding")
    seen.add_argument("--recomputed", type=_plain_table, metavar="FILE",
                      help="table to write (.csv, .xlsx): our forecast beside each figure")  # fmt: skip
    seen.add_argument("--json", action="store_true", help="print the findings as JSON")
    bill = commands.add_parser("share", help="share causes worked out elsewhere by rules")
    bill.add_argument("path", type=Path, metavar="CAUSES.csv", help="table with region, programme, value and what else is known")
    bill.add_argument("--rules", required=True, metavar="FILE", help="sharing rules file or shipped name")
    bill.add_argument("--data", type=Path, metavar="PATH",
                      help="data set the causes are of: its areas, pooling, audits and balances")  # fmt: skip
    bill.add_argument("--figures", type=Path, metavar="FILE.csv",
                      help="table with region, programme, item, value: figures the rules use, such as reserve_fund")  # fmt: skip
    bill.add_argument("--conditions", type=Path, metavar="FILE.csv",
                      help="table with region, remitted_on_time, task_completed, for rules that require them")  # fmt: skip
    bill.add_argument("--out", type=_table_file, metavar="FILE", help="file to write (.csv, .xlsx, .json): the bill")


def _execution(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """The commands of the year in execution."""
    watch = commands.add_parser("monitor", help="where each fund stands at the end of a month, and whom to warn")
    watch.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    watch.add_argument("--asof", required=True, help="the last month that may be used, e.g. 2026-09")
    change = commands.add_parser("adjust", help="which lines of the budget need an adjustment, on which ground")
    change.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    change.add_argument("--asof", required=True, help="the last month that may be used, e.g. 2026-09")
    settle = commands.add_parser("settle", help="the year's account against its budget, by cause")
    settle.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    settle.add_argument("--year", type=int, required=True, help="the year to settle")
    settle.add_argument("--rules", metavar="FILE", help="sharing rules file or shipped name: who carries the gap, what is due")
    assess = commands.add_parser("assess", help="the scorecard of the areas for a year")
    assess.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    assess.add_argument("--year", type=int, required=True, help="the year to score")
    assess.add_argument("--scorecard", metavar="FILE", help="scorecard file (default: the package's own, weights unverified)")
    assess.add_argument("--rules", metavar="FILE", help="sharing rules file or shipped name: what one more point is worth")
    for parser in (watch, change, settle, assess, *_money(commands)):
        parser.add_argument("--out", type=_table_file, metavar="FILE", help="file to write: .csv, .json, or .xlsx "
                            "(of a settlement and a monitoring with the official forms)")  # fmt: skip
        parser.add_argument("--json", action="store_true", help="print the result as JSON")


def _money(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> list[argparse.ArgumentParser]:
    """The commands that follow the money: into the fund, out of it, and where it lies."""
    told = {
        "collection": "what was due, assessed, collected and transferred; arrears; what better collection is worth",
        "benefits": "who is paid and how much: deaths against exits, level against standard, spending without a ground",
        "reserves": "deposits and what they earn in a year, beside preferential rates and the interest booked",
        "ladder": "place a fund's balance: every month payable at a chosen level, the rest at the best yield",
        "match": "match the books of agency, finance, bank and tax, row by row",
    }
    made = {name: commands.add_parser(name, help=words) for name, words in told.items()}
    for parser in made.values():
        parser.add_argument("path", type=Path, help="folder of CSV files, or a workbook")
    for name in ("collection", "benefits", "reserves"):
        made[name].add_argument("--year", type=int, required=True, help="the year of the account")
    for name in ("collection", "benefits"):
        made[name].add_argument("--stage", default="", help="reported, budget … (default: the account, else December's months)")
    place = made["ladder"]
    place.add_argument("--fund", required=True, metavar="CODE", help="one fund, by code or name")
    place.add_argument("--year", type=int, help="the year to place for (default: the one after the last account)")
    place.add_argument("--level", type=float, default=0.95,
                       help="part of the paths in which every month is payable (default: %(default)s)")  # fmt: skip
    place.add_argument("--rate", type=_rate, action="append", metavar="MONTHS=RATE",
                       help="a term and its yearly rate: --rate 0=0.01 (current account) --rate 12=0.03; repeatable")  # fmt: skip
    place.add_argument("--unit", help="level whose areas keep a balance each (default: the highest of the data)")
    place.add_argument("--draws", type=int, default=2_000, help="how many paths (default: %(default)s)")
    place.add_argument("--seed", type=int, default=0, help="the same seed gives the same paths (default: %(default)s)")
    place.add_argument("--afresh", action="store_true", help="place the whole balance anew, today's term deposits too")
    return list(made.values())


if __name__ == "__main__":
    sys.exit(main())
