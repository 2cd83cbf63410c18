"""Charts of a page: drawn once for wide screens and paper, once for phones, and carried in the page."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sibforecast import plots
from sibforecast.errors import SibError
from sibforecast.plots.style import alone
from sibforecast.report.account import totals_apart
from sibforecast.report.markup import Html, element
from sibforecast.report.voice import Voice, frame_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Inches of a chart on paper and wide screens, and on a phone.
_WIDE, _NARROW = (10.0, 5.6), (5.6, 5.4)
#: More areas than these are no chart but a table.
_MOST_AREAS = 20
#: Outlines of more bytes than these (many Chinese letters) weigh more than points: so many to the
#: inch, sharp on paper and on a phone, in so many colours.
_HEAVY, _FINE, _COLOURS = 150_000, 190, 64

Draw = Callable[["Axes"], Any]


def chart(draw: Draw, voice: Voice, *, tall: float = 1.0, phone: bool = False) -> Html:
    """A chart as a figure of the page; where it cannot be drawn, why not.

    Parameters
    ----------
    draw : callable
        Draws on the axes it is given.
    voice : Voice
        Language.
    tall : float
        How much taller than usual.
    phone : bool
        Whether it is drawn for a phone once more; else the one picture is scaled down there.

    Returns
    -------
    Html
    """
    try:
        wide, title = _drawn(draw, (_WIDE[0], _WIDE[1] * tall))
        narrow = _drawn(draw, (_NARROW[0], _NARROW[1] * tall))[0] if phone else None
    except SibError as error:
        return element("p", voice.word("not_drawn", str(error)), class_="faint")
    size = {"width": "1000", "height": f"{1000 * _WIDE[1] * tall / _WIDE[0]:.0f}"}
    said = title.replace("\n", " ")
    if narrow is None:
        return element("figure", element("img", src=wide, alt=said, **size), class_="wide")
    # two pictures, not one with two sources: paper asks anew which of them fits
    small = {"width": "560", "height": f"{560 * _NARROW[1] * tall / _NARROW[0]:.0f}"}
    broad = element("img", src=wide, alt=said, class_="broad", **size)
    return element("figure", broad, element("img", src=narrow, alt=said, class_="phone", **small))


def _drawn(draw: Draw, size: tuple[float, float]) -> tuple[str, str]:
    """The drawing as a data address, and its title; one at a time, whatever threads ask for pages."""
    with alone:
        return _drawn_alone(draw, size)


def _drawn_alone(draw: Draw, size: tuple[float, float]) -> tuple[str, str]:
    import matplotlib.figure as mf
    from matplotlib import rc_context
    from PIL import Image

    figure = mf.Figure(figsize=size, layout="constrained")
    ax = figure.add_subplot()
    draw(ax)
    title = next((a.get_title() for a in figure.axes if a.get_title()), "")
    stream = io.BytesIO()
    # outlines, not letters: a page looks alike whatever fonts its reader has; the salt makes it the same each time
    with rc_context({"svg.fonttype": "path", "svg.hashsalt": "sibforecast"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    if stream.tell() <= _HEAVY:
        return f"data:image/svg+xml;base64,{b64encode(stream.getvalue()).decode()}", title
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=_FINE)
    small = io.BytesIO()
    Image.open(stream).convert("RGB").quantize(_COLOURS).save(small, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(small.getvalue()).decode()}", title


def of_draft(result: Any, voice: Voice) -> list[Html]:
    """Revenue, expenditure and balance of the largest fund; of several areas, the lights of months payable."""
    frame = frame_of(result)
    words: dict[str, Any] = {"language": voice.language, "labels": voice.names}
    last = frame[(frame["stage"] == frame["stage"].astype("object").iloc[-1]) & frame["value"].notna()]
    if "draft" in set(frame["stage"].astype("object")):
        last = frame[(frame["stage"] == "draft") & frame["value"].notna()]
    areas = list(dict.fromkeys(last["region"].astype(str)))
    if len(areas) > 1:
        there = list(dict.fromkeys(last.loc[last["item"] == "months_payable", "region"].astype(str)))
        if not 1 < len(there) <= _MOST_AREAS:
            return []
        ordered = [a for a in voice.names if a in there] or there
        return [chart(lambda ax: plots.heat(result, regions=ordered, ax=ax, **words), voice, tall=max(1.0, len(ordered) / 11))]
    rows = last[(last["item"] == "total_expenditure") & ~last["programme"].isin(totals_apart(result, frame))]
    spent = rows.sort_values("value", ascending=False)["programme"].astype(str).unique()
    return [chart(_balance(result, areas[0], fund, words), voice, phone=True) for fund in spent[:2]]


def _balance(result: Any, region: str, fund: str, words: dict[str, Any]) -> Draw:
    # the table itself is its history: what lies behind a rolled-up draft is of other areas
    return lambda ax: plots.balance(result, region=region, programme=fund, history=frame_of(result), ax=ax, **words)


def of_causes(result: Any, voice: Voice) -> list[Html]:
    """The gap and its causes, of the fund they move most."""
    frame = frame_of(result)
    words: dict[str, Any] = {"language": voice.language, "labels": voice.names}
    return [chart(lambda ax: plots.waterfall(result, programme=_moved_most(frame), ax=ax, **words), voice)]


def of_bill(result: Any, voice: Voice) -> list[Html]:
    """Who carries the gap, of the fund with the largest one."""
    words: dict[str, Any] = {"language": voice.language, "labels": voice.names}
    return [chart(lambda ax: plots.sharing(result, ax=ax, **words), voice, phone=True)]


def _moved_most(frame: Any) -> str | None:
    """The fund whose causes or bills are the largest, apart from what was budgeted."""
    if "programme" not in frame.columns or frame["programme"].dropna().empty:
        return None
    rows = frame[frame["kind"] != "budget"] if "kind" in frame.columns else frame
    sizes = rows["value"].abs().groupby(rows["programme"].astype("object")).sum()
    return str(sizes.idxmax()) if len(sizes) else str(frame["programme"].dropna().iloc[0])


def of_scenario(result: Any, voice: Voice, baseline: Any) -> list[Html]:
    """The gap of each scenario beside the draft of the same areas."""
    words: dict[str, Any] = {"language": voice.language, "labels": voice.names}
    return [chart(lambda ax: plots.scenarios(result, baseline=baseline, ax=ax, **words), voice)]
