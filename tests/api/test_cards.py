"""A card is printed in groups: with blanks or without it is one card, on every route that names a member."""

from __future__ import annotations

import pytest
from tests.api.conftest import Api, a_purchase_body

from jifen.domain.check_digits import CardCheck
from jifen.domain.principal import LOCAL
from jifen.operations.manage_cards import ask_of_new_cards

GROUPED = ("6200 0010 0020", " 62\u30000000\xa01000 20\r", "620000100020", "６２００ ００１０ ００２０")


@pytest.mark.parametrize("enrolled", GROUPED)
async def test_a_card_in_groups_is_one_card(api: Api, enrolled: str) -> None:
    keys = [{"kind": "card", "value": enrolled}, {"kind": "external", "value": "crm  7"}]
    made = (await api.post("/v1/members", {"keys": keys})).json()
    assert made["keys"] == [{"kind": "card", "value": "620000100020"}, {"kind": "external", "value": "crm 7"}]
    member = made["member_id"]
    for card in GROUPED:
        found = await api.client.get(
            "/v1/members", params={"card": card}, headers={"Authorization": f"Bearer {api.tokens['admin']}"}
        )
        assert found.json()["member_id"] == member
        again = await api.post("/v1/members", {"keys": [{"kind": "card", "value": card}]})
        assert again.json()["code"] == "key_taken"
        for kind in ("application/json", "application/json; charset=utf-8"):
            body = a_purchase_body(None, member={"card": card})
            told = await api.post("/v1/purchases", body, headers={"Content-Type": kind})
            assert (told.status_code, told.json()["member_id"]) == (201, member)
            held = {"member": {"card": card}, "currency": "points", "units": 1}
            assert (
                await api.post("/v1/reservations", held, headers={"Content-Type": kind})
            ).status_code == 201
        nobody = a_purchase_body(None)
        await api.post("/v1/purchases", nobody)
        claim = {"member": {"card": card}, "source": "pos", "business_no": nobody["business_no"]}
        assert (await api.post("/v1/purchases:claim", claim)).json()["member_id"] == member


async def test_what_is_no_blank_belongs_to_a_card(api: Api) -> None:
    await api.a_member("6200-0010")
    for other in ("62000010", "6200_0010"):
        body = a_purchase_body(None, member={"card": other})
        assert (await api.post("/v1/purchases", body)).json()["code"] == "member_unknown"


async def test_a_card_that_comes_by_a_correction_ends_as_new_cards_have_to(api: Api) -> None:
    member = await api.a_member("6200-odd")
    await ask_of_new_cards(api.ledger, CardCheck.LUHN, principal=LOCAL)
    path = f"/v1/members/{member}/persons:correct"
    right, wrong = {"kind": "card", "value": "79927398713"}, {"kind": "card", "value": "79927398714"}
    refused = await api.post(path, {"add": [right, wrong]})
    assert (refused.json()["code"], refused.json()["pointer"]) == ("check_digit_wrong", "/add/1/value")
    assert wrong["value"] not in refused.text, "it may be a card of somebody else"
    known = {"kind": "card", "value": "6200-odd"}
    assert (await api.post(path, {"add": [right, known]})).status_code == 200, (
        "one that finds him already stays"
    )
    gone = await api.post(path, {"remove": [known]})
    assert gone.json()["changed"] == ["card"]
    again = await api.post(path, {"remove": [known]})
    assert (again.json()["code"], again.json()["pointer"]) == ("person_unknown", "/remove")
