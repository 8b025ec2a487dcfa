"""Every table. Times are epoch seconds (double), so that SQLite and PostgreSQL hold the very same numbers."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# An unknown list is NULL and not '[]' or 'null', so that COALESCE can fall through to what a page said.
_Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_Counter = BigInteger().with_variant(Integer, "sqlite")


def _reader(*, primary_key: bool = False) -> Column[str]:
    owner = ForeignKey("readers.id", ondelete="CASCADE")
    return Column("reader_id", String(64), owner, nullable=False, primary_key=primary_key)


def _facts() -> list[Column]:
    """Return the columns in which a paper's text is kept; NULL is unknown."""
    return [
        Column("title", Text),
        Column("abstract", Text),
        Column("authors", _Json),
        Column("categories", _Json),
        Column("organization", Text),
        Column("published_at", Double),
        Column("upvotes", Integer),
    ]


readers = Table(
    "readers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("operator", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    # Counts every change of what this reader did or chose, so that a worker knows when its cached history is old.
    Column("version", _Counter, nullable=False),
    # The version at which states of papers were last taken away; since then they have only changed.
    Column("forgot_version", _Counter, nullable=False, server_default="0"),
    Column("settings", _Json, nullable=False),
    Column("feed_number", Integer, nullable=False),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(64), primary_key=True),
    _reader(),
    Column("name", Text, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("last_seen_at", Double),
    Index(None, "reader_id"),
)

pairing_codes = Table(
    "pairing_codes",
    metadata,
    Column("locator", String(8), primary_key=True),
    Column("code_hash", String(64), nullable=False),
    # NULL: the code makes a new reader, or is the owner's.
    Column("reader_id", String(64), ForeignKey("readers.id", ondelete="CASCADE")),
    # Made before there was a reader: it is for the operator, whether they have come some other way since or not.
    Column("owner", Boolean, nullable=False, server_default=false()),
    # The device that asked for it, with which it ends; NULL: the shell did.
    Column("device_id", String(64)),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("attempts_left", Integer, nullable=False),
)

papers = Table(
    "papers",
    metadata,
    Column("id", String(64), primary_key=True),
    *_facts(),
    # The source whose text this is; NULL while only pages have spoken of the paper.
    Column("source", String(32)),
    Column("created_at", Double, nullable=False),
    # Moves with every change of what everybody may read: what newer papers a worker still has to fold in.
    Column("updated_at", Double, nullable=False),
    Index(None, "updated_at"),
    Index(None, "published_at"),
)
# Papers known by nothing but their id: few among many, and the first to go when nobody names them any more.
is_stub = and_(papers.c.title.is_(None), papers.c.abstract.is_(None), papers.c.source.is_(None))
Index("ix_papers_stubs", papers.c.id, sqlite_where=is_stub, postgresql_where=is_stub)

page_texts = Table(
    "page_texts",
    metadata,
    Column("paper_id", String(64), ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    _reader(primary_key=True),
    *_facts(),
    Column("updated_at", Double, nullable=False),
    Index(None, "reader_id", "updated_at", "paper_id"),
)

events = Table(
    "events",
    metadata,
    Column("number", _Counter, primary_key=True, autoincrement=True),
    _reader(),
    Column("id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("paper_id", String(64), ForeignKey("papers.id"), nullable=False),
    Column("at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("clamped", Boolean, nullable=False),
    Column("list_id", String(200)),
    Column("position", Integer),
    Column("surface", String(16)),
    Column("page", String(64)),
    # Of the event as it was sent: tells a re-sent event from another one under the same id.
    Column("content_hash", String(32), nullable=False),
    UniqueConstraint("reader_id", "id"),
    Index(None, "reader_id", "at", "number"),
    # The paper first: a database looks up who names a paper before it lets the paper go.
    Index(None, "paper_id", "reader_id"),
    sqlite_autoincrement=True,
)

deleted_events = Table(
    "deleted_events",
    metadata,
    _reader(primary_key=True),
    Column("id_hash", String(64), primary_key=True),
    Column("deleted_at", Double, nullable=False),
    # By starting over, and not each for itself: an import that the reader asks for brings it back.
    Column("by_reset", Boolean, nullable=False, server_default=false()),
)

lists = Table(
    "lists",
    metadata,
    Column("id", String(200), primary_key=True),
    _reader(),
    Column("model", String(80)),
    Column("made_at", Double, nullable=False),
    Index(None, "reader_id"),
)

reader_papers = Table(
    "reader_papers",
    metadata,
    _reader(primary_key=True),
    Column("paper_id", String(64), ForeignKey("papers.id"), primary_key=True),
    Column("opened_at", Double),
    Column("opens", Integer, nullable=False),
    # `save_at` and `hide_at` are of the latest word, whichever it was; `saved` and `hidden` say what it was.
    Column("saved", Boolean, nullable=False),
    Column("save_at", Double),
    Column("hidden", Boolean, nullable=False),
    Column("hide_at", Double),
    Column("impressions", Integer, nullable=False),
    Column("shown_at", Double),
    Column("tags", _Json),
    Column("note", Text),
    Column("read", Boolean, nullable=False),
    # The reader's version that brought this state.
    Column("version", _Counter, nullable=False, server_default="0"),
    Index(None, "reader_id", "saved", "save_at"),
    Index(None, "reader_id", "version"),
    Index(None, "paper_id"),
)

models = Table(
    "models",
    metadata,
    Column("version", String(80), primary_key=True),
    Column("created_at", Double, nullable=False),
    # candidate | serving | kept | withheld | gone
    Column("status", String(16), nullable=False),
    Column("manifest", _Json, nullable=False),
    Column("note", Text),
    Index(None, "status"),
)

paper_requests = Table(
    "paper_requests",
    metadata,
    Column("paper_id", String(64), ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    Column("source", String(32), primary_key=True),
    # How often it was asked for in vain; 0: it was put off, because the source can hardly have it.
    Column("tries", Integer, nullable=False),
    # The source refused it when it was asked for alone; else it answered and did not know the paper.
    Column("refused", Boolean, nullable=False),
    Column("reason", Text),
    Column("asked_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
)

job_states = Table(
    "job_states",
    metadata,
    # Such as `source:hf` or `schedule`; the value is the job's own.
    Column("name", String(64), primary_key=True),
    Column("value", _Json, nullable=False),
    Column("updated_at", Double, nullable=False),
)
