"""The roll-up under its name among the studies; it stands below the pages (`sibforecast.rollup`), which use it too."""

from __future__ import annotations

from sibforecast.rollup.roll import roll_items as roll_items
from sibforecast.rollup.roll import roll_up as roll_up
