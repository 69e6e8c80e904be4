"""Each route of the application, by each kind of who asks.

The rows are the application's own route table, so that a route which is added tomorrow is tried here, or fails here.
"""

from __future__ import annotations

import itertools

import httpx
import pytest
from tests.api.conftest import Api, all_but
from tests.api.people import OnPhone, Person, a_person, a_phone_of
from tests.api.routes import at as at_of
from tests.api.routes import guarded, strict
from tests.api.test_stores_of_a_key import at_store, has_store
from tests.api.writes import BY_PEOPLE, CHANGES_NOTHING, DOORS, MEMBERS_OWN, ROUTES, SIGNED_IN, Asked, named

from jifen.api.app import create_app
from jifen.api.requests import GuardedRoute, MemberRoute, OpenRoute, SignedInRoute
from jifen.domain.principal import EVERYTHING, PRIVILEGED, Permission

pytestmark = pytest.mark.asyncio(loop_scope="module")

_APP = create_app()
_GUARDED = {at_of(route): route.permission for route in guarded(_APP)}
_MEMBERS = [at_of(route) for route in strict(_APP) if isinstance(route, MemberRoute)]
_SIGNED_IN = [at_of(route) for route in strict(_APP) if isinstance(route, SignedInRoute)]
by_route = pytest.mark.parametrize("at", list(_GUARDED), ids=named)
by_own_route = pytest.mark.parametrize("at", _SIGNED_IN, ids=named)

FOUR_EYES = {
    ("POST", "/v1/program:apply"),
    ("POST", "/v1/members/{member_id}/persons:erase"),
    ("POST", "/v1/members/{member_id}:merge"),
}
"""What an operator only proposes."""
BESIDES = {at: [Permission.UNITS_ADJUST] for at in BY_PEOPLE}
"""What whoever decides a proposal must be permitted himself."""


async def test_every_route_is_of_one_kind_and_has_a_request_here() -> None:
    kinds = {at_of(route): type(route) for route in strict(_APP)}
    assert {at for at, kind in kinds.items() if kind is GuardedRoute} == set(ROUTES)
    assert {at for at, kind in kinds.items() if kind is SignedInRoute} == SIGNED_IN
    assert {at for at, kind in kinds.items() if kind is OpenRoute} == DOORS
    assert {at for at, kind in kinds.items() if kind is MemberRoute} == MEMBERS_OWN


async def _ask(api: Api, who: Person, asked: Asked) -> httpx.Response:
    return await who.ask(api, asked.method, asked.path, asked.body)


