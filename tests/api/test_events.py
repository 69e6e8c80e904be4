"""Events by HTTP: told by keys, in batches, and by members on their own phones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.api.conftest import Api
from tests.api.test_on_the_phone import on_a_phone
from tests.api.writes import an_event

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
