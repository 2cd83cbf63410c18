"""What a ladder says: which areas fall short and by how much, what liquidity costs, and what stands beside today's structure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd

from sibforecast.results import round_half_up, scale_for

if TYPE_CHECKING:
    from sibforecast.oversight.ladder import Ladder

#: Areas that are told in full; every area that falls short is named.
_FULLY = 3
_SHORT = ("region", "programme", "month", "needed", "available", "short", "chosen_level", "falls_short", "because",
          "status")  # fmt: skip


def shortfalls(months: pd.DataFrame, yields: pd.DataFrame, level: float) -> pd.DataFrame:
    """Months that cannot be paid at the level, area by area; see `Ladder`."""
    told = yields.set_index("region")[["falls_short", "because", "status"]]
    rows = months.join(told, on="region")
    rows = rows[rows["status"].isin(["yellow", "red"]) & (rows["spare"] < -0.005)]
    return rows.assign(short=-rows["spare"], chosen_level=level)[list(_SHORT)].reset_index(drop=True)


def short_of(short: pd.DataFrame, year: int) -> Iterator[dict[str, Any]]:
    """One finding for each area that falls short, the largest amount first: its dearest month, and why."""
    rows = short.sort_values("short", ascending=False, kind="stable").drop_duplicates("region")
    many = short["region"].value_counts()
    for row in rows.to_dict("records"):
        tied = row["because"] == "deposits"
        why = "deposits of today that stay hold too much" if tied else "the balance is too small"
        yield {
            "id": "ladder_short", "severity": "warning" if row["status"] == "red" else "note", "table": "deposits",
            "region": row["region"], "programme": row["programme"], "item": "opening_balance",
            "period": _month(year, int(row["month"])), "expected": f"{row['needed']:,.2f}", "found": f"{row['available']:,.2f}",
            "message": f"{row['short']:,.2f} short at level {row['chosen_level']:.0%}, {many[row['region']]} months; {why}; "
                       f"{row['falls_short']:.1%} of the paths fall short",
            "mend": "let deposits mature earlier, or fill the gap within the year" if tied else "fill the gap within the year",
        }  # fmt: skip


def _month(year: int, number: int) -> str:
    """The month of a number counted from the first January."""
    return f"{year + (number - 1) // 12}-{(number - 1) % 12 + 1:02d}"


def headline(made: Ladder) -> str:
    """The fund, its year, the yield beside today's, and how many areas fall short."""
    mark = "ILLUSTRATIVE " if made.data is not None and made.data.illustrative else ""
    table, every = made.yields[made.yields["opening"] > 0], made.yields["opening"]  # a balance below nothing places nothing
    told = f"{mark}{made.provenance.get('programme')} {made.provenance.get('year')}: "
    if table.empty:
        return f"{told}nothing can be placed, the balance is {_money(float(every.sum()), made)}"
    told += f"{float((table['yield'] * table['opening']).sum()) / float(table['opening'].sum()):.2%} a year"
    gained = table["gained"].sum(min_count=1)
    if gained == gained:
        word = "more" if gained >= 0 else "less"
        told += f", {_money(abs(gained), made)} a year {word} than today's structure"
        some = int(table["gained"].notna().sum())
        told += f" (of {some} of {len(every)} areas)" if some < len(every) else ""
    short = int((made.yields["status"] == "red").sum())
    return told + (f"; {short} of {len(every)} areas fall short of level {made.level:.0%}" if short else "")


def notices(made: Ladder) -> list[str]:
    """Every area that falls short, then the first areas in full, and which rates nobody has checked."""
    names, out = made.labels(), list(_named_short(made))
    for record in made.yields.head(_FULLY).to_dict("records"):
        row = {str(k): v for k, v in record.items()}
        out += [f"{names.get(row['region'], row['region'])}: {said}" for said in _area(made, row)]
    if len(made.yields) > _FULLY:
        out.append(f"the first {_FULLY} of {len(made.yields)} areas are told here; all stand in .yields, .months and .shortfalls")
    if (made.frame["rate_status"] == "unverified").any():
        out.append("rates are unverified defaults: give those agreed with the banks "
                   "(rates=; on the command line --rate MONTHS=RATE)")
    if not made.seasonal:
        out.append("no month of this fund is known: payments and revenue are spread by twelfths")
    return out


def _named_short(made: Ladder) -> Iterator[str]:
    """Every area that falls short, with its dearest month."""
    names = made.labels()
    rows = made.shortfalls.sort_values("short", ascending=False, kind="stable").drop_duplicates("region")
    for status, said in (("red", "fall short"), ("yellow", "keep the level on these paths, within their doubt")):
        told = [f"{names.get(r['region'], r['region'])} {_money(r['short'], made)} in month {r['month']}"
                for r in rows[rows["status"] == status].to_dict("records")]  # fmt: skip
        if told:
            yield f"{len(told)} of {len(made.yields)} areas {said} (level {made.level:.0%}): " + "; ".join(told)


def _area(made: Ladder, row: dict[str, Any]) -> Iterator[str]:
    """What is told of one area in full."""
    if not row["opening"] > 0:
        yield f"the balance is {_money(row['opening'], made)}, nothing can be placed"
        return
    held = made.frame.loc[made.frame["region"] == row["region"], "present"].sum(min_count=1)
    if abs(held - row["opening"]) >= 0.005:
        yield (f"the balance placed, the opening of {made.provenance.get('year')}, is {_money(row['opening'], made)}; the "
               f"deposits as entered sum to {_money(held, made)}, and their shares stand for the whole of it")
    yield from _beside(made, row)
    if row["uncovered"] > 0:
        tied = ", for deposits of today stay" if row["because"] == "deposits" else ""
        yield f"the balance does not meet the need of some month, {_money(row['uncovered'], made)} is lacking{tied}"
        return
    covered = f"the current account holds {round_half_up(row['months_covered'], 1)} months of payments"
    if row["price"] > 0:
        mine = made.months[made.months["region"] == row["region"]]
        dear = int(mine.loc[mine["price"].idxmax(), "month"])
        covered += (f"; 10,000 more kept payable all the time cost {10_000 * row['price']:.2f} of interest a year, "
                    f"most of it for month {dear}")  # fmt: skip
    yield covered


def _beside(made: Ladder, row: dict[str, Any]) -> Iterator[str]:
    """Today's structure beside the ladder: how often each falls short, and what they earn when equally liquid."""
    today = row["present_falls_short"]
    if today != today:
        return
    equal = f"{row['equal_yield']:.2%} a year" if row["equal_yield"] == row["equal_yield"] else ""
    if row["present_admissible"]:
        out = f"falls short in {row['falls_short']:.1%} of the paths, today's structure in {today:.1%}"
        more = (f"; a ladder that falls short no more often than today's structure earns {equal} "
                f"(today {row['present_yield']:.2%})")  # fmt: skip
        yield out + (more if equal else "")
        return
    out = (f"today's structure, renewed as it falls due, falls short in {today:.1%} of the paths, where "
           f"{1.0 - made.level:.1%} is the aim: its yield of {row['present_yield']:.2%} is no measure")  # fmt: skip
    yield out + (f"; a ladder that may fall short just as often earns {equal}" if equal else "")


def _money(value: float, made: Ladder) -> str:
    divisor, unit = scale_for(value, made.data.currency if made.data is not None else "yuan")
    return f"{value / divisor:,.2f} ({unit})"
