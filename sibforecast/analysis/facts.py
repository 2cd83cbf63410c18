"""What rules ask about an area beside its gap: balance, remittances, audits, conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.analysis.rules_file import SharingRules
from sibforecast.errors import SibError
from sibforecast.projection.project import Projection
from sibforecast.tables.cells import read_truth
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import leaves
from sibforecast.tables.regions import Regions

Key = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """Facts by area, fund and year; those the rules do not ask for are not looked at."""

    data: FundData | None
    unit: str
    audits: pd.DataFrame | None
    balances: pd.DataFrame | None
    remitted: pd.DataFrame | None
    conditions: pd.DataFrame | None
    expected: Callable[[], pd.DataFrame] | None = None

    @classmethod
    def of(
        cls, rules: SharingRules, data: FundData | None, audits: pd.DataFrame | None, balances: pd.DataFrame | None,
        remitted: pd.DataFrame | None, conditions: pd.DataFrame | None,
        expected: Callable[[], pd.DataFrame] | None = None,
    ) -> Facts:  # fmt: skip
        """The facts given, else those of the data set, else what a draft expects."""
        if audits is None and data is not None and not data.table("audits").empty:
            audits = data.table("audits")
        return cls(data, rules.unit, audits, balances, remitted, conditions, expected)

    def balance(self, key: Key) -> tuple[float, float]:
        """Audited opening balance, and a month's spending of the year before.

        A budget is made before last year's account is closed: then it is the opening balance
        that the draft expects, and the settlement trues it up.

        Raises
        ------
        SibError
            If neither the table nor last year's accounts tell them.
        """
        if self.balances is not None:
            row = _row(self.balances, key, self._regions, self.unit)
            if row is not None:
                return _amount(row, "opening", "balances"), float(row.get("monthly", float("nan")))
        opening = self._last_year(key, ("closing_balance",))
        spending = self._last_year(key, ("expenditure_subtotal", "total_expenditure"))
        if opening is None:
            expected = self._expectations.get((str(key["region"]), str(key["programme"]), str(key["period"])))
            if expected is not None and expected[0] == expected[0]:
                return expected
            raise SibError(f"the rules use the opening balance, and that of {_told(key)} is unknown: give balances=")
        return opening, spending / 12.0 if spending is not None else float("nan")

    @cached_property
    def _expectations(self) -> dict[tuple[str, str, str], tuple[float, float]]:
        """Expected opening balance and month's spending by unit, fund and year; unknown where an area's is."""
        if self.expected is None:
            return {}
        table = self.expected()
        table["region"] = [self._area(str(r)) for r in table["region"]]
        out: dict[tuple[str, str, str], tuple[float, float]] = {}
        for region, fund, period, opening, monthly in table.itertuples(index=False):
            sums = out.get((region, fund, period), (0.0, 0.0))
            out[region, fund, period] = (sums[0] + opening, sums[1] + monthly)  # one unknown makes the sum unknown
        return out

    @cached_property
    def _audit_rows(self) -> list[dict[Any, Any]]:
        return [] if self.audits is None else self.audits.to_dict("records")

    def audited(self, key: Key) -> float:
        """Findings of the year that are not rectified."""
        if self.audits is None:
            return 0.0
        total = 0.0
        for row in self._audit_rows:
            here = self._area(str(row.get("region") or "")) == str(key["region"])
            fund = str(row.get("programme") or "") in ("", str(key["programme"]))
            year = str(row.get("period") or "")[:4] in ("", str(key["period"])[:4])
            if here and fund and year and not read_truth(row.get("rectified")):
                total += _amount(row, "amount", "audits")
        return total

    def limits(self, rules: SharingRules, key: Key) -> Iterator[tuple[float, str, dict[str, float]]]:
        """Caps of the grant, with their reason and the numbers behind it."""
        caps = rules.caps
        if caps.multiple_of_remitted == caps.multiple_of_remitted:
            amount = self._remitted(key)
            reason = f"at most {caps.multiple_of_remitted:g} times the {amount:,.2f} remitted"
            limit = caps.multiple_of_remitted * amount
            yield limit, reason, {"times": caps.multiple_of_remitted, "remitted": amount, "limit": limit}
        if caps.per_unit == caps.per_unit:
            yield caps.per_unit, f"at most {caps.per_unit:,.2f} for one area and fund", {"limit": caps.per_unit}

    def unmet(self, rules: SharingRules, key: Key) -> list[str]:
        """Conditions the rules require that the area has not met; unknown ones are refused."""
        if not rules.conditions:
            return []
        row = _row(self.conditions, key, self._regions, self.unit) if self.conditions is not None else None
        out = []
        for name in rules.conditions:
            met = read_truth(row.get(name)) if row is not None else None
            if met is None:
                raise SibError(f"the rules require {name}, and it is unknown for {_told(key)}: give conditions=")
            if not met:
                out.append(name)
        return out[:1]  # nothing is granted: one reason is enough

    def _remitted(self, key: Key) -> float:
        if self.remitted is not None:
            row = _row(self.remitted, key, self._regions, self.unit)
            if row is not None:
                return _amount(row, "amount", "remitted")
        found = self._last_year(key, ("upper_remittance",))
        if found is None:
            raise SibError(f"the cap is a multiple of what was remitted, and that of {_told(key)} is unknown: give remitted=")
        return found

    @property
    def _regions(self) -> Regions:
        return self.data.regions if self.data is not None else Regions.of([])

    def _area(self, code: str) -> str:
        return self._regions.at_level(code, self.unit) if code in self._regions.areas else code

    def _last_year(self, key: Key, names: tuple[str, ...]) -> float | None:
        """A figure of last year's account, summed over the unit; ``None`` where an area lacks it."""
        if self.data is None or not str(key["period"])[:4].isdigit():
            return None
        frame = (self.data.whole or self.data)._view()
        year = str(int(str(key["period"])[:4]) - 1)
        here = frame[(frame["programme"] == key["programme"]) & (frame["period"] == year)]
        here = here[here["stage"].isin(["final", "executed"])]
        for name in names:
            rows = here[here["item"] == name].astype({"stage": str, "region": str}).sort_values("stage", ascending=False)
            rows = rows.drop_duplicates("region")  # the final account before the year's execution
            lowest = set(leaves(self.data, rows["region"]))
            own = rows[[r in lowest and self._area(r) == str(key["region"]) for r in rows["region"]]]
            if len(own):
                return float(own["value"].sum())
        return None


