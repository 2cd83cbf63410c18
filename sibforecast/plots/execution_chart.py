"""The year in execution: what came month by month, against the season, the even pace and the budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.periods import Period
from sibforecast.plots import style
from sibforecast.plots.keys import choose, frame_of, need
from sibforecast.plots.sheet import Sheet, open_sheet
from sibforecast.plots.yearly import ACTUAL

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: So many earlier years make the season (a default: the mean of the last three years' shares by the same month).
SEASON_YEARS = 3
_DARK, _EXPECTED = "#0b2f5c", "#b35900"


def execution_table(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    item: str | None = None,
    year: int | str | None = None,
    expected: Any = None,
    years: int = SEASON_YEARS,
) -> pd.DataFrame:
    """The numbers behind a chart of execution.

    The season of a month is the share of a whole year that had come by it in earlier years:
    of each of the last `years` years whose months and whole are known. Laid on the budget
    (the adjusted one where there is one) it says what would be normal by now.

    Parameters
    ----------
    table : FundData or pandas.DataFrame
        Months at stage ``executed``, cumulative since January; years at ``final``, ``budget``,
        ``adjusted``, perhaps ``expected``.
    region, programme, item : str, optional
        What to show; each may be left out where the table holds only one.
    year : optional
        By default the last with months.
    expected : Result or pandas.DataFrame, optional
        Where the estimated outturn of the year stands: a draft (stage ``expected``), a nowcast,
        or a monitoring (column ``expected``).
    years : int
        So many earlier years make the season.

    Returns
    -------
    pandas.DataFrame
        kind, year, month and value. Kinds: executed (of the year), past (of earlier years),
        season_low, season_mean, season_high and even (share of the budget by each month),
        budget, adjusted and expected (month 12).

    Raises
    ------
    SibError
        If a choice is open or does not occur, the item does not add up over months, the year
        has no months, or a month has two figures.

    Examples
    --------
    >>> import pandas as pd
    >>> t = pd.DataFrame({"item": "interest", "stage": ["executed"] * 3 + ["budget"], "value": [4.0, 10.0, 6.0, 20.0],
    ...                   "period": ["2025-06", "2025-12", "2026-06", "2026"]})
    >>> rows = execution_table(t)
    >>> rows[rows["kind"] == "season_mean"][["month", "value"]].values.tolist()
    [[6.0, 8.0], [12.0, 20.0]]
    """
    return _chosen(table, region, programme, item, year, expected, years)[0]


def _chosen(
    table: Any, region: str | None, programme: str | None, item: str | None, year: int | str | None, expected: Any, years: int
) -> tuple[pd.DataFrame, dict[str, str | None]]:
    """The numbers, and what they are of."""
    import pandas as pd

    frame = frame_of(table)
    need(frame, ("period", "stage", "value"), "execution")
    frame, chosen = choose(frame, {"region": region, "programme": programme, "item": item}, table=table)
    code = chosen["item"]
    if code in CATALOGUE and CATALOGUE[code].timing != "flow":
        raise SibError(f"execution: {code} does not add up over the months of a year; choose a line such as benefit_expenditure")
    rows = frame[["period", "stage", "value"]].astype({"period": str, "stage": str}).dropna(subset="value")
    parsed = [Period.parse(p) for p in rows["period"]]
    rows = rows.assign(year=[p.year for p in parsed], month=[p.month or 0 for p in parsed])
    months = rows[(rows["stage"] == "executed") & (rows["month"] > 0)]
    if months.empty:
        raise SibError("execution: no month at stage executed")
    now = int(year) if year is not None else int(months["year"].max())
    if now not in set(months["year"]):
        raise SibError(f"execution: no months of {now}; there are months of {', '.join(map(str, sorted(set(months['year']))))}")
    if (
        twice := rows[rows["stage"].isin(["executed", "final", "budget", "adjusted"])].duplicated(["year", "month", "stage"])
    ).any():
        raise SibError(f"execution: {int(twice.sum())} months or years have a second figure; keep one series of the table")
    shares = _shares(rows, months, now, years)
    out = [("executed", now, int(m), float(v)) for m, v in zip(*_sorted(months[months["year"] == now]), strict=True)]
    for before in shares.columns:
        out += [("past", int(before), int(m), float(v)) for m, v in zip(*_sorted(months[months["year"] == before]), strict=True)]
    plans = {
        s: rows.loc[(rows["year"] == now) & (rows["month"] == 0) & (rows["stage"] == s), "value"] for s in ("budget", "adjusted")
    }
    plan = next((float(plans[s].iloc[0]) for s in ("adjusted", "budget") if len(plans[s])), None)
    if plan is not None:
        for kind, share in (
            ("season_low", shares.min(axis=1)),
            ("season_mean", shares.mean(axis=1)),
            ("season_high", shares.max(axis=1)),
        ):
            out += [(kind, now, int(str(m)), float(v) * plan) for m, v in share.items()]
        out += [("even", now, m, plan * m / 12) for m in range(1, 13)]
    out += [(s, now, 12, float(v.iloc[0])) for s, v in plans.items() if len(v)]
    now_months = months.loc[months["year"] == now, "month"]
    ahead = _expected(table if expected is None else expected, chosen, now)
    if ahead is not None and now_months.max() < 12:  # a whole year is known, not expected
        out.append(("expected", now, 12, ahead))
    return pd.DataFrame(out, columns=["kind", "year", "month", "value"]), chosen


def _sorted(months: pd.DataFrame) -> tuple[pd.Series[Any], pd.Series[Any]]:
    months = months.sort_values("month")
    return months["month"], months["value"]


def _shares(rows: pd.DataFrame, months: pd.DataFrame, now: int, years: int) -> pd.DataFrame:
    """Share of the whole that had come by each month, one column an earlier year; months all of them know."""
    import pandas as pd

    columns: dict[int, pd.Series[float]] = {}
    for before in range(now - 1, now - 1 - years, -1):
        past = months[months["year"] == before].set_index("month")["value"]
        accounts = rows[(rows["year"] == before) & (rows["month"] == 0) & rows["stage"].isin(ACTUAL)].sort_values(
            "stage", ascending=False
        )
        whole = float(past[12]) if 12 in past.index else float(accounts["value"].iloc[0]) if len(accounts) else 0.0
        if len(past) and whole != 0.0:
            columns[before] = past / whole
            columns[before] = pd.concat([columns[before].drop(index=12, errors="ignore"), pd.Series([1.0], index=[12])])
    return pd.DataFrame(columns).sort_index().dropna() if columns else pd.DataFrame()


def _expected(table: Any, chosen: Mapping[str, str | None], year: int) -> float | None:
    """The estimated outturn of the year, where it is told."""
    frame = frame_of(table)
    for key, value in chosen.items():
        if value is not None and key in frame.columns:
            frame = frame[(frame[key] == value).to_numpy(bool)]
    if "expected" in frame.columns:  # a monitoring: one row a line, its period the last month
        values = frame.loc[frame["period"].astype(str).str.startswith(str(year)), "expected"].dropna()
    else:
        frame = frame[(frame["period"].astype(str) == str(year)).to_numpy(bool)]
        if "stage" in frame.columns:
            frame = frame[(frame["stage"] == "expected").to_numpy(bool)]
        if "quantile" in frame.columns:
            frame = frame[frame["quantile"].isna().to_numpy(bool)]
        values = frame["value"].dropna()
    if len(values) > 1:
        raise SibError(f"execution: {len(values)} expected outturns of {year}; keep one")
    return float(values.iloc[0]) if len(values) else None


def execution(
    table: Any,
    *,
    region: str | None = None,
    programme: str | None = None,
    item: str | None = None,
    year: int | str | None = None,
    expected: Any = None,
    years: int = SEASON_YEARS,
    ax: Axes | None = None,
    language: str | None = None,
    title: str | None = None,
    labels: Mapping[str, str] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the year month by month against season, even pace and budget.

    Without a budget the earlier years themselves are shown. For many areas at one month see
    `progress`.

    Parameters
    ----------
    table : FundData or pandas.DataFrame
        See `execution_table`.
    region, programme, item, year, expected, years : optional
        See `execution_table`.
    ax, language, title, labels, provenance : optional
        Where to draw, in which words, and what a plain table does not tell; see `open_sheet` of
        `sibforecast.plots.sheet`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    SibError
        As `execution_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import sibforecast as sib
    >>> t = pd.DataFrame({"item": "interest", "stage": ["executed", "executed", "budget"], "value": [1e8, 3e8, 1.2e9],
    ...                   "period": ["2026-01", "2026-02", "2026"]})
    >>> print(sib.plots.execution(t, language="en").get_title())
    interest
    2026  unit: 100m yuan
    """
    rows, chosen = _chosen(table, region, programme, item, year, expected, years)
    sheet = open_sheet(table, ax, language, title, labels, provenance, also=(expected,))
    scale = sheet.scale(float(rows["value"].abs().max()), chosen["item"])
    with sheet.drawn():
        legend = [*_year(sheet, rows, scale), *_season(sheet, rows), *_plans(sheet, rows)]
        columns = 4 if sheet.look.language == "zh" or len(legend) <= 4 else 3
        _plans_named(sheet, rows, scale, sheet.height_below(legend, columns))
        sheet.ax.text(
            12.2, 0.04, "\n".join(_said(rows, sheet.look)), transform=sheet.ax.get_xaxis_transform(), ha="right", va="bottom",
            fontsize=sheet.text, linespacing=1.45, zorder=9,
            bbox={"facecolor": "white", "edgecolor": "#c9d1d9", "pad": 5 * sheet.size},
        )  # fmt: skip
        _months_axis(sheet, rows, scale)
    what = [sheet.look.name(chosen[k]) for k in ("region", "programme", "item")]
    now = str(rows.loc[rows["kind"] == "executed", "year"].iloc[0])
    return sheet.finish(what, [now], scale.unit, legend, columns=columns)


