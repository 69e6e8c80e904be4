"""The purchase in all its lives, through the API: quoted, recorded, doubled, late, of nobody, returned, voided, explained."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from tests.api.conftest import Api, a_purchase_body

from jifen.api.app import create_app
from jifen.present.ids import unprefixed
from jifen.store.effect_tables import TIME
from jifen.store.parked import park, time_of, unpark


async def points(api: Api, member: str) -> int:
    """The balance."""
    told: int = (await api.get(f"/v1/members/{member}/balances")).json()["balances"][0]["balance"]
    return told


async def statement(api: Api, member: str, language: str = "en") -> list[dict[str, Any]]:
    """The whole statement, page by page."""
    entries: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = (await api.get(f"/v1/members/{member}/statement?language={language}&limit=2{cursor}")).json()
        entries += page["data"]
        if page["next_cursor"] is None:
            return entries
        cursor = f"&before={page['next_cursor']}"


async def test_a_quote_says_exactly_what_recording_answers(api: Api) -> None:
    member = await api.a_member()
    body = a_purchase_body(member, of=12_345, occurred_at="2026-11-17T02:00:00Z")  # a Tuesday: double points
    quoted = (await api.post("/v1/purchases:quote", body)).json()
    assert await points(api, member) == 0
    recorded = (await api.post("/v1/purchases", body)).json()
    only_then = {"purchase_id": None, "sequence": None, "recorded_at": None}
    assert {**quoted, **only_then} == {**recorded, **only_then}
    assert [one["rule"] for one in quoted["earned"][0]["reasons"]] == ["base", "tuesday"]
    assert quoted["purchase_id"] is None


async def test_a_quote_for_nobody_says_what_somebody_new_would_earn(api: Api) -> None:
    quoted = (await api.post("/v1/purchases:quote", a_purchase_body(None, of=12_345))).json()
    assert quoted["member_id"] is None
    assert quoted["earned"][0]["units"] >= 123


async def test_a_receipt_of_nobody_is_claimed_once_less_what_came_back(api: Api) -> None:
    lines = [{"number": 1, "amount_minor": 6_000}, {"number": 2, "amount_minor": 4_000}]
    body = a_purchase_body(None, of=10_000, lines=lines, occurred_at="2026-11-21T04:00:00Z")
    told = (await api.post("/v1/purchases", body)).json()
    assert (told["purchase_id"], told["earned"]) == (None, [])
    named = {"source": body["source"], "business_no": body["business_no"]}
    back = {"purchase": named, "lines": [{"number": 2, "quantity_milli": 1_000}]}
    assert (await api.post("/v1/purchases:return", back)).json()["amount_minor"] == 4_000
    found = (await api.get(f"/v1/purchases?source=pos&business_no={body['business_no']}")).json()
    assert [line["returned_milli"] for line in found["lines"]] == [0, 1_000]

    member, other = await api.a_member(), await api.a_member()
    claimed = await api.post("/v1/purchases:claim", {"member": {"id": member}, **named}, as_="members")
    assert claimed.json()["balances"][0] == {"currency": "points", "balance": 60}
    again = await api.post("/v1/purchases:claim", {"member": {"id": other}, **named})
    assert again.json()["code"] == "purchase_claimed"
    # The till that told of nobody gets its own answer again, and learns nothing of who claimed the receipt.
    assert (await api.post("/v1/purchases", body)).json() == told


async def test_partial_returns_add_up_and_each_line_is_accounted_for(api: Api) -> None:
    member = await api.a_member()
    lines = [{"number": at, "amount_minor": 3_333, "quantity_milli": 3_000} for at in (1, 2, 3)]
    body = a_purchase_body(member, of=9_999, lines=lines, occurred_at="2026-11-21T04:00:00Z")
    told = (await api.post("/v1/purchases", body)).json()
    assert told["earned"][0]["units"] == 99
    named = {"id": told["purchase_id"]}
    taken = amount = 0
    is_whole = False
    for number in (3, 1, 2):
        for quantity in (1_000, 500, 1_500):
            back = {"purchase": named, "lines": [{"number": number, "quantity_milli": quantity}]}
            answer = (await api.post("/v1/purchases:return", back)).json()
            taken += sum(one["units_taken"] for one in answer["units"])
            amount += answer["amount_minor"]
            is_whole = answer["is_whole"]
    assert (taken, amount, is_whole) == (99, 9_999, True)
    assert await points(api, member) == 0
    read = (await api.get(f"/v1/purchases/{told['purchase_id']}")).json()
    assert len(read["returns"]) == 9
    assert sum(one["granted"] for one in read["reasons"]) == 99


async def test_a_late_purchase_is_judged_by_its_own_time_and_says_so(api: Api) -> None:
    member = await api.a_member()
    body = a_purchase_body(member, of=10_000, occurred_at="2026-11-10T02:00:00Z")  # a Tuesday
    assert (await api.post("/v1/purchases", body)).json()["earned"][0]["units"] == 200
    entry = (await statement(api, member))[0]
    assert "purchase pos/" in entry["sentence"]
    assert "(2026-11-10, ¥100.00)" in entry["sentence"]
    assert "recorded on" in entry["sentence"]


async def test_every_posting_says_why_in_both_languages_and_adds_up(api: Api) -> None:
    member, friend = await api.a_member(), await api.a_member()
    told = await api.a_purchase(member, of=20_000)
    await api.post(
        "/v1/gifts", {"member": {"id": member}, "receiver": {"id": friend}, "currency": "points", "units": 20}
    )
    held = (
        await api.post("/v1/reservations", {"member": {"id": member}, "currency": "points", "units": 30})
    ).json()
    await api.post(f"/v1/reservations/{held['reservation_id']}:commit")
    named = {"id": told["purchase_id"]}
    back = {"purchase": named, "lines": [{"number": 1, "quantity_milli": 250}], "note": "broken"}
    await api.post("/v1/purchases:return", back)
    await api.post(
        "/v1/adjustments", {"member": {"id": member}, "currency": "points", "units": -5, "note": "by mistake"}
    )

    entries = await statement(api, member)
    assert [entry["verb"] for entry in entries] == ["adjust_down", "claw_back", "redeem", "give", "earn"]
    balance = 0
    for entry in reversed(entries):
        balance += entry["units"]
        assert entry["balance_after"] == balance
        if entry["reasons"]:
            assert sum(one["granted"] for one in entry["reasons"]) == abs(entry["units"])
    english = [entry["sentence"] for entry in entries]
    chinese = [entry["sentence"] for entry in await statement(api, member, "zh")]
    assert english[0].startswith("−5 points: adjusted by hand, because: by mistake (by admin-key)")
    assert "return of 0.25 of line 1 of purchase pos/" in english[1]
    assert "note: broken" in english[1]
    assert "redeemed" in english[2]
    (key,) = (await api.get(f"/v1/members/{friend}")).json()["keys"]
    assert f"gift to member {key['value']}" in english[3], "masked, and no id"
    assert "mbr_" not in english[3]
    assert "rule “Points for every purchase”" in english[4]
    assert chinese[0].startswith("−5 积分：人工调整，原因：by mistake（经办 admin-key）")
    assert "退回消费 pos/" in chinese[1]
    assert "转赠给会员" in chinese[3]
    assert "规则「消费积分」" in chinese[4]
    assert "收到会员" in (await statement(api, friend, "zh"))[0]["sentence"]


async def test_a_member_is_frozen_reopened_and_closed(api: Api) -> None:
    member = await api.a_member()
    for verb, status in (("freeze", "frozen"), ("reopen", "active"), ("close", "closed")):
        assert (await api.post(f"/v1/members/{member}:{verb}")).json()["status"] == status
        assert (await api.get(f"/v1/members/{member}")).json()["status"] == status


async def test_lots_are_paged_newest_first(api: Api) -> None:
    member = await api.a_member()
    for _ in range(5):
        await api.a_purchase(member)
    first = (await api.get(f"/v1/members/{member}/lots?limit=2")).json()
    assert [lot["number"] for lot in first["data"]] == [5, 4]
    second = (await api.get(f"/v1/members/{member}/lots?limit=9&before={first['next_cursor']}")).json()
    assert ([lot["number"] for lot in second["data"]], second["next_cursor"]) == ([3, 2, 1], None)
    for lot in [*first["data"], *second["data"]]:
        parts = ("left", "held", "gone", "expired", "returned")
        assert lot["opened"] == sum(lot[part] for part in parts)


async def test_one_point_is_followed_from_the_receipt_to_what_it_paid_and_back(api: Api) -> None:
    member = await api.a_member()
    told = await api.a_purchase(member)
    earned = sum(one["units"] for one in told["earned"])
    held = await api.post("/v1/reservations", {"member": {"id": member}, "currency": "points", "units": 30})
    await api.post(f"/v1/reservations/{held.json()['reservation_id']}:commit")

    # Forward: the receipt opened a lot, which was held and then spent.
    story = (await api.get(f"/v1/members/{member}/lots/1?language=en")).json()
    assert [(step["kind"], step["comes"], step["goes"], step["units"]) for step in story["steps"]] == [
        ("purchase", "outside", "open", earned),
        ("reserve", "open", "held", 30),
        ("commit", "held", "gone", 30),
    ]
    assert story["lot"]["origin"] == told["sequence"]
    assert [one["verb"] for one in story["postings"]] == ["earn", "redeem"]
    assert story["postings"][0]["reasons"], "the rules of the receipt's lines"

    # Back: the redemption names the lot that paid, and the lot the receipt that opened it.
    spent = (await statement(api, member))[0]
    assert spent["verb"] == "redeem"
    assert [(move["lot"], move["units"], move["origin"]) for move in spent["moves"]] == [
        (1, 30, told["sequence"])
    ]

    answer = await api.get(f"/v1/members/{member}/lots/9")
    assert (answer.status_code, answer.json()["code"]) == (404, "lot_unknown")


async def test_a_redemption_is_reversed_once_and_its_own_lot_gets_it_back(api: Api) -> None:
    member = await api.a_member_with(100)
    held = await api.post("/v1/reservations", {"member": {"id": member}, "currency": "points", "units": 30})
    spent = (await api.post(f"/v1/reservations/{held.json()['reservation_id']}:commit")).json()
    address = f"/v1/members/{member}/entries/{spent['sequence']}:reverse"

    answer = await api.post(address, {"note": "wrong reward"})

    assert answer.status_code == 201, answer.text
    assert answer.json()["reversed_kind"] == "commit"
    assert answer.json()["moved"] == [
        {"currency": "points", "units": 30, "units_expired": 0, "balance_after": 100, "debt_after": 0}
    ]
    assert (await api.get(f"/v1/members/{member}/lots/1")).json()["lot"]["left"] == 100
    newest = (await statement(api, member))[0]
    assert newest["sentence"].startswith(f"+30 points: entry {spent['sequence']} was reversed (a redemption)")
    assert "wrong reward" in newest["sentence"]
    again = await api.post(address, {"note": "wrong reward"})
    assert (again.status_code, again.json()["code"]) == (409, "entry_reversed")
    reversal = f"/v1/members/{member}/entries/{answer.json()['sequence']}:reverse"
    for path, status, code in (
        (reversal, 409, "entry_not_reversible"),
        (f"/v1/members/{member}/entries/99:reverse", 404, "entry_unknown"),
    ):
        refused = await api.post(path, {"note": "x"})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert refused.json()["pointer"] == "/path/sequence"


async def test_what_cannot_be_reversed_says_what_to_do_instead(api: Api) -> None:
    member = await api.a_member()
    bought = await api.a_purchase(member)
    held = await api.post("/v1/reservations", {"member": {"id": member}, "currency": "points", "units": 30})
    back = await api.post(
        "/v1/purchases:return",
        {"purchase": {"id": bought["purchase_id"]}, "lines": [{"number": 1, "quantity_milli": 1}]},
    )
    for told, kind, way_out in (
        (bought, "purchase", "return its lines, or void it"),
        (held.json(), "reserve", "is a reservation: release it"),
        (back.json(), "return", "what is sold again is a new purchase"),
    ):
        path = f"/v1/members/{member}/entries/{told['sequence']}:reverse"
        refused = await api.post(path, {"note": "x"})
        assert (refused.status_code, refused.json()["code"]) == (409, "entry_not_reversible")
        assert way_out in refused.json()["detail"]
        assert refused.json()["pointer"] == "/path/sequence"
        assert refused.json()["numbers"] == {"sequence": told["sequence"], "kind": kind}


async def test_a_gift_is_reversed_at_its_receiver_and_then_at_its_giver(api: Api) -> None:
    giver, receiver = await api.a_member_with(100), await api.a_member()
    body = {"member": {"id": giver}, "receiver": {"id": receiver}, "currency": "points", "units": 60}
    given = (await api.post("/v1/gifts", body)).json()
    held = await api.post("/v1/reservations", {"member": {"id": receiver}, "currency": "points", "units": 20})
    await api.post(f"/v1/reservations/{held.json()['reservation_id']}:commit")

    answer = await api.post(
        f"/v1/members/{giver}/entries/{given['sequence']}:reverse", {"note": "to the wrong one"}
    )

    # What the receiver has spent he owes, as the programme's policy for debt lets him.
    assert (answer.json()["units"], answer.json()["units_not_taken"]) == (60, 0)
    balances = [
        (await api.get(f"/v1/members/{who}/balances")).json()["balances"][0]["balance"]
        for who in (giver, receiver)
    ]
    assert balances == [100, -20]
    assert (await statement(api, giver))[0]["verb"] == "reverse_give"
    assert (await statement(api, receiver))[0]["verb"] == "reverse_receive"


async def test_a_programme_is_planned_published_and_read(api: Api) -> None:
    document = (await api.get("/v1/program")).json()["newest"]["document"]
    rules = [
        {**document["earn_rules"][0], "per_amount": {"points": 3, "amount_minor": 100}},
        *document["earn_rules"][1:],
    ]
    changed = {**document, "earn_rules": rules}
    planned = (await api.post("/v1/program:plan", {"document": changed})).json()
    assert [one["path"] for one in planned["changes"]] == ["earn_rules[base].per_amount.points"]
    at = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    applied = await api.post(
        "/v1/program:apply", {"document": changed, "effective_at": at, "expected_revision": 1}
    )
    assert (applied.status_code, applied.json()["number"], applied.json()["is_new"]) == (201, 2, True)
    told = (await api.get("/v1/program")).json()
    assert (told["newest"]["number"], told["in_force"]["number"]) == (2, 1)
    revisions = (await api.get("/v1/program/revisions?limit=1")).json()
    assert ([one["number"] for one in revisions["data"]], revisions["next_cursor"]) == ([2], "2")
    again = await api.post("/v1/program:apply", {"document": changed})
    assert (again.json()["number"], again.json()["is_new"]) == (2, False)


async def test_stores_are_listed(api: Api) -> None:
    told = (await api.get("/v1/stores")).json()
    assert told["data"] == [
        {"code": "main", "names": {"zh": "总店", "en": "Main shop"}, "time_zone": "Asia/Shanghai"}
    ]


async def test_health_and_metrics(api: Api) -> None:
    health = await api.get("/v1/health", as_=None)
    assert (health.status_code, health.json()["status"]) == (200, "ready")
    await api.post("/v1/purchases", a_purchase_body(await api.a_member(), store="nowhere"))
    await api.a_purchase(await api.a_member())
    text = (await api.get("/metrics")).text
    assert 'jifen_refusals_total{code="store_unknown"} 1.0' in text
    assert 'jifen_purchases_total{outcome="recorded"} 1.0' in text
    assert 'jifen_requests_total{method="POST",route="/v1/purchases",status="201"} 1.0' in text
    assert 'jifen_pool_connections{state="most"} 8.0' in text


async def test_health_and_metrics_tell_for_how_many_time_stands_still(api: Api) -> None:
    member = unprefixed("mbr", await api.a_member())
    assert member is not None
    for count in (1, 0):
        async with api.ledger.transaction() as connection:
            if count:
                await park(connection, {time_of(member): (TIME, LookupError("a lot is missing"))})
            else:
                await unpark(connection, [time_of(member)])
        health = (await api.get("/v1/health", as_=None)).json()
        assert (health["members_parked"], health["status"]) == (count, "ailing" if count else "ready")
        assert f'jifen_parked{{kind="member"}} {count}.0' in (await api.get("/metrics")).text


async def test_metrics_have_bounded_labels(api: Api) -> None:
    for at in range(30):
        await api.get(f"/v1/members/{at}")
        await api.get(f"/nowhere/{at}")
    text = (await api.get("/metrics")).text
    assert text.count("jifen_requests_total{") <= 3


async def test_health_says_when_the_database_is_away(api: Api) -> None:
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://jifen.test") as client:
        health = await client.get("/v1/health")
        assert (health.status_code, health.json()["is_database_reachable"]) == (503, False)
        page = await client.get("/")
        assert page.status_code == 200
        assert "The ledger cannot be read just now." in page.text
        asked = {"Authorization": f"Bearer {api.tokens['admin']}"}
        assert (await client.get("/v1/program", headers=asked)).status_code == 503


async def test_the_log_holds_no_personal_data_and_no_secrets(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []

    class Keeping:
        def info(self, _: str, **said: Any) -> None:
            lines.append(said)

    monkeypatch.setattr("jifen.api.observe.log", Keeping())
    await api.a_member("6217000010001234567")
    await api.get("/v1/members?card=6217000010001234567")
    await api.get("/v1/program", as_="jf_live_wrong")
    assert [(line["route"], line["status"], line["key"]) for line in lines] == [
        ("/v1/members", 201, "admin-key"),
        ("/v1/members", 200, "admin-key"),
        ("/v1/program", 401, None),
    ]
    log = str(lines)
    assert "6217000010001234567" not in log
    assert "jf_live_wrong" not in log
    assert api.tokens["admin"] not in log
