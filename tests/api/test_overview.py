"""What a console opens with: the book, figures of a period, lists of members, tiers, accounts, laws, jobs, keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.api.conftest import Api, a_purchase_body
from tests.api.people import a_person
from tests.api.writes import a_proposal

from jifen.operations.keep_proof import keep_proof
from jifen.operations.manage_keys import create_key
from jifen.store.ids import new_id
from jifen.store.parked import park


def today() -> str:
    """The day in the shop's zone."""
    return (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()


async def test_the_book_says_whose_it_is_and_who_asks(api: Api) -> None:
    told = (await api.get("/v1/book", as_="till")).json()
    assert told["program"]["time_zone"] == "Asia/Shanghai"
    assert told["program"]["money_decimals"] == 2
    assert told["program"]["tiers"][0]["reach"] == 0
    assert told["is_past"] is False
    assert told["asker"]["kind"] == "key"
    assert "books.read" not in told["asker"]["permissions"]


async def test_figures_leave_voided_purchases_out_and_take_off_what_came_back(api: Api) -> None:
    member, other = await api.a_member(), await api.a_member()
    await api.a_purchase(member, of=10_000)
    half = await api.a_purchase(member, of=20_000)
    voided = await api.a_purchase(other, of=5_000)
    lines = [{"number": 1, "quantity_milli": 500}]
    back = {"purchase": {"id": half["purchase_id"]}, "lines": lines}
    assert (await api.post("/v1/purchases:return", back)).status_code == 201
    assert (
        await api.post("/v1/purchases:void", {"purchase": {"id": voided["purchase_id"]}})
    ).status_code == 201

    told = (await api.get(f"/v1/overview?from_on={today()}&to_on={today()}")).json()
    period = told["period"]
    assert (period["from_on"], period["to_on"]) == (today(), today())
    assert (period["purchases"], period["members_active"], period["sales_minor"]) == (2, 1, 20_000)
    assert period["members_new"] == 2
    balances = [
        (await api.get(f"/v1/members/{one}/balances")).json()["balances"][0]["balance"]
        for one in (member, other)
    ]
    assert period["units_earned"] == sum(balances) == told["standing"]["units_owed_for"]
    assert told["compared"]["purchases"] == 0
    assert told["months"][-1]["purchases"] == 2
    assert len(told["months"]) == 12
    assert sum(one["members"] for one in told["standing"]["members_by_tier"]) == 2


async def test_figures_are_of_a_store_and_of_a_tier(api: Api) -> None:
    member = await api.a_member()
    for store, of in (("main", 1_000), (None, 2_000)):
        body = a_purchase_body(member, of=of)
        if store:
            body["store"] = store
        assert (await api.post("/v1/purchases", body)).status_code == 201
    book = (await api.get("/v1/book")).json()["program"]
    lowest, highest = book["tiers"][0]["code"], book["tiers"][-1]["code"]
    day = f"from_on={today()}&to_on={today()}"
    sales = {}
    for scope in ("", "&store=main", f"&tier={lowest}", f"&tier={highest}"):
        sales[scope] = (await api.get(f"/v1/overview?{day}{scope}")).json()["period"]["sales_minor"]
    assert list(sales.values()) == [3_000, 1_000, 3_000, 0]
    assert (await api.get("/v1/overview?tier=none")).json()["pointer"] == "/query/tier"
    assert (await api.get("/v1/overview?from_on=2026-02-02&to_on=2026-02-01")).status_code == 422
    for far in ("from_on=2001-01-01", "to_on=9995-08-08", "from_on=0001-01-01&to_on=0001-02-01"):
        assert (await api.get(f"/v1/overview?{far}")).status_code == 422, far


async def test_a_bound_operator_sees_the_figures_of_his_store_only(api: Api) -> None:
    member = await api.a_member()
    for store, of in (("main", 1_000), (None, 2_000)):
        body = a_purchase_body(member, of=of)
        if store:
            body["store"] = store
        assert (await api.post("/v1/purchases", body)).status_code == 201
    who = await a_person(api, permissions=["books.read"], stores=["main"])
    told = await who.ask(api, "GET", f"/v1/overview?from_on={today()}&to_on={today()}")
    assert told.json()["period"]["sales_minor"] == 1_000
    refused = await who.ask(api, "GET", "/v1/overview?store=another")
    assert refused.json()["code"] == "store_not_permitted"


async def test_what_needs_a_person_comes_first(api: Api) -> None:
    def kinds(told: dict[str, Any]) -> list[str]:
        return [one["kind"] for one in told["attention"]]

    first = (await api.get("/v1/overview")).json()
    assert kinds(first) == ["never_proven"]
    await a_proposal(api)
    api.app.state.figures.answers.clear()
    waiting = (await api.get("/v1/overview")).json()
    assert kinds(waiting) == ["proposals_waiting", "never_proven"]
    assert waiting["attention"][0]["numbers"] == {"count": 1}
    member = UUID(hex=(await api.a_member())[4:])
    async with api.ledger.transaction() as connection:
        await park(connection, {(member, 0, 0): ("time", RuntimeError("no"))})
    document = {
        "kept": False,
        "members_replayed": 1,
        "laws": [{"law": 3, "verdict": "broken", "checks": ["a check"], "tested_by": None,
                  "broken": [{"check": "a check", "offenders": [{"offender": "somebody"}]}]}],
    }  # fmt: skip
    await keep_proof(api.ledger, document, milliseconds=1_500)
    told = (await api.get("/v1/overview?tier=" + first["standing"]["members_by_tier"][0]["tier"])).json()
    assert kinds(told) == ["law_broken", "members_parked", "proposals_waiting"]
    assert told["attention"][0]["numbers"] == {"laws": "3", "count": 1}
    assert told["proof"]["is_kept"] is False

    laws = {one["law"]: one for one in (await api.get("/v1/laws?language=zh")).json()["data"]}
    assert laws[3]["verdict"] == "broken"
    assert {"check": "a check", "offenders": [{"offender": "somebody"}]} in laws[3]["checks"]
    assert laws[1]["verdict"] == "unproven"
    assert laws[1]["title"] == laws[1]["title_zh"] != laws[1]["title_en"]


async def test_members_are_listed_in_every_order_a_page_at_a_time(api: Api) -> None:
    rich, poor = await api.a_member_with(500), await api.a_member_with(10)
    buyer = await api.a_member("6200077")
    await api.a_purchase(buyer, of=100)

    async def listed(question: str) -> list[str]:
        return [one["member_id"] for one in (await api.get(f"/v1/members:list?{question}")).json()["data"]]

    assert await listed("") == [buyer, poor, rich]
    assert await listed("sort=balance") == [rich, poor, buyer]
    assert (await listed("sort=purchases"))[0] == buyer
    assert (await listed("sort=last_purchase"))[0] == buyer

    seen, cursor = [], ""
    while True:
        page = (await api.get(f"/v1/members:list?sort=balance&limit=1{cursor}")).json()
        seen += [one["member_id"] for one in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&before={page['next_cursor']}"
    assert seen == [rich, poor, buyer]

    assert (await api.post(f"/v1/members/{poor}:freeze")).status_code == 200
    assert await listed("status=frozen") == [poor]
    told = (await api.get("/v1/members:list")).json()["data"][0]
    assert (told["keys"], told["purchases"], told["status"]) == (["•••0077"], 1, "active")
    for wrong in ("before=nonsense", "before=1~xyz", "tier=none", "sort=name"):
        assert (await api.get(f"/v1/members:list?{wrong}")).status_code == 422, wrong


async def test_the_tier_path_says_what_counts_and_what_is_missing(api: Api) -> None:
    tiers = (await api.get("/v1/book")).json()["program"]["tiers"]
    member = await api.a_member()
    before = (await api.get(f"/v1/members/{member}/tiers")).json()
    assert before["tier"] == tiers[0]["code"]
    assert before["next_tier"] == tiers[1]["code"]
    assert before["missing"] == before["next_reach"] == tiers[1]["reach"]
    assert [one["tier"] for one in before["path"]] == [tiers[0]["code"]]

    told = await api.a_purchase(member, of=tiers[1]["reach"])
    after = (await api.get(f"/v1/members/{member}/tiers")).json()
    assert after["tier"] == tiers[1]["code"]
    assert after["counted"] == tiers[1]["reach"]
    assert [(one["tier"], one["cause"]) for one in after["path"]] == [
        (tiers[0]["code"], None),
        (tiers[1]["code"], told["sequence"]),
    ]
    assert after["path"][1]["since_on"] == today()
    assert after["review_on"] is not None
    assert (after["window"], after["grace_from_on"]) == ("rolling", None)
    assert (after["keep"], after["keep_missing"]) == (tiers[1]["reach"], tiers[1]["reach"]), (
        "this day is not asked again"
    )
    unknown = f"/v1/members/mbr_{new_id().hex}/tiers"
    assert (await api.get(unknown)).json()["code"] == "member_unknown"


async def test_offers_are_sentences_too(api: Api) -> None:
    told = {
        language: (await api.get(f"/v1/program/revisions/1/rules?language={language}")).json()["offers"]
        for language in ("zh", "en")
    }
    assert told["en"][0]["sentence"] == (
        "the cheapest of every 2 pieces at 50% of its price, of items of which the item's category is under ICE."
    )
    assert told["zh"][0]["sentence"] == "符合“商品类别属于 ICE”的商品每 2 件中最便宜的一件按原价的 50% 计。"
    assert told["en"][0]["names"] == {"zh": "第二件半价", "en": "Second at half price"}


async def test_exchanges_are_sentences_too(api: Api) -> None:
    said = [
        (await api.get(f"/v1/program/revisions/1/rules?language={language}")).json()["exchanges"]
        for language in ("zh", "en")
    ]
    assert [one["sentence"] for told in said for one in told] == [
        "可用 10 积分 换 1 图书。",
        "10 points for 1 book, whenever it is asked for.",
    ]


async def test_rules_are_sentences_in_the_language_that_is_asked_for(api: Api) -> None:
    said = {
        language: (await api.get(f"/v1/program/revisions/1/rules?language={language}")).json()["data"]
        for language in ("zh", "en")
    }
    assert [one["rule"] for one in said["zh"]] == [one["rule"] for one in said["en"]] != []
    assert all(zh["sentence"] != en["sentence"] for zh, en in zip(said["zh"], said["en"], strict=True))
    assert (await api.get("/v1/program/revisions/7/rules")).json()["code"] == "revision_unknown"


async def test_the_accounts_add_up_to_what_members_hold(api: Api) -> None:
    assert (await api.get("/v1/accounts")).json() == {"data": []}
    member = await api.a_member_with(300)
    await api.a_purchase(member)
    rows = (await api.get("/v1/accounts")).json()["data"]
    held = (await api.get(f"/v1/members/{member}/balances")).json()["balances"]
    for balance in held:
        assert (
            sum(one["units"] for one in rows if one["currency"] == balance["currency"]) == balance["balance"]
        )
    assert {(one["verb"], one["account"]) for one in rows} >= {("earn", "issued"), ("adjust_up", "adjusted")}


async def test_what_is_parked_is_named_and_tried_again(api: Api) -> None:
    assert (await api.get("/v1/jobs")).json()["data"] == []
    member = await api.a_member()
    async with api.ledger.transaction() as connection:
        await park(connection, {(UUID(hex=member[4:]), 0, 0): ("time", RuntimeError("no way"))})
    (row,) = (await api.get("/v1/jobs")).json()["data"]
    assert (row["member_id"], row["sequence"], row["failure_class"], row["tries"]) == (
        member,
        None,
        "RuntimeError",
        1,
    )
    other = await api.a_member()
    assert (await api.post("/v1/jobs:retry", {"members": [other]})).json() == {"to_be_tried": 0}
    assert (await api.post("/v1/jobs:retry", {})).json() == {"to_be_tried": 1}
    (again,) = (await api.get("/v1/jobs")).json()["data"]
    assert again["next_try_at"] < row["next_try_at"]


async def test_keys_are_listed_without_their_secrets_and_one_is_revoked_for_good(api: Api) -> None:
    key, token = await create_key(api.ledger, name="a till of ours", roles=["till"], stores=["main"])
    answer = await api.get("/v1/keys")
    assert token not in answer.text
    assert not [
        name for row in answer.json()["data"] for name in row if name in ("secret", "secret_hash", "token")
    ]
    row = next(one for one in answer.json()["data"] if one["name"] == "a till of ours")
    assert (row["stores"], row["roles"], row["revoked_at"]) == (["main"], ["till"], None)
    assert "purchases.record" in row["permissions"]
    revoked = await api.post(f"/v1/keys/{row['key_id']}:revoke")
    assert revoked.status_code == 200
    kept = next(one for one in (await api.get("/v1/keys")).json()["data"] if one["key_id"] == row["key_id"])
    assert kept["revoked_at"] == revoked.json()["revoked_at"]
    assert key.key_id.hex in row["key_id"]
    assert (await api.post(f"/v1/keys/key_{new_id().hex}:revoke")).status_code == 422
