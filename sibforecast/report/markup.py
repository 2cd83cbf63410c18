"""HTML in which every text is a text: what is not made here is escaped."""

from __future__ import annotations

from html import escape

_VOID = ("meta", "link", "img", "br")


class Html(str):
    """Markup made by `element`; any other text is escaped when it becomes a child of one."""

    __slots__ = ()


def element(name: str, /, *children: object, **attributes: object) -> Html:
    """An element of a page.

    Parameters
    ----------
    name : str
        The tag.
    *children : object
        `Html` as it is; anything else as escaped text; None is left out.
    **attributes : object
        Escaped; ``class_`` is written ``class``, ``data_v`` is written ``data-v``; True is an
        attribute without value, None and False leave it out.

    Returns
    -------
    Html

    Examples
    --------
    >>> element("p", "1 < 2", element("b", '"so"'), class_="a")
    '<p class="a">1 &lt; 2<b>&quot;so&quot;</b></p>'
    """
    told = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value), quote=True)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(children)}</{name}>")


def joined(children: object) -> Html:
    """Children one after the other: markup as it is, texts escaped, None left out.

    Examples
    --------
    >>> joined(["a & b", None, element("br")])
    'a &amp; b<br>'
    """
    assert isinstance(children, list | tuple)
    return Html("".join(c if isinstance(c, Html) else escape(str(c), quote=True) for c in children if c is not None))
