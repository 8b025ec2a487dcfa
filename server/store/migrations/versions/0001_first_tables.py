"""First tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "job_states",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", _JSON, nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_states")),
    )
    op.create_table(
        "models",
        sa.Column("version", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("manifest", _JSON, nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_models")),
    )
    op.create_index(op.f("ix_models_status"), "models", ["status"], unique=False)
    op.create_table(
        "papers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("authors", _JSON, nullable=True),
        sa.Column("categories", _JSON, nullable=True),
        sa.Column("organization", sa.Text(), nullable=True),
        sa.Column("published_at", sa.Double(), nullable=True),
        sa.Column("upvotes", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )
    op.create_index(op.f("ix_papers_published_at"), "papers", ["published_at"], unique=False)
    op.create_index(op.f("ix_papers_updated_at"), "papers", ["updated_at"], unique=False)
    op.create_table(
        "readers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("operator", sa.Boolean(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("version", _COUNTER, nullable=False),
        sa.Column("settings", _JSON, nullable=False),
        sa.Column("feed_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_readers")),
    )
    op.create_table(
        "deleted_events",
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_deleted_events_reader_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reader_id", "id_hash", name=op.f("pk_deleted_events")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_devices_reader_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_devices_token_hash")),
    )
    op.create_index(op.f("ix_devices_reader_id"), "devices", ["reader_id"], unique=False)
    op.create_table(
        "events",
        sa.Column("number", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("paper_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("received_at", sa.Double(), nullable=False),
        sa.Column("clamped", sa.Boolean(), nullable=False),
        sa.Column("list_id", sa.String(length=200), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("surface", sa.String(length=16), nullable=True),
        sa.Column("page", sa.String(length=64), nullable=True),
        sa.Column("content_hash", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_events_paper_id")),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_events_reader_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_events")),
        sa.UniqueConstraint("reader_id", "id", name=op.f("uq_events_reader_id_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_reader_id_at_number"), "events", ["reader_id", "at", "number"], unique=False)
    op.create_index(op.f("ix_events_reader_id_paper_id"), "events", ["reader_id", "paper_id"], unique=False)
    op.create_table(
        "lists",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=80), nullable=True),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["reader_id"], ["readers.id"], name=op.f("fk_lists_reader_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lists")),
    )
    op.create_index(op.f("ix_lists_reader_id"), "lists", ["reader_id"], unique=False)
    op.create_table(
        "page_texts",
        sa.Column("paper_id", sa.String(length=64), nullable=False),
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("abstract", sa.Text(), nullable=True),
        sa.Column("authors", _JSON, nullable=True),
        sa.Column("categories", _JSON, nullable=True),
        sa.Column("organization", sa.Text(), nullable=True),
        sa.Column("published_at", sa.Double(), nullable=True),
        sa.Column("upvotes", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_page_texts_paper_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_page_texts_reader_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("paper_id", "reader_id", name=op.f("pk_page_texts")),
    )
    op.create_index(op.f("ix_page_texts_reader_id"), "page_texts", ["reader_id"], unique=False)
    op.create_table(
        "pairing_codes",
        sa.Column("locator", sa.String(length=8), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("reader_id", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.Column("attempts_left", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_pairing_codes_reader_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("locator", name=op.f("pk_pairing_codes")),
    )
    op.create_table(
        "reader_papers",
        sa.Column("reader_id", sa.String(length=64), nullable=False),
        sa.Column("paper_id", sa.String(length=64), nullable=False),
        sa.Column("opened_at", sa.Double(), nullable=True),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("saved", sa.Boolean(), nullable=False),
        sa.Column("save_at", sa.Double(), nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("hide_at", sa.Double(), nullable=True),
        sa.Column("impressions", sa.Integer(), nullable=False),
        sa.Column("shown_at", sa.Double(), nullable=True),
        sa.Column("tags", _JSON, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("read", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_reader_papers_paper_id")),
        sa.ForeignKeyConstraint(
            ["reader_id"], ["readers.id"], name=op.f("fk_reader_papers_reader_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("reader_id", "paper_id", name=op.f("pk_reader_papers")),
    )
    op.create_index(
        op.f("ix_reader_papers_reader_id_saved_save_at"),
        "reader_papers",
        ["reader_id", "saved", "save_at"],
        unique=False,
    )
