"""One paper as a source describes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from server.clock import parse_rfc3339

MAX_TEXT = 20_000  # characters; no abstract is longer
MAX_URL = 2000  # characters
_URL = re.compile(r"https?://[^\s\x00-\x20\x7f-\x9f\\\"<>^`{|}]+", re.IGNORECASE)
# Its last label has letters alone, so that no browser takes the host for an address in numbers.
_PUBLIC_HOST = re.compile(
    r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})", re.ASCII
)
_PRIVATE_NAMES = re.compile(
    r".*\.(?:local|localhost|internal|intranet|lan|home|corp|private|test|example|invalid|arpa)"
)


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


def public_url(text: object) -> str | None:
    """Return a source's web address, None unless it is http or https, of a public host, and without a password."""
    if not isinstance(text, str) or len(text) > MAX_URL or not _URL.fullmatch(text.strip()):
        return None
    try:
        text.encode()
        parts = urlsplit(text.strip())
        host, _ = (parts.hostname or "").removesuffix("."), parts.port
    except ValueError:
        return None
    return text.strip() if "@" not in parts.netloc and _is_public(host) else None


def _is_public(host: str) -> bool:
    """Whether a host, in lower case, is a name or an address that everybody can reach."""
    try:
        address = ip_address(host)
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_global and not address.is_multicast
    except ValueError:
        return bool(_PUBLIC_HOST.fullmatch(host)) and not _PRIVATE_NAMES.fullmatch(host)
