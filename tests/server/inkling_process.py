"""A real `inkling up` in a process group of its own, and what tests do to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def inkling(*arguments: str, home: Path, **environ: str) -> list[Any]:
    """Return what `subprocess` needs to run a command: its arguments and its keywords."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("INKLING_")}
    # Where the libraries were never compiled, every start would do so again, for longer than the rest of it takes.
    clean.pop("PYTHONDONTWRITEBYTECODE", None)
    ours = {"PYTHONPATH": str(ROOT), "INKLING_HOME": str(home), "INKLING_OFFLINE": "on"}
    # Most tests want a reader and do not care how they came in; those that do set it otherwise.
    env = {**clean, **ours, "INKLING_REGISTRATION": "first", **environ}
    return [[sys.executable, "-m", "server", *arguments], {"env": env}]


def run(*arguments: str, home: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    argv, keywords = inkling(*arguments, home=home, **environ)
    return subprocess.run(argv, **keywords, capture_output=True, text=True, timeout=120, check=False)


class Up:
    """`inkling up` on a home."""

    def __init__(self, home: Path, *arguments: str, before: Sequence[str] = (), **environ: str) -> None:
        self.home = home
        self.log = home.parent / f"{home.name}-{uuid.uuid4().hex[:6]}.log"
        argv, keywords = inkling("up", "--port", "0", *arguments, home=home, **{"INKLING_WORKERS": "1", **environ})
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*before, *argv], **keywords, stdout=log, stderr=log, start_new_session=True
            )
        until(lambda: self.state() or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.log.read_text()

    @property
    def inside(self) -> Path:
        """The home as its processes see it."""
        return self.home

    def state(self) -> dict[str, Any] | None:
        try:
            found = json.loads((self.inside / "run" / "state.json").read_text())
        except (OSError, ValueError):
            return None
        return found if found["pid"] == self.process.pid else None

    @property
    def url(self) -> str:
        state = self.state()
        assert state
        return str(state["url"])

    def children(self) -> dict[str, int]:
        found = json.loads((self.inside / "run" / "children.json").read_text())
        return {name: pid for name, (pid, _) in found.items()}

    def group(self) -> set[int]:
        """Return the processes of its group that live."""
        return members(self.process.pid)

    def kill_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def end(self) -> int:
        """Ask it to end and return its status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def __enter__(self) -> Up:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        assert until(lambda: not self.group(), 10), "something of it is still running"


def members(group: int) -> set[int]:
    """Return the living processes of a process group."""
    found = set()
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                fields = (process / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[2]) == group and fields[0] != "Z":
                found.add(int(process.name))
    return found


def until(true: Callable[[], Any], seconds: float) -> bool:
    """Wait until something is true; return whether it became so."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def call(url: str, path: str, body: Any = None, token: str | None = None, method: str | None = None) -> tuple[int, Any]:
    """Ask the API, by GET or with a body by POST where no method is named; return status and JSON."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            body, kind = answer.read() or b"null", answer.headers.get("Content-Type", "json")
            return answer.status, json.loads(body) if "json" in kind else body.decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")


def pair(url: str) -> str:
    """Make the first reader's device; return its token."""
    status, body = call(url, "/v1/devices", {"name": "a browser"})
    assert status == 201, body
    return str(body["token"])


def pair_with(url: str, code: str) -> str:
    """Pair a browser by a code; return its token."""
    status, body = call(url, "/v1/devices", {"name": "a browser", "code": code})
    assert status == 201, body
    return str(body["token"])


def log_open(url: str, token: str, paper: str) -> str:
    """Log that a paper was opened; return the event's id once the server has acknowledged it."""
    event = {"id": str(uuid.uuid4()), "kind": "open", "paper": paper, "at": "2026-11-20T08:15:00Z"}
    status, body = call(url, "/v1/events", {"events": [event]}, token)
    assert (status, body["results"][0]["status"]) == (200, "accepted"), body
    return event["id"]


def logged(url: str, token: str) -> list[str]:
    """Return the ids of what this reader has logged."""
    status, body = call(url, "/v1/me/events", token=token)
    assert status == 200, body
    return [event["id"] for event in body["items"]]
