"""`explain`: the formula of a figure with its numbers, down to where each number is from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from sibforecast import items
from sibforecast.errors import SibError
from sibforecast.phrases import Teller
from sibforecast.programmes import registry
from sibforecast.programmes.programme import Year
from sibforecast.projection.draft import BudgetDraft
from sibforecast.projection.fund import FundPath, labels
from sibforecast.projection.moving import WITHOUT, Moves, sentence
from sibforecast.projection.project import Projection
from sibforecast.results import Result, round_half_up
from sibforecast.tables.data import FundData


@dataclass(frozen=True, repr=False)
class Explanation(Result):
    """A figure, its formula, and every number in it with its origin.

    The frame has depth, item, period, value, unit, formula and origin; each row of a depth
    stands under the row it explains.
    """

    text: str = ""

    columns: ClassVar[tuple[str, ...]] = ("depth", "item", "period", "value", "unit", "formula", "origin")

    def __repr__(self) -> str:
        return self.text

    def summary(self) -> Any:
        """The explanation as lines."""
        return self.text


@dataclass
class _Walk:
    """Walks from a figure to the figures it was computed from."""

    data: FundData
    path: FundPath
    area: int
    moves: Moves | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, item: str, year: int, depth: int) -> None:
        now = self.path.years.get(year)
        if now is None or depth > 12:
            return
        value = float(np.broadcast_to(now.get(item), (now.areas, max(1, now.get(item).shape[1])))[self.area, 0])
        if np.isnan(value) or not self._add(item, year, value, depth, now):
            return
        if self.moves is not None and (depth == 0 or item in self.moves.touched):
            self.rows += self.moves.rows(item, year, [self.area], depth + 1)
        rule = now.rule_of(item, self.area)
        if rule is None or self._is_fitted(item, year):
            return
        for name, default in rule.parameters:
            if name == "months":
                continue
            if default is not None and not now.exists(name)[self.area, 0]:
                continue
            stem, at = name, year
            for suffix in ("_raw_opening", "_opening"):
                if name.endswith(suffix):
                    stem, at = name.removesuffix(suffix), year - 1
            stem = stem.removesuffix("_raw").removesuffix("_in_force")
            self.tell("benefit_level" if stem == "benefit_level_base" else stem, at, depth + 1)

    def _is_fitted(self, item: str, year: int) -> bool:
        """Whether a figure is computed and yet the one that was given: not once a scenario moved what it is computed from."""
        basis = self.path.basis.years.get(year)
        if basis is None or item not in basis.fitted or not basis.fitted[item][self.area, 0]:
            return False
        return self.moves is None or not self.moves.rows(item, year, [self.area], 0)

    def _add(self, item: str, year: int, value: float, depth: int, now: Year) -> bool:
        """Add a row; False where the figure was told before."""
        known = any(r["item"] == item and r["period"] == str(year) and "told" not in r for r in self.rows)
        basis = self.path.basis.years.get(year, self.path.basis.base)
        rule = now.rule_of(item, self.area)
        method = labels(now, item, basis)[self.area]
        computed = rule is not None and not self._is_fitted(item, year)
        self.rows.append({
            "depth": depth, "item": item, "period": str(year), "value": value,
            "unit": items.CATALOGUE[item].unit if item in items.CATALOGUE else "",
            "formula": str(method) if computed else "",
            "origin": "see above" if known else ("" if computed else self._origin(item, year, str(method), basis)),
        })  # fmt: skip
        return not known

    def _origin(self, item: str, year: int, method: str, basis: Any) -> str:
        """File and row, or method, or author of a given figure."""
        given = basis.origin.get(item) if basis else None
        if given is not None and given[self.area, 0]:
            return f"{method}: {given[self.area, 0]}"
        if year == self.path.basis.base_year and not method.startswith("implied"):
            return self._row(item, year) or method
        return f"{method}; {known}" if method.startswith("forecast: ") and (known := self._last_known(item, year)) else method

    def _last_known(self, item: str, year: int) -> str:
        """Year, file and row of the last figure before a forecast one; blank where there is none."""
        rows = self._rows(item)
        rows = rows[rows["period"].astype(str).str[:4].astype(int) < year]
        if rows.empty:
            base = self.path.basis.base_year
            there = base < year and not np.isnan(self.path.value(item, base)[self.area, 0])
            return f"last known {base}: worked out from that year's account" if there else ""
        last = str(rows["period"].astype(str).str[:4].max())
        row = rows[rows["period"].astype(str).str.startswith(last)].sort_values("stage").iloc[0]
        return f"last known {last}: {row['file']}, row {row['row']} ({row['stage']})"

    def _rows(self, item: str) -> pd.DataFrame:
        """The figures of whole years that the area's fund has of an item."""
        frame = self.data._view()
        period = frame["period"].astype(str)
        return frame[
            (frame["region"] == self.path.basis.areas[self.area]) & (frame["programme"] == self.path.basis.programme.code)
            & (frame["item"] == item) & ((period.str.len() == 4) | period.str.endswith("-12"))
            & frame["stage"].isin(["final", "executed"]) & frame["value"].notna()
        ]  # fmt: skip

    def _row(self, item: str, year: int) -> str:
        rows = self._rows(item)
        rows = rows[rows["period"].astype(str).str[:4] == str(year)]
        if rows.empty:
            return ""
        row = rows.sort_values("stage").iloc[0]
        source = row.get("source")
        tail = f"; source: {source}" if isinstance(source, str) and source else ""
        return f"{row['file']}, row {row['row']} ({row['stage']}){tail}"


