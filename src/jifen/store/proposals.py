"""What waits for a second person. Its times are of the clock, as those of keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.proposals import ProposalKind, ProposalState, Proposed

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_COLUMNS = """p.proposal_id, p.kind, p.body, p.member_id, p.store, p.proposed_by, p.proposer_id, p.proposer_kind, p.confirm,
    p.state, p.proposed_at, p.expires_at, p.decided_by, p.decider_id, p.decided_at, p.reason, p.result, p.trail,
    (SELECT name FROM operator o WHERE o.operator_id = p.proposer_id) AS proposer_name,
    (SELECT name FROM operator o WHERE o.operator_id = p.decider_id) AS decider_name,
    clock_timestamp() AS read_at"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal as it is kept.

    Shape
        body            what is to be done, as its kind says
        proposed_by     as the journal names him; `proposer_name` is his, where he is an operator
        result          what came of it; None: it was not done yet
        trail           every step: when, what, by whom, and what is to be said of it
    """

    proposal_id: UUID
    kind: ProposalKind
    body: dict[str, Any]
    member_id: UUID | None
    store: str | None
    proposed_by: str
    proposer_id: UUID | None
    proposer_kind: str
    confirm: str | None
    state: ProposalState
    proposed_at: datetime
    expires_at: datetime
    decided_by: str | None
    decider_id: UUID | None
    decided_at: datetime | None
    reason: str | None
    result: dict[str, Any] | None
    trail: list[dict[str, Any]]
    proposer_name: str | None
    decider_name: str | None
    read_at: datetime

    @property
    def proposed(self) -> Proposed:
        """What deciding asks of it."""
        return Proposed(
            kind=self.kind,
            state=self.state,
            store=self.store,
            proposer_id=self.proposer_id,
            confirm=self.confirm,
            proposed_at=self.proposed_at,
            expires_at=self.expires_at,
        )

    @property
    def stands(self) -> ProposalState:
        """Where it stood when it was read."""
        return self.proposed.state_at(self.read_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProposal:
    """What a proposal is made with."""

    proposal_id: UUID
    kind: ProposalKind
    body: Mapping[str, Any]
    member_id: UUID | None
    store: str | None
    proposed_by: str
    proposer_id: UUID | None
    proposer_kind: str
    confirm: str | None


def _proposal(row: object) -> Proposal:
    kept = dict(row)  # type: ignore[call-overload]
    kept["kind"], kept["state"] = ProposalKind(kept["kind"]), ProposalState(kept["state"])
    return Proposal(**kept)


async def add_proposal(connection: Connection, new: NewProposal, *, waits: timedelta) -> Proposal:
    """Keep a proposal, which waits from now on."""
    await connection.execute(
        """INSERT INTO proposal (proposal_id, kind, body, member_id, store, proposed_by, proposer_id, proposer_kind, confirm,
                                 expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + $10::interval)""",
        new.proposal_id,
        new.kind,
        dict(new.body),
        new.member_id,
        new.store,
        new.proposed_by,
        new.proposer_id,
        new.proposer_kind,
        new.confirm,
        waits,
    )
    await add_step(connection, new.proposal_id, "proposed", by=new.proposed_by)
    found = await find_proposal(connection, new.proposal_id)
    assert found is not None, "it was written just now"
    return found


async def find_proposal(
    connection: Connection, proposal_id: UUID, *, is_locked: bool = False
) -> Proposal | None:
    """A proposal by its id; None: there is none. Locked: nobody else decides it until the transaction ends."""
    lock = "FOR UPDATE OF p" if is_locked else ""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM proposal p WHERE proposal_id = $1 {lock}", proposal_id
    )
    return _proposal(row) if row else None


async def read_proposals(
    connection: Connection,
    *,
    state: ProposalState | None,
    before: UUID | None,
    limit: int,
    member_id: UUID | None = None,
) -> list[Proposal]:
    """Proposals that stand so (None: all), of a member where he is named, newest first, those before an id."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM proposal p
            WHERE ($1::text IS NULL
                   OR CASE WHEN state = 'waiting' AND expires_at <= clock_timestamp() THEN 'expired' ELSE state END = $1)
                  AND ($2::uuid IS NULL OR proposal_id < $2)
                  AND ($4::uuid IS NULL OR member_id = $4 OR (kind = 'merge' AND body ->> 'into_id' = $4::text))
            ORDER BY proposal_id DESC LIMIT $3""",
        state,
        before,
        limit,
        member_id,
    )
    return [_proposal(row) for row in rows]


async def decide(
    connection: Connection,
    proposal_id: UUID,
    state: ProposalState,
    *,
    by: str,
    decider_id: UUID | None,
    reason: str | None = None,
) -> None:
    """The proposal is decided, and by whom."""
    await connection.execute(
        """UPDATE proposal SET state = $2, decided_by = $3, decider_id = $4, decided_at = clock_timestamp(), reason = $5
           WHERE proposal_id = $1""",
        proposal_id,
        state,
        by,
        decider_id,
        reason,
    )
    await add_step(connection, proposal_id, str(state), by=by, said=reason)


async def let_wait_again(connection: Connection, proposal_id: UUID, *, by: str, said: str) -> None:
    """What was approved could not be done, and left nothing: it waits as before. What was done meanwhile stays done."""
    await connection.execute(
        """UPDATE proposal SET state = 'waiting', decided_by = NULL, decider_id = NULL, decided_at = NULL
           WHERE proposal_id = $1 AND state = 'approved' AND result IS NULL""",
        proposal_id,
    )
    await add_step(connection, proposal_id, "failed", by=by, said=said)


async def keep_result(
    connection: Connection, proposal_id: UUID, result: Mapping[str, Any], *, by: str, decider_id: UUID | None
) -> None:
    """It was done, once, by this approval."""
    done: str = await connection.execute(
        """UPDATE proposal SET state = 'approved', result = $2, decided_by = $3, decider_id = $4,
                  decided_at = coalesce(decided_at, clock_timestamp())
           WHERE proposal_id = $1 AND result IS NULL""",
        proposal_id,
        dict(result),
        by,
        decider_id,
    )
    if done.endswith(" 1"):
        await add_step(connection, proposal_id, "done", by=by)


async def add_step(
    connection: Connection, proposal_id: UUID, what: str, *, by: str, said: str | None = None
) -> None:
    """A step of the trail."""
    await connection.execute(
        """UPDATE proposal SET trail = trail || jsonb_build_array(jsonb_build_object(
               'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               'what', $2::text, 'by', $3::text, 'said', $4::text))
           WHERE proposal_id = $1""",
        proposal_id,
        what,
        by,
        said,
    )


async def count_waiting(connection: Connection) -> int:
    """How many wait to be decided."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM proposal WHERE state = 'waiting' AND expires_at > clock_timestamp()"
    )
    return count


async def count_reveals_approved(connection: Connection, operator_id: UUID, *, within: timedelta) -> int:
    """How often somebody let this operator see more persons in full, so long back."""
    count: int = await connection.fetchval(
        """SELECT count(*) FROM proposal WHERE kind = 'reveal' AND proposer_id = $1 AND result IS NOT NULL
           AND decided_at > clock_timestamp() - $2::interval""",
        operator_id,
        within,
    )
    return count


async def waiting_of(connection: Connection, proposer_id: UUID, kind: ProposalKind) -> Proposal | None:
    """What somebody proposed of a kind, and waits; None: nothing."""
    row = await connection.fetchrow(
        f"""SELECT {_COLUMNS} FROM proposal p WHERE proposer_id = $1 AND kind = $2 AND state = 'waiting'
            AND expires_at > clock_timestamp() ORDER BY proposal_id DESC LIMIT 1""",
        proposer_id,
        kind,
    )
    return _proposal(row) if row else None


async def forget_proposal_notes(connection: Connection, member_id: UUID) -> int:
    """Take out of proposals about a member what somebody wrote there; how many that was. What waits can still be decided."""
    done: str = await connection.execute(
        """UPDATE proposal SET body = jsonb_set(body, '{note}', '"-"')
           WHERE (member_id = $1 OR (kind = 'merge' AND body ->> 'into_id' = $1::text))
                 AND body ->> 'note' IS NOT NULL AND body ->> 'note' <> '-'""",
        member_id,
    )
    return int(done.rpartition(" ")[2])
