"""Ask arXiv about imported papers too."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.execute("UPDATE papers SET recheck_at = updated_at WHERE source = 'import' AND recheck_at IS NULL")
