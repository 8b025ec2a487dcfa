"""The reader's settings, their log, and their data as a file."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas.base import Base, Next, PageQuery
from server.api.schemas.events import LoggedEvent
from server.api.schemas.fields import Flag, ListWeight, Moment, PaperId, Text
from server.mail_addresses import MAX_ADDRESS
from server.services import parsing
from server.services.digest_addresses import STATES
from server.services.events import KINDS
from server.translations import NAMES


def _chosen() -> fields.List:
    entries = Text(longest=parsing.MAX_SETTING_LENGTH)
    return fields.List(entries, validate=validate.Length(max=parsing.MAX_SETTING_ENTRIES))


class DigestBody(Base):
    """The digest by e-mail: where to, and how often; what is not named stays as it is."""

    email = Text(longest=MAX_ADDRESS, allow_none=True)
    every = Text(longest=100, one_of=parsing.DIGEST_EVERY)
    language = Text(longest=100, one_of=tuple(NAMES))


class Digest(Base):
    """The digest; `state` says what becomes of it, and `no_mail` that this server has no mail server."""

    email = fields.String(required=True, allow_none=True)
    every = fields.String(required=True, validate=validate.OneOf(parsing.DIGEST_EVERY))
    language = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))


class MeBody(Base):
    """Settings to change; a list replaces the old one.

    A topic is plain words, a sentence such as "papers on X but not Y", or `author:NAME`, `category:CODE` or `org:NAME`.
    `personal: false` ranks as for a stranger, without what was read; the log goes on.
    `learn_for_others: false` keeps my events out of the models that rank for others, from the next model on, which
    is trained soon; my own lists use them all the same.
    `variety`, `freshness` and `exploration` multiply what the server is set to, for my lists alone; 1 is as built.
    """

    interests = _chosen()
    followed = _chosen()
    muted = _chosen()
    personal = Flag()
    learn_for_others = Flag()
    variety = ListWeight()
    freshness = ListWeight()
    exploration = ListWeight()
    digest = fields.Nested(DigestBody)
    renew_feed = fields.Boolean(truthy={True}, falsy={False})


class Counts(Base):
    """How much is kept about the reader."""

    events = fields.Integer(required=True)
    opened = fields.Integer(required=True)
    saved = fields.Integer(required=True)
    hidden = fields.Integer(required=True)


class Me(Base):
    """The reader and the device that asks."""

    reader_id = fields.String(required=True)
    device_id = fields.String(required=True)
    operator = fields.Boolean(required=True)
    created_at = Moment(required=True)
    interests = fields.List(fields.String(), required=True)
    followed = fields.List(fields.String(), required=True)
    muted = fields.List(fields.String(), required=True)
    personal = fields.Boolean(required=True)
    learn_for_others = fields.Boolean(required=True)
    variety = fields.Float(required=True)
    freshness = fields.Float(required=True)
    exploration = fields.Float(required=True)
    digest = fields.Nested(Digest, required=True)
    feed_secret = fields.String(required=True)
    feed_url = fields.String(required=True)
    counts = fields.Nested(Counts, required=True)


class LogQuery(PageQuery):
    """Which page of the log, optionally of one paper or some kinds of events."""

    paper = PaperId()
    kind = fields.List(
        Text(longest=16, one_of=KINDS), load_default=list, metadata={"description": "Repeated for several."}
    )


class LoggedEvents(Next):
    """Logged events, newest first."""

    items = fields.List(fields.Nested(LoggedEvent), required=True)


class Reset(Base):
    """How many events were forgotten."""

    forgotten = fields.Integer(required=True)


class ImportBody(Base):
    """A file of `GET /v1/me/export`."""

    format = fields.String(required=True, validate=validate.Equal("inkling-export"))
    version = fields.Integer(required=True, strict=True, validate=validate.Equal(1))
    settings = fields.Dict(allow_none=True)
    events = fields.List(fields.Dict())
    library = fields.List(fields.Dict())
    papers = fields.List(fields.Dict())


class Export(ImportBody):
    """Everything kept about a reader."""

    exported_at = Moment(required=True)


class Imported(Base):
    """What became of the file's events, and how many papers' texts it held."""

    accepted = fields.Integer(required=True)
    duplicate = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    papers = fields.Integer(required=True)
