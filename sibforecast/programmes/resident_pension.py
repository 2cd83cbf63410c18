"""Basic pension insurance of urban and rural residents (城乡居民基本养老保险, form 社预03).

Residents choose a yearly contribution; the government adds a subsidy per payer and pays
the basic pension.
"""

from sibforecast.programmes import benefit_formulas as bf
from sibforecast.programmes import blocks
from sibforecast.programmes import formulas as f
from sibforecast.programmes.programme import Programme, Rule

RULES = (
    *blocks.HEADS,
    Rule("contribution_revenue", "payers × average contribution", f.resident_contributions),
    Rule(
        "contribution_revenue",
        "average insured × contribution revenue per insured",
        f.per_head,
        names=("insured_average", "contribution_revenue_per_insured"),
    ),
    Rule(
        "standing_subsidy",
        "payers × subsidy per head + beneficiaries × basic pension × months",
        f.resident_pension_subsidy,
    ),
    Rule(
        "standing_subsidy",
        "beneficiaries × basic pension × months; what matches contributions is unknown",
        f.basic_pension_subsidy,
        fallback=True,
    ),
    Rule(
        "standing_subsidy",
        "payers × subsidy per head; the basic pension is unknown",
        f.contribution_subsidy,
        fallback=True,
    ),
    *blocks.PENSIONS,
    Rule(
        "pension_expenditure",
        "average beneficiaries × standard × months",
        bf.stock_times_standard,
        when=("benefits_itemised",),
    ),
    *blocks.COMMON,
    *blocks.TOTALS,
)

PROGRAMME = Programme(
    "resident_pension",
    "flat_pension",
    "城乡居民基本养老保险基金",
    "Residents' basic pension",
    RULES,
)
