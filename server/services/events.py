"""Log events: each is stored once, in one durable transaction with the state that follows from it."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from server.clock import rfc3339
from server.errors import InklingError, Invalid, NotFound, Unauthenticated
from server.services import deletion, papers
from server.services.context import Context
from server.store import events as store
from server.store import papers as paper_store
from server.store import reader_papers, readers
from server.store.database import Session
from server.tokens import Keys

KINDS = ("open", "save", "unsave", "hide", "unhide", "dislike", "undislike", "impression")
# Of each kind that another takes back: the columns of a state that say whether it stands, and since when.
STATE_OF = {"save": ("saved", "save_at"), "hide": ("hidden", "hide_at"), "dislike": ("disliked", "dislike_at")}
SURFACES = ("card", "panel", "paper_page", "search", "feed", "digest", "library", "import", "demo")
EARLIEST_TIME = 662_688_000.0  # 1991-01-01, before the first preprint server: an earlier time comes from a broken clock
BATCH = 500  # events in one transaction
MAX_CLOCK_SKEW = 24 * 3600.0  # seconds a device's clock may be ahead; a later time is replaced by ours


@dataclass(frozen=True)
class Event:
    """One event with checked values; `at` in epoch seconds."""

    id: str
    kind: str
    paper: str
    at: float
    list_id: str | None = None
    position: int | None = None
    surface: str | None = None
    page: str | None = None

    def content_hash(self) -> str:
        """Return a hash of everything but the id, to tell a re-sent event from another one under the same id."""
        parts = (self.kind, self.paper, round(self.at * 1e6), self.list_id, self.position, self.surface, self.page)
        return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Result:
    """The outcome for one event or card of a batch: `status` is accepted, duplicate or rejected."""

    id: str | None
    status: str
    error: InklingError | None = None
    clamped: bool = False


def log(
    context: Context,
    reader_id: str,
    batch: Sequence[Event | Result],
    cards: Sequence[Mapping[str, Any]] = (),
    *,
    now: float,
    imported: bool = False,
    bring_back: bool = False,
) -> list[Result]:
    """Log a batch of events and the cards sent with them; return what became of each event, in order.

    A Result in the batch (an event refused before) passes through. An `imported` batch is one of many, with pauses for
    other writers. With `bring_back`, which only the reader may ask for, events that starting over forgot are logged
    again, but none that was deleted by itself. Returns once all that was accepted is on disk. Raises Unauthenticated
    when the reader is gone.
    """
    wanted = [event for event in batch if isinstance(event, Event)]

    def write(session: Session) -> tuple[list[Judged], set[str]]:
        return write_batch(session, context, reader_id, wanted, cards, now=now, bring_back=bring_back)

    if imported:  # one of many, and perhaps too many papers to wait for: the model cache's next refresh has them
        with context.database.writing_in_turns() as session:
            judged, _ = write(session)
    else:
        judged, changed = context.database.write(write)
        context.fold_in(changed)
    answers = iter([one.result for one in judged])
    return [next(answers) if isinstance(event, Event) else event for event in batch]


def write_batch(
    session: Session,
    context: Context,
    reader_id: str,
    batch: Sequence[Event],
    cards: Sequence[Mapping[str, Any]],
    *,
    now: float,
    bring_back: bool = False,
) -> tuple[list[Judged], set[str]]:
    """Write a batch in a transaction that may be shared; return what became of it, and the papers with a new text."""
    version = readers.touch(session, reader_id)
    if version is None:
        raise Unauthenticated("This reader was deleted; pair this device again.")
    judged = _check_duplicates(session, context.keys, reader_id, batch, now, bring_back=bring_back)
    new = [one for one in judged if one.result.status == "accepted"]
    # All that the batch names at once, in one order: two batches that wait for each other would both fail.
    paper_store.add_stubs(session, {one.event.paper for one in new} | {card["id"] for card in cards}, now)
    _add(session, context.keys, reader_id, new, version=version, now=now)
    confirm = context.settings.confirm_page_text
    changed = papers.merge_cards(session, reader_id, cards, confirm=confirm, now=now) if cards else set()
    return judged, changed


class Judged(NamedTuple):
    """An event, the hash of its content, and whether it counts."""

    event: Event
    content: str
    result: Result


def _check_duplicates(
    session: Session, keys: Keys, reader_id: str, events: Sequence[Event], now: float, *, bring_back: bool
) -> list[Judged]:
    """Decide for each event whether it is new, a duplicate (also within the batch), or reuses an id."""
    if not events:
        return []
    known = store.hashes(session, reader_id, [event.id for event in events])
    gone = _deleted_ids(session, keys, reader_id, events, bring_back=bring_back)
    judged = []
    for event in events:
        content, late = event.content_hash(), event.at > now + MAX_CLOCK_SKEW
        if event.id in gone or known.get(event.id) == content:
            result = Result(event.id, "duplicate", clamped=late)
        elif event.id in known:
            error = Invalid(
                "Another event was logged under this id; give each event its own.", code="id_reused", field="id"
            )
            result = Result(event.id, "rejected", error)
        else:
            known[event.id] = content
            result = Result(event.id, "accepted", clamped=late)
        judged.append(Judged(event, content, result))
    return judged


def _deleted_ids(
    session: Session, keys: Keys, reader_id: str, events: Sequence[Event], *, bring_back: bool
) -> set[str]:
    """Return the ids of those events that this reader deleted; with `bring_back`, only by themselves."""
    if not store.any_deleted(session, reader_id):  # as most readers never did: their ids need no hashes
        return set()
    ids = {keys.event_hash(reader_id, event.id): event.id for event in events}
    if bring_back:
        store.delete_reset_hashes(session, reader_id, ids)
    return {ids[name] for name in store.deleted(session, reader_id, ids)}


def _add(session: Session, keys: Keys, reader_id: str, new: Sequence[Judged], *, version: int, now: float) -> None:
    """Append new events and the lists they cite, and update the reader's states."""
    if not new:
        return
    cited = {name: keys.read_list_id(reader_id, name) for name in {one.event.list_id for one in new} if name}
    own = {name: said for name, said in cited.items() if said is not None}
    store.add_lists(session, [(name, reader_id, said.model, said.made_at) for name, said in own.items()])
    store.add(session, [_row(one, reader_id, own, now) for one in new])
    _apply(session, reader_id, [(one.event, _time(one.event, now)) for one in new], version)


