"""A hostile listing and a hostile arXiv: every quirk at once, a good day or paper between any two, by the commands."""

from __future__ import annotations

import random
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.long.adversarial.target import Tried
from tests.server.inkling_process import inkling, run
from tests.server.sources.listing_server import Answer, ListingServer, Raw, atom_entry, entry, listing_server
from tests.server.sources.quirks import BATCH, DAY, GARBLED_DAY, ODD_ATOM, ODD_ENTRIES

KIND = "hostile sources"
FIGURE = "seconds of the longest command"
TODAY = datetime.now(UTC).date()
ORDERS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


class Home:
    """A home that is filled by commands."""

    def __init__(self, path: Path, source: ListingServer) -> None:
        self.path, self.source, self.longest = path, source, 0.0
        assert run("migrate", home=path).returncode == 0

    def ingest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        urls = {"INKLING_HF_URL": self.source.url, "INKLING_ARXIV_URL": self.source.url, "INKLING_OFFLINE": "off"}
        began = time.monotonic()
        argv, keywords = inkling("ingest", *arguments, home=self.path, **urls)
        done = subprocess.run(argv, **keywords, capture_output=True, text=True, timeout=1800, check=False)
        self.longest = max(self.longest, time.monotonic() - began)
        return done

    def query(self, statement: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(self.path / "inkling.sqlite3")) as database, database:
            return database.execute(statement, values).fetchall()

    def titled(self) -> set[str]:
        return {name for (name,) in self.query("SELECT id FROM papers WHERE title IS NOT NULL")}


def members(quick: bool, dice: random.Random, folder: Path) -> Iterator[Tried]:
    """Yield what became of each quirk and of its good neighbours."""
    days = DAY if quick else DAY | GARBLED_DAY
    some = dict(dice.sample(sorted(days.items()), 2)) if quick else dict(dice.sample(sorted(days.items()), len(days)))
    with listing_server() as source, listing_server() as arxiv, ThreadPoolExecutor() as pool:
        source.days_only = True  # so that nothing comes by another list
        home = Home(folder / "listing", source)
        # arXiv is asked once in three seconds.
        beside = None if quick else pool.submit(lambda: list(archive(Home(folder / "archive", arxiv), BATCH)))
        yield from listing(home, some)
        yield from odd_entries(home)
        yield from beside.result() if beside else ()
        yield Tried("the listing, all of it", home.longest)


def day(age: int) -> str:
    return (TODAY - timedelta(days=age)).isoformat()


def trouble(done: subprocess.CompletedProcess[str]) -> str:
    """What a command must not print, whatever its source sends."""
    said = done.stdout + done.stderr
    if "Traceback" in said:
        return f"a traceback: {said[-300:]}"
    return f"orders to a terminal: {said!r}"[:300] if ORDERS.search(said) else ""


def listing(home: Home, quirks: dict[str, Answer | Raw]) -> Iterator[Tried]:
    """Each quirk is one day's; the day before it is good. Then all is well, and the rest comes."""
    odd = {day(2 * at + 1): quirk for at, quirk in enumerate(quirks.values())}
    span = 2 * len(quirks) + 1
    names = {day(age): f"{2000 + age}.00001" for age in range(span)}
    home.source.days = {when: [entry(name)] for when, name in names.items()}
    home.source.quirk = lambda _path, query: odd.get(query.get("date", ""))
    first = home.ingest("hf", "--days", str(span))
    there = home.titled()
    home.source.quirk = lambda *_: None
    home.ingest("hf", "--days", str(span))
    after, said = home.titled(), trouble(first)
    good = [when for when in names if when not in odd and names[when] not in there]
    said = said or (f"good days that are not there: {good}; {first.stdout} {first.stderr}" if good else "")
    yield Tried(f"a listing with {len(quirks)} such days between good ones", broke=said)
    for (when, _), name in zip(odd.items(), quirks, strict=True):
        missing = names[when] not in after
        yield Tried(f"a day: {name}", broke=f"{when} is not there once the listing is well" if missing else "")


def odd_entries(home: Home) -> Iterator[Tried]:
    """Entries with odd facts are taken in with the rest of what they say."""
    names = {name: f"2500.{at:05d}" for at, name in enumerate(ODD_ENTRIES, 1)}
    entries = [entry(paper, **ODD_ENTRIES[name]) for name, paper in names.items()]
    home.query("DELETE FROM job_states")
    home.source.days = {day(0): entries}
    done = home.ingest("hf", "--days", "1")
    there = home.titled()
    for name, paper in names.items():
        yield Tried(f"an entry: {name}", broke=trouble(done) or ("" if paper in there else "it is not there"))


def archive(home: Home, quirks: dict[str, Answer | Raw]) -> Iterator[Tried]:
    """Papers that cost a batch its answer, one quirk each, and entries that are odd, among good ones."""
    bad = {f"2401.{at:05d}": quirk for at, quirk in enumerate(quirks.values(), 10)}
    odd = {f"2402.{at:05d}": text for at, text in enumerate(ODD_ATOM.values(), 10)}
    good = [f"2403.{at:05d}" for at in range(len(quirks) + 2)]
    for name in [*bad, *good, *odd]:
        home.query("INSERT INTO papers (id, created_at, updated_at) VALUES (?, 1, 1)", name)
    home.source.papers = {name: atom_entry(name) for name in good}
    home.source.papers |= {name: text.replace("{id}", name) for name, text in odd.items()}

    def refuse(_path: str, query: dict[str, str]) -> Answer | Raw | None:
        named = query.get("id_list", "").split(",")
        return next((quirk for name, quirk in bad.items() if name in named), None)

    home.source.quirk = refuse
    first = home.ingest("arxiv")
    there = home.titled()
    home.source.quirk = lambda *_: None
    home.source.papers |= {name: atom_entry(name) for name in bad}
    home.ingest("arxiv")
    after, missing = home.titled(), [name for name in good if name not in there]
    said = trouble(first) or (f"good papers that are not there: {missing}; {first.stderr}" if missing else "")
    yield Tried(f"an archive with {len(bad)} such papers among {len(good)} good ones", broke=said)
    for name, paper in zip(quirks, bad, strict=True):
        yield Tried(f"a paper: {name}", broke="" if paper in after else "it is not there once arXiv is well")
    for name in ODD_ATOM:
        yield Tried(f"an entry of arXiv's: {name}", broke=said)
