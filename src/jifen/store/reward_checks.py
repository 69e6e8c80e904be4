"""Redemptions and stocks, in SQL: the part of law 12 that holds them against the journal."""

from __future__ import annotations

from jifen.store.reward_tables import FIRST_STOCK

_STANDS = """CASE
    WHEN EXISTS (SELECT FROM entry v WHERE v.member_id = r.member_id AND v.kind = 'reverse'
                   AND v.origin IN (r.sequence, c.sequence)) THEN 'returned'
    WHEN e.kind = 'redeem' OR c.kind = 'commit' THEN 'handed_over'
    WHEN c.kind = 'release' THEN 'cancelled'
    WHEN r.sequence = ANY (ARRAY(SELECT m.holds[i] FROM member m, generate_series(1, cardinality(m.holds), 5) AS i
                                 WHERE m.member_id = r.member_id)) THEN 'waiting'
    ELSE 'lapsed' END"""
"""Where a redemption stands by the journal: its own entry `e`, and the one `c` that ended what it held."""

REWARD_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "a redemption is what its entry says",
        """SELECT coalesce(r.member_id, e.member_id) AS offender, coalesce(r.sequence, e.sequence) AS sequence, r.redemption_id,
                  r.reward, e.value, r.pieces, e.pieces AS pieces_of_entry, r.units, e.units AS units_of_entry
           FROM redemption r
           FULL JOIN (SELECT * FROM entry WHERE kind IN ('redeem', 'reserve') AND value IS NOT NULL) e
               ON e.member_id = r.member_id AND e.sequence = r.sequence
           WHERE (r.reward, r.pieces, r.currency, r.units, r.store, r.is_kept, r.until_at)
                 IS DISTINCT FROM (e.value, e.pieces, e.currency, e.units, e.store, e.kind = 'reserve', e.lapses_at)""",
    ),
    (
        "a redemption stands where the journal has it",
        f"""SELECT * FROM (
                SELECT r.member_id AS offender, r.redemption_id, r.status, {_STANDS} AS by_the_journal
                FROM redemption r
                JOIN entry e ON e.member_id = r.member_id AND e.sequence = r.sequence
                LEFT JOIN entry c ON c.member_id = r.member_id AND c.origin = r.sequence AND c.kind IN ('commit', 'release')) s
            WHERE status <> by_the_journal""",
    ),
    (
        "what a redemption drew of a stock is its pieces, and is there again only where it is over",
        f"""SELECT coalesce(u.member_id, r.member_id) AS offender, coalesce(u.sequence, r.sequence) AS sequence, r.status,
                   r.pieces, u.units, b.units AS back
            FROM (SELECT member_id, sequence, sum(units) AS units FROM pool_use WHERE pool >= {FIRST_STOCK} GROUP BY 1, 2) u
            LEFT JOIN redemption r USING (member_id, sequence)
            LEFT JOIN (SELECT member_id, sequence, sum(units) AS units FROM pool_back GROUP BY 1, 2) b USING (member_id, sequence)
            WHERE u.units IS DISTINCT FROM r.pieces
               OR (b.units IS NOT NULL AND (b.units <> u.units OR r.status NOT IN ('cancelled', 'lapsed', 'returned')))
               OR (b.units IS NULL AND r.status IN ('cancelled', 'lapsed'))""",
    ),
    (
        "what is there again in a stock was drawn from it",
        """SELECT b.member_id AS offender, b.sequence, b.pool, b.units, u.units AS drawn
           FROM pool_back b LEFT JOIN pool_use u USING (member_id, sequence, lease_id)
           WHERE (b.pool, b.units) IS DISTINCT FROM (u.pool, u.units)""",
    ),
    (
        "no stock gives more than it has",
        """SELECT 'pool ' || u.pool AS offender, u.units, coalesce(b.units, 0) AS back, coalesce(c.pieces, 0) AS counted
           FROM (SELECT pool, sum(units) AS units FROM pool_use GROUP BY pool) u
           JOIN stock s USING (pool)
           LEFT JOIN (SELECT pool, sum(units) AS units FROM pool_back GROUP BY pool) b USING (pool)
           LEFT JOIN (SELECT pool, sum(pieces) AS pieces FROM stock_change GROUP BY pool) c USING (pool)
           WHERE u.units - coalesce(b.units, 0) > coalesce(c.pieces, 0)""",
    ),
)
