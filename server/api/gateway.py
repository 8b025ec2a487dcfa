"""Between granian (RSGI) and Flask (WSGI): reads a request completely, then handles it in a thread.

Threads are few, and one that waited for a slow sender would answer nobody. So bodies are read on the event loop, where
waiting costs a socket and the bytes received so far. A thread starts once the body is complete and is done when it has
written the response, however slowly the client reads it. A long response goes to a file, which granian sends as fast as
the client reads; granian's own streams would buffer all of it in memory.
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

MAX_BODIES = 512  # being read at once in one process
MAX_BYTES = 128 * 2**20  # of all the bodies held by one process
SPOOL_BYTES = 2**20  # of one body or response in memory; a longer one goes to a file
FILE_SECONDS = 60.0  # seconds to keep a response's file for granian, which opens it at once
_REFUSAL = "inkling.refusal"
# These describe the transfer of the body, which is complete.
_TRANSFER_HEADERS = {"CONTENT_LENGTH", "TRANSFER_ENCODING", "HOST"}

Headers = list[tuple[str, str]]


class Scope(Protocol):
    """A request as granian describes it."""

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
    return tempfile.SpooledTemporaryFile(SPOOL_BYTES)


@dataclass
class Body:
    """A request's body, or the reason it was refused; `BodyReader.release` closes its file."""

    file: IO[bytes] = field(default_factory=_spooled)
    size: int = 0
    refusal: InklingError | None = None


@dataclass
class Response:
    """The application's response; `Gateway` closes its file."""

    file: IO[bytes] = field(default_factory=_spooled)
    size: int = 0
    status: int = 500
    headers: Headers = field(default_factory=list)

    def write(self, parts: Iterable[bytes]) -> None:
        """Write the parts of the body. Raises OSError when the disk is full."""
        for part in parts:
            self.size += self.file.write(part)
        self.file.flush()
        self.file.seek(0)


class BodyReader:
    """Reads bodies within a time limit. When too many are being read, the oldest is refused."""

    def __init__(self, seconds: float, max_bodies: int = MAX_BODIES, max_bytes: int = MAX_BYTES) -> None:
        self._seconds, self._max_bodies, self._max_bytes = seconds, max_bodies, max_bytes
        self._in_progress: dict[asyncio.Timeout, Body] = {}  # the oldest first
        self._held_bytes = 0

    async def read(self, sent: Any, body: Body, wanted: int) -> None:
        """Fill `body` from the chunks of `sent`, to their end or until it has `wanted` bytes."""
        timer = asyncio.timeout(self._seconds)
        try:
            async with timer:
                self._in_progress[timer] = body
                self._evict_oldest()
                async for chunk in sent:
                    body.file.write(chunk)
                    body.size += len(chunk)
                    self._held_bytes += len(chunk)
                    self._evict_oldest()
                    if not chunk or body.size >= wanted:
                        break
                if timer not in self._in_progress:
                    raise TimeoutError
            body.file.seek(0)
        except TimeoutError:
            body.refusal = self._refusal(timer in self._in_progress)
        except OSError as error:
            body.refusal = Unavailable(f"The body could not be put aside ({error.strerror}); try again later.")
        finally:
            self._in_progress.pop(timer, None)

    def release(self, body: Body) -> None:
        """Close a body's file and stop counting its bytes."""
        self._held_bytes -= body.size
        _close(body.file)

    def _evict_oldest(self) -> None:
        """Refuse the oldest bodies, while too many bodies or bytes are held."""
        while len(self._in_progress) > self._max_bodies or (self._held_bytes > self._max_bytes and self._in_progress):
            oldest = next(iter(self._in_progress))
            body = self._in_progress.pop(oldest)
            self._held_bytes -= body.size
            body.size = 0
            if not oldest.expired():
                oldest.reschedule(asyncio.get_running_loop().time())

    def _refusal(self, late: bool) -> InklingError:
        if late:
            return TooSlow(f"The body took longer than {self._seconds:g} s to come; send less at once.")
        return Unavailable("Too many requests are being sent at once; try again shortly.", code="crowded")


