"""Rewards over HTTP: offers that say why not in both languages, a member's own redemption picked up by its code, and stocks."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api
from tests.api.people import a_phone_of


async def offers(api: Api, member: str, language: str) -> dict[str, dict[str, Any]]:
    """What a member can have, by code."""
    answer = await api.ask("GET", f"/v1/members/{member}/rewards", headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return {one["reward"]: one for one in answer.json()["data"]}


async def test_offers_say_what_is_missing_in_both_languages(api: Api) -> None:
    member = await api.a_member_with(20)

    found = await offers(api, member, "en")

    assert found["tea"]["is_had"]
    assert found["tea"]["why_not"] == []
    assert [one["said"] for one in found["mug"]["why_not"]] == ["30 points are missing", "sold out"]
    assert [one["said"] for one in (await offers(api, member, "zh"))["mug"]["why_not"]] == [
        "还差 30 积分",
        "已兑完",
    ]


async def test_what_waits_is_found_by_its_code_handed_over_once_and_taken_back(api: Api) -> None:
    member = await api.a_member_with(100)
    assert (await api.ask("POST", "/v1/rewards/mug:stock", {"pieces": 1, "reason": "delivered"})).json()[
        "left"
    ] == 1
    body = {"member": {"id": member}, "reward": "mug", "is_kept": True}
    made = (await api.ask("POST", "/v1/redemptions", body)).json()
    assert (made["units"], made["amount_minor"], made["status"]) == (50, 900, "waiting")

    found = (
        await api.ask("POST", "/v1/redemptions:find", {"code": f"{made['code'][:3]} {made['code'][3:]}"})
    ).json()

    assert found["redemption_id"] == made["redemption_id"]
    assert "code" not in found
    sold_out = await api.ask("POST", "/v1/redemptions", body)
    assert (sold_out.status_code, sold_out.json()["code"], sold_out.json()["numbers"]["left"]) == (
        409,
        "sold_out",
        0,
    )
    whose = f"/v1/redemptions/{made['redemption_id']}"
    assert (await api.ask("POST", f"{whose}:hand-over", {})).json()["balance_after"] == 50
    again = await api.ask("POST", f"{whose}:hand-over", {})
    assert (again.status_code, again.json()["status"]) == (409, 409)
    assert again.json()["code"] == "redemption_over"
    gone = await api.ask("POST", "/v1/redemptions:find", {"code": made["code"]})
    assert gone.json()["code"] == "redemption_unknown"
    taken_back = await api.ask("POST", f"{whose}:take-back", {"note": "broken"})
    assert (taken_back.status_code, taken_back.json()["balance_after"]) == (200, 100)
    trail = (await api.ask("GET", whose)).json()["trail"]
    assert [step["status"] for step in trail] == ["waiting", "handed_over", "returned"]
    rewards = {one["reward"]: one for one in (await api.ask("GET", "/v1/rewards")).json()["data"]}
    assert rewards["mug"]["left"] == 1


async def test_a_code_that_was_mistyped_is_told_apart_from_one_that_is_nobodys(api: Api) -> None:
    wrong = await api.ask("POST", "/v1/redemptions:find", {"code": "1234567890"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "field_wrong")
    nobody = await api.ask("POST", "/v1/redemptions:find", {"code": "1234567897"})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "redemption_unknown")


async def test_redemptions_are_listed_by_where_they_stand_without_their_codes(api: Api) -> None:
    member = await api.a_member_with(100)
    made = [
        (
            await api.ask(
                "POST", "/v1/redemptions", {"member": {"id": member}, "reward": "tea", "is_kept": True}
            )
        ).json()
        for _ in range(3)
    ]
    await api.ask("POST", f"/v1/redemptions/{made[0]['redemption_id']}:cancel", {})

    first = (await api.ask("GET", f"/v1/redemptions?member_id={member}&limit=2")).json()
    rest = (
        await api.ask("GET", f"/v1/redemptions?member_id={member}&limit=2&before={first['next_cursor']}")
    ).json()

    assert [one["redemption_id"] for one in first["data"] + rest["data"]] == [
        one["redemption_id"] for one in reversed(made)
    ]
    assert [one["status"] for one in first["data"] + rest["data"]] == ["waiting", "waiting", "cancelled"]
    assert all("code" not in one for one in first["data"])
    waiting = (await api.ask("GET", "/v1/redemptions?status=waiting&reward=tea")).json()["data"]
    assert {one["redemption_id"] for one in waiting} == {one["redemption_id"] for one in made[1:]}


async def test_a_member_takes_a_reward_on_his_phone_shows_its_code_and_calls_it_off(api: Api) -> None:
    enrolled = await api.post("/v1/members", {"person": {"phone": "+8613900000077"}})
    who = await a_phone_of(api, "+8613900000077")
    other = await a_phone_of(api, (await _another(api)))
    gift = {"member": {"id": who.member_id}, "currency": "points", "units": 30, "note": "welcome"}
    assert (await api.ask("POST", "/v1/adjustments", gift)).status_code == 201
    assert enrolled.status_code == 201

    made = (await who.ask(api, "POST", "/v1/me/redemptions", {"reward": "tea"})).json()

    own = (await who.ask(api, "GET", "/v1/me/redemptions")).json()["data"]
    assert [(one["code"], one["status"]) for one in own] == [(made["code"], "waiting")]
    whose = f"/v1/me/redemptions/{made['redemption_id']}:cancel"
    theirs = await other.ask(api, "POST", whose)
    assert (theirs.status_code, theirs.json()["code"]) == (404, "redemption_unknown")
    called_off = await who.ask(api, "POST", whose)
    assert (called_off.status_code, called_off.json()["status"]) == (200, "cancelled")
    after = (await who.ask(api, "GET", "/v1/me/redemptions")).json()["data"]
    assert [(one["code"], one["status"]) for one in after] == [(None, "cancelled")]
    waiting = (await who.ask(api, "GET", "/v1/me/redemptions?status=waiting")).json()["data"]
    assert waiting == []


async def _another(api: Api) -> str:
    assert (await api.post("/v1/members", {"person": {"phone": "+8613900000078"}})).status_code == 201
    return "+8613900000078"


async def test_what_a_member_took_is_listed_by_where_it_stands_too(api: Api) -> None:
    member = await api.a_member_with(100)
    body = {"member": {"id": member}, "reward": "tea", "is_kept": True}
    made = [(await api.ask("POST", "/v1/redemptions", body)).json() for _ in range(2)]
    await api.ask("POST", f"/v1/redemptions/{made[0]['redemption_id']}:cancel", {})

    async def found(query: str) -> list[str]:
        answer = await api.ask("GET", f"/v1/redemptions?member_id={member}{query}")
        return [one["redemption_id"] for one in answer.json()["data"]]

    assert await found("&status=waiting") == [made[1]["redemption_id"]]
    assert await found("&reward=mug") == []
    assert len(await found("")) == 2


async def test_the_trail_says_which_cashier_handed_over(api: Api) -> None:
    member = await api.a_member_with(100)
    body = {"member": {"id": member}, "reward": "tea", "is_kept": True, "cashier": "anna"}
    whose = f"/v1/redemptions/{(await api.ask('POST', '/v1/redemptions', body)).json()['redemption_id']}"
    assert (await api.ask("POST", f"{whose}:hand-over", {"cashier": "ben"})).status_code == 200

    trail = (await api.ask("GET", whose)).json()["trail"]

    assert [step["actor"].rpartition("/")[2] for step in trail] == ["anna", "ben"]
