"""What an answer puts together is of one moment, however fast the ledger moves beneath it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.operations.adjust_units import adjust_units
from jifen.operations.enrol_member import enrol_member
from jifen.operations.read_member import Standing, read_standings
from jifen.store.members import lock_reserving
from jifen.store.once import Once
from jifen.store.reservations import find_reservations

MOVES = 60


def test_a_balance_is_what_its_lots_hold_while_others_move_it(fresh_database: FreshDatabase) -> None:
    async def run() -> None:
        async with a_ledger(fresh_database) as ledger:
            told = await enrol_member(ledger, [MemberKey("card", "1")], Once(key="enrol", body_hash=b""))
            member = UUID(str(told["member_id"]))
            is_over = asyncio.Event()

            async def move() -> None:
                for i in range(MOVES):
                    units = 7 if i % 3 else -11
                    once = Once(key=f"move {i}", body_hash=b"")
                    await adjust_units(
                        ledger,
                        member,
                        currency="points",
                        units=units if i else 1_000,
                        note="test",
                        request=once,
                        principal=LOCAL,
                    )
                is_over.set()

            async def look() -> list[Standing]:
                seen = []
                while not is_over.is_set():
                    (one,) = await read_standings(ledger, [member])
                    assert isinstance(one, Standing)
                    seen.append(one)
                return seen

            _, *looked = await asyncio.gather(move(), look(), look())

            standings = [one for seen in looked for one in seen]
            assert len({one.member.sequence for one in standings}) > 3  # it was looked at while it moved
            for one in standings:
                for balance in one.balances:
                    assert (
                        balance.balance == balance.available + balance.pending + balance.held - balance.debt
                    )

    asyncio.run(run())


def test_a_reservation_is_found_by_an_index(fresh_database: FreshDatabase) -> None:
    """Found under load: commits read the whole table."""

    async def run() -> list[str]:
        async with a_ledger(fresh_database) as ledger, ledger.transaction() as connection:
            await connection.execute(
                """INSERT INTO reservation (member_id, reservation_id, sequence, currency, units, status, lapses_at)
                   SELECT md5(i::text)::uuid, md5('r' || i)::uuid, 1, 0, 1, 'open', now()
                   FROM generate_series(1, 20000) AS i"""
            )
            asked: list[str] = []
            with connection.query_logger(lambda record: asked.append(record.query)):
                await find_reservations(connection, [UUID(int=1)])
                await lock_reserving(connection, [UUID(int=2)], [UUID(int=1)])
                await asyncio.sleep(0)  # the driver tells a turn later
            found, locked = (query for query in asked if "FROM reservation" in query)
            plans = [
                await connection.fetch(f"EXPLAIN {found}", [UUID(int=1)]),
                await connection.fetch(f"EXPLAIN {locked}", f"{{{UUID(int=2)}}}", f"{{{UUID(int=1)}}}"),
            ]
            return ["\n".join(row[0] for row in plan) for plan in plans]

    for plan in asyncio.run(run()):
        assert "Index" in plan, plan
        assert "Seq Scan on reservation" not in plan, plan