@runtime_checkable
class Explains(Protocol):
    """A result that can say itself why a figure is what it is, such as a bill."""

    def explained(
        self, region: str, programme: str, item: str, *, period: int | str | None = None, scenario: str | None = None,
        language: str | None = None,
    ) -> Explanation:  # fmt: skip
        """The explanation of one of its figures."""


def explain(
    result: BudgetDraft | Projection | Explains, region: str, programme: str, item: str, *,
    period: int | str | None = None, scenario: str | None = None, language: str | None = None,
) -> Explanation:  # fmt: skip
    """Explain one figure of a draft or projection, or what a payer of a bill carries.

    Parameters
    ----------
    result : BudgetDraft, Projection or Sharing
        Where the figure stands.
    region, programme, item : str
        Code (or name) of the area, of the fund, and the item; of a bill the payer (nation,
        region, league, county, fund, pending), or ``gap`` for all payers.
    period : int or str, optional
        The year; the draft year by default.
    scenario : str, optional
        The scenario's title; by default the first of the result.
    language : {"zh", "en"}, optional
        Of a bill: by default Chinese where amounts are in yuan. Figures of a draft are told
        in English unless ``zh`` is asked for: names, formulas and methods of the text. The
        frame stays English.

    Returns
    -------
    Explanation
        The formula with its numbers, and the origin of each: file and row, method, or the
        author of a judgement. Of a scenario also the figure without it, and what each of its
        changes moves it by; of an upper area the areas it is the sum of. Of a bill plain sentences, and every number in them.

    Raises
    ------
    SibError
        If the result has no such figure, or the language is unknown.

    Examples
    --------
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> e = sib.explain(draft, "US", "oasi", "contribution_revenue")
    >>> e.frame.query("item == 'contribution_rate'")["origin"].iloc[0].split(";")[0]
    'judgement: assumptions.csv, row 2'
    """
    if isinstance(result, Explains):
        return result.explained(region, programme, item, period=period, scenario=scenario, language=language)
    if language not in (None, "zh", "en"):
        raise SibError(f"unknown language {language!r}; expected 'zh' or 'en'")
    projection = result.projection if isinstance(result, BudgetDraft) else result
    if not isinstance(projection, Projection):
        raise SibError(f"explain takes a draft or a projection; found {type(result).__name__}")
    data = projection.source
    code = data.regions.resolve(region)
    try:
        year = int(period) if period is not None else projection.years[0]
    except ValueError as fault:
        raise SibError(f"period must be a year, such as {projection.years[0]}; found {period!r}") from fault
    programme = registry.words(dict(data.programmes)).get(programme.strip().lower(), programme)
    item = items.code_of(item) or item
    title = scenario if scenario is not None else next(iter(projection.paths))
    path = projection.paths.get(title, {}).get(programme)
    if path is None:
        there = ", ".join(projection.paths.get(title, {}))
        raise SibError(f"no fund {programme!r} in scenario {title!r}; there are {there}")
    items.item(item)
    basis = path.basis
    if year not in path.years:
        raise SibError(f"no figures of {year}; there are {', '.join(map(str, path.years))}")
    moves = Moves.of(projection.scenarios.get(title), path, data.regions)
    if code not in basis.areas:
        return _upper(result, data, path, code, item, year, language, moves)
    walk = _Walk(data, path, basis.areas.index(code), moves)
    walk.tell(item, year, 0)
    if not walk.rows:
        raise SibError(f"{item} of {data.regions.label(code)} has no figure in {year}")
    return _told(walk.rows, data, code, programme, projection.provenance, language)


