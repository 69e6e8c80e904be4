"""Switches over HTTP: turns come by pages, and what is off is told on each."""

from __future__ import annotations

from tests.api.conftest import Api


async def test_turns_come_by_pages_and_what_is_off_stands_on_every_one(api: Api) -> None:
    for is_off in (True, False) * 3:
        body = {"kind": "rule", "code": "base", "is_off": is_off}
        assert (await api.post("/v1/switches:turn", body)).json()["is_changed"]
    await api.post("/v1/switches:turn", {"kind": "store", "code": "main", "is_off": True})
    seen, cursor = [], ""
    while True:
        page = (await api.get(f"/v1/switches?limit=3{cursor}")).json()
        assert [(one["kind"], one["code"]) for one in page["off"]] == [("store", "main")]
        seen += [(one["code"], one["is_off"]) for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&before={page['next_cursor']}"
    assert seen == [("main", True), *[("base", False), ("base", True)] * 3]
    for wrong in ("limit=0", "limit=201", "before=0", "before=x"):
        assert (await api.get(f"/v1/switches?{wrong}")).status_code == 422


async def test_who_is_listed_twice_under_two_numbers_of_one_member_is_refused(api: Api) -> None:
    first, second, third = [await api.a_member_with(10) for _ in range(3)]
    for goes, stays in ((first, second), (second, third)):
        assert (await api.post(f"/v1/members/{goes}:merge", {"into": {"id": stays}})).status_code == 200
    other = await api.a_member()
    shares = [{"member": {"id": one}, "units": 5} for one in (first, other)]
    planned = await api.post("/v1/compensations:plan", {"currency": "points", "members": shares})
    assert {one["member_id"] for one in planned.json()["first"]} == {third, other}
    twice = [{"member": {"id": one}, "units": 5} for one in (first, second)]
    refused = await api.post("/v1/compensations:plan", {"currency": "points", "members": twice})
    assert (refused.status_code, refused.json()["pointer"]) == (422, "/members/1/member")


async def test_compensations_are_paged_newest_first(api: Api) -> None:
    made = []
    for number in range(5):
        shares = [{"member": {"id": await api.a_member()}, "units": number + 1}]
        body = {"currency": "points", "members": shares, "reason": f"reason {number}"}
        made.append((await api.post("/v1/compensations", body)).json()["compensation_id"])
    found: list[str] = []
    cursor, page = "", {}
    for _ in range(3):
        page = (await api.get(f"/v1/compensations?limit=2{cursor}")).json()
        found += [one["compensation_id"] for one in page["data"]]
        assert [one["units"] for one in page["data"]] == [
            made.index(one["compensation_id"]) + 1 for one in page["data"]
        ]
        cursor = f"&before={page['next_cursor']}"
    assert found == made[::-1]
    assert page["next_cursor"] is None
    assert (await api.get("/v1/compensations?before=nonsense")).status_code == 422
