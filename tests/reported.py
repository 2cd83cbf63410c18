"""The reported drafts of the illustrative sample: as handed in, as they should have been, and spoilt one place at a time."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache

import pandas as pd

import sibforecast as sib
from sibforecast import items

YEAR = "2027"
COLUMNS = ["region", "programme", "item", "period", "stage", "value", "method", "file", "row", "quantum"]
Place = tuple[str, str]
Account = dict[str, float]
#: Lines that follow a driver in proportion.
PROPORTIONAL = {"contributors": "contribution_revenue", "contribution_base": "contribution_revenue", "benefit_level": "pension_expenditure"}


@cache
def sample() -> sib.FundData:
    return sib.load(sib.sample("nmg"))


@cache
def answer_key() -> tuple[dict[str, str], ...]:
    """The mistakes put into the drafts on purpose, with the right values."""
    with (sib.sample("nmg") / "planted_mistakes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def close(account: Account) -> Account:
    """The account with its totals and balances added up anew from its lines, in cents."""

    def total(names: tuple[str, ...]) -> float:
        return round(sum(account.get(n, 0.0) for n in names), 2)

    out = dict(account)
    if any(n in account for n in items.BENEFIT_LINES):
        out["benefit_expenditure"] = total(items.BENEFIT_LINES)
    account = out
    out["revenue_subtotal"] = total(items.REVENUE_LINES)
    out["expenditure_subtotal"] = total(items.EXPENDITURE_LINES)
    out["total_revenue"] = round(out["revenue_subtotal"] + total(items.INTER_LEVEL_REVENUE), 2)
    out["total_expenditure"] = round(out["expenditure_subtotal"] + total(items.INTER_LEVEL_EXPENDITURE), 2)
    out["current_balance"] = round(out["total_revenue"] - out["total_expenditure"], 2)
    out["closing_balance"] = round(out["opening_balance"] + out["current_balance"], 2)
    return out


class Drafts:
    """The drafts of all areas and funds as accounts that can be changed."""

    def __init__(self) -> None:
        frame = sample().frame
        self.past = frame.loc[(frame["period"] == "2026") & (frame["stage"] == "budget"), COLUMNS]
        reported = frame.loc[frame["stage"] == "reported", COLUMNS]
        self.accounts: dict[Place, Account] = {}
        for region, programme, item, value in reported[["region", "programme", "item", "value"]].itertuples(index=False):
            self.accounts.setdefault((str(region), str(programme)), {})[str(item)] = float(value)

    def corrected(self) -> Drafts:
        """Every planted mistake undone by the answer key, and what was carried on from it."""
        for mistake in answer_key():
            place, item = (mistake["region"], mistake["programme"]), mistake["item"]
            account, right = self.accounts[place], float(mistake["right_value"])
            line = PROPORTIONAL.get(item)
            if line:
                account[line] = round(account[line] * right / float(mistake["planted_value"]), 2)
            account[item] = right
            self.accounts[place] = close(account)
        return self

    def data(
        self, changed: Mapping[Place, Account] | None = None, tables: Mapping[str, pd.DataFrame] | None = None,
        past: pd.DataFrame | None = None, caliber: Mapping[Place, str] | None = None,
    ) -> sib.FundData:  # fmt: skip
        """A data set of last year's budget and these drafts, some accounts changed."""
        rows = [
            (region, programme, item, YEAR, "reported", value, "data", "drafts", 0, 0.01 if items.item(item).unit == "currency" else 0.0)
            for (region, programme), account in {**self.accounts, **(changed or {})}.items()
            for item, value in account.items()
        ]
        frame = pd.concat([(self.past if past is None else past).astype(object), pd.DataFrame(rows, columns=COLUMNS, dtype=object)])
        if caliber:
            told = [caliber.get((r, p), "") + ("" if s == "reported" else " old") if (r, p) in caliber else ""
                    for r, p, s in zip(frame["region"], frame["programme"], frame["stage"], strict=True)]  # fmt: skip
            frame["caliber"] = told
        for column in ("region", "programme", "item", "period", "stage", "method", "file"):
            frame[column] = frame[column].astype("category")
        frame = frame.astype({"value": float, "quantum": float, "row": int}).reset_index(drop=True)
        base = sample()
        return base.replaced(lambda: frame, tables={**base.tables, **(tables or {})})


@cache
def clean() -> Drafts:
    """The drafts as they should have been."""
    return Drafts().corrected()
