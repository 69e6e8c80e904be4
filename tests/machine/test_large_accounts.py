"""Accounts with thousands of lots: what is due at once is done in pieces, and a verb reads no more lots than it needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase

from jifen.document.stored import timeline_of_published
from jifen.domain import fold
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.jobs.loop import once_through
from jifen.operations.adjust_units import adjust_units
from jifen.operations.change_member_status import change_member_status
from jifen.operations.claim_purchase import claim_purchase
from jifen.operations.enrol_member import enrol_member
from jifen.operations.give_units import give_units
from jifen.operations.handle_reservations import commit_reservation, release_reservation, reserve_units
from jifen.operations.publish_program import publish_program
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.operations.reverse_entry import reverse_entry
from jifen.store import gather, lots
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger, open_pool
from jifen.store.once import Once
from jifen.store.overview import read_health
from jifen.store.revisions import set_book

LIFE_DAYS = 10
LOTS = 2_600


@pytest.fixture
async def ledger(fresh_database: FreshDatabase) -> Any:
    """A ledger whose points live ten days, thirty days ago."""
    pool = await open_pool(fresh_database.app)
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    start = datetime.now(UTC) - timedelta(days=30)
    document = a_document(expiry=f"{{days: {LIFE_DAYS}}}", debt="{policy: forbid}")
    await publish_program(ledger, document, effective_at=start - timedelta(days=9), published_by="test")
    await _behind(ledger, 30)
    yield ledger
    await pool.close()


async def _behind(ledger: Ledger, days: float) -> None:
    """Put the book date so many days behind the clock."""
    async with ledger.transaction() as connection:
        await set_book(connection, shift_seconds=int(days * 86_400), label="a test")


async def _enrolled(ledger: Ledger, card: str) -> UUID:
    answer = await enrol_member(ledger, [MemberKey("card", card)], Once(key=f"enrol {card}", body_hash=b""))
    return UUID(answer["member_id"])


async def _with_lots(database: FreshDatabase, ledger: Ledger, member_id: UUID, lots: int) -> None:
    """Give a member so many lots of one unit, each by hand, as entries that the ledger would have written so."""
    # The first is made by the ledger itself; the others are copies of its rows.
    await adjust_units(
        ledger,
        member_id,
        currency="points",
        units=1,
        note="one of many",
        request=Once(key="first", body_hash=b""),
        principal=LOCAL,
    )
    admin = await asyncpg.connect(**database.admin.arguments(), server_settings={"search_path": "jifen"})
    columns = {
        "entry": "kind, currency, units, revision, occurred_at, recorded_at, tiers_after",
        "posting": "part, currency, verb, account, is_credit, units, terms, reasons, revision, funder, occurred_at, recorded_at",
        "lot": "currency, terms, opened, left_units, held, gone, expired, returned, matures_on, expires_on",
    }
    number = f"generate_series(2, {lots}) AS n"
    await admin.execute(
        f"""INSERT INTO entry (member_id, sequence, entry_id, moves, balances_after, {columns["entry"]})
            SELECT member_id, n + 1, gen_random_uuid(), ARRAY[m[1], n, m[3], m[4]], ARRAY[n], {columns["entry"]}
            FROM entry, LATERAL (SELECT moves::bigint[] AS m) own, {number} WHERE member_id = '{member_id}' AND sequence = 2"""
    )
    await admin.execute(
        f"""INSERT INTO posting (member_id, sequence, lot, balance_after, {columns["posting"]})
            SELECT member_id, n + 1, n, n, {columns["posting"]}
            FROM posting, {number} WHERE member_id = '{member_id}' AND sequence = 2"""
    )
    await admin.execute(
        f"""INSERT INTO lot (member_id, number, origin, {columns["lot"]})
            SELECT member_id, n, n + 1, {columns["lot"]} FROM lot, {number} WHERE member_id = '{member_id}'"""
    )
    await admin.execute(
        f"""UPDATE member SET sequence = {lots} + 1, lots_opened = {lots}, balances = ARRAY[{lots}]
            WHERE member_id = '{member_id}'"""
    )
    await admin.close()


async def _kept(ledger: Ledger) -> None:
    books = await reconcile_books(ledger)
    assert books.are_kept, [finding for verdict in books.verdicts for finding in verdict.findings]


async def test_thousands_of_lots_that_expire_in_one_night_go_in_pieces_and_the_till_that_waits_sells_after_them(
    fresh_database: FreshDatabase, ledger: Ledger
) -> None:
    member_id = await _enrolled(ledger, "1")
    await _with_lots(fresh_database, ledger, member_id, LOTS)
    await _kept(ledger)
    await _behind(ledger, 30 - LIFE_DAYS - 2)

    bought = a_purchase(at=datetime.now(UTC) - timedelta(days=30 - LIFE_DAYS - 2, minutes=5))
    (told,) = await record_purchases(
        ledger, [PurchaseRequest(purchase=bought, whose=member_id, body_hash=b"1")]
    )

    assert not isinstance(told, Exception)
    assert told.balances_after == (100,)
    async with ledger.transaction() as connection:
        pieces = await connection.fetch(
            """SELECT sequence, value, cardinality(moves::bigint[]) / 4 AS moved FROM entry
               WHERE kind = 'advance' ORDER BY sequence"""
        )
        rest = await connection.fetchval("SELECT sum(left_units) FROM lot WHERE number <= $1", LOTS)
    assert [row["moved"] for row in pieces] == [fold.PIECE, fold.PIECE, LOTS % fold.PIECE]
    assert all(row["value"] == 1 for row in pieces)
    assert rest == 0
    await _kept(ledger)


async def test_a_job_lets_time_pass_for_a_very_large_account_and_for_everybody_else(
    fresh_database: FreshDatabase, ledger: Ledger
) -> None:
    large, small = await _enrolled(ledger, "1"), await _enrolled(ledger, "2")
    await _with_lots(fresh_database, ledger, large, LOTS)
    await adjust_units(
        ledger,
        small,
        currency="points",
        units=7,
        note="x",
        request=Once(key="small", body_hash=b""),
        principal=LOCAL,
    )
    await _behind(ledger, 30 - LIFE_DAYS - 2)

    await once_through(ledger)

    async with ledger.transaction() as connection:
        assert await connection.fetchval("SELECT sum(left_units) FROM lot") == 0
    await _kept(ledger)


async def test_a_verb_reads_the_lots_that_can_pay_it_and_no_others(
    fresh_database: FreshDatabase, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    member_id = await _enrolled(ledger, "1")
    await _with_lots(fresh_database, ledger, member_id, LOTS)
    read: list[int] = []
    real = lots.first_lots

    async def counted(*args: Any, **kwargs: Any) -> Any:
        found = await real(*args, **kwargs)
        read.append(sum(map(len, found[1].values())))
        return found

    monkeypatch.setattr(gather, "first_lots", counted)
    reserved = await reserve_units(
        ledger,
        member_id,
        currency="points",
        units=50,
        lapse_seconds=600,
        request=Once(key="r", body_hash=b""),
    )
    await commit_reservation(ledger, UUID(reserved["reservation_id"]), Once(key="c", body_hash=b""))
    assert max(read) <= gather.FEW_LOTS + 50

    much = await reserve_units(
        ledger,
        member_id,
        currency="points",
        units=2_000,
        lapse_seconds=600,
        request=Once(key="m", body_hash=b""),
    )
    # Lots are not counted against the limit of open reservations.
    more = await reserve_units(
        ledger, member_id, currency="points", units=1, lapse_seconds=600, request=Once(key="n", body_hash=b"")
    )
    assert (much["units"], more["units"]) == (2_000, 1)
    assert max(read) >= 2_000
    await _kept(ledger)


async def test_no_verb_reads_more_lots_than_it_can_touch(
    fresh_database: FreshDatabase, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an account with thousands of open lots: the first few, those that the verb names, and those that pay."""
    large, other = await _enrolled(ledger, "1"), await _enrolled(ledger, "2")
    await _with_lots(fresh_database, ledger, large, LOTS)
    read: dict[str, int] = {}
    verb = ""

    def counted(name: str) -> None:
        real = getattr(lots, name)

        async def count(*args: Any, **kwargs: Any) -> Any:
            found = await real(*args, **kwargs)
            of = sum(map(len, found[1].values())) if isinstance(found, tuple) else len(found)
            read[verb] = read.get(verb, 0) + of
            return found

        monkeypatch.setattr(gather, name, count)

    for name in ("first_lots", "lots_to_pay", "lots_that_mature"):
        counted(name)

    keys = iter(range(1_000))

    def key() -> Once:
        return Once(key=f"large {next(keys)}", body_hash=b"")

    def bought(whose: UUID | None) -> PurchaseRequest:
        purchase = a_purchase(
            1_000, no=f"large {next(keys)}", at=datetime.now(UTC) - timedelta(days=30, seconds=1)
        )
        return PurchaseRequest(purchase=purchase, whose=whose, body_hash=b"")

    verb = "purchase"
    mine = bought(large)
    await record_purchases(ledger, [mine])
    verb = "quote"
    await quote_purchases(ledger, [(bought(large).purchase, large)])
    verb = "reserve"
    held = await reserve_units(ledger, large, currency="points", units=40, lapse_seconds=60, request=key())
    verb = "commit"
    spent = await commit_reservation(ledger, UUID(held["reservation_id"]), key())
    verb = "reverse"
    await reverse_entry(ledger, large, spent["sequence"], note="x", request=key(), principal=LOCAL)
    verb = "adjust up"
    up = await adjust_units(
        ledger, large, currency="points", units=9, note="x", request=key(), principal=LOCAL
    )
    verb = "adjust down"
    await adjust_units(ledger, large, currency="points", units=-9, note="x", request=key(), principal=LOCAL)
    verb = "reverse an adjustment"
    await reverse_entry(ledger, large, up["sequence"], note="x", request=key(), principal=LOCAL)
    verb = "give"
    given = await give_units(ledger, large, other, currency="points", units=40, request=key())
    verb = "reverse a gift"
    await reverse_entry(ledger, large, given["sequence"], note="x", request=key(), principal=LOCAL)
    verb = "receive"
    await adjust_units(ledger, other, currency="points", units=40, note="x", request=key(), principal=LOCAL)
    await give_units(ledger, other, large, currency="points", units=40, request=key())
    verb = "claim"
    nobodys = bought(None)
    await record_purchases(ledger, [nobodys])
    await claim_purchase(
        ledger, large, BusinessKey("pos", nobodys.purchase.business_no), key(), principal=LOCAL
    )
    verb = "return"
    back = ReturnRequest(purchase=BusinessKey("pos", mine.purchase.business_no), lines=None)
    await return_purchase(ledger, back, key())
    verb = "freeze"
    await change_member_status(ledger, large, "frozen", key())

    few = gather.FEW_LOTS
    # A gift has two halves, and so has its reversal.
    most = {
        "give": 2 * few,
        "receive": 3 * few,
        "reverse a gift": 2 * few + 41,
        "commit": few + 40,
        "reverse": few + 40,
    }
    assert {v: n for v, n in read.items() if n > most.get(v, few + 2)} == {}
    assert read.keys() >= {"reserve", "commit", "reverse", "give", "receive", "claim", "return", "freeze"}
    assert "quote" not in read
    await _kept(ledger)


