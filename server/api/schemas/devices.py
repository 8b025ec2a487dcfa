"""Devices and the codes that pair them."""

from __future__ import annotations

from marshmallow import fields

from server.api.schemas.base import Base, Next
from server.api.schemas.fields import Moment, Text
from server.services import sessions


class DeviceBody(Base):
    """A browser to pair."""

    name = Text(longest=100, shortest=1, required=True)
    code = Text(longest=100, allow_none=True)


class NewDevice(Base):
    """The new device; its token is shown only this once."""

    token = fields.String(required=True)
    reader_id = fields.String(required=True)
    device_id = fields.String(required=True)


class Device(Base):
    """A paired browser, or a session of my pages."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    created_at = Moment(required=True)
    last_seen_at = Moment(required=True, allow_none=True)
    expires_at = Moment(
        allow_none=True, metadata={"description": "When a session of my pages ends; null for a paired browser."}
    )
    this = fields.Boolean(required=True, metadata={"description": "Whether it is the device that asks."})


class Devices(Next):
    """My devices."""

    items = fields.List(fields.Nested(Device), required=True)


class CodeBody(Base):
    """For whom the code is: my next device, or (operators only) a new reader."""

    reader = Text(longest=3, required=True, one_of=("me", "new"))


class WhoseBody(Base):
    """A code to look up."""

    code = Text(longest=100, required=True)


class Whose(Base):
    """Whom a code is for: a reader, with the names of their browsers, or null for the new reader that it makes."""

    reader_id = fields.String(required=True, allow_none=True)
    operator = fields.Boolean(required=True, metadata={"description": "Whether that reader runs the server."})
    devices = fields.List(fields.String(), required=True)


class Code(Base):
    """A pairing code; it works once, for 30 minutes."""

    code = fields.String(required=True)
    expires_at = Moment(required=True)
    link = fields.String(required=True)


class LinkBody(Base):
    """Where a link is to lead; without it, to what to read next."""

    page = Text(
        longest=100,
        allow_none=True,
        metadata={"description": f"papers/ID, or one of {', '.join(sessions.PAGES)}.", "examples": ["library"]},
    )


class Link(Base):
    """A link into my pages; it works once, for a minute."""

    url = fields.String(required=True)
    expires_at = Moment(required=True)
