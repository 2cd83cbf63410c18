"""What reports say in words, beside what they say in figures: effects, definitions, texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from sibforecast import items
from sibforecast.oversight.review_accounts import EARLIER_STAGES, Accounts
from sibforecast.oversight.review_registry import DEFAULT, Check, Hit
from sibforecast.programmes.registry import PRINTED_TOTAL
from sibforecast.tables.units import parse_unit

Tolerance = Mapping[str, float]

_REASONS = ("因", "由于", "主要是", "影响", "because", "due to", "owing to")
_DEFINITION = ("口径", "caliber", "definition")
#: Words of the fixed sentences that no item bears as its name.
_SENTENCE_WORDS = {
    "本年收入": "total_revenue",
    "本年支出": "total_expenditure",
    "当年收入": "total_revenue",
    "当年支出": "total_expenditure",
}
_NUMBER = r"(-?\d[\d,]*(?:\.\d+)?)"
_MONEY = r"(亿元|万元|元|万人|人|亿|万)"
_CHANGE = re.compile(rf"(?:比|较)(?:上年|去年)(?:同期)?[^,。;\d]{{0,6}}?(增加|增长|增|减少|下降|降低)了?{_NUMBER}{_MONEY}")
_RATE = re.compile(rf"(增长|增加|增|下降|减少|降低)了?{_NUMBER}%")
_DONE = re.compile(rf"完成[^,。;\d]{{0,8}}?预算[^,。;\d]{{0,4}}?{_NUMBER}%")
_DOWN = ("减少", "下降", "降低")


@dataclass(frozen=True)
class Claim:
    """A figure of a text, and how far rounding may move it."""

    value: float
    slack: float


def _claim(digits: str, unit: str = "") -> Claim:
    plain = digits.replace(",", "")
    places = len(plain.partition(".")[2])
    factor = parse_unit(f"{unit}元" if unit in ("亿", "万") else unit).factor if unit else 0.01
    return Claim(float(plain) * factor, 0.5 * 10.0**-places * factor)


def texts(accounts: Accounts) -> dict[tuple[str, str, str], list[tuple[int, str]]]:
    """What is said of an area, fund (``all`` where none is named) and period, with its rows."""
    told: dict[tuple[str, str, str], list[tuple[int, str]]] | None = accounts.shared.get("texts")
    if told is None:
        told = {}
        for record in accounts.data.table("statements").to_dict("records"):
            key = (str(record["region"]), str(record.get("programme") or PRINTED_TOTAL), str(record["period"]))
            told.setdefault(key, []).append((int(record.get("row") or 0), str(record["text"])))
        accounts.shared["texts"] = told
    return told


def _said(accounts: Accounts, account: int) -> str:
    """Everything said of an account, by its area and those above it."""
    told = texts(accounts)
    if not told:
        return ""
    region, programme, period = accounts.keys[account]
    areas = (region, *accounts.data.regions.ancestors(region))
    places = ((a, p, t) for a in areas for p in (programme, PRINTED_TOTAL) for t in (period, period[:4]))
    return "\n".join(text for place in places for _, text in told.get(place, ()))


def explained(accounts: Accounts, account: int, item: str) -> bool:
    """Whether a statement names the item and a reason."""
    text = _said(accounts, account).lower()
    if not text:
        return False
    entry = items.CATALOGUE[item]
    names = any(word.lower() in text for word in (entry.code, entry.en, entry.zh, *entry.aliases))
    return names and any(word in text for word in _REASONS)


def definitions(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-18: where a definition changes, a note says so."""
    changed: dict[int, list[tuple[str, str]]] = {}
    before = _calibers(accounts)
    for i, column in zip(*np.nonzero(accounts.caliber != ""), strict=True):
        item = list(accounts.columns)[int(column)]
        region, programme, period = accounts.keys[int(i)]
        was = before.get((region, programme, item, f"{int(period[:4]) - 1}{period[4:]}"))
        if was is not None and was != accounts.caliber[i, column]:
            changed.setdefault(int(i), []).append((item, f"{was or 'none'} → {accounts.caliber[i, column]}"))
    for event in accounts.data.table("events").to_dict("records"):
        if event.get("kind") == "break":
            for i in _marked(accounts, event):
                named = [x for x in str(event["item"]).split(",") if x in accounts.columns]
                changed.setdefault(i, []).extend((x, f"a new series from {event['start']}") for x in named or ["total_revenue"])
    for i, found in sorted(changed.items()):
        if not any(word in _said(accounts, i).lower() for word in _DEFINITION):
            item, how = found[0]
            yield Hit(
                i,
                item,
                accounts.get(item)[i],
                accounts.was(item)[i],
                cause="definition changed",
                said="a note on the definition (口径)",
                detail=f"{', '.join(x for x, _ in found[:6])}: {how}",
            )


def _calibers(accounts: Accounts) -> dict[tuple[str, str, str, str], str]:
    """The definition each series bore a year earlier."""
    view = accounts.data._view()
    if "caliber" not in view or not (accounts.caliber != "").any():
        return {}
    periods = {f"{int(p[:4]) - 1}{p[4:]}" for p in accounts.period}
    rows = view[view["period"].isin(periods).to_numpy()]
    order = {stage: n for n, stage in enumerate(EARLIER_STAGES)}
    out: dict[tuple[str, str, str, str], tuple[int, str]] = {}
    words = rows["caliber"].astype(object).fillna("")
    for r, p, i, t, stage, word in zip(
        rows["region"], rows["programme"], rows["item"], rows["period"], rows["stage"], words, strict=True
    ):
        key = (str(r), str(p), str(i), str(t))
        if key not in out or order[str(stage)] < out[key][0]:
            out[key] = (order[str(stage)], str(word))
    return {key: word for key, (_, word) in out.items()}


