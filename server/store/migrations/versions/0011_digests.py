"""Digests by e-mail: confirmed addresses, what became of each period's digest, and which papers were mailed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "digest_addresses",
        _reader(),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("confirmed_at", sa.Double(), nullable=True),
        sa.Column("link_tries", sa.Integer(), nullable=False),
        sa.Column("link_due_at", sa.Double(), nullable=True),
        _owner("digest_addresses"),
        sa.PrimaryKeyConstraint("reader_id", name=op.f("pk_digest_addresses")),
    )
    op.create_table(
        "digests",
        _reader(),
        sa.Column("period", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.Double(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.Double(), nullable=False),
        _owner("digests"),
        sa.PrimaryKeyConstraint("reader_id", "period", name=op.f("pk_digests")),
    )
    op.create_table(
        "digest_papers",
        _reader(),
        sa.Column("paper_id", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=16), nullable=False),
        _owner("digest_papers"),
        sa.PrimaryKeyConstraint("reader_id", "paper_id", name=op.f("pk_digest_papers")),
    )


def _reader() -> sa.Column:
    return sa.Column("reader_id", sa.String(length=64), nullable=False)


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["reader_id"], ["readers.id"], name=op.f(f"fk_{table}_reader_id"), ondelete="CASCADE"
    )
