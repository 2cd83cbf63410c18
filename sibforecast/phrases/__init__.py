"""The fixed sentences of methods, findings and reasons, as Chinese readers are shown them.

Tables hold every sentence in English, and so does what is made from them (files, JSON, a frame
somebody filtered): programs rely on it, and it travels where no object could. Each sentence is
one of a fixed number, with gaps for names and figures; the tables in this folder pair its
English form with its Chinese one, gap by gap. `Teller` reads a sentence back into its form and
its parts, and tells it in the reader's language. One that no table knows stays as it is, whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from sibforecast.errors import SibError
from sibforecast.items import CATALOGUE, cause_name, words

_FILES = ("methods", "reasons", "findings", "columns", "screen")
#: The id of what is said on a terminal: headlines, notices, what a command tells, what it refuses.
SCREEN = "screen"
LANGUAGES = ("en", "zh")
_GAP = re.compile(r"\{(\w+)(?::(\w+))?\}")
_NUMBER = r"[-+−]?\d[\d,]*(?:\.\d+)?%?"
_KEYS = "stage|side|kind|decided_by|known_at_budget|cause|line|item|programme"
#: What may stand in a gap, by its kind.
_PATTERNS = {
    "number": _NUMBER, "money": rf"{_NUMBER}(?: \([^()]+\))?", "s": "s?", "note": ".+",
    "period": r"\d{4}(?:-\d{2})?", "year": r"\d{4}", "place": r"[^()]+?\.\w+, [^()]+", "currency": r"\w+",
    "amounts": rf"\w+ {_NUMBER}(?:(?:, | and )\w+ {_NUMBER})*", "rest": ".+", "said": ".+?", "terms": r"[\w+/*|. ()]+",
    "moves": r"\w+ [-+]\d[\d,.]*%(?:, \w+ [-+]\d[\d,.]*%)*", "causes": rf".+ {_NUMBER} \([^()]+\)",
    "match": rf"(?:{_KEYS}) [^,;]+(?:, (?:{_KEYS}) [^,;]+)*",
}  # fmt: skip
_MONEY = {"yuan": "元", "10k yuan": "万元", "100m yuan": "亿元"}
#: Kinds of gaps that hold figures: a sentence has one minus sign, never a hyphen.
_FIGURES = ("number", "money", "amounts", "moves", "causes")
_MINUS = re.compile(r"(?<![\w.])-(?=\d)", re.ASCII)
_SIGNS = {"/": " ÷ ", "*": " × ", "+": " + ", "|": "或", "(": "（", ")": "）"}


@dataclass(frozen=True)
class Form:
    """A sentence with gaps: its English as a pattern, the kinds of its gaps, and its Chinese."""

    pattern: re.Pattern[str]
    kinds: Mapping[str, str]
    chinese: str
    letters: int

    @classmethod
    def of(cls, english: str, chinese: str) -> Form:
        """The form of a pair of a table."""
        kinds = {name: kind or "word" for name, kind in _GAP.findall(english)}
        parts = _GAP.split(english)  # text, name, kind, text, name, kind, …
        pattern = "".join(
            re.escape(part) if place % 3 == 0 else f"(?P<{part}>{_PATTERNS.get(parts[place + 1] or 'word', '[^;]+?')})"
            for place, part in enumerate(parts) if place % 3 < 2
        )  # fmt: skip
        return cls(re.compile(pattern, re.S), kinds, chinese, sum(map(len, parts[::3])))


@dataclass(frozen=True)
class Section:
    """Sentences of one kind: those without gaps, and forms: with a place at the end, then the longest, first."""

    plain: Mapping[str, str]
    forms: tuple[Form, ...]


@cache
def _tables() -> dict[str, dict[str, str]]:
    """The tables of this folder: sections by name, English to Chinese."""
    found: dict[str, dict[str, str]] = {}
    for name in _FILES:
        told = tomllib.loads(resources.files("sibforecast.phrases").joinpath(f"{name}.toml").read_text("utf-8"))
        for title, pairs in told.items():
            found[title if name in ("findings", "columns", "screen") else f"{name} {title}"] = pairs
    return found


def _general() -> dict[str, str]:
    """The sentences of methods and reasons."""
    return {e: c for title, table in _tables().items() if title.startswith(("methods ", "reasons ")) for e, c in table.items()}


@cache
def section(id: str = "") -> Section:
    """The sentences of a finding by its id; without one, those of methods and reasons."""
    tables = _tables()
    if id == SCREEN:
        pairs = {**tables["causes"], **tables["any"], **_general(), **tables["screen"], **tables["errors"]}
    elif id:
        pairs = {**tables["causes"], **tables["any"], **tables.get(id, {})}
    else:
        pairs = _general()
    found = (Form.of(e, c) for e, c in pairs.items() if _GAP.search(e))
    forms = sorted(found, key=lambda f: ("place" not in f.kinds.values(), -f.letters))
    return Section({e: c for e, c in pairs.items() if not _GAP.search(e)}, tuple(forms))


@dataclass
class Teller:
    """Tells sentences of tables in a language.

    Parameters
    ----------
    language : {"zh", "en"}
        English is what the tables hold.
    names : mapping of str to str
        Names of areas and funds by code.

    Raises
    ------
    SibError
        If there are no sentences in the language.

    Examples
    --------
    >>> teller = Teller("zh", {"150100": "呼和浩特市"})
    >>> teller.text("forecast: last value; changed by the scenario")
    '预测：沿用最近数值；情景调整'
    >>> teller.text("a jump nobody announced, in 1 place: 150100 (2021); it is not smoothed away", "level_jump")
    '无公告的跳变1处：150100 (2021)；未作平滑'
    >>> teller.text("what nobody foresaw"), Teller("en").text("forecast: last value")
    ('what nobody foresaw', 'forecast: last value')
    """

    language: str
    names: Mapping[str, str] = field(default_factory=dict)
    _known: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Only languages that there are sentences in."""
        if self.language not in LANGUAGES:
            raise SibError(f"unknown language {self.language!r}; expected one of {', '.join(LANGUAGES)}")

    def text(self, text: object, id: str = "") -> str:
        """A sentence, or several with semicolons between, in the language.

        Parameters
        ----------
        text : str
            The sentence of the table; a blank stays blank.
        id : str
            Of a finding: the id it stands under.
        """
        said = "" if text is None or text != text else str(text)
        if self.language != "zh" or not said.strip():
            return said
        if (id, said) not in self._known:
            told = self._read(said, section(id))
            self._known[id, said] = told if told is not None else self._clauses(said, section(id))
        return self._known[id, said]

    def texts(self, column: Iterable[object], ids: Iterable[str] | None = None) -> list[object]:
        """A column of sentences; what is no text stays as it is."""
        cells = list(column)
        keys = [""] * len(cells) if ids is None else [str(id) for id in ids]
        return [self.text(cell, id) if isinstance(cell, str) else cell for cell, id in zip(cells, keys, strict=True)]

    def word(self, code: object) -> str:
        """A name, item, or word of the tables; what is not known is itself."""
        text = str(code)
        if self.language != "zh" or text in self.names:
            return self.names.get(text, text)
        if text in CATALOGUE:
            return CATALOGUE[text].label("zh")
        plain = section().plain
        if text in plain:
            return plain[text]
        item = words().get(text.lower())
        return CATALOGUE[item].label("zh") if item else cause_name(text, "zh")

    def heading(self, column: str) -> str:
        """The heading of a column of results."""
        return _tables()["headings"].get(column) or self.word(column) if self.language == "zh" else column

    def kind(self, name: str) -> str:
        """What a kind of result is called."""
        return _tables()["kinds"].get(name, name) if self.language == "zh" else name

    def _clauses(self, text: str, where: Section) -> str:
        """Clause by clause: the longest run of them that is a sentence, then the rest."""
        parts, out, at = text.split("; "), [], 0
        while at < len(parts):
            for end in range(len(parts), at, -1):
                told = self._read("; ".join(parts[at:end]), where)
                if told is not None:
                    break
            out.append(told if told is not None else parts[at])
            at = end
        return "；".join(out) if out != parts else text

    def _read(self, text: str, where: Section) -> str | None:
        """The sentence in Chinese; ``None`` where no table knows it."""
        if text in where.plain:
            return where.plain[text]
        for form in where.forms:
            found = form.pattern.fullmatch(text)
            if found is None:
                continue
            parts = {name: self._part(form.kinds[name], part, where) for name, part in found.groupdict().items()}
            if all(part is not None for part in parts.values()):
                return _GAP.sub(lambda gap, parts=parts: str(parts[gap[1]]), form.chinese)  # type: ignore[misc]
        return None

    def _part(self, kind: str, text: str, where: Section) -> str | None:
        """What stands in a gap, in Chinese; ``None`` where it does not belong there."""
        if kind == "said":
            return self._said(text, where)
        tellers: dict[str, Callable[[str], str]] = {
            "word": self.word, "list": self._list, "moves": self._moves, "terms": self._terms, "money": _money,
            "match": self._match, "note": _note, "cause": self._cause, "file": _file, "change": self._change,
            "amounts": self._amounts, "causes": self._causes,
            "place": _place, "choice": _choice, "currency": lambda code: _MONEY.get(code, code),
        }  # fmt: skip
        told = tellers[kind](text) if kind in tellers else text
        return _MINUS.sub("−", told) if kind in _FIGURES else told

    def _said(self, text: str, where: Section) -> str | None:
        """A sentence within another, or several with semicolons between; ``None`` unless all of it is known."""
        for known in (where, section()):
            if (told := self._read(text, known)) is not None:
                return told
        parts = [self._said(part, where) for part in text.split("; ")] if "; " in text else [None]
        return None if None in parts else "；".join(map(str, parts))

    def _cause(self, text: str) -> str:
        """A change, in quotes or without: by its title, else by the words of its item."""
        mark = text[:1] if text[:1] in "'\"" and text[-1:] == text[:1] and len(text) > 1 else ""
        name, kind = re.fullmatch(r"(.*?)( \([A-Z]+\d*\))?", text[1:-1] if mark else text, re.S).groups("")  # type: ignore[union-attr]
        return f"{mark}{self.word(name)}{kind}{mark}"

    def _change(self, text: str) -> str:
        """The change of a scenario: the change 'cut' of 'package'."""
        found = re.fullmatch(r"the change (.+) of ('.+'|\".+\")", text, re.S)
        return f"{found[2]}的{self._cause(found[1])}" if found else text

    def _list(self, text: str) -> str:
        return "、".join(self.word(part) for part in re.split(r", | and ", text))

    def _terms(self, text: str) -> str:
        parts = re.split(r"(\w+)", text.replace(" or ", "|").replace(" + ", "+"))
        told = "".join(self.word(p) if i % 2 else "".join(_SIGNS.get(c, c) for c in p) for i, p in enumerate(parts))
        return told.replace("） ", "）").replace(" （", "（")

    def _moves(self, text: str) -> str:
        """Items with the change of each: 参保人数+5.0%、待遇支出+8.0%."""
        pairs = (part.split(" ", 1) for part in text.split(", "))
        return "、".join(f"{self.word(item)}{change}" for item, change in pairs)

    def _amounts(self, text: str) -> str:
        """Words and what each of them is: 盟市18.04."""
        pairs = (part.rsplit(" ", 1) for part in re.split(r", (?=[^\W\d])| and ", text))
        return "、".join(f"{self.word(word)}{number}" for word, number in pairs)

    def _causes(self, text: str) -> str:
        """Causes and what each of them moves: 征缴率 −6.00万元."""
        parts = re.findall(rf"(.+?) ({_NUMBER} \([^()]+\))(?:, |$)", text)
        return "、".join(f"{self._labelled(cause)} {_money(amount)}" for cause, amount in parts)

    def _labelled(self, text: str) -> str:
        """A cause by its title, or the label of its item with what was done to it."""
        told = self.word(text)
        found = re.fullmatch(r"(.+?) ([=+−×≥≤].*)", text) if told == text else None
        return f"{self.word(found[1])} {found[2]}" if found else told

    def _match(self, text: str) -> str:
        """Keys and words of a rule: 阶段：执行."""
        pairs = (part.split(" ", 1) for part in text.split(", "))
        return "，".join(f"{self.word(key)}：{self.word(value)}" for key, value in pairs)


def _note(text: str) -> str:
    """A note whose Chinese stands in brackets at its end: that alone."""
    inside = re.search(r"\(([^()]*[一-鿿][^()]*)\)$", text)
    return inside[1].replace(", ", "、") if inside else text


def _choice(text: str) -> str:
    """Words of which one is meant."""
    return text.replace(" or ", "或").replace(", ", "、")


def _place(text: str) -> str:
    """A file and its cell: history.csv，E2."""
    return text.replace(", sheet ", "，工作表").replace(", ", "，")


def _file(text: str) -> str:
    """A file, and of a workbook the sheet: w3.xlsx，工作表figures."""
    return text.replace(", sheet ", "，工作表")


def _money(text: str) -> str:
    """An amount with its unit."""
    number, _, unit = text.removesuffix(")").partition(" (")
    return number + _MONEY.get(unit, unit and f" {unit}")
