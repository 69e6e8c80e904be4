"""What a merged member left to another: who stands for him now, and which lots of his are which there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.store.compiled import BeginAgain

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class JustMerged(BeginAgain):
    """Whoever was to be locked has just been merged into another: who stands for him is asked anew."""

    def __init__(self) -> None:
        super().__init__("the member has just been merged")

    async def prepare(self, ledger: Ledger) -> None:
        """Nothing more than to ask."""


STANDS = """NOT EXISTS (SELECT FROM entry u WHERE u.member_id = e.member_id AND u.kind = 'carry_in'
                            AND u.counterpart_id IS NULL AND u.origin = e.sequence)"""
"""Of an entry `e` by which a member was taken over: that it was not undone (decision 0132)."""

WHOSE = f"""WITH RECURSIVE whose (member_id) AS (
    SELECT $1::uuid
    UNION SELECT e.counterpart_id FROM entry e JOIN whose ON whose.member_id = e.member_id
    WHERE e.kind = 'carry_in' AND {STANDS})"""
"""A member, and all who were merged into him: what they bought is his. Begins a statement whose first parameter is his id."""


async def begun_of(connection: Connection, member_id: UUID) -> list[list[int]]:
    """What a member and those merged into him began with who were part of another before: nobody is named as who left it."""
    rows = await connection.fetch(
        f"""{WHOSE} SELECT e.carried::bigint[] FROM entry e JOIN whose USING (member_id)
            WHERE e.kind = 'carry_in' AND e.counterpart_id IS NULL AND e.origin IS NULL""",
        member_id,
    )
    return [row[0] for row in rows]


async def heir_of(connection: Connection, member_id: UUID) -> UUID:
    """The member who stands for one now: most often himself."""
    return (await heirs_of(connection, [member_id]))[member_id]


async def heirs_of(connection: Connection, member_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who stands for each of some members, by a question for all of them."""
    rows = await connection.fetch(
        f"""WITH RECURSIVE heirs (first, member_id, step) AS (
               SELECT m, m, 0 FROM unnest($1::uuid[]) m
               UNION ALL
               SELECT heirs.first, e.member_id, heirs.step + 1 FROM entry e JOIN heirs ON heirs.member_id = e.counterpart_id
               WHERE e.kind = 'carry_in' AND {STANDS})
           SELECT DISTINCT ON (first) first, member_id FROM heirs ORDER BY first, step DESC""",
        list(set(member_ids)),
    )
    return dict(map(tuple, rows))


async def add_carried_lots(
    connection: Connection, member_id: UUID, into_id: UUID, *, opened_before: int
) -> None:
    """Remember of each lot of a member, all of which another has taken over, whose it was first. They are numbered on there
    behind those that had been opened before."""
    await connection.execute(
        """INSERT INTO carried_lot (member_id, number, first_member_id, first_number)
           SELECT $2, $3 + l.number, coalesce(c.first_member_id, l.member_id), coalesce(c.first_number, l.number)
           FROM lot l LEFT JOIN carried_lot c ON c.member_id = l.member_id AND c.number = l.number
           WHERE l.member_id = $1""",
        member_id,
        into_id,
        opened_before,
    )


async def forget_carried_lots(connection: Connection, *, member_id: UUID, sequence: int) -> None:
    """The lots that a member took over by an entry which is undone are his own: whose they were first finds them elsewhere."""
    await connection.execute(
        """DELETE FROM carried_lot c USING lot l
           WHERE c.member_id = $1 AND l.member_id = $1 AND l.number = c.number AND l.origin = $2""",
        member_id,
        sequence,
    )


async def lots_of_purchase(
    connection: Connection, heir_id: UUID, member_id: UUID, sequence: int
) -> dict[int, int]:
    """The lots that a purchase of a merged member opened, by terms, as they are numbered at the one who stands for him."""
    rows = await connection.fetch(
        """SELECT p.terms, c.number FROM posting p
           JOIN carried_lot c ON c.member_id = $1 AND c.first_member_id = p.member_id AND c.first_number = p.lot
           WHERE p.member_id = $2 AND p.sequence = $3 AND p.verb = 'earn'""",
        heir_id,
        member_id,
        sequence,
    )
    return {row[0]: row[1] for row in rows}


class FirstLot(NamedTuple):
    """What a lot was at the member whose it was first: his, its number there, and the entry that opened it."""

    member_id: UUID
    number: int
    origin: int


async def first_lots_of(
    connection: Connection, member_id: UUID, numbers: Sequence[int]
) -> dict[int, FirstLot]:
    """What some lots of a member were at others, by number; those that are not there were always his own."""
    rows = await connection.fetch(
        """SELECT c.number, f.member_id, f.number, f.origin FROM carried_lot c
           JOIN lot f ON f.member_id = c.first_member_id AND f.number = c.first_number
           WHERE c.member_id = $1 AND c.number = ANY($2::integer[])""",
        member_id,
        list(numbers),
    )
    return {row[0]: FirstLot(*row[1:]) for row in rows}
