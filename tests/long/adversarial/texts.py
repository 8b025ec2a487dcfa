"""Strings that break what shows them, put into every text field of the API and followed through every output."""

from __future__ import annotations

import json
import random
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree as Xml

from tests.long.adversarial.target import Reader, Tried, fault, target
from tests.server.inkling_process import call, run

KIND = "hostile strings"
FIGURE = "answers and outputs that were wrong"
ORDERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
TAG = "<script>alert(1)</script>"
STRINGS: dict[str, str] = {
    "a tag": TAG,
    "a tag after a quote": f"'\"></title></style>{TAG}",
    "the end of CDATA": f"]]>{TAG}<![CDATA[",
    "entities": "&lt;script&gt; &#0; &#x1b; &unknown; &amp;amp;",
    "a template": "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} %s %(x)s %n {0}",
    "orders to a terminal": "\x1b[2J\x1b]0;owned\x07\x9b31m \x08\x7f",
    "the end of a line": "one\r\nSet-Cookie: owned=1\r\n\r\ntwo",
    "other ends of lines": "one\u2028two\u2029three\x85four\x0bfive\x0c",
    "right to left": "\u202eevil\u202c \u2066x\u2069 \u200f",
    "what XML cannot hold": "\ufffe \uffff \x01 \x1f \U0001ffff",
    "beyond the first plane": "𝔸𝕓 👩\u200d🔬 \U0010ffff \ue000",
    "combining marks": "Z" + "\u0301\u0323" * 45,
    "white space that is none of ASCII": "\u00a0\u2003 x \u3000\u200b\ufeff",
    "nothing but a joiner": "\u200d",
    "SQL": "'; DROP TABLE papers; -- %_\\",
    "a path": "../../../../etc/passwd\\..\\",
    "an address with a script": "javascript:alert(1)//https://x",
    "JSON": '\\"}],{"\\u0000": null}',
    "letters that fold": "İıſßẞﬁΣς",
    "NUL": "a\0b",
    "half of a surrogate pair": "a\ud800b",
}
PIECES = [*STRINGS.values(), *map(chr, (0xAD, 0x34F, 0x115F, 0xFFF9, 0xE0001, 0xFDD0, 0x7F)), "x", " ", "\n", "\t"]
REFUSED = re.compile("[\0\ud800-\udfff]")  # no database keeps them: 422, or that item alone


def members(quick: bool, dice: random.Random, folder: Path) -> Iterator[Tried]:
    """Yield what became of each string in all fields and outputs."""
    some = dict(dice.sample(sorted(STRINGS.items()), 6)) if quick else STRINGS
    drawn = {f"drawn, no. {at}": "".join(dice.choices(PIECES, k=5))[:90] for at in range(3 if quick else 40)}
    with target(folder / "texts", INKLING_REGISTRATION="open") as (up, operator):
        for number, (name, text) in enumerate((some | drawn).items()):
            status, made = call(up.url, "/v1/devices", {"name": text or "x"})
            refused = bool(REFUSED.search(text))
            if refused:
                broke = "" if status == 422 and made["error"]["field"] == "name" else f"its name: {status} {made}"
                made = call(up.url, "/v1/devices", {"name": "a browser"})[1]
            else:
                broke = "" if status == 201 else f"its name: {status} {made}"
            if broke:
                yield Tried(name, broke=broke)
                continue
            reader = Reader(up.url, made["token"])
            faults = [*given(reader, number, text, refused), *shown(reader, text, refused)]
            yield Tried(name, len(faults), broke="; ".join(faults)[:600])
        yield Tried("`inkling devices`, `pair` and the log, after all of them", broke=printed(up))
        yield pages(up.url, operator)


