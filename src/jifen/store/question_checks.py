"""Questions in SQL: the part of law 4 that holds where each stands to its trail."""

from __future__ import annotations

QUESTION_CHECKS: tuple[tuple[str, str], ...] = (
    (
        "a question stands where its trail ends, and its steps are counted from 1",
        """SELECT coalesce(q.member_id, s.member_id) AS offender, coalesce(q.question_id, s.question_id) AS question,
                  q.status, s.last
           FROM question q FULL JOIN (
               SELECT member_id, question_id, count(*) AS steps, max(number) AS highest,
                      (array_agg(move ORDER BY number DESC))[1] AS last FROM question_step GROUP BY 1, 2) s
               USING (member_id, question_id)
           WHERE q.status IS DISTINCT FROM CASE s.last WHEN 'asked' THEN 'open' ELSE s.last END OR s.steps <> s.highest""",
    ),
    (
        "what was said belongs to a step of a question",
        """SELECT t.member_id AS offender, t.question_id, t.number FROM question_text t
           WHERE NOT EXISTS (SELECT FROM question_step s WHERE s.member_id = t.member_id AND s.question_id = t.question_id
                                                           AND s.number = t.number)""",
    ),
)
