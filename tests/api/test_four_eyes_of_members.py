"""Four eyes for erasing, for merging, and for seeing many persons: what one operator proposes another decides (decision 0140)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tests.api.conftest import Api, Shop, an_api
from tests.api.people import Person, a_person
from tests.api.test_four_eyes import code, decide, in_the_database

from jifen.domain.principal import LOCAL
from jifen.embedded import Server
from jifen.operations.handle_proposals import change_four_eyes
from jifen.operations.manage_keys import create_key

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api_of_one(postgres: Server, shop: Shop) -> AsyncIterator[Api]:
    """A shop that one operator runs."""
    async with an_api(postgres, shop) as known:
        yield known


async def erasing(api: Api, who: Person, member: str, **more: Any) -> httpx.Response:
    """What somebody is answered who erases a member."""
    return await who.ask(api, "POST", f"/v1/members/{member}/persons:erase", {"confirm": member}, **more)


async def merging(api: Api, who: Person, member: str, into: str, note: str | None = None) -> httpx.Response:
    """What somebody is answered who merges a member into another."""
    body = {"into": {"id": into}, **({"note": note} if note else {})}
    return await who.ask(api, "POST", f"/v1/members/{member}:merge", body)


async def revealing(api: Api, who: Person, member: str) -> httpx.Response:
    """What somebody is answered who wants to see a member's persons in full."""
    path = f"/v1/members/{member}/persons:reveal"
    return await who.ask(api, "POST", path, {"why": "service"}, key=None)


async def is_known(api: Api, member: str) -> bool:
    """Whether anything personal is known of a member."""
    return (await api.get(f"/v1/members/{member}/persons")).status_code == 200


async def test_erasing_waits_for_another_and_is_done_once_whoever_approves(shared_api: Api) -> None:
    officer = await a_person(shared_api, name="Ann", roles=["privacy_officer"])
    others = [await a_person(shared_api, name="Ben", roles=["privacy_officer"]) for _ in range(2)]
    member = await shared_api.a_member()
    asked = [await erasing(shared_api, officer, member, key=f"erase {member}") for _ in range(2)]
    assert [one.status_code for one in asked] == [202, 200]
    assert asked[0].json() == asked[1].json()
    assert asked[0].json()["confirm"] is None
    proposal = asked[0].json()["proposal"]
    assert await is_known(shared_api, member)
    waits = (
        await officer.ask(shared_api, "GET", f"/v1/proposals?state=waiting&member={member}&language=en")
    ).json()
    assert [one["sentence"] for one in waits["data"]] == [f"Ann proposes to erase the persons of {member}: 1"]
    assert code(await decide(shared_api, officer, proposal)) == (403, "own_proposal")
    service = await a_person(shared_api, permissions=["proposals.decide"])
    assert code(await decide(shared_api, service, proposal)) == (403, "not_permitted")

    answers = await asyncio.gather(*(decide(shared_api, one, proposal) for one in others * 2))
    assert [one.status_code for one in answers] == [200] * 4
    told = answers[0].json()
    assert {one.json()["result"]["erased_at"] for one in answers} == {told["result"]["erased_at"]}
    decider = told["decided_by"]["id"]
    assert told["result"]["actor"] == f"{officer.id}+{decider}"
    assert not await is_known(shared_api, member)
    rows = (await shared_api.get(f"/v1/audit?about={member}")).json()["data"]
    erased = [one for one in rows if one["deed"] == "person.erased"]
    assert [one["principal_id"] for one in erased] == [decider.removeprefix("opr_")], "once, by who approved"
    again = await erasing(shared_api, officer, member)
    assert code(again) == (404, "person_unknown")


async def test_who_came_meanwhile_is_not_erased_unseen(shared_api: Api) -> None:
    officer, other = [await a_person(shared_api, roles=["privacy_officer"]) for _ in range(2)]
    member = await shared_api.a_member()
    proposal = (await erasing(shared_api, officer, member)).json()["proposal"]
    added = await shared_api.post(
        f"/v1/members/{member}/household/persons", {"role": "adult", "person": {"name": "Bo"}}
    )
    assert added.status_code == 201, added.text
    assert code(await decide(shared_api, other, proposal)) == (409, "member_changed")
    assert len((await shared_api.get(f"/v1/members/{member}/persons")).json()["persons"]) == 2
    shown = (await other.ask(shared_api, "GET", f"/v1/proposals/{proposal}")).json()
    assert (shown["state"], shown["trail"][-1]["said"]) == ("waiting", "member_changed")


