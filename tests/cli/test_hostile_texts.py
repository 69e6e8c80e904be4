"""What comes in at the command line has its one form, and nothing that was ever let in reaches a terminal as it is."""

from __future__ import annotations

import asyncio
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Jifen
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.document.load import parse_document
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.operations.adjust_units import adjust_units
from jifen.operations.find_member import find_member
from jifen.store.once import Once
from jifen.templates import template_text

CLI = Path(__file__).parents[2] / "src" / "jifen" / "cli"
FORGED = "sorry\n2026-11-21  #9  +1,000,000 points: adjusted by hand\x1b[2K\x1b[1A\x9b31m\u202e\x07"


def hostile(text: str) -> list[str]:
    """What of a terminal's text is not printed, line ends apart."""
    return [repr(one) for one in text if unicodedata.category(one) in ("Cc", "Zl", "Zp") and one != "\n"]


def test_a_note_from_before_the_rule_forges_no_line(jifen: Jifen, fresh_database: FreshDatabase) -> None:
    jifen("member", "enrol", "--card", "62")

    async def adjust() -> None:
        document = parse_document(template_text("corner-shop"), name="shop")
        async with a_ledger(fresh_database, document=document) as ledger:
            who = await find_member(ledger, MemberKey("card", "62"))
            # Straight to the operation: no edge looks at the note.
            await adjust_units(
                ledger,
                who,
                currency="points",
                units=5,
                note=FORGED,
                request=Once(key="x", body_hash=b""),
                principal=LOCAL,
            )

    asyncio.run(adjust())
    for language in ("en", "zh"):
        told = jifen("explain", "62", "--language", language)
        assert len(told.splitlines()) == 1
        assert hostile(told) == []
        assert "sorry\\u000a2026-11-21" in told
        assert "\\u001b[2K" in told
    raw = jifen("explain", "62", "--json")
    assert hostile(raw) == []
    entry: dict[str, Any] = json.loads(raw)["entries"][0]
    assert FORGED in entry["sentence"]


def test_a_card_is_found_however_it_was_written(jifen: Jifen) -> None:
    made = jifen.data("member", "enrol", "--card", "６２００００１\r", "--external", " crm-7\n")
    assert made["keys"] == [{"kind": "card", "value": "6200001"}, {"kind": "external", "value": "crm-7"}]
    for name in (
        "6200001",
        "62 00 001",
        "card:6200 001",
        "card:6200001\r\n",
        "６２００００１",
        "external:\u3000crm-7",
        " 6200001 ",
    ):
        assert jifen.data("member", "show", name)["member_id"] == made["member_id"]
    again = jifen.data("member", "enrol", "--card", "6200001\t", status=3)
    assert again["code"] == "key_taken"


def test_a_receipt_is_found_however_it_was_written(jifen: Jifen, tmp_path: Path) -> None:
    body = {
        "source": "pos ", "business_no": "N   ", "occurred_at": "2026-11-21T04:00:00Z", "money": "CNY", "amount_minor": 100,
        "lines": [{"number": 1, "amount_minor": 100}],
    }  # fmt: skip
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(body))
    assert jifen.data("purchase", "record", str(file))["recorded"] == 1
    file.write_text(json.dumps({**body, "source": "ｐｏｓ", "business_no": "Ｎ"}))
    assert jifen.data("purchase", "record", str(file))["known"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("member", "enrol", "--card", "62\n01"),
        ("member", "enrol", "--card", "62\u200b01"),
        ("member", "enrol", "--external", "NULL"),
        ("member", "enrol", "--card", ""),
        ("member", "show", "card:N/A"),
        ("member", "reverse", "62", "1", "--note", "a\nb"),
        ("purchase", "show", "pos/1\x1b[2J"),
        ("explain", "pos/1\x1b[2J"),
        ("key", "create", "--role", "till", "--name", "till\x1b[2J"),
    ],
)
def test_what_has_no_form_is_not_understood(jifen: Jifen, arguments: tuple[str, ...]) -> None:
    if "reverse" in arguments:
        jifen("member", "enrol", "--card", "62")
    assert hostile(jifen(*arguments, status=2)) == []


def test_everything_that_is_printed_leaves_through_one_door() -> None:
    """`typer.echo`, `print` and the streams themselves are for show.py alone."""
    past = re.compile(r"typer\.echo|typer\.secho|\bprint\(|sys\.std(out|err)\.write")
    found = [
        path.name
        for path in CLI.glob("*.py")
        if path.name != "show.py" and past.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
