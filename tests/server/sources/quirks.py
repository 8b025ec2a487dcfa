"""What listings and archives have been seen to answer, or could: one thing each, for one day or for one paper."""

from __future__ import annotations

import gzip
import json

from tests.server.sources.listing_server import Answer, Raw, atom_entry, entry, feed

HTML = b"<!doctype html><title>sign in to the wifi</title>"
ERROR = b"""<entry><id>http://arxiv.org/api/errors#incorrect_id_format_for_x</id><title>Error</title>
<summary>incorrect id format for x</summary></entry>"""
LAUGHS = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><feed xmlns="http://www.w3.org/2005/Atom">&b;</feed>'


def listed(*entries: object) -> Answer:
    return 200, {}, json.dumps(entries).encode()


def raw(*lines: str, body: bytes = b"", first: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([first, *lines, "", ""]).encode() + body


def redirect(to: str) -> Answer:
    return 302, {"Location": to}, b""


# What one day of the listing answers; none of them is a list of papers.
DAY: dict[str, Answer | Raw] = {
    "400, for a day it holds to be in the future": (400, {}, b'{"error":"Invalid date: must be before yesterday"}'),
    "404": (404, {}, b'{"error":"no papers"}'),
    "403 in HTML": (403, {}, b"<h1>Forbidden</h1>"),
    "410": (410, {}, b""),
    "451": (451, {}, b""),
    "a status that is none": (799, {}, b"[]"),
    "HTML with 200": (200, {}, HTML),
    "an object for a list": (200, {}, b'{"papers": []}'),
    "null": (200, {}, b"null"),
    "nothing": (200, {}, b""),
    "no text": (200, {}, b"\xff\xfe\x00"),
    "deep nesting": (200, {}, b"[" * 200_000),
    "a number of 20,000 digits": (200, {}, b"[" + b"9" * 20_000 + b"]"),
    "a title that is null": listed(entry("2611.00001", title=None)),
    "a title of white space and controls": listed(entry("2611.00001", title="\n \0\x1b")),
    "a report that is on no archive": listed(entry("my-tech-report-2026")),
    "an id that is a list": listed(entry(["2611.00001"])),
    "an id of 100,000 digits": listed(entry("9" * 100_000)),
    "entries that are numbers": listed(1, 2, 3),
    "gzip that is none": (200, {"Content-Encoding": "gzip"}, b"[]"),
    "gzip in gzip": (200, {"Content-Encoding": "gzip, gzip"}, gzip.compress(gzip.compress(b"[]"))),
    "a packing nobody asked for": (200, {"Content-Encoding": "br"}, b"[]"),
    "gzip of 100 MB of brackets": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"[" * 100_000_000)),
    "a redirect to an internal host": redirect("http://169.254.169.254/latest/meta-data/"),
    "a redirect to a file": redirect("file:///etc/passwd"),
    "a redirect to an address that is none": redirect("http://[::1/"),
    "a reason with orders to a terminal": raw("Content-Length: 0", first="HTTP/1.1 400 \x1b[2J\x1b]0;owned\x07"),
}
# The same, where it is tried again before it is believed, which takes half a minute each.
GARBLED_DAY: dict[str, Answer | Raw] = {
    "500 in HTML": (500, {}, b"<h1>500</h1>"),
    "nothing sent and closed": b"",
    "cut off": raw("Content-Length: 400", body=b"[{"),
    "a broken chunk": raw("Transfer-Encoding: chunked", body=b"zzz\r\n[]\r\n"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "no status": b"HTTP/1.1 abc\r\n\r\n",
    "20,000 headers": raw(*[f"X-{number}: many" for number in range(20_000)], "Content-Length: 2", body=b"[]"),
}
# What is odd in a paper that can be used all the same.
ODD_ENTRIES: dict[str, dict] = {
    "a title with orders to a terminal": {"title": "\x1b]0;owned\x07\x1b[2JOdd \u202e \ufffe"},
    "a title of half a pair": {"title": "Odd \ud800"},
    "an abstract of 200,000 capitals": {"summary": "A" * 200_000},
    "authors that are none": {"authors": [None, 3, {"name": 3}, {"name": "\0"}, {"nom": "x"}]},
    "authors that are an object": {"authors": {"name": "x"}},
    "a date that is none": {"publishedAt": "soon"},
    "a date of the year 99999": {"publishedAt": "99999-01-01T00:00:00Z"},
    "upvotes below zero": {"upvotes": -1},
    "upvotes beyond all": {"upvotes": 10**30},
    "upvotes in words": {"upvotes": "many"},
    "everything null": {"summary": None, "authors": None, "publishedAt": None, "upvotes": None},
}
# What arXiv answers to any batch in which one paper is named.
BATCH: dict[str, Answer | Raw] = {
    "400 with an error feed": (400, {}, feed(ERROR.decode())),
    "200 with an error feed": (200, {}, feed(ERROR.decode())),
    "404": (404, {}, b""),
    "HTML with 200": (200, {}, HTML),
    "no XML": (200, {}, b"<feed"),
    "another XML": (200, {}, b"<rss/>"),
    "entities in entities": (200, {}, LAUGHS),
    "an encoding that is none": (200, {}, b'<?xml version="1.0" encoding="klingon"?><feed/>'),
    "deep nesting": (200, {}, b"<a>" * 100_000),
    "an entity of a file": (200, {}, b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed>&x;</feed>'),
    "a redirect to an internal host": redirect("http://127.0.0.1:1/"),
    "cut off": raw("Content-Length: 400", body=b"<feed"),
}
# What arXiv's entry for one paper holds, beside good ones.
ODD_ATOM: dict[str, str] = {
    "no summary": "<entry><id>http://arxiv.org/abs/{id}</id><title>A title</title></entry>",
    "no title": "<entry><id>http://arxiv.org/abs/{id}</id><summary>x</summary></entry>",
    "no id": "<entry><title>A title</title></entry>",
    "withdrawn": "<entry><id>http://arxiv.org/abs/{id}</id><title>A title</title>"
    "<summary>This paper has been withdrawn by the author.</summary></entry>",
    "another paper": atom_entry("9901.00001"),
}
