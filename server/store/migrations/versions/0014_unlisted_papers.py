"""Indexes of the papers that are recommended to nobody, which every worker reads when it starts."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_UNTITLED = sa.text("title IS NULL AND abstract IS NOT NULL")


def upgrade() -> None:
    """Bring the schema forward."""
    withdrawn = sa.column("withdrawn", sa.Boolean).is_(sa.true())
    for name, where in (("untitled", _UNTITLED), ("withdrawn", withdrawn)):
        op.create_index(f"ix_papers_{name}", "papers", ["id"], sqlite_where=where, postgresql_where=where)
