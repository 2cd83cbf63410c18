"""Basic pension insurance of enterprise employees (企业职工基本养老保险, form 社预02)."""

from sibforecast.programmes import blocks
from sibforecast.programmes.programme import Programme

RULES = (
    *blocks.HEADS,
    *blocks.WAGE_CONTRIBUTIONS,
    *blocks.PENSIONS,
    *blocks.COMMON,
    *blocks.TOTALS,
)

PROGRAMME = Programme(
    "enterprise_pension",
    "wage_based_pension",
    "企业职工基本养老保险基金",
    "Enterprise employees' basic pension",
    RULES,
)
