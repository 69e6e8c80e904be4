"""What a person reads of a statement, a lot and a reversal in a terminal, in units as they are shown."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tests.cli.conftest import Jifen, environment_of
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.cli.bench import _line
from jifen.cli.demo import _as_text
from jifen.document.load import parse_document
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.operations.adjust_units import adjust_units
from jifen.operations.find_member import find_member
from jifen.operations.give_units import give_units
from jifen.operations.handle_reservations import reserve_units
from jifen.store.once import Once
from jifen.templates import template_text

SCALED = template_text("corner-shop").replace("kind: spendable", "kind: spendable\n    scale: 2")


@pytest.fixture
def scaled(fresh_database: FreshDatabase, tmp_path: Path) -> Jifen:
    """A shop whose points have two decimals. 62 bought for 123.45 yuan, got 0.50, gave 63 1.25, and holds 2.50."""
    jifen = Jifen(environment=environment_of(fresh_database))

    async def begin() -> None:
        async with a_ledger(fresh_database, document=parse_document(SCALED, name="scaled")):
            pass

    async def live() -> None:
        async with a_ledger(fresh_database, document=parse_document(SCALED, name="scaled")) as ledger:
            who, other = [await find_member(ledger, MemberKey("card", card)) for card in ("62", "63")]

            def once(key: str) -> Once:
                return Once(key=key, body_hash=b"")

            await adjust_units(
                ledger,
                who,
                currency="points",
                units=50,
                note="sorry",
                request=once("adjust"),
                principal=LOCAL,
            )
            await give_units(ledger, who, other, currency="points", units=125, request=once("give"))
            await reserve_units(
                ledger, who, currency="points", units=250, lapse_seconds=900, request=once("reserve")
            )

    asyncio.run(begin())
    for card in ("62", "63"):
        jifen("member", "enrol", "--card", card)
    # No Tuesday.
    receipt = {
        "source": "pos", "business_no": "1", "occurred_at": "2026-11-21T04:00:00Z", "money": "CNY", "amount_minor": 12_345,
        "member": {"card": "62"}, "lines": [{"number": 1, "amount_minor": 12_345}],
    }  # fmt: skip
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt))
    jifen("purchase", "record", str(file))
    asyncio.run(live())
    return jifen


def test_a_statement_tells_entries_and_lots_in_units_as_they_are_shown(scaled: Jifen) -> None:
    english = scaled("explain", "62", "--language", "en").splitlines()
    assert "  #4  −1.25 points: gift to member" in english[0]
    assert english[0].endswith("  = 122.70  [lot 1]")
    assert "  #3  +0.50 points: adjusted by hand" in english[1]
    assert english[-1].strip() == "line 1  base: 123.45"
    assert "  #2  +123.45 积分" in (chinese := scaled("explain", "62"))
    assert "  = 123.45  [批次 1]" in chinese
    shown = scaled("purchase", "show", "pos/1")
    assert "+123.45 points by base" in shown
    assert "earned 123.45 points" in shown


def test_a_statement_says_when_there_is_more_and_how_to_read_it(scaled: Jifen) -> None:
    first = scaled("explain", "62", "--limit", "2", "--language", "en").splitlines()
    assert first[-1] == "There is more: jifen explain 62 --before 3"
    assert scaled.data("explain", "62", "--limit", "2")["next_before"] == 3
    assert "还有更多：jifen explain 62 --before 3" in scaled("explain", "62", "--limit", "2")
    behind = scaled("explain", "62", "--before", "3", "--language", "en")
    assert "#2  +123.45 points" in behind
    assert "There is more" not in behind
    assert "Nothing before entry 1" in scaled("explain", "62", "--before", "1", "--language", "en")
    for nonsense in (("--after", "3"), ("--lot", "1", "--before", "3"), ("--limit", "201")):
        scaled("explain", "62", *nonsense, status=2)
    scaled("explain", "pos/1", "--before", "3", status=2)


def test_a_lot_is_followed_in_units_as_they_are_shown_and_on(scaled: Jifen) -> None:
    story = scaled("explain", "62", "--lot", "1", "--language", "en", "--limit", "2")
    chinese = scaled("explain", "62", "--lot", "1", "--language", "zh", "--limit", "2")
    assert "批次之外 -> 未用" in chinese
    assert "#2 purchase: 123.45  outside -> open" in story
    assert story.splitlines()[-1] == "There is more: jifen explain 62 --lot 1 --after 4"
    assert "#5 reserve: 2.50  open -> held" in scaled(
        "explain", "62", "--lot", "1", "--after", "4", "--language", "en"
    )
    unknown = scaled.data("explain", "62", "--lot", "9", status=3)
    assert (unknown["code"], unknown["pointer"]) == ("lot_unknown", "--lot")


def test_a_reversal_is_told_in_units_as_they_are_shown_or_refused_with_the_way_out(scaled: Jifen) -> None:
    def reverse(sequence: int, status: int = 0) -> str:
        return scaled("member", "reverse", "62", str(sequence), "--note", "x", status=status)

    assert "entry 2 is the purchase pos/1: return its lines, or void it" in reverse(2, status=3)
    assert "entry 5 is a reservation: release it" in reverse(5, status=3)
    assert "moved nothing" in reverse(1, status=3)
    assert "no entry 9" in reverse(9, status=3)
    assert "-0.50 points, balance 122.20" in reverse(3)
    assert "1.25 points on their way back, 0.00 could not be taken" in reverse(4)
    assert "is a reversal, which stands" in reverse(6, status=3)


def test_a_member_without_card_or_id_is_told_to_keep_his_number(jifen: Jifen) -> None:
    assert "only this id finds the member" in jifen("member", "enrol")
    assert "only this id" not in jifen("member", "enrol", "--card", "7")


def test_a_purchase_before_the_programme_is_refused_with_the_way_out(
    empty_jifen: Jifen, tmp_path: Path
) -> None:
    empty_jifen("init")
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    old = tmp_path / "old.json"
    old.write_text(
        json.dumps(
            {"source": "pos", "business_no": "1", "occurred_at": yesterday, "money": "CNY", "amount_minor": 1}
            | {"lines": [{"number": 1, "amount_minor": 1}]}
        )
    )  # fmt: skip
    told = empty_jifen("purchase", "record", str(old), status=3)
    assert "(/occurred_at) [program_missing]" in told
    assert "jifen init (with --at MOMENT" in told


def test_a_broken_law_names_its_first_offenders(jifen: Jifen, fresh_database: FreshDatabase) -> None:
    for _ in range(7):
        jifen("member", "enrol")

    async def break_it() -> None:
        admin = await asyncpg.connect(**fresh_database.admin.arguments())
        await admin.execute("UPDATE jifen.member SET balances[1] = 7")
        await admin.close()

    asyncio.run(break_it())
    told = jifen("reconcile", status=1)

    assert "BROKEN" in told
    assert "and 2 more at least: jifen reconcile --json" in told
    laws = jifen.data("reconcile", status=1)["laws"]
    broken = [law for law in laws if law["verdict"] == "broken"]
    offender = broken[0]["broken"][0]["offenders"][0]["offender"]
    assert f"            {offender}, " in told
    summary = dict.fromkeys(_SUMMARY, 0) | {
        "money": "USD", "members_by_tier": {}, "book_date": "2018-01-01", "laws": laws, "is_reused": False,
    }  # fmt: skip
    page = "\n".join(_as_text(summary))
    assert f"            {offender}, " in page
    assert page.count("more at least: jifen reconcile --json") == told.count("more at least")
    assert "The books are BROKEN" in page


_SUMMARY = (
    "members", "purchases", "lines", "spend_minor", "points_earned", "points_clawed_back", "points_redeemed",
    "points_expired", "points_outstanding", "liability_minor", "seconds",
)  # fmt: skip


def test_a_figure_without_a_goal_says_so() -> None:
    figure: dict[str, Any] = {
        "name": "profile",
        "value": 12.0,
        "unit": "microseconds",
        "ratio": None,
        "holds": None,
    }
    assert _line({**figure, "goal": "told"}).endswith("no goal")
    assert _line({**figure, "goal": "1.0 P"}).endswith("goal 1.0 P: too noisy to judge")