async def test_a_reservation_of_thousands_of_lots_lapses_in_pieces_and_what_is_over_by_then_expires_with_it(
    fresh_database: FreshDatabase, ledger: Ledger
) -> None:
    member_id = await _enrolled(ledger, "1")
    await _with_lots(fresh_database, ledger, member_id, LOTS)
    async with ledger.transaction() as connection:
        last = await connection.fetchval("SELECT max(expires_on) FROM lot")
    # On the evening of the last day of all lots, for longer than that.
    evening = datetime(last.year, last.month, last.day, 15, 0, tzinfo=UTC)
    await _behind(ledger, (datetime.now(UTC) - evening).total_seconds() / 86_400)
    units = LOTS - 100
    await reserve_units(
        ledger,
        member_id,
        currency="points",
        units=units,
        lapse_seconds=7_200,
        request=Once(key="r", body_hash=b""),
    )
    await _behind(ledger, (datetime.now(UTC) - evening).total_seconds() / 86_400 - 1)

    await once_through(ledger)

    async with ledger.transaction() as connection:
        pieces = await connection.fetch(
            "SELECT moves::bigint[] FROM entry WHERE kind = 'advance' ORDER BY sequence"
        )
        rest = await connection.fetchval("SELECT sum(left_units + held) FROM lot")
        due = await connection.fetch(
            """SELECT (occurred_at AT TIME ZONE 'Asia/Shanghai')::date, count(*) FROM posting
               WHERE verb = 'expire' GROUP BY 1"""
        )
        status = await connection.fetchval("SELECT status FROM reservation")
        holds = await connection.fetchval(
            "SELECT cardinality(holds) FROM member WHERE member_id = $1", member_id
        )
    released = [
        sum(way == fold.W_RELEASED for way in row["moves"][fold.MOVE_WAY :: fold.MOVE_WIDTH])
        for row in pieces
    ]
    assert sum(released) == units
    assert len([n for n in released if n]) == 3
    assert max(released) == fold.PIECE
    assert (rest, status, holds) == (0, "lapsed", 0)
    assert dict(due) == {last + timedelta(days=1): LOTS}
    await _kept(ledger)


