"""Which day or week a digest is for, and when in it it is mailed: by the clock and time zone of this machine. Pure."""

from __future__ import annotations

from datetime import date, datetime

# Nobody is woken by one, and a machine that was off in the morning mails it later the same day.
HOURS = range(7, 22)
# How far back a digest looks, in days: a listing shows some papers days after they were published.
DAYS = {"daily": 7, "weekly": 14}
PAPERS = {"daily": 8, "weekly": 15}


def period_of(every: str, now: float) -> str:
    """Return the day (2026-11-27) or the week (2026-W48) that a digest of this moment is for."""
    today = date.fromtimestamp(now)
    if every == "daily":
        return today.isoformat()
    year, week, _ = today.isocalendar()
    return f"{year}-W{week:02d}"


def is_time(now: float) -> bool:
    """Whether it is an hour at which digests are mailed."""
    return datetime.fromtimestamp(now).astimezone().hour in HOURS
