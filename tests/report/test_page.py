"""The page of results: one file, no network, figures as in the tables, every link with its target."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sibforecast as sib
from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE
from sibforecast.phrases import Teller
from sibforecast.plots.scales import Scale
from sibforecast.report.account import totals_apart
from sibforecast.report.known import as_known
from sibforecast.report.story import sentence, story_table
from sibforecast.report.voice import Voice
from sibforecast.results import Findings
from tests.plots import tables
from tests.report import chromium

_VOID = {"meta", "link", "img", "br"}
_MAIN = ["total_revenue", "total_expenditure", "current_balance", "closing_balance", "months_payable", "gap"]


class Reader(HTMLParser):
    """What a page holds: its elements, addresses, links, tables and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.text: list[str] = []
        self.items: list[str] = []
        self._frame = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.elements.append((tag, told))
        if tag not in _VOID:
            self.stack.append(tag)
        if tag == "div" and told.get("class") == "scroll":
            self._frame = told.get("id") or f"t{len(self.tables)}"
            self.tables[self._frame] = []
        if tag == "tr":
            self.tables[self._frame].append([])
        if tag in ("td", "th"):
            self.tables[self._frame][-1].append("")
        if tag == "li":
            self.items.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag, f"{tag} closes nothing"

    def handle_data(self, data: str) -> None:
        if self.stack[-1:] in (["style"], ["script"]):
            return
        self.text.append(data)
        if {"td", "th"} & set(self.stack) and not {"span"} & set(self.stack[-1:]):
            self.tables[self._frame][-1][-1] += data
        if "li" in self.stack:
            self.items[-1] += data

    def all(self, attribute: str) -> list[str]:
        return [str(a[attribute]) for _, a in self.elements if a.get(attribute)]


def read(path: Path) -> Reader:
    found = Reader(path.read_text("utf-8"))
    assert not found.stack
    return found


def draft_rows(region: str = "150100", months: float | None = 18.0) -> pd.DataFrame:
    values: dict[tuple[str, str], tuple[Any, ...]] = {
        ("2025", "final"): (3e8, 3.5e8, -0.5e8, 10.5e8, 36.0, 0.5e8),
        ("2026", "budget"): (5e8, 5e8, 0.0, 10.5e8, 25.2, 0.0),
        ("2026", "expected"): (4e8, 6e8, -2e8, 8.5e8, 17.0, 2e8),
        ("2027", "draft"): (5.12345e8, 6e8, -0.87655e8, 7.62345e8, months, 0.87655e8),
    }
    rows = [
        (region, "unemployment", item, period, stage, value, f"way of {item} & <{stage}>")
        for (period, stage), row in values.items()
        for item, value in zip(_MAIN, row, strict=True)
    ]
    return pd.DataFrame(rows, columns=["region", "programme", "item", "period", "stage", "value", "method"])


def shown(value: float, places: int) -> str:
    """A figure rounded half-up by hand."""
    rounded = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{rounded:,f}".replace("-", "−")


def checked(path: Path) -> Reader:
    """A page that keeps to itself and whose links lead somewhere."""
    page = read(path)
    idents = page.all("id")
    assert len(idents) == len(set(idents))
    hrefs = [h for h in page.all("href") if h != "data:,"]
    assert hrefs
    assert all(h.startswith("#") and h[1:] in set(idents) for h in hrefs)
    assert all(src.startswith("data:image/") for src in page.all("src"))
    assert not {t for t, _ in page.elements} & {"iframe", "object", "embed", "form", "base", "svg", "picture"}
    assert not [a for _, a in page.elements for name in a if name.startswith("on") or name == "style"]
    text = re.sub(r'"data:image/[^"]*"', '""', path.read_text("utf-8"))
    assert "http:" not in text
    assert "https:" not in text
    assert "url(" not in text
    assert "@import" not in text
    return page


