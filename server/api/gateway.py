"""Between granian and Flask: takes a request in whole, then gives it to a thread; RSGI on one side, WSGI on the other.

Threads are few, and one that waits for a slow sender answers nobody. So bodies are awaited on the event loop, where
waiting costs a socket and what has come so far; a thread begins when there is all of it to work on, and is done when
the answer is written, however slowly it is taken. A long answer is written piece by piece, as the receiver takes it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any, Protocol, TypeVar

from flask import Flask, request

from server.api.requests import largest_body
from server.errors import InklingError, TooSlow, Unavailable

MOST_BODIES = 512  # still being read, in one process
MOST_BYTES = 128 * 2**20  # of all bodies that are held, in one process
IN_MEMORY = 2**20  # of one body; what is longer goes to a file
PIECE = 2**18  # bytes of an answer; one that is longer is sent in such pieces
_REFUSAL = "inkling.refusal"
# The body is whole by now: how it was sent says nothing any more.
_OF_THE_TRANSFER = {"CONTENT_LENGTH", "TRANSFER_ENCODING", "HOST"}

Headers = list[tuple[str, str]]
T = TypeVar("T")


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


@dataclass
class Body:
    """A request's body, or why there is none; `Intake.forget` closes its file."""

    file: IO[bytes] = field(default_factory=lambda: tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
    size: int = 0
    refusal: InklingError | None = None


@dataclass
class Answer:
    """The application's answer: what there is of it, and where it is long, where the `rest` comes from."""

    status: int
    headers: Headers
    parts: Iterable[bytes]
    begun: bytes = b""
    rest: Iterator[bytes] | None = None

    def more(self) -> bytes:
        """Return the next piece of the rest, b"" at the end."""
        held: list[bytes] = []
        size = 0
        for part in self.rest or ():
            held.append(part)
            size += len(part)
            if size >= PIECE:
                break
        return b"".join(held)

    def close(self) -> None:
        """Let the application know that no more is wanted."""
        getattr(self.parts, "close", lambda: None)()


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
        with suppress(OSError):  # a full disk is told of once more
            body.file.close()

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
            answer = await self._in_a_thread(partial(self._call, environ))
        finally:
            self._intake.forget(body)
        if answer.rest:
            await self._send_in_pieces(protocol, answer)
        elif answer.begun:
            protocol.response_bytes(answer.status, answer.headers, answer.begun)
        else:
            protocol.response_empty(answer.status, answer.headers)

    async def _in_a_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def _send_in_pieces(self, protocol: Any, answer: Answer) -> None:
        """Send a long answer; between two pieces it holds no thread.

        What breaks off looks to HTTP as if it had ended there, so what is sent must itself say where it ends.
        """
        try:
            transport = protocol.response_stream(answer.status, answer.headers)
            piece = answer.begun
            while piece:
                await transport.send_bytes(piece)
                piece = await self._in_a_thread(answer.more)
        finally:
            await self._in_a_thread(answer.close)

    def _call(self, environ: dict[str, Any]) -> Answer:
        """Return the application's answer, in a thread of its own until all of it is there, or enough to begin with."""
        begun: list[tuple[int, Headers]] = []
        written: list[bytes] = []  # by WSGI's older way of answering, which nothing of ours uses

        def start(status: str, headers: Headers, _error: Any = None, /) -> Callable[[bytes], object]:
            begun[:] = [(int(status.partition(" ")[0]), headers)]
            return written.append

        parts: Iterable[bytes] = self._app(environ, start)
        answer = Answer(*begun[0], parts, rest=iter(parts))
        try:
            answer.begun = b"".join(written) + answer.more()
        except BaseException:
            answer.close()
            raise
        if len(answer.begun) < PIECE:
            answer.rest = None
            answer.close()
        return answer


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
