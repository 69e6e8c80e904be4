"""The tables that stand in files of their own, gathered: whoever imports `store/tables.py` has them all in the metadata."""

from __future__ import annotations

from jifen.store import (
    api_key_table,
    audit_tables,
    code_tables,
    compensation_tables,
    effect_tables,
    event_tables,
    file_task_table,
    household_tables,
    member_session_tables,
    operator_tables,
    passkey_tables,
    person_tables,
    pool_tables,
    proof_table,
    question_tables,
    revision_tests_table,
    reward_tables,
    segment_tables,
    switch_tables,
    terms_table,
)

__all__ = [
    "api_key_table",
    "audit_tables",
    "code_tables",
    "compensation_tables",
    "effect_tables",
    "event_tables",
    "file_task_table",
    "household_tables",
    "member_session_tables",
    "operator_tables",
    "passkey_tables",
    "person_tables",
    "pool_tables",
    "proof_table",
    "question_tables",
    "revision_tests_table",
    "reward_tables",
    "segment_tables",
    "switch_tables",
    "terms_table",
]
