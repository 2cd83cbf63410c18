"""What a roll-up asks of a tree of areas, whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

#: The levels of areas, the highest first.
LEVELS = ("nation", "region", "league", "county")


class Tree(Protocol):
    """Who lies in whom."""

    @property
    def areas(self) -> Mapping[str, Any]:
        """Areas by code, each with its parent and level."""

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Areas above, nearest first."""

    def below(self, code: str) -> tuple[str, ...]:
        """All areas below."""

    def is_own_level(self, code: str) -> bool:
        """Whether an area is the own level of its parent."""

    def at_level(self, code: str, level: str) -> str:
        """The area of `level` that `code` lies in; itself or the nearest above."""
