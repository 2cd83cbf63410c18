"""Write the ILLUSTRATIVE sample data set `nmg` (seven social insurance funds, Inner Mongolia).

No county- or league-level panel of fund flows is public, so every figure here is invented by this
seeded script. Only the regional size of each fund follows published figures (the tables marked
"calibration" below and in README.md). Nothing here may be quoted as a statistic.

    python generate.py            # writes the CSV files beside this script

All money is kept in whole cents (元 x 100), all shares in ten-thousandths and all people in whole
persons, so that every printed line follows from the printed drivers by the formulas of the field,
rounded half-up, and every total is the exact sum of its printed parts.
"""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 150000
HERE = Path(__file__).resolve().parent
SOURCE = "illustrative"
YEARS = list(range(2014, 2028))          # final to 2025, path of 2026 (months, budget), path of 2027 (drafts)
LAST_FINAL, BUDGET_YEAR, DRAFT_YEAR, LAST_MONTH = 2025, 2026, 2027, 9
REGION, OWN = "150000", "150099"
EP, RP, GP = "enterprise_pension", "resident_pension", "civil_servant_pension"
EM, RM, WI, UI = "employee_medical", "resident_medical", "work_injury", "unemployment"
FUNDS = [EP, RP, GP, EM, RM, WI, UI]
FIRST = {GP: 2015}                       # the reform took effect in October 2014

# ------------------------------------------------------------------------------------------ regions
# code, name, English name, economic tier (illustrative), population of the 2020 census (calibration),
# share of working and retired people relative to the region (illustrative), counties
LEAGUES = [
    ("150100", "呼和浩特市", "Hohhot", 1, 3446100, 1.25, 0.80, """
     02 新城区 Xincheng|03 回民区 Huimin|04 玉泉区 Yuquan|05 赛罕区 Saihan|21 土默特左旗 Tumed Left Banner|
     22 托克托县 Togtoh|23 和林格尔县 Horinger|24 清水河县 Qingshuihe|25 武川县 Wuchuan"""),
    ("150200", "包头市", "Baotou", 1, 2709378, 1.30, 1.10, """
     02 东河区 Donghe|03 昆都仑区 Hondlon|04 青山区 Qingshan|05 石拐区 Shiguai|06 白云鄂博矿区 Bayan Obo Mining District|
     07 九原区 Jiuyuan|21 土默特右旗 Tumed Right Banner|22 固阳县 Guyang|23 达尔罕茂明安联合旗 Darhan Muminggan United Banner"""),
    ("150300", "乌海市", "Wuhai", 2, 556621, 1.40, 1.10, "02 海勃湾区 Haibowan|03 海南区 Hainan|04 乌达区 Wuda"),
    ("150400", "赤峰市", "Chifeng", 3, 4035967, 0.80, 1.10, """
     02 红山区 Hongshan|03 元宝山区 Yuanbaoshan|04 松山区 Songshan|21 阿鲁科尔沁旗 Ar Horqin Banner|
     22 巴林左旗 Bairin Left Banner|23 巴林右旗 Bairin Right Banner|24 林西县 Linxi|25 克什克腾旗 Hexigten Banner|
     26 翁牛特旗 Ongniud Banner|28 喀喇沁旗 Harqin Banner|29 宁城县 Ningcheng|30 敖汉旗 Aohan Banner"""),
    ("150500", "通辽市", "Tongliao", 3, 2873168, 0.75, 1.05, """
     02 科尔沁区 Horqin|21 科尔沁左翼中旗 Horqin Left Middle Banner|22 科尔沁左翼后旗 Horqin Left Rear Banner|
     23 开鲁县 Kailu|24 库伦旗 Hure Banner|25 奈曼旗 Naiman Banner|26 扎鲁特旗 Jarud Banner|81 霍林郭勒市 Holingol"""),
    ("150600", "鄂尔多斯市", "Ordos", 1, 2153638, 1.45, 0.50, """
     02 东胜区 Dongsheng|03 康巴什区 Kangbashi|21 达拉特旗 Dalad Banner|22 准格尔旗 Jungar Banner|
     23 鄂托克前旗 Otog Front Banner|24 鄂托克旗 Otog Banner|25 杭锦旗 Hanggin Banner|26 乌审旗 Uxin Banner|
     27 伊金霍洛旗 Ejin Horo Banner"""),
    ("150700", "呼伦贝尔市", "Hulunbuir", 3, 2242875, 1.05, 1.30, """
     02 海拉尔区 Hailar|03 扎赉诺尔区 Jalainur|21 阿荣旗 Arun Banner|22 莫力达瓦达斡尔族自治旗 Morin Dawa Daur Autonomous Banner|
     23 鄂伦春自治旗 Oroqen Autonomous Banner|24 鄂温克族自治旗 Evenki Autonomous Banner|25 陈巴尔虎旗 Old Barag Banner|
     26 新巴尔虎左旗 New Barag Left Banner|27 新巴尔虎右旗 New Barag Right Banner|81 满洲里市 Manzhouli|82 牙克石市 Yakeshi|
     83 扎兰屯市 Zhalantun|84 额尔古纳市 Ergun|85 根河市 Genhe"""),
    ("150800", "巴彦淖尔市", "Bayannur", 3, 1538715, 0.80, 1.05, """
     02 临河区 Linhe|21 五原县 Wuyuan|22 磴口县 Dengkou|23 乌拉特前旗 Urad Front Banner|24 乌拉特中旗 Urad Middle Banner|
     25 乌拉特后旗 Urad Rear Banner|26 杭锦后旗 Hanggin Rear Banner"""),
    ("150900", "乌兰察布市", "Ulanqab", 4, 1706328, 0.70, 1.15, """
     02 集宁区 Jining|21 卓资县 Zhuozi|22 化德县 Huade|23 商都县 Shangdu|24 兴和县 Xinghe|25 凉城县 Liangcheng|
     26 察哈尔右翼前旗 Chahar Right Front Banner|27 察哈尔右翼中旗 Chahar Right Middle Banner|
     28 察哈尔右翼后旗 Chahar Right Rear Banner|29 四子王旗 Siziwang Banner|81 丰镇市 Fengzhen"""),
    ("152200", "兴安盟", "Hinggan League", 4, 1416929, 0.65, 1.10, """
     01 乌兰浩特市 Ulanhot|02 阿尔山市 Arxan|21 科尔沁右翼前旗 Horqin Right Front Banner|
     22 科尔沁右翼中旗 Horqin Right Middle Banner|23 扎赉特旗 Jalaid Banner|24 突泉县 Tuquan"""),
    ("152500", "锡林郭勒盟", "Xilingol League", 2, 1107075, 1.00, 0.90, """
     01 二连浩特市 Erenhot|02 锡林浩特市 Xilinhot|22 阿巴嘎旗 Abag Banner|23 苏尼特左旗 Sonid Left Banner|
     24 苏尼特右旗 Sonid Right Banner|25 东乌珠穆沁旗 East Ujimqin Banner|26 西乌珠穆沁旗 West Ujimqin Banner|
     27 太仆寺旗 Taibus Banner|28 镶黄旗 Bordered Yellow Banner|29 正镶白旗 Plain and Bordered White Banner|
     30 正蓝旗 Plain Blue Banner|31 多伦县 Duolun"""),
    ("152900", "阿拉善盟", "Alxa League", 2, 262361, 1.25, 0.85, """
     21 阿拉善左旗 Alxa Left Banner|22 阿拉善右旗 Alxa Right Banner|23 额济纳旗 Ejin Banner"""),
]

