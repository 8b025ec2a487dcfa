"""How every source is asked, so that one bad paper or day never holds up the rest.

What is refused on its own is recorded with the reason and asked for again after a growing wait. Only a source that does
not answer, or refuses everything, ends a round. A `Retry-After` is stored.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Self, TypeVar

from server.errors import InklingError, SourceRefused, SourceUnavailable
from server.services.papers import merge_source_papers
from server.services.source_health import DAY, DayAnswer, History
from server.sources.http import Stopped
from server.sources.paper import SourcePaper
from server.store import job_states
from server.store.database import Database, Session

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Found = TypeVar("Found")

FIRST_WAIT = 60.0  # seconds before a request is repeated; doubles with each failure
MAX_WAIT = 7 * 86400.0
MAX_PAUSE = 3600.0  # seconds before a failing source is asked again, unless it says when
MAX_REFUSALS = 30  # in a row, after which a source is taken to refuse everything
DAYS_KEPT = 150  # days of which it is kept what a source answered
POLL_INTERVAL = 60.0  # seconds between two checks for something to ask


def wait_after(tries: int, longest: float = MAX_WAIT) -> float:
    """Return the seconds to wait after `tries` failed requests."""
    return min(longest, FIRST_WAIT * 2.0 ** min(tries - 1, 60))


def is_due(asked_at: float, due_at: float, now: float) -> bool:
    """Whether `due_at` has come. An `asked_at` in the future was written by a clock that has since been corrected."""
    return due_at <= now or asked_at > now


class GaveUp(SourceUnavailable):
    """A source refused MAX_REFUSALS requests in a row, so it was not asked for the rest."""


@dataclass(frozen=True)
class Progress:
    """How far the catalogue is filled from a source; stored in the database. Times are epoch seconds, days ISO dates.

    `settled` are the days that need not be asked for again. `open_days` maps each other day that was asked for to
    {asked_at, due_at, tries, reason}: `tries` counts failures, `reason` is None after an answer.
    """

    total: int = 0
    done: int = 0
    filled: int = 0  # days back from today of which each was asked for at least once
    settled: list[str] = field(default_factory=list)
    open_days: dict[str, dict[str, Any]] = field(default_factory=dict)
    last_success_at: float | None = None
    failing_since: float | None = None
    reason: str | None = None
    held_at: float = 0.0
    held_until: float = 0.0
    silent: int = 0  # papers asked for since the last one that was found
    days: dict[str, tuple[int, str | None]] = field(default_factory=dict)  # ISO day -> a `DayAnswer`
    # The hash of an answer that changes every day, and since when it is the same.
    digest: str | None = None
    same_since: float | None = None

    @classmethod
    def load(cls, database: Database, source: str) -> Self:
        """Return the stored progress of the source, written by this or an older version."""
        with database.reading() as session:
            kept = job_states.load(session, _job(source)) or {}
        if "filled" not in kept and kept.get("done", 0) >= kept.get("total", 0):
            kept = {**kept, "filled": kept.get("total", 0)}
        return cls(**{name: value for name, value in kept.items() if name in cls.__dataclass_fields__})

    def save(self, database: Database, source: str, found: Sequence[SourcePaper] = ()) -> Self:
        """Store the papers and the progress in one transaction: a kill leaves both or neither."""
        with database.writing() as session:
            self.save_in(session, source, found)
        return self

    def save_in(self, session: Session, source: str, found: Sequence[SourcePaper]) -> None:
        """Do what `save` does inside the caller's transaction."""
        now = time.time()
        merge_source_papers(session, source, [vars(paper) for paper in found], now=now)
        job_states.save(session, _job(source), asdict(self), now)

    def with_failure(self, error: SourceUnavailable, now: float) -> Self:
        """Return the progress after a source could not be asked."""
        held: dict[str, Any] = {"held_at": now, "held_until": error.retry_at} if error.retry_at else {}
        return replace(self, reason=error.message, failing_since=self.failing_since or now, **held)

    def with_success(self, now: float, **changes: Any) -> Self:
        """Return the progress after a good answer."""
        return replace(self, **({"last_success_at": now} | changes)).without_failure()

    def without_failure(self) -> Self:
        """Return the progress without the record of a failure."""
        return replace(self, failing_since=None, reason=None, held_until=0.0)

    def check_not_held(self, now: float) -> None:
        """Raise SourceUnavailable while the source's own `Retry-After` runs."""
        if not is_due(self.held_at, self.held_until, now):
            raise SourceUnavailable(self.reason or "The source asks to be left alone.", retry_at=self.held_until)

    def with_day(self, day: date, papers: int, digest: str | None) -> Self:
        """Return the progress with what the source answered for a day; of long past days nothing is kept."""
        newest = sorted({**self.days, day.isoformat(): (papers, digest if papers else None)}.items())[-DAYS_KEPT:]
        return replace(self, days=dict(newest))

    def with_changing_answer(self, digest: str, now: float) -> Self:
        """Return the progress with the hash of an answer that changes every day."""
        return self if digest == self.digest else replace(self, digest=digest, same_since=now)

    def history(self, every: float = DAY, *, on_demand: bool = False) -> History:
        """Return what its health is judged by; `every` is the interval at which the source is asked, in seconds."""
        return History(
            every=every,
            days={date.fromisoformat(day): DayAnswer(*answer) for day, answer in self.days.items()},
            answered_at=self.last_success_at,
            failure=self.reason,
            failing_since=self.failing_since,
            same_since=self.same_since,
            unknown=self.silent,
            on_demand=on_demand,
        )


