"""One commit for the writes of several threads: where one writes at a time, those who wait can share the next turn."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from server.errors import DatabaseUnavailable

T = TypeVar("T")


class _Write:
    """What one thread wants written, and what became of it."""

    def __init__(self, work: Callable[[Session], Any]) -> None:
        self.work = work
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def finish(self, error: BaseException | None) -> None:
        self.error, self.done = error, True


class SharedCommits:
    """Runs the writes of several threads in one transaction, in order of arrival; each call returns after its commit.

    There is no thread of its own: whoever has the turn also does what those want who wait for it. As many share a
    commit as there are threads, so a call waits for two transactions at most. Whose write is done needs no turn: it
    would wait for those who come back meanwhile, and take it first.
    """

    def __init__(self, writing: Callable[[], AbstractContextManager[Session]]) -> None:
        self._writing = writing
        self._changed = threading.Condition()  # guards the two below
        self._is_taken = False  # the turn
        self._waiting: list[_Write] = []

    def write(self, work: Callable[[Session], T]) -> T:
        """Return what `work` returns once what it wrote is on disk, or raise what it or the database raises.

        `work` may run again after a rollback, and in another thread. What it raises undoes none of the others.
        """
        mine = _Write(work)
        with self._changed:
            self._waiting.append(mine)
            self._changed.wait_for(lambda: mine.done or not self._is_taken)
            writes = [] if mine.done else self._take_turn()
        if writes:
            try:
                self._write_all(writes)
            finally:
                self._end_turn()
        if mine.error is not None:
            raise mine.error
        return mine.result  # type: ignore[no-any-return]

    def _take_turn(self) -> list[_Write]:
        self._is_taken, writes, self._waiting = True, self._waiting, []
        return writes

    def _end_turn(self) -> None:
        with self._changed:
            self._is_taken = False
            self._changed.notify_all()

    def _write_all(self, writes: list[_Write]) -> None:
        error = self._commit(writes)
        if error is None or len(writes) == 1 or isinstance(error, DatabaseUnavailable):
            for write in writes:
                write.finish(error)
            return
        # One of them failed and took the others along: each for itself.
        for write in writes:
            write.finish(self._commit([write]))

    def _commit(self, writes: list[_Write]) -> BaseException | None:
        """Do the writes in one transaction; return what undid it, None once it is on disk."""
        try:
            with self._writing() as session:
                for write in writes:
                    write.result = write.work(session)
        except BaseException as error:
            return error
        return None
