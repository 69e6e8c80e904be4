"""Devices and codes: by their number and half minute, so that all that one code does lies on one shard.

Their times are of the clock, also in a demo whose books stand in the past: a phone shows the time that it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.member_code import CHECKOUT, KEPT_OFFLINE

if TYPE_CHECKING:
    from jifen.store.keys import BusinessKey
    from jifen.store.ledger import Connection

OVERLAP = timedelta(days=7)
"""A number opens for so long after the next one was given: the phone may not have heard of it."""
_KEPT = KEPT_OFFLINE + timedelta(days=1)


class Device(NamedTuple):
    """A number of a phone."""

    number: int
    device_id: UUID
    member_id: UUID
    root: str
    made_at: datetime
    ends_at: datetime | None


class Used(NamedTuple):
    """A code as it was used first. `is_first`: just now, by whoever asks."""

    principal_id: UUID | None
    key: tuple[str, str] | None
    reserved: Sequence[str]
    is_open: bool
    is_first: bool


class Flag(NamedTuple):
    """A code that proved nothing, and the purchase that is nobody's because of it."""

    flag_id: UUID
    source: str
    business_no: str
    why: str
    principal: str
    member_id: UUID | None
    shown_at: datetime
    flagged_at: datetime
    settled_at: datetime | None
    settled_by: str | None


_DEVICE = "number, device_id, member_id, root, made_at, ends_at"


async def add_device(
    connection: Connection, number: int, *, device_id: UUID, member_id: UUID, root: str
) -> Device | None:
    """A new number of a phone; None: it is taken."""
    row = await connection.fetchrow(
        f"""INSERT INTO device (number, device_id, member_id, root) VALUES ($1, $2, $3, $4)
            ON CONFLICT (number) DO NOTHING RETURNING {_DEVICE}""",
        number,
        device_id,
        member_id,
        root,
    )
    return Device(*row) if row else None


async def find_number(connection: Connection, number: int) -> tuple[Device | None, datetime]:
    """The phone with this number, unless the number has ended; and the clock."""
    row = await connection.fetchrow(
        f"""SELECT n.now, d.* FROM (SELECT clock_timestamp() AS now) n
            LEFT JOIN (SELECT {_DEVICE} FROM device WHERE number = $1) d ON d.ends_at IS NULL OR d.ends_at > n.now""",
        number,
    )
    return (Device(*row[1:]) if row[1] is not None else None), row[0]


async def devices_of(connection: Connection, member_id: UUID) -> list[Device]:
    """The newest number of each phone of a member that still shows codes, the oldest phone first."""
    rows = await connection.fetch(
        f"""SELECT {_DEVICE} FROM device WHERE member_id = $1 AND ends_at IS NULL ORDER BY made_at, number""",
        member_id,
    )
    return [Device(*row) for row in rows]


async def end_numbers(
    connection: Connection, device_id: UUID, *, member_id: UUID, after: timedelta
) -> list[int]:
    """Let all numbers of a phone end so much later, unless they end before; those that had no end yet."""
    rows = await connection.fetch(
        """WITH kept AS (SELECT number, ends_at IS NULL AS was_open FROM device
                         WHERE member_id = $1 AND device_id = $2 AND (ends_at IS NULL OR ends_at > clock_timestamp())
                         FOR UPDATE)
           UPDATE device d SET ends_at = least(d.ends_at, clock_timestamp() + $3::interval) FROM kept
           WHERE d.number = kept.number RETURNING d.number, kept.was_open""",
        member_id,
        device_id,
        after,
    )
    return [row[0] for row in rows if row[1]]


async def move_devices(connection: Connection, *, member_id: UUID, into_id: UUID) -> None:
    """The phones of a member who was merged into another are of that one."""
    await connection.execute("UPDATE device SET member_id = $2 WHERE member_id = $1", member_id, into_id)


async def remove_devices(connection: Connection, member_id: UUID) -> int:
    """The phones of a member who is nobody any more show no codes; how many numbers that was."""
    gone = await connection.fetch("DELETE FROM device WHERE member_id = $1 RETURNING 1", member_id)
    return len(gone)


async def remove_devices_of_person(connection: Connection, person_id: UUID) -> int:
    """The phones in which somebody is signed in show no codes any more; how many numbers that was."""
    gone = await connection.fetch(
        """DELETE FROM device WHERE device_id IN (SELECT device_id FROM person_session WHERE person_id = $1) RETURNING 1""",
        person_id,
    )
    return len(gone)


