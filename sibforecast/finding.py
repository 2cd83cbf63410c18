"""One finding, and the line a person reads of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sibforecast.phrases import Teller


class Finding(dict[str, Any]):
    """One finding: its columns by name, as ``finding["id"]`` or ``finding.id``; printed it is a line to act on.

    Examples
    --------
    >>> found = Finding(id="I3", severity="warning", table=None, row=None, column=None, region="150100",
    ...                 programme=None, item=None, period=None, expected=None, found=None,
    ...                 message="closing is not opening plus current-year balance plus adjustment", mend=None)
    >>> print(found)
    warning I3: [150100]: closing is not opening plus current-year balance plus adjustment
    >>> found.region, found["severity"]
    ('150100', 'warning')
    """

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"a finding has no {name!r}; it has {', '.join(self)}") from None

    def __str__(self) -> str:
        return finding_line(self)

    def __repr__(self) -> str:
        return f"<{self}>"


def finding_line(row: Mapping[str, Any], teller: Teller | None = None) -> str:
    """A finding as one line; in the language of the `teller`, without one in English."""
    def told(value: Any) -> bool:
        return value is not None and value == value and str(value) not in ("", "<NA>")

    if teller is not None and teller.language == "zh":
        keys = [teller.word(row[k]) for k in ("region", "programme", "item", "period") if told(row[k])]
        at = [teller.word(row["table"])] if told(row["table"]) else []
        at += [f"第{row['row']}行"] if told(row["row"]) else []
        said = f"{teller.word(row['severity'])} {row['id']}：" + (f"{'，'.join([*at, *keys])}：" if at or keys else "")
        said += teller.text(row["message"], row["id"])
        words = (("expected", "应为"), ("found", "实为"), ("mend", ""))
        return said + "".join(f"；{label}{teller.text(str(row[k]), row['id'])}" for k, label in words if told(row[k]))
    where = [str(row["table"])] if told(row["table"]) else []
    if told(row["row"]):
        where.append(f"row {row['row']}")
    if told(row["column"]):
        where.append(f"column {row['column']}")
    keys = [str(row[k]) for k in ("region", "programme", "item", "period") if told(row[k])]
    place = " ".join(filter(None, [", ".join(where), f"[{' / '.join(keys)}]" if keys else ""]))
    text = f"{row['severity']} {row['id']}: " + (f"{place}: " if place else "") + str(row["message"])
    if told(row["expected"]):
        text += f"; expected {row['expected']}"
    if told(row["found"]):
        text += f"; found {row['found']}"
    if told(row["mend"]):
        text += f"; mend: {row['mend']}"
    return text


def alike_line(rows: Sequence[Mapping[str, Any]], teller: Teller | None = None) -> str:
    """How many more findings of a kind there are, and where."""
    parts = []
    for key, one, word in (("programme", "fund", "funds"), ("item", "item", "items"), ("region", "area", "areas")):
        held = {str(r[key]) for r in rows if r[key] is not None and r[key] == r[key]}
        if held:
            parts.append(f"{len(held)} {word if len(held) > 1 else one}")
    if teller is not None and teller.language == "zh":
        counted = {"fund": "个险种", "item": "个项目", "area": "个地区"}
        said = "、".join(f"{number}{counted[word.removesuffix('s')]}" for number, word in (part.split(" ") for part in parts))
        return f"……另有{len(rows)}项提示{rows[0]['id']}" + (f"（{said}）" if said else "") + "，见.frame"
    where = f" ({', '.join(parts)})" if parts else ""
    return f"… and {len(rows)} more notes {rows[0]['id']}{where}: see .frame"
