"""What somebody wrote stands beside the journal: it is told, and it can be erased while the books still balance and replay."""

from __future__ import annotations

from tests.conftest import FreshDatabase
from tests.machine.till import a_key, a_till

from jifen.domain.principal import LOCAL
from jifen.operations.adjust_units import adjust_units
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.journal import entries_of
from jifen.store.keys import BusinessKey
from jifen.store.purchases import returns_by_sequence


async def test_notes_are_told_and_may_be_erased(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(member, 10_000, no="one")
        up = await adjust_units(
            till.ledger,
            member,
            currency="points",
            units=5,
            note="for Mrs Li",
            request=a_key(),
            principal=LOCAL,
        )
        back = await return_purchase(
            till.ledger, ReturnRequest(purchase=BusinessKey("pos", "one"), lines=None, note="torn"), a_key()
        )

        async def told() -> list[str | None]:
            async with till.ledger.transaction() as connection:
                entries = await entries_of(connection, member, [up["sequence"]])
                returns = await returns_by_sequence(connection, member, [back["sequence"]])
            return [entries[up["sequence"]]["note"], returns[back["sequence"]]["note"]]

        assert await told() == ["for Mrs Li", "torn"]
        assert await till.fetchval("SELECT count(*) FROM note") == 2
        async with till.ledger.transaction() as connection:
            await connection.execute("DELETE FROM note WHERE member_id = $1", member)
        assert await told() == [None, None]
        assert (await reconcile_books(till.ledger)).are_kept
