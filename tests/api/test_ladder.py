"""Tiers and exchanges as a console asks for them."""

from __future__ import annotations

import pytest
from tests.api.conftest import Api


async def test_a_member_who_rises_is_counted_in_his_tier(api: Api) -> None:
    tiers = (await api.get("/v1/book")).json()["program"]["tiers"]
    member = await api.a_member()
    await api.a_purchase(member, of=tiers[1]["reach"])
    today = (await api.get("/v1/book")).json()["now"][:10]
    told = (await api.get(f"/v1/tiers?from_on={today}&to_on=2100-01-01&language=en")).status_code
    assert told == 422, "a period has its most"
    found = (await api.get("/v1/tiers?language=en")).json()
    assert {one["tier"]: one["members"] for one in found["tiers"]} == {
        tiers[0]["code"]: 0,
        tiers[1]["code"]: 1,
    }
    assert found["counts"] == "spend"
    assert all(one["sentence"].endswith(".") for one in found["tiers"])
    assert (await api.get("/v1/tiers", as_="till")).json()["code"] == "not_permitted"


async def test_who_is_judged_later_is_not_about_to_fall(api: Api) -> None:
    tiers = (await api.get("/v1/book")).json()["program"]["tiers"]
    member = await api.a_member()
    await api.a_purchase(member, of=tiers[1]["reach"])
    assert (await api.get("/v1/tiers:falling?within_days=30")).json()["data"] == []
    (one,) = (await api.get("/v1/tiers:falling?within_days=400")).json()["data"]
    assert one["member_id"] == member
    assert (one["tier"], one["falls_to"], one["missing"]) == (
        tiers[1]["code"],
        tiers[0]["code"],
        tiers[1]["reach"],
    )
    assert one["keys"][0].startswith("•"), "what finds him is masked"


@pytest.mark.parametrize("wrong", ["before=nonsense", "before=1~xyz", "within_days=0", "limit=0"])
async def test_what_is_no_page_is_refused(api: Api, wrong: str) -> None:
    assert (await api.get(f"/v1/tiers:falling?{wrong}")).status_code == 422


async def test_how_often_exchanges_were_made_and_undone(api: Api) -> None:
    member, other = await api.a_member_with(50), await api.a_member_with(10)
    first = None
    for who, times in ((member, 2), (member, 1), (other, 1)):
        body = {"member": {"id": who}, "exchange": "to-books", "times": times}
        made = await api.post("/v1/exchanges", body)
        assert made.status_code == 201, made.text
        first = first or made.json()
    assert first is not None
    undone = await api.post(
        f"/v1/members/{member}/entries/{first['sequence']}:reverse", {"note": "the wrong one"}
    )
    assert undone.status_code == 201, undone.text
    told = (await api.get("/v1/exchanges?language=zh")).json()
    (one,) = told["data"]
    assert (one["times"], one["times_undone"], one["members"]) == (4, 2, 2)
    assert one["by_month"] == [0] * 11 + [4]
    assert one["sentence"] == "可用 10 积分 换 1 图书。"
    assert (one["takes"], one["gives"]) == (
        {"currency": "points", "units": 10},
        [{"currency": "books", "units": 1}],
    )
    assert (await api.get("/v1/exchanges", as_="till")).json()["code"] == "not_permitted"
