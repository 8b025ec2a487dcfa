"""Between granian and Flask: takes a request in whole, then gives it to a thread; RSGI on one side, WSGI on the other.

Threads are few, and one that waits for a slow sender answers nobody. So bodies are awaited on the event loop, where
waiting costs a socket and what has come so far; a thread begins when there is all of it to work on, and is done when
the answer is written, however slowly it is taken. A long answer waits in a file, from which granian sends as much as
the receiver takes: a stream of granian's takes all that it is given at once, into memory.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, Protocol

from flask import Flask, request

from server.api.requests import largest_body
from server.errors import InklingError, TooSlow, Unavailable

MOST_BODIES = 512  # still being read, in one process
MOST_BYTES = 128 * 2**20  # of all bodies that are held, in one process
IN_MEMORY = 2**20  # of one body or answer; what is longer goes to a file
OPENED_WITHIN = 60.0  # seconds in which granian opens a file that it is to send; it does so at once
_REFUSAL = "inkling.refusal"
# The body is whole by now: how it was sent says nothing any more.
_OF_THE_TRANSFER = {"CONTENT_LENGTH", "TRANSFER_ENCODING", "HOST"}

Headers = list[tuple[str, str]]


class Scope(Protocol):
    """What granian says of a request."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: Any


def _spooled() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(IN_MEMORY)


@dataclass
class Body:
    """A request's body, or why there is none; `Intake.forget` closes its file."""

    file: IO[bytes] = field(default_factory=_spooled)
    size: int = 0
    refusal: InklingError | None = None


@dataclass
class Answer:
    """The application's answer; `Gateway` closes its file."""

    file: IO[bytes] = field(default_factory=_spooled)
    size: int = 0
    status: int = 500
    headers: Headers = field(default_factory=list)

    def take(self, parts: Iterable[bytes]) -> None:
        """Add parts of the answer. Raises OSError when there is no room for them."""
        for part in parts:
            self.size += self.file.write(part)
        self.file.flush()
        self.file.seek(0)


class Intake:
    """Reads bodies within a time and a limit. At too many at once, the one that takes longest gives way."""

    def __init__(self, seconds: float, most_bodies: int = MOST_BODIES, most_bytes: int = MOST_BYTES) -> None:
        self._seconds, self._most_bodies, self._most_bytes = seconds, most_bodies, most_bytes
        self._under_way: dict[asyncio.Timeout, Body] = {}  # the oldest first
        self._held = 0

    async def read(self, sent: Any, body: Body, enough: int) -> None:
        """Fill `body` from the chunks of `sent`, until their end or until it has `enough` bytes."""
        timer = asyncio.timeout(self._seconds)
        try:
            async with timer:
                self._under_way[timer] = body
                self._make_room()
                async for chunk in sent:
                    body.file.write(chunk)
                    body.size += len(chunk)
                    self._held += len(chunk)
                    self._make_room()
                    if not chunk or body.size >= enough:
                        break
                if timer not in self._under_way:
                    raise TimeoutError
            body.file.seek(0)
        except TimeoutError:
            body.refusal = self._why(timer in self._under_way)
        except OSError as error:
            body.refusal = Unavailable(f"The body could not be put aside ({error.strerror}); try again later.")
        finally:
            self._under_way.pop(timer, None)

    def forget(self, body: Body) -> None:
        """Give back what a body took."""
        self._held -= body.size
        _close(body.file)

    def _make_room(self) -> None:
        """End the reading that began first, while there are too many bodies or bytes."""
        while len(self._under_way) > self._most_bodies or (self._held > self._most_bytes and self._under_way):
            oldest = next(iter(self._under_way))
            body = self._under_way.pop(oldest)
            self._held -= body.size
            body.size = 0
            if not oldest.expired():
                oldest.reschedule(asyncio.get_running_loop().time())

    def _why(self, late: bool) -> InklingError:
        if late:
            return TooSlow(f"The body took longer than {self._seconds:g} s to come; send less at once.")
        return Unavailable("Too many requests are being sent at once; try again shortly.", code="crowded")


