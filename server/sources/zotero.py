"""Zotero's web API: the items of one person's library, asked for with their own key.

https://www.zotero.org/support/dev/web_api/v3/basics
"""

from __future__ import annotations

import json
from typing import Any

from server.config import Settings
from server.errors import SourceRefused
from server.sources.http import Client, Source

NAME = "zotero"
PACE = 0.5  # seconds between requests; the API names no number, and asks for pauses by Backoff and Retry-After
PAGE = 100  # items in one answer, the most that the API gives
MAX_PAGES = 50  # of one library: as many items as seeds in one request
NO_REFERENCES = frozenset({"attachment", "note", "annotation"})


class Zotero:
    """A client of the API. The key is sent as a header, so that no address, log line or error has it."""

    def __init__(self, settings: Settings, *, pace: float = PACE) -> None:
        host = settings.zotero_url
        self._client = Client(Source(NAME, host, pace), settings)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def items(self, user: str, key: str) -> tuple[list[dict[str, Any]], bool]:
        """Return the references of a person's library, those added last first, and whether these are all.

        Reads `MAX_PAGES` pages at most.
        Raises SourceRefused with the status 403 for a wrong key, 404 for a wrong user; SourceUnavailable.
        """
        start = 0
        items: list[dict[str, Any]] = []
        for _ in range(MAX_PAGES):
            order: dict[str, str | int] = {"sort": "dateAdded", "direction": "desc"}
            params = {"format": "json", "limit": PAGE, "start": start, **order}
            headers = {"Zotero-API-Key": key, "Zotero-API-Version": "3"}
            answer = self._client.fetch(f"/users/{user}/items/top", params, headers)
            found = _entries(answer.body)
            items += [data for data in found if data.get("itemType") not in NO_REFERENCES]
            start += len(found)
            if not found or not _has_next(answer.headers, start):
                return items, True
        return items, False


def _has_next(headers: dict[str, str], start: int) -> bool:
    """Whether there are items after the first `start`, by either of the headers that say so."""
    total = headers.get("total-results", "")
    return start < int(total) if total.isascii() and total.isdigit() else 'rel="next"' in headers.get("link", "")


def _entries(body: bytes) -> list[dict[str, Any]]:
    """Return the `data` of the items in an answer."""
    try:
        items = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SourceRefused("zotero answers with something that is not JSON.") from error
    if not isinstance(items, list):
        raise SourceRefused("zotero answers with something that is not a list of items.")
    return [data if isinstance(data, dict) else {} for data in (_data(item) for item in items)]


def _data(item: Any) -> Any:
    return item.get("data") if isinstance(item, dict) else None