async def test_merged_away_or_erased_meanwhile_it_is_refused(shared_api: Api) -> None:
    owner, other = [await a_person(shared_api, roles=["owner"]) for _ in range(2)]
    gone, stays, third = [await shared_api.a_member_with(30) for _ in range(3)]
    erases = (await erasing(shared_api, owner, gone)).json()["proposal"]
    merges = (await merging(shared_api, owner, gone, third)).json()["proposal"]
    into_gone = (await merging(shared_api, owner, third, gone)).json()["proposal"]
    assert (await shared_api.post(f"/v1/members/{gone}:merge", {"into": {"id": stays}})).status_code == 200
    assert code(await decide(shared_api, other, erases)) == (422, "person_unknown")
    assert code(await decide(shared_api, other, merges)) == (409, "member_changed")
    assert code(await decide(shared_api, other, into_gone)) == (409, "member_changed")

    merges = (await merging(shared_api, owner, third, stays)).json()["proposal"]
    assert (
        await shared_api.post(f"/v1/members/{stays}/persons:erase", {"confirm": stays})
    ).status_code == 200
    assert code(await decide(shared_api, other, merges)) == (409, "member_changed")
    assert (await shared_api.get(f"/v1/members/{third}")).json()["status"] == "active"


async def test_a_merge_waits_names_both_and_its_note_goes_with_either(shared_api: Api) -> None:
    service = await a_person(shared_api, name="Sun", roles=["service"])
    owner = await a_person(shared_api, name="Ma", roles=["owner"])
    goes, stays = [await shared_api.a_member_with(30) for _ in range(2)]
    assert code(await merging(shared_api, service, goes, goes)) == (422, "merge_into_self")
    answer = await merging(shared_api, service, goes, stays, note="lost card of Wu")
    assert answer.status_code == 202, answer.text
    proposal = answer.json()["proposal"]
    for member in (goes, stays):
        listed = (await owner.ask(shared_api, "GET", f"/v1/proposals?member={member}&language=zh")).json()[
            "data"
        ]
        assert [one["sentence"] for one in listed] == [f"Sun 申请将 {goes} 合并到 {stays}：lost card of Wu"]
    done = (await decide(shared_api, owner, proposal)).json()
    assert (done["result"]["member_id"], done["result"]["into_id"]) == (goes, stays)
    assert (await shared_api.get(f"/v1/members/{goes}")).json()["status"] == "merged"
    page = (await shared_api.get(f"/v1/members/{stays}/statement?language=en")).json()
    assert page["data"][0]["actor"] == "Sun+Ma"
    assert (
        await shared_api.post(f"/v1/members/{stays}/persons:erase", {"confirm": stays})
    ).status_code == 200
    kept = (await owner.ask(shared_api, "GET", f"/v1/proposals/{proposal}")).json()
    assert kept["body"]["note"] == "-"


async def test_a_retry_after_a_process_died_finds_what_was_done(shared_api: Api) -> None:
    owner, other = [await a_person(shared_api, roles=["owner"]) for _ in range(2)]
    goes, stays, erased = [await shared_api.a_member_with(30) for _ in range(3)]
    for answer in (await merging(shared_api, owner, goes, stays), await erasing(shared_api, owner, erased)):
        proposal = answer.json()["proposal"]
        assert (await decide(shared_api, other, proposal)).status_code == 200
        await in_the_database(
            shared_api,
            "UPDATE proposal SET result = NULL WHERE proposal_id = $1::text::uuid",
            proposal[4:],
        )
        again = await decide(shared_api, other, proposal)
        assert (again.status_code, again.json()["state"]) == (200, "approved")


async def test_a_key_and_a_shop_that_asks_for_less_do_it_at_once(shared_api: Api) -> None:
    owner = await a_person(shared_api, roles=["owner"])
    _, token = await create_key(shared_api.ledger, name="crm", roles=["owner"])
    member = await shared_api.a_member()
    done = await shared_api.post(f"/v1/members/{member}/persons:erase", {"confirm": member}, as_=token)
    assert done.status_code == 200, done.text
    try:
        await change_four_eyes(shared_api.ledger, erasure=False, merge=False, principal=LOCAL)
        one, two = [await shared_api.a_member_with(30) for _ in range(2)]
        assert (await merging(shared_api, owner, one, two)).status_code == 200
        assert (await erasing(shared_api, owner, two)).status_code == 200
        rules = (await owner.ask(shared_api, "GET", "/v1/four_eyes")).json()
        assert rules == {"erasure": False, "merge": False, "reveals_a_day": 100}
    finally:
        await change_four_eyes(shared_api.ledger, erasure=True, merge=True, principal=LOCAL)


