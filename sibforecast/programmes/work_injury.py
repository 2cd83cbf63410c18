"""Work-injury insurance (工伤保险, form 社预07): employers pay by industry class."""

from sibforecast.programmes import benefit_formulas as bf
from sibforecast.programmes import blocks
from sibforecast.programmes.programme import Programme, Rule

RULES = (
    *blocks.HEADS,
    *blocks.WAGE_CONTRIBUTIONS,
    *blocks.BENEFICIARIES,
    Rule(
        "injury_expenditure",
        "average recipients × level × months",
        bf.stock_times_level,
        when=("benefits_itemised",),
    ),
    *blocks.DEATHS_AND_DISABILITY,
    *blocks.lumped("average recipients × level × months", bf.stock_times_level),
    *blocks.COMMON,
    *blocks.TOTALS,
)

PROGRAMME = Programme("work_injury", "injury", "工伤保险基金", "Work-injury insurance", RULES)
