"""What a source says of one paper."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_TEXT = 20_000  # characters; a longer abstract is not one


@dataclass(frozen=True)
class SourcePaper:
    """A paper in a source's words; `id` is canonical, `published_at` in epoch seconds, None or [] is unknown."""

    id: str
    title: str
    abstract: str | None = None
    authors: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    organization: str | None = None
    published_at: float | None = None
    upvotes: int | None = None


def clean_text(text: object) -> str | None:
    """Return a source's text, None when there is nothing to see in it.

    Runs of white space and of control characters become one space, and what a database refuses is left out.
    """
    if not isinstance(text, str):
        return None
    # Cut first: what a source may send is a thousand times what is kept.
    storable = text[: 4 * MAX_TEXT].encode("utf-8", "replace").decode("utf-8")
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", storable).strip()[:MAX_TEXT] or None
