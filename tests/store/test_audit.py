"""The audit: in the transaction of the act, sealed behind a checkpoint, each forged or lost row named, nothing personal in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.domain.audit import ABOUT_MAX, About, Act, Deed, Why, about
from jifen.domain.principal import EVERYTHING, JOB, LOCAL, Principal
from jifen.domain.refusals import FieldWrong, Refusal
from jifen.operations.manage_keys import create_key, renew_key, revoke_key, rotate_key
from jifen.operations.note_import import noted_import
from jifen.operations.read_audit import export_audit, look_into_audit, verify_audit
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.retry_parked import retry_parked
from jifen.operations.seal_audit import seal_audit
from jifen.store.audit import AuditQuery, note_act, note_reading
from jifen.store.audit_seals import SEAL_MAX
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger

LI = Principal(kind="operator", id=new_id(), name="li", permissions=EVERYTHING, came_from="10.1.2.3")
ANYTHING = AuditQuery()


async def _deeds(ledger: Ledger, query: AuditQuery = ANYTHING) -> list[str]:
    return [row.deed for row in (await look_into_audit(ledger, query, before=None, limit=500))[0]]


async def _some(ledger: Ledger, count: int) -> list[UUID]:
    async with ledger.transaction() as connection:
        return [await note_act(connection, LI, Act(deed=Deed.KEY_MADE)) for _ in range(count)]


@asynccontextmanager
async def _admin(database: FreshDatabase) -> AsyncIterator[Any]:
    """Whoever owns the machine: he may what the application may not."""
    connection = await asyncpg.connect(**database.admin.arguments())
    try:
        yield connection
    finally:
        await connection.close()


async def test_what_is_done_to_a_key_stands_in_the_audit_with_who_did_it(
    fresh_database: FreshDatabase,
) -> None:
    async with a_ledger(fresh_database) as ledger:
        key, _ = await create_key(ledger, name="till-7", roles=["till"], by=LI)
        await rotate_key(ledger, key.key_id, overlap=timedelta(hours=1), by=LI)
        await renew_key(ledger, key.key_id, expires=timedelta(days=9), by=LI)
        await revoke_key(ledger, key.key_id)
        rows, _ = await look_into_audit(
            ledger, AuditQuery(about=about(About.KEY, key.key_id)), before=None, limit=10
        )
    assert [row.deed for row in rows] == ["key.revoked", "key.renewed", "key.rotated", "key.made"]
    assert [row.principal_kind for row in rows] == ["local", "operator", "operator", "operator"]
    made = rows[-1]
    assert (made.principal, made.principal_id, made.came_from) == ("li", LI.id, "10.1.2.3")
    assert made.details["roles"] == ["till"]
    assert rows[2].details == {"overlap_seconds": 3_600}


async def test_an_act_that_is_refused_leaves_no_row(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        before = await _deeds(ledger)
        for refused in (
            revoke_key(ledger, new_id(), by=LI),
            create_key(ledger, name="late", roles=["till"], expires=datetime(2001, 1, 1, tzinfo=UTC)),
        ):
            with pytest.raises(FieldWrong):
                await refused
        assert await _deeds(ledger) == before
    assert before == ["program.published"]


async def test_an_import_stands_there_from_its_beginning_and_says_how_it_ended(
    fresh_database: FreshDatabase,
) -> None:
    async with a_ledger(fresh_database) as ledger:
        async with noted_import(ledger, what="purchases", principal=LI) as told:
            assert (await _deeds(ledger))[0] == "import.begun"
            told.counts = {"added": 12}
        with pytest.raises(Refusal):
            async with noted_import(ledger, what="opening", principal=LI):
                raise Refusal
        rows, _ = await look_into_audit(ledger, ANYTHING, before=None, limit=4)
    assert [row.deed for row in rows] == ["import.failed", "import.begun", "import.ended", "import.begun"]
    assert rows[2].details == {"what": "purchases", "added": 12}
    assert rows[2].about == rows[3].about != rows[0].about


async def test_whoever_looked_at_a_person_is_found_by_the_person(fresh_database: FreshDatabase) -> None:
    persons = [new_id() for _ in range(ABOUT_MAX + 3)]
    async with a_ledger(fresh_database) as ledger:
        async with ledger.transaction() as connection:
            await note_reading(connection, LI, persons, Why.SERVICE)
            await note_reading(connection, JOB, persons[:1], Why.MESSAGE)
            await note_reading(connection, JOB, [], Why.MESSAGE)
        first, _ = await look_into_audit(
            ledger, AuditQuery(about=about(About.PERSON, persons[0])), before=None, limit=10
        )
        last, _ = await look_into_audit(
            ledger, AuditQuery(about=about(About.PERSON, persons[-1])), before=None, limit=10
        )
        read = await _deeds(ledger, AuditQuery(deed="person.read"))
    assert [(row.principal, row.why) for row in first] == [("job", "message"), ("li", "service")]
    assert [(row.principal, row.count) for row in last] == [("li", 3)]
    assert len(read) == 3


async def test_it_is_searched_by_who_what_and_when_and_read_in_pages(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        await _some(ledger, 5)
        await retry_parked(ledger, None, by=LOCAL)
        since = (await look_into_audit(ledger, ANYTHING, before=None, limit=1))[0][0].happened_at
        assert await _deeds(ledger, AuditQuery(principal="li")) == ["key.made"] * 5
        assert LI.id is not None
        assert await _deeds(ledger, AuditQuery(principal=LI.id.hex)) == ["key.made"] * 5
        assert await _deeds(ledger, AuditQuery(since=since)) == ["parked.tried_again"]
        assert "parked.tried_again" not in await _deeds(ledger, AuditQuery(until=since))
        seen: list[UUID] = []
        before = None
        while True:
            page, before = await look_into_audit(ledger, ANYTHING, before=before, limit=2)
            seen += [row.audit_id for row in page]
            if before is None:
                break
    assert len(seen) == len(set(seen)) == 7
    assert seen == sorted(seen, reverse=True)


async def test_what_is_sealed_follows_from_what_was_sealed_before(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        await _some(ledger, SEAL_MAX + 5)
        assert (await seal_audit(ledger))[0] == SEAL_MAX + 6  # with the programme that was published
        assert (await seal_audit(ledger))[0] == 0
        await _some(ledger, 1)
        assert (await seal_audit(ledger))[0] == 1
        verdict = await verify_audit(ledger)
        assert verdict.newest is not None
        assert (verdict.is_kept, verdict.rows, verdict.sealed, verdict.newest.number) == (
            True, SEAL_MAX + 7, SEAL_MAX + 7, 3,
        )  # fmt: skip
        assert (await verify_audit(ledger, expect=verdict.newest.hash)).is_kept
        assert not (await verify_audit(ledger, expect=bytes(32))).is_kept


FORGERIES = {
    "another name": "UPDATE jifen.audit SET principal = 'wang' WHERE audit_id = $1",
    "another moment": "UPDATE jifen.audit SET happened_at = happened_at - INTERVAL '1 microsecond' WHERE audit_id = $1",
    "another deed": "UPDATE jifen.audit SET deed = 'key.renewed' WHERE audit_id = $1",
    "about somebody else": "UPDATE jifen.audit SET about = '{per_1}' WHERE audit_id = $1",
    "for no reason": "UPDATE jifen.audit SET why = 'fraud' WHERE audit_id = $1",
    "from elsewhere": "UPDATE jifen.audit SET came_from = '127.0.0.1' WHERE audit_id = $1",
    "another detail": """UPDATE jifen.audit SET details = '{"a": 1}' WHERE audit_id = $1""",
    "gone": "DELETE FROM jifen.audit WHERE audit_id = $1",
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=list(FORGERIES))
async def test_a_row_that_is_forged_or_deleted_is_named(fresh_database: FreshDatabase, forgery: str) -> None:
    async with a_ledger(fresh_database) as ledger, _admin(fresh_database) as admin:
        rows = await _some(ledger, 20)
        await seal_audit(ledger)
        assert (await verify_audit(ledger)).is_kept
        await admin.execute(forgery, rows[7])
        found = (await verify_audit(ledger)).findings
        verdict = next(one for one in (await reconcile_books(ledger)).verdicts if one.law.number == 4)
    assert [offender["offender"] for one in found for offender in one.offenders] == [str(rows[7])]
    assert verdict.verdict == "broken"
    assert [offender["offender"] for one in verdict.findings for offender in one.offenders] == [str(rows[7])]


async def test_a_row_that_is_slipped_in_behind_the_seals_is_named(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger, _admin(fresh_database) as admin:
        await _some(ledger, 3)
        await seal_audit(ledger)
        slipped = new_id()
        await admin.execute(
            """INSERT INTO jifen.audit SELECT $1, happened_at, principal_kind, principal_id, principal, deed, about, why,
                   came_from, count, details, recorded_xid FROM jifen.audit LIMIT 1""",
            slipped,
        )
        found = (await verify_audit(ledger)).findings
    assert [offender["offender"] for one in found for offender in one.offenders] == [str(slipped)]


async def test_a_seal_that_is_rewritten_or_gone_is_named(fresh_database: FreshDatabase) -> None:
    """The attack: change a row, and its hash in the seal with it."""
    async with a_ledger(fresh_database) as ledger, _admin(fresh_database) as admin:
        for _ in range(3):
            await _some(ledger, 1)
            await seal_audit(ledger)
        kept = (await verify_audit(ledger)).newest
        assert kept is not None
        transaction = admin.transaction()
        await transaction.start()
        await admin.execute("UPDATE jifen.audit_seal SET hashes[1] = sha256('x') WHERE number = 2")
        await transaction.rollback()
        await admin.execute("UPDATE jifen.audit_seal SET hashes[1] = sha256('x') WHERE number = 2")
        named = [one for found in (await verify_audit(ledger)).findings for one in found.offenders]
        assert {"seal 2"} < {str(one["offender"]) for one in named}
        # With the chain's end cut off its rows are sealed by nothing.
        await admin.execute("DELETE FROM jifen.audit_seal WHERE number > 1")
        named = [one for found in (await verify_audit(ledger)).findings for one in found.offenders]
        assert len(named) == 2
        # With the rows gone too, only who kept the last hash elsewhere knows.
        await admin.execute(
            """DELETE FROM jifen.audit WHERE deed = 'key.made'
               AND NOT EXISTS (SELECT FROM jifen.audit_seal s WHERE audit_id = ANY(s.ids))"""
        )
        assert (await verify_audit(ledger)).is_kept
        assert not (await verify_audit(ledger, expect=kept.hash)).is_kept


async def test_the_application_itself_can_rewrite_nothing(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        await _some(ledger, 1)
        await seal_audit(ledger)
        for statement in ("DELETE FROM audit", "UPDATE audit SET count = 2", "DELETE FROM audit_seal"):
            async with ledger.pool.acquire() as connection:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)


async def test_rows_written_while_seals_are_made_are_each_sealed_once(fresh_database: FreshDatabase) -> None:
    """Writers at once, two sealers at once, and one transaction that began first and commits last."""
    writers, rows_each = 4, 40
    async with a_ledger(fresh_database) as ledger:
        is_over = asyncio.Event()

        async def write() -> None:
            for _ in range(rows_each):
                await _some(ledger, 1)

        async def keep_sealing() -> None:
            while not is_over.is_set():
                await seal_audit(ledger)
                await asyncio.sleep(0.002)

        sealers = [asyncio.create_task(keep_sealing()) for _ in range(2)]
        async with ledger.transaction() as slow:
            late = await note_act(slow, LI, Act(deed=Deed.KEY_REVOKED))
            await asyncio.gather(*(write() for _ in range(writers)))
            async with ledger.pool.acquire() as connection:
                assert not await connection.fetchval(
                    "SELECT EXISTS (SELECT FROM audit_seal WHERE $1 = ANY(ids))", late
                )
        is_over.set()
        await asyncio.gather(*sealers)
        await seal_audit(ledger)
        verdict = await verify_audit(ledger)
    assert verdict.is_kept
    assert verdict.rows == verdict.sealed == writers * rows_each + 2


async def test_after_a_move_to_another_server_nothing_is_sealed_twice(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger, _admin(fresh_database) as admin:
        await _some(ledger, 3)
        await seal_audit(ledger)
        await admin.execute("UPDATE jifen.checkpoint SET below_xid = 0 WHERE name = 'audit'")
        await _some(ledger, 2)
        assert (await seal_audit(ledger))[0] == 2
        assert (await verify_audit(ledger)).is_kept


async def test_an_export_tells_everything_once_and_stands_in_the_audit_itself(
    fresh_database: FreshDatabase,
) -> None:
    async with a_ledger(fresh_database) as ledger:
        rows = await _some(ledger, 3)
        taken: list[UUID] = []
        count = await export_audit(ledger, ANYTHING, lambda row: taken.append(row.audit_id), principal=LI)
        assert (await _deeds(ledger))[0] == "audit.read"
    assert count == len(taken) == 5
    assert taken[1:4] == rows


@pytest.mark.parametrize(
    "wrong",
    [
        {"about": ("per_13800138000",)},
        {"about": ("phone_1",)},
        {"about": ("mbr_Zhang San",)},
        {"details": {"said": "Zhang San, 13800138000"}},
        {"details": {"phone": "13800138000"}},
        {"details": {"mail": "li@example.com"}},
        {"details": {"Name": 1}},
        {"details": {"listed": ["till", "张三"]}},
    ],
    ids=str,
)
def test_nothing_that_somebody_typed_fits_into_a_row(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        Act(deed=Deed.PERSON_READ, **wrong)


def test_a_number_as_long_as_a_phone_names_nothing() -> None:
    assert about(About.REVISION, 12) == "rev_12"
    with pytest.raises(AssertionError):
        about(About.PERSON, 13800138000)


async def test_where_a_member_sits_is_not_written_down(fresh_database: FreshDatabase) -> None:
    member = replace(LI, kind="person", name="person", came_from="203.0.113.9")
    async with a_ledger(fresh_database) as ledger:
        async with ledger.transaction() as connection:
            await note_act(connection, member, Act(deed=Deed.PERSON_READ, why=Why.ASKED_BY_PERSON))
        row = (await look_into_audit(ledger, ANYTHING, before=None, limit=1))[0][0]
    assert row.came_from is None


def test_every_deed_has_the_form_that_the_table_asks_for() -> None:
    assert all(re.fullmatch(r"[a-z_]+[.][a-z_]+", one) for one in Deed)
