"""Everything that is kept of a member, gathered: his persons, where he stands, every entry and every receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.principal import Principal
from jifen.operations.export_person import export_person
from jifen.operations.read_member import read_member
from jifen.operations.read_statement import PAGE_MAX, StatementLine, read_statement
from jifen.present.archive import archive_document

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


async def everything_of(
    ledger: Ledger, member_id: UUID, language: str, *, principal: Principal, for_id: UUID | None = None
) -> dict[str, Any]:
    """The archive of a member as plain values (`present.persons.archive_page` makes a page of them), for the shop or for one of
    his persons (`for_id`).

    Refuses
        MemberUnknown   there is none with that id
        VaultClosed     the keys of personal data are not there
    """
    export = await export_person(ledger, member_id, principal=principal, for_id=for_id)
    view = await read_member(ledger, member_id, for_id=for_id)
    page = await read_statement(ledger, member_id, limit=PAGE_MAX)
    lines: list[StatementLine] = [*page.lines]
    while page.next_before is not None:
        page = await read_statement(ledger, member_id, before=page.next_before, limit=PAGE_MAX)
        lines += page.lines
    return archive_document(export, view, lines, page.timeline, language, made_at=datetime.now(UTC))
