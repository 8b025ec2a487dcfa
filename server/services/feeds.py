"""A reader's recommendations as an Atom feed (RFC 4287), for anybody who knows its secret address.

Since when the feed is as it is, is kept in the database: several workers answer alike, over restarts too.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as Xml

from markupsafe import Markup

from server import __version__, reasons
from server.characters import for_xml
from server.clock import rfc3339
from server.errors import DatabaseUnavailable, NotFound
from server.paper_ids import pdf_address
from server.services import ranking
from server.services.pairing import Caller
from server.services.serving_context import ServingContext
from server.store import feed_states, readers
from server.translations import DEFAULT, Translate, translations

logger = logging.getLogger(__name__)

ENTRIES = 20
_ATOM = "http://www.w3.org/2005/Atom"
_CATEGORIES = "http://arxiv.org/schemas/atom"
_DAY = 86400.0
# What of a paper stands in its entry; a change of it changes the feed.
_SHOWN = ("id", "title", "abstract", "authors", "categories", "published_at", "url")

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Feed:
    """A feed as XML. `tag` is the same as long as the same papers are in it, and `changed_at` (epoch seconds) is since
    when they are; reasons and order may move meanwhile.
    """

    body: bytes
    tag: str
    changed_at: float


def feed(context: ServingContext, secret: str, address: str, now: float) -> Feed:
    """Return the feed at `address`. Raises NotFound for a secret that is not, or no longer, a reader's."""
    caller = _reader_of(context, secret)
    # One list a day, so that a feed reader does not show new entries at every refresh.
    today = now - now % _DAY
    items = ranking.recommendations(context, caller, limit=ENTRIES, days=None, exclude=(), now=today)["items"]
    language = (caller.settings.get("digest") or {}).get("language") or DEFAULT
    tag = _fingerprint(items, language)
    changed_at, listed_at = _record(context, caller.reader_id, tag, items, now)
    writer = _Writer(translations(language).gettext, ranking.states(context, caller), listed_at)
    root = writer.head(caller.reader_id, address, language, changed_at)
    for item in items:
        writer.add_entry(root, item)
    return Feed(b'<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root), tag, changed_at)


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


def _fingerprint(items: Sequence[Item], language: str) -> str:
    papers = sorted(([item["paper"][name] for name in _SHOWN] for item in items), key=lambda facts: str(facts[0]))
    return hashlib.sha256(json.dumps([__version__, language, papers]).encode()).hexdigest()[:32]


def _record(
    context: ServingContext, reader_id: str, tag: str, items: Sequence[Item], now: float
) -> tuple[float, dict[str, float]]:
    """Return since when the feed holds these papers, and since when each of them, in whole epoch seconds."""
    with context.database.reading() as session:
        before = feed_states.find(session, reader_id)
    if before is not None and before["fingerprint"] == tag:
        return before["changed_at"], before["listed_at"]
    known = before["listed_at"] if before else {}
    # HTTP's dates have whole seconds: a second change within one must not have the date of the first.
    changed_at = float(int(now)) if before is None else max(float(int(now)), before["changed_at"] + 1)
    listed_at = _dated([item["paper"]["id"] for item in items], known, changed_at)
    try:
        with context.database.writing() as session:
            feed_states.save(session, reader_id, tag, changed_at, listed_at)
    except DatabaseUnavailable as error:  # such as a full disk: the feed can still be read
        logger.warning("feed_state_not_kept", extra={"reason": error.message})
    return changed_at, listed_at


def _dated(ids: Sequence[str], known: Mapping[str, float], now: float) -> dict[str, float]:
    """Return paper -> when it came into the feed: a second apart, for feed readers that sort by it."""
    listed_at = {name: known[name] for name in ids if name in known}
    taken = set(listed_at.values())
    moment = now
    for name in ids:
        if name not in listed_at:
            while moment in taken:
                moment -= 1
            listed_at[name] = moment
            taken.add(moment)
    return listed_at


@dataclass(frozen=True)
class _Writer:
    """Writes a feed in the reader's language."""

    say: Translate
    states: Mapping[str, Mapping[str, Any]]
    listed_at: Mapping[str, float]

    def head(self, reader_id: str, address: str, language: str, changed_at: float) -> Xml.Element:
        """Return the feed without its entries."""
        _ = self.say
        root = Xml.Element("feed", {"xmlns": _ATOM, "xml:lang": language})
        _add(root, "title", _("Inkling: what to read next"))
        _add(root, "subtitle", _("Chosen for you from what you opened and saved. Keep this address to yourself."))
        _add(root, "id", f"urn:inkling:feed:{reader_id}")
        _add(root, "updated", rfc3339(changed_at) or "")
        _add(Xml.SubElement(root, "author"), "name", "Inkling")
        _add(root, "generator", "Inkling").set("version", __version__)
        Xml.SubElement(root, "link", rel="self", type="application/atom+xml", href=for_xml(address))
        return root

    def add_entry(self, root: Xml.Element, item: Item) -> None:
        """Add a paper and why it is recommended."""
        _, paper = self.say, item["paper"]
        entry = Xml.SubElement(root, "entry")
        _add(entry, "title", _title(paper)).set("type", "text")
        _add(entry, "id", paper["url"])
        _add(entry, "updated", rfc3339(self.listed_at[paper["id"]]) or "")
        if paper["published_at"]:
            _add(entry, "published", paper["published_at"])
        Xml.SubElement(entry, "link", rel="alternate", type="text/html", href=paper["url"])
        Xml.SubElement(entry, "link", rel="related", type="application/pdf", title="PDF", href=pdf_address(paper["id"]))
        names = [name for name in map(for_xml, paper["authors"]) if name.strip()]
        for name in names or [_("unknown")]:
            _add(Xml.SubElement(entry, "author"), "name", name)
        for code in filter(str.strip, map(for_xml, paper["categories"])):
            Xml.SubElement(entry, "category", term=code, scheme=_CATEGORIES)
        why = reasons.summary(item["reasons"], self.states, self.say)
        if summary := "\n\n".join(part for part in (why, paper["abstract"] or "") if part):
            _add(entry, "summary", summary).set("type", "text")
        _add(entry, "content", self._html(item, why)).set("type", "html")

    def _html(self, item: Item, why: str) -> str:
        """Return the entry's content: everything of others in it is escaped."""
        _, paper = self.say, item["paper"]
        lines = reasons.whole(item["reasons"], self.states, self.say)
        parts = [Markup("<p><strong>{}</strong></p>").format(why)] if why else []
        if paper["abstract"]:
            parts.append(Markup("<p>{}</p>").format(paper["abstract"]))
        parts.append(
            Markup('<p><a href="{}">arXiv</a> · <a href="{}">PDF</a></p>').format(
                paper["url"], pdf_address(paper["id"])
            )
        )
        if lines:
            shares = Markup("").join(Markup("<li>{} ({} %)</li>").format(line, share) for line, share in lines)
            parts.append(Markup("<p>{}</p><ul>{}</ul>").format(_("Why it is in your list:"), shares))
        return str(Markup("\n").join(parts))


def _title(paper: Item) -> str:
    return " ".join(for_xml(paper["title"] or "").split()) or str(paper["id"])


def _add(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    child = Xml.SubElement(parent, name)
    child.text = for_xml(text)
    return child
