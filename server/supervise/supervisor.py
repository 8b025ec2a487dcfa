"""`inkling up`: starts Valkey, the API, the trainer and the sources, and keeps them running until told to end."""

from __future__ import annotations

import logging
import os
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType

from server.config import Settings
from server.supervise import valkey
from server.supervise.children import Child
from server.supervise.state import RunState

logger = logging.getLogger(__name__)

TICK = 0.25  # seconds between two looks at the children
READY_WITHIN = 120.0  # seconds; a first start on a slow laptop imports a lot
END_WITHIN = 15.0
VALKEY_WITHIN = 5.0
WORN_OUT = 3  # crashes in a row after which Valkey's own files are taken to be the reason


class NeverAnswered(Exception):
    """The API did not come up; the log lines above say why."""


class Supervisor:
    """Runs the children of one home. `run` returns when SIGTERM, SIGINT or SIGHUP asked for the end."""

    def __init__(self, settings: Settings, state: RunState) -> None:
        self.settings = settings
        self.state = state
        self.children: list[Child] = []
        self._ending = False

    def run(self, when_ready: Callable[[Settings], None]) -> None:
        """Start everything, call `when_ready` once the API answers, and look after it until told to end."""
        with _signals_wake() as (wake, asked):
            self._asked = asked
            self._wake = wake
            try:
                self._start_all()
                self._wait_until_it_answers()
                if not asked():
                    self.state.publish({"pid": os.getpid(), "pgid": os.getpgrp(), "url": self.settings.url})
                    when_ready(self.settings)
                while not asked():
                    self._look_after()
            finally:
                self._end_all()

    def _start_all(self) -> None:
        if self.settings.redis_url is None:
            self._start_valkey()
        for name, arguments in self._programs():
            environ = {**self.settings.child_environment(), **_CALM}
            self._start(Child(name, [sys.executable, "-m", "server", *arguments], environ))

    def _programs(self) -> list[tuple[str, list[str]]]:
        programs = [("API", ["serve"]), ("trainer", ["schedule"])]
        if not self.settings.offline and not self.settings.demo:
            programs.append(("sources", ["ingest", "follow"]))
        return programs

    def _start(self, child: Child) -> None:
        child.start()
        self.children.append(child)
        self._note_children()

    def _note_children(self) -> None:
        self.state.note_children({child.name: child.pid for child in self.children if child.pid})

    def _start_valkey(self) -> None:
        """Start a Valkey of our own, if there is one to start; everything works without, in one process's memory."""
        program = valkey.find_server()
        if program is None:
            logger.warning("no Valkey or Redis server found; limits and trends are kept by each process on its own")
            return
        folder = self.settings.home / "valkey"
        folder.mkdir(mode=0o700, exist_ok=True)
        sock = valkey.socket_path(self.state.folder)
        sock.unlink(missing_ok=True)
        environ = self.settings.child_environment()
        self._start(Child("Valkey", valkey.command(program, folder, sock), environ, _wipe_when_worn_out(folder)))
        deadline = time.monotonic() + VALKEY_WITHIN
        while not valkey.answers(sock) and time.monotonic() < deadline and not self._asked():
            time.sleep(0.02)
        self.settings = replace(self.settings, redis_url=f"unix://{sock}")

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not self._asked() and not _healthy(self.settings):
            if time.monotonic() > deadline:
                raise NeverAnswered(f"nothing answers at {self.settings.url} after {READY_WITHIN:.0f} s")
            self._look_after()

    def _look_after(self) -> None:
        """Wait a tick, or less when a signal comes; then restart what ended."""
        select.select([self._wake], [], [], TICK)
        if self._asked():
            return
        changes = [child.look_after() for child in self.children]
        if any(changes):
            self._note_children()

    def _end_all(self) -> None:
        """End the children, the ones that use Valkey before Valkey."""
        deadline = time.monotonic() + END_WITHIN
        users = [child for child in self.children if child.name != "Valkey"]
        for group in (users, [child for child in self.children if child.name == "Valkey"]):
            for child in group:
                child.ask_to_end()
            for child in group:
                child.wait_or_kill(deadline)
        self.state.clear()


# One thread of linear algebra each: more of them only fight over the processors.
_CALM = {"OPENBLAS_NUM_THREADS": "1"}


@contextmanager
def _signals_wake() -> Iterator[tuple[socket.socket, Callable[[], bool]]]:
    """Give a socket that becomes readable on a signal, and a function that says whether the end was asked for."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    asked = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, note) for number in numbers}
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    try:
        yield reading, lambda: asked
    finally:
        signal.set_wakeup_fd(-1)
        for number, handler in before.items():
            signal.signal(number, handler)
        reading.close()
        writing.close()


def _wipe_when_worn_out(folder: Path) -> Callable[[int], None]:
    """Return what makes Valkey start empty after it crashed repeatedly: nothing in it is the only copy."""

    def wipe(crashes: int) -> None:
        if crashes >= WORN_OUT:
            logger.warning("Valkey keeps ending; it starts again with nothing remembered")
            shutil.rmtree(folder / "appendonlydir", ignore_errors=True)

    return wipe


def _healthy(settings: Settings) -> bool:
    host = settings.url.removeprefix("http://").rsplit(":", 1)[0].strip("[]")
    connection = HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
