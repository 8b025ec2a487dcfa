"""What can still be read in any file of a home once a reader has gone, or deleted a part of what was theirs."""

from __future__ import annotations

import random
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.long.adversarial import remnants
from tests.long.adversarial.imports import event, export
from tests.long.adversarial.target import Reader, Tried, target
from tests.server.inkling_process import Up, run, until

KIND = "deletion remnants"
FIGURE = "traces left in files"


def members(quick: bool, dice: random.Random, folder: Path) -> Iterator[Tried]:
    """Yield what was left of each reader."""
    ways: dict[str, Callable[[Reader, Reader, random.Random, str], None]] = {
        "a reader of a few papers": few,
        "a history that was imported": imported,
        "words changed again and again": rewritten,
    }
    for number, (name, live) in enumerate(ways.items()):
        if quick and live is not few:
            continue
        yield left(folder / f"remnants-{number}", name, live, dice, train=live is few and not quick)
    if not quick:
        yield among_many(dice.randrange(1000))
    yield from parts(folder / "remnants-parts")


def among_many(seed: int) -> Tried:
    """One of two readers with thousands of rows goes, two workers serving."""
    _, before, after, _ = remnants.run(seed)
    seen = f"{before.total()} traces before, {after.total()} after"
    return Tried("rows between another reader's", after.total(), seen, f"{dict(after)}" if after else "")


def left(
    home: Path, name: str, live: Callable[[Reader, Reader, random.Random, str], None], dice: random.Random, train: bool
) -> Tried:
    """Let a reader live and go, and look for their marks in all files: at once, after a stop, and after a start."""
    mark = f"zq{secrets.token_hex(6)}"
    with target(home) as (up, stays):
        leaving = stays.joined_by(f"{mark}device")
        me = leaving.ask("/v1/me")[1]
        live(leaving, stays, dice, mark)
        if train:
            agree(leaving, stays)
            done = run("train", home=home)
            name += ", after a training"
            assert done.returncode == 0, done.stderr
        traces = [mark, me["reader_id"], me["device_id"], leaving.token, me["feed_secret"]]
        before = sum(count for _, count in remains(home, [mark]))
        status, answer = leaving.ask("/v1/me", method="DELETE")
        if status != 204:
            return Tried(name, broke=f"DELETE /v1/me: {status} {answer}")
        until(lambda: not remains(home, traces), 5)  # a reader of the database may have been at it
        found = {"at once": remains(home, traces)}
        log = up.log
        still = stays.ask("/v1/library")[0]
    found["after the end"] = remains(home, traces)
    with Up(home):
        pass
    found["after another start"] = remains(home, traces)
    if mark in log.read_text(errors="replace"):
        found["in the log"] = [(log.name, 1)]
    wrong = "; ".join(f"{when}: {some}" for when, some in found.items() if some)
    if not before or still != 200:
        wrong += f"{before} traces before, and the other reader's library answers {still}"
    count = max(sum(count for _, count in some) for some in found.values())
    return Tried(name, count, f"{before} traces before, {count} after", wrong)


def remains(home: Path, traces: list[str]) -> list[tuple[str, int]]:
    """Return each file with how often one of the traces is in it, in UTF-8 or UTF-16, whatever the case."""
    wanted = [form for trace in traces for form in (trace.lower().encode(), trace.lower().encode("utf-16-le"))]
    found = []
    for path in sorted(home.rglob("*")):
        try:
            held = path.read_bytes().lower() if path.is_file() else b""
        except FileNotFoundError:  # one of those that come and go
            continue
        named = sum(trace.lower() in path.name.lower() for trace in traces)
        if count := named + sum(held.count(one) for one in wanted):
            found.append((path.relative_to(home).as_posix(), count))
    return found


def agree(*readers: Reader) -> None:
    """Give a training something to learn: papers of which two readers' pages say the same."""
    for reader in readers:
        for number in range(30):
            text = f"On subject {number % 7} and what is made of it"
            reader.log("open", f"2404.{number:05d}", title=text, abstract=f"{text}. " * 5)


