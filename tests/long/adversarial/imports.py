"""Files that no export is, given to `POST /v1/me/import`; and exports that were damaged, drawn by a seed."""

from __future__ import annotations

import gzip
import json
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.long.adversarial.target import Reader, Tried, fault, resident, target
from tests.server.inkling_process import Up

KIND = "hostile imports"
FIGURE = "MB that the server's largest process has grown by"
MB = 2**20
MOST_GROWN = 64.0  # MB: of the largest file allowed, and of far less memory than a file read whole takes
HEAD = {"format": "inkling-export", "version": 1}
MARK = "kept by the other reader"


def export(**parts: Any) -> bytes:
    return json.dumps(HEAD | parts).encode()


def event(**parts: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "kind": "open", "paper": "2401.00001", "at": "2026-11-20T08:15:00Z"} | parts


def text(inner: str) -> bytes:
    """An export with this as the value of a member."""
    return ('{"format": "inkling-export", "version": 1, "events": ' + inner + "}").encode()


FILES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "no text": bytes(range(256)) * 100,
    "NUL bytes": bytes(10_000),
    "lists in lists, 1,000,000 deep": text("[" * 1_000_000),
    "lists in lists, closed": text("[" * 100_000 + "]" * 100_000),
    "objects in objects": text('[{"a":' * 200_000),
    "an entry nested 900 deep": text("[" + "[" * 900 + "]" * 900 + "]"),
    "a number of a million digits": text("[" + "9" * 1_000_000 + "]"),
    "a number of 4,000 digits": text("[" + "9" * 4_000 + "]"),
    "a number beyond all": text('[{"position": 1e999999}]'),
    "a version beyond all": b'{"format": "inkling-export", "version": 1e400}',
    "a version that is true": b'{"format": "inkling-export", "version": true}',
    "NaN": text("[NaN]"),
    "Infinity": text('[{"position": -Infinity}]'),
    "one string of 20 MB": text('["' + "x" * 20 * MB + '"]'),
    "one key of 10 MB": text('[{"' + "k" * 10 * MB + '": 1}]'),
    "one string of 7 MB": text('["' + "x" * 7 * MB + '"]'),
    "a string without an end": text('["' + "x" * 5 * MB),
    "20 MB of escapes": text('["' + r"\u0041" * (20 * MB // 6) + '"]'),
    "20 MB of white space": text(" " * 20 * MB + "[]"),
    "20 MB of commas": text("[" + "," * 20 * MB),
    "a million empty entries": text("[" + "{}," * 1_000_000 + "{}]"),
    "a million keys": b'{"format": "inkling-export", "version": 1'
    + b"".join(b', "k%d": 0' % number for number in range(500_000))
    + b"}",
    "NUL in strings": export(
        events=[event(kind="op\0en", paper="2401\0.00001")], papers=[{"id": "2401.00001", "title": "a\0b"}]
    ),
    "half of a surrogate pair": text(r'[{"id": "\ud800", "kind": "\udfff", "paper": "\ud83d"}]'),
    "surrogates in UTF-8": text('["') + b"\xed\xa0\x80" + b'"]}',
    "the same keys twice": b'{"format": "x", "format": "inkling-export", "version": 2, "version": 1, "events": 7}',
    "events thrice": b'{"format": "inkling-export", "version": 1, "events": [], "events": [], "events": []}',
    "the format last": b'{"events": [{}], "version": 1, "format": "inkling-export"}',
    "a byte order mark": b"\xef\xbb\xbf" + export(events=[event()]),
    "UTF-16": export(events=[event()]).decode().encode("utf-16"),
    "UTF-16 cut in a letter": export(events=[event()]).decode().encode("utf-16")[:-1],
    "UTF-32": export(events=[event()]).decode().encode("utf-32"),
    "two marks": b"\xef\xbb\xbf\xef\xbb\xbf" + export(),
    "more behind the end": export() + b"{}",
    "wrong types everywhere": export(
        events=[1, None, [], "x", {}, {"id": []}], papers=[1, None], library=[0, {"paper": {}}]
    ),
    "members of the wrong type": export(events={}, papers="x", library=3, settings=[]),
    "settings of the wrong type": export(settings={"interests": {"a": 1}, "muted": 3}),
    "a setting of 5 MB": export(settings={"interests": ["x" * 5 * MB]}),
    "a million interests": export(settings={"interests": ["x"] * 1_000_000}),
    "a note of 5 MB": export(library=[{"paper": "2401.00001", "note": "n" * 5 * MB, "tags": [], "read": False}]),
    "a million tags": export(library=[{"paper": "2401.00001", "note": None, "tags": ["t"] * 1_000_000, "read": False}]),
    "dates beyond all": export(
        events=[event(at=at) for at in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "x" * 9000)]
    ),
    "cards without end": export(papers=[{"id": "2401.00001", "authors": ["A"] * 100_000}] * 3),
    "one id a thousand times": export(
        events=[event(id="00000000-0000-4000-8000-000000000000", position=at) for at in range(1000)]
    ),
}
LARGE: dict[str, Any] = {
    "64 MB of events": lambda: filled(64 * MB - 200),
    "more than 64 MB": lambda: filled(66 * MB),
    "64 MB of nothing but digits": lambda: text("[" + "1" * (64 * MB - 200) + "]"),
}


