"""A document carries its tests: they are run on request, in a plan and before a revision, and mean nothing for members."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tests.api.conftest import Api, a_purchase_body
from tests.api.writes import the_document

TUESDAY = {
    "code": "tuesday",
    "names": {"zh": "周二双倍", "en": "Double on Tuesdays"},
    "given": {"tier": "gold", "balances": {"points": 100}},
    "occasion": {"at": "2026-03-03 10:00", "purchase": {"amount_minor": 10000, "store": "main"}},
    "expect": {"units": {"points": 300}, "rules": {"base": 150, "tuesday": 150}, "balances": {"points": 400}},
}


def expecting(points: int) -> dict[str, Any]:
    """The test, expecting so much."""
    return {**TUESDAY, "expect": {"units": {"points": points}}}


async def with_tests(api: Api, *tests: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The published document with these tests."""
    return {**await the_document(api), "tests": list(tests), **more}


async def test_tests_are_run_and_say_what_came_instead_and_why(api: Api) -> None:
    document = await with_tests(api, TUESDAY, {**expecting(7), "code": "wrong"})
    answer = await api.post("/v1/program:test", {"document": document})

    told = answer.json()
    assert (answer.status_code, told["passed"], told["failed"]) == (200, 1, 1)
    right, wrong = told["data"]
    assert (right["has_passed"], right["name"]) == (True, "周二双倍")
    assert wrong["pointer"] == "/document/tests/1"
    assert [(one["path"], one["expected"], one["got"]) for one in wrong["differs"]] == [
        ("units.points", "7", "300")
    ]
    assert wrong["differs"][0]["sentence_en"] == "Points: 7 were expected, 300 came of it."
    assert wrong["explained"][0]["sentence_zh"] == "规则“消费积分”给了 150 积分。"
    assert wrong["came"] == {
        "units": {"points": 300, "books": 0}, "rules": {"base": 150, "tuesday": 150}, "tier": "gold",
        "balances": {"points": 400, "books": 0},
    }  # fmt: skip


async def test_a_test_tells_what_the_ledger_does(api: Api) -> None:
    """The same sale, told to a member of the ledger and to a made-up one."""
    member = await api.a_member()
    now = datetime.now(UTC).replace(microsecond=0)
    sold = (await api.post("/v1/purchases", a_purchase_body(member, occurred_at=now.isoformat()))).json()
    amount = a_purchase_body(member)["amount_minor"]
    at = now.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
    test = {
        "code": "same", "names": {"en": "Same"}, "occasion": {"at": at, "purchase": {"amount_minor": amount, "store": "main"}},
        "expect": {"tier": "gold"},
    }  # fmt: skip
    told = (await api.post("/v1/program:test", {"document": await with_tests(api, test)})).json()

    earned = {one["currency"]: one["units"] for one in sold["earned"]}
    assert earned
    assert told["data"][0]["came"]["units"] == {**earned, "books": 0}


async def test_a_plan_runs_them_and_is_refused_by_one_that_fails(api: Api) -> None:
    held = (await api.post("/v1/program:plan", {"document": await with_tests(api, TUESDAY)})).json()
    failed = (await api.post("/v1/program:plan", {"document": await with_tests(api, expecting(1))})).json()

    assert (held["is_refused"], held["tests"]["passed"]) == (False, 1)
    assert [one["weight"] for one in held["changes"]] == ["plain"]
    assert held["changes"][0]["sentence_en"] == "New test tuesday. It changes nothing for members."
    assert (failed["is_refused"], failed["tests"]["failed"]) == (True, 1)


async def test_nothing_is_published_while_a_test_fails(api: Api) -> None:
    document = await with_tests(
        api, expecting(1), program={"code": "corner-shop", "names": {"en": "Another"}}
    )
    answer = await api.post("/v1/program:apply", {"document": document})

    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["pointer"]) == (
        422,
        "document_tests_failed",
        "/document/tests/0",
    )
    assert problem["numbers"]["tests"][0]["code"] == "tuesday"
    assert (await api.get("/v1/program")).json()["newest"]["number"] == 1


async def test_other_tests_alone_are_kept_with_the_revision_that_is_there(api: Api) -> None:
    """The same programme: no revision is made of it, and nothing that was decided by the one before begins anew."""
    before = (await api.get("/v1/program")).json()["newest"]
    answer = await api.post("/v1/program:apply", {"document": await with_tests(api, TUESDAY)})
    again = await api.post("/v1/program:apply", {"document": await with_tests(api, TUESDAY)})

    assert (answer.status_code, answer.json()["is_new"], answer.json()["number"]) == (201, False, 1)
    assert again.json()["is_new"] is False
    newest = (await api.get("/v1/program")).json()["newest"]
    assert newest["document_hash"] == before["document_hash"]
    assert [one["code"] for one in newest["document"]["tests"]] == ["tuesday"]
    text = (await api.get("/v1/program/revisions/1/text")).json()["text"]
    assert "code: tuesday" in text
    plan = (await api.post("/v1/program:plan", {"document": newest["document"]})).json()
    assert plan["is_empty"]
    kept = [one for one in (await api.get("/v1/audit")).json()["data"] if one["deed"] == "program.tests_kept"]
    assert len(kept) == 1

    gone = await api.post("/v1/program:apply", {"document": await with_tests(api)})
    assert gone.json()["is_new"] is False
    assert "tests" not in (await api.get("/v1/program")).json()["newest"]["document"]


async def test_a_new_revision_carries_its_own_tests_and_the_old_one_keeps_its(api: Api) -> None:
    await api.post("/v1/program:apply", {"document": await with_tests(api, TUESDAY)})
    program = {"code": "corner-shop", "names": {"en": "Another"}}
    other = {**TUESDAY, "code": "other"}
    answer = await api.post("/v1/program:apply", {"document": await with_tests(api, other, program=program)})

    assert answer.json()["number"] == 2
    codes = [
        [
            one["code"]
            for one in (await api.get(f"/v1/program/revisions/{number}")).json()["document"]["tests"]
        ]
        for number in (1, 2)
    ]
    assert codes == [["tuesday"], ["other"]]