def _told(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


@by_route
async def test_anonymous(shared_api: Api, at: tuple[str, str]) -> None:
    asked = await ROUTES[at](shared_api)
    answer = await shared_api.ask(asked.method, asked.path, asked.body, as_=None)
    assert _told(answer) == (401, "not_authenticated")


@by_route
async def test_a_key_with_the_wrong_permission(shared_api: Api, at: tuple[str, str]) -> None:
    asked = await ROUTES[at](shared_api)
    answer = await shared_api.ask(asked.method, asked.path, asked.body, as_=all_but(_GUARDED[at]))
    assert _told(answer) == (403, "not_permitted")


@by_route
async def test_an_operator_with_the_wrong_permission(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=sorted(EVERYTHING - {_GUARDED[at]}))
    answer = await _ask(shared_api, who, await ROUTES[at](shared_api))
    assert _told(answer) == (403, "not_permitted")
    assert answer.json()["numbers"]["permission"] == _GUARDED[at]


@by_route
async def test_a_disabled_operator(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=[_GUARDED[at]])
    async with shared_api.ledger.pool.acquire() as connection:
        await connection.execute(
            "UPDATE operator SET disabled_at = clock_timestamp() WHERE operator_id = $1", who.operator_id
        )
    assert _told(await _ask(shared_api, who, await ROUTES[at](shared_api))) == (401, "session_over")


@by_route
async def test_an_ended_session(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=[_GUARDED[at]])
    assert (await who.ask(shared_api, "DELETE", "/v1/session", key=None)).status_code == 200
    shared_api.client.cookies.clear()
    assert _told(await _ask(shared_api, who, await ROUTES[at](shared_api))) == (401, "session_over")


@by_route
async def test_the_token_of_another_session(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=[_GUARDED[at]])
    other = await a_person(shared_api, permissions=[_GUARDED[at]])
    forged = Person(
        operator_id=who.operator_id,
        session_id=who.session_id,
        login=who.login,
        token=f"{who.session_id.hex}_{other.token[33:]}",
    )
    assert _told(await _ask(shared_api, forged, await ROUTES[at](shared_api))) == (401, "not_authenticated")


@by_route
async def test_the_right_operator_without_the_token_of_his_page(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=[_GUARDED[at]])
    asked = await ROUTES[at](shared_api)
    answer = await shared_api.ask(
        asked.method, asked.path, asked.body, as_=None, headers=who.headers(writes=False)
    )
    if asked.method == "GET":
        assert answer.status_code == 200, answer.text
    else:
        assert _told(answer) == (403, "csrf_refused")


@by_route
async def test_the_right_operator(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=_needed(at))
    answer = await _ask(shared_api, who, await ROUTES[at](shared_api))
    expected = (202,) if at in FOUR_EYES else (200, 201, 202)
    assert answer.status_code in expected, answer.text


_HAS_STORE = {
    at_of(route)
    for route in guarded(_APP)
    if route.body_field is not None and has_store(route.body_field.field_info.annotation)
}


@pytest.mark.parametrize("at", sorted(_HAS_STORE), ids=named)
async def test_the_right_operator_at_the_wrong_store(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=_needed(at), stores=["elsewhere"])
    asked = await ROUTES[at](shared_api)
    assert asked.body is not None
    answer = await who.ask(shared_api, asked.method, asked.path, at_store(asked.body, "main"))
    told = answer.json()
    if "answers" in told:
        told = told["answers"][0]["problem"]
    assert (told["status"], told["code"]) == (403, "store_not_permitted")


def _needed(at: tuple[str, str]) -> list[Permission]:
    return [_GUARDED[at], *BESIDES.get(at, [])]


@pytest.mark.parametrize(
    "at", [at for at in _GUARDED if at[0] != "GET" and at not in CHANGES_NOTHING], ids=named
)
async def test_a_session_that_nobody_used_for_long(shared_api: Api, at: tuple[str, str]) -> None:
    who = await a_person(shared_api, permissions=_needed(at))
    async with shared_api.ledger.pool.acquire() as connection:
        await connection.execute(
            """UPDATE operator_session SET privileged_until = clock_timestamp() - interval '1 second'
               WHERE session_id = $1""",
            who.session_id,
        )
    answer = await _ask(shared_api, who, await ROUTES[at](shared_api))
    if _GUARDED[at] in PRIVILEGED:
        assert _told(answer) == (401, "session_idle")
    else:
        assert answer.status_code in (200, 201, 202), answer.text


# -- routes about whoever is signed in ------------------------------------------------------------------------------------


@by_own_route
async def test_a_route_about_oneself_takes_no_key_and_nobody(shared_api: Api, at: tuple[str, str]) -> None:
    path = at[1].format(
        session_id=f"ses_{'0' * 32}", proposal_id=f"prp_{'0' * 32}", passkey_id=f"pky_{'0' * 32}"
    )
    for who in (None, "admin"):
        assert _told(await shared_api.ask(at[0], path, {} if at[0] == "POST" else None, as_=who)) == (
            401,
            "not_authenticated",
        )


@by_own_route
async def test_a_route_about_oneself_asks_for_the_token_of_the_page(
    shared_api: Api, at: tuple[str, str]
) -> None:
    who = await a_person(shared_api, roles=["cashier"])
    path = at[1].format(
        session_id=f"ses_{'0' * 32}", proposal_id=f"prp_{'0' * 32}", passkey_id=f"pky_{'0' * 32}"
    )
    answer = await shared_api.ask(
        at[0], path, {} if at[0] == "POST" else None, as_=None, headers=who.headers(writes=False)
    )
    assert answer.status_code == (200 if at[0] == "GET" else 403), answer.text


# -- routes about the member himself --------------------------------------------------------------------------------------

by_members_route = pytest.mark.parametrize("at", _MEMBERS, ids=named)


def _of_a_member(at: tuple[str, str]) -> tuple[str, str, object]:
    none = "0" * 32
    path = at[1].format(
        session_id=f"ses_{none}",
        question_id=f"qst_{none}",
        purchase_id=f"pur_{none}",
        person_id=f"per_{none}",
        invitation_id=f"hin_{none}",
        redemption_id=f"red_{none}",
        number="1",
    )
    return at[0], path, {} if at[0] == "POST" else None


@by_members_route
async def test_a_members_own_route_takes_neither_a_key_nor_an_operator_nor_nobody(
    shared_api: Api, at: tuple[str, str]
) -> None:
    method, path, body = _of_a_member(at)
    for who in (None, "admin", "test"):
        assert _told(await shared_api.ask(method, path, body, as_=who)) == (401, "not_authenticated")
    operator = await a_person(shared_api, roles=["owner"])
    assert _told(await operator.ask(shared_api, method, path, body)) == (401, "not_authenticated")


@by_members_route
async def test_a_members_own_route_asks_for_the_token_of_his_page(
    shared_api: Api, at: tuple[str, str]
) -> None:
    method, path, body = _of_a_member(at)
    who = await _a_member_on_phone(shared_api)
    answer = await shared_api.ask(method, path, body, as_=None, headers=who.headers(writes=False))
    if method == "GET":
        assert answer.status_code in (200, 404), answer.text
    else:
        assert _told(answer) == (403, "csrf_refused")


@by_members_route
async def test_a_members_own_route_opens_no_more_once_his_session_ended(
    shared_api: Api, at: tuple[str, str]
) -> None:
    method, path, body = _of_a_member(at)
    who = await _a_member_on_phone(shared_api)
    assert (await who.ask(shared_api, "DELETE", "/v1/me/session", key=None)).status_code == 200
    shared_api.client.cookies.clear()
    assert _told(await who.ask(shared_api, method, path, body)) == (401, "session_over")


@by_route
async def test_a_member_who_is_signed_in_opens_no_route_of_keys_and_operators(
    shared_api: Api, at: tuple[str, str]
) -> None:
    who = await _a_member_on_phone(shared_api)
    asked = await ROUTES[at](shared_api)
    answer = await who.ask(shared_api, asked.method, asked.path, asked.body)
    assert _told(answer) == (401, "not_authenticated")


_phones = itertools.count(13_900_000_000)


async def _a_member_on_phone(api: Api) -> OnPhone:
    phone = str(next(_phones))
    enrolled = await api.post("/v1/members", {"person": {"phone": phone}})
    assert enrolled.status_code == 201, enrolled.text
    return await a_phone_of(api, phone)
