"""How a request comes to the application, and what becomes of those that do not come whole."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request

from server.api import gateway
from server.api.gateway import Body, BodyReader, Gateway
from server.api.requests import MAX_BODY
from server.errors import Unavailable


@pytest.fixture
def _no_network() -> None:
    """Leave the sockets open: an event loop wakes itself by a pair of them."""


async def parts(*chunks: bytes, then: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    """Yield what a sender has sent so far, and wait with the end until `then` is set."""
    for chunk in chunks:
        yield chunk
    if then:
        await then.wait()
    yield b""


def read(seconds: float = 20, **caps: int) -> tuple[BodyReader, Callable[..., asyncio.Task[Body]]]:
    """Return a BodyReader and what begins to read a body with it."""
    reader = BodyReader(seconds, **caps)

    async def one(sent: AsyncIterator[bytes], keep: bool) -> Body:
        body = Body()
        await reader.read(sent, body, MAX_BODY)
        if not keep:
            reader.release(body)
        return body

    return reader, lambda sent, keep=False: asyncio.create_task(one(sent, keep))


def code(body: Body) -> str | None:
    return body.refusal.code if body.refusal else None


def test_the_oldest_of_too_many_gives_way() -> None:
    async def story() -> list[str | None]:
        end = asyncio.Event()
        _, begin = read(max_bodies=2)
        slow = [begin(parts(b"x", then=end)) for _ in range(4)]
        quick = await begin(parts(b"whole"))
        assert (code(quick), quick.size) == (None, 5)
        end.set()
        return [code(await one) for one in slow]

    assert asyncio.run(story()) == ["crowded", "crowded", "crowded", None]


def test_bodies_may_not_hold_more_than_their_share_of_memory() -> None:
    async def story() -> list[str | None]:
        end = asyncio.Event()
        reader, begin = read(max_bytes=100)
        slow = [begin(parts(b"x" * 40, then=end)) for _ in range(3)]
        await asyncio.sleep(0)
        whole = await begin(parts(b"x" * 50), keep=True)
        end.set()
        bodies = [await one for one in slow] + [whole]
        reader.release(whole)
        again = await begin(parts(b"x" * 100))
        return [code(body) for body in [*bodies, again]]

    assert asyncio.run(story()) == ["crowded", "crowded", None, None, None]


def test_a_body_larger_than_all_that_may_be_held_is_refused_and_forgotten() -> None:
    async def story() -> list[str | None]:
        _, begin = read(max_bytes=100)
        large = await begin(parts(b"x" * 60, b"x" * 60))
        return [code(large), code(await begin(parts(b"x" * 100)))]

    assert asyncio.run(story()) == ["crowded", None]


def test_a_body_that_takes_too_long_is_told_so() -> None:
    async def story() -> str | None:
        return code(await read(seconds=0.01)[1](parts(b"x", then=asyncio.Event())))

    assert asyncio.run(story()) == "too_slow"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_refuses_the_body_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> Body:
        return await read()[1](parts(b"x"))

    monkeypatch.setattr(gateway.tempfile, "SpooledTemporaryFile", lambda _size: open("/dev/full", "w+b"))  # noqa: SIM115
    refused = asyncio.run(story()).refusal
    assert refused
    assert "No space left" in refused.message


class Headers(dict[str, str]):
    """Headers as granian gives them: a name may have several lines."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        super().__init__(reversed(lines))
        self.lines = lines

    def items(self) -> Any:
        return list(self.lines)


@dataclass
class Asked:
    """A request as granian describes it."""

    headers: Headers = field(default_factory=Headers)
    method: str = "POST"
    path: str = "/seen"
    authority: str | None = None
    client: str = "192.0.2.7:4711"
    http_version: str = "1.1"
    server: str = "127.0.0.1:8765"
    scheme: str = "http"
    query_string: str = "q=1"


