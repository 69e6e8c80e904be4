"""The terms of membership as SQL: versions follow each other, and none that was in force was called off."""

from __future__ import annotations

TERMS_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "versions of the terms count from 1 without a gap, and those that stand follow each other in time",
        """SELECT number AS offender, version, takes_effect_at, before FROM (
               SELECT t.number, t.version, t.takes_effect_at, row_number() OVER (ORDER BY t.number) AS expected,
                      max(CASE WHEN w.number IS NULL THEN t.takes_effect_at END) OVER (
                          ORDER BY t.number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before, w.number AS off
               FROM terms t LEFT JOIN terms_withdrawal w USING (number)) ordered
           WHERE number <> expected OR (off IS NULL AND takes_effect_at < before)""",
    ),
    (
        "what was called off of the terms is a version, and was so before its moment",
        """SELECT w.number AS offender, w.withdrawn_at, w.would_take_effect_at, t.takes_effect_at
           FROM terms_withdrawal w LEFT JOIN terms t USING (number)
           WHERE t.takes_effect_at IS DISTINCT FROM w.would_take_effect_at OR w.withdrawn_at < t.published_at""",
    ),
)
