"""Households on the phone and at the service desk: who may do what, and nobody more."""

from __future__ import annotations

import itertools
from typing import Any

import httpx
import pytest
from tests.api.conftest import Api
from tests.api.people import OnPhone, a_code, a_phone_of, on_phone

pytestmark = pytest.mark.asyncio(loop_scope="module")
_phones = itertools.count(13_900_000_000)


async def on_a_phone(api: Api, **person: str) -> OnPhone:
    """A member who is signed in."""
    phone = str(next(_phones))
    answer = await api.post("/v1/members", {"person": {"phone": phone, **person}})
    assert answer.status_code == 201, answer.text
    return await a_phone_of(api, phone)


async def asked(who: OnPhone, api: Api, path: str, body: Any = None, **more: Any) -> httpx.Response:
    """A write of his household."""
    return await who.ask(api, "POST", f"/v1/me/household{path}", body, **more)


async def household(who: OnPhone, api: Api) -> dict[str, Any]:
    """His household as he sees it."""
    answer = await who.ask(api, "GET", "/v1/me/household")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def invited(head: OnPhone, api: Api, role: str = "adult") -> str:
    """A code."""
    answer = await asked(head, api, "/invitations", {"role": role})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


async def joined(api: Api, head: OnPhone) -> OnPhone:
    """Somebody who has joined."""
    guest = await on_a_phone(api, name="Li Na")
    answer = await asked(guest, api, ":join", {"code": await invited(head, api)})
    assert answer.status_code == 200, answer.text
    return guest


