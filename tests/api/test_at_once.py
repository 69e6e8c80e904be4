"""Many at once: no point is spent twice, none appears, and each gets an answer."""

from __future__ import annotations

import asyncio

import pytest
from tests.api.conftest import Api, a_purchase_body


async def balance(api: Api, member: str) -> int:
    """What a member holds."""
    told: int = (await api.get(f"/v1/members/{member}/balances")).json()["balances"][0]["balance"]
    return told


async def test_twenty_gifts_of_all_points_leave_a_hundred_points(api: Api) -> None:
    giver = await api.a_member_with(100)
    receivers = [await api.a_member() for _ in range(20)]

    async def give(receiver: str) -> tuple[int, str, int]:
        body = {"member": {"id": giver}, "receiver": {"id": receiver}, "currency": "points", "units": 100}
        answer = await api.post("/v1/gifts", body)
        told = answer.json()
        return answer.status_code, told.get("code", ""), told.get("numbers", {}).get("points_missing", 0)

    answers = await asyncio.gather(*(give(receiver) for receiver in receivers))

    assert sorted(answers) == [(201, "", 0)] + [(422, "points_missing", 100)] * 19
    held = [await balance(api, member) for member in (giver, *receivers)]
    assert sum(held) == 100
    assert held[0] == 0


async def test_gifts_round_in_a_circle_do_not_lock_each_other(api: Api) -> None:
    members = [await api.a_member_with(100) for _ in range(5)]

    async def give(at: int) -> int:
        body = {
            "member": {"id": members[at % 5]},
            "receiver": {"id": members[(at + 1) % 5]},
            "currency": "points",
            "units": 10,
        }
        return (await api.post("/v1/gifts", body)).status_code

    assert await asyncio.gather(*(give(at) for at in range(40))) == [201] * 40
    assert sum([await balance(api, member) for member in members]) == 500


async def test_a_hundred_purchases_of_one_member_at_once_earn_each_once(api: Api) -> None:
    member = await api.a_member()
    answers = await asyncio.gather(
        *(
            api.post("/v1/purchases", a_purchase_body(member, of=100, occurred_at="2026-11-21T04:00:00Z"))
            for _ in range(100)
        )
    )
    assert [answer.status_code for answer in answers] == [201] * 100
    assert sorted(answer.json()["sequence"] for answer in answers) == list(
        range(2, 102)
    )  # after the enrolment
    assert await balance(api, member) == 100


async def test_one_that_is_refused_leaves_its_neighbours_alone(api: Api) -> None:
    member = await api.a_member()
    bodies = [a_purchase_body(member, of=100) for _ in range(30)]
    for at in range(0, 30, 3):
        bodies[at]["store"] = "nowhere"
    answers = await asyncio.gather(*(api.post("/v1/purchases", body) for body in bodies))
    assert [answer.status_code for answer in answers] == [422 if at % 3 == 0 else 201 for at in range(30)]


async def test_a_batch_that_breaks_as_a_whole_is_tried_one_by_one(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jifen.api import lane
    from jifen.operations.record_purchases import record_each

    calls = []

    async def breaks_in_company(ledger: object, requests: list[object]) -> object:
        calls.append(len(requests))
        if any(request.purchase.business_no == "poison" for request in requests):  # type: ignore[attr-defined]
            raise RuntimeError("poison")
        return await record_each(ledger, requests)  # type: ignore[arg-type]

    monkeypatch.setattr(lane, "record_each", breaks_in_company)
    member = await api.a_member()
    bodies = [a_purchase_body(member), a_purchase_body(member, business_no="poison"), a_purchase_body(member)]
    answers = await asyncio.gather(
        *(api.post("/v1/purchases", body) for body in bodies), return_exceptions=True
    )
    codes = [answer.status_code for answer in answers]  # type: ignore[union-attr]
    assert codes == [201, 500, 201]
    assert calls[-1] == 1
