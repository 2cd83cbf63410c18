"""Each of the nineteen corruptions, at three random places, is found by its check and nowhere else.

The drafts start clean; one account is spoilt, its totals carried along where the mistake would
be, and what is found anew must be a finding of that check in that account. Findings that follow
from it must be among the consequences its check names.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.oversight.review import CHECKS
from tests import reported
from tests.reported import YEAR, clean, close

WAGE_FUNDS = ("enterprise_pension", "civil_servant_pension", "employee_medical", "work_injury", "unemployment")


class Spoilt:
    """What one corruption does: accounts changed, tables added, and where it is to be found."""

    def __init__(self, changed=None, where=None, tables=None, base=None, **more):
        self.changed, self.where, self.tables, self.base, self.more = changed or {}, where, tables, base, more


def any_place(rng, *funds, fits=lambda account: True, but=()):
    drafts = clean()
    there = [p for p in sorted(drafts.accounts) if p[1] in funds and p[0] != "150099" and fits(drafts.accounts[p]) and p not in but]
    return there[int(rng.integers(len(there)))]


def multiplied(rng, item, factor, *funds, carry=True, fits=lambda account: True):
    place = any_place(rng, *funds, fits=lambda a: a.get(item, 0) > 0 and fits(a))
    account = dict(clean().accounts[place])
    account[item] = round(account[item] * factor, 2)
    return Spoilt({place: close(account) if carry else account}, place)


def added(rng, item, amount, *funds, carry=True, fits=lambda account: True):
    place = any_place(rng, *funds, fits=lambda a: item in a and fits(a))
    account = dict(clean().accounts[place])
    account[item] = round(account[item] + amount, 2)
    return Spoilt({place: close(account) if carry else account}, place)


ALL = ("enterprise_pension", "resident_pension", "civil_servant_pension", "employee_medical", "resident_medical", "work_injury", "unemployment")


def with_leagues():
    """What the leagues report for their counties, and the region for its leagues."""
    drafts = clean()
    tree = reported.sample().regions
    sums = {}
    for (county, fund), account in drafts.accounts.items():
        if county != "150099":
            for item in ("insured", "insured_active", "beneficiaries", "benefit_expenditure", "contribution_revenue", "interest"):
                if item in account:
                    own = sums.setdefault((tree.areas[county].parent, fund), {})
                    own[item] = round(own.get(item, 0.0) + account[item], 2)
    for (_, fund), league in list(sums.items()):
        own = sums.setdefault(("150000", fund), {})
        for item, value in league.items():
            own[item] = round(own.get(item, 0.0) + value, 2)
    whole = sums["150000", "enterprise_pension"]  # the region's own level holds money of its own, and insures nobody
    whole["interest"] = round(whole["interest"] + drafts.accounts["150099", "enterprise_pension"]["interest"], 2)
    return sums


def league_heads_wrong(rng):
    sums = with_leagues()
    there = [p for p in sorted(sums) if p[0] != "150000"]
    place = there[int(rng.integers(len(there)))]
    item = next(i for i in ("beneficiaries", "insured_active", "insured") if i in sums[place])
    return Spoilt(sums | {place: sums[place] | {item: sums[place][item] + 7}}, place, base=sums)


def all_funds():
    """The table over all funds of every county."""
    out = {}
    for (county, _), account in clean().accounts.items():
        if county != "150099":
            own = out.setdefault((county, "all"), {})
            for item in ("total_revenue", "total_expenditure", "closing_balance"):
                own[item] = round(own.get(item, 0.0) + account[item], 2)
    return out


def total_table_wrong(rng):
    base = all_funds()
    place = sorted(base)[int(rng.integers(len(base)))]
    return Spoilt(base | {place: base[place] | {"closing_balance": base[place]["closing_balance"] - 1e6}}, place, base=base)


def remitted_more(rng):
    made = added(rng, "upper_remittance", 2_000_000.0, "enterprise_pension", fits=lambda a: a["closing_balance"] > 1e7 and a["upper_remittance"] > 0)
    made.where = ("150099", "enterprise_pension")
    return made


def too_many_contributors(rng):
    place = any_place(rng, *WAGE_FUNDS)
    account = dict(clean().accounts[place])
    account["contributors"] = round(account["insured_active"] * 1.08)
    return Spoilt({place: account}, place)


def base_too_high(rng):
    place = any_place(rng, *WAGE_FUNDS)
    account = dict(clean().accounts[place])
    account["contribution_base"] = round(account["contribution_base"] * 1.10, 2)
    account["contribution_revenue"] = round(account["contribution_revenue"] * 1.10, 2)
    return Spoilt({place: close(account)}, place)


def richer_than_its_peers(rng):
    place = any_place(rng, "resident_medical")
    account = dict(clean().accounts[place])
    for item in ("subsidy_per_head", "fiscal_subsidy"):
        account[item] = round(account[item] * 1.14, 2)
    return Spoilt({place: close(account)}, place)


def gap_left_open(rng):
    place = any_place(rng, "civil_servant_pension", fits=lambda a: a["gap_subsidy"] > 1e7 and a["closing_balance"] < 1e5)
    account = dict(clean().accounts[place])
    missing = round(account["gap_subsidy"] * 0.05, 2)
    for item in ("gap_subsidy", "fiscal_subsidy"):
        account[item] = round(account[item] - missing, 2)
    return Spoilt({place: close(account)}, place)


def effect_overstated(rng):
    place = any_place(rng, "resident_medical")
    insured = clean().accounts[place]["insured"]  # 30 yuan a head from January; half as much again is claimed
    row = {"region": place[0], "programme": place[1], "policy": "rm-subsidy-2027", "value": insured * 30 * 1.5, "unit": "元", "row": 2}
    return Spoilt(where=place, tables={"effects": pd.DataFrame([row])})


def definition_changed(rng):
    place = any_place(rng, "employee_medical")
    return Spoilt(where=place, caliber={place: "统筹基金"})


def text_disagrees(rng):
    place = any_place(rng, *ALL)
    now = clean().accounts[place]["contribution_revenue"]
    text = f"{YEAR}年社会保险费收入{now * 1.1 / 1e4:,.2f}万元。"
    row = {"region": place[0], "programme": place[1], "period": YEAR, "text": text, "row": 2}
    return Spoilt(where=place, tables={"statements": pd.DataFrame([row])})


def unit_slip(rng):
    item = ("contribution_revenue", "interest", "benefit_level", "contributors")[int(rng.integers(4))]
    return multiplied(rng, item, (1e4, 1e-4)[int(rng.integers(2))], *WAGE_FUNDS, fits=lambda a: a.get("interest", 0) > 1e5)


@cache
def grown_already():
    """Where the clean drafts have this finding themselves: one more there is none anew."""
    frame = sib.review(clean().data()).frame
    frame = frame[(frame["id"] == "R-11") & (frame["item"] == "non_benefit_expenditure")]
    return set(zip(frame["region"].astype(str), frame["programme"].astype(str), strict=True))


def grows_without_reason(rng):
    item = "non_benefit_expenditure"
    place = any_place(rng, "resident_medical", "work_injury",
                      fits=lambda a: a["closing_balance"] > 2 * a[item] > 0.04 * a["total_expenditure"],
                      but=grown_already())  # fmt: skip
    past = clean().past
    last = past.loc[(past["region"] == place[0]) & (past["programme"] == place[1]) & (past["item"] == item), "value"].iloc[0]
    return Spoilt({place: close(clean().accounts[place] | {item: round(last * 1.5, 2)})}, place)


CORRUPTIONS = {
    "R-01": lambda rng: added(rng, "revenue_subtotal", 50_000.0, *ALL, carry=False),
    "R-02": lambda rng: added(rng, "opening_balance", 3_000_000.0, *ALL),
    "R-03": lambda rng: added(rng, "closing_balance", 700_000.0, *ALL, carry=False),
    "R-04": league_heads_wrong,
    "R-05": total_table_wrong,
    "R-06": lambda rng: multiplied(rng, "contribution_revenue", 1.07, *ALL),
    "R-07": remitted_more,
    "R-08": lambda rng: multiplied(rng, "medical_expenditure", 0.96, "employee_medical", "resident_medical"),
    "R-09": too_many_contributors,
    "R-10": base_too_high,
    "R-11": grows_without_reason,
    "R-12": richer_than_its_peers,
    "R-13": lambda rng: multiplied(rng, "interest", 4.0, "employee_medical", "unemployment", fits=lambda a: a["interest"] > 1e5),
    "R-14": lambda rng: multiplied(rng, "fiscal_subsidy", 1.10, "resident_medical", "resident_pension"),
    "R-15": gap_left_open,
    "R-16": unit_slip,
    "R-17": effect_overstated,
    "R-18": definition_changed,
    "R-19": text_disagrees,
}


def keys(found):
    frame = found.frame.astype({"region": str, "programme": str})
    frame = frame.assign(item=frame["item"].fillna(""), follows=frame["follows"].fillna(""))
    return {(r.id, r.region, r.programme, r.item, r.follows) for r in frame.itertuples()}


@cache
def found_before():
    return keys(sib.review(clean().data()))


def found_anew(spoilt):
    before = found_before() if spoilt.base is None else keys(sib.review(clean().data(spoilt.base)))
    after = keys(sib.review(clean().data(spoilt.changed, spoilt.tables, **spoilt.more)))
    return after - before


def test_every_check_has_a_corruption():
    assert list(CORRUPTIONS) == list(CHECKS) == [f"R-{n:02d}" for n in range(1, 20)]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("id", CORRUPTIONS)
def test_found_by_exactly_its_check(id, seed):
    spoilt = CORRUPTIONS[id](np.random.default_rng([seed, int(id[2:])]))
    new = found_anew(spoilt)
    roots = {(f[0], f[1], f[2]) for f in new if not f[4]}
    assert roots == {(id, *spoilt.where)}, new
    for found_id, region, fund, _, follows in new:
        if follows:
            assert found_id in CHECKS[follows].consequences or found_id == follows
            assert follows == id or follows in CHECKS[id].consequences
            # the county suspected of a mirror mismatch, and the region above a league that does not add up
            assert (region, fund) == spoilt.where or id == "R-07" or (id, region) == ("R-04", "150000")


def test_the_region_is_checked_against_its_leagues():
    sums = with_leagues()
    assert "R-04" not in {f[0] for f in keys(sib.review(clean().data(sums)))}
    whole = ("150000", "enterprise_pension")  # the own level has this fund, without insured persons
    wrong = sums | {whole: sums[whole] | {"beneficiaries": sums[whole]["beneficiaries"] - 500}}
    found = keys(sib.review(clean().data(wrong)))
    assert [f for f in found if f[0] == "R-04"] == [("R-04", *whole, "beneficiaries", "")]


def test_a_county_left_out_of_a_league_is_named():
    sums = with_leagues()
    county, league = ("150121", "work_injury"), ("150100", "work_injury")
    account = clean().accounts[county]
    short = {item: round(value - account[item], 2) for item, value in sums[league].items()}
    frame = sib.review(clean().data({league: short})).frame
    told = frame[(frame["id"] == "R-04") & (frame["region"] == "150100")]
    assert set(told["cause"]) == {"150121 left out"}
    assert len(told) == len(short)


def test_a_second_mistake_never_hides_behind_a_first():
    """An opening carried into the closing, and a closing broken by another amount besides."""
    place = ("150121", "work_injury")
    account = dict(clean().accounts[place])
    account["opening_balance"] += 3e6
    account = close(account)
    account["closing_balance"] += 7e5
    frame = sib.review(clean().data({place: account})).frame
    here = frame[(frame["region"] == place[0]) & (frame["programme"] == place[1]) & (frame["severity"] == "error")]
    assert here[["id", "difference", "follows"]].values.tolist() == [["R-02", 3e6, ""], ["R-03", 7e5, ""]]
    account["closing_balance"] = clean().accounts[place]["closing_balance"]  # the opening was not carried on: one mistake
    frame = sib.review(clean().data({place: account})).frame
    here = frame[(frame["region"] == place[0]) & (frame["programme"] == place[1]) & (frame["severity"] == "error")]
    assert here[["id", "follows"]].values.tolist() == [["R-02", ""], ["R-03", "R-02"]]


def test_a_whole_report_in_another_unit_is_told_once():
    place = ("150121", "resident_medical")
    account = {i: v / 1e4 if sib.items.item(i).unit == "currency" else v for i, v in clean().accounts[place].items()}
    frame = sib.review(clean().data({place: account})).frame
    told = frame[(frame["id"] == "R-16") & (frame["region"] == place[0])]
    assert told["cause"].tolist() == ["unit slip (÷ 10,000)"]
    assert "other amounts of the account" in told["message"].iloc[0]
    new = clean().data({place: account}, past=clean().past[clean().past["region"] != place[0]])  # a county without a past
    frame = sib.review(new).frame
    told = frame[(frame["id"] == "R-12") & (frame["region"] == place[0]) & (frame["programme"] == place[1])]
    assert set(told["cause"]) == {"unit slip (÷ 10,000)"}
