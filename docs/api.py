"""Build the API page into a folder: ``python docs/api.py build/docs`` (extra ``docs``)."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pdoc

import sibforecast
from sibforecast import plots, report


def build(folder: Path) -> None:
    """Write the pages; any warning about what is documented is an error."""
    for room in (sibforecast, plots, report):  # their names arrive on first use: say which there are
        room.__all__ = [name for name in dir(room) if not name.startswith("_")]  # type: ignore[attr-defined]
    pdoc.render.configure(docformat="numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # names that only type checkers import (pandas) stand in signatures as they are written
        warnings.filterwarnings("ignore", "Error parsing type annotation")
        pdoc.pdoc("sibforecast", "sibforecast.assumptions.levers", output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else "build/docs"))
