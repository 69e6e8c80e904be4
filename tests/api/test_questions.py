"""Questions and complaints: tied to an entry, answered, appealed to somebody else, closed; texts are erased, the trail stays."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.api.conftest import Api
from tests.api.test_meters import lines

from jifen.document.stored import timeline_of_published
from jifen.domain.questions import OPEN_MAX
from jifen.operations.answer_question import close_unappealed
from jifen.operations.reconcile_books import reconcile_books
from jifen.present.ids import unprefixed
from jifen.store.ledger import Ledger, open_pool
from jifen.store.questions import erase_question_texts

ASKED = {"kind": "units_missing", "said": "茶叶的积分在哪里？"}


async def a_question(api: Api, member: str, **more: Any) -> str:
    """The path of a question that a member's app asked."""
    told = await api.post(f"/v1/members/{member}/questions", {**ASKED, **more}, as_="members")
    assert told.status_code == 201, told.text
    return f"/v1/members/{member}/questions/{told.json()['question_id']}"


async def answer(api: Api, path: str, *, as_: str = "service", **more: Any) -> Any:
    """An answer to a question."""
    return await api.post(f"{path}:answer", {"said": "so it is", "outcome": "explained", **more}, as_=as_)


async def read(api: Api, path: str, language: str = "en") -> Any:
    """A question with its trail."""
    return (await api.get(f"{path}?language={language}", as_="service")).json()


async def test_a_question_about_a_line_is_answered_by_an_adjustment_and_closed(api: Api) -> None:
    member = await api.a_member()
    sold = await api.a_purchase(member)
    path = await a_question(api, member, sequence=sold["sequence"], part=0)
    open_ones = (await api.get("/v1/questions?status=open&language=en", as_="service")).json()["data"]
    assert [(one["member_id"], one["sequence"], one["part"], one["kind_said"]) for one in open_ones] == [
        (member, sold["sequence"], 0, "points are missing")
    ]
    body = {"member": {"id": member}, "currency": "points", "units": 10, "note": "they were missing"}
    entry = (await api.post("/v1/adjustments", body, as_="service")).json()["sequence"]
    told = await answer(api, path, outcome="corrected", entry=entry)
    assert (told.json()["status"], told.json()["due_at"]) == ("answered", None)
    assert (await api.post(f"{path}:close", as_="service")).json()["status"] == "closed"
    question = await read(api, path)
    assert [(step["step_said"], step["principal"], step["said"]) for step in question["trail"]] == [
        ("asked", "members-key", ASKED["said"]),
        (f"answered (corrected), by entry {entry}", "service-key", "so it is"),
        ("closed", "service-key", None),
    ]
    assert question["status_said"] == "closed (corrected)"
    assert (await read(api, path, "zh"))["status_said"] == "已关闭（已更正）"
    deeds = (await api.get(f"/v1/audit?about={question['question_id']}")).json()["data"]
    assert [one["deed"] for one in deeds] == ["question.closed", "question.answered", "question.asked"]
    assert ASKED["said"] not in str(deeds)


async def test_an_appeal_is_answered_by_somebody_else(api: Api) -> None:
    path = await a_question(api, await api.a_member())
    assert (await answer(api, path, outcome="refused")).status_code == 200
    appealed = await api.post(f"{path}:appeal", {"said": "no"}, as_="members")
    assert (appealed.json()["status"], appealed.json()["due_at"] is not None) == ("appealed", True)
    again = await answer(api, path)
    assert (again.status_code, again.json()["code"]) == (403, "second_person_needed")
    assert (await answer(api, path, as_="store_manager")).status_code == 200
    # A second appeal needs a third person.
    assert (await api.post(f"{path}:appeal", {"said": "no"}, as_="members")).status_code == 200
    for as_ in ("service", "store_manager"):
        assert (await answer(api, path, as_=as_)).status_code == 403
    assert (await answer(api, path, as_="console")).status_code == 200


