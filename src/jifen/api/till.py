"""The till and whatever sends sales: purchases, returns, reservations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from jifen.api import answers as out
from jifen.api import bodies, render
from jifen.api.asked import asked_once
from jifen.api.codes import whose
from jifen.api.errors import STATUS, field_wrong, pointer_in_purchase, problem_of
from jifen.api.fields import Code, Key
from jifen.api.ids import PurchaseId, ReservationId
from jifen.api.languages import language_of
from jifen.api.requests import Desk, GuardedRoute, desk_of, hash_of, lanes_of
from jifen.api.said import PURCHASE_REFUSES, said
from jifen.domain import refusals as no
from jifen.domain.explain import About, line_shares
from jifen.domain.person import MemberKey
from jifen.domain.principal import Permission, Principal
from jifen.domain.refusals import KeyReused, Refusal
from jifen.operations.claim_purchase import claim_purchase
from jifen.operations.find_member import find_member
from jifen.operations.handle_reservations import EndRequest, ReserveRequest
from jifen.operations.read_purchase import PurchaseView, read_purchase
from jifen.operations.record_purchases import PurchaseRequest
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


@router.post(
    "/purchases",
    tags=["purchases"],
    summary="Record a purchase",
    **said(
        permission=Permission.PURCHASES_RECORD,
        answer=out.PurchaseAnswer,
        status=201,
        has_body=True,
        refuses=(*PURCHASE_REFUSES, KeyReused),
    ),
)
async def record_purchase(request: Request, body: bodies.PurchaseBody) -> Response:
    """Record a sale, online, late, or out of order. `source` and `business_no` are its key: sent again it is answered
    as it was (200, with Idempotent-Replay); with other contents it is refused and the field is named.
    """
    desk = desk_of(request)
    answer = await lanes_of(request).purchases.one(await to_record(desk, body))
    request.state.purchases = [outcome(answer)]
    timeline = desk.ledger.compiled
    return render.answered(
        render.purchase_answer(answer, timeline),
        status=200 if answer.is_replay else 201,
        is_replay=answer.is_replay,
    )


async def to_record(desk: Desk, told: bodies.PurchaseBody) -> PurchaseRequest:
    """A body as a request to record it.

    Refuses
        StoreNotPermitted     it is of a store that whoever asks is not bound to
        CodeWrong, CodeUsed   its code opens no checkout
    """
    body = told.at_store_of(desk.principal)
    purchase, body_hash = body.purchase(), hash_of(body)
    key = BusinessKey(body.source, body.business_no)
    return PurchaseRequest(
        purchase=purchase,
        whose=await whose(desk, body.member, key=key, body_hash=body_hash),
        body_hash=body_hash,
        actor=desk.principal.actor(body.cashier),
    )


def outcome(answer: RecordedPurchase | Refusal) -> str:
    """How the meters count it."""
    if isinstance(answer, Refusal):
        return "refused"
    if answer.is_replay:
        return "replayed"
    return "recorded" if answer.member_id else "of_nobody"


@router.post(
    "/purchases:quote",
    tags=["purchases"],
    summary="Quote a purchase",
    **said(
        permission=Permission.PURCHASES_QUOTE,
        answer=out.PurchaseAnswer,
        has_body=True,
        refuses=PURCHASE_REFUSES,
    ),
)
async def quote(request: Request, body: bodies.PurchaseBody) -> Response:
    """Exactly what recording it now would answer; nothing changes. For nobody: what somebody newly enrolled would earn."""
    desk = desk_of(request)
    asked = body.at_store_of(desk.principal)
    purchase = asked.purchase()
    answer = await lanes_of(request).quotes.one((purchase, await whose(desk, asked.member)))
    return render.answered(render.purchase_answer(answer, desk.ledger.compiled))


@router.post(
    "/purchases:batch",
    tags=["purchases"],
    summary="Record up to 1,000 purchases",
    **said(permission=Permission.PURCHASES_RECORD, answer=out.BatchAnswer, has_body=True),
)
async def record_batch(request: Request, body: bodies.BatchBody) -> Response:
    """Each is recorded or refused on its own, in order; `status` is what it would have had alone. Send it again after a
    broken connection: what had been recorded is answered as a replay.
    """
    desk = desk_of(request)
    parsed = [await _parsed(desk, value) for value in body.purchases]
    ready = [one for one in parsed if isinstance(one, PurchaseRequest)]
    recorded = iter(await lanes_of(request).purchases.all(ready))
    answers = [next(recorded) if isinstance(one, PurchaseRequest) else one for one in parsed]
    request.state.purchases = [outcome(answer) for answer in answers]
    return render.answered(batch_answer(desk.ledger, answers, language_of(request)))


async def _parsed(desk: Desk, value: Any) -> PurchaseRequest | Refusal:
    if isinstance(value, Refusal):  # it is no JSON of ours: see `strict_json`
        return value
    try:
        return await to_record(desk, bodies.PurchaseBody.model_validate(value))
    except ValidationError as error:
        return field_wrong([dict(one) for one in error.errors(include_url=False)])
    except Refusal as refusal:
        return refusal


def batch_answer(
    ledger: Ledger, answers: Sequence[RecordedPurchase | Refusal], language: str
) -> dict[str, Any]:
    """One answer for each purchase, as `answers.BatchAnswer` describes it."""
    items: list[dict[str, Any]] = []
    for at, answer in enumerate(answers):
        if isinstance(answer, RecordedPurchase):
            purchase = render.purchase_answer(answer, ledger.compiled)
            items.append({"status": 200 if answer.is_replay else 201, "purchase": purchase, "problem": None})
            continue
        status = 422 if isinstance(answer, no.Unknown) else STATUS[type(answer)]
        problem = problem_of(answer, status, language)
        problem["pointer"] = f"/purchases/{at}{pointer_in_purchase(answer)}"
        items.append({"status": status, "purchase": None, "problem": problem})
    return {"answers": items}


@router.get(
    "/purchases",
    tags=["purchases"],
    summary="Find a purchase by its business key",
    **said(
        permission=Permission.PURCHASES_READ,
        answer=out.PurchaseRead,
        names_in_address=[no.PurchaseUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def find_purchase(
    request: Request, source: Annotated[Code, Query()], business_no: Annotated[Key, Query()]
) -> Response:
    """The purchase with that receipt number; a receipt of nobody too."""
    return await _read(desk_of(request), BusinessKey(source, business_no))


@router.get(
    "/purchases/{purchase_id:id}",
    tags=["purchases"],
    summary="Read a purchase",
    **said(
        permission=Permission.PURCHASES_READ,
        answer=out.PurchaseRead,
        names_in_address=[no.PurchaseUnknown],
        refuses=[no.ProgramMissing],
    ),
)
async def get_purchase(request: Request, purchase_id: PurchaseId) -> Response:
    """What was told, what it earned and why, and what of it came back."""
    return await _read(desk_of(request), purchase_id)


async def _read(desk: Desk, which: Any) -> Response:
    view = await read_purchase(desk.ledger, which)
    return render.answered(render.purchase_read(view, reasons_of(view)))


def reasons_of(view: PurchaseView) -> list[out.LineReason]:
    """What each line earned by which rule: granted adds up to the postings."""
    about = About(purchase=view.row)
    return [
        out.LineReason(**share._asdict(), currency=view.timeline.newest.currencies[posting.currency].code)
        for posting in view.postings
        for share in line_shares(view.timeline, posting, about)
    ]


RETURN_REFUSES = (
    no.PurchaseUnknown,
    no.LineUnknown,
    no.ReturnExceedsPurchase,
    no.TimeOutOfBounds,
    no.MemberClosed,
    no.ProgramMissing,
    no.StoreNotPermitted,
)


@router.post(
    "/purchases:return",
    tags=["purchases"],
    summary="Return lines of a purchase",
    **said(
        permission=Permission.PURCHASES_TAKE_BACK,
        answer=out.ReturnAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=RETURN_REFUSES,
    ),
)
async def return_lines(request: Request, body: bodies.ReturnBody) -> Response:
    """Take back what returned lines had earned: from their own lots, or as debt, or not at all where it had expired."""
    return await _return(desk_of(request), body, body.returned())


@router.post(
    "/purchases:void",
    tags=["purchases"],
    summary="Void a purchase",
    **said(
        permission=Permission.PURCHASES_TAKE_BACK,
        answer=out.ReturnAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=RETURN_REFUSES,
    ),
)
async def void(request: Request, body: bodies.VoidBody) -> Response:
    """All that has not come back yet comes back."""
    return await _return(desk_of(request), body, None)


async def _return(desk: Desk, body: bodies.ReturnBody | bodies.VoidBody, lines: Any) -> Response:
    asked = ReturnRequest(
        purchase=body.purchase.which(),
        lines=lines,
        occurred_at=body.occurred_at,
        store=desk.principal.store_for(body.store),
        till=body.till,
        cashier=body.cashier,
        channel=body.channel,
        note=body.note,
        actor=desk.principal.actor(body.cashier),
    )
    answer = await asked_once(desk, body, lambda once: return_purchase(desk.ledger, asked, once))
    return render.told(out.ReturnAnswer, answer, status=201)


@router.post(
    "/purchases:claim",
    tags=["purchases"],
    summary="Claim a receipt of nobody",
    **said(
        permission=Permission.PURCHASES_CLAIM,
        answer=out.ClaimAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(no.PurchaseUnknown, no.PurchaseClaimed, *PURCHASE_REFUSES),
    ),
)
async def claim(request: Request, body: bodies.ClaimBody) -> Response:
    """The receipt becomes the member's purchase, judged as of the moment it occurred, less what came back meanwhile."""
    desk = desk_of(request)
    key = BusinessKey(body.source, body.business_no)

    async def effect(once: Any) -> dict[str, Any]:
        member_id = await find_member(desk.ledger, body.member.whose())
        return await claim_purchase(
            desk.ledger, member_id, key, once, principal=desk.principal, actor=desk.principal.actor()
        )

    return render.told(out.ClaimAnswer, await asked_once(desk, body, effect), status=201)


