"""Unemployment insurance (失业保险, form 社预08): recipient-months × standard."""

from sibforecast.programmes import benefit_formulas as bf
from sibforecast.programmes import blocks
from sibforecast.programmes.programme import Programme, Rule

_BENEFITS = (
    ("recipient-months × level", bf.recipient_months_times_level),
    ("recipient-months × standard", bf.recipient_months_times_standard),
    ("average recipients × level × months", bf.stock_times_level),
    ("average recipients × standard × months", bf.stock_times_standard),
)

RULES = (
    *blocks.HEADS,
    *blocks.WAGE_CONTRIBUTIONS,
    *blocks.BENEFICIARIES,
    *(
        Rule("unemployment_expenditure", identity, formula, when=("benefits_itemised",))
        for identity, formula in _BENEFITS
    ),
    *(rule for identity, formula in _BENEFITS for rule in blocks.lumped(identity, formula)),
    *blocks.COMMON,
    *blocks.TOTALS,
)

PROGRAMME = Programme(
    "unemployment", "unemployment", "失业保险基金", "Unemployment insurance", RULES
)
