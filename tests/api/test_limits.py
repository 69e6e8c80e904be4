"""How often somebody may ask, and how guessing is slowed: told, fair to neighbours, never in the way of a sale."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.api.conftest import Api, a_purchase_body, only
from tests.api.people import a_person, a_phone_of
from tests.api.test_meters import lines

from jifen.api import limited
from jifen.api.addresses import address_of
from jifen.api.limits import (
    CALM_SECONDS,
    DELAY_SECONDS_MAX,
    GUESSES_FREE,
    KNOWN_MAX,
    WINDOW_SECONDS,
    Guesses,
    Limits,
    Rate,
    place_of,
)
from jifen.domain.principal import Permission
from jifen.operations.manage_keys import change_key, create_key, key_id_of, revoke_key


class Clock:
    """A clock that a test turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(limited, "clock", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Time stands still until the test says otherwise."""
    return Clock(monkeypatch)


# -- pure --------------------------------------------------------------------------------------------------------------


@given(st.integers(1, 500), st.lists(st.floats(0, 5), max_size=300))
def test_no_window_has_more_than_twice_the_limit_and_a_minute_of_silence_gives_all_back(
    limit: int, pauses: list[float]
) -> None:
    rate, now, taken = Rate(limit, "key"), 1_000.0, []
    for pause in pauses:
        now += pause
        if not rate.take(now):
            taken.append(now)
    for at in taken:
        assert sum(at <= one < at + WINDOW_SECONDS for one in taken) <= 2 * limit
    later = now + WINDOW_SECONDS
    assert sum(not rate.take(later) for _ in range(limit + 1)) == limit


@given(st.integers(1, 500), st.integers(0, 600))
def test_what_is_told_to_be_left_is_what_can_be_taken_and_waiting_as_told_is_enough(
    limit: int, asked: int
) -> None:
    rate, now = Rate(limit, "key"), 1_000.0
    for _ in range(asked):
        rate.take(now)
    told = dict(rate.headers(now))
    assert told[b"ratelimit-policy"] == b'"key";q=%d;w=60' % limit
    left = int(told[b"ratelimit"].partition(b"r=")[2].partition(b";")[0])
    assert sum(not rate.take(now) for _ in range(limit + 1)) == left
    wait = rate.take(now)
    assert wait >= 1
    assert rate.take(now + wait) == 0


def test_guessing_is_slowed_ever_more_and_forgotten_after_a_calm_while() -> None:
    guesses, now, waits = Guesses(), 1_000.0, []
    for _ in range(GUESSES_FREE):
        assert not guesses.missed(now)
    assert guesses.wait(now) == 0
    assert guesses.missed(now), "it is said once"
    for _ in range(8):
        waits.append(guesses.wait(now))
        now += waits[-1]
        assert guesses.wait(now) == 0
        assert not guesses.missed(now)
    assert waits == [1, 2, 4, 8, 16, 32, 32, 32]
    assert max(waits) == DELAY_SECONDS_MAX
    now += CALM_SECONDS + 1
    assert not guesses.missed(now)
    assert guesses.wait(now) == 0


def test_a_till_that_finds_nine_of_ten_is_never_slowed_and_one_that_has_a_card_to_hide_behind_is() -> None:
    honest, hiding = Guesses(), Guesses()
    for _ in range(1_000):
        for _ in range(10):
            honest.found()
        assert not honest.missed(0)
    slowed = 0
    for _ in range(100):
        hiding.found()
        slowed += hiding.missed(0)
    assert slowed == 1
    assert hiding.wait(0) == DELAY_SECONDS_MAX


def test_each_process_gives_its_share_and_addresses_are_forgotten_when_there_are_too_many() -> None:
    limits = Limits(per_address=100, processes=3)
    first = limits.asker(None, "10.0.0.0").rate
    assert first.limit == 34
    for at in range(KNOWN_MAX + 10):
        limits.asker(None, f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}")
    assert limits.asker(None, "10.0.0.0").rate is not first


def test_of_ipv6_a_network_is_one_address() -> None:
    assert place_of("2001:db8::1") == place_of("2001:db8::ffff:1") != place_of("2001:db8:0:1::1")
    assert place_of("10.0.0.1") == "10.0.0.1"


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:DB8::0001", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("Wang, 13800138000", None),
        ("unix:", None),
        ("", None),
    ],
)
def test_only_an_address_is_an_address(told: str, address: str | None) -> None:
    assert address_of({"type": "http", "client": (told, 1)}) == address
    assert address_of({"type": "http", "client": None}) is None


# -- by HTTP -----------------------------------------------------------------------------------------------------------


async def test_a_key_is_told_what_is_left_and_to_wait_when_nothing_is(api: Api, clock: Clock) -> None:
    key, token = await create_key(api.ledger, name="slow", roles=["till"], requests_per_minute=3)
    # A key that has not opened here yet is counted by the address once.
    assert (await api.get("/v1/program", as_=token)).headers["ratelimit-policy"].startswith('"address"')
    told = [await api.get("/v1/program", as_=token) for _ in range(5)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429, 429]
    assert [answer.headers["ratelimit"].partition(";t=")[0] for answer in told[:3]] == [
        '"key";r=2',
        '"key";r=1',
        '"key";r=0',
    ]
    assert {answer.headers["ratelimit-policy"] for answer in told} == {'"key";q=3;w=60'}
    assert told[3].headers["retry-after"] == "20"
    assert told[3].json()["code"] == "too_many_requests"
    assert told[3].json()["numbers"] == {"retry_after_seconds": 20}
    # Nobody else is held up by it, also on the short road.
    member = await api.a_member()
    assert (await api.get(f"/v1/members/{member}/balances", as_="till")).status_code == 200
    clock.now += 20
    assert (await api.get("/v1/program", as_=token)).status_code == 200
    assert (await api.get("/v1/program", as_=token)).status_code == 429
    await change_key(api.ledger, key.key_id, requests_per_minute="any")


async def test_the_short_road_is_counted_too(api: Api, clock: Clock) -> None:
    _, token = await create_key(api.ledger, name="slow", roles=["till"], requests_per_minute=5)
    member = await api.a_member()
    path = f"/v1/members/{member}/balances"
    statuses = [(await api.get(path, as_=token)).status_code for _ in range(8)]
    assert statuses == [200] * 6 + [429] * 2


async def test_who_is_signed_in_is_counted_by_his_session_and_not_by_the_network_he_is_in(
    api: Api, clock: Clock
) -> None:
    who = await a_person(api, roles=["owner"])
    phone = f"138{secrets.randbelow(10**8):08d}"
    assert (await api.post("/v1/members", {"person": {"phone": phone}})).status_code == 201
    member = await a_phone_of(api, phone)
    for of, path in ((who, "/v1/program"), (member, "/v1/me/balances")):
        told = [(await of.ask(api, "GET", path)).headers["ratelimit-policy"] for _ in range(2)]
        assert [policy.partition(";")[0] for policy in told] == ['"address"', '"session"']
    while (await api.ask("GET", "/v1/program", as_=None)).status_code != 429:
        pass  # the network has asked for all that it may
    assert (await who.ask(api, "GET", "/v1/program")).status_code == 200
    assert (await member.ask(api, "GET", "/v1/me/balances")).status_code == 200
    # A browser that has both is each where it asks as that; who has left is counted by the address again.
    both = {"Cookie": f"jifen_session={who.token}; jifen_me={member.token}"}
    for path in ("/v1/program", "/v1/me/balances"):
        answer = await api.ask("GET", path, as_=None, headers=both)
        assert answer.headers["ratelimit-policy"].startswith('"session"'), answer.text
    assert (await who.ask(api, "DELETE", "/v1/session")).status_code == 200
    assert (await who.ask(api, "GET", "/v1/program")).status_code in (401, 429)
    assert (await who.ask(api, "GET", "/v1/program")).headers["ratelimit-policy"].startswith('"address"')


async def test_whoever_tries_keys_is_slowed_and_takes_nothing_from_a_till_at_the_same_address(
    api: Api, clock: Clock
) -> None:
    assert (await api.get("/v1/program", as_="till")).status_code == 200
    key_id = key_id_of(api.tokens["till"])
    assert key_id is not None

    def guess() -> str:
        return f"jf_live_{key_id.hex}_{secrets.token_urlsafe(32)}"

    statuses = [(await api.get("/v1/program", as_=guess())).status_code for _ in range(GUESSES_FREE + 5)]
    assert statuses == [401] * (GUESSES_FREE + 1) + [429] * 4
    # The till goes on; so does its key after the cache of keys has forgotten it.
    api.app.state.doorkeeper._known.clear()
    api.app.state.doorkeeper._admitted.clear()
    assert (await api.get("/v1/program", as_="till")).status_code == 200
    clock.now += 1
    assert (await api.get("/v1/program", as_=guess())).status_code == 401
    assert (await api.get("/v1/program", as_=guess())).headers["retry-after"] == "2"
    await _until_noted(api)
    row = (await api.get("/v1/audit?deed=guessing.slowed", as_="auditor")).json()
    if row.get("code"):  # the auditor's key has not opened here, and the address waits
        clock.now += 2
        row = (await api.get("/v1/audit?deed=guessing.slowed", as_="auditor")).json()
    assert [(one["principal_kind"], one["came_from"], one["details"]) for one in row["data"]] == [
        ("job", "127.0.0.1", {"what": "key"})
    ]


async def _until_noted(api: Api) -> None:
    for _ in range(200):
        async with api.ledger.pool.acquire() as connection:
            if await connection.fetchval("SELECT EXISTS (SELECT FROM audit WHERE deed = 'guessing.slowed')"):
                return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing was written down")


LOOKS: dict[str, Any] = {
    "find": lambda: ("GET", f"/v1/members?card={secrets.token_hex(8)}", None),
    "quote": lambda: (
        "POST",
        "/v1/purchases:quote",
        {**a_purchase_body(), "member": {"card": secrets.token_hex(8)}},
    ),
    "code": lambda: ("POST", "/v1/purchases:quote", {**a_purchase_body(), "member": {"code": "1" * 20}}),
    "reserve": lambda: (
        "POST",
        "/v1/reservations",
        {"member": {"card": secrets.token_hex(8)}, "currency": "points", "units": 1},
    ),
}


@pytest.mark.parametrize("look", list(LOOKS))
async def test_whoever_guesses_cards_or_codes_waits_and_still_sells(
    api: Api, clock: Clock, look: str
) -> None:
    member = await api.a_member("62000001")
    assert (await api.get("/v1/program", as_="till")).status_code == 200
    for _ in range(GUESSES_FREE + 1):
        method, path, body = LOOKS[look]()
        refused = await api.ask(method, path, body, as_="till")
        assert refused.status_code in (404, 422), refused.text
    # Also for what he would have found: nobody learns by being let wait.
    slowed = await api.get("/v1/members?card=62000001", as_="till")
    assert (slowed.status_code, slowed.headers["retry-after"]) == (429, "1")
    sold = await api.post("/v1/purchases", a_purchase_body(member), as_="till")
    assert sold.status_code == 201
    assert (await api.get("/v1/members?card=62000001", as_="service")).status_code == 200
    clock.now += 1
    assert (await api.get("/v1/members?card=62000001", as_="till")).status_code == 200
    await _until_noted(api)
    what = "code" if look == "code" else "card"
    rows = (await api.get("/v1/audit?deed=guessing.slowed", as_=only(Permission.AUDIT_READ))).json()["data"]
    assert [(one["principal"], one["details"]) for one in rows] == [("till-key", {"what": what})]
    text = (await api.get("/metrics")).content
    assert lines(text, "jifen_guesses_total") == {f'jifen_guesses_total{{what="{what}"}}': GUESSES_FREE + 1}


async def test_who_sends_no_key_guesses_none_and_a_revoked_one_is_no_guess(api: Api, clock: Clock) -> None:
    for _ in range(GUESSES_FREE + 10):
        assert (await api.get("/v1/program", as_=None)).status_code == 401
    _, revoked = await create_key(api.ledger, name="leaver", roles=["till"])
    assert (await api.get("/v1/program", as_=revoked)).status_code == 200
    key_id = key_id_of(revoked)
    assert key_id is not None
    await revoke_key(api.ledger, key_id)
    api.app.state.doorkeeper._known.clear()
    api.app.state.doorkeeper._admitted.clear()
    for _ in range(GUESSES_FREE + 10):  # a till that nobody has told
        assert (await api.get("/v1/program", as_=revoked)).status_code == 401
    wrong = "jf_live_" + "0" * 32 + "_" + "A" * 43
    for _ in range(GUESSES_FREE + 10):
        assert (await api.get("/v1/program", as_=wrong)).status_code == 401
    assert (await api.get("/v1/health", as_=None)).status_code == 200
    text = (await api.get("/metrics")).content
    assert lines(text, "jifen_guesses_total") == {'jifen_guesses_total{what="key"}': 1}
