"""Reading the bodies of the hot calls quickly: purchases, batches of them, and reservations.

What is read here means exactly what `bodies.py` says, where OpenAPI is made from. Whatever is not plainly well-formed is
None here, and goes the long way through `bodies.py`, which accepts it or names the field. `tests/api/test_short_road.py`
holds the two to each other on random bodies.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Meta
from pydantic_core import PydanticCustomError

from jifen.api.bodies import ATTRIBUTES_MAX, BATCH_MAX, PAYMENTS_MAX, TAGS_MAX
from jifen.api.fields import INT64_MAX, NOTE_MAX, UNITS_MAX, instant_of
from jifen.api.fingerprint import whole_hash
from jifen.domain.purchase import (
    AMOUNT_MINOR_MAX,
    LINES_MAX,
    QUANTITY_MILLI_MAX,
    TEXT_MAX,
    Line,
    Payment,
    Purchase,
)
from jifen.domain.refusals import Refusal
from jifen.operations.handle_reservations import LAPSE_SECONDS_MAX
from jifen.present.ids import unprefixed
from jifen.present.shown import shown_instant
from jifen.store.members import MemberKey

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Code: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]
AmountMinor: TypeAlias = Annotated[int, Meta(ge=0, le=AMOUNT_MINOR_MAX)]
Attribute: TypeAlias = (
    Annotated[str, Meta(max_length=200)] | Annotated[int, Meta(ge=-INT64_MAX, le=INT64_MAX)]
)


_ONE_PIECE = 1_000
_LAPSE_SECONDS = 900
# msgspec leaves out what *is* the default, not what equals it: these two are put in the place of their equals.


class _Told(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """No field that is not known; what stands at its default is left out when it is written again."""


class MemberTold(_Told):
    """`bodies.MemberRef`."""

    id: str | None = None
    card: Text | None = None
    external: Text | None = None

    def whose(self) -> UUID | MemberKey | None:
        """Whose id or key; None: not plainly one of the three."""
        if (self.id is not None) + (self.card is not None) + (self.external is not None) != 1:
            return None
        if self.id is not None:
            return unprefixed("mbr", self.id)
        return MemberKey("card", self.card) if self.card else MemberKey("external", self.external or "")


class LineTold(_Told):
    """`bodies.LineBody`."""

    number: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    amount_minor: AmountMinor
    quantity_milli: Annotated[int, Meta(ge=0, le=QUANTITY_MILLI_MAX)] = _ONE_PIECE
    sku: Text | None = None
    name: Text | None = None
    category: Text | None = None
    brand: Text | None = None
    discount_minor: AmountMinor = 0
    cost_minor: Annotated[int, Meta(ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX)] | None = None
    tags: Annotated[list[Code], Meta(max_length=TAGS_MAX)] = []
    attributes: Annotated[dict[Code, Attribute], Meta(max_length=ATTRIBUTES_MAX)] = {}


class PaymentTold(_Told):
    """`bodies.PaymentBody`."""

    method: Code
    amount_minor: AmountMinor


class PurchaseTold(_Told):
    """`bodies.PurchaseBody`."""

    source: Code
    business_no: Text
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
    tags: Annotated[list[Code], Meta(max_length=TAGS_MAX)] = []

    def read(self) -> ReadPurchase | None:
        """The purchase of the domain, whose it is, and the hash of what was told; None: not plainly one."""
        if not (
            len(self.money) == 3 and self.money.isascii() and self.money.isalpha() and self.money.isupper()
        ):
            return None
        whose = None
        if self.member is not None and (whose := self.member.whose()) is None:
            return None
        try:
            occurred_at = instant_of(self.occurred_at)
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
        except (PydanticCustomError, Refusal):
            return None
        self.occurred_at = shown_instant(occurred_at)
        for line in self.lines:
            if line.quantity_milli == _ONE_PIECE:
                line.quantity_milli = _ONE_PIECE
        return ReadPurchase(purchase, whose, whole_hash(self))


class ReadPurchase(msgspec.Struct):
    """A purchase that was read."""

    purchase: Purchase
    whose: UUID | MemberKey | None
    body_hash: bytes


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
    note: Annotated[str, Meta(min_length=1, max_length=NOTE_MAX)] | None = None

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


def read_purchase_told(raw: bytes) -> ReadPurchase | None:
    """A purchase from the JSON of a body."""
    told = _decoded(_purchase, raw)
    return told.read() if told is not None else None


def read_batch_told(raw: bytes) -> list[ReadPurchase] | None:
    """The purchases of a batch; None unless every one is plainly well-formed."""
    told = _decoded(_batch, raw)
    if told is None:
        return None
    read = [one.read() for one in told.purchases]
    whole = [one for one in read if one is not None]
    return whole if len(whole) == len(read) else None


def read_reserve_told(raw: bytes) -> ReserveTold | None:
    """A reservation from the JSON of a body."""
    told = _decoded(_reserve, raw)
    return told if told is not None and told.member.whose() is not None else None


def _decoded(decoder: msgspec.json.Decoder[Any], raw: bytes) -> Any:
    if _NUL in raw:
        return None
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
