"""Export all of one reader's data to a file, and import it here or on another server, piece by piece."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from server.clock import rfc3339
from server.errors import Conflict, Invalid, NotFound, RateLimited, TooLarge, Unauthenticated
from server.services import events, papers
from server.services.account import save_settings
from server.services.context import Context
from server.services.json_stream import read_entries
from server.services.parsing import (
    MAX_SETTING_ENTRIES,
    SETTINGS,
    TOPICS,
    read_card,
    read_event,
    read_paper_id,
    read_settings,
    read_topics,
    read_words,
    topic_key,
)
from server.store import events as event_store
from server.store import locks, reader_papers, readers
from server.store import papers as paper_store
from server.store.papers import FACTS

FORMAT = "inkling-export"
FORMAT_VERSION = 1
MAX_ENTRIES = {"events": 500_000, "papers": 100_000, "library": 100_000}
PAGE = 500  # rows in one query
BATCH = 200  # entries in one transaction; fewer when they exceed MAX_BATCH_BYTES bytes
MAX_BATCH_BYTES = 2**20
RETRY_AFTER = 20.0  # seconds
_LOCKS = 256


def export(context: Context, reader_id: str, now: float, counts: Counter[str] | None = None) -> Iterator[str]:
    """Return all of a reader's data as pieces of one JSON object, which `import_` reads.

    `counts` receives the numbers of events and papers. Raises NotFound when there is no such reader.
    """
    with context.database.reading() as session:
        reader = readers.find(session, reader_id)
    if reader is None:
        raise NotFound(f"No reader {reader_id} here.", field="reader")
    head = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "exported_at": rfc3339(now),
        "settings": {name: reader["settings"][name] for name in SETTINGS if name in reader["settings"]},
    }
    counts = Counter() if counts is None else counts
    return _pieces(head, _lists(context, reader_id), counts)


def _lists(context: Context, reader_id: str) -> dict[str, Iterable[Mapping[str, Any]]]:
    return {
        "events": map(events.event_body, _events(context, reader_id)),
        "library": (
            _own_words(state) for states in _states(context, reader_id) for state in states if _has_own_words(state)
        ),
        "papers": _cards(context, reader_id),
    }


def _pieces(
    head: Mapping[str, Any], lists: Mapping[str, Iterable[Mapping[str, Any]]], counts: Counter[str]
) -> Iterator[str]:
    yield json.dumps(head)[:-1]
    for name, items in lists.items():
        yield f', "{name}": ['
        for item in items:
            yield ("," if counts[name] else "") + "\n" + json.dumps(item)
            counts[name] += 1
        yield "]"
    yield "}\n"


def _events(context: Context, reader_id: str) -> Iterator[Mapping[str, Any]]:
    """Yield the log, newest first, a page at a time: a slow receiver must not hold a transaction open."""
    after = None
    while True:
        with context.database.reading() as session:
            rows = event_store.page(session, reader_id, PAGE, after)
        if not rows:
            return
        yield from rows
        after = (rows[-1]["at"], rows[-1]["number"])


def _states(context: Context, reader_id: str) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the reader's states of papers in pages."""
    after = ""
    while True:
        with context.database.reading() as session:
            rows = reader_papers.page(session, reader_id, PAGE, after)
        if not rows:
            return
        yield rows
        after = rows[-1]["paper_id"]


def _cards(context: Context, reader_id: str) -> Iterator[dict[str, Any]]:
    for states in _states(context, reader_id):
        with context.database.reading() as session:
            known = paper_store.seen_by(session, reader_id, [state["paper_id"] for state in states])
        yield from (_card(known[name]) for name in sorted(known) if papers.has_facts(known[name]))


def _has_own_words(state: Mapping[str, Any]) -> bool:
    return bool(state["tags"] or state["note"] or state["read"])


def _own_words(state: Mapping[str, Any]) -> dict[str, Any]:
    return {"paper": state["paper_id"], "tags": state["tags"] or [], "note": state["note"], "read": state["read"]}


def _card(row: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] for name in FACTS if row[name] is not None}
    return {"id": row["id"], **facts, **({"published_at": rfc3339(row["published_at"])} if row["published_at"] else {})}


def import_(context: Context, reader_id: str, file: Iterable[bytes], now: float) -> dict[str, Any]:
    """Import an exported file (chunks of bytes) and return the counts of what came of it; importing twice is harmless.

    Events that starting over forgot come back. The whole file is checked before anything is written, then written in
    short transactions with pauses for other writers. Unreadable events and cards are counted, not fatal. Raises
    Malformed, Invalid or TooLarge for a bad file, Conflict while another import of this reader runs, RateLimited while
    too many imports run.
    """
    with _alone(context, reader_id), SpooledExport.of(file) as aside:
        outcome: Counter[str] = Counter()
        # Oldest first: of two events at the same time, the later arrival counts.
        for batch in aside.batches("events", newest_last=True):
            outcome.update(_log(context, reader_id, [_event_or_result(value) for value in batch], [], now))
        for batch in aside.batches("papers"):
            cards = [card for value in batch if (card := _card_or_none(value)) is not None]
            _log(context, reader_id, [], cards, now)
            outcome["papers"] += len(cards)
        for batch in aside.batches("library"):
            _annotate(context, reader_id, batch)
        _import_settings(context, reader_id, aside.settings, now)
    return {name: outcome[name] for name in ("accepted", "duplicate", "rejected", "papers")}


