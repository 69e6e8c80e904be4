"""Back-tests that the API is asked for, and their reports.

Revision ID: 0003
Revises: 0002
"""

from alembic import op
from sqlalchemy import text

revision = "0003"
down_revision = "0002"

STATEMENTS = (
    """CREATE TABLE jifen.backtest (
        backtest_id UUID NOT NULL,
        state TEXT NOT NULL,
        question JSONB NOT NULL,
        asked_by TEXT NOT NULL,
        asked_at TIMESTAMP WITH TIME ZONE DEFAULT clock_timestamp() NOT NULL,
        started_at TIMESTAMP WITH TIME ZONE,
        ended_at TIMESTAMP WITH TIME ZONE,
        stage TEXT,
        percent SMALLINT DEFAULT 0 NOT NULL,
        seconds_left INTEGER,
        missing JSONB,
        failure JSONB,
        CONSTRAINT backtest_pkey PRIMARY KEY (backtest_id),
        CONSTRAINT a_backtest_has_a_known_state CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
        CONSTRAINT a_backtest_that_is_over_has_an_end CHECK ((ended_at IS NULL) = (state IN ('waiting', 'running'))),
        CONSTRAINT a_backtest_that_failed_says_why CHECK ((failure IS NULL) = (state <> 'failed'))
    )""",
    """COMMENT ON TABLE jifen.backtest IS
        'One back-test that the API was asked for, how far it is and how it ended; removed after 30 days.'""",
    """CREATE TABLE jifen.backtest_report (
        backtest_id UUID NOT NULL,
        form TEXT NOT NULL,
        language TEXT NOT NULL,
        content BYTEA NOT NULL,
        CONSTRAINT backtest_report_pkey PRIMARY KEY (backtest_id, form, language),
        CONSTRAINT a_report_has_a_known_form CHECK (form IN ('html', 'xlsx', 'json')),
        CONSTRAINT a_report_has_a_language_or_none CHECK (language ~ '^([a-z]{2,3}(-[A-Za-z]{2,4})?)?$')
    )""",
    """COMMENT ON TABLE jifen.backtest_report IS
        'A back-test''s report in one form and language ('''' for JSON, which has none); removed with its back-test.'""",
)
GRANTS = (
    "GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.backtest TO jifen_app",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON jifen.backtest_report TO jifen_app",
)


def upgrade() -> None:
    """Rights are given only where the application has a role of its own."""
    has_role = (
        op.get_bind().execute(text("SELECT 1 FROM pg_roles WHERE rolname = 'jifen_app'")).first() is not None
    )
    for statement in (*STATEMENTS, *(GRANTS if has_role else ())):
        op.execute(statement)
