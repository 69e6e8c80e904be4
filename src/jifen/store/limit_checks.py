"""Counters, in SQL: the part of law 12 that holds what they say of limits and of moments against the journal."""

from __future__ import annotations

from jifen.domain import fold
from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.store.carry_checks import HEIRS
from jifen.store.columns import each
from jifen.store.hits import RULES, TIMES_OF_HIT, UNITS_OF_HIT

MOMENTS = """SELECT DISTINCT key::int AS number, value::int AS days FROM revision, jsonb_each_text(meaning -> 'moments')"""
"""The moments of all revisions: their numbers, which are among those of limits, and so many days ahead."""

BEGUN = f"""SELECT h.heir AS member_id, n.numbers[i]::int AS number, n.numbers[i + 1] AS period, n.numbers[i + 2] AS used
    FROM entry e JOIN ({HEIRS}) h USING (member_id), LATERAL (SELECT e.carried::bigint[] AS numbers OFFSET 0) n,
         generate_series({fold.CARRIED_WIDTH + 1} + n.numbers[1] * {fold.LEFT_WIDTH} + n.numbers[2]
                         + n.numbers[5] * {fold.BROUGHT_WIDTH} + n.numbers[6] * ({fold.DAYS_COUNTED} + n.numbers[1]),
                         cardinality(n.numbers), {fold.COUNTER_WIDTH}) AS i
    WHERE e.kind = 'carry_in' AND e.counterpart_id IS NULL AND e.origin IS NULL"""
"""The counters with which somebody began who was part of another member before (decision 0114)."""

LIMIT_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "what a counter says was granted is what the journal granted in its period",
        f"""SELECT c.member_id AS offender, c.limit_number, c.period, c.used, coalesce(g.granted, 0) AS granted
            FROM (SELECT m.member_id, m.counters[i] AS limit_number, m.counters[i + 1] AS period,
                         m.counters[i + 2] AS used
                  FROM (SELECT * FROM member WHERE status <> 'merged') m,
                       generate_series(1, cardinality(m.counters), {fold.COUNTER_WIDTH}) AS i) c
            LEFT JOIN (
                SELECT member_id, limit_number, period, sum(granted) AS granted FROM (
                SELECT heir AS member_id, limit_number, period,
                       sum(CASE WHEN counts_times THEN times ELSE units END) AS granted FROM (
                    SELECT member_id, revision, position, occurred_on, {UNITS_OF_HIT} AS units, {TIMES_OF_HIT} AS times FROM (
                    SELECT u.member_id, u.sequence, u.revision, numbers[i] AS position, u.occurred_on,
                           numbers[i + 4] AS granted, 0 AS back, 0 AS forgiven
                    FROM purchase u, {each("u", "hits")}, generate_series(1, cardinality(numbers), {HIT_KEPT_WIDTH}) AS i
                    UNION ALL
                    SELECT u.member_id, u.sequence, u.revision, numbers[i], u.occurred_on, 0, numbers[i + 3], numbers[i + 5]
                    FROM purchase u JOIN purchase_return b
                        ON b.purchase_member_id = u.member_id AND b.purchase_sequence = u.sequence,
                        {each("b", "hits")}, generate_series(1, cardinality(numbers), {HIT_KEPT_WIDTH}) AS i
                    UNION ALL
                    SELECT e.member_id, e.sequence, e.revision, numbers[i],
                           (e.occurred_at AT TIME ZONE (v.document ->> 'time_zone'))::date, numbers[i + 4], 0, 0
                    FROM entry e JOIN revision v ON v.number = e.revision,
                         {each("e", "hits")}, generate_series(1, cardinality(numbers), {HIT_KEPT_WIDTH}) AS i) each_row
                    GROUP BY member_id, sequence, revision, position, occurred_on) moved
                JOIN (
                    SELECT r.revision, r.position, l.value::int AS limit_number, v.meaning -> 'limits' ->> l.value AS per,
                           v.meaning -> 'times' @> to_jsonb(l.value::int) AS counts_times
                    FROM ({RULES}) r JOIN revision v ON v.number = r.revision,
                         jsonb_array_elements_text(r.limits) l) counted USING (revision, position)
                JOIN ({HEIRS}) h USING (member_id),
                LATERAL (SELECT CASE per
                    WHEN 'day' THEN occurred_on - DATE '1970-01-01'
                    WHEN 'week' THEN (occurred_on - DATE '1970-01-01' + 3) / 7
                    WHEN 'month' THEN extract(YEAR FROM occurred_on)::int * 12 + extract(MONTH FROM occurred_on)::int - 1
                    WHEN 'year' THEN extract(YEAR FROM occurred_on)::int
                    WHEN 'life' THEN 0 END AS period) q
                WHERE period IS NOT NULL
                GROUP BY heir, limit_number, period
                UNION ALL SELECT b.member_id, b.number, b.period, b.used FROM ({BEGUN}) b) both_of
                GROUP BY member_id, limit_number, period) g
                ON g.member_id = c.member_id AND g.limit_number = c.limit_number AND g.period = c.period
            WHERE c.used <> coalesce(g.granted, 0) AND c.limit_number NOT IN (SELECT number FROM ({MOMENTS}) m)""",
    ),
    (
        "how far a moment has told of a member is what an entry told",
        f"""SELECT c.member_id AS offender, c.number, DATE '1970-01-01' + c.period AS told_until
            FROM (SELECT m.member_id, m.counters[i] AS number, m.counters[i + 1]::int AS period
                  FROM member m, generate_series(1, cardinality(m.counters), {fold.COUNTER_WIDTH}) AS i
                  WHERE m.status <> 'merged') c
            WHERE c.number IN (SELECT number FROM ({MOMENTS}) n)
              AND NOT EXISTS (
                  SELECT FROM entry e JOIN ({HEIRS}) h ON h.member_id = e.member_id AND h.heir = c.member_id
                  JOIN revision v ON v.number = e.revision
                  WHERE e.kind = 'moment' AND e.value = c.number
                    AND (e.occurred_at AT TIME ZONE (v.document ->> 'time_zone'))::date
                        + (v.meaning -> 'moments' ->> e.value::text)::int = DATE '1970-01-01' + c.period)
              AND NOT EXISTS (SELECT FROM ({BEGUN}) b
                              WHERE b.member_id = c.member_id AND b.number = c.number AND b.period = c.period)""",
    ),
    (
        "a moment tells of a day once",
        """SELECT e.member_id AS offender, e.value AS moment, e.told_until, count(*) FROM (
               SELECT e.member_id, e.value, (e.occurred_at AT TIME ZONE (v.document ->> 'time_zone'))::date
                   + (v.meaning -> 'moments' ->> e.value::text)::int AS told_until
               FROM entry e JOIN revision v ON v.number = e.revision
               WHERE e.kind = 'moment' AND v.meaning -> 'moments' ? e.value::text) e
           GROUP BY 1, 2, 3 HAVING count(*) > 1""",
    ),
)
