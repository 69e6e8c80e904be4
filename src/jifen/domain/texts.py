"""One form for every text that comes in, whatever road it takes: a till's call, a batch, a file, the command line.

    canonical("６２００００１\\r", KEY)    -> "6200001"
    canonical("6200 0010 0020", CARD)   -> "620000100020"
    canonical(" 乳品 / 鲜奶 ", CATEGORY)   -> "乳品/鲜奶"

Two texts that a person takes for the same are the same text here, so that a card is found, a receipt counts once, and a
rule sees what it names. What could deceive (a control character, a mark without width) is refused and never guessed at.
docs/reference/texts.md says which field takes which form; docs/decisions/0092-texts-have-one-form.md says why.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from unicodedata import normalize

BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What is cut off at both ends: Unicode's white space, as Polars cuts it. `str.strip()` would take \\x1c to \\x1f too."""

UNPRINTABLE = r"\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
"""What no text holds, as the inside of a character class: control characters, ends of lines and paragraphs, what turns the
direction of writing round, the byte order mark. Surrogates are refused as well; not every dialect can write them."""
PRINTABLE = f"^[^{UNPRINTABLE}]*$"
"""One line of text that can be shown on a screen and printed on a receipt."""

_NO_TEXT = re.compile(f"[{UNPRINTABLE}\ud800-\udfff]")
# Besides: every character of Unicode that has no shape of its own, by which two keys could look alike and differ.
_NO_CODE = re.compile(
    f"[{UNPRINTABLE}\ud800-\udfff"
    "\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Chinese and ASCII, also in full width, with single blanks inside: nothing of it changes, whichever way it is composed.
_PLAIN_WORDS = re.compile("[!-~\u4e00-\u9fff\uff01-\uff5e]+(?: [!-~\u4e00-\u9fff\uff01-\uff5e]+)*")
_RUN_OF_BLANKS = re.compile("[ \xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_AROUND_A_STEP = re.compile(" *(/ *)+")
# Digits, letters and marks of full width, as Chinese input methods write them, and what they are otherwise.
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}

NOTHING = frozenset({
    "null", "(null)", "<null>", "none", "nil", "n/a", "#n/a", "na", "nan", "undefined", "\\n"
})  # fmt: skip
"""How programs write that there is nothing; small letters. None of these is anybody's card or any receipt's number."""

TAGS_MAX = 50  # of a purchase, of a line

Fault = Literal["empty", "too_long", "too_many", "unprintable", "means_nothing"]


class Form(NamedTuple):
    """The form of one kind of text."""

    name: str
    longest: int  # characters, in its form
    is_code: bool = False  # identifies something: full width becomes plain, nothing without shape is let in
    is_key: bool = False  # finds a member or a receipt: a word for nothing is none
    is_path: bool = False  # steps joined by /
    is_card: bool = False  # blanks inside only group it, as it is printed on the card: they go


KEY = Form("key", 200, is_code=True, is_key=True)
CARD = Form("card", 200, is_code=True, is_key=True, is_card=True)
CODE = Form("code", 100, is_code=True)
ITEM = Form("item", 200, is_code=True)
WORDS = Form("words", 200)
TAG = Form("tag", 100)
CATEGORY = Form("category", 200, is_path=True)
NOTE = Form("note", 1_000)

PURCHASE_FORMS = {
    "source": CODE, "business_no": KEY, "store": CODE, "till": CODE, "cashier": CODE, "channel": CODE, "money": CODE,
}  # fmt: skip
LINE_FORMS = {"sku": ITEM, "name": WORDS, "category": CATEGORY, "brand": WORDS}
"""The form of each text of a purchase and of a line. A member's card is a CARD, his external id a KEY, a payment's method is a
CODE, tags are a TAG each, an attribute that is text is WORDS, a note is a NOTE."""


class TextRefused(ValueError):
    """A text that has no canonical form. `fault` says why, in one word."""

    def __init__(self, fault: Fault, said: str) -> None:
        self.fault: Fault = fault
        super().__init__(said)


def canonical(text: str, form: Form) -> str:
    """The one form of a text: trimmed, blanks inside as one space, composed (NFC), codes in plain width.

    Refuses
        TextRefused   nothing is left of it, it is too long, it holds a character that is not let in, or it is a key and means
                      that there is none
    """
    if text.isascii() and text.isprintable():
        if " " in text:
            text = " ".join(text.split())
    elif form.is_code or not _PLAIN_WORDS.fullmatch(text):
        text = _composed(text, form)
    if (
        form.is_path
        and "/" in text
        and ("//" in text or " /" in text or "/ " in text or "/" in (text[0], text[-1]))
    ):
        text = _AROUND_A_STEP.sub("/", text).strip("/")
    if form.is_card and " " in text:
        text = text.replace(" ", "")
    if not text:
        raise TextRefused("empty", "the text is empty")
    if len(text) > form.longest:
        raise TextRefused("too_long", f"the text has {len(text)} characters; at most {form.longest}")
    if form.is_key and text.lower() in NOTHING:
        raise TextRefused(
            "means_nothing", f"{text!r} means that there is none: it is nobody's key and no number"
        )
    return text


def _composed(text: str, form: Form) -> str:
    if form.is_code:
        text = text.translate(_NARROW)
    found = (_NO_CODE if form.is_code else _NO_TEXT).search(text := text.strip(BLANKS))
    if found:
        said = f"the text holds a character that is not printed: U+{ord(found[0]):04X}, at place {found.start() + 1}"
        raise TextRefused("unprintable", said)
    return _RUN_OF_BLANKS.sub(" ", normalize("NFC", text))


def canonical_or_same(text: str, form: Form) -> str:
    """The form of a text that is only compared with those that came in; one that has none is as it is, and equals none."""
    try:
        return canonical(text, form)
    except TextRefused:
        return text


def canonical_tags(tags: list[str]) -> list[str]:
    """Tags in their form, each once, in the order in which they were told.

    Refuses
        TextRefused   there are more than 50 of them, or one has no form
    """
    if len(tags) > TAGS_MAX:
        raise TextRefused("too_many", f"{len(tags)} tags; at most {TAGS_MAX}")
    return list(dict.fromkeys([canonical(tag, TAG) for tag in tags]))


# What is shown -------------------------------------------------------------------------------------------------------


def one_line(text: str) -> str:
    """The text as a terminal may have it: whatever could move the cursor, change colours, begin a line or turn the writing
    round stands there by its name, as `\\u001b`. For what was let in before this rule, or comes from elsewhere."""
    return text if text.isascii() and text.isprintable() else _NO_TEXT.sub(_named, text)


def _named(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")


def inert(text: str) -> str:
    """The text with an apostrophe in front where a spreadsheet would compute it: what begins like a formula, after blanks too."""
    return f"'{text}" if _FORMULA.match(text) else text
