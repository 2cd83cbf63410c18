"""What every table and column holds, said to the person who fills it in."""

from __future__ import annotations

#: Tables of the fill-in workbook, in its order: English, Chinese.
TABLES_IN_WORDS: dict[str, tuple[str, str]] = {
    "regions": ("the areas and which area each lies in", "地区及其上级，构成统筹树"),
    "history": ("one figure a row: area, fund, item, period", "历史与申报数据，一行一个数"),
    "programmes": ("only funds beyond the seven", "七项基金以外的险种才需填写"),
    "pooling": ("at which level a fund is pooled, and since when", "各险种统筹层次及起止日期"),
    "assumptions": ("macro figures and judgement; they override a forecast", "宏观参数与专家判断，优先于预测值"),
    "policies": ("decisions in force or announced, one change a row", "已出台或拟出台的政策调整，一行一项"),
    "deposits": ("how a balance is kept", "结余存款结构"),
    "events": ("what happened once, or changed what is counted", "一次性事件与口径变化"),
    "assessments": ("scores of the yearly assessment", "年度考核得分"),
    "audits": ("amounts audits found", "审计查出金额"),
    "ledgers": ("rows of the books of agency, finance, bank and tax", "经办、财政、银行、税务账簿的记录，用于对账"),
}

#: Sheets of the Chinese workbook; each is read like the table's own name.
SHEETS_ZH: dict[str, str] = {
    "regions": "地区", "history": "历史数据", "programmes": "险种", "pooling": "统筹层次", "assumptions": "假设",
    "policies": "政策调整", "deposits": "存款结构", "events": "事件", "assessments": "考核", "audits": "审计", "ledgers": "账簿",
}  # fmt: skip

#: Sides and timings of items in Chinese.
SIDES_ZH: dict[str, str] = {
    "driver": "因素", "rate": "比率", "benefit": "待遇支出明细", "revenue": "收入", "revenue_total": "收入合计",
    "expenditure": "支出", "expenditure_total": "支出合计", "filling": "弥补缺口", "balance": "结余", "result": "计算结果",
}  # fmt: skip
TIMINGS_ZH: dict[str, str] = {"flow": "当期累计", "average": "当期平均", "closing": "期末", "opening": "期初"}

#: What makes a draft of any fund: its totals and its balance, for three years or more.
LEAST = ("total_revenue", "total_expenditure", "closing_balance")
#: Lines that let gap filling, interest and benefits be told apart.
LINES = ("contribution_revenue", "fiscal_subsidy", "interest", "benefit_expenditure", "gap_subsidy", "gap_grant")
_WAGES = ("insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate")
_PENSIONERS = ("beneficiaries", "new_beneficiaries", "beneficiary_exits", "benefit_level", "deaths", "death_benefit")
_CARE = ("insured", "admissions_per_insured", "cost_per_admission", "pooled_pay_rate", "outpatient_per_insured")
#: Drivers by the kind of fund: with these each line follows from its formula, and scenarios reach it.
DRIVERS: dict[str, tuple[str, ...]] = {
    "wage_based_pension": (*_WAGES, *_PENSIONERS),
    "closing_subsidy_pension": (*_WAGES, *_PENSIONERS),
    "flat_pension": ("insured", "contributors", "personal_contribution", "subsidy_per_head", "benefit_standard", *_PENSIONERS),
    "employee_medical": (*_WAGES, *_CARE),
    "resident_medical": ("personal_contribution", "subsidy_per_head", *_CARE),
    "injury": (*_WAGES, "beneficiaries", "benefit_level", "deaths", "death_benefit"),
    "unemployment": (*_WAGES, "recipient_months", "benefit_standard"),
    "totals_only": (),
}

