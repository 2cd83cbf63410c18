"""What was learnt from a draft, as tables of a page: causes, bill, intervals, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.plots.sharing_chart import sharing_table
from sibforecast.report.explanations import Explanations
from sibforecast.report.markup import Html, element, joined
from sibforecast.report.page_tables import _in_unit, blank, in_order, number, table
from sibforecast.report.voice import Voice, figure, frame_of, origin_of
from sibforecast.results import round_half_up

if TYPE_CHECKING:
    import pandas as pd

    from sibforecast.plots.scales import Scale

#: What tells one cause of a gap from another, where the table says so.
_CAUSE_KEYS = ("period", "scenario", "programme", "stage", "cause", "kind", "decided_by")
#: What makes a bill one of its own: years and scenarios are never summed.
_BILL_KEYS = ("scenario", "period", "programme")
#: Findings of these severities are shown; the others are folded.
_LOUD = ("error", "warning")
_HEADS = {"programme": "fund", "period": "year", "region": "area", "item": "line"}
#: Columns in the unit of their row's item.
_AMOUNTS = (
    "value", "budget", "adjusted", "executed", "expected", "expected_low", "expected_high", "last_year", "before", "after",
    "difference", "after_low", "after_high", "forecast", "actual", "lower80", "upper80", "lower95", "upper95",
)  # fmt: skip
#: Letters from which on a text needs room.
_LONG = 16


def _text(value: Any) -> str:
    """A cell's text; blank stays blank."""
    return "" if value is None or value != value or type(value).__name__ == "NAType" else str(value)


def causes(result: Any, told: Explanations, ident: str) -> Html:
    """The gap by cause, summed over the areas."""
    voice, frame = told.voice, frame_of(result)
    keys = [k for k in _CAUSE_KEYS if k in frame.columns and frame[k].notna().any()]
    plain = frame[[*keys, *(c for c in ("line", "evidence") if c in frame.columns), "value"]].copy()
    for column in plain.columns.drop("value"):
        plain[column] = plain[column].map(_text).astype("object")
    groups = plain.groupby(keys, sort=False, dropna=False)
    summed = groups["value"].agg(lambda v: v.sum(skipna=False)).reset_index()
    scale = voice.scale(float(summed["value"].abs().max()) if summed["value"].notna().any() else 0.0)
    method = voice.teller.word(origin_of(result).get("method", "—"))
    body = []
    for row in summed.to_dict("records"):
        part = groups.get_group(tuple(row[k] for k in keys))
        said = (voice.word("cause_text", method), *_because(part, voice))
        block = tuple(voice.name(row[k]) for k in ("programme", "cause") if k in keys)
        href = told.address(block or (voice.word("causes"),), (" ".join(said),), back=f"#{ident}")
        cells = [element("td", voice.name(row[k])) for k in keys if k != "cause"]
        place = keys.index("cause")
        cells.insert(place, element("td", voice.name(row["cause"]), class_="text"))
        body.append(element("tr", *cells, number(row["value"], scale, href, voice)))
    heads = [(voice.word(_HEADS.get(k, k)), False) for k in keys] + [(voice.name("gap"), True)]
    return table(voice.word("causes") + _in_unit(scale.unit, voice), heads, body, voice, ident)


def _because(part: pd.DataFrame, voice: Voice) -> list[str]:
    """The lines a cause acts on, and what evidence it has."""
    said = []
    for column, label in (("line", voice.word("line")), ("evidence", voice.word("evidence"))):
        if column in part.columns:
            there = [voice.name(v) for v in dict.fromkeys(part[column]) if v]
            if there:
                said.append(f"{label}{'：' if voice.zh else ': '}{'、'.join(there) if voice.zh else ', '.join(there)}")
    return said


def bill(result: Any, told: Explanations, ident: str) -> Html:
    """Who carries the gap of each area: one table for each fund and year."""
    voice, frame = told.voice, frame_of(result)
    keys = [k for k in _BILL_KEYS if k in frame.columns and frame[k].notna().any()]
    groups = frame.groupby(keys, sort=False, observed=True, dropna=False) if keys else [((), frame)]
    out = []
    for place, (key, part) in enumerate(groups):
        words = [voice.name(k) for k in key if _text(k)]
        out.append(_bill_table(part, words, told, f"{ident}-{place + 1}"))
    return joined(out)


