"""Operators sign in by passkeys: beside the password or alone; and what whoever steals, copies or replays one gets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.api.authenticator import HOST, ORIGIN, PRESENT, Authenticator, as_text
from tests.api.conftest import Api
from tests.api.people import PASSWORD, Person, a_login, a_person, person_of, sign_in_as

from jifen.domain.operators import FREE_CODES
from jifen.domain.passkeys import FREE_CHALLENGES, PASSKEYS_MAX
from jifen.domain.service_address import ServiceAddress

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def there(shared_api: Api) -> Iterator[Api]:
    """The service, which knows where browsers find it."""
    shared_api.app.state.service_address = ServiceAddress(origin=ORIGIN, host=HOST)
    yield shared_api
    shared_api.app.state.service_address = None


async def post(api: Api, path: str, body: Any = None, **more: Any) -> httpx.Response:
    """Ask as nobody."""
    answer = await api.ask("POST", path, body, as_=None, key=None, **more)
    api.client.cookies.clear()
    return answer


async def offered_to(api: Api, who: Person, password: str = PASSWORD) -> dict[str, Any]:
    """What a new passkey is to sign."""
    answer = await who.ask(api, "POST", "/v1/session/passkeys:offer", {"password": password}, key=None)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def add(api: Api, who: Person, body: dict[str, Any]) -> httpx.Response:
    """Add a passkey."""
    return await who.ask(api, "POST", "/v1/session/passkeys:add", body, key=None)


async def with_passkey(api: Api, login: str, **more: Any) -> tuple[Authenticator, Person, dict[str, Any]]:
    """An operator's authenticator, him in the session in which he added it, and what was answered."""
    who, authenticator = person_of(await sign_in_as(api, login)), Authenticator(**more)
    done = await add(api, who, authenticator.added(await offered_to(api, who)))
    assert done.status_code == 200, done.text
    return authenticator, who, done.json()


async def asked(api: Api) -> dict[str, Any]:
    """A challenge for whoever has a passkey."""
    answer = await post(api, "/v1/session/passkeys:ask")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def enter(api: Api, body: dict[str, Any]) -> httpx.Response:
    """Sign in by a passkey alone."""
    return await post(api, "/v1/session/passkeys:enter", body)


async def beside_password(api: Api, login: str, passkey: dict[str, Any]) -> httpx.Response:
    """Sign in by password and passkey."""
    return await post(api, "/v1/session", {"login": login, "password": PASSWORD, "passkey": passkey})


async def challenged(api: Api, login: str) -> dict[str, Any]:
    """The challenge that comes with `code_required`."""
    answer = await sign_in_as(api, login)
    assert (answer.status_code, answer.json()["code"]) == (401, "code_required")
    numbers: dict[str, Any] = answer.json()["numbers"]
    return numbers


async def deeds_of(api: Api, operator: str) -> list[str]:
    """What stands in the audit about an operator."""
    rows = (await api.get(f"/v1/audit?about={operator}")).json()["data"]
    return [row["deed"] for row in rows]


# -- what it is for -------------------------------------------------------------------------------------------------------


async def test_a_passkey_lets_in_alone_and_says_whose_it_is(there: Api) -> None:
    login = await a_login(there)
    authenticator, who, added = await with_passkey(there, login)
    assert added["passkey"]["name"] == "Laptop"
    assert added["passkey"]["last_used_at"] is None
    assert len(set(added["recovery_codes"])) == 10, "who had none is given ten"
    in_ = await enter(there, authenticator.answered(await asked(there), handle=who.operator_id.bytes))
    me = person_of(in_)
    assert (in_.json()["operator"]["login"], in_.json()["has_second_factor"]) == (login, True)
    sessions = (await me.ask(there, "GET", "/v1/sessions")).json()["data"]
    assert {one["is_current"]: one["began_by"] for one in sessions} == {True: "passkey", False: "password"}
    kept = (await me.ask(there, "GET", "/v1/session/passkeys")).json()
    assert kept["passkey_host"] == HOST
    assert kept["data"][0]["last_used_at"] is not None
    assert "passkey.added" in await deeds_of(there, who.id)


