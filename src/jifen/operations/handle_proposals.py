"""Proposals: propose, read, approve, refuse, withdraw. The effect happens once, in the approver's call (decision 0113).

What an approved proposal does is given by whoever calls (`jobs/proposals.py` has the table): operations do not import each other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from jifen.domain.adjustment import check_adjustment_told
from jifen.domain.audit import About, Act, Deed, Detail, Why, about
from jifen.domain.principal import Principal, permissions_of
from jifen.domain.proposals import (
    REASON_MAX,
    REVEALS_A_DAY_MAX,
    WAITS,
    FourEyes,
    ProposalKind,
    ProposalState,
    check_approves,
    check_decides,
    check_waits,
    decides_for,
    may_decide,
)
from jifen.domain.refusals import (
    CurrencyUnknown,
    EffectiveInThePast,
    FieldWrong,
    MemberClosed,
    MemberUnknown,
    MergeIntoSelf,
    NotPermitted,
    PersonUnknown,
    ProposalUnknown,
    Refusal,
    RevisionStale,
)
from jifen.domain.verbs import Status
from jifen.store.audit import note_act
from jifen.store.ids import new_id
from jifen.store.members import lock_members
from jifen.store.newest import newest_timeline
from jifen.store.once import Once, once
from jifen.store.operators import Operator, all_operators, find_operator
from jifen.store.persons import persons_of
from jifen.store.proposals import (
    NewProposal,
    Proposal,
    add_proposal,
    decide,
    find_proposal,
    keep_result,
    let_wait_again,
    read_proposals,
    waiting_of,
)
from jifen.store.settings import four_eyes, set_four_eyes

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

Effect: TypeAlias = Callable[["Ledger", Proposal, Once, str], Awaitable[dict[str, Any]]]
"""Does what a proposal says: once for the key, in the name of both. Returns what came of it."""

OPERATORS_MAX: Final = 10_000
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"


async def propose_adjustment(
    ledger: Ledger,
    principal: Principal,
    member_id: UUID,
    *,
    currency: str,
    units: int,
    note: str,
    store: str | None,
    request: Once,
) -> dict[str, Any]:
    """The proposal of an adjustment that is more than whoever asks makes alone: `proposal_id`, `expires_at`, and what to type and
    from when on, where nobody else could decide.

    Refuses
        FieldWrong          no units, too many, or no reason given
        StoreNotPermitted   a store that he is not bound to
        CurrencyUnknown     the programme has no such currency
    """
    check_adjustment_told(units, note)
    at_store = principal.store_for(store)

    async def effect(connection: Connection) -> dict[str, Any]:
        timeline = await newest_timeline(ledger, connection)
        if timeline is None or currency not in {one.code for one in timeline.newest.currencies}:
            raise CurrencyUnknown(
                f"there is no currency {currency!r}", pointer="/currency", currency=currency
            )
        body = {
            "member_id": str(member_id),
            "currency": currency,
            "units": units,
            "note": note,
            "store": at_store,
        }
        return await _proposed(
            connection, principal, ProposalKind.ADJUSTMENT, body, member_id=member_id, store=at_store
        )

    return await once(ledger, request, effect)


async def propose_reversal(
    ledger: Ledger,
    principal: Principal,
    member_id: UUID,
    *,
    sequence: int,
    units: int | None,
    note: str,
    request: Once,
) -> dict[str, Any]:
    """The proposal to reverse an adjustment that is more than whoever asks makes alone.

    Shape
        units   of the adjustment, to be told
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        body = {"member_id": str(member_id), "sequence": sequence, "units": units, "note": note}
        return await _proposed(connection, principal, ProposalKind.REVERSAL, body, member_id=member_id)

    return await once(ledger, request, effect)


