"""A reservation is found by its id alone: whoever commits it names nothing else.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Without the index every commit of a reservation read the whole table."""
    op.execute("CREATE INDEX reservation_reservation_id ON jifen.reservation (reservation_id)")
