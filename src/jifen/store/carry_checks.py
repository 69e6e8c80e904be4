"""What one member left to another, in SQL: the part of law 9 that follows lots to whoever has taken them over."""

from __future__ import annotations

from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.store.carries import STANDS
from jifen.store.columns import each
from jifen.store.hits import RULES

HEIRS = f"""WITH RECURSIVE heirs (member_id, heir) AS (
               SELECT member_id, member_id FROM member WHERE status <> 'merged'
               UNION ALL SELECT e.counterpart_id, heirs.heir FROM entry e JOIN heirs ON heirs.member_id = e.member_id
               WHERE e.kind = 'carry_in' AND e.counterpart_id IS NOT NULL AND {STANDS})
           SELECT member_id, heir FROM heirs"""
"""Who stands for each member: himself, or the one he was merged into at last."""

_TAKEN_OVER = """SELECT * FROM entry e WHERE kind = 'carry_in' AND counterpart_id IS NOT NULL AND NOT EXISTS (
                     SELECT FROM entry b WHERE b.kind = 'carry_in' AND b.counterpart_id = e.counterpart_id
                         AND b.recorded_at < e.recorded_at)"""
"""Entries by which a member took another over whole: who begins as somebody again after an undone merge names him too, later."""

CARRY_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "what returns took of a merged member's purchase is what its lots gave back, wherever they were carried",
        f"""SELECT coalesce(l.member_id, b.member_id) AS offender, l.number AS lot, l.returned, b.clawed
            FROM (SELECT l.*, c.first_member_id, f.origin AS first_origin
                  FROM lot l JOIN carried_lot c USING (member_id, number)
                  JOIN lot f ON f.member_id = c.first_member_id AND f.number = c.first_number
                  JOIN purchase u ON u.member_id = f.member_id AND u.sequence = f.origin
                  WHERE l.returned > 0) l
            FULL JOIN (
                SELECT h.member_id, h.first_member_id, h.first_origin, h.terms, sum(b.clawed) AS clawed
                FROM (SELECT c.member_id, c.first_member_id, f.origin AS first_origin, f.terms, e.recorded_at
                      FROM carried_lot c JOIN lot f ON f.member_id = c.first_member_id AND f.number = c.first_number
                      LEFT JOIN entry e ON e.member_id = c.member_id AND e.kind = 'carry_out') h
                JOIN (SELECT b.purchase_member_id, b.purchase_sequence, r.terms, b.recorded_at, b.member_id,
                             b_hits.numbers[i + 3] AS clawed
                      FROM purchase_return b
                      JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence
                      CROSS JOIN {each("b", "hits")}
                      CROSS JOIN generate_series(1, cardinality(b_hits.numbers), {HIT_KEPT_WIDTH}) AS i
                      JOIN ({RULES}) r ON r.revision = u.revision AND r.position = b_hits.numbers[i]
                      WHERE b_hits.numbers[i + 3] > 0) b
                    ON b.purchase_member_id = h.first_member_id AND b.purchase_sequence = h.first_origin
                        AND b.terms = h.terms AND (h.recorded_at IS NULL OR b.recorded_at < h.recorded_at
                                                   OR b.member_id = h.member_id)
                GROUP BY 1, 2, 3, 4) b USING (member_id, first_member_id, first_origin, terms)
            WHERE l.returned IS DISTINCT FROM b.clawed""",
    ),
    (
        "a carried lot is the one that the other member had under that number",
        f"""SELECT coalesce(c.member_id, w.member_id) AS offender, coalesce(c.number, w.number) AS lot,
                  c.first_member_id, c.first_number, w.wanted_member_id, w.wanted_number
           FROM carried_lot c FULL JOIN (
               SELECT e.member_id, l.number, coalesce(f.first_member_id, e.counterpart_id) AS wanted_member_id,
                      coalesce(f.first_number, l.at) AS wanted_number
               FROM entry e
               JOIN (SELECT member_id, origin, number,
                            (row_number() OVER (PARTITION BY member_id, origin ORDER BY number))::int AS at FROM lot) l
                   ON l.member_id = e.member_id AND l.origin = e.sequence
               LEFT JOIN carried_lot f ON f.member_id = e.counterpart_id AND f.number = l.at
               WHERE e.kind = 'carry_in' AND {STANDS}) w USING (member_id, number)
           WHERE (c.first_member_id, c.first_number) IS DISTINCT FROM (w.wanted_member_id, w.wanted_number)""",
    ),
    (
        "what one member took over is what another left, and they name each other",
        f"""SELECT coalesce(i.member_id, o.member_id) AS offender, i.sequence, o.sequence AS left_by,
                   coalesce(i.counterpart_id, o.counterpart_id) AS counterpart_id
            FROM ({_TAKEN_OVER}) i FULL JOIN (SELECT * FROM entry WHERE kind = 'carry_out') o
                ON o.member_id = i.counterpart_id AND o.counterpart_id = i.member_id
            WHERE i.carried IS DISTINCT FROM o.carried""",
    ),
    (
        "of each currency as many units were taken over as were left, and none are carried otherwise",
        f"""SELECT (pair)[1] AS offender, (pair)[2] AS counterpart_id, currency, sum(units) AS more_or_fewer
            FROM (SELECT coalesce(t.pair, ARRAY[p.member_id]) AS pair, p.currency, t.pair IS NULL AS is_alone,
                         CASE WHEN p.is_credit THEN p.units ELSE -p.units END AS units
                  FROM posting p LEFT JOIN (
                      SELECT member_id, sequence, ARRAY[member_id, counterpart_id] AS pair FROM entry
                      WHERE kind = 'carry_out'
                      UNION ALL
                      SELECT member_id, sequence, ARRAY[counterpart_id, member_id] FROM ({_TAKEN_OVER}) i) t
                      USING (member_id, sequence)
                  WHERE p.verb IN ('carry_out', 'carry_in')) moved
            GROUP BY pair, currency HAVING sum(units) <> 0 OR bool_or(is_alone)""",
    ),
)
