"""The rules applied to every draw: what region and leagues must set aside, and how sure that is.

The same classes, netting, ratio and cuts as `sharing.share`, on arrays of draws and without
rounding: the payers of a draw sum to its gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from sibforecast import items
from sibforecast.analysis.across import followers, levels, lower_shares, pools
from sibforecast.analysis.attribution import COLUMNS, announced_parts
from sibforecast.analysis.bill import ORDER, Unit, is_missed
from sibforecast.analysis.facts import Facts, expected_figures
from sibforecast.analysis.given import read_pooling
from sibforecast.analysis.jobs import QUANTILES
from sibforecast.analysis.rules_file import SharingRules
from sibforecast.analysis.runs import Run
from sibforecast.analysis.sharing import grades_of, pays_as_region
from sibforecast.analysis.workings import Workings
from sibforecast.projection.project import project

Floats = npt.NDArray[np.float64]
Payers = dict[str, Floats]

#: Lines whose departures from the draft are causes of an outturn.
DEPARTURES = (*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE, *items.EXPENDITURE_LINES, *items.INTER_LEVEL_EXPENDITURE,
              "gap_subsidy", "gap_grant")  # fmt: skip
_FILLING = {"fiscal_subsidy": "gap_subsidy", "upper_grant": "gap_grant"}
_REVENUE = frozenset((*items.REVENUE_LINES, *items.INTER_LEVEL_REVENUE))


def bills_of(
    run: Run, rules: SharingRules, stage: str, *, pooling: pd.DataFrame | None, assessments: Mapping[str, object],
    audits: pd.DataFrame | None, balances: pd.DataFrame | None, remitted: pd.DataFrame | None, conditions: pd.DataFrame | None,
    figures: pd.DataFrame | None = None,
) -> list[tuple[Unit, Payers]]:  # fmt: skip
    """The bill of each area, fund and draw of a simulation; `run` kept the draws of the gap, and of lines at stage execution."""
    data = run.assumptions.source
    listed = data.table("pooling") if pooling is None else pooling
    entries = read_pooling(listed, data)
    expected = lambda: expected_figures(project(run.assumptions))  # noqa: E731
    facts = Facts.of(rules, data, audits, balances, remitted, conditions, figures, expected)
    causes = _causes(run, stage)
    table = pd.DataFrame({"region": [r["region"] for r in causes]})
    grades = grades_of(assessments, data.regions, table, rules)
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for record in causes:
        groups.setdefault((record["region"], record["programme"], record["period"]), []).append(record)
    units = []
    for (region, programme, period), records in groups.items():
        key = {"region": region, "programme": programme, "period": period, "scenario": run.title}
        units.append(Unit(key, records, rules, data.regions, entries, grades, facts))
    return bills_of_units(units, rules, run.draws)


def _causes(run: Run, stage: str) -> list[dict[str, Any]]:
    """Causes with arrays of draws: each draw's gap is a budget gap, or the draft is the budget and each draw an outturn."""
    tree = run.assumptions.source.regions
    blank = dict.fromkeys(COLUMNS, "") | {"known_at_budget": True}
    out: list[dict[str, Any]] = []
    local: dict[tuple[str, str, int], float] = {}
    named: dict[tuple[str, str, int, str, str], dict[str, Any]] = {}
    for code, path in run.paths.items():
        for year, line, change, value in announced_parts(path.basis, run.years, "shapley")[0]:
            for area, part in zip(path.basis.areas, value, strict=True):
                unit = run.unit_of(area)
                head = {"region": unit, "programme": code, "period": str(year), "stage": "budget", "line": line, "value": 0.0,
                        "cause": change.cause, "kind": "policy", "decided_by": change.decided_by,
                        "side": "revenue" if line in _REVENUE else "expenditure",
                        "_own": area in tree.areas and pays_as_region(area, tree)}  # fmt: skip
                local[unit, code, year] = local.get((unit, code, year), 0.0) + float(part)
                named.setdefault((unit, code, year, line, change.cause), blank | head)["value"] += float(part)
    out.extend(named.values())
    for (unit, code, line, year), draws in run.kept.items():
        if line != "gap":
            continue
        own = unit in tree.areas and pays_as_region(unit, tree)
        where: dict[str, Any] = blank | {"region": unit, "programme": code, "period": str(year), "_own": own}
        told = _told(run, unit, code, line, year)
        value = draws if stage == "budget" else np.array([told])
        apart = local.get((unit, code, year), 0.0)
        out.append(where | {"stage": "budget", "kind": "budget", "cause": "budget_gap", "value": value - apart})
        if stage == "execution":
            out.extend(where | record for record in _departures(run, unit, code, year, draws - told))
    return out


