"""A revision keeps its text as it was written, comments and all; the books hash its values."""

from __future__ import annotations

import pytest
from tests.builders import document_text
from tests.conftest import FreshDatabase
from tests.machine.till import a_till

from jifen.document.load import parse_document
from jifen.document.write import document_yaml
from jifen.domain.refusals import FieldWrong
from jifen.operations.publish_program import publish_program
from jifen.operations.read_program import read_program, read_text

WRITTEN = document_text(late_days=30).replace("earn_rules:", "# Li asked for it, until spring.\nearn_rules:")
OTHER = document_text(late_days=31)


async def test_comments_come_back_and_count_for_nothing(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        document = parse_document(WRITTEN, name="shop.yaml")

        first, is_new = await publish_program(
            till.ledger, document, effective_at=None, published_by="test", text=WRITTEN
        )
        again, is_new_again = await publish_program(
            till.ledger, document, effective_at=None, published_by="test", text=WRITTEN + "# and more\n"
        )

        newest, _ = await read_program(till.ledger)
        assert (is_new, is_new_again, again.number) == (True, False, first.number)
        assert await read_text(till.ledger, newest) == WRITTEN
        assert parse_document(WRITTEN, name="again") == document


async def test_a_revision_without_a_text_is_written_from_its_values(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        newest, _ = await read_program(till.ledger)
        text = await read_text(till.ledger, newest)
        assert document_yaml(parse_document(text, name="shop.yaml")) == text


@pytest.mark.parametrize("text", [OTHER, "", "no: programme", "{", document_text(late_days=30) + "x: 1"])
async def test_a_text_that_says_something_else_is_refused_and_nothing_is_published(
    fresh_database: FreshDatabase, text: str
) -> None:
    async with a_till(fresh_database) as till:
        document = parse_document(WRITTEN, name="shop.yaml")
        before, _ = await read_program(till.ledger)

        with pytest.raises(FieldWrong) as refused:
            await publish_program(till.ledger, document, effective_at=None, published_by="test", text=text)

        assert refused.value.pointer == "/text"
        assert (await read_program(till.ledger))[0].number == before.number
