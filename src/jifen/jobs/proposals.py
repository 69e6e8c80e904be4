"""What an approved proposal does: which operation does which kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from jifen.domain.principal import EVERYTHING, JOB, LOCAL, Principal
from jifen.domain.proposals import ProposalKind
from jifen.operations.adjust_units import adjust_units
from jifen.operations.check_document import check_document
from jifen.operations.erase_person import erase_person
from jifen.operations.handle_proposals import Effect
from jifen.operations.merge_members import merge_members
from jifen.operations.publish_program import publish_program_once
from jifen.operations.reverse_entry import reverse_entry
from jifen.store.ledger import Ledger
from jifen.store.once import Once
from jifen.store.proposals import Proposal


async def _adjust(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    body = proposal.body
    return await adjust_units(
        ledger,
        UUID(body["member_id"]),
        currency=body["currency"],
        units=body["units"],
        note=body["note"],
        request=request,
        principal=JOB,  # its limits were asked: that is why it was proposed
        store=body["store"],
        actor=actor,
    )


async def _reverse(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    body = proposal.body
    return await reverse_entry(
        ledger,
        UUID(body["member_id"]),
        body["sequence"],
        note=body["note"],
        request=request,
        principal=JOB,
        actor=actor,
    )


async def _publish(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    body = proposal.body
    at = body["effective_at"]
    return await publish_program_once(
        ledger,
        await check_document(body["document"]),
        effective_at=datetime.fromisoformat(at) if at else None,
        published_by=actor,
        request=request,
        expected_revision=body["expected_revision"],
        text=body["text"],
    )


async def _erase(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    member_id = UUID(proposal.body["member_id"])
    return await erase_person(
        ledger,
        member_id,
        request,
        confirmed=member_id,
        principal=_decider(proposal),
        expected=_persons(proposal),
        actor=actor,
    )


async def _merge(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    body = proposal.body
    return await merge_members(
        ledger,
        UUID(body["member_id"]),
        UUID(body["into_id"]),
        request=request,
        note=body["note"],
        actor=actor,
        expected=_persons(proposal),
    )


async def _reveal(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    """Nothing is seen here: who proposed it sees so many more, and each is written down when he does."""
    del ledger, request, actor
    return {"count": proposal.body["count"]}


def _persons(proposal: Proposal) -> frozenset[UUID]:
    return frozenset(UUID(one) for one in proposal.body["persons"])


def _decider(proposal: Proposal) -> Principal:
    """Who approved it, for the audit: he, or somebody at the machine."""
    if proposal.decider_id is None:
        return LOCAL
    name = proposal.decider_name or ""
    return Principal(kind="operator", id=proposal.decider_id, name=name, permissions=EVERYTHING)


DOES: dict[ProposalKind, Effect] = {
    ProposalKind.ADJUSTMENT: _adjust,
    ProposalKind.REVERSAL: _reverse,
    ProposalKind.PUBLICATION: _publish,
    ProposalKind.ERASURE: _erase,
    ProposalKind.MERGE: _merge,
    ProposalKind.REVEAL: _reveal,
}
"""What does a proposal: once for its key, however often it is asked for."""


async def do_proposal(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    """Do what an approved proposal says, in the name of both; return what came of it."""
    result = await DOES[proposal.kind](ledger, proposal, request, actor)
    return {name: value for name, value in result.items() if name != "is_replay"}
