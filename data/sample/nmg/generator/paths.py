"""The region as a whole: its areas, the paths of its funds, and how figures are rounded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SEED = 150000
HERE = Path(__file__).resolve().parents[1]
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
