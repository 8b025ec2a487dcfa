"""When to ask arXiv about a paper again, whose facts change for years."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("papers", sa.Column("recheck_at", sa.Double(), nullable=True))
    op.create_index(op.f("ix_papers_recheck_at"), "papers", ["recheck_at"])
    # Facts that were taken before there were any others are due at once; of a listing's there never were.
    op.execute("UPDATE papers SET recheck_at = updated_at WHERE source IN ('arxiv', 'hf')")
