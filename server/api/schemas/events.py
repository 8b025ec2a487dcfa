"""Events: a batch as it is sent, and what became of it."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas.base import Base, Error
from server.api.schemas.fields import Moment, PaperId, Text, Whole
from server.api.schemas.papers import MAX_CARDS, Card
from server.services import parsing
from server.services.events import KINDS, SURFACES

MAX_EVENTS = 500


class Event(Base):
    """Something the reader did with a paper, or was shown (`impression`: then list_id and position are needed)."""

    id = Text(
        longest=36, required=True, pattern=parsing.UUID.pattern.replace("a-f", "a-fA-F"), metadata={"format": "uuid"}
    )
    kind = Text(longest=16, required=True, one_of=KINDS)
    paper = PaperId(required=True)
    at = Moment(
        required=True,
        metadata={
            "description": "Before 1991 is rejected; more than 24 h ahead becomes now and is answered as clamped."
        },
    )
    list_id = Text(longest=parsing.MAX_LENGTH["list_id"], allow_none=True)
    position = Whole(parsing.MAX_POSITION, allow_none=True)
    surface = Text(longest=16, allow_none=True, one_of=SURFACES)
    page = Text(
        longest=64,
        allow_none=True,
        pattern=parsing.PAGE.pattern,
        metadata={"description": "A kind and a date, never an address.", "examples": ["daily/2026-11-20", "trending"]},
    )


class LoggedEvent(Event):
    """An event as it is stored."""

    received_at = Moment(required=True)


class EventsBody(Base):
    """A batch; each event and card is checked on its own."""

    events = fields.List(fields.Nested(Event), required=True, validate=validate.Length(max=MAX_EVENTS))
    papers = fields.List(fields.Nested(Card), validate=validate.Length(max=MAX_CARDS))


class Result(Base):
    """What became of one event or card; `id` is as sent."""

    id = fields.Raw(required=True, metadata={"description": "As it was sent."})
    status = fields.String(required=True, validate=validate.OneOf(["accepted", "duplicate", "rejected"]))
    clamped = fields.Boolean(metadata={"description": "The time was too far ahead and became now."})
    error = fields.Nested(Error)


class EventsAnswer(Base):
    """The results in the order of the request; what is accepted is on disk."""

    results = fields.List(fields.Nested(Result), required=True)
    paper_results = fields.List(fields.Nested(Result), required=True)
