"""A plan counts on the live books whom a change touches, and names what would be for the worse with its notice."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.writes import the_document

from jifen.operations import plan_program


async def touched(api: Api, document: dict[str, Any]) -> list[tuple[str, str, int, int | None]]:
    told = (await api.post("/v1/program:plan", {"document": document})).json()
    return [(one["code"], one["path"], one["members"], one["units"]) for one in told["touches"]]


async def bought(api: Api, amount: int) -> str:
    """A member who has bought for so much."""
    member = await api.a_member()
    line = {"number": 1, "amount_minor": amount}
    answer = await api.post("/v1/purchases", a_purchase_body(member, amount_minor=amount, lines=[line]))
    assert answer.status_code == 201, answer.text
    return member


async def test_who_would_rise_and_fall_is_counted(api: Api) -> None:
    await bought(api, 200_000)
    await bought(api, 350_000)
    await bought(api, 900_000)
    document = await the_document(api)

    lower, higher = copy.deepcopy(document), copy.deepcopy(document)
    lower["tiers"]["list"][1]["reach"] = 150_000
    higher["tiers"]["list"][1]["reach"] = 400_000
    assert await touched(api, lower) == [("rise", "tiers.list[gold]", 1, None)]
    assert await touched(api, higher) == [("fall", "tiers.list[gold]", 1, None)]
    higher["tiers"]["list"][1]["reach"] = 300_001
    assert await touched(api, higher) == [("nobody_moves", "tiers", 0, None)]
    higher["tiers"]["list"][1] |= {"reach": 300_000, "multiplier": "2"}
    assert await touched(api, higher) == [("multiplier", "tiers.list[gold]", 2, None)]


async def test_a_shorter_window_looks_at_fewer_days(api: Api) -> None:
    await bought(api, 350_000)
    document = await the_document(api)
    document["tiers"]["window_days"] = 30
    assert await touched(api, document) == [("nobody_moves", "tiers", 0, None)]


async def test_who_holds_units_is_counted_where_their_expiry_changes_for_new_ones(api: Api) -> None:
    await bought(api, 10_000)
    await bought(api, 20_000)
    await api.a_member()
    document = await the_document(api)
    document["currencies"][0]["expiry"] = {"months": 3}

    told = (await api.post("/v1/program:plan", {"document": document})).json()
    (one,) = told["touches"]
    assert (one["code"], one["members"]) == ("expiry", 2)
    assert one["sentence_en"].startswith("2 members hold ")
    assert "原有效期" in one["sentence_zh"]
    assert [one["code"] for one in told["findings"]] == ["notice"]
    assert "30 days ahead" in told["findings"][0]["sentence_en"]


async def test_terms_that_end_name_the_lots_under_them(api: Api) -> None:
    document = await the_document(api)
    document["currencies"][0]["terms"] = [{"code": "short", "expiry": {"days": 9}}]
    document["earn_rules"][0]["terms"] = "short"
    applied = await api.post("/v1/program:apply", {"document": document})
    assert applied.status_code == 201, applied.text
    plain = copy.deepcopy(document)
    del plain["currencies"][0]["terms"], plain["earn_rules"][0]["terms"]

    assert await touched(api, plain) == [("terms", "currencies[points].terms", 0, 0)]


async def test_what_changes_nothing_of_that_counts_nothing(api: Api) -> None:
    document = await the_document(api)
    document["earn_rules"][0]["per_amount"]["points"] = 2
    assert await touched(api, document) == []


async def test_too_many_members_are_not_counted_while_somebody_waits(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: Any) -> bool:
        return False

    monkeypatch.setattr(plan_program, "are_countable", never)
    document = await the_document(api)
    document["tiers"]["window_days"] = 30
    assert (await api.post("/v1/program:plan", {"document": document})).json()["touches"] is None
