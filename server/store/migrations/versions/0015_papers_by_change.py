"""Papers are read in the order in which they changed, those of one time by their ids."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_index("ix_papers_updated_at_id", "papers", ["updated_at", "id"])
    op.drop_index("ix_papers_updated_at", table_name="papers")
