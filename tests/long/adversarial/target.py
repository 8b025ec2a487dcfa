"""What is attacked: a real `inkling up` with its Valkey, in a home of its own; and how an attack's outcome is told."""

from __future__ import annotations

import http.client
import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.server.inkling_process import Up, call, pair

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Tried:
    """One member of a kind: its figure, what was seen in words, and what broke (nothing when empty)."""

    name: str
    figure: float = 0.0
    seen: str = ""
    broke: str = ""


@dataclass
class Reader:
    """A reader of the server, by the token of one of their browsers."""

    url: str
    token: str

    def ask(self, path: str, body: Any = None, method: str | None = None) -> tuple[int, Any]:
        return call(self.url, path, body, self.token, method)

    def send(self, method: str, path: str, body: bytes, **headers: str) -> tuple[int, bytes]:
        """Send bytes as they are; return the status and the answer's bytes."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=600)
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # refused before it was sent whole: the answer says why
                connection.request(method, path, body, given | {k.replace("_", "-"): v for k, v in headers.items()})
            answer = http.client.HTTPResponse(connection.sock, method=method)
            answer.begin()
            return answer.status, answer.read()
        finally:
            connection.close()

    def log(self, kind: str, paper: str, **card: Any) -> tuple[int, Any]:
        event = {"id": str(uuid.uuid4()), "kind": kind, "paper": paper, "at": "2026-11-20T08:15:00Z"}
        return self.ask("/v1/events", {"events": [event], "papers": [{"id": paper, **card}] if card else []})

    def joined_by(self, name: str = "a browser") -> Reader:
        """Another reader, by a code of this one's, who must be the operator."""
        code = self.ask("/v1/pairing-codes", {"reader": "new"})[1]["code"]
        status, made = call(self.url, "/v1/devices", {"name": name, "code": code})
        assert status == 201, made
        return Reader(self.url, made["token"])


@contextmanager
def target(home: Path, **environ: str) -> Iterator[tuple[Up, Reader]]:
    """Yield a running server and its operator. Limits of rate are off: what is tried is what gets past them."""
    with Up(home, **{"INKLING_RATE_LIMIT": "off", **environ}) as up:
        yield up, Reader(up.url, pair(up.url))


def cpu_seconds(up: Up) -> float:
    """Return the processor time that the server's processes have used."""
    used = 0
    for pid in up.group():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        used += int(fields[11]) + int(fields[12])
    return used / TICKS


def resident(up: Up) -> int:
    """Return the bytes of memory of the server's largest process."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in up.group()]
    return max(pages) * os.sysconf("SC_PAGE_SIZE")


def fault(status: int, body: bytes) -> str:
    """What is wrong with an answer, whatever was asked: a failure of the server's, or an error that is not told."""
    if status >= 500:
        return f"status {status}: {body[:200]!r}"
    if status < 400:
        return ""
    try:
        error = json.loads(body)["error"]
        return "" if error["code"] and error["message"] and error["request_id"] else f"an empty error: {error}"
    except (ValueError, KeyError, TypeError):
        return f"status {status} without an error in JSON: {body[:200]!r}"
