"""Times: epoch seconds inside the project, RFC 3339 with a zone outside. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_MICROSECONDS = len("2026-11-20T08:15:00.123456Z")
_PAST_MICROSECONDS = re.compile(r"(\.\d{6})\d+")


def parse_rfc3339(text: str) -> float:
    """Return the epoch seconds of an RFC 3339 time. Raises ValueError when it is none or has no zone."""
    if not _RFC3339.fullmatch(text):
        raise ValueError("not a time such as 2026-11-20T08:15:00Z")
    # datetime has no leap seconds and no digits past the microsecond; RFC 3339 allows both.
    plain = text.upper().replace(":60", ":59")
    if len(plain) > _MICROSECONDS:
        plain = _PAST_MICROSECONDS.sub(r"\1", plain)
    if plain[-1] == "Z":  # as devices say it; already in UTC
        return datetime.fromisoformat(plain).timestamp()
    try:
        return datetime.fromisoformat(plain).astimezone(UTC).timestamp()
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999") from error


def rfc3339(seconds: float | None) -> str | None:
    """Return epoch seconds as RFC 3339 in UTC, to the microsecond; None for None."""
    if seconds is None:
        return None
    moment = _EPOCH + timedelta(seconds=round(seconds, 6))
    return moment.isoformat(timespec="microseconds" if moment.microsecond else "seconds").replace("+00:00", "Z")