def few(leaving: Reader, stays: Reader, dice: random.Random, mark: str) -> None:
    for number in range(5):
        paper = f"2401.{number:05d}"
        facts = {"title": f"{mark} {number}", "abstract": f"{mark}word " * 100, "authors": [f"{mark}author"]}
        leaving.log(dice.choice(["open", "save", "hide"]), paper, **facts)
        leaving.ask(f"/v1/library/{paper}", {"note": f"{mark} " * 300, "tags": [f"{mark}tag"]}, "PUT")
    leaving.ask("/v1/me", {"interests": [f"{mark}i"], "muted": [f"{mark}m"], "followed": [f"{mark}f"]}, "PATCH")
    leaving.ask("/v1/rank", {"papers": [{"id": "2402.00001", "title": f"{mark} shown", "abstract": mark}]})
    leaving.ask(f"/v1/papers?q={mark}query")
    leaving.ask("/v1/pairing-codes", {"reader": "me"})
    stays.ask("/v1/library/2403.00001", {"note": "mine"}, "PUT")


def imported(leaving: Reader, stays: Reader, dice: random.Random, mark: str) -> None:
    papers = [f"2405.{number:05d}" for number in range(3000)]
    cards = [{"id": paper, "title": f"{mark} {paper}", "abstract": f"{mark} " * 30} for paper in papers]
    words = [{"paper": paper, "tags": [f"{mark}tag"], "note": f"{mark} " * 20, "read": True} for paper in papers[::7]]
    body = export(events=[event(kind="save", paper=paper) for paper in papers], papers=cards, library=words)
    status, answer = leaving.send("POST", "/v1/me/import", body)
    assert status == 200, answer


def rewritten(leaving: Reader, stays: Reader, dice: random.Random, mark: str) -> None:
    for number in range(60):
        leaving.ask(f"/v1/library/2401.{number % 7:05d}", {"note": f"{mark} " * dice.randint(1, 900)}, "PUT")
        leaving.ask("/v1/me", {"interests": [f"{mark}{number}"] * dice.randint(1, 50)}, "PATCH")
        stays.ask(f"/v1/library/2401.{number % 5:05d}", {"note": "mine " * dice.randint(1, 900)}, "PUT")


def parts(home: Path) -> Iterator[Tried]:
    """What goes in parts: a device, an event, all that was logged. What is told to a device is asked of the rows."""
    mark = f"zq{secrets.token_hex(6)}"
    with target(home) as (up, operator):
        reader = operator.joined_by("kept")
        code = reader.ask("/v1/pairing-codes", {"reader": "me"})[1]["code"]
        other = Reader(up.url, "")
        made = other.ask("/v1/devices", {"name": f"{mark}device", "code": code})[1]
        status, _ = reader.ask(f"/v1/devices/{made['device_id']}", method="DELETE")
        gone = rows(home, f"{mark}device", made["device_id"])
        yield Tried(
            "a browser that was revoked", len(gone), broke="" if status == 204 and not gone else f"{status} {gone}"
        )
        reader.log("open", "2401.00001", title=f"{mark}title", abstract=f"{mark}abstract")
        event = reader.ask("/v1/me/events")[1]["items"][0]["id"]
        status, _ = reader.ask(f"/v1/me/events/{event}", method="DELETE")
        gone = rows(home, f"{mark}title", f"{mark}abstract", event)
        yield Tried(
            "an event that was deleted", len(gone), broke="" if status == 204 and not gone else f"{status} {gone}"
        )
        reader.log("open", "2401.00002", title=f"{mark}second")
        reader.ask("/v1/me", {"interests": [f"{mark}interest"]}, "PATCH")
        reader.ask("/v1/me/reset", {})
        gone = rows(home, f"{mark}second", f"{mark}interest")
        yield Tried("what was started over", len(gone), broke=f"{gone}" if gone else "")


def went(status: int, gone: list[tuple[str, Any]]) -> str:
    return "" if status == 204 and not gone else f"{status} {gone}"


def rows(home: Path, *traces: str) -> list[tuple[str, Any]]:
    """Return the rows of any table that hold a trace."""
    with closing(sqlite3.connect(home / "inkling.sqlite3")) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [
            (table, row)
            for table in tables
            for row in database.execute(f'SELECT * FROM "{table}"')
            if any(trace in str(value) for value in row for trace in traces)
        ]
