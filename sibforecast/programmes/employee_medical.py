"""Medical insurance of employees, maternity included (职工基本医疗保险, form 社预05)."""

from sibforecast.programmes import blocks
from sibforecast.programmes.programme import Programme

RULES = (
    *blocks.HEADS,
    *blocks.WAGE_CONTRIBUTIONS,
    *blocks.MEDICAL,
    *blocks.COMMON,
    *blocks.TOTALS,
)

PROGRAMME = Programme(
    "employee_medical",
    "employee_medical",
    "职工基本医疗保险基金",
    "Employees' medical insurance",
    RULES,
)
