"""A ledger on real PostgreSQL as a test drives it: short verbs, a book date that the test sets, and the laws."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase

from jifen.document.model import ProgramDocument
from jifen.document.stored import timeline_of_published
from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date
from jifen.domain.events import Slice
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.purchase import Purchase, ReturnedLine
from jifen.domain.refusals import Refusal
from jifen.operations.adjust_units import adjust_units
from jifen.operations.claim_purchase import claim_purchase
from jifen.operations.enrol_member import enrol_member
from jifen.operations.give_units import give_units
from jifen.operations.handle_reservations import reserve_units
from jifen.operations.merge_members import merge_members
from jifen.operations.open_balances import Opening, open_balances
from jifen.operations.publish_program import publish_program
from jifen.operations.read_member import Balance, read_member
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.operations.reverse_entry import reverse_entry
from jifen.store.keys import BusinessKey
from jifen.store.laws import LAWS, findings_of
from jifen.store.ledger import Ledger, open_pool
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase
from jifen.store.revisions import set_book

NEVER_DAYS = 1_000
SHARDS = int(os.environ.get("JIFEN_TEST_SHARDS", "1"))
"""Above 1, everything that is driven by a till keeps its books as on a cluster (`make test-cluster`)."""
LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def a_key(name: str | None = None) -> Once:
    """An Idempotency-Key: a new one, or one by name."""
    return Once(key=name or f"key-{next(_numbers)}", body_hash=b"body")


def request_of(purchase: Purchase, whose: UUID | MemberKey | None) -> PurchaseRequest:
    """A request as the edge would make it, with the hash of all that it says."""
    said = hashlib.sha256(f"{purchase!r}{whose!r}".encode()).digest()
    return PurchaseRequest(purchase=purchase, whose=whose, body_hash=said)


class Till:
    """What a shop does with its members."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    async def enrol(self, name: str | None = None) -> UUID:
        """A new member."""
        card = MemberKey("card", name or f"card-{next(_numbers)}")
        return UUID((await enrol_member(self.ledger, [card], a_key()))["member_id"])

    async def now(self) -> datetime:
        """The book's time."""
        async with self.ledger.transaction() as connection:
            return (await self.ledger.clock(connection)).now

    async def set_now(self, at: datetime) -> None:
        """Put the book date to a moment, which must lie in the past."""
        shift = int((datetime.now(UTC) - at).total_seconds())
        async with self.ledger.transaction() as connection:
            await set_book(connection, shift_seconds=shift, label="test")

    async def buy(
        self, whose: UUID | None, of: int = 10_000, *, no: str | None = None, **more: Any
    ) -> RecordedPurchase:
        """A purchase that is recorded, or the refusal raised."""
        at = more.pop("at", None) or await self.now()
        purchase = a_purchase(of, at=at, no=no or f"no-{next(_numbers)}", **more)
        (answer,) = await record_purchases(self.ledger, [request_of(purchase, whose)])
        if isinstance(answer, Refusal):
            raise answer
        return answer

    async def bring_back(
        self, no: str, lines: Sequence[tuple[int, int]] | None = None, *, key: Once | None = None
    ) -> dict[str, Any]:
        """A return of some quantities by line, or of everything that is left."""
        back = None if lines is None else tuple(ReturnedLine(number=n, quantity_milli=q) for n, q in lines)
        return await return_purchase(
            self.ledger, ReturnRequest(purchase=BusinessKey("pos", no), lines=back), key or a_key()
        )

    async def reserve(
        self, member: UUID, units: int, *, seconds: int = 3_600, key: Once | None = None
    ) -> dict[str, Any]:
        """A reservation."""
        return await reserve_units(
            self.ledger, member, currency="points", units=units, lapse_seconds=seconds, request=key or a_key()
        )

    async def adjust(self, member: UUID, units: int, *, key: Once | None = None) -> dict[str, Any]:
        """An adjustment."""
        return await adjust_units(
            self.ledger,
            member,
            currency="points",
            units=units,
            note="test",
            request=key or a_key(),
            principal=LOCAL,
        )

    async def give(
        self, giver: UUID, receiver: UUID, units: int, *, key: Once | None = None
    ) -> dict[str, Any]:
        """A gift."""
        return await give_units(
            self.ledger, giver, receiver, currency="points", units=units, request=key or a_key()
        )

    async def open(self, member: UUID, *lots: tuple[int, int]) -> bool | Refusal:
        """What a member held elsewhere: lots as days from now (more than a thousand: for ever) and units."""
        today = day_number(local_date(await self.now(), "Asia/Shanghai"))
        slices = tuple(
            Slice(0, fold.FAR if ahead > NEVER_DAYS else today + ahead, units) for ahead, units in lots
        )
        (answer,) = await open_balances(
            self.ledger, [Opening(member_id=member, currency=0, slices=slices, actor="test")]
        )
        return answer

    async def merge(self, goes: UUID, stays: UUID, *, key: Once | None = None) -> dict[str, Any]:
        """A member merged into another."""
        return await merge_members(self.ledger, goes, stays, note="test", request=key or a_key())

    async def reverse(self, member: UUID, sequence: int, *, key: Once | None = None) -> dict[str, Any]:
        """An entry undone by its own record."""
        return await reverse_entry(
            self.ledger, member, sequence, note="test", request=key or a_key(), principal=LOCAL
        )

    async def claim(self, member: UUID, no: str, *, key: Once | None = None) -> dict[str, Any]:
        """A claim of a receipt of nobody."""
        return await claim_purchase(
            self.ledger, member, BusinessKey("pos", no), key or a_key(), principal=LOCAL
        )

    async def balance(self, member: UUID) -> Balance:
        """Where a member's points stand now."""
        return (await read_member(self.ledger, member)).balances[0]

    async def points(self, *members: UUID) -> list[int]:
        """The members' balances."""
        return [(await self.balance(member)).balance for member in members]

    async def fetchval(self, query: str, *arguments: object) -> Any:
        """One value from the books."""
        async with self.ledger.transaction() as connection:
            return await connection.fetchval(query, *arguments)

    async def assert_laws_in_sql(self) -> None:
        """The laws as SQL alone: quick enough for after every step."""
        async with self.ledger.transaction() as connection:
            broken = [finding for law in LAWS for finding in await findings_of(connection, law)]
        assert not broken, broken

    async def assert_laws(self) -> None:
        """Every law in SQL, and the cache rebuilt from the journal without a difference."""
        books = await reconcile_books(self.ledger)
        broken = [verdict for verdict in books.verdicts if verdict.verdict == "broken"]
        assert not broken, [(v.law.number, v.findings) for v in broken]


@asynccontextmanager
async def a_till(
    database: FreshDatabase,
    document: ProgramDocument | None = None,
    *,
    pool_size: int = 8,
    shards: int = SHARDS,
) -> AsyncIterator[Till]:
    """A shop with a programme in force since long ago, its members spread over so many shards."""
    pool = await open_pool(database.app, size=pool_size)
    try:
        await pool.execute("UPDATE book SET shards = $1", shards)
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        await publish_program(ledger, document or a_document(), effective_at=LONG_AGO, published_by="test")
        yield Till(ledger)
    finally:
        await pool.close()


@asynccontextmanager
async def another_till(database: FreshDatabase, *, pool_size: int = 8) -> AsyncIterator[Till]:
    """A second process of the same shop: its own pool, its own timeline."""
    pool = await open_pool(database.app, size=pool_size)
    try:
        yield Till(Ledger(pool, compile_timeline=timeline_of_published))
    finally:
        await pool.close()


def days(number: float) -> timedelta:
    """So many days."""
    return timedelta(days=number)
