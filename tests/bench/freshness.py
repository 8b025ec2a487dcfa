"""A new event until the answer reflects it, and a published model until every worker serves it, on real workers."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recommender import Config, Model
from server.store.database import Database
from tests.bench import homes
from tests.bench.rows import Row, Scale, clock
from tests.bench.world import World
from tests.server.inkling_process import Up, call, pair

WORKERS, ASKING = 2, 8


def rows(scale: Scale) -> Iterator[Row]:
    """Yield the rows of a catalogue of one size."""
    count = scale.choose(tiny=300, quick=10_000, full=100_000)
    config = Config(factors=16, iterations=1) if scale.tiny else Config(factors=128, iterations=3)
    world = World(count)
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        home = homes.copy_of(world, config, Path(folder))
        environ = {"INKLING_WORKERS": str(WORKERS), "INKLING_RATE_LIMIT": "off", "INKLING_REGISTRATION": "open"}
        with Up(home, **environ) as up:
            caller = Caller(up.url, pair(up.url))
            cards = homes.cards(list(world.rows(count - (10 if scale.tiny else 100))))
            yield from event_rows(caller, count, 2 if scale.tiny else 40)
            yield from swap_rows(caller, home, cards, count, *((0.7, 1) if scale.tiny else (5.0, 3)))
        if not scale.tiny:
            yield demo_row(Path(folder) / "demo")


def demo_row(home: Path) -> Row:
    """Return how soon the demo on a new home shows its page."""
    began = time.monotonic()
    with Up(home, "--demo") as up:
        status, _ = call(up.url, "/demo")
        seconds = time.monotonic() - began
    assert status == 200
    note = "everything is installed already"
    return Row("`up --demo` on a new home until its page is there", [seconds], "s", at_most=60.0, note=note)


@dataclass
class Caller:
    """Asks a server as one reader, each time on a new connection, so that any worker may answer."""

    url: str
    token: str

    def ask(self, path: str, body: Any = None) -> Any:
        """Return the JSON of an answer, which must be 200."""
        connection = self.connect()
        status, answer = self.ask_on(connection, path, body)
        connection.close()
        if status != 200:
            raise RuntimeError(f"{path} answered {status}: {answer[:300]!r}")
        return json.loads(answer)

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection of the caller's own."""
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)

    def ask_on(self, connection: http.client.HTTPConnection, path: str, body: Any = None) -> tuple[int, bytes]:
        """Return the status and the body of an answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        connection.request("GET" if body is None else "POST", path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


def event_rows(caller: Caller, count: int, repeats: int) -> Iterator[Row]:
    """Hide what is recommended first, again and again, and see when an answer no longer has it."""
    took, alone, needed = [], [], []
    for _ in range(repeats):
        alone.append(clock(lambda: caller.ask("/v1/recommendations")))
        first = caller.ask("/v1/recommendations")["items"][0]["paper"]["id"]
        began, asked, shown = time.perf_counter(), 0, {first}
        hide(caller, first)
        while first in shown:
            shown = {item["paper"]["id"] for item in caller.ask("/v1/recommendations")["items"]}
            asked += 1
        took.append((time.perf_counter() - began) * 1e3)
        needed.append(float(asked))
    what = f"a paper hidden until an answer is without it, {count:,} papers, {WORKERS} workers"
    yield Row(what, took, "ms", "an answer alone", alone)
    yield Row("… in how many requests, at most", [max(needed)], "requests", at_most=1, reach="the next request")


def hide(caller: Caller, paper: str) -> None:
    """Hide a paper now."""
    event = {"id": str(uuid.uuid4()), "kind": "hide", "paper": paper, "at": datetime.now(UTC).isoformat()}
    caller.ask("/v1/events", {"events": [event]})


@dataclass
class Answers:
    """What was asked while a model was published: start, seconds and model of each answer, and what failed."""

    times: list[tuple[float, float, str | None]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def slowest(self, since: float, until: float) -> float:
        """Return the milliseconds of the slowest answer that was asked for in a time."""
        return max((took for began, took, _ in self.times if since <= began < until), default=0.0) * 1e3


def swap_rows(
    caller: Caller, home: Path, cards: list[dict[str, Any]], count: int, seconds: float, repeats: int
) -> Iterator[Row]:
    """Publish models while some connections ask for lists without a pause."""
    settings = homes.settings_for(home)
    database = Database.at(settings)
    [folder] = settings.models_dir.iterdir()
    until_all, slowest, before, failed, middle = [], [], [], 0, []
    for number in range(repeats):
        model = Model.load(folder)
        model = replace(model, manifest=replace(model.manifest, version=f"{model.version}-{number}"))
        stop = threading.Event()
        with asking(caller, {"papers": cards}, stop) as answers:
            time.sleep(seconds)
            homes.publish(database, settings, model)
            published = time.monotonic()
            time.sleep(seconds)
        old = [began for began, _, version in answers.times if began >= published and version != model.version]
        until_all.append(max((began - published for began in old), default=0.0))
        slowest.append(answers.slowest(published, published + seconds))
        before.append(answers.slowest(published - seconds, published))
        middle.append(statistics.median(took for _, took, _ in answers.times) * 1e3)
        failed += len(answers.failed)
    database.close()
    what = f"a model published until every answer is by it, {count:,} papers, {WORKERS} workers"
    yield Row(what, until_all, "s", at_most=1.0, note=f"/v1/rank on {ASKING} connections meanwhile")
    beside = f"the slowest in the {seconds:g} s before"
    yield Row("the slowest request of the swap", slowest, "ms", beside, before, note=f"median {max(middle):.0f} ms")
    yield Row("requests that failed during the swaps", [float(failed)], "requests", at_most=0)


class asking:  # noqa: N801 - reads as a verb in its `with`
    """Ask for a list on several connections without a pause, until the end of the block."""

    def __init__(self, caller: Caller, body: Any, stop: threading.Event) -> None:
        self.caller, self.body, self.stop, self.answers = caller, body, stop, Answers()
        self.threads = [threading.Thread(target=self._guarded(self._ask)) for _ in range(ASKING)]

    def __enter__(self) -> Answers:
        for thread in self.threads:
            thread.start()
        return self.answers

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _guarded(self, work: Callable[[], None]) -> Callable[[], None]:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # a thread's failure is a figure of the table
                self.answers.failed.append(f"{type(error).__name__}: {error}")

        return guarded

    def _ask(self) -> None:
        connection = self.caller.connect()
        while not self.stop.is_set():
            began = time.monotonic()
            status, body = self.caller.ask_on(connection, "/v1/rank", self.body)
            if status == 200:
                self.answers.times.append((began, time.monotonic() - began, json.loads(body)["model"]))
            else:
                self.answers.failed.append(f"{status}: {body[:100]!r}")
        connection.close()
