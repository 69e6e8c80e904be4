"""Read the programme's side of the books: what was posted by each verb, and the last proof of the laws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jifen.domain.program.meaning import Program
from jifen.store import figures as kept
from jifen.store.compiled import begun_again
from jifen.store.figures import Moved
from jifen.store.ledger import Ledger
from jifen.store.proofs import Proof, last_proof


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """`moved` is None where the journal is too long to be added up while somebody waits."""

    program: Program
    moved: Sequence[Moved] | None


@begun_again
async def read_accounts(ledger: Ledger) -> Accounts:
    """What every verb moved in every currency since the beginning.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        is_countable = await kept.is_countable(connection)
        moved = await kept.moved_by_verb(connection) if is_countable else None
    return Accounts(program=timeline.newest, moved=moved)


async def read_proof(ledger: Ledger) -> Proof | None:
    """What was found when the books were last proven; None: they never were."""
    async with ledger.reading() as connection:
        return await last_proof(connection)
