"""What national policy ties to the months of reserve (domain §6.3): on which side, on which day, of which fund."""

import pytest

import sibforecast as sib
from sibforecast.assumptions.law_records import read_day
from sibforecast.errors import SibError
from sibforecast.oversight.limits import Limits
from sibforecast.oversight.reserve_rules import RULES, spoken_of
from sibforecast.oversight.sentences import Speech
from tests.datasets import WAN
from tests.oversight.test_monitoring import COURSE, TWELFTHS, R, budget, months, row
from tests.oversight.test_monitoring import load as read

NMG = sib.load(sib.sample("nmg"))
CHINA = sib.load(sib.sample("china"))


def told(fund, reserve, day, region="150100", data=NMG, own=None, language="en"):
    limits = Limits.of(data, read_day(day), None, own, Speech(language))
    return [(s.rule.threshold, s.limit.value, s.limit.status, s.colour, s.reason) for s in spoken_of(reserve, limits, fund, region)]


@pytest.mark.parametrize(("fund", "reserve", "day", "rule", "colour", "words"), [
    ("enterprise_pension", 9.04, "2018-06", "rate_cut_reserve_months", "", "; more than 9 months at 9.04: the employer's rate of 19% may be used"),
    ("work_injury", 18.0, "2018-06", "phase_cut_moderate_months", "", "; 18 months or more at 18.0: the rate is cut by 20% for the time being"),
    ("work_injury", 23.99, "2018-06", "phase_cut_moderate_months", "", "; 18 months or more at 23.99: the rate is cut by 20% for the time being"),
    ("work_injury", 24.5, "2018-06", "phase_cut_deep_months", "", "; 24 months or more at 24.5: the rate is cut by 50% for the time being"),
    ("unemployment", 12.5, "2022-06", "refund_reserve_months", "",
     "; the 12 months that refunds to employers and skill subsidies require are there, at 12.5"),
    ("unemployment", 11.5, "2022-06", "refund_reserve_months", "",
     "; at 11.5 months the 12 that refunds to employers and skill subsidies require are not there"),
    ("employee_medical", 2.5, "2022-06", "reserve_months_short", "red",
     "; insufficient at 2.5: less than 3 months, the target being 6 to 9 of the pooled fund"),
    ("employee_medical", 12.0, "2022-06", "reserve_months_high", "", "; beyond the target of 6 to 9 months of the pooled fund, at 12.0"),
])  # fmt: skip
def test_each_rule_speaks_on_its_side(fund, reserve, day, rule, colour, words):
    (one,) = told(fund, reserve, day)
    assert (one[0], one[3], one[4]) == (rule, colour, words)
    assert one[2] in ("statute", "observed", "unverified")


@pytest.mark.parametrize(("fund", "reserve", "day"), [
    ("enterprise_pension", 9.0, "2018-06"),  # not more than nine
    ("enterprise_pension", 12.0, "2019-06"),  # the rule ended in April 2019
    ("enterprise_pension", 12.0, "2016-04"),  # and began in May 2016
    ("work_injury", 17.9, "2018-06"), ("work_injury", 30.0, "2018-04"), ("work_injury", 30.0, "2026-06"),  # the cut is not extended
    ("employee_medical", 6.0, "2022-06"), ("employee_medical", 20.0, "2022-06"),  # beyond 15 the band says too much
    ("unemployment", 20.0, "2020-12"), ("resident_pension", 40.0, "2018-06"), ("unemployment", float("nan"), "2022-06"),
])  # fmt: skip
def test_where_no_rule_speaks(fund, reserve, day):
    assert told(fund, reserve, day) == []


def test_the_maternity_fund():
    """Until 2019: a plan below three months, a cut above nine; nothing in between, nothing after."""
    below, above = (told("maternity", m, "2017-06", "CN", CHINA)[0] for m in (2.9, 10.0))
    assert below == ("reserve_months_short", 3.0, "statute", "red", "; less than 3 months at 2.9: an early-warning plan is due")
    assert above[:4] == ("reserve_months_high", 9.0, "statute", "excess")
    assert "beyond the reasonable 6 to 9 months at 10.0: the rate is to be cut to 0.5% or less" in above[4]
    assert told("maternity", 7.0, "2017-06", "CN", CHINA) == told("maternity", 2.0, "2020-06", "CN", CHINA) == []


def test_a_rule_of_one_area_and_a_rule_set_by_argument():
    """The two months of payments kept at the city are Shandong's; an area that keeps them too gives the figure."""
    assert told("enterprise_pension", 1.5, "2022-06") == []
    (one,) = told("enterprise_pension", 1.5, "2022-06", own={"payment_reserve_months": 2})
    assert one == ("payment_reserve_months", 2.0, "", "red", "; less than the 2 months of payments that are kept in hand, at 1.5")
    with pytest.raises(SibError, match="did you mean 'refund_reserve_months'"):
        Limits.of(NMG, read_day("2022-06"), None, {"refund_reserve_month": 6})


def test_every_rule_has_its_record_in_the_law():
    law = sib.current_law().law
    for rule in RULES:
        for name in (rule.threshold, *(id for _, id in rule.beside), *([rule.up_to] if rule.up_to else [])):
            parameter = law.parameters[name, rule.programme]
            assert all(r.source and r.status for r in law.steps(parameter)), name


def test_the_monitor_tells_it_with_figure_and_source(tmp_path):
    """Closing of 2024 1,725, revenue 1,000, spending 900: 1,825 ÷ 75 = 24.3 months: 12 are there, and more than the 24 thought enough."""
    rows = [(R, "unemployment", "closing_balance", 2024, 1_725, WAN, "final"), *budget()]
    for year, last in ((2022, 12), (2023, 12), (2024, 12), (2025, 6)):
        rows += months("total_revenue", year, 1000, COURSE, last) + months("total_expenditure", year, 900, TWELFTHS, last)
    data = read(tmp_path, rows)
    made = sib.monitor(data, "2025-06")
    got = row(made, "months_payable")
    assert got["expected"] == pytest.approx(1_825 / 75)
    assert (got["status"], got["reason"]) == (
        "excess", "24.3 months payable at the end of the year, more than the 24 thought enough; the 12 months that refunds to "
                  "employers and skill subsidies require are there, at 24.3")  # fmt: skip
    (rule,) = made.rules.to_dict("records")
    assert (rule["rule"], rule["limit"], rule["speaks"], rule["status"], rule["source"]) == (
        "refund_reserve_months", 12.0, "from", "statute", "0477ly.com/newsdetail/news578655.html")  # fmt: skip
    assert "refund_reserve_months" in set(made.thresholds["threshold"])
    chinese = row(sib.monitor(data, "2025-06", language="zh"), "months_payable")["reason"]
    assert chinese == "年末可支付24.3个月，高于24个月，结余偏多；可支付24.3个月，达到12个月，可发放稳岗返还和技能提升补贴"
