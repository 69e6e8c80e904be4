"""Members: lock, read, enrol, save. The row is dressed for the fold here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import next_due_at
from jifen.domain.member import Lot, Member, kept_days
from jifen.domain.packing import packed, unpacked
from jifen.domain.person import MemberKey
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status
from jifen.store.ledger import BOOK_NOW, CLOCK, CLOCK_WIDTH, Clock
from jifen.store.parked import NOT_PARKED
from jifen.store.reservations import RESERVATIONS, Reservation
from jifen.store.rows import Rows, Statement, Target, array_text

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

MEMBER_COLUMNS = """member_id, status, joined_day, sequence, purchases, last_purchase_day, clock_day, clock_at,
    lots_opened, next_due_day, next_lapse_at, balances, debts, ladders, days, tier_history, counters, holds"""


async def lock_members(connection: Connection, member_ids: Iterable[UUID]) -> dict[UUID, Member]:
    """Lock members in the order of their ids (so that two batches never wait for each other) and return them; none is no
    statement."""
    ids = set(member_ids)
    if not ids:
        return {}
    rows = await connection.fetch(
        f"SELECT {MEMBER_COLUMNS} FROM member WHERE member_id = ANY($1::text::uuid[]) ORDER BY member_id FOR NO KEY UPDATE",
        array_text(list(ids)),
    )
    return {row[0]: dressed(row) for row in rows}


async def lock_reserving(
    connection: Connection, member_ids: Iterable[UUID], reservation_ids: Sequence[UUID]
) -> tuple[dict[UUID, Member], dict[UUID, Reservation]]:
    """Lock members and whoever made some reservations, all in the order of their ids, and return them with those reservations.

    Of a reservation all but its status is as it was made; it may have ended while its member was waited for.
    """
    made = RESERVATIONS.format(ids="$2::text::uuid[]")
    rows = await connection.fetch(
        f"""SELECT {MEMBER_COLUMNS}, made.* FROM member
            LEFT JOIN ({made}) AS made (made_by, id, entry, currency, units, status_then, lapses_at) ON made_by = member_id
            WHERE member_id = ANY(ARRAY(SELECT made_by FROM ({made}) AS made (made_by)) || $1::text::uuid[])
            ORDER BY member_id FOR NO KEY UPDATE OF member""",
        array_text(list(set(member_ids))),
        array_text(reservation_ids),
    )
    width = len(Reservation._fields)
    reservations = [Reservation(*row[-width:]) for row in rows if row[-1] is not None]
    return {row[0]: dressed(row[:-width]) for row in rows}, {one.reservation_id: one for one in reservations}


async def read_members(
    connection: Connection, member_ids: Iterable[UUID]
) -> tuple[Clock, dict[UUID, Member]]:
    """The clock, and members without their lots."""
    rows = await connection.fetch(
        f"SELECT {CLOCK}, {MEMBER_COLUMNS} FROM book LEFT JOIN member ON member_id = ANY($1::text::uuid[])",
        array_text(list(set(member_ids))),
    )
    return Clock(*rows[0][:CLOCK_WIDTH]), {
        row[CLOCK_WIDTH]: dressed(row[CLOCK_WIDTH:]) for row in rows if row[CLOCK_WIDTH] is not None
    }


FEW_OPENED = 50
"""Whoever has opened no more lots than that has none worth taking together."""
_EXPIRES = f"coalesce(expires_on - DATE '1970-01-01', {fold.FAR})"
_MATURES = "matures_on - DATE '1970-01-01'"


async def read_standing(
    connection: Connection, member_ids: Iterable[UUID]
) -> tuple[Clock, dict[UUID, Member]]:
    """The clock, and members with the lots that still hold units: one statement, so that all is of one moment.

    Of a lot only what is left and held is told. Of a member who has opened many, unless time has made something due of him,
    those that are alike in all else that matters (currency, terms, last day of use; matured long ago) come as one, with the
    number of the first.
    """
    rows = await connection.fetch(
        f"""SELECT {CLOCK}, {MEMBER_COLUMNS}, CASE WHEN lots_opened <= {FEW_OPENED} THEN ARRAY(
                SELECT ARRAY[number, terms, currency, left_units, held, {_EXPIRES}, {_MATURES}]
                FROM lot WHERE lot.member_id = member.member_id AND (left_units > 0 OR held > 0) ORDER BY number)
            ELSE ARRAY(
                SELECT ARRAY[min(number), terms, currency, sum(left_units)::bigint, sum(held)::bigint, {_EXPIRES},
                             max({_MATURES})]
                FROM lot WHERE lot.member_id = member.member_id AND (left_units > 0 OR held > 0)
                GROUP BY currency, terms, expires_on,
                         CASE WHEN matures_on < ({BOOK_NOW} - INTERVAL '2 days')::date THEN NULL ELSE matures_on END,
                         CASE WHEN next_due_at <= {BOOK_NOW} THEN number END
                ORDER BY min(number)) END AS open_lots
            FROM book LEFT JOIN member ON member_id = ANY($1::uuid[])""",
        list(set(member_ids)),
    )
    at = CLOCK_WIDTH
    members = {row[at]: dressed(row[at:-1], lots=row[-1]) for row in rows if row[at] is not None}
    return Clock(*rows[0][:CLOCK_WIDTH]), members


def dressed(row: Any, *, lots: Sequence[Sequence[int]] = ()) -> Member:
    """A member from the values of `MEMBER_COLUMNS`."""
    (
        member_id, status, joined_day, sequence, purchases, last_purchase_day, clock_day, clock_at, lots_opened, next_due_day,
        next_lapse_at, balances, debts, kept, days, history, counters, holds,
    ) = row  # fmt: skip
    scalars = [0] * (fold.BALANCES + len(balances) * fold.BALANCE_WIDTH)
    scalars[fold.SEQUENCE] = sequence
    scalars[fold.STATUS] = _STATUS[status]
    scalars[fold.JOINED_DAY] = joined_day
    scalars[fold.PURCHASES] = purchases
    scalars[fold.LAST_PURCHASE_DAY] = last_purchase_day
    scalars[fold.CLOCK_DAY] = clock_day
    scalars[fold.CLOCK_AT] = clock_at
    scalars[fold.LOTS_OPENED] = lots_opened
    scalars[fold.NEXT_DUE_DAY] = next_due_day
    scalars[fold.NEXT_LAPSE_AT] = next_lapse_at
    days, scalars[fold.DAYS_FROM] = unpacked(days)
    scalars[fold.BALANCES :: fold.BALANCE_WIDTH] = balances
    scalars[fold.BALANCES + fold.DEBT :: fold.BALANCE_WIDTH] = debts
    ladders: list[int] = []
    for tier, review_day in zip(kept[::2], kept[1::2], strict=True):
        ladders += (tier, review_day, tier)
    return Member(
        member_id,
        scalars,
        ladders,
        tuple(
            [
                Lot(number, terms, currency, left, held, 0, 0, 0, expires_day, matures_day, 0, left + held)
                for number, terms, currency, left, held, expires_day, matures_day in lots
            ]
        ),
        days,
        history,
        counters,
        holds,
    )


_STATUS = {status.name.lower(): int(status) for status in Status}


def grown(member: Member, timeline: Timeline) -> Member:
    """The member with room for currencies and ladders that a newer revision added."""
    missing = fold.BALANCES + timeline.n_currencies * fold.BALANCE_WIDTH - len(member.scalars)
    if missing > 0:
        member = member._replace(scalars=member.scalars + [0] * missing)
    had = len(member.ladders) // fold.STANDS_WIDTH
    if had >= timeline.n_ladders:
        return member
    ladders, history, days = list(member.ladders), list(member.history), []
    for ladder in range(had, timeline.n_ladders):
        tier = timeline.newest.ladders[ladder].tiers[0].number
        ladders += (tier, fold.FAR, tier)
        history[ladder * fold.HISTORY_WIDTH : ladder * fold.HISTORY_WIDTH] = [ladder, 0, 0, tier, 0, fold.FAR]
    width = fold.DAYS_COUNTED + had
    for at in range(0, len(member.days), width):
        days += [*member.days[at : at + width], *[0] * (timeline.n_ladders - had)]
    return member._replace(ladders=ladders, history=history, days=days)


_STATE = [
    ("member_id", "uuid"), ("status", "text"), ("joined_day", "integer"), ("sequence", "bigint"), ("purchases", "integer"),
    ("last_purchase_day", "integer"), ("clock_day", "integer"), ("clock_at", "bigint"), ("lots_opened", "integer"),
    ("next_due_day", "integer"), ("next_lapse_at", "bigint"), ("next_due_at", "timestamptz"), ("balances", "bigint[]"),
    ("debts", "bigint[]"), ("ladders", "integer[]"), ("days", "bytea"), ("tier_history", "bigint[]"),
    ("counters", "bigint[]"), ("holds", "bigint[]"),
]  # fmt: skip
_MEMBER_ROWS = Rows("member", [*_STATE, ("enrolled_at", "timestamptz")])
_UPDATE = Statement(
    f"""UPDATE member SET {
        ", ".join(
            f"{name} = u.{name}" + (f"::{type_}" if type_.endswith("[]") else "")
            for name, type_ in _STATE[1:]
        )
    } FROM {{from_}} WHERE member.member_id = u.member_id""",
    _STATE,
)


def _saved(member: Member, timeline: Timeline) -> tuple[object, ...]:
    s = member.scalars
    days = packed(*kept_days(member, timeline))
    return (
        member.member_id, _STATUS_NAMES[s[fold.STATUS]], s[fold.JOINED_DAY], s[fold.SEQUENCE], s[fold.PURCHASES],
        s[fold.LAST_PURCHASE_DAY], s[fold.CLOCK_DAY], s[fold.CLOCK_AT], s[fold.LOTS_OPENED], s[fold.NEXT_DUE_DAY],
        s[fold.NEXT_LAPSE_AT], next_due_at(s[fold.NEXT_DUE_DAY], s[fold.NEXT_LAPSE_AT], timeline.time_zone),
        member.balances, member.debts, _standing(member.ladders), days, member.history, member.counters, member.holds,
    )  # fmt: skip


_STATUS_NAMES = tuple(status.name.lower() for status in Status)


def _standing(ladders: list[int]) -> list[int]:
    """Tier and review day of each ladder: what it was judged by last is of no later use."""
    if len(ladders) == fold.STANDS_WIDTH:
        return ladders[: fold.STANDS_JUDGED]
    return [number for at in range(0, len(ladders), fold.STANDS_WIDTH) for number in ladders[at : at + 2]]


async def save_members(target: Target, members: Sequence[Member], timeline: Timeline) -> None:
    """Write the state of locked members."""
    await _UPDATE.run(target, [_saved(member, timeline) for member in members])


async def add_members(
    target: Target, members: Sequence[Member], timeline: Timeline, *, enrolled_at: datetime
) -> None:
    """Enrol members."""
    await _MEMBER_ROWS.insert(target, [(*_saved(member, timeline), enrolled_at) for member in members])


FIND_BY_KEYS = """SELECT k.blind, k.kind, k.member_id FROM member_key k
    WHERE (k.blind, k.kind) IN (SELECT * FROM unnest($1::bytea[], $2::text[]))"""


async def find_by_keys(
    ledger: Ledger, connection: Connection, keys: Sequence[MemberKey]
) -> dict[MemberKey, UUID]:
    """The members that keys belong to. Keys of nobody are not in the answer.

    Refuses
        VaultClosed   the keys of personal data are not there
    """
    if not keys:
        return {}
    vault = await ledger.vault(connection)
    blinds = {(blind, key.kind): key for key in keys for blind in vault.blinds(key.kind, key.value)}
    rows = await connection.fetch(
        FIND_BY_KEYS,
        [blind for blind, _ in blinds],
        [kind for _, kind in blinds],
    )
    return {blinds[blind, kind]: member_id for blind, kind, member_id in rows}


async def found_by(
    ledger: Ledger, connection: Connection, whose: Sequence[UUID | MemberKey | None]
) -> list[UUID | None]:
    """The ids of members named by id or key, in order. An id is believed; a key of nobody finds None."""
    found = await find_by_keys(ledger, connection, [one for one in whose if isinstance(one, MemberKey)])
    return [found.get(one) if isinstance(one, MemberKey) else one for one in whose]


async def enrolled_at(connection: Connection, member_id: UUID) -> datetime | None:
    """When a member was enrolled; None: there is no such member."""
    at: datetime | None = await connection.fetchval(
        "SELECT enrolled_at FROM member WHERE member_id = $1", member_id
    )
    return at


async def due_members(connection: Connection, now: datetime, *, limit: int) -> list[UUID]:
    """Members for whom time has made something due, without those that are left out for now (`store/parked.py`)."""
    rows = await connection.fetch(
        f"""SELECT member_id FROM member m WHERE next_due_at <= $1 AND status <> 'merged' AND {NOT_PARKED}
           ORDER BY next_due_at LIMIT $2""",
        now,
        limit,
    )
    return [row[0] for row in rows]
