"""Whether the server is there and can serve."""

from __future__ import annotations

from marshmallow import fields, validate

from server.api.schemas.base import Base
from server.api.schemas.fields import Moment
from server.services.source_health import STATES


class Health(Base):
    """The server's version, and the clients that it supports."""

    status = fields.String(required=True)
    version = fields.String(required=True)
    api = fields.Integer(required=True)
    min_client = fields.String(required=True)


class SourceState(Base):
    """Whether papers come from a source, and since when not."""

    state = fields.String(
        required=True,
        validate=validate.OneOf(STATES),
        metadata={
            "description": "ok · quiet (a day without papers, as usual) · new · filling · failing (cannot be asked) · "
            "stopped (no answer) · stale (repeats an answer) · silent (answers without papers for too long)"
        },
    )
    since = Moment(required=True, allow_none=True)


class Check(Base):
    """The state of one thing that the server needs."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded", "failed"]))
    reason = fields.String()
    states = fields.Dict(keys=fields.String(), values=fields.Nested(SourceState))


class Readiness(Base):
    """Whether the server can serve, and what it does without."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded", "failed"]))
    checks = fields.Dict(keys=fields.String(), values=fields.Nested(Check), required=True)
