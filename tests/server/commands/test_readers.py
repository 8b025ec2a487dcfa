"""`inkling pair` and `inkling devices`."""

from __future__ import annotations

import json
import re

from server.demo import populate
from server.store import devices, readers


def test_pairing_is_for_the_only_reader_or_asks_whose(home, inkling):
    link, _, code = inkling("pair").splitlines()[0].partition("#")
    assert link == "http://127.0.0.1:8765/pair"
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", code)
    with home.writing() as session:
        one, _ = (readers.create(session, 1.0) for _ in range(2))
    assert "say --reader ID" in inkling("pair", status=2)
    assert json.loads(inkling("pair", "--reader", one, "--json"))["link"].startswith(f"{link}#")
    assert json.loads(inkling("pair", "--new", "--json"))["expires_at"].endswith("Z")
    assert "exclude each other" in inkling("pair", "--new", "--reader", one, status=2)
    assert "No reader nobody" in inkling("pair", "--reader", "nobody", status=1)


def test_a_link_says_whom_it_is_for(home, inkling):
    assert inkling("pair").splitlines()[-1] == "It is for a new reader, the operator of this server."
    with home.writing() as session:
        reader = readers.create(session, 0.0, operator=True)
        devices.create(session, reader, "Firefox\x1b[2J on Linux", "a hash", 0.0)
    told = f"It is for the next browser of reader {reader} (so far: Firefox[2J on Linux)."
    assert inkling("pair").splitlines()[-1] == told
    assert json.loads(inkling("pair", "--json"))["for"] == told
    assert inkling("pair", "--new").splitlines()[-1] == "It is for a new reader."
    with home.writing() as session:
        readers.create(session, 1.0)
    assert "several readers" in inkling("pair", status=2)
    assert inkling("pair", "--reader", reader).splitlines()[-1] == told


def test_devices_are_listed_and_revoked(home, inkling, monkeypatch):
    assert "No reader yet" in inkling("devices")
    monkeypatch.setattr(populate, "READERS", 1)
    inkling("demo", status=1)
    with home.writing() as session:
        reader = readers.create(session, 1.0)
    assert f"reader {reader}" in inkling("devices")
    assert json.loads(inkling("devices", "--json"))[0]["devices"] == []
    assert "no such device" in inkling("devices", "revoke", reader, "none", status=1)


def test_a_devices_name_gives_the_terminal_no_orders(home, inkling):
    hostile = "\x1b]0;owned\x07me\x1b[2J\nreader 42  since \u202enow\x9b"
    with home.writing() as session:
        reader = readers.create(session, 0.0)
        devices.create(session, reader, hostile, "a hash", 0.0)
    told = inkling("devices")
    assert "]0;ownedme[2J reader 42 since now  last seen" in told
    assert [letter for letter in told if not letter.isprintable()] == ["\n"] * 2
    assert json.loads(inkling("devices", "--json"))[0]["devices"][0]["name"] == hostile
