"""Elements of HTML that cannot be built unescaped, and are well-formed XML at the same time."""

from __future__ import annotations

import re

VOID = frozenset({"meta", "link", "br", "hr", "col", "rect", "line", "path", "circle"})
# Control characters that neither HTML nor XML may hold, and those that reorder the text after them.
_NEVER_SHOWN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)


class Markup(str):
    """Text that is markup already. Only `el`, `raw` and `join` make it."""

    __slots__ = ()


Child = Markup | str | None


def plain(text: str) -> str:
    """The text with U+FFFD for each character that may not stand in HTML or XML, or that would reorder its neighbours."""
    return _NEVER_SHOWN.sub("�", text)


def escape(text: str) -> Markup:
    """The text as it stands between tags or within a quoted attribute; markup stays as it is."""
    if isinstance(text, Markup):
        return text
    kept = plain(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(kept.replace('"', "&quot;").replace("'", "&#39;"))


def join(*children: Child) -> Markup:
    """The children one after the other, each escaped unless it is markup; None is nothing."""
    return Markup("".join(escape(child) for child in children if child is not None))


def raw(text: str) -> Markup:
    """Text of our own files (the style sheet) as markup. Never for anything of a programme."""
    return Markup(text)


def el(tag: str, *children: Child, **attributes: str | int | None) -> Markup:
    """One element. `class_` is class, `aria_label` is aria-label, `view_box` is viewBox; None leaves the attribute out."""
    said = "".join(
        f' {_ATTRIBUTES.get(name, name.rstrip("_").replace("_", "-"))}="{escape(str(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        assert not children, f"<{tag}> holds nothing"
        return Markup(f"<{tag}{said}/>")
    return Markup(f"<{tag}{said}>{join(*children)}</{tag}>")


_ATTRIBUTES = {
    "view_box": "viewBox",
    "preserve_aspect_ratio": "preserveAspectRatio",
    "http_equiv": "http-equiv",
}