async def test_who_sees_many_asks_and_ten_at_once_do_not_pass(shared_api: Api) -> None:
    await change_four_eyes(shared_api.ledger, reveals_a_day=3, principal=LOCAL)
    try:
        service = await a_person(shared_api, name="Sun", roles=["service"])
        officer = await a_person(shared_api, roles=["privacy_officer"])
        members = [await shared_api.a_member() for _ in range(8)]
        answers = await asyncio.gather(*(revealing(shared_api, service, one) for one in members))
        assert sorted(one.status_code for one in answers).count(200) >= 3
        seen = [m for m, one in zip(members, answers, strict=True) if "persons" in one.json()]
        assert len(seen) == 3, "no more, however many at once"
        proposals = {one.json()["proposal"] for one in answers if "proposal" in one.json()}
        assert len(proposals) == 1, "one at a time"
        assert "persons" in (await revealing(shared_api, service, seen[0])).json(), (
            "whom he saw he sees again"
        )
        (proposal,) = proposals
        shown = (await officer.ask(shared_api, "GET", f"/v1/proposals/{proposal}?language=en")).json()
        assert shown["sentence"].startswith("Sun proposes to see up to 3 more persons in full within a day")
        assert code(await decide(shared_api, service, proposal)) == (403, "not_permitted")
        done = await decide(shared_api, officer, proposal)
        assert done.json()["result"] == {"count": 3}, "who approves sees nobody by it"
        rest = [one for one in members if one not in seen]
        more = [await revealing(shared_api, service, one) for one in rest[:4]]
        assert ["persons" in one.json() for one in more] == [True, True, True, False]
        taken = await officer.ask(shared_api, "GET", f"/v1/members/{rest[0]}/archive", key=None)
        assert taken.status_code == 200
        for one in rest[1:3]:
            await revealing(shared_api, officer, one)
        over = await officer.ask(shared_api, "GET", f"/v1/members/{rest[3]}/archive", key=None)
        assert code(over) == (403, "second_person_needed"), "taking along is seeing too"
        await in_the_database(
            shared_api,
            "UPDATE proposal SET decided_at = decided_at - interval '1 day' WHERE kind = 'reveal' AND result IS NOT NULL",
        )
        assert "proposal" in (await revealing(shared_api, service, rest[4])).json(), (
            "tomorrow it is asked again"
        )
    finally:
        await change_four_eyes(shared_api.ledger, reveals_a_day=100, principal=LOCAL)


async def test_a_shop_of_one_types_the_word_after_ten_minutes(api_of_one: Api) -> None:
    api = api_of_one
    owner = await a_person(api, roles=["owner"])
    member, spared = await api.a_member(), await api.a_member()
    answer = (await erasing(api, owner, member)).json()
    early = await decide(api, owner, answer["proposal"], confirm=answer["confirm"])
    assert code(early) == (409, "proposal_too_early")
    assert await is_known(api, member)
    await in_the_database(api, "UPDATE proposal SET proposed_at = proposed_at - interval '10 minutes'")
    assert (await decide(api, owner, answer["proposal"], confirm="NO")).json()["pointer"] == "/confirm"
    done = await decide(api, owner, answer["proposal"], confirm=answer["confirm"])
    assert done.status_code == 200, done.text
    assert not await is_known(api, member)

    called_off = (await erasing(api, owner, spared)).json()
    assert (await decide(api, owner, called_off["proposal"], "withdraw")).json()["state"] == "withdrawn"
    late = (await erasing(api, owner, spared)).json()
    await in_the_database(
        api,
        "UPDATE proposal SET proposed_at = proposed_at - interval '8 days', expires_at = expires_at - interval '8 days'",
    )
    for one in (called_off, late):
        again = await decide(api, owner, one["proposal"], confirm=one["confirm"])
        assert code(again) == (409, "proposal_over")
    assert await is_known(api, spared)
