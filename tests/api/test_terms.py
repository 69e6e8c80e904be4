"""Terms of membership: versions that stay, changes for the worse that wait, and who accepted what."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from tests.api.conftest import Api, Shop, an_api
from tests.api.people import OnPhone, a_code, on_phone

from jifen.domain.principal import LOCAL
from jifen.embedded import Server
from jifen.operations.manage_terms import change_needed
from jifen.operations.reconcile_books import reconcile_books

pytestmark = pytest.mark.asyncio(loop_scope="module")

TEXTS = {"zh": "第一条\n\n积分两年有效。", "en": "Article 1\n\nPoints last two years."}
DIFFERENT = {"zh": "有效期改为一年", "en": "Points last one year"}


async def with_v1(api: Api) -> Api:
    """The shop, in which some terms are in force."""
    if (await api.ask("GET", "/v1/welcome", as_=None)).json()["terms"] is None:
        assert (await publish(api, "v1", is_worse=True, summary=None)).status_code == 201
    return api


async def nothing_published(api: Api) -> None:
    """As on the first day: by whoever owns the tables, for the application cannot."""
    async with api.ledger.pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM terms") == 0


async def publish(api: Api, version: str, **more: Any) -> httpx.Response:
    """Publish a version."""
    body = {"version": version, "texts": TEXTS, "summary": DIFFERENT, "is_worse": False, **more}
    return await api.post("/v1/terms", body)


async def join(api: Api, phone: str, **more: Any) -> httpx.Response:
    """Join by a phone that nobody has."""
    sign_in_id, code = await a_code(api, phone=phone)
    body = {"sign_in_id": sign_in_id, "code": code, **more}
    answer = await api.ask("POST", "/v1/me:join", body, as_=None)
    api.client.cookies.clear()
    return answer


async def consent(api: Api, who: OnPhone, version: str, *, is_given: bool = True) -> httpx.Response:
    """Accept terms, on one's phone."""
    return await who.ask(
        api, "POST", "/v1/me/consents", {"purpose": "terms", "is_given": is_given, "text_version": version}
    )


async def test_from_the_first_version_to_the_one_that_waits(postgres: Server, shop: Shop) -> None:
    async with an_api(postgres, shop) as api:
        await nothing_published(api)
        welcome = (await api.ask("GET", "/v1/welcome", as_=None)).json()
        assert (welcome["terms"], welcome["text_version"]) == (None, "2026-11")
        before = on_phone(await join(api, "+8613900000001"))
        told = (await before.ask(api, "GET", "/v1/me/terms")).json()
        assert told == {"in_force": None, "coming": None, "accepted": None}

        first = await publish(api, "v1", is_worse=True, summary=None)
        assert first.status_code == 201, "nothing is worse than nothing: it is in force at once"
        welcome = (await api.ask("GET", "/v1/welcome", as_=None)).json()
        assert (welcome["terms"]["version"], welcome["text_version"]) == ("v1", "v1")
        assert (await api.ask("GET", "/v1/welcome/terms/v1", as_=None)).json()["texts"] == TEXTS

        for accepted in (None, "v0"):
            refused = await join(api, "+8613900000002", terms_version=accepted)
            assert (refused.status_code, refused.json()["code"]) == (409, "terms_not_accepted")
            assert refused.json()["numbers"]["version"] == "v1"
        member = on_phone(await join(api, "+8613900000002", terms_version="v1"))
        told = (await member.ask(api, "GET", "/v1/me/terms")).json()
        assert (told["in_force"]["version"], told["accepted"]["version"]) == ("v1", "v1")
        async with api.ledger.pool.acquire() as connection:
            kept = await connection.fetchrow(
                """SELECT channel, proof FROM consent c JOIN person p USING (person_id)
                   WHERE p.member_id = $1 AND purpose = 'terms'""",
                member.member_id.removeprefix("mbr_"),
            )
        assert kept["channel"] == "app"
        assert kept["proof"] is not None, "sealed: the code by which he came"

        soon = (datetime.now(UTC) + timedelta(days=29)).isoformat()
        short = await publish(api, "v2", is_worse=True, takes_effect_at=soon)
        assert (short.status_code, short.json()["code"]) == (422, "notice_too_short")
        assert short.json()["numbers"]["notice_days"] == 30
        worse = await publish(api, "v2", is_worse=True)
        assert datetime.fromisoformat(worse.json()["takes_effect_at"]) > datetime.now(UTC) + timedelta(
            days=29
        )
        told = (await member.ask(api, "GET", "/v1/me/terms")).json()
        assert (told["in_force"]["version"], told["coming"]["version"]) == ("v1", "v2")
        assert (told["coming"]["summary"], told["coming"]["is_worse"]) == (DIFFERENT, True)
        jumps = await publish(api, "v3")
        assert (jumps.status_code, jumps.json()["pointer"]) == (422, "/takes_effect_at"), (
            "it would go back to v2 later"
        )

        assert (await consent(api, member, "v2")).status_code == 201, "he may accept it before"
        assert (await consent(api, before, "v1")).status_code == 201
        rows = (await api.get("/v1/terms")).json()["data"]
        assert [(one["version"], one["state"], one["accepted"]) for one in rows] == [
            ("v2", "waiting", 1),
            ("v1", "in_force", 2),
        ]


