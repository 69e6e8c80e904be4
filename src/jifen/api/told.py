"""Reading the bodies of the hot calls quickly: purchases, batches of them, and reservations.

What is read here means exactly what `bodies.py` says, where OpenAPI is made from. Whatever is not plainly well-formed is
None here, and goes the long way through `bodies.py`, which accepts it or names the field. `tests/api/test_short_road.py`
holds the two to each other on random bodies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias, cast
from uuid import UUID

import msgspec
from msgspec import Meta
from pydantic_core import PydanticCustomError

from jifen.api.bodies import BATCH_MAX
from jifen.api.fields import ATTRIBUTE_CODE, UNITS_MAX, instant_of
from jifen.api.fingerprint import hash_of_json
from jifen.api.strict_json import has_key_twice, keys_in
from jifen.domain.person import MemberKey
from jifen.domain.principal import Principal
from jifen.domain.purchase import (
    AMOUNT_MINOR_MAX,
    ATTRIBUTE_MAX,
    ATTRIBUTES_MAX,
    LINE_NUMBER_MAX,
    LINES_MAX,
    PAYMENTS_MAX,
    QUANTITY_MILLI_MAX,
    Line,
    Payment,
    Purchase,
)
from jifen.domain.refusals import Refusal
from jifen.domain.texts import (
    CARD,
    CODE,
    ITEM,
    KEY,
    LINE_FORMS,
    NOTE,
    NOTHING,
    PURCHASE_FORMS,
    TAG,
    TAGS_MAX,
    WORDS,
    Form,
    TextRefused,
    canonical,
    canonical_tags,
)
from jifen.operations.handle_reservations import LAPSE_SECONDS_MAX
from jifen.present.ids import unprefixed
from jifen.present.shown import shown_instant

Key: TypeAlias = Annotated[str, Meta(min_length=1, max_length=KEY.longest)]
Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=CODE.longest)]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=WORDS.longest)]
Tags: TypeAlias = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=TAG.longest)]], Meta(max_length=TAGS_MAX)
]
AmountMinor: TypeAlias = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Attributes: TypeAlias = Annotated[
    dict[Annotated[str, Meta(pattern=ATTRIBUTE_CODE)], Text | Annotated[int, Meta(ge=-ATTRIBUTE_MAX, le=ATTRIBUTE_MAX)]],
    Meta(max_length=ATTRIBUTES_MAX),
]  # fmt: skip
# A text that is longer as it was told than in its form goes the long way.
assert ITEM.longest == WORDS.longest


_ONE_PIECE = 1_000
_LAPSE_SECONDS = 900
# msgspec leaves out what *is* the default, not what equals it: these two are put in the place of their equals.


_MEMBER_FORMS = {"card": CARD, "external": KEY}
_RESERVE_FORMS = {"currency": CODE, "store": CODE, "cashier": CODE, "channel": CODE, "note": NOTE}


def _bring(told: msgspec.Struct, forms: Mapping[str, Form]) -> None:
    for name, form in forms.items():
        text = getattr(told, name)
        if text is not None and (own := canonical(text, form)) is not text:
            setattr(told, name, own)


class _Told(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """No field that is not known; what stands at its default is left out when it is written again."""


class MemberTold(_Told):
    """`bodies.MemberRef`."""

    id: str | None = None
    card: Key | None = None
    external: Key | None = None

    def whose(self) -> UUID | MemberKey | None:
        """Whose id or key; None: not plainly one of the three."""
        if (self.id is not None) + (self.card is not None) + (self.external is not None) != 1:
            return None
        if self.id is not None:
            return unprefixed("mbr", self.id)
        return MemberKey("card", self.card) if self.card else MemberKey("external", self.external or "")

    def bring_into_form(self) -> None:
        """Card and external id in their form. Raises TextRefused where one has none."""
        _bring(self, _MEMBER_FORMS)

    def codes(self) -> list[str | None]:
        """Its key."""
        return [self.card, self.external]

    def is_odd(self) -> bool:
        """Whether its key means that there is none, or is grouped by blanks."""
        return " " in (self.card or "") or (self.card or self.external or "").lower() in NOTHING


class LineTold(_Told):
    """`bodies.LineBody`."""

    number: Annotated[int, Meta(ge=0, le=LINE_NUMBER_MAX)]
    amount_minor: AmountMinor
    quantity_milli: Annotated[int, Meta(ge=0, le=QUANTITY_MILLI_MAX)] = _ONE_PIECE
    sku: Text | None = None
    name: Text | None = None
    category: Text | None = None
    brand: Text | None = None
    discount_minor: AmountMinor = 0
    cost_minor: Annotated[int, Meta(ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX)] | None = None
    tags: Tags = []
    attributes: Attributes = {}


class PaymentTold(_Told):
    """`bodies.PaymentBody`."""

    method: Code
    amount_minor: AmountMinor


class PurchaseTold(_Told):
    """`bodies.PurchaseBody`."""

    source: Code
    business_no: Key
    occurred_at: str
    money: str
    amount_minor: AmountMinor
    lines: Annotated[list[LineTold], Meta(min_length=1, max_length=LINES_MAX)]
    member: MemberTold | None = None
    store: Code | None = None
    till: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    payments: Annotated[list[PaymentTold], Meta(max_length=PAYMENTS_MAX)] = []
    tags: Tags = []

    def read(self, principal: Principal) -> ReadPurchase | None:
        """The purchase of the domain, whose it is, and the hash of what was told; None: not plainly one, or it is of a store
        that whoever asks is not bound to.
        """
        try:
            occurred_at = instant_of(self.occurred_at)
            self.occurred_at = shown_instant(occurred_at)
            for line in self.lines:
                if line.quantity_milli == _ONE_PIECE:
                    line.quantity_milli = _ONE_PIECE
            json, keys = _json_in_form(self)
            if principal.stores is not None and (store := principal.store_for(self.store)) != self.store:
                self.store = store
                json = msgspec.json.encode(self, order="sorted")
            if not (
                len(self.money) == 3
                and self.money.isascii()
                and self.money.isalpha()
                and self.money.isupper()
            ):
                return None
            whose = None
            if self.member is not None and (whose := self.member.whose()) is None:
                return None
            purchase = Purchase(
                source=self.source,
                business_no=self.business_no,
                occurred_at=occurred_at,
                money=self.money,
                amount_minor=self.amount_minor,
                lines=tuple([
                    Line(
                        line.number, line.amount_minor, line.quantity_milli, line.sku, line.name, line.category, line.brand,
                        line.discount_minor, line.cost_minor, tuple(line.tags), line.attributes,
                    )
                    for line in self.lines
                ]),
                store=self.store,
                till=self.till,
                cashier=self.cashier,
                channel=self.channel,
                payments=tuple([
                    Payment(method=one.method, amount_minor=one.amount_minor) for one in self.payments
                ]),
                tags=tuple(self.tags),
            )  # fmt: skip
        except (PydanticCustomError, Refusal, TextRefused):
            return None
        if (
            self.member is not None
        ):  # of whom it is only whether there is somebody (`fingerprint.purchase_hash`)
            json = json.replace(_member_json(self.member), b'"member":true', 1)
        return ReadPurchase(purchase, whose, hash_of_json(json), keys)

    def bring_into_form(self) -> None:
        """Every text in its form. Raises TextRefused where one has none."""
        _bring(self, PURCHASE_FORMS)
        if self.tags:
            self.tags = canonical_tags(self.tags)
        for line in self.lines:
            _bring(line, LINE_FORMS)
            if line.tags:
                line.tags = canonical_tags(line.tags)
            for code, value in line.attributes.items():
                if isinstance(value, str):
                    line.attributes[code] = canonical(value, WORDS)
        for payment in self.payments:
            payment.method = canonical(payment.method, CODE)
        if self.member is not None:
            self.member.bring_into_form()

    def codes(self) -> list[str | None]:
        """What identifies something: it is narrowed, and words are not."""
        return [
            self.source, self.business_no, self.store, self.till, self.cashier, self.channel, self.money,
            *[line.sku for line in self.lines], *[one.method for one in self.payments],
            *(self.member.codes() if self.member is not None else ()),
        ]  # fmt: skip

    def is_odd(self) -> bool:
        """Whether a tag stands twice, or a key is odd: what no single character tells."""
        if self.business_no.lower() in NOTHING or (self.member is not None and self.member.is_odd()):
            return True
        several = [tags for tags in (self.tags, *[line.tags for line in self.lines]) if len(tags) > 1]
        return any(len(set(tags)) < len(tags) for tags in several)


class ReadPurchase(msgspec.Struct):
    """A purchase that was read."""

    purchase: Purchase
    whose: UUID | MemberKey | None
    body_hash: bytes
    keys: int  # `keys_in` what was understood, before its texts took their form


class _BatchTold(_Told):
    purchases: Annotated[list[PurchaseTold], Meta(min_length=1, max_length=BATCH_MAX)]


class ReserveTold(_Told):
    """`bodies.ReserveBody`."""

    member: MemberTold
    currency: Code
    units: Annotated[int, Meta(ge=1, le=UNITS_MAX)]
    lapse_seconds: Annotated[int, Meta(ge=1, le=LAPSE_SECONDS_MAX)] = _LAPSE_SECONDS
    store: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    note: Annotated[str, Meta(min_length=1, max_length=NOTE.longest)] | None = None

    def bring_into_form(self) -> None:
        """Every text in its form. Raises TextRefused where one has none."""
        _bring(self, _RESERVE_FORMS)
        self.member.bring_into_form()

    def codes(self) -> list[str | None]:
        """What identifies something."""
        return [self.currency, self.store, self.cashier, self.channel, *self.member.codes()]

    def is_odd(self) -> bool:
        """Whether its member's key is."""
        return self.member.is_odd()

    def values(self) -> dict[str, Any]:
        """What is hashed: `bodies.canonical` of the same body."""
        if self.lapse_seconds == _LAPSE_SECONDS:
            self.lapse_seconds = _LAPSE_SECONDS
        values: dict[str, Any] = msgspec.to_builtins(self)
        return values