async def test_of_thousands_of_lots_that_mature_one_night_a_debt_takes_the_first_and_in_pieces(
    fresh_database: FreshDatabase,
) -> None:
    pending_days, owed, bought = 5, 1_500, 2_600
    pool = await open_pool(fresh_database.app)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        document = a_document(
            expiry="{days: 400}", debt="{policy: allow, limit_units: 100000}", pending_days=pending_days
        )
        start = datetime.now(UTC) - timedelta(days=30)
        await publish_program(ledger, document, effective_at=start - timedelta(days=9), published_by="test")

        async def buys(of: int, times: int, behind: float) -> str:
            await _behind(ledger, behind)
            at = datetime.now(UTC) - timedelta(days=behind, seconds=1)
            purchases = [a_purchase(of, no=f"{behind} {n}", at=at) for n in range(times)]
            for first in range(0, times, 500):
                await record_purchases(
                    ledger,
                    [
                        PurchaseRequest(purchase=one, whose=member_id, body_hash=b"1")
                        for one in purchases[first : first + 500]
                    ],
                )
            return purchases[0].business_no

        await _behind(ledger, 30)
        member_id = await _enrolled(ledger, "1")
        no = await buys(owed * 100, 1, 29)
        await _behind(ledger, 23)
        held = await reserve_units(
            ledger,
            member_id,
            currency="points",
            units=owed,
            lapse_seconds=60,
            request=Once(key="r", body_hash=b""),
        )
        await commit_reservation(ledger, UUID(held["reservation_id"]), Once(key="c", body_hash=b""))
        back = ReturnRequest(purchase=BusinessKey("pos", no), lines=None)
        await return_purchase(ledger, back, Once(key="v", body_hash=b""))
        await buys(100, bought, 22)
        await _behind(ledger, 22 - pending_days - 1)

        told = await adjust_units(
            ledger,
            member_id,
            currency="points",
            units=-100,
            note="x",
            request=Once(key="a", body_hash=b""),
            principal=LOCAL,
        )

        assert told["balance_after"] == bought - owed - 100
        async with ledger.transaction() as connection:
            repaid = await connection.fetch(
                "SELECT moves::bigint[] FROM entry WHERE kind IN ('advance', 'adjust_down') ORDER BY sequence"
            )
            debt = await connection.fetchval("SELECT debts[1] FROM member")
            left = await connection.fetchval("SELECT min(number) FROM lot WHERE left_units > 0")
        ways = [row["moves"][fold.MOVE_WAY :: fold.MOVE_WIDTH] for row in repaid]
        assert [row.count(fold.W_REPAID) for row in ways] == [fold.PIECE, owed - fold.PIECE, 0]
        assert (debt, left) == (0, 1 + owed + 100 + 1)
        await _kept(ledger)
    finally:
        await pool.close()


