"""Archive past months: their events are packed in the database, and each month is a Parquet file beside it.

The database stays the only place that a reader is answered from; the files are made from it, for other programs. A file
is removed when any of its events is deleted, and the next run writes it again without them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server.errors import Conflict, Invalid
from server.home import make_private_folder
from server.services import deletion
from server.services.context import Context
from server.store import archived_events as store
from server.store import event_partitions, locks, readers
from server.store.archived_events import month_after, month_of, month_start

OLDER_THAN = 12  # months, unless the operator says otherwise
KEPT = 1  # whole months before this one that are never archived: what was read lately is counted from the log
BATCH = 5000  # events in one transaction
READERS = 100  # held in one transaction
LISTED = 5000  # readers found by one query
TRIES = 3  # at a file whose events change while it is written
ASIDE = ".aside-"

Progress = Callable[[int, int], None]


class ArchiveBusy(Conflict):
    """Another run archives for this database."""

    code = "archive_busy"


class NoParquet(Conflict):
    """What writes Parquet files is not installed."""

    code = "no_parquet"


@dataclass
class Archived:
    """What a run did: events packed, and month -> size in bytes of the files written; the others have their file.

    `changing` are the months whose events changed with every attempt to write them.
    """

    until: str
    packed: int = 0
    written: dict[str, int] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    changing: list[str] = field(default_factory=list)


def first_month_kept(now: float, *, older_than: int | None = None, before: str | None = None) -> str:
    """Return the first month that is not to be archived, by the operator's choice. Raises Invalid."""
    this = month_of(now)
    if before is None:
        return month_after(this, -max(KEPT, OLDER_THAN if older_than is None else older_than))
    last = month_after(this, -KEPT)
    if not re.fullmatch(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", before, re.ASCII):
        raise Invalid(f"{before!r} is no month; write it as {last}.", field="before")
    if before > last:
        raise Invalid(f"This month and the one before are kept: the latest that can be said is {last}.", field="before")
    return before


def plan(context: Context, until: str) -> dict[str, int]:
    """Return month -> how many events of it a run would pack."""
    with context.database.reading() as session:
        return store.counts_before(session, month_start(until))


def archive(context: Context, until: str, progress: Progress | None = None) -> Archived:
    """Pack the events of all months before `until`, and write each archived month that has no file.

    Whenever it is ended, each event is either in the log or packed; calling again does the rest. Raises ArchiveBusy,
    NoParquet.
    """
    try:
        import pyarrow  # noqa: F401 - before anything is moved
    except ImportError as error:
        raise NoParquet("Writing Parquet files needs pyarrow: install `inkling[archive]`.") from error
    with archive_lock(context):
        done = Archived(until)
        total = sum(plan(context, until).values()) if progress else 0
        for moved in _pack(context, month_start(until)):
            done.packed += moved
            if progress:
                progress(done.packed, max(total, done.packed))
        event_partitions.drop_empty(context.database, until)
        if done.packed:  # the next training gives the disk its room back
            with context.database.writing() as session:
                deletion.record_deletion(session, context.now())
        _write_files(context, done)
        return done


@contextmanager
def archive_lock(context: Context) -> Iterator[None]:
    """Be the only run for this home and this database, and remove what a killed one left. Raises ArchiveBusy."""
    folder = context.settings.archive_dir
    make_private_folder(folder)
    lock = context.settings.run_dir / "archive.lock"
    with locks.exclusive_lock(context.database, lock, locks.ARCHIVING) as holder:
        if holder:
            raise ArchiveBusy(f"Another run is archiving {holder}; wait for it to end.")
        for left in folder.glob(f"{ASIDE}*"):
            left.unlink()
        yield


def _pack(context: Context, until: float) -> Iterator[int]:
    """Pack what was received before `until` in short transactions, and yield how many events each moved."""
    after = ""
    while True:
        with context.database.reading() as session:
            waiting = store.readers_before(session, until, after, LISTED)
        if not waiting:
            return
        after = waiting[-1]
        while waiting:
            moved, done = _pack_some(context, waiting[:READERS], until)
            waiting = waiting[done:]
            yield moved


def _pack_some(context: Context, reader_ids: Sequence[str], until: float) -> tuple[int, int]:
    """Pack up to BATCH events of some readers; return how many, and of how many readers none is left."""
    moved, newest, months = 0, 0, set[str]()
    with context.database.writing_in_turns() as session:
        # Whoever changes a reader's log holds their row: nothing comes or goes while it is packed.
        held = set(readers.hold(session, reader_ids))
        done = 0
        for reader_id in reader_ids:
            found = store.move(session, reader_id, until, BATCH - moved) if reader_id in held else None
            if found is not None:
                moved, newest, months = moved + found.size, max(newest, found.newest), months | found.months
            if moved == BATCH:
                break
            done += 1
        store.outdate(session, months, newest)
    return moved, done


def _write_files(context: Context, done: Archived) -> None:
    from server.services import parquet_files

    deletion.remove_outdated_archive(context)
    with context.database.reading() as session:
        months = store.months(session)
    for row in months:
        month = row["month"]
        whole = row["checksum"] and parquet_files.holds(context.settings.archive_file(month), row["count"])
        if whole:
            done.kept.append(month)
        elif row["count"]:
            size = next(filter(None, (_write(context, month) for _ in range(TRIES))), None)
            if size is None:
                done.changing.append(month)
            else:
                done.written[month] = size


def _write(context: Context, month: str) -> int | None:
    """Write a month's file aside, read it back and put it in its place, whole or not at all; return its size.

    None when an event of it was deleted or added meanwhile.
    """
    from server.services import parquet_files

    target = context.settings.archive_file(month)
    aside = target.with_name(f"{ASIDE}{month}-{os.getpid()}")
    try:
        with context.database.reading_one_state() as session:
            changes = next((row["changes"] for row in store.months(session) if row["month"] == month), 0)
            checksum = parquet_files.write(aside, store.of_month(session, month))
        parquet_files.check(aside, checksum)
        size = aside.stat().st_size
        # The row is held until the file is in its place: who deletes an event of it removes the file after that.
        with context.database.writing() as session:
            if not store.has_file(session, month, changes, checksum):
                return None
            aside.replace(target)
            _sync_folder(target.parent)
        return size
    finally:
        aside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