class Gateway:
    """The application that granian calls."""

    def __init__(self, app: Flask, *, threads: int, body_seconds: float) -> None:
        self._app = app.wsgi_app
        self._threads = ThreadPoolExecutor(threads, "request")
        self._bodies = BodyReader(body_seconds)

    async def __rsgi__(self, scope: Scope, protocol: Any) -> None:
        """Answer a request."""
        body = Body()
        try:
            length = _content_length(scope)
            limit = largest_body(scope.path)
            if length is None or 0 < length <= limit:
                await self._bodies.read(protocol, body, length or limit + 1)
            environ = _wsgi_environ(scope, body, max(body.size, length or 0))
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._threads, self._answer, environ)
        finally:
            self._bodies.release(body)
        _send(protocol, response)

    def _answer(self, environ: dict[str, Any]) -> Response:
        """Return the application's response; runs in a thread until the response is complete."""
        try:
            return self._call(environ)
        except OSError as error:
            environ[_REFUSAL] = Unavailable(f"The answer could not be put aside ({error.strerror}); try again later.")
            return self._call(environ)

    def _call(self, environ: dict[str, Any]) -> Response:
        """Call the WSGI application. Raises OSError when the disk is full."""
        response = Response()

        def start(status: str, headers: Headers, _error: Any = None, /) -> Callable[[bytes], object]:
            response.status, response.headers = int(status.partition(" ")[0]), headers
            return _write

        parts: Iterable[bytes] = self._app(environ, start)
        try:
            response.write(parts)
        except BaseException:
            _close(response.file)
            raise
        finally:
            getattr(parts, "close", lambda: None)()
        return response


def _write(_: bytes) -> object:
    raise NotImplementedError("return the body from the application; WSGI's old write() is not supported")


def _send(protocol: Any, response: Response) -> None:
    """Hand a response to granian, and close its file once granian no longer needs it."""
    if response.size > SPOOL_BYTES:
        length = [] if any(name.lower() == "content-length" for name, _ in response.headers) else [response.size]
        headers = [*response.headers, *(("Content-Length", str(size)) for size in length)]
        protocol.response_file(response.status, headers, f"/dev/fd/{response.file.fileno()}")
        asyncio.get_running_loop().call_later(FILE_SECONDS, response.file.close)
        return
    with response.file as file:
        if response.size:
            protocol.response_bytes(response.status, response.headers, file.read())
        else:
            protocol.response_empty(response.status, response.headers)


def _close(file: IO[bytes]) -> None:
    with suppress(OSError):  # a full disk fails once more on closing
        file.close()


def install(app: Flask) -> None:
    """Raise the reason a body was refused inside Flask, so that it is answered like any other error."""
    app.before_request(_refuse)


def _refuse() -> None:
    refusal = request.environ.get(_REFUSAL)
    if refusal is not None:
        raise refusal


def _content_length(scope: Scope) -> int | None:
    """Return the announced length of the body in bytes, None when it is chunked."""
    if "transfer-encoding" in scope.headers:
        return None
    stated = scope.headers.get("content-length", "0")
    return int(stated) if stated.isdecimal() else 0


def _wsgi_environ(scope: Scope, body: Body, size: int) -> dict[str, Any]:
    """Return the WSGI environment; `size` is the body's length, or the announced one when the body was not read."""
    server, client = _split_address(scope.server), _split_address(scope.client)
    return {
        **_wsgi_headers(scope),
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


def _wsgi_headers(scope: Scope) -> dict[str, str]:
    """Return the headers by WSGI name, repeated ones joined; names with an _, which could pose as a -, are dropped."""
    found: dict[str, str] = {}
    for name, value in scope.headers.items():
        if "_" not in name:
            key = name.upper().replace("-", "_")
            found[key] = f"{found[key]},{value}" if key in found else value
    # The authority of an absolute request target overrides the header (RFC 9112, 3.2.2).
    host = scope.authority or found.get("HOST")
    kept = {
        key if key == "CONTENT_TYPE" else f"HTTP_{key}": found[key] for key in found if key not in _TRANSFER_HEADERS
    }
    return kept if host is None else {**kept, "HTTP_HOST": host}


def _split_address(text: str) -> tuple[str, str]:
    """Return (host, port) of `127.0.0.1:80` or `[::1]:80`."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), port
