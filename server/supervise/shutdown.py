"""Shutdown on SIGTERM, SIGINT or SIGHUP."""

from __future__ import annotations

import contextlib
import select
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Shutdown:
    """Whether a shutdown was requested, and a wait that a signal cuts short."""

    def __init__(self, wake: socket.socket) -> None:
        self.requested = False
        self._wake = wake

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`, or less when a signal comes."""
        if not self.requested and select.select([self._wake], [], [], seconds)[0]:
            with contextlib.suppress(BlockingIOError):
                self._wake.recv(4096)


@contextlib.contextmanager
def shutdown_on_signals() -> Iterator[Shutdown]:
    """Within the block, turn SIGTERM, SIGINT and SIGHUP into a requested shutdown. Main thread only."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    shutdown = Shutdown(reading)

    def note(_number: int, _frame: FrameType | None) -> None:
        shutdown.requested = True

    # A SIGHUP that was ignored from the start (nohup) stays ignored.
    handled = [number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, note) for number in handled}
    # Python writes to this socket from the signal handler itself, so no signal is lost between a check and a wait.
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield shutdown
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()


@contextlib.contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Give an event that SIGTERM, SIGINT and SIGHUP set, for loops that stop between two pieces of work."""
    stop = threading.Event()
    over = threading.Event()
    with shutdown_on_signals() as shutdown:
        # A thread sets the event, because a signal handler may interrupt the very wait whose lock it would need.
        def pass_on() -> None:
            while not shutdown.requested and not over.is_set():
                shutdown.wait(0.5)
            stop.set()

        passing = threading.Thread(target=pass_on, daemon=True)
        passing.start()
        try:
            yield stop
        finally:
            over.set()
            passing.join()
