"""Lots: those that a decision can touch are read, and no more, however many a member has; those that changed are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import date_of
from jifen.domain.member import Lot, Member, lot_of
from jifen.store.ledger import CLOCK, CLOCK_WIDTH, Clock
from jifen.store.rows import Rows, Target, array_text
from jifen.store.tables import LOTS_OF_AN_ACCOUNT

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_LOT = f"""member_id, number, terms, currency, left_units, held, gone, expired, returned,
    coalesce(expires_on - DATE '1970-01-01', {fold.FAR}), matures_on - DATE '1970-01-01', origin, opened"""

ALL = 1 << 40
"""As many lots as there are."""


def _open(which: str, most: str) -> str:
    """The first lots of member m to expire that have units left, of some of his."""
    return f"""SELECT lot.* FROM lot WHERE lot.member_id = m.id AND left_units > 0 AND {which}
               ORDER BY expires_on, number LIMIT {most}"""


def _open_of_large(which: str, most: str) -> str:
    """The same where m has opened very many: those behind the first thousand are found in an index of their own, from the
    day m.since on."""
    few, many = f"{which} AND number <= {LOTS_OF_AN_ACCOUNT}", f"{which} AND number > {LOTS_OF_AN_ACCOUNT}"
    return f"""SELECT * FROM (
        ({_open(f"{few} AND (expires_on >= m.since OR expires_on IS NULL)", most)}) UNION ALL
        ({_open(f"{many} AND expires_on >= m.since", most)}) UNION ALL
        ({_open(f"{many} AND expires_on IS NULL", most)})) found
        ORDER BY expires_on, number LIMIT {most}"""


class FirstLots(NamedTuple):
    """What is read of members once they are locked."""

    clock: Clock
    lots: dict[UUID, list[Lot]]
    is_any_known: bool  # whether any of the request keys has had its effect


async def first_lots(
    connection: Connection,
    members: Mapping[UUID, Member],
    *,
    origins: Sequence[tuple[UUID, int]] = (),
    numbered: Sequence[tuple[UUID, int]] = (),
    keys: Sequence[str] = (),
    most: int,
) -> FirstLots:
    """The clock, and lots of locked members in order of number: of each member the first to expire that have units left, at
    most so many; those that certain entries opened (member, sequence), and those of certain numbers. With them, whether any of
    some request keys is known: most often none is, and then nobody asks which."""
    arguments: list[object] = [array_text(list(members)), most]
    is_large = _are_large(members)
    if is_large:
        arguments.append([_nothing_open_before(member) for member in members.values()])
    if origins:
        arguments += [[member_id for member_id, _ in origins], [origin for _, origin in origins]]
    if numbered:
        arguments += [array_text(column) for column in zip(*numbered, strict=True)]
    if keys:
        arguments.append(array_text(keys))
    rows = await connection.fetch(
        _first_lots(is_large, bool(origins), bool(numbered), bool(keys)), *arguments
    )
    lots: dict[UUID, list[Lot]] = {}
    for row in rows:
        if row[0] is not None:
            own = lots.setdefault(row[0], [])
            if not own or own[-1].number != row[1]:  # one may be found for two reasons
                own.append(_lot(row))
    return FirstLots(Clock(*rows[0][-1 - CLOCK_WIDTH : -1]), lots, rows[0][-1])


@cache
def _first_lots(is_large: bool, has_origins: bool, has_numbers: bool, has_keys: bool) -> str:
    """The statement of `first_lots`, by which arguments follow the members and how many."""
    at = 3 if is_large else 2
    if is_large:
        whose, first = "unnest($1::text::uuid[], $3::date[]) AS m (id, since)", _open_of_large("true", "$2")
    else:
        whose, first = "unnest($1::text::uuid[]) AS m (id)", _open("true", "$2")
    found = [f"SELECT first.* FROM {whose}, LATERAL ({first}) first"]
    if has_origins:
        found.append(
            f"""SELECT lot.* FROM unnest(${at + 1}::uuid[], ${at + 2}::bigint[]) AS o (id, origin)
                JOIN posting ON posting.member_id = o.id AND posting.sequence = o.origin
                JOIN lot ON lot.member_id = o.id AND lot.number = posting.lot AND lot.origin = o.origin"""
        )
        at += 2
    if has_numbers:
        found.append(
            f"""SELECT lot.* FROM unnest(${at + 1}::text::uuid[], ${at + 2}::text::integer[]) AS n (id, number)
                JOIN lot ON lot.member_id = n.id AND lot.number = n.number"""
        )
        at += 2
    is_any_known = (
        f"EXISTS (SELECT FROM request_key WHERE key = ANY(${at + 1}::text::text[]))" if has_keys else "false"
    )
    return f"""SELECT {_LOT}, {CLOCK}, {is_any_known} FROM book LEFT JOIN ({" UNION ALL ".join(found)}) found ON true
               ORDER BY member_id, number"""


def _are_large(members: Mapping[UUID, Member]) -> bool:
    return any(member.scalars[fold.LOTS_OPENED] > LOTS_OF_AN_ACCOUNT for member in members.values())


def _nothing_open_before(member: Member) -> date:
    """A day before which no open lot expires: what does so is due on the day after."""
    return date_of(member.scalars[fold.NEXT_DUE_DAY] - 1) or date.max


async def lots_to_pay(
    connection: Connection, member_id: UUID, *, currency: int, units: int, day: int, most: int
) -> list[Lot]:
    """Of the first so many lots of a currency that may be spent on a day those that pay so many units, first to expire first."""
    first = _open_of_large("currency = $2 AND matures_on <= m.since", "$5")
    rows = await connection.fetch(
        f"""SELECT {_LOT} FROM (
                SELECT *, sum(left_units) OVER (ORDER BY expires_on, number) - left_units AS before
                FROM (VALUES ($1::uuid, $3::date)) AS m (id, since), LATERAL ({first}) first) drawn
            WHERE before < $4""",
        member_id,
        currency,
        date_of(day),
        units,
        most,
    )
    return [_lot(row) for row in rows]


async def lots_that_mature(connection: Connection, member_id: UUID, *, currency: int, most: int) -> list[Lot]:
    """The lots of a currency that can be spent first, at most so many: what is owed is paid from them as they mature."""
    rows = await connection.fetch(
        f"""SELECT {_LOT} FROM lot WHERE member_id = $1 AND left_units > 0 AND currency = $2
            ORDER BY matures_on, expires_on, number LIMIT $3""",
        member_id,
        currency,
        most,
    )
    return [_lot(row) for row in rows]


async def all_lots(connection: Connection, member_id: UUID) -> list[Lot]:
    """Every lot a member ever had."""
    rows = await connection.fetch(f"SELECT {_LOT} FROM lot WHERE member_id = $1 ORDER BY number", member_id)
    return [_lot(row) for row in rows]


async def lots_numbered(connection: Connection, member_id: UUID, numbers: Sequence[int]) -> dict[int, Lot]:
    """Some lots of a member, by number."""
    rows = await connection.fetch(
        f"SELECT {_LOT} FROM lot WHERE member_id = $1 AND number = ANY($2::integer[])",
        member_id,
        list(numbers),
    )
    return {row[1]: _lot(row) for row in rows}


def _lot(row: Any) -> Lot:
    return lot_of(row[1:13])


_LOT_ROWS = Rows(
    "lot",
    [
        ("member_id", "uuid"), ("number", "integer"), ("terms", "smallint"), ("currency", "smallint"), ("origin", "bigint"),
        ("opened", "bigint"), ("left_units", "bigint"), ("held", "bigint"), ("gone", "bigint"), ("expired", "bigint"),
        ("returned", "bigint"), ("matures_on", "day"), ("expires_on", "day"),
    ],
    on_conflict="""ON CONFLICT (member_id, number) DO UPDATE
           SET left_units = excluded.left_units, held = excluded.held, gone = excluded.gone,
               expired = excluded.expired, returned = excluded.returned""",
)  # fmt: skip


async def save_lots(target: Target, changed: Sequence[tuple[UUID, Lot]]) -> None:
    """Write lots that were opened or changed."""
    await _LOT_ROWS.insert(
        target,
        [
            (
                member_id, lot.number, lot.terms, lot.currency, lot.origin, lot.opened, lot.left, lot.held, lot.gone, lot.expired,
                lot.returned, _day(lot.matures_day), _day(lot.expires_day),
            )
            for member_id, lot in changed
        ],
    )  # fmt: skip


def _day(day: int) -> int | None:
    return None if day >= fold.FAR else day
