"""Members: enrol, read, balances, lots, statement; and what members give each other."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from jifen.api import answers as out
from jifen.api import bodies, render
from jifen.api import statement_answers as told
from jifen.api.asked import asked_once
from jifen.api.fields import INT64_MAX, Card, Key
from jifen.api.ids import MemberId
from jifen.api.languages import Language, language_of
from jifen.api.persons import EnrolBody
from jifen.api.requests import GuardedRoute, desk_of, lanes_of
from jifen.api.said import said
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.person import Consent, MemberKey, Told
from jifen.domain.principal import Permission
from jifen.domain.refusals import FieldWrong
from jifen.operations.enrol_member import enrol_member
from jifen.operations.find_member import find_member, keys_that_find
from jifen.operations.give_units import give_units
from jifen.operations.read_member import read_lots, read_member
from jifen.operations.read_statement import (
    PAGE_MAX,
    read_lot_story,
    read_statement,
)
from jifen.operations.record_consent import in_form
from jifen.operations.tell_person import told_of_person
from jifen.present.members import balances_shown, member_shown
from jifen.present.statements import lot_shown, lot_story, statement_entry
from jifen.store.once import Once

router = APIRouter(prefix="/v1", route_class=GuardedRoute)

Before = Annotated[
    int | None,
    Query(ge=1, le=INT64_MAX, description="The cursor: next_cursor of the page before."),
]
Limit = Annotated[int, Query(ge=1, le=PAGE_MAX)]
READ_SAID: dict[str, Any] = {
    "permission": Permission.MEMBERS_READ,
    "names_in_address": [no.MemberUnknown],
    "refuses": [no.ProgramMissing],
}

GIFT_REFUSES = (
    no.MemberUnknown,
    no.MemberClosed,
    no.MemberFrozen,
    no.CurrencyUnknown,
    no.PointsMissing,
    no.GiftToSelf,
    no.ProgramMissing,
)


@router.post(
    "/members",
    tags=["members"],
    summary="Enrol a member",
    **said(
        permission=Permission.MEMBERS_ENROL,
        answer=out.EnrolAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(
            no.KeyTaken,
            no.CheckDigitWrong,
            no.ProgramMissing,
            no.VaultClosed,
            people_no.TermsUnknown,
            people_no.TermsNotAccepted,
            house.GuardianNeeded,
        ),
    ),
)
async def enrol(request: Request, body: EnrolBody) -> Response:
    """A new member at the foot of the ladder, with the cards, ids and contacts that find him, and what he agreed to. The terms of
    membership are accepted as a consent of the purpose `terms`; where the shop needs that, nobody is enrolled without it.
    """
    desk = desk_of(request)
    keys = [MemberKey(one.kind, one.value) for one in body.keys]
    told, who = Told(), body.person
    if who is not None:
        told = await told_of_person(desk.ledger, who.fields(), who.attributes)
    consents = [in_form(Consent(**one.model_dump())) for one in body.consents]

    async def effect(once: Once) -> dict[str, Any]:
        return await enrol_member(
            desk.ledger,
            keys,
            once,
            told=told,
            consents=consents,
            actor=desk.principal.actor(),
            is_at_desk=True,
        )

    answer = await asked_once(desk, body, effect)
    told_keys = [*keys, *told.contacts]
    if answer["is_replay"]:  # a retry is told what finds him now: he may have been corrected, or erased
        told_keys = await keys_that_find(desk.ledger, told_keys, UUID(answer["member_id"]))
    found_by = [{"kind": key.kind, "value": key.value} for key in told_keys]
    return render.told(out.EnrolAnswer, {**answer, "keys": found_by}, status=201)


@router.get(
    "/members", tags=["members"], summary="Find a member", **said(answer=out.MemberAnswer, **READ_SAID)
)
async def find(
    request: Request,
    card: Annotated[Card | None, Query(description="A card number.")] = None,
    external: Annotated[Key | None, Query(description="The member's id in another system.")] = None,
    pos: Annotated[Key | None, Query(description="His id at the till.")] = None,
    shop: Annotated[Key | None, Query(description="His id in the shop.")] = None,
    wechat: Annotated[Key | None, Query(description="His id at WeChat.")] = None,
    alipay: Annotated[Key | None, Query(description="His id at Alipay.")] = None,
    phone: Annotated[Key | None, Query(description="His phone, as he says it.")] = None,
    email: Annotated[Key | None, Query(description="His e-mail address.")] = None,
) -> Response:
    """The member whom one of these finds: name one of them."""
    named = {
        "card": card, "external": external, "pos": pos, "shop": shop, "wechat": wechat, "alipay": alipay, "phone": phone,
        "email": email,
    }  # fmt: skip
    told = [(kind, text) for kind, text in named.items() if text is not None]
    if len(told) != 1:
        raise FieldWrong(
            f"name the member by one of {', '.join(named)}",
            pointer=f"/query/{told[0][0] if told else 'card'}",
        )
    ledger, (kind, text) = desk_of(request).ledger, told[0]
    member_id = await find_member(ledger, MemberKey(kind, text), pointer=f"/query/{kind}")
    return render.answered(member_shown(await read_member(ledger, member_id)))


@router.get(
    "/members/{member_id:id}",
    tags=["members"],
    summary="Read a member",
    **said(answer=out.MemberAnswer, **READ_SAID),
)
async def get_member(request: Request, member_id: MemberId) -> Response:
    """Status, tier, keys and balances as they stand now."""
    return render.answered(member_shown(await read_member(desk_of(request).ledger, member_id)))


@router.get(
    "/members/{member_id:id}/balances",
    tags=["members"],
    summary="Read balances",
    **said(answer=out.BalancesAnswer, **READ_SAID),
)
async def get_balances(request: Request, member_id: MemberId) -> Response:
    """Where the member's units stand: available, pending, held, owed; and what expires next."""
    return render.answered(balances_shown(await lanes_of(request).standings.one(member_id)))


