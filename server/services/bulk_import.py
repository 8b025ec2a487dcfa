"""Import the tables of `inkling rank`, for one reader or for many: events of readers, and papers for everybody."""

from __future__ import annotations

import math
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from recommender.data.tables import Events, Papers
from server.clock import rfc3339
from server.errors import BadPaperId, Invalid, NotFound
from server.services import events, papers
from server.services.context import Context
from server.services.parsing import read_card, read_paper_id
from server.store import readers

BATCH = 200  # entries in one transaction
MAX_TOLD = 20  # refused entries that are told one by one
_EVENTS = uuid.UUID("6f2d1c1e-8f3e-4c6b-9a53-0d6a9b6a2c11")

Item = TypeVar("Item")


@dataclass
class Outcome:
    """What came of an import: counts by status, the first refusals, and the readers by their names in the file."""

    counts: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    readers: dict[str, str] = field(default_factory=dict)

    def refuse(self, what: str, why: str) -> None:
        """Count an entry that is left out."""
        self.counts["rejected"] += 1
        if len(self.refusals) < MAX_TOLD:
            self.refusals.append(f"{what}: {why}")


def import_table(
    context: Context,
    table: Events | Papers,
    now: float,
    *,
    reader_id: str | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> Outcome:
    """Import a table of events or papers, for one reader or for everybody; the same table twice changes nothing.

    `tell` hears how many rows are done.
    """
    if isinstance(table, Papers):
        return _import_papers(context, table, now, reader_id, tell)
    return _import_events(context, table, now, reader_id, tell)


def _import_events(
    context: Context, table: Events, now: float, reader_id: str | None, tell: Callable[[int], None]
) -> Outcome:
    """Log rows as events: all of one reader, whatever the table calls them, or each of whom it names.

    That is the reader who has that id here, or one made for the name. What a reader deleted or forgot by starting over
    stays away.
    """
    outcome = Outcome()
    by_name: dict[str, list[events.Event]] = {}
    for name, paper, kind, at in zip(table.readers, table.papers, table.kinds, table.times.tolist(), strict=True):
        # An editor's mark at the beginning of the file is no part of a name.
        mine = by_name.setdefault(name.removeprefix("\ufeff") if reader_id is None else reader_id, [])
        try:
            mine.append(_event(paper, kind, at, now))
        except (BadPaperId, Invalid) as error:
            outcome.refuse(_printable(f"{paper} {kind}"), error.message)
    for name, logged in by_name.items():
        reader = reader_id or _reader_of(context, name, now)
        outcome.readers[_printable(name)] = reader
        for batch in _batches(logged):
            outcome.counts.update(_log(context, reader, batch, now))
            tell(outcome.counts.total())
    return outcome


def _event(paper: str, kind: str, at: float, now: float) -> events.Event:
    """Return a row's event, its id made of what the row says. Raises BadPaperId, Invalid."""
    if kind == "impression":
        raise Invalid("An impression belongs to a list that was made here.", field="kind")
    moment = None if math.isnan(at) else at
    if moment is not None and moment < events.EARLIEST_TIME:
        raise Invalid("Its time is before the first preprint server.", field="at")
    paper_id = read_paper_id(paper, "paper")
    name = uuid.uuid5(_EVENTS, f"{paper_id}\0{kind}\0{moment}")
    return events.Event(id=str(name), kind=kind, paper=paper_id, at=moment or now, surface="import")


def _reader_of(context: Context, name: str, now: float) -> str:
    """Return the reader with this id, or the one made for this name, now if need be."""
    made = context.keys.imported_reader_id(name)
    with context.database.writing() as session:
        for known in (_printable(name), made):
            if readers.find(session, known) is not None:
                return known
        return readers.create(session, now, reader_id=made)


def _log(context: Context, reader_id: str, batch: Sequence[events.Event], now: float) -> Iterator[str]:
    """Log one batch; return the status of each event. A row without a time that is there already is a duplicate."""
    for result in events.log(context, reader_id, batch, now=now, imported=True):
        reused = result.error is not None and result.error.code == "id_reused"
        yield "duplicate" if reused else result.status


def _import_papers(
    context: Context, table: Papers, now: float, reader_id: str | None, tell: Callable[[int], None]
) -> Outcome:
    """Store papers for everybody, as a source's, or as what this reader's own pages said."""
    outcome, began = Outcome(), time.monotonic()
    for batch in _batches(_cards(table, outcome)):
        # Workers look for changes newer than those they know: a batch after minutes must not bear the first one's time.
        at = now + time.monotonic() - began
        with papers.changing_texts(context, in_turns=True) as (session, changed):
            if reader_id is None:
                changed.update(papers.merge_source_papers(session, papers.IMPORT, batch, now=at))
            else:
                confirm = context.settings.confirm_page_text
                changed.update(papers.merge_cards(session, reader_id, batch, confirm=confirm, now=at))
        outcome.counts["accepted"] += len(batch)
        tell(outcome.counts.total())
    return outcome


def _cards(table: Papers, outcome: Outcome) -> Iterator[dict[str, Any]]:
    for row in range(len(table)):
        try:
            card = read_card(_card(table, row))
        except (BadPaperId, Invalid) as error:
            outcome.refuse(_printable(table.ids[row]), error.message)
            continue
        if card["title"]:
            yield card
        else:
            outcome.refuse(card["id"], "It has no title.")


def _card(table: Papers, row: int) -> dict[str, Any]:
    published, upvotes = float(table.published[row]), float(table.upvotes[row])
    return {
        "id": table.ids[row],
        "title": table.titles[row] or None,
        "abstract": table.abstracts[row] or None,
        "authors": table.authors[row],
        "categories": table.categories[row],
        "organization": table.organizations[row] or None,
        "published_at": None if math.isnan(published) else rfc3339(published),
        "upvotes": None if math.isnan(upvotes) else int(upvotes),
    }


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    rest = iter(items)
    while batch := list(islice(rest, BATCH)):
        yield batch


def check_reader(context: Context, reader_id: str) -> None:
    """Raise NotFound when there is no such reader."""
    with context.database.reading() as session:
        if readers.find(session, reader_id) is None:
            raise NotFound(f"No reader {reader_id} here.", field="reader")


def _printable(name: str) -> str:
    return name.encode(errors="surrogateescape").decode(errors="replace")
