"""One paper as a source describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from server.clock import parse_rfc3339

MAX_TEXT = 20_000  # characters; no abstract is longer


@dataclass(frozen=True)
class SourcePaper:
    """A paper from a source; `id` is canonical, `published_at` in epoch seconds.

    None and [] mean that the source does not say; "", that it says there is none.
    """

    id: str
    title: str
    abstract: str | None = None
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    organization: str | None = None
    published_at: float | None = None
    upvotes: int | None = None
    code_url: str | None = None
    project_url: str | None = None
    doi: str | None = None
    journal_ref: str | None = None
    comment: str | None = None
    withdrawn: bool | None = None


def clean_text(text: object) -> str | None:
    """Return a source's text, None when it is blank.

    Runs of white space and control characters become one space; what a database refuses becomes a question mark.
    """
    if not isinstance(text, str):
        return None
    # Cut first: a source may send a thousand times what is kept.
    storable = text[: 4 * MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", storable).strip()[:MAX_TEXT] or None


def parse_time(text: object) -> float | None:
    """Return the epoch seconds of a source's RFC 3339 time, None when there is none."""
    try:
        return parse_rfc3339(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None
