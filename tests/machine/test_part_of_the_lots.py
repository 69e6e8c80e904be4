"""Of accounts with many lots a part is read: what is decided is what would be decided had all been read.

Two shops live the same random life. One reads every lot; the other reads the first one to three at first, takes accounts of more
than three lots for very large ones, and some do in pieces of four what is due at once.
"""

from __future__ import annotations

import asyncio
import os
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_line, document_text
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till, days

from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.domain import fold
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import Refusal
from jifen.insight.replay import replay
from jifen.operations.adjust_units import adjust_units
from jifen.operations.advance_members import advance_members
from jifen.operations.change_member_status import change_member_status
from jifen.operations.give_units import give_units
from jifen.operations.handle_reservations import commit_reservation, release_reservation, reserve_units
from jifen.operations.publish_program import publish_program
from jifen.store import gather, lots
from jifen.store.history import histories

LIVES = int(os.environ.get("JIFEN_TEST_LIVES", "6"))
NOON = datetime.now(UTC).replace(hour=4, minute=0, second=0) - timedelta(days=900)
Step = tuple[Any, ...]
_COINS = """  - code: coins
    names: {{zh: 币, en: Coins}}
    kind: spendable
    worth: 1
    expiry: {expiry}
    pending: {{days: {pending}}}
    debt: {{policy: allow, limit_units: 100000}}
"""
_SECOND = """  - code: second
    names: {zh: 二, en: Second}
    currency: coins
    per_amount: {points: 1, amount_minor: 300}
"""


def programme(
    expiry: str, pending: int, coins_expiry: str = "", coins_pending: int = 0, *, coins_earn: bool = True
) -> ProgramDocument:
    """Points, and perhaps coins, that may be owed, wait and expire."""
    debt = "{policy: allow, limit_units: 100000}"
    text = document_text(expiry=expiry, pending_days=pending, debt=debt, late_days=40)
    if coins_expiry:
        coins = _COINS.format(expiry=coins_expiry, pending=coins_pending)
        text = text.replace("earn_rules:\n", coins + "earn_rules:\n") + (_SECOND if coins_earn else "")
    return parse_document(text, name="shop.yaml")


PROGRAMMES = (
    programme("{days: 9}", 2, "{days: 20}", 0),
    programme("never", 3, "{days: 6}", 1),
    programme("{days: 15}", 6, "{days: 10}", 4),
    programme("{days: 12}", 0, "never", 8),
)


async def adjusted(till: Till, member: UUID, currency: str, units: int) -> dict[str, Any]:
    return await adjust_units(
        till.ledger, member, currency=currency, units=units, note="x", request=a_key(), principal=LOCAL
    )


async def test_a_debt_waits_for_what_is_pending_behind_the_first_fifty(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, programme("{days: 400}", 5)) as till:
        await till.set_now(NOON)
        member = await till.enrol()
        for _ in range(55):
            await till.adjust(member, 1)
        await till.set_now(NOON + days(1))
        await till.buy(member, 10_000)  # a hundred, pending
        await till.adjust(member, -75)  # twenty are owed
        matures = "SELECT matures_on - DATE '1970-01-01' FROM lot WHERE number = 56"
        assert await till.fetchval("SELECT next_due_day FROM member") == await till.fetchval(matures)
        await till.assert_laws()


async def test_what_a_debt_leaves_of_another_currency_still_expires(fresh_database: FreshDatabase) -> None:
    shop = programme("{days: 8}", 5, "{days: 20}", 0, coins_earn=False)
    async with a_till(fresh_database, shop) as till:
        await till.set_now(NOON)
        member = await till.enrol()
        await till.adjust(member, -50)
        for _ in range(50):
            await till.buy(member, 100, at=await till.now() - timedelta(seconds=1))
        await adjusted(till, member, "coins", 30)
        await till.set_now(NOON + days(6))
        await advance_members(till.ledger)
        first = "SELECT min(expires_on) - DATE '1970-01-01' + 1 FROM lot WHERE left_units > 0"
        assert await till.fetchval("SELECT next_due_day FROM member") == await till.fetchval(first)
        await till.set_now(NOON + days(30))
        await advance_members(till.ledger)
        assert await till.fetchval("SELECT sum(left_units) FROM lot") == 0
        await till.assert_laws()


