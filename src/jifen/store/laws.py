"""The laws of DESIGN section 3 as SQL that names the offenders.

A query of a law answers no row when the law is kept; its rows say what breaks it: a first column `offender` (a member, a
lot, a table) and what was found. Where SQL cannot see a law, the test that holds it is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jifen.domain import fold
from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.store.audit_checks import AUDIT_CHECKS
from jifen.store.carry_checks import CARRY_CHECKS
from jifen.store.columns import each
from jifen.store.compensation_checks import COMPENSATION_CHECKS
from jifen.store.effect_checks import EFFECT_CHECKS, ON_THE_WAY
from jifen.store.hits import HIT_CHECKS, RULES
from jifen.store.limit_checks import LIMIT_CHECKS
from jifen.store.pool_checks import POOL_CHECKS
from jifen.store.posting_checks import POSTING_CHECKS
from jifen.store.question_checks import QUESTION_CHECKS
from jifen.store.reward_checks import REWARD_CHECKS
from jifen.store.tables import STATUS_NAMES, metadata
from jifen.store.terms_checks import TERMS_CHECKS

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

OFFENDERS_MAX = 20

_JOURNAL = sorted(t.name for t in metadata.tables.values() if str(t.info["class"]).endswith("journal"))
_BY_MEMBER = sorted(t.name for t in metadata.tables.values() if t.info["distributed_by"] == "member_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """One law: its number in DESIGN, and how it is proven. What it says is the message `law.title_N` of the catalogues."""

    number: int
    checks: tuple[tuple[str, str], ...]  # (what is checked, SQL)
    tested_by: str | None = None  # the test, where SQL cannot see it or sees only part


def _names(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


_TERMS = """SELECT t.key::int AS terms, max(t.value::int) AS currency FROM revision, jsonb_each_text(meaning -> 'terms') t
            GROUP BY 1"""

MOVEMENTS = f"""SELECT member_id, sequence, moves[i + {fold.MOVE_TERMS}] AS terms, moves[i + {fold.MOVE_LOT}] AS lot,
                      moves[i + {fold.MOVE_WAY}] / {fold.WAY_BASE} AS comes, moves[i + {fold.MOVE_WAY}] % {fold.WAY_BASE} AS goes,
                      moves[i + {fold.MOVE_UNITS}] AS units
               FROM (SELECT member_id, sequence, moves::bigint[] AS moves FROM purchase
                     UNION ALL SELECT member_id, sequence, moves::bigint[] FROM purchase_return
                     UNION ALL SELECT member_id, sequence, moves::bigint[] FROM entry) e,
                    generate_series(1, cardinality(moves), {fold.MOVE_WIDTH}) AS i"""
"""Every movement of every lot: from where (`comes`) to where (`goes`), as `fold.py` numbers the places."""

LAWS: tuple[Law, ...] = (
    Law(
        number=1,
        checks=(
            (
                "a purchase is the sum of its lines",
                """SELECT u.member_id AS offender, u.sequence, u.amount_minor, s.lines_minor
                   FROM purchase u, LATERAL (SELECT sum((l ->> 'amount_minor')::bigint) AS lines_minor
                                             FROM jsonb_array_elements(u.lines) l) s
                   WHERE s.lines_minor IS DISTINCT FROM u.amount_minor""",
            ),
            (
                "no amount or unit is kept as a fraction",
                """SELECT table_name AS offender, column_name, data_type FROM information_schema.columns
                   WHERE table_schema = 'jifen' AND data_type IN ('numeric', 'real', 'double precision', 'money')""",
            ),
        ),
        tested_by="tests/domain",
    ),
    Law(
        number=2,
        checks=(
            (
                "each balance follows from the one before it",
                """SELECT member_id AS offender, sequence, part, currency, balance_after, expected FROM (
                       SELECT p.*, sum(CASE WHEN is_credit THEN units ELSE - units END)
                                       OVER (PARTITION BY member_id, currency ORDER BY sequence, part) AS expected
                       FROM posting p) chain
                   WHERE balance_after <> expected""",
            ),
            (
                "the sequences of a member's entries are 1, 2, 3 ... up to his last",
                """SELECT m.member_id AS offender, m.sequence AS last, count(j.sequence) AS entries, max(j.sequence) AS highest
                   FROM member m LEFT JOIN (
                       SELECT member_id, sequence FROM purchase UNION ALL
                       SELECT member_id, sequence FROM purchase_return UNION ALL
                       SELECT member_id, sequence FROM entry) j USING (member_id)
                   GROUP BY m.member_id, m.sequence
                   HAVING count(j.sequence) <> m.sequence OR count(DISTINCT j.sequence) <> m.sequence
                       OR coalesce(max(j.sequence), 0) <> m.sequence""",
            ),
            (
                "every posting belongs to an entry, and its parts are counted from 0",
                """SELECT p.member_id AS offender, p.sequence, count(*) AS postings, max(p.part) AS highest_part
                   FROM posting p LEFT JOIN (
                       SELECT member_id, sequence FROM purchase UNION ALL
                       SELECT member_id, sequence FROM purchase_return UNION ALL
                       SELECT member_id, sequence FROM entry) j USING (member_id, sequence)
                   GROUP BY p.member_id, p.sequence
                   HAVING max(p.part) <> count(*) - 1 OR bool_or(j.sequence IS NULL)""",
            ),
        ),
    ),
    Law(
        number=3,
        checks=(
            (
                "the signed postings of an entry are the change of open + held - debt in its movements",
                f"""SELECT coalesce(m.member_id, p.member_id) AS offender, coalesce(m.sequence, p.sequence) AS sequence,
                           coalesce(m.currency, p.currency) AS currency, m.moved, p.posted
                    FROM (SELECT member_id, sequence, currency, sum(CASE WHEN is_credit THEN units ELSE - units END) AS posted
                          FROM posting GROUP BY 1, 2, 3) p
                    FULL JOIN (
                        SELECT member_id, sequence, t.currency, sum(units * (
                                   (goes IN ({fold.OPEN}, {fold.HELD}, {fold.IN_DEBT}))::int
                                   - (comes IN ({fold.OPEN}, {fold.HELD}, {fold.IN_DEBT}))::int)) AS moved
                        FROM ({MOVEMENTS}) movement JOIN ({_TERMS}) t USING (terms)
                        GROUP BY 1, 2, 3 HAVING sum(units * (
                                   (goes IN ({fold.OPEN}, {fold.HELD}, {fold.IN_DEBT}))::int
                                   - (comes IN ({fold.OPEN}, {fold.HELD}, {fold.IN_DEBT}))::int)) <> 0) m
                        USING (member_id, sequence, currency)
                    WHERE coalesce(m.moved, 0) <> coalesce(p.posted, 0)""",
            ),
            (
                "the movements of a lot add up to the lot, and those into debt to what is owed",
                f"""SELECT coalesce(l.member_id, m.member_id) AS offender, coalesce(l.number, m.lot) AS lot,
                           m.open, l.left_units, m.held, l.held AS lot_held, m.gone, l.gone AS lot_gone,
                           m.expired, l.expired AS lot_expired, m.back, l.returned AS lot_returned
                    FROM lot l FULL JOIN (
                        SELECT member_id, lot,
                               sum(units * ((goes = {fold.OPEN})::int - (comes = {fold.OPEN})::int)) AS open,
                               sum(units * ((goes = {fold.HELD})::int - (comes = {fold.HELD})::int)) AS held,
                               sum(units * ((goes = {fold.GONE} OR goes = {fold.IN_DEBT} AND comes = {fold.OPEN})::int
                                            - (comes = {fold.GONE})::int)) AS gone,
                               sum(units * ((goes = {fold.EXPIRED})::int - (comes = {fold.EXPIRED})::int)) AS expired,
                               sum(units * ((goes = {fold.BACK})::int - (comes = {fold.BACK})::int)) AS back,
                               sum(units * ((comes = {fold.OUTSIDE})::int
                                            - (goes = {fold.OUTSIDE} AND comes = {fold.GONE})::int)) AS opened
                        FROM ({MOVEMENTS}) movement WHERE lot > 0 GROUP BY 1, 2) m
                        ON m.member_id = l.member_id AND m.lot = l.number
                    WHERE l.left_units IS DISTINCT FROM m.open OR l.held IS DISTINCT FROM m.held
                       OR l.gone IS DISTINCT FROM m.gone OR l.expired IS DISTINCT FROM m.expired
                       OR l.returned IS DISTINCT FROM m.back OR l.opened IS DISTINCT FROM m.opened""",
            ),
            (
                "what is owed is what movements put into debt",
                f"""SELECT coalesce(d.member_id, m.member_id) AS offender, coalesce(d.currency, m.currency) AS currency, d.debt,
                           m.owed
                    FROM (SELECT member_id, (o - 1)::int AS currency, b AS debt
                          FROM member, unnest(debts) WITH ORDINALITY AS x (b, o) WHERE b <> 0) d
                    FULL JOIN (
                        SELECT member_id, t.currency, sum(units * ((comes = {fold.IN_DEBT})::int
                                                                   - (goes = {fold.IN_DEBT})::int)) AS owed
                        FROM ({MOVEMENTS}) movement JOIN ({_TERMS}) t USING (terms)
                        WHERE {fold.IN_DEBT} IN (comes, goes) GROUP BY 1, 2) m USING (member_id, currency)
                    WHERE coalesce(d.debt, 0) <> coalesce(m.owed, 0)""",
            ),
            (
                "balance = left + held - debt, in each currency, and the journal's last word",
                """SELECT m.member_id AS offender, c.currency, c.balance, c.debt, l.open_units, p.balance_after
                   FROM member m
                   CROSS JOIN LATERAL (
                       SELECT (o - 1)::smallint AS currency, b AS balance, d AS debt
                       FROM unnest(m.balances, m.debts) WITH ORDINALITY AS x (b, d, o)) c
                   LEFT JOIN (SELECT member_id, currency, sum(left_units + held) AS open_units
                              FROM lot GROUP BY member_id, currency) l
                       ON l.member_id = m.member_id AND l.currency = c.currency
                   LEFT JOIN (SELECT DISTINCT ON (member_id, currency) member_id, currency, balance_after
                              FROM posting ORDER BY member_id, currency, sequence DESC, part DESC) p
                       ON p.member_id = m.member_id AND p.currency = c.currency
                   WHERE c.balance <> coalesce(l.open_units, 0) - c.debt OR c.balance <> coalesce(p.balance_after, 0)""",
            ),
            (
                "nobody owes while units are available",
                """SELECT m.member_id AS offender, l.number AS lot, l.left_units, m.debts
                   FROM member m JOIN lot l USING (member_id)
                   WHERE m.debts[l.currency + 1] > 0 AND l.left_units > 0
                     AND l.matures_on <= DATE '1970-01-01' + m.clock_day""",
            ),
            (
                "the programme's accounts and the members' balances are two sides of one sum",
                """SELECT 'currency ' || currency AS offender, members, postings FROM (
                       SELECT (o - 1)::smallint AS currency, sum(b) AS members
                       FROM member, unnest(balances) WITH ORDINALITY AS x (b, o) GROUP BY 1) m
                   FULL JOIN (
                       SELECT currency, sum(CASE WHEN is_credit THEN units ELSE - units END) AS postings
                       FROM posting GROUP BY currency) p USING (currency)
                   WHERE coalesce(members, 0) <> coalesce(postings, 0)""",
            ),
        ),
    ),
    Law(
        number=4,
        checks=(
            (
                "a member is enrolled by the first entry, and has the status of the last that set it",
                f"""SELECT m.member_id AS offender, m.enrolled_at, e.occurred_at, m.status, s.value
                    FROM member m LEFT JOIN entry e ON e.member_id = m.member_id AND e.kind = 'enrol' AND e.sequence = 1
                    LEFT JOIN LATERAL (SELECT CASE kind WHEN 'state' THEN value ELSE {fold.MERGED} END AS value FROM entry s
                                       WHERE s.member_id = m.member_id AND s.kind IN ('state', 'carry_out')
                                       ORDER BY sequence DESC LIMIT 1) s ON true
                    WHERE m.enrolled_at IS DISTINCT FROM e.occurred_at
                       OR m.status <> (ARRAY[{_names(list(STATUS_NAMES))}])[coalesce(s.value, 0) + 1]""",
            ),
            (
                "the application may neither change nor delete the journal",
                f"""SELECT table_name AS offender, privilege_type FROM information_schema.role_table_grants
                    WHERE table_schema = 'jifen' AND grantee = 'jifen_app' AND table_name IN ({_names(_JOURNAL)})
                      AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')""",
            ),
            *AUDIT_CHECKS,
            *QUESTION_CHECKS,
        ),
    ),
    Law(
        number=5,
        checks=(
            (
                "every purchase has its key and every key its purchase",
                """SELECT coalesce(u.member_id, k.member_id) AS offender, coalesce(u.sequence, k.sequence) AS sequence,
                          k.source, k.business_no
                   FROM purchase u FULL JOIN (SELECT * FROM purchase_key WHERE member_id IS NOT NULL) k
                       ON k.member_id = u.member_id AND k.business_no = u.business_no AND k.source = u.source
                   WHERE k.sequence IS DISTINCT FROM u.sequence
                     AND NOT (k.sequence = 0 AND (SELECT shards > 1 FROM book)  -- claimed, and come or not: once at most
                              AND NOT EXISTS (SELECT FROM purchase o WHERE o.member_id = u.member_id AND o.sequence <> u.sequence
                                              AND o.business_no = u.business_no AND o.source = u.source))""",
            ),
            (
                "every receipt of nobody has its key and every such key its receipt",
                """SELECT coalesce(u.business_no, k.business_no) AS offender, coalesce(u.source, k.source) AS source
                   FROM unclaimed_purchase u FULL JOIN (SELECT * FROM purchase_key WHERE member_id IS NULL) k
                       USING (business_no, source)
                   WHERE u.business_no IS NULL OR k.business_no IS NULL""",
            ),
        ),
        tested_by="tests/machine",
    ),
    Law(
        number=6,
        checks=(
            (
                "the server does not trade durability",
                """SELECT name AS offender, setting FROM pg_settings
                   WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'""",
            ),
        ),
        tested_by="tests/crash",
    ),
    Law(
        number=7,
        checks=(
            (
                "the reasons of a posting add up to its units",
                f"""SELECT member_id AS offender, sequence, part, units, s.granted
                   FROM posting p, {each("p", "reasons")},
                        LATERAL (SELECT sum(numbers[i]) AS granted FROM generate_series(3, cardinality(numbers), 3) AS i) s
                   WHERE s.granted IS DISTINCT FROM units""",
            ),
            *HIT_CHECKS,
            *POSTING_CHECKS,
        ),
    ),
    Law(
        number=8,
        checks=(
            (
                "revisions count from 1 without a gap and follow each other in time",
                """SELECT number AS offender, effective_at, published_at FROM (
                       SELECT r.*, lag(effective_at) OVER (ORDER BY number) AS before,
                              row_number() OVER (ORDER BY number) AS expected FROM revision r) ordered
                   WHERE number <> expected OR effective_at <= before
                      OR (number > 1 AND effective_at < published_at + INTERVAL '60 seconds')""",
            ),
            (
                "each purchase was judged by the revision in force when it occurred",
                """SELECT u.member_id AS offender, u.sequence, u.revision, r.number AS in_force
                   FROM purchase u LEFT JOIN LATERAL (
                       SELECT number FROM revision WHERE effective_at <= u.occurred_at ORDER BY number DESC LIMIT 1) r
                       ON true
                   WHERE u.revision IS DISTINCT FROM r.number""",
            ),
            *TERMS_CHECKS,
        ),
    ),
    Law(
        number=9,
        checks=(
            (
                "a lot opened by a purchase holds what its rules granted",
                """SELECT l.member_id AS offender, l.number AS lot, l.opened, p.units
                   FROM lot l JOIN purchase u ON u.member_id = l.member_id AND u.sequence = l.origin
                   LEFT JOIN posting p ON p.member_id = l.member_id AND p.sequence = l.origin AND p.verb = 'earn'
                       AND p.terms = l.terms
                   WHERE p.units IS DISTINCT FROM l.opened OR p.currency <> l.currency""",
            ),
            (
                "what returns took of a purchase is what its lots gave back, and never more than was granted",
                f"""SELECT coalesce(l.member_id, b.member_id) AS offender, l.number AS lot, l.returned, l.opened, b.clawed
                    FROM (SELECT l.* FROM lot l JOIN purchase u ON u.member_id = l.member_id AND u.sequence = l.origin
                          WHERE l.returned > 0) l
                    FULL JOIN (
                        SELECT b.member_id, b.purchase_sequence AS origin, r.terms, sum(b_hits.numbers[i + 3]) AS clawed
                        FROM purchase_return b
                        JOIN purchase u ON u.member_id = b.member_id AND u.sequence = b.purchase_sequence
                            AND b.purchase_member_id = b.member_id
                        CROSS JOIN {each("b", "hits")}
                        CROSS JOIN generate_series(1, cardinality(b_hits.numbers), {HIT_KEPT_WIDTH}) AS i
                        JOIN ({RULES}) r ON r.revision = u.revision AND r.position = b_hits.numbers[i]
                        WHERE b_hits.numbers[i + 3] > 0
                        GROUP BY 1, 2, 3) b USING (member_id, origin, terms)
                    WHERE l.returned IS DISTINCT FROM b.clawed OR l.returned > l.opened""",
            ),
            *CARRY_CHECKS,
            (
                "what a return took, forgave and let expire of each hit is what it should take",
                f"""SELECT offender, sequence, rule, clawed, charged, forgiven FROM (
                       SELECT b.member_id AS offender, b.sequence, numbers[i] AS rule, numbers[i + 3] AS clawed,
                              numbers[i + 4] AS charged, numbers[i + 5] AS forgiven
                       FROM purchase_return b, {each("b", "hits")},
                            generate_series(1, cardinality(numbers), {HIT_KEPT_WIDTH}) AS i) hit
                   WHERE charged < 0 OR forgiven < 0 OR charged + forgiven > clawed""",
            ),
            (
                "a purchase that has wholly come back keeps nothing",
                """SELECT l.member_id AS offender, l.number AS lot, l.opened, l.returned
                   FROM lot l JOIN purchase_return b ON b.purchase_member_id = l.member_id AND b.purchase_sequence = l.origin
                       AND b.member_id = l.member_id
                   WHERE b.is_whole AND l.returned <> l.opened""",
            ),
        ),
        tested_by="tests/domain",
    ),
    Law(
        number=10,
        checks=(
            (
                "no column of the journal is made for a name, a phone, an address, a birthday or free text",
                f"""SELECT table_name AS offender, column_name, data_type FROM information_schema.columns
                    WHERE table_schema = 'jifen' AND table_name IN ({_names(_JOURNAL)})
                      AND (column_name ~ '(name|phone|mail|address|birth|gender|note|comment|text)'
                           OR (column_name ~ 'person' AND data_type NOT IN ('smallint', 'integer', 'bigint')))""",
            ),
            (
                "a note stands beside an entry of its member",
                """SELECT n.member_id AS offender, n.sequence FROM note n
                   WHERE NOT EXISTS (SELECT FROM entry e WHERE e.member_id = n.member_id AND e.sequence = n.sequence)
                     AND NOT EXISTS (SELECT FROM purchase_return b
                                     WHERE b.member_id = n.member_id AND b.sequence = n.sequence)""",
            ),
        ),
        tested_by="tests/architecture",
    ),
    Law(
        number=11,
        checks=(
            (
                "the primary key of a member's table begins with member_id",
                f"""SELECT c.relname AS offender, a.attname
                    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
                    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'jifen'
                    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                    WHERE i.indisprimary AND c.relname IN ({_names(_BY_MEMBER)}) AND a.attname <> 'member_id'""",
            ),
            (
                "the programme's rolled-up accounts are the sum of the postings below their checkpoint",
                """SELECT account || ' ' || currency AS offender, b.units_in, p.units_in AS posted_in,
                          b.units_out, p.units_out AS posted_out
                   FROM programme_balance b FULL JOIN (
                       SELECT account, currency, sum(units) FILTER (WHERE NOT is_credit) AS units_in,
                              sum(units) FILTER (WHERE is_credit) AS units_out
                       FROM posting
                       WHERE recorded_xid < (SELECT below_xid FROM checkpoint WHERE name = 'programme_balance')
                       GROUP BY account, currency) p USING (account, currency)
                   WHERE coalesce(b.units_in, 0) <> coalesce(p.units_in, 0)
                      OR coalesce(b.units_out, 0) <> coalesce(p.units_out, 0)""",
            ),
        ),
        tested_by="tests/store",
    ),
    Law(
        number=12,
        checks=(
            *LIMIT_CHECKS,
            *POOL_CHECKS,
            *REWARD_CHECKS,
            (
                "what reservations hold is what the lots hold",
                """SELECT coalesce(l.member_id, h.member_id) AS offender, coalesce(l.number, h.lot) AS lot, l.held, h.units
                   FROM (SELECT member_id, number, held FROM lot WHERE held > 0) l
                   FULL JOIN (
                       SELECT m.member_id, m.holds[i + 1] AS lot, sum(m.holds[i + 2]) AS units
                       FROM member m, generate_series(1, cardinality(m.holds), 5) AS i GROUP BY 1, 2) h
                       ON h.member_id = l.member_id AND h.lot = l.number
                   WHERE coalesce(l.held, 0) <> coalesce(h.units, 0)""",
            ),
            ON_THE_WAY,
        ),
        tested_by="tests/machine",
    ),
    Law(
        number=13,
        checks=(
            (
                "nothing that was due by a member's clock is left undone",
                """SELECT m.member_id AS offender, l.number AS lot, l.expires_on, l.left_units
                   FROM member m JOIN lot l USING (member_id)
                   WHERE l.left_units > 0 AND l.expires_on < DATE '1970-01-01' + m.clock_day""",
            ),
            (
                "no member is looked at later than something is due",
                """SELECT m.member_id AS offender, m.next_due_day, min(l.expires_on) AS expires_on
                   FROM member m JOIN lot l USING (member_id)
                   WHERE l.left_units > 0 AND l.expires_on IS NOT NULL
                   GROUP BY m.member_id, m.next_due_day
                   HAVING m.next_due_day > min(l.expires_on) - DATE '1970-01-01' + 1""",
            ),
            (
                "an expiry is dated when it was due, not when it was seen",
                """SELECT p.member_id AS offender, p.sequence, p.occurred_at, p.recorded_at
                   FROM posting p WHERE p.verb = 'expire' AND p.occurred_at > p.recorded_at""",
            ),
        ),
    ),
    Law(
        number=14,
        checks=(*EFFECT_CHECKS, *COMPENSATION_CHECKS),
        tested_by="tests/crash",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What broke a law: the check and the first offenders."""

    law: int
    check: str
    offenders: tuple[dict[str, Any], ...]


async def findings_of(connection: Connection, law: Law) -> list[Finding]:
    """The broken checks of a law with their first offenders."""
    return await findings_of_checks(connection, law.number, law.checks)


async def findings_of_checks(
    connection: Connection, law: int, checks: Sequence[tuple[str, str]]
) -> list[Finding]:
    """Those of some checks of a law that are broken, with their first offenders."""
    found = []
    for name, query in checks:
        rows = await connection.fetch(f"SELECT * FROM ({query}) broken LIMIT {OFFENDERS_MAX}", timeout=600)
        if rows:
            offenders = tuple({key: _plain(value) for key, value in row.items()} for row in rows)
            found.append(Finding(law=law, check=name, offenders=offenders))
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | bool | list | None) else str(value)
