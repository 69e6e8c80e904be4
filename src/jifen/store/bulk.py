"""Bulk: COPY of whole frames, as CSV, in one transaction a chunk."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.store.columns import SCHEMA

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


async def copy_csv(connection: Connection, table: str, columns: Sequence[str], csv: bytes) -> None:
    """Append the rows of a CSV without header to a table."""
    await connection.copy_to_table(
        table, source=io.BytesIO(csv), columns=list(columns), schema_name=SCHEMA, format="csv", null=""
    )


async def known_business_numbers(
    connection: Connection, source: str, business_nos: Sequence[str]
) -> dict[str, tuple[bytes, UUID | None]]:
    """Which of many business numbers of one source are in, with the hash they came with and whose they are."""
    rows = await connection.fetch(
        """SELECT k.business_no, k.body_hash, k.member_id
           FROM unnest($1::text[]) AS n (business_no) JOIN purchase_key k USING (business_no) WHERE k.source = $2""",
        list(business_nos),
        source,
    )
    return {row[0]: (row[1], row[2]) for row in rows}
