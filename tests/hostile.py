"""Texts as scanners, spreadsheets, people and attackers give them, for tests of every road."""

from __future__ import annotations

from hypothesis import strategies as st

ENDS = ("", " ", "\r", "\r\n", "\t", "\u3000", "\xa0 ", "\u2028", "\ufeff", "\x1c", "\x00", "\u200b")
PIECES = (
    "6200001", "６２００００１", "A", "ａ", "（早班）", "é", "e\u0301", "Å", "\u212b", "牛奶", "ㅋ", "😀", "👨\u200d👩",
    "❤\ufe0f", " ", "  ", "\u3000", "\xa0", "/", " / ", "//", "-", "=1+1", '"', "\\", "|", "\u0958",
    "\n", "\t", "\x1b[31m", "\x07", "\x7f", "\x85", "\x9b", "\x1f", "\u2028", "\u202e", "\u2066", "\u200b", "\u200e", "\u00ad",
    "\u3164", "\U000e0041", "\ufffe", "ﬁ", "²",
)  # fmt: skip
NOTHINGS = ("NULL", "null", "None", "N/A", "n/a", "NaN", "#N/A", "\\N", "ＮＵＬＬ", " null\r")


def texts(*, longest: int = 8) -> st.SearchStrategy[str]:
    """Any text without surrogates: made of pieces that deceive, or of any characters."""
    pieces = st.lists(st.sampled_from(PIECES), max_size=longest).map("".join)
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=longest)
    ends = st.sampled_from(ENDS)
    inner = st.one_of(pieces, pieces, anything)
    return st.one_of(
        st.tuples(ends, inner, ends).map("".join),
        st.sampled_from(NOTHINGS),
        st.sampled_from(["x" * 99, "x" * 100 + " ", "牛" * 101, "x" * 200, "\u0958" * 150]),
    )
