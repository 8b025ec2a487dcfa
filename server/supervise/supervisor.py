"""`inkling up`: starts Valkey, the API, the trainer and the sources, and keeps them running until told to end."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote

from server.config import Settings
from server.home import make_private_folder
from server.supervise import valkey
from server.supervise.children import Child
from server.supervise.inkling_command import inkling_command, inkling_environment
from server.supervise.parent_death import spawn
from server.supervise.shutdown import Shutdown
from server.supervise.state import RunState

logger = logging.getLogger(__name__)

POLL_INTERVAL = 0.25  # seconds between two checks of the children
READY_TIMEOUT = 120.0  # seconds; a first start on a slow laptop imports a lot
SHUTDOWN_TIMEOUT = 15.0  # seconds, beside INKLING_DRAIN
VALKEY_TIMEOUT = 5.0  # seconds for Valkey to answer; the API starts without it


class PreparationFailed(Exception):
    """The command that prepares the home failed, and said why on stderr; `status` is its exit status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"preparing ended with status {status}")
        self.status = status


class StartTimeout(Exception):
    """The API did not answer in time; the log says why."""


class Supervisor:
    """Runs the children of one home until a shutdown is requested."""

    def __init__(self, settings: Settings, state: RunState, shutdown: Shutdown) -> None:
        self.settings = settings
        self.state = state
        self.shutdown = shutdown
        self.children: list[Child] = []

    def run(self, prepare: Sequence[str], when_ready: Callable[[Settings, str], None]) -> None:
        """Prepare the home, start everything, call `when_ready` once the API answers, and restart what ends.

        `prepare` are the arguments of the command that prepares the home; what it printed goes to `when_ready`. Raises
        PreparationFailed or StartTimeout.
        """
        try:
            printed = self._prepare(prepare)
            if not self.shutdown.requested:
                self._start_all()
                self._wait_until_ready()
            if not self.shutdown.requested:
                self.state.publish({"pid": os.getpid(), "pgid": os.getpgrp(), "url": self.settings.url})
                when_ready(self.settings, printed)
            while not self.shutdown.requested:
                self._check_children()
        finally:
            self._end_all()

    def _prepare(self, arguments: Sequence[str]) -> str:
        """Run an `inkling` command to its end and return what it printed."""
        process = spawn(inkling_command(*arguments), inkling_environment(self.settings), output=subprocess.PIPE)
        self.state.record_children({"preparation": process.pid})
        while process.poll() is None and not self.shutdown.requested:
            self.shutdown.wait(POLL_INTERVAL)
        if process.poll() is None:
            process.terminate()
        printed, _ = process.communicate()
        if process.returncode and not self.shutdown.requested:
            raise PreparationFailed(process.returncode)
        return printed.decode()

    def _start_all(self) -> None:
        if self.settings.redis_url is None:
            try:
                self._start_valkey()
            except OSError as error:
                logger.warning("Valkey cannot be started (%s); each process counts alone", error.strerror)
        for name, arguments in self._programs():
            self._start(Child(name, inkling_command(*arguments), inkling_environment(self.settings)))

    def _programs(self) -> list[tuple[str, list[str]]]:
        programs = [("API", ["serve"]), ("trainer", ["schedule"])]
        if not self.settings.offline:
            programs.append(("sources", ["ingest", "follow"]))
        if self.settings.smtp_url:
            programs.append(("mail", ["mail"]))
        return programs

    def _start(self, child: Child) -> None:
        child.start()
        self.children.append(child)
        self._note_children()

    def _note_children(self) -> None:
        self.state.record_children({child.name: child.pid for child in self.children if child.pid})

    def _start_valkey(self) -> None:
        """Start Valkey, where there is one; without it each process keeps its limits in its own memory."""
        program = valkey.find_server()
        if program is None:
            logger.warning("no Valkey or Redis server found; rate limits are kept by each process on its own")
            return
        folder = self.settings.home / "valkey"
        shutil.rmtree(folder, ignore_errors=True)  # earlier versions kept a file there
        make_private_folder(folder)
        sock = valkey.socket_path(self.state.folder)
        sock.unlink(missing_ok=True)
        environ = self.settings.child_environment()
        self._start(
            Child(
                "Valkey",
                valkey.command(program, folder, sock, self.state.folder / "valkey.log"),
                environ,
            )
        )
        deadline = time.monotonic() + VALKEY_TIMEOUT
        while not valkey.is_answering(sock) and time.monotonic() < deadline and not self.shutdown.requested:
            time.sleep(0.02)
        self.settings = replace(self.settings, redis_url=f"unix://{quote(str(sock))}")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_TIMEOUT
        while not self.shutdown.requested and not _healthy(self.settings):
            if time.monotonic() > deadline:
                raise StartTimeout(f"nothing answers at {self.settings.url} after {READY_TIMEOUT:.0f} s")
            self._check_children()

    def _check_children(self) -> None:
        """Wait an interval, or less when a signal comes; then restart what ended."""
        self.shutdown.wait(POLL_INTERVAL)
        if self.shutdown.requested:
            return
        self.state.retry_writes()
        changes = [child.restart_if_ended() for child in self.children]
        if any(changes):
            self._note_children()

    def _end_all(self) -> None:
        """End the children, Valkey after those that use it."""
        deadline = time.monotonic() + SHUTDOWN_TIMEOUT + self.settings.drain
        users = [child for child in self.children if child.name != "Valkey"]
        for group in (users, [child for child in self.children if child.name == "Valkey"]):
            for child in group:
                child.terminate()
            for child in group:
                child.wait_or_kill(deadline)
        self.state.clear()


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
