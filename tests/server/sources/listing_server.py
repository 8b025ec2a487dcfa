"""A real HTTP server on loopback that speaks as the listing's API and arXiv do, and misbehaves when told to."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, str], bytes]
# Pieces are sent as they are, and nothing after them: for what no well-behaved server would send.
Raw = bytes | Iterator[bytes]


class ListingServer(ThreadingHTTPServer):
    """`days` holds what each day lists, `papers` what the archive knows.

    `script` answers the next requests instead, one each; `quirk` answers any request for which it returns something.
    """

    daemon_threads = True

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.days: dict[str, list] = {}
        self.days_only = False  # whether its weeks, months and trending papers are empty
        self.papers: dict[str, str] = {}
        self.script: list[Callable[[], Answer | Raw]] = []
        self.quirk: Callable[[str, dict[str, str]], Answer | Raw | None] = lambda _path, _query: None
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.times: list[float] = []
        self.agents: set[str] = set()
        self.date: str | None = None  # what its clock shows, when that is not the time

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}"

    def listed(self, query: dict[str, str]) -> list:
        """The entries of a day, or of all days of a week or a month, or of all, as the API lists them."""
        if "date" in query:
            return self.days.get(query["date"], [])
        if self.days_only:
            return []
        if "week" in query:
            days = [day for day in self.days if date.fromisoformat(day).strftime("%G-W%V") == query["week"]]
        else:
            days = [day for day in self.days if day.startswith(query.get("month", ""))]
        found = [one for day in sorted(days, reverse=True) for one in self.days[day]]
        papers = [one for one in found if isinstance(one, dict) and isinstance(one.get("paper"), dict)]
        return sorted(papers, key=lambda one: -(one["paper"].get("upvotes") or 0)) if "sort" in query else papers

    def answer(self, path: str, query: dict[str, str]) -> Answer | Raw:
        if self.script:
            return self.script.pop(0)()
        if odd := self.quirk(path, query):
            return odd
        if path == "/api/daily_papers":
            entries = self.listed(query)
            start = int(query["p"]) * int(query["limit"])
            return 200, {}, json.dumps(entries[start : start + int(query["limit"])]).encode()
        known = [self.papers[name] for name in query["id_list"].split(",") if name in self.papers]
        return 200, {}, feed(*known)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query))
        self.server.times.append(time.monotonic())
        self.server.agents.add(self.headers["User-Agent"])
        answer = self.server.answer(parts.path, query)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if not isinstance(answer, tuple):
                self.close_connection = True
                for piece in [answer] if isinstance(answer, bytes) else answer:
                    self.wfile.write(piece)
                return
            status, headers, body = answer
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.server.date or super().date_time_string(timestamp)

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def listing_server(tls: ssl.SSLContext | None = None) -> Iterator[ListingServer]:
    server = ListingServer(tls)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def status(code: int, body: bytes = b"", **headers: str) -> Callable[[], Answer]:
    return lambda: (code, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def entry(paper_id: str, **facts: object) -> dict:
    """One entry as the listing's API gives it."""
    paper = {
        "id": paper_id,
        "title": f"Title of\n {paper_id}",
        "summary": f"Abstract of {paper_id} about retrieval and planning.",
        "authors": [{"_id": "1", "name": "Ada Lovelace", "hidden": False}, {"_id": "2", "name": "Alan Turing"}],
        "publishedAt": "2026-11-18T12:00:00.000Z",
        "upvotes": 7,
        **facts,
    }
    return {"paper": paper, "title": paper["title"], "numComments": 2, "organization": {"fullname": "An Institute"}}


ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom">
<title>ArXiv Query</title>{entries}</feed>"""
ATOM_ENTRY = """<entry><id>http://arxiv.org/abs/{id}v2</id><updated>2024-02-01T00:00:00Z</updated>
<published>2024-01-02T03:04:05Z</published><title>A  title
 of {id}</title><summary> An abstract. </summary><author><name>Ada Lovelace</name></author>
<author><name>Alan Turing</name></author><arxiv:primary_category term="cs.LG"/>
<category term="cs.LG" scheme="http://arxiv.org/schemas/atom"/><category term="stat.ML"/></entry>"""


def atom_entry(paper_id: str) -> str:
    return ATOM_ENTRY.format(id=paper_id)


def feed(*entries: str) -> bytes:
    return ATOM.format(entries="".join(entries)).encode()


def refuse_day(day: str, answer: Answer | Raw) -> Callable[[str, dict[str, str]], Answer | Raw | None]:
    """A listing that answers so for one day."""
    return lambda _path, query: answer if query.get("date") == day else None


def refuse_ids(*culprits: str, answer: Answer | Raw = (400, {}, b"")) -> Callable[..., Answer | Raw | None]:
    """An archive that answers so to any request in which one of these ids is named."""
    return lambda _path, query: answer if set(culprits) & set(query.get("id_list", "").split(",")) else None
