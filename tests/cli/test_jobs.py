"""What happens by itself, as the command line tells it; what is parked, and trying it again."""

from __future__ import annotations

import asyncio
from uuid import UUID

from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase

from jifen.domain.effects import EffectKind
from jifen.jobs.duty import DUTY
from jifen.store.duties import take_duty
from jifen.store.effect_tables import TIME
from jifen.store.ids import new_id
from jifen.store.ledger import open_pool
from jifen.store.parked import park, time_of


def _park(database: FreshDatabase, member_id: UUID) -> None:
    """A member's time, and a gift of his; and somebody who has the duty."""

    async def do() -> None:
        pool = await open_pool(database.app, size=1)
        async with pool.acquire() as connection, connection.transaction():
            failure = LookupError("a lot is missing\x1b[31m")
            await park(connection, {time_of(member_id): (TIME, failure)})
            await park(connection, {(member_id, 3, 0): (EffectKind.GIFT_ARRIVES, failure)})
            await take_duty(connection, DUTY, new_id(), process=4711, seconds=60)
        await pool.close()

    asyncio.run(do())


def test_where_all_is_well_it_says_so(jifen: Jifen) -> None:
    said = jifen("jobs", "list")
    assert "Nobody does the jobs now: jifen serve" in said
    assert "The queue is empty." in said
    assert "Nothing is parked." in said
    assert jifen.data("jobs", "list") == {"duty": None, "waiting": {}, "parked": {}, "longest_parked": []}
    assert "Nothing of that is parked." in jifen("jobs", "retry", "--all")
    findings = {one["check"]: one for one in _doctor(jifen)}
    assert (findings["time"]["verdict"], findings["effects"]["verdict"]) == ("fine", "fine")


def test_what_is_parked_is_named_with_its_way_out_and_tried_again(
    jifen: Jifen, fresh_database: FreshDatabase
) -> None:
    member_id = new_id()
    _park(fresh_database, member_id)

    said = jifen("jobs", "list")
    assert "Process 4711 does the jobs" in said
    assert "Parked: 1 gift_arrives, 1 time." in said
    assert f"mbr_{member_id.hex}  what time makes due: tried 1 times" in said
    assert "a lot is missing" in said
    assert "\x1b" not in said
    told = jifen.data("jobs", "list")
    assert (told["duty"]["is_held"], told["duty"]["process"]) == (True, 4711)
    assert told["parked"] == {"gift_arrives": 1, "time": 1}
    assert {(one["kind"], one["sequence"], one["failure_class"]) for one in told["longest_parked"]} == {
        ("time", None, "LookupError"),
        ("gift_arrives", 3, "LookupError"),
    }
    findings = {one["check"]: one for one in _doctor(jifen, status=1)}
    for check in ("time", "effects"):
        assert findings[check]["verdict"] == "wrong"
        assert member_id.hex in findings[check]["found"]
        assert "jifen jobs" in findings[check]["mend"]

    assert jifen.data("jobs", "retry", f"mbr_{new_id().hex}") == {"to_be_tried": 0}
    assert jifen.data("jobs", "retry", f"mbr_{member_id.hex}") == {"to_be_tried": 2}
    assert jifen.data("jobs", "retry", "--all") == {"to_be_tried": 2}


def test_a_class_that_nobody_lets_go_is_told(jifen: Jifen, fresh_database: FreshDatabase) -> None:
    findings = {one["check"]: one for one in _doctor(jifen)}
    assert findings["retention"]["verdict"] == "fine"

    async def do() -> None:
        pool = await open_pool(fresh_database.app, size=1)
        try:
            await pool.execute(
                """INSERT INTO request_key (key, body_hash, answer, recorded_at)
                   VALUES ('old', decode(repeat('00', 32), 'hex'), '{}', now() - interval '403 days')"""
            )
        finally:
            await pool.close()

    asyncio.run(do())
    findings = {one["check"]: one for one in _doctor(jifen)}
    assert findings["retention"]["verdict"] == "warning"
    assert "answers (1)" in findings["retention"]["found"]
    assert "jifen retention run" in findings["retention"]["mend"]


def test_what_is_to_be_tried_again_is_said_plainly(jifen: Jifen) -> None:
    for arguments in ((), ("--all", f"mbr_{new_id().hex}"), ("card:1",)):
        jifen("jobs", "retry", *arguments, status=2)


def _doctor(jifen: Jifen, status: int | None = None) -> list[dict[str, str]]:
    """What the doctor finds; a small disk may be wrong whatever else is."""
    import json

    from typer.testing import CliRunner

    from jifen.cli import app

    ran = CliRunner().invoke(app, ["doctor", "--json"], env=jifen.environment)
    assert status is None or ran.exit_code == status
    findings: list[dict[str, str]] = json.loads(ran.stdout)["findings"]
    return findings