def _told(run: Run, unit: str, code: str, line: str, year: int) -> float:
    """The draft's own figure of a unit."""
    path = run.paths[code]
    areas = [i for i, a in enumerate(path.basis.areas) if run.unit_of(a) == unit]
    return float(np.nansum(path.value(line, year)[areas, 0]))


def _departures(run: Run, unit: str, code: str, year: int, moved: Floats) -> Iterator[dict[str, Any]]:
    """How each draw departs from the draft, line by line, without what fills a gap; what no line tells is a residual."""
    rest = moved
    for line in DEPARTURES[:-2]:
        draws = run.kept.get((unit, code, line, year))
        if draws is None:
            continue
        apart = draws - _told(run, unit, code, line, year)
        filling = run.kept.get((unit, code, _FILLING.get(line, ""), year))
        if filling is not None:
            apart = apart - (filling - _told(run, unit, code, _FILLING[line], year))
        revenue = line in _REVENUE
        value = -apart if revenue else apart
        rest = rest - value
        yield {"stage": "execution", "kind": "driver", "line": line, "cause": line, "known_at_budget": False, "value": value,
               "side": "revenue" if revenue else "expenditure"}  # fmt: skip
    yield {"stage": "execution", "kind": "residual", "line": "total_expenditure", "cause": "residual", "known_at_budget": False,
           "side": "expenditure", "value": rest}  # fmt: skip


def bills_of_units(units: list[Unit], rules: SharingRules, draws: int) -> list[tuple[Unit, Payers]]:
    """Who pays what of each area, fund and year in each draw.

    Parameters
    ----------
    units : list of Unit
        As for one bill; the ``value`` of each of their records is an array (draws,).
    rules : SharingRules
    draws : int

    Returns
    -------
    list of (Unit, dict of array by payer)
        Payers sum to the gap; ``_granted`` is what of it the grantor pays of the shared part.
    """
    found = [_up_to_the_ratio(unit, draws) for unit in units]
    shares = [rules.default.shares] * len(units)
    if rules.terms.proportional is not None:
        shares = _followed(units, [due for _, due, _ in found], rules)
    out: list[tuple[Unit, Payers]] = []
    for unit, (paid, due, base), given in zip(units, found, shares, strict=True):
        if (due + base > 0).any():
            of: Mapping[str, Any] = given if rules.terms.proportional is not None else unit._ratio().shares
            for name, share in of.items():
                _give(paid, unit._as_payer(name), due * share)
            _cut(paid, unit, due * of.get(rules.grantor, 0.0), base)
        out.append((unit, paid))
    _within_pool(out, rules)
    return out


def _followed(units: list[Unit], due: list[Floats], rules: SharingRules) -> list[Mapping[str, Any]]:
    """The shares of each unit where they follow figures: arrays of draws."""
    upper, own = levels(rules)
    out: dict[int, Mapping[str, Any]] = {}
    for members in followers(list(zip(units, due, strict=True)), rules):
        lower, _ = lower_shares([unit for unit, _ in members], np.stack([d for _, d in members]), rules)
        out |= {id(unit): {upper: 1.0 - part, own: part} for (unit, _), part in zip(members, lower, strict=True)}
    return [out.get(id(unit), rules.default.shares) for unit in units]


