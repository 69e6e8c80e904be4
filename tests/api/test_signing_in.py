"""Operators sign in: what a session opens, what ends it, and what whoever guesses learns and waits."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import httpx
import pyotp
import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.people import PASSWORD, Person, a_login, a_person, person_of, sign_in_as

from jifen.api.app import PATIENCE, create_app
from jifen.api.doorkeeper import CACHE_SECONDS
from jifen.document.stored import timeline_of_published
from jifen.domain.principal import ROLES
from jifen.store.ledger import Ledger

pytestmark = pytest.mark.asyncio(loop_scope="module")


def later(monkeypatch: pytest.MonkeyPatch, seconds: float = CACHE_SECONDS + 1) -> None:
    """What the serving process remembers is so much older."""
    at = time.monotonic() + seconds
    monkeypatch.setattr("jifen.api.whose.time.monotonic", lambda: at)


async def in_the_database(api: Api, statement: str, *arguments: object) -> None:
    """Change what is kept, as time would."""
    async with api.ledger.pool.acquire() as connection:
        await connection.execute(statement, *arguments)


async def told(
    api: Api, who: Person, method: str = "GET", path: str = "/v1/session", **more: object
) -> tuple[int, str]:
    """Status and code of an answer."""
    answer = await who.ask(api, method, path, key=None, **more)
    return answer.status_code, answer.json().get("code", "")


# -- what a session is ----------------------------------------------------------------------------------------------------


async def test_signing_in_is_answered_with_who_one_is_and_a_cookie_that_no_page_can_read(
    shared_api: Api,
) -> None:
    login = await a_login(shared_api, roles=["store_manager"], name="王芳")
    answer = await sign_in_as(shared_api, f"  {login.upper()} ")
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["operator"]["id"].startswith("opr_")
    assert {key: said["operator"][key] for key in ("login", "name", "roles", "stores", "language")} == {
        "login": login,
        "name": "王芳",
        "roles": ["store_manager"],
        "stores": None,
        "language": "en",
    }
    assert said["operator"]["permissions"] == sorted(ROLES["store_manager"])
    assert datetime.fromisoformat(said["expires_at"]) > datetime.now(UTC)
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("jifen_session="))
    rules = {one.strip().lower() for one in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= rules
    assert "secure" not in rules, "it came by http"
    again = await person_of(answer).ask(shared_api, "GET", "/v1/session")
    assert again.json() == said


async def test_a_session_that_came_by_https_is_sent_by_https_only(shared_api: Api) -> None:
    login = await a_login(shared_api)
    answer = await sign_in_as(shared_api, login, headers={"X-Forwarded-Proto": "https"})
    assert all("; Secure" in one for one in answer.headers.get_list("set-cookie"))


async def test_nothing_secret_of_an_operator_or_session_is_kept(shared_api: Api) -> None:
    login = await a_login(shared_api)
    who = person_of(await sign_in_as(shared_api, login))
    async with shared_api.ledger.pool.acquire() as connection:
        rows = [
            str(dict(row))
            for table in ("operator", "operator_session", "sign_in_try")
            for row in await connection.fetch(f"SELECT * FROM {table}")
        ]
    assert rows
    for secret in (PASSWORD, who.token, who.token[33:], who.csrf):
        assert not [row for row in rows if secret in row]


async def test_the_journal_and_the_log_know_an_operator_by_a_number(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged: list[dict[str, object]] = []
    monkeypatch.setattr("jifen.api.observe.log.info", lambda _, **said: logged.append(said), raising=False)
    who = await a_person(shared_api, name="Zhao Ling", roles=["cashier"])
    member = await shared_api.a_member()
    answer = await who.ask(shared_api, "POST", "/v1/purchases", a_purchase_body(member))
    assert answer.status_code == 201, answer.text
    async with shared_api.ledger.pool.acquire() as connection:
        actor = await connection.fetchval("SELECT max(actor) FROM purchase WHERE actor LIKE 'opr%'")
    assert actor == who.id
    assert logged[-1]["key"] == who.id
    assert "Zhao Ling" not in str(logged)


# -- the token of a write -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sent", [None, "", "wrong", "é"])
async def test_a_write_without_the_token_is_refused_and_a_read_needs_none(
    shared_api: Api, sent: str | None
) -> None:
    who = await a_person(shared_api, roles=["cashier"])
    headers: list[tuple[bytes, bytes]] = [(b"cookie", f"jifen_session={who.token}".encode())]
    if sent is not None:
        headers.append((b"x-csrf-token", sent.encode("latin-1")))
    write = await shared_api.client.post("/v1/purchases", json=a_purchase_body(), headers=headers)
    assert (write.status_code, write.json()["code"]) == (403, "csrf_refused")
    read = await shared_api.client.get("/v1/program", headers=headers[:1])
    assert read.status_code == 200


async def test_the_token_of_another_session_opens_no_write(shared_api: Api) -> None:
    who, other = await a_person(shared_api, roles=["cashier"]), await a_person(shared_api, roles=["cashier"])
    answer = await who.ask(
        shared_api, "POST", "/v1/purchases", a_purchase_body(), headers={"X-CSRF-Token": other.csrf}
    )
    assert answer.json()["code"] == "csrf_refused"


async def test_a_key_and_a_session_at_once_are_refused_on_both_roads(shared_api: Api) -> None:
    who = await a_person(shared_api, roles=["cashier"])
    path = f"/v1/members/{await shared_api.a_member()}/balances"
    for _ in range(2):
        assert (
            await shared_api.get(path)
        ).status_code == 200  # the key is known: the short road would take it
    answer = await shared_api.get(path, headers=who.headers())
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/headers/Authorization")


async def test_two_cookies_of_one_name_are_refused(shared_api: Api) -> None:
    who = await a_person(shared_api, roles=["cashier"])
    headers = {"Cookie": f"jifen_session={who.token}; jifen_session={who.token}"}
    answer = await shared_api.ask("GET", "/v1/session", as_=None, headers=headers)
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/headers/Cookie")


@pytest.mark.parametrize("cookie", ["x", "", "0" * 32 + "_" + "A" * 43, "é", "'; DROP TABLE operator"])
async def test_what_is_no_session_opens_nothing(shared_api: Api, cookie: str) -> None:
    headers = [(b"cookie", b"jifen_session=" + cookie.encode("latin-1"))]
    answer = await shared_api.client.get("/v1/program", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")


# -- its end --------------------------------------------------------------------------------------------------------------


async def test_signing_out_ends_the_session_at_once_and_no_other(shared_api: Api) -> None:
    login = await a_login(shared_api)
    one, other = [person_of(await sign_in_as(shared_api, login)) for _ in range(2)]
    listed = (await one.ask(shared_api, "GET", "/v1/sessions")).json()["data"]
    assert {(item["id"][4:], item["is_current"]) for item in listed} == {
        (one.session_id.hex, True),
        (other.session_id.hex, False),
    }
    out = await one.ask(shared_api, "DELETE", "/v1/session")
    assert out.status_code == 200
    assert "jifen_session=" in out.headers["set-cookie"]
    assert "Max-Age=0" in out.headers["set-cookie"]
    shared_api.client.cookies.clear()
    assert await told(shared_api, one) == (401, "session_over")
    assert await told(shared_api, other) == (200, "")


async def test_one_ends_ones_own_sessions_and_nobody_elses(shared_api: Api) -> None:
    login = await a_login(shared_api)
    one, other = [person_of(await sign_in_as(shared_api, login)) for _ in range(2)]
    stranger = await a_person(shared_api, roles=["owner"])
    path = f"/v1/sessions/ses_{other.session_id.hex}"
    assert await told(shared_api, stranger, "DELETE", path) == (404, "session_unknown")
    assert await told(shared_api, one, "DELETE", path) == (200, "")
    assert await told(shared_api, other) == (401, "session_over")
    assert await told(shared_api, one, "DELETE", path) == (404, "session_unknown")


async def test_signing_in_again_in_the_same_browser_leaves_no_session_behind(shared_api: Api) -> None:
    login = await a_login(shared_api)
    before = person_of(await sign_in_as(shared_api, login))
    person_of(await sign_in_as(shared_api, login, headers=before.headers(writes=False)))
    assert await told(shared_api, before) == (401, "session_over")


async def test_a_session_ends_after_twelve_hours(shared_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    who = await a_person(shared_api, roles=["cashier"])
    assert await told(shared_api, who) == (200, "")
    await in_the_database(
        shared_api,
        """UPDATE operator_session SET created_at = created_at - interval '13 hours',
                  expires_at = expires_at - interval '12 hours' WHERE session_id = $1""",
        who.session_id,
    )
    later(monkeypatch)
    assert await told(shared_api, who) == (401, "session_over")


async def test_a_session_that_is_remembered_ends_on_time(shared_api: Api) -> None:
    who = await a_person(shared_api, roles=["cashier"])
    await in_the_database(
        shared_api,
        "UPDATE operator_session SET expires_at = clock_timestamp() + interval '1 second' WHERE session_id = $1",
        who.session_id,
    )
    assert await told(shared_api, who) == (200, "")
    await asyncio.sleep(1.1)
    assert await told(shared_api, who) == (401, "session_over")


async def test_a_session_that_was_not_used_does_nothing_privileged_until_one_signs_in_again(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await a_person(shared_api, roles=["store_manager"])
    member = await shared_api.a_member()
    body = {"member": {"id": member}, "currency": "points", "units": 5, "note": "sorry"}
    assert (await who.ask(shared_api, "POST", "/v1/adjustments", body)).status_code == 201
    await in_the_database(
        shared_api,
        """UPDATE operator_session SET last_used_at = clock_timestamp() - interval '31 minutes',
                  privileged_until = clock_timestamp() - interval '1 minute' WHERE session_id = $1""",
        who.session_id,
    )
    later(monkeypatch)
    assert (await who.ask(shared_api, "GET", "/v1/program")).status_code == 200
    assert (await who.ask(shared_api, "POST", "/v1/purchases", a_purchase_body(member))).status_code == 201
    await asyncio.gather(*(task for _, task in shared_api.app.state.sessions._noted.values()))
    later(monkeypatch, 3 * CACHE_SECONDS)
    for _ in range(2):  # also after it was used for something else meanwhile
        refused = await who.ask(shared_api, "POST", "/v1/adjustments", body)
        assert (refused.status_code, refused.json()["code"]) == (401, "session_idle")


async def test_use_is_kept_and_keeps_what_is_privileged_open(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = await a_person(shared_api, roles=["store_manager"])
    await in_the_database(
        shared_api,
        """UPDATE operator_session SET last_used_at = clock_timestamp() - interval '29 minutes',
                  privileged_until = clock_timestamp() + interval '1 minute' WHERE session_id = $1""",
        who.session_id,
    )
    assert await told(shared_api, who) == (200, "")
    await asyncio.gather(*(task for _, task in shared_api.app.state.sessions._noted.values()))
    async with shared_api.ledger.pool.acquire() as connection:
        used, left = await connection.fetchrow(
            """SELECT clock_timestamp() - last_used_at, privileged_until - clock_timestamp()
               FROM operator_session WHERE session_id = $1""",
            who.session_id,
        )
    assert used.total_seconds() < 60
    assert left.total_seconds() > 29 * 60


async def test_a_disabled_operator_is_out_in_every_process_within_five_seconds(shared_api: Api) -> None:
    """Two applications over one database, as two processes are: one disables, the other has remembered."""
    other_app = create_app(
        ledger=Ledger(shared_api.ledger.pool, compile_timeline=timeline_of_published), runs_jobs=False
    )
    who = await a_person(shared_api, roles=["cashier"])
    owner = await a_person(shared_api, roles=["owner"])
    transport = httpx.ASGITransport(app=other_app)
    async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as other:
        assert (await other.get("/v1/session", headers=who.headers())).status_code == 200
        began = time.monotonic()
        done = await owner.ask(shared_api, "POST", f"/v1/operators/{who.id}:disable", key=None)
        assert (done.status_code, done.json()["state"]) == (200, "disabled")
        while (await other.get("/v1/session", headers=who.headers())).status_code == 200:
            assert time.monotonic() - began < CACHE_SECONDS + 0.5, "it is remembered for five seconds"
            await asyncio.sleep(0.25)
    assert PATIENCE.lock_seconds, "as it is served"


# -- who guesses ----------------------------------------------------------------------------------------------------------


async def test_a_wrong_login_a_wrong_password_and_a_disabled_operator_are_told_the_same(
    shared_api: Api,
) -> None:
    login, disabled = await a_login(shared_api), await a_login(shared_api)
    await in_the_database(
        shared_api, "UPDATE operator SET disabled_at = clock_timestamp() WHERE login = $1", disabled
    )
    answers = [
        await sign_in_as(shared_api, login, "not the password"),
        await sign_in_as(shared_api, "nobody-at-all", PASSWORD),
        await sign_in_as(shared_api, "no login; at all", PASSWORD),
        await sign_in_as(shared_api, disabled, PASSWORD),
    ]
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(401, "sign_in_refused")}
    assert len({one.text for one in answers}) == 1
    assert all("set-cookie" not in one.headers for one in answers)


async def test_an_unknown_login_takes_as_long_as_a_known_one(shared_api: Api) -> None:
    login = await a_login(shared_api)

    async def took(name: str) -> float:
        began = time.process_time()
        await sign_in_as(shared_api, name, "not the password")
        return time.process_time() - began

    await took("warm-up")
    known = min([await took(login) for _ in range(3)])
    unknown = min([await took(f"nobody-{i}") for i in range(3)])
    assert 0.5 < unknown / known < 2


async def test_after_wrong_tries_the_next_one_waits_also_where_no_such_login_is(shared_api: Api) -> None:
    for name in (await a_login(shared_api), "nobody-who-waits"):
        for _ in range(4):
            assert (await sign_in_as(shared_api, name, "wrong password")).status_code == 401
        waits = await sign_in_as(shared_api, name, PASSWORD)
        assert (waits.status_code, waits.json()["code"]) == (429, "sign_in_too_soon")
        assert waits.json()["numbers"]["seconds"] == int(waits.headers["retry-after"]) == 1


async def test_once_it_has_waited_the_right_password_opens_and_all_is_forgotten(shared_api: Api) -> None:
    login = await a_login(shared_api)
    for _ in range(4):
        await sign_in_as(shared_api, login, "wrong password")
    await asyncio.sleep(1.1)
    assert (await sign_in_as(shared_api, login)).status_code == 200
    for _ in range(3):
        assert (await sign_in_as(shared_api, login, "wrong password")).status_code == 401


async def test_a_hundred_guesses_at_once_are_counted_one_after_the_other(shared_api: Api) -> None:
    login = await a_login(shared_api)
    answers = await asyncio.gather(*(sign_in_as(shared_api, login, f"guess {i} wrong") for i in range(24)))
    looked_at = [one for one in answers if one.json()["code"] == "sign_in_refused"]
    assert len(looked_at) == 4, "three cost no wait, the fourth is looked at and the next waits"


async def test_whoever_guesses_from_elsewhere_does_not_make_the_owner_wait_in_his_own_browser(
    shared_api: Api,
) -> None:
    login = await a_login(shared_api)
    mine = {"X-Forwarded-For": "203.0.113.7"}
    signed_in = await sign_in_as(shared_api, login, headers=mine)
    device = signed_in.cookies["jifen_device"]
    # From so many addresses that the login itself waits by now, and from the owner's own address.
    await in_the_database(
        shared_api,
        "UPDATE sign_in_try SET failures = 100, free_at = clock_timestamp() + interval '30 seconds'",
    )
    for address in ("198.51.100.1", "203.0.113.7"):
        for _ in range(6):
            await sign_in_as(shared_api, login, "wrong password", headers={"X-Forwarded-For": address})
    guessed = await sign_in_as(shared_api, login, headers={"X-Forwarded-For": "203.0.113.7"})
    assert guessed.status_code == 429, "somebody in a new browser waits"
    owner = await sign_in_as(shared_api, login, headers={**mine, "Cookie": f"jifen_device={device}"})
    assert owner.status_code == 200
    forged = f"{device[:32]}.{'0' * 64}"
    assert (
        await sign_in_as(shared_api, login, headers={"Cookie": f"jifen_device={forged}"})
    ).status_code == 429
    other = await a_login(shared_api)
    for _ in range(4):
        await sign_in_as(shared_api, other, "wrong")
    await in_the_database(
        shared_api,
        "UPDATE sign_in_try SET free_at = clock_timestamp() + interval '30 seconds' WHERE failures > 3",
    )
    borrowed = await sign_in_as(shared_api, other, headers={"Cookie": f"jifen_device={device}"})
    assert borrowed.status_code == 429, (
        "a browser is known to the login that signed in there, and to no other"
    )


async def test_tries_that_are_a_day_old_are_forgotten(shared_api: Api) -> None:
    login = await a_login(shared_api)
    for _ in range(4):
        await sign_in_as(shared_api, login, "wrong password")
    await in_the_database(
        shared_api,
        "UPDATE sign_in_try SET failed_at = failed_at - interval '25 hours', free_at = free_at - interval '25 hours'",
    )
    for _ in range(3):
        assert (await sign_in_as(shared_api, login, "wrong password")).status_code == 401


# -- the second factor ----------------------------------------------------------------------------------------------------


async def with_totp(api: Api, login: str) -> tuple[pyotp.TOTP, list[str]]:
    """The authenticator and the recovery codes of an operator, who has just confirmed."""
    who = person_of(await sign_in_as(api, login))
    offered = (await who.ask(api, "POST", "/v1/session/totp:enrol", {"password": PASSWORD}, key=None)).json()
    assert offered["uri"].startswith("otpauth://totp/Jifen:")
    assert offered["secret"] in offered["uri"]
    assert (await sign_in_as(api, login)).status_code == 200, "nothing changes before it is confirmed"
    authenticator = pyotp.TOTP(offered["secret"])
    wrong = await who.ask(api, "POST", "/v1/session/totp:confirm", {"code": "000000"}, key=None)
    assert (wrong.status_code, wrong.json()["pointer"]) == (422, "/code")
    done = await who.ask(api, "POST", "/v1/session/totp:confirm", {"code": authenticator.now()}, key=None)
    assert done.status_code == 200, done.text
    return authenticator, done.json()["recovery_codes"]


async def forget_step(api: Api, login: str) -> None:
    """As half a minute later."""
    await in_the_database(api, "UPDATE operator SET totp_step = totp_step - 3 WHERE login = $1", login)


async def test_with_a_second_factor_a_code_is_asked_for_and_counts_once(shared_api: Api) -> None:
    login = await a_login(shared_api)
    authenticator, _ = await with_totp(shared_api, login)
    asked = await sign_in_as(shared_api, login)
    assert (asked.status_code, asked.json()["code"]) == (401, "code_required")
    async with shared_api.ledger.pool.acquire() as connection:  # by now another half minute may have begun
        step = await connection.fetchval("SELECT totp_step FROM operator WHERE login = $1", login)
    used = await sign_in_as(shared_api, login, code=authenticator.generate_otp(step))
    assert used.json()["code"] == "sign_in_refused", "the code that confirmed it was used by that"
    await forget_step(shared_api, login)
    code = authenticator.now()
    answers = await asyncio.gather(*(sign_in_as(shared_api, login, code=code) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [200, 401, 401]


async def test_who_knows_the_login_only_is_not_asked_for_a_code(shared_api: Api) -> None:
    login = await a_login(shared_api)
    await with_totp(shared_api, login)
    answer = await sign_in_as(shared_api, login, "wrong password", code="123456")
    assert answer.json()["code"] == "sign_in_refused"


async def test_a_recovery_code_is_good_once_however_it_is_written(shared_api: Api) -> None:
    login = await a_login(shared_api)
    _, codes = await with_totp(shared_api, login)
    assert len(set(codes)) == 10
    written = codes[0].lower().replace("-", " ")
    assert (await sign_in_as(shared_api, login, code=written)).status_code == 200
    assert (await sign_in_as(shared_api, login, code=codes[0])).json()["code"] == "sign_in_refused"
    assert (await sign_in_as(shared_api, login, code=codes[1])).status_code == 200


async def test_who_knows_the_password_and_guesses_codes_waits(shared_api: Api) -> None:
    login = await a_login(shared_api)
    authenticator, _ = await with_totp(shared_api, login)
    for i in range(6):  # each from another address, so that only guesses of codes are counted together
        headers = {"X-Forwarded-For": f"192.0.2.{i}"}
        assert (await sign_in_as(shared_api, login, code="000000", headers=headers)).status_code == 401
    waits = await sign_in_as(
        shared_api, login, code=authenticator.now(), headers={"X-Forwarded-For": "192.0.2.99"}
    )
    assert (waits.status_code, waits.json()["code"]) == (429, "sign_in_too_soon")


async def test_the_secret_is_sealed_at_rest_and_tied_to_its_operator(shared_api: Api) -> None:
    login, other = await a_login(shared_api), await a_login(shared_api)
    authenticator, codes = await with_totp(shared_api, login)
    async with shared_api.ledger.pool.acquire() as connection:
        row = await connection.fetchrow("SELECT * FROM operator WHERE login = $1", login)
    kept = str(dict(row)) + row["totp_secret"].hex()
    assert authenticator.secret not in kept
    assert authenticator.secret.encode().hex() not in kept
    assert not [code for code in codes if code in kept or code.replace("-", "") in kept]
    await in_the_database(
        shared_api, "UPDATE operator SET totp_secret = $2 WHERE login = $1", other, row["totp_secret"]
    )
    answer = await sign_in_as(shared_api, other, code=authenticator.now())
    assert answer.status_code == 503, (
        "put under another operator it opens nothing: somebody was in the database"
    )


async def test_the_second_factor_and_the_password_are_changed_by_who_knows_the_password(
    shared_api: Api,
) -> None:
    login = await a_login(shared_api)
    await with_totp(shared_api, login)
    who = await a_person(shared_api, roles=["cashier"])
    assert (await told(shared_api, who, "POST", "/v1/session/totp:remove", body={"password": "guess"}))[
        1
    ] == ("sign_in_refused")
    await in_the_database(shared_api, "UPDATE operator SET totp_secret = NULL WHERE login = $1", login)
    me, elsewhere = [person_of(await sign_in_as(shared_api, login)) for _ in range(2)]
    short = {"password": PASSWORD, "new_password": "short"}
    assert (await me.ask(shared_api, "POST", "/v1/session/password", short, key=None)).json()["pointer"] == (
        "/new_password"
    )
    body = {"password": PASSWORD, "new_password": "another long password"}
    assert (await me.ask(shared_api, "POST", "/v1/session/password", body, key=None)).status_code == 200
    assert await told(shared_api, me) == (200, "")
    async with shared_api.ledger.pool.acquire() as connection:
        ended = await connection.fetchval(
            "SELECT ended_at IS NOT NULL FROM operator_session WHERE session_id = $1", elsewhere.session_id
        )
    assert ended
    assert (await sign_in_as(shared_api, login)).status_code == 401
    assert (await sign_in_as(shared_api, login, "another long password")).status_code == 200


# -- invitations ----------------------------------------------------------------------------------------------------------


async def test_an_invitation_is_good_once_and_makes_an_operator_who_signs_in(shared_api: Api) -> None:
    owner = await a_person(shared_api, roles=["owner"])
    invited = await owner.ask(
        shared_api, "POST", "/v1/operators:invite", {"name": "陈 静", "roles": ["cashier"]}, key=None
    )
    assert invited.status_code == 201, invited.text
    said = invited.json()
    assert said["operator"]["state"] == "invited"
    assert said["token"] in said["path"]
    login = f"chen.jing{owner.session_id.hex[:6]}"
    body = {"token": said["token"], "login": login, "password": "我的密码是很长的一句话"}
    first = await shared_api.ask("POST", "/v1/invitations:accept", body, as_=None, key=None)
    assert (first.status_code, first.json()["login"]) == (201, login)
    again = await shared_api.ask("POST", "/v1/invitations:accept", body, as_=None, key=None)
    assert (again.status_code, again.json()["code"]) == (401, "invitation_refused")
    assert (await sign_in_as(shared_api, login, "我的密码是很长的一句话")).status_code == 200


async def test_a_second_invitation_takes_the_place_of_the_first_and_an_old_one_opens_nothing(
    shared_api: Api,
) -> None:
    owner = await a_person(shared_api, roles=["owner"])
    body = {"name": "Twice Invited", "roles": ["cashier"]}
    one, two = [
        (await owner.ask(shared_api, "POST", "/v1/operators:invite", body, key=None)).json() for _ in range(2)
    ]
    assert one["operator"]["id"] == two["operator"]["id"]

    async def accept(token: str) -> int:
        asked = {"token": token, "login": "twice.invited", "password": PASSWORD}
        return (await shared_api.ask("POST", "/v1/invitations:accept", asked, as_=None, key=None)).status_code

    assert await accept(one["token"]) == 401
    await in_the_database(shared_api, "UPDATE operator_invitation SET expires_at = clock_timestamp()")
    assert await accept(two["token"]) == 401


async def test_a_login_is_one_persons_and_the_invitation_stays_good(shared_api: Api) -> None:
    taken, owner = await a_login(shared_api), await a_person(shared_api, roles=["owner"])
    body = {"name": "Also", "roles": ["cashier"]}
    token = (await owner.ask(shared_api, "POST", "/v1/operators:invite", body, key=None)).json()["token"]
    asked = {"token": token, "login": taken.upper(), "password": PASSWORD}
    clash = await shared_api.ask("POST", "/v1/invitations:accept", asked, as_=None, key=None)
    assert (clash.status_code, clash.json()["code"]) == (409, "login_taken")
    free = {**asked, "login": f"{taken}-2"}
    assert (
        await shared_api.ask("POST", "/v1/invitations:accept", free, as_=None, key=None)
    ).status_code == 201


@pytest.mark.parametrize("password", ["short", "1234567890", "aaaaaaaaaaaaaa", "x" * 201])
async def test_a_password_that_is_guessed_first_is_refused(shared_api: Api, password: str) -> None:
    asked = {"token": "no matter", "login": "somebody", "password": password}
    answer = await shared_api.ask("POST", "/v1/invitations:accept", asked, as_=None, key=None)
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/password")
    assert password not in answer.text, "a password is told nobody, also not in a refusal"


async def test_resetting_a_password_ends_it_and_the_sessions(shared_api: Api) -> None:
    login, owner = await a_login(shared_api, roles=["cashier"]), await a_person(shared_api, roles=["owner"])
    await with_totp(shared_api, login)
    async with shared_api.ledger.pool.acquire() as connection:
        operator_id = await connection.fetchval("SELECT operator_id FROM operator WHERE login = $1", login)
    path = f"/v1/operators/opr_{operator_id.hex}:reset_password"
    reset = await owner.ask(shared_api, "POST", path, {"removes_second_factor": True}, key=None)
    assert reset.status_code == 201, reset.text
    assert (await sign_in_as(shared_api, login)).status_code == 401
    asked = {"token": reset.json()["token"], "password": "a brand new password"}
    assert (
        await shared_api.ask("POST", "/v1/invitations:accept", asked, as_=None, key=None)
    ).status_code == 201
    assert (await sign_in_as(shared_api, login, "a brand new password")).status_code == 200


# -- who manages whom -----------------------------------------------------------------------------------------------------


async def test_nobody_gives_what_he_has_not_got_nor_manages_who_has_more(shared_api: Api) -> None:
    manager = await a_person(shared_api, roles=["cashier"], permissions=["operators.manage"])
    owner = await a_person(shared_api, roles=["owner"])
    up = {"name": "Accomplice", "roles": ["owner"]}
    for method, path, body in (
        ("POST", "/v1/operators:invite", up),
        ("PUT", f"/v1/operators/{manager.id}/roles", {"roles": ["owner"]}),
        ("PUT", f"/v1/operators/{owner.id}/roles", {"roles": ["cashier"]}),
        ("POST", f"/v1/operators/{owner.id}:reset_password", {}),
        ("POST", f"/v1/operators/{owner.id}:disable", None),
        ("POST", f"/v1/operators/{owner.id}:end_sessions", None),
    ):
        answer = await manager.ask(shared_api, method, path, body, key=None)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted"), path
    fine = await manager.ask(
        shared_api, "POST", "/v1/operators:invite", {"name": "Colleague", "roles": ["cashier"]}, key=None
    )
    assert fine.status_code == 201


async def test_what_an_operator_may_do_changes_in_his_open_sessions(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, owner = await a_person(shared_api, roles=["cashier"]), await a_person(shared_api, roles=["owner"])
    assert (await who.ask(shared_api, "GET", "/v1/program")).status_code == 200
    body = {"permissions": ["metrics.read"], "stores": ["main"]}
    changed = await owner.ask(shared_api, "PUT", f"/v1/operators/{who.id}/roles", body, key=None)
    assert changed.json()["permissions"] == ["metrics.read"]
    later(monkeypatch)
    assert (await who.ask(shared_api, "GET", "/v1/program")).status_code == 403


async def test_the_last_who_manages_operators_stays(shared_api: Api) -> None:
    api, owner = shared_api, await a_person(shared_api, roles=["owner"])
    await in_the_database(
        api, "UPDATE operator SET disabled_at = clock_timestamp() WHERE operator_id <> $1", owner.operator_id
    )
    for method, path, body in (
        ("POST", f"/v1/operators/{owner.id}:disable", None),
        ("PUT", f"/v1/operators/{owner.id}/roles", {"roles": ["cashier"]}),
    ):
        answer = await owner.ask(api, method, path, body, key=None)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    assert (await owner.ask(api, "GET", f"/v1/operators/{owner.id}")).json()["state"] == "active"
