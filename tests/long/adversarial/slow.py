"""Senders that take their time: many sockets of one kind, and what everybody else's requests see meanwhile."""

from __future__ import annotations

import random
import resource
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.long.adversarial.target import Reader, Tried, target
from tests.server.inkling_process import Up

KIND = "slow senders and readers"
FIGURE = "times the p99 of a normal request with nobody slow"
PLAIN = "nobody slow"
POST = b"POST /v1/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
GET = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SLOWER = 20.0  # times: the sockets themselves are work, and so is a machine that others use
Kind = tuple[bytes, bytes]  # what a socket begins with, and what it sends now and then

KINDS: dict[str, Kind] = {
    "silence": (b"", b""),
    "a byte of a request line": (b"P", b"O"),
    "headers without end": (POST % b"devices", b"X-More: 1\r\n"),
    "one long header": (POST % b"devices" + b"X-Long: ", b"x" * 16),
    "a body that never comes": (POST % b"devices" + b"Content-Length: 100000\r\n\r\n", b""),
    "a body, a byte at a time": (POST % b"events" + b"Content-Length: 100000\r\n\r\n", b"x"),
    "chunks without end": (POST % b"events" + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "a chunk's length without end": (POST % b"events" + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "an import, a byte at a time": (POST % b"me/import" + b"Content-Length: 60000000\r\n\r\n", b"["),
    "promised to go on": (POST % b"events" + b"Content-Length: 9000\r\nExpect: 100-continue\r\n\r\n", b""),
    "an answer not taken": (GET % b"openapi.json" + b"\r\n", b""),
    "eight requests, no answer taken": ((GET % b"openapi.json" + b"\r\n") * 8, b""),
    "a body with a GET": (GET % b"healthz" + b"Content-Length: 5000\r\n\r\n", b"x"),
}


def drawn(dice: random.Random) -> Kind:
    """A request cut off anywhere, of which the rest comes in crumbs."""
    head = POST % dice.choice([b"events", b"rank", b"devices", b"me/import", b"client-reports"])
    whole = head + dice.choice([b"Content-Length: 50000\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n5\r\n{"])
    return whole[: dice.randint(1, len(whole))], dice.choice([b"", b" ", b"\r\n", b"x", b"\x00"])


def members(quick: bool, dice: random.Random, folder: Path) -> Iterator[Tried]:
    """Yield what a normal request saw while many sockets of each kind were held."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    named = dice.sample(sorted(KINDS.items()), 2) if quick else sorted(KINDS.items())
    kinds = [*named, *((f"drawn, no. {number}", drawn(dice)) for number in range(1, 2 if quick else 6))]
    count, seconds = (50, 1.0) if quick else (400, 4.0)
    try:
        with target(folder / "slow") as (up, reader):
            plain = beside(up, reader, 0, (b"", b""), seconds)
            yield told(f"0: {PLAIN}", plain, plain)
            for name, kind in kinds:
                yield told(f"{count}: {name}", beside(up, reader, count, kind, seconds), plain)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def beside(up: Up, reader: Reader, count: int, kind: Kind, seconds: float) -> list[float | None]:
    """Return the seconds of each normal request, None for one that failed, while `count` sockets are held."""
    place, done = urlsplit(up.url), threading.Event()
    with ExitStack() as stack:
        held = []
        for _ in range(count):
            one = stack.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            one.settimeout(5)
            one.connect((place.hostname, place.port))
            one.sendall(kind[0])
            one.setblocking(False)
            held.append(one)
        dripping = threading.Thread(target=drip, args=(held, kind[1], done))
        dripping.start()
        try:
            return timed(reader, seconds)
        finally:
            done.set()
            dripping.join()


def drip(held: list[socket.socket], more: bytes, done: threading.Event) -> None:
    """Send a little on every socket now and then; those that were closed on us are the server's right."""
    while not done.wait(0.5):
        for one in held:
            try:
                one.send(more)
            except OSError:
                continue


def timed(reader: Reader, seconds: float) -> list[float | None]:
    """Ask as a browser does, for a while."""
    asked: list[Callable[[], tuple[int, object]]] = [
        lambda: reader.ask("/healthz"),
        lambda: reader.log("open", "2401.00001"),
        lambda: reader.ask("/v1/rank", {"papers": [{"id": "2401.00001", "title": "On attention"}]}),
        lambda: reader.ask("/v1/me/events?limit=1"),
    ]
    took: list[float | None] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends or len(took) < 20:
        began = time.monotonic()
        try:
            status, _ = asked[len(took) % len(asked)]()
        except OSError:
            status = 0
        took.append(time.monotonic() - began if status == 200 else None)
    return took


def told(name: str, took: list[float | None], plain: list[float | None]) -> Tried:
    good, usual = ([one for one in some if one is not None] for some in (took, plain))
    refused = len(took) - len(good)
    if not good:
        return Tried(name, 0.0, broke=f"all {refused} normal requests failed")
    times = [percentile(good, at) / percentile(usual, at) for at in (50, 99)]
    seen = (
        f"{len(took)} normal requests: p50 {1000 * statistics.median(good):.0f} ms, "
        f"p99 {1000 * percentile(good, 99):.0f} ms, {refused} refused"
    )
    return Tried(name, times[1], seen, broke=seen if refused or times[0] > SLOWER else "")


def percentile(values: list[float], part: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * part // 100)]
