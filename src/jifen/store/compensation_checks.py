"""Compensations as SQL: each share that was paid is the entry that it names, and is taken back by the one that says so."""

from __future__ import annotations

COMPENSATION_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "each share of a compensation is the adjustment that it names, in its units and its currency",
        """SELECT s.member_id AS offender, s.compensation_id, s.sequence, s.units, e.kind, e.units AS given, e.currency
           FROM compensation_share s JOIN compensation c USING (compensation_id)
           LEFT JOIN entry e ON e.member_id = s.member_id AND e.sequence = s.sequence
           WHERE s.sequence IS NOT NULL AND (
               e.kind IS DISTINCT FROM 'adjust_up' OR e.units IS DISTINCT FROM s.units
               OR e.currency IS DISTINCT FROM (
                   SELECT (numbering -> 'currency' ->> c.currency)::int FROM revision ORDER BY number DESC LIMIT 1))""",
    ),
    (
        "a share is paid by an adjustment of its own",
        """SELECT member_id AS offender, sequence, count(*) AS shares FROM compensation_share
           WHERE sequence IS NOT NULL GROUP BY member_id, sequence HAVING count(*) > 1""",
    ),
    (
        "what took a share back reverses the adjustment that paid it",
        """SELECT s.member_id AS offender, s.compensation_id, s.undone_sequence, e.kind, e.origin, s.sequence
           FROM compensation_share s LEFT JOIN entry e ON e.member_id = s.member_id AND e.sequence = s.undone_sequence
           WHERE s.undone_sequence IS NOT NULL
             AND (e.kind IS DISTINCT FROM 'reverse' OR e.origin IS DISTINCT FROM s.sequence)""",
    ),
)