# --------------------------------------------------------------------- region-wide paths, 2014 .. 2027
# Heads in 10,000 persons. Published anchors (calibration): see README.md. The rest is illustrative.
HEADS = {
    (EP, "insured_active"): [318, 337, 356, 371, 385, 399, 411, 424, 437, 450, 462, 473, 483, 492],
    (EP, "beneficiaries"): [183.0, 192.5, 202.0, 211.5, 220.6, 229.2, 237.6, 245.5, 253.1, 262.4, 272.2, 278.8, 285.0, 290.8],
    (GP, "insured_active"): [60.0, 61.5, 62.8, 64.0, 65.0, 65.8, 66.5, 67.1, 67.6, 68.0, 68.3, 68.5, 68.7, 68.8],
    (GP, "beneficiaries"): [30.0, 32.0, 33.6, 35.0, 36.3, 37.5, 38.6, 39.6, 40.5, 41.5, 42.5, 43.2, 43.9, 44.5],
    (RP, "insured_active"): [540, 536, 532, 530, 528, 526, 523, 519, 514, 508, 501, 495, 489, 483],
    (RP, "beneficiaries"): [205, 212, 219, 226, 232, 238, 243, 248, 252, 257, 262, 266, 270, 274],
    (EM, "insured"): [470.7, 477.4, 488.8, 499, 509, 519, 528, 537, 545, 553, 561, 568, 574, 580],
    (EM, "insured_active"): [334, 338, 345, 351, 357, 363, 368, 373, 377, 381, 385, 388, 391, 393],
    (RM, "insured"): [1672, 1668, 1662, 1655, 1648, 1640, 1632, 1622, 1612, 1600, 1588, 1577, 1566, 1555],
    (WI, "insured_active"): [270, 280, 290, 299, 308, 316, 322, 330, 338, 345, 352, 358, 363, 368],
    (WI, "beneficiaries"): [2.50, 2.58, 2.66, 2.74, 2.82, 2.89, 2.93, 3.00, 3.07, 3.14, 3.21, 3.28, 3.34, 3.40],
    (UI, "insured_active"): [236, 238, 240, 245, 251, 257, 263, 270, 277, 284, 290, 296, 301, 306],
}
WAGE_GROWTH = [0, .085, .080, .078, .074, .070, .060, .066, .060, .056, .052, .048, .046, .044]
PENSION_ADJUSTMENT = [.10, .10, .065, .055, .05, .05, .05, .045, .04, .038, .03, .02, .02, .02]
RATE = {
    EP: [.28] * 5 + [.2533] + [.24] * 8, GP: [.28] * 5 + [.2533] + [.24] * 8, EM: [.085] * 14,
    WI: [.0100, .0095, .0080, .0076, .0066] + [.0060] * 9,
    UI: [.0300, .0217, .0167, .0117] + [.0100] * 10,
}
BASE_2014 = {EP: 3350, GP: 3900, EM: 3750, WI: 3450, UI: 3600}          # yuan a month
COLLECTION = {EP: .955, GP: .990, EM: .985, WI: .975, UI: .975}
PAYERS = {EP: .560, GP: .970, EM: .945, WI: .945, UI: .930}              # contributors / insured_active
EXEMPTED_2020 = {EP: .30, GP: 0.0, EM: .065, WI: .60, UI: .20}           # share of the assessed amount
RP_MINIMUM = [62.5, 70, 70, 70, 88, 88, 90.5, 93, 98, 103, 123, 143, 163, 183]
RP_TOP_UP = [20, 20, 25, 30, 35, 38, 42, 42, 45, 50, 52, 55, 58, 58]
RP_ACCOUNT = [9, 10, 11, 12.5, 14, 15.5, 17.5, 19.5, 22, 25, 28, 31, 34, 37]
RP_PERSONAL = [150, 160, 172, 184, 198, 212, 230, 252, 280, 310, 345, 380, 410, 440]
RP_SUBSIDY = [40, 42, 44, 46, 48, 50, 55, 60, 65, 70, 75, 80, 80, 80]
RM_PERSONAL = [90, 120, 150, 180, 220, 250, 280, 320, 350, 380, 400, 400, 420, 420]
RM_SUBSIDY = [320, 380, 420, 450, 490, 520, 550, 580, 610, 640, 670, 700, 720, 750]
INTEREST = [.026, .025, .023, .022, .0215, .021, .0205, .020, .0195, .0185, .0175, .016, .0150, .0145]
WI_DEATH = [539100, 576880, 623900, 672320, 727920, 785020, 847180, 876680, 948240, 985660, 1036420, 1083760, 1130000, 1180000]
UI_LEVEL = [900, 960, 1020, 1060, 1120, 1180, 1260, 1330, 1560, 1620, 1700, 1960, 1980, 2000]
UI_RECIPIENTS = [3.6, 3.7, 3.9, 3.9, 3.8, 3.8, 4.6, 4.5, 4.7, 4.9, 5.0, 5.1, 5.2, 5.2]   # 10,000, average
UI_NON_BENEFIT = [.03, .10, .09, .08, .07, .10, .22, .14, .16, .12, .10, .09, .09, .09]   # of the opening balance

PEOPLE = {"insured", "insured_active", "contributors", "contributors_flexible", "beneficiaries", "new_beneficiaries",
          "beneficiary_exits", "deaths", "movers_in", "movers_out"}
SHARES = {"contribution_rate", "contribution_rate_flexible", "collection_rate", "collection_rate_flexible",
          "pooled_pay_rate", "admissions_per_insured"}
PER_MONTH = {"contribution_base", "contribution_base_flexible", "benefit_level", "benefit_level_end", "benefit_standard"}
PER_YEAR = {"personal_contribution", "subsidy_per_head", "outpatient_per_insured"}

REVENUE = ["contribution_revenue", "fiscal_subsidy", "interest", "transfer_in", "collective_aid", "other_revenue"]
SPENDING = ["benefit_expenditure", "non_benefit_expenditure", "transfer_out", "other_expenditure"]
BENEFITS = ["pension_expenditure", "death_expenditure", "medical_expenditure", "injury_expenditure", "unemployment_expenditure"]
TOTALS = ["revenue_subtotal", "total_revenue", "expenditure_subtotal", "total_expenditure",
          "opening_balance", "current_balance", "closing_balance"]
WAGE_LINES = ["assessed", "collected", "contribution_revenue"]

rng = np.random.default_rng(SEED)


