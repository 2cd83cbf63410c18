"""What rules ask about an area beside its gap: balance, remittances, audits, conditions, and other figures.

A figure is looked up where the caller gives it, then in the accounts of the data set, then in
what a draft expects; one that is nowhere is refused with what to give.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sibforecast.analysis.given import Row, read_given
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.errors import SibError
from sibforecast.projection.project import Projection
from sibforecast.tables.data import FundData
from sibforecast.tables.panel import leaves
from sibforecast.tables.regions import Regions

Key = Mapping[str, Any]

#: Heads whose quotient is the dependency ratio, by the first names that are known: those drawing, those paying.
DRAWING = ("beneficiaries_average", "beneficiaries")
PAYING = (("contributors", "contributors_flexible"), ("insured_active_average",), ("insured_active",))
#: Figures that terms of the rules use, in words.
FIGURES = {
    "reserve_fund": "what is held in reserve", "gap_base": "the base amount", "local_input": "last year's local input",
    "contribution_revenue": "the budgeted contribution revenue", "benefit_expenditure": "benefit spending",
}  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """Facts by area, fund and year; those the rules do not ask for are not looked at."""

    data: FundData | None
    unit: str
    given: Mapping[str, list[Row]]
    expected: Callable[[], pd.DataFrame] | None = None

    @classmethod
    def of(
        cls, rules: SharingRules, data: FundData | None, audits: pd.DataFrame | None, balances: pd.DataFrame | None,
        remitted: pd.DataFrame | None, conditions: pd.DataFrame | None, figures: pd.DataFrame | None = None,
        expected: Callable[[], pd.DataFrame] | None = None,
    ) -> Facts:  # fmt: skip
        """The facts given, else those of the data set, else what a draft expects."""
        if audits is None and data is not None and not data.table("audits").empty:
            audits = data.table("audits")
        tables = {"audits": audits, "balances": balances, "remitted": remitted, "conditions": conditions, "figures": figures}
        return cls(data, rules.unit, read_given(tables, data, rules.unit), expected)

    @cached_property
    def _by_unit(self) -> dict[tuple[str, str], list[Row]]:
        """Rows of each table by unit."""
        found: dict[tuple[str, str], list[Row]] = {}
        for name, rows in self.given.items():
            for row in rows:
                found.setdefault((name, row["region"]), []).append(row)
        return found

    def _rows(self, name: str, key: Key) -> list[Row]:
        """Rows of a table that speak of a unit, fund and year; of a table by its parts all of them."""
        fund, year = str(key["programme"]), str(key["period"])[:4]
        return [row for row in self._by_unit.get((name, str(key["region"])), ())
                if (row["programme"] or fund) == fund and (row["period"] or year)[:4] == year]  # fmt: skip

    def balance(self, key: Key) -> tuple[float, float]:
        """Audited opening balance, and a month's spending of the year before.

        A budget is made before last year's account is closed: then it is the opening balance
        that the draft expects, and the settlement trues it up.

        Raises
        ------
        SibError
            If neither the table nor last year's accounts tell them.
        """
        rows = self._rows("balances", key)
        if rows:
            return math.fsum(_amount(row, "opening", "balances") for row in rows), sum(row["monthly"] for row in rows)
        spent = ("expenditure_subtotal", "total_expenditure")
        opening, spending = self._given(key, ("opening_balance",)), self._given(key, spent)
        opening = self._last_year(key, ("closing_balance",)) if opening is None else opening
        spending = self._last_year(key, spent) if spending is None else spending
        if opening is None:
            expected = self._expected(key, "opening")
            if expected is not None:
                monthly = self._expected(key, "spending")
                return expected, monthly / 12.0 if monthly is not None else float("nan")
            raise SibError(f"the rules use the opening balance, and that of {_told(key)} is unknown: give balances=, or "
                           "figures= with opening_balance")
        return opening, spending / 12.0 if spending is not None else float("nan")

    @cached_property
    def _expectations(self) -> pd.DataFrame:
        """What a draft expects by unit, fund and year; unknown where an area's is."""
        table = self.expected() if self.expected is not None else pd.DataFrame(columns=["region", "programme", "period"])
        table["region"] = [self._area(str(r)) for r in table["region"]]
        groups = table.groupby(["region", "programme", "period"])
        return groups.sum().where(groups.count().eq(groups.size(), axis=0))

    def _expected(self, key: Key, name: str) -> float | None:
        """A figure that a draft expects of the unit."""
        at = (str(key["region"]), str(key["programme"]), str(key["period"]))
        if at not in self._expectations.index:
            return None
        value = float(self._expectations[name][at])
        return value if value == value else None

    def figure(self, key: Key, item: str) -> float:
        """A figure the terms of the rules use: reserve held, base amount, local input, budgeted collections, spending.

        Raises
        ------
        SibError
            If nothing tells it.
        """
        found = self._given(key, (item,))
        if found is None and item in ("gap_base", "contribution_revenue"):  # of the year itself
            found = self._account(key, (item,), 0, ("adjusted", "budget", "draft"))
        elif found is None:
            found = self._last_year(key, (item,))
        if found is None:
            found = self._expected(key, item) if item in ("contribution_revenue", "benefit_expenditure") else None
        if found is None:
            raise SibError(f"the rules use {FIGURES[item]}, and that of {_told(key)} is unknown: give figures= with {item}")
        return found

    def dependency(self, key: Key) -> tuple[float, float]:
        """Heads drawing and heads paying of last year, whose quotient is the area's dependency ratio.

        Raises
        ------
        SibError
            If either is unknown.
        """
        drawing = next((v for n in DRAWING if (v := self._heads(key, (n,))) is not None), None)
        paying = next((v for names in PAYING if (v := self._heads(key, names)) is not None), None)
        drawing = self._expected(key, "drawing") if drawing is None else drawing
        paying = self._expected(key, "paying") if paying is None else paying
        if drawing is None or paying is None:
            lacks = " and ".join(n for n, v in ((DRAWING[0], drawing), (PAYING[0][0], paying)) if v is None)
            raise SibError(f"the ratio follows the dependency ratio, and {lacks} of {_told(key)} is unknown: give figures=")
        return drawing, paying

    def _heads(self, key: Key, names: tuple[str, ...]) -> float | None:
        """Heads of last year; of several names the first must be known, the others are added where they are."""
        parts = [self._given(key, (n,)) if self._given(key, (n,)) is not None else self._last_year(key, (n,)) for n in names]
        return None if parts[0] is None else sum(p for p in parts if p is not None)

    def _given(self, key: Key, names: tuple[str, ...]) -> float | None:
        """A figure the caller gave, summed over the unit; of several names the first that is given."""
        rows = self._rows("figures", key)
        for name in names:
            found = [row for row in rows if row["item"] == name]
            if found:
                return math.fsum(_amount(row, "value", "figures") for row in found)
        return None

    def audited(self, key: Key) -> float:
        """Findings of the year that are not rectified."""
        return math.fsum(_amount(row, "amount", "audits") for row in self._rows("audits", key) if not row["rectified"])

    def limits(self, rules: SharingRules, key: Key) -> Iterator[tuple[float, str, dict[str, float]]]:
        """Caps of the grant, with their reason and the numbers behind it."""
        caps = rules.caps
        if caps.multiple_of_remitted == caps.multiple_of_remitted:
            amount = self.remitted_by(key)
            reason = f"at most {caps.multiple_of_remitted:g} times the {amount:,.2f} remitted"
            limit = caps.multiple_of_remitted * amount
            yield limit, reason, {"times": caps.multiple_of_remitted, "remitted": amount, "limit": limit}
        if caps.per_unit == caps.per_unit:
            yield caps.per_unit, f"at most {caps.per_unit:,.2f} for one area and fund", {"limit": caps.per_unit}

    def unmet(self, rules: SharingRules, key: Key) -> list[str]:
        """Conditions the rules require that the area has not met; unknown ones are refused."""
        if not rules.conditions:
            return []
        rows = self._rows("conditions", key)
        out = []
        for name in rules.conditions:
            met = [row[name] for row in rows]
            if not met or None in met:
                raise SibError(f"the rules require {name}, and it is unknown for {_told(key)}: give conditions=")
            if not all(met):
                out.append(name)
        return out[:1]  # nothing is granted: one reason is enough

    def remitted_by(self, key: Key) -> float:
        """What an area remitted to the level above.

        Raises
        ------
        SibError
            If nothing tells it.
        """
        rows = self._rows("remitted", key)
        if rows:
            return math.fsum(_amount(row, "amount", "remitted") for row in rows)
        found = self._given(key, ("upper_remittance",))
        found = self._last_year(key, ("upper_remittance",)) if found is None else found
        if found is None:
            raise SibError(f"the rules use what was remitted, and that of {_told(key)} is unknown: give remitted=, or "
                           "figures= with upper_remittance")
        if found < 0:
            raise SibError(f"the rules use what was remitted, and that of {_told(key)} is below nothing ({found:,.2f}): "
                           "correct the account, or give remitted=")
        return found

    @property
    def _regions(self) -> Regions:
        return self.data.regions if self.data is not None else Regions.of([])

    def _area(self, code: str) -> str:
        return self._regions.at_level(code, self.unit) if code in self._regions.areas else code

    def _last_year(self, key: Key, names: tuple[str, ...]) -> float | None:
        """A figure of last year's account, summed over the unit; ``None`` where an area lacks it."""
        return self._account(key, names, -1, ("final", "executed"))  # the final account before the year's execution

    def _account(self, key: Key, names: tuple[str, ...], apart: int, stages: tuple[str, ...]) -> float | None:
        """A figure of the data set some years apart, of the first stage each area has, summed over the unit."""
        if self.data is None or not str(key["period"])[:4].isdigit():
            return None
        frame = (self.data.whole or self.data)._view()
        year = str(int(str(key["period"])[:4]) + apart)
        here = frame[(frame["programme"] == key["programme"]) & (frame["period"] == year)]
        here = here[here["stage"].isin(stages)]
        for name in names:
            rows = here[here["item"] == name].astype({"stage": str, "region": str})
            rows = rows.sort_values("stage", key=lambda s: s.map(stages.index), kind="stable").drop_duplicates("region")
            lowest = set(leaves(self.data, rows["region"]))
            own = rows[[r in lowest and self._area(r) == str(key["region"]) for r in rows["region"]]]
            if len(own):
                return float(own["value"].sum())
        return None


