"""The sentences of the monitor, in English and Chinese: each holds the figure that made the colour."""

from __future__ import annotations

from dataclasses import dataclass

from sibforecast.errors import SibError
from sibforecast.results import scale_for

LANGUAGES = ("en", "zh")
_COLOURS = {"green": "绿色", "excess": "偏多", "yellow": "黄色", "orange": "橙色", "red": "红色"}
_PLANS = {"budget": "预算", "adjusted budget": "调整后预算", "plan": "计划"}
_SAID: dict[str, tuple[str, str]] = {
    "no_plan": ("no budget, and no forecast of it, to hold this against", "无预算，也无可对照的预测"),
    "below_nothing": ("the {plan} is {money}, below nothing: no progress can be told of it",
                      "{plan}为{money}，为负数，无法计算进度"),
    "not_planned": ("{money} came although the {plan} has nothing", "{plan}未安排，已发生{money}"),
    "nothing_due": ("nothing due", "无安排，无发生"),
    "season": ("the season's {against:.1%}, 1/12 being {twelfths:.1%}", "季节进度{against:.1%}（时序进度{twelfths:.1%}）"),
    "no_season": ("the {twelfths:.1%} of 1/12, no season known", "时序进度{twelfths:.1%}（无季节进度）"),
    "pace_below": ("{progress:.1%} of the {plan} to date, {points:.1f} points below {normal}",
                   "累计完成{plan}的{progress:.1%}，低于{normal}{points:.1f}个百分点"),
    "pace_above": ("{progress:.1%} of the {plan} to date, {points:.1f} points above {normal}",
                   "累计完成{plan}的{progress:.1%}，高于{normal}{points:.1f}个百分点"),
    "pace_on": ("{progress:.1%} of the {plan} to date, on {normal}", "累计完成{plan}的{progress:.1%}，与{normal}持平"),
    "strays": (" (yellow, not more: nine years in ten stray by up to {points:.1f} points)",
               "（最高黄色：以往年度十年有九年的偏离在{points:.1f}个百分点以内）"),
    "small": (" (a small line: yellow instead of {colour})", "（小额项目：由{colour}降为黄色）"),
    "fell": ("; the cumulative figure fell, see the findings", "；累计数下降，见审核发现"),
    "ends_below": ("the year ends at {money}; even {mild}, the closest to the {plan} that the {level} % interval allows, is "
                   "{edge:.1%} below it",
                   "预计全年{money}；即使取{level}%预测区间内最接近{plan}的{mild}，仍低{edge:.1%}"),
    "ends_above": ("the year ends at {money}; even {mild}, the closest to the {plan} that the {level} % interval allows, is "
                   "{edge:.1%} above it",
                   "预计全年{money}；即使取{level}%预测区间内最接近{plan}的{mild}，仍高{edge:.1%}"),
    "surplus": ("the year ends with {money} of current balance", "预计当年收支结余{money}"),
    "deficit": ("a deficit of {money} is expected", "预计当期收不抵支{money}"),
    "deficits": ("a deficit of {money} is expected, the {ordinal} year running", "预计当期收不抵支{money}，连续第{number}年"),
    "closes": ("the balance ends the year at {money}", "预计年末滚存结余{money}"),
    "used_up": ("at the pace expected the balance of {money} is used up in {month}", "按预计进度，结余{money}将于{month}用完"),
    "balance_below": ("the balance is {money} in {month}, below nothing", "{month}滚存结余为{money}，已为负数"),
    "months": ("{months} months payable at the end of the year", "年末可支付{months}个月"),
    "months_below": ("{months} months payable at the end of the year, less than {limit:g}",
                     "年末可支付{months}个月，低于{limit:g}个月"),
    "months_above": ("{months} months payable at the end of the year, more than the {limit:g} thought enough",
                     "年末可支付{months}个月，高于{limit:g}个月，结余偏多"),
    "months_gone": ("the balance ends the year below nothing, at {months} months of spending",
                    "年末结余为负，相当于{months}个月支出"),
    "months_fall": ("; they fall from {before} within the year, by more than {fall:g}",
                    "；年内由{before}个月下降，降幅超过{fall:g}个月"),
    "rule_lower_rate": ("; more than {limit:g} months at {months}: the employer's rate of {rate:.0%} may be used",
                        "；可支付{months}个月，超过{limit:g}个月，单位费率可执行{rate:.0%}"),
    "rule_payment_reserve": ("; less than the {limit:g} months of payments that are kept in hand, at {months}",
                             "；可支付{months}个月，低于{limit:g}个月的备付金"),
    "rule_plan_due": ("; less than {limit:g} months at {months}: an early-warning plan is due",
                      "；可支付{months}个月，低于{limit:g}个月，须制定预警方案"),
    "rule_cut_due": ("; beyond the reasonable {low:g} to {limit:g} months at {months}: the rate is to be cut to {rate:.1%} or "
                     "less, the budget adjusted for it and watched monthly",
                     "；可支付{months}个月，超过合理的{low:g}至{limit:g}个月，费率应降至{rate:.1%}以内，并相应调整预算、按月监测"),
    "rule_insufficient": ("; insufficient at {months}: less than {limit:g} months, the target being {low:g} to {high:g} of the "
                          "pooled fund",
                          "；可支付{months}个月，低于{limit:g}个月，结余不足（统筹基金目标{low:g}至{high:g}个月）"),
    "rule_beyond_target": ("; beyond the target of {low:g} to {limit:g} months of the pooled fund, at {months}",
                           "；可支付{months}个月，超过统筹基金{low:g}至{limit:g}个月的目标"),
    "rule_phase_cut": ("; {limit:g} months or more at {months}: the rate is cut by {cut:.0%} for the time being",
                       "；可支付{months}个月，达到{limit:g}个月，费率阶段性下调{cut:.0%}"),
    "rule_refund_open": ("; the {limit:g} months that refunds to employers and skill subsidies require are there, at {months}",
                         "；可支付{months}个月，达到{limit:g}个月，可发放稳岗返还和技能提升补贴"),
    "rule_refund_closed": ("; at {months} months the {limit:g} that refunds to employers and skill subsidies require are not "
                           "there",
                           "；可支付{months}个月，未达到{limit:g}个月，不可发放稳岗返还和技能提升补贴"),
    "asof": ("as of {asof}: {counts}", "截至{asof}：{counts}"),
    "count": ("{number} {colour}", "{colour}{number}项"),
    "called": ("; {every} red and orange, {number} of them with a forecast of the year's end: "
               "{false} expected to be false alarms",
               "；红色和橙色合计{every}项，其中{number}项按全年预测判定，预测会有误差，估计其中约{false}项到年末不会达到橙色标准（误报）"),
    "missing": ("; {number} report{s} missing", "；缺报{number}份"),
    "more": ("… and {number} more: .warnings", "……另有{number}项：.warnings"),
    "nothing": ("nothing to warn of", "无预警"),
    "closed": (" (the subsidy closes this fund: yellow instead of {colour})", "（差额由财政补助弥补：由{colour}降为黄色）"),
}  # fmt: skip


