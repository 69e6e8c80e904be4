"""The stories in the documentation, told on a real ledger: a page that lies fails here."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import a_till
from tests.stories.reading import read_story, stories
from tests.stories.telling import Shop

from jifen.document.load import parse_document

FRAME = """\
format: 1
program: {code: shop, names: {zh: 小店, en: Shop}}
time_zone: Asia/Shanghai
money: {code: CNY, decimals: 2}
any_store: true
"""


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
async def test_a_story_happens_as_it_is_told(path: Path, fresh_database: FreshDatabase) -> None:
    story = read_story(path)
    document = parse_document(FRAME + story.programme, name=path.name)
    async with a_till(fresh_database, document) as till:
        shop = Shop(till)
        told: dict[str, int] = {}
        for row in story.rows:
            await shop.tell(row)
            liability = await shop.liability_minor()
            if row.member:
                moved, told[row.member] = await shop.moved(row.member, told.get(row.member, 0))
                seen = await till.balance(shop.members[row.member])
                assert (moved, seen.balance, seen.available) == (row.points, row.balance, row.usable), (
                    row.place
                )
            assert liability == row.liability_minor, row.place
            await till.assert_laws_in_sql()
        await till.assert_laws()


def test_there_is_a_story_for_each_hard_case() -> None:
    assert {path.stem for path in stories()} >= {
        "life-of-a-purchase", "partial-return-with-a-cap", "expiry-with-notice", "debt-and-repayment",
        "a-gift-keeps-its-expiry", "up-and-down-the-ladder", "a-late-purchase", "a-receipt-of-nobody",
        "a-reservation-that-lapses",
    }  # fmt: skip


def test_every_story_is_in_the_list_of_stories() -> None:
    listed = (stories()[0].parent / "README.md").read_text(encoding="utf-8")
    for path in stories():
        assert f"({path.name})" in listed
        assert read_story(path).title in listed
