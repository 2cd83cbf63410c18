"""The monitor on the official months of China, 2015-2021: what it called, and what came.

``python -m tests.oversight.china_years`` prints the tables. The plan of a year is the forecast made from data to the
December before. A line's year ends red where it misses its plan on the bad side by more than 10 %: the band the
monitor itself calls red, at the year's end. What ends below that and was shown red before is a false red.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

import sibforecast as sib

YEARS = range(2015, 2022)
LINES = ("total_revenue", "total_expenditure")
WAIVED = ("urban_employee_pension", "unemployment", "work_injury")
RED = 0.10


def plan_of(data: sib.FundData, year: int) -> sib.BudgetDraft:
    return sib.draft_budget(data, year, asof=f"{year - 1}-12")


def outturn(data: sib.FundData, year: int) -> pd.Series:
    """December's cumulative figure; where it was never published the final account."""
    frame = data.history
    rows = frame[frame["item"].isin(LINES)]
    december = rows[(rows["period"] == f"{year}-12") & (rows["stage"] == "executed")]
    final = rows[(rows["period"] == str(year)) & (rows["stage"] == "final")]
    both = pd.concat([december, final]).astype({"programme": str, "item": str})
    return both.drop_duplicates(["programme", "item"]).set_index(["programme", "item"])["value"]


def called(data: sib.FundData, years: range = YEARS) -> pd.DataFrame:
    """Status of each line at the end of each month, beside how its year ended (share of the plan, positive is bad)
    and the chance the monitor gave it to end within 5 % of the plan."""
    rows = []
    for year in years:
        plan, came = plan_of(data, year), outturn(data, year)
        for month in range(1, 12):
            frame = sib.monitor(data, f"{year}-{month:02d}", plan=plan).frame
            frame = frame[frame["item"].isin(LINES) & (frame["status"] != "") & (frame["period"] == f"{year}-{month:02d}")]
            for r in frame.itertuples():
                sign = -1.0 if r.item == "total_revenue" else 1.0
                ended = sign * (came.get((r.programme, r.item), np.nan) / r.budget - 1.0)
                plain = sign * (r.progress - r.time_share) > RED
                rows.append((year, month, r.programme, r.item, r.status, ended, plain, r.chance))
    table = pd.DataFrame(rows, columns=["year", "month", "programme", "item", "status", "ended", "by_twelfths", "chance"])
    return table[table["ended"].notna()].reset_index(drop=True)


def by_year(table: pd.DataFrame) -> pd.DataFrame:
    """Lines whose end is known; how many ended red; reds in June and September, and those of them that were false;
    the same for the plain rule of 1/12 (more than 10 points behind the calendar); of those that ended red how many were
    warned of (orange or red) by September, and how many months before December first."""
    out = {}
    for year, part in table.groupby("year"):
        bad = part["ended"] > RED
        row = {"lines": part[["programme", "item"]].drop_duplicates().shape[0], "ended red": part[bad][["programme", "item"]].drop_duplicates().shape[0]}
        for month, name in ((6, "June"), (9, "September")):
            red = (part["month"] == month) & (part["status"] == "red")
            plain = (part["month"] == month) & part["by_twelfths"]
            row |= {f"red in {name}": int(red.sum()), f"false in {name}": int((red & ~bad).sum()),
                    f"by 1/12 in {name}": int(plain.sum()), f"of these false in {name}": int((plain & ~bad).sum())}  # fmt: skip
        warned = part[bad & part["status"].isin(["orange", "red"])].groupby(["programme", "item"])["month"].min()
        row |= {"warned by September": int((warned <= 9).sum()), "lead, months": float((12 - warned).mean()) if len(warned) else np.nan}
        out[year] = row
    return pd.DataFrame(out).T.rename_axis("year")


def shuffled(
    data: sib.FundData, plan: sib.BudgetDraft, seed: int, *, inside: bool = False, first: int = 2017, until: str = "2020-03"
) -> sib.FundData:
    """Revenue whose months are shuffled: each month's deviation from trend and season changes places with another's.

    What the waiver took from February and March 2020 falls on any month from 2017 to 2019, so that the quarter looked at
    holds no waiver: a call is a false one. With `inside` it stays in that quarter, in any two of its three months: there
    is a waiver to call. A shuffle over all 39 months mixes the two, for in 15 % of them (1 − 36 × 35 ÷ (39 × 38)) the
    quarter holds part of the waiver again.
    """
    rng = np.random.default_rng(seed)
    frame = data.history.copy()
    drafted = plan.frame
    for fund in WAIVED:
        here = (frame["programme"] == fund) & (frame["item"] == "total_revenue") & (frame["stage"] == "executed")
        text = frame["period"].astype(str)
        here &= text.str.contains("-") & (text >= f"{first}-01") & (text <= until)
        rows = frame[here].assign(year=text[here].str[:4].astype(int), month=text[here].str[5:].astype(int))
        table = rows.pivot_table(index="year", columns="month", values="value", observed=True)
        step = table.diff(axis=1).fillna(table[[1]])
        whole = table[12].copy()
        told = drafted[(drafted["stage"] == "draft") & (drafted["programme"] == fund) & (drafted["item"] == "total_revenue")]
        whole.loc[2020] = told["value"].iloc[0]
        pattern = step.loc[first:2019].div(whole.loc[first:2019], axis=0).mean()
        normal = np.outer(whole, pattern)
        known = step.notna().to_numpy()
        apart = (step.to_numpy() / normal)[known]
        moved = np.full(normal.shape, np.nan)
        moved[known] = normal[known] * apart[_places(rng, len(apart), inside)]
        again = pd.DataFrame(moved, index=table.index, columns=table.columns).cumsum(axis=1)
        frame.loc[rows.index, "value"] = [again.loc[y, m] for y, m in zip(rows["year"], rows["month"], strict=True)]
    return data.replaced(lambda: frame)


def _places(rng: np.random.Generator, months: int, inside: bool) -> np.ndarray:
    """A shuffle of the months, of which the last three are the quarter looked at and the last two the waiver's."""
    while True:
        order = rng.permutation(months)
        held = np.isin(order[-3:], [months - 2, months - 1]).sum()
        if held == (2 if inside else 0):
            return order


def waiver(data: sib.FundData, plan: sib.BudgetDraft) -> pd.Series:
    """How the monitor shows the revenue of the three waived funds at the end of March 2020."""
    frame = sib.monitor(data, "2020-03", plan=plan).frame
    rows = frame[(frame["item"] == "total_revenue") & frame["programme"].isin(WAIVED)]
    return rows.set_index("programme")["status"]


def main() -> None:
    data = sib.load(sib.sample("china"))
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        table = called(data)
        print(by_year(table).T.to_string(float_format="%.1f"))
        lit = table[table["status"].isin(["orange", "red"])]
        print(f"\norange or red: {len(lit)}; ended within 5 %: {(lit['ended'] <= 0.05).sum()}; the monitor expected {lit['chance'].sum():.1f}")
        plan = plan_of(data, 2020)
        print("\nMarch 2020:", waiver(data, plan).to_dict())
        for inside, words in ((False, "months shuffled, no waiver in the quarter"), (True, "months shuffled, the waiver in the quarter")):
            controls = pd.concat([waiver(shuffled(data, plan, seed, inside=inside), plan) for seed in range(20)])
            print(f"{words}, 20 times 3 funds:", controls.value_counts().to_dict())


if __name__ == "__main__":
    main()