async def use_code(
    connection: Connection,
    number: int,
    step: int,
    *,
    principal_id: UUID | None,
    key: BusinessKey | None,
    reserved: str | None,
) -> Used:
    """Use a code, or find out how it was used: whoever comes first has it, and another waits here until that is sure.

    Shape
        key        the purchase that the checkout ends with; None: it goes on
        reserved   the reservation that is made in it
    """
    row = await connection.fetchrow(
        """INSERT INTO used_code AS u (number, step, principal_id, source, business_no, reserved)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number, step) DO UPDATE SET number = u.number
           RETURNING principal_id, source, business_no, reserved, opened_at > clock_timestamp() - $7::interval, xmax = 0""",
        number,
        step,
        principal_id,
        key and key.source,
        key and key.business_no,
        [reserved] if reserved else [],
        CHECKOUT,
    )
    kept = (row[1], row[2]) if row[1] is not None else None
    return Used(row[0], kept, row[3], is_open=row[4], is_first=row[5])


async def go_on_with_code(
    connection: Connection, number: int, step: int, *, key: BusinessKey | None, reserved: str | None
) -> None:
    """Something more is done in a checkout, which is locked by `use_code`."""
    await connection.execute(
        """UPDATE used_code SET source = coalesce(source, $3), business_no = coalesce(business_no, $4),
               reserved = CASE WHEN $5::text IS NULL OR $5 = ANY(reserved) THEN reserved ELSE reserved || $5::text END
           WHERE number = $1 AND step = $2""",
        number,
        step,
        key and key.source,
        key and key.business_no,
        reserved,
    )


async def prune_codes(connection: Connection) -> int:
    """Forget codes that no till may bring any more, and numbers that ended before that; how many."""
    codes = await connection.execute(
        "DELETE FROM used_code WHERE opened_at < clock_timestamp() - $1::interval", _KEPT
    )
    numbers = await connection.execute(
        "DELETE FROM device WHERE ends_at < clock_timestamp() - $1::interval", _KEPT
    )
    return sum(int(done.rpartition(" ")[2]) for done in (codes, numbers))


_FLAG = (
    "flag_id, source, business_no, why, principal, member_id, shown_at, flagged_at, settled_at, settled_by"
)


async def add_flag(
    connection: Connection,
    flag_id: UUID,
    key: BusinessKey,
    *,
    why: str,
    principal: str,
    member_id: UUID | None,
    shown_at: datetime,
) -> bool:
    """A code proved nothing: a person looks at the purchase. False: it waits for one already, for it was sent before."""
    done: str = await connection.execute(
        """INSERT INTO flagged_code (flag_id, source, business_no, why, principal, member_id, shown_at)
           SELECT $1, $2::text, $3::text, $4, $5, $6, $7
           WHERE NOT EXISTS (SELECT FROM flagged_code WHERE source = $2 AND business_no = $3 AND settled_at IS NULL)""",
        flag_id,
        key.source,
        key.business_no,
        why,
        principal,
        member_id,
        shown_at,
    )
    return done.endswith(" 1")


async def read_flags(
    connection: Connection, *, is_settled: bool, before: UUID | None, limit: int
) -> list[Flag]:
    """Flags, newest first, of what is older than the flag `before`."""
    rows = await connection.fetch(
        f"""SELECT {_FLAG} FROM flagged_code
            WHERE (settled_at IS NOT NULL) = $1 AND ($2::uuid IS NULL OR flag_id < $2)
            ORDER BY flag_id DESC LIMIT $3""",
        is_settled,
        before,
        limit,
    )
    return [Flag(*row) for row in rows]


async def settle_flag(connection: Connection, flag_id: UUID, *, by: str) -> Flag | None:
    """The flag, which a person has looked at; one that was settled before stays as it was. None: there is none."""
    row = await connection.fetchrow(
        f"""UPDATE flagged_code SET settled_at = coalesce(settled_at, clock_timestamp()), settled_by = coalesce(settled_by, $2)
            WHERE flag_id = $1 RETURNING {_FLAG}""",
        flag_id,
        by,
    )
    return Flag(*row) if row else None


async def count_flags(connection: Connection) -> int:
    """How many wait for a person."""
    count: int = await connection.fetchval("SELECT count(*) FROM flagged_code WHERE settled_at IS NULL")
    return count


async def purchase_sent(connection: Connection, key: BusinessKey) -> tuple[bytes, UUID | None] | None:
    """What was sent under this number before (its hash), and whose it became; None: nothing was."""
    row = await connection.fetchrow(
        "SELECT body_hash, member_id FROM purchase_key WHERE source = $1 AND business_no = $2",
        key.source,
        key.business_no,
    )
    return (row[0], row[1]) if row else None
