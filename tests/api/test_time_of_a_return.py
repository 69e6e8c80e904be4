"""A return's time is a claim, bounded both ways like a purchase's: no till dates one into the year 9000."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.api.conftest import Api, a_purchase_body


@pytest.mark.parametrize("is_of_nobody", [False, True])
@pytest.mark.parametrize(
    ("at", "status"),
    [
        (datetime(9000, 1, 1, tzinfo=UTC), 422),
        (datetime.now(UTC) + timedelta(hours=1), 422),
        (datetime.now(UTC) - timedelta(days=3), 422),
        (None, 201),
    ],
)
async def test_a_return_is_dated_between_its_purchase_and_now(
    api: Api, at: datetime | None, status: int, *, is_of_nobody: bool
) -> None:
    member = None if is_of_nobody else await api.a_member()
    body = a_purchase_body(member)
    assert (await api.post("/v1/purchases", body)).status_code == 201
    asked = {"purchase": {"source": body["source"], "business_no": body["business_no"]}}
    more = {} if at is None else {"occurred_at": at.isoformat()}
    answer = await api.post("/v1/purchases:void", {**asked, **more})
    assert answer.status_code == status, answer.text
    if status != 201:
        told = answer.json()
        assert (told["code"], told["pointer"]) == ("time_out_of_bounds", "/occurred_at")