class Told:
    """The granian side of one request."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.response: tuple[int, dict[str, str], bytes] = (0, {}, b"")

    def __aiter__(self) -> AsyncIterator[bytes]:
        return parts(*self.chunks)

    def response_bytes(self, status: int, headers: list[tuple[str, str]], response: bytes) -> None:
        self.response = (status, dict(headers), response)

    def response_empty(self, status: int, headers: list[tuple[str, str]]) -> None:
        self.response_bytes(status, headers, b"")


def ask(scope: Asked, *chunks: bytes) -> tuple[int, dict[str, Any]]:
    """Return the status and what the application saw of a request."""
    app = Flask("seen")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    seen: dict[str, Any] = {}

    @app.route("/<path:path>", methods=["GET", "POST"])
    def look(path: str) -> Response:
        seen.update(path=path, body=request.get_data(), **request.environ)
        return Response("x" * 10)

    protocol = Told(*chunks)
    asyncio.run(Gateway(app, threads=1, body_seconds=20).__rsgi__(scope, protocol))
    return protocol.response[0], seen


@pytest.mark.parametrize(
    ("client", "address", "port"), [("192.0.2.7:1", "192.0.2.7", "1"), ("[2001:db8::1]:80", "2001:db8::1", "80")]
)
def test_who_asks_is_told_as_wsgi_has_it(client: str, address: str, port: str) -> None:
    status, seen = ask(Asked(client=client, path="/é%"))
    assert (status, seen["REMOTE_ADDR"], seen["REMOTE_PORT"], seen["path"]) == (200, address, port, "é%")


def test_lines_of_one_name_are_joined_and_names_that_could_pass_for_others_left_out() -> None:
    lines = [("host", "a"), ("host", "b"), ("x-forwarded-for", "1"), ("x-forwarded-for", "2"), ("x_forwarded_for", "3")]
    _, seen = ask(Asked(Headers(*lines)))
    assert (seen["HTTP_HOST"], seen["HTTP_X_FORWARDED_FOR"]) == ("a,b", "1,2")


def test_the_address_overrules_the_host_header() -> None:
    assert ask(Asked(Headers(("host", "127.0.0.1")), authority="inkling.example"))[1]["HTTP_HOST"] == "inkling.example"


@pytest.mark.parametrize("how", [("content-length", "6"), ("transfer-encoding", "chunked")])
def test_a_body_is_whole_however_it_came(how: tuple[str, str]) -> None:
    status, seen = ask(Asked(Headers(how)), b"abc", b"def")
    assert (status, seen["body"], seen["CONTENT_LENGTH"]) == (200, b"abcdef", "6")
    assert "HTTP_TRANSFER_ENCODING" not in seen


@pytest.mark.parametrize(
    ("how", "chunks"),
    [(("content-length", str(MAX_BODY + 1)), [b""]), (("transfer-encoding", "chunked"), [b"x" * 2**20] * 5)],
)
def test_a_body_that_is_too_long_is_not_taken(how: tuple[str, str], chunks: list[bytes]) -> None:
    assert ask(Asked(Headers(how)), *chunks)[0] == 413


def test_the_answer_to_head_says_how_long_it_would_be() -> None:
    app = Flask("head")
    app.add_url_rule("/seen", view_func=lambda: "x" * 10)
    protocol = Told()
    asyncio.run(Gateway(app, threads=1, body_seconds=20).__rsgi__(Asked(method="HEAD"), protocol))
    assert protocol.response[1]["Content-Length"] == "10"
    assert protocol.response[2] == b""


class Files(Told):
    """The granian side of a long answer: it opens the file, some time after it was told of it."""

    def response_file(self, status: int, headers: list[tuple[str, str]], path: str) -> None:
        self.opened = os.open(path, os.O_RDONLY)
        self.response_bytes(status, headers, b"")


def ask_long(parts: int, *, broken: type[Exception] | None = None) -> tuple[Files, list[str]]:
    """Return what granian was told of an answer of so many kilobytes, and how often its making ended."""
    app, ended = Flask("long"), list[str]()
    gateway.install(app)
    app.register_error_handler(Unavailable, lambda error: (error.message, 503))

    def write() -> Iterator[bytes]:
        try:
            for number in range(parts):
                yield b"%1000d" % number
            if broken:
                raise broken(28, "No space left on device")
        finally:
            ended.append("ended")

    app.add_url_rule("/seen", view_func=lambda: Response(write()))

    async def response() -> None:
        await Gateway(app, threads=1, body_seconds=20).__rsgi__(Asked(method="GET"), protocol)
        await asyncio.sleep(0.01)  # granian has opened the file by now, and ours is closed

    protocol = Files()
    asyncio.run(response())
    return protocol, ended


@pytest.fixture
def _opened_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "FILE_SECONDS", 0)


@pytest.mark.usefixtures("_opened_at_once")
@pytest.mark.parametrize("parts", [1, 1000, 5000])
def test_an_answer_is_whole_however_long_it_is(parts: int) -> None:
    protocol, ended = ask_long(parts)
    status, headers, response = protocol.response
    if parts == 5000:
        assert headers["Content-Length"] == "5000000"
        with os.fdopen(protocol.opened, "rb") as file:
            response = file.read()
    assert (status, ended, len(response)) == (200, ["ended"], parts * 1000)
    assert [int(response[at : at + 1000]) for at in range(0, len(response), 1000)] == list(range(parts))


def test_a_long_answer_that_breaks_off_is_an_error_and_not_half_an_answer() -> None:
    with pytest.raises(ValueError, match="No space"):
        ask_long(5000, broken=ValueError)


def test_an_answer_there_is_no_room_for_says_so() -> None:
    protocol, _ = ask_long(5000, broken=OSError)
    assert protocol.response[0] == 503
    assert b"No space left" in protocol.response[2]
