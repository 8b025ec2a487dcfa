"""Events of past months, packed: thousands of a reader's events in a row, as compressed columns.

The database stays the one place where an event is: what a reader sees, deletes or sends again is asked here as in the
log. The Parquet files that `services/archives.py` writes are made from this.
"""

from __future__ import annotations

import heapq
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby, islice
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import ColumnElement, Select, bindparam, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from server.store.database import Row, all_rows, insert_new, stream_tuples
from server.store.tables import archived_events, archived_months, events

PART = 5000  # events in a row, at most: what is read to find one of them
# An event's columns in a part; the reader is the part's own.
COLUMNS = tuple(str(one.name) for one in events.columns if one.name != "reader_id")
_LEVEL = 6  # of zlib
_STREAMED = 20  # parts read at once
_MARKS = select(archived_events.c.first, archived_events.c.marks).where(
    archived_events.c.reader_id == bindparam("reader")
)

Matching = Callable[[Sequence[Row]], Sequence[Row]]


def month_of(moment: float) -> str:
    """Return the month, in UTC, of epoch seconds, as `2026-03`."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m}"


def month_start(month: str) -> float:
    """Return when a month begins in UTC, in epoch seconds. Raises ValueError."""
    return datetime.strptime(f"{month} +0000", "%Y-%m %z").timestamp()


def month_after(month: str, months: int = 1) -> str:
    """Return the month so many months later, or earlier."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1 + months
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


def add(session: Session, reader_id: str, rows: Sequence[Row]) -> None:
    """Pack events of one reader, in order of arrival."""
    for month, found in groupby(sorted(rows, key=lambda row: (month_of(row["received_at"]), row["number"])), _month):
        waiting = iter(found)
        while part := list(islice(waiting, PART)):
            facts = {"reader_id": reader_id, "month": month, **_packed(part)}
            session.execute(archived_events.insert().values(**facts))


def _month(row: Row) -> str:
    return month_of(row["received_at"])


