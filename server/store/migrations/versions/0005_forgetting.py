"""What a deletion needs: who made a pairing code, who names a paper, and models that hold nothing of one reader."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_STUB = sa.text("title IS NULL AND abstract IS NULL AND source IS NULL")


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("pairing_codes", sa.Column("device_id", sa.String(length=64), nullable=True))
    op.execute("ALTER TABLE page_texts RENAME COLUMN created_at TO updated_at")
    op.drop_index(op.f("ix_page_texts_reader_id"), table_name="page_texts")
    told = ["reader_id", "updated_at", "paper_id"]
    op.create_index(op.f("ix_page_texts_reader_id_updated_at_paper_id"), "page_texts", told, unique=False)
    op.drop_index(op.f("ix_events_reader_id_paper_id"), table_name="events")
    op.create_index(op.f("ix_events_paper_id_reader_id"), "events", ["paper_id", "reader_id"], unique=False)
    op.create_index(op.f("ix_reader_papers_paper_id"), "reader_papers", ["paper_id"], unique=False)
    op.create_index("ix_papers_stubs", "papers", ["id"], unique=False, sqlite_where=_STUB, postgresql_where=_STUB)
    # Models of before may hold titles that only one reader's pages told, and the file what was deleted: the next
    # training takes their place and rewrites it, as after a deletion. A new database has nothing of anybody, and would
    # be rewritten with all the papers it has by its first training.
    if op.get_bind().execute(sa.text("SELECT 1 FROM readers LIMIT 1")).first() is None:
        return
    states = sa.table("job_states", sa.column("name"), sa.column("value", sa.JSON()), sa.column("updated_at"))
    now = time.time()
    op.execute(states.insert().values(name="deletions", value={"at": now, "last": now}, updated_at=now))
