"""arXiv's RSS feeds: what a category announced today.

https://info.arxiv.org/help/rss_specifications.html
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element

from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.paper_ids import canonical
from server.sources.arxiv_xml import PACE, is_withdrawn, read_text, read_texts, read_xml, service
from server.sources.http import Client
from server.sources.paper import SourcePaper

_ARXIV = "{http://arxiv.org/schemas/atom}"
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_ABSTRACT = re.compile(r"\bAbstract: ?")
_ANNOUNCE_TYPE = re.compile(r"Announce Type: ?([a-z-]{1,20})")


@dataclass(frozen=True)
class Announcement:
    """A paper as announced; `new` unless it is an old one that was replaced, or newly listed in this category."""

    paper: SourcePaper
    new: bool


@dataclass(frozen=True)
class DayFeed:
    """What a category announced, and on which day; None when the feed does not say."""

    day: date | None
    announcements: list[Announcement]


class ArxivRss(Client):
    """arXiv's feeds, used within its terms."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        super().__init__(service(settings, "rss.arxiv.org", pace), settings, stop=stop)

    def announced(self, category: str) -> DayFeed:
        """Return what a category announced last. Raises SourceRefused, SourceUnavailable."""
        return parse_rss(self.get(f"/rss/{category}", {}))


def parse_rss(body: bytes) -> DayFeed:
    """Return the papers of an RSS feed. Raises SourceRefused when it is none, or when none of its items is a paper."""
    channel = read_xml(body, "rss", "an RSS feed").find("channel")
    if channel is None:
        raise SourceRefused("arXiv did not answer with an RSS feed.")
    items = channel.findall("item")
    found = [one for item in items if (one := _parse_item(item))]
    if items and not found:
        raise SourceRefused(f"arXiv's RSS feed names no paper in its {len(items)} items.")
    moment = _parse_date(channel.findtext("pubDate") or channel.findtext("lastBuildDate"))
    return DayFeed(moment.date() if moment else None, found)


def _parse_item(item: Element) -> Announcement | None:
    title, description = read_text(item, "title"), read_text(item, "description") or ""
    paper_id = _read_id(item)
    if title is None or paper_id is None:
        return None
    head, marked, abstract = _split_description(description)
    stated = _ANNOUNCE_TYPE.search(head)
    kind = read_text(item, _ARXIV + "announce_type") or (stated[1] if stated else "new")
    moment = _parse_date(item.findtext("pubDate"))
    new = kind == "new"
    text = abstract if marked else description
    return Announcement(
        SourcePaper(
            id=paper_id,
            title=title,
            abstract=text or None,
            authors=split_authors(", ".join(read_texts(item, _CREATOR))),
            categories=read_texts(item, "category"),
            # Of an old paper the feed does not say when it was submitted.
            published_at=moment.timestamp() if moment and new else None,
            doi=read_text(item, _ARXIV + "DOI"),
            journal_ref=read_text(item, _ARXIV + "journal_reference"),
            # The feed has no comments, so it cannot say that a paper was not withdrawn.
            withdrawn=True if is_withdrawn(None, text) else None,
        ),
        new,
    )


def _read_id(item: Element) -> str | None:
    """Return the id in an item's link, or in its guid (`oai:arXiv.org:2402.18590v1`)."""
    for written in (item.findtext("link"), (item.findtext("guid") or "").removeprefix("oai:arXiv.org:")):
        try:
            return canonical(written or "")
        except BadPaperId:
            continue
    return None


def _split_description(text: str) -> tuple[str, bool, str]:
    """Split `arXiv:2402.18590v1 Announce Type: new Abstract: We …` before the abstract."""
    found = _ABSTRACT.search(text, 0, 200)
    return (text[: found.start()], True, text[found.end() :]) if found else (text[:200], False, "")


def split_authors(names: str) -> list[str]:
    """Return the names in a list with commas; a comma in parentheses belongs to an affiliation, which is left out."""
    plain, depth = [], 0
    for character in names:
        depth = max(0, depth + (character == "(") - (character == ")"))
        if not depth and character != ")":
            plain.append(character)
    return [name for part in "".join(plain).split(",") if (name := " ".join(part.split()))]


def _parse_date(text: str | None) -> datetime | None:
    """Return an RFC 822 date in its own zone, None when there is none."""
    try:
        return parsedate_to_datetime(text or "")
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
