"""What each rule gave in some days, by month, and which values purchases told lately. Read from the journal, as figures are."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.store.columns import each
from jifen.store.figures import Span
from jifen.store.hits import RULES

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

TOLD_MAX = 200
"""So many values of a fact are named, the most frequent first."""
PURCHASES_LOOKED_AT = 2_000


class RuleSum(NamedTuple):
    """What a rule gave in a month; without a month, in all of them."""

    rule: int  # its number, which is for ever
    month: date | None
    units: int
    units_back: int  # of these, what returns took
    entries: int
    members: int


_GIVEN = f"""
    SELECT u.revision, u_hits.numbers[i] AS position, date_trunc('month', u.occurred_on)::date AS month, u.member_id, u.sequence,
           u_hits.numbers[i + 4] AS units, 0::bigint AS back
    FROM purchase u, {each("u", "hits")}, generate_series(1, cardinality(u_hits.numbers), {HIT_KEPT_WIDTH}) AS i
    WHERE u.occurred_on >= $1 AND u.occurred_on < $2 AND ($3::text IS NULL OR u.store = $3)
    UNION ALL
    SELECT u.revision, b_hits.numbers[i], date_trunc('month', u.occurred_on)::date, u.member_id, u.sequence,
           0, b_hits.numbers[i + 3] - b_hits.numbers[i + 5]
    FROM purchase u JOIN purchase_return b ON b.purchase_member_id = u.member_id AND b.purchase_sequence = u.sequence,
         {each("b", "hits")}, generate_series(1, cardinality(b_hits.numbers), {HIT_KEPT_WIDTH}) AS i
    WHERE u.occurred_on >= $1 AND u.occurred_on < $2 AND ($3::text IS NULL OR u.store = $3)
    UNION ALL
    SELECT e.revision, e_hits.numbers[i], date_trunc('month', e.occurred_at AT TIME ZONE $4)::date, e.member_id, e.sequence,
           e_hits.numbers[i + 4], 0
    FROM entry e, {each("e", "hits")}, generate_series(1, cardinality(e_hits.numbers), {HIT_KEPT_WIDTH}) AS i
    WHERE (e.occurred_at AT TIME ZONE $4)::date >= $1 AND (e.occurred_at AT TIME ZONE $4)::date < $2
      AND ($3::text IS NULL OR e.store = $3)"""


async def given_by_rules(
    connection: Connection, span: Span, *, zone: str, store: str | None
) -> list[RuleSum]:
    """What every rule gave, by month and in all. What came back is counted where it was bought."""
    rows = await connection.fetch(
        f"""SELECT r.number, g.month, sum(g.units)::bigint, sum(g.back)::bigint,
                   count(DISTINCT (g.member_id, g.sequence)) FILTER (WHERE g.units > 0),
                   count(DISTINCT g.member_id) FILTER (WHERE g.units > 0)
            FROM ({_GIVEN}) g JOIN ({RULES}) r ON (r.revision, r.position) = (g.revision, g.position)
            GROUP BY GROUPING SETS ((r.number, g.month), (r.number))""",
        span.from_on,
        span.until_on,
        store,
        zone,
    )
    return [RuleSum(*row) for row in rows]


_LATELY = f"""SELECT store, channel, source, tags, lines FROM purchase WHERE $1::text IS NULL OR store = $1
              ORDER BY occurred_on DESC, recorded_at DESC LIMIT {PURCHASES_LOOKED_AT}"""


async def values_told(connection: Connection, *, store: str | None) -> dict[str, list[str]]:
    """By fact: the texts that purchases told lately, the most frequent first."""
    rows = await connection.fetch(
        f"""WITH lately AS MATERIALIZED ({_LATELY}),
            line AS (SELECT x.line FROM lately p, jsonb_array_elements(p.lines) AS x (line)),
            told (fact, value) AS (
                SELECT 'line.category', line ->> 'category' FROM line
                UNION ALL SELECT 'line.brand', line ->> 'brand' FROM line
                UNION ALL SELECT 'line.tags', t FROM line, jsonb_array_elements_text(
                    CASE WHEN jsonb_typeof(line -> 'tags') = 'array' THEN line -> 'tags' ELSE '[]' END) AS t
                UNION ALL SELECT 'purchase.tags', t FROM lately, unnest(tags) AS t
                UNION ALL SELECT 'purchase.channel', channel FROM lately
                UNION ALL SELECT 'purchase.source', source FROM lately
                UNION ALL SELECT 'purchase.store', store FROM lately)
            SELECT fact, value FROM (
                SELECT fact, value, row_number() OVER (PARTITION BY fact ORDER BY count(*) DESC, value) AS at
                FROM told WHERE value <> '' GROUP BY 1, 2) ranked
            WHERE at <= {TOLD_MAX} ORDER BY fact, at""",
        store,
    )
    found: dict[str, list[str]] = {}
    for fact, value in rows:
        found.setdefault(fact, []).append(value)
    return found
