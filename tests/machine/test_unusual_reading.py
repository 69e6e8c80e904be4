"""Somebody who reads unusually many persons raises a case, once an hour."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import a_till

from jifen.domain.audit import READ_AN_HOUR_MAX, READ_AT_NIGHT_MAX, Why, is_unusual_reading
from jifen.domain.principal import LOCAL, Principal
from jifen.operations.read_audit import look_into_audit
from jifen.operations.watch_reading import watch_reading
from jifen.store.audit import AuditQuery, note_reading
from jifen.store.ids import new_id


@pytest.mark.parametrize(
    ("persons", "hour", "unusual"),
    [
        (READ_AN_HOUR_MAX, 12, False),
        (READ_AN_HOUR_MAX + 1, 12, True),
        (READ_AT_NIGHT_MAX, 23, False),
        (READ_AT_NIGHT_MAX + 1, 22, True),
        (READ_AT_NIGHT_MAX + 1, 5, True),
        (READ_AT_NIGHT_MAX + 1, 6, False),
        (READ_AT_NIGHT_MAX + 1, 21, False),
    ],
)
def test_what_is_unusual(persons: int, hour: int, *, unusual: bool) -> None:
    assert is_unusual_reading(persons, hour=hour) is unusual


async def test_who_reads_many_persons_raises_one_case_and_others_raise_none(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        ledger = till.ledger

        async def read(who: Principal, persons: list[UUID]) -> None:
            async with ledger.transaction() as connection:
                await note_reading(connection, who, persons, Why.SERVICE)

        many = [new_id() for _ in range(READ_AN_HOUR_MAX + 1)]
        curious = replace(LOCAL, kind="operator", id=new_id(), name="curious")
        himself = replace(LOCAL, kind="person", id=new_id(), name="himself")
        busy = replace(LOCAL, kind="key", id=new_id(), name="busy")
        for _ in range(3):  # one person is one, however often
            await read(busy, many[:READ_AT_NIGHT_MAX])
        await read(himself, many)
        assert await watch_reading(ledger) == 0

        await read(curious, many)
        assert [await watch_reading(ledger) for _ in range(2)] == [1, 0]
        assert curious.id is not None
        cases, _ = await look_into_audit(ledger, AuditQuery(deed="reading.unusual"), before=None, limit=10)
        assert [(list(one.about), one.count) for one in cases] == [
            ([f"opr_{curious.id.hex}"], READ_AN_HOUR_MAX + 1)
        ]

        await read(LOCAL, many)
        assert [await watch_reading(ledger) for _ in range(2)] == [1, 0]
