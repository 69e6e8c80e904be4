"""Columns that many tables have, and the metadata that they all belong to."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, DateTime, Integer, MetaData, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

SCHEMA = "jifen"


def among(value: str, texts: Iterable[str]) -> str:
    """SQL that says that a value is one of some texts without quotes or commas. A check is read and compiled again in every
    statement that writes a row, and an array that stands there whole is the least of it."""
    return f"{value} = ANY ('{{{','.join(texts)}}}'::text[])"


metadata = MetaData(
    schema=SCHEMA,
    naming_convention={"pk": "%(table_name)s_pkey", "ix": "%(table_name)s_%(column_0_N_name)s"},
)


def moment(name: str, *, nullable: bool = False, default: bool = False) -> Column[object]:
    """A column for a moment."""
    server_default = text("clock_timestamp()") if default else None
    return Column(name, DateTime(timezone=True), nullable=nullable, server_default=server_default)


def member_id() -> Column[object]:
    """The column that comes first in a member's tables."""
    return Column("member_id", UUID(as_uuid=True), primary_key=True)


def sequence() -> Column[object]:
    """The number of an entry, second in the keys of the journal."""
    return Column("sequence", BigInteger, primary_key=True, autoincrement=False)


def numbers(
    name: str, *, type_: type[BigInteger] | type[Integer] | type[SmallInteger] = BigInteger
) -> Column[object]:
    """An array of numbers that is always there."""
    return Column(name, ARRAY(type_), nullable=False)


def listed(name: str, *, nullable: bool = False) -> Column[object]:
    """Numbers of the journal, kept as the text of an array: most have one to three digits, and an array would give each eight
    bytes. Read as `name::bigint[]`; see docs/decisions/0090-numbers-of-the-journal-are-listed.md."""
    return Column(name, Text, nullable=nullable, info={"lists": "numbers"})


def each(row: str, column: str) -> str:
    """SQL that reads what a row lists, once: as `row_column.numbers`."""
    return f"LATERAL (SELECT {row}.{column}::bigint[] AS numbers OFFSET 0) {row}_{column}"


def words(*names: str) -> list[Column[object]]:
    """Columns for words that may be missing."""
    return [Column(name, Text) for name in names]


def recorded_xid() -> Column[object]:
    """Readers of the journal advance by transaction id below the oldest still running: a serial would miss late commits."""
    return Column(
        "recorded_xid", BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint")
    )


def of(class_: str, distributed_by: str | None = "member_id") -> dict[str, object]:
    """What the rights and a cluster go by."""
    return {"class": class_, "distributed_by": distributed_by}
