"""Pensions of government and public-institution staff (机关事业单位养老保险, form 社预04).

Contributions as for enterprises; the treasury of the same level closes the gap.
"""

from sibforecast.programmes import blocks
from sibforecast.programmes import formulas as f
from sibforecast.programmes.programme import Programme, Rule

RULES = (
    *blocks.HEADS,
    *blocks.WAGE_CONTRIBUTIONS,
    *blocks.PENSIONS,
    Rule(
        "gap_subsidy",
        "closing subsidy: max(0, expenditure − revenue before filling − usable balance)",
        f.closing_gap_subsidy,
        when=("filling_open",),
    ),
    *blocks.COMMON,
    Rule("fiscal_subsidy", "the closing subsidy alone", f.unchanged, names=("gap_subsidy",)),
    *blocks.TOTALS,
)

PROGRAMME = Programme(
    "civil_servant_pension",
    "closing_subsidy_pension",
    "机关事业单位基本养老保险基金",
    "Government staff pension",
    RULES,
)
