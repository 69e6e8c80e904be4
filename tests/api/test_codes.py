"""The member code at the till: one scan opens one checkout; an offline till loses nothing; a photograph is worth nothing."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.api.conftest import CODE_ROOT, Api, a_purchase_body

from jifen.domain.member_code import code_at
from jifen.operations.manage_keys import change_key, create_key, key_id_of
from jifen.operations.merge_members import merge_members
from jifen.operations.settle_codes import forget_codes
from jifen.present.ids import unprefixed
from jifen.store.once import Once


class Phone:
    """A member's phone: it has what it was given, and its own clock."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.device_id = answer["device_id"]
        self.number = int(answer["number"])
        self.key = base64.urlsafe_b64decode(answer["key"])

    def code(self, *, ahead: timedelta = timedelta()) -> str:
        """What it shows now; `ahead`: so much is its clock ahead."""
        return code_at(self.key, self.number, datetime.now(UTC) + ahead)


async def a_phone(api: Api, member: str) -> Phone:
    """A phone of a member, registered as his app does it."""
    answer = await api.post(f"/v1/members/{member}/devices", as_="members")
    assert answer.status_code == 201, answer.text
    return Phone(answer.json())


def bought(code: str, **more: Any) -> dict[str, Any]:
    """A purchase whose member shows a code."""
    return {**a_purchase_body(), "member": {"code": code}, **more}


async def a_till(api: Api, name: str = "strict till") -> str:
    """A key of a till as it is made without further ado."""
    return (await create_key(api.ledger, name=name, roles=["till"]))[1]


async def test_one_scan_quotes_spends_and_records_and_opens_no_second_checkout(api: Api) -> None:
    member = await api.a_member_with(500)
    till, other = await a_till(api), await a_till(api, "other till")
    code = (await a_phone(api, member)).code()
    sale = bought(code)
    quoted = await api.post("/v1/purchases:quote", sale, as_=till)
    assert (quoted.status_code, quoted.json()["member_id"]) == (200, member)
    hold = {"member": {"code": code}, "currency": "points", "units": 100}
    held = await api.post("/v1/reservations", hold, as_=till)
    assert (held.status_code, held.json()["member_id"]) == (201, member)
    told = await api.post("/v1/purchases", sale, as_=till)
    assert (told.status_code, told.json()["member_id"]) == (201, member)
    for path, body, as_ in (
        ("/v1/purchases", bought(code), till),  # another sale of the same till
        ("/v1/reservations", hold, till),
        ("/v1/purchases:quote", sale, till),
        ("/v1/purchases:quote", sale, other),
        ("/v1/reservations", hold, other),
    ):
        refused = await api.post(path, body, as_=as_)
        assert (refused.status_code, refused.json()["code"]) == (409, "code_used"), path
        assert refused.json()["pointer"] == "/member/code"


async def test_another_till_cannot_use_a_code_that_was_photographed_after_its_scan(api: Api) -> None:
    code = (await a_phone(api, await api.a_member_with(500))).code()
    till, thief = await a_till(api), await a_till(api, "thief")
    assert (await api.post("/v1/purchases:quote", bought(code), as_=till)).status_code == 200
    hold = {"member": {"code": code}, "currency": "points", "units": 100}
    assert (await api.post("/v1/reservations", hold, as_=thief)).json()["code"] == "code_used"
    assert (await api.post("/v1/reservations", hold, as_=till)).status_code == 201


