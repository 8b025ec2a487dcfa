"""What a reader's list is made of: today by its reasons, and over time by what they opened and saved."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from server.services.context import Context
from server.store import events as store

MONTHS = 12
CATEGORIES = 5  # told apart; the others are one
ACTS = ("open", "save")
# Reasons that are about something by name, which stands first among their words.
_NAMED = ("interest", "author", "organization", "category")


@dataclass(frozen=True)
class Part:
    """A part of a list: a kind of reason, of what it is by name if it is about something, and its share of one."""

    kind: str
    name: str
    share: float


@dataclass(frozen=True)
class Month:
    """A month as `2026-11`, and how many papers of each of `Activity.categories` were opened or saved in it."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Activity:
    """The last months, the newest last.

    `categories` are the most frequent first; "" are all others, None those of papers whose categories are not known.
    """

    categories: tuple[str | None, ...]
    months: tuple[Month, ...]


def parts_of(items: Iterable[Mapping[str, Any]], most: int = 8) -> list[Part]:
    """Return the parts of a list of recommended papers, largest first; each paper counts as much as any other.

    What is past `most` parts is left out, and so is what speaks against a paper.
    """
    total: defaultdict[tuple[str, str], float] = defaultdict(float)
    for item in items:
        reasons = [reason for reason in item["reasons"] if reason["share"] > 0]
        whole = sum(reason["share"] for reason in reasons)
        for reason in reasons:
            total[reason["kind"], _name(reason)] += reason["share"] / whole
    papers = sum(total.values())
    largest = sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
    return [Part(kind, name, share / papers) for (kind, name), share in largest]


def _name(reason: Mapping[str, Any]) -> str:
    words = reason.get("words") or ()
    return words[0] if reason["kind"] in _NAMED and words else ""


def activity(context: Context, reader_id: str, now: float) -> Activity:
    """Return what the reader opened and saved in the last months, each paper once a month, by its first category."""
    names = _last_months(now)
    met: dict[tuple[str, str], str | None] = {}
    with context.database.reading() as session:
        since = datetime.strptime(f"{names[0]} +0000", "%Y-%m %z").timestamp()
        for at, paper, categories in store.with_categories(session, reader_id, ACTS, since):
            met[_month(at), paper] = categories[0] if categories else None
    columns = _columns(met.values())
    counts = Counter((month, _column(category, columns)) for (month, _paper), category in met.items())
    months = tuple(Month(name, tuple(counts[name, column] for column in columns)) for name in names)
    return Activity(columns, months)


def _columns(found: Iterable[str | None]) -> tuple[str | None, ...]:
    counts = Counter(found)
    unknown = counts.pop(None, 0)
    named = [name for name, _count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0] or ""))]
    rest: Sequence[str | None] = [*([""] if len(named) > CATEGORIES else []), *([None] if unknown else [])]
    return (*named[:CATEGORIES], *rest)


def _column(category: str | None, columns: Sequence[str | None]) -> str | None:
    return category if category in columns else ""


def _month(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m}"


def _last_months(now: float) -> list[str]:
    moment = datetime.fromtimestamp(now, UTC)
    last = moment.year * 12 + moment.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(last - MONTHS + 1, last + 1)]