def test_the_numbers_of_the_story() -> None:
    rows = story_table(draft_rows())
    assert rows[["period", "stage", "compared"]].values.tolist() == [["2026", "expected", "final"], ["2027", "draft", "expected"]]
    draft = rows.iloc[1]
    assert draft[["total_revenue", "revenue_before", "total_expenditure", "expenditure_before"]].tolist() == [5.12345e8, 4e8, 6e8, 6e8]
    assert rows.iloc[0][["revenue_budget", "expenditure_budget"]].tolist() == [5e8, 5e8]
    assert rows.iloc[1][["revenue_budget", "expenditure_budget"]].isna().all()


def test_sentences_in_both_languages() -> None:
    rows = story_table(draft_rows()).to_dict("records")
    scale = Scale(1e8, "亿元", 2)
    names = {"unemployment": "失业保险基金"}
    # 5.12345 − 4 = 1.12345; 1.12345 ÷ 4 = 28.08625 %; −0.87655 → −0.88
    assert sentence(rows[1], Voice("zh", names), scale) == (
        "失业保险基金2027年草案：本年收入5.12亿元，比上年预计执行增加1.12亿元，增长28.09%；"
        "本年支出6.00亿元，与上年预计执行持平。本年收支结余−0.88亿元（收不抵支），年末滚存结余7.62亿元，"
        "可支付月数18.00个月，弥补前收支缺口0.88亿元。"
    )
    # 4 ÷ 3 − 1 = 33.33 %; 4 ÷ 5 = 80 %; 6 ÷ 3.5 − 1 = 71.43 %; 6 ÷ 5 = 120 %
    assert sentence(rows[0], Voice("en"), Scale(1e8, "100m yuan", 2)) == (
        "unemployment, 2026 expected outturn: revenue 4.00 (100m yuan), 1.00 more than last year's final account, up 33.33%, "
        "80.00% of the budget; expenditure 6.00 (100m yuan), 2.50 more than last year's final account, up 71.43%, "
        "120.00% of the budget. Balance of the year −2.00 (a deficit), closing balance 8.50, 17.00 months payable, "
        "gap before filling 2.00."
    )


def test_what_is_not_known_is_not_told() -> None:
    rows = draft_rows()
    rows.loc[(rows["item"] == "total_revenue") & (rows["stage"] == "expected"), "value"] = None
    rows.loc[(rows["item"] == "total_expenditure") & (rows["stage"] == "draft"), "value"] = None
    told = story_table(rows).to_dict("records")
    text = sentence(told[1], Voice("zh"), Scale(1e8, "亿元", 2))
    assert "本年收入5.12亿元；本年支出没有数据。" in text  # nothing to compare with, nothing to say
    assert "本年收入没有数据；" in sentence(told[0], Voice("zh"), Scale(1e8, "亿元", 2))


def test_all_funds_together_only_where_each_is_known() -> None:
    other = draft_rows().assign(programme="work_injury")
    both = story_table(pd.concat([draft_rows(), other]))
    assert both["programme"].tolist() == ["", "unemployment", "work_injury"] * 2
    assert both.iloc[3]["total_revenue"] == 2 * 5.12345e8
    other.loc[(other["item"] == "total_revenue") & (other["stage"] == "draft"), "value"] = None
    assert pd.isna(story_table(pd.concat([draft_rows(), other])).iloc[3]["total_revenue"])
    with pytest.raises(SibError, match="two figures of 150100"):
        story_table(pd.concat([draft_rows(), draft_rows()]))


