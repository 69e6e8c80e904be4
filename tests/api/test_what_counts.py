"""What counts of a sale, on every road: a bottle given back pays, tax counts as it is sent, goodwill leaves the sale as it is.

Decisions 0107, 0108 and 0109; docs/api.md tells them to an integrator.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from tests.api.conftest import Api, a_purchase_body

from jifen.insight.frames import Loaded
from jifen.insight.read_purchases import Known, Mapping, read_purchases
from jifen.jobs.import_purchases import import_purchases

LONG = {"Content-Type": "application/json; charset=utf-8"}
MAPPING = Mapping.model_validate({
    "columns": {
        "business_no": "no", "occurred_at": "at", "amount": "amount", "member_ref": "member", "line_number": "line",
        "category": "category", "payments": "payments",
    },
    "constants": {"source": "pos", "member_ref_kind": "card"}, "amounts": {"unit": "minor"},
})  # fmt: skip


def with_bottles(member: str | None, **more: Any) -> dict[str, Any]:
    """Beer for 10.00, deposit for 2.00; paid with bottles for 3.00 and 9.00 in cash."""
    lines = [
        {"number": 1, "amount_minor": 1_000, "category": "BEER"},
        {"number": 2, "amount_minor": 200, "category": "DEPOSIT"},
    ]
    payments = [{"method": "deposit", "amount_minor": 300}, {"method": "cash", "amount_minor": 900}]
    return a_purchase_body(member, of=1_200, lines=lines, payments=payments, **more)


def with_a_line_below_zero(member: str | None, **more: Any) -> dict[str, Any]:
    """The same as a till prints it."""
    lines = [{"number": 1, "amount_minor": 1_000}, {"number": 2, "amount_minor": -300}]
    return a_purchase_body(member, of=700, lines=lines, **more)


async def points(api: Api, member: str) -> int:
    """The member's balance."""
    told = (await api.get(f"/v1/members/{member}")).json()
    return int(next(one["balance"] for one in told["balances"] if one["currency"] == "points"))


async def read(api: Api, folder: Path, body: dict[str, Any], card: str, *, ending: str) -> Loaded:
    """The sale as a file tells it."""
    payments = str(body.get("payments") or "").replace("'", '"')
    rows = [
        {
            "no": body["business_no"], "at": body["occurred_at"], "member": card, "line": str(line["number"]),
            "amount": str(line["amount_minor"]), "category": line.get("category", ""), "payments": payments,
        }
        for line in body["lines"]
    ]  # fmt: skip
    file = folder / f"sales.{ending}"
    if ending == "csv":
        with file.open("w", newline="", encoding="utf-8") as stream:
            written = csv.DictWriter(stream, list(rows[0]))
            written.writeheader()
            written.writerows(rows)
    else:
        pl.DataFrame(rows).with_columns(pl.col("amount").cast(pl.Int64)).write_parquet(file)
    return read_purchases([file], MAPPING, known=Known(now=datetime.now(UTC), money="CNY", money_decimals=2))


async def test_a_bottle_that_is_given_back_pays_and_earns_nothing_less(api: Api, tmp_path: Path) -> None:
    """The corner shop gives a point for each yuan: twelve, on every road."""
    member = await api.a_member("bottles")
    quoted = await api.post("/v1/purchases:quote", with_bottles(member), key=None)
    assert quoted.status_code == 200, quoted.text
    body = with_bottles(member)
    for headers in ({}, LONG):
        assert (await api.post("/v1/purchases", with_bottles(member), headers=headers)).status_code == 201
    batch = await api.post("/v1/purchases:batch", {"purchases": [with_bottles(member)]})
    assert batch.status_code == 200, batch.text
    nobody = with_bottles(None)
    assert (await api.post("/v1/purchases", nobody)).status_code == 201
    claim = {"member": {"id": member}, "source": "pos", "business_no": nobody["business_no"]}
    assert (await api.post("/v1/purchases:claim", claim)).status_code in {200, 201}
    for ending in ("csv", "parquet"):
        loaded = await read(api, tmp_path, with_bottles(member), "bottles", ending=ending)
        assert loaded.rejects.is_empty()
        assert (await import_purchases(api.ledger, loaded, actor="import")).added == 1
    earned = await points(api, member)
    assert earned % 6 == 0
    each = earned // 6
    assert each in {12, 24}, "twice on a Tuesday"

    assert (await api.post("/v1/purchases", body)).status_code == 201
    back = {"purchase": {"source": "pos", "business_no": body["business_no"]}}
    part = await api.post("/v1/purchases:return", back | {"lines": [{"number": 1, "quantity_milli": 1_000}]})
    assert part.json()["amount_minor"] == 1_000
    rest = await api.post("/v1/purchases:void", back)
    assert (rest.json()["amount_minor"], rest.json()["is_whole"]) == (200, True)
    assert await points(api, member) == earned


