"""What comes in and what goes out: the one description of every body, from which /openapi.json is made.

Cards and events are read by `server/services/parsing.py`, which follows the same rules without the cost of a schema.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from server.errors import Invalid
from server.services import parsing
from server.services.events import KINDS, SURFACES

MAX_EVENTS, MAX_CARDS = 500, 250


class Base(Schema):
    """Unknown members are let pass, so that a newer client can speak to an older server."""

    class Meta:
        """Marshmallow's options."""

        unknown = EXCLUDE


class Text(fields.String):
    """A string that a database can keep: no NUL, no half of a surrogate pair."""

    def __init__(
        self, *, longest: int, shortest: int = 0, pattern: str | None = None, one_of: Sequence[str] = (), **more: Any
    ) -> None:
        checks: list[Any] = [validate.OneOf(one_of)] if one_of else [validate.Length(min=shortest, max=longest)]
        if pattern:
            more["metadata"] = {"pattern": f"^(?:{pattern})$", **more.get("metadata", {})}
        super().__init__(validate=checks, **more)
        self.longest = longest
        self.pattern = re.compile(pattern, re.ASCII) if pattern else None

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            read = parsing.text(value, attr or "", self.longest)
        except Invalid as error:
            raise ValidationError(error.message) from error
        if self.pattern and not self.pattern.fullmatch(read):
            raise ValidationError("Not of the right form; see /docs.")
        return read


