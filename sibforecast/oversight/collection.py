"""`collection`: what was assessed, collected and transferred, how arrears moved, and what better collection is worth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast.errors import SibError
from sibforecast.oversight.limits import status_of, worst
from sibforecast.oversight.standing import Floats, among_peers, of_some, peer_groups, whole_year, wide_accounts
from sibforecast.programmes import formulas
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.data import FundData

#: Part by which what was assessed may lie below contributors × base × rate × months.
ASSESSED = 0.02
#: Comparable areas that are needed for a median.
FEWEST = 5
_KEPT = ("contributors", "contribution_base", "contribution_rate", "assessed", "collected", "collected_flexible", "deferred_out",
         "exempted", "arrears_recovered", "back_payments", "prepayments", "deferred_in", "written_off", "arrears",
         "contribution_revenue", "collection_rate")  # fmt: skip

#: What the fund receives beside what the employed pay of the year.
_BESIDE = ("collected_flexible", "arrears_recovered", "back_payments", "prepayments", "deferred_in")


@dataclass(frozen=True, repr=False)
class Collection(Result):
    """From what is due to what the fund receives, area by area and fund by fund.

    Of the employed (the flexible group assesses itself): `due` = contributors × base × rate × 12;
    `not_assessed` = due − assessed; `rate` = (collected + deferred_out + exempted) ÷ assessed;
    `unsettled` = assessed − collected − deferred_out − exempted. `received` = collected of both groups +
    arrears recovered + back-payments + prepayments + repaid deferrals (a blank one counts as none);
    `not_transferred` = received − contribution revenue of the fund. `arrears_rolled` = arrears of last
    year + unsettled − recovered − written off, beside the `arrears` reported; `recovery` = recovered ÷
    arrears of last year. `peer_rate` is the median rate of the `peers` other areas of the same fund, level
    and economic tier (of all tiers where the tier has fewer than five); `worth` = max(peer_rate − rate, 0) ×
    assessed: what closing the gap to them
    yields in a year. Blank where a figure is not known. `status` is green, yellow (a note, or less is collected than
    among comparable areas), orange (a warning among the findings) or blank (nothing known to judge by).
    """

    data: FundData | None = field(default=None, repr=False)
    year: int = 0
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    summed_up_in_hundreds: ClassVar[bool] = True
    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "period", "due", "assessed", "not_assessed", "collected", "deferred_out",
        "exempted", "unsettled", "rate", "collected_flexible", "arrears_recovered", "back_payments", "prepayments", "deferred_in",
        "received", "contribution_revenue", "not_transferred", "arrears_opening", "written_off", "arrears", "arrears_rolled",
        "recovery", "peer_rate", "peers", "worth", "status",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    @property
    def gaps(self) -> pd.DataFrame:
        """Areas that collect less than comparable ones, the dearest first."""
        rows = self.frame[self.frame["worth"] > 0]
        shown = ["region", "programme", "rate", "peer_rate", "peers", "worth"]
        return rows[shown].sort_values("worth", ascending=False, ignore_index=True)

    def headline(self) -> str:
        """The year, and what closing the gaps yields."""
        mark = "ILLUSTRATIVE " if self.data is not None and self.data.illustrative else ""
        worth = self.frame["worth"]
        if worth.isna().all():
            needed = "assessed, collected and enough comparable areas are needed"
            return f"{mark}{self.year}: what better collection is worth is not known ({needed})"
        divisor, unit = scale_for(float(worth.sum()), self.data.currency if self.data else "yuan")
        told = f"{len(self.gaps)} areas and funds collect less than their peers"
        return f"{mark}{self.year}: {told}, worth {worth.sum() / divisor:,.2f} ({unit}) a year{of_some(worth)}"

    def summary(self) -> pd.DataFrame:
        """By fund, in 100 million."""
        shown = ["due", "assessed", "collected", *_BESIDE, "received", "contribution_revenue", "arrears", "worth"]
        table = self.frame.groupby("programme", sort=False)[shown].sum(min_count=1) / 1e8
        return table.round(2).dropna(axis=1, how="all").reset_index()

    def notices(self) -> list[str]:
        """Of whom the columns are, and findings by kind."""
        told = "due, assessed and collected are of the employed; received = collected + " + " + ".join(_BESIDE)
        return [told] + [f"{number} × {name}: .findings" for name, number in self.findings.frame["id"].value_counts().items()]


def collection(data: FundData, year: int, *, stage: str = "") -> Collection:
    """Follow contributions from what is due to what the fund receives.

    应核尽核: is as much assessed as heads, base and rate make; 应收尽收: is what was assessed
    collected; 应转尽转: has what was collected reached the fund.

    Parameters
    ----------
    data : FundData
    year : int
        The year of the account.
    stage : str
        ``budget``, ``reported`` or another stage of the year; by default its account, else December's
        cumulative months.

    Returns
    -------
    Collection
        ``.gaps`` ranks by money; ``.findings`` tells what was not assessed or not transferred, and arrears
        that do not roll forward.

    Raises
    ------
    SibError
        If nothing assessed or collected is known of the year.

    Examples
    --------
    >>> import sibforecast as sib
    >>> made = sib.collection(sib.load(sib.sample("nmg")), 2025)
    >>> row = made.frame.query("region == '150102' and programme == 'enterprise_pension'").iloc[0]
    >>> f"{row['rate']:.2%}", f"{row['peer_rate']:.2%}", int(row["peers"])
    ('95.41%', '95.50%', 22)
    """
    year = whole_year(year)
    wide = wide_accounts(data, year, stage).reindex(columns=["region", "programme", *_KEPT])
    wide = wide[wide["assessed"].notna() | wide["collected"].notna()].reset_index(drop=True)
    if wide.empty:
        raise SibError(f"nothing assessed or collected is known of {year}{f' at stage {stage}' if stage else ''}")
    before = wide_accounts(data, year - 1).reindex(columns=["region", "programme", "arrears"])
    wide = wide.merge(before.rename(columns={"arrears": "arrears_opening"}), on=["region", "programme"], how="left")
    frame = _frame(wide, data, year)
    provenance = {**data.provenance, "year": year, "stage": stage or "account"}
    found = list(_findings(frame, year))
    colours = status_of(frame, found, frame[["rate", "due", "not_transferred", "arrears_rolled"]].notna().any(axis=1))
    frame["status"] = [worst(c, "yellow") if gap > 0 else c for c, gap in zip(colours, frame["worth"], strict=True)]
    return Collection(lambda: frame, provenance, data=data, year=year, findings=Findings.of(found, provenance))


def _frame(wide: pd.DataFrame, data: FundData, year: int) -> pd.DataFrame:
    """The account of each area and fund; what a fund never reports counts as none only beside what it does."""
    got: dict[str, Floats] = {c: wide[c].to_numpy(dtype=np.float64) for c in (*_KEPT, "arrears_opening")}
    none = {c: np.nan_to_num(got[c]) for c in ("deferred_out", "exempted", "arrears_recovered", "back_payments", "prepayments",
                                               "deferred_in", "written_off", "collected_flexible")}  # fmt: skip
    settled = got["collected"] + none["deferred_out"] + none["exempted"]
    received = formulas.contribution_revenue(got["collected"], none["collected_flexible"], none["arrears_recovered"],
                                             none["back_payments"], none["prepayments"], none["deferred_in"])  # fmt: skip
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(got["assessed"] > 0, settled / got["assessed"], np.nan)
        recovery = np.where(got["arrears_opening"] > 0, got["arrears_recovered"] / got["arrears_opening"], np.nan)
    due = got["contributors"] * got["contribution_base"] * got["contribution_rate"] * 12.0
    middle, _, number = among_peers(rate, *peer_groups(wide, data), FEWEST)
    rolled = formulas.arrears(got["arrears_opening"], got["assessed"], got["collected"], none["deferred_out"], none["exempted"],
                              none["arrears_recovered"], none["written_off"])  # fmt: skip
    table = {
        "region": wide["region"], "programme": wide["programme"], "period": str(year), "due": due, "assessed": got["assessed"],
        "not_assessed": due - got["assessed"], "collected": got["collected"], "deferred_out": got["deferred_out"],
        "exempted": got["exempted"], "unsettled": got["assessed"] - settled, "rate": rate,
        **{name: got[name] for name in _BESIDE}, "received": received, "contribution_revenue": got["contribution_revenue"],
        "not_transferred": received - got["contribution_revenue"], "arrears_opening": got["arrears_opening"],
        "written_off": got["written_off"], "arrears": got["arrears"],
        "arrears_rolled": rolled, "recovery": recovery, "peer_rate": middle, "peers": number,
        "worth": np.maximum(middle - rate, 0.0) * got["assessed"],
    }  # fmt: skip
    return pd.DataFrame(table | {"status": ""}, columns=list(Collection.columns))


def _findings(frame: pd.DataFrame, year: int) -> Iterator[dict[str, Any]]:
    """What was not assessed, not transferred, and arrears that do not roll forward; half a unit is rounding."""
    tests = (
        ("not_assessed", frame["not_assessed"] > ASSESSED * frame["due"], "assessed", "due", "assessed",
         "less is assessed than contributors × base × rate × 12", "assess every contributor on the full base"),
        ("not_transferred", frame["not_transferred"].abs() > 0.5, "contribution_revenue", "received", "contribution_revenue",
         "what was collected and what the fund received differ", "transfer what is held elsewhere, or correct the account"),
        ("arrears_do_not_roll", (frame["arrears"] - frame["arrears_rolled"]).abs() > 0.5, "arrears", "arrears_rolled", "arrears",
         "arrears are not last year's + unsettled − recovered − written off", "correct them, or enter what was written off"),
    )  # fmt: skip
    for name, bad, item, expected, found, message, mend in tests:
        rows = frame[bad]
        order = (rows[expected] - rows[found]).abs().sort_values(ascending=False).index
        for row in rows.loc[order].to_dict("records"):
            yield {
                "id": name, "severity": "note" if name == "not_transferred" and row[found] > row[expected] else "warning",
                "region": row["region"], "programme": row["programme"], "item": item, "period": str(year),
                "expected": f"{row[expected]:,.2f}", "found": f"{row[found]:,.2f}",
                "message": f"{message}: {row[found] - row[expected]:+,.2f}", "mend": mend,
            }  # fmt: skip
