"""Every county's share of the region, its stocks, bases and levels: drawn once, in this order."""

from __future__ import annotations

import numpy as np
import pandas as pd

from generator.paths import (
    BASE_2014, COLLECTION, EM, EP, FUNDS, GP, HEADS, LEAGUES, OWN, PAYERS, PENSION_ADJUSTMENT, REGION, RM, RP, UI,
    WAGE_GROWTH, WI, YEARS, cents, rng, whole,
)


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
