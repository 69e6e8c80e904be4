"""What may be sent. Amounts are minor units of the programme's money; quantities are whole thousandths (`1500` is 1.5)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from jifen.api.fields import (
    INT64_MAX,
    AmountMinor,
    AttributeCode,
    AttributeValue,
    Body,
    Card,
    Category,
    Code,
    Instant,
    ItemCode,
    Key,
    KeyValue,
    LineNumber,
    MoneyCode,
    Note,
    QuantityMilli,
    Tags,
    Units,
    Words,
    key_in_form,
)
from jifen.api.ids import MemberId, PurchaseId
from jifen.domain.adjustment import UNITS_MAX as ADJUST_MAX
from jifen.domain.person import MemberKey
from jifen.domain.principal import Principal
from jifen.domain.purchase import (
    AMOUNT_MINOR_MAX,
    ATTRIBUTES_MAX,
    LINES_MAX,
    PAYMENTS_MAX,
    Line,
    Payment,
    Purchase,
    ReturnedLine,
)
from jifen.operations.handle_reservations import LAPSE_SECONDS_MAX
from jifen.store.keys import BusinessKey

BATCH_MAX = 1_000
MONEY_ONLY = (
    "a return is told by quantity; money given back for goods that are kept is no return: "
    "the sale and its points stand, and an adjustment takes points where they shall go"
)
"""Decision 0108."""


class MemberRef(Body):
    """A member, named in one of three ways."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [one]} for one in ("id", "card", "external")]}
    )

    id: MemberId | None = None
    card: Card | None = Field(default=None, description="A card number; blanks inside it do not count.")
    external: Key | None = Field(default=None, description="The member's id in another system.")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for value in (self.id, self.card, self.external)) != 1:
            raise PydanticCustomError("member_ref", "name the member by one of id, card and external")
        return self

    def whose(self) -> Any:
        """The id, or the key that finds the member."""
        if self.id is not None:
            return self.id
        return (
            MemberKey("card", self.card)
            if self.card is not None
            else MemberKey("external", self.external or "")
        )


class CheckoutRef(MemberRef):
    """A member at a checkout: named, or by the code that he shows."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [one]} for one in ("id", "card", "external", "code")]}
    )

    code: Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9A-Za-z ]{1,64}$")] | None = Field(
        default=None,
        description="The member code as it was scanned: it opens one checkout, of ten minutes and one purchase.",
        examples=["00421173066828185629"],
    )
    shown_at: Instant | None = Field(
        default=None,
        description="With a code, of a till that was offline: when it was scanned. A purchase whose code proves nothing "
        "is recorded as nobody's then, and a person looks at it.",
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(value is not None for value in (self.id, self.card, self.external, self.code)) != 1:
            raise PydanticCustomError(
                "member_ref", "name the member by one of id, card and external, or by a code"
            )
        if self.shown_at is not None and self.code is None:
            raise PydanticCustomError(
                "member_ref", "shown_at says when a code was scanned, and there is none"
            )
        return self

    def whose(self) -> Any:
        """The id, or the key that finds the member. Whose code it is, the ledger finds out (`api/codes.py`)."""
        assert self.code is None, "a code names nobody by itself"
        return super().whose()


class LineBody(Body):
    """One position of a receipt."""

    number: LineNumber
    amount_minor: AmountMinor = Field(description="What was paid for the whole line, net of discount.")
    quantity_milli: QuantityMilli = Field(default=1_000, description="Whole thousandths: 1500 is 1.5.")
    sku: ItemCode | None = None
    name: Words | None = None
    category: Category | None = Field(default=None, description="A path: DAIRY/MILK.")
    brand: Words | None = None
    discount_minor: AmountMinor = 0
    cost_minor: Annotated[int, Field(strict=True, ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX)] | None = None
    tags: Tags = Field(default_factory=list)
    attributes: dict[AttributeCode, AttributeValue] = Field(default_factory=dict, max_length=ATTRIBUTES_MAX)

    def line(self) -> Line:
        """The line of the domain."""
        return Line(
            number=self.number,
            amount_minor=self.amount_minor,
            quantity_milli=self.quantity_milli,
            sku=self.sku,
            name=self.name,
            category=self.category,
            brand=self.brand,
            discount_minor=self.discount_minor,
            cost_minor=self.cost_minor,
            tags=tuple(self.tags),
            attributes=self.attributes,
        )


class PaymentBody(Body):
    """One means of payment."""

    method: Code
    amount_minor: AmountMinor


class PurchaseBody(Body):
    """A sale. `source` and `business_no` together are its key: the same again has one effect and one answer."""

    source: Code = Field(description="Who sends it: a till system, an online shop.", examples=["pos"])
    business_no: Key = Field(description="The receipt's number there.", examples=["20261121-0001"])
    occurred_at: Instant
    money: MoneyCode = Field(examples=["CNY"])
    amount_minor: AmountMinor = Field(description="The sum of the lines.", examples=[12345])
    lines: list[LineBody] = Field(min_length=1, max_length=LINES_MAX)
    member: CheckoutRef | None = Field(
        default=None, description="Absent: a receipt of nobody, to be claimed later."
    )
    store: Code | None = None
    till: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    payments: list[PaymentBody] = Field(
        default_factory=list, max_length=PAYMENTS_MAX, description="When given, they add up to amount_minor."
    )
    tags: Tags = Field(default_factory=list)

    def at_store_of(self, principal: Principal) -> Self:
        """The body with the store that it is recorded under, which is part of what is told: it is hashed too.

        Refuses
            StoreNotPermitted   it is of a store that whoever asks is not bound to
        """
        store = principal.store_for(self.store)
        return self if store == self.store else self.model_copy(update={"store": store})

    def purchase(self) -> Purchase:
        """The purchase of the domain, which refuses what cannot be one."""
        return Purchase(
            source=self.source,
            business_no=self.business_no,
            occurred_at=self.occurred_at,
            money=self.money,
            amount_minor=self.amount_minor,
            lines=tuple(line.line() for line in self.lines),
            store=self.store,
            till=self.till,
            cashier=self.cashier,
            channel=self.channel,
            payments=tuple(
                Payment(method=one.method, amount_minor=one.amount_minor) for one in self.payments
            ),
            tags=tuple(self.tags),
        )

    def whose(self) -> Any:
        """Whose it is, where no code says so; None: nobody's."""
        return self.member.whose() if self.member else None


