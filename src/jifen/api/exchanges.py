"""Exchanges: what the programme gives units for, how far a member is, and making one, at a till or on his own phone."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import MemberRef
from jifen.api.counted import counted_lately
from jifen.api.fields import Answer, Body, Code
from jifen.api.ids import EntryId, MemberId
from jifen.api.languages import Language, language_of
from jifen.api.overview_answers import DAY
from jifen.api.requests import GuardedRoute, MemberRoute, desk_of, member_of
from jifen.api.said import said, said_to_member
from jifen.domain import refusals as no
from jifen.domain.events import EXCHANGES_AT_ONCE
from jifen.domain.exchanges import offered
from jifen.domain.principal import Permission
from jifen.domain.refusals_of_programs import ExchangeUnknown
from jifen.domain.verbs import Status
from jifen.operations.exchange_units import exchange_units
from jifen.operations.find_member import find_member
from jifen.operations.read_exchange_figures import read_exchange_figures
from jifen.operations.read_member import MemberView, read_member
from jifen.present.exchanges import exchange_figures_shown

router = APIRouter(prefix="/v1", route_class=GuardedRoute)
own_router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
REFUSES = (
    ExchangeUnknown, no.PointsMissing, no.MemberUnknown, no.MemberClosed, no.MemberFrozen, no.ProgramMissing,
)  # fmt: skip


class UnitsOf(Answer):
    """Smallest units of a currency."""

    currency: str
    units: int


class OfferedExchange(Answer):
    """An exchange of the programme in force and how the member stands to it."""

    exchange: str
    names: dict[str, str]
    takes: UnitsOf
    gives: list[UnitsOf]
    at_once: bool = Field(description="It is made by itself as soon as enough is available.")
    available: int = Field(description="Units of what it takes that can be used now.")
    times: int = Field(description="How often it can be made now.")
    missing: int = Field(description="Units to the first time; 0: it can be made.")


class ExchangesAnswer(Answer):
    """All of them; of those that run by themselves what one gives another takes later."""

    data: list[OfferedExchange]


class ExchangeUsed(Answer):
    """An exchange of the programme in force, as a sentence, and how often it was made in twelve months."""

    exchange: str
    names: dict[str, str]
    sentence: str
    takes: UnitsOf
    gives: list[UnitsOf]
    at_once: bool = Field(description="It is made by itself as soon as enough is available.")
    times: int | None = Field(description="null: the journal is too long to be counted while somebody waits.")
    times_undone: int | None = Field(description="Of these, what was reversed since.")
    members: int | None
    by_month: list[int] | None


class ExchangesUsed(Answer):
    """What the programme exchanges. Figures are of the months that `months` names by their first days."""

    from_on: str = Field(json_schema_extra=DAY)
    to_on: str = Field(json_schema_extra=DAY)
    months: list[str] = Field(json_schema_extra={"items": {"type": "string", **DAY}})
    data: list[ExchangeUsed]


class OwnExchangeBody(Body):
    """Which, and how often."""

    exchange: Code
    times: int = Field(default=1, strict=True, ge=1, le=EXCHANGES_AT_ONCE)


class ExchangeBody(OwnExchangeBody):
    """The same, for a member."""

    member: MemberRef
    store: Code | None = None


class Moved(UnitsOf):
    """Units that moved, and the balance after."""

    balance_after: int


class ExchangeAnswer(Answer):
    """What was taken and given."""

    entry_id: EntryId
    member_id: MemberId
    sequence: int
    exchange: str
    times: int
    taken: Moved
    given: list[Moved]


def _shown(view: MemberView) -> ExchangesAnswer:
    program = view.timeline.programs[view.timeline.row_at(view.now)]
    codes = {currency.number: currency.code for currency in program.currencies}
    available = {one.currency: one.available for one in view.balances}
    may_spend = view.member.status is Status.ACTIVE
    return ExchangesAnswer(
        data=[
            OfferedExchange(
                exchange=one.exchange.code,
                names=dict(one.exchange.names),
                takes=UnitsOf(currency=codes[one.exchange.currency], units=one.exchange.units),
                gives=[
                    UnitsOf(currency=codes[given.currency], units=given.units) for given in one.exchange.gives
                ],
                at_once=one.exchange.at_once,
                available=one.available,
                times=one.times,
                missing=one.missing,
            )
            for one in offered(program, available, may_spend=may_spend)
        ]
    )


@router.get(
    "/exchanges",
    tags=["programme"],
    summary="Read how exchanges are used",
    **said(permission=Permission.BOOKS_READ, answer=ExchangesUsed, refuses=[no.ProgramMissing]),
)
async def get_exchanges_used(request: Request, language: Language = None) -> Response:
    """What the programme in force exchanges, as sentences, and how often that was made in the twelve months that end with this
    one. Whoever is bound to a store sees what was made there.
    """
    desk, spoken = desk_of(request), language_of(request, language)
    store = None if desk.principal.stores is None else desk.principal.store_for(None)
    found = await counted_lately(
        request, ("exchanges", store), lambda: read_exchange_figures(desk.ledger, store=store)
    )
    shown = exchange_figures_shown(found.program, found.months, found.span, found.sums, spoken)
    return render.answered(ExchangesUsed(**shown))


@router.get(
    "/members/{member_id:id}/exchanges",
    tags=["members"],
    summary="List exchanges",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=ExchangesAnswer,
        names_in_address=[no.MemberUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_exchanges(request: Request, member_id: MemberId) -> Response:
    """What the programme gives units for, and how far the member is from each."""
    return render.answered(_shown(await read_member(desk_of(request).ledger, member_id)))


@router.post(
    "/exchanges",
    tags=["members"],
    summary="Exchange units",
    **said(
        permission=Permission.UNITS_GIVE,
        answer=ExchangeAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=REFUSES,
    ),
)
async def exchange(request: Request, body: ExchangeBody) -> Response:
    """Units go and others come in one entry, by the terms of the programme in force; a reversal of it undoes both."""
    desk = desk_of(request)
    desk.principal.check_code(is_shown=False)

    async def effect(once: Any) -> dict[str, Any]:
        return await exchange_units(
            desk.ledger,
            await find_member(desk.ledger, body.member.whose()),
            exchange=body.exchange,
            times=body.times,
            request=once,
            store=desk.principal.store_for(body.store),
            actor=desk.principal.actor(),
        )

    return render.told(ExchangeAnswer, await asked_once(desk, body, effect), status=201)


@own_router.get(
    "/me/exchanges",
    summary="List exchanges",
    **said_to_member(answer=ExchangesAnswer, refuses=(no.ProgramMissing,)),
)
async def get_own_exchanges(request: Request) -> Response:
    """What the programme gives units for, and how far one is from each."""
    return render.answered(_shown(await read_member(desk_of(request).ledger, member_of(request).member_id)))


@own_router.post(
    "/me/exchanges",
    summary="Exchange units",
    **said_to_member(answer=ExchangeAnswer, status=201, has_body=True, has_key=True, refuses=REFUSES),
)
async def exchange_own(request: Request, body: OwnExchangeBody) -> Response:
    """Units go and others come in one entry."""
    desk, member_id = desk_of(request), member_of(request).member_id

    async def effect(once: Any) -> dict[str, Any]:
        return await exchange_units(
            desk.ledger,
            member_id,
            exchange=body.exchange,
            times=body.times,
            request=once,
            channel="app",
            actor=desk.principal.actor(),
        )

    return render.told(ExchangeAnswer, await asked_once(desk, body, effect), status=201)