@router.post(
    "/reservations",
    tags=["reservations"],
    summary="Reserve units",
    **said(
        permission=Permission.RESERVATIONS_MAKE,
        answer=out.ReservationAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(
            no.MemberUnknown,
            no.MemberClosed,
            no.MemberFrozen,
            no.CurrencyUnknown,
            no.PointsMissing,
            no.ProgramMissing,
            no.StoreNotPermitted,
            no.CodeNeeded,
            no.CodeWrong,
            no.CodeUsed,
        ),
    ),
)
async def reserve(request: Request, body: bodies.ReserveBody) -> Response:
    """Hold units for a redemption until it is committed or released; it lapses by itself."""
    desk, lanes = desk_of(request), lanes_of(request)
    desk.principal.check_code(is_shown=body.member.code is not None)

    async def effect(once: Once) -> dict[str, Any]:
        member = await whose(desk, body.member, reserved=once.key)
        held: dict[str, Any] = await lanes.reservations.one(to_reserve(desk.principal, body, once, member))
        return held

    answer = await asked_once(desk, body, effect)
    return render.told(out.ReservationAnswer, answer, status=201)


def to_reserve(
    principal: Principal, body: bodies.ReserveBody, once: Once, member: UUID | MemberKey
) -> ReserveRequest:
    """A body as a request to reserve for a member.

    Refuses
        StoreNotPermitted   it is of a store that whoever asks is not bound to
    """
    return ReserveRequest(
        whose=member,
        currency=body.currency,
        units=body.units,
        lapse_seconds=body.lapse_seconds,
        once=once,
        store=principal.store_for(body.store),
        channel=body.channel,
        actor=principal.actor(body.cashier),
        note=body.note,
    )


