"""arXiv's Atom API: the facts of papers we know only by id."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.clock import parse_rfc3339
from server.config import Settings
from server.errors import BadPaperId, SourceUnavailable
from server.identifiers import canonical
from server.sources.http import Client, Source
from server.sources.paper import SourcePaper, clean

NAME = "arxiv"
PACE = 3.0  # arXiv's terms: one request in three seconds, over all of one's machines, on one connection
BATCH = 100  # ids in one request, so that its address stays short
_ATOM = "{http://www.w3.org/2005/Atom}"


class Arxiv:
    """Asks arXiv, within its terms of use."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        self._client = Client(Source("arXiv", settings.arxiv_url, pace), settings, stop=stop)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def by_ids(self, ids: Sequence[str]) -> list[SourcePaper]:
        """Return the papers that arXiv knows among at most `BATCH` canonical ids. Raises SourceUnavailable."""
        if len(ids) > BATCH:
            raise ValueError(f"at most {BATCH} ids at once, got {len(ids)}")
        body = self._client.get("/api/query", {"id_list": ",".join(ids), "max_results": len(ids)})
        wanted = set(ids)
        return [paper for paper in parse_feed(body) if paper.id in wanted]


def parse_feed(body: bytes) -> list[SourcePaper]:
    """Return the papers of an Atom feed; entries that are no papers are left out. Raises SourceUnavailable."""
    try:
        feed = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise SourceUnavailable("arXiv did not answer with a feed.") from error
    if feed.tag != _ATOM + "feed":
        raise SourceUnavailable("arXiv did not answer with a feed.")
    return [paper for entry in feed.iter(_ATOM + "entry") if (paper := _parse_entry(entry))]


def _parse_entry(entry: Element) -> SourcePaper | None:
    title = clean(entry.findtext(_ATOM + "title"))
    try:
        paper_id = canonical(entry.findtext(_ATOM + "id") or "")
    except BadPaperId:  # arXiv reports an error as an entry of its own
        return None
    if title is None:
        return None
    return SourcePaper(
        id=paper_id,
        title=title,
        abstract=clean(entry.findtext(_ATOM + "summary")),
        authors=[name for node in entry.findall(f"{_ATOM}author/{_ATOM}name") if (name := clean(node.text))],
        categories=[term for node in entry.findall(_ATOM + "category") if (term := clean(node.get("term")))],
        published_at=_time(entry.findtext(_ATOM + "published")),
    )


def _time(text: str | None) -> float | None:
    try:
        return parse_rfc3339(text.strip()) if text else None
    except ValueError:
        return None