def _marked(accounts: Accounts, event: Mapping[Any, Any]) -> list[int]:
    """Accounts in whose year an announced new series starts."""
    programmes = [p.strip() for p in str(event["programme"]).split(",")]
    year = int(str(event["start"])[:4])
    return [
        i for i, (_, p, period) in enumerate(accounts.keys) if int(period[:4]) == year and (p in programmes or "*" in programmes)
    ]


@cache
def _labels() -> tuple[re.Pattern[str], dict[str, str]]:
    words = {w: c for w, c in items.words().items() if not w.isascii() and len(w) > 2} | _SENTENCE_WORDS
    longest = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    return re.compile(rf"({longest})(?:为|达到|达|是|完成|实现|:)?{_NUMBER}{_MONEY}"), words


def sentences(accounts: Accounts, tolerance: Tolerance) -> Iterator[Hit]:
    """R-19: figures in the text are those of the table, and agree with each other."""
    pattern, words = _labels()
    for (region, programme, period), said in texts(accounts).items():
        account = accounts.place.get((region, programme, period))
        if account is None:
            continue
        for row, raw in said:
            text = re.sub(r"\s+", "", raw).translate(str.maketrans("，：；％（）．", ",:;%()."))
            found = list(pattern.finditer(text))
            for match, following in zip(found, [*found[1:], None], strict=False):
                rest = text[match.end() : following.start() if following else len(text)].split("。")[0]
                yield from _sentence(
                    accounts, account, words[match[1]], _claim(match[2], match[3]), rest, row, tolerance["steps"]
                )


def _sentence(accounts: Accounts, account: int, item: str, level: Claim, rest: str, row: int, steps: float) -> Iterator[Hit]:
    """One figure of a text: itself, its increase, its rate and its completion of the budget."""
    where: dict[str, Any] = {"table": "statements", "row": row}
    figure, last = float(accounts.get(item)[account]), float(accounts.was(item)[account])
    if abs(level.value - figure) > 2 * steps * level.slack + 0.005:
        yield Hit(account, item, level.value, figure, detail="the text's figure is not the table's", **where)
        return
    change = _CHANGE.search(rest)
    now = figure if figure == figure else level.value
    rate = _RATE.search(rest)
    claimed = Claim(float("nan"), 0.0)
    if change:
        claimed = _claim(change[2], change[3])
        claimed = Claim(-claimed.value if change[1] in _DOWN else claimed.value, claimed.slack)
        if last == last and abs(claimed.value - (now - last)) > 2 * steps * claimed.slack + level.slack:
            yield Hit(
                account,
                item,
                claimed.value,
                now - last,
                detail="the increase on last year in the text",
                cause=_change_cause(claimed, now, last),
                at_stake=abs(claimed.value - (now - last)),
                **where,
            )
            return
    if rate:
        percent = _claim(rate[2])
        share = -percent.value if rate[1] in _DOWN else percent.value
        base = last if last == last else now - claimed.value
        due = now / base - 1.0 if base else float("nan")
        slack = percent.slack * 2 * steps + (level.slack + claimed.slack) / max(abs(base), 1e-9) * (1 + abs(due))
        if abs(share - due) > slack:
            whole = abs(now / claimed.value - 1.0 - share) <= percent.slack * 2 * steps if claimed.value else False
            yield Hit(
                account,
                item,
                base * (1 + share),
                now,
                detail=f"the text says {share:+.1%}, the figures {due:+.1%}",
                cause="last year's figure given as the increase" if whole else "",
                **where,
            )
    done, plan = _DONE.search(rest), _budget(accounts, account, item)
    if done and plan:
        percent = _claim(done[1])
        if abs(percent.value - now / plan) > percent.slack * 2 * steps + level.slack / abs(plan):
            yield Hit(
                account,
                item,
                percent.value * plan,
                now,
                detail=f"the text says {percent.value:.1%} of the budget, the figures {now / plan:.1%}",
                **where,
            )


def _change_cause(claimed: Claim, now: float, last: float) -> str:
    if abs(abs(claimed.value) - abs(last)) <= 2 * claimed.slack:
        return "last year's figure given as the increase"
    return "sign flipped" if abs(claimed.value + (now - last)) <= 2 * claimed.slack else ""


def _budget(accounts: Accounts, account: int, item: str) -> float:
    """The budget of an account's year: the adjusted one where there is one; 0 where there is none."""
    view = accounts.data._view()
    region, programme, period = accounts.keys[account]
    rows = view[
        (view["region"] == region) & (view["programme"] == programme) & (view["item"] == item) & (view["period"] == period[:4])
    ]
    for stage in ("adjusted", "budget"):
        value = rows.loc[(rows["stage"] == stage).to_numpy(), "value"]
        if len(value):
            return float(value.iloc[0])
    return 0.0


CHECKS = (
    Check("R-18", "a definition changes without a note", "warning", {}, "every series bears its definition (口径)", DEFAULT,
          "say in the table statements what the new definition (口径) is", definitions),
    Check("R-19", "text and figures disagree", "warning", {"steps": 0.5},
          "a published text gave the base of 1,309,956 万元 as the increase beside growth of 23 %", DEFAULT,
          "correct the text or the table", sentences),
)  # fmt: skip