async def test_a_currency_that_is_newer_than_the_member_is_asked_for(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, programme("{days: 9}", 2)) as till:
        await till.set_now(NOON)
        member = await till.enrol()
        for _ in range(55):
            await till.adjust(member, 1)
        newer = programme("{days: 9}", 2, "{days: 20}", 0)
        await publish_program(till.ledger, newer, effective_at=NOON + days(1), published_by="test")
        await till.set_now(NOON + days(2))
        with pytest.raises(Refusal):
            await reserve_units(
                till.ledger, member, currency="coins", units=5, lapse_seconds=60, request=a_key()
            )


@dataclass
class Shop:
    """A till that reads so many lots at first, and does so much in a piece of time; what it did by name."""

    till: Till
    few: int
    piece: int
    members: list[UUID] = field(default_factory=list)
    reserved: dict[str, tuple[UUID, UUID]] = field(default_factory=dict)
    entries: dict[str, tuple[UUID, int]] = field(default_factory=dict)

    def use(self) -> None:
        """What is read is set for the process: only one shop acts at a time."""
        gather.FEW_LOTS, gather.LOTS_AT_ONCE, fold.PIECE = self.few, self.piece + 1, self.piece
        vars(lots)["LOTS_OF_AN_ACCOUNT"] = 3 if self.few < 100 else 1_000

    async def take(self, step: Step) -> str:
        """Let one step happen; the code of its refusal, or nothing."""
        self.use()
        name, *said = step
        try:
            async with asyncio.timeout(20):
                await getattr(self, name)(*said)
        except Refusal as refusal:
            return refusal.code
        except KeyError:
            return "it was refused before"
        return ""

    async def buy(self, whose: int | None, amounts: list[int], no: str, days_late: int) -> None:
        at = await self.till.now() - timedelta(days=days_late)
        lines = [a_line(i + 1, amount, quantity_milli=2_000) for i, amount in enumerate(amounts)]
        await self.till.buy(None if whose is None else self.members[whose], no=no, at=at, lines=lines)

    async def back(self, no: str, lines: list[tuple[int, int]] | None) -> None:
        await self.till.bring_back(no, lines)

    async def claim(self, whose: int, no: str) -> None:
        await self.till.claim(self.members[whose], no)

    async def adjust(self, whose: int, currency: str, units: int, name: str) -> None:
        member = self.members[whose]
        self.entries[name] = member, (await adjusted(self.till, member, currency, units))["sequence"]

    async def reserve(self, whose: int, currency: str, units: int, seconds: int, name: str) -> None:
        member = self.members[whose]
        told = await reserve_units(
            self.till.ledger, member, currency=currency, units=units, lapse_seconds=seconds, request=a_key()
        )
        self.reserved[name] = UUID(told["reservation_id"]), member

    async def commit(self, reservation: str, name: str) -> None:
        held, member = self.reserved[reservation]
        self.entries[name] = (
            member,
            (await commit_reservation(self.till.ledger, held, a_key()))["sequence"],
        )

    async def release(self, reservation: str) -> None:
        await release_reservation(self.till.ledger, self.reserved[reservation][0], a_key())

    async def give(self, giver: int, currency: str, units: int, name: str) -> None:
        own, other = self.members[giver], self.members[1 - giver]
        told = await give_units(self.till.ledger, own, other, currency=currency, units=units, request=a_key())
        self.entries[name] = own, told["sequence"]

    async def reverse(self, name: str) -> None:
        await self.till.reverse(*self.entries[name])

    async def state(self, whose: int, status: str) -> None:
        await change_member_status(self.till.ledger, self.members[whose], status, a_key())

    async def time(self, at: datetime) -> None:
        await self.till.set_now(at)

    async def tick(self) -> None:
        await advance_members(self.till.ledger)

    async def books(self, *, in_pieces: bool) -> list[list[tuple[Any, ...]]]:
        """What stands of the members; of what is done in pieces the entries are others, and all else is the same."""
        own = "" if in_pieces else "sequence, clock_day, days, "
        number = "" if in_pieces else "sequence, "
        found = []
        async with self.till.ledger.transaction() as connection:
            for member in self.members:
                for query in (
                    f"""SELECT {own}balances, debts, lots_opened, next_due_day, purchases, last_purchase_day, status, ladders,
                               counters FROM member WHERE member_id = $1""",
                    """SELECT number, currency, left_units, held, gone, expired, returned, matures_on, expires_on, opened
                       FROM lot WHERE member_id = $1 ORDER BY number""",
                    f"""SELECT {number}currency, verb, units, balance_after, lot, terms,
                               (occurred_at AT TIME ZONE 'Asia/Shanghai')::date
                        FROM posting WHERE member_id = $1 ORDER BY sequence, part""",
                ):
                    found.append([tuple(row) for row in await connection.fetch(query, member)])
        return found


