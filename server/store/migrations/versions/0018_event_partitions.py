"""PostgreSQL: the log in partitions, one a month in which events were received.

Copies the log once, in one transaction, and holds it meanwhile: nothing can be logged or read for as long as that takes
(the RUNBOOK says how long). SQLite keeps one table.
"""

import time
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_AHEAD = 3
_OLDEST = 240  # months: what an earlier clock dated before goes to the partition for the rest
_MONTHS = sa.text("SELECT DISTINCT to_char(timezone('UTC', to_timestamp(received_at)), 'YYYY-MM') FROM events_whole")


def upgrade() -> None:
    """Bring the schema forward."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE events RENAME TO events_whole")
    op.drop_index("ix_events_reader_id_at_number_paper_id", table_name="events_whole")
    for name, kind in (("uq_events_reader_id_id", "unique"), ("pk_events", "primary"), ("fk_events_reader_id", None)):
        op.drop_constraint(name, "events_whole", type_=kind or "foreignkey")
    op.execute("CREATE TABLE events (LIKE events_whole INCLUDING DEFAULTS) PARTITION BY RANGE (received_at)")
    op.execute("ALTER SEQUENCE events_number_seq OWNED BY events.number")
    this = _number(f"{datetime.fromtimestamp(time.time(), UTC):%Y-%m}")
    used = {_number(month) for month in op.get_bind().execute(_MONTHS).scalars()}
    for month in sorted({*range(this, this + _AHEAD + 1), *(one for one in used if this - _OLDEST <= one <= this)}):
        bounds = f"FROM ({_start(month)!r}) TO ({_start(month + 1)!r})"
        op.execute(
            f"CREATE TABLE events_{month // 12:04d}_{month % 12 + 1:02d} PARTITION OF events FOR VALUES {bounds}"
        )
    op.execute("CREATE TABLE events_other PARTITION OF events DEFAULT")
    op.execute("INSERT INTO events SELECT * FROM events_whole")
    op.execute("DROP TABLE events_whole")
    # That an id counts once is for the lock of the reader's row: no key over partitions could say it.
    op.create_primary_key("pk_events", "events", ["number", "received_at"])
    op.create_index("ix_events_reader_id_id", "events", ["reader_id", "id"])
    op.create_index("ix_events_reader_id_at_number_paper_id", "events", ["reader_id", "at", "number", "paper_id"])
    op.create_foreign_key("fk_events_reader_id", "events", "readers", ["reader_id"], ["id"], ondelete="CASCADE")


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _start(month: int) -> float:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp()
