"""Whoever sends slowly, or takes the answer slowly, keeps nobody else waiting; real sockets against a real server."""

from __future__ import annotations

import json
import resource
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.server.inkling_process import Up, call, log_open, logged, pair, until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc to see what is left running"),
]
HEAD = b"POST /v1/devices HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module", autouse=True)
def _many_files() -> Iterator[None]:
    """Let this process hold as many sockets as the tests open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("ink") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def token(up: Up) -> str:
    return pair(up.url)


@contextmanager
def sockets(up: Up, count: int, begin: bytes, taken: int | None = None) -> Iterator[list[socket.socket]]:
    """Give connections that have sent `begin`; `taken` is how much of an answer they have room for."""
    place = urlsplit(up.url)
    with ExitStack() as stack:
        opened = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            if taken:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, taken)
            one.settimeout(20)
            one.connect((place.hostname, place.port))
            one.sendall(begin)
            opened.append(one)
        yield opened


def open_still(one: socket.socket) -> bool:
    """Whether the other side has neither answered nor gone away."""
    one.setblocking(False)
    try:
        one.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def read_all(one: socket.socket) -> bytes:
    """Return what comes until the other side closes the connection."""
    one.settimeout(20)
    parts = []
    while part := one.recv(65536):
        parts.append(part)
    return b"".join(parts)


SLOW: dict[str, tuple[bytes, bytes]] = {
    "headers that never end": (HEAD, b"X-More: 1\r\n"),
    "a body that never comes": (HEAD + b"Content-Length: 100000\r\n\r\n", b""),
    "a body of a byte now and then": (HEAD + b"Content-Length: 100000\r\n\r\n", b"x"),
    "pieces without end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
}


@pytest.mark.parametrize("count", [7, 50, 500])
@pytest.mark.parametrize("kind", SLOW)
def test_slow_senders_keep_nobody_waiting(up: Up, token: str, kind: str, count: int) -> None:
    begin, more = SLOW[kind]
    with sockets(up, count, begin) as slow:
        for round_ in range(3):
            for one in slow:
                one.sendall(more)
            paper = f"2401.{count:03d}{round_:02d}"
            assert call(up.url, "/healthz")[0] == 200
            assert log_open(up.url, token, paper) in logged(up.url, token)
        assert all(open_still(one) for one in slow), "they were not there while the others were answered"


@pytest.mark.parametrize("count", [7, 50, 500])
def test_slow_readers_keep_nobody_waiting(up: Up, token: str, count: int) -> None:
    with sockets(up, count, b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", taken=2048) as slow:
        assert until(lambda: not any(open_still(one) for one in slow), 20), "they had no answer to take slowly"
        assert call(up.url, "/healthz")[0] == 200
        assert log_open(up.url, token, f"2402.{count:05d}") in logged(up.url, token)


def test_a_long_answer_waits_in_a_file_for_those_who_take_it_slowly(up: Up, token: str) -> None:
    for _ in range(10):
        made = [
            {
                "id": str(uuid.uuid4()),
                "kind": "open",
                "paper": "2404.00001",
                "at": "2026-11-20T08:15:00Z",
                "page": "search",
            }
            for _ in range(500)
        ]
        assert call(up.url, "/v1/events", {"events": made}, token)[0] == 200
    ask = b"GET /v1/me/export HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    before = held(up)
    with sockets(up, 60, ask + f"Authorization: Bearer {token}\r\n\r\n".encode(), taken=2048) as slow:
        assert until(lambda: not any(open_still(one) for one in slow), 60), "they had no answer to take slowly"
        assert call(up.url, "/healthz")[0] == 200
        answer = read_all(slow[0]).partition(b"\r\n\r\n")[2]
        assert len(json.loads(answer)["events"]) >= 5000
        assert held(up) - before < 30 * len(answer), "half of what they have not taken is in memory"


def held(up: Up) -> int:
    """Return how many bytes of memory the largest process of a server has."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in up.group()]
    return max(pages) * resource.getpagesize()


def test_more_than_the_server_reads_at_once_cost_the_oldest_their_turn(up: Up, token: str) -> None:
    with sockets(up, 700, SLOW["a body that never comes"][0]) as slow:
        assert log_open(up.url, token, "2403.00001") in logged(up.url, token)
        gone = [not open_still(one) for one in slow]
        assert gone == sorted(gone, reverse=True), "another than the oldest had to go"
        assert 150 < sum(gone) < 250
        answer = read_all(slow[0])
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "crowded"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with Up(tmp_path_factory.mktemp("ink") / "home", INKLING_BODY_SECONDS="1") as found:
        yield found


@pytest.mark.parametrize("kind", [kind for kind in SLOW if "body" in kind or "pieces" in kind])
def test_a_body_has_its_time_and_no_more(hasty: Up, kind: str) -> None:
    begin, more = SLOW[kind]
    with sockets(hasty, 20, begin) as slow:
        sent = drip(slow[0], more, while_=lambda: open_still(slow[0]))
        for one in slow:
            answer = read_all(one)
            assert answer.startswith(b"HTTP/1.1 408 ")
            error = json.loads(answer.partition(b"\r\n\r\n")[2])["error"]
            assert (error["code"], bool(error["request_id"])) == ("too_slow", True)
    assert sent < 100, "bytes now and then kept it going"


def drip(one: socket.socket, more: bytes, while_: Callable[[], bool]) -> int:
    """Send a little now and then; return how often."""
    sent = 0
    while while_():
        one.sendall(more)
        sent += 1
        time.sleep(0.1)
    return sent


def test_slow_senders_do_not_keep_the_server_from_ending(tmp_path_factory: pytest.TempPathFactory) -> None:
    up = Up(tmp_path_factory.mktemp("ink") / "home")
    with sockets(up, 20, SLOW["a body that never comes"][0]):
        assert up.end() == 0
    assert until(lambda: not up.group(), 10)
