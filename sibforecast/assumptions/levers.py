"""Levers that need arithmetic before they are changes: each function here builds a scenario.

What is one plain change is a preset (`presets`). Here stands what takes more: an adjustment of
benefits by its parts, layers of a basic pension, shares of contributors at the floor, relief by
size of enterprise, a deferral with its repayment. Levers that look at a fund's own figures
(`fund_levers`) are found here too. Amounts are per person and month unless said.

Every function takes further fields of a change by name: ``programme``, ``regions``,
``decided_by``, ``known_at_budget``, ``evidence``, ``reference``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sibforecast.assumptions.fund_levers import cap_spending as cap_spending
from sibforecast.assumptions.fund_levers import cut_by_reserve as cut_by_reserve
from sibforecast.assumptions.fund_levers import pool_upwards as pool_upwards
from sibforecast.assumptions.fund_levers import raise_retirement_age as raise_retirement_age
from sibforecast.assumptions.fund_levers import refund_employers as refund_employers
from sibforecast.assumptions.scenario import DECIDERS, Change, Scenario
from sibforecast.errors import ScenarioError, SibError, all_faults
from sibforecast.periods import Period

_MONTHLY = "元/月"


def average_increase(
    level: float, *, fixed: float = 0.0, per_year: float = 0.0, average_years: float = 0.0,
    share: float = 0.0, tilt: float = 0.0, tilt_share: float = 0.0,
) -> float:  # fmt: skip
    """What an adjustment of pensions gives the average pensioner, a month.

    The parts of the yearly notices: a fixed amount for all (定额), an amount for every
    contribution year and a share of the own pension (挂钩), more for the old (倾斜).

    Parameters
    ----------
    level : float
        Average pension before the adjustment, currency per person-month.
    fixed, per_year, tilt : float
        Amounts, currency per person-month; `tilt` for those who get it.
    average_years : float
        Average contribution years.
    share, tilt_share : float
        Share of the own pension; share of pensioners who get the tilt.

    Returns
    -------
    float
        fixed + per_year × average_years + share × level + tilt_share × tilt.

    Examples
    --------
    >>> average_increase(2_900, fixed=25, per_year=1, average_years=28, share=0.005, tilt=20, tilt_share=0.3)
    73.5
    """
    return fixed + per_year * average_years + share * level + tilt_share * tilt


def adjust_benefits(
    *, start: str, fixed: float = 0.0, per_year: float = 0.0, average_years: float = 0.0, share: float = 0.0,
    tilt: float = 0.0, tilt_share: float = 0.0, instead: bool = False, paid: str = "", unit: str = _MONTHLY, **words: Any,
) -> Scenario:  # fmt: skip
    """An adjustment of pensions by its parts, each a change of its own (see `average_increase`).

    The share works on each area's own level, so that the increase is
    fixed + per_year × average_years + share × level + tilt_share × tilt in every area.

    Parameters
    ----------
    start : str
        Month from which it is due; usually January, and paid later with arrears.
    instead : bool
        Take the adjustment that the draft's own level carries for the year of `start` out first;
        otherwise the measure comes on top of it.
    paid : str
        Month from which it is paid.
    unit : str
        Unit of the amounts.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If there is nothing to adjust by, or a field is wrong.

    Examples
    --------
    >>> print(adjust_benefits(start="2027-01", paid="2027-07", fixed=25, share=0.01))
    <Scenario> benefit adjustment
      share of the own pension: benefit_level ×1.01, enterprise_pension, 2027-01…, …
      fixed amount: benefit_level +25 元/月, enterprise_pension, 2027-01…, nation
    """
    parts: list[tuple[str, dict[str, Any], object]] = [
        ("the draft's own adjustment", {"item": "benefit_adjustment", "set": 0.0, "paid": ""}, instead),
        ("share of the own pension", {"multiply": 1.0 + share}, share),
        ("fixed amount", {"add": fixed, "unit": unit}, fixed),
        ("by contribution years", {"add": per_year * average_years, "unit": unit}, per_year * average_years),
        ("more for the old", {"add": tilt * tilt_share, "unit": unit}, tilt * tilt_share),
    ]
    if not any(there for _, _, there in parts[1:]):
        raise ScenarioError("a benefit adjustment needs a fixed amount, a share, an amount per year or a tilt that is not 0; "
                            "per_year needs average_years, tilt needs tilt_share")  # fmt: skip
    common = {"item": "benefit_level", "programme": "enterprise_pension", "decided_by": "nation", "start": start, "paid": paid}
    changes = [Change(**(common | words | {"id": name} | part)) for name, part, there in parts if there]
    return Scenario("benefit adjustment", *changes, author="levers.adjust_benefits",
                    explanation="benefit_level: fixed amount + amount per contribution year + share of the own pension + tilt")


def basic_pension_layers(
    amounts: Mapping[str, float], *, start: str, regions: Mapping[str, Sequence[str]] | None = None,
    subsidised: bool = True, unit: str = _MONTHLY, **words: Any,
) -> Scenario:  # fmt: skip
    """A rise of the residents' basic pension, layer by layer: who decided which part.

    Parameters
    ----------
    amounts : mapping of str to float
        By nation, region, league, county: what each adds, per person and month.
    regions : mapping of str to sequence of str, optional
        Where a layer applies; everywhere by default.
    subsidised : bool
        Whether the treasury of the layer pays it: then the standard of the subsidy moves with it.

    Returns
    -------
    Scenario
        For each layer a change of ``benefit_level``, and one of ``benefit_standard``.

    Raises
    ------
    ScenarioError
        If a layer is none, or a field is wrong.

    Examples
    --------
    >>> made = basic_pension_layers({"nation": 20, "league": 5}, start="2027-01", regions={"league": ["包头市"]})
    >>> [(c.decided_by, c.item, c.amount) for c in made.changes][:2]
    [('nation', 'benefit_level', 20.0), ('nation', 'benefit_standard', 20.0)]
    """
    layers = DECIDERS[:4]
    wrong = [n for n in (*amounts, *(regions or {})) if n not in layers]
    if wrong or not amounts:
        raise ScenarioError(f"layers are {', '.join(layers)}; found {', '.join(wrong) or 'none'}")
    changes = []
    for layer in layers:
        if layer not in amounts:
            continue
        where = (regions or {}).get(layer, ("*",))
        common = {"programme": "resident_pension", "start": start, "unit": unit} | words
        common |= {"regions": tuple(where), "decided_by": layer, "add": amounts[layer]}
        changes.append(Change(item="benefit_level", id=f"basic pension, {layer}", **common))
        if subsidised:
            changes.append(Change(item="benefit_standard", id=f"basic pension, {layer}: its subsidy", **common))
    return Scenario("basic pension by layer", *changes, author="levers.basic_pension_layers",
                    explanation="benefit_level and the standard of its subsidy, each layer with its own decider")


def move_base_window(
    *, start: str, floor: float = 0.0, at_floor: float = 0.0, ceiling: float = 0.0, at_ceiling: float = 0.0,
    item: str = "contribution_base", unit: str = _MONTHLY, **words: Any,
) -> Scenario:  # fmt: skip
    """A new floor and ceiling of the contribution base, by the shares of contributors they bind.

    The average base moves by at_floor × floor + at_ceiling × ceiling: who lies between the two
    keeps the own base. Small moves only: nobody is taken to cross the window.

    Parameters
    ----------
    floor, ceiling : float
        By how much each moves, per person and month.
    at_floor, at_ceiling : float
        Shares of contributors who pay on it.
    item : str
        ``contribution_base`` or ``contribution_base_flexible``.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If a share is none, both moves are nothing, or a field is wrong.

    Examples
    --------
    >>> move_base_window(start="2027-01", floor=220, at_floor=0.12, ceiling=1_100, at_ceiling=0.03).changes[0].amount
    59.4
    """
    faults = [f"{n} is a share between 0 and 1; found {v!r}" for n, v in (("at_floor", at_floor), ("at_ceiling", at_ceiling))
              if not 0.0 <= v <= 1.0]  # fmt: skip
    moved = round(at_floor * floor + at_ceiling * ceiling, 10)
    if not faults and moved == 0.0:
        faults.append("neither floor nor ceiling moves the average base: a move and the share it binds are needed")
    if faults:
        raise all_faults(ScenarioError, "base window", faults)
    common = {"programme": "enterprise_pension", "decided_by": "nation", "id": "floor and ceiling of the base"} | words
    return Scenario("base floor and ceiling", Change(item=item, add=moved, unit=unit, start=start, **common),
                    author="levers.move_base_window",
                    explanation=f"{item}: share at the floor × its move + share at the ceiling × its move")


def relieve_employers(
    *, start: str, employer_part: float, small: float, small_months: int, large: float = 0.0, large_months: int = 0,
    large_relief: float = 0.5, **words: Any,
) -> Scenario:  # fmt: skip
    """Employers' contributions waived for small enterprises and reduced for large ones (阶段性减免).

    In each month the rate is multiplied by
    1 − employer_part × (small, while waived + large × large_relief, while reduced).

    Parameters
    ----------
    start : str
        First month.
    employer_part : float
        The employers' part of the rate: 16/24 of a pension rate of 24 %, 0.5 in unemployment,
        1 in work injury.
    small, large : float
        Parts of the assessed base of small and middling, and of large enterprises.
    small_months, large_months : int
        For how many months.
    large_relief : float
        What large enterprises are spared.

    Returns
    -------
    Scenario
        One change for each spell of equal relief.

    Raises
    ------
    ScenarioError
        If parts lie outside [0, 1], there is no relief, or a field is wrong.

    Examples
    --------
    >>> made = relieve_employers(start="2027-02", employer_part=1, small=0.6, small_months=5, large=0.4, large_months=3)
    >>> [(c.start, c.end, round(c.multiply, 6)) for c in made.changes]
    [('2027-02', '2027-04', 0.2), ('2027-05', '2027-06', 0.4)]
    """
    shares = {"employer_part": employer_part, "small": small, "large": large, "large_relief": large_relief,
              "small + large": small + large}  # fmt: skip
    faults = [f"{n} is a share between 0 and 1; found {v!r}" for n, v in shares.items() if not 0.0 <= v <= 1.0]
    if max(small_months, large_months) < 1:
        faults.append("small_months and large_months are both nothing")
    if faults:
        raise all_faults(ScenarioError, "relief of employers", faults)
    common = {"programme": "enterprise_pension", "decided_by": "nation"} | words
    changes, done = [], 0
    for months in sorted({small_months, large_months} - {0}):
        relief = small * (months <= small_months) + large * large_relief * (months <= large_months)
        first, last = _later(start, done), _later(start, months - 1)
        changes.append(Change(item="contribution_rate", multiply=1.0 - employer_part * relief, start=first, end=last,
                              id=f"relief {first}…{last}", **common))  # fmt: skip
        done = months
    return Scenario("relief of employers", *changes, author="levers.relieve_employers",
                    explanation="contribution_rate: less the employers' part of those relieved, month by month")


def defer(
    amount: float, *, unit: str, start: str, end: str, repaid_start: str, repaid_end: str, repaid: float = 1.0, **words: Any
) -> Scenario:
    """Contributions deferred and repaid: cash moves between years and nets to zero.

    Parameters
    ----------
    amount : float
        Deferred over the whole interval, in each area named.
    start, end, repaid_start, repaid_end : str
        Months in which it leaves and comes back.
    repaid : float
        Share that comes back: 1 nets to zero.

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If it is repaid before it is deferred, or a field is wrong.

    Examples
    --------
    >>> made = defer(1_800, unit="万元", start="2027-07", end="2027-12", repaid_start="2028-01", repaid_end="2028-06")
    >>> [(c.item, c.amount) for c in made.changes]
    [('deferred_out', 18000000.0), ('deferred_in', 18000000.0)]
    """
    common = {"programme": "enterprise_pension", "decided_by": "nation", "unit": unit} | words
    out = Change(item="deferred_out", add=amount, start=start, end=end, id="deferred", **common)
    back = Change(item="deferred_in", add=amount * repaid, start=repaid_start, end=repaid_end, id="repaid", **common)
    if back.start < out.start:
        raise ScenarioError(f"repaid from {back.start}, before it is deferred from {out.start}")
    return Scenario("deferral", out, *((back,) if repaid else ()), author="levers.defer",
                    explanation="deferred_out, and later deferred_in: a shift of cash between years")


def adjust_centrally(
    *, year: int, wage: float, heads: float, rate: float, retirees: float, grant_per_head: float, regions: Sequence[str],
    share: float = 0.9, unit: str = "元", **words: Any,
) -> Scenario:  # fmt: skip
    """The central adjustment of enterprise pensions: what an area remits and receives in a year.

    Remitted: wage × 12 × share × heads × rate, whatever is collected; granted: verified
    retirees × the national grant per head (国发〔2018〕18号; 3 % in 2018).

    Parameters
    ----------
    wage : float
        Average wage of the area, per month.
    heads : float
        Heads that should be insured.
    rate, share : float
        The rate of the year, and the part of the wage it is laid on.
    retirees, grant_per_head : float
        Verified retirees, and the grant for each, per year.
    regions : sequence of str
        The area; the amounts are laid on each of several.

    Returns
    -------
    Scenario
        Both amounts come on top of what the lines hold.

    Raises
    ------
    ScenarioError
        If a field is wrong.

    Examples
    --------
    >>> made = adjust_centrally(year=2018, wage=6_500, heads=230_000, rate=0.03, retirees=71_500, grant_per_head=6_200,
    ...                         regions=["呼和浩特市"])
    >>> [(c.item, round(c.amount, 2)) for c in made.changes]
    [('upper_remittance', 484380000.0), ('upper_grant', 443300000.0)]
    """
    common = {"programme": "enterprise_pension", "decided_by": "nation", "reference": "国发〔2018〕18号"} | words
    common |= {"regions": tuple(regions), "unit": unit, "start": f"{year}-01", "end": f"{year}-12"}
    remitted, granted = wage * 12 * share * heads * rate, retirees * grant_per_head
    return Scenario(
        "central adjustment",
        Change(item="upper_remittance", add=remitted, id="remitted to the central adjustment fund", **common),
        Change(item="upper_grant", add=granted, id="granted by the central adjustment fund", **common),
        author="levers.adjust_centrally", reference="国发〔2018〕18号",
        explanation="upper_remittance: wage × 12 × share × heads × rate; upper_grant: retirees × grant per head",
    )  # fmt: skip


def refit(scenario: Scenario, **words: Any) -> Scenario:
    """The same scenario with some fields of every change replaced: a preset fitted to one's own data.

    Parameters
    ----------
    scenario : Scenario
        For example a preset.
    words
        Fields of a change: ``regions``, ``programme``, ``start``, ``known_at_budget``, …

    Returns
    -------
    Scenario

    Raises
    ------
    ScenarioError
        If a field is wrong.

    Examples
    --------
    >>> from sibforecast.assumptions.scenario_files import read_scenario
    >>> made = refit(read_scenario("raise_pensions"), regions=("包头市",), start="2026-07")
    >>> made.changes[0].regions, made.changes[0].start
    (('包头市',), '2026-07')
    """
    changes = [replace(change, **words) for change in scenario.changes]
    return Scenario(scenario.title, *changes, author=scenario.author, reference=scenario.reference,
                    explanation=scenario.explanation)


def _later(month: str, by: int) -> str:
    """A month some months later."""
    try:
        start = Period.parse(month)
    except SibError as fault:
        raise ScenarioError(f"start: {fault}") from fault
    if not start.is_month:
        raise ScenarioError(f"start must be a month such as 2026-07; found {month!r}")
    number = start.year * 12 + start.month - 1 + by
    return f"{number // 12}-{number % 12 + 1:02d}"