def _bill_table(part: pd.DataFrame, words: list[str], told: Explanations, ident: str) -> Html:
    voice = told.voice
    wide = sharing_table(part)
    payers = [c for c in wide.columns if c not in ("total", "count")]
    scale = voice.scale(float(wide[[*payers, "total"]].abs().to_numpy().max()))
    body = []
    for region in in_order(wide.index, voice.names):
        row = wide.loc[region]
        clauses = _clauses(part[part["region"].astype(str) == region], voice)
        link = {
            payer: told.address((*words, voice.name(region), voice.word("bill")), (said,), back=f"#{ident}")
            for payer in payers
            for said in [clauses.get(payer, "")]
            if said
        }
        cells = [element("th", voice.name(region), scope="row")]
        cells += [number(row[p], scale, link.get(p), voice) for p in payers]
        body.append(element("tr", *cells, number(row["total"], scale, next(iter(link.values()), None), voice)))
    heads = [(voice.word("area"), False), *((_payer(p, voice), True) for p in payers), (voice.word("total"), True)]
    caption = " ".join([*words, voice.word("bill")]) + _in_unit(scale.unit, voice)
    return table(caption, heads, body, voice, ident)


def _payer(payer: str, voice: Voice) -> str:
    return voice.word("payer_fund" if payer == "fund" else payer)


def _clauses(rows: pd.DataFrame, voice: Voice) -> dict[str, str]:
    """Why each payer pays, in the words of the bill: cause, ratio, clause, reason."""
    said: dict[str, list[str]] = {}
    scale = voice.scale(float(rows["value"].abs().max()))
    for row in rows.to_dict("records"):
        ratio = row.get("ratio")
        parts = [voice.name(_text(row.get("cause"))) if _text(row.get("cause")) else "", _text(row.get("class"))]
        parts += [f"{100 * ratio:g}%"] if ratio is not None and ratio == ratio else []
        parts += [f"{figure(row['value'], scale)} {scale.unit}", voice.teller.text(row.get("clause")),
                  voice.teller.text(row.get("reason"))]  # fmt: skip
        said.setdefault(str(row["payer"]), []).append(("，" if voice.zh else ", ").join(p for p in parts if p))
    colon, between = ("：", "；") if voice.zh else (": ", "; ")
    return {payer: f"{_payer(payer, voice)}{colon}" + between.join(texts) for payer, texts in said.items()}


def chances(result: Any, told: Explanations, ident: str) -> Html:
    """Points and quantiles side by side."""
    voice, frame = told.voice, frame_of(result)
    keys = [k for k in ("scenario", "region", "programme", "item", "period") if k in frame.columns and frame[k].notna().any()]
    plain = frame[[*keys, "quantile", "value"]].copy()
    for key in keys:
        plain[key] = plain[key].map(_text).astype("object")
    plain["quantile"] = plain["quantile"].astype(float).fillna(-1.0)  # the point stands first
    if plain.duplicated([*keys, "quantile"]).any():
        raise SibError("quantiles of one figure occur twice: keep one series of the table")
    wide = plain.groupby([*keys, "quantile"], sort=False)["value"].first().unstack("quantile").sort_index(axis=1)
    body = []
    for key, row in zip(wide.index, wide.to_numpy(), strict=True):
        words = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        code = words.get("item", "")
        largest = max((abs(v) for v in row if v == v), default=0.0)
        scale = voice.scale(largest, CATALOGUE[code].unit if code in CATALOGUE else "currency")
        cells = [element("td", voice.name(v)) for v in words.values()]
        cells.append(element("td", scale.unit, class_="unit"))
        body.append(element("tr", *cells, *(number(v, scale, None, voice) for v in row)))
    heads = [(voice.word(_HEADS.get(k, k)), False) for k in keys] + [(voice.word("unit"), False)]
    heads += [(voice.word("interval_point") if q < 0 else f"{100 * q:g}%", True) for q in map(float, wide.columns)]
    return table(voice.word("chances"), heads, body, voice, ident)


