"""A book whose members are spread over shards: keys are claimed first, each shard takes its own turn, and whatever dies in
between, a key has one effect (decision 0110)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.builders import a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till, another_till, request_of

from jifen.domain.refusals import KeyReused, Refusal
from jifen.operations.handle_reservations import EndRequest, ReserveRequest, handle_reservations
from jifen.operations.record_purchases import record_purchases
from jifen.store import taken, turn
from jifen.store.claims import Claim, claim, shards_of
from jifen.store.keys import BusinessKey
from jifen.store.once import Once

SHARDS = 8
ROUNDS = int(os.environ.get("JIFEN_TEST_ROUNDS", "5"))
OF_A_ROW = """SELECT p.xmin::text FROM purchase p WHERE business_no = $1 AND source = 'pos'"""


def _claims(till: Till, member: UUID | None, *, no: str | None = None, key: str | None = None) -> Any:
    """What a process does that dies before its turn."""
    return claim(till.ledger, [Claim(member, BusinessKey("pos", no) if no else None, key)])


async def _sequence_of(till: Till, no: str) -> int:
    sequence: int = await till.fetchval("SELECT sequence FROM purchase_key WHERE business_no = $1", no)
    return sequence


async def test_a_batch_takes_a_turn_at_each_shard(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, shards=SHARDS) as till:
        members = [await till.enrol() for _ in range(24)]
        at = await till.now()
        asked = [
            request_of(a_purchase(1_000, at=at, no=f"n{i}"), whose) for i, whose in enumerate(members * 2)
        ]

        answers = await record_purchases(till.ledger, asked)

        assert [answer.member_id for answer in answers if not isinstance(answer, Refusal)] == members * 2
        async with till.ledger.transaction() as connection:
            shards = await shards_of(connection, members)
            rows = await connection.fetch("SELECT xmin::text, member_id FROM purchase")
            keys = await connection.fetch("SELECT DISTINCT xmin::text FROM purchase_key")
        turns: dict[str, set[int]] = {}
        for xid, whose in rows:
            turns.setdefault(xid, set()).add(shards[whose])
        assert len(set(shards.values())) > 4, "24 members live on more than a few of 8 shards"
        assert len(turns) == len(set(shards.values()))
        assert all(len(own) == 1 for own in turns.values()), "a turn wrote at one shard"
        assert not {xid for (xid,) in keys} & turns.keys(), "keys were written in other transactions"
        await till.assert_laws()


async def test_a_request_key_is_claimed_and_its_answer_stands_at_the_member(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, shards=SHARDS) as till:
        ann = await till.enrol()
        key = a_key()

        first = await till.adjust(ann, 50, key=key)
        again = await till.adjust(ann, 50, key=key)

        assert (first["is_replay"], again["is_replay"]) == (False, True)
        assert await till.points(ann) == [50]
        async with till.ledger.transaction() as connection:
            claimed = await connection.fetchrow(
                "SELECT xmin::text, member_id, answer FROM request_key WHERE key = $1", key.key
            )
            kept = await connection.fetchrow("SELECT xmin::text, member_id FROM member_answer")
            entry = await connection.fetchval("SELECT xmin::text FROM entry WHERE kind <> 'enrol'")
        assert claimed["member_id"] == kept["member_id"] == ann
        assert claimed["answer"] is None
        assert kept["xmin"] == entry != claimed["xmin"]
        with pytest.raises(KeyReused):
            await till.adjust(ann, 50, key=Once(key=key.key, body_hash=b"another"))


@pytest.mark.parametrize("comes_back_for", ["ann", "bo", "nobody"])
async def test_a_claim_whose_process_died_is_in_nobodys_way(
    fresh_database: FreshDatabase, comes_back_for: str
) -> None:
    async with a_till(fresh_database, shards=SHARDS) as till:
        ann, bo = [await till.enrol() for _ in range(2)]
        whose = {"ann": ann, "bo": bo, "nobody": None}[comes_back_for]
        at = await till.now()
        await _claims(till, ann, no="n1")

        answer = await till.buy(whose, no="n1", at=at)
        again = await till.buy(whose, no="n1", at=at)

        assert (answer.is_replay, again.is_replay) == (False, True)
        assert await till.points(ann, bo) == [100 * (whose == ann), 100 * (whose == bo)]
        assert await till.fetchval("SELECT member_id FROM purchase_key WHERE business_no = 'n1'") == whose
        await till.assert_laws()


async def test_a_key_of_a_request_that_died_serves_another_member(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, shards=SHARDS) as till:
        ann, bo = [await till.enrol() for _ in range(2)]
        await _claims(till, ann, key="k1")

        await till.adjust(bo, 7, key=a_key("k1"))

        assert (await till.adjust(bo, 7, key=a_key("k1")))["is_replay"]
        assert (await till.adjust(ann, 7, key=a_key("k1")))["is_replay"], "the key has had its effect"
        assert await till.points(ann, bo) == [0, 7]


async def test_a_purchase_whose_key_was_never_told_is_found_by_it(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: object) -> None:
        raise asyncpg.ConnectionDoesNotExistError

    async with a_till(fresh_database, shards=SHARDS) as till:
        ann, bo = [await till.enrol() for _ in range(2)]
        at = await till.now()
        with monkeypatch.context() as dead:
            dead.setattr(taken, "name_purchases", dies)
            first = await till.buy(ann, no="n1", at=at)
            assert not first.is_replay, "what was committed is answered"
        assert await _sequence_of(till, "n1") == 0
        await till.assert_laws()

        again = await till.buy(ann, no="n1", at=at)
        assert again.is_replay
        assert again.purchase_id == first.purchase_id
        with pytest.raises(KeyReused, match="member"):
            await till.buy(bo, no="n1", at=at)
        with pytest.raises(KeyReused, match="amount"):
            await till.buy(ann, 5_000, no="n1", at=at)
        await till.bring_back("n1")
        assert await till.points(ann, bo) == [0, 0]
        await till.assert_laws()


async def test_a_claim_that_was_moved_away_before_its_turn_is_made_anew(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between his claim and his turn another member takes the key, and has his effect or none."""
    async with a_till(fresh_database, shards=SHARDS) as till, another_till(fresh_database) as other:
        ann, bo = [await till.enrol() for _ in range(2)]
        at = await till.now()
        for no, takes in (("moved", False), ("used", True)):
            run_lane = turn._run_lane
            met: list[bool] = []

            async def meets(
                ledger: Any,
                requests: Sequence[Any],
                no: str = no,
                *,
                takes: bool = takes,
                run_lane: Any = run_lane,
                met: list[bool] = met,
            ) -> list[Any]:
                if not met:
                    met.append(True)
                    if takes:
                        await other.buy(bo, no=no, at=at)
                    else:
                        await _claims(other, bo, no=no)
                answers: list[Any] = await run_lane(ledger, requests)
                return answers

            with monkeypatch.context() as between:
                between.setattr(turn, "_run_lane", meets)
                if takes:
                    with pytest.raises(KeyReused, match="member"):
                        await till.buy(ann, no=no, at=at)
                else:
                    assert not (await till.buy(ann, no=no, at=at)).is_replay
        assert await till.points(ann, bo) == [100, 100]
        await till.assert_laws()


