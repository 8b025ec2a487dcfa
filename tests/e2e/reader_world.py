"""A server with readers of its own pages who have done much, little and nothing, and a tab on these pages."""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as BrowserError

from server.config import Settings
from server.demo.paper_generator import generate_papers
from server.services import events, library, sessions, topics
from server.services.context import Context
from server.services.events import Event
from server.services.papers import merge_source_papers
from server.store import readers
from tests.e2e.studio import AXE
from tests.e2e.tabs import NOT_YET, Tab, await_true
from tests.server.inkling_process import Up, run

SERIOUS = """const done = arguments[arguments.length - 1];
  return axe.run(document, {resultTypes: ['violations']}).then(({violations}) => JSON.stringify(violations
    .flatMap(({id, nodes}) => nodes.map(({html, failureSummary}) => `${id}: ${html} ${failureSummary}`))));"""
TOPICS = (
    ("speculative decoding", "followed"),
    ("a topic of many words about the retrieval of long documents in several languages", "interests"),
    ("category:cs.LG", "followed"),
    ("org:A University With a Rather Long Name", "followed"),
    ("agents", "muted"),
)


@dataclass(frozen=True)
class World:
    """A server and its readers, by how much they have done: `much`, `little`, `nothing`."""

    up: Up
    context: Context
    readers: dict[str, str]
    papers: list[str]

    def link(self, who: str, page: str | None = None) -> str:
        made = sessions.new_link(self.context, self.readers[who], time.time())
        return sessions.address(self.up.url, made.code, page)

    def saved(self, who: str) -> dict[str, dict[str, Any]]:
        return {entry["paper"]["id"]: entry for _, entry in library.page(self.context, self.readers[who], 200, None)}


@contextmanager
def world_in(home: Path) -> Iterator[World]:
    """Run a server whose readers have done much, little and nothing."""
    assert run("migrate", home=home).returncode == 0
    context = Context.ready(Settings.from_environment({}, home=home, offline=True))
    now, chance = time.time(), random.Random(7)
    papers = [paper.id for paper in _take_papers(context, now)]
    with context.database.writing() as session:
        ids = [readers.create(session, now, operator=not n) for n in range(6)]
    _read(context, ids[0], chance.sample(papers, 90), now)
    _read(context, ids[2], papers[:3], now)
    for other in ids[3:]:
        _read(context, other, papers[10:16], now)
    _write_words(context, ids[0], now)
    _put_away(context, ids[0], papers, now)
    assert run("train", home=home).returncode == 0
    with Up(home, INKLING_K_READERS="3") as up:
        yield World(up, context, dict(zip(("much", "nothing", "little"), ids, strict=False)), papers)
    context.close()


def _take_papers(context: Context, now: float) -> list[Any]:
    found = generate_papers(160, seed=5, newest=now, days=40)
    with context.database.writing() as session:
        merge_source_papers(session, "test", [vars(paper) for paper in found], now=now)
    return list(found)


def _read(context: Context, reader: str, papers: list[str], now: float) -> None:
    batch = [
        Event(str(uuid.uuid4()), "save" if n % 3 else "open", paper, now - 3600 * n - 60, surface="card")
        for n, paper in enumerate(papers)
    ]
    events.log(context, reader, batch, now=now)


def _put_away(context: Context, reader: str, papers: list[str], now: float) -> None:
    hidden = [Event(str(uuid.uuid4()), "hide", paper, now - 86400, surface="panel") for paper in papers[20:24]]
    events.log(context, reader, hidden, now=now)
    for topic, into in TOPICS:
        topics.put(context, reader, topic, into)


def _write_words(context: Context, reader: str, now: float) -> None:
    tags = ["to cite", "reading group", "λ & μ", "a rather long tag that somebody typed in a hurry one evening"]
    for n, (_, entry) in enumerate(library.page(context, reader, 200, None)):
        words = {"tags": tags[: n % 5], "note": "Compare with Tuesday’s talk.\nSection 5." if n % 4 == 0 else None}
        library.save(context, reader, entry["paper"]["id"], {**words, "read": n % 6 == 1}, now)


def until(tab: Tab, script: str, *arguments: Any, seconds: float = 30) -> None:
    """Wait until a script of the page answers true; the page may be leaving just now."""

    def answer() -> bool:
        with suppress(BrowserError, *NOT_YET, Exception):
            return bool(tab.run(script, *arguments))
        return False

    await_true(answer, seconds)


def at(tab: Tab, path: str) -> None:
    until(tab, "return location.pathname === arguments[0] && document.readyState === 'complete'", path)


def sign_in(tab: Tab, world: World, who: str, page: str | None = None) -> None:
    tab.go("about:blank")
    tab.go(world.link(who, page))
    at(tab, f"/{page or ''}")


def told(tab: Tab) -> str:
    return str(tab.run("return document.querySelector('.notice p')?.textContent ?? ''"))


def axe_findings(tab: Tab) -> list[str]:
    if tab.name == "firefox":
        script = AXE.read_text() + ";const done = arguments[0];" + SERIOUS.split(";", 1)[1].replace("return axe", "axe")
        found = tab.driver.execute_async_script(script.rstrip("; \n") + ".then(done, (error) => done(String(error)));")  # type: ignore[attr-defined]
    else:
        tab.page.evaluate(AXE.read_text())  # type: ignore[attr-defined]
        found = tab.run(SERIOUS)
    answer: list[str] = json.loads(found)
    return answer
