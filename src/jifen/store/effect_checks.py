"""Law 14 as SQL: what an entry causes happens once, and nothing happens that no entry caused.

Consequences are read from the journal alone, as effects are: a gift that arrives is an entry `gift_in` that names its giver
(also at whoever got it instead); one that goes back is a reversal at the giver, or an entry `gift_in` at his heir that names
the receiver.
"""

from __future__ import annotations

from jifen.store.effects import CHECKPOINT
from jifen.store.queue import QUEUE_SCHEMA, WAITS_AS

_CONSEQUENCES = """SELECT t.member_id, t.sequence, t.gift_id AS about, 'gift_arrives' AS kind, t.counterpart_id AS cause_id
    FROM entry t JOIN effect a ON a.about = t.gift_id AND a.kind = 'gift_arrives' AND a.member_id = t.counterpart_id
    WHERE t.kind = 'gift_in'
    UNION ALL
    SELECT t.member_id, t.sequence, t.gift_id, 'gift_goes_back', b.member_id
    FROM entry t JOIN effect b ON b.about = t.gift_id AND b.kind = 'gift_goes_back'
    WHERE (t.kind = 'reverse' AND t.member_id = b.to_member) OR (t.kind = 'gift_in' AND t.counterpart_id = b.member_id)"""

EFFECT_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "what an entry caused has happened, or waits in the queue, or is parked, once its reader has passed it",
        f"""SELECT e.member_id AS offender, e.sequence, e.part, e.kind, e.about FROM effect e
            WHERE e.recorded_xid < (SELECT below_xid FROM checkpoint WHERE name = '{CHECKPOINT}')
              AND NOT EXISTS (SELECT FROM ({_CONSEQUENCES}) c
                              WHERE c.about = e.about AND c.kind = e.kind AND c.cause_id = e.member_id)
              -- Of a gift of which nothing could be taken back, nothing comes back.
              AND NOT (e.kind = 'gift_goes_back' AND NOT EXISTS (
                  SELECT FROM posting p WHERE p.member_id = e.member_id AND p.sequence = e.sequence AND p.account = 'in_transit'))
              AND NOT EXISTS (SELECT FROM {QUEUE_SCHEMA}.pgqueuer q WHERE q.dedupe_key = {WAITS_AS.format("e")})
              AND NOT EXISTS (SELECT FROM parked p
                              WHERE (p.member_id, p.sequence, p.part) = (e.member_id, e.sequence, e.part))""",
    ),
    (
        "what an entry caused has happened once",
        f"""SELECT min(c.member_id::text) AS offender, c.kind, c.about, count(*) AS times
            FROM ({_CONSEQUENCES}) c GROUP BY c.kind, c.about, c.cause_id HAVING count(*) > 1""",
    ),
    (
        "nothing has happened that no entry caused",
        """SELECT t.member_id AS offender, t.sequence, t.kind, t.gift_id FROM entry t
           WHERE t.gift_id IS NOT NULL AND t.kind IN ('gift_in', 'reverse') AND NOT EXISTS (
               SELECT FROM effect e WHERE e.about = t.gift_id AND (
                   (t.kind = 'gift_in' AND e.kind = 'gift_arrives' AND e.member_id = t.counterpart_id)
                   OR (t.kind = 'gift_in' AND e.kind = 'gift_goes_back' AND e.member_id = t.counterpart_id)
                   OR (t.kind = 'reverse' AND e.kind = 'gift_goes_back')))""",
    ),
    (
        "every entry that causes something says so",
        """SELECT t.member_id AS offender, t.sequence, t.kind, t.gift_id FROM entry t
           WHERE t.kind = 'gift_out' AND NOT EXISTS (
               SELECT FROM effect e WHERE e.member_id = t.member_id AND e.sequence = t.sequence AND e.kind = 'gift_arrives')""",
    ),
    (
        "every effect has its entry, and its parts are counted from 0",
        """SELECT e.member_id AS offender, e.sequence, count(*) AS effects, max(e.part) AS highest_part
           FROM effect e LEFT JOIN (
               SELECT member_id, sequence FROM purchase UNION ALL
               SELECT member_id, sequence FROM purchase_return UNION ALL
               SELECT member_id, sequence FROM entry) j USING (member_id, sequence)
           GROUP BY e.member_id, e.sequence HAVING max(e.part) <> count(*) - 1 OR bool_or(j.sequence IS NULL)""",
    ),
)

ON_THE_WAY = (
    "what is on its way between members is what has left and not arrived",
    """SELECT 'currency ' || currency AS offender, on_the_way, posted FROM (
           SELECT currency, sum(CASE status WHEN 'in_transit' THEN units ELSE units_back END) AS on_the_way
           FROM gift WHERE status IN ('in_transit', 'going_back') GROUP BY currency) g
       FULL JOIN (
           SELECT currency, sum(CASE WHEN is_credit THEN - units ELSE units END) AS posted
           FROM posting WHERE account = 'in_transit' GROUP BY currency) p USING (currency)
       WHERE coalesce(on_the_way, 0) <> coalesce(posted, 0)""",
)
"""Of law 12: gifts under way hold exactly what the account holds."""
