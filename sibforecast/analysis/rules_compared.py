"""What a change of the rules does to every league, before anybody decides it; a table of ratios from a plain function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pandas as pd

from sibforecast.analysis.attribution import Attribution
from sibforecast.analysis.ratio_table import Ratio, smooth_ratio
from sibforecast.analysis.rounding import cents
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.analysis.sharing import share
from sibforecast.errors import SibError
from sibforecast.projection.draft import BudgetDraft

_KEYS = ["region", "programme", "period", "scenario"]


def with_ratio_from_data(
    rules: SharingRules, tiers: Sequence[int] = (1, 2, 3, 4), months: Sequence[float] = (0, 3, 6, 9, 12), *,
    ratio: Callable[..., float] = smooth_ratio, **numbers: float,
) -> SharingRules:  # fmt: skip
    """The same rules with a table of ratios by economic tier and months of reserve.

    The text lets the ratio follow the balance of the pooled fund and the economic level. Each
    band takes the function's value in its middle (the open bands that of their edge); as the
    function falls with the months and rises with the tier, so does the table.

    Parameters
    ----------
    rules : SharingRules
        Rules whose ratio is shared between two levels.
    tiers : sequence of int
        Economic tiers, 1 the richest, as ``econ_tier`` of the regions; without any, one table
        for all areas, of tier 1.
    months : sequence of float
        Edges of the bands, rising.
    ratio : callable
        From months and tier to the upper level's share, `smooth_ratio` unless another is given.
    **numbers
        Numbers of the function, such as ``base`` and ``per_month``.

    Returns
    -------
    SharingRules

    Raises
    ------
    SibError
        If the edges do not rise, or the rules do not share between two levels.

    Examples
    --------
    >>> from sibforecast.analysis.rules_file import read_rules
    >>> rules = with_ratio_from_data(read_rules("nmg_2016"), tiers=(1, 2), months=(3, 9))
    >>> [(r.econ_tier, r.months_from, round(r.shares["region"], 2)) for r in rules.rows][:3]
    [('1', -inf, 0.66), ('1', 3.0, 0.6), ('1', 9.0, 0.54)]
    """
    if any(high <= low for low, high in pairwise(months)) or not months:
        raise SibError(f"months must be rising edges of bands; found {list(months)}")
    levels = list(rules.default.shares)
    if len(levels) != 2:
        raise SibError(f"a ratio from data shares between two levels; these rules share between {', '.join(levels)}")
    edges = [-float("inf"), *map(float, months), float("inf")]
    rows = []
    for tier in tiers or (0,):
        for low, high in pairwise(edges):
            middle = high if low == edges[0] else low if high == edges[-1] else (low + high) / 2.0
            upper = round(ratio(middle, tier or 1, **numbers), 6)
            rows.append(Ratio({levels[0]: upper, levels[1]: 1.0 - upper}, str(tier or ""), low, high))
    return replace(rules, ruleset=f"{rules.ruleset}, ratio from data", rows=tuple(rows))


def compare_rules(
    causes: Attribution | BudgetDraft | pd.DataFrame, before: SharingRules, after: SharingRules, **facts: Any
) -> pd.DataFrame:
    """One set of causes under two sets of rules: what the change does to every area and payer.

    Parameters
    ----------
    causes : Attribution, BudgetDraft or DataFrame
        As for `share`.
    before, after : SharingRules
        The rules in force, and those proposed.
    **facts
        What `share` takes beside them: pooling, assessments, audits, balances …

    Returns
    -------
    DataFrame
        region, programme, period, scenario, payer, before, after, difference, ratio_before,
        ratio_after (the upper level's share where something is shared). Differences of an
        area and fund sum to nothing: what one payer gains another carries.

    Raises
    ------
    SibError
        As `share` does.

    Examples
    --------
    >>> import pandas as pd
    >>> from dataclasses import replace
    >>> from sibforecast.analysis.rules_file import read_rules
    >>> gap = pd.DataFrame({"region": ["A"], "programme": ["enterprise_pension"], "stage": ["budget"], "value": [1_000_000.0]})
    >>> rules = read_rules("nmg_2016")
    >>> seventy = replace(rules, default=replace(rules.default, shares={"region": 0.7, "league": 0.3}))
    >>> compare_rules(gap, rules, seventy).set_index("payer")["difference"].to_dict()
    {'region': 100000.0, 'league': -100000.0}
    """
    bills = [share(causes, rules, **facts) for rules in (before, after)]
    sides = []
    for bill, name in zip(bills, ("before", "after"), strict=True):
        sides.append(bill.frame.groupby([*_KEYS, "payer"], sort=False)["value"].sum().rename(name))
    table = pd.concat(sides, axis=1).fillna(0.0).reset_index()  # a payer that is not in a bill carries nothing of it
    table["difference"] = [cents(d) for d in table["after"] - table["before"]]
    for bill, name in zip(bills, ("ratio_before", "ratio_after"), strict=True):
        grantor = bill.rules.grantor if bill.rules is not None else "region"
        used = {key: way.ratio.shares.get(grantor) for key, way in bill.workings.items() if way.ratio is not None}
        table[name] = [used.get(tuple(map(str, key)), float("nan")) for key in table[_KEYS].itertuples(index=False)]
    return table
