"""A real HTTP proxy before the real server, which misbehaves on command."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML = b"<!doctype html><title>Sign in</title><h1>Please sign in to this network</h1>"
# Longer than the extension waits for any answer.
SILENCE_S = 17
OWN_WORDS = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _serve(self) -> None:
        proxy = self.server.proxy
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mood = proxy.mood
        if mood != "well" and self.command == "OPTIONS" and proxy.readable:
            return self._answer(204, b"", "text/plain")
        proxy.met[mood] += 1
        with suppress(OSError):
            MOODS[mood](self)
        return None

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815

    def _ask(self) -> tuple[int, list[tuple[str, str]], bytes] | None:
        """Ask the server; None where it does not answer."""
        connection = HTTPConnection("127.0.0.1", self.server.proxy.port_behind, timeout=60)
        try:
            connection.request(self.command, self.path, self.body or None, dict(self.headers.items()))
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()
        if self.command == "POST" and self.path == "/v1/events" and answer.status == 200:
            self.server.proxy.note(json.loads(body)["results"])
        return answer.status, [(k, v) for k, v in answer.getheaders() if k.lower() not in OWN_WORDS], body

    def pass_on(self) -> None:
        answer = self._ask()
        if answer is None:
            return self._answer(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
        status, headers, body = answer
        return self._send(status, headers, body, len(body))

    def _answer(self, status: int, body: bytes, kind: str, **more: str) -> None:
        """Answer ourselves, so that the extension may read it or, as from most proxies, may not."""
        headers = [("Content-Type", kind), *((name.replace("_", "-"), value) for name, value in more.items())]
        origin = self.headers.get("Origin")
        if origin and self.server.proxy.readable:
            headers += [
                ("Access-Control-Allow-Origin", origin),
                ("Access-Control-Allow-Headers", "Authorization, Content-Type, Inkling-Client"),
                ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
                ("Access-Control-Expose-Headers", "Retry-After"),
            ]
        self._send(status, headers, body, len(body))

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes, length: int) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def slow(self) -> None:
        time.sleep(1.5)
        self.pass_on()

    def silent(self) -> None:
        until = time.monotonic() + SILENCE_S
        while time.monotonic() < until and self.server.proxy.mood == "silent":
            time.sleep(0.1)
        self.hang_up()

    def failing(self) -> None:
        self._answer(500, b'{"error": {"code": "internal", "message": "It broke."}}', "application/json")

    def limited(self) -> None:
        self._answer(429, b'{"error": {"code": "rate_limited"}}', "application/json", Retry_After="2")

    def garbage(self) -> None:
        self._answer(200, os.urandom(2000), "application/json")

    def html(self) -> None:
        self._answer(200, HTML, "text/html; charset=utf-8")

    def wrong(self) -> None:
        """JSON, but not what was asked for."""
        self._answer(200, b'{"results": [], "status": "welcome"}', "application/json")

    def cut(self) -> None:
        """The server hears and does; its answer is lost."""
        self._ask()
        self.hang_up()

    def half(self) -> None:
        """Half of the server's answer comes, then nothing."""
        answer = self._ask()
        if answer:
            status, headers, body = answer
            self._send(status, headers, body[: len(body) // 2], len(body))
        self.hang_up()

    def hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


MOODS: dict[str, Callable[[_Handler], None]] = {
    "well": _Handler.pass_on,
    "slow": _Handler.slow,
    "silent": _Handler.silent,
    "500": _Handler.failing,
    "429": _Handler.limited,
    "garbage": _Handler.garbage,
    "html": _Handler.html,
    "wrong": _Handler.wrong,
    "cut": _Handler.cut,
    "half": _Handler.half,
}


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    proxy: Proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that is killed half-way is no news."""


class Proxy:
    """`mood` is what it does with each request; `readable` whether the extension may read what it says itself."""

    def __init__(self, port_behind: int) -> None:
        self.port_behind = port_behind
        self.mood, self.readable = "well", True
        # How many requests met each mood, and what the server itself said of each event, whether that arrived or not.
        self.met: Counter[str] = Counter()
        self.verdicts: dict[str, Counter[str]] = {}
        self._lock = threading.Lock()
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.proxy = self
        threading.Thread(target=self._listener.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def note(self, results: list[dict]) -> None:
        with self._lock:
            for one in results:
                self.verdicts.setdefault(one["id"], Counter())[one["status"]] += 1

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()