async def test_where_there_is_a_passkey_a_password_alone_lets_nobody_in(there: Api) -> None:
    login = await a_login(there)
    authenticator, _, added = await with_passkey(there, login)
    numbers = await challenged(there, login)
    assert numbers["factors"] == ["recovery_code", "passkey"]
    assert numbers["credentials"] == [as_text(authenticator.credential_id)]
    assert (await beside_password(there, login, authenticator.answered(numbers))).status_code == 200
    by_code = await sign_in_as(there, login, code=added["recovery_codes"][0])
    assert by_code.status_code == 200, "a recovery code stands in for it"
    again = await sign_in_as(there, login, code=added["recovery_codes"][0])
    assert again.json()["code"] == "sign_in_refused"
    both = {"login": login, "password": PASSWORD, "code": "1", "passkey": authenticator.answered(numbers)}
    assert (await post(there, "/v1/session", both)).json()["pointer"] == "/passkey"


async def test_a_wrong_password_learns_nothing_of_passkeys(there: Api) -> None:
    login = await a_login(there)
    await with_passkey(there, login)
    answer = await sign_in_as(there, login, "another password")
    assert (answer.json()["code"], answer.json()["numbers"]) == ("sign_in_refused", {})


async def test_several_are_kept_and_the_eleventh_or_the_same_one_is_refused(there: Api) -> None:
    login = await a_login(there)
    authenticator, who, _ = await with_passkey(there, login)
    offered = await offered_to(there, who)
    assert offered["credentials"] == [as_text(authenticator.credential_id)]
    again = await add(there, who, authenticator.added(offered))
    assert (again.status_code, again.json()["code"]) == (409, "passkey_taken")
    for number in range(PASSKEYS_MAX - 1):
        new = Authenticator().added(await offered_to(there, who), name=f"  Key   {number} ")
        done = await add(there, who, new)
        assert (done.status_code, done.json()["recovery_codes"]) == (200, None), done.text
        assert done.json()["passkey"]["name"] == f"Key {number}"
    full = await who.ask(there, "POST", "/v1/session/passkeys:offer", {"password": PASSWORD}, key=None)
    assert (full.status_code, full.json()["code"]) == (422, "too_much")


async def test_a_passkey_that_is_removed_lets_nobody_in_and_its_sessions_end(there: Api) -> None:
    login = await a_login(there)
    authenticator, who, added = await with_passkey(there, login)
    stolen = person_of(await enter(there, authenticator.answered(await asked(there))))
    path = f"/v1/session/passkeys/{added['passkey']['id']}:remove"
    guessed = await who.ask(there, "POST", path, {"password": "guess"}, key=None)
    assert guessed.json()["code"] == "sign_in_refused"
    stranger = person_of(await sign_in_as(there, await a_login(there)))
    other = await stranger.ask(there, "POST", path, {"password": PASSWORD}, key=None)
    assert (other.status_code, other.json()["code"]) == (404, "passkey_unknown")
    assert (await who.ask(there, "POST", path, {"password": PASSWORD}, key=None)).status_code == 200
    assert (await who.ask(there, "GET", "/v1/session")).status_code == 200
    async with there.ledger.pool.acquire() as connection:
        ended = await connection.fetchval(
            "SELECT ended_at IS NOT NULL FROM operator_session WHERE session_id = $1", stolen.session_id
        )
    assert ended
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 401
    plain = await sign_in_as(there, login)
    assert plain.status_code == 200, "it was the last: the password lets in again"
    late = await sign_in_as(there, login, code=added["recovery_codes"][1])
    assert late.status_code == 200
    async with there.ledger.pool.acquire() as connection:
        left = await connection.fetchval(
            "SELECT cardinality(recovery_hashes) FROM operator WHERE login = $1", login
        )
    assert left == 0, "recovery codes stand in for nothing any more"


