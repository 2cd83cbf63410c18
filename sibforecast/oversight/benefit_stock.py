"""`benefit_stock`: are the people paid alive and at the standard, and has what is spent a ground in policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from sibforecast.errors import SibError, all_faults
from sibforecast.items import did_you_mean
from sibforecast.oversight.limits import status_of
from sibforecast.oversight.local_spending import without_ground
from sibforecast.oversight.standing import Floats, among_peers, of_some, peer_groups, stage_rows, whole_year, wide_accounts
from sibforecast.results import Findings, Result, scale_for
from sibforecast.tables.data import FundData

#: Comparable areas that are needed for a median; standard deviations beyond which chance is no excuse.
FEWEST, WIDE = 5, 3.0
#: The least spread of growth among areas, for who is paid changes; more where few are: 1 ÷ √heads.
LEAST_SPREAD = 0.01
_KEPT = ("beneficiaries", "new_beneficiaries", "beneficiary_exits", "deaths", "benefit_level", "benefit_standard")


@dataclass(frozen=True, repr=False)
class BenefitStock(Result):
    """The people paid and what they are paid, area by area, for funds that pay a monthly benefit.

    `rolled` = opening + new − exits, beside the `beneficiaries` reported. `expected_deaths` = death rate × average
    stock, the rate given or the median of comparable areas (same fund, level, economic tier);
    `fewest_exits` = expected deaths less three standard deviations (√expected, or the areas' robust
    spread if wider). Fewer recorded exits: `missing_exits` = expected deaths − exits, and `paid_after` = a
    year's benefits of them. `expected_level` = last year's × median growth of comparable areas;
    `level_excess` = level − expected where it is three robust deviations above, and `excess_paid` that × average
    stock × 12; an average over few heads may move by 1 ÷ √heads. `standard` is what must at least be
    paid. Blank where a figure is not known. `status` is green, orange (a warning among the findings) or blank (nothing known
    to judge by).

    Attributes
    ----------
    local : DataFrame
        Spending for class X2 of the sharing rules: region, programme, item, policy, decided_by, amount,
        ground. Rows of a decision of league or county, and rows without any ground.
    """

    data: FundData | None = field(default=None, repr=False)
    year: int = 0
    local: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    findings: Findings = field(default_factory=lambda: Findings.of([]), repr=False)

    columns: ClassVar[tuple[str, ...]] = (
        "region", "programme", "period", "opening", "new_beneficiaries", "beneficiary_exits", "beneficiaries", "rolled", "deaths",
        "expected_deaths", "fewest_exits", "missing_exits", "paid_after", "standard", "benefit_level", "expected_level",
        "level_excess", "excess_paid", "status",
    )  # fmt: skip

    @property
    def source(self) -> FundData | None:
        """The data set behind it."""
        return self.data

    def headline(self) -> str:
        """The year, exits that are missing, and spending without a ground."""
        mark = "ILLUSTRATIVE " if self.data is not None and self.data.illustrative else ""
        missing, bare = self.frame["missing_exits"], self.local.loc[self.local["policy"] == "", "amount"]
        if missing.notna().any():
            exits = f"{missing.sum():,.0f} exits missing" + of_some(missing)
        else:
            exits = "exits missing are not known (beneficiary_exits, and deaths of enough areas or mortality=, are needed)"
        if bare.empty and self.frame["level_excess"].isna().all():
            ground = "spending without a ground is not known (levels of last year and of enough areas are needed)"
            return f"{mark}{self.year}: {exits}; {ground}"
        divisor, unit = scale_for(float(bare.sum()), self.data.currency if self.data else "yuan")
        return f"{mark}{self.year}: {exits}; {bare.sum() / divisor:,.2f} ({unit}) spent without a ground in policy"

    def summary(self) -> pd.DataFrame:
        """By fund, all areas."""
        shown = ["beneficiaries", "deaths", "expected_deaths", "beneficiary_exits", "missing_exits"]
        return self.frame.groupby("programme", sort=False)[shown].sum(min_count=1).round(0).reset_index()

    def notices(self) -> list[str]:
        """The first findings."""
        return self.findings.lines()[:5]


def benefit_stock(
    data: FundData, year: int, *, stage: str = "", mortality: Mapping[str, float] | None = None
) -> BenefitStock:
    """Check who is paid and how much: expected deaths against exits, level against standard, grounds of spending.

    Parameters
    ----------
    data : FundData
    year : int
    stage : str
        ``reported``, ``budget`` or another stage of the year; by default its account, else December's
        cumulative months. Last year is its account, else its budget.
    mortality : mapping of str to float, optional
        Deaths a year per person paid, by fund, such as from a population's life table for the ages of
        the fund; by default the median of comparable areas.

    Returns
    -------
    BenefitStock
        ``.local`` lists spending for class X2, ``.findings`` the rest by the money at stake.

    Raises
    ------
    SibError
        If a rate makes no sense, or no fund with people paid is known in the year.

    Examples
    --------
    >>> import sibforecast as sib
    >>> made = sib.benefit_stock(sib.load(sib.sample("nmg")), 2027, stage="reported")
    >>> made.local.query("policy == ''")[["region", "programme", "item"]].to_numpy().tolist()
    [['150622', 'enterprise_pension', 'benefit_level']]
    """
    year = whole_year(year)
    faults = [f"unknown fund {f!r}{did_you_mean(f, data.programmes)}" for f in mortality or {} if f not in data.programmes]
    wrong = {f: m for f, m in (mortality or {}).items() if not 0.0 <= m <= 1.0}
    faults += [f"mortality of {f}: expected a share from 0 to 1; found {m!r}" for f, m in wrong.items()]
    if faults:
        raise all_faults(SibError, "benefit_stock", faults)
    wide = wide_accounts(data, year, stage).reindex(columns=["region", "programme", *_KEPT, "recipient_months"])
    paid = wide["beneficiaries"].notna()
    if not (paid & wide["benefit_level"].notna()).any():
        told = f": {int(paid.sum())} areas and funds tell how many (beneficiaries), none what (benefit_level)"
        lacking = told if paid.any() else ""
        raise SibError(f"nobody is known to be paid in {year}{f' at stage {stage}' if stage else ''}{lacking}")
    wide = wide[paid & wide["benefit_level"].notna()].reset_index(drop=True)
    before = _last_year(data, year).reindex(columns=["region", "programme", "beneficiaries", "benefit_level"])
    before = before.rename(columns={"beneficiaries": "opening", "benefit_level": "level_before"})
    wide = wide.merge(before, on=["region", "programme"], how="left")
    frame, heads, allowed = _frame(wide, data, year, mortality or {})
    local = without_ground(data, year, stage, frame, heads, allowed * heads * 12.0)
    provenance = {**data.provenance, "year": year, "stage": stage or "account"}
    rows = sorted(_findings(frame, local, year), key=lambda f: -f.pop("stake"))
    judged = ["rolled", "expected_deaths", "deaths", "standard", "expected_level"]
    frame["status"] = status_of(frame, rows, frame[judged].notna().any(axis=1))
    found = Findings.of(rows, provenance)
    return BenefitStock(lambda: frame, provenance, data=data, year=year, local=local, findings=found)


def _last_year(data: FundData, year: int) -> pd.DataFrame:
    """The account of the year before; its budget where there is no account yet."""
    account = wide_accounts(data, year - 1)
    if "beneficiaries" in account or stage_rows(data, year - 1, "budget").empty:
        return account
    return wide_accounts(data, year - 1, "budget")


def _frame(
    wide: pd.DataFrame, data: FundData, year: int, mortality: Mapping[str, float]
) -> tuple[pd.DataFrame, Floats, Floats]:
    """The stock of each area and fund, the average number paid, and how far a level may lie above the expected."""
    got: dict[str, Floats] = {str(c): wide[c].to_numpy(dtype=np.float64) for c in wide.columns[2:]}
    stock = np.where(np.isnan(got["opening"]), got["beneficiaries"], (got["opening"] + got["beneficiaries"]) / 2.0)
    told = ~np.isnan(got["beneficiary_exits"])  # a fund whose exits are recorded: there deaths are of people paid
    groups, wider = peer_groups(wide, data)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(told & (stock > 0), got["deaths"] / stock, np.nan)
        growth = np.where(got["level_before"] > 0, got["benefit_level"] / got["level_before"] - 1.0, np.nan)
    middle, spread, _ = among_peers(rate, groups, wider, FEWEST)
    given = np.array([mortality.get(p, np.nan) for p in wide["programme"]])
    expected = np.where(np.isnan(given), middle, given) * stock
    doubt = np.fmax(np.sqrt(expected), np.where(np.isnan(given), spread, 0.0) * stock)
    fewest = np.maximum(expected - WIDE * doubt, 0.0)
    short = told & (got["beneficiary_exits"] < fewest)
    missing = np.where(short, expected - got["beneficiary_exits"], np.where(np.isnan(fewest) | ~told, np.nan, 0.0))
    usual, apart, _ = among_peers(growth, groups, wider, FEWEST)
    level = got["level_before"] * (1.0 + usual)
    heads = np.where(np.isnan(got["recipient_months"]), stock, got["recipient_months"] / 12.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = np.fmax(LEAST_SPREAD, 1.0 / np.sqrt(heads))
    allowed = WIDE * np.fmax(apart, chance)
    far = growth - usual > allowed
    excess = np.where(far, got["benefit_level"] - level, np.where(np.isnan(level), np.nan, 0.0))
    table = {
        "region": wide["region"], "programme": wide["programme"], "period": str(year), "opening": got["opening"],
        "new_beneficiaries": got["new_beneficiaries"], "beneficiary_exits": got["beneficiary_exits"],
        "beneficiaries": got["beneficiaries"], "rolled": got["opening"] + got["new_beneficiaries"] - got["beneficiary_exits"],
        "deaths": got["deaths"], "expected_deaths": np.where(told, expected, np.nan),
        "fewest_exits": np.where(told, fewest, np.nan),
        "missing_exits": missing, "paid_after": missing * got["benefit_level"] * 12.0, "standard": got["benefit_standard"],
        "benefit_level": got["benefit_level"], "expected_level": level, "level_excess": excess,
        "excess_paid": excess * heads * 12.0,
    }  # fmt: skip
    return pd.DataFrame(table | {"status": ""}, columns=list(BenefitStock.columns)), heads, allowed * got["level_before"]


def _findings(frame: pd.DataFrame, local: pd.DataFrame, year: int) -> Iterator[dict[str, Any]]:
    """What does not fit, with the money at stake."""
    month = frame["benefit_level"] * 12.0
    average = (frame["opening"] + frame["beneficiaries"]) / 2.0
    bare = local[local["policy"] == ""]
    pairs = set(zip(bare["region"], bare["programme"], strict=True))
    unexplained = np.array([pair in pairs for pair in zip(frame["region"], frame["programme"], strict=True)], dtype=bool)
    tests = (
        ("exits_missing", frame["missing_exits"] > 0, "beneficiary_exits", "expected_deaths", frame["paid_after"],
         "fewer people leave than are likely to have died", "check who is paid against the registers of deaths"),
        ("exits_below_deaths", frame["beneficiary_exits"] < frame["deaths"], "beneficiary_exits", "deaths",
         (frame["deaths"] - frame["beneficiary_exits"]) * month,
         "fewer people leave than are recorded as dead", "stop the benefits of the dead, or correct the exits"),
        ("stock_does_not_roll", (frame["beneficiaries"] - frame["rolled"]).abs() > 0.5, "beneficiaries", "rolled",
         (frame["beneficiaries"] - frame["rolled"]).abs() * month,
         "the people paid are not last year's + new − exits", "correct the stock or its flows"),
        ("below_standard", frame["benefit_level"] < frame["standard"] - 0.005, "benefit_level", "standard",
         (frame["standard"] - frame["benefit_level"]) * average * 12.0,
         "less is paid than the standard", "pay the standard, or correct the level"),
        ("level_above_peers", unexplained, "benefit_level", "expected_level", frame["excess_paid"],
         "the level grows faster than in comparable areas", "name the decision it rests on; else it is the area's own (X2)"),
    )  # fmt: skip
    for name, bad, item, expected, stake, message, mend in tests:
        for at in np.flatnonzero(bad):
            row = frame.iloc[at]
            yield {
                "id": name, "severity": "warning", "region": row["region"], "programme": row["programme"], "item": item,
                "period": str(year), "expected": f"{row[expected]:,.2f}", "found": f"{row[item]:,.2f}", "message": message,
                "mend": mend, "stake": float(np.nan_to_num(stake.iloc[at])),
            }  # fmt: skip
