"""The accounts are rolled up by one process at a time; the others do not wait for it."""

from __future__ import annotations

import asyncio
from uuid import UUID

from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.operations.adjust_units import adjust_units
from jifen.operations.enrol_member import enrol_member
from jifen.operations.roll_up_accounts import roll_up_accounts
from jifen.store.accounts import roll_up
from jifen.store.once import Once


def test_whoever_comes_second_leaves_it_to_the_first_and_nothing_is_counted_twice(
    fresh_database: FreshDatabase,
) -> None:
    async def run() -> None:
        async with a_ledger(fresh_database) as ledger:
            told = await enrol_member(ledger, [MemberKey("card", "1")], Once(key="enrol", body_hash=b""))
            member = UUID(str(told["member_id"]))
            assert await roll_up_accounts(ledger) == 0
            await adjust_units(
                ledger,
                member,
                currency="points",
                units=5,
                note="test",
                request=Once(key="give", body_hash=b""),
                principal=LOCAL,
            )
            async with ledger.transaction() as first:
                assert await roll_up(first) == 1
                assert await asyncio.wait_for(roll_up_accounts(ledger), timeout=5) == 0
            assert await roll_up_accounts(ledger) == 0

    asyncio.run(run())
