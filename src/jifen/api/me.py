"""What a member asks about himself on his phone: balance, lots, statement, tier, receipts; claim, give, ask.

Each is the route about any member, asked for his own: the answers and the rules are the same.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from jifen.api import answers as out
from jifen.api import codes, member_lists, members, overview_answers, questions, render, till
from jifen.api import statement_answers as told
from jifen.api.asked import asked_once
from jifen.api.codes import DeviceAnswer, roots_of
from jifen.api.fields import INT64_MAX, Body, Card, Code, Key, Note, Units
from jifen.api.ids import PurchaseId, QuestionId
from jifen.api.languages import Language, language_of
from jifen.api.requests import MemberRoute, desk_of, member_of
from jifen.api.said import said_to_member
from jifen.domain import refusals as no
from jifen.domain.person import MemberKey
from jifen.operations.claim_purchase import claim_purchase
from jifen.operations.find_member import find_member
from jifen.operations.find_own_receipt import find_own_receipt
from jifen.operations.give_units import give_units
from jifen.operations.manage_devices import register_device
from jifen.operations.read_member import read_member
from jifen.operations.read_purchase import read_purchase
from jifen.operations.read_questions import list_questions
from jifen.present.members import member_shown
from jifen.store.questions import QuestionQuery

router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
PROGRAM = (no.ProgramMissing,)


class OwnClaimBody(Body):
    """The number and the total that stand on a receipt: who has both holds it."""

    business_no: Key
    amount_minor: Annotated[int, Field(strict=True, ge=0, le=INT64_MAX)]
    source: Code | None = Field(
        default=None, description="Of a scanned slip; else it is found by number and amount."
    )


class ReceiverBody(Body):
    """Whom a gift is for: one of both."""

    phone: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    card: Card | None = None

    @model_validator(mode="after")
    def _is_one(self) -> ReceiverBody:
        if (self.phone is None) == (self.card is None):
            raise PydanticCustomError("receiver", "name the receiver by phone or card, and not both")
        return self

    def whose(self) -> MemberKey:
        """What finds him."""
        return (
            MemberKey("phone", self.phone) if self.phone is not None else MemberKey("card", self.card or "")
        )


class OwnGiftBody(Body):
    """Units for another member; they keep their days of expiry."""

    receiver: ReceiverBody
    currency: Code = Field(examples=["points"])
    units: Units
    note: Note | None = None


@router.get("/me", summary="Read oneself", **said_to_member(answer=out.MemberAnswer, refuses=PROGRAM))
async def get_me(request: Request) -> Response:
    """Status, tier, what finds oneself and nobody else of the household (masked), and balances as they stand now."""
    own = member_of(request)
    return render.answered(
        member_shown(await read_member(desk_of(request).ledger, own.member_id, for_id=own.person_id))
    )


@router.get(
    "/me/balances",
    summary="Read one's balances",
    **said_to_member(answer=out.BalancesAnswer, refuses=PROGRAM),
)
async def get_own_balances(request: Request) -> Response:
    """Available, pending, held, owed; what they are worth, and what expires next."""
    return await members.get_balances(request, member_of(request).member_id)


@router.get("/me/lots", summary="Read one's lots", **said_to_member(answer=out.LotsAnswer, refuses=PROGRAM))
async def get_own_lots(
    request: Request,
    before: members.Before = None,
    limit: members.Limit = 50,
    is_open: Annotated[bool, Query(description="Only lots that still hold units.")] = False,
) -> Response:
    """Lots, newest first: each expires on its own day."""
    return await members.get_lots(request, member_of(request).member_id, before, limit, is_open)


@router.get(
    "/me/lots/{number:int}",
    summary="Follow one of one's lots",
    **said_to_member(answer=told.LotStoryAnswer, refuses=PROGRAM, names_in_address=[no.LotUnknown]),
)
async def get_own_lot(
    request: Request,
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The lot's number.")],
    after: Annotated[
        int | None, Query(ge=0, le=INT64_MAX, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: members.Limit = 50,
    language: Language = None,
) -> Response:
    """From the receipt that opened it to what it was spent on, with why."""
    return await members.get_lot(request, member_of(request).member_id, number, after, limit, language)


@router.get(
    "/me/statement",
    summary="Read one's statement",
    **said_to_member(answer=told.StatementAnswer, refuses=PROGRAM),
)
async def get_own_statement(
    request: Request, before: members.Before = None, limit: members.Limit = 50, language: Language = None
) -> Response:
    """Every posting with why, as data and as a sentence, newest first."""
    return await members.get_statement(request, member_of(request).member_id, before, limit, language)


@router.get(
    "/me/tiers",
    summary="Read one's tier path",
    **said_to_member(answer=overview_answers.TiersAnswer, refuses=PROGRAM),
)
async def get_own_tiers(request: Request) -> Response:
    """The tier held, what counts towards the next and what is missing, and the tiers held since when."""
    return await member_lists.get_tiers(request, member_of(request).member_id)


@router.get(
    "/me/purchases/{purchase_id:id}",
    summary="Read one of one's purchases",
    **said_to_member(answer=out.PurchaseRead, refuses=PROGRAM, names_in_address=[no.PurchaseUnknown]),
)
async def get_own_purchase(request: Request, purchase_id: PurchaseId) -> Response:
    """The receipt with its lines, what each earned by which rule, and what of it came back."""
    view = await read_purchase(desk_of(request).ledger, purchase_id)
    if view.row is None or view.row["member_id"] != member_of(request).member_id:
        raise no.PurchaseUnknown(pointer="/path/purchase_id")
    return render.answered(render.purchase_read(view, till.reasons_of(view)))


@router.post(
    "/me/claims",
    summary="Claim a receipt",
    **said_to_member(
        answer=out.ClaimAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(no.PurchaseUnknown, no.PurchaseClaimed, no.MemberClosed, no.SignInTooSoon, *PROGRAM),
    ),
)
async def claim_own(request: Request, body: OwnClaimBody) -> Response:
    """A receipt of nobody becomes one's own, judged as of the moment it occurred. Its total is asked for too: numbers follow one
    another, and who has both holds the slip.
    """
    desk, member_id = desk_of(request), member_of(request).member_id

    async def effect(once: Any) -> dict[str, Any]:
        key = await find_own_receipt(
            desk.ledger, member_id, body.business_no, body.amount_minor, source=body.source
        )
        return await claim_purchase(
            desk.ledger, member_id, key, once, principal=desk.principal, actor=desk.principal.actor()
        )

    return render.told(out.ClaimAnswer, await asked_once(desk, body, effect), status=201)


@router.post(
    "/me/gifts",
    summary="Give units",
    **said_to_member(
        answer=out.GiftAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=members.GIFT_REFUSES,
    ),
)
async def give_own(request: Request, body: OwnGiftBody) -> Response:
    """The units leave at once and reach the receiver, with the days of expiry they had."""
    desk, member_id = desk_of(request), member_of(request).member_id

    async def effect(once: Any) -> dict[str, Any]:
        return await give_units(
            desk.ledger,
            member_id,
            await find_member(desk.ledger, body.receiver.whose(), pointer="/receiver"),
            currency=body.currency,
            units=body.units,
            request=once,
            note=body.note,
            actor=desk.principal.actor(),
        )

    return render.told(out.GiftAnswer, await asked_once(desk, body, effect), status=201)


@router.post(
    "/me/device",
    summary="Show codes on this phone",
    **said_to_member(answer=DeviceAnswer, status=201, has_key=True, refuses=[no.TooMuch, no.VaultClosed]),
)
async def register_own_phone(request: Request) -> Response:
    """A number and a key with which this phone shows codes offline. Asked again, with another Idempotency-Key, it is given
    others, and those before open nothing; when its session ends, neither do these.
    """
    desk, session, roots = desk_of(request), member_of(request), await roots_of(request.app)

    answer = await asked_once(
        desk,
        None,
        lambda once: register_device(
            desk.ledger,
            session.member_id,
            roots,
            request=once,
            principal=desk.principal,
            session_id=session.session_id,
        ),
    )
    return codes.device_shown(answer, roots, status=201)


@router.get("/me/questions", summary="List one's questions", **said_to_member(answer=questions.QuestionPage))
async def get_own_questions(
    request: Request,
    before: Annotated[
        QuestionId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    language: Language = None,
) -> Response:
    """What one asked, newest first."""
    spoken = language_of(request, language)
    query = QuestionQuery(member_id=member_of(request).member_id)
    found, after = await list_questions(desk_of(request).ledger, query, before=before, limit=limit)
    return render.answered(questions.page_shown(found, after, spoken))


@router.get(
    "/me/questions/{question_id:id}",
    summary="Read one of one's questions",
    **said_to_member(answer=questions.QuestionRead, names_in_address=[no.QuestionUnknown]),
)
async def get_own_question(request: Request, question_id: QuestionId, language: Language = None) -> Response:
    """What was asked and answered, step by step. Who answered is told by kind, not by name."""
    member_id, spoken = member_of(request).member_id, language_of(request, language)
    read = await questions.read_shown(desk_of(request).ledger, member_id, question_id, spoken)
    return render.answered(read.model_copy(update={"trail": [_nameless(step) for step in read.trail]}))


def _nameless(step: questions.StepAnswer) -> questions.StepAnswer:
    return step.model_copy(update={"principal": step.principal_kind})


@router.post(
    "/me/questions",
    summary="Ask",
    **said_to_member(
        answer=questions.QuestionStands, status=201, has_body=True, has_key=True, refuses=[no.EntryUnknown]
    ),
)
async def ask_own(request: Request, body: questions.AskBody) -> Response:
    """ "Not right?": about a line of the statement (its sequence and part) or anything else. It is due in ten days."""
    return await questions.ask_about_member(request, member_of(request).member_id, body)


@router.post(
    "/me/questions/{question_id:id}:appeal",
    summary="Appeal against an answer",
    **said_to_member(
        answer=questions.QuestionStands,
        has_body=True,
        has_key=True,
        refuses=[no.QuestionOver],
        names_in_address=[no.QuestionUnknown],
    ),
)
async def appeal_own(request: Request, question_id: QuestionId, body: questions.AppealBody) -> Response:
    """Somebody who has not answered yet looks at it again, within ten days."""
    return await questions.appeal_for_member(request, member_of(request).member_id, question_id, body)