@dataclass(frozen=True)
class Speech:
    """Language and currency of sentences.

    Raises
    ------
    SibError
        If the language is unknown.

    Examples
    --------
    >>> Speech("zh").say("months_below", months="2.4", limit=3.0), Speech().money(1.5e8)
    ('年末可支付2.4个月，低于3个月', '1.50 (100m yuan)')
    """

    language: str = "en"
    currency: str = "yuan"

    def __post_init__(self) -> None:
        """Only languages that there are sentences in."""
        if self.language not in LANGUAGES:
            raise SibError(f"unknown language {self.language!r}; expected one of {', '.join(LANGUAGES)}")

    def say(self, sentence: str, **values: object) -> str:
        """A sentence with its figures; colours and plans are named in its language."""
        return _SAID[sentence][LANGUAGES.index(self.language)].format(**{k: self._word(k, v) for k, v in values.items()})

    def money(self, value: float) -> str:
        """An amount in a unit that suits it."""
        divisor, unit = scale_for(value, self.currency, self.language)
        return f"{value / divisor:,.2f}{unit}".replace("-", "−") if self.language == "zh" else f"{value / divisor:,.2f} ({unit})"

    def _word(self, key: str, value: object) -> object:
        if self.language == "en":
            return value
        if key == "plan":
            return _PLANS.get(str(value), f"预测（数据截至{str(value).rpartition(' ')[2]}）")
        return self.colour(str(value)) if key == "colour" else value

    def colour(self, colour: str) -> str:
        """The name of a colour."""
        return _COLOURS.get(colour, colour) if self.language == "zh" else colour