@pytest.mark.parametrize(("language", "word", "lang"), [(None, "收支总表", "zh-CN"), ("zh", "收支总表", "zh-CN"), ("en", "Funds at a glance", "en")])
def test_a_draft(tmp_path: Path, language: str | None, word: str, lang: str) -> None:
    path = sib.report.page(tables.named(draft_rows(months=None)), tmp_path / "a.html", language=language)
    page = checked(path)
    assert page.elements[0] == ("html", {"lang": lang})
    text = "".join(page.text)
    assert word in text
    head, row = page.tables["s1-t"][0], page.tables["s1-t"][1]
    assert len(head) == len(row) == 9
    # months payable are not known: a dash, never a zero
    # in 万元: two places of a 亿元 would be too coarse for the lines of so small a fund
    assert row[1:] == ["51,234.50", "28.09", "60,000.00", "0.00", "−8,765.50", "76,234.50", "—", "8,765.50"]
    assert "way of total_revenue & <draft>" in text
    assert ("示例数据" in text) == (language != "en")
    assert ("llustrative" in text) == (language == "en")
    said = page.items
    assert any(shown(51234.5, 2) in s and shown(76234.5, 2) in s for s in said)


def test_figures_lead_to_their_method(tmp_path: Path) -> None:
    path = sib.report.page(tables.named(draft_rows()), tmp_path / "a.html")
    checked(path)
    text = path.read_text("utf-8")
    href = re.search(r'data-v="762345000"><a href="#(w[\d-]+)"', text)
    assert href
    assert f'<li id="{href[1]}">2027年草案：<q>way of closing_balance &amp; &lt;draft&gt;</q></li>' in text


