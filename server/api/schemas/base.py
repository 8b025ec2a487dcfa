"""The base of every schema, errors, and the pages of a list."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields, validate

from server.api.schemas.fields import Count, Text


class Base(Schema):
    """Ignores unknown members, so that a newer client can talk to an older server."""

    class Meta:
        """Marshmallow's options."""

        unknown = EXCLUDE


class Error(Base):
    """What is wrong, for programs (code) and for people (message)."""

    code = fields.String(required=True)
    message = fields.String(required=True, metadata={"description": "Says what to do about it."})
    field = fields.String(metadata={"description": "The part of the request that is wrong, such as events.3.paper."})


class ErrorWithRequest(Error):
    """An error that is a whole response."""

    request_id = fields.String(required=True)


class ErrorAnswer(Base):
    """Every response of status 400 and above."""

    error = fields.Nested(ErrorWithRequest, required=True)


class Next(Base):
    """The cursor at the end of every list."""

    next = fields.String(required=True, allow_none=True, metadata={"description": "The cursor of the next page."})


class PageQuery(Base):
    """Which page of a list."""

    limit = Count(load_default=50, validate=validate.Range(1, 200))
    cursor = Text(longest=500)
