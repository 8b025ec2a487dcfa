"""Saved papers."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas.base import Base, Next, PageQuery
from server.api.schemas.fields import Moment, PaperId, PaperIds, Text
from server.api.schemas.papers import Paper
from server.services import library, parsing
from server.services.citations import FORMATS


class Entry(Base):
    """A saved paper."""

    paper = fields.Nested(Paper, required=True)
    saved_at = Moment(required=True)
    tags = fields.List(fields.String(), required=True)
    note = fields.String(required=True, allow_none=True)
    read = fields.Boolean(required=True)


class LibraryQuery(PageQuery):
    """Which saved papers, and in which order."""

    q = Text(
        longest=500,
        metadata={"description": "Words that all occur in title, abstract, authors, tags, note or id."},
    )
    tag = Text(longest=parsing.MAX_TAG_LENGTH)
    read = fields.Boolean(truthy={"true", "1"}, falsy={"false", "0"})
    sort = Text(
        longest=16,
        one_of=library.SORTS,
        load_default="saved",
        metadata={"description": "Newest save first, newest paper first, or by title."},
    )
    cursor = Text(longest=2000)


class ExportQuery(Base):
    """Which kind of file; of all saved papers, or of those named."""

    format = Text(longest=16, required=True, one_of=tuple(FORMATS))
    id = PaperIds(PaperId(), load_default=None, allow_none=True, validate=validate.Length(max=500))


class Library(Next):
    """Saved papers, newest first unless asked otherwise."""

    items = fields.List(fields.Nested(Entry), required=True)


class EntryBody(Base):
    """The reader's notes on a saved paper; what is left out stays as it is."""

    tags = fields.List(
        Text(longest=parsing.MAX_TAG_LENGTH), allow_none=True, validate=validate.Length(max=parsing.MAX_TAGS)
    )
    note = Text(longest=parsing.MAX_NOTE_LENGTH, allow_none=True)
    read = fields.Boolean(truthy={True}, falsy={False})
