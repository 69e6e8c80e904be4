"""Who stands where, who moved when, and who is about to fall: on books whose clock is moved, against what then happens."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till

from jifen.domain.refusals import FieldWrong
from jifen.operations.advance_members import advance_members
from jifen.operations.read_ladder import list_falling, read_ladder
from jifen.operations.read_member import read_member
from jifen.present.ladders import falling_shown, ladder_shown

OPENING = datetime(2026, 1, 5, 4, tzinfo=UTC)  # noon in Shanghai
LADDER = """tiers:
  by: spend
  window_days: 30
  keeps_days: 40
  grace_days: 10
  downgrade: one_level
  list:
    - {code: member, names: {en: Member, zh: 会员}, reach: 0}
    - {code: silver, names: {en: Silver, zh: 银卡}, reach: 20000, keep: 10000}
    - {code: gold, names: {en: Gold, zh: 金卡}, reach: 40000, multiplier: "3/2"}
"""


async def falling(till: Till, **asked: Any) -> dict[str, Any]:
    """Those who are about to fall, as they are shown."""
    return falling_shown(await list_falling(till.ledger, **asked))


async def shown(till: Till, **asked: Any) -> dict[str, Any]:
    """The ladder as it is shown."""
    return ladder_shown(await read_ladder(till.ledger, **asked), "en")


async def tier(till: Till, member: UUID) -> str:
    """The tier that a member holds now."""
    return (await read_member(till.ledger, member)).timeline.tier_codes[
        (await read_member(till.ledger, member)).member.tier
    ]


async def test_who_is_said_to_fall_falls_and_nobody_else_does(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(more=LADDER)) as till:
        await till.set_now(OPENING)
        gold, silver, keeps, never = [await till.enrol() for _ in range(4)]
        await till.buy(gold, 50_000, no="g", at=OPENING)
        await till.set_now(OPENING + timedelta(days=1))
        await till.buy(silver, 20_000, no="s", at=OPENING + timedelta(days=1))
        await till.buy(keeps, 20_000, no="k", at=OPENING + timedelta(days=1))
        counts = {one["tier"]: one["members"] for one in (await shown(till))["tiers"]}
        assert counts == {"member": 1, "silver": 2, "gold": 1}

        # 40 days and 10 of grace: within 30 days nobody is judged.
        assert (await falling(till))["data"] == []
        await till.set_now(OPENING + timedelta(days=35))
        await till.buy(keeps, 10_000, no="k2", at=OPENING + timedelta(days=35))
        told = await falling(till)
        assert [(one["tier"], one["falls_to"], one["judged_on"], one["missing"]) for one in told["data"]] == [
            ("gold", "silver", "2026-02-24", 40_000),
            ("silver", "member", "2026-02-25", 10_000),
        ]
        assert not any(one["is_in_grace"] for one in told["data"])
        assert (await shown(till))["judged"] == 3
        await till.set_now(OPENING + timedelta(days=41))
        assert [one["is_in_grace"] for one in (await falling(till))["data"]] == [True, True]

        await till.set_now(OPENING + timedelta(days=52))
        await advance_members(till.ledger)
        assert [await tier(till, one) for one in (gold, silver, keeps, never)] == [
            "silver", "member", "silver", "member",
        ]  # fmt: skip
        told = await shown(till, from_on=date(2025, 10, 1))
        assert [(one["before"], one["after"], one["moves"], one["by_time"]) for one in told["pairs"]] == [
            ("member", "silver", 2, 0),
            ("member", "gold", 1, 0),
            ("silver", "member", 1, 1),
            ("gold", "silver", 1, 1),
        ]
        assert told["step"] == "month"
        assert [(one["on"], one["up"], one["down"]) for one in told["steps"]][-2:] == [
            ("2026-01-01", 3, 0),
            ("2026-02-01", 0, 2),
        ]


async def test_a_rise_that_a_void_takes_back_is_no_move(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(more=LADDER)) as till:
        await till.set_now(OPENING)
        member = await till.enrol()
        await till.buy(member, 50_000, no="g", at=OPENING)
        await till.set_now(OPENING + timedelta(days=1))
        days = {"from_on": date(2026, 1, 1), "to_on": date(2026, 1, 31)}
        told = await shown(till, **days)
        assert [(one["after"], one["moves"]) for one in told["pairs"]] == [("gold", 1)]
        assert told["step"] == "day"
        assert [one["on"] for one in told["steps"] if one["up"]] == ["2026-01-05"]
        await till.bring_back("g")
        assert (await shown(till, **days))["pairs"] == []


async def test_pages_of_who_falls_name_everybody_once_and_pass_over_who_keeps(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jifen.operations.read_ladder.LOOKED_AT_ONCE", 3)
    monkeypatch.setattr("jifen.operations.read_ladder.LOOKED_AT_MAX", 6)
    async with a_till(fresh_database, a_document(more=LADDER)) as till:
        await till.set_now(OPENING)
        falls = []
        for at in range(12):
            member = await till.enrol()
            await till.buy(member, 20_000, no=f"n{at}", at=OPENING)
            if at % 4 == 0:
                falls.append(f"mbr_{member.hex}")
        await till.set_now(OPENING + timedelta(days=30))
        for at in range(12):
            if at % 4:
                no = await till.fetchval("SELECT member_id FROM purchase WHERE business_no = $1", f"n{at}")
                await till.buy(no, 10_000, no=f"m{at}", at=OPENING + timedelta(days=30))
        found: list[str] = []
        before: str | None = None
        for _ in range(20):
            page = await falling(till, limit=2, before=before)
            assert len(page["data"]) <= 2
            found += [one["member_id"] for one in page["data"]]
            before = page["next_cursor"]
            if before is None:
                break
        assert before is None
        assert sorted(found) == sorted(falls)
        for wrong in ("nonsense", "1~xyz", f"{2**40}~{'0' * 32}"):
            with pytest.raises(FieldWrong):
                await list_falling(till.ledger, before=wrong)
        with pytest.raises(FieldWrong):
            await list_falling(till.ledger, within_days=401)


async def test_of_too_many_members_nothing_is_counted_here(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jifen.store.plan_counts.MEMBERS_COUNTED_MAX", -2)  # -1: the planner believes nothing
    async with a_till(fresh_database, a_document(more=LADDER)) as till:
        told = await shown(till)
        assert (told["steps"], told["pairs"], told["judged"]) == (None, None, None)
        assert {one["members"] for one in told["tiers"]} == {None}
        assert (await falling(till))["data"] is None


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "What counts is the money spent in the last 30 days.",
                "A tier that is reached is kept for 40 days, then judged again.",
                "Whoever has too little then has 10 more days to catch up.",
                "Whoever does not keep it falls by one tier.",
                "Member: where everybody begins.",
                "Silver: reached with 200 CNY, kept with 100 CNY.",
                "Gold: reached with 400 CNY; what a rule gives by tier counts 1.5 times.",
            ],
        ),
        (
            "zh",
            [
                "等级按最近 30 天的消费金额计算。",
                "升级后保留 40 天，然后重新评定。",
                "届时不够的，还有 10 天可以补上。",
                "没有保住的，降一级。",
                "会员：人人由此开始。",
                "银卡：满 200 CNY 升级，满 100 CNY 保级。",
                "金卡：满 400 CNY 升级；按等级给分的规则乘以 1.5 倍。",
            ],
        ),
    ],
)
async def test_the_ladder_is_sentences(fresh_database: FreshDatabase, language: str, said: list[str]) -> None:
    async with a_till(fresh_database, a_document(more=LADDER)) as till:
        told = ladder_shown(await read_ladder(till.ledger), language)
        assert [*told["sentences"], *(one["sentence"] for one in told["tiers"])] == said
