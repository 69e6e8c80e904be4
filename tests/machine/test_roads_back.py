"""The road decides nothing of what comes back either: returns, voids and reservations by each road that they have."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import FreshDatabase
from tests.machine.test_roads import (
    DAY,
    PROGRAMME,
    a_life,
    by_batch,
    by_batch_and_again,
    by_claims,
    by_file,
    by_import_calls,
    by_single_calls,
    came_to,
    purchases_of,
)
from tests.machine.till import Till, a_key, a_till, request_of

from jifen.domain.purchase import Purchase
from jifen.domain.refusals import Refusal
from jifen.operations.handle_reservations import EndRequest, ReserveRequest, handle_reservations
from jifen.operations.record_purchases import record_purchases

Lines = list[tuple[int, int]] | None  # how much of which line comes back; None: the purchase is voided


def what_comes_back(seed: int, purchases: int) -> list[tuple[int, Lines]]:
    """Parts and voids by the number of their purchase, in an order that is not that of the purchases."""
    draw = random.Random(seed)
    chosen = draw.sample(range(purchases), draw.randint(1, purchases))
    return [(n, draw.choice((None, None, [(1, 1_000)], [(1, 250)]))) for n in chosen]


async def came_back(till: Till, member: UUID) -> list[dict[str, Any]]:
    """What the member's returns came to."""
    async with till.ledger.transaction() as connection:
        rows = await connection.fetch(
            """SELECT sequence, purchase_sequence, is_void, is_whole, amount_minor, hits, forgiven, tiers_after, balances_after
               FROM purchase_return WHERE member_id = $1 ORDER BY sequence""",
            member,
        )
    return [dict(row) for row in rows]


async def test_what_comes_back_after_any_road_comes_to_the_same(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        for seed in range(40, 45):
            life = a_life(seed)
            members: dict[str, UUID] = {}
            for name, road in (
                ("single", by_single_calls), ("batch", by_batch), ("again", by_batch_and_again), ("claims", by_claims),
                ("calls", by_import_calls),
            ):  # fmt: skip
                members[name] = await road(till, purchases_of(life, f"{name}{seed}"))
            members["file"] = await by_file(till, purchases_of(life, f"file{seed}"), tmp_path, f"C{seed}")
            for name in members:
                for n, lines in what_comes_back(seed, len(life)):
                    await till.bring_back(f"{name}{seed}-{n}", lines)
            first = members.pop("single")
            told = (await came_to(till, first), await came_back(till, first))
            for name, member in members.items():
                again = (await came_to(till, member), await came_back(till, member))
                assert again == told, f"seed {seed}: {name} and single calls: {life}"
        await till.assert_laws()


async def _at_once(till: Till, purchases: list[Purchase], back: dict[int, Lines]) -> UUID:
    member = await till.enrol()
    for n, purchase in enumerate(purchases):
        (answer,) = await record_purchases(till.ledger, [request_of(purchase, member)])
        assert not isinstance(answer, Refusal), answer
        if n in back:
            await till.bring_back(purchase.business_no, back[n])
    return member


async def _by_claims(till: Till, purchases: list[Purchase], back: dict[int, Lines]) -> UUID:
    member = await till.enrol()
    await record_purchases(till.ledger, [request_of(one, None) for one in purchases])
    for n, lines in back.items():
        await till.bring_back(purchases[n].business_no, lines)
    for one in purchases:
        await till.claim(member, one.business_no)
    return member


@pytest.mark.parametrize("quantity", [250, 1_000], ids=["a part", "the whole line"])
async def test_a_receipt_of_which_something_came_back_before_its_claim_comes_to_what_it_would_have_at_the_till(
    fresh_database: FreshDatabase, quantity: int
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        for seed in range(50, 56):
            life = a_life(seed)
            back: dict[int, Lines] = {n: [(1, quantity)] for n, _ in what_comes_back(seed, len(life))}
            one = await _at_once(till, purchases_of(life, f"one{seed}"), back)
            other = await _by_claims(till, purchases_of(life, f"other{seed}"), back)
            assert await came_to(till, other) == await came_to(till, one), f"seed {seed}: {life}"
            assert await came_back(till, other) == await came_back(till, one), f"seed {seed}: {life}"
        await till.assert_laws()


async def test_reservations_in_one_batch_or_call_by_call_come_to_the_same(
    fresh_database: FreshDatabase,
) -> None:
    """Refused ones in between too: more than there is, and what was ended before."""
    async with a_till(fresh_database) as till:
        members = [await till.enrol(), await till.enrol()]
        reservations: list[list[UUID]] = []
        for who in members:
            await till.buy(who, 10_000)
            asked = [
                ReserveRequest(whose=who, currency="points", units=units, lapse_seconds=600, once=a_key())
                for units in (30, 80, 20, 50, 1)
            ]
            calls = [asked] if who is members[0] else [[one] for one in asked]
            answers = [answer for call in calls for answer in await handle_reservations(till.ledger, call)]
            assert [isinstance(one, Refusal) for one in answers] == [False, True, False, False, True]
            reservations.append(
                [UUID(one["reservation_id"]) for one in answers if not isinstance(one, Refusal)]
            )

            first, second, third = reservations[-1]
            ends = [
                EndRequest(reservation_id=one, is_committed=is_committed, once=a_key())
                for one, is_committed in ((second, True), (first, False), (second, False), (third, True))
            ]
            calls_of_ends = [ends] if who is members[0] else [[one] for one in ends]
            answers = [
                answer for call in calls_of_ends for answer in await handle_reservations(till.ledger, call)
            ]
            assert [isinstance(one, Refusal) for one in answers] == [False, False, True, False]

        told = [await _entries(till, who) for who in members]
        assert told[0] == told[1]
        assert await till.points(*members) == [30, 30]
        await till.assert_laws()


async def _entries(till: Till, member: UUID) -> list[dict[str, Any]]:
    async with till.ledger.transaction() as connection:
        rows = await connection.fetch(
            """SELECT sequence, kind, units, origin, moves, tiers_after, balances_after FROM entry
               WHERE member_id = $1 ORDER BY sequence""",
            member,
        )
    return [dict(row) for row in rows]


async def test_a_receipt_that_was_voided_before_its_claim_leaves_no_tier(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        one = await _at_once(till, purchases_of([(400_000, DAY)], "one"), {0: None})
        other = await _by_claims(till, purchases_of([(400_000, DAY)], "other"), {0: None})
        assert (await came_to(till, one))["member"]["ladders"] == (await came_to(till, other))["member"][
            "ladders"
        ]
        assert await came_back(till, one) == await came_back(till, other)
