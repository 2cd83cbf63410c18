"""Examples in docstrings read the samples and draft them: each is read and drafted once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _pytest.doctest import DoctestItem

import sibforecast as sib


def once(make: Callable[..., Any]) -> Callable[..., Any]:
    """What is called with the same data and words gives what it gave before."""
    made: dict[tuple[Any, ...], tuple[tuple[Any, ...], Any]] = {}

    def given(*args: Any, **words: Any) -> Any:
        key = (*((str(a) if isinstance(a, (str, int, Path)) else id(a)) for a in args), str(sorted(words.items())))
        if key not in made:
            made[key] = args, make(*args, **words)  # the arguments stay, and with them their ids
        return made[key][1]

    return given


_loaded, _drafted = once(sib.load), once(sib.draft_budget)


@pytest.fixture(autouse=True)
def samples_made_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For examples only."""
    if isinstance(request.node, DoctestItem):
        monkeypatch.setattr(sib, "load", _loaded)
        monkeypatch.setattr(sib, "draft_budget", _drafted)
