"""The wish to end, as signals bring it."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Ending:
    """Whether we were told to end, and a way to wait that a signal cuts short."""

    def __init__(self, wake: socket.socket) -> None:
        self.asked = False
        self._wake = wake

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`, or less when a signal comes."""
        if not self.asked and select.select([self._wake], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                self._wake.recv(4096)


@contextlib.contextmanager
def on_signals() -> Iterator[Ending]:
    """Turn SIGTERM, SIGINT and SIGHUP into a wish to end for the length of the block. Main thread only."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    ending = Ending(reading)

    def note(_number: int, _frame: FrameType | None) -> None:
        ending.asked = True

    # A hang-up that was ignored from the start (nohup) stays ignored.
    wanted = [number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in wanted}
    # Python writes to this socket from the signal itself, so that no signal can fall between a look and a wait.
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield ending
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()
