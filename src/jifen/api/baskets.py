"""The basket: what the programme takes off prices before anything is paid, and the points to come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal, Self

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import answers as out
from jifen.api import render
from jifen.api.bodies import CheckoutRef
from jifen.api.codes import whose
from jifen.api.fields import (
    AmountMinor,
    Answer,
    AttributeCode,
    AttributeValue,
    Body,
    Category,
    Code,
    Instant,
    ItemCode,
    LineNumber,
    MoneyCode,
    QuantityMilli,
    Tags,
    Words,
)
from jifen.api.ids import MemberId
from jifen.api.requests import GuardedRoute, desk_of, lanes_of
from jifen.api.said import PURCHASE_REFUSES, said
from jifen.domain.basket import Left
from jifen.domain.deals import Missing
from jifen.domain.principal import Permission, Principal
from jifen.domain.program.offers import Bundle, Offer
from jifen.domain.purchase import ATTRIBUTES_MAX, LINES_MAX, Line, Purchase
from jifen.domain.refusals import FieldWrong
from jifen.operations.price_basket import PricedBasket, price
from jifen.present.ids import prefixed

EVER = datetime(2000, 1, 1, tzinfo=UTC)
"""Stands for now until the ledger's clock is read."""

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class BasketLineBody(Body):
    """One position of a basket."""

    number: LineNumber
    shelf_minor: AmountMinor = Field(description="What the whole line costs before any offer.")
    quantity_milli: QuantityMilli = Field(default=1_000, description="Whole thousandths: 1500 is 1.5.")
    sku: ItemCode | None = None
    name: Words | None = None
    category: Category | None = Field(default=None, description="A path: DAIRY/MILK.")
    brand: Words | None = None
    tags: Tags = Field(default_factory=list)
    attributes: dict[AttributeCode, AttributeValue] = Field(default_factory=dict, max_length=ATTRIBUTES_MAX)

    def line(self) -> Line:
        """The line of the domain, at its shelf price."""
        return Line(
            number=self.number,
            amount_minor=self.shelf_minor,
            quantity_milli=self.quantity_milli,
            sku=self.sku,
            name=self.name,
            category=self.category,
            brand=self.brand,
            tags=tuple(self.tags),
            attributes=self.attributes,
        )


class BasketBody(Body):
    """What is about to be bought, at shelf prices."""

    source: Code = Field(description="Who asks: a till system, an online shop.", examples=["pos"])
    money: MoneyCode = Field(examples=["CNY"])
    lines: list[BasketLineBody] = Field(min_length=1, max_length=LINES_MAX)
    member: CheckoutRef | None = Field(default=None, description="Absent: what is open to everybody.")
    occurred_at: Instant | None = Field(default=None, description="Absent: now.")
    store: Code | None = None
    till: Code | None = None
    channel: Code | None = None
    tags: Tags = Field(default_factory=list)

    def at_store_of(self, principal: Principal) -> Self:
        """The body with the store that it is priced for.

        Refuses
            StoreNotPermitted   it is of a store that whoever asks is not bound to
        """
        store = principal.store_for(self.store)
        return self if store == self.store else self.model_copy(update={"store": store})

    def basket(self) -> Purchase:
        """The lines at shelf prices, as a purchase that did not happen yet."""
        lines = tuple(line.line() for line in self.lines)
        return Purchase(
            source=self.source,
            business_no="basket",
            occurred_at=self.occurred_at or EVER,
            money=self.money,
            amount_minor=sum(line.amount_minor for line in lines),
            lines=lines,
            store=self.store,
            till=self.till,
            channel=self.channel,
            tags=tuple(self.tags),
        )


class LineDiscount(Answer):
    """What one offer takes off a line."""

    offer: str
    minor: int


class PricedLine(Answer):
    """A line with what is taken off. `amount_minor` and `discount_minor` are those of the purchase that is then recorded."""

    number: int
    shelf_minor: int
    discount_minor: int
    amount_minor: int
    discounts: list[LineDiscount]


class UsedOffer(Answer):
    """An offer that is used, and what it takes off all lines."""

    offer: str
    names: dict[str, str]
    minor: int


class NextOffer(Answer):
    """What is missing for the next discount of an offer: money, or pieces of what it sees or of a place of a bundle (`item`)."""

    offer: str
    names: dict[str, str]
    missing_minor: int | None
    missing_pieces: int | None
    item: dict[str, str] | None
    off_minor: int | None = Field(
        description="What it takes off then beyond what it does now; null: that depends on the price of what is added."
    )


