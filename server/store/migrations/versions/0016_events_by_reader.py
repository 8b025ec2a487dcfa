"""Events are found by their reader alone, and the library by an index of saved papers alone: fewer writes an event.

A foreign key from events to papers would need an index by paper.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_NEWEST = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'events'")


def upgrade() -> None:
    """Bring the schema forward."""
    op.drop_index(op.f("ix_events_paper_id_reader_id"), table_name="events")
    op.drop_index(op.f("ix_events_reader_id_at_number"), table_name="events")
    if op.get_bind().dialect.name == "sqlite":
        _drop_in_copy()
    else:
        op.drop_constraint("fk_events_paper_id", "events", type_="foreignkey")
    columns = ["reader_id", "at", "number", "paper_id"]
    op.create_index(op.f("ix_events_reader_id_at_number_paper_id"), "events", columns, unique=False)
    op.drop_index(op.f("ix_reader_papers_reader_id_saved_save_at"), table_name="reader_papers")
    saved = sa.column("saved", sa.Boolean).is_(sa.true())
    columns = ["reader_id", "save_at"]
    op.create_index("ix_reader_papers_saved", "reader_papers", columns, sqlite_where=saved, postgresql_where=saved)


def _drop_in_copy() -> None:
    """Copy the table without the constraint, and number the next event after all that ever were."""
    newest = op.get_bind().execute(_NEWEST).scalar()
    with op.batch_alter_table("events", table_kwargs={"sqlite_autoincrement": True}) as batch:
        batch.drop_constraint("fk_events_paper_id", type_="foreignkey")
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'events'")
    if newest is not None:
        op.execute(sa.text("INSERT INTO sqlite_sequence VALUES ('events', :newest)").bindparams(newest=newest))
