"""Merges within a turn, which persons and phones went over in one, and members who begin as part of another.

What several operations put into a turn: joining a household merges, leaving one and undoing a merge part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.decide import decide_carry_in, decide_carry_out, decide_enrolment, decide_units
from jifen.domain.effects import EffectKind
from jifen.domain.household import Fate, Share
from jifen.domain.member import new_member
from jifen.store.carries import WHOSE, add_carried_lots
from jifen.store.codes import move_devices
from jifen.store.gather import currency_number
from jifen.store.gifts import Gift, add_gift
from jifen.store.ids import new_id
from jifen.store.journal import EntryRow
from jifen.store.lots import save_lots
from jifen.store.persons import move_person, objectors
from jifen.store.segments import carry_lists, leave_all

if TYPE_CHECKING:
    from jifen.store.ledger import Connection
    from jifen.store.turn import Turn


def put_merge(
    turn: Turn, member_id: UUID, into_id: UUID, *, note: str | None, actor: str | None
) -> dict[str, Any]:
    """Put into a turn that a member is carried whole into another; the one who stays, with his balances after.

    Refuses
        MemberUnknown, MemberClosed, MemberFrozen   one of the two takes no entries, or may not give any units away
        UnitsReserved   units of the one who goes are promised to a reservation
    """
    timeline, now = turn.timeline, turn.now
    goes, stays = turn.spender(member_id), turn.spender(into_id, pointer="/into")

    left = decide_carry_out(timeline, goes, now=now)
    taken = decide_carry_in(timeline, stays, carried=left.carried, now=now)

    out = EntryRow("carry_out", counterpart_id=into_id, carried=left.carried)
    come = EntryRow("carry_in", counterpart_id=member_id, carried=left.carried)
    turn.put_entry(left, out, actor=actor, note=note)
    turn.put_entry(taken, come, actor=actor, note=note)
    opened_before = stays.scalars[fold.LOTS_OPENED]
    turn.then(partial(add_carried_lots, member_id=member_id, into_id=into_id, opened_before=opened_before))
    turn.then(
        partial(
            _add_merged,
            member_id=member_id,
            into_id=into_id,
            sequences=(left.sequence, taken.sequence),
            at=now,
        )
    )
    turn.then(partial(move_person, member_id=member_id, into_id=into_id))
    turn.then(partial(move_devices, member_id=member_id, into_id=into_id))
    # Behind the persons: who changes a segment locks them first.
    turn.then(partial(_carry_segments, member_id=member_id, into_id=into_id))
    currencies = timeline.programs[timeline.row_at(now)].currencies
    return {
        "member_id": str(member_id),
        "into_id": str(into_id),
        "sequence": taken.sequence,
        "balances": [
            {"currency": currency.code, "units": taken.after.balance(currency.number)}
            for currency in currencies
        ],
    }


async def _carry_segments(connection: Connection, *, member_id: UUID, into_id: UUID) -> None:
    """Lists go over; but the objection of one is the household's."""
    await carry_lists(connection, member_id=member_id, into_id=into_id)
    if await objectors(connection, [into_id]):
        await leave_all(connection, into_id)


