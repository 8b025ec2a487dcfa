"""The cursor of a search: the place after which its next page begins, packed into an address."""

from __future__ import annotations

import base64
import json
import zlib

from server.api.pagination import bad_cursor
from server.paper_ids import is_canonical
from server.services.search import Place

MAX_CURSOR = 8_000  # characters that are read; 1,000 ids take about 5,600, in the old form 6,800
MAX_UNPACKED = 200_000  # bytes; 1,000 ids and what is around them


def write_place(place: Place | None) -> str | None:
    """Return the cursor of a place, None without one or if it would be longer than what is read."""
    if place is None:
        return None
    value = list(place) if isinstance(place, tuple) else sorted(place)
    packed = zlib.compress(json.dumps(value, separators=(",", ":")).encode(), 9)
    cursor = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return cursor if len(cursor) <= MAX_CURSOR else None


def read_place(cursor: str | None) -> Place | None:
    """Return the place that a cursor names. Raises Invalid."""
    if not cursor:
        return None
    try:
        packed = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        value = json.loads(zlib.decompressobj().decompress(packed, MAX_UNPACKED))
    except (ValueError, RecursionError, zlib.error) as error:
        raise bad_cursor() from error
    if not isinstance(value, list) or not value:
        raise bad_cursor()
    ids = value[1:] if isinstance(value[0], float) else value
    if not all(isinstance(name, str) and is_canonical(name) for name in ids):
        raise bad_cursor()
    if isinstance(value[0], float):
        if len(ids) != 1 or not abs(value[0]) < 2**62:
            raise bad_cursor()
        return value[0], ids[0]
    return frozenset(ids)