def expected_figures(projection: Projection) -> pd.DataFrame:
    """What a projection expects of each area, fund and year, as far as rules ask for it.

    ``opening`` and ``contribution_revenue`` are of the year; ``spending``, ``benefit_expenditure``
    and heads ``drawing`` and ``paying`` of the year before.
    """
    parts = []
    for code, path in next(iter(projection.paths.values())).items():
        areas = path.basis.areas
        for year in projection.years:
            columns = {}
            for name, items, at in (
                ("opening", ("opening_balance",), year), ("contribution_revenue", ("contribution_revenue",), year),
                ("spending", ("expenditure_subtotal", "total_expenditure"), year - 1),
                ("benefit_expenditure", ("benefit_expenditure",), year - 1), ("drawing", DRAWING, year - 1),
                ("flexible", PAYING[0][1:], year - 1), ("employed", PAYING[0][:1], year - 1),
                ("active", tuple(names[0] for names in PAYING[1:]), year - 1),
            ):  # fmt: skip
                value = np.full(len(areas), np.nan)
                for item in items:
                    found = path.value(item, at)[:, 0] if at in path.years else np.full(1, np.nan)
                    value = np.where(np.isnan(value), np.broadcast_to(found, value.shape), value)
                columns[name] = value
            paying = columns.pop("employed") + np.nan_to_num(columns.pop("flexible"))
            active = columns.pop("active")
            columns["paying"] = np.where(np.isnan(paying), active, paying)
            parts.append(pd.DataFrame({"region": areas, "programme": code, "period": str(year), **columns}))
    return pd.concat(parts, ignore_index=True)


def _amount(row: Mapping[Any, Any], column: str, table: str) -> float:
    """An amount of a row; blank is not zero."""
    value = float(row[column])
    if value != value:
        raise SibError(f"{table}: {column} of {row['area']} (row {row['row']}) is blank, and blank is not zero: give the amount")
    return value


def _told(key: Key) -> str:
    return f"{key['region']}, {key['programme']}, {key['period']}"
