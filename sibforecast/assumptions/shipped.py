"""Which scenarios are shipped, and what each is for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sibforecast.assumptions.scenario_files import read_scenario

if TYPE_CHECKING:
    import pandas as pd

_FOLDER = Path(__file__).parent / "presets"


def presets() -> pd.DataFrame:
    """The shipped scenarios: read one by its name, and fit it with ``levers.refit``.

    Returns
    -------
    DataFrame
        name, title, explanation, reference, items, decided_by, changes (how many). Presets whose
        reference begins with ``illustrative`` are no decision of any government. It never raises.

    Examples
    --------
    >>> import sibforecast as sib
    >>> table = sib.presets().set_index("name")
    >>> table.loc["rate_cut", "items"]
    'contribution_rate'
    """
    import pandas as pd

    rows = []
    for path in sorted(_FOLDER.glob("*.toml")):
        scenario = read_scenario(path)
        kinds = [", ".join(dict.fromkeys(getattr(c, n) for c in scenario.changes)) for n in ("item", "decided_by")]
        rows.append((path.stem, scenario.title, scenario.explanation, scenario.reference, *kinds, len(scenario.changes)))
    return pd.DataFrame(rows, columns=["name", "title", "explanation", "reference", "items", "decided_by", "changes"])
