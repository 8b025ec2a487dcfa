"""All tables. Times are epoch seconds (double), so that SQLite and PostgreSQL store the same numbers."""

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
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
    true,
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

# An unknown list is NULL, not '[]' or 'null', so that COALESCE falls through to the page text.
_Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_Counter = BigInteger().with_variant(Integer, "sqlite")


def _reader(*, primary_key: bool = False) -> Column[str]:
    owner = ForeignKey("readers.id", ondelete="CASCADE")
    return Column("reader_id", String(64), owner, nullable=False, primary_key=primary_key)


def _facts() -> list[Column]:
    """Return the columns of a paper's facts; NULL is unknown."""
    return [
        Column("title", Text),
        Column("abstract", Text),
        Column("authors", _Json),
        Column("categories", _Json),
        Column("organization", Text),
        Column("published_at", Double),
        Column("upvotes", Integer),
    ]


def _source_facts() -> list[Column]:
    """Return the columns of the facts that only sources give; NULL is unknown, or that there is none."""
    return [
        Column("code_url", Text),
        Column("project_url", Text),
        Column("doi", Text),
        Column("journal_ref", Text),
        Column("comment", Text),
        Column("withdrawn", Boolean),
    ]


readers = Table(
    "readers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("created_at", Double, nullable=False),
    Column("operator", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    # Counts every change of the reader's events and settings, so that a worker knows when its cached history is stale.
    Column("version", _Counter, nullable=False),
    # The version that last deleted states; later versions only changed them.
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
    # NULL: a browser with the extension, whose token /v1 takes. Else a session of the reader's pages, by cookie alone.
    Column("expires_at", Double),
    # The device that asked for the link by which a session began, and with which it ends; NULL: the shell did.
    Column("opened_by", String(64)),
    Index(None, "reader_id"),
)

session_links = Table(
    "session_links",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    _reader(),
    # The device that asked for it, with which it ends; NULL: the shell did.
    Column("device_id", String(64)),
    Column("expires_at", Double, nullable=False),
)

pairing_codes = Table(
    "pairing_codes",
    metadata,
    Column("locator", String(8), primary_key=True),
    Column("code_hash", String(64), nullable=False),
    # NULL: the code is for a new reader, or the owner's.
    Column("reader_id", String(64), ForeignKey("readers.id", ondelete="CASCADE")),
    # Made before there was a reader: it is for the operator, even if they have registered some other way since.
    Column("owner", Boolean, nullable=False, server_default=false()),
    # The device that asked for it, and whose revocation ends it; NULL: made in the shell.
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
    *_source_facts(),
    # The source of the facts; NULL while they come from pages only.
    Column("source", String(32)),
    # When that source last said these facts, changed or not.
    Column("confirmed_at", Double),
    # When to ask arXiv about it (again); NULL: not at all.
    Column("recheck_at", Double),
    Column("created_at", Double, nullable=False),
    # Time of the last change of a public fact, by which workers find the papers to fold in.
    Column("updated_at", Double, nullable=False),
    # Papers that changed are read in pages of this order, however many changed at one time.
    Index(None, "updated_at", "id"),
    Index(None, "published_at"),
    Index(None, "recheck_at"),
)
# Papers known only by id: few, and deleted when nobody names them any more.
is_stub = and_(papers.c.title.is_(None), papers.c.abstract.is_(None), papers.c.source.is_(None))
Index("ix_papers_stubs", papers.c.id, sqlite_where=is_stub, postgresql_where=is_stub)
# What is recommended to nobody: few among all, and read by every worker that starts.
is_untitled = and_(papers.c.title.is_(None), papers.c.abstract.is_not(None))
Index("ix_papers_untitled", papers.c.id, sqlite_where=is_untitled, postgresql_where=is_untitled)
is_withdrawn = papers.c.withdrawn.is_(true())
Index("ix_papers_withdrawn", papers.c.id, sqlite_where=is_withdrawn, postgresql_where=is_withdrawn)

page_texts = Table(
    "page_texts",
    metadata,
    Column("paper_id", String(64), ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True),
    _reader(primary_key=True),
    *_facts(),
    Column("updated_at", Double, nullable=False),
    Index(None, "reader_id", "updated_at", "paper_id"),
)

# The terms of what everybody may read of a paper, with which each database keeps its full-text index in step: SQLite by
# triggers, PostgreSQL by a generated column `vector`. The revision that made them has both, `store/search.py` asks.
paper_terms = Table(
    "paper_terms",
    metadata,
    # The index's name for the paper; an id of text would not do, and a rowid of its own changes with VACUUM.
    Column("number", _Counter, primary_key=True, autoincrement=True),
    Column("paper_id", String(64), ForeignKey("papers.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("authors", Text, nullable=False),
    Column("categories", Text, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("number", _Counter, primary_key=True, autoincrement=True),
    _reader(),
    Column("id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    # No foreign key: it would need an index by paper, for every event a write somewhere else in the largest table. What
    # keeps the paper is the reader's state of it, for as long as the event counts.
    Column("paper_id", String(64), nullable=False),
    Column("at", Double, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("clamped", Boolean, nullable=False),
    Column("list_id", String(200)),
    Column("position", Integer),
    Column("surface", String(16)),
    Column("page", String(64)),
    # Of the event as it was sent, to tell a re-sent event from another one under the same id.
    Column("content_hash", String(32), nullable=False),
    # PostgreSQL partitions the table by month of `received_at` (`event_partitions.py`); only with that time could a key
    # be unique there. That an id counts once is seen to by the lock of the reader's row, on both kinds of database.
    UniqueConstraint("reader_id", "id").ddl_if(dialect="sqlite"),
    Index("ix_events_reader_id_id", "reader_id", "id").ddl_if(dialect="postgresql"),
    # By time; with the paper, so that the events of one paper are found without reading the others.
    Index(None, "reader_id", "at", "number", "paper_id"),
    sqlite_autoincrement=True,
)

# Events of past months, thousands of a reader's in a row; see `store/archived_events.py`.
archived_events = Table(
    "archived_events",
    metadata,
    _reader(primary_key=True),
    # The numbers of its first and last event, and how many there are.
    Column("first", _Counter, primary_key=True, autoincrement=False),
    Column("last", _Counter, nullable=False),
    Column("count", Integer, nullable=False),
    # The month, in UTC, in which all of them were received, as 2026-03.
    Column("month", String(7), nullable=False),
    # The times of the earliest and the latest event.
    Column("earliest", Double, nullable=False),
    Column("latest", Double, nullable=False),
    # Eight bytes of the hash of each id, sorted; and the columns of the events, compressed JSON.
    Column("marks", LargeBinary, nullable=False),
    Column("events", LargeBinary, nullable=False),
    Index(None, "month", "reader_id", "first"),
)

archived_months = Table(
    "archived_months",
    metadata,
    Column("month", String(7), primary_key=True),
    # The number of the newest event that was ever archived of it.
    Column("newest", _Counter, nullable=False),
    # Counts the changes of its archived events, so that a file made from older ones is not published.
    Column("changes", Integer, nullable=False),
    # Of the events in its Parquet file; NULL while there is none that is up to date.
    Column("checksum", String(32)),
)

deleted_events = Table(
    "deleted_events",
    metadata,
    _reader(primary_key=True),
    Column("id_hash", String(64), primary_key=True),
    Column("deleted_at", Double, nullable=False),
    # Deleted by starting over, not individually: an import brings it back.
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
    # `save_at` is the time of the latest save or unsave, and `saved` says which; so `hide_at` and `hidden`,
    # `dislike_at` and `disliked`.
    Column("saved", Boolean, nullable=False),
    Column("save_at", Double),
    Column("hidden", Boolean, nullable=False),
    Column("hide_at", Double),
    Column("disliked", Boolean, nullable=False, server_default=false()),
    Column("dislike_at", Double),
    Column("impressions", Integer, nullable=False),
    Column("shown_at", Double),
    Column("tags", _Json),
    Column("note", Text),
    Column("read", Boolean, nullable=False),
    # The reader's version that last changed this state.
    Column("version", _Counter, nullable=False, server_default="0"),
    Index(None, "reader_id", "version"),
    Index(None, "paper_id"),
)
# The library: few of the states, so that the others cost it nothing.
is_saved = reader_papers.c.saved.is_(true())
Index(
    "ix_reader_papers_saved",
    reader_papers.c.reader_id,
    reader_papers.c.save_at,
    sqlite_where=is_saved,
    postgresql_where=is_saved,
)

feed_states = Table(
    "feed_states",
    metadata,
    _reader(primary_key=True),
    # Of the papers in the feed, whatever their order.
    Column("fingerprint", String(64), nullable=False),
    Column("changed_at", Double, nullable=False),
    # Paper -> when it came into the feed.
    Column("listed_at", _Json, nullable=False),
)

digest_addresses = Table(
    "digest_addresses",
    metadata,
    _reader(primary_key=True),
    # The address that the reader named last; a digest goes there once `confirmed_at` is set.
    Column("email", String(254), nullable=False),
    Column("asked_at", Double, nullable=False),
    Column("confirmed_at", Double),
    # When the link that confirms it has to be mailed, NULL when it was.
    Column("link_tries", Integer, nullable=False),
    Column("link_due_at", Double),
)

digests = Table(
    "digests",
    metadata,
    _reader(primary_key=True),
    # A day such as 2026-11-27, or a week such as 2026-W48.
    Column("period", String(16), primary_key=True),
    # new | claimed | handing | sent | empty | retry | failed | unknown; see `services/digests.py`.
    Column("status", String(16), nullable=False),
    Column("claim", String(32)),
    Column("tries", Integer, nullable=False),
    # When it may be tried (again), or when a claim runs out.
    Column("due_at", Double, nullable=False),
    Column("reason", Text),
    Column("changed_at", Double, nullable=False),
)

digest_papers = Table(
    "digest_papers",
    metadata,
    _reader(primary_key=True),
    # No foreign key: a paper that is forgotten and comes back was mailed all the same.
    Column("paper_id", String(64), primary_key=True),
    Column("period", String(16), nullable=False),
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
    # Number of failed requests; 0: put off, because the source can hardly have it.
    Column("tries", Integer, nullable=False),
    # True: refused when asked for alone; false: the source answered and did not know the paper.
    Column("refused", Boolean, nullable=False),
    Column("reason", Text),
    Column("asked_at", Double, nullable=False),
    Column("due_at", Double, nullable=False),
)

job_states = Table(
    "job_states",
    metadata,
    # `source:hf`, `training`, …; the value is the job's own.
    Column("name", String(64), primary_key=True),
    Column("value", _Json, nullable=False),
    Column("updated_at", Double, nullable=False),
)
