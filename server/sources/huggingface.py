"""Hugging Face's daily papers API: the papers of a day, a week or a month, and those that are trending."""

from __future__ import annotations

import calendar
import hashlib
import json
import logging
import threading
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Self

from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.paper_ids import canonical
from server.sources.http import Client, Source
from server.sources.paper import SourcePaper, clean_text, parse_time, public_url

logger = logging.getLogger(__name__)

NAME = "hf"
TRENDING = "trending"
PAGE = 100  # entries in one answer, the most that the API gives
MAX_PAGES = 40  # of one list; a month has about ten
PACE = 1.5  # seconds between requests; the API allows an anonymous address 500 in 5 minutes, over twice as many
HOSTS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})


@dataclass(frozen=True)
class PaperList:
    """One list of the API: its name, the parameters that ask for it, its first and last day, its most pages."""

    name: str
    params: tuple[tuple[str, str], ...]
    first: date
    last: date
    pages: int = MAX_PAGES

    @classmethod
    def of_day(cls, day: date) -> Self:
        """Return the list of a day, such as `2026-11-20`."""
        return cls(day.isoformat(), (("date", day.isoformat()),), day, day)

    @classmethod
    def of_week(cls, day: date) -> Self:
        """Return the list of the ISO week that a day is in, such as `2026-W47`."""
        year, number, weekday = day.isocalendar()
        monday = day - timedelta(days=weekday - 1)
        name = f"{year}-W{number:02d}"
        return cls(name, (("week", name),), monday, monday + timedelta(days=6))

    @classmethod
    def of_month(cls, day: date) -> Self:
        """Return the list of the month that a day is in, such as `2026-11`."""
        name = f"{day.year:04d}-{day.month:02d}"
        last = calendar.monthrange(day.year, day.month)[1]
        return cls(name, (("month", name),), day.replace(day=1), day.replace(day=last))

    @classmethod
    def trending(cls, today: date) -> Self:
        """Return the first page of what is trending now."""
        return cls(TRENDING, (("sort", "trending"),), today, today, pages=1)


@dataclass(frozen=True)
class Listed:
    """The papers of a list, each once, and the hash of the bytes that named them."""

    papers: list[SourcePaper]
    digest: str


class HuggingFace(Client):
    """The listing's API."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        super().__init__(Source("The papers listing", settings.hf_url, pace, HOSTS), settings, stop=stop)

    def papers(self, wanted: PaperList) -> Listed:
        """Return the papers of a list; a day without a listing has none.

        Raises SourceRefused, with the papers found so far, when the listing does not answer for the whole list;
        SourceUnavailable when it does not answer at all.
        """
        papers: dict[str, SourcePaper] = {}
        digest = hashlib.blake2b(digest_size=8)
        for page in range(wanted.pages):
            try:
                body = self.get("/api/daily_papers", {**dict(wanted.params), "limit": PAGE, "p": page})
                entries = _read_list(body)
                found = _read_entries(entries, wanted.name)
            except SourceRefused as error:
                error.found = list(papers.values())
                raise
            digest.update(body)
            new = found.keys() - papers.keys()
            papers.update(found)
            if len(entries) < PAGE or not new:
                break
        return Listed(list(papers.values()), digest.hexdigest())


def _read_list(body: bytes) -> list[Any]:
    """Return the entries of a page. Raises SourceRefused when the body is no list."""
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceRefused("The papers listing did not answer with JSON.") from error
    if not isinstance(entries, list):
        raise SourceRefused("The papers listing did not answer with a list of papers.")
    return entries


def _read_entries(entries: list[Any], name: str) -> dict[str, SourcePaper]:
    """Return id -> paper of a page's entries. Raises SourceRefused when there are entries but none is a paper."""
    read = [parse_entry(entry) for entry in entries]
    found = {paper.id: paper for paper in read if paper}
    if entries and not found:
        raise SourceRefused(
            f"The papers listing of {name} names no paper in its {len(entries)} entries: no usable id, or no title."
        )
    if None in read:
        logger.info("the papers listing of %s: %d of %d entries name no paper", name, read.count(None), len(read))
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
        code_url=public_url(paper.get("githubRepo")),
        project_url=public_url(paper.get("projectPage")),
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
