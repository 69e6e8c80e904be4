"""`jifen reward`: taken, picked up, called off and taken back; stocks; what is refused says why."""

from __future__ import annotations

import asyncio

import pytest
from tests.cli.conftest import Jifen, environment_of
from tests.conftest import FreshDatabase
from tests.machine.rewards import a_reward, with_rewards
from tests.machine.till import a_till

from jifen.domain.person import MemberKey
from jifen.operations.find_member import find_member


@pytest.fixture
def shop(fresh_database: FreshDatabase) -> Jifen:
    """A mug of 100 points, of which pieces are counted, and a coffee of 30; card 62 has 1,000 points."""
    jifen = Jifen(environment=environment_of(fresh_database))

    async def begin() -> None:
        document = with_rewards(a_reward(stock="shared"), a_reward("coffee", 30))
        async with a_till(fresh_database, document):
            pass

    async def live() -> None:
        async with a_till(
            fresh_database, with_rewards(a_reward(stock="shared"), a_reward("coffee", 30))
        ) as till:
            await till.adjust(await find_member(till.ledger, MemberKey("card", "62")), 1_000)

    asyncio.run(begin())
    jifen("member", "enrol", "--card", "62")
    asyncio.run(live())
    return jifen


def spendable(jifen: Jifen) -> int:
    """Points that card 62 may use."""
    (points,) = [
        one for one in jifen.data("member", "show", "card:62")["balances"] if one["currency"] == "points"
    ]
    return int(points["available"])


def test_a_stock_is_delivered_counted_and_loses_what_broke(shop: Jifen) -> None:
    assert shop("reward", "stock", "mug", "10") == "mug: +10, 10 left.\n"
    assert shop("reward", "stock", "mug", "-3", "--reason", "damaged") == "mug: -3, 7 left.\n"
    assert shop.data("reward", "stock", "mug", "6", "--count") == {
        "reward": "mug", "store": None, "change": -1, "left": 6,
    }  # fmt: skip

    few = shop.data("reward", "stock", "mug", "-7", status=3)
    assert (few["code"], few["pointer"], few["numbers"]) == (
        "stock_too_low",
        "/pieces",
        {"left": 6, "under_way": 0},
    )
    none = shop.data("reward", "stock", "coffee", "5", status=3)
    assert (none["code"], none["pointer"]) == ("stock_not_counted", "/reward")
    nobody = shop.data("reward", "stock", "plate", "5", status=3)
    assert nobody["code"] == "reward_unknown"
    shop("reward", "stock", "mug", "5", "--reason", "bored", status=2)

    listed = {one["reward"]: one for one in shop.data("reward", "list")["data"]}
    assert (listed["mug"]["left"], listed["coffee"]["left"], listed["mug"]["is_off"]) == (6, None, False)


def test_what_waits_is_handed_over_by_its_code_and_taken_back(shop: Jifen) -> None:
    shop("reward", "stock", "mug", "10")
    waits = shop.data("reward", "redeem", "card:62", "mug", "--pieces", "2", "--keep")
    assert (waits["status"], waits["units"], spendable(shop)) == ("waiting", 200, 800)
    assert "waiting: 2" in shop("reward", "list")

    assert shop("reward", "hand-over", waits["code"]) == f"{waits['redemption_id']}: handed over.\n"
    again = shop.data("reward", "hand-over", waits["redemption_id"], status=3)
    assert again["code"] == "redemption_over"

    back = shop("reward", "take-back", waits["redemption_id"], "--note", "Broken", "--broken")
    assert back == f"{waits['redemption_id']}: returned, 200 came back.\n"
    assert spendable(shop) == 1_000
    assert shop.data("reward", "list")["data"][0]["left"] == 8


def test_what_waits_is_called_off_and_what_a_member_cannot_pay_is_refused(shop: Jifen) -> None:
    told = shop("reward", "redeem", "card:62", "coffee", "--keep")
    redemption, rest = told.split(": ", 1)
    assert rest.startswith("waiting, 30 spent or held, to be picked up by ")
    assert shop("reward", "cancel", redemption) == f"{redemption}: cancelled.\n"
    assert spendable(shop) == 1_000

    shop("reward", "redeem", "card:62", "coffee")
    assert spendable(shop) == 970
    poor = shop.data("reward", "redeem", "card:62", "coffee", "--pieces", "33", status=3)
    assert poor["code"] == "points_missing"
    assert spendable(shop) == 970
    assert "its last one checks the others" in shop("reward", "hand-over", "1234567890", status=3)
    nobody = shop.data("reward", "hand-over", "1234567897", status=3)
    assert nobody["code"] == "redemption_unknown"