async def test_nothing_is_done_out_of_turn(api: Api) -> None:
    path = await a_question(api, await api.a_member())
    for verb, body in (("appeal", {"said": "no"}), ("close", None)):
        early = await api.post(f"{path}:{verb}", body)
        assert (early.status_code, early.json()["code"], early.json()["numbers"]["status"]) == (
            409,
            "question_over",
            "open",
        )
    assert (await answer(api, path)).status_code == 200
    assert (await answer(api, path, as_="console")).json()["code"] == "question_over"
    assert (await api.post(f"{path}:close")).status_code == 200
    assert (await api.post(f"{path}:appeal", {"said": "no"})).json()["code"] == "question_over"


async def test_of_two_who_answer_at_once_one_does(api: Api) -> None:
    path = await a_question(api, await api.a_member())
    answers = await asyncio.gather(
        *(answer(api, path, as_=as_) for as_ in ("service", "console", "store_manager"))
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409]
    assert len((await read(api, path))["trail"]) == 2


async def test_what_a_question_names_has_to_be_there(api: Api) -> None:
    member, other = await api.a_member(), await api.a_member()
    sold = await api.a_purchase(member)
    ask = f"/v1/members/{member}/questions"
    for body, pointer in (
        ({**ASKED, "sequence": 99}, "/sequence"),
        ({**ASKED, "sequence": sold["sequence"], "part": 7}, "/sequence"),
        ({**ASKED, "part": 0}, "/part"),
        ({**ASKED, "kind": "gossip"}, "/kind"),
        ({**ASKED, "said": ""}, "/said"),
        ({**ASKED, "said": "x" * 1_001}, "/said"),
    ):
        refused = await api.post(ask, body)
        assert (refused.status_code, refused.json()["pointer"]) == (422, pointer), body
    path = await a_question(api, member)
    elsewhere = path.replace(member, other)
    for gone in (await api.get(elsewhere), await answer(api, elsewhere)):
        assert (gone.status_code, gone.json()["code"]) == (404, "question_unknown")
    nobody = await api.post(f"/v1/members/mbr_{'0' * 32}/questions", ASKED)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "member_unknown")


async def test_only_what_was_corrected_since_corrects(api: Api) -> None:
    """The trick: point at an old adjustment."""
    member = await api.a_member_with(50)
    path = await a_question(api, member)
    sold = await api.a_purchase(member)
    for entry in (2, sold["sequence"], 99):
        refused = await answer(api, path, outcome="corrected", entry=entry)
        assert (refused.status_code, refused.json()["pointer"]) == (422, "/entry")
        assert refused.json()["code"] == "entry_unknown"
    assert (await answer(api, path, outcome="corrected")).json()["pointer"] == "/entry"
    assert (await answer(api, path, outcome="explained", entry=2)).json()["pointer"] == "/entry"


async def test_questions_are_filtered_and_read_in_pages(api: Api) -> None:
    first, second = await api.a_member(), await api.a_member()
    for member, kind in ((first, "expiry"), (first, "tier"), (second, "tier")):
        await a_question(api, member, kind=kind)

    async def listed(query: str) -> list[str]:
        return [one["kind"] for one in (await api.get(f"/v1/questions?{query}")).json()["data"]]

    assert await listed("") == ["tier", "tier", "expiry"]
    assert await listed("kind=expiry") == ["expiry"]
    assert await listed(f"member_id={first}") == ["tier", "expiry"]
    assert await listed("status=closed") == []
    assert await listed("is_overdue=true") == []
    async with api.ledger.pool.acquire() as connection:
        await connection.execute(
            "UPDATE question SET due_at = due_at - INTERVAL '11 days' WHERE kind = 'expiry'"
        )
    assert await listed("is_overdue=true") == ["expiry"]
    page = (await api.get("/v1/questions?limit=2")).json()
    rest = (await api.get(f"/v1/questions?limit=2&before={page['next_cursor']}")).json()
    assert [one["kind"] for one in page["data"] + rest["data"]] == ["tier", "tier", "expiry"]
    assert rest["next_cursor"] is None


