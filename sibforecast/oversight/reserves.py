"""`reserves`: what each fund's deposits earn in a year, beside the preferential rates and the interest booked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast.assumptions.law_records import read_day
from sibforecast.assumptions.policy import Policy, current_law
from sibforecast.errors import PolicyError, SibError
from sibforecast.oversight.ladder_paths import TERMS
from sibforecast.oversight.limits import status_of
from sibforecast.oversight.standing import last_account, whole_year
from sibforecast.periods import Period, months_in_force
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.data import FundData

#: Words of deposits that are no bank deposit: no preferential rate is owed on them.
BONDS = ("国债", "债", "bond")
#: Part of the accrued interest by which the booked one may differ.
TOLERANCE = 0.10
_KEYS = ["region", "programme"]


@dataclass(frozen=True, repr=False)
class Reserves(Result):
    """Every deposit of every fund and its interest of a year; funds are never pooled.

    `accrued` = balance × rate × months ÷ 12, of the `months` it is in force in the year; `matures`
    the month from which it is payable (matured ones count as renewed); `preferential` the same at
    `preferential_rate`, that of the law for its term on the day it was placed (a demand
    deposit: at the start of the year), blank for bonds and where no rate is known; `forgone` what
    the preferential rate would bring more; `rate_status` how far the preferential rate was checked. A deposit whose rate
    is not known stands with its balance and earns an unknown amount. `status` is green, yellow (below an unverified
    preferential rate), orange (below a verified one, or without a rate) or blank (nothing to hold the rate against).

    Attributes
    ----------
    funds : DataFrame
        By area and fund: balance, without_rate (the part of it whose rate is not known), accrued, preferential and forgone
        of the rest, its average rate, booked (the interest in the account of the year, blank without one), difference =
        booked − accrued, and status: the worst that is found about the fund there (warning orange, note yellow).
    findings : Findings
        Deposits that do not sum to the fund's opening balance, balances without deposits, deposits without balance or
        rate, interest booked that is not what accrued (R-13), and deposits below the preferential rate.
    """

    data: FundData | None = field(default=None, repr=False)
    year: int = 0
    funds: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    summed_up_in_hundreds: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "kind", "bank", "balance", "rate", "start", "term_months", "matures", "months", "accrued",
        "preferential_rate", "preferential", "forgone", "rate_status", "status",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def structure(self, *by: str) -> pd.DataFrame:
        """Balances and average rate by fund and further columns (kind, bank, term_months, rate).

        Raises
        ------
        SibError
            If a column is unknown.

        Examples
        --------
        >>> import sibforecast as sib
        >>> table = sib.reserves(sib.load(sib.sample("nmg")), 2026).structure("kind")
        >>> sorted(table["kind"].unique())
        ['国债', '定期', '活期']
        """
        if unknown := [c for c in by if c not in self.columns]:
            raise SibError(f"unknown column {', '.join(unknown)}; there are {', '.join(self.columns)}")
        told = self.frame["balance"].where(self.frame["rate"].notna())
        frame = self.frame.assign(earned=self.frame["balance"] * self.frame["rate"], told=told)
        keys = list(dict.fromkeys(("programme", *by)))
        values = [c for c in ("balance", "earned", "told", "accrued") if c not in keys]
        table = frame.groupby(keys, dropna=False, sort=False)[values].sum(min_count=1).reset_index()
        table["average_rate"] = table.pop("earned") / table.pop("told")
        return table

    def headline(self) -> str:
        """Year, number of deposits, and what they earn."""
        mark = "ILLUSTRATIVE " if self.data is not None and self.data.illustrative else ""
        if self.frame["accrued"].isna().all():
            return f"{mark}{self.year}: what deposits earn is not known (no deposit has both balance and rate)"
        divisor, unit = scale_for(float(self.frame["accrued"].sum()), self.data.currency if self.data else "yuan")
        bare = self.frame.loc[self.frame["rate"].isna(), "balance"]
        accrued, known = self.frame["accrued"].sum() / divisor, len(self.frame) - len(bare)
        told = f"{mark}{self.year}: {known:,} deposits earn {accrued:,.2f} ({unit})"
        if bare.empty:
            return told
        divisor, unit = scale_for(float(bare.sum()), self.data.currency if self.data else "yuan")
        return f"{told}; {bare.sum() / divisor:,.2f} ({unit}) in {len(bare):,} without a rate"

    def summary(self) -> pd.DataFrame:
        """By fund, all areas, in 100 million."""
        columns = ["balance", "without_rate", "accrued", "preferential", "forgone", "booked"]
        table = self.funds.groupby("programme", sort=False)[columns].sum(min_count=1) / 1e8
        return table.round(2).reset_index()

    def notices(self) -> list[str]:
        """Findings by kind."""
        counts = self.findings.frame["id"].value_counts()
        told = [f"{number} × {name}: .findings" for name, number in counts.items()]
        if (self.frame["rate_status"] == "unverified").any():
            told.append("preferential rates are unverified defaults")
        return told


def reserves(data: FundData, year: int, *, law: Policy | None = None, tolerance: float = TOLERANCE) -> Reserves:
    """Account for the deposits of every fund: interest of the year, accrued, preferential and booked.

    Parameters
    ----------
    data : FundData
        Its table ``deposits``: what is held today.
    year : int
        The year whose interest is told; the deposits are held against the balance with which it opens.
    law : Policy, optional
        Where the preferential rates stand (``term_rate_0`` … ``term_rate_60``); by default `current_law`.
    tolerance : float
        Part of the accrued interest by which the booked one may differ (R-13). No document names one: a default of
        2026-01-01, unverified.

    Returns
    -------
    Reserves
        ``.funds`` by area and fund, ``.structure("kind")``, ``.findings``.

    Raises
    ------
    SibError
        If there are no deposits, or the tolerance is below 0.

    Examples
    --------
    >>> import sibforecast as sib
    >>> made = sib.reserves(sib.load(sib.sample("nmg")), 2026)
    >>> made.frame[["balance", "rate", "months", "accrued"]].iloc[0].round(2).tolist()
    [133856122.43, 0.01, 12.0, 736208.67]
    """
    year = whole_year(year)
    if not tolerance >= 0.0:
        raise SibError(f"tolerance: expected a share from 0; found {tolerance!r}")
    table = data.table("deposits")
    if table.empty:
        raise SibError("the data set has no table deposits: enter balances by area, fund, kind, bank, rate, start and term")
    rows = list(_rows(table[table["balance"].notna()], year, law or current_law()))
    frame = pd.DataFrame(rows, columns=list(Reserves.columns))
    funds = _funds(frame, data, year)
    found = [*_sums(frame, funds, data, year), *without_balance(table), *without_rate(frame)]
    found += [*_booked(funds, found, year, tolerance), *_below(frame)]
    funds["status"] = status_of(funds, found, funds["accrued"].notna())
    provenance = {**data.provenance, "year": year}
    return Reserves(lambda: frame, provenance, data=data, year=year, funds=funds, findings=Findings.of(found, provenance))


def _rows(table: pd.DataFrame, year: int, law: Policy) -> Iterator[tuple[Any, ...]]:
    """Each deposit with its interest of the year."""
    rates: dict[tuple[int, str], tuple[float, str]] = {}
    columns = [table[c] for c in ("region", "programme", "kind", "bank", "balance", "rate", "start", "term_months")]
    for region, programme, kind, bank, balance, rate, start, length in zip(*columns, strict=True):
        begins = Period.parse(start) if isinstance(start, str) and start else None
        term = int(length) if length is not None and length == length else 0
        months = months_in_force(year, begins, None)
        day = start if term and begins is not None else f"{year}-01-01"
        key = (max(t for t in TERMS if t <= term), str(day))
        if key not in rates:
            rates[key] = _preferential(law, *key)
        due, status = rates[key]
        if any(word in str(kind).lower() for word in BONDS):
            due, status = float("nan"), ""
        accrued, owed = balance * rate * months / 12.0, balance * due * months / 12.0
        forgone = max(owed - accrued, 0.0) if owed == owed and accrued == accrued else float("nan")
        yield (str(region), str(programme), kind, bank, float(balance), float(rate), start, length, _matures(begins, term, year),
               months, accrued, due, owed, forgone, status, _status(accrued, forgone, status))  # fmt: skip


def _status(accrued: float, forgone: float, rate_status: str) -> str:
    """How a deposit stands beside its preferential rate; blank where there is none."""
    if accrued != accrued:
        return "orange"
    if forgone != forgone:
        return ""
    return "green" if forgone <= 0.005 else "yellow" if rate_status == "unverified" else "orange"


def _preferential(law: Policy, term: int, day: str) -> tuple[float, str]:
    """The rate owed for a term on a day and how far it was checked; blank where the law has none."""
    try:
        found = law.record(f"term_rate_{term}", read_day(day))
    except PolicyError:
        return float("nan"), ""
    return found.value, found.status


def _matures(begins: Period | None, term: int, year: int) -> str:
    """The month from which a deposit is payable, in or after the year; blank where it always is, or the start is unknown."""
    if begins is None or not term:
        return ""
    month = begins.year * 12 + (begins.month or 1) - 1 + term
    while month < year * 12:
        month += term
    return str(Period(month // 12, month % 12 + 1))


def _funds(frame: pd.DataFrame, data: FundData, year: int) -> pd.DataFrame:
    """Sums by area and fund, beside the interest in the account."""
    grouped = frame.groupby(_KEYS, sort=False)
    table = grouped[["balance"]].sum()
    bare = frame["balance"].where(frame["rate"].isna(), 0.0)
    table["without_rate"] = bare.groupby([frame[k] for k in _KEYS], sort=False).sum()
    table[["accrued", "preferential", "forgone"]] = grouped[["accrued", "preferential", "forgone"]].sum(min_count=1)
    earned = (frame["balance"] * frame["rate"]).groupby([frame[k] for k in _KEYS], sort=False).sum(min_count=1)
    table["rate"] = earned / (table["balance"] - table["without_rate"])
    account = last_account(data, year).astype({"region": str, "programme": str, "item": str})
    booked = account[account["item"] == "interest"].set_index(_KEYS)["value"]
    table["booked"] = booked.reindex(table.index).to_numpy(dtype=np.float64)
    table["difference"] = table["booked"] - table["accrued"]
    return table.reset_index()


def _sums(frame: pd.DataFrame, funds: pd.DataFrame, data: FundData, year: int) -> Iterator[dict[str, Any]]:
    """Funds whose deposits are not the balance with which the year opens."""
    account = last_account(data, year - 1).astype({"region": str, "programme": str, "item": str})
    closing = account[account["item"] == "closing_balance"].set_index(_KEYS)["value"].astype(float)
    held = funds.set_index(_KEYS)["balance"]
    tree = data.regions
    told = {(str(r), str(p)): float(v) for (r, p), v in zip(closing.index, closing, strict=True)}
    summed = {(above, p) for r, p in told if r in tree.areas for above in tree.ancestors(r)}  # they hold what those below hold
    for (region, programme), balance in told.items():
        kept = float(held.get((region, programme), 0.0))
        if (region, programme) in summed or abs(kept - balance) < 0.005 or programme not in set(frame["programme"]):
            continue
        yield {
            "id": "deposits_not_balance", "severity": "warning", "table": "deposits", "region": region, "programme": programme,
            "item": "closing_balance", "period": str(year - 1), "expected": f"{balance:,.2f}", "found": f"{kept:,.2f}",
            "message": f"the deposits of this fund do not sum to its balance; they differ by {kept - balance:+,.2f}",
            "mend": "enter every deposit under the fund it belongs to",
        }  # fmt: skip


def without_balance(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Deposits that cannot be counted, for their balance is blank."""
    for row in table[table["balance"].isna()].to_dict("records"):
        yield {
            "id": "deposit_without_balance", "severity": "warning", "table": "deposits", "row": row.get("row"),
            "column": "balance", "region": str(row["region"]), "programme": str(row["programme"]),
            "message": "the deposit has no balance; it is left out", "mend": "enter the balance",
        }  # fmt: skip


