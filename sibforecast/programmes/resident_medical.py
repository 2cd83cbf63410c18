"""Medical insurance of urban and rural residents (城乡居民基本医疗保险, form 社预06)."""

from sibforecast.programmes import blocks
from sibforecast.programmes import formulas as f
from sibforecast.programmes.programme import Programme, Rule

RULES = (
    *blocks.HEADS,
    Rule("contribution_revenue", "insured × personal standard", f.resident_medical_contributions),
    Rule(
        "contribution_revenue",
        "average insured × contribution revenue per insured",
        f.per_head,
        names=("insured_average", "contribution_revenue_per_insured"),
    ),
    Rule("standing_subsidy", "insured × subsidy standard", f.resident_medical_subsidy),
    *blocks.MEDICAL,
    *blocks.COMMON,
    *blocks.TOTALS,
)

PROGRAMME = Programme(
    "resident_medical",
    "resident_medical",
    "城乡居民基本医疗保险基金",
    "Residents' medical insurance",
    RULES,
)
