"""Which papers a reader wants less like, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("reader_papers", sa.Column("disliked", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("reader_papers", sa.Column("dislike_at", sa.Double(), nullable=True))
