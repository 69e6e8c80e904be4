"""The audit in SQL: the part of law 4 that names what was done to it by force."""

from __future__ import annotations

from jifen.store.audit_seals import ROOT, ROW_HASH, SEAL_HASH

AUDIT_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "every sealed row of the audit is there as it was sealed, once",
        f"""SELECT coalesce(s.id, a.audit_id) AS offender, s.number AS seal,
                   CASE WHEN a.audit_id IS NULL THEN 'gone' WHEN s.times > 1 THEN 'sealed twice' ELSE 'changed' END AS what
            FROM (SELECT r.id, r.hash, s.number, count(*) OVER (PARTITION BY r.id) AS times
                  FROM audit_seal s, unnest(s.ids, s.hashes) AS r (id, hash)) s
            LEFT JOIN audit a ON a.audit_id = s.id
            WHERE a.audit_id IS NULL OR s.times > 1 OR s.hash <> {ROW_HASH}""",
    ),
    (
        "no row of the audit was slipped in behind its seals",
        """SELECT a.audit_id AS offender, a.deed, a.happened_at FROM audit a
           WHERE a.recorded_xid < (SELECT below_xid FROM checkpoint WHERE name = 'audit')
             AND NOT EXISTS (SELECT FROM (SELECT unnest(ids) AS id FROM audit_seal) s WHERE s.id = a.audit_id)""",
    ),
    (
        "each seal of the audit follows from its rows and from the seal before it",
        f"""SELECT 'seal ' || s.number AS offender, s.sealed_at FROM (
                SELECT s.*, row_number() OVER (ORDER BY number) AS expected,
                       lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER (ORDER BY number) AS before FROM audit_seal s) s
            WHERE s.number <> s.expected OR s.previous <> s.before OR s.root <> {ROOT} OR s.hash <> {SEAL_HASH}
               OR s.first_id <> s.ids[1] OR s.last_id <> s.ids[s.count]""",
    ),
)
