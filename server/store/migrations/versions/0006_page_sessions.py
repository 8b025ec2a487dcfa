"""Sessions of the reader's pages among the devices, and the one-time links that begin them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("devices", sa.Column("expires_at", sa.Double(), nullable=True))
    op.add_column("devices", sa.Column("opened_by", sa.String(length=64), nullable=True))
    owner = sa.ForeignKeyConstraint(
        ["reader_id"], ["readers.id"], name=op.f("fk_session_links_reader_id"), ondelete="CASCADE"
    )
    op.create_table(
        "session_links",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("device_id", sa.String(length=64), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=False),
        owner,
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_session_links")),
    )