#: Columns: English, Chinese. ``table.column`` goes before ``column``.
COLUMNS_IN_WORDS: dict[str, tuple[str, str]] = {
    "region": (
        "code of the area, kept as text: 011 stays 011; full and short names are understood",
        "行政区划代码（文本），也可填全称或简称",
    ),
    "pooling.region": ("the area it holds for; blank means all", "适用地区，空白为全部"),
    "assumptions.region": ("the area it holds for; blank means all", "适用地区，空白为全部"),
    "name": ("name to show", "名称"),
    "parent": ("code of the area above; blank at the top", "上级地区代码，最高一级留空"),
    "level": ("nation, region, league or county", "层级：国家、自治区、盟市、旗县"),
    "name_en": ("English name", "英文名称"),
    "econ_tier": ("tier of economic strength, where sharing rules use one", "财力档次"),
    "programme": ("fund: one of the codes or names below, or one declared in programmes", "险种代码或名称，见下表"),
    "programmes.programme": ("a code of your own for the fund", "自定义险种代码"),
    "assumptions.programme": ("the fund it holds for; blank means all", "适用险种，空白为全部"),
    "policies.programme": ("one fund, several with commas, or *", "险种，多个用逗号分隔，* 为全部"),
    "item": ("what the figure is: one of the items below", "项目代码或中文名称，见下表"),
    "period": (
        "a year 2024, or a month 2024-09 (flows since January, stocks at month end)",
        "年度或月份；月份数为当年累计数，存量为月末数",
    ),
    "value": (
        "the figure; — where there is none. Blank is not zero: it is an error",
        "数值；没有的填 —。空白不等于零，按错误提示",
    ),
    "assessments.value": ("the score", "得分"),
    "unit": ("unit of the figure: see units below", "单位，见下表"),
    "stage": (
        "see stages below; blank means final for years and executed for months",
        "数据阶段，见下表；空白时年度为决算、月份为执行",
    ),
    "caliber": ("definition the figure follows, where it changed", "统计口径，变更时注明"),
    "source": (
        "where the figure comes from; 'illustrative' marks made-up figures",
        "数据来源；示例数据填 illustrative",
    ),
    "kind": ("the kind of fund whose formulas it uses: see kinds below", "险种类别，决定测算公式"),
    "deposits.kind": ("demand or term deposit, bond, …", "活期、定期、国债等"),
    "includes": (
        "of a total (kind totals_only): codes or names of the funds it holds, with commas; none if it is a fund of its own",
        "总数类险种（totals_only）所含险种的代码或名称，用逗号分隔；不含其他险种填 none",
    ),
    "succeeded_by": ("the fund that took it over", "并入的险种"),
    "from": ("first year of the fund", "起始年度"),
    "start": ("first month or day it is in force", "开始月份或日期（含）"),
    "end": ("last month or day; blank is open", "截止月份或日期（含），空白为长期"),
    "author": ("who judged so", "测算人"),
    "id": ("short name of the change; becomes the cause of a gap", "编号，用作缺口成因"),
    "title": ("the decision in one line", "政策名称"),
    "regions": ("one area, several with commas, or *", "适用地区，多个用逗号分隔，* 为全部"),
    "set": ("the new value (one of set, add, multiply, floor, cap)", "设为该值（五种方式填一种）"),
    "add": ("what is added", "增加的数"),
    "multiply": ("the factor: 1.05 is +5 %", "乘数，1.05 即提高 5%"),
    "floor": ("the lowest value allowed", "下限"),
    "cap": ("the highest value allowed", "上限"),
    "paid": ("month from which it is paid in one sum with arrears back to the start", "集中补发月份"),
    "decided_by": ("nation, region, league, county or event", "决定层级：国家、自治区、盟市、旗县或突发事件"),
    "known_at_budget": ("true or false: whether the budget already knew it", "编制预算时是否已知（是/否）"),
    "evidence": ("proof, needed where decided_by is event", "证明材料，突发事件必填"),
    "reference": ("document number or link", "文号或链接"),
    "before_value": ("value before, where set, floor or cap must be undone later", "调整前数值"),
    "bank": ("the bank", "开户银行"),
    "balance": ("amount kept so", "存款余额"),
    "rate": ("yearly rate: 1.75% or 0.0175", "年利率，1.75% 或 0.0175"),
    "term_months": ("term in months; blank for demand deposits", "期限（月），活期留空"),
    "indicator": ("what is scored", "考核指标"),
    "amount": ("amount found", "金额"),
    "ledgers.amount": ("the amount booked", "记账金额"),
    "ledger": (
        "the book: agency (经办, 社保), finance (财政), bank (银行) or tax (税务)",
        "账簿：经办（社保、医保）、财政、银行或税务",
    ),
    "rectified": ("true or false: whether it was put right", "是否已整改（是/否）"),
    "note": ("anything else", "备注"),
    "known_from": ("month from which a forecast may know of it", "可知晓的起始月份"),
    "status": ("statute (read in the source) or unverified", "已核实或未核实"),
    "spread": ("how far it may be off: standard deviation as a share, 2%", "可能误差（标准差占数值的比例），如 2%"),
    "reason": ("why it was judged so", "判断理由"),
    "events.kind": ("one_off: says nothing of other years; break: earlier is another series", "一次性事件或口径变化"),
    "events.programme": ("fund, several with commas, or *", "险种，多个用逗号分隔，* 为全部"),
    "events.item": ("item, several with commas, or *", "项目，多个用逗号分隔，* 为全部"),
}

#: Units by base unit of the catalogue: what may be written.
UNITS_IN_WORDS: dict[str, str] = {
    "currency": "元, 万元, 亿元, yuan, 10k yuan, 100m yuan, USD m",
    "currency/person-month": "元/月, 元/年, yuan/month",
    "currency/person-year": "元/年, 元/月, yuan/year",
    "currency/case": "元, 元/例",
    "persons": "人, 万人, persons, 10k persons",
    "person-months": "人月, person-months",
    "share": "% (98) or share (0.98), or 98% in the cell",
    "per person-year": "次/人年, share",
    "months": "months, 个月",
}

#: Units to choose from, English and Chinese: of money, of money per month and year, of all else.
MONEY_UNITS = (("yuan", "10k yuan", "100m yuan"), ("元", "万元", "亿元"))
RATE_UNITS = (("yuan/month", "yuan/year"), ("元/月", "元/年"))
OTHER_UNITS = (
    ("persons", "10k persons", "person-months", "per person-year", "%", "share", "months"),
    ("人", "万人", "人月", "次/人年", "%", "比例", "个月"),
)  # fmt: skip


def column_in_words(table: str, column: str) -> tuple[str, str]:
    """What a column holds, in English and Chinese.

    Examples
    --------
    >>> column_in_words("deposits", "kind")[0]
    'demand or term deposit, bond, …'
    """
    return COLUMNS_IN_WORDS.get(f"{table}.{column}") or COLUMNS_IN_WORDS[column]