async def propose_publication(
    ledger: Ledger,
    principal: Principal,
    document: dict[str, Any],
    *,
    text: str | None = None,
    document_hash: str,
    effective_at: datetime | None,
    expected_revision: int | None,
    newest_revision: int,
    request: Once,
) -> dict[str, Any]:
    """The proposal of a revision, after the one that is the newest now: whoever approves publishes what was looked at, or
    nothing.

    Refuses
        RevisionStale        `expected_revision` is not the newest any more
        EffectiveInThePast   the moment is past already
        StoreNotPermitted    who asks is bound to stores: a programme is of all of them
    """
    principal.check_unbound(pointer="/document")
    if expected_revision is not None and expected_revision != newest_revision:
        raise RevisionStale(expected_revision=expected_revision, newest_revision=newest_revision)

    async def effect(connection: Connection) -> dict[str, Any]:
        now = (await ledger.clock(connection)).now
        if effective_at is not None and effective_at <= now:
            raise EffectiveInThePast(pointer="/effective_at", effective_at=effective_at.isoformat())
        body = {
            "document": document,
            "text": text,
            "document_hash": document_hash,
            "effective_at": effective_at.isoformat() if effective_at else None,
            "expected_revision": newest_revision,
        }
        return await _proposed(connection, principal, ProposalKind.PUBLICATION, body)

    return await once(ledger, request, effect)


