"""History rows, as they are printed."""

from __future__ import annotations

import numpy as np

from generator.paths import PEOPLE, PER_MONTH, PER_YEAR, SHARES

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
