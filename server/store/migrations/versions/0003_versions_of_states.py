"""What changed since a version of a reader, so that a long history is not read again for one more event."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("readers", sa.Column("forgot_version", _COUNTER, nullable=False, server_default="0"))
    op.add_column("reader_papers", sa.Column("version", _COUNTER, nullable=False, server_default="0"))
    op.create_index(op.f("ix_reader_papers_reader_id_version"), "reader_papers", ["reader_id", "version"])
    op.add_column("deleted_events", sa.Column("by_reset", sa.Boolean(), nullable=False, server_default=sa.false()))
    # A reset forgot many events at one moment; a reader deletes them one at a time.
    op.execute(
        "UPDATE deleted_events SET by_reset = true WHERE (reader_id, deleted_at) IN (SELECT reader_id, deleted_at"
        " FROM deleted_events GROUP BY reader_id, deleted_at HAVING count(*) > 1)"
    )