def test_texts_stay_texts(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=\'alert(2)\'>&amp;'
    rows = draft_rows().assign(method=evil, programme=evil, region=evil)
    causes = tables.attribution().astype(str).assign(cause=evil, evidence=evil, value=1e8)
    bill = tables.bill().astype({"region": str}).assign(reason=evil, clause=evil, cause=evil)
    found = Findings.of([{"id": "x", "severity": s, "message": evil, "mend": evil, "table": evil} for s in ("error", "note")])
    result = tables.Named(lambda: rows, {"illustrative": True, "currency": "yuan", "input": evil, "year": evil}, {"zh": {evil: evil}, "en": {}})
    path = sib.report.page({evil: result, "c": causes, "b": bill, "f": found, "t": pd.DataFrame({evil: [evil]})}, tmp_path / "a.html")
    page = checked(path)
    assert [t for t, _ in page.elements].count("script") == 1
    assert all(a.get("src", "").startswith("data:image/") for t, a in page.elements if t == "img")
    assert "".join(page.text).count("<script>alert(1)</script>") > 10
    policy = next(a["content"] for t, a in page.elements if a.get("http-equiv"))
    assert policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_other_results(tmp_path: Path) -> None:
    chances = tables.named(tables.forecast())
    plain = pd.DataFrame({"name": ["a", None], "count": [1_234_567.5, None]})
    found = Findings.of([{"id": "x", "severity": "note", "message": "said"}])
    results = [tables.named(tables.attribution()), tables.named(tables.bill()), chances, found, plain]
    page = checked(sib.report.page(results, tmp_path / "a.html", language="en"))
    causes = page.tables["s1-t"]
    # 8 + −1 − 2.5 + 4 + 1.25 + 0.05, areas and lines summed
    assert [r[-1] for r in causes[1:]] == ["8.00", "−1.00", "−2.50", "4.00", "1.25", "0.05"]
    bill = {r[0]: r[1:] for r in page.tables["s2-t-1"][1:]}
    # Hohhot: region 5 + 0.5, league 2, county 0.01, fund 1; in all 8.51
    assert bill["Hohhot"] == ["5.50", "2.00", "0.01", "1.00", "0.00", "8.51"]
    assert page.tables["s3-t"][1][-5:] == ["430.0", "404.2", "417.1", "442.9", "455.8"]
    assert page.tables["s5-t"][1:] == [["a", "1,234,567.5"], ["", "—"]]


def test_a_blank_cause_is_no_zero(tmp_path: Path) -> None:
    rows = tables.attribution().astype({"cause": str})
    rows.loc[rows["cause"] == "campaign", "value"] = None
    page = checked(sib.report.page(tables.named(rows), tmp_path / "a.html", language="en"))
    assert next(r for r in page.tables["s1-t"] if "campaign" in r)[-1] == "—"
    assert "Chart left out" in "".join(page.text)


def test_amounts_of_other_tables_are_in_the_unit_of_their_item(tmp_path: Path) -> None:
    rows = pd.DataFrame(
        {"region": "150100", "item": ["interest", "insured"], "budget": [2.5e8, 12_345.0], "progress": [0.123456, None], "reason": "x"}
    )
    page = checked(sib.report.page(tables.named(rows), tmp_path / "a.html"))
    assert page.tables["s1-t"][1:] == [
        ["呼和浩特市", "利息收入", "2.50", "0.1235", "x", "亿元"],
        ["呼和浩特市", "参保人数", "1.23", "—", "x", "万人"],  # 1.2345 half-up
    ]
    with pytest.raises(SibError, match="occur twice"):
        sib.report.page(pd.concat([tables.forecast()] * 2), tmp_path / "b.html")


def test_the_same_results_make_the_same_file(tmp_path: Path) -> None:
    one, two = (sib.report.page(tables.named(draft_rows()), tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert one == two


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(SibError, match="no result"):
        sib.report.page([], tmp_path / "a.html")
    with pytest.raises(SibError, match="results and tables; got int"):
        sib.report.page(3, tmp_path / "a.html")
    with pytest.raises(SibError, match="unknown language"):
        sib.report.page(draft_rows(), tmp_path / "a.html", language="fr")
    dollars = tables.named(draft_rows(), currency="USD")
    with pytest.raises(SibError, match="one currency; found yuan, USD"):
        sib.report.page([tables.named(draft_rows()), dollars], tmp_path / "a.html")
    assert not list(tmp_path.iterdir())
    assert checked(sib.report.page(dollars, tmp_path / "a.html")).elements[0] == ("html", {"lang": "en"})


@pytest.fixture(scope="module")
def nmg_page(nmg_draft: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, float]:
    region = sib.roll_up(nmg_draft, "region")
    league = sib.roll_up(nmg_draft, "league")
    start = time.process_time()
    path = sib.report.page([region, league], tmp_path_factory.mktemp("page") / "nmg.html")
    return path, region, time.process_time() - start


def test_nmg_is_small_and_quick(nmg_page: tuple[Path, Any, float]) -> None:
    path, _, seconds = nmg_page
    assert path.stat().st_size < 3_000_000
    assert seconds < 10  # about two; the machine may be busy
    checked(path)


def test_every_figure_of_nmg_is_the_frame_rounded(nmg_page: tuple[Path, Any, float]) -> None:
    path, region, _ = nmg_page
    page, frame = read(path), region.frame
    frame = frame.assign(key=frame["period"].astype(str) + frame["stage"].astype(str))
    heads = {"2025年决算": "2025final", "2026年预算": "2026budget", "2026年预计执行": "2026expected", "2027年草案": "2027draft"}
    units = {"亿元": 1e8, "万人": 1e4, "%": 0.01, "万人月": 1e4, "亿人月": 1e8}
    labels = {i.zh: code for code, i in CATALOGUE.items()}
    count = 0
    for number, fund in enumerate(dict.fromkeys(frame["programme"].astype(str)), start=1):
        head, *rows = page.tables[f"s1-l-{number}"]
        own = frame[frame["programme"] == fund]
        known = {(i, k): v for i, k, v in own[["item", "key", "value"]].itertuples(index=False, name=None) if v == v}
        for row in rows:
            label, _, unit = row[0].partition(" ")
            scale = units.get(unit, 1.0)
            for name, cell in zip(head[1:], row[1:], strict=True):
                value = known.pop((labels[label], heads[name]), None)
                if value is None:
                    assert cell == "—"
                    continue
                places = len(cell.partition(".")[2])
                assert cell == shown(value / scale, places), (fund, label, name)
                count += 1
        assert not known, "figures of the frame are not on the page"
    assert count > 1_000


def test_every_figure_of_nmg_leads_to_its_own_explanation(nmg_page: tuple[Path, Any, float]) -> None:
    path, region, _ = nmg_page
    text = path.read_text("utf-8")
    told = {
        ident: (summary, said)
        for summary, block in re.findall(r'<details class="why"><summary>(.*?)</summary>(.*?)</details>', text)
        for ident, said in re.findall(r'<li id="(.*?)">(.*?)</li>', block)
    }
    frame = region.frame
    methods = {tuple(k): m for *k, m in frame[["programme", "item", "period", "stage", "method"]].astype(str).itertuples(index=False, name=None)}
    labels = {i.zh: code for code, i in CATALOGUE.items()}
    teller = Teller("zh", region.labels("zh"))
    pairs = [("2025", "final", "2025年决算"), ("2026", "budget", "2026年预算"), ("2026", "expected", "2026年预计执行"), ("2027", "draft", "2027年草案")]
    count = 0
    for number, fund in enumerate(dict.fromkeys(frame["programme"].astype(str)), start=1):
        body = re.search(rf'id="s1-l-{number}".*?<tbody>(.*?)</tbody>', text)
        assert body
        for row in re.findall(r"<tr>(.*?)</tr>", body[1]):
            name = re.search(r'<th scope="row">(.*?) ?(?:<small.*?)?</th>', row)
            assert name
            cells = re.findall(r"<td .*?</td>", row)
            for (period, stage, heading), cell in zip(pairs, cells, strict=True):
                href = re.search(r'href="#(.*?)"', cell)
                if href is None:
                    continue
                summary, said = told[href[1]]
                assert summary == f"内蒙古自治区 · {region.labels('zh')[fund]} · {name[1]}"
                assert said == f"{heading}：<q>{teller.text(methods[fund, labels[name[1]], period, stage])}</q>"
                assert not re.search("[a-z]{3}", said.replace("<q>", "").replace("</q>", "")), said
                count += 1
    assert count > 1_000


def test_the_sentences_of_nmg_are_the_frame(nmg_page: tuple[Path, Any, float]) -> None:
    path, region, _ = nmg_page
    frame = region.frame
    value = {k: v for *k0, v in frame[["programme", "item", "period", "stage", "value"]].itertuples(index=False, name=None) for k in [tuple(k0)]}
    text = next(s for s in read(path).items if s.startswith("失业保险基金2027年草案"))
    now, before = (value["unemployment", "total_revenue", *k] for k in (("2027", "draft"), ("2026", "expected")))
    assert now > before
    assert text.startswith(
        f"失业保险基金2027年草案：本年收入{shown(now / 1e8, 2)}亿元，比上年预计执行增加{shown((now - before) / 1e8, 2)}亿元，"
        f"增长{shown((now - before) / before * 100, 2)}%；"
    )
    closing = value["unemployment", "closing_balance", "2027", "draft"]
    assert f"年末滚存结余{shown(closing / 1e8, 2)}亿元" in text


@pytest.fixture(scope="module")
def page_in_browser(nmg_page: tuple[Path, Any, float]) -> Iterator[tuple[chromium.Browser, Path]]:
    if chromium.BINARY is None:
        pytest.skip("no Chromium on this machine: the page was not looked at in a browser")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, chromium.browser(Path(folder)) as browser:
        yield browser, nmg_page[0]


@pytest.mark.parametrize("width", [390, 1280])
def test_in_chromium(page_in_browser: tuple[chromium.Browser, Path], width: int) -> None:
    browser, path = page_in_browser
    browser.open(path, width)
    assert browser.run("document.documentElement.scrollWidth") <= width  # tables scroll, the page does not
    first = "Array.from(document.querySelectorAll('#s1-t tbody tr')).map(r => r.cells[1].dataset.v === '' ? null : Number(r.cells[1].dataset.v))"
    written = browser.run(first)
    button = "document.querySelector('#s1-t thead th:nth-child(2) button')"
    browser.run(f"{button}.click()")
    assert browser.run(first) == sorted(written)
    browser.run(f"{button}.focus()")
    browser.press("Enter", "\r")  # by key as by click
    assert browser.run(first) == sorted(written, reverse=True)
    assert browser.run(f"{button}.parentElement.getAttribute('aria-sort')") == "descending"
    browser.press("Enter", "\r")
    assert browser.run(first) == written
    browser.run("document.querySelector('#s1-t td.n a').click()")
    time.sleep(0.3)
    assert browser.run("document.querySelector(':target').closest('details').open") is True
    browser.run("document.querySelector('details.lines').open = true")
    time.sleep(0.2)
    frame = "document.querySelector('details.lines .scroll')"  # the last years stand in sight, the draft among them
    assert browser.run(f"{frame}.scrollLeft + {frame}.clientWidth >= {frame}.scrollWidth - 1") is True
    assert browser.run("Array.from(document.images).every(i => i.complete && i.naturalWidth > 0)") is True
    assert browser.paper().startswith(b"%PDF")
    assert browser.complaints == []
    assert browser.requests
    assert all(r.startswith(("file:", "data:")) for r in browser.requests)


def test_years_run_in_time_and_each_line_has_its_unit(nmg_page: tuple[Path, Any, float]) -> None:
    page = read(nmg_page[0])
    head, row = page.tables["s1-l-1"][0], page.tables["s1-l-1"][1]
    assert head == ["项目", "2025年决算", "2026年预算", "2026年预计执行", "2027年草案"]
    assert row[0].split(" ")[1] == "万人"
    css = (Path(sib.__file__).parent / "report" / "page.css").read_text("utf-8")
    assert "figure img { width: 100%; max-width: 100%;" in css
    assert "max-width: none; }\n}\n@media print" not in css


def test_findings_say_what_was_expected_and_found(tmp_path: Path) -> None:
    """Beside what is wrong; where no finding of a table tells them there are no empty columns."""
    row = {"id": "I1", "severity": "error", "message": "m", "mend": "n", "region": "150100"}
    told = {"full": row | {"expected": "1,234", "found": "1,243"}, "bare": row | {"expected": None, "found": None}}
    heads = {}
    for name, finding in told.items():
        sib.report.page({"f": sib.Findings.of([finding])}, tmp_path / "a.html", language="zh")
        (heads[name], cells) = next(t for t in read(tmp_path / "a.html").tables.values() if t[0][0] == "级别")[:2]
        assert len(cells) == len(heads[name])
    assert heads["full"][-3:] == ["应为", "实为", heads["bare"][-1]]
    assert cells[-1] == "n"
    assert len(heads["full"]) == len(heads["bare"]) + 2


def test_money_of_small_funds_is_in_smaller_units() -> None:
    """Interest of 1,234,567 元 is 0.01 亿元 but 123.46 万元."""
    assert Voice("zh", small=True).scale(2e9).text(1_234_567.0) == "123.46"
    assert Voice("zh").scale(2e9).text(1_234_567.0) == "0.01"


def test_published_totals_are_told_and_not_added_up(china):
    """Both parts of medical insurance are known: they count. Of urban employees' pensions the enterprises' alone: the total counts."""
    draft = sib.draft_budget(china, 2017)
    apart = totals_apart(draft, draft.frame)
    assert apart == {"medical", "enterprise_pension"}
    told = story_table(as_known(draft.frame), apart).query("period == '2017' and stage == 'draft'").set_index("programme")
    own = [f for f in told.index if f and f not in apart]
    assert told.loc["", "total_revenue"] == pytest.approx(told.loc[own, "total_revenue"].sum())
    assert "medical" in told.index