def _time(event: Event, now: float) -> float:
    return now if event.at > now + MAX_CLOCK_SKEW else event.at


def _row(judged: Judged, reader_id: str, own_lists: Collection[str | None], now: float) -> tuple[Any, ...]:
    """Return the columns of an event in the order of its table."""
    event = judged.event
    # Another reader's list cannot be what this event came from; the event itself still counts.
    list_id = event.list_id if event.list_id in own_lists else None
    return (
        *(reader_id, event.id, event.kind, event.paper),
        *(_time(event, now), now, judged.result.clamped),
        *(list_id, event.position, event.surface, event.page, judged.content),
    )


def _apply(session: Session, reader_id: str, timed: Sequence[tuple[Event, float]], version: int) -> None:
    """Update the reader's states with further events and their times, in order of arrival."""
    states = reader_papers.of_papers(session, reader_id, {event.paper for event, _ in timed})
    for event, at in timed:
        state = states.get(event.paper)
        if state is None:
            state = states[event.paper] = empty_state(reader_id, event.paper)
        apply_event(state, event.kind, at)
    reader_papers.save(session, [states[name] for name in sorted(states)], version)


def empty_state(reader_id: str, paper_id: str) -> dict[str, Any]:
    """Return the state of a paper without events."""
    return {
        **{"reader_id": reader_id, "paper_id": paper_id, "opened_at": None, "opens": 0},
        **{"saved": False, "save_at": None, "hidden": False, "hide_at": None},
        **{"disliked": False, "dislike_at": None},
        **{"impressions": 0, "shown_at": None, "tags": None, "note": None, "read": False},
    }


def apply_event(state: dict[str, Any], kind: str, at: float) -> None:
    """Update a state with one event: the latest `at` wins; of two at the same time, the later arrival."""
    if kind == "open":
        state["opens"] += 1
        state["opened_at"] = max(at, state["opened_at"] or at)
    elif kind == "impression":
        state["impressions"] += 1
        state["shown_at"] = max(at, state["shown_at"] or at)
    else:
        done = kind.removeprefix("un")
        flag, when = STATE_OF[done]
        if state[when] is None or at >= state[when]:
            state[flag], state[when] = kind == done, at