async def test_twenty_members_claim_one_receipt_and_one_key_at_once(fresh_database: FreshDatabase) -> None:
    async with (
        a_till(fresh_database, shards=SHARDS, pool_size=10) as till,
        another_till(fresh_database, pool_size=10) as other,
    ):
        members = [await till.enrol() for _ in range(20)]
        at = await till.now()
        for turn_of in range(ROUNDS):
            tills = [till, other] * 10
            bought = [
                one.buy(whose, no=f"n{turn_of}", at=at) for one, whose in zip(tills, members, strict=True)
            ]
            adjusted = [
                one.adjust(whose, 1_000, key=a_key(f"k{turn_of}"))
                for one, whose in zip(tills, members, strict=True)
            ]
            answers = await asyncio.gather(*bought, *adjusted, return_exceptions=True)
            failed = [one for one in answers if isinstance(one, Exception) and not isinstance(one, KeyReused)]
            assert not failed, failed
            assert sum(not isinstance(one, Exception) for one in answers[:20]) == 1, "one receipt, one sale"
            assert sum(not one["is_replay"] for one in answers[20:] if isinstance(one, dict)) == 1
        assert sum(await till.points(*members)) == ROUNDS * 1_100
        await till.assert_laws()


async def test_of_one_batch_the_first_has_the_key(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, shards=SHARDS) as till:
        members = [await till.enrol() for _ in range(6)]
        purchase = a_purchase(at=await till.now(), no="n1")

        first, *others = await record_purchases(
            till.ledger, [request_of(purchase, whose) for whose in members]
        )

        assert not isinstance(first, Refusal)
        assert first.member_id == members[0]
        assert all(isinstance(one, KeyReused) for one in others)


async def test_units_are_reserved_and_spent_by_claimed_keys(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, shards=SHARDS) as till:
        members = [await till.enrol() for _ in range(5)]
        for whose in members:
            await till.adjust(whose, 100)
        held = await handle_reservations(
            till.ledger,
            [
                ReserveRequest(whose=whose, currency="points", units=30, lapse_seconds=60, once=a_key())
                for whose in members
            ],
        )
        ends = [
            EndRequest(reservation_id=UUID(one["reservation_id"]), is_committed=True, once=a_key(f"end-{at}"))
            for at, one in enumerate(held)
            if isinstance(one, dict)
        ]

        ended = await handle_reservations(till.ledger, [*ends, *ends])

        assert [one["is_replay"] for one in ended if isinstance(one, dict)] == [False] * 5 + [True] * 5
        assert await till.points(*members) == [70] * 5
        await till.assert_laws()


async def test_where_there_is_one_shard_a_claim_is_damage(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, shards=1) as till:
        ann = await till.enrol()
        await _claims(till, ann, no="n1")

        with pytest.raises(AssertionError, match="n1"):
            await till.assert_laws_in_sql()