def _packed(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the columns of a part with these events."""
    times = [row["at"] for row in rows]
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    return {
        **{"first": rows[0]["number"], "last": rows[-1]["number"], "count": len(rows)},
        **{"earliest": min(times), "latest": max(times)},
        "marks": _to_bytes(sorted(_mark(row["id"]) for row in rows)),
        "events": zlib.compress(orjson.dumps(columns), _LEVEL),
    }


def _unpacked(reader_id: str, packed: bytes) -> list[Row]:
    columns = orjson.loads(zlib.decompress(packed))
    values = zip(*(columns[name] for name in COLUMNS), strict=True)
    return [{"reader_id": reader_id, **dict(zip(COLUMNS, row, strict=True))} for row in values]


def _mark(event_id: str) -> int:
    """Return eight bytes by which a part says quickly that it has no event of this id."""
    return int.from_bytes(blake2b(event_id.encode(), digest_size=8).digest(), "little")


def _to_bytes(marks: Iterable[int]) -> bytes:
    return b"".join(mark.to_bytes(8, "little") for mark in marks)


def _parts_with(session: Session, reader_id: str, ids: Collection[str]) -> list[int]:
    """Return the numbers of the reader's parts that may have an event with one of `ids`."""
    if not ids:
        return []
    wanted = {_mark(name) for name in ids}
    found = session.connection().execute(_MARKS, {"reader": reader_id})
    return [first for first, marks in found if _has_any(marks, wanted)]


def _has_any(marks: bytes, wanted: Collection[int]) -> bool:
    kept = array("Q", marks)
    places = ((mark, bisect_left(kept, mark)) for mark in wanted)
    return any(at < len(kept) and kept[at] == mark for mark, at in places)


def _of_part(session: Session, reader_id: str, first: int) -> list[Row]:
    statement = select(archived_events.c.events).where(_is_part(reader_id, first))
    packed = session.execute(statement).scalar()
    return _unpacked(reader_id, packed) if packed is not None else []


def _is_part(reader_id: str, first: int) -> ColumnElement[bool]:
    return tuple_(archived_events.c.reader_id, archived_events.c.first) == tuple_(reader_id, first)


def by_id(session: Session, reader_id: str, ids: Collection[str]) -> dict[str, Row]:
    """Return id -> event for those of `ids` that are among this reader's archived events."""
    parts = _parts_with(session, reader_id, ids)
    rows = (row for first in parts for row in _of_part(session, reader_id, first))
    return {row["id"]: row for row in rows if row["id"] in ids}


def of_reader(session: Session, reader_id: str, since: float = float("-inf")) -> Iterator[Row]:
    """Yield the reader's archived events, a part at a time, but none of the parts that end before `since`."""
    mine = archived_events.c.reader_id == reader_id
    statement = select(archived_events.c.first).where(mine, archived_events.c.latest >= since)
    for first in session.execute(statement.order_by(archived_events.c.first)).scalars().all():
        yield from _of_part(session, reader_id, first)


def newest_first(
    session: Session, reader_id: str, after: tuple[float, int] | None, matching: Matching
) -> Iterator[Row]:
    """Yield the reader's archived events by (at, number), newest first, starting after `after`.

    Only those that `matching` leaves of a part. Unpacks no more parts than it takes to know what comes next.
    """
    statement = select(archived_events.c.first, archived_events.c.latest)
    statement = statement.where(archived_events.c.reader_id == reader_id)
    if after is not None:
        statement = statement.where(archived_events.c.earliest <= after[0])
    waiting: list[tuple[float, int, Row]] = []
    for first, latest in session.execute(statement.order_by(archived_events.c.latest.desc())).all():
        while waiting and -waiting[0][0] > latest:
            yield heapq.heappop(waiting)[2]
        rows = _of_part(session, reader_id, first)
        earlier = [row for row in rows if after is None or (row["at"], row["number"]) < after]
        for row in matching(earlier):
            heapq.heappush(waiting, (-row["at"], -row["number"], row))
    while waiting:
        yield heapq.heappop(waiting)[2]


def remove(session: Session, reader_id: str, ids: Collection[str]) -> None:
    """Delete the archived events with these ids; the files of their months are out of date from then on."""
    changed = set()
    for first in _parts_with(session, reader_id, ids):
        rows = _of_part(session, reader_id, first)
        left = [row for row in rows if row["id"] not in ids]
        if len(left) == len(rows):
            continue
        changed.add(_month(rows[0]))
        if left:  # its first number stays its name, whatever is left
            values = {**_packed(left), "first": first}
            session.execute(update(archived_events).where(_is_part(reader_id, first)).values(**values))
        else:
            session.execute(delete(archived_events).where(_is_part(reader_id, first)))
    outdate(session, changed)


def remove_all(session: Session, reader_id: str) -> None:
    """Delete all archived events of a reader."""
    mine = archived_events.c.reader_id == reader_id
    months = set(session.execute(select(archived_events.c.month).where(mine).distinct()).scalars())
    session.execute(delete(archived_events).where(mine))
    outdate(session, months)


def outdate(session: Session, months: Collection[str], newest: int = 0) -> None:
    """Record that the events of these months changed; `newest` is the number of the newest that was added."""
    known = [{"month": month, "newest": 0, "changes": 0} for month in sorted(months)]
    insert_new(session, archived_months, known)
    column = archived_months.c.newest
    for month in sorted(months):  # in one order: two that wait for each other would both fail
        latest = func.max(column, newest) if _is_sqlite(session) else func.greatest(column, newest)
        values = {"changes": archived_months.c.changes + 1, "newest": latest, "checksum": None}
        session.execute(update(archived_months).where(archived_months.c.month == month).values(**values))


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def newest_number(session: Session) -> int:
    """Return the number of the newest archived event, 0 without any."""
    return session.execute(select(func.max(archived_months.c.newest))).scalar() or 0


def newest_of(session: Session, reader_id: str) -> int:
    """Return the number of this reader's newest archived event, 0 without any."""
    mine = archived_events.c.reader_id == reader_id
    return session.execute(select(func.max(archived_events.c.last)).where(mine)).scalar() or 0


def counted() -> Select[tuple[int]]:
    """Select how many events are archived."""
    return select(func.coalesce(func.sum(archived_events.c.count), 0))


def count_since(session: Session, number: int) -> int:
    """Return how many archived events came after the event with this number."""
    if newest_number(session) <= number:
        return 0
    statement = select(archived_events.c.reader_id, archived_events.c.first).where(archived_events.c.last > number)
    parts = session.execute(statement).all()
    return sum(row["number"] > number for part in parts for row in _of_part(session, *part))


def for_training(session: Session) -> Iterator[list[tuple[str, str, str, float]]]:
    """Yield lists of (reader, paper, kind, epoch seconds): month by month, each reader's in order of arrival."""
    columns = (archived_events.c.reader_id, archived_events.c.events)
    order = (archived_events.c.month, archived_events.c.reader_id, archived_events.c.first)
    for parts in stream_tuples(session, select(*columns).order_by(*order), _STREAMED):
        for reader, packed in parts:
            found = orjson.loads(zlib.decompress(packed))
            texts = zip(found["paper_id"], found["kind"], found["at"], strict=True)
            yield [(reader, paper, kind, at) for paper, kind, at in texts]


def of_month(session: Session, month: str) -> Iterator[list[Row]]:
    """Yield lists of the archived events of a month, each reader's in order of arrival."""
    statement = select(archived_events.c.reader_id, archived_events.c.events)
    statement = statement.where(archived_events.c.month == month)
    statement = statement.order_by(archived_events.c.reader_id, archived_events.c.first)
    for reader, packed in session.execute(statement.execution_options(yield_per=_STREAMED)):
        yield _unpacked(reader, packed)


def months(session: Session) -> list[Row]:
    """Return the archived months, oldest first, with the number of their events."""
    count = func.coalesce(func.sum(archived_events.c.count), 0).label("count")
    statement = select(*archived_months.columns, count).outerjoin(
        archived_events, archived_events.c.month == archived_months.c.month
    )
    return all_rows(session, statement.group_by(*archived_months.columns).order_by(archived_months.c.month))


def has_file(session: Session, month: str, changes: int, checksum: str) -> bool:
    """Record that a month's file holds its events, unless they changed since `changes` was read; hold the row."""
    unchanged = (archived_months.c.month == month, archived_months.c.changes == changes)
    statement = update(archived_months).where(*unchanged).values(checksum=checksum)
    return cast(Any, session.execute(statement)).rowcount == 1


def without_file(session: Session) -> list[str]:
    """Return the months whose file, if there is one, is out of date."""
    outdated = select(archived_months.c.month).where(archived_months.c.checksum.is_(None))
    return list(session.execute(outdated.order_by(archived_months.c.month)).scalars())


def readers_before(session: Session, moment: float, after: str, limit: int) -> list[str]:
    """Return readers with events received before `moment` that are not archived, in order of id after `after`."""
    old = (events.c.received_at < moment, events.c.reader_id > after)
    statement = select(events.c.reader_id).where(*old).distinct().order_by(events.c.reader_id).limit(limit)
    return list(session.execute(statement).scalars())


def counts_before(session: Session, moment: float) -> dict[str, int]:
    """Return month -> how many events received in it, before `moment`, are not archived."""
    received = events.c.received_at
    if _is_sqlite(session):
        month: ColumnElement[Any] = func.strftime("%Y-%m", received, "unixepoch")
    else:
        month = func.to_char(func.timezone("UTC", func.to_timestamp(received)), "YYYY-MM")
    statement = select(month, func.count()).where(received < moment).group_by(month).order_by(month)
    return {row[0]: row[1] for row in session.execute(statement)}


class Moved(NamedTuple):
    """How many events were packed, the number of the newest, and their months."""

    size: int
    newest: int
    months: set[str]


def move(session: Session, reader_id: str, moment: float, limit: int) -> Moved:
    """Pack up to `limit` of the reader's first events to arrive of those received before `moment`.

    The caller holds the reader's row, and records afterwards that the months changed.
    """
    old = (events.c.reader_id == reader_id, events.c.received_at < moment)
    rows = all_rows(session, select(events).where(*old).order_by(events.c.number).limit(limit))
    if not rows:
        return Moved(0, 0, set())
    add(session, reader_id, rows)
    gone = session.execute(delete(events).where(*old, events.c.number <= rows[-1]["number"]))
    if cast(Any, gone).rowcount != len(rows):
        raise RuntimeError("events changed while their reader was held")  # rolled back: nothing is moved
    return Moved(len(rows), rows[-1]["number"], {_month(row) for row in rows})
