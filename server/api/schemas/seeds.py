"""Seeds: the papers a reader brings along."""

from __future__ import annotations

from marshmallow import fields

from server.api.schemas.base import Base
from server.api.schemas.fields import Text
from server.services.references import MAX_TEXT
from server.services.seeds import STYLES


class ZoteroAccount(Base):
    """A library at zotero.org; the key is used for this request and not kept."""

    user = Text(longest=12, required=True, metadata={"description": "The number under “Your user ID”."})
    key = Text(longest=64, required=True)


class SeedsBody(Base):
    """A list of references as `text`, or for `zotero` an account to ask instead.

    `ids`: ids and addresses in any text. `zotero`: a file that Zotero exported as BibTeX, RIS or CSL-JSON.
    """

    format = Text(longest=16, required=True, one_of=STYLES)
    text = Text(longest=MAX_TEXT)
    zotero = fields.Nested(ZoteroAccount)


class Unreadable(Base):
    """A reference without an arXiv paper: its line, or in JSON its number, from 1."""

    line = fields.Integer(required=True)
    reason = fields.String(required=True)


class Seeds(Base):
    """The papers saved now, those that were saved before, and what could not be read."""

    saved = fields.List(fields.String(), required=True)
    known = fields.List(fields.String(), required=True)
    unreadable = fields.List(fields.Nested(Unreadable), required=True)