def _up_to_the_ratio(unit: Unit, draws: int) -> tuple[Payers, Floats, Floats]:
    """What is paid before the ratio is looked up, what follows it, and the base amount."""
    out: Payers = {}
    nothing = np.zeros(draws)
    total = _sum(unit.records, draws)
    level, note = unit._pooled_at()
    unit.workings = Workings(unit.key, float(total.mean()), level=level)
    if level in ("league", "county"):
        unit.workings.unpooled = note
        _give(out, unit._as_payer(level), np.maximum(total, 0.0))
        _give(out, "fund", np.minimum(total, 0.0))
        return out, nothing, nothing
    treated = _treated(unit, level, draws)
    rest = total
    for treat in ("override", "out_of_scope"):  # they leave before netting
        due = np.maximum(_sum(treated[treat], draws), 0.0)
        rest = rest - due
        shares = unit.rules.national if treat == "override" else {unit.rules.carrier: 1.0}
        for name, share in shares.items():
            _give(out, unit._as_payer(name), due * share)
    _give(out, "fund", np.minimum(rest, 0.0))
    rest = np.maximum(rest, 0.0)
    sums = {t: np.maximum(_sum(treated[t], draws), 0.0) for t in ORDER}
    local = np.minimum(sums["local"], rest)
    others = sums["shared"] + sums["pending"] + sums["unlisted"]
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = np.where(others > 0, np.minimum(1.0, (rest - local) / others), 0.0)
    for treat, due in (("local", local), ("pending", sums["pending"] * scale), ("unlisted", sums["unlisted"] * scale)):
        _by_cause(out, unit, treat, treated[treat], due)
    return (out, *_first_parts(out, unit, sums["shared"] * scale))


def _treated(unit: Unit, level: str, draws: int) -> dict[str, list[dict[str, Any]]]:
    """The causes by treatment; a shortfall within the tolerance is another draw by draw."""
    treated: dict[str, list[dict[str, Any]]] = {t: [] for t in (*ORDER, "override", "out_of_scope")}
    national = level == "nation" and bool(unit.rules.national)
    classes = [(record, "override") if national else (record, unit._class_of(record)[0]) for record in unit.records]
    terms = unit.rules.terms.tolerance
    missed = [r for r, kind in classes if not isinstance(kind, str) and is_missed(r, kind)] if terms else []
    short = _sum(missed, draws)
    within = (short > 0) & (short <= unit.missed_within()) if missed else np.zeros(draws, dtype=bool)
    for record, kind in classes:
        treat = kind if isinstance(kind, str) else kind.treat
        if terms is not None and any(record is r for r in missed):
            treated[terms.treat].append(record | {"value": np.where(within, record["value"], 0.0)})
            record = record | {"value": np.where(within, 0.0, record["value"])}
        treated[treat].append(record)
    return treated


def _first_parts(out: Payers, unit: Unit, shared: Floats) -> tuple[Floats, Floats]:
    """Own balance, reserve and base amount meet the shared part first; what follows the ratio, and the base."""
    rules = unit.rules
    nothing = np.zeros(shared.shape)
    if not (shared > 0).any():
        return nothing, nothing
    if rules.basis == "after_balance":
        opening, monthly = unit.facts.balance(unit.key)
        kept = rules.keep_months * monthly if rules.keep_months else 0.0
        shared = shared - _met(out, "fund", opening - kept, shared)
    if rules.reserve_first:
        shared = shared - _met(out, "fund", unit.facts.figure(unit.key, "reserve_fund"), shared)
    if rules.terms.base is None or unit.carries_alone(rules.terms.base.payer):
        return shared, nothing
    base = _met(out, unit._as_payer(rules.terms.base.payer), unit.base_amount(), shared)
    return shared - base, base


def _met(out: Payers, payer: str, available: float, shared: Floats) -> Floats:
    """What an amount meets of the shared part, given to its payer."""
    used = np.minimum(max(available, 0.0), shared)
    _give(out, payer, used)
    return used


