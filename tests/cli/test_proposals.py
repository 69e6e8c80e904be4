"""`jifen proposal`: who sits at the machine decides what waits, in both languages, and is told what it was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

from tests.api.conftest import a_ledger
from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase

from jifen.domain.person import MemberKey
from jifen.domain.principal import Permission, Principal
from jifen.operations.enrol_member import enrol_member
from jifen.operations.handle_proposals import propose_adjustment
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger
from jifen.store.once import Once


def a_proposal(database: FreshDatabase, *, card: str) -> str:
    """The id of an adjustment that somebody proposed for a new member."""

    async def propose(ledger: Ledger) -> str:
        key = Once(key=f"enrol {card}", body_hash=b"x" * 32)
        member = await enrol_member(ledger, [MemberKey("card", card)], key)
        principal = Principal(
            kind="key",
            id=new_id(),
            name="a key",
            permissions=frozenset({Permission.UNITS_ADJUST}),
            adjustment_units_max=0,
        )
        answer = await propose_adjustment(
            ledger,
            principal,
            UUID(member["member_id"]),
            currency="points",
            units=250,
            note="sorry",
            store=None,
            request=Once(key=f"propose {card}", body_hash=b"y" * 32),
        )
        return f"prp_{answer['proposal_id'].replace('-', '')}"

    return asyncio.run(_with(database, propose))


async def _with(database: FreshDatabase, work: Callable[[Ledger], Awaitable[str]]) -> str:
    async with a_ledger(database.app) as ledger:
        return await work(ledger)


def test_what_waits_is_listed_approved_and_refused(jifen: Jifen, fresh_database: FreshDatabase) -> None:
    assert jifen("proposal", "list", "--language", "zh").strip() == "没有等待第二人的申请。"
    one, other = a_proposal(fresh_database, card="1"), a_proposal(fresh_database, card="2")
    listed = jifen("proposal", "list")
    assert one in listed
    assert "a key proposes to adjust mbr_" in listed
    assert "by +250 points: sorry" in listed
    done = jifen.data("proposal", "approve", one)
    assert (done["state"], done["decided_by"]["name"], done["result"]["balance_after"]) == (
        "approved",
        "cli",
        250,
    )
    assert jifen.data("proposal", "approve", one) == done, "the same is answered again"
    refused = jifen("proposal", "refuse", other, "--reason", "ask me first", "--language", "zh")
    assert "由 cli 拒绝" in refused
    assert "ask me first" in jifen("proposal", "show", other)
    assert jifen.data("proposal", "approve", other, status=3)["code"] == "proposal_over"
    states = {
        item["id"]: item["state"] for item in jifen.data("proposal", "list", "--state", "all")["proposals"]
    }
    assert states == {one: "approved", other: "refused"}


def test_what_is_no_proposal_is_said(jifen: Jifen) -> None:
    jifen("proposal", "show", "nothing", status=2)
    jifen("proposal", "list", "--state", "gone", status=2)
    assert jifen.data("proposal", "show", "prp_" + "0" * 32, status=3)["code"] == "proposal_unknown"


def test_what_waits_of_members_is_shown_and_set(jifen: Jifen) -> None:
    assert jifen.data("proposal", "rules") == {"erasure": True, "merge": True, "reveals_a_day": 100}
    changed = jifen.data("proposal", "rules", "--no-merge", "--reveals-a-day", "7")
    assert changed == {"erasure": True, "merge": False, "reveals_a_day": 7}
    said = jifen("proposal", "rules", "--language", "zh")
    assert "操作员可独自合并会员" in said
    assert "7 人" in said
    assert jifen.data("proposal", "rules", "--reveals-a-day", "0")["reveals_a_day"] is None
    assert jifen.data("proposal", "rules", "--reveals-a-day", "-1", status=3)["code"] == "field_wrong"
