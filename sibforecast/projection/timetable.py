"""The calendar of a budget year: what falls due when, on what ground, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from sibforecast.errors import SibError, all_faults
from sibforecast.items import did_you_mean

_OPINION = "内政发〔2015〕134号"
_QUARTERLY = "quarterly execution reports since 2011, business.sohu.com/20110923/n320264525.shtml"
_LAW = "预算法 第十四条"
_CUSTOM = "usual practice; no document seen"

COLUMNS = ("step", "name", "name_en", "start", "end", "source", "status")


@dataclass(frozen=True)
class Step:
    """A step: its days as (years after the budget year, month, day)."""

    code: str
    zh: str
    en: str
    start: tuple[int, int, int]
    end: tuple[int, int, int]
    source: str
    status: str


#: statute: in the law or a document in force; unverified: usual practice, to be replaced by the area's own days.
_STEPS = (
    Step("open_draft", "启动下年预算编制", "next year's draft opens", (-1, 4, 1), (-1, 6, 30), f"{_OPINION}: 二季度", "statute"),
    Step("notice", "下发编制通知", "notice of compilation", (-1, 8, 1), (-1, 10, 31), _CUSTOM, "unverified"),
    Step("drafts", "编报预算草案", "drafts compiled and reported", (-1, 10, 1), (-1, 11, 30), _CUSTOM, "unverified"),
    Step("congress", "人民代表大会审批", "people's congress", (0, 1, 1), (0, 2, 28), _CUSTOM, "unverified"),
    Step("quarter_1", "一季度执行分析", "analysis of the first quarter", (0, 4, 1), (0, 4, 25), _QUARTERLY, "observed"),
    Step("quarter_2", "二季度执行分析", "analysis of the second quarter", (0, 7, 1), (0, 7, 25), _QUARTERLY, "observed"),
    Step("quarter_3", "三季度执行分析", "analysis of the third quarter", (0, 10, 1), (0, 10, 25), _QUARTERLY, "observed"),
    Step("quarter_4", "四季度执行分析", "analysis of the fourth quarter", (1, 1, 1), (1, 1, 25), _QUARTERLY, "observed"),
    Step("monthly", "按月报送执行情况", "execution reported each month", (0, 1, 1), (0, 12, 31), f"{_OPINION}: 按月", "statute"),
    Step("final_report", "编报决算", "final accounts reported", (1, 1, 1), (1, 4, 30), _CUSTOM, "unverified"),
    Step("final_review", "人大常委会审查决算", "final accounts examined", (1, 6, 1), (1, 9, 30), _CUSTOM, "unverified"),
)
#: Days after approval within which a budget is published.
_PUBLISHED_WITHIN = 20


def calendar(year: int, *, approved: str | None = None, days: Mapping[str, tuple[str, str]] | None = None) -> pd.DataFrame:
    """The steps of a budget year, with their days, their ground, and how sure it is.

    Parameters
    ----------
    year : int
        The budget year.
    approved : str, optional
        The day the budget was approved, ``2027-02-03``: publication falls due within 20 days.
    days : mapping, optional
        An area's own days by step, ``{"drafts": ("2026-10-15", "2026-11-10")}``; they bear the
        status ``given``.

    Returns
    -------
    DataFrame
        step, name, name_en, start, end, source, status: ``statute`` (in the law or a document
        in force), ``observed`` (reported elsewhere), ``unverified`` (usual practice: replace
        it by the area's own days) or ``given``. Leagues have no people's congress: their
        approval step differs. Publication is blank until the day of approval is known.

    Raises
    ------
    SibError
        With all faults at once: an unknown step, a day that is none, an end before its start.

    Examples
    --------
    >>> calendar(2027).set_index("step").loc["open_draft", ["start", "end", "status"]].tolist()
    ['2026-04-01', '2026-06-30', 'statute']
    >>> calendar(2027, approved="2027-02-03").set_index("step").loc["publish", "end"]
    '2027-02-23'
    """
    given = dict(days or {})
    known = [*(s.code for s in _STEPS), "publish"]
    strange = [code for code in given if code not in known]
    faults = [f"unknown step {code!r}{did_you_mean(code, known)}; expected one of {', '.join(known)}" for code in strange]
    told = [*given.items(), *([("approved", (approved, approved))] if approved is not None else [])]
    faults += [fault for name, words in told for fault in _day_faults(name, words)]
    if faults:
        raise all_faults(SibError, "calendar", faults)
    rows = [_row(step, int(year)) for step in _STEPS]
    rows.append({
        "step": "publish", "name": "预算公开", "name_en": "budget published", "start": approved, "source": f"{_LAW}: 20日内",
        "end": str(date.fromisoformat(approved) + timedelta(days=_PUBLISHED_WITHIN)) if approved else None, "status": "statute",
    })  # fmt: skip
    for row in rows:
        if row["step"] in given:
            row["start"], row["end"] = given[row["step"]]
            row["source"], row["status"] = "given", "given"
    rows.sort(key=lambda r: (r["start"] or f"{year}-02-28", r["end"] or ""))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(step: Step, year: int) -> dict[str, Any]:
    start, end = (str(date(year + after, month, day)) for after, month, day in (step.start, step.end))
    return {"step": step.code, "name": step.zh, "name_en": step.en, "start": start, "end": end,
            "source": step.source, "status": step.status}  # fmt: skip


def _day_faults(name: str, words: Any) -> list[str]:
    """Faults of a pair of days."""
    try:
        start, end = (date.fromisoformat(word) for word in words)
    except (ValueError, TypeError):
        return [f"{name}: expected days such as 2027-02-03; found {words!r}"]
    return [f"{name}: ends {end} before it starts {start}"] if end < start else []
