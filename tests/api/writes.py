"""Every route of the API with a request that it takes, so that each can be asked in each role, twice, and changed."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.api.conftest import Api, a_purchase_body, now_text
from tests.api.people import a_person

from jifen.domain.principal import Permission
from jifen.operations.manage_keys import create_key
from jifen.store.backtests import add_backtest, end_done
from jifen.store.ids import new_id
from jifen.store.passkeys import NewPasskey, add_passkey
from jifen.store.task_files import folder_of


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, and how its body may be changed to mean something else: the field that a refusal then names."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    changed: dict[str, Any] | None = None
    names: str = ""


_count = itertools.count(1)
Make = Callable[[Api], Awaitable[Asked]]


async def _record(api: Api) -> Asked:
    body = a_purchase_body(await api.a_member())
    return Asked(method="POST", path="/v1/purchases", body=body, changed={"till": "2"}, names="/till")


async def _quote(api: Api) -> Asked:
    return Asked(method="POST", path="/v1/purchases:quote", body=a_purchase_body(await api.a_member()))


async def _price(api: Api) -> Asked:
    body = {
        "source": "pos",
        "money": "CNY",
        "member": {"id": await api.a_member()},
        "lines": [{"number": 1, "shelf_minor": 20_000, "category": "GOODS"}],
    }
    return Asked(method="POST", path="/v1/baskets:price", body=body)


async def an_event(api: Api, **more: Any) -> dict[str, Any]:
    """An event as a till sends it."""
    return {
        "event": "check-in",
        "source": "pos",
        "business_no": f"event-{next(_count)}",
        "occurred_at": now_text(),
        "member": {"id": await api.a_member()},
        **more,
    }


async def _event(api: Api) -> Asked:
    return Asked(
        method="POST",
        path="/v1/events",
        body=await an_event(api),
        changed={"attributes": {"steps": 3}},
        names="/business_no",
    )


async def _events(api: Api) -> Asked:
    return Asked(method="POST", path="/v1/events:batch", body={"events": [await an_event(api)]})


async def _batch(api: Api) -> Asked:
    return Asked(
        method="POST", path="/v1/purchases:batch", body={"purchases": [a_purchase_body(await api.a_member())]}
    )


async def _return(api: Api) -> Asked:
    told = await api.a_purchase(await api.a_member())
    lines = [{"number": 1, "quantity_milli": 500}]
    return Asked(
        method="POST",
        path="/v1/purchases:return",
        body={"purchase": {"id": told["purchase_id"]}, "lines": lines},
        changed={"lines": [{"number": 1, "quantity_milli": 400}]},
        names="/lines",
    )


async def _void(api: Api) -> Asked:
    told = await api.a_purchase(await api.a_member())
    return Asked(
        method="POST",
        path="/v1/purchases:void",
        body={"purchase": {"id": told["purchase_id"]}},
        changed={"note": "another"},
        names="/note",
    )


async def _claim(api: Api) -> Asked:
    told = await api.a_purchase(None)
    member, other = await api.a_member(), await api.a_member()
    return Asked(
        method="POST",
        path="/v1/purchases:claim",
        body={"member": {"id": member}, "source": told["source"], "business_no": told["business_no"]},
        changed={"member": {"id": other}},
        names="/member",
    )


async def _enrol(_: Api) -> Asked:
    return Asked(
        method="POST",
        path="/v1/members",
        body={"keys": [{"kind": "card", "value": f"a card {next(_count)}"}]},
        changed={"keys": [{"kind": "card", "value": "another"}]},
        names="/keys",
    )


async def _reveal(api: Api) -> Asked:
    path = f"/v1/members/{await api.a_member()}/persons:reveal"
    return Asked(method="POST", path=path, body={"why": "asked_by_person"})


async def _correct(api: Api) -> Asked:
    path = f"/v1/members/{await api.a_member()}/persons:correct"
    body = {"name": "Ann Lee", "phone": f"+86138{next(_count) + 10_000_000}"}
    return Asked(method="POST", path=path, body=body, changed={"name": "Ann Li"}, names="/name")


async def _consent(api: Api) -> Asked:
    return Asked(
        method="POST",
        path=f"/v1/members/{await api.a_member()}/consents",
        body={
            "purpose": "marketing",
            "is_given": True,
            "text_version": "1",
            "channel": "app",
            "proof": "box 3",
        },
        changed={"is_given": False},
        names="/is_given",
    )


async def _erase(api: Api) -> Asked:
    member, other = await api.a_member(), await api.a_member()
    return Asked(
        method="POST",
        path=f"/v1/members/{member}/persons:erase",
        body={"confirm": member},
        changed={"confirm": other},
        names="/confirm",
    )


async def _sign_out(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/members/{await api.a_member()}/persons:sign_out")


async def _reserve(api: Api) -> Asked:
    member = await api.a_member_with(100)
    return Asked(
        method="POST",
        path="/v1/reservations",
        body={"member": {"id": member}, "currency": "points", "units": 10},
        changed={"units": 11},
        names="/units",
    )


async def _reservation(api: Api) -> str:
    asked = await _reserve(api)
    return str((await api.post(asked.path, asked.body)).json()["reservation_id"])


async def _commit(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/reservations/{await _reservation(api)}:commit")


async def _release(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/reservations/{await _reservation(api)}:release")


async def _give(api: Api) -> Asked:
    giver, receiver = await api.a_member_with(100), await api.a_member()
    return Asked(
        method="POST",
        path="/v1/gifts",
        body={"member": {"id": giver}, "receiver": {"id": receiver}, "currency": "points", "units": 10},
        changed={"units": 11},
        names="/units",
    )


async def _exchange(api: Api) -> Asked:
    member = await api.a_member_with(100)
    return Asked(
        method="POST",
        path="/v1/exchanges",
        body={"member": {"id": member}, "exchange": "to-books", "times": 1},
        changed={"times": 2},
        names="/times",
    )


async def _redeem(api: Api) -> Asked:
    member = await api.a_member_with(100)
    return Asked(
        method="POST",
        path="/v1/redemptions",
        body={"member": {"id": member}, "reward": "tea", "pieces": 1, "is_kept": True},
        changed={"pieces": 2},
        names="/pieces",
    )


async def a_redemption(api: Api) -> str:
    """What waits for a member."""
    made = await _redeem(api)
    answer = await api.ask("POST", made.path, made.body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["redemption_id"])


async def _hand_over(api: Api) -> Asked:
    path = f"/v1/redemptions/{await a_redemption(api)}:hand-over"
    return Asked(method="POST", path=path, body={}, changed={"store": "S1"}, names="/store")


async def _cancel_redemption(api: Api) -> Asked:
    path = f"/v1/redemptions/{await a_redemption(api)}:cancel"
    return Asked(method="POST", path=path, body={}, changed={"store": "S1"}, names="/store")


async def _take_back_reward(api: Api) -> Asked:
    whose = f"/v1/redemptions/{await a_redemption(api)}"
    assert (await api.ask("POST", f"{whose}:hand-over", {})).status_code == 200
    body = {"note": "cold"}
    return Asked(method="POST", path=f"{whose}:take-back", body=body, changed={"note": "hot"}, names="/note")


async def _find_redemption(api: Api) -> Asked:
    made = await _redeem(api)
    code = (await api.ask("POST", made.path, made.body)).json()["code"]
    return Asked(method="POST", path="/v1/redemptions:find", body={"code": code})


async def _redemption(api: Api) -> Asked:
    return Asked(method="GET", path=f"/v1/redemptions/{await a_redemption(api)}")


async def _stock(api: Api) -> Asked:
    body = {"pieces": 3, "reason": "delivered", "store": "main"}
    return Asked(
        method="POST", path="/v1/rewards/cup:stock", body=body, changed={"pieces": 4}, names="/pieces"
    )


async def _stock_read(api: Api) -> Asked:
    return Asked(method="GET", path="/v1/rewards/mug/stock")


async def _adjust(api: Api) -> Asked:
    member = await api.a_member()
    return Asked(
        method="POST",
        path="/v1/adjustments",
        body={"member": {"id": member}, "currency": "points", "units": 10, "note": "a gift of the house"},
        changed={"note": "another reason"},
        names="/note",
    )


async def _reverse(api: Api) -> Asked:
    member = await api.a_member_with(100)
    return Asked(
        method="POST",
        path=f"/v1/members/{member}/entries/2:reverse",
        body={"note": "it was a mistake"},
        changed={"note": "another reason"},
        names="/note",
    )


async def _freeze(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/members/{await api.a_member()}:freeze")


async def _close(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/members/{await api.a_member()}:close")


async def _merge(api: Api) -> Asked:
    member, other, third = [await api.a_member_with(30) for _ in range(3)]
    return Asked(
        method="POST",
        path=f"/v1/members/{member}:merge",
        body={"into": {"id": other}},
        changed={"into": {"id": third}},
        names="/into",
    )


async def _unmerge(api: Api) -> Asked:
    member, other = [await api.a_member_with(30) for _ in range(2)]
    await api.post(f"/v1/members/{member}:merge", {"into": {"id": other}})
    return Asked(
        method="POST",
        path=f"/v1/members/{member}:unmerge",
        body={"note": "two persons"},
        changed={"note": "another"},
        names="/note",
    )


async def _add_to_household(api: Api) -> Asked:
    path = f"/v1/members/{await api.a_member('a head ' + str(next(_count)))}/household/persons"
    body = {"role": "adult", "person": {"name": "Ann Lee"}}
    return Asked(method="POST", path=path, body=body, changed={"person": {"name": "Ann Li"}}, names="/person")


async def _household(api: Api) -> tuple[str, str]:
    """A member and an adult who belongs to him."""
    asked = await _add_to_household(api)
    added = await api.post(asked.path, asked.body)
    return added.json()["member_id"], added.json()["person_id"]


async def _set_role(api: Api) -> Asked:
    member, person = await _household(api)
    return Asked(
        method="POST",
        path=f"/v1/members/{member}/household/persons/{person}:role",
        body={"role": "head"},
        changed={"role": "adult"},
        names="/role",
    )


async def _see_off(api: Api) -> Asked:
    member, person = await _household(api)
    return Asked(
        method="POST",
        path=f"/v1/members/{member}/household:leave",
        body={"person_id": person},
        changed={"shares": [{"currency": "points", "units": 1}]},
        names="/shares",
    )


async def _tell_apart(api: Api) -> Asked:
    one, other, third = [await api.a_member() for _ in range(3)]
    return Asked(
        method="POST",
        path="/v1/duplicates:tell_apart",
        body={"member_id": one, "other_id": other},
        changed={"other_id": third},
        names="/other_id",
    )


async def _reopen(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/members/{await api.a_member()}:reopen")


async def _publish_terms(_: Api) -> Asked:
    texts = {"zh": "条款", "en": "Terms"}
    return Asked(
        method="POST",
        path="/v1/terms",
        body={
            "version": f"v{next(_count)}-{new_id().hex[-8:]}",
            "texts": texts,
            "summary": texts,
            "is_worse": False,
        },
        changed={"is_worse": True},
        names="/is_worse",
    )


async def _withdraw_terms(api: Api) -> Asked:
    made = (await _publish_terms(api)).body or {}
    far = datetime.now(UTC) + timedelta(days=300, seconds=next(_count))
    answer = await api.post("/v1/terms", {**made, "takes_effect_at": far.isoformat()})
    assert answer.status_code == 201, answer.text
    path = f"/v1/terms/{made['version']}:withdraw"
    await api.post(path)  # what waits would keep others from publishing: called off again it is as it was
    return Asked(method="POST", path=path)


async def the_document(api: Api) -> dict[str, Any]:
    """The published document."""
    document: dict[str, Any] = (await api.get("/v1/program")).json()["newest"]["document"]
    return document


async def _turn_switch(api: Api) -> Asked:
    body = {"kind": "rule", "code": "tuesday", "is_off": True}
    return Asked(method="POST", path="/v1/switches:turn", body=body, changed={"code": "base"}, names="/code")


async def a_segment(api: Api) -> str:
    """The code of a list that nobody is in yet."""
    code = f"list-{next(_count)}"
    made = await api.post("/v1/segments", {"code": code, "names": {"en": "A list", "zh": "名单"}})
    assert made.status_code == 201, made.text
    return code


async def _make_segment(api: Api) -> Asked:
    body = {"code": f"gold-{next(_count)}", "names": {"en": "Gold"}, "condition": SINCE}
    changed = {"names": {"en": "Other"}}
    return Asked(method="POST", path="/v1/segments", body=body, changed=changed, names="/names")


SINCE = {"fact": "member.days_since_joined", "ge": 1}


async def _count_segment(api: Api) -> Asked:
    return Asked(method="POST", path="/v1/segments:count", body={"condition": SINCE})


async def _segments(api: Api) -> Asked:
    return Asked(method="GET", path="/v1/segments")


async def _segment(api: Api) -> Asked:
    return Asked(method="GET", path=f"/v1/segments/{await a_segment(api)}")


async def _segment_members(api: Api) -> Asked:
    return Asked(method="GET", path=f"/v1/segments/{await a_segment(api)}/members")


async def _change_segment(api: Api, verb: str) -> Asked:
    path = f"/v1/segments/{await a_segment(api)}:{verb}"
    body, other = [{"members": [{"id": await api.a_member()}]} for _ in range(2)]
    return Asked(method="POST", path=path, body=body, changed=other, names="/members")


async def _add_to_segment(api: Api) -> Asked:
    return await _change_segment(api, "add")


async def _remove_from_segment(api: Api) -> Asked:
    return await _change_segment(api, "remove")


async def _refresh_segment(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/segments/{await a_segment(api)}:refresh")


async def _archive_segment(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/segments/{await a_segment(api)}:archive")


async def _compensate(api: Api) -> Asked:
    shares = [{"member": {"id": await api.a_member()}, "units": 5}]
    body = {"currency": "points", "members": shares, "reason": "the till was down"}
    return Asked(
        method="POST", path="/v1/compensations", body=body, changed={"reason": "another"}, names="/reason"
    )


async def _plan_compensation(api: Api) -> Asked:
    shares = [{"member": {"id": await api.a_member()}, "units": 5}]
    return Asked(method="POST", path="/v1/compensations:plan", body={"currency": "points", "members": shares})


async def a_compensation(api: Api) -> str:
    """The id of one that was made."""
    asked = await _compensate(api)
    answer = await api.post(asked.path, asked.body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["compensation_id"])


async def _read_compensation(api: Api) -> Asked:
    return Asked(method="GET", path=f"/v1/compensations/{await a_compensation(api)}")


async def _undo_compensation(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/compensations/{await a_compensation(api)}:undo")


async def _compensations(api: Api) -> Asked:
    return Asked(method="GET", path="/v1/compensations")


async def _switches(api: Api) -> Asked:
    return Asked(method="GET", path="/v1/switches")


async def _validate(api: Api) -> Asked:
    return Asked(method="POST", path="/v1/program:validate", body={"document": await the_document(api)})


async def _template(api: Api) -> Asked:
    return Asked(method="GET", path="/v1/program/templates/pharmacy")


async def _run_tests(api: Api) -> Asked:
    return Asked(method="POST", path="/v1/program:test", body={"document": await the_document(api)})


async def _plan(api: Api) -> Asked:
    return Asked(method="POST", path="/v1/program:plan", body={"document": await the_document(api)})


async def _apply(api: Api) -> Asked:
    document = await the_document(api)
    program = {**document["program"], "names": {"zh": "新名", "en": "A new name"}}
    return Asked(
        method="POST",
        path="/v1/program:apply",
        body={"document": {**document, "program": program}},
        changed={"expected_revision": 1},
        names="/expected_revision",
    )


async def _register(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/members/{await api.a_member()}/devices")


async def _device(api: Api, verb: str) -> Asked:
    registered = await _register(api)
    device = (await api.post(registered.path)).json()["device_id"]
    return Asked(method="POST", path=f"{registered.path}/{device}:{verb}")


async def _renew_device(api: Api) -> Asked:
    return await _device(api, "renew")


async def _remove_device(api: Api) -> Asked:
    return await _device(api, "remove")


async def _settle(api: Api) -> Asked:
    body = a_purchase_body()
    body["member"] = {"code": "1" * 20, "shown_at": body["occurred_at"]}
    assert (await api.post("/v1/purchases", body)).status_code == 201
    flag = (await api.get("/v1/codes/flagged?limit=1")).json()["data"][0]["flag_id"]
    return Asked(method="POST", path=f"/v1/codes/flagged/{flag}:settle")


async def _ask_question(api: Api) -> Asked:
    return Asked(
        method="POST",
        path=f"/v1/members/{await api.a_member()}/questions",
        body={"kind": "units_missing", "said": "where are they?"},
        changed={"said": "where?"},
        names="/said",
    )


async def a_question(api: Api) -> str:
    """The path of a question."""
    asked = await _ask_question(api)
    told = await api.post(asked.path, asked.body)
    return f"{asked.path}/{told.json()['question_id']}"


async def _answered_question(api: Api) -> str:
    path = await a_question(api)
    body = {"said": "so it is", "outcome": "explained"}
    assert (await api.post(f"{path}:answer", body)).status_code == 200
    return path


async def _answer_question(api: Api) -> Asked:
    return Asked(
        method="POST",
        path=f"{await a_question(api)}:answer",
        body={"said": "so it is", "outcome": "explained"},
        changed={"outcome": "refused"},
        names="/outcome",
    )


async def _appeal_question(api: Api) -> Asked:
    return Asked(
        method="POST",
        path=f"{await _answered_question(api)}:appeal",
        body={"said": "it is not"},
        changed={"said": "it is not so"},
        names="/said",
    )


async def _close_question(api: Api) -> Asked:
    return Asked(method="POST", path=f"{await _answered_question(api)}:close")


async def _read_question(api: Api) -> Asked:
    return Asked(method="GET", path=await a_question(api))


def _read(path: str) -> Make:
    async def make(api: Api) -> Asked:
        card = f"a-card-{next(_count)}"
        member = await api.a_member(card)
        told = await api.a_purchase(member)
        filled = path.format(member_id=member, purchase_id=told["purchase_id"], number=1)
        if path == "/v1/purchases":
            filled += f"?source={told['source']}&business_no={told['business_no']}"
        return Asked(method="GET", path=filled + (f"?card={card}" if path == "/v1/members" else ""))

    return make


async def _ask_backtest(api: Api) -> Asked:
    body = {"document": await the_document(api)}
    return Asked(method="POST", path="/v1/backtests", body=body, changed={"seed": 1}, names="/seed")


async def a_done_backtest(api: Api) -> str:
    """The id of a back-test that is done, with its reports, as the process that runs them leaves it."""
    backtest_id = new_id()
    async with api.ledger.pool.acquire() as connection:
        await add_backtest(connection, backtest_id, {}, asked_by="test")
        await connection.execute(
            "UPDATE backtest SET state = 'running', started_at = asked_at WHERE backtest_id = $1", backtest_id
        )
        reports = [("json", "", b"{}"), ("html", "en", b"<p>"), ("html", "zh", b"<p>")]
        assert await end_done(connection, backtest_id, reports)
    return f"bkt_{backtest_id.hex}"


async def _cancel_backtest(api: Api) -> Asked:
    return Asked(method="POST", path=f"/v1/backtests/{await a_done_backtest(api)}:cancel")


async def _read_backtest(api: Api) -> Asked:
    return Asked(method="GET", path=f"/v1/backtests/{await a_done_backtest(api)}")


async def _list_backtests(api: Api) -> Asked:
    await a_done_backtest(api)
    return Asked(method="GET", path="/v1/backtests")


async def _read_report(api: Api) -> Asked:
    return Asked(method="GET", path=f"/v1/backtests/{await a_done_backtest(api)}/report?language=zh")


UPLOAD = "/v1/imports?what=purchases&name=sales.csv"
MAPPING = {
    "columns": {"business_no": "no", "occurred_at": "at", "amount": "paid"},
    "constants": {"source": "file"},
}


async def _upload(_: Api) -> Asked:
    # Whatever comes is a file, a table or not: what it is shows when somebody looks at it.
    return Asked(
        method="POST", path=UPLOAD, body={"no": next(_count)}, changed={"no": "another"}, names="/file"
    )


async def an_upload(api: Api, content: bytes = b"no,at,paid\nA1,2026-03-01T10:00:00Z,12.30\n") -> str:
    """The path of an import whose file is there."""
    told = await api.ask("POST", UPLOAD, raw=content)
    assert told.status_code == 201, told.text
    return f"/v1/imports/{told.json()['import_id']}"


def _of_an_import(method: str, rest: str, body: dict[str, Any] | None = None) -> Make:
    async def make(api: Api) -> Asked:
        changed = body and {"mapping": {**MAPPING, "rows_are": "purchases"}}
        return Asked(
            method=method, path=await an_upload(api) + rest, body=body, changed=changed, names="/mapping"
        )

    return make


async def _ask_export(_: Api) -> Asked:
    return Asked(method="POST", path="/v1/exports", body={"from_on": "2026-03-01"})


async def a_done_export(api: Api) -> str:
    """The path of an export that is done, as the process that makes it leaves it."""
    told = await api.post("/v1/exports", {})
    assert told.status_code == 200, told.text
    export_id = UUID(told.json()["export_id"].removeprefix("exp_"))
    folder = folder_of(api.app.state.home, export_id, room="exports")
    await asyncio.to_thread(folder.mkdir, parents=True)
    await asyncio.to_thread((folder / "entries.csv").write_text, "kind\n")
    answer = {"entries": 0, "postings": 0, "totals": [], "has_workbook": True}
    async with api.ledger.pool.acquire() as connection:
        await connection.execute(
            "UPDATE file_task SET state = 'done', ended_at = asked_at, answer = $2 WHERE task_id = $1",
            export_id,
            answer,
        )
    return f"/v1/exports/{told.json()['export_id']}"


async def _cancel_export(api: Api) -> Asked:
    return Asked(method="POST", path=f"{await a_done_export(api)}:cancel")


def _of_an_export(rest: str) -> Make:
    async def make(api: Api) -> Asked:
        return Asked(method="GET", path=await a_done_export(api) + rest)

    return make


async def _retry(_: Api) -> Asked:
    return Asked(method="POST", path="/v1/jobs:retry", body={}, changed={"members": []}, names="/members")


async def _revoke(api: Api) -> Asked:
    key, _ = await create_key(api.ledger, name=f"to be revoked {next(_count)}", roles=["till"])
    return Asked(method="POST", path=f"/v1/keys/key_{key.key_id.hex}:revoke")


def _of_a_key(rest: str, body: dict[str, Any], changed: dict[str, Any], names: str) -> Make:
    async def make(api: Api) -> Asked:
        key, _ = await create_key(
            api.ledger, name=f"a key {next(_count)}", permissions=[Permission.KEYS_MANAGE]
        )
        path = f"/v1/keys/key_{key.key_id.hex}{rest}"
        return Asked(method="POST", path=path, body=body, changed=changed, names=names)

    return make


async def _make_key(_: Api) -> Asked:
    body = {"name": f"made-{next(_count)}", "permissions": ["keys.manage"]}
    return Asked(method="POST", path="/v1/keys", body=body, changed={"stores": ["main"]}, names="/stores")


async def _an_operator(api: Api) -> str:
    """An operator's id; an owner is there too, so that he may be disabled."""
    await a_person(api, roles=["owner"])
    return (await a_person(api, permissions=["operators.manage"])).id


