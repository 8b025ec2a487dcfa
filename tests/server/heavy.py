"""A reader with a long log, made by the database itself, for going through the API would take longer than the tests."""

from __future__ import annotations

from sqlalchemy import text

from server.store.database import Database

EACH = 5  # events on a paper; of every tenth they are saves, of the others opens

_NUMBERS = "WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < :last)"
_PAPER = "'2401.' || CAST(10000 + i % :papers AS TEXT)"
_SAVES = "i % :papers % 10 = 0"
_PAPERS = f"""{_NUMBERS}
    INSERT INTO papers (id, title, abstract, source, created_at, updated_at, published_at)
    SELECT {_PAPER}, 'On the matter of words' || CAST(i % 97 AS TEXT),
        'We study words' || CAST(i % 53 AS TEXT) || ' beside words' || CAST(i % 89 AS TEXT) || ' and what they say.',
        'hf', 1700000000, 1700000000, 1700000000 FROM numbers WHERE true
    ON CONFLICT DO NOTHING"""
_EVENTS = f"""{_NUMBERS}
    INSERT INTO events (reader_id, id, kind, paper_id, at, received_at, clamped, surface, content_hash)
    SELECT :reader, '00000000-0000-4000-8000-' || CAST(100000000000 + i AS TEXT),
        CASE WHEN {_SAVES} THEN 'save' ELSE 'open' END, {_PAPER}, 1700000000 + i, 1790000000, :no, 'card', 'x'
    FROM numbers"""
_STATES = """
    INSERT INTO reader_papers
        (reader_id, paper_id, opened_at, opens, saved, save_at, hidden, impressions, read, version, note)
    SELECT reader_id, paper_id, max(CASE WHEN kind = 'open' THEN at END),
        sum(CASE WHEN kind = 'open' THEN 1 ELSE 0 END),
        max(CASE WHEN kind = 'save' THEN 1 ELSE 0 END) = 1, max(CASE WHEN kind = 'save' THEN at END), :no, 0, :no, 1,
        CASE WHEN max(kind) = 'save' THEN 'a note' END
    FROM events WHERE reader_id = :reader GROUP BY reader_id, paper_id"""


def fill(database: Database, reader: str, events: int) -> None:
    """Give a reader so many events, five on each of a fifth as many papers."""
    papers = events // EACH
    with database.writing() as session:
        session.execute(text(_PAPERS), {"last": papers - 1, "papers": papers})
        session.execute(text(_EVENTS), {"last": events - 1, "papers": papers, "reader": reader, "no": False})
        session.execute(text(_STATES), {"reader": reader, "no": False})
        session.execute(text("UPDATE readers SET version = 1 WHERE id = :reader"), {"reader": reader})