async def test_an_owner_lets_in_who_lost_everything_and_the_old_passkey_is_gone(there: Api) -> None:
    login, owner = await a_login(there, roles=["cashier"]), await a_person(there, roles=["owner"])
    authenticator, who, _ = await with_passkey(there, login)
    path = f"/v1/operators/{who.id}:reset_password"
    kept = await owner.ask(there, "POST", path, {}, key=None)
    assert kept.status_code == 201
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 401, (
        "who has to set a password first does not come in by a passkey meanwhile"
    )
    reset = await owner.ask(there, "POST", path, {"removes_second_factor": True}, key=None)
    assert (reset.json()["operator"]["passkeys"], reset.json()["operator"]["has_second_factor"]) == (0, False)
    accepted = {"token": reset.json()["token"], "password": "a brand new password"}
    assert (await post(there, "/v1/invitations:accept", accepted)).status_code == 201
    assert (await sign_in_as(there, login, "a brand new password")).status_code == 200
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 401


async def test_who_is_disabled_does_not_come_in_by_a_passkey(there: Api) -> None:
    login, owner = await a_login(there, roles=["cashier"]), await a_person(there, roles=["owner"])
    authenticator, who, _ = await with_passkey(there, login)
    assert (await owner.ask(there, "POST", f"/v1/operators/{who.id}:disable", key=None)).status_code == 200
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 401


# -- attacks --------------------------------------------------------------------------------------------------------------


