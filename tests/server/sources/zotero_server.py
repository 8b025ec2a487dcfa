"""A real HTTP server on loopback that speaks as Zotero's web API does: keys, pages, its headers and refusals."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


def item(number: int, **data: Any) -> dict[str, Any]:
    """An item as `format=json` gives it."""
    key = f"ITEM{number:04d}"
    library = {"type": "user", "id": 475425, "name": "Somebody", "links": {}}
    facts = {"key": key, "version": number, "itemType": "preprint", "title": f"Item {number}", "creators": []}
    return {"key": key, "version": number, "library": library, "links": {}, "meta": {}, "data": {**facts, **data}}


class ZoteroServer(ThreadingHTTPServer):
    """`libraries` are user -> (key, items); `total` says whether answers have Total-Results besides Link.

    `script` holds (status, headers, body) for the next requests, one each.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.libraries: dict[str, tuple[str, list[dict[str, Any]]]] = {}
        self.total = True
        self.script: list[tuple[int, dict[str, str], bytes]] = []
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if self.script:
            return self.script.pop(0)
        _, _, user, *_ = path.split("/")
        if user not in self.libraries:
            return 404, {}, b"Not found"
        key, items = self.libraries[user]
        if headers.get("zotero-api-key") != key:
            return 403, {}, b"Forbidden"
        start, size = int(query["start"]), int(query["limit"])
        more = {"Last-Modified-Version": "1177", "Zotero-API-Version": "3"}
        if self.total:
            more["Total-Results"] = str(len(items))
        if start + size < len(items):
            following = f"{self.url}{path}?format=json&limit={size}&start={start + size}"
            more["Link"] = f'<{following}>; rel="next", <{self.url}{path}>; rel="last"'
        return 200, {"Content-Type": "application/json", **more}, json.dumps(items[start : start + size]).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ZoteroServer

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((parts.path, query, headers))
        status, more, body = self.server.answer(parts.path, query, headers)
        self.send_response(status)
        for name, value in {**more, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def zotero_server() -> Iterator[ZoteroServer]:
    """Run one for the block."""
    server = ZoteroServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
