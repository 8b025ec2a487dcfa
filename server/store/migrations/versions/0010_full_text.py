"""Full text of the papers: their terms, and the index that each kind of database keeps of these."""

import json

import sqlalchemy as sa
from alembic import op

from server.terms import indexed, indexed_names

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FIELDS = ("title", "abstract", "authors", "categories")
_CHUNK = 2000

_OLD = "INSERT INTO paper_search(paper_search, rowid, {0}) VALUES ('delete', old.number, old.{1});"
_NEW = "INSERT INTO paper_search(rowid, {0}) VALUES (new.number, new.{1});"
_COLUMNS = (", ".join(_FIELDS), ", old.".join(_FIELDS), ", new.".join(_FIELDS))
_SQLITE = (
    # `ascii` takes every character beyond ASCII for a letter: the terms are already what is to be found.
    f"CREATE VIRTUAL TABLE paper_search USING fts5({_COLUMNS[0]}, content='paper_terms', content_rowid='number',"
    " tokenize='ascii')",
    f"CREATE TRIGGER paper_search_inserted AFTER INSERT ON paper_terms BEGIN"
    f" {_NEW.format(_COLUMNS[0], _COLUMNS[2])} END",
    f"CREATE TRIGGER paper_search_deleted AFTER DELETE ON paper_terms BEGIN"
    f" {_OLD.format(_COLUMNS[0], _COLUMNS[1])} END",
    f"CREATE TRIGGER paper_search_updated AFTER UPDATE ON paper_terms BEGIN"
    f" {_OLD.format(_COLUMNS[0], _COLUMNS[1])} {_NEW.format(_COLUMNS[0], _COLUMNS[2])} END",
)
# Not to_tsvector: its parser would take the terms apart again. The first place stays free, and so do the gaps between
# entries: no phrase reaches from one field or entry into the next.
_POSTGRESQL = (
    """CREATE FUNCTION inkling_vector(terms text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(quote_literal(term) || ':' || least(place + 1, 16383), ' '), '')::tsvector
    FROM unnest(string_to_array(terms, ' ')) WITH ORDINALITY AS one(term, place) WHERE term <> '¶' AND term <> '' $$""",
    "ALTER TABLE paper_terms ADD COLUMN vector tsvector GENERATED ALWAYS AS ("
    + " || ".join(
        f"setweight(inkling_vector({name}), '{letter}')" for name, letter in zip(_FIELDS, "ABCD", strict=True)
    )
    + ") STORED",
    "CREATE INDEX ix_paper_terms_vector ON paper_terms USING gin (vector)",
)


def upgrade() -> None:
    """Bring the schema forward."""
    op.create_table(
        "paper_terms",
        sa.Column("number", _COUNTER, nullable=False, autoincrement=True),
        sa.Column("paper_id", sa.String(length=64), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _FIELDS),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_terms_paper_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_paper_terms")),
        sa.UniqueConstraint("paper_id", name=op.f("uq_paper_terms_paper_id")),
    )
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(sa.text(statement.replace(":", r"\:")))
    _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    """Index the papers that are there."""
    chunk = sa.text(
        "SELECT id, title, abstract, authors, categories FROM papers WHERE id > :after"
        " AND coalesce(title, abstract) IS NOT NULL ORDER BY id LIMIT :size"
    )
    columns = ", ".join(("paper_id", *_FIELDS))
    insert = sa.text(f"INSERT INTO paper_terms ({columns}) VALUES (:{columns.replace(', ', ', :')})")  # noqa: S608
    after = ""
    while found := connection.execute(chunk, {"after": after, "size": _CHUNK}).mappings().all():
        connection.execute(insert, [_terms(dict(row)) for row in found])
        after = found[-1]["id"]


def _terms(row: dict) -> dict:
    authors, categories = (
        json.loads(value) if isinstance(value, str) else value or [] for value in (row["authors"], row["categories"])
    )
    return {
        "paper_id": row["id"],
        "title": indexed([row["title"] or ""]),
        "abstract": indexed([row["abstract"] or ""]),
        "authors": indexed_names(authors or ()),
        "categories": indexed(categories or ()),
    }