async def _invite(_: Api) -> Asked:
    body = {"name": f"Somebody {next(_count)}", "permissions": ["operators.manage"]}
    return Asked(method="POST", path="/v1/operators:invite", body=body)


def _of_an_operator(method: str, rest: str, body: dict[str, Any] | None = None) -> Make:
    async def make(api: Api) -> Asked:
        return Asked(method=method, path=f"/v1/operators/{await _an_operator(api)}{rest}", body=body)

    return make


async def _passkey_of_an_operator(api: Api) -> str:
    """The address of a passkey that an operator has."""
    operator_id, passkey_id = UUID((await _an_operator(api))[4:]), new_id()
    new = NewPasskey(passkey_id.bytes, b"a key", 0)
    async with api.ledger.transaction() as connection:
        await add_passkey(connection, passkey_id, operator_id=operator_id, new=new, name="Laptop")
    return f"/v1/operators/opr_{operator_id.hex}/passkeys/pky_{passkey_id.hex}"


async def _passkeys_of(api: Api) -> Asked:
    return Asked(method="GET", path=(await _passkey_of_an_operator(api)).rpartition("/")[0])


async def _remove_passkey_of(api: Api) -> Asked:
    return Asked(method="POST", path=f"{await _passkey_of_an_operator(api)}:remove")