def findings(result: Any, told: Explanations, ident: str) -> Html:
    """Errors and warnings; notes folded."""
    voice, frame = told.voice, frame_of(result)
    loud = frame["severity"].isin(_LOUD)
    out = []
    if loud.any():
        out.append(_findings_table(frame[loud], voice, ident))
    if (~loud).any():
        quiet = _findings_table(frame[~loud], voice, f"{ident}-notes")
        out.append(element("details", element("summary", voice.word("notes", int((~loud).sum()))), quiet, class_="quiet"))
    return joined(out or [element("p", "—")])


def _findings_table(frame: pd.DataFrame, voice: Voice, ident: str) -> Html:
    body = []
    compared = [c for c in ("expected", "found") if c in frame.columns and any(map(_text, frame[c]))]
    for row in frame.to_dict("records"):
        keys = ("table", "row", "region", "programme", "item", "period")
        where = " ".join(_place(k, _text(row[k]), voice) for k in keys if k in row and _text(row[k]))
        kind = str(row["severity"])
        cells = [
            element("td", element("span", voice.word(kind), class_="error" if kind == "error" else None)),
            element("td", where, class_="name"),
            element("td", voice.teller.text(_text(row.get("message")), str(row.get("id"))), class_="text"),
            *(element("td", voice.teller.text(_text(row[c]), str(row.get("id")))) for c in compared),
            element("td", voice.teller.text(_text(row.get("mend")), str(row.get("id"))), class_="text"),
        ]
        body.append(element("tr", *cells))
    heads = [(voice.word(k), False) for k in ("severity", "where", "message", *(f"finding_{c}" for c in compared), "mend")]
    return table(voice.word("findings"), heads, body, voice, ident)


def _place(key: str, text: str, voice: Voice) -> str:
    """A part of where something was found: 历史数据 第14行."""
    if voice.zh and key in ("table", "row"):
        return f"第{text}行" if key == "row" else voice.teller.word(text)
    return voice.name(text)


def plain(result: Any, told: Explanations, ident: str, title: str = "") -> Html:
    """Any other table: amounts of an item in its unit, all else as it is."""
    voice, frame = told.voice, frame_of(result).rename(columns=str)
    names = list(frame.columns)
    counted = {c: frame[c].dtype.kind in "fiu" for c in names}
    amounts = [c for c in names if c in _AMOUNTS and counted[c]] if "item" in names else []
    names = [c for c in names if c != "unit" or not amounts]  # each amount stands in a unit of its size
    body = []
    for row in frame.to_dict("records"):
        scale = _row_scale(row, amounts, voice) if amounts else None
        cells = [
            number(row[c], scale, None, voice) if scale is not None and c in amounts else _plain_cell(row[c], counted[c], voice)
            for c in names
        ]
        if scale is not None:
            cells.append(element("td", scale.unit, class_="unit"))
        body.append(element("tr", *cells))
    heads = [(_heading(_HEADS.get(c, c), voice), counted[c]) for c in names] + ([(voice.word("unit"), False)] if amounts else [])
    return table(title or voice.word("table"), heads, body, voice, ident)


def _heading(column: str, voice: Voice) -> str:
    told = voice.word(column)
    return voice.teller.heading(column) if told == column else told


def _row_scale(row: Any, amounts: list[str], voice: Voice) -> Scale:
    """The size of one row's amounts, by the unit of its item."""
    code = _text(row["item"])
    largest = max((abs(row[c]) for c in amounts if row[c] == row[c]), default=0.0)
    return voice.scale(largest, CATALOGUE[code].unit if code in CATALOGUE else "currency")


def _plain_cell(value: Any, counted: bool, voice: Voice) -> Html:
    text = _text(value)
    if not counted:
        shown = voice.name(text)
        shown = voice.teller.text(text) if shown == text else shown
        return element("td", shown, class_="text" if len(shown) > _LONG else None)
    if text == "":
        return blank(voice)
    whole, _, rest = f"{round_half_up(float(value), 4):,f}".replace("-", "−").partition(".")
    rest = rest.rstrip("0")
    return element("td", f"{whole}.{rest}" if rest else whole, class_="n", data_v=f"{float(value):.12g}")