def _said(rows: pd.DataFrame, look: style.Look) -> list[str]:
    """How far the year has come, line by line."""
    done = rows[rows["kind"] == "executed"]
    month, value = int(done["month"].iloc[-1]), float(done["value"].iloc[-1])
    names = look.word("months_long").split()
    texts = [look.word("asof", names[month - 1] if look.language == "en" else month)] if month > 1 else [names[0]]
    at = rows[rows["month"] == month].set_index("kind")["value"]
    plans = rows[rows["kind"].isin(["budget", "adjusted"])].set_index("kind")["value"]
    kind = next((k for k in ("adjusted", "budget") if k in plans.index), None)
    if kind is None:
        return [*texts, look.word("no_budget")]
    share = style.Scale(0.01, "%", 1)
    plan = float(plans[kind])
    if plan == 0:
        return texts
    texts.append(look.word("progress_of", f"{share.text(value / plan)}%", look.word(kind)))
    if "season_mean" in at.index:
        texts.append(look.word("season_here", f"{share.text(float(at['season_mean']) / plan)}%"))
    return [*texts, look.word("even_here", f"{share.text(month / 12)}%")]


def _year(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> list[tuple[Any, str]]:
    """The year itself, its last figure, and the outturn expected of it."""
    from matplotlib.lines import Line2D
    from matplotlib.patheffects import withStroke

    done = rows[rows["kind"] == "executed"]
    sheet.ax.plot(done["month"], done["value"], color=_DARK, linewidth=2.8, marker="o", markersize=7, zorder=6)
    legend: list[tuple[Any, str]] = [
        (Line2D([], [], color=_DARK, linewidth=2.8, marker="o", markersize=7), sheet.word("executed"))
    ]
    month, value = int(done["month"].iloc[-1]), float(done["value"].iloc[-1])
    rim = [withStroke(linewidth=3, foreground="white")]
    sheet.ax.annotate(
        scale.text(value),
        (month, value),
        xytext=(-8 * sheet.size, 8 * sheet.size),
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=sheet.text,
        color=style.INK,
        zorder=8,
        path_effects=rim,
    )
    ahead = rows[rows["kind"] == "expected"]
    if len(ahead):
        end = float(ahead["value"].iloc[0])
        sheet.ax.plot([month, 12], [value, end], ":", color=_EXPECTED, linewidth=2, zorder=4)
        sheet.ax.plot(12, end, "D", color=_EXPECTED, markersize=9, zorder=7)
        legend.append(
            (Line2D([], [], color=_EXPECTED, linestyle=":", marker="D", markersize=9, linewidth=2), sheet.word("expected"))
        )
    return legend


def _season(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    """The band of earlier years with its mean; without a budget the earlier years themselves."""
    past = sorted(set(rows.loc[rows["kind"] == "past", "year"]))
    if not past:
        return []
    span = sheet.word("year_of", past[0]) if len(past) == 1 else sheet.word("years_and", past[0], past[-1])
    low, mean, high = (rows[rows["kind"] == kind] for kind in ("season_low", "season_mean", "season_high"))
    if mean.empty:
        legend: list[tuple[Any, str]] = []
        dashes: tuple[Any, ...] = ((0, (5, 2)), (0, (2, 2)), (0, (6, 2, 1, 2)))
        for back, year in enumerate(reversed(past)):
            line = rows[(rows["kind"] == "past") & (rows["year"] == year)]
            drawn = sheet.ax.plot(
                line["month"], line["value"], linestyle=dashes[back % 3], color=style.FAINT, linewidth=1.8, zorder=3
            )
            legend.append((drawn[0], sheet.word("year_of", year)))
        return legend
    legend = []
    if len(past) > 1:
        band = sheet.ax.fill_between(mean["month"], low["value"], high["value"], color=style.BAND_80, linewidth=0, zorder=1)
        legend.append((band, sheet.word("season_band", span)))
    line = sheet.ax.plot(mean["month"], mean["value"], "--", color="#2f7fb8", linewidth=1.8, zorder=3)[0]
    return [(line, sheet.word("season", span)), *legend]


def _plans(sheet: Sheet, rows: pd.DataFrame) -> list[tuple[Any, str]]:
    """Even pace, and the budgets as levels."""
    legend: list[tuple[Any, str]] = []
    even = rows[rows["kind"] == "even"]
    if len(even):
        line = sheet.ax.plot(even["month"], even["value"], ":", color=style.FAINT, linewidth=1.6, zorder=2)[0]
        legend.append((line, sheet.word("even")))
    ends = rows[rows["kind"].isin(["budget", "adjusted", "expected"])].sort_values("value")
    for kind, dash in (("budget", "-"), ("adjusted", (0, (6, 2)))):
        level = ends[ends["kind"] == kind]
        if len(level):
            line = sheet.ax.plot(
                [0.5, 12.25], [float(level["value"].iloc[0])] * 2, color="#6b6b6b", linewidth=1.8, linestyle=dash, zorder=2
            )[0]
            legend.append((line, sheet.word(kind)))
    top = float(rows["value"].max())
    sheet.ax.set_ylim(min(0.0, float(rows["value"].min())), top * 1.12 if top > 0 else 0.0)
    return legend


def _plans_named(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale, height: float) -> None:
    """Budgets and the outturn expected at the right end, moved apart in so many points of height."""
    from sibforecast.plots.lines import spread

    ends = rows[rows["kind"].isin(["budget", "adjusted", "expected"])].sort_values("value")
    places = spread(ends["value"].tolist(), sheet, sheet.text, height)
    for place, kind, value in zip(places, ends["kind"], ends["value"], strict=True):
        ink = _EXPECTED if kind == "expected" else style.INK
        said = f"{sheet.word(kind)} {scale.text(value)}"
        sheet.ax.text(12.35, place, said, fontsize=sheet.text, va="center", ha="left", color=ink, zorder=8)


def _months_axis(sheet: Sheet, rows: pd.DataFrame, scale: style.Scale) -> None:
    ends = rows[rows["kind"].isin(["budget", "adjusted", "expected"])]
    texts = [f"{sheet.word(k)} {scale.text(v)}" for k, v in zip(ends["kind"], ends["value"], strict=True)]
    share = min(max((sheet.points(t, sheet.text) for t in texts), default=0.0) * 1.03 / sheet.width, 0.45)
    sheet.ax.set_xlim(0.5, 12.3 + 11.8 * share / (1 - share))
    names = sheet.word("months_1_12").split()
    room = sheet.width * (1 - share) / 12
    step = -(-int(max(map(sheet.points, names)) + 7 * sheet.size) // int(room))
    sheet.ax.set_xticks(range(step, 13, step), names[step - 1 :: step])
    sheet.figures("y", scale)
    sheet.grid("y")
