"""The small tables, and how files are written."""

from __future__ import annotations

import csv
import gzip
import io

import numpy as np

from generator.counties import C, wages
from generator.months import LEAGUE
from generator.paths import EM, EP, FUNDS, GP, HERE, LAST_FINAL, RATE, REGION, RM, RP, SEED, SOURCE, UI, WI, YEARS
from generator.rows import ROWS, text, unit_of


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
