"""What makes two members alike: the same phone in another form, the same card under another kind, the same name and birthday."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from unicodedata import normalize
from uuid import UUID

from jifen.domain.person import CONTACT_KINDS, MemberKey

LIKENESSES: Final = ("phone", "digits", "number", "name_birthday")
"""`digits`: a card or an id elsewhere that may be somebody's phone."""
DIGITS_MIN: Final = 8
DIGITS_MAX: Final = 15
NUMBER_MIN: Final = 5
"""Shorter ids of two systems are the same by chance."""


class Alike(NamedTuple):
    """Two members who may be one, the older first, and what they have alike."""

    first_id: UUID
    second_id: UUID
    kinds: tuple[str, ...]


def likenesses(
    keys: Iterable[MemberKey], fields: Mapping[str, str], phones: Iterable[Sequence[str]]
) -> set[tuple[str, str]]:
    """What a person has that another may have too: kind and value in one form, to be kept as a keyed mark.

    `phones` are the digits of each of his phones, with and without the country.
    """
    found = {("phone", digits) for forms in phones for digits in forms}
    for key in keys:
        if key.kind in CONTACT_KINDS:
            continue
        number = "".join(c for c in normalize("NFKC", key.value).upper() if c.isalnum())
        if len(number) >= NUMBER_MIN:
            found.add(("number", number))
        digits = number.lstrip("0")
        if digits.isdigit() and DIGITS_MIN <= len(digits) <= DIGITS_MAX:
            found.add(("digits", digits))
    name, birthday = fields.get("name"), fields.get("birthday")
    if name is not None and birthday is not None:
        found.add(("name_birthday", f"{_plain(name)}|{birthday}"))
    return found


def _plain(name: str) -> str:
    """A name whichever way it was typed: words in order of the alphabet, since some write the family's first."""
    words = normalize("NFKC", name).casefold().replace(".", " ").replace("·", " ").split()
    return " ".join(sorted(words))
