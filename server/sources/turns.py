"""Turns at a source: one request at a time, at one pace, over all processes of a home.

A file per source is locked while a request is under way and was modified when the last one was sent or received. It
holds the time at which the source asked for a pause and the time until which (epoch seconds).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from server.home import make_private_folder

POLL_INTERVAL = 0.1  # seconds between two looks at a turn that another process or thread has


class Turn:
    """The turns at one source. Where the file cannot be written, each process keeps the pace alone."""

    def __init__(self, file: Path, pace: float) -> None:
        self._path, self._pace = file, pace

    @contextmanager
    def taken(self, sleep: Callable[[float], None]) -> Iterator[None]:
        """Hold the turn for the block, once nobody else has it; `sleep` waits so many seconds, or raises."""
        file = self._open()
        try:
            while file is not None and not _lock(file):
                sleep(POLL_INTERVAL)
            yield
        finally:
            if file is not None:
                os.close(file)

    def left_of_pace(self) -> float:
        """Return the seconds until the next request may be sent."""
        with suppress(OSError):
            found = os.stat(self._path)
            left = self._pace - (time.time() - found.st_mtime)
            # A longer wait than the pace comes from a clock that has been corrected since.
            return left if found.st_size and 0 < left <= self._pace else 0.0
        return 0.0

    def mark(self) -> None:
        """Note that a request is being sent, or was received."""
        with suppress(OSError):
            if not os.stat(self._path).st_size:
                self._path.write_text("0 0")
            os.utime(self._path)

    def hold(self, seconds: float) -> None:
        """Note that the source wants no request for so many seconds."""
        now = time.time()
        with suppress(OSError):
            if now + seconds > self._read()[1]:
                self._path.write_text(f"{now} {now + seconds}")

    def left_of_hold(self) -> float:
        """Return the seconds until which the source wants no request."""
        now = time.time()
        began, until = self._read()
        # A pause that began in the future was written by a clock that has been corrected since.
        return max(0.0, until - now) if began <= now else 0.0

    def _open(self) -> int | None:
        try:
            make_private_folder(self._path.parent)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None

    def _read(self) -> tuple[float, float]:
        try:
            began, until = self._path.read_text(encoding="ascii").split()
            return float(began), float(until)
        except (OSError, ValueError):
            return 0.0, 0.0


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if isinstance(error, BlockingIOError):
            return False
        # A file system without locks: the pace still holds.
    return True
