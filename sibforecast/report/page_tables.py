"""Tables of a page: they sort, and every figure leads to its explanation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.report.explanations import Explanations
from sibforecast.report.markup import Html, element, joined
from sibforecast.report.story import MAIN, percent, story_table
from sibforecast.report.voice import Voice, figure

if TYPE_CHECKING:
    import pandas as pd

    from sibforecast.plots.scales import Scale

#: A table on a page has at most so many rows; the workbook has them all.
MOST_ROWS = 1_500
#: A draft of more figures than this is shown without its lines one by one.
MOST_FIGURES = 6_000
#: Years and stages side by side, the last ones.
_COLUMNS = 8
_STAGES = ("final", "executed", "budget", "adjusted", "expected", "reported", "draft")


def blank(voice: Voice) -> Html:
    """A cell of what is not known: it sorts last and is never zero."""
    return element("td", "—", class_="blank", data_v="", title=voice.word("no_data"))


def number(value: Any, scale: Scale, href: str | None, voice: Voice, *, deficit: bool = False) -> Html:
    """A figure that leads to its explanation; its exact value is what it sorts by."""
    if value is None or value != value:
        return blank(voice)
    shown: object = figure(float(value), scale)
    if href is not None:
        shown = element("a", shown, href=href, class_="deficit" if deficit else None)
    return element("td", shown, class_="n", data_v=f"{float(value):.12g}")


def table(caption: str, heads: Sequence[tuple[str, bool]], rows: Iterable[Html], voice: Voice, ident: str) -> Html:
    """A table whose headings are buttons, in a frame that scrolls on a narrow screen.

    Parameters
    ----------
    caption : str
        What it shows, in which unit.
    heads : sequence of (str, bool)
        Headings, and whether figures stand below.
    rows : iterable of Html
        Its rows; cut after `MOST_ROWS`, which is told.
    voice : Voice
        Language and marks.
    ident : str
        Its address.

    Returns
    -------
    Html
    """
    listed = list(rows)
    mark = element("span", voice.word("illustrative_short"), class_="mark small") if voice.illustrative else None
    head = [
        element(
            "th", element("button", text, type="button"), element("span", text, class_="paper"),
            scope="col", aria_sort="none", class_="n" if counted else None,
        )
        for text, counted in heads
    ]
    body = element(
        "table",
        element("caption", caption, " ", mark),
        element("thead", element("tr", *head)),
        element("tbody", *listed[:MOST_ROWS]),
        class_="sorts",
    )
    told = None
    if len(listed) > MOST_ROWS:
        told = element("p", voice.word("cut", f"{MOST_ROWS:,}", f"{len(listed):,}"), class_="faint")
    return joined([element("div", body, class_="scroll", id=ident, tabindex="0", role="region", aria_label=caption), told])


def in_order(codes: Iterable[Any], first: Iterable[str]) -> list[str]:
    """Codes as a tree or a catalogue lists them, the others after them as they come."""
    place = {code: i for i, code in enumerate(first)}
    listed = list(dict.fromkeys(str(c) for c in codes))
    return sorted(listed, key=lambda c: place.get(c, len(place)))


def overview(frame: pd.DataFrame, told: Explanations, ident: str, section: str = "") -> Html:
    """Funds at a glance: revenue, expenditure, balances, months, gap, area by area."""
    voice = told.voice
    rows = story_table(frame)
    if rows.empty:
        return joined([])
    shown = rows[(rows["stage"] == rows["stage"].iloc[-1]) & (rows["programme"] != "")]
    order = in_order(shown["region"], voice.names)
    shown = shown.sort_values("region", key=lambda c: c.map(order.index), kind="stable")
    methods = _methods(frame)
    scale = money_scale(frame, voice)
    links = {(f, i): told.item(section, frame, f, i) for f in shown["programme"].unique() for i in MAIN}
    many, years = shown["region"].nunique() > 1, shown["period"].nunique() > 1
    growth = told.address(
        (voice.word("growth_title"),), (voice.word("growth_formula"),), back=f"#{ident}"
    )  # fmt: skip
    body = []
    for row in shown.to_dict("records"):
        cells = [element("th", voice.name(row["region"] if many else row["programme"]), scope="row")]
        cells += [element("td", voice.name(row["programme"]), class_="name")] if many else []
        cells += [element("td", row["period"], data_v=row["period"])] if years else []
        for item in MAIN:
            key = (row["region"], row["programme"], row["period"], row["stage"])
            href = links[row["programme"], item](*(key[0], key[2], key[3]), methods.get((*key, item)), f"#{ident}")
            at = voice.scale(abs(row[item]), "months") if item == "months_payable" else scale
            cells.append(number(row[item], at, href, voice, deficit=row[item] > 0 if item == "gap" else row[item] < 0))
            name = {"total_revenue": "revenue_before", "total_expenditure": "expenditure_before"}.get(item)
            if name:
                cells.append(_growth(row[item], row[name], growth, voice))
        body.append(element("tr", *cells))
    heads = [(voice.word("area" if many else "fund"), False), *([(voice.word("fund"), False)] if many else [])]
    heads += [(voice.word("year"), False)] if years else []
    for item in MAIN:
        heads.append((voice.name(item), True))
        heads += [(voice.word(f"{item.removeprefix('total_')}_growth"), True)] if item in MAIN[:2] else []
    span = _span(shown["period"].tolist())
    title = f"{voice.column(span, shown['stage'].iloc[0])} {voice.word('overview')}" + _in_unit(scale.unit, voice)
    return table(title, heads, body, voice, ident)


def _span(periods: list[str]) -> str:
    return min(periods) if len(set(periods)) == 1 else f"{min(periods)}–{max(periods)}"


def _in_unit(unit: str, voice: Voice) -> str:
    return f"（{voice.word('unit')}：{unit}）" if voice.zh else f" ({voice.word('unit')}: {unit})"


def _growth(now: float, before: float, href: str, voice: Voice) -> Html:
    """Growth in per cent; none from nothing."""
    if now != now or before != before or before <= 0:
        return blank(voice)
    text = percent(now - before, before)
    return element("td", element("a", text, href=href), class_="n", data_v=f"{(now - before) / before:.12g}")


def money_scale(frame: pd.DataFrame, voice: Voice) -> Scale:
    """The one size of all amounts of a draft."""
    amounts = frame.loc[frame["item"].isin(MAIN[:4]), "value"].abs().max()
    return voice.scale(float(amounts) if amounts == amounts else 0.0)


def _methods(frame: pd.DataFrame) -> dict[tuple[str, ...], Any]:
    keys = ["region", "programme", "period", "stage", "item"]
    part = frame[frame["item"].isin(MAIN)]
    method = part["method"] if "method" in part.columns else [None] * len(part)
    columns = [part[k].astype(str).tolist() for k in keys]
    return dict(zip(zip(*columns, strict=True), list(method), strict=True))


def lines(frame: pd.DataFrame, told: Explanations, ident: str, section: str = "") -> Html:
    """Each fund line by line, its years and stages side by side; folded."""
    voice = told.voice
    if len(frame) > MOST_FIGURES:
        return element("p", voice.word("more_lines", f"{len(frame):,}"), class_="faint")
    known = {s: i for i, s in enumerate(_STAGES)}
    pairs = [(str(p), str(s)) for p, s in frame[["period", "stage"]].drop_duplicates().itertuples(index=False, name=None)]
    pairs = sorted(pairs, key=lambda p: (p[0], known.get(p[1], len(known))))[-_COLUMNS:]
    money = money_scale(frame, voice)
    out = []
    for place, fund in enumerate(dict.fromkeys(frame["programme"].astype(str))):
        part = frame[(frame["programme"] == fund).to_numpy(bool)]
        where = f"{ident}-{place + 1}"
        out.append(
            element("details", element("summary", voice.name(fund)), _fund_lines(part, fund, pairs, told, where, section, money),
                    class_="lines")  # opened on a phone, they stand at their last years
        )
    return joined(out)


def _fund_lines(
    part: pd.DataFrame, fund: str, pairs: list[tuple[str, str]], told: Explanations, ident: str, section: str, money: Scale
) -> Html:
    voice = told.voice
    keys = [part[k].astype(str).tolist() for k in ("region", "item", "period", "stage")]
    methods = part["method"].tolist() if "method" in part.columns else [None] * len(part)
    cells = dict(zip(zip(*keys, strict=True), zip(part["value"].tolist(), methods, strict=True), strict=True))
    if len(cells) < len(part):
        raise SibError(f"{fund}: some figures occur twice; keep one series of the table")
    areas = in_order(keys[0], voice.names)
    body = []
    for area in areas:
        for code in in_order(keys[1], CATALOGUE):
            row = [cells.get((area, code, p, s)) for p, s in pairs]
            values = [abs(c[0]) for c in row if c is not None and c[0] == c[0]]
            if not values:
                continue
            unit = CATALOGUE[code].unit if code in CATALOGUE else "currency"
            scale = money if unit == "currency" else voice.scale(max(values), unit)
            link = told.item(section, part, fund, code)
            told_unit = element("small", scale.unit, class_="unit") if scale.unit else None
            tds = [element("th", voice.name(code), " ", told_unit, scope="row")]
            tds += [element("td", voice.name(area), class_="name")] if len(areas) > 1 else []
            for (period, stage), cell in zip(pairs, row, strict=True):
                if cell is None or cell[0] != cell[0]:
                    tds.append(blank(voice))
                    continue
                wrong = CATALOGUE[code].side == "balance" and cell[0] < 0 if code in CATALOGUE else False
                href = link(area, period, stage, cell[1], f"#{ident}")
                tds.append(number(cell[0], scale, href, voice, deficit=wrong or (code == "gap" and cell[0] > 0)))
            body.append(element("tr", *tds))
    heads = [(voice.word("line"), False), *([(voice.word("area"), False)] if len(areas) > 1 else [])]
    heads += [(voice.column(p, s), True) for p, s in pairs]
    return table(voice.name(fund), heads, body, voice, ident)
