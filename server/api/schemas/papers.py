"""Papers, the cards of a listing, and what is found or recommended."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.places import MAX_CURSOR
from server.api.schemas.base import Base, Next
from server.api.schemas.fields import Count, Moment, PaperId, Text, Whole
from server.services import parsing
from server.services.search import FIELDS, SORTS

MAX_CARDS = 250


class Paper(Base):
    """A paper as this reader may see it; what is unknown is null or []."""

    id = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    abstract = fields.String(required=True, allow_none=True)
    authors = fields.List(fields.String(), required=True)
    published_at = Moment(required=True, allow_none=True)
    upvotes = fields.Integer(required=True, allow_none=True)
    categories = fields.List(fields.String(), required=True)
    organization = fields.String(required=True, allow_none=True)
    code_url = fields.String(required=True, allow_none=True)
    project_url = fields.String(required=True, allow_none=True)
    doi = fields.String(required=True, allow_none=True)
    journal_ref = fields.String(required=True, allow_none=True)
    comment = fields.String(required=True, allow_none=True)
    withdrawn = fields.Boolean(required=True, allow_none=True)
    url = fields.String(required=True)


class Card(Base):
    """A paper as a listing shows it. What is empty or null is unknown."""

    id = PaperId(required=True)
    title = Text(longest=parsing.MAX_LENGTH["title"], allow_none=True)
    abstract = Text(longest=parsing.MAX_LENGTH["abstract"], allow_none=True)
    authors = fields.List(
        Text(longest=parsing.MAX_LENGTH["name"]),
        allow_none=True,
        validate=validate.Length(max=parsing.MAX_ENTRIES["authors"]),
    )
    published_at = Moment(allow_none=True)
    upvotes = Whole(parsing.MAX_UPVOTES, allow_none=True)
    categories = fields.List(
        Text(longest=parsing.MAX_LENGTH["name"]),
        allow_none=True,
        validate=validate.Length(max=parsing.MAX_ENTRIES["categories"]),
    )
    organization = Text(longest=parsing.MAX_LENGTH["organization"], allow_none=True)


FOLLOWED_KINDS = ("author", "category", "organization")  # with the name as the reader wrote it in `words`
REASON_KINDS = ("paper", "words", "readers", "fresh", "popular", "explore", "interest", *FOLLOWED_KINDS)


class Reason(Base):
    """A share of a score; the shares of a paper add up to it."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(REASON_KINDS),
    )
    share = fields.Float(required=True)
    paper = fields.String()
    title = fields.String(allow_none=True)
    words = fields.List(fields.String())


class Recommended(Base):
    """A paper the reader has not opened, saved or hidden."""

    paper = fields.Nested(Paper, required=True)
    score = fields.Float(required=True)
    rank = fields.Integer(required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)


class Similar(Next):
    """Papers similar to one."""

    items = fields.List(fields.Nested(Recommended), required=True)


class SimilarQuery(Base):
    """How many similar papers."""

    limit = Count(load_default=20, validate=validate.Range(1, 100))


class Hit(Base):
    """Where a paper matches: the words of one of its fields, spelled as there, or its meaning."""

    field = fields.String(required=True, validate=validate.OneOf([*FIELDS, "id", "meaning"]))
    words = fields.List(fields.String(), required=True)


class Found(Base):
    """A paper that matches a query."""

    paper = fields.Nested(Paper, required=True)
    score = fields.Float(
        required=True,
        metadata={"description": "How well it matches, at most 1; sorted for me, how well it fits me."},
    )
    hits = fields.List(fields.Nested(Hit), required=True)


class SearchAnswer(Next):
    """Papers that match a query, best or newest first.

    Without words, or by newness, `next` leads to the end; in the other orders to the first 1,000 results.
    """

    items = fields.List(fields.Nested(Found), required=True)


class SearchQuery(Base):
    """What to search for: a query, or at least one of the others."""

    q = Text(
        longest=2000,
        load_default="",
        metadata={
            "description": 'Words, "phrases", author:"NAME", category:CODE, since:DAY, until:DAY; or an id in any form',
            "examples": ['"language model" author:"Ann Lee" since:2024'],
        },
    )
    author = Text(longest=parsing.MAX_LENGTH["name"], load_default="")
    category = Text(
        longest=parsing.MAX_LENGTH["name"],
        load_default="",
        metadata={"description": "A category such as cs.LG, or an archive such as cs."},
    )
    since = Text(longest=64, load_default="", metadata={"description": "A day, a month, a year or a time."})
    until = Text(longest=64, load_default="", metadata={"description": "Its end counts, if it is not a time."})
    sort = Text(
        longest=16,
        one_of=SORTS,
        load_default="match",
        metadata={"description": "Best match first, newest first, or what fits me best first."},
    )
    limit = Count(load_default=20, validate=validate.Range(1, 100))
    cursor = Text(longest=MAX_CURSOR)