class Gateway:
    """The application as granian calls it."""

    def __init__(self, app: Flask, *, threads: int, body_seconds: float) -> None:
        self._app = app.wsgi_app
        self._threads = ThreadPoolExecutor(threads, "request")
        self._intake = Intake(body_seconds)

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answer a request."""
        body = Body()
        try:
            announced = _announced(scope)
            limit = largest_body(scope.path)
            if announced is None or 0 < announced <= limit:
                await self._intake.read(protocol, body, announced or limit + 1)
            environ = _environ(scope, body, max(body.size, announced or 0))
            loop = asyncio.get_running_loop()
            answer = await loop.run_in_executor(self._threads, self._answer, environ)
        finally:
            self._intake.forget(body)
        _send(protocol, answer)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        """Return the application's answer to a request, in a thread of its own until all of it is there."""
        try:
            return self._call(environ)
        except OSError as error:
            environ[_REFUSAL] = Unavailable(f"The answer could not be put aside ({error.strerror}); try again later.")
            return self._call(environ)

    def _call(self, environ: dict[str, Any]) -> Answer:
        """Call the application as WSGI has it. Raises OSError when there is no room for its answer."""
        answer = Answer()

        def start(status: str, headers: Headers, _error: Any = None, /) -> Callable[[bytes], object]:
            answer.status, answer.headers = int(status.partition(" ")[0]), headers
            return _write

        parts: Iterable[bytes] = self._app(environ, start)
        try:
            answer.take(parts)
        except BaseException:
            _close(answer.file)
            raise
        finally:
            getattr(parts, "close", lambda: None)()
        return answer


def _write(_: bytes) -> object:
    raise NotImplementedError("answer by what the application returns, not by WSGI's older write()")


def _send(protocol: Any, answer: Answer) -> None:
    """Hand an answer over to granian, and close its file as soon as that needs it no more."""
    if answer.size > IN_MEMORY:
        length = [] if any(name.lower() == "content-length" for name, _ in answer.headers) else [answer.size]
        headers = [*answer.headers, *(("Content-Length", str(size)) for size in length)]
        protocol.response_file(answer.status, headers, f"/dev/fd/{answer.file.fileno()}")
        asyncio.get_running_loop().call_later(OPENED_WITHIN, answer.file.close)
        return
    with answer.file as file:
        if answer.size:
            protocol.response_bytes(answer.status, answer.headers, file.read())
        else:
            protocol.response_empty(answer.status, answer.headers)


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # a full disk is told of once more
        file.close()


def install(app: Flask) -> None:
    """Answer a request whose body did not come as any other that is refused."""
    app.before_request(_refuse)


def _refuse() -> None:
    refusal = request.environ.get(_REFUSAL)
    if refusal is not None:
        raise refusal


def _announced(scope: Scope) -> int | None:
    """Return how long the body says it is; None when only its end will tell."""
    if "transfer-encoding" in scope.headers:
        return None
    stated = scope.headers.get("content-length", "0")
    return int(stated) if stated.isdecimal() else 0


def _environ(scope: Scope, body: Body, size: int) -> dict[str, Any]:
    """Return a WSGI environment; `size` is what the body has or, where it is too long to be taken, says it has."""
    server, client = _address(scope.server), _address(scope.client)
    return {
        **_headers(scope),
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": client[1],
        "SERVER_NAME": server[0],
        "SERVER_PORT": server[1],
        "SERVER_PROTOCOL": "HTTP/1.0" if scope.http_version == "1" else f"HTTP/{scope.http_version}",
        "CONTENT_LENGTH": str(size),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": body.file,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        _REFUSAL: body.refusal,
    }


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by their WSGI names, lines of one name joined; an _ in a name could pass for a -."""
    found: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" not in name:
            key = name.upper().replace("-", "_")
            found[key] = f"{found[key]},{value}" if key in found else value
    # An address with a host in it overrules the header (RFC 9112, 3.2.2).
    host = scope.authority or found.get("HOST")
    kept = {key if key == "CONTENT_TYPE" else f"HTTP_{key}": found[key] for key in found if key not in _OF_THE_TRANSFER}
    return kept if host is None else {**kept, "HTTP_HOST": host}


def _address(told: str) -> tuple[str, str]:
    """Return (host, port) of `127.0.0.1:80` or `[::1]:80`."""
    host, _, port = told.rpartition(":")
    return host.strip("[]"), port
