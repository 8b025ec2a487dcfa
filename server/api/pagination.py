"""Pages of a list that can grow, and the cursors that mark a place in it."""

from __future__ import annotations

import base64
import json
from typing import Any

from server.api.requests import refuse_constant
from server.errors import Invalid
from server.services.parsing import read_text


def read_cursor(cursor: str | None, kinds: tuple[type, ...]) -> tuple[Any, ...] | None:
    """Return the place a cursor marks, its parts of these types."""
    if not cursor:
        return None
    try:
        place = json.loads(
            base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)), parse_constant=refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise bad_cursor() from error
    if not isinstance(place, list) or [type(part) for part in place] != list(kinds):
        raise bad_cursor()
    for part in place:
        if isinstance(part, str):
            read_text(part, "cursor", 500)
        elif abs(part) > 2**62:
            raise bad_cursor()
    return tuple(place)


def bad_cursor() -> Invalid:
    """Return the error for a cursor that is none."""
    return Invalid("Not a cursor of this list; take it from the answer before, or leave it out.", field="cursor")


def write_cursor(place: tuple[Any, ...]) -> str:
    """Return the cursor of a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def page_of(found: list[tuple[Any, Any]], size: int) -> dict[str, Any]:
    """Return a page of at most `size` items and its cursor, from up to `size` + 1 pairs (place, item)."""
    more = len(found) > size
    found = found[:size]
    return {"items": [item for _, item in found], "next": write_cursor(found[-1][0]) if more else None}