async def test_of_many_checkouts_at_once_with_one_code_one_is_opened(api: Api) -> None:
    member = await api.a_member()
    code = (await a_phone(api, member)).code()
    answers = await asyncio.gather(*(api.post("/v1/purchases", bought(code)) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    async with api.ledger.pool.acquire() as connection:
        assert (
            await connection.fetchval(
                "SELECT count(*) FROM purchase WHERE member_id = $1", unprefixed("mbr", member)
            )
            == 1
        )


async def test_what_is_sent_again_is_answered_again_though_the_checkout_is_over(api: Api) -> None:
    member = await api.a_member_with(500)
    phone, till = await a_phone(api, member), await a_till(api)
    code = phone.code()
    sale, hold = bought(code), {"member": {"code": code}, "currency": "points", "units": 100}
    first = await api.post("/v1/reservations", hold, as_=till, key="hold")
    told = await api.post("/v1/purchases", sale, as_=till)
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE used_code SET opened_at = opened_at - INTERVAL '20 minutes'")
    again = await api.post("/v1/reservations", hold, as_=till, key="hold")
    assert (again.status_code, again.json()) == (200, first.json())
    again = await api.post("/v1/purchases", sale, as_=till)
    assert (again.status_code, again.json()) == (200, told.json())
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("DELETE FROM used_code")
        await connection.execute("DELETE FROM device")
    assert (await api.post("/v1/purchases", sale, as_=till)).status_code == 200


async def test_a_sale_that_was_refused_may_be_mended_with_the_same_number_and_no_other(api: Api) -> None:
    code = (await a_phone(api, await api.a_member())).code()
    sale = bought(code)
    assert (await api.post("/v1/purchases", {**sale, "money": "XXX"})).status_code == 422
    assert (await api.post("/v1/purchases", bought(code))).json()["code"] == "code_used"
    assert (await api.post("/v1/purchases", sale)).status_code == 201


async def test_a_checkout_is_over_after_ten_minutes(api: Api) -> None:
    code = (await a_phone(api, await api.a_member())).code()
    assert (await api.post("/v1/purchases:quote", bought(code))).status_code == 200
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE used_code SET opened_at = opened_at - INTERVAL '11 minutes'")
    assert (await api.post("/v1/purchases", bought(code))).json()["code"] == "code_used"


async def test_a_phone_that_is_a_minute_off_is_believed_and_a_photograph_is_not(api: Api) -> None:
    phone = await a_phone(api, await api.a_member())
    for seconds, status in ((-55, 200), (55, 200), (-125, 422), (125, 422), (-86_400, 422)):
        code = phone.code(ahead=timedelta(seconds=seconds))
        answer = await api.post("/v1/purchases:quote", bought(code))
        assert answer.status_code == status, seconds
        if status == 422:
            assert (answer.json()["code"], answer.json()["pointer"]) == ("code_wrong", "/member/code")


async def test_nobody_is_told_whether_a_number_is_a_phones(api: Api) -> None:
    """The attack: find numbers that exist, then guess their proofs."""
    phone = await a_phone(api, await api.a_member())
    wrong_proof = code_at(bytes(32), phone.number, datetime.now(UTC))
    no_phone = code_at(bytes(32), (phone.number + 1) % 10**10, datetime.now(UTC))
    told = [(await api.post("/v1/purchases:quote", bought(code))).json() for code in (wrong_proof, no_phone)]
    assert told[0] == told[1]
    assert told[0]["code"] == "code_wrong"


async def test_a_till_spends_only_for_a_member_who_shows_a_code_unless_its_key_is_let_off(api: Api) -> None:
    member = await api.a_member_with(500)
    till = await a_till(api)
    hold = {"member": {"id": member}, "currency": "points", "units": 10}
    for _ in range(2):  # by the routes, and where there is one by the short road
        refused = await api.post("/v1/reservations", hold, as_=till)
        assert (refused.status_code, refused.json()["code"]) == (403, "code_needed")
    key_id = key_id_of(till)
    assert key_id is not None
    key = await change_key(api.ledger, key_id, needs_code=False)
    assert not key.needs_code
    _, let_off = await create_key(api.ledger, name="old till", roles=["till"], needs_code=False)
    assert (await api.post("/v1/reservations", hold, as_=let_off)).status_code == 201
    rows = (await api.get(f"/v1/audit?about=key_{key_id.hex}&deed=key.changed")).json()["data"]
    assert rows[0]["details"] == {"needs_code": False, "requests_per_minute": None}


async def test_a_test_key_looks_and_leaves_the_code_unused(api: Api) -> None:
    code = (await a_phone(api, await api.a_member())).code()
    assert (await api.post("/v1/purchases:quote", bought(code), as_="test")).status_code == 200
    assert (await api.post("/v1/purchases", bought(code), as_="till")).status_code == 201


# -- the till was offline ----------------------------------------------------------------------------------------------


def kept(phone: Phone, *, ago: timedelta) -> dict[str, Any]:
    """A purchase that a till kept while it was offline, with the code that was shown then."""
    shown_at = datetime.now(UTC) - ago
    member = {"code": code_at(phone.key, phone.number, shown_at), "shown_at": shown_at.isoformat()}
    return {**a_purchase_body(), "member": member, "occurred_at": shown_at.isoformat()}


async def test_an_offline_till_brings_the_code_later_and_the_member_has_his_purchase(api: Api) -> None:
    member = await api.a_member()
    phone = await a_phone(api, member)
    sales = [kept(phone, ago=timedelta(minutes=30 + at)) for at in range(3)]
    # The queue comes as a batch, and once more after a broken line.
    for _ in range(2):
        answers = (await api.post("/v1/purchases:batch", {"purchases": sales}, as_="till")).json()["answers"]
        assert [one["purchase"]["member_id"] for one in answers] == [member] * 3
    assert (await api.get("/v1/codes/flagged")).json()["data"] == []


async def test_a_till_whose_line_broke_in_a_checkout_ends_it_later_and_no_other_till_does(api: Api) -> None:
    member = await api.a_member()
    phone = await a_phone(api, member)
    sale = kept(phone, ago=timedelta())
    other = {**a_purchase_body(), "member": sale["member"]}
    assert (await api.post("/v1/purchases:quote", sale, as_="till")).status_code == 200
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE used_code SET opened_at = opened_at - INTERVAL '3 hours'")
    assert (await api.post("/v1/purchases", other, as_="integration")).json()["member_id"] is None
    assert (await api.post("/v1/purchases", sale, as_="till")).json()["member_id"] == member


async def test_what_is_refused_for_another_reason_and_sent_again_is_flagged_once(api: Api) -> None:
    body = {**a_purchase_body(), "member": {"code": "1", "shown_at": datetime.now(UTC).isoformat()}}
    for _ in range(3):
        assert (await api.post("/v1/purchases", {**body, "store": "nowhere"})).status_code == 422
    assert (await api.post("/v1/purchases", body)).status_code == 201
    assert len((await api.get("/v1/codes/flagged")).json()["data"]) == 1
    assert len((await api.get("/v1/audit?deed=code.flagged")).json()["data"]) == 1


async def test_a_kept_code_that_proves_nothing_is_flagged_and_its_purchase_is_never_lost(api: Api) -> None:
    member = await api.a_member()
    phone = await a_phone(api, member)
    used = kept(phone, ago=timedelta(minutes=20))
    twin = {**a_purchase_body(), "member": used["member"]}
    late = kept(phone, ago=timedelta(hours=80))
    wrong = kept(phone, ago=timedelta(minutes=9))
    wrong["member"]["shown_at"] = datetime.now(UTC).isoformat()
    broken = {**a_purchase_body(), "member": {"code": "12", "shown_at": datetime.now(UTC).isoformat()}}
    sales = [used, twin, late, wrong, broken]
    for _ in range(2):  # sent again, each is flagged once
        answers = (await api.post("/v1/purchases:batch", {"purchases": sales}, as_="till")).json()["answers"]
        assert [one["purchase"]["member_id"] for one in answers] == [member, None, None, None, None]
    flags = (await api.get("/v1/codes/flagged", as_="store_manager")).json()["data"]
    told = {flag["business_no"]: (flag["why"], flag["member_id"], flag["principal"]) for flag in flags}
    assert told == {
        twin["business_no"]: ("used", member, "till-key"),
        late["business_no"]: ("too_late", member, "till-key"),
        wrong["business_no"]: ("wrong", None, "till-key"),
        broken["business_no"]: ("wrong", None, "till-key"),
    }
    rows = (await api.get("/v1/audit?deed=code.flagged")).json()["data"]
    assert len(rows) == 4
    # A person gives the receipt to its member, and says that he has looked.
    claim = {"member": {"id": member}, "source": "pos", "business_no": twin["business_no"]}
    assert (await api.post("/v1/purchases:claim", claim)).status_code == 201
    flag = next(one for one in flags if one["business_no"] == twin["business_no"])
    settled = await api.post(f"/v1/codes/flagged/{flag['flag_id']}:settle", as_="service")
    assert (settled.status_code, settled.json()["settled_by"]) == (200, "service-key")
    assert len((await api.get("/v1/codes/flagged")).json()["data"]) == 3
    page = (await api.get("/v1/codes/flagged?limit=2")).json()
    rest = (await api.get(f"/v1/codes/flagged?limit=2&before={page['next_cursor']}")).json()
    assert len(page["data"] + rest["data"]) == 3
    assert [
        one["settled_by"] for one in (await api.get("/v1/codes/flagged?is_settled=true")).json()["data"]
    ] == ["service-key"]


async def test_a_code_online_is_believed_by_the_ledgers_clock_and_by_nothing_the_till_says(api: Api) -> None:
    """The attack: a thief with a till of his own keeps a photographed code and says that it was shown just then."""
    phone = await a_phone(api, await api.a_member_with(100))
    shown_at = datetime.now(UTC) - timedelta(minutes=10)
    code = code_at(phone.key, phone.number, shown_at)
    hold = {"member": {"code": code, "shown_at": shown_at.isoformat()}, "currency": "points", "units": 10}
    spent = await api.post("/v1/reservations", hold, as_="till")
    assert (spent.status_code, spent.json()["code"]) == (422, "code_wrong")


# -- phones ------------------------------------------------------------------------------------------------------------


async def test_a_renewed_phone_has_another_number_and_the_old_one_opens_for_a_week(api: Api) -> None:
    member = await api.a_member()
    before = await a_phone(api, member)
    renewed = await api.post(
        f"/v1/members/{member}/devices/{before.device_id}:renew", key="renew", as_="members"
    )
    now = Phone(renewed.json())
    assert (now.device_id, now.number != before.number, now.key != before.key) == (
        before.device_id,
        True,
        True,
    )
    again = await api.post(
        f"/v1/members/{member}/devices/{before.device_id}:renew", key="renew", as_="members"
    )
    assert again.json() == renewed.json()
    for phone in (before, now):
        assert (await api.post("/v1/purchases", bought(phone.code()))).json()["member_id"] == member
    assert len((await api.get(f"/v1/members/{member}/devices")).json()["data"]) == 1
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE device SET ends_at = clock_timestamp() WHERE ends_at IS NOT NULL")
    later = before.code(ahead=timedelta(seconds=31))
    assert (await api.post("/v1/purchases", bought(later))).json()["code"] == "code_wrong"


async def test_a_removed_phone_opens_nothing_at_once_nor_does_its_number_before(api: Api) -> None:
    member = await api.a_member()
    before = await a_phone(api, member)
    path = f"/v1/members/{member}/devices/{before.device_id}"
    now = Phone((await api.post(f"{path}:renew")).json())
    assert (await api.post(f"{path}:remove")).status_code == 200
    for phone in (before, now):
        assert (await api.post("/v1/purchases", bought(phone.code()))).json()["code"] == "code_wrong"
    assert (await api.get(f"/v1/members/{member}/devices")).json()["data"] == []
    for verb in ("renew", "remove"):
        gone = await api.post(f"{path}:{verb}")
        assert (gone.status_code, gone.json()["code"]) == (404, "device_unknown")


async def test_a_phone_of_another_member_is_not_renewed_and_ten_are_enough(api: Api) -> None:
    member, other = await api.a_member(), await api.a_member()
    phone = await a_phone(api, member)
    stolen = await api.post(f"/v1/members/{other}/devices/{phone.device_id}:renew")
    assert stolen.json()["code"] == "device_unknown"
    for _ in range(9):
        await a_phone(api, member)
    assert (await api.post(f"/v1/members/{member}/devices")).json()["code"] == "too_much"
    nobody = await api.post(f"/v1/members/mbr_{'0' * 32}/devices")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "member_unknown")


async def test_the_phone_of_a_member_who_was_merged_shows_the_one_who_stays(api: Api) -> None:
    goes, stays = await api.a_member(), await api.a_member()
    phone = await a_phone(api, goes)
    ids = [unprefixed("mbr", one) for one in (goes, stays)]
    assert ids[0] is not None
    assert ids[1] is not None
    await merge_members(api.ledger, ids[0], ids[1], request=Once(key="merge", body_hash=b""))
    assert (await api.post("/v1/purchases", bought(phone.code()))).json()["member_id"] == stays


async def test_neither_the_key_of_a_phone_nor_its_secret_is_in_the_database(api: Api) -> None:
    phone = await a_phone(api, await api.a_member())
    await api.post("/v1/purchases", bought(phone.code()))
    async with api.ledger.pool.acquire() as connection:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'jifen' AND tablename <> 'alembic_version'"
        )
        dump = "".join([
            str([tuple(row) for row in await connection.fetch(f"SELECT t::text FROM jifen.{table[0]} t")])
            for table in tables
        ])  # fmt: skip
    for secret in (phone.key, CODE_ROOT):
        assert secret.hex() not in dump
        assert base64.urlsafe_b64encode(secret).decode() not in dump
        assert base64.b64encode(secret).decode() not in dump


async def test_what_nobody_may_bring_any_more_is_forgotten(api: Api) -> None:
    phone = await a_phone(api, await api.a_member())
    await api.post("/v1/purchases", bought(phone.code()))
    assert await forget_codes(api.ledger) == 0
    async with api.ledger.pool.acquire() as connection:
        await connection.execute("UPDATE used_code SET opened_at = opened_at - INTERVAL '5 days'")
    assert await forget_codes(api.ledger) == 1


async def test_a_body_names_the_member_once(api: Api) -> None:
    now = datetime.now(UTC).isoformat()
    for member in (
        {"code": "1" * 20, "id": f"mbr_{'0' * 32}"},
        {"id": f"mbr_{'0' * 32}", "shown_at": now},
        {"code": "1\n2"},
        {"code": ""},
        {"shown_at": now},
    ):
        answer = await api.post("/v1/purchases", {**a_purchase_body(), "member": member})
        assert answer.status_code == 422, member
        assert answer.json()["code"] == "field_wrong"
    gift = {
        "member": {"code": "1" * 20},
        "receiver": {"id": f"mbr_{'0' * 32}"},
        "currency": "points",
        "units": 1,
    }
    assert (await api.post("/v1/gifts", gift)).json()["pointer"] == "/member/code"