async def test_an_answer_counts_once_also_for_three_at_once(there: Api) -> None:
    authenticator, _, _ = await with_passkey(there, await a_login(there))
    answer = authenticator.answered(await asked(there))
    answers = await asyncio.gather(*(enter(there, answer) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401]
    fresh = await asked(there)
    replayed = {**answer, "challenge_id": fresh["challenge_id"]}
    assert (await enter(there, replayed)).status_code == 401, "under another challenge it is no answer"


async def test_a_challenge_ends_after_minutes(there: Api) -> None:
    authenticator, who, _ = await with_passkey(there, await a_login(there))
    stale, offered = await asked(there), await offered_to(there, who)
    async with there.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE passkey_challenge SET expires_at = clock_timestamp()")
    assert (await enter(there, authenticator.answered(stale))).status_code == 401
    late = await add(there, who, Authenticator().added(offered))
    assert (late.status_code, late.json()["pointer"]) == (422, "/challenge_id")


@pytest.mark.parametrize(
    "how",
    [
        {"origin": "https://points.example.cn.evil.example"},
        {"origin": "http://points.example.cn"},
        {"host": "evil.example"},
        {"flags": PRESENT},  # somebody touched it, and was not verified
        {"flags": 0},
        {"handle": bytes(16)},
    ],
)
async def test_what_another_page_or_nobody_verified_signed_lets_nobody_in(
    there: Api, how: dict[str, Any]
) -> None:
    login = await a_login(there)
    authenticator, _, _ = await with_passkey(there, login)
    assert (await enter(there, authenticator.answered(await asked(there), **how))).status_code == 401
    numbers = await challenged(there, login)
    assert (await beside_password(there, login, authenticator.answered(numbers, **how))).status_code == 401
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 200, "as it should"


async def test_somebody_elses_passkey_does_not_stand_in_for_ones_own(there: Api) -> None:
    mine, his = await a_login(there), await a_login(there)
    authenticator, _, _ = await with_passkey(there, mine)
    other, _, _ = await with_passkey(there, his)
    assert (
        await beside_password(there, his, authenticator.answered(await challenged(there, his)))
    ).status_code == 401
    assert (
        await beside_password(there, his, other.answered(await challenged(there, mine)))
    ).status_code == 401
    by_open = other.answered(await asked(there))
    assert (await beside_password(there, his, by_open)).status_code == 401, "it was asked of somebody unknown"
    signed = other.answered(await asked(there))
    signed["credential_id"] = as_text(authenticator.credential_id)
    assert (await enter(there, signed)).status_code == 401, "his signature under my name"


async def test_a_challenge_of_another_session_or_of_signing_in_adds_no_passkey(there: Api) -> None:
    login = await a_login(there)
    one, two = [person_of(await sign_in_as(there, login)) for _ in range(2)]
    offered = await offered_to(there, one)
    elsewhere = await add(there, two, Authenticator().added(offered))
    assert (elsewhere.status_code, elsewhere.json()["pointer"]) == (422, "/challenge_id")
    used_up = await add(there, one, Authenticator().added(offered))
    assert used_up.status_code == 422, "whoever answered it, it was answered"
    signing_in = await add(there, one, Authenticator().added(await asked(there)))
    assert signing_in.json()["pointer"] == "/challenge_id"
    wrong_page = Authenticator().added(await offered_to(there, one), origin="https://evil.example")
    assert (await add(there, one, wrong_page)).json()["pointer"] == "/attestation"
    unverified = Authenticator().added(await offered_to(there, one), flags=PRESENT)
    assert (await add(there, one, unverified)).json()["pointer"] == "/attestation"
    authenticator = Authenticator()
    to_add = await offered_to(there, one)
    assert (await add(there, one, authenticator.added(await offered_to(there, one)))).status_code == 200
    assert (await enter(there, authenticator.answered(to_add))).status_code == 401, (
        "it was to add, not to enter"
    )


async def test_a_counter_that_goes_back_is_refused_and_written_down_once_it_is_signed(there: Api) -> None:
    login = await a_login(there)
    authenticator, who, _ = await with_passkey(there, login, count=7)
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 200
    copy = Authenticator(credential_id=authenticator.credential_id, key=authenticator.key, count=3)
    assert (await enter(there, copy.answered(await asked(there)))).status_code == 401
    assert (await deeds_of(there, who.id)).count("passkey.went_back") == 1
    forged = Authenticator(credential_id=authenticator.credential_id, count=1)
    assert (await enter(there, forged.answered(await asked(there)))).status_code == 401
    assert (await deeds_of(there, who.id)).count("passkey.went_back") == 1, "made-up answers fill no audit"
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 200


async def test_one_that_does_not_count_lets_in_again_and_again(there: Api) -> None:
    authenticator, _, _ = await with_passkey(there, await a_login(there))
    for _ in range(2):
        answer = authenticator.answered(await asked(there), counts=False)
        assert (await enter(there, answer)).status_code == 200


async def test_wrong_passkeys_beside_a_password_wait_as_codes_do(there: Api) -> None:
    login = await a_login(there)
    authenticator, _, _ = await with_passkey(there, login)
    answers = []
    for _ in range(FREE_CODES + 1):
        forged = Authenticator(credential_id=authenticator.credential_id)
        async with there.ledger.pool.acquire() as connection:
            await connection.execute("UPDATE sign_in_try SET failures = 0, free_at = now() WHERE about <> sha256($1)",
                                     b"codes|" + (await _id_of(there, login)).encode())  # fmt: skip
        answers.append(await beside_password(there, login, forged.answered(await challenged(there, login))))
    assert [one.status_code for one in answers] == [401] * (FREE_CODES + 1)
    right = authenticator.answered(await challenged(there, login))
    async with there.ledger.pool.acquire() as connection:
        # The wait that began is made longer, so that it is not over before a slow machine has asked again.
        await connection.execute(
            """UPDATE sign_in_try SET free_at = free_at + interval '10 minutes'
               WHERE about = sha256($1) AND failures > 0 AND free_at > now() - interval '10 minutes'""",
            b"codes|" + (await _id_of(there, login)).encode(),
        )
    waits = await beside_password(there, login, right)
    assert (waits.status_code, waits.json()["code"]) == (429, "sign_in_too_soon")
    assert (await enter(there, authenticator.answered(await asked(there)))).status_code == 200, (
        "whoever tries beside his password cannot make him wait who has the passkey"
    )


async def _id_of(api: Api, login: str) -> str:
    async with api.ledger.pool.acquire() as connection:
        found = await connection.fetchval("SELECT operator_id FROM operator WHERE login = $1", login)
    return str(found.hex)


async def test_challenges_that_nobody_answers_are_few_from_one_address(there: Api) -> None:
    from_there = {"X-Forwarded-For": "198.51.100.77"}
    told = [
        await post(there, "/v1/session/passkeys:ask", headers=from_there) for _ in range(FREE_CHALLENGES + 2)
    ]
    assert [one.status_code for one in told].count(200) == FREE_CHALLENGES + 1
    assert told[-1].json()["code"] == "sign_in_too_soon"
    assert (await post(there, "/v1/session/passkeys:ask")).status_code == 200, "from elsewhere nobody waits"


@pytest.mark.parametrize(
    "torn",
    [
        {"authenticator_data": "AAAA"},
        {"client_data": "AAAA"},
        {"client_data": as_text(b"[]")},
        {"client_data": as_text(b'{"type": 1, "challenge": [], "origin": {}}')},
        {"signature": "AAAA"},
        {"authenticator_data": as_text(b"\xff" * 400)},
    ],
)
async def test_a_torn_answer_is_refused_and_nothing_breaks(there: Api, torn: dict[str, str]) -> None:
    authenticator, who, _ = await with_passkey(there, await a_login(there))
    answer = await enter(there, {**authenticator.answered(await asked(there)), **torn})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_refused")
    for attestation in ("AAAA", as_text(b"\xa0"), as_text(b"\xff" * 400), as_text(b"\x9f" * 2_000)):
        body = {**Authenticator().added(await offered_to(there, who)), "attestation": attestation}
        wrong = await add(there, who, body)
        assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/attestation"), wrong.text


# -- where browsers find it -----------------------------------------------------------------------------------------------


async def test_without_an_address_passkeys_are_off_and_say_what_to_set(shared_api: Api) -> None:
    who = person_of(await sign_in_as(shared_api, await a_login(shared_api)))
    off = await post(shared_api, "/v1/session/passkeys:ask")
    assert (off.status_code, off.json()["code"]) == (422, "passkeys_off")
    assert "JIFEN_ADDRESS" in off.json()["detail"]
    offered = await who.ask(
        shared_api, "POST", "/v1/session/passkeys:offer", {"password": PASSWORD}, key=None
    )
    assert offered.json()["code"] == "passkeys_off"
    kept = (await who.ask(shared_api, "GET", "/v1/session/passkeys")).json()
    assert kept == {"data": [], "passkey_host": None}


async def test_an_address_that_is_taken_away_leaves_recovery_codes(there: Api) -> None:
    login = await a_login(there)
    _, _, added = await with_passkey(there, login)
    there.app.state.service_address = None
    numbers = await challenged(there, login)
    assert numbers == {"factors": ["recovery_code"]}
    assert (await sign_in_as(there, login, code=added["recovery_codes"][0])).status_code == 200


async def test_an_owner_removes_one_passkey_of_another_and_the_rest_stay(there: Api) -> None:
    owner = await a_person(there, roles=["owner"])
    login = await a_login(there, roles=["cashier"])
    authenticator, who, added = await with_passkey(there, login)
    second = await add(there, who, {**Authenticator().added(await offered_to(there, who)), "name": "Phone"})
    assert second.status_code in (200, 201), second.text
    at = f"/v1/operators/{who.id}/passkeys"
    listed = (await owner.ask(there, "GET", at)).json()["data"]
    assert [one["name"] for one in listed] == ["Laptop", "Phone"]
    own = f"{at}/{added['passkey']['id']}:remove"
    manager = await a_person(there, permissions=["operators.manage"])
    assert (await manager.ask(there, "POST", own, key=None)).status_code == 403, (
        "who may less takes nothing from him"
    )
    gone = await owner.ask(there, "POST", own, key=None)
    assert (gone.status_code, gone.json()["passkeys"]) == (200, 1)
    assert (await owner.ask(there, "POST", own, key=None)).json()["code"] == "passkey_unknown"
    elsewhere = f"/v1/operators/{owner.id}/passkeys/{second.json()['passkey']['id']}:remove"
    assert (await owner.ask(there, "POST", elsewhere, key=None)).status_code == 404, "it is not his"
    refused = await enter(there, authenticator.answered(await asked(there)))
    assert refused.status_code == 401