def delete(context: Context, reader_id: str, event_id: str, now: float) -> None:
    """Delete an event for good: sending it again does not bring it back.

    Raises NotFound when this reader never logged such an event.
    """
    with context.database.writing() as session:
        version = readers.touch(session, reader_id) or 0
        paper = store.paper_of(session, reader_id, event_id)
        mark = context.keys.event_hash(reader_id, event_id)
        if paper is None and not store.deleted(session, reader_id, [mark]):
            raise NotFound("You have logged no event with this id.", field="id")
        store.remove(session, reader_id, {event_id: mark}, now)
        if paper is not None:
            _rebuild(session, reader_id, paper, version, now)
            deletion.record_deletion(session, now)
    deletion.purge_files(context)


def _rebuild(session: Session, reader_id: str, paper: str, version: int, now: float) -> None:
    """Recompute the reader's state of a paper from the events left; without any, remove it."""
    before = reader_papers.of_papers(session, reader_id, [paper]).get(paper)
    state, empty = empty_state(reader_id, paper), True
    for kind, at in store.of_paper(session, reader_id, paper):
        apply_event(state, kind, at)
        empty = False
    if empty:
        reader_papers.remove(session, reader_id, paper)
        readers.record_deleted_states(session, reader_id)
        # The text from this reader's pages goes too, and so does the paper if nobody else names it.
        paper_store.delete_page_texts(session, [paper], reader_id)
        paper_store.delete_orphans(session, [paper])
    else:
        # Starting over that was interrupted left events without a state, whose paper others may have removed since.
        paper_store.add_stubs(session, {paper}, now)
        own = {word: before[word] for word in reader_papers.OWN_WORDS} if before else {}
        reader_papers.save(session, [{**state, **own}], version)


def forget_all_but_saved(context: Context, reader_id: str, now: float) -> int:
    """Delete the settings and every event but the one that saved each saved paper; return how many events.

    The states change in one transaction; the log, which may be long, goes in many short ones, so that other writers do
    not wait. After an interruption, calling again finishes the rest.
    """
    with context.database.writing() as session:
        readers.touch(session, reader_id)
        newest = store.newest_of(session, reader_id)
        reader_papers.delete_all_but_saved(session, reader_id)
        paper_store.delete_unsaved_page_texts(session, reader_id)
        readers.start_over(session, reader_id)
        readers.record_deleted_states(session, reader_id)
    forgotten = 0
    for ids in _forgettable_ids(context, reader_id, newest):
        with context.database.writing_in_turns() as session:
            readers.touch(session, reader_id)
            marks = {name: context.keys.event_hash(reader_id, name) for name in ids}
            store.remove(session, reader_id, marks, now, by_reset=True)
        forgotten += len(ids)
    with context.database.writing() as session:
        store.delete_uncited_lists(session, reader_id)
        deletion.record_deletion(session, now, models=True)
    deletion.forget_orphans(context)
    deletion.purge_files(context)
    return forgotten


def _forgettable_ids(context: Context, reader_id: str, newest: int) -> Iterator[list[str]]:
    """Yield batches of ids of the events numbered up to `newest`, without those that saved a saved paper."""
    after, saving = None, set[str]()
    while True:
        with context.database.reading() as session:
            rows = store.page(session, reader_id, BATCH, after)
            saved = reader_papers.of_papers(session, reader_id, {row["paper_id"] for row in rows})
        if not rows:
            return
        ids = []
        for row in rows:  # newest first: of two saves at the same time, the later arrival counts
            paper = row["paper_id"]
            state = saved.get(paper)
            saves = row["kind"] == "save" and state is not None and state["saved"] and state["save_at"] == row["at"]
            if saves and paper not in saving:
                saving.add(paper)
            elif row["number"] <= newest:
                ids.append(row["id"])
        yield ids
        after = (rows[-1]["at"], rows[-1]["number"])


def delete_log(context: Context, reader_id: str) -> None:
    """Delete a reader's log in short transactions."""
    left = True
    while left:
        with context.database.writing_in_turns() as session:
            readers.touch(session, reader_id)  # whoever archives them waits, or is waited for
            left = store.remove_batch(session, reader_id, BATCH)


def event_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a logged event as the API gives it: as it was sent, without empty fields, with `received_at`."""
    event = {"id": row["id"], "kind": row["kind"], "paper": row["paper_id"], "at": rfc3339(row["at"])}
    optional = {name: row[name] for name in ("list_id", "position", "surface", "page") if row[name] is not None}
    return {**event, **optional, "received_at": rfc3339(row["received_at"])}
