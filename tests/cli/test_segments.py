"""`jifen segment`: counted, made, filled from a file, refreshed, archived; what is wrong is told by its line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.api.conftest import a_ledger
from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase

from jifen.domain.person import MemberKey
from jifen.operations.enrol_member import enrol_member
from jifen.store.once import Once


async def _enrol(database: FreshDatabase, *cards: str) -> None:
    async with a_ledger(database.app) as ledger:
        for card in cards:
            await enrol_member(
                ledger, [MemberKey("card", card)], Once(key=f"enrol {card}", body_hash=b"x" * 32)
            )


def test_a_segment_from_its_condition_and_from_a_file(
    jifen: Jifen, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    asyncio.run(_enrol(fresh_database, "7001", "7002", "7003"))
    when = "{fact: member.purchases_before, eq: 0}"

    counted = json.loads(jifen("segment", "count", "--when", when, "--json"))
    assert (counted["members"], counted["looked_at"], counted["is_whole"]) == (3, 3, True)
    names = ("--name", "zh=未消费", "--name", "en=New")
    assert "3 members" in jifen("segment", "make", "fresh", *names, "--when", when)
    jifen("segment", "make", "vip", *names)
    file = tmp_path / "vip.csv"
    file.write_text("member,why\n7001,good\ncard:7002,\n9999,unknown\n", encoding="utf-8")

    added = jifen("segment", "add", "vip", str(file))

    assert added.splitlines()[0] == "2 put in; 2 are in vip now."
    assert f"{file}, line 4: member_unknown" in added
    assert len(json.loads(jifen("segment", "members", "vip", "--json"))["data"]) == 2
    file.write_text("7001\n", encoding="utf-8")
    assert "1 taken out; 1 are in vip now." in jifen("segment", "remove", "vip", str(file))
    told = json.loads(jifen("segment", "show", "fresh", "--json"))
    assert (told["members"], told["condition"], told["rules"]) == (
        3, {"fact": "member.purchases_before", "eq": 0}, [],
    )  # fmt: skip
    assert [one["members"] for one in told["sizes"]] == [3]
    assert "3 members" in jifen("segment", "refresh", "fresh")
    assert "fresh is archived." in jifen("segment", "archive", "fresh")
    listed = json.loads(jifen("segment", "list", "--json"))["data"]
    assert [one["code"] for one in listed] == ["vip"]
