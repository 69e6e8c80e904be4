"""Renders docs/reference/database.md from the tables: `python -m tests.docs.database_page` writes it anew."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import CheckConstraint, Table
from sqlalchemy.dialects import registry
from sqlalchemy.schema import CreateColumn

from jifen.store.rights import RIGHTS
from jifen.store.tables import metadata

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "database.md"

INTRO = """# The database

What is kept, table by table, in the schema `jifen`. This page is made from `src/jifen/store/tables.py`
(`python -m tests.docs.database_page` writes it anew; a test holds it fresh).

Amounts and units are `bigint` in the smallest unit. Numbers of currencies, tiers and rules are those of the revision's
`numbering`, and stay for ever. Arrays of a member are rows laid end to end; their columns are named in
`src/jifen/domain/fold.py`: `tier_history` (ladder, day, microsecond, tier, cause, day of review), `counters` (limit, period,
used), `holds` (reservation, lot, units, lapses at, lapses on). `days` (day, spend, visits, and what each ladder counted) is
packed: `src/jifen/domain/packing.py`. Numbers of the journal are listed: kept as the text of an array, which
`column::bigint[]` reads. Days are counted from 1970-01-01 in the programme's zone.

The class of a table decides what the role that serves may do with it:

| class | meaning | the role may |
|---|---|---|
| journal | what happened | {journal} |
| reference-journal | the same for everybody, and never changed | {reference-journal} |
| cache | rebuilt from the journal | {cache} |
| identity | changed and erased | {identity} |
| work | keys, reservations, gifts on the road: pruned | {work} |
| reference | small, the same for everybody | {reference} |

"Distributed by" is the column by which a cluster would distribute the table; a reference table has a copy on each node.
"""


def page() -> str:
    """The whole page."""
    rights = {name: right.lower() for name, right in RIGHTS.items()}
    head = INTRO
    for name, right in rights.items():
        head = head.replace("{" + name + "}", right)
    tables = sorted(metadata.tables.values(), key=lambda table: table.name)
    return "\n".join([head, *(_section(table) for table in tables)])


def _section(table: Table) -> str:
    by = table.info["distributed_by"]
    named = sorted(
        str(one.name)
        for one in table.constraints
        if isinstance(one, CheckConstraint) and one.name is not None
    )
    lines = [
        f"## {table.name}",
        "",
        f"{table.comment}",
        "",
        f"Class: {table.info['class']}. Distributed by: {f'`{by}`' if by else 'a copy on each node'}. "
        f"Key: {', '.join(f'`{column.name}`' for column in table.primary_key.columns)}.",
        "",
        "| column | type |",
        "|---|---|",
        *(f"| `{column.name}` | {_type(table, column.name)} |" for column in table.columns),
    ]
    if named:
        lines += ["", "Constraints: " + ", ".join(f"`{name}`" for name in named) + "."]
    return "\n".join([*lines, ""])


def _type(table: Table, column: str) -> str:
    """The column as PostgreSQL says it, without its name and default."""
    told = str(
        CreateColumn(table.columns[column]).compile(dialect=registry.load("postgresql.asyncpg")())
    ).partition(" ")[2]
    kind = told.partition(" DEFAULT ")[0].removesuffix(" NOT NULL").lower()
    if "lists" in table.columns[column].info:
        kind = "text, listing numbers"
    return kind if "NOT NULL" in told else f"{kind}, or null"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
