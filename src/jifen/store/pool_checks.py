"""Pools and leases, in SQL: the part of law 12 that holds what rules with a budget granted against pools and leases."""

from __future__ import annotations

from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.store.columns import each
from jifen.store.reward_tables import FIRST_STOCK

_POOLED = """SELECT v.number AS revision, (e.at - 1)::bigint AS position, (e.rule ->> 'pool')::int AS pool,
                    (e.rule ->> 'budget')::bigint AS budget
             FROM revision v, jsonb_array_elements(v.meaning -> 'rules') WITH ORDINALITY AS e (rule, at)
             WHERE e.rule ? 'pool'"""
"""The rules that draw from a pool, at each position of each revision."""

POOL_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "a budget pays no more than it has",
        f"""SELECT 'pool ' || u.pool AS offender, u.units, b.budget
            FROM (SELECT pool, sum(units) AS units FROM pool_use WHERE pool < {FIRST_STOCK} GROUP BY pool) u
            LEFT JOIN (SELECT pool, max(budget) AS budget FROM ({_POOLED}) p GROUP BY pool) b USING (pool)
            WHERE b.budget IS NULL OR u.units > b.budget""",
    ),
    (
        "what a rule with a budget granted was drawn from its pool",
        f"""SELECT coalesce(g.member_id, u.member_id) AS offender, coalesce(g.sequence, u.sequence) AS sequence,
                   pool, g.granted, u.units
            FROM (SELECT h.member_id, h.sequence, p.pool, sum(h_hits.numbers[i + 4]) AS granted
                  FROM (SELECT member_id, sequence, revision, hits FROM purchase
                        UNION ALL
                        SELECT member_id, sequence, revision, hits FROM entry WHERE hits IS NOT NULL) h
                  CROSS JOIN {each("h", "hits")}
                  CROSS JOIN generate_series(1, cardinality(h_hits.numbers), {HIT_KEPT_WIDTH}) AS i
                  JOIN ({_POOLED}) p ON p.revision = h.revision AND p.position = h_hits.numbers[i]
                  WHERE h_hits.numbers[i + 4] > 0
                  GROUP BY 1, 2, 3) g
            FULL JOIN (SELECT member_id, sequence, pool, sum(units) AS units FROM pool_use
                       WHERE pool < {FIRST_STOCK} GROUP BY 1, 2, 3) u
                USING (member_id, sequence, pool)
            WHERE g.granted IS DISTINCT FROM u.units""",
    ),
    (
        "a lease gave no more than it had, and one that is settled gave what it says",
        """SELECT l.lease_id AS offender, l.units, l.used, u.units AS drawn
           FROM lease l LEFT JOIN (SELECT lease_id, sum(units) AS units FROM pool_use GROUP BY lease_id) u USING (lease_id)
           WHERE coalesce(u.units, 0) > l.units OR l.used <> coalesce(u.units, 0)""",
    ),
    (
        "what of a pool is leased and used is what its leases say",
        """SELECT 'pool ' || coalesce(p.pool, l.pool, u.pool) AS offender, p.leased, l.leased AS in_leases,
                  p.used, coalesce(u.units, 0) - coalesce(l.drawn, 0) AS given
           FROM pool p
           FULL JOIN (SELECT pool, sum(units) AS units FROM pool_use GROUP BY pool) u ON u.pool = p.pool
           FULL JOIN (SELECT o.pool, sum(o.units) AS leased, sum(o.drawn) AS drawn
                      FROM (SELECT l.pool, l.units, (SELECT sum(units) FROM pool_use u WHERE u.lease_id = l.lease_id) AS drawn
                            FROM lease l WHERE l.settled_at IS NULL) o
                      GROUP BY o.pool) l ON l.pool = p.pool
           WHERE coalesce(p.leased, 0) <> coalesce(l.leased, 0)
              OR coalesce(p.used, 0) <> coalesce(u.units, 0) - coalesce(l.drawn, 0)""",
    ),
)
