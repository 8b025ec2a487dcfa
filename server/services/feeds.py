"""A reader's recommendations as an Atom feed, for anybody who knows its secret address."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Xml

from server.characters import for_xml
from server.clock import rfc3339
from server.errors import NotFound
from server.services import ranking
from server.services.pairing import Caller
from server.services.serving_context import ServingContext
from server.store import readers

ENTRIES = 20
_ATOM = "http://www.w3.org/2005/Atom"
_DAY = 86400.0


def feed(context: ServingContext, secret: str, address: str, now: float) -> bytes:
    """Return the feed as XML. Raises NotFound for an address that is not, or no longer, a reader's."""
    caller = _reader_of(context, secret)
    # One list a day, so that a feed reader does not show new entries at every refresh.
    today = now - now % _DAY
    found = ranking.recommendations(context, caller, limit=ENTRIES, days=None, exclude=(), now=today)
    root = Xml.Element("feed", xmlns=_ATOM)
    _add(root, "title", "Inkling: what to read next")
    _add(root, "id", f"urn:inkling:feed:{caller.reader_id}")
    _add(root, "updated", rfc3339(today) or "")
    Xml.SubElement(root, "link", rel="self", href=for_xml(address))
    for item in found["items"]:
        _add_entry(root, item, today)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root)


def _reader_of(context: ServingContext, secret: str) -> Caller:
    reader_id = secret.partition("-")[0]
    with context.database.reading() as session:
        reader = readers.find(session, reader_id)
    if reader is None or not context.keys.is_feed_secret(secret, reader_id, reader["feed_number"]):
        raise NotFound("There is no feed at this address; its reader may have made a new one.")
    return Caller(
        reader_id=reader_id,
        device_id="",
        operator=False,
        version=reader["version"],
        forgot_version=reader["forgot_version"],
        created_at=reader["created_at"],
        feed_number=reader["feed_number"],
        settings=reader["settings"],
    )


def _add(parent: Xml.Element, name: str, text: str) -> None:
    Xml.SubElement(parent, name).text = for_xml(text)


def _add_entry(root: Xml.Element, item: dict[str, Any], today: float) -> None:
    paper = item["paper"]
    entry = Xml.SubElement(root, "entry")
    _add(entry, "title", for_xml(paper["title"] or "").strip() or paper["id"])
    _add(entry, "id", paper["url"])
    _add(entry, "updated", paper["published_at"] or rfc3339(today) or "")
    Xml.SubElement(entry, "link", href=paper["url"])
    names = [name for name in map(for_xml, paper["authors"]) if name.strip()]
    for name in names or ["unknown"]:
        _add(Xml.SubElement(entry, "author"), "name", name)
    if paper["abstract"]:
        _add(entry, "summary", paper["abstract"])