async def _add_merged(
    connection: Connection, *, member_id: UUID, into_id: UUID, sequences: tuple[int, int], at: datetime
) -> None:
    await connection.execute(
        """INSERT INTO merged_member (member_id, into_id, sequence, into_sequence, persons, devices, merged_at)
           SELECT $1, $2, $3, $4,
                  ARRAY (SELECT person_id FROM person WHERE member_id = $1 ORDER BY role <> 'head', added_at, person_id),
                  ARRAY (SELECT DISTINCT device_id FROM device WHERE member_id = $1), $5""",
        member_id,
        into_id,
        *sequences,
        at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What is known of a merge. `units` are those that are left of what went over, by currency, that may be spent."""

    member_id: UUID
    into_id: UUID
    sequence: int
    into_sequence: int
    persons: Sequence[UUID]
    devices: Sequence[UUID]
    merged_at: datetime
    undone_as: UUID | None


async def find_merged(connection: Connection, member_id: UUID) -> Merged | None:
    """The merge by which a member went over to another; None: he never did."""
    row = await connection.fetchrow(
        """SELECT member_id, into_id, sequence, into_sequence, persons, devices, merged_at, undone_as
           FROM merged_member WHERE member_id = $1""",
        member_id,
    )
    return Merged(**dict(row)) if row else None


async def merged_since(connection: Connection, into_id: UUID, since: datetime) -> list[Merged]:
    """Who was merged into a member since a moment and is there still, newest first."""
    rows = await connection.fetch(
        """SELECT member_id, into_id, sequence, into_sequence, persons, devices, merged_at, undone_as
           FROM merged_member WHERE into_id = $1 AND merged_at > $2 AND undone_as IS NULL
           ORDER BY merged_at DESC, member_id""",
        into_id,
        since,
    )
    return [Merged(**dict(row)) for row in rows]


async def carried_from(connection: Connection, member_id: UUID, sequence: int) -> list[int]:
    """What a member left by an entry of his, as the fold lays it out."""
    carried: list[int] = await connection.fetchval(
        "SELECT carried::bigint[] FROM entry WHERE member_id = $1 AND sequence = $2", member_id, sequence
    )
    return carried


async def left_of_carried(connection: Connection, merged: Merged) -> dict[int, tuple[int, int]]:
    """By currency how many units went over in a merge, and how many of them are there still."""
    rows = await connection.fetch(
        """SELECT g.currency, sum(g.left_units + g.went)::bigint, sum(g.still)::bigint FROM (
               SELECT s.currency, 0 AS left_units, s.left_units AS still,
                      coalesce((SELECT sum(m[i + 2]) FROM (SELECT e.moves::bigint[] AS m FROM entry e
                                WHERE e.member_id = s.member_id AND e.sequence = s.origin) x,
                                generate_series(2, cardinality(m), 4) AS i
                                WHERE m[i] = s.number AND m[i + 1] = $3), 0) AS went
               FROM lot s WHERE s.member_id = $1 AND s.origin = $2) g GROUP BY 1""",
        merged.into_id,
        merged.into_sequence,
        fold.W_OPENED,
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def fates_of(connection: Connection, merged: Merged) -> list[Fate]:
    """What became of the lots that went over in a merge, in their order."""
    rows = await connection.fetch(
        """SELECT left_units + held + gone, expired, returned FROM lot
           WHERE member_id = $1 AND origin = $2 ORDER BY number""",
        merged.into_id,
        merged.into_sequence,
    )
    return [Fate(*row) for row in rows]


async def has_come_back(connection: Connection, merged: Merged) -> bool:
    """Whether something of what a merged member had bought came back since, at who stood for him."""
    found: bool = await connection.fetchval(
        f"""{WHOSE} SELECT EXISTS (SELECT FROM purchase_return b JOIN whose w ON w.member_id = b.purchase_member_id
                                   WHERE b.member_id = $2 AND b.recorded_at >= $3)""",
        merged.member_id,
        merged.into_id,
        merged.merged_at,
    )
    return found


async def mark_undone(connection: Connection, *, member_id: UUID, undone_as: UUID) -> None:
    """A merge is undone: who had gone is another member now."""
    await connection.execute(
        "UPDATE merged_member SET undone_as = $2 WHERE member_id = $1", member_id, undone_as
    )


async def move_devices_named(
    connection: Connection, *, devices: Sequence[UUID], member_id: UUID, into_id: UUID
) -> None:
    """Phones of a member are another's."""
    await connection.execute(
        "UPDATE device SET member_id = $3 WHERE member_id = $2 AND device_id = ANY ($1::uuid[])",
        list(devices),
        member_id,
        into_id,
    )


def put_parting(
    turn: Turn,
    from_id: UUID,
    *,
    begins_with: Sequence[int],
    begins_as: UUID | None = None,
    shares: Sequence[Share],
    actor: str | None,
    note: str | None = None,
) -> tuple[UUID, list[dict[str, Any]]]:
    """Put into a turn that somebody begins as a member of his own, with limits used and perhaps where he stood, and that units
    are on their way to him as gifts are. His id, and the gifts: whoever asked lets them arrive, or the queue does. `begins_as`
    says which merged member he is again.

    Refuses
        PointsMissing     fewer units are available than a share says
        CurrencyUnknown   the programme has no such currency
    """
    timeline, now = turn.timeline, turn.now
    member_id = new_id()
    begun = decide_enrolment(timeline, new_member(member_id, timeline, timeline.row_at(now)), now=now)
    stands = decide_carry_in(timeline, begun.after, carried=begins_with, now=now)
    given = []
    giver = turn.members[from_id]
    for share in shares:
        number = currency_number(turn.gathered, share.currency)
        decision = decide_units(timeline, giver, fold.GIFT_OUT, currency=number, units=share.units, now=now)
        given.append((share, number, decision))
        giver = decision.after

    turn.put_enrolled(
        (begun, EntryRow("enrol")),
        (stands, EntryRow("carry_in", counterpart_id=begins_as, carried=tuple(begins_with))),
        actor=actor,
    )
    lots = [(member_id, lot) for lot in stands.lots_changed]
    turn.then(partial(save_lots, changed=lots))
    gifts = []
    for share, number, decision in given:
        gift = Gift(
            member_id=from_id,
            gift_id=new_id(),
            receiver_id=member_id,
            currency=number,
            units=share.units,
            slices=decision.slices,
            status="in_transit",
            given_at=now,
        )
        row = EntryRow(
            "gift_out", currency=number, units=share.units, counterpart_id=member_id, gift_id=gift.gift_id
        )
        turn.put_entry(decision, row, actor=actor, note=note)
        turn.put_effect(decision, EffectKind.GIFT_ARRIVES, about=gift.gift_id, to_member=member_id)
        turn.then(partial(add_gift, gift=gift))
        gifts.append({"gift_id": str(gift.gift_id), "currency": share.currency, "units": share.units})
    return member_id, gifts
