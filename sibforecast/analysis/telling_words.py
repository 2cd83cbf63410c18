"""The sentences of a bill, English and Chinese; what stands in braces is filled by `telling`.

Amounts are in the unit of the rules, names stand in quotation marks: every number outside
of them is a row of the explanation's frame.
"""

from __future__ import annotations

#: Levels and other payers.
PAYERS: dict[str, tuple[str, str]] = {
    "nation": ("the nation", "国家"), "region": ("the region", "自治区"), "league": ("the league", "盟市"),
    "county": ("the county", "旗县"), "fund": ("the fund itself", "基金自身"), "pending": ("pending", "待裁定"),
}  # fmt: skip

#: What happens to a cause, by treatment.
TREATS: dict[str, tuple[str, str]] = {
    "shared": ("it is shared between the levels of government", "由各级政府分担"),
    "local": ("it is not shared: the area's own government carries it", "不予分担，由当地政府承担"),
    "pending": ("who carries it waits for a ruling", "由谁承担待裁定"),
    "unlisted": ("it is in no list of the rules: the area carries it, and it is shown apart", "规则未列，由当地承担，单独列示"),
    "override": ("national rules decide it before all else", "按国家规定执行，先于其他规则"),
    "out_of_scope": ("it is out of the scope of the rules: the area carries it", "不在规则范围内，由当地承担"),
}  # fmt: skip
#: The part of a gap, by treatment.
PARTS: dict[str, tuple[str, str]] = {
    "local": ("local", "地方承担"), "shared": ("shared", "分担"), "pending": ("pending", "待裁定"),
    "unlisted": ("unlisted", "未列明"), "override": ("national", "按国家规定"), "out_of_scope": ("out of scope", "范围外"),
}  # fmt: skip
CONDITIONS: dict[str, tuple[str, str]] = {
    "remitted_on_time": ("remitted in full and on time", "按时足额上解"),
    "task_completed": ("last year's tasks completed", "完成上年任务"),
}
MONEY: dict[str, str] = {"元": "yuan", "万元": "10k yuan", "亿元": "100m yuan"}
CAUSES: dict[str, tuple[str, str]] = {
    "budget_gap": ("budget gap", "预算收支缺口"), "residual": ("residual", "其他（残差）"),
    "under_collection": ("missed collection", "未完成收入"), "own balance": ("own balance", "本级结余"),
    "reserve": ("reserve", "储备金"), "base amount": ("base amount", "基数"),
}  # fmt: skip

#: By which areas bills are drawn up.
LEVELS: dict[str, tuple[str, str]] = {
    "nation": ("nation", "国家"), "region": ("region", "自治区"), "league": ("league", "盟市"), "county": ("county", "旗县"),
}  # fmt: skip

