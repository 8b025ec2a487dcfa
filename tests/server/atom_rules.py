"""Atom feeds held to RFC 4287: its RELAX NG schema, and the rules of it that a schema cannot state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from defusedxml import ElementTree
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}"
SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).with_name("atom") / "atom.rng")))
# RFC 3339 in the form that RFC 4287 (3.3) asks for: upper case T and Z.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TAG = re.compile(r"<[^>]*>")


def problems(body: bytes, address: str) -> list[str]:
    """Return what is wrong with a feed that was fetched from `address`: what a feed validator would say."""
    document = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
    found = [] if SCHEMA.validate(document) else [str(error) for error in SCHEMA.error_log]
    entries = document.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    named = [document.findtext(f"{ATOM}id"), *ids]
    rules = {
        "an id twice": len(set(ids)) != len(ids),
        "an id that is no absolute IRI": any(":" not in (name or "") for name in named),
        "no author": document.find(f"{ATOM}author") is None
        and any(entry.find(f"{ATOM}author") is None for entry in entries),
        "an author without a name": any(not (name.text or "").strip() for name in document.iter(f"{ATOM}name")),
        "self is missing or elsewhere": _links(document, "self") != [address],
        "an entry without content or alternate": any(
            not _links(entry, "alternate") and entry.find(f"{ATOM}content") is None for entry in entries
        ),
        "two alternates of one type": any(len(_links(entry, "alternate")) > 1 for entry in entries),
        "a relative link": any("://" not in link.get("href") for link in document.iter(f"{ATOM}link")),
        "an empty title": any(not (title.text or "").strip() for title in document.iter(f"{ATOM}title")),
        "markup in plain text": any(
            element.get("type", "text") == "text" and TAG.search(element.text or "")
            for element in document.iter(f"{ATOM}subtitle")
        ),
        "two entries updated at one time": len({e.findtext(f"{ATOM}updated") for e in entries}) != len(entries),
        "an entry newer than its feed": any(
            (e.findtext(f"{ATOM}updated") or "") > (document.findtext(f"{ATOM}updated") or "") for e in entries
        ),
        "a time in another form": any(
            not MOMENT.fullmatch(moment.text or "")
            for moment in [*document.iter(f"{ATOM}updated"), *document.iter(f"{ATOM}published")]
        ),
    }
    return found + [rule for rule, broken in rules.items() if broken]


def _links(element: Any, rel: str) -> list[str]:
    return [link.get("href") for link in element.findall(f"{ATOM}link") if link.get("rel", "alternate") == rel]


def entries_of(body: bytes) -> dict[str, Any]:
    """Return id -> entry."""
    feed = ElementTree.fromstring(body)
    return {str(entry.findtext(f"{ATOM}id")): entry for entry in feed.findall(f"{ATOM}entry")}