async def test_a_head_invites_and_a_guest_joins_and_leaves_with_a_share(shared_api: Api) -> None:
    api = shared_api
    head, guest = await on_a_phone(api, name="Chen Ming"), await on_a_phone(api, name="Li Na")
    await api.a_purchase(guest.member_id)
    code = await invited(head, api)
    assert [one["code"] for one in (await household(head, api))["invitations"]] == [code]

    quote = await asked(guest, api, ":quote", {"code": code.lower().replace("-", " ")})
    assert (quote.status_code, quote.json()["head"], quote.json()["persons"]) == (200, "C••••••••", 1)
    key = "join-once-" + code
    first = await asked(guest, api, ":join", {"code": code}, key=key)
    again = await asked(guest, api, ":join", {"code": code}, key=key)

    assert first.status_code == again.status_code == 200, first.text
    assert first.json() == again.json()
    assert (await guest.ask(api, "GET", "/v1/me")).json()["member_id"] == head.member_id
    seen = await household(guest, api)
    assert (seen["is_head"], seen["invitations"]) == (False, [])
    assert [(one["role"], one["name"], one["is_oneself"]) for one in seen["persons"]] == [
        ("head", "Chen Ming", False),
        ("adult", "Li Na", True),
    ]
    # Each of the two sees in what was read of him who looked.
    looks = (await head.ask(api, "GET", "/v1/me/looks")).json()["data"]
    assert ("person", "person.read") in [(one["by"], one["deed"]) for one in looks]
    (other,) = [one["person_id"] for one in (await household(head, api))["persons"] if not one["is_oneself"]]
    share = {"shares": [{"currency": "points", "units": 10}]}
    for body in (share, {"person_id": seen["persons"][0]["person_id"]}):
        refused = await asked(guest, api, ":leave", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_head")
    left = await asked(head, api, ":leave", {"person_id": other, **share})
    assert left.status_code == 200, left.text
    assert (await guest.ask(api, "GET", "/v1/me")).json()["member_id"] == left.json()["new_member_id"]
    assert (await guest.ask(api, "GET", "/v1/me")).json()["balances"][0]["available"] == 10


async def test_who_is_no_head_does_nothing_that_a_head_does(shared_api: Api) -> None:
    api = shared_api
    head = await on_a_phone(api)
    guest = await joined(api, head)
    child = {"name": "Xiao", "birthday": "2020-05-01", "text_version": "2026-11"}
    added = await asked(head, api, "/children", child)
    assert added.status_code == 201, added.text
    of_child = f"/persons/{added.json()['person_id']}"
    mine = (await household(guest, api))["persons"][1]["person_id"]
    for path, body in (
        ("/invitations", {"role": "adult"}),
        ("/children", child),
        (f"{of_child}:role", {"role": "adult"}),
        (f"{of_child}:correct", {"name": "Da"}),
        (f"{of_child}:erase", {"confirm": added.json()["person_id"]}),
        (f"/persons/{mine}:role", {"role": "head"}),
    ):
        answer = await asked(guest, api, path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_head"), path
    # Nor does a head to an adult what is only his own to do.
    for path, body in (
        (f"/persons/{mine}:correct", {"name": "Da"}),
        (f"/persons/{mine}:erase", {"confirm": mine}),
    ):
        answer = await asked(head, api, path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "person_unknown"), path
    # Who came by an invitation as child has agreed for himself.
    other = await on_a_phone(api)
    await asked(other, api, ":join", {"code": await invited(head, api, "child")})
    by_invitation = (await household(other, api))["persons"][-1]["person_id"]
    answer = await asked(head, api, f"/persons/{by_invitation}:erase", {"confirm": by_invitation})
    assert (answer.status_code, answer.json()["code"]) == (404, "person_unknown")
    # What one takes along is of oneself; of its head, of the children too.
    for who, persons in ((head, 3), (guest, 1)):
        archive = (await who.ask(api, "GET", "/v1/me/archive")).json()
        assert len(archive["persons"]) == persons
    # And nobody of another household does anything to anybody.
    stranger = await on_a_phone(api)
    answer = await asked(stranger, api, f"{of_child}:correct", {"name": "Da"})
    assert answer.status_code == 404
    answer = await asked(stranger, api, f"{of_child}:role", {"role": "child"})
    assert answer.status_code == 404
    answer = await asked(stranger, api, ":leave", {"person_id": mine})
    assert answer.status_code in (404, 422)


async def test_a_head_corrects_and_erases_a_child_and_nobody_signs_in_as_one(shared_api: Api) -> None:
    api = shared_api
    head = await on_a_phone(api)
    child = {"name": "Xiao", "birthday": "2020-05-01", "text_version": "2026-11"}
    person = (await asked(head, api, "/children", child)).json()["person_id"]
    (belongs,) = [one for one in (await household(head, api))["persons"] if one["role"] == "child"]
    assert (belongs["is_under_age"], belongs["is_agreed"], belongs["name"]) == (True, True, "Xiao")
    assert (await asked(head, api, f"/persons/{person}:correct", {"name": "Xiao Chen"})).status_code == 200
    refused = await asked(head, api, f"/persons/{person}:correct", {"forget": ["birthday"]})
    assert refused.json()["code"] == "field_wrong"
    refused = await asked(head, api, f"/persons/{person}:role", {"role": "adult"})
    assert refused.json()["code"] == "guardian_needed"
    certificate = await asked(
        head, api, f"/persons/{person}:erase", {"confirm": person}, key="erase-" + person
    )
    assert certificate.status_code == 200, certificate.text
    assert certificate.json()["persons"] == [person]
    again = await asked(head, api, f"/persons/{person}:erase", {"confirm": person}, key="erase-" + person)
    assert again.json() == certificate.json()
    assert len((await household(head, api))["persons"]) == 1
    # A child with a phone of its own, as a shop may add it, signs in nowhere.
    phone = str(next(_phones))
    body = {
        "role": "child",
        "person": {"phone": phone, "birthday": "2020-05-01"},
        "guardian": {"text_version": "2026-11"},
    }
    added = await api.post(f"/v1/members/{head.member_id}/household/persons", body)
    assert added.status_code == 201, added.text
    sign_in_id, code = await a_code(api, phone=phone)
    answer = await api.ask("POST", "/v1/me/session", {"sign_in_id": sign_in_id, "code": code}, as_=None)
    assert (answer.status_code, answer.json()["code"]) == (422, "guardian_needed")
    assert "jifen_me" not in answer.cookies


async def test_a_birthday_that_makes_somebody_under_age_signs_him_out_and_says_so(shared_api: Api) -> None:
    api = shared_api
    at_the_desk, himself = await on_a_phone(api), await on_a_phone(api)
    young = {"birthday": "2020-05-01"}
    told = (
        await api.post(f"/v1/members/{at_the_desk.member_id}/persons:correct", young, key="too-young")
    ).json()
    assert (told["sessions_ended"], told["guardian_needed"]) == (1, True)
    again = await api.post(f"/v1/members/{at_the_desk.member_id}/persons:correct", young, key="too-young")
    assert again.json() == told, "a retry is told the same"
    assert (await at_the_desk.ask(api, "GET", "/v1/me")).status_code == 401
    told = (await himself.ask(api, "POST", "/v1/me/person:correct", young)).json()
    assert (told["sessions_ended"], told["guardian_needed"]) == (1, True)
    assert (await himself.ask(api, "GET", "/v1/me")).json()["code"] == "session_over"
    # With a guardian's consent he is no puzzle any more, and signs in nowhere still.
    given = {"purpose": "guardian", "is_given": True, "text_version": "2026-11", "channel": "paper"}
    assert (await api.post(f"/v1/members/{himself.member_id}/consents", given)).status_code == 201
    older = await api.post(f"/v1/members/{himself.member_id}/persons:correct", {"birthday": "2021-05-01"})
    assert (older.json()["sessions_ended"], older.json()["guardian_needed"]) == (0, False)
    grown = await api.post(f"/v1/members/{himself.member_id}/persons:correct", {"birthday": "1990-05-01"})
    assert (grown.json()["sessions_ended"], grown.json()["guardian_needed"]) == (0, False)


async def test_each_of_a_household_reads_what_finds_himself_alone(shared_api: Api) -> None:
    api = shared_api
    head, mate = await on_a_phone(api), str(next(_phones))
    body = {"role": "adult", "person": {"phone": mate}}
    assert (await api.post(f"/v1/members/{head.member_id}/household/persons", body)).status_code == 201
    other = await a_phone_of(api, mate)
    assert other.member_id == head.member_id
    seen = []
    for one in (head, other):
        keys = (await one.ask(api, "GET", "/v1/me")).json()["keys"]
        assert len(keys) == 1
        seen.append(keys[0]["value"])
    assert seen[0] != seen[1]
    assert seen[1].endswith(mate[-4:])
    assert len((await api.get(f"/v1/members/{head.member_id}")).json()["keys"]) == 2


async def test_an_adult_erases_himself_and_nobody_else(shared_api: Api) -> None:
    api = shared_api
    head = await on_a_phone(api, name="Chen Ming")
    guest = await joined(api, head)
    erased = await guest.ask(api, "POST", "/v1/me/person:erase", {"confirm": head.member_id})
    assert erased.status_code == 200, erased.text
    assert len(erased.json()["persons"]) == 1
    assert [one["name"] for one in (await household(head, api))["persons"]] == ["Chen Ming"]
    assert (await guest.ask(api, "GET", "/v1/me")).status_code == 401


async def test_somebody_new_joins_with_an_invitation_and_a_wrong_one_enrols_nobody(shared_api: Api) -> None:
    api = shared_api
    head = await on_a_phone(api)
    code = await invited(head, api, "child")
    sign_in_id, digits = await a_code(api, phone=str(next(_phones)))
    body = {"sign_in_id": sign_in_id, "code": digits}
    wrong = await api.ask("POST", "/v1/me:join", {**body, "invitation": "ABCDE-FGHJK"}, as_=None)
    assert wrong.json()["code"] == "household_invitation_wrong"
    assert not (await api.ask("POST", "/v1/me/session", body, as_=None)).json()["is_member"]
    done = await api.ask("POST", "/v1/me:join", {**body, "invitation": code}, as_=None)
    assert done.status_code == 201, done.text
    api.client.cookies.clear()
    assert done.json()["member_id"] == head.member_id
    assert [one["role"] for one in (await household(on_phone(done), api))["persons"]] == ["head", "child"]


async def test_an_invitation_is_called_off(shared_api: Api) -> None:
    api = shared_api
    head, guest = await on_a_phone(api), await on_a_phone(api)
    code = await invited(head, api)
    (waiting,) = (await household(head, api))["invitations"]
    path = f"/v1/me/household/invitations/{waiting['invitation_id']}"
    assert (await guest.ask(api, "DELETE", path)).status_code in (403, 422)
    assert (await head.ask(api, "DELETE", path)).status_code == 200
    refused = await asked(guest, api, ":join", {"code": code})
    assert refused.json()["code"] == "household_invitation_wrong"


async def test_no_answer_that_is_remembered_holds_a_code_and_a_retry_shows_the_same(shared_api: Api) -> None:
    api = shared_api
    head = await on_a_phone(api)
    one = await asked(head, api, "/invitations", {"role": "adult"}, key="the same")
    other = await asked(head, api, "/invitations", {"role": "adult"}, key="the same")
    assert one.json() == other.json()
    async with api.ledger.pool.acquire() as connection:
        kept = await connection.fetchval("SELECT string_agg(answer::text, '') FROM request_key")
    assert one.json()["code"] not in kept


async def test_the_service_desk_sees_merges_undoes_and_tells_apart(shared_api: Api) -> None:
    api = shared_api
    person = {"name": "Zhou Jie", "birthday": "1991-02-03"}
    members = []
    for _ in range(3):
        told = {"person": {"phone": str(next(_phones)), **person}}
        members.append((await api.post("/v1/members", told)).json()["member_id"])
    first, second, third = members
    found = (await api.get(f"/v1/duplicates?member={first}")).json()["data"]
    assert [(one["first"]["member_id"], one["second"]["member_id"]) for one in found] == [
        (first, second),
        (first, third),
    ]
    assert found[0]["alike"] == ["name_birthday"]
    assert "Zhou Jie" not in str(found)
    apart = {"member_id": third, "other_id": first}
    assert (await api.post("/v1/duplicates:tell_apart", apart)).status_code == 200
    assert len((await api.get(f"/v1/duplicates?member={first}")).json()["data"]) == 1
    merged = await api.post(f"/v1/members/{second}:merge", {"into": {"id": first}})
    assert merged.status_code == 200, merged.text
    seen = (await api.get(f"/v1/members/{first}/household")).json()
    assert [one["role"] for one in seen["persons"]] == ["head", "adult"]
    assert [one["member_id"] for one in seen["merges"]] == [second]
    undone = await api.post(f"/v1/members/{second}:unmerge", {})
    assert undone.status_code == 200, undone.text
    assert undone.json()["new_member_id"] not in (first, second)
    seen = (await api.get(f"/v1/members/{first}/household")).json()
    assert (len(seen["persons"]), seen["merges"]) == (1, [])
    refused = await api.post(f"/v1/members/{second}:unmerge", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "merge_stands")
    assert (await api.get("/v1/duplicates?after=x")).status_code == 422