async def test_units_of_a_lot_that_is_read_for_what_it_holds_are_not_drawn_before_those_of_earlier_ones(
    fresh_database: FreshDatabase, ledger: Ledger
) -> None:
    """Two hundred lots of one unit, and behind them one of a thousand that holds one: sixty come from the first sixty."""
    member_id = await _enrolled(ledger, "1")
    await _with_lots(fresh_database, ledger, member_id, 200)
    await adjust_units(
        ledger,
        member_id,
        currency="points",
        units=1_000,
        note="x",
        request=Once(key="a", body_hash=b""),
        principal=LOCAL,
    )

    async def reserve(units: int) -> UUID:
        told = await reserve_units(
            ledger, member_id, currency="points", units=units, lapse_seconds=600,
            request=Once(key=str(units), body_hash=b""),
        )  # fmt: skip
        return UUID(told["reservation_id"])

    first, _ = await reserve(200), await reserve(1)
    await release_reservation(ledger, first, Once(key="let go", body_hash=b""))
    await reserve(60)

    async with ledger.transaction() as connection:
        held = await connection.fetch("SELECT number FROM lot WHERE held > 0 ORDER BY number")
    assert [row["number"] for row in held] == [*range(1, 61), 201]
    await _kept(ledger)


async def test_ten_holds_that_lapse_on_a_lot_whose_day_is_over_stop_nobody(ledger: Ledger) -> None:
    """Each expires once more as its units come back: room is made for all of them, in the one place that makes room."""
    member_id, other = await _enrolled(ledger, "1"), await _enrolled(ledger, "2")
    for who, key in ((member_id, "a"), (other, "b")):
        await adjust_units(
            ledger,
            who,
            currency="points",
            units=100,
            note="x",
            request=Once(key=key, body_hash=b""),
            principal=LOCAL,
        )
    async with ledger.transaction() as connection:
        last = await connection.fetchval("SELECT max(expires_on) FROM lot")
    evening = datetime(
        last.year, last.month, last.day, 15, 58, tzinfo=UTC
    )  # two minutes to midnight in Shanghai
    await _behind(ledger, (datetime.now(UTC) - evening).total_seconds() / 86_400)
    for at in range(10):
        await reserve_units(
            ledger,
            member_id,
            currency="points",
            units=10,
            lapse_seconds=300,
            request=Once(key=f"r{at}", body_hash=b""),
        )
    await _behind(ledger, (datetime.now(UTC) - evening).total_seconds() / 86_400 - 0.5)

    await once_through(ledger)

    async with ledger.transaction() as connection:
        assert await connection.fetchval("SELECT sum(balances[1]) FROM member") == 0
        lapsed = await connection.fetchval(
            "SELECT count(*) FROM posting WHERE member_id = $1 AND verb = 'expire'", member_id
        )
        assert lapsed == 10
        assert (await read_health(connection)).members_parked == 0
    await _kept(ledger)


