"""Whole histories of members, in the order of the fold: what a rebuild of the cache reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.store.carries import STANDS

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Rows of some members, each in order of (member_id, sequence)."""

    members: Rows
    purchases: Rows
    returns: Rows
    entries: Rows
    postings: Rows
    lots: Rows
    elsewhere: Rows  # purchases of those who were merged into one of them


_ELSEWHERE = f"""
    WITH RECURSIVE whose (heir_id, brought_by, member_id) AS (
        SELECT member_id, counterpart_id, counterpart_id FROM entry WHERE kind = 'carry_in' AND member_id = ANY($1::uuid[])
            AND counterpart_id IS NOT NULL
        UNION ALL
        SELECT whose.heir_id, whose.brought_by, e.counterpart_id
        FROM entry e JOIN whose USING (member_id) WHERE e.kind = 'carry_in' AND e.counterpart_id IS NOT NULL AND {STANDS})
    SELECT w.heir_id, w.brought_by, u.member_id, u.sequence, u.purchase_id, u.revision, u.occurred_at, u.hits::bigint[], b.backs,
           coalesce(b.was_voided, false) AS was_voided, coalesce(b.was_forgiven, false) AS was_forgiven,
           (SELECT array_agg(ARRAY[p.terms::bigint, c.number]) FROM posting p
            JOIN carried_lot c ON c.member_id = w.heir_id AND c.first_member_id = u.member_id AND c.first_number = p.lot
            WHERE p.member_id = u.member_id AND p.sequence = u.sequence AND p.verb = 'earn') AS carried_lots
    FROM whose w JOIN purchase u USING (member_id)
    LEFT JOIN entry gone ON gone.member_id = w.heir_id AND gone.kind = 'carry_out'
    LEFT JOIN LATERAL (
        SELECT array_agg(a.hits::bigint[]) FILTER (WHERE a.hits <> '{{}}') AS backs, bool_or(a.is_void) AS was_voided,
               bool_or(0 < ANY (a.forgiven::bigint[])) AS was_forgiven
        FROM purchase_return a
        WHERE a.purchase_member_id = u.member_id AND a.purchase_sequence = u.sequence AND a.member_id <> w.heir_id
          AND (gone.recorded_at IS NULL OR a.recorded_at < gone.recorded_at)) b ON true
    ORDER BY w.heir_id, u.member_id, u.sequence"""
"""Purchases of merged members for those who stand for them, with what had come back before, and their lots as numbered there."""


async def member_count(connection: Connection) -> int:
    """How many members there are."""
    count: int = await connection.fetchval("SELECT count(*) FROM member")
    return count


async def member_ids(connection: Connection, *, after: UUID | None, limit: int) -> list[UUID]:
    """Ids of members in order, behind one of them."""
    rows = await connection.fetch(
        "SELECT member_id FROM member WHERE $1::uuid IS NULL OR member_id > $1 ORDER BY member_id LIMIT $2",
        after,
        limit,
    )
    return [row[0] for row in rows]


async def histories(connection: Connection, ids: Sequence[UUID]) -> Histories:
    """Everything that happened to some members, with the cache as it stands, in one snapshot of the caller's."""
    own = "WHERE member_id = ANY($1::uuid[])"
    return Histories(
        members=await connection.fetch(
            f"""SELECT member_id, status, enrolled_at, joined_day, sequence, purchases, last_purchase_day, lots_opened,
                       clock_day, clock_at, next_due_day, next_due_at, next_lapse_at, balances, debts, ladders, days,
                       tier_history, counters, holds
                FROM member {own} ORDER BY member_id""",
            ids,
        ),
        purchases=await connection.fetch(
            f"""SELECT member_id, sequence, revision, source, business_no, store, channel, money, payments, tags, lines,
                       occurred_at, recorded_at, amount_minor, masks::bigint[], hits::bigint[], legs::bigint[],
                       moves::bigint[], judged_tiers::bigint[], tiers_after::bigint[], balances_after::bigint[]
                FROM purchase {own} ORDER BY member_id, sequence""",
            ids,
        ),
        returns=await connection.fetch(
            f"""SELECT member_id, sequence, purchase_member_id, purchase_sequence, is_void, is_whole, amount_minor,
                       hits::bigint[], moves::bigint[], forgiven::bigint[], recorded_at, tiers_after::bigint[],
                       balances_after::bigint[]
                FROM purchase_return {own} ORDER BY member_id, sequence""",
            ids,
        ),
        entries=await connection.fetch(
            f"""SELECT member_id, sequence, kind, currency, units, origin, value, counterpart_id, slices::bigint[], lapses_at,
                       hits::bigint[], carried::bigint[], moves::bigint[], revision, occurred_at, recorded_at,
                       tiers_after::bigint[], balances_after::bigint[]
                FROM entry {own} ORDER BY member_id, sequence""",
            ids,
        ),
        postings=await connection.fetch(
            f"""SELECT member_id, sequence, part, currency, verb, units, balance_after, terms, reasons::bigint[], lot, occurred_at
                FROM posting {own} ORDER BY member_id, sequence, part""",
            ids,
        ),
        lots=await connection.fetch(
            f"""SELECT member_id, number, terms, currency, left_units, held, gone, expired, returned, expires_on, matures_on,
                       origin, opened
                FROM lot {own} ORDER BY member_id, number""",
            ids,
        ),
        elsewhere=await connection.fetch(_ELSEWHERE, ids),
    )
