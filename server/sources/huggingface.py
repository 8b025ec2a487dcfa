"""The papers listing's public API: what was on the listing on a day."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any

from server.clock import parse_rfc3339
from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.identifiers import canonical
from server.sources.http import Client, Source
from server.sources.paper import SourcePaper, clean_text

logger = logging.getLogger(__name__)

NAME = "hf"
PAGE = 100  # the most entries the API gives at once
MAX_PAGES = 10
# The API allows 500 requests in 5 minutes to an address without an account; we use under half of that.
PACE = 1.5
HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})


class HuggingFace:
    """Asks the listing's API, politely."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        self._client = Client(Source("The papers listing", settings.hf_url, pace, HOSTS), settings, stop=stop)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def now(self) -> float:
        """Return the time by the listing's clock, in epoch seconds."""
        return self._client.now()

    def daily_papers(self, day: date) -> list[SourcePaper]:
        """Return the papers listed on `day`, each once; days without a listing give none.

        Raises SourceRefused when it does not answer for (all of) this day, SourceUnavailable when for none.
        """
        papers: dict[str, SourcePaper] = {}
        for page in range(MAX_PAGES):
            try:
                entries = self._entries({"date": day.isoformat(), "limit": PAGE, "p": page})
                found = _read_entries(entries, day)
            except SourceRefused as error:
                error.found = list(papers.values())
                raise
            new = found.keys() - papers.keys()
            papers.update(found)
            if len(entries) < PAGE or not new:
                break
        return list(papers.values())

    def _entries(self, params: Mapping[str, str | int]) -> list[Any]:
        body = self._client.get("/api/daily_papers", params)
        try:
            entries = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise SourceRefused("The papers listing did not answer with JSON.") from error
        if not isinstance(entries, list):
            raise SourceRefused("The papers listing did not answer with a list of papers.")
        return entries


def _read_entries(entries: list[Any], day: date) -> dict[str, SourcePaper]:
    """Return the papers among a page's entries. Raises SourceRefused when there are entries and none is one."""
    read = [parse_entry(entry) for entry in entries]
    found = {paper.id: paper for paper in read if paper}
    if entries and not found:
        raise SourceRefused(
            f"The papers listing of {day} names no paper in its {len(entries)} entries: no usable id, or no title."
        )
    if None in read:
        logger.info("the papers listing of %s: %d of %d entries name no paper", day, read.count(None), len(read))
    return found


def parse_entry(entry: object) -> SourcePaper | None:
    """Return the paper of one entry of the API's list, or None when it names none we can use."""
    if not isinstance(entry, dict) or not isinstance(entry.get("paper"), dict):
        return None
    paper: dict[str, Any] = entry["paper"]
    title = clean_text(paper.get("title") or entry.get("title"))
    try:
        paper_id = canonical(str(paper.get("id")))
    except BadPaperId:
        return None
    if title is None:
        return None
    return SourcePaper(
        id=paper_id,
        title=title,
        abstract=clean_text(paper.get("summary") or entry.get("summary")),
        authors=_authors(paper.get("authors")),
        organization=_organization(paper.get("organization") or entry.get("organization")),
        published_at=_time(paper.get("publishedAt") or entry.get("publishedAt")),
        upvotes=_count(paper.get("upvotes")),
    )


def _authors(authors: object) -> list[str]:
    listed = authors if isinstance(authors, list) else []
    return [name for author in listed if isinstance(author, dict) and (name := clean_text(author.get("name")))]


def _organization(organization: object) -> str | None:
    if not isinstance(organization, dict):
        return None
    return clean_text(organization.get("fullname") or organization.get("name"))


def _time(text: object) -> float | None:
    try:
        return parse_rfc3339(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
