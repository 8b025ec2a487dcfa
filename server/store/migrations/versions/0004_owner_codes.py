"""Pairing codes for the operator, made before there is one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("pairing_codes", sa.Column("owner", sa.Boolean(), nullable=False, server_default=sa.false()))
