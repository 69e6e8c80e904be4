"""What is personal goes after its period, and nothing that a late message may still ask for goes before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.api.conftest import Api, a_purchase_body
from tests.api.people import a_person

from jifen.domain.principal import LOCAL
from jifen.domain.refusals import FieldWrong
from jifen.domain.retention import HORIZON_DAYS, PERIODS, DataClass, PeriodReason
from jifen.jobs.retention import let_go
from jifen.operations.apply_retention import change_retention, read_retention
from jifen.operations.reconcile_books import reconcile_books

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def gone_by(api: Api, days: int) -> dict[DataClass, int]:
    """What goes so many days ahead; the books are kept."""
    gone = await let_go(api.ledger, principal=LOCAL, ahead=timedelta(days=days))
    books = await reconcile_books(api.ledger, replays=False)
    assert books.are_kept, [one for one in books.verdicts if one.verdict == "broken"]
    return {kind: count for kind, count in gone.items() if count}


async def test_each_class_goes_after_its_period_and_not_a_day_before(shared_api: Api) -> None:
    api = shared_api
    who = await a_person(api, roles=["cashier"])
    assert (await who.ask(api, "DELETE", "/v1/session")).status_code == 200
    receipt = a_purchase_body(None)
    assert (await api.post("/v1/purchases", receipt)).status_code == 201
    claimed = a_purchase_body(None)
    assert (await api.post("/v1/purchases", claimed)).status_code == 201
    member = await api.a_member_with(50)  # with a note beside the adjustment
    body = {"member": {"id": member}, "source": claimed["source"], "business_no": claimed["business_no"]}
    assert (await api.post("/v1/purchases:claim", body)).status_code == 201
    closed = await api.post(
        "/v1/members", {"keys": [{"kind": "card", "value": "retained-1"}], "person": {"name": "Ann Lee"}}
    )
    leaver = closed.json()["member_id"]
    assert (await api.post(f"/v1/members/{leaver}:close")).status_code == 200
    again = await api.post(f"/v1/members/{leaver}:reopen")
    assert again.status_code == 200, "closed, opened, closed: the last time counts"
    assert (await api.post(f"/v1/members/{leaver}:close")).status_code == 200

    assert await gone_by(api, 29) == {}
    assert await gone_by(api, 31) == {DataClass.OPERATOR_SESSIONS: 1}
    assert await gone_by(api, HORIZON_DAYS - 1) == {}, "a till may still send, a member still claim"
    gone = await gone_by(api, HORIZON_DAYS + 1)
    assert gone[DataClass.RECEIPTS] == 1, "the one that was claimed is a purchase"
    assert set(gone) == {DataClass.RECEIPTS, DataClass.ANSWERS}
    lost = await api.post(
        "/v1/purchases:claim",
        {"member": {"id": member}, "source": receipt["source"], "business_no": receipt["business_no"]},
    )
    assert (lost.status_code, lost.json()["code"]) == (422, "purchase_unknown")
    kept = await api.get(f"/v1/members/{member}/statement")
    assert "a start" in kept.text

    assert (await gone_by(api, 1_094)).keys() <= {DataClass.ANSWERS}
    gone = await gone_by(api, 1_096)
    assert gone[DataClass.NOTES] == 1
    assert gone[DataClass.CLOSED_MEMBERS] == 1
    assert "a start" not in (await api.get(f"/v1/members/{member}/statement")).text
    persons = await api.get(f"/v1/members/{leaver}/persons")
    assert persons.json().get("code") == "person_unknown" or persons.json()["persons"] == []
    assert (await api.get(f"/v1/members/{leaver}")).json()["status"] == "closed", "his books stay"
    assert (await api.get("/v1/members?card=retained-1")).status_code == 404
    assert (await gone_by(api, 1_096)).keys() <= {DataClass.ANSWERS}, "what is gone is gone once"
    deeds = {row["deed"] for row in (await api.get("/v1/audit?limit=100")).json()["data"]}
    assert {"retention.applied", "person.erased"} <= deeds


async def test_what_is_due_is_counted_and_stays_until_it_goes(shared_api: Api) -> None:
    assert (await shared_api.post("/v1/purchases", a_purchase_body(None))).status_code == 201
    ahead = timedelta(days=HORIZON_DAYS + 1)
    due = [
        {one.kind: one.due for one in await read_retention(shared_api.ledger, ahead=ahead)} for _ in range(2)
    ]
    assert due[0] == due[1]
    assert due[0][DataClass.RECEIPTS] >= 1
    gone = await let_go(shared_api.ledger, principal=LOCAL, ahead=ahead)
    assert gone[DataClass.RECEIPTS] == due[0][DataClass.RECEIPTS]
    assert sum(one.due for one in await read_retention(shared_api.ledger, ahead=ahead)) == 0


async def test_a_period_is_never_set_within_the_horizon_and_never_lets_nothing_go(shared_api: Api) -> None:
    ledger = shared_api.ledger
    for kind in (one for one, period in PERIODS.items() if period.is_within_horizon):
        with pytest.raises(FieldWrong, match="a late message may come for 400 days"):
            await change_retention(
                ledger, kind, HORIZON_DAYS - 1, reason=PeriodReason.POLICY, principal=LOCAL
            )
    assert (
        await change_retention(ledger, DataClass.NOTES, 730, reason=PeriodReason.POLICY, principal=LOCAL)
        == 1_095
    )
    assert (
        await change_retention(
            ledger, DataClass.OPERATOR_SESSIONS, 0, reason=PeriodReason.POLICY, principal=LOCAL
        )
        == 30
    )
    who = await a_person(shared_api, roles=["cashier"])
    assert (await who.ask(shared_api, "DELETE", "/v1/session")).status_code == 200
    gone = await let_go(ledger, principal=LOCAL, ahead=timedelta(days=20_000))
    assert gone[DataClass.OPERATOR_SESSIONS] == 0
    told = (await shared_api.get("/v1/retention?language=zh")).json()["data"]
    rows = {row["class"]: row for row in told}
    assert (rows["notes"]["days"], rows["notes"]["is_default"], rows["notes"]["least_days"]) == (
        730,
        False,
        400,
    )
    assert (rows["operator_sessions"]["days"], rows["receipts"]["days"]) == (None, 400)
    assert rows["notes"]["why"] == "三年：届时诉讼时效已过。"


async def test_a_source_that_may_be_late_for_longer_keeps_for_longer(shared_api: Api) -> None:
    document = (await shared_api.get("/v1/program")).json()["newest"]["document"]
    limits = document.get("limits") or {}
    late = {**(limits.get("late_days") or {}), "default": 500}
    body = {"document": {**document, "limits": {**limits, "late_days": late}}}
    applied = await shared_api.post("/v1/program:apply", body)
    assert applied.status_code == 201, applied.text
    kept = {one.kind: one for one in await read_retention(shared_api.ledger)}
    assert (kept[DataClass.RECEIPTS].days, kept[DataClass.RECEIPTS].least) == (500, 500)


async def test_a_period_is_looked_at_and_set_with_a_reason_by_who_may(shared_api: Api) -> None:
    officer = await a_person(shared_api, roles=["privacy_officer"])
    gone = await a_person(shared_api, roles=["cashier"])
    assert (await gone.ask(shared_api, "DELETE", "/v1/session")).status_code == 200
    async with shared_api.ledger.pool.acquire() as connection:
        await connection.execute(
            """UPDATE operator_session SET created_at = created_at - interval '20 days',
               ended_at = ended_at - interval '20 days' WHERE operator_id = $1""",
            gone.operator_id,
        )
    at = "/v1/retention/operator_sessions"
    counted = [
        (await officer.ask(shared_api, "GET", f"{at}/due?days={days}")).json()["due"] for days in (25, 10)
    ]
    assert counted[1] == counted[0] + 1
    none = (await officer.ask(shared_api, "GET", f"{at}/due")).json()
    assert (none["days"], none["due"]) == (None, 0), "for good"
    short = await officer.ask(shared_api, "GET", "/v1/retention/notes/due?days=30")
    assert (short.status_code, short.json()["pointer"]) == (422, "/query/days")
    unknown = await officer.ask(shared_api, "GET", "/v1/retention/nothing/due?days=30")
    assert unknown.status_code == 422

    for _ in range(2):
        done = await officer.ask(shared_api, "PUT", at, {"days": 10, "reason": "less_data"}, key=None)
        assert (done.status_code, done.json()) == (200, {"class": "operator_sessions", "days": 10})
    wrong = await officer.ask(shared_api, "PUT", at, {"days": 10, "reason": "because"}, key=None)
    assert wrong.status_code == 422
    async with shared_api.ledger.pool.acquire() as connection:
        told = await connection.fetch(
            """SELECT details FROM audit WHERE deed = 'setting.changed' AND principal_id = $1""",
            officer.operator_id,
        )
    assert [one["details"]["reason"] for one in told] == ["less_data"], "the same again is no change"
    await change_retention(
        shared_api.ledger, DataClass.OPERATOR_SESSIONS, 30, reason=PeriodReason.POLICY, principal=LOCAL
    )
