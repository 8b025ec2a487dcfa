"""Hugging Face's daily papers API: the papers that were listed on a day."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any

from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.paper_ids import canonical
from server.sources.http import Client, Source
from server.sources.paper import SourcePaper, clean_text, parse_time

logger = logging.getLogger(__name__)

NAME = "hf"
PAGE = 100  # entries in one answer, the most that the API gives
MAX_PAGES = 10
PACE = 1.5  # seconds between requests; the API allows an anonymous address 500 in 5 minutes, over twice as many
HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})


class HuggingFace(Client):
    """The listing's API."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        super().__init__(Source("The papers listing", settings.hf_url, pace, HOSTS), settings, stop=stop)

    def daily_papers(self, day: date) -> list[SourcePaper]:
        """Return the papers listed on `day`, each once; a day without a listing gives none.

        Raises SourceRefused, with the papers found so far, when the listing does not answer for the whole day;
        SourceUnavailable when it does not answer at all.
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
        body = self.get("/api/daily_papers", params)
        try:
            entries = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise SourceRefused("The papers listing did not answer with JSON.") from error
        if not isinstance(entries, list):
            raise SourceRefused("The papers listing did not answer with a list of papers.")
        return entries


def _read_entries(entries: list[Any], day: date) -> dict[str, SourcePaper]:
    """Return id -> paper of a page's entries. Raises SourceRefused when there are entries but none is a paper."""
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
    """Return the paper of one entry of the API's list, None when it has no usable id or no title."""
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
        published_at=parse_time(paper.get("publishedAt") or entry.get("publishedAt")),
        upvotes=_count(paper.get("upvotes")),
    )


def _authors(authors: object) -> list[str]:
    listed = authors if isinstance(authors, list) else []
    return [name for author in listed if isinstance(author, dict) and (name := clean_text(author.get("name")))]


def _organization(organization: object) -> str | None:
    if not isinstance(organization, dict):
        return None
    return clean_text(organization.get("fullname") or organization.get("name"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None