def without_rate(deposits: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Deposits whose interest is not known, by area and fund; the largest amount first."""
    bare = deposits[deposits["rate"].isna()]
    for (region, programme), part in sorted(bare.groupby(_KEYS, sort=False), key=lambda g: -g[1]["balance"].sum()):
        yield {
            "id": "deposit_without_rate", "severity": "warning", "table": "deposits", "region": str(region),
            "programme": str(programme), "column": "rate", "found": f"{part['balance'].sum():,.2f}",
            "message": f"{part['balance'].sum():,.2f} in {len(part)} deposits have no rate: what they earn is not known",
            "mend": "enter the rate agreed",
        }  # fmt: skip


def _booked(funds: pd.DataFrame, found: list[dict[str, Any]], year: int, tolerance: float) -> Iterator[dict[str, Any]]:
    """R-13 by deposits: interest booked that is not what accrued, the largest difference first.

    Where deposits are missing, or some have no rate, the difference may come from these: a note.
    """
    partly = {(f["region"], f["programme"]) for f in found if f["id"] != "below_preferential"}
    rows = funds[(funds["difference"].abs() > tolerance * funds["accrued"].abs()) & (funds["difference"].abs() > 0.5)]
    for row in rows.loc[rows["difference"].abs().sort_values(ascending=False).index].to_dict("records"):
        part = f", {row['difference'] / row['accrued']:+.1%}" if row["accrued"] else ""
        doubt = (row["region"], row["programme"]) in partly
        yield {
            "id": "R-13", "severity": "note" if doubt else "warning", "table": "history", "region": row["region"],
            "programme": row["programme"], "item": "interest", "period": str(year), "expected": f"{row['accrued']:,.2f}",
            "found": f"{row['booked']:,.2f}",
            "message": f"interest booked is not what deposits accrue: {row['difference']:+,.2f}{part}"
                       + ("; its deposits are not all known" if doubt else ""),
            "mend": "correct the interest, or the deposits and their rates",
        }  # fmt: skip


def _below(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Banks that pay a fund less than the preferential rate, by fund and bank; the dearest first."""
    rows = frame[frame["forgone"] > 0.005]
    for (programme, bank), part in sorted(rows.groupby(["programme", "bank"]), key=lambda g: -g[1]["forgone"].sum()):
        yield {
            "id": "below_preferential", "severity": "note" if (part["rate_status"] == "unverified").all() else "warning",
            "table": "deposits", "programme": programme, "column": "rate",
            "expected": " or ".join(f"{r:.2%}" for r in sorted(part["preferential_rate"].unique())),
            "found": " or ".join(f"{r:.2%}" for r in sorted(part["rate"].unique())),
            "message": f"{bank} pays {len(part)} deposits less than the preferential rate; {part['forgone'].sum():,.2f} forgone",
            "mend": "claim the preferential rate, or enter the rate agreed",
        }  # fmt: skip
