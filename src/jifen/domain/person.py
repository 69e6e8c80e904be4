"""A person: what may be told of one, and which of it finds him. What it says is personal and is sealed (`jifen.vault`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

CARD_KINDS: Final = ("card", "external", "pos", "shop", "wechat", "alipay")
"""What finds a member in one system each: his card, and his id elsewhere."""
CONTACT_KINDS: Final = ("phone", "email")
"""What finds him and reaches him."""
KEY_KINDS: Final = (*CARD_KINDS, *CONTACT_KINDS)

FIELDS: Final = ("name", "birthday", "gender", "language", "address")
"""What may be known of a person besides, each once. Beside them stand attributes, named `attribute.NAME`."""
ATTRIBUTE: Final = "attribute."
ATTRIBUTES_MAX: Final = 20
GENDERS: Final = ("female", "male", "other")

CHANNELS: Final = ("till", "app", "web", "phone", "paper", "import", "console")
"""How a consent came."""


class MemberKey(NamedTuple):
    """What somebody gives to be found: its kind, and its value in its form."""

    kind: str
    value: str


class Told(NamedTuple):
    """What was told of a person, each in its form: contacts that find him, and fields."""

    contacts: tuple[MemberKey, ...] = ()
    fields: Mapping[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self.contacts or self.fields)


class Consent(NamedTuple):
    """That something was agreed to, or not any more."""

    purpose: str
    is_given: bool
    text_version: str
    channel: str
    proof: str | None = None


class Known(NamedTuple):
    """A person as he is known, masked or not."""

    person_id: UUID
    member_id: UUID
    role: str
    keys: Sequence[MemberKey]
    fields: Mapping[str, str]
