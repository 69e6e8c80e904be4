"""A member's statement: every posting with why and with the lots it moved, newest first; and the story of one lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from jifen.domain.explain import About
from jifen.domain.member import Lot
from jifen.domain.refusals import FieldWrong, LotUnknown, MemberUnknown
from jifen.domain.timeline import Timeline
from jifen.store.carries import FirstLot, first_lots_of
from jifen.store.compiled import begun_again, need_compiled
from jifen.store.journal import (
    Moved,
    PostedRow,
    entries_of,
    moves_of_entries,
    moves_of_lot,
    postings_of,
    statement_page,
)
from jifen.store.ledger import Connection, Ledger
from jifen.store.lots import lots_numbered
from jifen.store.members import enrolled_at
from jifen.store.operators import named as named_operators
from jifen.store.persons import called
from jifen.store.purchases import purchases_of, returns_by_sequence

PAGE_MAX = 200
MOVES_MAX = 50
"""Movements told of one posting; a large account may spend a thousand lots at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One posting, the rows of the journal that it belongs to, and the lots of its terms that its entry moved."""

    posting: PostedRow
    about: About
    moves: tuple[Moved, ...]
    origins: dict[int, int]  # by lot: sequence of the entry that opened it


@dataclass(frozen=True, slots=True, kw_only=True)
class LotStory:
    """A lot with every movement of it, oldest first, and the postings of the entries that moved it."""

    lot: Lot
    first: FirstLot | None  # what it was at a member who was merged into this one
    moves: tuple[Moved, ...]
    lines: tuple[StatementLine, ...]
    next_after: int | None
    timeline: Timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A page of a statement; `next_before` is the cursor of the next, None at the end."""

    lines: tuple[StatementLine, ...]
    next_before: int | None
    timeline: Timeline


@begun_again
async def read_statement(
    ledger: Ledger, member_id: UUID, *, before: int | None = None, limit: int = 50
) -> Statement:
    """Postings of up to `limit` entries below the sequence `before`.

    Refuses
        MemberUnknown   there is none with that id
        FieldWrong      the limit is out of range
    """
    _check(limit)
    async with ledger.transaction() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/member")
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        postings = await statement_page(connection, member_id, before=before, limit=limit)
        lines = await _lines(ledger, connection, member_id, postings, timeline)

    sequences = {posting.sequence for posting in postings}
    lowest = min(sequences, default=1)
    return Statement(
        lines=lines, next_before=lowest if len(sequences) == limit and lowest > 1 else None, timeline=timeline
    )


@begun_again
async def read_lot_story(
    ledger: Ledger, member_id: UUID, number: int, *, after: int = 0, limit: int = 50
) -> LotStory:
    """A lot and up to `limit` movements of it by entries behind the sequence `after`, with their postings.

    Refuses
        MemberUnknown   there is none with that id
        LotUnknown      the member has no such lot
        FieldWrong      the limit is out of range
    """
    _check(limit)
    async with ledger.transaction() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/member")
        lot = (await lots_numbered(connection, member_id, [number])).get(number)
        if lot is None:
            raise LotUnknown(pointer="/number", number=number)
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        moves = await moves_of_lot(connection, member_id, number, after=after, limit=limit)
        postings = await postings_of(connection, member_id, sorted({move.sequence for move in moves}))
        lines = await _lines(ledger, connection, member_id, postings, timeline)
        first = (await first_lots_of(connection, member_id, [number])).get(number)

    return LotStory(
        lot=lot,
        first=first,
        moves=tuple(moves),
        lines=tuple(
            line for line in lines if line.posting.terms == lot.terms and line.posting.lot in (None, number)
        ),
        next_after=moves[-1].sequence if len(moves) >= limit else None,
        timeline=timeline,
    )


def _check(limit: int) -> None:
    if not 1 <= limit <= PAGE_MAX:
        raise FieldWrong(f"a page has 1 to {PAGE_MAX} entries", pointer="/limit", value=limit)


_GIFTS = ("gift_out", "gift_in")
_OF_A_LOT = ("expire", "opening")
"""Verbs that are told by the lot that the posting names."""


async def _lines(
    ledger: Ledger,
    connection: Connection,
    member_id: UUID,
    postings: Sequence[PostedRow],
    timeline: Timeline,
) -> tuple[StatementLine, ...]:
    """Postings with all that they belong to."""
    sequences = sorted({posting.sequence for posting in postings})
    returns = await returns_by_sequence(connection, member_id, sequences)
    entries = await entries_of(connection, member_id, sequences)
    await _name_others(ledger, connection, entries)
    moves = await moves_of_entries(connection, member_id, sequences)
    named = {p.lot for p in postings if p.lot is not None}
    moved = {move.lot for own in moves.values() for move in own if move.lot}
    lots = await lots_numbered(connection, member_id, sorted(named | moved))
    carried = await first_lots_of(connection, member_id, sorted(named))
    opened = {
        number: (carried[number].member_id, carried[number].origin)
        if number in carried
        else (member_id, lots[number].origin)
        for number in named
    }
    sales = {
        *((member_id, sequence) for sequence in sequences),
        *((back["purchase_member_id"], back["purchase_sequence"]) for back in returns.values()),
        *opened.values(),
    }
    purchases = await purchases_of(connection, sales)
    operators = await named_operators(connection, {posting.actor for posting in postings})
    need_compiled(
        timeline, [*(p.revision for p in postings), *(row["revision"] for row in purchases.values())]
    )

    def line(posting: PostedRow) -> StatementLine:
        back = returns.get(posting.sequence)
        lot = lots.get(posting.lot) if posting.verb in _OF_A_LOT and posting.lot is not None else None
        sale = (member_id, posting.sequence)
        if lot is not None:
            sale = opened[lot.number]
        elif back is not None:
            sale = (back["purchase_member_id"], back["purchase_sequence"])
        own = [
            move
            for move in moves.get(posting.sequence, ())
            if move.lot in lots and lots[move.lot].terms == posting.terms and posting.lot in (None, move.lot)
        ]
        return StatementLine(
            posting=replace(posting, actor=operators[posting.actor])
            if posting.actor in operators
            else posting,
            about=About(
                purchase=purchases.get(sale), brought_back=back, entry=entries.get(posting.sequence), lot=lot
            ),
            moves=tuple(own[:MOVES_MAX]),
            origins={move.lot: lots[move.lot].origin for move in own[:MOVES_MAX]},
        )

    return tuple(line(posting) for posting in postings)


async def _name_others(ledger: Ledger, connection: Connection, entries: dict[int, dict[str, Any]]) -> None:
    """Say beside each gift how its other member is called, masked: an id tells a person nothing."""
    gifts = [one for one in entries.values() if one["kind"] in _GIFTS and one["counterpart_id"] is not None]
    named = await called(ledger, connection, sorted({one["counterpart_id"] for one in gifts}))
    for one in gifts:
        one["counterpart"] = named.get(one["counterpart_id"])
