"""Reports: results as workbooks and pages that people read, print and file."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {"page": "web_page", "workbook": "book"}


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'sibforecast.report' has no attribute {name!r}")
    value = getattr(import_module(f"sibforecast.report.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(_PUBLIC)