class Moment(Text):
    """An RFC 3339 time with its zone."""

    def __init__(self, **more: Any) -> None:
        metadata = {"format": "date-time", "examples": ["2026-11-20T08:15:00Z"], **more.pop("metadata", {})}
        super().__init__(longest=64, metadata=metadata, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            parsing.time(value, attr or "")
        except Invalid as error:
            raise ValidationError(error.message) from error
        return str(value)


class PaperId(Text):
    """A paper id in any of its forms."""

    def __init__(self, **more: Any) -> None:
        metadata = {"description": "A bare id, an arXiv: form or an address.", "examples": ["2401.12345"]}
        super().__init__(longest=parsing.LONGEST["id"], metadata={**metadata, **more.pop("metadata", {})}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> str:
        try:
            return parsing.paper_id(value, attr or "")
        except Invalid as error:
            raise ValidationError(error.message) from error


class Count(fields.Integer):
    """A whole number in a query, written in plain digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        if isinstance(value, str) and not re.fullmatch(r"\d{1,9}", value, re.ASCII):
            raise ValidationError("Must be a whole number.")
        number = super()._deserialize(value, attr, data, **more)
        assert number is not None
        return int(number)


class PaperIds(fields.List):
    """Paper ids in a query, repeated (`exclude=A&exclude=B`) or with commas between them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> list[Any]:
        pieces = [piece for text in value for piece in text.split(",") if piece]
        return super()._deserialize(pieces, attr, data, **more)


class Whole(fields.Integer):
    """A whole number from 0 to `most`; 3.0 is one in JSON, and true is not."""

    def __init__(self, most: int, **more: Any) -> None:
        super().__init__(validate=validate.Range(0, most), **more)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> int:
        try:
            return parsing.whole_number(value, attr or "", self.most) or 0
        except Invalid as error:
            raise ValidationError(error.message) from error


class Error(Base):
    """What is wrong, for programs (code) and for people (message)."""

    code = fields.String(required=True)
    message = fields.String(required=True, metadata={"description": "Says what to do about it."})
    field = fields.String(metadata={"description": "What in the request it is about, such as events.3.paper."})


class ErrorWithRequest(Error):
    """An error that is a whole answer."""

    request_id = fields.String(required=True)


class ErrorAnswer(Base):
    """Every answer of status 400 and above."""

    error = fields.Nested(ErrorWithRequest, required=True)


class Paper(Base):
    """A paper as this reader may see it; absent facts are null or []."""

    id = fields.String(required=True)
    title = fields.String(required=True, allow_none=True)
    abstract = fields.String(required=True, allow_none=True)
    authors = fields.List(fields.String(), required=True)
    published_at = Moment(required=True, allow_none=True)
    upvotes = fields.Integer(required=True, allow_none=True)
    categories = fields.List(fields.String(), required=True)
    url = fields.String(required=True)


class Card(Base):
    """A paper as a listing shows it. What is empty or null is unknown."""

    id = PaperId(required=True)
    title = Text(longest=parsing.LONGEST["title"], allow_none=True)
    abstract = Text(longest=parsing.LONGEST["abstract"], allow_none=True)
    authors = fields.List(
        Text(longest=parsing.LONGEST["name"]), allow_none=True, validate=validate.Length(max=parsing.MOST["authors"])
    )
    published_at = Moment(allow_none=True)
    upvotes = Whole(parsing.MAX_UPVOTES, allow_none=True)
    categories = fields.List(
        Text(longest=parsing.LONGEST["name"]), allow_none=True, validate=validate.Length(max=parsing.MOST["categories"])
    )
    organization = Text(longest=parsing.LONGEST["organization"], allow_none=True)


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
    list_id = Text(longest=parsing.LONGEST["list_id"], allow_none=True)
    position = Whole(parsing.MOST_POSITION, allow_none=True)
    surface = Text(longest=16, allow_none=True, one_of=SURFACES)
    page = Text(
        longest=64,
        allow_none=True,
        pattern=parsing.PAGE.pattern,
        metadata={"description": "A kind and a date, never an address.", "examples": ["daily/2026-11-20", "trending"]},
    )


class LoggedEvent(Event):
    """An event as it is kept."""

    received_at = Moment(required=True)


class EventsBody(Base):
    """A batch; each event and card is judged alone."""

    events = fields.List(fields.Nested(Event), required=True, validate=validate.Length(max=MAX_EVENTS))
    papers = fields.List(fields.Nested(Card), validate=validate.Length(max=MAX_CARDS))


class Result(Base):
    """What became of one event or card; `id` is as sent."""

    id = fields.Raw(required=True, metadata={"description": "As it was sent."})
    status = fields.String(required=True, validate=validate.OneOf(["accepted", "duplicate", "rejected"]))
    clamped = fields.Boolean(metadata={"description": "The time was too far ahead and became now."})
    error = fields.Nested(Error)


class EventsAnswer(Base):
    """In input order; what is accepted is on disk."""

    results = fields.List(fields.Nested(Result), required=True)
    paper_results = fields.List(fields.Nested(Result), required=True)


class Reason(Base):
    """A share of a score; the shares of a paper add up to it."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(["paper", "words", "readers", "fresh", "popular", "explore", "interest"]),
    )
    share = fields.Float(required=True)
    paper = fields.String()
    title = fields.String(allow_none=True)
    words = fields.List(fields.String())


class RankBody(Base):
    """The cards of a page, in page order."""

    papers = fields.List(fields.Nested(Card), required=True, validate=validate.Length(max=MAX_CARDS))
    page = Text(longest=64, allow_none=True, pattern=parsing.PAGE.pattern)
    limit = Whole(50, load_default=10, metadata={"description": "How many papers to recommend beside."})


class CardState(Base):
    """What the reader did with a paper."""

    opened_at = Moment(required=True, allow_none=True)
    saved = fields.Boolean(required=True)
    hidden = fields.Boolean(required=True)


class RankedCard(Base):
    """One card's answer; without a usable id it has an error and no rank."""

    id = fields.String(required=True, allow_none=True, metadata={"description": "The canonical id."})
    input_id = fields.Raw(required=True, metadata={"description": "The id as sent."})
    rank = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True)
    basis = fields.String(required=True, validate=validate.OneOf(["model", "text", "fallback", "none"]))
    state = fields.Nested(CardState, required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    error = fields.Nested(Error)


class Recommended(Base):
    """A paper the reader has not opened, saved or hidden."""

    paper = fields.Nested(Paper, required=True)
    score = fields.Float(required=True)
    rank = fields.Integer(required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)


class RankAnswer(Base):
    """One entry a card, in input order; `model` is null before the first training."""

    list_id = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    cards = fields.List(fields.Nested(RankedCard), required=True)
    recommended = fields.List(fields.Nested(Recommended), required=True)


class Next(Base):
    """The end of every list."""

    next = fields.String(required=True, allow_none=True, metadata={"description": "The cursor of the next page."})


class Recommendations(Next):
    """A list made for this reader now; ask for more with `exclude`."""

    list_id = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    items = fields.List(fields.Nested(Recommended), required=True)


class Similar(Next):
    """Papers like one."""

    items = fields.List(fields.Nested(Recommended), required=True)


class Found(Base):
    """A paper for a query."""

    paper = fields.Nested(Paper, required=True)
    score = fields.Float(required=True)


class SearchAnswer(Next):
    """Papers for a query, best first."""

    items = fields.List(fields.Nested(Found), required=True)


class PageQuery(Base):
    """The page of a list."""

    limit = Count(load_default=50, validate=validate.Range(1, 200))
    cursor = Text(longest=500)


class LogQuery(PageQuery):
    """A page of the log, of one paper or of some kinds of events alone."""

    paper = PaperId()
    kind = fields.List(
        Text(longest=16, one_of=KINDS), load_default=list, metadata={"description": "Repeated for several."}
    )


class RecommendationsQuery(Base):
    """What to recommend."""

    limit = Count(load_default=20, validate=validate.Range(1, 100))
    days = Count(validate=validate.Range(1, 36500), metadata={"description": "Only papers this young."})

    # Not called `exclude` here because marshmallow's Schema has an attribute of that name.
    without = PaperIds(PaperId(), data_key="exclude", load_default=list, validate=validate.Length(max=500))


class SimilarQuery(Base):
    """How many papers like one."""

    limit = Count(load_default=20, validate=validate.Range(1, 100))


class SearchQuery(Base):
    """What to look for."""

    q = Text(longest=500, shortest=1, required=True)
    limit = Count(load_default=20, validate=validate.Range(1, 100))
    cursor = Text(longest=500)