def half_up(numerator, denominator):
    """Integer division rounded half-up (numerator not negative)."""
    return (numerator + denominator // 2) // denominator


def cents(x):
    return np.floor(np.asarray(x, float) * 100 + 0.5).astype(np.int64)


def whole(x, unit=1):
    """Nearest whole persons, or cents in steps of `unit` cents."""
    return (np.floor(np.asarray(x, float) / unit + 0.5) * unit).astype(np.int64)


def parts(x):
    """A share in ten-thousandths."""
    return np.floor(np.asarray(x, float) * 10000 + 0.5).astype(np.int64)


# -------------------------------------------------------------------------------- county structure
def read_regions():
    rows = [(REGION, "内蒙古自治区", "", "region", "Inner Mongolia", ""),
            (OWN, "自治区本级", REGION, "region", "Region's own level", "")]
    counties = []
    for code, name, english, tier, population, work, old, text in LEAGUES:
        rows.append((code, name, REGION, "league", english, tier))
        for entry in text.split("|"):
            number, zh, en = entry.strip().split(" ", 2)
            own_tier = int(np.clip(tier + rng.choice([-1, 0, 0, 1]), 1, 4))
            counties.append((code[:4] + number, zh, code, en, own_tier, population, work, old))
            rows.append((code[:4] + number, zh, code, "county", en, own_tier))
    frame = pd.DataFrame(counties, columns="region name parent name_en tier population work old".split())
    return rows, frame


REGION_ROWS, C = read_regions()
N = len(C)
assert N == 103
urban = C.name.str[-1].map({"区": 1.6, "市": 1.35}).fillna(0.8).to_numpy()
rural = C.name.str[-1].map({"区": 0.65, "市": 0.85}).fillna(1.15).to_numpy()
weight = rng.lognormal(0, 0.40, N) * np.where(urban > 1, 1.1, 1.0)
people = C.population.to_numpy() * weight / pd.Series(weight).groupby(C.parent).transform("sum").to_numpy()
work = people * urban * C.work.to_numpy()
WEIGHT = {
    (EP, "insured_active"): work, (EP, "beneficiaries"): work * C.old.to_numpy() * rng.lognormal(0, .10, N),
    (GP, "insured_active"): people * urban ** .4, (RP, "insured_active"): people * rural,
    (EM, "insured_active"): work ** .9, (RM, "insured"): people * rural, (WI, "insured_active"): work,
    (UI, "insured_active"): work,
}
WEIGHT[GP, "beneficiaries"] = WEIGHT[GP, "insured_active"] * C.old.to_numpy() ** .9 * rng.lognormal(0, .12, N)
WEIGHT[RP, "beneficiaries"] = WEIGHT[RP, "insured_active"] * rng.lognormal(0, .10, N)
WEIGHT[EM, "insured"] = None                                             # active plus retired, below
WEIGHT[WI, "beneficiaries"] = work * rng.lognormal(0, .05, N)
rich = np.array([0, 1.12, 1.02, 0.96, 0.91])[C.tier] * rng.lognormal(0, .03, N)


def walk(own=.004, shock=.006):
    """A county's own slow drift around the region: (year, county), multiplicative."""
    drift = rng.normal(0, own, N) * np.arange(len(YEARS))[:, None]
    return np.exp(drift + rng.normal(0, shock, (len(YEARS), N)))


def spread(total, shares):
    """Regional totals (10,000 persons) over counties: (year, county) of whole persons."""
    out = shares * np.ones((len(YEARS), 1))
    return whole(np.maximum(out / out.sum(1, keepdims=True) * np.asarray(total)[:, None] * 10000, 1))


STOCK = {}
for key, total in HEADS.items():
    if key != (EM, "insured"):
        STOCK[key] = spread(total, WEIGHT[key] * walk())
_retired = np.array(HEADS[EM, "insured"]) - np.array(HEADS[EM, "insured_active"])
STOCK[EM, "insured"] = STOCK[EM, "insured_active"] + spread(_retired, WEIGHT[EM, "insured_active"] * C.old.to_numpy() ** .6 * walk())
BEFORE = {"beneficiaries": .952, "insured": .992, "insured_active": .985}   # stock of the year before the first
wages = np.cumprod(1 + np.array(WAGE_GROWTH))
BASES = {f: cents(BASE_2014[f] * wages[:, None] * rich * walk(.0015, .006)) for f in BASE_2014}


def pension_levels(first, adjustment, spread_by, composition):
    """Average paid in the year, and in force on 31 December: (year, county) in yuan."""
    paid, end = [], []
    level = first * spread_by
    for k, raise_ in enumerate(adjustment):
        if k:
            level = end[-1] * (1 + raise_ + composition / 2 + rng.normal(0, .003, N))
        paid.append(level)
        end.append(level * (1 + composition / 2))
    return cents(np.array(paid)), cents(np.array(end))


EP_LEVEL, EP_END = pension_levels(2010, PENSION_ADJUSTMENT, rich ** .5 * rng.lognormal(0, .03, N), -.001)
GP_LEVEL, GP_END = pension_levels(3650, [a * .9 for a in PENSION_ADJUSTMENT], rich ** .4 * rng.lognormal(0, .03, N), .002)
PAYING = {f: np.clip(PAYERS[f] * rng.lognormal(0, .012, N) * walk(.001, .004), .3, .985) for f in PAYERS}
FLEXIBLE = np.clip(.265 * rng.lognormal(0, .08, N) * walk(.002, .01), .1, .36)
COLLECTED = {f: np.clip(COLLECTION[f] + rng.normal(0, .008, N) + rng.normal(0, .004, (len(YEARS), N)), .85, .998) for f in COLLECTION}
SICK = {EM: rng.lognormal(0, .06, N), RM: rng.lognormal(0, .06, N)}
COSTS = {EM: rich ** .5 * rng.lognormal(0, .03, N), RM: rich ** .4 * rng.lognormal(0, .03, N)}
TOPUP = np.where(C.tier == 1, 25, np.where(C.tier == 2, 10, np.where(C.tier == 4, -5, 0)))
NOISE = {f: rng.normal(0, 1, (len(YEARS), 6, N)) for f in FUNDS}
TARGET = rng.uniform(2.2, 6.0, N)                                        # months of reserve the EP grants aim at


# ------------------------------------------------------------------------------ formulas: drivers to lines
def close(r, opening):
    """Totals of one fund from its lines, exact to the cent."""
    def add(items):
        return sum((r[i] for i in items if i in r), np.zeros_like(opening))
    r["benefit_expenditure"] = add(BENEFITS)
    r["revenue_subtotal"] = add(REVENUE)
    r["total_revenue"] = r["revenue_subtotal"] + add(["upper_grant", "lower_remittance"])
    r["expenditure_subtotal"] = add(SPENDING)
    r["total_expenditure"] = r["expenditure_subtotal"] + add(["lower_grant", "upper_remittance"])
    r["opening_balance"] = opening
    r["current_balance"] = r["total_revenue"] - r["total_expenditure"]
    r["closing_balance"] = opening + r["current_balance"]
    return r


def formula(fund, r, before):
    """Every line of one fund and year from the rounded drivers in `r`; `before` holds last year's stocks."""
    if "contribution_base" in r:
        r["assessed"] = half_up(r["contributors"] * r["contribution_base"] * 12 * r["contribution_rate"], 10000)
        given = half_up(r["assessed"] * r["collection_rate"], 10000)
        r["collected"] = given - r.get("deferred_out", 0) - r.get("exempted", 0)
        r["contribution_revenue"] = r["collected"] + sum(r.get(i, 0) for i in ("arrears_recovered", "back_payments", "deferred_in"))
        if "arrears_recovered" in r:
            r["arrears"] = before["arrears"] + r["assessed"] - given - r["arrears_recovered"]
    if fund == EP:
        r["assessed_flexible"] = half_up(r["contributors_flexible"] * r["contribution_base_flexible"] * 12
                                         * r["contribution_rate_flexible"], 10000)
        r["collected_flexible"] = r["assessed_flexible"]
        r["contribution_revenue"] = r["contribution_revenue"] + r["collected_flexible"]
        r["transfer_in"] = r["movers_in"] * r["transfer_level_in"]
        r["transfer_out"] = r["movers_out"] * r["transfer_level_out"]
    if fund in (EP, GP, RP):
        heads = before["beneficiaries"] + r["beneficiaries"]
        r["pension_expenditure"] = heads * r["benefit_level"] * 6
        r["death_expenditure"] = r["deaths"] * r["death_benefit"]
    if fund == RP:
        r["contribution_revenue"] = r["contributors"] * r["personal_contribution"]
        r["fiscal_subsidy"] = r["contributors"] * r["subsidy_per_head"] + heads * r["benefit_standard"] * 6 + r["gap_subsidy"]
    if fund in (EM, RM):
        heads = (before["insured"] + r["insured"]).astype(object)
        stay = heads * r["admissions_per_insured"] * r["cost_per_admission"] * r["pooled_pay_rate"]
        visit = heads * r["outpatient_per_insured"] * 10 ** 8
        r["medical_expenditure"] = half_up(stay + visit, 2 * 10 ** 8).astype(np.int64)
    if fund == RM:
        r["contribution_revenue"] = r["insured"] * r["personal_contribution"]
        r["fiscal_subsidy"] = r["insured"] * r["subsidy_per_head"] + r["gap_subsidy"]
    if fund == WI:
        r["injury_expenditure"] = (before["beneficiaries"] + r["beneficiaries"]) * r["benefit_level"] * 6
        r["death_expenditure"] = r["deaths"] * r["death_benefit"]
    if fund == UI:
        r["unemployment_expenditure"] = r["recipient_months"] * r["benefit_level"]
    if fund == GP and "gap_subsidy" not in r:                            # the closing item: the treasury pays the rest
        r["fiscal_subsidy"] = np.zeros(N, np.int64)
        r["upper_grant"] = np.zeros(N, np.int64)
        close(r, before["closing_balance"])
        r["gap_subsidy"] = np.maximum(0, -r["closing_balance"])
        r["fiscal_subsidy"] = r["gap_subsidy"]
    return close(r, before["closing_balance"])


# ------------------------------------------------------------------------------ the drivers of one year
ZERO = np.zeros(N, np.int64)


def people_flows(r, before, exits):
    """New entrants and exits that carry the stock from one year's end to the next."""
    out = whole(before["beneficiaries"] * exits)
    new = r["beneficiaries"] - before["beneficiaries"] + out
    r["beneficiary_exits"] = out + np.maximum(0, -new)
    r["new_beneficiaries"] = np.maximum(0, new)
    r["deaths"] = whole(r["beneficiary_exits"] * .97)


def drivers(fund, k, before):
    """The path's drivers of year k (index into YEARS); `before` gives opening balance and stocks."""
    r, z, opening = {}, NOISE[fund][k], before["closing_balance"]
    for item in ("insured", "insured_active", "beneficiaries"):
        if (fund, item) in STOCK:
            r[item] = STOCK[fund, item][k].copy()
    if fund in RATE:
        mean = (before["insured_active"] + r["insured_active"]) / 2
        r["contributors"] = np.minimum(whole(mean * PAYING[fund][k]), r["insured_active"] - 1)
        r["contribution_base"] = BASES[fund][k].copy()
        r["contribution_rate"] = parts(np.full(N, RATE[fund][k]))
        r["collection_rate"] = parts(COLLECTED[fund][k] - (.008 if YEARS[k] == 2020 else 0))
        due = r["contributors"] * r["contribution_base"] * 12.0 * RATE[fund][k]
        if fund != GP:
            r["exempted"] = whole(due * EXEMPTED_2020[fund] * np.exp(.08 * z[0]), 100) if YEARS[k] == 2020 else ZERO.copy()
        if fund in (EP, GP):
            r["arrears_recovered"] = whole(before["arrears"] * (.38 if fund == EP else .55) * np.exp(.10 * z[1]), 100)
            r["death_benefit"] = cents((18000 if fund == EP else 42000) * wages[k] * np.exp(.02 * z[2]))
    if fund == EP:
        r["contributors_flexible"] = np.minimum(whole(mean * FLEXIBLE[k]), r["insured_active"] - r["contributors"])
        r["contribution_base_flexible"] = cents(BASES[EP][k] / 100 * .70)
        r["contribution_rate_flexible"] = parts(np.full(N, .20))
        r["collection_rate_flexible"] = parts(np.full(N, 1.0))
        r["back_payments"] = whole(due * .020 * np.exp(.15 * z[3]), 100)
        r["deferred_out"] = whole(due * .018 * np.exp(.15 * z[4]), 100) if YEARS[k] == 2022 else ZERO.copy()
        r["deferred_in"] = before.get("deferred_out", ZERO).copy() if YEARS[k] == 2023 else ZERO.copy()
        r["benefit_level"], r["benefit_level_end"] = EP_LEVEL[k].copy(), EP_END[k].copy()
        people_flows(r, before, .024)
        r["movers_in"] = whole(r["insured_active"] * .0060 * np.exp(.12 * z[5]))
        r["movers_out"] = whole(r["insured_active"] * .0050 * np.exp(.12 * z[0]))
        r["transfer_level_in"] = cents(16000 * wages[k] * np.exp(.03 * z[1]))
        r["transfer_level_out"] = cents(15000 * wages[k] * np.exp(.03 * z[2]))
        r["other_revenue"] = whole(due * .002 * np.exp(.3 * z[3]), 100)
        r["other_expenditure"] = whole(due * .001 * np.exp(.3 * z[4]), 100)
    if fund == GP:
        r["benefit_level"], r["benefit_level_end"] = GP_LEVEL[k].copy(), GP_END[k].copy()
        people_flows(r, before, .022)
    if fund == RP:
        r["contributors"] = whole((before["insured_active"] + r["insured_active"]) / 2 * (.80 - .004 * k) * np.exp(.012 * z[0]))
        r["personal_contribution"] = cents(RP_PERSONAL[k] * rich * np.exp(.01 * z[1]))
        r["subsidy_per_head"] = cents(np.full(N, RP_SUBSIDY[k]))
        ordos = 10 * (C.parent == "150600").to_numpy() * (YEARS[k] >= 2027)
        r["benefit_standard"] = cents(RP_MINIMUM[k] + np.maximum(0, RP_TOP_UP[k] + TOPUP) + ordos)
        r["benefit_level"] = r["benefit_standard"] + cents(RP_ACCOUNT[k] * rich * np.exp(.01 * z[2]))
        people_flows(r, before, .040)
        r["death_benefit"] = cents((900 + 60 * k) * np.exp(.03 * z[3]))
        r["collective_aid"] = whole(r["contributors"] * 150.0 * np.exp(.3 * z[4]), 100)
    if fund in (EM, RM):
        reserve = opening / np.maximum(before["spent"], 1) * 12
        control = np.clip(1 + .030 * (reserve - (11 if fund == EM else 6)), .85, 1.20)
        if YEARS[k] == 2020:
            control = control * .90
        first, cost, pay = ((.175, 8900, .74), (.140, 5600, .53))[fund == RM]
        r["admissions_per_insured"] = parts(first * (1 + (.018, .040)[fund == RM] * k) * SICK[fund] * control * np.exp(.012 * z[0]))
        r["cost_per_admission"] = cents(cost * (1 + (.026, .025)[fund == RM] * k) * COSTS[fund] * np.exp(.01 * z[1]))
        r["pooled_pay_rate"] = parts(np.clip(pay + (.002, .001)[fund == RM] * k + .004 * z[2], .4, .9))
        r["outpatient_per_insured"] = cents((1240 * wages[k] if fund == EM else 32 * 1.15 ** k) * control * np.exp(.015 * z[3]))
        if fund == EM:
            r["other_revenue"] = whole(r["insured"] * 260.0 * np.exp(.3 * z[4]), 100)
    if fund == RM:
        r["personal_contribution"] = cents(np.full(N, RM_PERSONAL[k]))
        r["subsidy_per_head"] = cents(np.full(N, RM_SUBSIDY[k]))
        r["non_benefit_expenditure"] = r["insured"] * cents(min(25 + 5.5 * k, 90))     # premium of catastrophic-illness cover
    if fund == WI:
        r["benefit_level"] = cents(1720 * wages[k] ** .80 * rich * np.exp(.02 * z[1]))
        r["deaths"] = rng.poisson(r["insured_active"] * 5.2e-5)
        r["death_benefit"] = cents(np.full(N, WI_DEATH[k]))
        r["non_benefit_expenditure"] = whole(due * (.025 + .002 * k) * np.exp(.15 * z[2]), 100)
    if fund == UI:
        share = r["insured_active"] / r["insured_active"].sum()
        r["recipient_months"] = whole(UI_RECIPIENTS[k] * 120000 * share * np.exp(.05 * z[1]))
        r["benefit_level"] = cents(UI_LEVEL[k] * rich ** .3 * np.exp(.01 * z[2]))
        r["medical_expenditure"] = r["recipient_months"] * cents(BASE_2014[UI] * .07 * wages[k])
        r["non_benefit_expenditure"] = whole(opening * UI_NON_BENEFIT[k] * np.exp(.08 * z[3]), 100)
    r["interest"] = cents(opening / 100 * INTEREST[k] * np.exp(.06 * z[5]))
    return r


def fill(fund, r, k, before):
    """Subsidies and grants that are notified amounts, then all lines."""
    if fund != GP:
        r["gap_subsidy"], r["gap_grant"], r["upper_grant"] = ZERO.copy(), ZERO.copy(), ZERO.copy()
    else:
        r["gap_grant"] = ZERO.copy()
    if fund in (EM, WI, UI):
        r["fiscal_subsidy"] = ZERO.copy()
    if fund != EP:
        formula(fund, r, before)
        low = np.maximum(0, -r["closing_balance"])                        # the county treasury pays what is missing
        if low.any():
            r["gap_subsidy"] = np.where(low > 0, whole(low + 2 * 10 ** 7, 10 ** 6), 0)
            r["fiscal_subsidy"] = r["fiscal_subsidy"] + r["gap_subsidy"]
            formula(fund, r, before)
        return r
    million = 10 ** 6                                                     # notified in whole 万元
    r["fiscal_subsidy"] = ZERO.copy()
    r["upper_remittance"] = ZERO.copy()
    formula(EP, r, before)
    r["fiscal_subsidy"] = whole(r["pension_expenditure"] * .035, million)  # the county's own standing subsidy
    quota = (.03, .06, .10)[(YEARS[k] >= 2020) + (YEARS[k] >= 2022)]
    r["upper_remittance"] = whole(r["contribution_revenue"] * quota, million)
    formula(EP, r, before)
    need = r["total_expenditure"] - r["total_revenue"]
    months = before["closing_balance"] / (r["expenditure_subtotal"] / 12)
    cover = np.clip(1 + .05 * (TARGET - months) + .03 * NOISE[EP][k][5], .80, 1.15)
    r["upper_grant"] = np.where(need > 0, whole(need * cover, million), 0)
    r["upper_remittance"] += np.where(need < 0, whole(-need * np.clip(.05 * months, .2, .85), million), 0)
    formula(EP, r, before)
    short = np.maximum(0, r["expenditure_subtotal"] // 6 - r["closing_balance"])    # at least two months are kept
    r["gap_grant"] = -(-short // million) * million
    r["upper_grant"] = r["upper_grant"] + r["gap_grant"]
    return formula(EP, r, before)


def start_state(fund):
    """Stocks and balance at the end of the year before the first (not published)."""
    k = YEARS.index(FIRST.get(fund, YEARS[0]))
    state = {i: whole(STOCK[fund, i][k] * f) for i, f in BEFORE.items() if (fund, i) in STOCK}
    state["closing_balance"] = ZERO.copy()
    state["arrears"] = ZERO.copy()
    state["spent"] = np.ones(N, np.int64)
    if fund == GP:
        return k, state
    months = {EP: 5.5, RP: 20, EM: 11, RM: 6, WI: 16, UI: 50}[fund]
    trial = drivers(fund, k, state)
    if fund == EP:
        state["arrears"] = whole(trial["contributors"] * trial["contribution_base"] * 12 * .28 * .10, 100)
    trial = fill(fund, drivers(fund, k, state), k, state)
    spent = trial["expenditure_subtotal"]
    spread_ = rng.lognormal(0, .2, N) if fund != EP else TARGET / TARGET.mean()
    state["closing_balance"] = whole(spent / 12 * months * spread_, 100)
    state["spent"] = spent
    return k, state


def carry(r):
    keep = ("insured", "insured_active", "beneficiaries", "arrears", "closing_balance", "deferred_out")
    state = {i: r[i] for i in keep if i in r}
    state["spent"] = r["expenditure_subtotal"]
    return state


def as_budget(r, k, fund, noise):
    """Drivers as a cautious budget states them: contributions 3-6 % below the path, spending a little above."""
    inputs = {"medical_expenditure"} if fund == UI else set()                # everything else there is recomputed
    b = {i: v.copy() for i, v in r.items() if i in inputs or i not in {*TOTALS, *BENEFITS, *WAGE_LINES}}
    low = lambda mid, w: mid + w * noise.standard_normal(N)
    if fund in RATE:
        b["contributors"] = whole(b["contributors"] * low(.984, .004))
        b["contribution_base"] = cents(b["contribution_base"] / 100 * low(.972, .006))
    if fund == EP:
        b["contributors_flexible"] = whole(b["contributors_flexible"] * low(.975, .006))
        b["contribution_base_flexible"] = cents(b["contribution_base_flexible"] / 100 * .985)
    if fund == RP:
        b["personal_contribution"] = cents(b["personal_contribution"] / 100 * low(.955, .006))
        late = cents(RP_MINIMUM[k] - RP_MINIMUM[k - 1]) if YEARS[k] == BUDGET_YEAR else 0     # decided after the budget
        b["benefit_standard"] = b["benefit_standard"] - late
        b["benefit_level"] = b["benefit_level"] - late
    if fund == RM:
        b["insured"] = whole(b["insured"] * low(.958, .005))
        b["non_benefit_expenditure"] = b["insured"] * cents(90)
    if fund in (EP, GP):
        b["benefit_level"] = cents(b["benefit_level"] / 100 * low(1.003, .002))
        b["benefit_level_end"] = np.maximum(b["benefit_level_end"], b["benefit_level"])
    if "admissions_per_insured" in b:
        b["admissions_per_insured"] = parts(b["admissions_per_insured"] / 10000 * (1.006, .965)[fund == RM])
    return b


def run(fund):
    """Finals to 2025, the path of 2026, the budget of 2026 and the clean drafts of 2027."""
    first, before = start_state(fund)
    final = {}
    for k in range(first, YEARS.index(LAST_FINAL) + 1):
        final[YEARS[k]] = fill(fund, drivers(fund, k, before), k, before)
        before = carry(final[YEARS[k]])
    k += 1
    path = fill(fund, drivers(fund, k, before), k, before)
    noise = np.random.default_rng([SEED, FUNDS.index(fund)])
    plan = as_budget(path, k, fund, noise)
    if "beneficiaries" in plan and fund != WI:
        people_flows(plan, before, {EP: .024, GP: .022, RP: .040}[fund])
    budget = fill_again(fund, plan, k, before)
    later = carry(budget)
    after = drivers(fund, k + 1, carry(path))
    draft = {i: v for i, v in as_budget(after, k + 1, fund, noise).items()}
    if "beneficiaries" in draft and fund != WI:
        people_flows(draft, later, {EP: .024, GP: .022, RP: .040}[fund])
    draft["interest"] = cents(later["closing_balance"] / 100 * INTEREST[k + 1])
    if fund == EP:
        draft["arrears_recovered"] = whole(later["arrears"] * .38, 100)
    draft = fill_again(fund, draft, k + 1, later)
    return {"final": final, "path": path, "budget": budget, "draft": draft,
            "before": {LAST_FINAL: carry(final[LAST_FINAL - 1]), BUDGET_YEAR: before, DRAFT_YEAR: later}}


def fill_again(fund, r, k, before):
    for item in ("gap_subsidy", "gap_grant", "upper_grant", "upper_remittance", "fiscal_subsidy"):
        r.pop(item, None)
    return fill(fund, r, k, before)


# ------------------------------------------------------------------ the region's own level (EP only)
def own_level(counties, year, opening):
    """Mirror sums of the counties, the nation's grants, and the central subsidy that balances them."""
    k, r = YEARS.index(year), {}
    r["lower_remittance"] = counties["upper_remittance"].sum(keepdims=True)
    r["lower_grant"] = counties["upper_grant"].sum(keepdims=True)
    wage = 58000 * wages[k]
    rate = {2018: .03, 2019: .035, 2020: .04, 2021: .045}.get(year)
    million = 10 ** 6
    if year < 2018:
        up, down = 0.0, 0.0
    elif rate:
        up = wage * .9 * 2.70e6 * rate * (.5 if year == 2018 else 1)
        down = up * 1.30
    else:
        up = counties["contribution_revenue"].sum() / 100 * .12
        down = up * 1.45 + 2.0e9
    r["upper_remittance"] = whole([up * 100], million)
    r["upper_grant"] = whole([down * 100], million)
    r["interest"] = cents(opening / 100 * INTEREST[k])
    target = r["lower_grant"] // 6
    need = r["lower_grant"] + r["upper_remittance"] - r["lower_remittance"] - r["upper_grant"] - r["interest"] + (target - opening)
    r["fiscal_subsidy"] = whole(np.maximum(need, 0), million)
    r["gap_subsidy"], r["gap_grant"] = np.zeros(1, np.int64), np.zeros(1, np.int64)
    r = close(r, opening)
    del r["benefit_expenditure"]
    return r


# ----------------------------------------------------------------------------------------- history rows
ROWS: list[tuple[np.ndarray | list[str], str, str, str, np.ndarray, str]] = []
DERIVED = {"spent"}
DRAFT_SKIP = {"new_beneficiaries", "beneficiary_exits", "arrears_recovered", "back_payments", "deferred_out", "deferred_in",
              "exempted", "movers_in", "movers_out", "transfer_level_in", "transfer_level_out", "arrears", "assessed",
              "collected", "assessed_flexible", "collected_flexible", "benefit_level_end", "contribution_rate_flexible",
              "collection_rate_flexible"}


def unit_of(item):
    if item in PEOPLE:
        return "人"
    if item in SHARES:
        return "share"
    if item in PER_MONTH:
        return "元/月"
    if item in PER_YEAR:
        return "元/年"
    return "人月" if item == "recipient_months" else "元"


def text(value, item):
    value = int(value)
    if item in PEOPLE or item == "recipient_months":
        return str(value)
    sign, value = ("-", -value) if value < 0 else ("", value)
    if item in SHARES:
        return f"{sign}{value // 10000}.{value % 10000:04d}"
    return f"{sign}{value // 100}.{value % 100:02d}"


def put(regions, fund, record, period, stage, skip=()):
    for item, values in record.items():
        if item not in DERIVED and item not in skip:
            ROWS.append((regions, fund, item, period, values, stage))


# ------------------------------------------------------------------------------------------- the months
EVEN = np.full(12, 1 / 12)
SEASON = {
    "flexible": np.array([.05, .05, .06, .06, .06, .07, .08, .08, .09, .11, .13, .16]),
    (RP, "contribution_revenue"): np.array([.04, .03, .03, .02, .02, .03, .04, .05, .08, .16, .24, .26]),
    (RM, "contribution_revenue"): np.array([.13, .09, .03, .01, .01, .01, .01, .02, .04, .14, .23, .28]),
    (RP, "fiscal_subsidy"): np.array([.20, .02, .14, .05, .06, .14, .10, .04, .11, .05, .05, .04]),
    (RM, "fiscal_subsidy"): np.array([.05, .10, .27, .05, .08, .16, .05, .05, .12, .03, .02, .02]),
    (EP, "fiscal_subsidy"): np.array([.10, .05, .25, .03, .05, .18, .08, .03, .12, .03, .04, .04]),
    (GP, "fiscal_subsidy"): np.array([.22, .12, .16, .07, .05, .09, .12, .05, .05, .03, .02, .02]),
    "interest": np.array([.01, .01, .20, .01, .02, .26, .01, .01, .21, .01, .02, .23]),
    "upper_grant": np.array([.13, .10, .10, .08, .08, .09, .10, .08, .07, .06, .06, .05]),
    "upper_remittance": np.array([.02, .03, .16, .04, .05, .14, .06, .05, .16, .06, .06, .17]),
    "lumpy": np.array([.02, .03, .08, .05, .06, .10, .08, .08, .12, .10, .12, .16]),
    "medical": np.array([.075, .058, .086, .084, .083, .086, .084, .083, .085, .082, .087, .107]),
    "central": np.array([.22, .06, .12, .12, .05, .10, .08, .05, .06, .06, .04, .04]),
}
MONTH_DRIVERS = {
    EP: ["insured_active", "contributors", "contributors_flexible", "contribution_base", "contribution_base_flexible",
         "contribution_rate", "contribution_rate_flexible", "collection_rate", "arrears_recovered", "back_payments",
         "beneficiaries", "benefit_level", "arrears"],
    GP: ["insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate",
         "arrears_recovered", "beneficiaries", "benefit_level", "arrears"],
    RP: ["insured_active", "beneficiaries", "benefit_level", "benefit_standard"],
    EM: ["insured", "insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate"],
    RM: ["insured", "personal_contribution", "subsidy_per_head"],
    WI: ["insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate", "beneficiaries", "benefit_level"],
    UI: ["insured_active", "contributors", "contribution_base", "contribution_rate", "collection_rate", "recipient_months", "benefit_level"],
}
LEAGUE = [row[0] for row in LEAGUES]
MEMBERS = np.array([(C.parent == code).to_numpy() for code in LEAGUE])


def to_league(values):
    return np.array([values[m].sum() for m in MEMBERS])


def mean_by(values, weights):
    return np.array([(values[m].astype(float) * weights[m]).sum() / weights[m].sum() for m in MEMBERS])


def cumulative(total, season, noise, size=.05):
    """Cumulative amounts (12, leagues) in cents; December is the year exactly."""
    w = season[:, None] * np.exp(size * noise.standard_normal((12, len(total))))
    c = np.cumsum(w, axis=0) / w.sum(axis=0)
    out = np.floor(total * c + .5).astype(np.int64)
    out[-1] = total
    return out


def months_of(fund, r, before, noise, rise):
    """The twelve cumulative months of one year for all leagues: dict of (12, leagues)."""
    year = {i: to_league(v) for i, v in r.items() if i not in SHARES | PER_MONTH | PER_YEAR}
    old = {i: to_league(v) for i, v in before.items()}
    m = np.arange(1, 13)[:, None]
    out = {}

    def stock(item):
        rise = np.maximum(0, np.minimum(1, m / 12 + .02 * noise.standard_normal((12, 12)) * (m < 12)))
        out[item] = whole(old[item] + (year[item] - old[item]) * rise)
    for item in ("insured", "insured_active", "beneficiaries"):
        if item in year:
            stock(item)
    if fund in RATE:
        due = year["assessed"].astype(float)
        base = mean_by(r["contribution_base"], r["contributors"])
        rate = float(r["contribution_rate"][0])
        collected = year["collected"] + year.get("deferred_out", 0) + year.get("exempted", 0)
        share = collected / due
        out["contributors"] = whole(year["contributors"] * (1 - .0012 * (12 - m) + .001 * noise.standard_normal((12, 12)) * (m < 12)))
        step = np.where(np.arange(12) < 6, .978, 1.022)                   # the new base is set in July
        out["contribution_base"] = cents(base / 100 * (np.cumsum(step) / np.arange(1, 13))[:, None])
        out["contribution_rate"] = np.full((12, 12), int(rate))
        lag = (1 - .055 / m + .055 / 12) * np.exp(.003 * noise.standard_normal((12, 12)) * (m < 12))
        out["collection_rate"] = parts(np.minimum(share * lag, 1))
        assessed = half_up(out["contributors"] * out["contribution_base"] * m * out["contribution_rate"], 10000)
        paid = half_up(assessed * out["collection_rate"], 10000)
        assessed[-1], paid[-1] = year["assessed"], collected
        line = paid.copy()
        if fund in (EP, GP):
            out["arrears_recovered"] = cumulative(year["arrears_recovered"], SEASON["lumpy"], noise)
            out["arrears"] = old["arrears"] + assessed - paid - out["arrears_recovered"]
            line = line + out["arrears_recovered"]
        if fund == EP:
            flex = mean_by(r["contribution_base_flexible"], r["contributors_flexible"])
            run_ = np.cumsum(SEASON["flexible"])[:, None] * 12 / m
            out["contributors_flexible"] = whole(year["contributors_flexible"] * run_)
            out["contribution_base_flexible"] = cents(np.ones((12, 1)) * flex / 100)
            out["contribution_rate_flexible"] = np.full((12, 12), 2000)
            out["back_payments"] = cumulative(year["back_payments"], SEASON["lumpy"], noise)
            freely = half_up(out["contributors_flexible"] * out["contribution_base_flexible"] * m * 2000, 10000)
            freely[-1] = year["collected_flexible"]
            line = line + freely + out["back_payments"]
        line[-1] = year["contribution_revenue"]
        out["contribution_revenue"] = np.maximum.accumulate(line, axis=0)
    else:
        out["contribution_revenue"] = cumulative(year["contribution_revenue"], SEASON[fund, "contribution_revenue"], noise)
    if fund in (EP, GP, RP, WI):
        heads = to_league(before["beneficiaries"] + r["beneficiaries"])
        line = "injury_expenditure" if fund == WI else "pension_expenditure"
        level = year[line] / (heads * 6.0)
        if fund in (EP, GP):
            first = mean_by(before["level"], before["beneficiaries"])
        elif fund == RP:
            first = level - rise * 100
        else:
            first = level
        paid = np.where(m < 7, np.minimum(first, level), level)           # July brings the back-pay from January
        wobble = np.exp((.012 if fund == WI else .001) * noise.standard_normal((12, 12)) * (m < 12))
        out["benefit_level"] = cents(paid * wobble / 100)
        now = (old["beneficiaries"] + out["beneficiaries"]) * out["benefit_level"] * m
        out[line] = half_up(now, 2)
        out[line][-1] = year[line]
    if fund == RP:
        std = mean_by(r["benefit_standard"], r["beneficiaries"])
        out["benefit_standard"] = cents(np.where(m < 7, std - rise * 100, std) / 100)
    if fund == RM:
        for item in ("personal_contribution", "subsidy_per_head"):
            out[item] = np.full((12, 12), int(r[item][0]))
    if fund == UI:
        out["recipient_months"] = cumulative(year["recipient_months"], EVEN, noise, .02)
        level = year["unemployment_expenditure"] / year["recipient_months"]
        out["benefit_level"] = cents(np.ones((12, 1)) * level / 100)
        out["unemployment_expenditure"] = out["recipient_months"] * out["benefit_level"]
        out["unemployment_expenditure"][-1] = year["unemployment_expenditure"]
    for item in REVENUE + BENEFITS + ["non_benefit_expenditure", "transfer_out", "other_expenditure", "upper_grant",
                                      "upper_remittance", "gap_subsidy", "gap_grant"]:
        if item in year and item not in out:
            season = SEASON.get((fund, item), SEASON.get(item, SEASON["lumpy"]))
            if item in ("medical_expenditure", "death_expenditure"):
                season = SEASON["medical"]
            if item in ("gap_subsidy", "gap_grant"):
                continue
            out[item] = cumulative(year[item], season, noise)
    for item, whole_line in (("gap_subsidy", "fiscal_subsidy"), ("gap_grant", "upper_grant")):
        if (year[item] > 0).any():
            out[item] = np.floor(out[whole_line] * (year[item] / np.maximum(year[whole_line], 1)) + .5).astype(np.int64)
            out[item][-1] = year[item]
        else:
            out[item] = np.zeros((12, 12), np.int64)
    close(out, np.ones((12, 1), np.int64) * old["closing_balance"])
    return out


RISE = {y: RP_MINIMUM[YEARS.index(y)] - RP_MINIMUM[YEARS.index(y) - 1] for y in (2024, 2025, 2026)}
MONTH_SKIP = {"opening_balance", "current_balance", "revenue_subtotal", "expenditure_subtotal"}


def put_months(year, ledger, own):
    noise = np.random.default_rng([SEED, year])
    last = 12 if year <= LAST_FINAL else LAST_MONTH
    mirror = None
    for fund in FUNDS:
        data = ledger[fund]
        r = data["final"][year] if year <= LAST_FINAL else data["path"]
        past = data["final"][year - 1]
        before = carry(past)
        if fund in (EP, GP):
            before["level"] = past["benefit_level_end"]
        out = months_of(fund, r, before, noise, RISE[year])
        keep = [i for i in out if i not in MONTH_SKIP and (i in MONTH_DRIVERS[fund] or i in REVENUE + SPENDING + BENEFITS + TOTALS
                or i in ("upper_grant", "upper_remittance", "gap_subsidy", "gap_grant"))]
        for item in keep:
            for month in range(last):
                ROWS.append((LEAGUE, fund, item, f"{year}-{month + 1:02d}", out[item][month], "executed"))
        if fund == EP:
            mirror = out
    top = own[year]
    out = {"lower_remittance": mirror["upper_remittance"].sum(1, keepdims=True),
           "lower_grant": mirror["upper_grant"].sum(1, keepdims=True)}
    for item, season in (("fiscal_subsidy", "central"), ("upper_grant", "central"), ("interest", "interest"),
                         ("upper_remittance", "upper_remittance")):
        out[item] = cumulative(top[item], SEASON[season], noise, .03)
    close(out, np.ones((12, 1), np.int64) * top["opening_balance"])
    del out["benefit_expenditure"]
    out["gap_subsidy"] = out["gap_grant"] = np.zeros((12, 1), np.int64)
    for item in out:
        if item not in MONTH_SKIP:
            for month in range(last):
                ROWS.append(([OWN], EP, item, f"{year}-{month + 1:02d}", out[item][month], "executed"))


# ------------------------------------------------------------------------- mistakes planted in the drafts
def plant(drafts, ledger):
    """Twelve kinds of mistakes in the drafts of 2027. Returns the list of them."""
    listed = []
    place = {code: i for i, code in enumerate(C.region)}

    def change(region, fund, item, kind, new, follow):
        i, r = place[region], drafts[fund]
        before = {k: v[i:i + 1] for k, v in ledger[fund]["before"][DRAFT_YEAR].items()}
        one = {k: v[i:i + 1].copy() for k, v in r.items()}
        right = int(one[item][0])
        one[item][0] = wrong = int(new(one, i))
        if follow == "formula":
            formula(fund, one, before)
        elif follow == "totals":
            opening = one["opening_balance"]
            close(one, opening)
        for k in r:
            r[k][i] = one[k][0]
        listed.append((region, fund, item, kind, text(right, item), text(wrong, item)))

    change("150423", RP, "contribution_revenue", "unit_slip_x10000", lambda r, i: r["contribution_revenue"][0] * 10000, "totals")
    keep = {}
    i = place["150302"]
    for item in ("unemployment_expenditure", "medical_expenditure"):
        keep[item] = int(drafts[UI][item][i])
    change("150302", UI, "unemployment_expenditure", "swapped_lines", lambda r, i: keep["medical_expenditure"], None)
    change("150302", UI, "medical_expenditure", "swapped_lines", lambda r, i: keep["unemployment_expenditure"], "totals")
    change("150722", EM, "medical_expenditure", "last_year_repeated",
           lambda r, i: ledger[EM]["budget"]["medical_expenditure"][i], "totals")
    change("150822", RM, "opening_balance", "opening_not_previous_closing",
           lambda r, i: r["opening_balance"][0] + 345_678_900, "totals")
    change("150926", GP, "revenue_subtotal", "does_not_foot", lambda r, i: r["revenue_subtotal"][0] + 90_000_000, None)
    change("152202", EP, "upper_remittance", "mirror_mismatch", lambda r, i: r["upper_remittance"][0] + 250_000_000, "totals")
    change("150625", WI, "contributors", "contributors_above_insured", lambda r, i: whole(r["insured_active"][0] * 1.06), "formula")
    change("150622", EP, "benefit_level", "benefit_level_up_30_percent", lambda r, i: cents(r["benefit_level"][0] / 100 * 1.30), "formula")
    change("150204", EM, "interest", "interest_times_3", lambda r, i: r["interest"][0] * 3, "totals")
    change("150523", RM, "fiscal_subsidy", "subsidy_not_standard_times_heads",
           lambda r, i: whole(r["fiscal_subsidy"][0] * 1.12, 100), "totals")
    change("152530", RP, "closing_balance", "closing_identity_broken", lambda r, i: r["closing_balance"][0] + 123_456_700, None)
    change("152921", EM, "contribution_base", "base_growth_25_percent",
           lambda r, i: cents(ledger[EM]["budget"]["contribution_base"][i] / 100 * 1.25), "formula")
    return listed


# --------------------------------------------------------------------------------------------- small tables
def deposits(ledger):
    pick = np.random.default_rng([SEED, 77])
    banks = ["工商银行", "农业银行", "建设银行", "内蒙古银行", "农村信用社"]
    rows = []
    for fund in FUNDS:
        closing = ledger[fund]["final"][LAST_FINAL]["closing_balance"]
        for region, total in zip(C.region, closing):
            total, demand = int(total), 0.35
            count = 1 if total < 10 ** 8 else int(pick.integers(2, 4))
            term = int(round(total * (1 - demand) * (1 if count == 2 else .7))) // 10 ** 6 * 10 ** 6 if count > 1 else 0
            bond = int(total * (1 - demand) * .3) // 10 ** 6 * 10 ** 6 if count > 2 else 0
            bank = banks[int(pick.integers(5))]
            rows.append((region, fund, "活期", bank, total - term - bond, .0055, "2025-01", ""))
            if term:
                length = int(pick.choice([12, 36]))
                start = f"{2025 if length == 12 else int(pick.integers(2023, 2026))}-{int(pick.integers(1, 13)):02d}"
                rows.append((region, fund, "定期", banks[int(pick.integers(5))], term, .0145 if length == 12 else .0195, start, length))
            if bond:
                rows.append((region, fund, "国债", "国债", bond, .0238, f"{int(pick.integers(2023, 2026))}-{int(pick.integers(3, 12)):02d}", 60))
    return [(r, f, kind, bank, text(b, "amount"), "元", f"{rate:.4f}", start, t, SOURCE) for r, f, kind, bank, b, rate, start, t in rows]


def small_tables():
    pick = np.random.default_rng([SEED, 78])
    score = []
    for code in LEAGUE:
        four = {"compilation": pick.uniform(76, 98), "execution": pick.uniform(74, 99),
                "collection_task": pick.uniform(70, 100), "supervision": pick.uniform(72, 97)}
        four = {i: round(v, 1) for i, v in four.items()}
        total = .25 * four["compilation"] + .30 * four["execution"] + .20 * four["collection_task"] + .25 * four["supervision"]
        score.append((code, "grade_points", 2025, f"{total:.1f}", SOURCE))
        score += [(code, i, 2025, f"{v:.1f}", SOURCE) for i, v in four.items()]
    audits = [
        ("150400", EP, 2025, "3862000.00", "元", "false", "pensions paid after death, not yet recovered", SOURCE),
        ("150700", EP, 2025, "1275400.00", "元", "true", "contributions kept in a transit account", SOURCE),
        ("150900", RM, 2025, "918300.00", "元", "false", "payments outside the catalogue", SOURCE),
        ("152200", UI, 2025, "264150.00", "元", "true", "benefit paid to persons in work", SOURCE),
        ("150600", WI, 2025, "507700.00", "元", "false", "contribution rate class set too low", SOURCE)]
    pooling = [
        (EP, "region", "2009-10-01", "2021-12-31", REGION, "内政发〔2009〕78号"),
        (EP, "nation", "2022-01-01", "", REGION, "national pooling from 2022-01; named in the region's opinion of 2024-10"),
        (RP, "county", "2014-01-01", "", REGION, SOURCE),
        (GP, "county", "2014-10-01", "", REGION, "illustrative; the region's opinion of 2024-10 still plans region pooling"),
        (EM, "league", "2014-01-01", "", REGION, SOURCE),
        (RM, "county", "2014-01-01", "2016-12-31", REGION, SOURCE),
        (RM, "league", "2017-01-01", "", REGION, "内政发〔2016〕122号"),
        (WI, "league", "2014-01-01", "2020-04-26", REGION, SOURCE),
        (WI, "region", "2020-04-27", "", REGION, "region's measure of 2020-04-27 under 人社部发〔2017〕60号"),
        (UI, "league", "2014-01-01", "2021-09-30", REGION, SOURCE),
        (UI, "region", "2021-10-01", "", REGION, "内人社发〔2021〕33号 (month assumed)")]
    p = dict.fromkeys("id title item programme regions set add multiply floor cap unit start end paid decided_by known_at_budget evidence reference source".split(), "")
    p |= {"regions": "*", "source": SOURCE}
    base = {"programme": RP, "add": "20", "unit": "元/月", "decided_by": "nation"}
    policies = [
        p | {"id": "ep-adjust-2026", "title": "Enterprise pensions +2 % from January 2026, paid in July with back-pay", "item": "benefit_level",
             "programme": EP, "multiply": "1.02", "start": "2026-01", "paid": "2026-07", "decided_by": "nation", "known_at_budget": "true"},
        p | base | {"id": "rp-basic-2026-level", "title": "Resident basic pension minimum +20 yuan a month from January 2026, decided in May",
                    "item": "benefit_level", "start": "2026-01", "paid": "2026-07", "known_at_budget": "false"},
        p | base | {"id": "rp-basic-2026-subsidy", "title": "The same: the treasury's share", "item": "benefit_standard",
                    "start": "2026-01", "paid": "2026-07", "known_at_budget": "false"},
        p | base | {"id": "rp-basic-2027-level", "title": "Resident basic pension minimum +20 yuan a month from January 2027",
                    "item": "benefit_level", "start": "2027-01", "known_at_budget": "true"},
        p | base | {"id": "rp-basic-2027-subsidy", "title": "The same: the treasury's share", "item": "benefit_standard",
                    "start": "2027-01", "known_at_budget": "true"},
        p | {"id": "rm-subsidy-2027", "title": "Resident medical subsidy +30 yuan a year from January 2027", "item": "subsidy_per_head",
             "programme": RM, "add": "30", "unit": "元/年", "start": "2027-01", "decided_by": "nation", "known_at_budget": "true"},
        p | base | {"id": "rp-ordos-2027-level", "title": "Ordos: own top-up of resident pensions +10 yuan a month", "item": "benefit_level",
                    "regions": "150600", "add": "10", "start": "2027-01", "decided_by": "league", "known_at_budget": "true"},
        p | base | {"id": "rp-ordos-2027-subsidy", "title": "The same: the treasury's share", "item": "benefit_standard",
                    "regions": "150600", "add": "10", "start": "2027-01", "decided_by": "league", "known_at_budget": "true"}]
    law = {EP: "国办发〔2019〕13号: employer 16 %, employee 8 %", GP: "国办发〔2019〕13号: employer 16 %, employee 8 %",
           EM: "国发〔1998〕44号 (6 % and 2 %) with 0.5 % maternity; local rate illustrative",
           WI: "人社部发〔2015〕71号 (industry classes); average illustrative", UI: "total 1 % (staged cut, assumed extended)"}
    assumptions = [("contribution_rate", year, f"{RATE[f][YEARS.index(year)]:.4f}", "share", REGION, f, law[f], "statute")
                   for f in (EP, GP, EM, WI, UI) for year in (2026, 2027)]
    assumptions += [("average_wage", y, f"{58000 * wages[YEARS.index(y)]:.2f}", "元/年", REGION, "", SOURCE, "sample generator")
                    for y in (2025, 2026, 2027)]
    write("assessments.csv", "region indicator period value source", score)
    write("audits.csv", "region programme period amount unit rectified note source", audits)
    write("pooling.csv", "programme level start end region source", pooling)
    write("policies.csv", " ".join(p), [tuple(row.values()) for row in policies])
    write("assumptions.csv", "item period value unit region programme source author", assumptions)


# ---------------------------------------------------------------------------------------------------- write
def write(name, header, rows):
    with open(HERE / name, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header.split())
        out.writerows(rows)


def write_history():
    rank = {"final": 0, "budget": 1, "reported": 2, "executed": 3}
    lines = []
    for regions, fund, item, period, values, stage in ROWS:
        unit = unit_of(item)
        for region, value in zip(regions, values):
            lines.append(((rank[stage], FUNDS.index(fund), item, region, str(period)),
                          f"{region},{fund},{item},{period},{text(value, item)},{unit},{stage},{SOURCE}\n"))
    lines.sort(key=lambda line: line[0])
    body = "region,programme,item,period,value,unit,stage,source\n" + "".join(line for _, line in lines)
    raw = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=raw, mtime=0) as f:
        f.write(body.encode("utf-8"))
    (HERE / "history.csv.gz").write_bytes(raw.getvalue())
    return len(lines)


def main():
    ledger = {fund: run(fund) for fund in FUNDS}
    own, opening = {}, np.array([30 * 10 ** 10], np.int64)
    for year in range(YEARS[0], LAST_FINAL + 1):
        own[year] = own_level(ledger[EP]["final"][year], year, opening)
        opening = own[year]["closing_balance"]
    own[BUDGET_YEAR] = own_level(ledger[EP]["path"], BUDGET_YEAR, opening)
    own_budget = own_level(ledger[EP]["budget"], BUDGET_YEAR, opening)
    own_draft = own_level(ledger[EP]["draft"], DRAFT_YEAR, own_budget["closing_balance"])
    drafts = {f: {i: np.array(v).copy() for i, v in ledger[f]["draft"].items()} for f in FUNDS}
    planted = plant(drafts, ledger)
    codes = list(C.region)
    for fund in FUNDS:
        for year, record in ledger[fund]["final"].items():
            put(codes, fund, record, year, "final")
        put(codes, fund, ledger[fund]["budget"], BUDGET_YEAR, "budget")
        put(codes, fund, drafts[fund], DRAFT_YEAR, "reported", DRAFT_SKIP)
    for year in range(YEARS[0], LAST_FINAL + 1):
        put([OWN], EP, own[year], year, "final")
    put([OWN], EP, own_budget, BUDGET_YEAR, "budget")
    put([OWN], EP, own_draft, DRAFT_YEAR, "reported")
    for year in (2024, 2025, 2026):
        put_months(year, ledger, own)
    count = write_history()
    write("regions.csv", "region name parent level name_en econ_tier", REGION_ROWS)
    write("planted_mistakes.csv", "region programme item kind right_value planted_value", planted)
    write("deposits.csv", "region programme kind bank balance unit rate start term_months source", deposits(ledger))
    small_tables()
    print(f"history rows: {count:,}")


if __name__ == "__main__":
    main()