@pytest.mark.parametrize("lots", [1, LOTS], ids=["small", "large"])
async def test_a_member_for_whom_time_cannot_go_on_stops_nobody_and_is_told(
    fresh_database: FreshDatabase, ledger: Ledger, lots: int
) -> None:
    broken, other = await _enrolled(ledger, "1"), await _enrolled(ledger, "2")
    if lots > 1:
        await _with_lots(fresh_database, ledger, broken, lots)
    for who, key in ((broken, "a"), (other, "b")):
        await adjust_units(
            ledger,
            who,
            currency="points",
            units=100,
            note="x",
            request=Once(key=key, body_hash=b""),
            principal=LOCAL,
        )
    admin = await asyncpg.connect(**fresh_database.admin.arguments())
    # A hold on a lot that is not there: nothing that the ledger itself does leaves one.
    lapsed = int((datetime.now(UTC) - timedelta(days=29)).timestamp() * 1_000_000)
    await admin.execute(
        f"""UPDATE jifen.member SET holds = ARRAY[2, 99999, 5, {lapsed}, {lapsed // fold.DAY_MICROS}], next_lapse_at = {lapsed}
            WHERE member_id = '{broken}'"""
    )
    await admin.close()
    await _behind(ledger, 1)

    await once_through(ledger)
    await once_through(ledger)

    async with ledger.transaction() as connection:
        balances = dict(await connection.fetch("SELECT member_id, balances[1] FROM member"))
        assert balances == {broken: 100 if lots == 1 else 100 + lots, other: 0}
        assert (await read_health(connection)).members_parked == 1
        tries, failure = await connection.fetchrow("SELECT tries, failure FROM parked WHERE sequence = 0")
    assert tries == 1, "it waits a minute before it is tried again"
    assert "no lot" in failure
