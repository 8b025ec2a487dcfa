"""Facts that only sources give, and when a paper's source last said its facts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    for name in ("code_url", "project_url", "doi", "journal_ref", "comment"):
        op.add_column("papers", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("papers", sa.Column("withdrawn", sa.Boolean(), nullable=True))
    op.add_column("papers", sa.Column("confirmed_at", sa.Double(), nullable=True))
    # Nobody wrote down when a source spoke last; it was at the latest change or after it.
    op.execute("UPDATE papers SET confirmed_at = updated_at WHERE source IS NOT NULL")
