"""What national policy ties to the months of reserve: a rate that is to be cut, a plan that is due, a refund that is allowed.

The months stand in the law files, dated, with source and status; here is only on which side of
them a rule speaks and what it says. A rule that is not in force on the day says nothing. It holds
for the fund it names alone, not for others of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sibforecast.oversight.limits import Limit, Limits, apart

#: What is shown beside the threshold: word of the sentence, id in the law.
_Beside = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Rule:
    """One rule: the fund, its threshold in the law, when it speaks, what it says and how far it warns at least."""

    programme: str
    threshold: str
    speaks: str  # below, from, above
    sentence: str
    colour: str = ""
    up_to: str = ""  # a threshold beyond which another rule, or the band of too much, speaks instead
    beside: _Beside = ()

    def holds(self, months: float, limit: float, end: float) -> bool:
        """Whether it speaks of so many months."""
        spoken = {"below": months < limit, "from": months >= limit, "above": months > limit}[self.speaks]
        passed = months >= end if self.speaks == "from" else months > end
        return spoken and not passed


RULES = (
    Rule("enterprise_pension", "rate_cut_reserve_months", "above", "rule_lower_rate",
         beside=(("rate", "employer_rate_with_reserve"),)),
    Rule("enterprise_pension", "payment_reserve_months", "below", "rule_payment_reserve", "red"),
    Rule("maternity", "reserve_months_short", "below", "rule_plan_due", "red"),
    Rule("maternity", "reserve_months_high", "above", "rule_cut_due", "excess",
         beside=(("low", "reserve_months_low"), ("rate", "maternity_rate_ceiling"))),
    Rule("employee_medical", "reserve_months_short", "below", "rule_insufficient", "red",
         beside=(("low", "reserve_months_low"), ("high", "reserve_months_high"))),
    Rule("employee_medical", "reserve_months_high", "above", "rule_beyond_target", up_to="reserve_months_excess",
         beside=(("low", "reserve_months_low"),)),
    Rule("work_injury", "phase_cut_moderate_months", "from", "rule_phase_cut", up_to="phase_cut_deep_months",
         beside=(("cut", "phase_cut_moderate"),)),
    Rule("work_injury", "phase_cut_deep_months", "from", "rule_phase_cut", beside=(("cut", "phase_cut_deep"),)),
    Rule("unemployment", "refund_reserve_months", "from", "rule_refund_open"),
    Rule("unemployment", "refund_reserve_months", "below", "rule_refund_closed"),
)  # fmt: skip
@dataclass(frozen=True)
class Spoken:
    """A rule that speaks of a fund: its threshold as it is in force, the sentence, the colour it warns with at least."""

    rule: Rule
    limit: Limit
    reason: str
    colour: str


def spoken_of(months: float, limits: Limits, programme: str, region: str) -> Iterator[Spoken]:
    """The rules that speak of a fund with so many months payable."""
    for rule in RULES:
        if rule.programme != programme or months != months:
            continue
        limit = limits.rule(rule.threshold, programme, region)
        end = limits.rule(rule.up_to, programme, region).value if rule.up_to else float("nan")
        shown = {word: limits.rule(id, programme, region).value for word, id in rule.beside}
        if not rule.holds(months, limit.value, end) or any(value != value for value in shown.values()):
            continue
        near = end if abs(end - months) < abs(limit.value - months) else limit.value  # 23.99 is not 24.0
        told = limits.speech.say(rule.sentence, months=apart(months, near), limit=limit.value, **shown)
        yield Spoken(rule, limit, told, rule.colour)
