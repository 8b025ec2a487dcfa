"""Saved papers."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas.base import Base, Next
from server.api.schemas.fields import Moment, Text
from server.api.schemas.papers import Paper
from server.services import parsing


class Entry(Base):
    """A saved paper."""

    paper = fields.Nested(Paper, required=True)
    saved_at = Moment(required=True)
    tags = fields.List(fields.String(), required=True)
    note = fields.String(required=True, allow_none=True)
    read = fields.Boolean(required=True)


class Library(Next):
    """Saved papers, newest first."""

    items = fields.List(fields.Nested(Entry), required=True)


class EntryBody(Base):
    """The reader's own words on a saved paper; what is left out stays."""

    tags = fields.List(
        Text(longest=parsing.LONGEST_TAG), allow_none=True, validate=validate.Length(max=parsing.MOST_TAGS)
    )
    note = Text(longest=parsing.LONGEST_NOTE, allow_none=True)
    read = fields.Boolean(truthy={True}, falsy={False})
