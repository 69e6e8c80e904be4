"""Proposals, as they are shown: a sentence, who proposed, who decided, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from jifen.domain.proposals import ProposalKind, ProposalState, Proposed
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.ids import prefixed
from jifen.present.shown import shown_instant

PROPOSAL_PREFIX = "prp"


class _Proposal(Protocol):
    @property
    def proposal_id(self) -> UUID: ...
    @property
    def kind(self) -> ProposalKind: ...
    @property
    def body(self) -> Mapping[str, Any]: ...
    @property
    def proposed_by(self) -> str: ...
    @property
    def proposer_name(self) -> str | None: ...
    @property
    def decided_by(self) -> str | None: ...
    @property
    def decider_name(self) -> str | None: ...
    @property
    def decided_at(self) -> datetime | None: ...
    @property
    def confirm(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def result(self) -> Mapping[str, Any] | None: ...
    @property
    def trail(self) -> Sequence[Mapping[str, Any]]: ...
    @property
    def store(self) -> str | None: ...
    @property
    def proposed(self) -> Proposed: ...
    @property
    def stands(self) -> ProposalState: ...


def proposal_shown(one: _Proposal, language: str, *, with_body: bool = True) -> dict[str, Any]:
    """A proposal as a person reads it. `body` is what is to be done, `result` what came of it."""
    begins = one.proposed.may_confirm_at
    decided = one.decided_by is not None
    return {
        "id": prefixed(PROPOSAL_PREFIX, one.proposal_id),
        "kind": str(one.kind),
        "state": str(one.stands),
        "sentence": sentence(one, language),
        "store": one.store,
        "proposed_by": {"id": one.proposed_by, "name": one.proposer_name or one.proposed_by},
        "proposed_at": shown_instant(one.proposed.proposed_at),
        "expires_at": shown_instant(one.proposed.expires_at),
        "decided_by": {"id": one.decided_by, "name": one.decider_name or one.decided_by} if decided else None,
        "decided_at": shown_instant(one.decided_at) if one.decided_at else None,
        "reason": one.reason,
        "confirm": one.confirm,
        "may_confirm_at": shown_instant(begins) if begins else None,
        "body": _body(one) if with_body else None,
        "result": _with_ids(one.result) if one.result is not None else None,
        "trail": [dict(step) for step in one.trail],
    }


def sentence(one: _Proposal, language: str) -> str:
    """What is proposed, and by whom; once it is decided, by whom too."""
    words, body = catalogue_of(language), one.body
    who = one.proposer_name or one.proposed_by
    if one.kind is ProposalKind.ADJUSTMENT:
        member = prefixed("mbr", UUID(body["member_id"]))
        units = f"{body['units']:+,}"
        said = words.say(
            "proposal.says.adjustment",
            who=who,
            units=units,
            currency=body["currency"],
            member=member,
            note=body["note"],
        )
    elif one.kind is ProposalKind.REVERSAL:
        said = words.say(
            "proposal.says.reversal",
            who=who,
            sequence=body["sequence"],
            units=f"{body['units']:,}",
            member=prefixed("mbr", UUID(body["member_id"])),
            note=body["note"],
        )
    elif one.kind is ProposalKind.ERASURE:
        said = words.say(
            "proposal.says.erasure",
            who=who,
            member=prefixed("mbr", UUID(body["member_id"])),
            count=len(body["persons"]),
        )
    elif one.kind is ProposalKind.MERGE:
        said = _merge_said(words, body, who)
    elif one.kind is ProposalKind.REVEAL:
        said = words.say(
            "proposal.says.reveal",
            who=who,
            count=body["count"],
            member=prefixed("mbr", UUID(body["member_id"])),
            why=words.say(f"why.{body['why']}"),
        )
    else:
        at = body["effective_at"]
        when = at[:16].replace("T", " ") if at else words.say("proposal.at_once")
        said = words.say(
            "proposal.says.publication", who=who, revision=body["expected_revision"] + 1, when=when
        )
    if one.decided_by is None:
        return said
    decider = one.decider_name or one.decided_by
    return words.say(f"proposal.decided.{one.stands}", said=said, who=decider)


def _merge_said(words: Catalogue, body: Mapping[str, Any], who: str) -> str:
    member, into = (prefixed("mbr", UUID(body[name])) for name in ("member_id", "into_id"))
    if body["note"]:
        return words.say("proposal.says.merge_noted", who=who, member=member, into=into, note=body["note"])
    return words.say("proposal.says.merge", who=who, member=member, into=into)


def proposal_line(one: _Proposal, language: str) -> str:
    """A proposal as a line of a terminal."""
    state = catalogue_of(language).say(f"proposal.state.{one.stands}")
    at = f"{one.proposed.proposed_at:%Y-%m-%d %H:%MZ}"
    return f"{prefixed(PROPOSAL_PREFIX, one.proposal_id)}  {at}  {state}  {sentence(one, language)}"


def _body(one: _Proposal) -> dict[str, Any]:
    return _with_ids(one.body)


def _with_ids(values: Mapping[str, Any]) -> dict[str, Any]:
    prefixes = {"member_id": "mbr", "into_id": "mbr", "entry_id": "ent", "persons": "per"}

    def shown(name: str, value: Any) -> Any:
        if name not in prefixes or not value:
            return value
        if isinstance(value, list):
            return [prefixed(prefixes[name], UUID(one)) for one in value]
        return prefixed(prefixes[name], UUID(value))

    return {name: shown(name, value) for name, value in values.items()}