async def test_a_version_never_changes_and_is_published_once(shared_api: Api) -> None:
    await with_v1(shared_api)
    again = await publish(shared_api, "v1", texts={"zh": "别的", "en": "else"})
    assert (again.status_code, again.json()["code"]) == (409, "terms_taken")
    async with shared_api.ledger.pool.acquire() as connection:
        for statement in ("UPDATE terms SET document = '{}'", "DELETE FROM terms"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    later = (datetime.now(UTC) + timedelta(days=60)).isoformat()
    answers = await asyncio.gather(
        *(publish(shared_api, f"race-{number}", takes_effect_at=later) for number in range(3))
    )
    assert sorted(one.status_code for one in answers) == [201, 422, 422], "two at one moment are none"


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"texts": {"zh": "条款"}}, "/texts/en"),
        ({"texts": {"zh": "条款", "en": "  "}}, "/texts/en"),
        ({"summary": None}, "/summary/zh"),
        ({"texts": {"zh": "a\x07b", "en": "b"}}, "/texts/zh"),
        ({"version": " "}, "/version"),
        ({"takes_effect_at": "2020-01-01T00:00:00Z"}, "/takes_effect_at"),
    ],
)
async def test_what_is_no_version_names_its_field(
    shared_api: Api, more: dict[str, Any], pointer: str
) -> None:
    answer = await publish(await with_v1(shared_api), **{"version": "none", **more})
    assert (answer.status_code, answer.json()["pointer"]) == (422, pointer)


async def test_terms_that_nobody_published_are_accepted_on_no_road_and_none_are_taken_back(
    shared_api: Api,
) -> None:
    api = await with_v1(shared_api)
    member = on_phone(await join(api, "+8613900000003", terms_version="v1"))
    told = {"purpose": "terms", "is_given": True, "text_version": "made-up", "channel": "till"}
    roads = [
        await consent(api, member, "made-up"),
        await api.post(f"/v1/members/{member.member_id}/consents", told),
        await api.post("/v1/members", {"keys": [{"kind": "card", "value": "terms-1"}], "consents": [told]}),
    ]
    assert {(one.status_code, one.json()["code"]) for one in roads} == {(422, "terms_unknown")}
    back = await consent(api, member, "v1", is_given=False)
    assert (back.status_code, back.json()["pointer"]) == (422, "/is_given")


async def test_who_wants_the_terms_no_more_closes_his_own_membership_and_no_other(shared_api: Api) -> None:
    api = await with_v1(shared_api)
    member = on_phone(await join(api, "+8613900000004", terms_version="v1"))
    other = await api.a_member()
    wrong = await member.ask(api, "POST", "/v1/me:close", {"confirm": other})
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/confirm")
    closed = await member.ask(api, "POST", "/v1/me:close", {"confirm": member.member_id})
    assert closed.json() == {"member_id": member.member_id, "status": "closed"}
    assert (await api.get(f"/v1/members/{member.member_id}")).json()["status"] == "closed"
    assert (await api.get(f"/v1/members/{other}")).json()["status"] == "active"
    assert (await member.ask(api, "GET", "/v1/me/person")).status_code == 200, "his rights stay"