def given(reader: Reader, number: int, text: str, refused: bool) -> Iterator[str]:
    """Put the text into every field; yield what is wrong with the answers."""
    paper = f"2401.{number:05d}"
    card = {"id": paper, "title": text, "abstract": text, "authors": [text], "categories": [text], "organization": text}
    status, answer = reader.log("save", paper, **{name: value for name, value in card.items() if name != "id"})
    wanted = "rejected" if refused else "accepted"
    if status != 200 or [one["status"] for one in answer["results"] + answer["paper_results"]] != ["accepted", wanted]:
        yield f"events: {status} {answer}"
    # Neither opened nor saved, so that it is recommended, in the feed too.
    page = card | {"id": f"2402.{number:05d}", "abstract": "On attention in transformers."}
    bodies: list[tuple[str, str, Any]] = [
        ("PATCH", "/v1/me", {"interests": [text], "followed": [text], "muted": [text]}),
        ("PUT", f"/v1/library/{paper}", {"note": text, "tags": [text]}),
        ("POST", "/v1/rank", {"papers": [page]}),
    ]
    for method, path, body in bodies:
        status, answer = reader.ask(path, body, method)
        if status != (422 if refused else 200):
            yield f"{method} {path}: {status} {answer}"
    odd = [
        ("POST", "/v1/pairing-codes/whose", {"code": text}),
        ("POST", "/v1/events", {"events": [{"id": text, "kind": text, "paper": text, "at": text, "page": text}]}),
        ("POST", "/v1/client-reports", {"kind": text, "site": text, "page_kind": text, "version": text}),
        ("POST", "/v1/me/import", {"format": text, "version": text, text: text}),
    ]
    for method, path, body in odd:
        yield from filter(None, [broken(reader, method, path, json.dumps(body).encode())])
    there = quote(text, safe="", errors="surrogatepass")
    for path in (
        f"/v1/papers?q={there}",
        f"/v1/papers/{there}",
        f"/v1/library?cursor={there}",
        f"/{there}",
        f"/v1/me/events?paper={there}",
        f"/feeds/{there}.atom",
        f"/pages/{there}",
        f"/?{there}={there}",
    ):
        yield from filter(None, [broken(reader, "GET", path, b"")])


def broken(reader: Reader, method: str, path: str, body: bytes) -> str:
    try:
        status, answer = reader.send(method, path, body)
    except OSError as error:
        return f"{method} {path[:80]}: {type(error).__name__} {error}"
    if status < 400 and TAG.encode() in answer and b"<html" in answer:
        return f"{method} {path[:80]}: a tag stands in a page"
    return f"{method} {path[:80]}: {wrong}" if (wrong := fault(status, answer)) else ""


def shown(reader: Reader, text: str, refused: bool) -> Iterator[str]:
    """Follow the text through what the API tells; yield what is wrong."""
    me = reader.ask("/v1/me")[1]
    entry = reader.ask("/v1/library")[1]["items"][0]
    kept = [*me["interests"], *me["muted"], entry["note"], *entry["tags"], entry["paper"]["title"]]
    stripped = text.strip()
    # A topic's white space is put in order.
    if not refused and not {" ".join((one or "").split()) for one in kept} <= {" ".join(text.split()), ""}:
        yield f"what comes back differs from {text!r}: {kept!r}"
    whole = reader.send("GET", "/v1/me/export", b"")[1]
    exported = {str(one.get("title")) for one in json.loads(whole)["papers"]}
    if not refused and stripped and stripped not in exported:
        yield "it is not in the export"
    status, answer = reader.send("POST", "/v1/me/import", whole)
    if status != 200:
        yield f"one's own export is refused: {status} {answer!r}"
    yield from feed(me["feed_url"], empty=refused)


def feed(address: str, empty: bool) -> Iterator[str]:
    with urllib.request.urlopen(address, timeout=20) as answer:
        body = answer.read()
    try:
        tree = Xml.fromstring(body)
    except Xml.ParseError as error:
        yield f"the feed is no XML: {error}"
        return
    if (tree.find("{http://www.w3.org/2005/Atom}entry") is None) != empty:
        yield f"the feed has {'an' if empty else 'no'} entry"
    links = [node.get("href", "") for node in tree.iter("{http://www.w3.org/2005/Atom}link")]
    yield from (f"the feed links to {link}" for link in links if urlsplit(link).scheme not in {"http", "https"})


def printed(up: Any) -> str:
    """What the commands and the log print that a terminal would obey."""
    said = {"the log": up.log.read_text(errors="surrogateescape")}
    for arguments in (("devices",), ("pair", "--new"), ("devices", "--json")):
        done = run(*arguments, home=up.home)
        said[" ".join(arguments)] = done.stdout + done.stderr
        if done.returncode:
            return f"inkling {' '.join(arguments)}: {done.stderr}"
    wrong = [f"{name}: {found[0]!r}" for name, text in said.items() if (found := ORDERS.search(text))]
    wrong += [f"{name}: a traceback" for name, text in said.items() if "Traceback" in text]
    return "; ".join(wrong)


def pages(url: str, reader: Reader) -> Tried:
    """The pages for people hold nothing of what readers wrote, and let nothing run but their own files."""
    for path in ("/", "/pair", "/docs"):
        with urllib.request.urlopen(url + path, timeout=20) as answer:
            body, policy = answer.read().decode(), answer.headers.get("Content-Security-Policy", "")
        if TAG in body or "alert(1)" in body:
            return Tried(f"the page {path}", broke="a tag of a reader's is in it")
        if "script-src" not in policy and "default-src 'none'" not in policy:
            return Tried(f"the page {path}", broke=f"its policy lets scripts run: {policy!r}")
    return Tried("the pages /, /pair and /docs")
