"""What can go wrong, said so that it can be mended.

Every error of the package is a :class:`SibError` and, because bad input is a bad value,
a :class:`ValueError` as well. An error that stems from a data set carries *all* findings
at once: nobody should have to run a check ten times to mend ten cells.
"""

from __future__ import annotations

from typing import Any


class SibError(ValueError):
    """Base of all errors raised on purpose by the package."""


class DataError(SibError):
    """A data set has errors.

    Parameters
    ----------
    message : str
        One sentence: what was read and how many errors it has.
    findings : Findings, optional
        All findings of the data set; errors, warnings and notes together.
    """

    def __init__(self, message: str, findings: Any = None) -> None:
        self.findings = findings
        if findings is not None:
            lines = findings.lines("error")
            shown = lines[:20]
            more = [f"… and {len(lines) - 20} more"] if len(lines) > 20 else []
            message = "\n".join([message, *("  " + line for line in shown + more)])
        super().__init__(message)


class ScenarioError(SibError):
    """A scenario cannot be read or applied; the message lists every fault."""


class RulesError(SibError):
    """Sharing rules are contradictory or cannot be read; the message lists every fault."""


class PolicyError(SibError):
    """A law file cannot be read, or the law has no answer; the message lists every fault."""


class NoSuchFileError(ScenarioError, RulesError, PolicyError):
    """A scenario, rules or law file does not exist: wrong usage rather than a faulty file."""


class ProjectionError(SibError):
    """A projection was asked for that the assumptions do not carry."""


class RollUpError(SibError):
    """Something was to be added up that must not be."""


def all_faults(kind: type[SibError], head: str, faults: list[str]) -> SibError:
    """One error that lists every fault found, not only the first.

    Examples
    --------
    >>> print(all_faults(SibError, "rules.toml", ["no ratio", "unknown key 'x'"]))
    rules.toml:
      - no ratio
      - unknown key 'x'
    """
    return kind("\n".join([f"{head}:", *(f"  - {fault}" for fault in faults)]))
