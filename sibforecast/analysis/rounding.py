"""Amounts in the steps of the rules: running sums are rounded half-up, so that nothing is lost or found on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sibforecast.results import round_half_up


def cents(value: float) -> float:
    """To the cent, half-up."""
    return float(round_half_up(value, 2))


def steps(value: float, step: float) -> int:
    """How many steps an amount has, half-up.

    Examples
    --------
    >>> steps(32_046_650.0, 100.0), steps(0.005, 0.01)
    (320467, 1)
    """
    return int(round_half_up(round(value / step, 6)))


def whole_steps(value: float, step: float) -> int:
    """How many whole steps an amount holds; what is no more than the noise of a float counts as whole."""
    return math.floor(round(value / step, 6))


def no_less(value: float, step: float) -> float:
    """The least whole number of steps that an amount does not exceed."""
    return amount(math.ceil(round(value / step, 6)), step)


def amount(number: int, step: float) -> float:
    """So many steps in currency units."""
    return cents(number * step)


def in_steps(amounts: Sequence[float], step: float, down: bool = False) -> list[int]:
    """Amounts of at least nothing in whole steps whose sum is the sum's own rounding (or, `down`, no more than the sum).

    Examples
    --------
    >>> in_steps([50.0, 50.0, 50.0], 100.0)
    [1, 0, 1]
    """
    out, told, run = [], 0, []
    for value in amounts:
        run.append(value)
        upto = (whole_steps if down else steps)(math.fsum(run), step)
        out.append(upto - told)
        told = upto
    return out


def in_whole_steps(amounts: Sequence[float], step: float) -> list[float]:
    """Amounts of either sign, rounded so that they sum to their sum's own rounding; none moves by more than a step.

    Examples
    --------
    >>> in_whole_steps([0.005, 0.005, -0.004], 0.01)
    [0.0, 0.01, 0.0]
    """
    whole = [steps(value, step) for value in amounts]
    short = steps(math.fsum(amounts), step) - sum(whole)
    sign = 1 if short > 0 else -1
    by_error = sorted(range(len(whole)), key=lambda i: (whole[i] - amounts[i] / step) * sign)
    for i in by_error[: abs(short)]:
        whole[i] += sign
    return [amount(number, step) for number in whole]


def shared_out(
    amounts: Sequence[float], whole: Sequence[int], shares: Mapping[str, float], rest: str, step: float
) -> dict[str, list[int]]:
    """Each amount's steps by level: levels other than `rest` get their share of the sum, half-up, and `rest` what is left.

    No level is given more than there is; none gets less than nothing.

    Examples
    --------
    >>> shared_out([101.0, 101.0], [101, 101], {"region": 0.6, "league": 0.4}, "league", 1.0)
    {'region': [61, 60], 'league': [40, 41]}
    """
    out: dict[str, list[int]] = {level: [] for level in shares}
    given = dict.fromkeys(shares, 0)
    run: list[float] = []
    for value, there in zip(amounts, whole, strict=True):
        run.append(value)
        upto, left = math.fsum(run), there
        for level, share in shares.items():
            if level == rest:
                continue
            wanted = min(steps(share * upto, step), whole_steps(upto, step))
            part = min(max(wanted - given[level], 0), left)
            out[level].append(part)
            given[level] += part
            left -= part
        out[rest].append(left)
    return out
