"""Ties a child process to its parent, so that nothing outlives a parent that was killed.

Linux does it in the kernel (PR_SET_PDEATHSIG survives exec). Elsewhere the child runs under this file as a small
program of its own (`python -m server.supervise.parent_death PARENT COMMAND...`) that watches for the parent's end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import FrameType

PR_SET_PDEATHSIG = 1
GRACE = 10.0  # seconds between asking and killing
POLL_INTERVAL = 0.5  # seconds between two looks at the parent
_IN_KERNEL = sys.platform == "linux"


def spawn(
    argv: Sequence[str], environ: Mapping[str, str], *, in_kernel: bool = _IN_KERNEL, output: int | None = None
) -> subprocess.Popen[bytes]:
    """Start `argv` in our process group; it gets SIGTERM when this process ends, however it ends."""
    if not in_kernel:
        argv = [sys.executable, "-m", __name__, str(os.getpid()), *argv]
    # A function between fork and exec is unsafe only beside other threads, which a supervisor has none of.
    before_exec = _parent_death_signal() if in_kernel else None
    return subprocess.Popen(
        argv,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        preexec_fn=before_exec,  # noqa: PLW1509
    )


def die_with_parent() -> None:
    """Tie the calling process, already running, to its parent."""
    if _IN_KERNEL:
        _parent_death_signal(os.getppid())()
    else:
        threading.Thread(target=_watch, args=(os.getppid(), _end_self), daemon=True).start()


def _parent_death_signal(parent: int | None = None) -> Callable[[], None]:
    """Return what a child calls to be ended with `parent` (this process when not given)."""
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: between fork and exec as little as possible
    parent = os.getpid() if parent is None else parent

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the tie held
            os._exit(1)

    return tie


def _watch(parent: int, end: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_INTERVAL)
    end()


def _end_self() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def _run_watched(parent: int, argv: Sequence[str]) -> int:
    """Run `argv`, hand on the signals we get, end it when `parent` ends; return its exit status."""
    child = subprocess.Popen(argv)

    def hand_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, hand_on)
    while child.poll() is None and os.getppid() == parent:
        time.sleep(POLL_INTERVAL)
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
    status = child.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(_run_watched(int(sys.argv[1]), sys.argv[2:]))
