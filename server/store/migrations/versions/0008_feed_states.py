"""What each reader's feed held when it was last made, and since when: for its conditional requests."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "feed_states",
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.Double(), nullable=False),
        sa.Column("listed_at", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_feed_states_reader_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reader_id", name=op.f("pk_feed_states")),
    )