async def propose_erasure(
    ledger: Ledger, principal: Principal, member_id: UUID, *, confirmed: UUID, request: Once
) -> dict[str, Any]:
    """The proposal to erase the persons whom a member has now, and nobody else.

    Refuses
        FieldWrong      another member is confirmed
        PersonUnknown   nothing personal is known of the member
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        if confirmed != member_id:
            raise FieldWrong("name the member who is to be erased once more", pointer="/confirm")
        persons = await persons_of(connection, member_id)
        if not persons:
            raise PersonUnknown(pointer="/member")
        body = {"member_id": str(member_id), "persons": [str(one.person_id) for one in persons]}
        return await _proposed(connection, principal, ProposalKind.ERASURE, body, member_id=member_id)

    return await once(ledger, request, effect)


async def propose_merge(
    ledger: Ledger, principal: Principal, member_id: UUID, into_id: UUID, *, note: str | None, request: Once
) -> dict[str, Any]:
    """The proposal to merge a member into another, with the persons whom both have now.

    Refuses
        MergeIntoSelf   it is the same member
        MemberUnknown   there is none with that id
        MemberClosed    one of the two takes no entries
    """
    if member_id == into_id:
        raise MergeIntoSelf(pointer="/into")

    async def effect(connection: Connection) -> dict[str, Any]:
        both = await lock_members(connection, [member_id, into_id])
        for one, pointer in ((member_id, "/member"), (into_id, "/into")):
            if one not in both:
                raise MemberUnknown(pointer=pointer)
            if both[one].status in (Status.CLOSED, Status.MERGED):
                raise MemberClosed(pointer=pointer)
        persons = [one for each in (member_id, into_id) for one in await persons_of(connection, each)]
        body = {
            "member_id": str(member_id),
            "into_id": str(into_id),
            "persons": [str(one.person_id) for one in persons],
            "note": note,
        }
        return await _proposed(connection, principal, ProposalKind.MERGE, body, member_id=member_id)

    return await once(ledger, request, effect)


async def propose_reveal(
    ledger: Ledger, principal: Principal, member_id: UUID, *, why: Why
) -> tuple[dict[str, Any], bool]:
    """The proposal of an operator to see as many persons again within a day as he does alone; that which waits, where one does
    (then the second is true). Looking has no Idempotency-Key: he has one such proposal at a time.
    """
    assert principal.kind == "operator", "only of operators it is asked"
    assert principal.id is not None, "an operator has a number"
    async with ledger.transaction() as connection:
        await find_operator(connection, principal.id, is_locked=True)
        waits = await waiting_of(connection, principal.id, ProposalKind.REVEAL)
        if waits is not None:
            return _answer(waits), True
        most = (await four_eyes(connection)).reveals_a_day
        body = {"member_id": str(member_id), "count": most, "why": str(why)}
        return await _proposed(connection, principal, ProposalKind.REVEAL, body, member_id=member_id), False


async def read_four_eyes(ledger: Ledger) -> FourEyes:
    """For what of persons and members an operator needs a second one."""
    async with ledger.reading() as connection:
        return await four_eyes(connection)


async def change_four_eyes(
    ledger: Ledger,
    *,
    erasure: bool | None = None,
    merge: bool | None = None,
    reveals_a_day: int | None = None,
    principal: Principal,
) -> FourEyes:
    """What is asked for from now on; as it was where nothing is said. `reveals_a_day` 0: any number.

    Refuses
        FieldWrong   fewer than none, or more than a million
    """
    if reveals_a_day is not None and not 0 <= reveals_a_day <= REVEALS_A_DAY_MAX:
        raise FieldWrong(f"0 to {REVEALS_A_DAY_MAX}", pointer="/reveals_a_day", value=reveals_a_day)
    async with ledger.transaction() as connection:
        before = await four_eyes(connection)
        after = FourEyes(
            erasure=before.erasure if erasure is None else erasure,
            merge=before.merge if merge is None else merge,
            reveals_a_day=before.reveals_a_day if reveals_a_day is None else reveals_a_day or None,
        )
        if after != before:
            await set_four_eyes(connection, after)
            details: dict[str, Detail] = {
                "setting": "four_eyes",
                "erasure": after.erasure,
                "merge": after.merge,
                "reveals_a_day": after.reveals_a_day or 0,
                "reveals_before": before.reveals_a_day or 0,
            }
            await note_act(connection, principal, Act(deed=Deed.SETTING_CHANGED, details=details))
    return after


async def _proposed(
    connection: Connection,
    principal: Principal,
    kind: ProposalKind,
    body: dict[str, Any],
    *,
    member_id: UUID | None = None,
    store: str | None = None,
) -> dict[str, Any]:
    is_operator = principal.kind == "operator"
    is_alone = is_operator and await _is_alone(connection, principal, kind, store)
    proposal = await add_proposal(
        connection,
        NewProposal(
            proposal_id=new_id(),
            kind=kind,
            body=body,
            member_id=member_id,
            store=store,
            proposed_by=principal.actor(),
            proposer_id=principal.id,
            proposer_kind=principal.kind,
            confirm="".join(secrets.choice(_LETTERS) for _ in range(5)) if is_alone else None,
        ),
        waits=WAITS,
    )
    await _noted(connection, principal, Deed.PROPOSAL_MADE, proposal, str(kind))
    return _answer(proposal)


def _answer(proposal: Proposal) -> dict[str, Any]:
    begins = proposal.proposed.may_confirm_at
    return {
        "proposal_id": str(proposal.proposal_id),
        "expires_at": proposal.expires_at.isoformat(),
        "confirm": proposal.confirm,
        "may_confirm_at": begins.isoformat() if begins else None,
    }


async def _is_alone(
    connection: Connection, principal: Principal, kind: ProposalKind, store: str | None
) -> bool:
    """Whether no other operator could decide it: signs in, is not disabled, has both permissions, and the store."""
    others = [
        one
        for one in await all_operators(connection, limit=OPERATORS_MAX)
        if one.operator_id != principal.id and one.disabled_at is None and one.password_hash is not None
    ]
    return not any(_could_decide(one, kind, store) for one in others)


def _could_decide(one: Operator, kind: ProposalKind, store: str | None) -> bool:
    principal = Principal(
        kind="operator",
        id=one.operator_id,
        name=one.name,
        permissions=permissions_of(one.roles, one.permissions),
        stores=frozenset(one.stores) if one.stores else None,
    )
    return may_decide(principal, kind) and decides_for(principal, kind, store)


async def list_proposals(
    ledger: Ledger,
    *,
    state: ProposalState | None,
    before: UUID | None,
    limit: int,
    member_id: UUID | None = None,
) -> list[Proposal]:
    """Proposals that stand so, of a member where he is named, newest first."""
    async with ledger.connection() as connection:
        return await read_proposals(connection, state=state, before=before, limit=limit, member_id=member_id)


async def read_proposal(ledger: Ledger, proposal_id: UUID) -> Proposal:
    """One proposal.

    Refuses
        ProposalUnknown   there is none with that id
    """
    async with ledger.connection() as connection:
        return await _found(connection, proposal_id)


async def approve_proposal(
    ledger: Ledger, principal: Principal, proposal_id: UUID, *, confirm: str | None, effect: Effect
) -> Proposal:
    """The proposal with what came of it. What has been done is answered again; what a process left half-way is gone on with.

    Refuses
        ProposalUnknown, ProposalOver, ProposalTooEarly, OwnProposal, NotPermitted, StoreNotPermitted
        FieldWrong    the word to be typed is another
        Refusal       whatever the effect is refused with: the proposal waits as before
    """
    async with ledger.transaction() as connection:
        proposal = await _found(connection, proposal_id, is_locked=True)
        check_decides(principal, proposal.proposed)
        if proposal.result is not None:
            return proposal
        if (
            proposal.state is not ProposalState.APPROVED
        ):  # else somebody's call ended before the effect was known
            check_waits(proposal.proposed, proposal.read_at)
            is_alone = await _is_alone(connection, principal, proposal.kind, proposal.store)
            check_approves(principal, proposal.proposed, proposal.read_at, confirm=confirm, is_alone=is_alone)
            await decide(
                connection,
                proposal_id,
                ProposalState.APPROVED,
                by=principal.actor(),
                decider_id=_operator_id(principal),
            )
            await _noted(connection, principal, Deed.PROPOSAL_DECIDED, proposal, "approved")
            proposal = await _found(connection, proposal_id)
    assert proposal.decided_by is not None, "it is approved"

    both = f"{proposal.proposed_by}+{proposal.decided_by}"
    try:
        result = await effect(ledger, proposal, _once_of(proposal_id), both)
    except Refusal as refusal:
        async with ledger.transaction() as connection:
            await let_wait_again(connection, proposal_id, by=proposal.decided_by, said=refusal.code)
        raise

    async with ledger.transaction() as connection:
        await keep_result(
            connection, proposal_id, result, by=proposal.decided_by, decider_id=proposal.decider_id
        )
        return await _found(connection, proposal_id)


async def refuse_proposal(
    ledger: Ledger, principal: Principal, proposal_id: UUID, *, reason: str
) -> Proposal:
    """The proposal, refused. Nothing happens.

    Refuses
        ProposalUnknown, ProposalOver, OwnProposal, NotPermitted, StoreNotPermitted
        FieldWrong   no reason given
    """
    if not reason.strip() or len(reason) > REASON_MAX:
        raise FieldWrong(f"say why, in up to {REASON_MAX} characters", pointer="/reason")
    async with ledger.transaction() as connection:
        proposal = await _found(connection, proposal_id, is_locked=True)
        check_decides(principal, proposal.proposed)
        check_waits(proposal.proposed, proposal.read_at)
        await decide(
            connection,
            proposal_id,
            ProposalState.REFUSED,
            by=principal.actor(),
            decider_id=_operator_id(principal),
            reason=reason.strip(),
        )
        await _noted(connection, principal, Deed.PROPOSAL_DECIDED, proposal, "refused")
        return await _found(connection, proposal_id)


async def withdraw_proposal(ledger: Ledger, principal: Principal, proposal_id: UUID) -> Proposal:
    """The proposal, called off by who proposed it. Nothing happens.

    Refuses
        ProposalUnknown, ProposalOver
        NotPermitted   somebody else proposed it
    """
    async with ledger.transaction() as connection:
        proposal = await _found(connection, proposal_id, is_locked=True)
        if principal.id != proposal.proposer_id:
            raise NotPermitted("who proposed it withdraws it", pointer="/proposal_id")
        check_waits(proposal.proposed, proposal.read_at)
        await decide(
            connection,
            proposal_id,
            ProposalState.WITHDRAWN,
            by=principal.actor(),
            decider_id=_operator_id(principal),
        )
        await _noted(connection, principal, Deed.PROPOSAL_DECIDED, proposal, "withdrawn")
        return await _found(connection, proposal_id)


async def _noted(
    connection: Connection, principal: Principal, deed: Deed, proposal: Proposal, what: str
) -> None:
    named = (about(About.PROPOSAL, proposal.proposal_id),)
    await note_act(connection, principal, Act(deed=deed, about=named, details={"what": what}))


async def _found(connection: Connection, proposal_id: UUID, *, is_locked: bool = False) -> Proposal:
    proposal = await find_proposal(connection, proposal_id, is_locked=is_locked)
    if proposal is None:
        raise ProposalUnknown("there is no proposal with that id", pointer="/proposal_id")
    return proposal


def _operator_id(principal: Principal) -> UUID | None:
    return principal.id if principal.kind == "operator" else None


def _once_of(proposal_id: UUID) -> Once:
    """The key under which the effect happens: one for the proposal, whoever approves and however often."""
    key = f"proposal:{proposal_id.hex}"
    return Once(key=key, body_hash=hashlib.sha256(key.encode()).digest())
