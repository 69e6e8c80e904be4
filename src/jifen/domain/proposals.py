"""Four eyes: what one operator proposes, another decides. What a proposal is, who may decide it, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from typing import Final
from uuid import UUID

from jifen.domain.principal import Permission, Principal
from jifen.domain.refusals import FieldWrong, NotPermitted, OwnProposal, ProposalOver, ProposalTooEarly

WAITS: Final = timedelta(days=7)
"""A proposal that nobody has decided by then has expired."""
ALONE_WAITS: Final = timedelta(minutes=10)
"""Who decides alone waits so long first, in which anybody who sees it can call it off."""
REASON_MAX: Final = 1_000
REVEALS_A_DAY: Final = 100
"""So many persons an operator sees in full within 24 hours alone, where nothing was set: a service desk calls back fewer."""
REVEALS_A_DAY_MAX: Final = 1_000_000


@unique
class ProposalKind(StrEnum):
    """What may be proposed. Its sentence is the message `proposal.says.<itself>` of the catalogues."""

    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    PUBLICATION = "publication"
    ERASURE = "erasure"
    MERGE = "merge"
    REVEAL = "reveal"


@unique
class ProposalState(StrEnum):
    """Where a proposal stands. `expired` is never kept: it follows from the time."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


TAKES: Final = {
    ProposalKind.ADJUSTMENT: Permission.UNITS_ADJUST,
    ProposalKind.REVERSAL: Permission.ENTRIES_REVERSE,
    ProposalKind.PUBLICATION: Permission.PROGRAM_PUBLISH,
    ProposalKind.ERASURE: Permission.PERSONS_ERASE,
    ProposalKind.MERGE: Permission.MEMBERS_MERGE,
    ProposalKind.REVEAL: Permission.PERSONS_REVEAL,
}
"""What whoever decides must be permitted himself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FourEyes:
    """For what of persons and members an operator needs a second one (decision 0140).

    Shape
        reveals_a_day   more persons than that within 24 hours he does not see alone; None: any number
    """

    erasure: bool = True
    merge: bool = True
    reveals_a_day: int | None = REVEALS_A_DAY

    def asks(self, principal: Principal, kind: ProposalKind) -> bool:
        """Whether this one proposes such a thing and does not do it: keys, jobs and who sits at the machine do it."""
        if principal.kind != "operator":
            return False
        return {ProposalKind.ERASURE: self.erasure, ProposalKind.MERGE: self.merge}[kind]

    def sees_alone(self, *, seen: int, more: int, approved: int) -> bool:
        """Whether an operator sees so many more persons in full.

        Shape
            seen       persons whom he saw in the last 24 hours; `more` are not among them
            approved   how often somebody let him see that many again in the last 24 hours
        """
        return more == 0 or self.reveals_a_day is None or seen + more <= self.reveals_a_day * (1 + approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """What deciding asks of a proposal.

    Shape
        store         the store that it is written down under, or none
        proposer_id   the operator's or the key's
        confirm       what he types who decides alone; None: when it was proposed there was somebody else who could decide
    """

    kind: ProposalKind
    state: ProposalState
    store: str | None
    proposer_id: UUID | None
    confirm: str | None
    proposed_at: datetime
    expires_at: datetime

    def state_at(self, now: datetime) -> ProposalState:
        """Where it stands at this moment."""
        if self.state is ProposalState.WAITING and self.expires_at <= now:
            return ProposalState.EXPIRED
        return self.state

    @property
    def may_confirm_at(self) -> datetime | None:
        """From when on its proposer decides it alone; None: never."""
        return None if self.confirm is None else self.proposed_at + ALONE_WAITS


def check_waits(proposed: Proposed, now: datetime) -> None:
    """Refuse what has been decided or has expired.

    Refuses
        ProposalOver   telling how it ended
    """
    state = proposed.state_at(now)
    if state is not ProposalState.WAITING:
        raise ProposalOver(f"the proposal is {state}", pointer="/proposal_id", state=str(state))


def may_decide(principal: Principal, kind: ProposalKind) -> bool:
    """Whether somebody decides proposals of this kind at all: an operator with both permissions, or who sits at the machine."""
    if principal.kind not in ("operator", "local"):
        return False
    return principal.may(Permission.PROPOSALS_DECIDE) and principal.may(TAKES[kind])


def decides_for(principal: Principal, kind: ProposalKind, store: str | None) -> bool:
    """Whether what is proposed is of his stores: an adjustment of the one it is booked under, a programme of all there are."""
    if principal.stores is None:
        return True
    if kind is ProposalKind.ADJUSTMENT:
        return store in principal.stores
    return kind is not ProposalKind.PUBLICATION


def check_decides(principal: Principal, proposed: Proposed) -> None:
    """Refuse who does not decide this kind of proposal, or not of this store.

    Refuses
        NotPermitted        a key, or without what is proposed being permitted to himself
        StoreNotPermitted   it is of a store that he is not bound to
    """
    if principal.kind not in ("operator", "local"):
        raise NotPermitted("a key proposes, and an operator decides", pointer="/headers/Authorization")
    if not may_decide(principal, proposed.kind):
        needs = TAKES[proposed.kind]
        detail = f"who decides this has the permission {needs} himself, and {principal.name} does not"
        raise NotPermitted(detail, permission=str(needs))
    if proposed.kind is ProposalKind.ADJUSTMENT:
        principal.check_own_store(proposed.store, pointer="/proposal_id")
    if proposed.kind is ProposalKind.PUBLICATION:
        principal.check_unbound(pointer="/proposal_id")


def check_approves(
    principal: Principal, proposed: Proposed, now: datetime, *, confirm: str | None, is_alone: bool
) -> None:
    """Refuse to approve what one has proposed oneself, unless nobody else could: then it takes the word and ten minutes.

    Shape
        confirm    what he typed
        is_alone   nobody else could decide it now

    Refuses
        OwnProposal        somebody else decides
        FieldWrong         the word is another
        ProposalTooEarly   the ten minutes are not over
    """
    if principal.kind == "local" or principal.id != proposed.proposer_id:
        return
    if proposed.confirm is None or not is_alone:
        raise OwnProposal(pointer="/proposal_id")
    if (confirm or "").strip().upper() != proposed.confirm:
        raise FieldWrong("type the word that the proposal shows as `confirm`", pointer="/confirm")
    begins = proposed.may_confirm_at
    assert begins is not None, "who decides alone has a word"
    if now < begins:
        seconds = -(-(begins - now) // timedelta(seconds=1))
        raise ProposalTooEarly(
            f"it can be confirmed in {seconds} seconds", pointer="/confirm", seconds=seconds
        )