def _within_pool(bills: list[tuple[Unit, Payers]], rules: SharingRules) -> None:
    """A pool that is too small pays the same part of what is due everywhere, draw by draw."""
    for pool, members in pools(bills, rules):
        granted = [bill.get("_granted", np.zeros(1)) for _, bill in members]
        due = np.sum(np.broadcast_arrays(*granted), axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            lost = np.where(due > pool, 1.0 - pool / due, 0.0)
        for (unit, bill), grant in zip(members, granted, strict=True):
            _move(bill, unit, grant * lost)


def told(bills: list[tuple[Unit, Payers]]) -> pd.DataFrame:
    """Mean and quantiles of what each payer pays: by area and fund, and of all together (region and programme blank)."""
    rows = []
    total: Payers = {}
    for unit, bill in bills:
        for payer, draws in bill.items():
            if payer == "_granted":
                continue
            _give(total, payer, draws)
            rows.extend(_rows(unit.key, payer, draws))
    for payer, draws in total.items():
        rows.extend(_rows({"region": "", "programme": "", "period": bills[0][0].key["period"]}, payer, draws))
    return pd.DataFrame(rows, columns=["region", "programme", "period", "payer", "quantile", "value"])


def _rows(key: Mapping[str, Any], payer: str, draws: Floats) -> list[tuple[Any, ...]]:
    head = (key["region"], key["programme"], key["period"], payer)
    values = [float(draws.mean()), *np.quantile(draws, QUANTILES).tolist()]
    return [(*head, q, v) for q, v in zip((float("nan"), *QUANTILES), values, strict=True)]


def _sum(records: list[dict[str, Any]], draws: int) -> Floats:
    return sum((r["value"] for r in records), start=np.zeros(draws))


def _give(out: Payers, payer: str, value: Floats) -> None:
    if value.any():
        out[payer] = out[payer] + value if payer in out else value


def _by_cause(out: Payers, unit: Unit, treat: str, records: list[dict[str, Any]], due: Floats) -> None:
    """What is not shared, by who decided it; savings lighten its burdens alike."""
    if treat == "pending":
        _give(out, "pending", due)
        return
    burdens = [np.maximum(r["value"], 0.0) + np.zeros(due.shape) for r in records]
    whole = np.sum(burdens, axis=0) if burdens else due
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(whole > 0, due / whole, 0.0)
    for record, burden in zip(records, burdens, strict=True):
        _give(out, unit._as_payer(unit._own_payer(treat, record)), burden * part)


def _cut(out: Payers, unit: Unit, granted: Floats, base: Floats) -> None:
    """Conditions, assessment, audit, cap, minimum local input: each from what the ones before left of the grant."""
    rules = unit.rules
    if unit.carrier == rules.grantor:  # it would take from itself: no fact of it is asked for
        out["_granted"] = np.zeros(granted.shape)
        return
    if rules.terms.base is not None and rules.terms.base.payer == rules.grantor:
        granted = granted + base
    grant = before = granted
    if unit.facts.unmet(rules, unit.key):
        grant = grant * 0.0
    grade = unit.assessments.get(str(unit.key["region"]))
    if grade is not None:
        grant = grant * unit._multiplier(grade)
    if rules.audit_deduction:
        grant = grant - np.minimum(unit.facts.audited(unit.key), grant)
    for limit, _, _ in unit.facts.limits(rules, unit.key):
        grant = np.minimum(grant, limit)
    multiple = rules.terms.local_input
    if multiple == multiple and (grant > 0).any():
        carried = out.get(unit.carrier, np.zeros(grant.shape)) + before - grant
        lacking = np.maximum(multiple * unit.facts.figure(unit.key, "local_input") - carried, 0.0)
        grant = grant - np.minimum(lacking, grant)
    _move(out, unit, before - grant)
    out["_granted"] = grant


def _move(out: Payers, unit: Unit, lost: Floats) -> None:
    """What the grantor does not pay, the area carries."""
    if lost.any():
        _give(out, unit.rules.grantor, -lost)
        _give(out, unit.carrier, lost)