async def test_they_are_counted_by_kind(api: Api) -> None:
    path = await a_question(api, await api.a_member(), kind="tier")
    text = (await api.get("/metrics")).content
    assert lines(text, "jifen_questions") == {'jifen_questions{kind="tier",status="open"}': 1}
    await answer(api, path)
    text = (await api.get("/metrics")).content
    assert lines(text, "jifen_questions") == {
        'jifen_questions{kind="tier",status="open"}': 0,
        'jifen_questions{kind="tier",status="answered"}': 1,
    }


async def test_a_member_has_so_many_questions_open_at_once(api: Api) -> None:
    member = await api.a_member()
    for _ in range(OPEN_MAX - 2):
        await a_question(api, member)
    answers = await asyncio.gather(*(api.post(f"/v1/members/{member}/questions", ASKED) for _ in range(5)))
    assert sorted(one.status_code for one in answers) == [201, 201, 422, 422, 422]
    assert {one.json()["code"] for one in answers if one.status_code == 422} == {"too_much"}


async def test_what_was_answered_a_month_ago_is_closed_by_itself(api: Api) -> None:
    paths = [await a_question(api, await api.a_member()) for _ in range(2)]
    for path in paths:
        await answer(api, path)
    assert await close_unappealed(api.ledger) == 0
    question_id = unprefixed("qst", paths[0].rpartition("/")[2])
    async with api.ledger.pool.acquire() as connection:
        await connection.execute(
            "UPDATE question SET changed_at = changed_at - INTERVAL '31 days' WHERE question_id = $1",
            question_id,
        )
    assert await close_unappealed(api.ledger) == 1
    assert (await read(api, paths[0]))["trail"][-1]["principal"] == "job"
    assert (await read(api, paths[1]))["status"] == "answered"


async def test_what_was_said_goes_with_the_person_and_the_trail_stays(api: Api) -> None:
    member = await api.a_member()
    path = await a_question(api, member)
    await answer(api, path, said="王女士您好，已核对")
    member_id = unprefixed("mbr", member)
    assert isinstance(member_id, UUID)
    async with api.ledger.transaction() as connection:
        assert await erase_question_texts(connection, member_id) == 2
    assert [step["said"] for step in (await read(api, path))["trail"]] == [None, None]
    async with api.ledger.pool.acquire() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'jifen' AND tablename <> 'alembic_version'"
        )
        dump = [str(await connection.fetch(f"SELECT t::text FROM jifen.{table[0]} t")) for table in tables]
    assert not [table for table in dump if "王女士" in table or ASKED["said"] in table]


@pytest.mark.parametrize(
    "breakage",
    [
        "UPDATE jifen.question SET status = 'closed', due_at = NULL",
        "DELETE FROM jifen.question_step WHERE number = 1",
        "DELETE FROM jifen.question",
        "UPDATE jifen.question_text SET number = number + 5",
    ],
)
async def test_a_question_that_does_not_stand_where_its_trail_ends_is_named(
    api: Api, breakage: str, postgres: Any
) -> None:
    from jifen.embedded.server import run_sql

    path = await a_question(api, await api.a_member())
    await answer(api, path)
    async with api.ledger.pool.acquire() as connection:
        database = await connection.fetchval("SELECT current_database()")
    # As a command proves the books: who serves has no such patience, and the fold may have to be compiled first.
    pool = await open_pool(postgres.app.to_database(database), size=2)
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    try:
        assert (await reconcile_books(ledger)).are_kept
        run_sql(postgres.admin.to_database(database), breakage, bin=postgres.bin)
        verdict = next(one for one in (await reconcile_books(ledger)).verdicts if one.law.number == 4)
    finally:
        await pool.close()
    assert verdict.verdict == "broken"
