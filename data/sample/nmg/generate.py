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

import numpy as np

from generator.counties import C, REGION_ROWS
from generator.mistakes import plant
from generator.months import put_months
from generator.paths import BUDGET_YEAR, DRAFT_YEAR, EP, FUNDS, LAST_FINAL, OWN, YEARS
from generator.rows import DRAFT_SKIP, put
from generator.tables import deposits, small_tables, write, write_history
from generator.years import own_level, run


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