def _upper(
    result: BudgetDraft | Projection, data: FundData, path: FundPath, code: str, item: str, year: int, language: str | None,
    moves: Moves | None,
) -> Explanation:  # fmt: skip
    """An upper area: the areas it is made of, what they send each other, and what moved them."""
    basis = path.basis
    below = [i for i, a in enumerate(basis.areas) if a in data.regions.below(code)]
    if not below:
        raise SibError(f"{data.regions.label(code)} has no figures of {basis.programme.code}")
    if not items.CATALOGUE[item].is_additive:
        raise SibError(f"{item} is a ratio or level: explain its parts, or one of the areas below")
    side = next((s for s in basis.upper if s.region == code and s.item == item), None)
    value = path.value(side.mirror if side else item, year)[:, 0]
    unknown = [i for i in below if np.isnan(value[i]) and _has_account(path, i, year)]
    gross = float(np.nansum(value[below]))
    total = float("nan") if unknown and not side else gross
    frame = result.frame
    shown = frame[(frame["region"] == code) & (frame["programme"] == basis.programme.code) & (frame["item"] == item)
                  & (frame["period"] == str(year)) & frame["stage"].isin(["draft", "expected"])]  # fmt: skip
    if len(shown):  # a rolled-up result: flows between its areas are counted once
        total = float(shown["value"].iloc[-1])
    rows = [{"depth": 0, "item": item, "period": str(year), "value": total, "unit": items.CATALOGUE[item].unit,
             "formula": f"sum of {len(below) - len(unknown)} areas" + ("" if len(shown) else ", flows between levels included"),
             "origin": ""}]  # fmt: skip
    if np.isnan(total):
        rows[0]["formula"] = "unknown: not known for " + ", ".join(data.regions.label(basis.areas[i]) for i in unknown[:6])
    if abs(total - gross) > 0.005:  # never where the total is unknown
        rows.append({"depth": 1, "item": item, "period": str(year), "value": total - gross,
                     "unit": items.CATALOGUE[item].unit, "formula": "", "origin": "flows between these areas, counted once"})
    for i in sorted(below, key=lambda i: -abs(np.nan_to_num(value[i]))):
        if not np.isnan(value[i]):
            rows.append({"depth": 1, "item": side.mirror if side else item, "period": str(year), "value": float(value[i]),
                         "unit": items.CATALOGUE[item].unit, "formula": "", "origin": data.regions.label(basis.areas[i])})
    if moves is not None:
        rows += moves.rows(side.mirror if side else item, year, below, 1)
    return _told(rows, data, code, basis.programme.code, result.provenance, language)


def _has_account(path: FundPath, area: int, year: int) -> bool:
    """Whether an area has a total in a year: what it has no figure of is then unknown."""
    totals = [path.value(i, year)[area, 0] for i in ("total_revenue", "total_expenditure")]
    return not all(np.isnan(t) for t in totals)


def _told(
    rows: list[dict[str, Any]], data: FundData, code: str, programme: str, provenance: Any, language: str | None
) -> Explanation:
    teller = Teller(language or "en", data.labels("zh") if language == "zh" else {})
    names = language or ("zh" if data.currency == "yuan" else "en")
    lines = [f"{data.regions.label(code, names)} · {data.programmes[programme].label(names)}"]
    for row in rows:
        entry = items.CATALOGUE.get(row["item"])
        unit = row["unit"].replace("currency", data.currency)
        if language == "zh" and row["unit"] in items.UNITS:
            unit = items.UNITS[row["unit"]][1].replace("元", "元" if data.currency == "yuan" else data.currency)
        name, moved = entry.label(language or "en") if entry else row["item"], "told" in row and row["origin"] != WITHOUT
        figure = _number(row["value"], row["unit"], moved, language == "zh") + ("" if row["unit"] == "share" else f" {unit}")
        if "told" in row:
            lines.append(f"{'  ' * row['depth']}{name} {row['period']} {sentence(row, figure, language == 'zh')}")
            continue
        text = f"{'  ' * row['depth']}{name} {row['period']} = {figure}"
        if row["formula"]:
            text += f"   [{teller.text(row['formula'])}]"
        if row["origin"]:
            text += f"   ({teller.text(row['origin'])})"
        lines.append(text)
    frame = pd.DataFrame(rows, columns=list(Explanation.columns))
    return Explanation(lambda: frame, provenance, text="\n".join(lines))


def _number(value: float, unit: str, moved: bool = False, chinese: bool = False) -> str:
    """A figure; what a rate is moved by is told in percentage points."""
    if unit == "share":
        text = f"{round_half_up(value * 100, 4):f}".rstrip("0").rstrip(".")
        text += ("个百分点" if chinese else " points") if moved else " %"
    else:
        text = f"{round_half_up(value, 0 if unit == 'persons' else 2):,}"
    return text.replace("-", "−")
