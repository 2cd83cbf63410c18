"""One page of results: a single HTML file that needs nothing else to be read, on a phone or on paper."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sibforecast.errors import SibError
from sibforecast.report import page_charts, page_studies
from sibforecast.report.account import totals_apart
from sibforecast.report.explanations import Explanations
from sibforecast.report.known import as_known
from sibforecast.report.markup import Html, element, joined
from sibforecast.report.page_tables import in_order, lines, money_scale, overview
from sibforecast.report.story import sentence, story_table
from sibforecast.report.voice import Voice, frame_of, origin_of, voice_of
from sibforecast.writing import written_whole

if TYPE_CHECKING:
    import pandas as pd

_ACCOUNT = {"region", "programme", "item", "period", "stage", "value"}
_ABOUT = {
    "input": "about_data", "input_hash": "about_hash", "version": "about_version", "asof": "about_asof",
    "year": "about_year", "seed": "about_seed", "scenarios": "about_scenarios", "rules": "about_rules",
}  # fmt: skip


def page(results: Any, path: str | Path, *, language: str | None = None) -> Path:
    """Write results as one self-contained HTML page.

    Of a draft: the year in the fixed sentences of official statements, charts, the funds at a
    glance and line by line; of any other result its table, of causes, scenarios and a bill
    their chart. Tables sort by click and key; every figure of the tables of a draft, of causes
    and of a bill leads to its explanation. The file asks nothing of any network: charts, style
    and script are in it, and a content policy forbids everything else. Roll a draft of many
    areas up first (`sibforecast.roll_up`): its page stays small.

    Parameters
    ----------
    results : Result, pandas.DataFrame, mapping or list of these
        What to write, in this order; the keys of a mapping name the sections.
    path : str or Path
        The ``.html`` file.
    language : {"zh", "en"}, optional
        By default Chinese where money is yuan, else English.

    Returns
    -------
    Path

    Raises
    ------
    SibError
        If there is nothing to write, something is neither a result nor a table, a figure
        occurs twice, currencies differ, or the language is unknown.

    Examples
    --------
    >>> import tempfile
    >>> import sibforecast as sib
    >>> draft = sib.draft_budget(sib.load(sib.sample("oasdi")), year=2006)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = sib.report.page(draft, f"{folder}/oasdi.html")
    ...     "Balance of the year" in written.read_text("utf-8")
    True
    """
    named = _named(results)
    if not named:
        raise SibError("no result to write")
    voice = voice_of(list(named.values()), language)
    text = _Page(named, voice).html()
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Path(path)


def _named(results: Any) -> dict[str, Any]:
    """Results by name; a list or a single one by its kind."""
    if isinstance(results, Mapping):
        return {str(name): result for name, result in results.items()}
    named: dict[str, Any] = {}
    listed: Iterable[Any] = results if isinstance(results, list | tuple) else [results]
    for result in listed:
        kind = "" if hasattr(result, "groupby") else type(result).__name__
        name, number = kind, 1
        while name in named:
            number += 1
            name = f"{kind} {number}".strip()
        named[name] = result
    return named


def _kind(frame: pd.DataFrame) -> str:
    """What a table is, by its columns."""
    columns = set(frame.columns)
    if {"severity", "message"} <= columns:
        return "findings"
    if {"payer", "value", "region"} <= columns:
        return "bill"
    if {"cause", "value"} <= columns:
        return "causes"
    if {"quantile", "value"} <= columns:
        return "chances"
    if columns >= _ACCOUNT and len(frame):
        told = frame["scenario"].fillna("").ne("").any() if "scenario" in columns else False
        return "scenario" if told else "draft"
    return "table"


@dataclass
class _Page:
    """A page in the making: sections, and the explanations their figures lead to."""

    named: Mapping[str, Any]
    voice: Voice
    told: Explanations = field(init=False)
    sections: list[tuple[str, str, Html]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told = Explanations(self.voice)

    def html(self) -> str:
        """The whole file."""
        for number, (name, result) in enumerate(self.named.items(), start=1):
            frame = frame_of(result)
            kind = _kind(frame)
            self.sections.append((f"s{number}", *self._section(name, kind, result, frame, f"s{number}")))
        voice = self.voice
        drafts = [r for r in self.named.values() if _kind(frame_of(r)) == "draft"]
        years = {str(o["year"]) for o in map(origin_of, drafts) if o.get("year")}
        title = voice.word("title_year", years.pop()) if len(years) == 1 else voice.word("title")
        mark = element("p", voice.word("illustrative"), class_="mark", role="note") if voice.illustrative else None
        whole = [*self.sections, ("origin", voice.word("origin"), self._origin())]
        unit = ("元、万元、亿元" if voice.zh else "yuan") if voice.currency == "yuan" else voice.currency
        links = [element("li", element("a", heading, href=f"#{ident}")) for ident, heading, _ in whole]
        main = [element("section", element("h2", heading), body, id=ident) for ident, heading, body in whole]
        return _document(
            title,
            voice,
            [
                element("header", element("h1", title), mark, element("p", voice.word("units", unit), class_="faint")),
                element("nav", element("ul", *links), aria_label=voice.word("contents")),
                element("main", *main, self._explanations()),
            ],
        )

    def _section(self, name: str, kind: str, result: Any, frame: pd.DataFrame, ident: str) -> tuple[str, Html]:
        """Heading and content of one result."""
        voice = self.voice
        if kind == "draft":
            return self._draft(name, result, frame, ident)
        if kind == "scenario":
            return self._scenario(result, frame, ident)
        charts = {"causes": page_charts.of_causes, "bill": page_charts.of_bill}
        tables = {
            "causes": page_studies.causes, "bill": page_studies.bill, "chances": page_studies.chances,
            "findings": page_studies.findings,
        }  # fmt: skip
        drawn = charts[kind](result, voice) if kind in charts and len(frame) else []
        heading = voice.word(name) if kind == "table" and name else voice.word(kind)
        hint = element("p", voice.word("sorts"), class_="faint hint")
        if not len(frame):
            return heading, element("p", "—")
        if kind == "table":
            return heading, joined([hint, page_studies.plain(result, self.told, f"{ident}-t", heading)])
        return heading, joined([*drawn, hint, tables[kind](result, self.told, f"{ident}-t")])

    def _draft(self, name: str, result: Any, frame: pd.DataFrame, ident: str) -> tuple[str, Html]:
        voice = self.voice
        frame = as_known(frame)
        areas = in_order(frame["region"], voice.names)
        heading = self._areas(areas) or name
        apart = totals_apart(result, frame)
        parts: list[object] = [element("h3", voice.word("story")), self._story(frame, areas, apart)]
        if apart:
            listed = [voice.name(f) for f in dict.fromkeys(map(str, frame["programme"])) if f in apart]
            parts += [element("p", voice.word("apart", ("、" if voice.zh else ", ").join(listed)), class_="faint")]
        drawn = page_charts.of_draft(result, voice)
        parts += [element("h3", voice.word("charts")), *drawn] if drawn else []
        parts += [element("h3", voice.word("overview")), element("p", voice.word("sorts"), class_="faint hint")]
        parts += [overview(frame, self.told, f"{ident}-t", heading)]
        parts += [element("h3", voice.word("lines")), lines(frame, self.told, f"{ident}-l", heading)]
        found = getattr(result, "findings", None)
        if found is not None and len(found) and not self._said_before(found, ident):
            parts += [element("h3", voice.word("findings")), page_studies.findings(found, self.told, f"{ident}-f")]
        return heading, joined(parts)

    def _said_before(self, found: Any, ident: str) -> bool:
        """Whether an earlier section has the same findings: a draft keeps them when it is rolled up."""
        mine = frame_of(found)
        for number, result in enumerate(self.named.values(), start=1):
            if f"s{number}" == ident:
                return False
            other = getattr(result, "findings", None)
            if other is not None and frame_of(other).equals(mine):
                return True
        return False

    def _areas(self, areas: list[str]) -> str:
        """One area's name, a few of them, or how many there are."""
        names = [self.voice.name(a) for a in areas]
        comma = "、" if self.voice.zh else ", "
        return comma.join(names) if len(names) <= 3 else self.voice.word("several", len(names), comma.join(names[:2]))

    def _story(self, frame: pd.DataFrame, areas: list[str], apart: frozenset[str]) -> Html:
        """Sentences of each fund: the draft, and folded the year under way; of several areas the draft, area by area."""
        rows = story_table(frame, apart)
        if rows.empty:
            return element("p", self.voice.word("no_data"))
        last = (rows["stage"] == rows["stage"].iloc[-1]).to_numpy(bool)
        if len(areas) == 1:
            parts: list[Html] = [self._sentences(rows[last], frame)]
            for (period, stage), part in rows[~last].groupby(["period", "stage"], sort=False):
                head = element("summary", self.voice.column(str(period), str(stage)))
                parts.append(element("details", head, self._sentences(part, frame)))
            return joined(parts)
        told = dict(list(rows[last].groupby("region", sort=False)))
        return joined(
            [
                element("details", element("summary", self.voice.name(a)), self._sentences(told[a], frame))
                for a in areas
                if a in told
            ]
        )

    def _sentences(self, rows: pd.DataFrame, frame: pd.DataFrame) -> Html:
        """All funds together in front, then fund by fund."""
        scale = money_scale(frame, self.voice)
        texts = [(row["programme"], sentence(row, self.voice, scale)) for row in rows.to_dict("records")]
        lead = [element("p", text, class_="lead") for fund, text in texts if not fund]
        return joined([*lead, element("ul", *(element("li", text) for fund, text in texts if fund), class_="story")])

    def _scenario(self, result: Any, frame: pd.DataFrame, ident: str) -> tuple[str, Html]:
        voice = self.voice
        regions = set(frame["region"].astype(str))
        drafts = [(r, frame_of(r)) for r in self.named.values() if _kind(frame_of(r)) == "draft"]
        beside = next((r for r, f in drafts if set(f["region"].astype(str)) == regions), None)
        parts: list[object] = [*page_charts.of_scenario(result, voice, beside)]
        parts.append(element("p", voice.word("sorts"), class_="faint hint"))
        texts = frame["scenario"].astype("object").fillna("")
        for number, title in enumerate(dict.fromkeys(texts), start=1):
            own = frame[(texts == title).to_numpy(bool)]
            parts += [element("h3", str(title) or "—"), overview(own, self.told, f"{ident}-{number}", str(title))]
        return voice.word("scenario"), joined(parts)

    def _origin(self) -> Html:
        """Where the results come from, each fact once."""
        rows: dict[tuple[str, str], None] = {}
        for result in self.named.values():
            for key, label in _ABOUT.items():
                value = origin_of(result).get(key)
                if value not in (None, "", [], ()):
                    listed = "、".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
                    rows[(self.voice.word(label), listed)] = None
        body = [element("tr", element("th", label, scope="row"), element("td", text)) for label, text in rows]
        return element("div", element("table", element("tbody", *body)), class_="scroll") if body else element("p", "—")

    def _explanations(self) -> Html:
        voice = self.voice
        parts = [element("h2", voice.word("explanations")), element("p", voice.word("explanations_lead"), class_="faint")]
        return element("section", *parts, self.told.html(), id="explanations", class_="explanations")


def _document(title: str, voice: Voice, body: list[Html]) -> str:
    """The file around the content. Its policy lets run what is written here, and nothing else."""
    here = files("sibforecast.report")
    style, script = ((here / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))

    def allowed(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    policy = f"default-src 'none'; img-src data:; style-src {allowed(style)}; script-src {allowed(script)}; base-uri 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("link", rel="icon", href="data:,"),
        element("style", Html(style)),
    )
    whole = element("html", head, element("body", *body, element("script", Html(script))), lang="zh-CN" if voice.zh else "en")
    return f"<!DOCTYPE html>\n{whole}\n"
