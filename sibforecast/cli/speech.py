"""In which language a command speaks: what it prints, what it refuses, and what it writes where that is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from sibforecast.errors import SibError

if TYPE_CHECKING:
    from sibforecast.results import Result

    R = TypeVar("R", bound=Result)

#: Where a terminal says its language, the first that is set.
_PLACES = ("LC_ALL", "LC_MESSAGES", "LANG")


def terminal_language() -> str:
    """The language of the terminal: Chinese where its locale is, else English."""
    told = next((os.environ[place] for place in _PLACES if os.environ.get(place)), "")
    return "zh" if told.lower().startswith("zh") else "en"


def speaks(arguments: argparse.Namespace) -> str:
    """The language of what a command prints: the one asked for, else the terminal's."""
    return getattr(arguments, "language", None) or terminal_language()


def say(arguments: argparse.Namespace, text: str, *, names: Mapping[str, str] | None = None, aside: bool = False) -> None:
    """Print a sentence in the language, aside (stderr) where something else is read from stdout."""
    print(told(arguments, text, names), file=sys.stderr if aside else sys.stdout)


def told(arguments: argparse.Namespace, text: str, names: Mapping[str, str] | None = None) -> str:
    """A sentence in the language of the command."""
    if speaks(arguments) == "en":
        return text
    from sibforecast.phrases import SCREEN, Teller

    return Teller("zh", names or {}).text(text, SCREEN)


def written(arguments: argparse.Namespace, made: R, names: Mapping[str, str] | None = None) -> R:
    """The result as it goes into a file or JSON: English, as programs read it, unless another language was asked for."""
    return made.in_language(arguments.language, names) if arguments.language else made


def findings_told(
    arguments: argparse.Namespace, made: Any, severity: str | None = None, names: Mapping[str, str] | None = None
) -> list[str]:
    """Findings as lines in the language."""
    if speaks(arguments) == "en":
        return list(made.lines(severity))
    from sibforecast.phrases import Teller

    return list(made.lines(severity, Teller("zh", names or {})))


def table_told(arguments: argparse.Namespace, table: Any, names: Mapping[str, str], **how: Any) -> str:
    """A table in the language, its columns under each other."""
    from sibforecast.phrases import Teller
    from sibforecast.phrases.tables import told_table
    from sibforecast.screen import table_lines

    return "\n".join(table_lines(told_table(table, Teller(speaks(arguments), names)), **how))


def names_of(made: Any, arguments: argparse.Namespace) -> dict[str, str]:
    """Names of areas and funds, to be shown in Chinese."""
    return dict(made.labels("zh")) if speaks(arguments) == "zh" else {}


def refused(arguments: argparse.Namespace, fault: BaseException, prefix: str = "") -> None:
    """Tell what is wrong, on stderr: every fault, each on a line of its own."""
    findings = getattr(fault, "findings", None)
    head, *faults = str(fault).splitlines() or [""]
    print(prefix + _fault(arguments, head), file=sys.stderr)
    told_all = [] if findings is None else findings_told(arguments, findings, "error", _names_read(arguments))
    lines = faults if findings is None else [f"  {line}" for line in told_all]
    for line in lines:
        print(_fault(arguments, line) if findings is None else line, file=sys.stderr)


def _names_read(arguments: argparse.Namespace) -> dict[str, str]:
    """Names of the areas and funds of a data set that was refused, read again: only what stands comes out of it."""
    path = getattr(arguments, "data", None) or getattr(arguments, "path", None)
    if speaks(arguments) == "en" or path is None:
        return {}
    from sibforecast.tables.load import read

    try:
        data, _ = read(path)
    except (SibError, OSError):
        return {}
    return dict(data.labels("zh")) if data is not None else {}


def _fault(arguments: argparse.Namespace, line: str) -> str:
    """A line of an error: its mark stays, its sentence is told."""
    bare = line.lstrip(" -")
    return line[: len(line) - len(bare)] + told(arguments, bare.removesuffix(":")) + (":" if bare.endswith(":") else "")


def readable_streams() -> None:
    """A stream that cannot write Chinese writes escapes instead of failing in the middle."""
    for stream in (sys.stdout, sys.stderr):
        change = getattr(stream, "reconfigure", None)
        if change is not None and (stream.encoding or "").lower().replace("-", "") != "utf8":
            change(errors="backslashreplace")
