"""Which tables and columns a data set may have, and the words people head them with."""

from __future__ import annotations

from dataclasses import dataclass

from sibforecast.rollup.tree import LEVELS as LEVELS

STAGES = ("final", "executed", "expected", "budget", "adjusted", "reported", "draft")


@dataclass(frozen=True)
class Table:
    """Columns of a table: those it must have, and those it may have."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        Table("regions", ("region", "name", "parent", "level"), ("name_en", "econ_tier"), ("地区", "地区表")),
        Table(
            "history",
            ("region", "programme", "item", "period", "value", "unit"),
            ("stage", "caliber", "source"),
            ("figures", "历史", "历史数据", "数据"),
        ),
        Table("programmes", ("programme", "kind", "name"), ("name_en", "includes", "succeeded_by", "from"), ("险种", "险种表")),
        Table("pooling", ("programme", "level", "start", "end"), ("region",), ("统筹层次", "统筹")),
        Table("assumptions", ("item", "period", "value", "unit"), ("region", "programme", "author", "spread", "reason"), ("假设", "参数")),
        Table(
            "policies",
            ("item", "start"),
            ("id", "title", "programme", "regions", "set", "add", "multiply", "floor", "cap", "unit",
             "end", "paid", "decided_by", "known_at_budget", "evidence", "reference", "author", "before_value", "known_from"),
            ("政策", "政策调整"),
        ),
        Table(
            "deposits",
            ("region", "programme", "kind", "bank", "balance", "unit", "rate", "start", "term_months"),
            (),
            ("存款", "存款结构"),
        ),
        Table(
            "events",
            ("programme", "item", "start"),
            ("id", "kind", "end", "known_from", "status"),
            ("事件", "事件表", "口径变化"),
        ),
        Table("assessments", ("region", "indicator", "period", "value"), (), ("考核",)),
        Table("audits", ("region", "programme", "period", "amount", "unit", "rectified"), ("note",), ("审计",)),
        Table("statements", ("region", "programme", "period", "text"), (), ("文字说明",)),
        Table("effects", ("region", "programme", "policy", "value", "unit"), (), ("政策影响",)),
        Table("ledgers", ("region", "programme", "item", "period", "ledger", "amount", "unit"), (), ("账簿",)),
    )
}  # fmt: skip

#: What an event may be: months left out of what is fitted, or the start of another series.
EVENT_WORDS: dict[str, tuple[str, ...]] = {
    "one_off": ("一次性事件", "一次性", "一次性因素", "one-off"),
    "break": ("口径变化", "口径调整", "口径变更", "口径改变", "统计口径变化"),
}
EVENT_KINDS = tuple(EVENT_WORDS)
#: Columns every table may carry.
COMMON = ("source", "note")

HEADERS: dict[str, tuple[str, ...]] = {
    "region": ("地区", "行政区划代码", "地区代码", "区划代码", "统筹区", "area"),
    "name": ("名称", "地区名称", "险种名称"),
    "parent": ("上级", "上级地区", "上级代码"),
    "level": ("层级", "级别", "统筹层次"),
    "name_en": ("英文名称", "english name"),
    "econ_tier": ("经济档次", "财力档次"),
    "programme": ("险种", "基金", "险种代码", "program", "fund"),
    "item": ("项目", "指标"),
    "period": ("年度", "期间", "时期", "year"),
    "month": ("月份", "月"),
    "value": ("数值", "金额", "值"),
    "unit": ("单位", "计量单位"),
    "stage": ("阶段", "口径阶段", "数据阶段"),
    "caliber": ("口径", "统计口径"),
    "source": ("来源", "数据来源"),
    "note": ("备注", "说明"),
    "author": ("作者", "填报人", "测算人"),
    "kind": ("类别", "种类", "类型"),
    "includes": ("所含险种", "包含险种"),
    "succeeded_by": ("并入险种",),
    "from": ("起始年度", "自"),
    "start": ("开始", "起始", "生效"),
    "end": ("结束", "截止"),
    "bank": ("银行", "开户银行"),
    "balance": ("余额", "存款余额"),
    "rate": ("利率", "年利率"),
    "term_months": ("期限", "期限(月)", "期限（月）"),
    "indicator": ("考核指标",),
    "amount": ("数额", "金额"),
    "rectified": ("已整改", "整改"),
    "text": ("文字",),
    "policy": ("政策编号",),
    "ledger": ("账簿名称",),
    "id": ("编号",),
    "title": ("标题", "政策名称"),
    "regions": ("适用地区",),
    "set": ("设为",),
    "add": ("增加",),
    "multiply": ("乘以",),
    "floor": ("下限",),
    "cap": ("上限",),
    "paid": ("发放月份",),
    "decided_by": ("决定层级", "出台层级"),
    "known_at_budget": ("预算时已知",),
    "evidence": ("依据", "证明材料"),
    "reference": ("文号",),
    "before_value": ("调整前数值",),
    "known_from": ("公布月份", "知晓月份"),
    "status": ("状态", "核实情况"),
    "spread": ("误差", "不确定性"),
    "reason": ("理由", "依据说明"),
    "line": ("科目",),
    "cause": ("原因", "缺口原因"),
    "side": ("收支",),
    "scenario": ("情景",),
    "remitted_on_time": ("按时足额上解",),
    "task_completed": ("完成上年任务",),
}  # fmt: skip

STAGE_WORDS: dict[str, tuple[str, ...]] = {
    "final": ("决算", "决算数"),
    "executed": ("执行", "执行数", "累计执行数", "实际"),
    "expected": ("预计", "预计执行数", "预计执行"),
    "budget": ("预算", "预算数", "年初预算"),
    "adjusted": ("调整预算", "调整预算数", "调整后预算"),
    "reported": ("上报", "上报数", "申报"),
    "draft": ("草案", "预算草案"),
}

LEVEL_WORDS: dict[str, tuple[str, ...]] = {
    "nation": ("国家", "全国", "中央"),
    "region": ("自治区", "省", "省级", "自治区级", "province"),
    "league": ("盟市", "盟", "市", "地市", "市级", "city", "prefecture"),
    "county": ("旗县", "旗县区", "县", "区县", "县级", "banner"),
}


def _lookup(words: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {w.lower(): code for code, many in words.items() for w in (code, *many)}


#: What a header word may mean; a word such as 金额 means another column in another table.
HEADER_LOOKUP = {
    word.lower(): tuple(code for code, many in HEADERS.items() if word in many)
    for words in HEADERS.values() for word in words
}  # fmt: skip
STAGE_LOOKUP = _lookup(STAGE_WORDS)
LEVEL_LOOKUP = _lookup(LEVEL_WORDS)
EVENT_LOOKUP = _lookup(EVENT_WORDS)
#: Who decides a change: a level, or nobody but an event.
DECIDER_LOOKUP = {**LEVEL_LOOKUP, **_lookup({"event": ("突发事件", "事件")})}
TABLE_LOOKUP = {w.lower(): t.name for t in TABLES.values() for w in (t.name, *t.words)}
