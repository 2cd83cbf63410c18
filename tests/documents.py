"""Documents of the repository, and the Python in them: run as it stands, each block after the one before."""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def python_blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.S)


def run_blocks(blocks: list[str]) -> dict[str, Any]:
    """The names that stand after the last block."""
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    return names
