"""What comes in and goes out about readers, their devices and what they keep; see schemas.py."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas import Base, LoggedEvent, Moment, Next, Paper, Text, Whole
from server.services import parsing


class Health(Base):
    """That the server is there, and what it understands."""

    status = fields.String(required=True)
    version = fields.String(required=True)
    api = fields.Integer(required=True)
    min_client = fields.String(required=True)


class Check(Base):
    """One thing the server needs."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded", "failed"]))
    reason = fields.String()


class Readiness(Base):
    """Whether the server can serve, and what it does without."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded", "failed"]))
    checks = fields.Dict(keys=fields.String(), values=fields.Nested(Check), required=True)


class DeviceBody(Base):
    """A browser that wants a token."""

    name = Text(longest=100, shortest=1, required=True)
    code = Text(longest=100, allow_none=True)


class NewDevice(Base):
    """The token is shown this once."""

    token = fields.String(required=True)
    reader_id = fields.String(required=True)
    device_id = fields.String(required=True)


class Device(Base):
    """A paired browser."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True, allow_none=True)
    this = fields.Boolean(required=True, metadata={"description": "The one that asks."})


class Devices(Next):
    """My devices."""

    items = fields.List(fields.Nested(Device), required=True)


class CodeBody(Base):
    """For whom the code is: my next device, or (operators only) a new reader."""

    reader = Text(longest=3, required=True, one_of=("me", "new"))


class WhoseBody(Base):
    """A code one was given."""

    code = Text(longest=100, required=True)


class Whose(Base):
    """Whom a code is for: a reader with the names of their browsers so far, or none yet: one whom it makes."""

    reader_id = fields.String(required=True, allow_none=True)
    operator = fields.Boolean(required=True, metadata={"description": "Whether that reader runs the server."})
    devices = fields.List(fields.String(), required=True)


class Code(Base):
    """A pairing code; it works once, for 30 minutes."""

    code = fields.String(required=True)
    expires_at = Moment(required=True)
    link = fields.String(required=True)


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


def _chosen() -> fields.List:
    entries = Text(longest=parsing.LONGEST_CHOSEN)
    return fields.List(entries, validate=validate.Length(max=parsing.MOST_CHOSEN))


class MeBody(Base):
    """What to change; a list replaces the list before it."""

    interests = _chosen()
    followed = _chosen()
    muted = _chosen()
    renew_feed = fields.Boolean(truthy={True}, falsy={False})


class Counts(Base):
    """How much is kept."""

    events = fields.Integer(required=True)
    opened = fields.Integer(required=True)
    saved = fields.Integer(required=True)
    hidden = fields.Integer(required=True)


class Me(Base):
    """The reader, as this device speaks for them."""

    reader_id = fields.String(required=True)
    device_id = fields.String(required=True)
    operator = fields.Boolean(required=True)
    created_at = Moment(required=True)
    interests = fields.List(fields.String(), required=True)
    followed = fields.List(fields.String(), required=True)
    muted = fields.List(fields.String(), required=True)
    feed_secret = fields.String(required=True)
    feed_url = fields.String(required=True)
    counts = fields.Nested(Counts, required=True)


class LoggedEvents(Next):
    """What was logged, newest first."""

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
    """Everything kept of a reader."""

    exported_at = Moment(required=True)


class Imported(Base):
    """What became of the file's events, and how many papers' texts it held."""

    accepted = fields.Integer(required=True)
    duplicate = fields.Integer(required=True)
    rejected = fields.Integer(required=True)
    papers = fields.Integer(required=True)


class ReportBody(Base):
    """What the extension could not read on a page: counts and names, nothing of the reader."""

    kind = Text(longest=16, required=True, one_of=("drift",))
    site = Text(longest=32, required=True, pattern="[a-z][a-z0-9_-]*")
    page_kind = Text(longest=32, required=True, pattern="[a-z][a-z0-9_-]*")
    seen = Whole(100_000, required=True)
    expected = Whole(100_000, required=True)
    version = Text(longest=32, required=True)