@contextlib.contextmanager
def _alone(context: Context, reader_id: str) -> Iterator[None]:
    """Be the only import of this reader in any process, and one of at most IMPORTS in this one."""
    if not context.imports.acquire(blocking=False):
        raise RateLimited(RETRY_AFTER)
    try:
        number = int.from_bytes(hashlib.blake2b(reader_id.encode(), digest_size=8).digest(), "big", signed=True)
        folder = context.settings.run_dir / "imports"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # One of a fixed set of files, so that no file names a reader.
        place = folder / f"{number % _LOCKS}.lock"
        with open(place, "ab") as file, locks.advisory_lock(context.database, number) as held:
            if not held or not _locked(file):
                raise Conflict("Another import of yours is running; wait for it to end.", code="import_running")
            yield
    finally:
        context.imports.release()


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass
class _Batch:
    """Consecutive entries of one list in the spooled file, one a line."""

    name: str
    place: int
    entries: int = 0
    size: int = 0  # bytes


class SpooledExport:
    """A checked export file, spooled to disk in batches so that it can be read from either end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._batches: list[_Batch] = []
        self.settings: dict[str, Any] = {}

    @classmethod
    @contextlib.contextmanager
    def of(cls, chunks: Iterable[bytes]) -> Iterator[SpooledExport]:
        """Check an exported file, spool it and yield it. Raises as `import_` does."""
        with tempfile.TemporaryFile() as file:
            aside = cls(file)
            aside._spool(chunks)
            yield aside

    def _spool(self, chunks: Iterable[bytes]) -> None:
        counts: Counter[str] = Counter()
        values: dict[str, Any] = {}
        for name, value, in_list in read_entries(chunks):
            if not in_list:
                values[name] = _check_value(name, value)
            elif name in MAX_ENTRIES:
                counts[name] += 1
                if counts[name] > MAX_ENTRIES[name]:
                    raise TooLarge(f"At most {MAX_ENTRIES[name]:,} at once; split the file.", field=name)
                self._append(name, value)
        if values.get("format") != FORMAT or values.get("version") != FORMAT_VERSION:
            raise Invalid(f"Not a file of Inkling's export, version {FORMAT_VERSION}.", field="format")
        self.settings = values.get("settings") or {}

    def _append(self, name: str, value: Any) -> None:
        last = self._batches[-1] if self._batches else None
        if last is None or last.name != name or last.entries == BATCH or last.size > MAX_BATCH_BYTES:
            last = _Batch(name, self._file.tell())
            self._batches.append(last)
        last.entries += 1
        last.size += self._file.write(json.dumps(value).encode() + b"\n")

    def batches(self, name: str, *, newest_last: bool = False) -> Iterator[list[Any]]:
        """Yield the entries of a list in batches; with `newest_last`, from its end to its beginning."""
        batches = [batch for batch in self._batches if batch.name == name]
        for batch in reversed(batches) if newest_last else batches:
            self._file.seek(batch.place)
            values = [json.loads(self._file.readline()) for _ in range(batch.entries)]
            yield values[::-1] if newest_last else values


def _check_value(name: str, value: Any) -> Any:
    """Return a top-level value of the file. Raises Invalid."""
    if name in MAX_ENTRIES and value != []:
        raise Invalid("Must be a list.", field=name)
    if name == "settings":
        return None if value is None else read_settings(value)
    return value if name in {"format", "version"} else None


def _log(
    context: Context,
    reader_id: str,
    batch: Sequence[events.Event | events.Result],
    cards: Sequence[Mapping[str, Any]],
    now: float,
) -> list[str]:
    """Log one batch; return the status of each event. A reused id counts as a duplicate."""
    refused = [event.status for event in batch if isinstance(event, events.Result)]
    if not cards and len(refused) == len(batch):
        return refused
    results = events.log(context, reader_id, batch, cards, now=now, imported=True, bring_back=True)
    reused = [result.error is not None and result.error.code == "id_reused" for result in results]
    return ["duplicate" if here else result.status for here, result in zip(reused, results, strict=True)]


def _event_or_result(value: Any) -> events.Event | events.Result:
    try:
        return read_event(value)
    except Invalid as error:
        return events.Result(None, "rejected", error)


def _card_or_none(value: Any) -> dict[str, Any] | None:
    try:
        return read_card(value)
    except Invalid:
        return None


def _annotate(context: Context, reader_id: str, batch: Sequence[Any]) -> None:
    with context.database.writing_in_turns() as session:
        for entry in batch:
            with contextlib.suppress(Invalid):
                words = read_words(entry)
                reader_papers.annotate(session, reader_id, read_paper_id(entry.get("paper"), "paper"), words)


def _import_settings(context: Context, reader_id: str, chosen: Mapping[str, Any], now: float) -> None:
    """Add the file's topics to the reader's own, and set the settings that they have not set here."""
    if not chosen:
        return
    with context.database.writing() as session:
        readers.touch(session, reader_id)
        reader = readers.find(session, reader_id)
        if reader is None:
            raise Unauthenticated("This reader was deleted; pair this device again.")
        save_settings(session, reader, merge_settings(reader["settings"], chosen), now)


def merge_settings(here: Mapping[str, Any], imported: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings here with imported ones: lists of topics are joined, anything else set here stays.

    A topic that is muted here is not followed because a file says so, nor the other way round.
    """
    merged = {**imported, **here}
    for name in TOPICS:
        taken = {topic_key(topic) for other in TOPICS if other != name for topic in here.get(other, ())}
        new = [topic for topic in imported.get(name, ()) if topic_key(topic) not in taken]
        if name in merged:
            merged[name] = read_topics([*here.get(name, ()), *new][:MAX_SETTING_ENTRIES], name)
    return merged
