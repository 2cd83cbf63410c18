"""The catalogue of items: what every figure is, in which unit, and how it may be added up.

One table stands for all rooms. Of each item it says the *side* (revenue, expenditure,
filling, balance, driver, rate, result), the *timing* (``flow`` over the period, ``average``
of the period, ``closing`` or ``opening`` of it), the *unit* in base units, the *roll-up
rule* and the labels in English and Chinese with the words people write instead.

Roll-up rules
-------------
``sum``
    children add up to their parent.
``mean:ITEM``
    weighted mean with ITEM as weight (a product of items is written ``a*b``).
``ratio:A/B``
    computed again from two items of the upper level.
``never``
    has no meaning above the area it was given for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from sibforecast.errors import SibError

#: Base units. "currency" is the data's own currency unit (yuan, dollar).
UNITS = {
    "currency": ("yuan", "元"),
    "currency/person-month": ("yuan per person-month", "元/人·月"),
    "currency/person-year": ("yuan per person-year", "元/人·年"),
    "currency/case": ("yuan per case", "元/例"),
    "persons": ("persons", "人"),
    "person-months": ("person-months", "人月"),
    "share": ("share", "比例"),
    "per person-year": ("per person-year", "次/人·年"),
    "months": ("months", "个月"),
}


@dataclass(frozen=True)
class Item:
    """One entry of the catalogue."""

    code: str
    side: str
    timing: str
    unit: str
    rollup: str
    en: str
    zh: str
    aliases: tuple[str, ...] = ()

    @property
    def is_additive(self) -> bool:
        """Whether children sum to their parent."""
        return self.rollup == "sum"

    def label(self, language: str = "en") -> str:
        """The label in ``en`` or ``zh``."""
        return self.zh if language == "zh" else self.en


_C, _CM, _CY, _CC = "currency", "currency/person-month", "currency/person-year", "currency/case"
_P, _PM, _S = "persons", "person-months", "share"

# code | side | timing | unit | roll-up | English | Chinese | other words
_TABLE: tuple[tuple[str, ...], ...] = (
    # heads
    ("insured", "driver", "closing", _P, "sum", "insured persons", "参保人数", "期末参保人数"),
    ("insured_active", "driver", "closing", _P, "sum", "active insured", "在职参保人数", "参保职工人数"),
    ("insured_average", "driver", "average", _P, "sum", "insured, average", "平均参保人数"),
    ("insured_active_average", "driver", "average", _P, "sum", "active insured, average", "平均在职参保人数"),
    ("contributors", "driver", "average", _P, "sum", "contributors (employed)", "缴费人数", "单位缴费人数"),
    ("contributors_flexible", "driver", "average", _P, "sum", "contributors (flexible)", "灵活就业缴费人数"),
    ("flexible_share", "rate", "average", _S, "ratio:contributors_flexible/contributors+contributors_flexible",
     "flexible share of contributors", "灵活就业占比"),
    ("contributor_ratio", "rate", "average", _S, "ratio:contributors+contributors_flexible/insured_active_average",
     "contributors to active insured", "参保缴费率", "缴费率"),
    ("beneficiaries", "driver", "closing", _P, "sum", "beneficiaries", "领取待遇人数", "离退休人数", "待遇享受人数"),
    ("beneficiaries_average", "driver", "average", _P, "sum", "beneficiaries, average", "平均领取待遇人数"),
    ("new_beneficiaries", "driver", "flow", _P, "sum", "new beneficiaries", "新增领取待遇人数", "新增退休人数"),
    ("beneficiary_exits", "driver", "flow", _P, "sum", "beneficiaries leaving", "减少领取待遇人数", "退出领取人数"),
    ("deaths", "driver", "flow", _P, "sum", "deaths", "死亡人数"),
    ("movers_in", "driver", "flow", _P, "sum", "persons transferred in", "转入人数"),
    ("movers_out", "driver", "flow", _P, "sum", "persons transferred out", "转出人数"),
    ("recipient_months", "driver", "flow", _PM, "sum", "recipient-months", "领取人月数", "领取人月"),
    ("disability_recipients", "driver", "average", _P, "sum", "disability recipients", "病残津贴领取人数"),
    ("remittance_heads", "driver", "average", _P, "sum", "heads for the remittance", "上解计算人数"),
    # base, rates, levels
    ("contribution_base", "driver", "average", _CM, "mean:contributors", "contribution base", "缴费基数", "缴费工资基数", "人均缴费基数"),
    ("contribution_rate", "rate", "average", _S, "ratio:assessed/wage_bill", "contribution rate", "缴费比例", "缴费费率", "费率"),
    ("collection_rate", "rate", "average", _S, "mean:assessed", "collection rate", "征缴率", "收缴率"),
    ("contribution_base_flexible", "driver", "average", _CM, "mean:contributors_flexible", "contribution base (flexible)", "灵活就业缴费基数"),
    ("contribution_rate_flexible", "rate", "average", _S, "ratio:assessed_flexible/wage_bill_flexible",
     "contribution rate (flexible)", "灵活就业缴费比例"),
    ("collection_rate_flexible", "rate", "average", _S, "mean:assessed_flexible", "collection rate (flexible)", "灵活就业征缴率"),
    ("wage_bill", "driver", "flow", _C, "sum", "contributory wage bill", "缴费工资总额"),
    ("wage_bill_flexible", "driver", "flow", _C, "sum", "contributory wage bill (flexible)", "灵活就业缴费工资总额"),
    ("base_floor", "driver", "average", _CM, "never", "floor of the contribution base", "缴费基数下限"),
    ("base_ceiling", "driver", "average", _CM, "never", "ceiling of the contribution base", "缴费基数上限"),
    ("benefit_level", "driver", "average", _CM, "mean:recipient_months|beneficiaries_average", "benefit level", "人均待遇水平", "人均养老金", "月人均养老金"),
    ("benefit_level_end", "driver", "closing", _CM, "mean:beneficiaries", "benefit level in force at the end", "期末待遇水平"),
    ("entrant_level", "driver", "average", _CM, "mean:new_beneficiaries", "benefit level of newcomers", "新增人员待遇水平", "新增人员月人均待遇", "新退休人员待遇水平"),
    ("benefit_standard", "driver", "average", _CM, "mean:recipient_months|beneficiaries_average", "benefit standard", "待遇标准", "基础养老金标准"),
    ("benefit_adjustment", "rate", "average", _S, "never", "benefit adjustment", "待遇调整率", "调待比例"),
    ("benefit_formula", "driver", "flow", _C, "sum", "benefits by heads and level", "按人数和水平计算的待遇"),
    ("benefit_coverage", "rate", "average", _S, "ratio:benefit_expenditure/benefit_formula", "benefits paid to heads × level", "待遇支出与测算之比"),
    ("death_benefit", "driver", "average", _CC, "mean:deaths", "death benefit per case", "人均丧葬抚恤标准"),
    ("disability_level", "driver", "average", _CM, "mean:disability_recipients", "disability allowance level", "病残津贴标准"),
    ("admissions_per_insured", "driver", "average", "per person-year", "mean:insured_average", "admissions per insured", "住院率", "人均住院次数"),
    ("cost_per_admission", "driver", "average", _CC, "mean:admissions", "cost per admission", "次均住院费用"),
    ("admissions", "driver", "flow", "persons", "sum", "admissions", "住院人次"),
    ("pooled_pay_rate", "rate", "average", _S, "mean:inpatient_cost", "pooled payment share", "统筹支付比例"),
    ("inpatient_cost", "driver", "flow", _C, "sum", "inpatient cost", "住院总费用"),
    ("outpatient_per_insured", "driver", "average", _CY, "mean:insured_average", "outpatient payment per insured", "人均门诊支付"),
    ("personal_contribution", "driver", "average", _CY, "mean:contributors|insured", "personal contribution", "个人缴费标准"),
    ("subsidy_per_head", "driver", "average", _CY, "mean:contributors|insured", "subsidy per head", "人均财政补助标准", "财政补助标准"),
    ("transfer_level_in", "driver", "average", _CC, "mean:movers_in", "amount per person transferred in", "人均转入金额"),
    ("transfer_level_out", "driver", "average", _CC, "mean:movers_out", "amount per person transferred out", "人均转出金额"),
    ("average_wage", "driver", "average", _CY, "never", "average wage", "平均工资", "社会平均工资"),
    ("gdp", "driver", "flow", _C, "never", "gross domestic product", "地区生产总值", "国内生产总值", "GDP"),
    ("urban_employment", "driver", "closing", _P, "never", "urban employment", "城镇就业人员", "城镇就业人数"),
    ("interest_rate", "rate", "average", _S, "ratio:interest/opening_balance", "interest on the opening balance", "平均利率"),
    ("deposit_rate", "rate", "average", _S, "mean:opening_balance", "average rate of the deposits", "存款平均利率"),
    # inter-level drivers
    ("remittance_rate", "rate", "average", _S, "never", "remittance rate", "上解比例"),
    ("remittance_share", "rate", "average", _S, "never", "share of the wage in the remittance", "上解工资比例"),
    ("remittance_wage", "driver", "average", _CM, "mean:remittance_heads", "monthly wage for the remittance", "上解工资基数"),
    ("grant_per_beneficiary", "driver", "average", _CY, "mean:beneficiaries_average", "grant per beneficiary", "人均拨付额"),
    # amounts
    ("assessed", "driver", "flow", _C, "sum", "contributions assessed", "应缴金额", "应缴保费"),
    ("assessed_flexible", "driver", "flow", _C, "sum", "contributions assessed (flexible)", "灵活就业应缴金额"),
    ("collected", "driver", "flow", _C, "sum", "contributions collected", "实缴金额", "当期实缴"),
    ("collected_flexible", "driver", "flow", _C, "sum", "contributions collected (flexible)", "灵活就业实缴金额"),
    ("arrears", "driver", "closing", _C, "sum", "arrears", "欠费", "累计欠费"),
    ("arrears_recovered", "driver", "flow", _C, "sum", "arrears recovered", "清欠收入", "清理历年欠费"),
    ("back_payments", "driver", "flow", _C, "sum", "back-payments", "补缴收入"),
    ("prepayments", "driver", "flow", _C, "sum", "prepayments", "预缴收入"),
    ("deferred_out", "driver", "flow", _C, "sum", "deferred to later years", "缓缴金额"),
    ("deferred_in", "driver", "flow", _C, "sum", "deferred contributions repaid", "缓缴补缴"),
    ("exempted", "driver", "flow", _C, "sum", "contributions exempted", "减免金额"),
    ("written_off", "driver", "flow", _C, "sum", "arrears written off", "核销欠费"),
    # revenue
    ("contribution_revenue", "revenue", "flow", _C, "sum", "contribution revenue", "社会保险费收入", "保险费收入", "缴费收入"),
    ("fiscal_subsidy", "revenue", "flow", _C, "sum", "fiscal subsidy", "财政补贴收入", "财政补贴"),
    ("interest", "revenue", "flow", _C, "sum", "interest", "利息收入"),
    ("investment_return", "revenue", "flow", _C, "sum", "investment return", "委托投资收益", "投资收益"),
    ("transfer_in", "revenue", "flow", _C, "sum", "transfers in", "转移收入"),
    ("collective_aid", "revenue", "flow", _C, "sum", "collective aid", "集体补助收入"),
    ("other_revenue", "revenue", "flow", _C, "sum", "other revenue", "其他收入"),
    ("revenue_subtotal", "revenue_total", "flow", _C, "sum", "revenue subtotal", "本年收入小计", "收入小计"),
    ("upper_grant", "revenue", "flow", _C, "sum", "grant from the upper level", "上级补助收入"),
    ("lower_remittance", "revenue", "flow", _C, "sum", "remittance from the lower level", "下级上解收入"),
    ("total_revenue", "revenue_total", "flow", _C, "sum", "total revenue", "本年收入合计", "收入合计", "基金收入", "总收入"),
    # expenditure
    ("benefit_expenditure", "expenditure", "flow", _C, "sum", "benefit expenditure", "社会保险待遇支出", "待遇支出"),
    ("pension_expenditure", "benefit", "flow", _C, "sum", "pensions", "基本养老金支出", "养老金支出"),
    ("death_expenditure", "benefit", "flow", _C, "sum", "funeral and survivors' benefits", "丧葬补助金和抚恤金支出", "丧葬抚恤支出"),
    ("disability_expenditure", "benefit", "flow", _C, "sum", "disability allowances", "病残津贴支出", "伤残待遇支出"),
    ("medical_expenditure", "benefit", "flow", _C, "sum", "medical benefits", "医疗待遇支出", "医疗费用支出"),
    ("unemployment_expenditure", "benefit", "flow", _C, "sum", "unemployment benefits", "失业保险金支出"),
    ("injury_expenditure", "benefit", "flow", _C, "sum", "work-injury benefits", "工伤保险待遇支出", "工伤待遇支出"),
    ("non_benefit_expenditure", "expenditure", "flow", _C, "sum", "non-benefit expenditure", "社会保险非待遇性支出", "非待遇性支出"),
    ("transfer_out", "expenditure", "flow", _C, "sum", "transfers out", "转移支出"),
    ("other_expenditure", "expenditure", "flow", _C, "sum", "other expenditure", "其他支出"),
    ("expenditure_subtotal", "expenditure_total", "flow", _C, "sum", "expenditure subtotal", "本年支出小计", "支出小计"),
    ("lower_grant", "expenditure", "flow", _C, "sum", "grant to the lower level", "补助下级支出"),
    ("upper_remittance", "expenditure", "flow", _C, "sum", "remittance to the upper level", "上解上级支出"),
    ("total_expenditure", "expenditure_total", "flow", _C, "sum", "total expenditure", "本年支出合计", "支出合计", "基金支出", "总支出"),
    # filling
    ("gap_subsidy", "filling", "flow", _C, "sum", "gap-filling subsidy", "缺口补助", "弥补缺口的财政补贴"),
    ("gap_grant", "filling", "flow", _C, "sum", "gap-filling grant", "缺口上级补助"),
    ("standing_subsidy", "driver", "flow", _C, "sum", "fiscal subsidy apart from gap filling", "非缺口财政补贴"),
    ("gap_base", "driver", "flow", _C, "sum", "base amount of gap sharing", "缺口分担基数", "补助基数"),
    ("local_input", "driver", "flow", _C, "sum", "input from the local general budget", "地方财政投入", "一般公共预算投入"),
    ("reserve_fund", "driver", "closing", _C, "sum", "reserve fund", "储备金余额", "储备金"),
    ("standing_grant", "driver", "flow", _C, "sum", "upper grant apart from gap filling", "非缺口上级补助"),
    # results
    ("opening_balance", "balance", "opening", _C, "sum", "opening balance", "上年结余", "上年滚存结余", "年初滚存结余", "年初结余"),
    ("current_balance", "balance", "flow", _C, "sum", "current-year balance", "本年收支结余", "当年结余", "收支结余"),
    ("balance_adjustment", "balance", "flow", _C, "sum", "balance adjustment", "以前年度调整", "结余调整"),
    ("closing_balance", "balance", "closing", _C, "sum", "closing balance", "年末滚存结余", "滚存结余", "累计结余"),
    ("months_payable", "result", "closing", "months", "ratio:closing_balance*12/expenditure_subtotal|total_expenditure",
     "months payable", "可支付月数"),
    ("revenue_before_filling", "result", "flow", _C, "sum", "total revenue before filling", "弥补缺口前收入"),
    ("completion", "result", "average", _S, "never", "completion of the budget", "预算完成率", "完成预算"),
    ("growth", "result", "average", _S, "never", "growth on last year", "增长率"),
    ("gap", "result", "flow", _C, "sum", "gap before filling", "收支缺口", "基金缺口"),
    # heads × revenue or spending per head, where a fund publishes no more than that
    ("total_revenue_per_insured", "driver", "average", _CY, "ratio:total_revenue/insured_average", "total revenue per insured", "参保人均总收入"),
    ("total_expenditure_per_insured", "driver", "average", _CY, "ratio:total_expenditure/insured_average", "total expenditure per insured", "参保人均总支出"),
    ("contribution_revenue_per_insured", "driver", "average", _CY, "ratio:contribution_revenue/insured_average",
     "contribution revenue per insured", "参保人均保费收入"),
    ("benefit_expenditure_per_insured", "driver", "average", _CY, "ratio:benefit_expenditure/insured_average",
     "benefit expenditure per insured", "参保人均待遇支出"),
    ("medical_expenditure_per_insured", "driver", "average", _CY, "ratio:medical_expenditure/insured_average",
     "medical benefits per insured", "参保人均医疗支出"),
)  # fmt: skip

CATALOGUE: dict[str, Item] = {
    row[0]: Item(row[0], row[1], row[2], row[3], row[4], row[5], row[6], tuple(row[7:])) for row in _TABLE
}

#: Parts of an item that law decides apart, by every word for them: a point more of the part is a point more of the item.
PARTS: dict[str, str] = dict.fromkeys(
    ("employer_rate", "单位缴费比例", "单位费率", "employee_rate", "个人缴费比例", "个人费率", "maternity_rate", "生育保险费率"),
    "contribution_rate",
)

REVENUE_LINES = (
    "contribution_revenue", "fiscal_subsidy", "interest", "investment_return",
    "transfer_in", "collective_aid", "other_revenue",
)  # fmt: skip
INTER_LEVEL_REVENUE = ("upper_grant", "lower_remittance")
EXPENDITURE_LINES = (
    "benefit_expenditure", "non_benefit_expenditure", "transfer_out", "other_expenditure",
)  # fmt: skip
INTER_LEVEL_EXPENDITURE = ("lower_grant", "upper_remittance")
BENEFIT_LINES = (
    "pension_expenditure", "death_expenditure", "disability_expenditure",
    "medical_expenditure", "unemployment_expenditure", "injury_expenditure",
)  # fmt: skip
STATUTORY_LINES = REVENUE_LINES + INTER_LEVEL_REVENUE + EXPENDITURE_LINES + INTER_LEVEL_EXPENDITURE


def item(code: str) -> Item:
    """The catalogue entry of `code`, or of any other word for the item.

    Raises
    ------
    SibError
        If there is no such item; the message names the nearest ones.

    Examples
    --------
    >>> item("contribution_base").rollup
    'mean:contributors'
    """
    found = CATALOGUE.get(code_of(code) or "")
    if found is None:
        raise SibError(unknown_word(code))
    return found


def unknown_word(word: str) -> str:
    """What is told of a word that is no item: the nearest words in its own writing.

    Examples
    --------
    >>> unknown_word("缴费比率")
    "unknown item '缴费比率'; did you mean '缴费率', '缴费费率' or '缴费比例'?"
    """
    known = [w for w in (*(CATALOGUE if word.isascii() else words()), *PARTS) if w.isascii() == word.isascii()]
    return f"unknown item {word!r}{did_you_mean(word, known)}"


def whole_of(word: str) -> str:
    """The item a part is summed into, blank where the word is no part.

    Examples
    --------
    >>> whole_of("employer_rate"), whole_of("benefit_level")
    ('contribution_rate', '')
    """
    return PARTS.get("".join(word.lower().split()), "")


def part_fault(word: str) -> str:
    """What is wrong with a change of a part that is no `add`."""
    return (f"{word} is a part of {whole_of(word)}: write add, the difference to today's (such as add = -0.01), "
            f"or change {whole_of(word)} itself")  # fmt: skip


def did_you_mean(word: str, known: object, cutoff: float = 0.7) -> str:
    """A hint naming the nearest known words, or an empty string; `cutoff` of the letters must agree.

    Examples
    --------
    >>> did_you_mean("benefit_levle", CATALOGUE)
    "; did you mean 'benefit_level' or 'benefit_level_end'?"
    """
    from difflib import get_close_matches

    near = [repr(w) for w in get_close_matches(str(word), list(known), n=3, cutoff=cutoff)]  # type: ignore[call-overload]
    if not near:
        return ""
    return f"; did you mean {', '.join(near[:-1])}{' or ' if near[1:] else ''}{near[-1]}?"


_CAUSE = re.compile(r"(\w+) ([=+−×≥≤])([-−]?)([\d.]+(?:e[-+]?\d+)?)( \(\d+\))?")
_SIGNS = {"set": "=", "add": "+", "multiply": "×", "floor": "≥", "cap": "≤"}


def change_words(item: str, operation: str, amount: float) -> str:
    """What names a change that has no name of its own: its item, what it does, by how much.

    Examples
    --------
    >>> change_words("contribution_rate", "add", -0.01), change_words("benefit_level", "multiply", 1.05)
    ('contribution_rate −0.01', 'benefit_level ×1.05')
    """
    sign, minus = _SIGNS[operation], "−" if amount < 0 else ""
    return f"{item} {minus if minus and operation == 'add' else sign + minus}{abs(amount):g}"


def cause_name(cause: str, language: str) -> str:
    """A change without a name of its own, told by the label of its item; any other cause is itself.

    Examples
    --------
    >>> cause_name("benefit_level ×1.02", "zh"), cause_name("contribution_rate −0.005", "en")
    ('人均待遇水平 ×1.02', 'contribution rate −0.005')
    >>> cause_name("cut", "zh")
    'cut'
    """
    found = _CAUSE.fullmatch(cause)
    if found is None or found[1] not in CATALOGUE:
        return cause
    sign = "−" if found[2] == "+" and found[3] else found[2] + found[3].replace("-", "−")
    return f"{CATALOGUE[found[1]].label(language)} {sign}{found[4]}{found[5] or ''}"


def code_of(word: str) -> str | None:
    """The code of the item a word means: a code, a label in either language or another word for it; ``None`` for no item.

    Examples
    --------
    >>> code_of("人均待遇水平"), code_of("Contribution rate"), code_of("what")
    ('benefit_level', 'contribution_rate', None)
    """
    low, table = word.lower().split(), words()
    return table.get("".join(low)) or table.get(" ".join(low))


@cache
def words() -> dict[str, str]:
    """Every word an item may be written as (code, labels, aliases), to its code."""
    table: dict[str, str] = {}
    for entry in CATALOGUE.values():
        for word in (entry.code, entry.en, entry.zh, *entry.aliases):
            table.setdefault(word.lower(), entry.code)
    return table