SENTENCES: dict[str, tuple[str, str]] = {
    "within": (
        "{asked} lies in {area}: the rules draw up bills by {level}, and what follows is the bill of {area}.",
        "{asked}属于{area}：规则按{level}计算分担，以下为{area}的分担。",
    ),
    "gap": (
        "In {period} {fund} of {area} has a gap of {gap}. Amounts are in {unit}.",
        "{period}年{area}{fund}收支缺口为{gap}。金额单位：{unit}。",
    ),
    "surplus": (
        "In {period} {fund} of {area} has no gap: the surplus of {surplus} stays in the fund, and nobody pays. "
        "Amounts are in {unit}.",
        "{period}年{area}{fund}没有缺口：结余{surplus}留在基金，各级均不负担。金额单位：{unit}。",
    ),
    "surplus_apart": (
        "In {period} {fund} of {area} has a surplus of {surplus} in all, but some causes are settled apart from it. "
        "Amounts are in {unit}.",
        "{period}年{area}{fund}总体结余{surplus}，但有单独处理的因素。金额单位：{unit}。",
    ),
    "pooled": (
        "At the start of the year the fund is pooled at the level of {level}, which is out of the scope of the rules.",
        "年初该险种由{level}统筹，不在规则范围内。",
    ),
    "no_entry": (
        "The pooling table has no entry for it at the start of the year: it is out of the scope of the rules.",
        "年初统筹表中没有该险种的记录，不在规则范围内。",
    ),
    "not_named": ("The fund is not among those the rules name.", "规则所列险种不包括该险种。"),
    "worse": (
        "Class {class}{clause} takes {cause}, which adds {cause_amount} to the gap: {treat}.",
        "{class}类{clause}：{cause}增加缺口{cause_amount}，{treat}。",
    ),
    "better": (
        "Class {class}{clause} takes {cause}, which lightens the gap by {relief}.",
        "{class}类{clause}：{cause}减少缺口{relief}。",
    ),
    "no_class": (
        "No class of the rules takes {cause}, which adds {cause_amount} to the gap: {treat}.",
        "{cause}不属于规则的任何一类，增加缺口{cause_amount}，{treat}。",
    ),
    "no_class_better": (
        "No class of the rules takes {cause}, which lightens the gap by {relief}.",
        "{cause}不属于规则的任何一类，减少缺口{relief}。",
    ),
    "netted": (
        "Savings come off first: of the {part} {before_netting} there remain {after_netting}.",
        "先抵减节余：{part}部分由{before_netting}减为{after_netting}。",
    ),
    "balance": (
        "The fund's own balance of {opening_balance} goes first and meets {met}; {left} is left to share.",
        "先用本级结余{opening_balance}弥补{met}，尚余{left}需分担。",
    ),
    "balance_kept": (
        "The fund's own balance of {opening_balance} goes first, but for {kept} months of spending at {monthly} a month: "
        "it meets {met}; {left} is left to share.",
        "先用本级结余{opening_balance}弥补，但须留存{kept}个月支出（每月{monthly}）：弥补{met}，尚余{left}需分担。",
    ),
    "complete": (
        "Of the {budgeted} of contribution revenue budgeted {completion} was collected; "
        "from {complete_from} the task counts as complete.",
        "预算保费收入{budgeted}完成{completion}，达到{complete_from}即视为完成。",
    ),
    "incomplete": (
        "Of the {budgeted} of contribution revenue budgeted {completion} was collected, "
        "less than the {complete_from} that count as complete.",
        "预算保费收入{budgeted}完成{completion}，低于视为完成的{complete_from}。",
    ),
    "reserve": (
        "The reserve of {reserve} goes before anyone shares and meets {met}; {left} is left to share.",
        "先用储备金{reserve}弥补{met}，尚余{left}需分担。",
    ),
    "reserve_none": ("The reserve of {reserve} meets nothing.", "储备金{reserve}，不能弥补。"),
    "base": (
        "Of the base amount of {base} {payer} alone carries {met}; {increment} exceeds it and is shared by the ratio.",
        "基数{base}，由{payer}全额承担{met}；增量{increment}按比例分担。",
    ),
    "base_none": (
        "The base amount is {base}: all of the {increment} is shared by the ratio.", "基数为{base}：{increment}全部按比例分担。",
    ),
    "ratio": ("What is shared falls to {shares}: {why}.", "分担部分的比例为{shares}：{why}。"),
    "pays": ("Of {cause} {payer} carries {payment}.", "{cause}由{payer}承担{payment}。"),
    "pays_share": ("Of {cause} {payer} carries {share}, that is {payment}.", "{cause}由{payer}承担{share}，计{payment}。"),
    "pays_all": ("So {payer} carries {payment}.", "因此由{payer}承担{payment}。"),
    "pays_balance": ("The own balance meets {payment}.", "本级结余弥补{payment}。"),
    "pays_reserve": ("The reserve meets {payment}.", "储备金弥补{payment}。"),
    "pays_base": ("Of the base amount {payer} carries {payment}.", "基数部分由{payer}承担{payment}。"),
    "left_over": ("What is left over stays in the fund: {payment}.", "剩余部分留在基金：{payment}。"),
    "waits": ("Of {cause} {payment} is pending: nobody carries it yet.", "{cause}中{payment}待裁定，尚无承担方。"),
    "C2": (
        "The assessment multiplies the grant by {multiplier}: what {payer} carries changes by {change}.",
        "考评结果使补助乘以{multiplier}：{payer}承担额变动{change}。",
    ),
    "C2_word": (
        "The assessment {word} multiplies the grant by {multiplier}: what {payer} carries changes by {change}.",
        "考评结果{word}使补助乘以{multiplier}：{payer}承担额变动{change}。",
    ),
    "C1": (
        "Audit findings of {found} are not rectified and come off the grant: what {payer} carries changes by {change}.",
        "审计查出{found}尚未整改，从补助中扣减：{payer}承担额变动{change}。",
    ),
    "K1": (
        "A condition is not met ({word}), so nothing is granted: what {payer} carries changes by {change}.",
        "未满足条件（{word}），不予补助：{payer}承担额变动{change}。",
    ),
    "CAP": (
        "The grant is capped at {limit}: what {payer} carries changes by {change}.",
        "补助以{limit}为上限：{payer}承担额变动{change}。",
    ),
    "CAP_times": (
        "The grant is capped at {times} times the {remitted} remitted, {limit}: what {payer} carries changes by {change}.",
        "补助以上解额{remitted}的{times}倍即{limit}为上限：{payer}承担额变动{change}。",
    ),
    "MIN_times": (
        "What the area puts in may not fall below {times} times last year's {local_input}, {floor}: "
        "what {payer} carries changes by {change}.",
        "地方投入不低于上年{local_input}的{times}倍即{floor}：{payer}承担额变动{change}。",
    ),
    "POOL": (
        "The pool of {pool} pays {pool_part} of the {due} due to all areas: what {payer} carries changes by {change}.",
        "资金池{pool}只够支付全部应补{due}的{pool_part}：{payer}承担额变动{change}。",
    ),
    "total": ("Together {payer} carries {total}.", "合计{payer}承担{total}。"),
    "nothing": ("So {payer} carries nothing: {total}.", "因此{payer}不承担：{total}。"),
    "total_pending": ("Together {total} is pending.", "合计待裁定{total}。"),
    "others": ("The other payers: {others}.", "其他承担方：{others}。"),
    "note": ("The rules note: {note}.", "规则注：{note}。"),
}  # fmt: skip

