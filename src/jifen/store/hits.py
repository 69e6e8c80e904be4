"""What became of hits, in SQL: the part of law 7 that holds reasons, lines and what was forgiven against the hits of the journal.

A hit is six numbers of `purchase.hits` or `purchase_return.hits`: position of the rule, amount, quantity, desired, granted, and
why (of a return: the units forgiven).
"""

from __future__ import annotations

from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.domain.program.select import WORD_BITS
from jifen.store.columns import each

RULES = """SELECT v.number AS revision, (e.at - 1)::bigint AS position, (e.rule ->> 'number')::int AS number,
                   (e.rule ->> 'currency')::int AS currency, (e.rule ->> 'terms')::int AS terms, e.rule -> 'limits' AS limits
            FROM revision v, jsonb_array_elements(v.meaning -> 'rules') WITH ORDINALITY AS e (rule, at)"""
"""What hits mean: the rule at each position of each revision."""

_HITS = """SELECT member_id, sequence, revision, hits::bigint[] AS hits FROM purchase
           UNION ALL
           SELECT member_id, sequence, revision, hits::bigint[] FROM entry WHERE hits IS NOT NULL
           UNION ALL
           SELECT b.member_id, b.sequence, u.revision, b.hits::bigint[] FROM purchase_return b
           JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence"""
"""The hits of occasions and returns, with the revision that they name rules of."""

_SEEN = f"""(u_masks.numbers[(l.at - 1) * (cardinality(u_masks.numbers) / jsonb_array_length(u.lines))
                              + u_hits.numbers[i] / {WORD_BITS} + 1] >> (u_hits.numbers[i] % {WORD_BITS})::int) & 1 = 1"""
"""Whether the rule of a hit (from `i` on) saw a line `l` of the purchase `u`."""


def _share(back: str) -> str:
    """The money of a line `l` for a quantity that came back, as `purchase.share_of_amount` has it."""
    return f"div((l.line ->> 'amount_minor')::bigint * {back}, coalesce(nullif((l.line ->> 'quantity_milli')::bigint, 0), 1000))"


def _order(back: str) -> str:
    """What returns of one purchase follow each other by: those at the member who bought come before those at whom he was merged
    into."""
    return f"({back}.recorded_at, {back}.member_id <> {back}.purchase_member_id, {back}.sequence)"


HIT_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "what a purchase earned and a return took, and its reasons, is what became of its hits",
        f"""SELECT coalesce(p.member_id, w.member_id) AS offender, coalesce(p.sequence, w.sequence) AS sequence,
               coalesce(p.terms, w.terms) AS terms, p.units, w.granted, p.reasons, w.reasons AS wanted
        FROM (SELECT * FROM posting WHERE verb IN ('earn', 'claw_back')) p
        FULL JOIN (
            SELECT e.member_id, e.sequence, r.terms, sum(e.hits[i + 4]) FILTER (WHERE n.at = 3) AS granted,
                   array_agg(n.number ORDER BY i, n.at) AS reasons
            FROM ({_HITS}) e
            CROSS JOIN generate_series(1, cardinality(e.hits), {HIT_KEPT_WIDTH}) AS i
            JOIN ({RULES}) r ON r.revision = e.revision AND r.position = e.hits[i]
            CROSS JOIN LATERAL (VALUES (1, r.number), (2, e.hits[i + 3]), (3, e.hits[i + 4])) n (at, number)
            GROUP BY 1, 2, 3) w USING (member_id, sequence, terms)
        WHERE p.units IS DISTINCT FROM nullif(w.granted, 0)
           OR p.units IS NOT NULL AND p.reasons::bigint[] IS DISTINCT FROM w.reasons""",
    ),
    (
        "what no rule made is its own reason",
        """SELECT member_id AS offender, sequence, part, reasons FROM posting
       WHERE verb NOT IN ('earn', 'claw_back') AND reasons::bigint[] <> ARRAY[0, units, units]""",
    ),
    (
        "a hit of a return counts what came back of the lines that its rule saw",
        f"""SELECT b.member_id AS offender, b.sequence, b_hits.numbers[i] AS rule, b_hits.numbers[i + 1] AS amount,
               b_hits.numbers[i + 2] AS quantity, s.amount AS amount_back, s.quantity AS quantity_back
        FROM purchase_return b
        JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence
        CROSS JOIN {each("u", "hits")} CROSS JOIN {each("u", "masks")} CROSS JOIN {each("b", "hits")}
        CROSS JOIN generate_series(1, cardinality(b_hits.numbers), {HIT_KEPT_WIDTH}) AS i
        CROSS JOIN LATERAL (
            SELECT coalesce(sum({_share("o.after")} - {_share("o.before")}), 0) AS amount,
                   coalesce(sum(o.after - o.before) FILTER (WHERE (l.line ->> 'quantity_milli')::bigint <> 0), 0)
                       AS quantity
            FROM jsonb_array_elements(u.lines) WITH ORDINALITY AS l (line, at)
            CROSS JOIN LATERAL (
                SELECT coalesce(sum((n.back ->> 1)::bigint), 0) AS after,
                       coalesce(sum((n.back ->> 1)::bigint) FILTER (WHERE {_order("a")} < {_order("b")}), 0) AS before
                FROM purchase_return a, jsonb_array_elements(a.lines) AS n (back)
                WHERE a.purchase_member_id = b.purchase_member_id AND a.purchase_sequence = b.purchase_sequence
                  AND {_order("a")} <= {_order("b")} AND n.back -> 0 = l.line -> 'number') o
            WHERE {_SEEN}) s
        WHERE u_hits.numbers[i] IS DISTINCT FROM b_hits.numbers[i]
           OR (s.amount, s.quantity) IS DISTINCT FROM (b_hits.numbers[i + 1]::numeric, b_hits.numbers[i + 2]::numeric)""",
    ),
    (
        "what a return forgave is what was forgiven of its hits",
        f"""SELECT b.member_id AS offender, b.sequence, f.at - 1 AS currency, f.units, h.forgiven
        FROM purchase_return b
        JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence
        CROSS JOIN {each("b", "hits")} CROSS JOIN LATERAL unnest(b.forgiven::bigint[]) WITH ORDINALITY AS f (units, at)
        CROSS JOIN LATERAL (
            SELECT sum(b_hits.numbers[i + 5]) AS forgiven
            FROM generate_series(1, cardinality(b_hits.numbers), {HIT_KEPT_WIDTH}) AS i
            JOIN ({RULES}) r ON r.revision = u.revision AND r.position = b_hits.numbers[i]
            WHERE r.currency = f.at - 1) h
        WHERE f.units IS DISTINCT FROM coalesce(h.forgiven, 0)""",
    ),
    (
        "what is told of an event stands beside its entry",
        """SELECT t.member_id AS offender, t.sequence FROM
            (SELECT member_id, sequence FROM event UNION ALL SELECT member_id, sequence FROM event_text) t
        WHERE NOT EXISTS (SELECT FROM entry e
                          WHERE e.member_id = t.member_id AND e.sequence = t.sequence AND e.kind = 'event')""",
    ),
)


UNITS_OF_HIT = "sum(granted) - sum(back) + sum(forgiven)"
"""What a hit granted and did not get back, over its row and those of its returns; what was forgiven stays used."""
TIMES_OF_HIT = "(sum(granted) > 0 AND NOT (sum(back) = sum(granted) AND sum(forgiven) = 0))::int"
"""Whether it counts as a time: something was granted, and not all of it came back."""
