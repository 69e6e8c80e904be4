"""What `present/` shows keeps to the models that describe it to integrators."""

from __future__ import annotations

import json

import pytest
from tests.api.conftest import Api

from jifen.api import statement_answers as told
from jifen.api.answers import BalancesAnswer, LotsAnswer, MemberAnswer

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_member_a_statement_and_a_lot_are_as_their_models_say_to_the_order_of_the_fields(
    shared_api: Api,
) -> None:
    giver, member = await shared_api.a_member_with(500), await shared_api.a_member()
    purchase = await shared_api.a_purchase(member)
    await shared_api.post(f"/v1/purchases/{purchase['purchase_id']}:void", {"note": "wrong"})
    await shared_api.a_purchase(member)
    gift = {"member": {"id": giver}, "receiver": {"id": member}, "currency": "points", "units": 20}
    assert (await shared_api.post("/v1/gifts", gift)).status_code == 201
    for path, model in (
        (f"/v1/members/{member}", MemberAnswer),
        (f"/v1/members/{member}/balances", BalancesAnswer),
        (f"/v1/members/{member}/statement", told.StatementAnswer),
        (f"/v1/members/{member}/lots", LotsAnswer),
        (f"/v1/members/{member}/lots/1", told.LotStoryAnswer),
    ):
        answer = await shared_api.get(path)
        assert json.loads(model.model_validate_json(answer.content).model_dump_json()) == answer.json(), path
        assert model.model_validate_json(answer.content).model_dump_json() == answer.text, path