_purchase = msgspec.json.Decoder(PurchaseTold)
_batch = msgspec.json.Decoder(_BatchTold)
_reserve = msgspec.json.Decoder(ReserveTold)
_NUL = b"\\u0000"


def read_purchase_told(raw: bytes, principal: Principal) -> ReadPurchase | None:
    """A purchase from the JSON of a body, at a store of whoever asks."""
    told = _decoded(_purchase, raw)
    read = told.read(principal) if told is not None else None
    return None if read is None or has_key_twice(raw, known=read.keys) else read


def read_batch_told(raw: bytes, principal: Principal) -> list[ReadPurchase] | None:
    """The purchases of a batch; None unless every one is plainly well-formed."""
    told = _decoded(_batch, raw)
    if told is None:
        return None
    read = [one.read(principal) for one in told.purchases]
    whole = [one for one in read if one is not None]
    if len(whole) < len(read) or has_key_twice(raw, known=1 + sum(one.keys for one in whole)):
        return None
    return whole


def read_reserve_told(raw: bytes) -> ReserveTold | None:
    """A reservation from the JSON of a body."""
    told = _decoded(_reserve, raw)
    if told is None or told.member.whose() is None or has_key_twice(raw):
        return None
    try:
        _json_in_form(told)
    except TextRefused:
        return None
    return cast("ReserveTold", told)


