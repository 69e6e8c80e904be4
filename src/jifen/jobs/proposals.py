"""What an approved proposal does: which operation does which kind."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from jifen.document.load import document_from
from jifen.domain.principal import JOB
from jifen.domain.proposals import ProposalKind
from jifen.operations.adjust_units import adjust_units
from jifen.operations.handle_proposals import Effect
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
        document_from(body["document"]),
        effective_at=datetime.fromisoformat(at) if at else None,
        published_by=actor,
        request=request,
        expected_revision=body["expected_revision"],
    )


DOES: dict[ProposalKind, Effect] = {
    ProposalKind.ADJUSTMENT: _adjust,
    ProposalKind.REVERSAL: _reverse,
    ProposalKind.PUBLICATION: _publish,
}
"""What does a proposal: once for its key, however often it is asked for."""


async def do_proposal(ledger: Ledger, proposal: Proposal, request: Once, actor: str) -> dict[str, Any]:
    """Do what an approved proposal says, in the name of both; return what came of it."""
    result = await DOES[proposal.kind](ledger, proposal, request, actor)
    return {name: value for name, value in result.items() if name != "is_replay"}
