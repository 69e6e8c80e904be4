"""A basket before it is paid: what is taken off, why the rest is not, what the next offer asks for, and the points to come."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.conftest import Api, a_purchase_body, now_text

pytestmark = pytest.mark.asyncio(loop_scope="module")


def a_basket(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    numbered = [{"number": at, **line} for at, line in enumerate(lines, start=1)]
    return {"source": "pos", "money": "CNY", "lines": numbered, **more}


async def priced(api: Api, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await api.post("/v1/baskets:price", a_basket(*lines, **more), key=None, as_="till")
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


TWO_ICES = {"shelf_minor": 1_200, "quantity_milli": 2_000, "category": "ICE/CONE"}
GOODS = {"shelf_minor": 19_000, "category": "GOODS"}
RICE = {"shelf_minor": 1_000, "sku": "rice"}
BUN = {"shelf_minor": 1_200, "category": "BUNS"}
SOY = {"shelf_minor": 500, "sku": "soy"}


async def test_each_line_says_what_is_taken_off_by_which_offer(shared_api: Api) -> None:
    told = await priced(shared_api, TWO_ICES, {**GOODS, "shelf_minor": 24_000}, {"shelf_minor": 100})
    assert told["lines"] == [
        {"number": 1, "shelf_minor": 1_200, "discount_minor": 300, "amount_minor": 900,
         "discounts": [{"offer": "second-half", "minor": 300}]},
        {"number": 2, "shelf_minor": 24_000, "discount_minor": 3_000, "amount_minor": 21_000,
         "discounts": [{"offer": "off-30", "minor": 3_000}]},
        {"number": 3, "shelf_minor": 100, "discount_minor": 0, "amount_minor": 100, "discounts": []},
    ]  # fmt: skip
    assert (told["shelf_minor"], told["discount_minor"], told["amount_minor"]) == (25_300, 3_300, 22_000)
    assert [(one["offer"], one["minor"]) for one in told["used"]] == [("second-half", 300), ("off-30", 3_000)]
    assert told["used"][0]["names"] == {"zh": "第二件半价", "en": "Second at half price"}
    assert told["is_exact"] is True


async def test_what_is_missing_for_the_next_offer_and_why_the_others_are_not_used(shared_api: Api) -> None:
    told = await priced(shared_api, {**GOODS, "shelf_minor": 18_580}, BUN, RICE, channel="till")
    assert [{name: one[name] for name in one if name != "names"} for one in told["next"]] == [
        {"offer": "breakfast", "missing_minor": None, "missing_pieces": 1, "item": {"zh": "豆浆", "en": "soy milk"},
         "off_minor": None},
        {"offer": "off-30", "missing_minor": 1_420, "missing_pieces": None, "item": None, "off_minor": 3_000},
    ]  # fmt: skip
    assert {one["offer"]: one["why"] for one in told["unused"]} == {
        "second-half": "sees_nothing", "breakfast": "not_reached", "off-30": "not_reached", "member-day": "member_unknown",
    }  # fmt: skip
    elsewhere = await priced(shared_api, BUN, SOY, channel="web")
    assert {one["offer"]: one["why"] for one in elsewhere["unused"]}["breakfast"] == "not_now"
    assert (await priced(shared_api, BUN, SOY, channel="till"))["amount_minor"] == 1_500


async def test_a_member_has_the_price_of_members_and_the_points_of_the_quote(shared_api: Api) -> None:
    member = await shared_api.a_member("basket-1")
    nobody = await priced(shared_api, RICE)
    told = await priced(shared_api, RICE, {**GOODS, "shelf_minor": 20_000}, member={"card": "basket-1"})
    assert (nobody["amount_minor"], nobody["member_id"]) == (1_000, None)
    assert (told["amount_minor"], told["member_id"]) == (900 + 17_000, member)
    lines = [
        {"number": 1, "amount_minor": 900, "discount_minor": 100, "sku": "rice"},
        {"number": 2, "amount_minor": 17_000, "discount_minor": 3_000, "category": "GOODS"},
    ]
    body = a_purchase_body(member, of=17_900, lines=lines)
    recorded = (await shared_api.post("/v1/purchases", body)).json()
    assert told["points"]["earned"] == recorded["earned"] != []
    assert told["points"]["purchase_id"] is None


async def test_pricing_changes_nothing_and_a_test_key_may(shared_api: Api) -> None:
    member = await shared_api.a_member()
    body = a_basket(GOODS, member={"id": member})
    first = await shared_api.post("/v1/baskets:price", body, as_="test", key=None)
    again = await shared_api.post("/v1/baskets:price", body, key=None)
    assert first.status_code == again.status_code == 200
    assert [one["balance"] for one in again.json()["points"]["balances"]] == [
        one["balance"] for one in first.json()["points"]["balances"]
    ]
    balances = (await shared_api.get(f"/v1/members/{member}/balances")).json()["balances"]
    assert {one["balance"] for one in balances} == {0}


@pytest.mark.parametrize(
    ("more", "code", "pointer"),
    [
        ({"money": "USD"}, "field_wrong", "/money"),
        ({"lines": []}, "field_wrong", "/lines"),
        ({"lines": [{"number": 1, "shelf_minor": -1}]}, "field_wrong", "/lines/0/shelf_minor"),
        ({"lines": [{"number": 1, "shelf_minor": 1.5}]}, "field_wrong", "/lines/0/shelf_minor"),
        ({"lines": [{"number": 1, "amount_minor": 1}]}, "field_wrong", "/lines/0/shelf_minor"),
        (
            {"lines": [{"number": 1, "shelf_minor": 1}, {"number": 1, "shelf_minor": 1}]},
            "field_wrong",
            "/lines/1/number",
        ),
        ({"lines": [{"number": 1, "shelf_minor": 10**12}]}, "field_wrong", "/lines"),
        (
            {"lines": [{"number": 1, "shelf_minor": 1, "quantity_milli": -1}]},
            "field_wrong",
            "/lines/0/quantity_milli",
        ),
        (
            {"lines": [{"number": 1, "shelf_minor": 1, "attributes": {"no": "x"}}]},
            "field_wrong",
            "/lines/0/attributes/no",
        ),
        ({"store": "nowhere"}, "store_unknown", "/store"),
        ({"member": {"card": "nobody-has-it"}}, "member_unknown", "/member"),
        ({"member": {"id": "mbr_01"}}, "field_wrong", "/member/id"),
        ({"occurred_at": "1999-01-01T00:00:00Z"}, "time_out_of_bounds", "/occurred_at"),
    ],
)
async def test_a_bad_basket_is_refused_at_its_place(
    shared_api: Api, more: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await shared_api.post("/v1/baskets:price", {**a_basket(GOODS), **more}, key=None)
    problem = answer.json()
    assert 400 <= answer.status_code < 500, answer.text
    assert (problem["code"], problem["pointer"]) == (code, pointer)


async def test_a_store_that_is_off_prices_nothing(shared_api: Api) -> None:
    turned = {"kind": "store", "code": "main", "is_off": True}
    assert (await shared_api.post("/v1/switches:turn", turned)).status_code == 200
    answer = await shared_api.post("/v1/baskets:price", a_basket(GOODS, store="main"), key=None)
    await shared_api.post("/v1/switches:turn", {**turned, "is_off": False})
    assert (answer.json()["code"], answer.json()["pointer"]) == ("store_switched_off", "/store")


async def test_a_moment_in_the_past_is_judged_by_its_own_hour(shared_api: Api) -> None:
    told = await priced(shared_api, GOODS, occurred_at=now_text())
    assert told["points"]["occurred_at"] <= now_text()


async def test_thousands_of_pieces_and_a_thousand_lines_are_priced(shared_api: Api) -> None:
    many = {"shelf_minor": 9_999_999, "quantity_milli": 9_000_000_000, "category": "ICE"}
    told = await priced(shared_api, many)
    assert told["amount_minor"] < 9_999_999
    lines = [{**TWO_ICES, "sku": f"ice-{at}"} for at in range(1_000)]
    assert (await priced(shared_api, *lines))["discount_minor"] == 300 * 1_000