def a_life(chance: random.Random, length: int) -> list[Step]:  # noqa: PLR0912
    """Steps of two members: buying late and at once, returning, claiming, reserving, giving, owing, and time."""
    now = NOON
    steps: list[Step] = []
    receipts: list[str] = []
    nobodys: list[str] = []
    reserved: list[str] = []
    entries: list[str] = []
    for number in range(length):
        which, who = chance.random(), chance.choice((0, 0, 0, 1))
        currency, name = chance.choice(("points", "points", "coins")), str(number)
        if which < 0.27:
            whose = who if chance.random() < 0.85 else None
            amounts = [chance.choice((100, 300, 900, 2_000)) for _ in range(chance.choice((1, 2)))]
            steps.append(("buy", whose, amounts, name, chance.choice((0, 0, 0, 1, 3, 7, 12))))
            receipts.append(name)
            nobodys += [name] if whose is None else []
        elif which < 0.37 and receipts:
            lines = chance.choice((None, None, [(1, 1_000)], [(1, 500)]))
            steps.append(("back", chance.choice(receipts), lines))
        elif which < 0.42 and nobodys:
            steps.append(("claim", who, chance.choice(nobodys)))
        elif which < 0.56:
            units = chance.choice((1, 2, 5, 20)) if which < 0.50 else -chance.choice((1, 5, 20, 40))
            steps.append(("adjust", who, currency, units, name))
            entries.append(name)
        elif which < 0.65:
            seconds = chance.choice((60, 50_000, 50_000, 86_400))
            steps.append(("reserve", who, currency, chance.choice((1, 4, 10, 20)), seconds, name))
            reserved.append(name)
        elif which < 0.70 and reserved:
            steps.append(("commit", chance.choice(reserved), name))
            entries.append(name)
        elif which < 0.74 and reserved:
            steps.append(("release", chance.choice(reserved)))
        elif which < 0.80:
            steps.append(("give", who, currency, chance.choice((1, 3, 9, 15)), name))
            entries.append(name)
        elif which < 0.85 and entries:
            steps.append(("reverse", chance.choice(entries)))
        elif which < 0.87:
            steps.append(("state", who, chance.choice(("frozen", "active", "active"))))
        elif which < 0.97:
            now += timedelta(days=chance.choice((1, 1, 2, 3, 3, 7, 12)))
            steps.append(("time", now))
        else:
            steps.append(("tick",))
    return steps


@pytest.mark.parametrize("seed", range(LIVES))
async def test_a_part_of_the_lots_decides_as_all_of_them_would(
    fresh_database: FreshDatabase,
    second_database: FreshDatabase,
    seed: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, name in (
        (gather, "FEW_LOTS"), (gather, "LOTS_AT_ONCE"), (fold, "PIECE"), (lots, "LOTS_OF_AN_ACCOUNT"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, getattr(module, name))
    chance = random.Random(seed)
    piece = 4 if seed % 3 == 2 else 1_000
    in_pieces = piece < 1_000
    shop = PROGRAMMES[seed % len(PROGRAMMES)]
    async with (
        a_till(fresh_database, shop, pool_size=2) as one,
        a_till(second_database, shop, pool_size=2) as other,
    ):
        whole = Shop(one, few=1_000_000, piece=1_000)
        part = Shop(other, few=chance.choice((1, 2, 3)), piece=piece)
        for side in (whole, part):
            side.use()
            await side.till.set_now(NOON)
            side.members = [await side.till.enrol(f"{seed}-{number}") for number in range(2)]
        for at, step in enumerate(a_life(chance, 90)):
            assert await whole.take(step) == await part.take(step), f"seed {seed}, step {at}: {step}"
            if in_pieces:
                for side in (whole, part):
                    await side.take(("tick",))
            books = [await side.books(in_pieces=in_pieces) for side in (whole, part)]
            assert books[0] == books[1], f"seed {seed}, step {at}: {step}"
        await other.assert_laws_in_sql()
        async with other.ledger.reading() as connection:
            clock = await other.ledger.clock(connection)
            timeline = await other.ledger.whole_timeline(connection, clock.newest)
            rows = await histories(connection, sorted(part.members))
        # Interpreted: the compiled fold knows pieces of one size only.
        part.use()
        assert not replay(
            timeline, members=rows.members, purchases=rows.purchases, returns=rows.returns, entries=rows.entries,
            postings=rows.postings, lots=rows.lots, elsewhere=rows.elsewhere, walk=fold.walk,
        )  # fmt: skip