def _member_json(member: MemberTold) -> bytes:
    """How a member stands in a body: a quote in a text would be escaped, so this stands nowhere else."""
    return b'"member":' + msgspec.json.encode(member, order="sorted")


# What each byte of compact JSON says of the texts in it: 0 that one may have another form; a space that it must not stand
# beside its like (an end of a text, a blank, a step of a path); anything else nothing. Of what is not ASCII only Chinese
# characters are plain (U+4000 to U+9FFF: they begin with the bytes E4 to E9, and nothing composes with them), and in words
# also the marks and letters of full width (U+FF01 to U+FF5E: they begin with EF, and so does much that is not plain).
_PLAIN = bytearray(256)
for _byte in (*range(0x21, 0x7F), *range(0x80, 0xC0), *range(0xE4, 0xEA), 0xEF):
    _PLAIN[_byte] = ord("a")
for _byte in b' /"':
    _PLAIN[_byte] = ord(" ")
_PLAIN[ord("\\")] = 0
_PLAIN_TABLE = bytes(_PLAIN)
_NOT_OF_FULL_WIDTH = re.compile(rb"\xef(?!\xbc[\x81-\xbf]|\xbd[\x80-\x9e])")


def _has_wide(json: bytes, told: PurchaseTold | ReserveTold) -> bool:
    """Whether what begins with EF is not plain where it stands: it is not of full width, or it is in a code."""
    return _NOT_OF_FULL_WIDTH.search(json) is not None or any(
        code is not None and not code.isascii() for code in told.codes()
    )


def _json_in_form(told: PurchaseTold | ReserveTold) -> tuple[bytes, int]:
    """What was told as JSON, every text of it in its form; and `keys_in` it as it was told. Raises TextRefused where a text
    has none.

    Nearly every body is in it already: that is seen in all of its texts at once, without looking at one of them.
    """
    json = msgspec.json.encode(told, order="sorted")
    keys = keys_in(json)
    seen = json.translate(_PLAIN_TABLE)
    if b"\0" in seen or b"  " in seen or told.is_odd() or (b"\xef" in json and _has_wide(json, told)):
        told.bring_into_form()
        json = msgspec.json.encode(told, order="sorted")
    return json, keys


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    if _NUL in raw:
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
