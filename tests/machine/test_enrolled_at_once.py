"""A thousand who enrol at once by one phone are one member, and the other 999 are told so."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.conftest import FreshDatabase
from tests.machine.till import a_till

from jifen.domain.person import MemberKey, Told
from jifen.domain.refusals import KeyTaken
from jifen.operations.enrol_member import enrol_member
from jifen.operations.find_member import find_member
from jifen.store.once import Once

AT_ONCE = 1_000
PHONE = MemberKey("phone", "+8613800138000")


async def test_a_thousand_enrolments_at_once_by_one_phone_are_one_person(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:

        async def enrol(number: int) -> str:
            once = Once(key=f"enrol {number}", body_hash=b"one phone")
            try:
                answer = await enrol_member(till.ledger, [], once, told=Told((PHONE,), {}))
            except KeyTaken:
                return "taken"
            return str(answer["member_id"])

        told = Counter(await asyncio.gather(*(enrol(number) for number in range(AT_ONCE))))
        assert told.pop("taken") == AT_ONCE - 1
        ((enrolled, _),) = told.items()
        assert str(await find_member(till.ledger, PHONE)) == enrolled
        async with till.ledger.reading() as connection:
            assert await connection.fetchval("SELECT count(*) FROM person") == 1
            assert await connection.fetchval("SELECT count(*) FROM member_key") == 1