async def _list_operators(_: Api) -> Asked:
    return Asked(method="GET", path="/v1/operators")


async def a_proposal(api: Api) -> str:
    """The id of a proposal of an operator who adjusts nothing alone; somebody else could decide it."""
    await a_person(api, roles=["owner"])
    who = await a_person(api, roles=["service"], limit=0)
    body = {"member": {"id": await api.a_member()}, "currency": "points", "units": 10, "note": "sorry"}
    answer = await who.ask(api, "POST", "/v1/adjustments", body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["proposal"])


def _of_a_proposal(method: str, rest: str, body: dict[str, Any] | None = None) -> Make:
    async def make(api: Api) -> Asked:
        return Asked(method=method, path=f"/v1/proposals/{await a_proposal(api)}{rest}", body=body)

    return make


async def _set_period(_: Api) -> Asked:
    body = {"days": 730, "reason": "policy"}
    return Asked(method="PUT", path="/v1/retention/questions", body=body)


async def _count_due(_: Api) -> Asked:
    return Asked(method="GET", path="/v1/retention/notes/due?days=730")


async def _list_proposals(api: Api) -> Asked:
    await a_proposal(api)
    return Asked(method="GET", path="/v1/proposals?state=waiting")


ROUTES: dict[tuple[str, str], Make] = {
    ("POST", "/v1/purchases"): _record,
    ("POST", "/v1/purchases:quote"): _quote,
    ("POST", "/v1/baskets:price"): _price,
    ("POST", "/v1/purchases:batch"): _batch,
    ("POST", "/v1/events"): _event,
    ("POST", "/v1/events:batch"): _events,
    ("POST", "/v1/purchases:return"): _return,
    ("POST", "/v1/purchases:void"): _void,
    ("POST", "/v1/purchases:claim"): _claim,
    ("POST", "/v1/members"): _enrol,
    ("POST", "/v1/members/{member_id}/persons:reveal"): _reveal,
    ("POST", "/v1/members/{member_id}/persons:correct"): _correct,
    ("POST", "/v1/members/{member_id}/consents"): _consent,
    ("POST", "/v1/members/{member_id}/persons:erase"): _erase,
    ("POST", "/v1/members/{member_id}/persons:sign_out"): _sign_out,
    ("POST", "/v1/reservations"): _reserve,
    ("POST", "/v1/reservations/{reservation_id}:commit"): _commit,
    ("POST", "/v1/reservations/{reservation_id}:release"): _release,
    ("POST", "/v1/exchanges"): _exchange,
    ("POST", "/v1/redemptions"): _redeem,
    ("POST", "/v1/redemptions:find"): _find_redemption,
    ("POST", "/v1/redemptions/{redemption_id}:hand-over"): _hand_over,
    ("POST", "/v1/redemptions/{redemption_id}:cancel"): _cancel_redemption,
    ("POST", "/v1/redemptions/{redemption_id}:take-back"): _take_back_reward,
    ("GET", "/v1/redemptions/{redemption_id}"): _redemption,
    ("POST", "/v1/rewards/{reward}:stock"): _stock,
    ("GET", "/v1/rewards/{reward}/stock"): _stock_read,
    ("POST", "/v1/gifts"): _give,
    ("POST", "/v1/adjustments"): _adjust,
    ("POST", "/v1/members/{member_id}/entries/{sequence}:reverse"): _reverse,
    ("POST", "/v1/members/{member_id}:freeze"): _freeze,
    ("POST", "/v1/members/{member_id}:close"): _close,
    ("POST", "/v1/members/{member_id}:reopen"): _reopen,
    ("POST", "/v1/members/{member_id}:merge"): _merge,
    ("POST", "/v1/members/{member_id}:unmerge"): _unmerge,
    ("POST", "/v1/members/{member_id}/household/persons"): _add_to_household,
    ("POST", "/v1/members/{member_id}/household/persons/{person_id}:role"): _set_role,
    ("POST", "/v1/members/{member_id}/household:leave"): _see_off,
    ("POST", "/v1/duplicates:tell_apart"): _tell_apart,
    ("POST", "/v1/members/{member_id}/devices"): _register,
    ("POST", "/v1/members/{member_id}/devices/{device_id}:renew"): _renew_device,
    ("POST", "/v1/members/{member_id}/devices/{device_id}:remove"): _remove_device,
    ("POST", "/v1/codes/flagged/{flag_id}:settle"): _settle,
    ("POST", "/v1/members/{member_id}/questions"): _ask_question,
    ("POST", "/v1/members/{member_id}/questions/{question_id}:answer"): _answer_question,
    ("POST", "/v1/members/{member_id}/questions/{question_id}:appeal"): _appeal_question,
    ("POST", "/v1/members/{member_id}/questions/{question_id}:close"): _close_question,
    ("GET", "/v1/members/{member_id}/questions/{question_id}"): _read_question,
    ("POST", "/v1/program:validate"): _validate,
    ("POST", "/v1/switches:turn"): _turn_switch,
    ("GET", "/v1/switches"): _switches,
    ("GET", "/v1/segments"): _segments,
    ("POST", "/v1/segments"): _make_segment,
    ("POST", "/v1/segments:count"): _count_segment,
    ("GET", "/v1/segments/{code}"): _segment,
    ("GET", "/v1/segments/{code}/members"): _segment_members,
    ("POST", "/v1/segments/{code}:add"): _add_to_segment,
    ("POST", "/v1/segments/{code}:remove"): _remove_from_segment,
    ("POST", "/v1/segments/{code}:refresh"): _refresh_segment,
    ("POST", "/v1/segments/{code}:archive"): _archive_segment,
    ("POST", "/v1/compensations"): _compensate,
    ("POST", "/v1/compensations:plan"): _plan_compensation,
    ("GET", "/v1/compensations"): _compensations,
    ("GET", "/v1/compensations/{compensation_id}"): _read_compensation,
    ("POST", "/v1/compensations/{compensation_id}:undo"): _undo_compensation,
    ("POST", "/v1/program:plan"): _plan,
    ("POST", "/v1/program:test"): _run_tests,
    ("GET", "/v1/program/templates/{name}"): _template,
    ("POST", "/v1/program:apply"): _apply,
    ("POST", "/v1/terms"): _publish_terms,
    ("POST", "/v1/terms/{version}:withdraw"): _withdraw_terms,
    ("POST", "/v1/backtests"): _ask_backtest,
    ("POST", "/v1/backtests/{backtest_id}:cancel"): _cancel_backtest,
    ("POST", "/v1/operators:invite"): _invite,
    ("POST", "/v1/operators/{operator_id}:disable"): _of_an_operator("POST", ":disable"),
    ("POST", "/v1/operators/{operator_id}:enable"): _of_an_operator("POST", ":enable"),
    ("POST", "/v1/operators/{operator_id}:end_sessions"): _of_an_operator("POST", ":end_sessions"),
    ("POST", "/v1/operators/{operator_id}:reset_password"): _of_an_operator("POST", ":reset_password", {}),
    ("PUT", "/v1/operators/{operator_id}/roles"): _of_an_operator(
        "PUT", "/roles", {"permissions": ["operators.manage"]}
    ),
    ("GET", "/v1/operators"): _list_operators,
    ("GET", "/v1/operators/{operator_id}/passkeys"): _passkeys_of,
    ("POST", "/v1/operators/{operator_id}/passkeys/{passkey_id}:remove"): _remove_passkey_of,
    ("GET", "/v1/operators/{operator_id}"): _of_an_operator("GET", ""),
    ("POST", "/v1/proposals/{proposal_id}:approve"): _of_a_proposal("POST", ":approve", {}),
    ("POST", "/v1/proposals/{proposal_id}:refuse"): _of_a_proposal("POST", ":refuse", {"reason": "too much"}),
    ("GET", "/v1/proposals"): _list_proposals,
    ("GET", "/v1/proposals/{proposal_id}"): _of_a_proposal("GET", ""),
    ("PUT", "/v1/retention/{class}"): _set_period,
    ("GET", "/v1/retention/{class}/due"): _count_due,
    ("GET", "/v1/backtests"): _list_backtests,
    ("GET", "/v1/backtests/{backtest_id}"): _read_backtest,
    ("GET", "/v1/backtests/{backtest_id}/report"): _read_report,
    ("POST", "/v1/imports"): _upload,
    ("POST", "/v1/imports/{import_id}:dry_run"): _of_an_import("POST", ":dry_run", {"mapping": MAPPING}),
    ("POST", "/v1/imports/{import_id}:run"): _of_an_import("POST", ":run", {"mapping": MAPPING}),
    ("POST", "/v1/imports/{import_id}:cancel"): _of_an_import("POST", ":cancel"),
    ("GET", "/v1/imports/{import_id}"): _of_an_import("GET", ""),
    ("GET", "/v1/imports/{import_id}/rows"): _of_an_import("GET", "/rows"),
    ("GET", "/v1/imports/{import_id}/rejects"): _of_an_import("GET", "/rejects"),
    ("GET", "/v1/imports/{import_id}/rejects.csv"): _of_an_import("GET", "/rejects.csv"),
    ("POST", "/v1/exports"): _ask_export,
    ("GET", "/v1/exports/{export_id}"): _of_an_export(""),
    ("POST", "/v1/exports/{export_id}:cancel"): _cancel_export,
    ("GET", "/v1/exports/{export_id}/file"): _of_an_export("/file?name=entries.csv"),
    ("POST", "/v1/jobs:retry"): _retry,
    ("POST", "/v1/keys/{key_id}:revoke"): _revoke,
    ("POST", "/v1/keys"): _make_key,
    ("POST", "/v1/keys/{key_id}:rotate"): _of_a_key(
        ":rotate", {"overlap_hours": 1}, {"overlap_hours": 2}, "/overlap_hours"
    ),
    ("POST", "/v1/keys/{key_id}:renew"): _of_a_key(
        ":renew", {"expires_on": "2999-01-31"}, {"expires_on": None}, "/expires_on"
    ),
    **{
        ("GET", path): _read(path)
        for path in (
            "/v1/accounts",
            "/v1/book",
            "/v1/breakage",
            "/v1/exchanges",
            "/v1/exports",
            "/v1/four_eyes",
            "/v1/imports",
            "/v1/jobs",
            "/v1/keys",
            "/v1/laws",
            "/v1/members/{member_id}/exchanges",
            "/v1/members/{member_id}/rewards",
            "/v1/redemptions",
            "/v1/rewards",
            "/v1/members/{member_id}/tiers",
            "/v1/members:list",
            "/v1/overview",
            "/v1/program/grammar",
            "/v1/program/revisions/{number}/rules",
            "/v1/program/revisions/{number}/text",
            "/v1/program/rules:figures",
            "/v1/program/templates",
            "/v1/tiers",
            "/v1/tiers:falling",
            "/v1/purchases",
            "/v1/purchases/{purchase_id}",
            "/v1/members",
            "/v1/members/{member_id}",
            "/v1/members/{member_id}/balances",
            "/v1/members/{member_id}/lots",
            "/v1/members/{member_id}/lots/{number}",
            "/v1/members/{member_id}/statement",
            "/v1/members/{member_id}/persons",
            "/v1/members/{member_id}/household",
            "/v1/duplicates",
            "/v1/members/{member_id}/archive",
            "/v1/program",
            "/v1/program/revisions",
            "/v1/program/revisions/{number}",
            "/v1/stores",
            "/v1/terms",
            "/v1/retention",
            "/v1/members/{member_id}/devices",
            "/v1/codes/flagged",
            "/v1/questions",
            "/v1/audit",
            "/v1/audit/file",
            "/metrics",
        )
    },
}
OPEN = {("GET", "/v1/health")}
DOORS = {
    ("POST", "/v1/session"),
    ("POST", "/v1/session/passkeys:ask"),
    ("POST", "/v1/session/passkeys:enter"),
    ("POST", "/v1/invitations:accept"),
    ("GET", "/v1/welcome"),
    ("GET", "/v1/welcome/terms/{version}"),
    ("POST", "/v1/me/codes"),
    ("POST", "/v1/me/session"),
    ("POST", "/v1/me:join"),
}
"""Where somebody becomes known."""
SIGNED_IN = {
    ("GET", "/v1/session"),
    ("DELETE", "/v1/session"),
    ("GET", "/v1/sessions"),
    ("DELETE", "/v1/sessions/{session_id}"),
    ("POST", "/v1/session/totp:enrol"),
    ("POST", "/v1/session/totp:confirm"),
    ("POST", "/v1/session/totp:remove"),
    ("POST", "/v1/session/password"),
    ("GET", "/v1/session/passkeys"),
    ("POST", "/v1/session/passkeys:offer"),
    ("POST", "/v1/session/passkeys:add"),
    ("POST", "/v1/session/passkeys/{passkey_id}:remove"),
    ("POST", "/v1/proposals/{proposal_id}:withdraw"),
}
"""About whoever is signed in himself; they take a session and no permission."""
MEMBERS_OWN = {
    ("DELETE", "/v1/me/session"),
    ("DELETE", "/v1/me/sessions/{session_id}"),
    ("GET", "/v1/me"),
    ("GET", "/v1/me/archive"),
    ("DELETE", "/v1/me/household/invitations/{invitation_id}"),
    ("GET", "/v1/me/household"),
    ("POST", "/v1/me/household/children"),
    ("POST", "/v1/me/household/invitations"),
    ("POST", "/v1/me/household/persons/{person_id}:correct"),
    ("POST", "/v1/me/household/persons/{person_id}:erase"),
    ("POST", "/v1/me/household/persons/{person_id}:role"),
    ("POST", "/v1/me/household:join"),
    ("POST", "/v1/me/household:leave"),
    ("POST", "/v1/me/household:quote"),
    ("GET", "/v1/me/balances"),
    ("GET", "/v1/me/events"),
    ("GET", "/v1/me/exchanges"),
    ("GET", "/v1/me/redemptions"),
    ("GET", "/v1/me/rewards"),
    ("GET", "/v1/me/looks"),
    ("GET", "/v1/me/lots"),
    ("GET", "/v1/me/lots/{number}"),
    ("GET", "/v1/me/person"),
    ("GET", "/v1/me/purchases/{purchase_id}"),
    ("GET", "/v1/me/questions"),
    ("GET", "/v1/me/questions/{question_id}"),
    ("GET", "/v1/me/session"),
    ("GET", "/v1/me/sessions"),
    ("GET", "/v1/me/statement"),
    ("GET", "/v1/me/terms"),
    ("GET", "/v1/me/tiers"),
    ("POST", "/v1/me:close"),
    ("POST", "/v1/me/claims"),
    ("POST", "/v1/me/consents"),
    ("POST", "/v1/me/contact"),
    ("POST", "/v1/me/device"),
    ("POST", "/v1/me/events"),
    ("POST", "/v1/me/exchanges"),
    ("POST", "/v1/me/redemptions"),
    ("POST", "/v1/me/redemptions/{redemption_id}:cancel"),
    ("POST", "/v1/me/gifts"),
    ("POST", "/v1/me/person:correct"),
    ("POST", "/v1/me/person:erase"),
    ("POST", "/v1/me/questions"),
    ("POST", "/v1/me/questions/{question_id}:appeal"),
}
"""About the member himself, on his phone: they take his session only."""
BY_OWN_KEY = {
    ("POST", "/v1/purchases"), ("POST", "/v1/purchases:batch"), ("POST", "/v1/events"), ("POST", "/v1/events:batch"),
}  # fmt: skip
BY_PEOPLE = {("POST", "/v1/proposals/{proposal_id}:approve"), ("POST", "/v1/proposals/{proposal_id}:refuse")}
"""What no key does, whatever it may."""
CHANGES_NOTHING = {
    ("POST", "/v1/exports"),
    ("POST", "/v1/exports/{export_id}:cancel"),
    ("POST", "/v1/purchases:quote"),
    ("POST", "/v1/baskets:price"),
    ("POST", "/v1/program:validate"),
    ("POST", "/v1/program:plan"),
    ("POST", "/v1/program:test"),
    ("POST", "/v1/compensations:plan"),
    ("POST", "/v1/redemptions:find"),
    ("POST", "/v1/segments:count"),
}
NOT_BY_A_TEST = {
    ("POST", "/v1/members/{member_id}/persons:reveal"),
    ("GET", "/v1/members/{member_id}/archive"),
    ("GET", "/v1/duplicates"),
    ("GET", "/v1/imports/{import_id}/rows"),
    ("GET", "/v1/imports/{import_id}/rejects"),
    ("GET", "/v1/imports/{import_id}/rejects.csv"),
}
"""What changes nothing, and shows more than a test may see."""
WRITES = [at for at in ROUTES if at[0] != "GET" and at not in CHANGES_NOTHING | NOT_BY_A_TEST]
BY_STATE = {at for at in ROUTES if at[1].startswith(("/v1/operators", "/v1/proposals", "/v1/retention"))}
"""What they are about is then as they say, however often they are sent; a secret that is shown once is remembered nowhere."""
SHOWN_ONCE = {("POST", "/v1/keys"), ("POST", "/v1/keys/{key_id}:rotate")}
"""Answers with a secret that no remembered answer holds: the same again, but for it."""
ONCE = [at for at in WRITES if at not in BY_STATE]
WITH_KEY = [at for at in ONCE if at not in BY_OWN_KEY]


def named(at: tuple[str, str]) -> str:
    """A route as the name of a test."""
    return f"{at[0]} {at[1]}"