def filled(size: int) -> bytes:
    one = json.dumps(event(kind="none of ours", page="x" * 2000)).encode()
    head = json.dumps(HEAD).encode()[:-1] + b', "events": ['
    return head + b",".join([one] * ((size - len(head)) // (len(one) + 1))) + b"]}"


def damaged(dice: random.Random, whole: bytes) -> bytes:
    """An export with some of it cut, doubled, swapped or overwritten."""
    body = bytearray(whole)
    for _ in range(dice.randint(1, 4)):
        at, length = dice.randrange(len(body)), dice.randint(1, 40)
        piece = bytes(body[at : at + length])
        kind = dice.randrange(5)
        if kind == 0:
            del body[at : len(body) if dice.random() < 0.2 else at + length]
        elif kind == 1:
            body[at:at] = piece * dice.randint(1, 50)
        elif kind == 2:
            body[at : at + length] = dice.randbytes(length)
        elif kind == 3:
            body[at : at + 1] = dice.choice([b'"', b"[", b"]", b"{", b"}", b",", b":", b"\\", b"1e9", b"\0", b"null"])
        else:
            body[at : at + length] = piece[::-1]
        body = body or bytearray(b"{")
    return bytes(body)


def members(quick: bool, dice: random.Random, folder: Path) -> Iterator[Tried]:
    """Yield what each file was answered and cost."""
    names = dice.sample(sorted(FILES), 14) if quick else sorted(FILES)
    with target(folder / "imports") as (up, operator):
        reader = operator.joined_by()
        operator.ask("/v1/library/2401.00009", {"note": MARK}, "PUT")
        reader.log("save", "2401.00002", title="A paper", abstract="Of words.", authors=["A. Uthor"])
        reader.ask("/v1/library/2401.00002", {"note": "a note", "tags": ["one"]}, "PUT")
        whole = reader.send("GET", "/v1/me/export", b"")[1]
        for name in names:
            yield taken(up, operator, reader, name, FILES[name])
        for number in range(20 if quick else 200):
            yield taken(up, operator, reader, f"damaged, no. {number}", damaged(dice, whole))
        bomb = gzip.compress(bytes(100 * MB))
        yield taken(up, operator, reader, "gzip of 100 MB", bomb, Content_Encoding="gzip")
        for name in [] if quick else LARGE:
            yield taken(up, operator, reader, name, LARGE[name]())


def taken(up: Up, operator: Reader, reader: Reader, name: str, body: bytes, **headers: str) -> Tried:
    """Send one file, and look whether all is as it was for both readers."""
    before, began = resident(up), time.monotonic()
    try:
        status, answer = reader.send("POST", "/v1/me/import", body, **headers)
    except OSError as error:
        return Tried(name, broke=f"no answer: {type(error).__name__}: {error}")
    seconds, grown = time.monotonic() - began, max(0.0, (resident(up) - before) / MB)
    broke = fault(status, answer) or after(operator, reader)
    if not broke and grown > MOST_GROWN:
        broke = f"the server has grown by {grown:.0f} MB"
    seen = f"{len(body) / MB:.0f} MB: status {status} after {seconds:.0f} s" if len(body) > 30 * MB else ""
    return Tried(name, grown, seen, broke)


def after(operator: Reader, reader: Reader) -> str:
    """What is wrong once a file was taken or refused: all outputs still work, and the other reader has their own."""
    for path in ("/v1/me", "/v1/me/events?limit=200", "/v1/library", "/v1/recommendations"):
        status, answer = reader.ask(path)
        if status != 200:
            return f"{path} then answers {status}: {answer}"
    status, again = reader.send("GET", "/v1/me/export", b"")
    if status != 200 or json.loads(again)["format"] != HEAD["format"]:
        return f"the export then answers {status}"
    status, answer = reader.send("POST", "/v1/me/import", again)
    if status != 200 or json.loads(answer)["accepted"] or json.loads(answer)["rejected"]:
        return f"one's own export is then not taken whole: {status} {answer!r}"
    kept = operator.ask("/v1/library")[1]["items"]
    return "" if [one["note"] for one in kept] == [MARK] else f"the other reader has {kept}"