async def test_a_line_below_zero_is_refused_with_the_way_to_tell_it_on_every_road(
    api: Api, tmp_path: Path
) -> None:
    member = await api.a_member("below")
    for path in ("/v1/purchases:quote", "/v1/purchases"):
        for headers in ({}, LONG):
            for whose in (member, None):
                answer = await api.post(path, with_a_line_below_zero(whose), headers=headers)
                told = answer.json()
                assert (answer.status_code, told["code"], told["pointer"]) == (
                    422, "field_wrong", "/lines/1/amount_minor",
                )  # fmt: skip
                assert "what a bottle or a voucher pays is a payment" in told["detail"]
    batch = await api.post("/v1/purchases:batch", {"purchases": [with_a_line_below_zero(member)]})
    (only,) = batch.json()["answers"]
    assert "what a bottle or a voucher pays is a payment" in str(only)
    for ending in ("csv", "parquet"):
        loaded = await read(api, tmp_path, with_a_line_below_zero(member), "below", ending=ending)
        assert loaded.purchases.is_empty()
        assert loaded.rejects.select("row", "code").rows()[-1][1] == "negative"
        (why,) = loaded.rejects.filter(code="negative").get_column("reason_zh")
        assert "退瓶" in why
    assert await points(api, member) == 0


async def test_tax_counts_where_it_is_sent_and_is_no_field(api: Api) -> None:
    member = await api.a_member()
    with_tax, without = a_purchase_body(member, of=11_300), a_purchase_body(member, of=10_000)
    first = (await api.post("/v1/purchases:quote", with_tax, key=None)).json()
    second = (await api.post("/v1/purchases:quote", without, key=None)).json()
    units = [sum(one["units"] for one in told["earned"]) for told in (first, second)]
    assert units in ([113, 100], [226, 200])
    lines = [{"number": 1, "amount_minor": 10_000, "tax_minor": 1_300}]
    for headers in ({}, LONG):
        body = a_purchase_body(member, of=10_000, lines=lines)
        told = (await api.post("/v1/purchases", body, headers=headers)).json()
        assert (told["code"], told["pointer"]) == ("field_wrong", "/lines/0/tax_minor")


async def test_money_given_back_for_goods_that_are_kept_is_no_return(api: Api) -> None:
    member = await api.a_member()
    bought = await api.a_purchase(member, of=10_000)
    earned = await points(api, member)
    purchase = {"id": bought["purchase_id"]}
    for line in (
        {"number": 1, "amount_minor": 2_000},
        {"number": 1, "quantity_milli": 200, "amount_minor": 2_000},
    ):
        answer = await api.post("/v1/purchases:return", {"purchase": purchase, "lines": [line]})
        told = answer.json()
        assert (answer.status_code, told["code"], told["pointer"]) == (422, "field_wrong", "/lines/0")
        assert "an adjustment takes points where they shall go" in told["detail"]
    assert await points(api, member) == earned

    taken = {
        "member": {"id": member},
        "currency": "points",
        "units": -20,
        "note": "20.00 given back, goods kept",
    }
    assert (await api.post("/v1/adjustments", taken)).status_code == 201
    assert await points(api, member) == earned - 20
    # The sale stands whole: what comes back later is what was bought.
    back = (await api.post("/v1/purchases:void", {"purchase": purchase})).json()
    assert (back["amount_minor"], back["is_whole"]) == (10_000, True)
    assert await points(api, member) == -20
