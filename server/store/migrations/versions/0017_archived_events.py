"""Events of past months, packed, and which of these months have a file."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "archived_events",
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("first", _COUNTER, autoincrement=False, nullable=False),
        sa.Column("last", _COUNTER, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("earliest", sa.Double(), nullable=False),
        sa.Column("latest", sa.Double(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_archived_events_reader_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reader_id", "first", name=op.f("pk_archived_events")),
    )
    op.create_index(
        op.f("ix_archived_events_month_reader_id_first"), "archived_events", ["month", "reader_id", "first"]
    )
    op.create_table(
        "archived_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("newest", _COUNTER, nullable=False),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("checksum", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_archived_months")),
    )