END_SAID: dict[str, Any] = {
    "answer": out.ReservationAnswer,
    "has_key": True,
    "refuses": (no.MemberClosed, no.MemberFrozen, no.ReservationOver, no.ProgramMissing),
    "names_in_address": [no.ReservationUnknown],
}


@router.post(
    "/reservations/{reservation_id:id}:commit",
    tags=["reservations"],
    summary="Spend what is reserved",
    **said(permission=Permission.RESERVATIONS_COMMIT, **END_SAID),
)
async def commit(request: Request, reservation_id: ReservationId) -> Response:
    """The units are spent."""
    return await _end(request, reservation_id, is_committed=True)


@router.post(
    "/reservations/{reservation_id:id}:release",
    tags=["reservations"],
    summary="Give back what is reserved",
    **said(permission=Permission.RESERVATIONS_RELEASE, **END_SAID),
)
async def release(request: Request, reservation_id: ReservationId) -> Response:
    """The units go back to their lots."""
    return await _end(request, reservation_id, is_committed=False)


async def _end(request: Request, reservation_id: UUID, *, is_committed: bool) -> Response:
    desk, lanes = desk_of(request), lanes_of(request)

    def asked(once: Once) -> EndRequest:
        return EndRequest(
            reservation_id=reservation_id, is_committed=is_committed, once=once, actor=desk.principal.actor()
        )

    answer = await asked_once(desk, None, lambda once: lanes.reservations.one(asked(once)))
    return render.told(out.ReservationAnswer, answer)
