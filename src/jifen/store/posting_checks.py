"""What a posting repeats of its entry and of its revision, in SQL: the part of law 7 that holds it against both."""

from __future__ import annotations

from jifen.store.columns import each

POSTING_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "a posting knows its revision and who funds it",
        """SELECT p.member_id AS offender, p.sequence, p.part, p.revision, p.funder, f.funder AS funds_it
           FROM posting p LEFT JOIN revision r ON r.number = p.revision LEFT JOIN (
               SELECT number, (numbering -> 'currency' ->> (c ->> 'code'))::int AS currency,
                      coalesce(c ->> 'funded_by', 'operator') AS funder
               FROM revision, jsonb_array_elements(document -> 'currencies') c) f USING (number, currency)
           WHERE r.number IS NULL OR p.funder IS NULL OR p.funder <> f.funder""",
    ),
    (
        "a posting says by which revision, where, by whom and when as its entry does",
        """SELECT p.member_id AS offender, p.sequence, p.part, p.revision, p.store, p.channel, p.actor, p.recorded_at
           FROM posting p JOIN (
               SELECT member_id, sequence, revision, store, channel, actor, recorded_at FROM purchase
               UNION ALL
               SELECT b.member_id, b.sequence, u.revision, b.store, b.channel, b.actor, b.recorded_at
               FROM purchase_return b
               JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence
               UNION ALL
               SELECT member_id, sequence, revision, store, channel, actor, recorded_at FROM entry) e
               USING (member_id, sequence)
           WHERE (p.revision, p.store, p.channel, p.actor, p.recorded_at)
                 IS DISTINCT FROM (e.revision, e.store, e.channel, e.actor, e.recorded_at)""",
    ),
    (
        "what a gift or an opening brings is the sum of its slices",
        f"""SELECT member_id AS offender, sequence, units, s.brought
           FROM entry e, {each("e", "slices")},
                LATERAL (SELECT sum(numbers[i]) AS brought FROM generate_series(3, cardinality(numbers), 3) AS i) s
           WHERE kind IN ('gift_in', 'opening') AND units IS DISTINCT FROM s.brought""",
    ),
    (
        "a reversal undoes no more than its entry moved",
        """SELECT r.member_id AS offender, r.sequence, r.units, e.units AS moved
           FROM entry r JOIN entry e ON e.member_id = r.member_id AND e.sequence = r.origin
           WHERE r.kind = 'reverse' AND r.units > e.units""",
    ),
)
