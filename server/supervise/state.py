"""The files of a run in HOME/run: its lock, its public state, and the children to end should it be killed."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from server.home import atomic_write, make_private_folder

logger = logging.getLogger(__name__)

GRACE = 5.0  # seconds between SIGTERM and SIGKILL


class AlreadyRunning(Exception):
    """Another `inkling up` holds this home."""


class RunState:
    """The run folder of one home. The process that holds its lock is the one that runs the home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._children = folder / "children.json"
        self._state = folder / "state.json"
        self._lock_file: int | None = None
        self._unwritten: dict[Path, dict[str, Any]] = {}
        self._warned: set[Path] = set()  # files of which a failed write was logged

    def lock(self) -> None:
        """Lock the home until this process ends. Raises AlreadyRunning."""
        make_private_folder(self.folder)
        # Not inherited: a child that outlives a killed run must not hold the home.
        descriptor = os.open(self.folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise AlreadyRunning from error
        self._lock_file = descriptor

    def read(self) -> dict[str, Any] | None:
        """Return the public state of the running server, None without one."""
        return _read_json(self._state)

    def publish(self, state: dict[str, Any]) -> None:
        """Write that the server answers; `state` holds at least `pid` and `url`."""
        self._write(self._state, state)

    def record_children(self, pids: dict[str, int]) -> None:
        """Write the pids of the children with their start times, for the next start should this process be killed."""
        self._write(self._children, {name: [pid, start_time(pid)] for name, pid in pids.items()})

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        self._unwritten[path] = content
        self.retry_writes()

    def retry_writes(self) -> None:
        """Write what could not be written before; a full disk must not end the supervisor."""
        for path, content in list(self._unwritten.items()):
            try:
                _write_json(path, content)
            except OSError as error:
                if path not in self._warned:
                    logger.warning("%s cannot be written (%s); trying again until it can", path, error.strerror)
                self._warned.add(path)
            else:
                del self._unwritten[path]
                self._warned.discard(path)

    def end_leftovers(self) -> list[str]:
        """End the children that a killed run left behind; return their names."""
        left = {
            name: pid
            for name, (pid, born) in (_read_json(self._children) or {}).items()
            if born and start_time(pid) == born
        }
        born = {pid: start_time(pid) for pid in left.values()}
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in _still_running(born):
                _send(pid, number)
            deadline = time.monotonic() + GRACE
            while _still_running(born) and time.monotonic() < deadline:
                time.sleep(0.05)
        self.clear()
        return sorted(left)

    def clear(self) -> None:
        """Remove the state and the list of children: nothing runs any more."""
        self._unwritten.clear()
        self._state.unlink(missing_ok=True)
        self._children.unlink(missing_ok=True)


def start_time(pid: int) -> str | None:
    """Return a mark of when process `pid` started, None when it is gone.

    The pid alone may by now belong to another program, which must not be ended.
    """
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            return None
        return None if fields[0] == "Z" else fields[19]
    command = [shutil.which("ps") or "/bin/ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or None


def _still_running(born: dict[int, str | None]) -> list[int]:
    return [pid for pid, mark in born.items() if mark and start_time(pid) == mark]


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with atomic_write(path) as file:
        file.write(json.dumps(content, indent=2) + "\n")
