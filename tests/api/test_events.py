"""Events by HTTP: told by keys, in batches, and by members on their own phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.api.conftest import Api
from tests.api.people import OnPhone
from tests.api.test_on_the_phone import on_a_phone
from tests.api.writes import an_event

from jifen.present.ids import unprefixed
from jifen.store.events import own_events_since

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_event_is_recorded_answered_again_and_refused_when_it_is_another(shared_api: Api) -> None:
    body = await an_event(shared_api, attributes={"steps": 9_000, "note": "a walk"})

    first = await shared_api.post("/v1/events", body)
    again = await shared_api.post("/v1/events", body)
    other = await shared_api.post("/v1/events", {**body, "attributes": {"steps": 9_001}})

    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert again.headers["Idempotent-Replay"] == "true"
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"], other.json()["pointer"]) == (
        409,
        "key_reused",
        "/business_no",
    )


async def test_each_of_a_batch_is_answered_for_itself(shared_api: Api) -> None:
    good = await an_event(shared_api)
    wrong = [
        {**await an_event(shared_api), "event": "check-out"},
        {**await an_event(shared_api), "attributes": {"steps": "many"}},
        {**await an_event(shared_api), "source": "me"},
        {**await an_event(shared_api), "member": {"card": "nobody-has-it"}},
        {**await an_event(shared_api), "occurred_at": "2099-01-01T00:00:00Z"},
    ]
    answers = (await shared_api.post("/v1/events:batch", {"events": [good, *wrong, good]})).json()["answers"]

    assert [one["status"] for one in answers] == [201, 422, 422, 422, 422, 422, 200]
    assert [one["problem"]["code"] for one in answers[1:-1]] == [
        "event_unknown", "field_wrong", "field_wrong", "member_unknown", "time_out_of_bounds",
    ]  # fmt: skip
    assert [one["problem"]["pointer"] for one in answers[1:-1]] == [
        "/events/1/event", "/events/2/attributes/steps", "/events/3/source", "/events/4/member", "/events/5/occurred_at",
    ]  # fmt: skip


async def test_a_member_tells_of_what_the_programme_takes_from_him_and_of_nothing_else(
    shared_api: Api,
) -> None:
    who, other = await on_a_phone(shared_api), await on_a_phone(shared_api)
    kinds = (await who.ask(shared_api, "GET", "/v1/me/events")).json()["data"]
    body = {"event": "check-in", "business_no": "tap-1", "attributes": {}}

    began = datetime.now(UTC)
    first = await who.ask(shared_api, "POST", "/v1/me/events", body)
    again = await who.ask(shared_api, "POST", "/v1/me/events", body)
    his = await other.ask(shared_api, "POST", "/v1/me/events", body)
    survey = await who.ask(
        shared_api, "POST", "/v1/me/events", {**body, "event": "survey", "business_no": "tap-2"}
    )

    assert [one["event"] for one in kinds] == ["check-in", "hello"]
    assert (first.status_code, again.status_code, his.status_code) == (201, 200, 201), first.text
    assert first.json()["sequence"] == again.json()["sequence"]
    assert his.json()["member_id"] == other.member_id
    assert (survey.status_code, survey.json()["code"]) == (422, "event_unknown")
    occurred_at = datetime.fromisoformat(first.json()["occurred_at"])
    assert began <= occurred_at <= datetime.now(UTC), "it counts as of the moment at which it comes"


async def test_a_member_tells_of_so_many_a_day_and_no_more_and_what_he_told_stays_told(
    shared_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is an entry for good: a phone gone wild, or a member who wants to fill the disk, is stopped. What is sent again is
    answered as before, and tills go on; what a till told is not counted, and neither is what was told before."""
    for module in ("jifen.domain.occasions", "jifen.operations.record_events"):
        monkeypatch.setattr(f"{module}.OWN_EVENTS_A_DAY", 20)
    who, other = await on_a_phone(shared_api), await on_a_phone(shared_api)

    def tell(one: OnPhone, number: int) -> Awaitable[httpx.Response]:
        body = {"event": "check-in", "business_no": f"tap-{number}"}
        return one.ask(shared_api, "POST", "/v1/me/events", body)

    at_once = await asyncio.gather(*(tell(who, number) for number in range(40)))
    done = [number for number, answer in enumerate(at_once) if answer.status_code == 201]
    refused = next(answer for answer in at_once if answer.status_code != 201)
    again = await tell(who, done[0])
    till = await shared_api.post("/v1/events", await an_event(shared_api, member={"id": who.member_id}))

    assert len(done) == 20
    assert {answer.status_code for answer in at_once} == {201, 422}
    assert (refused.json()["code"], refused.json()["numbers"]) == ("too_much", {"limit": 20})
    assert again.status_code == 200
    assert till.status_code == 201, till.text
    assert (await tell(other, 1)).status_code == 201

    member_id = unprefixed("mbr", who.member_id)
    assert member_id is not None
    last = datetime.fromisoformat(again.json()["recorded_at"]) + timedelta(minutes=1)
    async with shared_api.ledger.connection() as connection:
        for since, most, counted in (
            (last - timedelta(days=1), 200, 20),
            (last - timedelta(days=1), 7, 7),
            (last, 200, 0),
        ):
            assert await own_events_since(connection, member_id, since, at_most=most) == counted


async def test_the_number_of_a_members_event_is_told_as_his_phone_made_it(shared_api: Api) -> None:
    who = await on_a_phone(shared_api)
    body = {"event": "check-in", "business_no": "x" * 200}
    for _ in range(2):
        answer = await who.ask(shared_api, "POST", "/v1/me/events", body)
        assert answer.json()["business_no"] == body["business_no"]
