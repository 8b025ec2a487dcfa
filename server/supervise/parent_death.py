"""Ends a child process when its parent ends, even when the parent is killed.

On Linux the kernel does it: PR_SET_PDEATHSIG, which survives exec (see prctl(2)). Elsewhere the child runs under a
small watcher, this file as a program (`python -m server.supervise.parent_death PARENT COMMAND...`).
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
GRACE = 10.0  # seconds between SIGTERM and SIGKILL
POLL_INTERVAL = 0.5  # seconds between two checks of the parent
_IN_KERNEL = sys.platform == "linux"


def spawn(
    argv: Sequence[str], environ: Mapping[str, str], *, in_kernel: bool = _IN_KERNEL, output: int | None = None
) -> subprocess.Popen[bytes]:
    """Start `argv` in this process group; it gets SIGTERM when this process ends, however it ends."""
    if not in_kernel:
        argv = [sys.executable, "-m", __name__, str(os.getpid()), *argv]
    # A function between fork and exec is unsafe only with other threads, and a supervisor has none.
    before_exec = _parent_death_signal() if in_kernel else None
    return subprocess.Popen(
        argv,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=output,
        preexec_fn=before_exec,  # noqa: PLW1509
    )


def die_with_parent() -> None:
    """Have the calling process end with its parent."""
    if _IN_KERNEL:
        _parent_death_signal(os.getppid())()
    else:
        threading.Thread(target=_watch, args=(os.getppid(), _end_self), daemon=True).start()


def _parent_death_signal(parent: int | None = None) -> Callable[[], None]:
    """Return the function that a child calls to get SIGTERM at the end of `parent`, by default this process."""
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork, to do as little as possible after it
    parent = os.getpid() if parent is None else parent

    def set_signal() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent ended before the signal was set
            os._exit(1)

    return set_signal


def _watch(parent: int, end: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_INTERVAL)
    end()


def _end_self() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os.kill(os.getpid(), signal.SIGKILL)


def _run_watched(parent: int, argv: Sequence[str]) -> int:
    """Run `argv`, forward signals to it, end it when `parent` ends; return its exit status."""
    child = subprocess.Popen(argv)

    def forward(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, forward)
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