async def test_the_laws_hold_with_terms_in_the_ledger(shared_api: Api) -> None:
    await with_v1(shared_api)
    books = await reconcile_books(shared_api.ledger, replays=False)
    assert books.are_kept, [one for one in books.verdicts if one.verdict == "broken"]


async def test_what_waits_is_called_off_and_its_moment_taken_by_another(postgres: Server, shop: Shop) -> None:
    async with an_api(postgres, shop) as api:
        await publish(api, "v1", summary=None)
        member = on_phone(await join(api, "+8613900000020", terms_version="v1"))
        far = (datetime.now(UTC) + timedelta(days=60)).isoformat()
        assert (await publish(api, "v2", is_worse=True, takes_effect_at=far)).status_code == 201
        assert (await consent(api, member, "v2")).status_code == 201
        begun = await api.post("/v1/terms/v1:withdraw")
        assert (begun.status_code, begun.json()["code"]) == (409, "terms_begun")
        nothing = await api.post("/v1/terms/v9:withdraw")
        assert (nothing.status_code, nothing.json()["code"]) == (404, "terms_unknown")

        asked = await asyncio.gather(*(api.post("/v1/terms/v2:withdraw") for _ in range(3)))
        assert [one.status_code for one in asked] == [200] * 3
        assert len({one.json()["withdrawn_at"] for one in asked}) == 1, "once"
        async with api.ledger.pool.acquire() as connection:
            deeds = await connection.fetchval("SELECT count(*) FROM audit WHERE deed = 'terms.withdrawn'")
        assert deeds == 1
        told = (await member.ask(api, "GET", "/v1/me/terms")).json()
        assert (told["in_force"]["version"], told["coming"]) == ("v1", None)
        assert told["accepted"]["version"] == "v1", "what he said to a version that never is does not count"
        assert (await consent(api, member, "v2")).json()["code"] == "terms_unknown"
        assert (await publish(api, "v2")).json()["code"] == "terms_taken", "a name is good once"
        assert (await publish(api, "v3", is_worse=True, takes_effect_at=far)).status_code == 201
        rows = (await api.get("/v1/terms")).json()["data"]
        assert [(one["version"], one["state"]) for one in rows] == [
            ("v3", "waiting"), ("v2", "withdrawn"), ("v1", "in_force"),
        ]  # fmt: skip
        books = await reconcile_books(api.ledger, replays=False)
        assert books.are_kept


async def test_where_the_shop_needs_it_nobody_is_enrolled_without_the_terms(
    postgres: Server, shop: Shop
) -> None:
    async with an_api(postgres, shop) as api:
        till = {"as_": api.tokens["till"]}
        await change_needed(api.ledger, is_needed=True, principal=LOCAL)
        assert (await api.post("/v1/members", {}, **till)).status_code == 201, "no terms are in force"
        await publish(api, "v1", summary=None)
        accepts = {"purpose": "terms", "is_given": True, "text_version": "v1", "channel": "till"}
        first = await api.post("/v1/members", {"consents": [accepts]}, key="a new one", **till)
        assert first.status_code == 201, first.text
        for consents in ([], [{**accepts, "purpose": "membership"}]):
            refused = await api.post("/v1/members", {"consents": consents}, **till)
            assert (refused.status_code, refused.json()["code"]) == (409, "terms_not_accepted")
            assert refused.json()["numbers"]["version"] == "v1"
        await publish(api, "v2")
        old = await api.post("/v1/members", {"consents": [accepts]}, **till)
        assert old.json()["numbers"]["version"] == "v2"
        again = await api.post("/v1/members", {"consents": [accepts]}, key="a new one", **till)
        assert (again.status_code, again.json()) == (200, first.json()), "a retry is what it was"
        assert (await api.get("/v1/terms")).json()["needed_to_enrol"] is True
        await change_needed(api.ledger, is_needed=False, principal=LOCAL)
        assert (await api.post("/v1/members", {}, **till)).status_code == 201
