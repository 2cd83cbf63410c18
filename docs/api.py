"""Build the API page into a folder: ``python docs/api.py build/docs`` (extra ``docs``)."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pdoc

import sibforecast


def build(folder: Path) -> None:
    """Write the pages; a warning, of a docstring that cannot be read for example, is an error."""
    sibforecast.__all__ = [name for name in dir(sibforecast) if not name.startswith("_")]  # type: ignore[attr-defined]
    pdoc.render.configure(docformat="numpy")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # names that only type checkers import (pandas) stand in signatures as they are written
        warnings.filterwarnings("ignore", "Error parsing type annotation")
        pdoc.pdoc("sibforecast", output_directory=folder)


if __name__ == "__main__":
    build(Path(sys.argv[1] if len(sys.argv) > 1 else "build/docs"))