@router.get(
    "/members/{member_id:id}/lots",
    tags=["members"],
    summary="Read lots",
    **said(answer=out.LotsAnswer, **READ_SAID),
)
async def get_lots(
    request: Request,
    member_id: MemberId,
    before: Annotated[
        int | None, Query(ge=1, le=INT64_MAX, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Limit = 50,
    is_open: Annotated[bool, Query(description="Only lots that still hold units.")] = False,
) -> Response:
    """The lots as stored, newest first. What time has made due shows once a job or an entry has made it visible."""
    ledger = desk_of(request).ledger
    lots = await read_lots(ledger, member_id)
    view = await read_member(ledger, member_id)
    chosen = [
        lot
        for lot in reversed(lots)
        if (before is None or lot.number < before) and (lot.left or lot.held or not is_open)
    ]
    page = chosen[:limit]
    return render.answered(
        {
            "data": [lot_shown(lot, view.timeline) for lot in page],
            "next_cursor": str(page[-1].number) if len(chosen) > limit else None,
        }
    )


@router.get(
    "/members/{member_id:id}/statement",
    tags=["members"],
    summary="Read a statement",
    **said(answer=told.StatementAnswer, **READ_SAID),
)
async def get_statement(
    request: Request,
    member_id: MemberId,
    before: Before = None,
    limit: Limit = 50,
    language: Language = None,
) -> Response:
    """Every posting with why, as data and as a sentence, newest first. `limit` counts entries; one may have several
    postings.
    """
    language = language_of(request, language)
    statement = await read_statement(desk_of(request).ledger, member_id, before=before, limit=limit)
    return render.answered(
        {
            "data": [statement_entry(line, statement.timeline, language) for line in statement.lines],
            "next_cursor": str(statement.next_before) if statement.next_before else None,
        }
    )


@router.get(
    "/members/{member_id:id}/lots/{number:int}",
    tags=["members"],
    summary="Follow a lot",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=told.LotStoryAnswer,
        names_in_address=[no.MemberUnknown, no.LotUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_lot(
    request: Request,
    member_id: MemberId,
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The lot's number within its member.")],
    after: Annotated[
        int | None, Query(ge=0, le=INT64_MAX, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Limit = 50,
    language: Language = None,
) -> Response:
    """From the receipt that opened it to what it was spent on: every movement, oldest first, and the postings with why."""
    language = language_of(request, language)
    story = await read_lot_story(desk_of(request).ledger, member_id, number, after=after or 0, limit=limit)
    return render.answered(lot_story(story, language))


@router.post(
    "/gifts",
    tags=["members"],
    summary="Give units to a member",
    **said(
        permission=Permission.UNITS_GIVE,
        answer=out.GiftAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=GIFT_REFUSES,
    ),
)
async def give(request: Request, body: bodies.GiftBody) -> Response:
    """The units leave the giver at once and reach the receiver, with the days of expiry they had."""
    desk = desk_of(request)

    async def effect(once: Any) -> dict[str, Any]:
        return await give_units(
            desk.ledger,
            await find_member(desk.ledger, body.member.whose()),
            await find_member(desk.ledger, body.receiver.whose(), pointer="/receiver"),
            currency=body.currency,
            units=body.units,
            request=once,
            note=body.note,
            actor=desk.principal.actor(),
        )

    return render.told(out.GiftAnswer, await asked_once(desk, body, effect), status=201)