class BatchBody(Body):
    """Up to 1,000 purchases, each with an answer of its own."""

    REFUSED_ALONE: ClassVar[str] = "purchases"

    purchases: list[Any] = Field(
        min_length=1,
        max_length=BATCH_MAX,
        description="Purchases as in POST /v1/purchases. One that is malformed is refused alone.",
        json_schema_extra={"items": {"$ref": "#/components/schemas/PurchaseBody"}},
    )


class PurchaseRef(Body):
    """A purchase, by its id or by its business key."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["id"]}, {"required": ["source", "business_no"]}]}
    )

    id: PurchaseId | None = None
    source: Code | None = None
    business_no: Key | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        by_key = self.source is not None and self.business_no is not None
        if (self.id is not None) == by_key or (self.source is None) != (self.business_no is None):
            raise PydanticCustomError("purchase_ref", "name the purchase by id, or by source and business_no")
        return self

    def which(self) -> Any:
        """The id or the business key."""
        if self.id is not None:
            return self.id
        return BusinessKey(self.source or "", self.business_no or "")


class ReturnedLineBody(Body):
    """How much of a line comes back."""

    @model_validator(mode="before")
    @classmethod
    def _is_of_goods(cls, told: Any) -> Any:
        if isinstance(told, dict) and "amount_minor" in told:
            raise PydanticCustomError("money_only", MONEY_ONLY)
        return told

    number: LineNumber
    quantity_milli: Annotated[int, Field(strict=True, ge=1, le=INT64_MAX)]


class _BackBody(Body):
    purchase: PurchaseRef
    occurred_at: Instant | None = Field(default=None, description="Absent: now.")
    store: Code | None = None
    till: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    note: Note | None = None


class ReturnBody(_BackBody):
    """Part of a purchase comes back."""

    lines: list[ReturnedLineBody] = Field(min_length=1, max_length=LINES_MAX)

    def returned(self) -> tuple[ReturnedLine, ...]:
        """The lines of the domain."""
        return tuple(ReturnedLine(number=one.number, quantity_milli=one.quantity_milli) for one in self.lines)


class VoidBody(_BackBody):
    """All that is left of a purchase comes back."""


class ClaimBody(Body):
    """A member claims a receipt of nobody."""

    member: MemberRef
    source: Code
    business_no: Key


class MergeBody(Body):
    """Into whom a member is merged."""

    into: MemberRef
    note: Note | None = None


class KeyBody(Body):
    """A card number, or the member's id in another system."""

    kind: Literal["card", "external", "pos", "shop", "wechat", "alipay"]
    value: KeyValue

    @field_validator("value")
    @classmethod
    def _in_form(cls, value: str, told: ValidationInfo) -> str:
        return key_in_form(value, told.data.get("kind", ""))


class ReserveBody(Body):
    """Units are held for a redemption at the till until it is committed, released or lapses."""

    member: CheckoutRef
    currency: Code = Field(examples=["points"])
    units: Units
    lapse_seconds: Annotated[int, Field(strict=True, ge=1, le=LAPSE_SECONDS_MAX)] = 900
    store: Code | None = None
    cashier: Code | None = None
    channel: Code | None = None
    note: Note | None = None


class AdjustBody(Body):
    """Units given (positive) or taken (negative) by hand."""

    member: MemberRef
    currency: Code = Field(examples=["points"])
    units: Annotated[int, Field(strict=True, ge=-ADJUST_MAX, le=ADJUST_MAX, description="Not 0.")]
    store: Code | None = Field(default=None, description="Where it was granted.")
    note: Note = Field(description="Why; it stands in the member's statement.")


class ReverseBody(Body):
    """Why an entry is undone."""

    note: Note = Field(description="Why; it stands in the member's statement.")


class GiftBody(Body):
    """Units from one member to another; they keep their days of expiry."""

    member: MemberRef
    receiver: MemberRef
    currency: Code = Field(examples=["points"])
    units: Units
    note: Note | None = None


class DocumentBody(Body):
    """A programme document (docs/reference/programme.schema.json), as JSON."""

    document: dict[str, Any] = Field(json_schema_extra={"additionalProperties": True})


class ApplyBody(DocumentBody):
    """A document to publish as the next revision."""

    effective_at: Instant | None = Field(default=None, description="Absent: in a minute.")
    expected_revision: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] | None = Field(
        default=None,
        description="The newest revision that was planned against; refused when there is a newer one.",
    )
    text: Annotated[str, Field(max_length=1_048_576)] | None = Field(
        default=None,
        description="The document as it is written, with its comments, to be had back; refused when it says something else.",
    )


def canonical(body: Body) -> dict[str, Any]:
    """A body as plain values, without what stands at its default: two that mean the same are equal."""
    values: dict[str, Any] = body.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return values
