"""The journal of a period as CSV: its entries, its postings, and what they come to. Nothing of it names a person (law 10).

A receipt's number, a till and a cashier are left out, as a snapshot leaves them out: with a time they point at somebody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


def _inert(column: str) -> str:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return f"CASE WHEN {column} ~ '^\\s*[=+@＝＋－＠-]' THEN '''' || {column} ELSE {column} END AS {column}"


_AT = "to_char({0} AT TIME ZONE $3::text, 'YYYY-MM-DD HH24:MI:SS') AS {0}"
_MEMBER = "'mbr_' || replace(member_id::text, '-', '') AS member"
_WHEN = f"{_AT.format('recorded_at')}, {_AT.format('occurred_at')}, {_MEMBER}, sequence"
_PERIOD = "recorded_at >= $1 AND recorded_at < $2"
_ENTRIES = f"""
    SELECT {_WHEN}, kind, {_inert("source")}, {_inert("store")}, {_inert("channel")}, money, amount_minor, revision
    FROM (SELECT recorded_at, occurred_at, member_id, sequence, 'purchase' AS kind, source, store, channel, money, amount_minor,
                 revision
          FROM purchase WHERE {_PERIOD}
          UNION ALL
          SELECT recorded_at, occurred_at, member_id, sequence, CASE WHEN is_void THEN 'void' ELSE 'return' END, NULL, store,
                 channel, NULL, -amount_minor, NULL
          FROM purchase_return WHERE {_PERIOD}
          UNION ALL
          SELECT recorded_at, occurred_at, member_id, sequence, kind, NULL, store, channel, NULL, NULL, revision
          FROM entry WHERE {_PERIOD}) e
    ORDER BY e.recorded_at, e.member_id, e.sequence"""
_POSTINGS = f"""
    SELECT {_WHEN}, part, c.code AS currency, verb, account, CASE WHEN is_credit THEN units ELSE -units END AS units,
           balance_after, lot, {_inert("funder")}, {_inert("store")}, {_inert("channel")}, revision
    FROM posting p JOIN unnest($4::int[], $5::text[]) c (number, code) ON c.number = p.currency
    WHERE {_PERIOD}
    ORDER BY p.recorded_at, p.member_id, p.sequence, p.part"""


class Total(NamedTuple):
    """What one verb moved in one currency; of `before` and `after` what all members together held (less what they owed)."""

    currency: str
    line: str  # before, a verb, after
    postings: int
    units: int  # smallest unit; from the members' side


async def copy_entries(
    connection: Connection, to: Path, *, since: datetime, until: datetime, zone: str
) -> int:
    """Write the entries of a period; answers how many there are. Their times are those of the zone."""
    told = await connection.copy_from_query(
        _ENTRIES, since, until, zone, output=to, format="csv", header=True
    )
    return int(told.removeprefix("COPY "))


async def copy_postings(
    connection: Connection,
    to: Path,
    *,
    since: datetime,
    until: datetime,
    zone: str,
    currencies: Sequence[str],
) -> int:
    """Write the postings of a period; answers how many there are.

    Shape
        currencies   codes, by their numbers
    """
    told = await connection.copy_from_query(
        _POSTINGS, since, until, zone, list(range(len(currencies))), list(currencies),
        output=to, format="csv", header=True,
    )  # fmt: skip
    return int(told.removeprefix("COPY "))


async def totals_of(
    connection: Connection, *, since: datetime, until: datetime, currencies: Sequence[str]
) -> list[Total]:
    """What the postings of a period come to, of each currency from what was held before to what is held after."""
    rows = await connection.fetch(
        """SELECT currency, verb,
                  count(*) FILTER (WHERE recorded_at >= $1) AS postings,
                  coalesce(sum(moved) FILTER (WHERE recorded_at >= $1), 0)::bigint AS units,
                  count(*) FILTER (WHERE recorded_at < $1) AS earlier,
                  coalesce(sum(moved) FILTER (WHERE recorded_at < $1), 0)::bigint AS before
           FROM (SELECT currency, verb, recorded_at, CASE WHEN is_credit THEN units ELSE -units END AS moved FROM posting) p
           WHERE recorded_at < $2 GROUP BY currency, verb ORDER BY currency, verb""",
        since,
        until,
    )
    found: list[Total] = []
    for number, code in enumerate(currencies):
        own = [row for row in rows if row["currency"] == number]
        before = Total(code, "before", sum(row["earlier"] for row in own), sum(row["before"] for row in own))
        verbs = [Total(code, row["verb"], row["postings"], row["units"]) for row in own if row["postings"]]
        postings = before.postings + sum(one.postings for one in verbs)
        after = Total(code, "after", postings, before.units + sum(one.units for one in verbs))
        found += [before, *verbs, after]
    return found
