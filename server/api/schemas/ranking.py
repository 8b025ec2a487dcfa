"""The cards of a page as they are ranked, and recommendations."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas.base import Base, Error, Next
from server.api.schemas.fields import Count, Moment, PaperId, PaperIds, Text, Whole
from server.api.schemas.papers import MAX_CARDS, Card, Reason, Recommended
from server.services import parsing
from server.services.ranking import REASONS

_REASONS = {"description": "Which papers come with reasons: all, those that show one (recommended ones), or none."}


class RankBody(Base):
    """The cards of a page, in page order."""

    papers = fields.List(fields.Nested(Card), required=True, validate=validate.Length(max=MAX_CARDS))
    page = Text(longest=64, allow_none=True, pattern=parsing.PAGE.pattern)
    limit = Whole(50, load_default=10, metadata={"description": "How many papers to recommend besides."})
    reasons = Text(longest=16, one_of=REASONS, load_default="all", metadata=_REASONS)


class CardState(Base):
    """What the reader did with a paper."""

    opened_at = Moment(required=True, allow_none=True)
    saved = fields.Boolean(required=True)
    hidden = fields.Boolean(required=True)
    disliked = fields.Boolean(required=True)


class RankedCard(Base):
    """The rank of one card; a card without a usable id has an error and no rank."""

    id = fields.String(required=True, allow_none=True, metadata={"description": "The canonical id."})
    input_id = fields.Raw(required=True, metadata={"description": "The id as sent."})
    rank = fields.Integer(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True)
    basis = fields.String(required=True, validate=validate.OneOf(["model", "text", "fallback", "none"]))
    state = fields.Nested(CardState, required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    error = fields.Nested(Error)


class Explanation(Base):
    """Why a paper has its score now, as an entry of a ranked page says it."""

    id = fields.String(required=True, metadata={"description": "The canonical id."})
    model = fields.String(required=True, allow_none=True)
    score = fields.Float(required=True, allow_none=True)
    basis = fields.String(required=True, validate=validate.OneOf(["model", "text", "fallback", "none"]))
    reasons = fields.List(fields.Nested(Reason), required=True)


class RankAnswer(Base):
    """One entry per card, in the order of the request; `model` is null before the first training."""

    list_id = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    cards = fields.List(fields.Nested(RankedCard), required=True)
    recommended = fields.List(fields.Nested(Recommended), required=True)


class Recommendations(Next):
    """A list made for this reader now; ask for more with `exclude`."""

    list_id = fields.String(required=True)
    model = fields.String(required=True, allow_none=True)
    items = fields.List(fields.Nested(Recommended), required=True)


class RecommendationsQuery(Base):
    """What to recommend."""

    limit = Count(load_default=20, validate=validate.Range(1, 100))
    days = Count(validate=validate.Range(1, 36500), metadata={"description": "Only papers this young."})
    reasons = Text(longest=16, one_of=REASONS, load_default="all", metadata=_REASONS)

    # Not called `exclude` here because marshmallow's Schema has an attribute of that name.
    without = PaperIds(PaperId(), data_key="exclude", load_default=list, validate=validate.Length(max=500))