class UnusedOffer(Answer):
    """An offer of the programme that is not used, and why."""

    offer: str
    names: dict[str, str]
    why: Literal[
        "not_now", "not_for_member", "member_unknown", "sees_nothing", "not_reached", "takes_nothing_off", "stands_apart",
        "worse",
    ]  # fmt: skip
    beside: list[str] = Field(description="Offers that are used, with which it does not stand.")


class BasketAnswer(Answer):
    """The best price of a basket, and what buying it so would earn."""

    member_id: MemberId | None
    shelf_minor: int
    discount_minor: int
    amount_minor: int
    lines: list[PricedLine]
    used: list[UsedOffer]
    unused: list[UnusedOffer]
    next: list[NextOffer]
    is_exact: bool = Field(description="false: so many offers meet that not every combination was looked at.")
    points: out.PurchaseAnswer = Field(description="As a quote of the lines at these prices answers.")


@router.post(
    "/baskets:price",
    tags=["purchases"],
    summary="Price a basket",
    **said(
        permission=Permission.PURCHASES_QUOTE,
        answer=BasketAnswer,
        has_body=True,
        refuses=PURCHASE_REFUSES,
    ),
)
async def price_basket(request: Request, body: BasketBody) -> Response:
    """The lowest price that the programme's offers allow, line by line, what was not used and why, what is missing for the next
    offer, and the points to come. Nothing changes; the purchase is then recorded with these amounts.
    """
    desk = desk_of(request)
    asked = body.at_store_of(desk.principal)
    try:
        found = await price(
            desk.ledger, asked.basket(), await whose(desk, asked.member), at=asked.occurred_at
        )
    except FieldWrong as refusal:
        raise in_basket(refusal) from None
    points = await lanes_of(request).quotes.one((found.sold, found.member_id))
    return render.answered(basket_answer(found, render.purchase_answer(points, desk.ledger.compiled)))


def in_basket(refusal: FieldWrong) -> FieldWrong:
    """The refusal with its place in a basket, whose sum nobody tells."""
    if refusal.pointer == "/amount_minor":
        refusal.pointer = "/lines"
    return refusal


def basket_answer(found: PricedBasket, points: dict[str, Any]) -> dict[str, Any]:
    """A priced basket as `BasketAnswer` describes it."""
    candidates, priced = found.candidates, found.priced
    by_line: list[list[dict[str, Any]]] = [[] for _ in found.basket.lines]
    for used in priced.used:
        for at, minor in used.taken.by_line:
            by_line[at].append({"offer": candidates[used.candidate].offer.code, "minor": minor})
    unused = [(candidates[left.candidate].offer, left.why.value, left) for left in priced.left]
    further = [(candidates[one.candidate].offer, one.taken.missing) for one in priced.used]
    further += [(candidates[left.candidate].offer, left.missing) for left in priced.left]
    return {
        "member_id": found.member_id and prefixed("mbr", found.member_id),
        "shelf_minor": found.basket.amount_minor,
        "discount_minor": found.basket.amount_minor - priced.minor,
        "amount_minor": priced.minor,
        "lines": [
            {
                "number": line.number,
                "shelf_minor": line.amount_minor,
                "discount_minor": line.amount_minor - amount,
                "amount_minor": amount,
                "discounts": [one for one in discounts if one["minor"]],
            }
            for line, amount, discounts in zip(found.basket.lines, priced.prices, by_line, strict=True)
        ],
        "used": [
            {**_named(candidates[used.candidate].offer), "minor": used.taken.minor} for used in priced.used
        ],
        "unused": [
            *({**_named(offer), "why": why, "beside": _beside(found, left)} for offer, why, left in unused),
            *({**_named(offer), "why": why.value, "beside": []} for offer, why in found.opened.closed),
        ],
        "next": [_next(offer, missing) for offer, missing in further if missing is not None],
        "is_exact": priced.is_exact,
        "points": points,
    }


def _named(offer: Offer) -> dict[str, Any]:
    return {"offer": offer.code, "names": offer.names}


def _beside(found: PricedBasket, left: Left) -> list[str]:
    return [found.candidates[at].offer.code for at in left.beside]


def _next(offer: Offer, missing: Missing) -> dict[str, Any]:
    item = offer.deal.items[missing.item] if isinstance(offer.deal, Bundle) and missing.item >= 0 else None
    return {
        **_named(offer),
        "missing_minor": missing.minor or None,
        "missing_pieces": missing.pieces or None,
        "item": item and item.names,
        "off_minor": missing.off_minor or None,
    }