def _job(source: str) -> str:
    return f"source:{source}"


class Round:
    """One round of requests to a source, and the progress that it makes."""

    def __init__(self, database: Database, source: str) -> None:
        self.database, self.source = database, source
        self.progress = Progress.load(database, source)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Enclose the round's requests: none while the source's `Retry-After` runs, and a failure is stored.

        Raises SourceUnavailable, or Stopped when told to end, which is no failure.
        """
        self.progress.check_not_held(time.time())
        try:
            yield
        except Stopped:
            raise
        except SourceUnavailable as error:
            self.progress.with_failure(error, time.time()).save(self.database, self.source)
            raise


def ask_batches(
    batches: Iterable[Sequence[Item]],
    ask: Callable[[Sequence[Item]], Found],
    *,
    answered: Callable[[Sequence[Item], Found], None],
    refused: Callable[[Item, SourceRefused], None],
) -> None:
    """Ask for each batch in turn; halve a refused batch until the refused item stands alone.

    `answered` and `refused` store each outcome before the next request. Raises SourceUnavailable when the source cannot
    be asked, GaveUp when it refuses MAX_REFUSALS requests in a row, Stopped when told to end.
    """
    waiting = deque(batches)
    in_a_row = 0
    while waiting:
        batch = waiting.popleft()
        trouble = _ask_batch(batch, ask, answered)
        if trouble is None:
            in_a_row = 0
            continue
        in_a_row += 1
        if len(batch) > 1:
            middle = len(batch) // 2
            waiting.extendleft([batch[middle:], batch[:middle]])
        else:
            refused(batch[0], trouble)
        if in_a_row >= MAX_REFUSALS and waiting:
            raise GaveUp(f"Refused {in_a_row} times in a row, the last time so: {trouble.message}")


def _ask_batch(
    batch: Sequence[Item],
    ask: Callable[[Sequence[Item]], Found],
    answered: Callable[[Sequence[Item], Found], None],
) -> SourceRefused | None:
    """Ask for a batch and store the answer; return the refusal, if any."""
    try:
        answered(batch, ask(batch))
    except SourceRefused as error:
        return error
    except InklingError:  # the source is away, or the database is
        raise
    except Exception as error:
        # An answer with something unforeseen in it must not hold up the others.
        return SourceRefused(f"Its answer cannot be kept ({describe_error(error)}).")
    return None


def poll(ask: Callable[[], object], stop: threading.Event, *, every: float = POLL_INTERVAL) -> None:
    """Call `ask` every `every` seconds until `stop`; after failures, after longer and longer pauses.

    A failure is logged once, however often it comes in a row.
    """
    failures, told = 0, None
    while not stop.is_set():
        began, error = time.time(), _failure_of(ask)
        failures = failures + 1 if error else 0
        told = _log_failure(error, told) if error else None
        pause = max(every, wait_after(failures, MAX_PAUSE)) if error else every
        due = time.time() + pause
        if isinstance(error, SourceUnavailable) and error.retry_at:
            due = error.retry_at
        while not is_due(began, due, time.time()) and not stop.is_set():
            # In short waits: a laptop that slept must not wait for the whole pause again.
            stop.wait(min(POLL_INTERVAL, max(0.0, due - time.time())))


def _failure_of(ask: Callable[[], object]) -> Exception | None:
    """Ask a source; return what failed. Being told to end is no failure."""
    try:
        ask()
    except Stopped:
        return None
    except Exception as error:
        # The outermost loop of a job: the next round must still come.
        return error
    return None


def _log_failure(error: Exception, told: str | None) -> str:
    """Log a failure in one line, unless it differs from the last one in numbers and times alone; return its text."""
    ours = isinstance(error, InklingError)  # the source's own, or a database that is away
    text = error.message if isinstance(error, InklingError) else describe_error(error)
    if told is None or re.sub(r"\d+", "", text) != re.sub(r"\d+", "", told):
        log, sentence = (logger.warning, "%s") if ours else (logger.error, "a source cannot be asked (%s)")
        log("catalogue: " + sentence, text)
    return text


def describe_error(error: Exception) -> str:
    """Return the type and place of an unforeseen error; its text may contain private data."""
    place = traceback.extract_tb(error.__traceback__)[-1:]
    return " ".join(
        [type(error).__name__, *(f"at {frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in place)]
    )