def expected_balances(projection: Projection) -> pd.DataFrame:
    """Opening balances a projection starts each year with, and a month's spending of the year before, by area."""
    parts = []
    for code, path in next(iter(projection.paths.values())).items():
        areas = path.basis.areas
        for year in projection.years:
            columns = {}
            for name, items in (("opening", ("opening_balance",)), ("spending", ("expenditure_subtotal", "total_expenditure"))):
                value = np.full(len(areas), np.nan)
                for item in items:
                    at = year if name == "opening" else year - 1
                    found = path.value(item, at)[:, 0] if at in path.years else np.full(1, np.nan)
                    value = np.where(np.isnan(value), np.broadcast_to(found, value.shape), value)
                columns[name] = value
            parts.append(pd.DataFrame({"region": areas, "programme": code, "period": str(year),
                                       "opening": columns["opening"], "monthly": columns["spending"] / 12.0}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _row(table: pd.DataFrame, key: Key, regions: Regions, unit: str) -> dict[str, Any] | None:
    """The row of an area (and fund, where the table names funds)."""
    for row in table.to_dict("records"):
        code = str(row["region"])
        area = regions.at_level(code, unit) if code in regions.areas else code
        if area == str(key["region"]) and str(row.get("programme") or "") in ("", str(key["programme"])):
            return {str(k): v for k, v in row.items()}
    return None


def _amount(row: Mapping[Any, Any], column: str, table: str) -> float:
    """An amount of a row; blank is not zero."""
    value = float(row[column])
    if value != value:
        raise SibError(f"{table}: {column} of {row['region']} is blank, and blank is not zero: give the amount")
    return value


def _told(key: Key) -> str:
    return f"{key['region']}, {key['programme']}, {key['period']}"