#: Why a ratio: what of its row of the table fitted.
WHY: dict[str, tuple[str, str]] = {
    "default": ("the ratio the rules give where no row of a table fits", "规则的一般比例"),
    "no_fit": ("no row of the table fits, so the default ratio holds", "比例表中没有适用的行，按一般比例"),
    "no_fit_unknown": (
        "a month's spending is unknown, so no band of reserve fits and the default ratio holds",
        "每月支出不明，不能确定可支付月数，按一般比例",
    ),
    "no_fit_months": (
        "its reserve of {months} months and its tier fit no row of the table, so the default ratio holds",
        "可支付月数{months}个月及其经济档次在比例表中没有适用的行，按一般比例",
    ),
    "tier": ("economic tier {tier}", "经济档次{tier}"),
    "between": (
        "its reserve of {months} months lies from {low} to below {high}", "可支付{months}个月，不低于{low}、低于{high}个月",
    ),
    "below": ("its reserve of {months} months lies below {high}", "可支付{months}个月，低于{high}个月"),
    "above": ("its reserve of {months} months is at least {low}", "可支付{months}个月，不低于{low}个月"),
    "benefit_expenditure": (
        "what the lower level carries of all areas together is apportioned by benefit spending, "
        "here {own_spending} of {every_spending}",
        "下级承担的总额按待遇支出分摊，本地{own_spending}，合计{every_spending}",
    ),
    "dependency": (
        "the upper level's share follows the dependency ratio, here {own_dependency} against {every_dependency} of all areas",
        "上级比例随制度赡养率调整，本地{own_dependency}，全部地区{every_dependency}",
    ),
    "programmes": ("the rules name a ratio for this fund", "规则对该险种另有比例"),
    "regions": ("the rules name a ratio for this area", "规则对该地区另有比例"),
}  # fmt: skip
#: Clauses the package itself writes.
CLAUSES: dict[str, tuple[str, str]] = {
    "evidence is missing": ("evidence is missing", "缺少依据"),
    "no class of the rules takes it": ("no class of the rules takes it", "规则未列"),
    "within the tolerance": ("within the tolerance", "在视为完成的幅度以内"),
}


def word(table: dict[str, tuple[str, str]], key: str, language: str) -> str:
    """A word in the language; one that is not known is itself."""
    return table[key][language == "zh"] if key in table else key
