"""The steps of a million papers that ask a real server of two workers: what its answers cost, hold and say."""

from __future__ import annotations

import os
import random
import sqlite3
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from server.services import search as service
from server.services.query import read_query
from server.services.serving_context import ServingContext
from server.terms import terms_of
from tests.bench import homes
from tests.bench.freshness import Caller, swap_rows
from tests.bench.known_items import queries
from tests.bench.rows import clock
from tests.bench.search import KEYS, PAGE, page, request_on, timed_queries
from tests.bench.world import Paper, World
from tests.server.inkling_process import Up, call, pair, until

SAVED, TOPICS, ASKED, SEED = 30, 3, 20, 3
TIMED = 15  # queries of each kind
HISTORIES = (5, 50, 500, 5_000)
COSTED, WARMED, BATCH = 20, 6, 500
COSTED_QUERIES = 5  # of each kind
SLOW_MS = 1_000.0  # what takes longer is timed once
PATIENCE = 100.0  # seconds after which FTS5 alone is interrupted: then it takes at least so long
CHOSEN_FROM = 3_000  # papers of the catalogue's ends
ENVIRON = {
    "INKLING_WORKERS": "2",
    "INKLING_RATE_LIMIT": "off",
    "INKLING_REGISTRATION": "open",
    "INKLING_TRAIN_EVERY": "365d",  # a training beside takes the memory and the time that are measured
    "INKLING_TRAIN_AFTER_EVENTS": "1000000000",
}


def serve(home: Path, world: World) -> dict[str, Any]:
    """Start, measure memory, ask for lists, and publish models meanwhile."""
    began = time.monotonic()
    with Up(home, **ENVIRON) as up:
        until(lambda: call(up.url, "/readyz")[1]["checks"]["model"]["status"] == "ok", 600)
        caller = Caller(up.url, pair(up.url))
        papers = list(world.rows(len(world) - CHOSEN_FROM))
        liked = save_some(caller, papers)
        first = clock(lambda: caller.ask("/v1/recommendations"))
        found: dict[str, Any] = {"ready_seconds": time.monotonic() - began, "first_ms": first}
        found["idle_cpu"] = idle_share(up)
        cards = homes.cards(papers[::-1])
        found["rank_ms"] = times(lambda: caller.ask("/v1/rank", {"papers": cards}))
        found["recommendations_ms"] = times(lambda: caller.ask("/v1/recommendations"))
        found["similar_ms"] = times(lambda: caller.ask(f"/v1/papers/{papers[0].id}/similar"))
        found["histories"] = {str(count): by_history(up, world, cards, count) for count in HISTORIES}
        found["memory"] = memory_of(up)
        found["on_topic"] = share_on_topic(caller, world, liked)
        swaps = swap_rows(caller, home, cards, len(world), 20.0 if len(world) > 100_000 else 5.0, 1)
        found["swap"] = {row.what: [max(row.ours), *row.theirs] for row in swaps}
        found["memory_after"] = memory_of(up)
        found["workers"] = len(found["memory"])
        return found


def by_history(up: Up, world: World, cards: list[dict[str, Any]], count: int) -> dict[str, float]:
    """Return what a reader's lists cost who saved so many papers: milliseconds of all processes' time an answer."""
    caller = Caller(up.url, pair(up.url))
    papers = random.Random(count).sample(world.ids, count + 2 * COSTED)
    for start in range(0, count, BATCH):
        save(caller, papers[start : min(start + BATCH, count)])
    asks: dict[str, Callable[[], Any]] = {
        "rank": lambda: caller.ask("/v1/rank", {"papers": cards}),
        "recommendations": lambda: caller.ask("/v1/recommendations"),
    }
    found: dict[str, float] = {}
    for name, ask in asks.items():
        began, wall = cpu_seconds(up), time.monotonic()
        ask()
        found[f"{name}_first_ms"] = (cpu_seconds(up) - began) * 1e3
        found[f"{name}_first_wall_ms"] = (time.monotonic() - wall) * 1e3
        for _ in range(WARMED):
            ask()  # each worker keeps what it has computed
        began = cpu_seconds(up)
        for _ in range(COSTED):
            ask()
        found[f"{name}_again_ms"] = (cpu_seconds(up) - began) * 1e3 / COSTED
        spent = 0.0
        for paper in papers[count : count + COSTED] if name == "rank" else papers[count + COSTED :]:
            save(caller, [paper])
            began = cpu_seconds(up)
            ask()
            spent += cpu_seconds(up) - began
        found[f"{name}_after_an_event_ms"] = spent * 1e3 / COSTED
    return found


def save(caller: Caller, papers: list[str]) -> None:
    """Save papers in one batch of events."""
    at = datetime.now(UTC).isoformat()
    events = [{"id": str(uuid.uuid4()), "kind": "save", "paper": paper, "at": at} for paper in papers]
    caller.ask("/v1/events", {"events": events})


def save_some(caller: Caller, papers: list[Paper]) -> set[int]:
    """Save papers of the most frequent topics among these; return the topics."""
    topics = {topic for topic, _ in Counter(paper.topic for paper in papers).most_common(TOPICS)}
    saved = [paper.id for paper in papers if paper.topic in topics][:SAVED]
    save(caller, saved)
    return topics


def times(work: Callable[[], Any]) -> dict[str, float]:
    """Return the median and the greatest milliseconds of some repetitions."""
    took = [clock(work) for _ in range(ASKED)]
    return {"median": statistics.median(took), "most": max(took)}


def share_on_topic(caller: Caller, world: World, liked: set[int]) -> dict[str, float]:
    """Return how many of what is recommended, and of what is like a paper, are of the topics they should be of."""
    row_of = {paper: row for row, paper in enumerate(world.ids)}
    recommended = [item["paper"]["id"] for item in caller.ask("/v1/recommendations?limit=50")["items"]]
    good = [int(world.topic[row_of[paper]]) in liked for paper in recommended]
    similar = []
    for paper in random.Random(SEED).sample(world.ids, ASKED):
        items = caller.ask(f"/v1/papers/{paper}/similar")["items"]
        similar += [world.topic[row_of[item["paper"]["id"]]] == world.topic[row_of[paper]] for item in items]
    return {"recommended": statistics.fmean(good), "similar": statistics.fmean(map(float, similar))}


def memory_of(up: Up) -> list[dict[str, float]]:
    """Return the MB of each process that maps a model: proportional, its own, and resident, largest first."""
    found = []
    for process in up.group():
        try:
            mapped = "/models/" in Path(f"/proc/{process}/maps").read_text()
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        size = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup.splitlines()[1:]}
        own = size["Private_Clean"] + size["Private_Dirty"]
        if mapped:
            found.append({"pss": size["Pss"], "own": own, "anonymous": size["Anonymous"], "rss": size["Rss"]})
    return sorted(found, key=lambda one: -one["pss"])


def idle_share(up: Up, seconds: float = 10.0) -> float:
    """Return the share of one core that all processes take while nobody asks."""
    before = cpu_seconds(up)
    time.sleep(seconds)
    return (cpu_seconds(up) - before) / seconds


def cpu_seconds(up: Up) -> float:
    total = 0.0
    for process in up.group():
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def search(home: Path, world: World) -> dict[str, Any]:
    """Ask for known papers in several ways; return the median place and milliseconds of each."""
    ends = [*world.rows(0, CHOSEN_FROM), *world.rows(len(world) - CHOSEN_FROM)]
    chosen = random.Random(SEED).sample(ends, TIMED)
    asked = queries([vars(paper) for paper in chosen], SEED)
    found: dict[str, Any] = {}
    with Up(home, **ENVIRON) as up:
        until(lambda: call(up.url, "/readyz")[0] == 200, 600)
        caller = Caller(up.url, pair(up.url))
        caller.ask("/v1/papers?q=a")
        for kind, pairs in asked.items():
            places, took = [], []
            for query, paper in pairs[:TIMED]:
                began = time.perf_counter()
                items = [item["paper"]["id"] for item in caller.ask(f"/v1/papers?limit=20&q={quote(query)}")["items"]]
                took.append((time.perf_counter() - began) * 1e3)
                places.append(items.index(paper) + 1 if paper in items else 0)
            found[kind] = {
                "median": statistics.median(took),
                "most": max(took),
                "first": places.count(1) / len(places),
                "in_20": sum(place > 0 for place in places) / len(places),
            }
            print(kind, found[kind], file=sys.stderr, flush=True)
    return {"kinds": found}


def search_costs(home: Path, world: World) -> dict[str, Any]:
    """Return what a page of results costs in one process by kind of query, beside FTS5 alone on the same index."""
    context = ServingContext.of(homes.settings_for(home))
    request = request_on(context)
    plain = sqlite3.connect(f"file:{home / 'inkling.sqlite3'}?mode=ro", uri=True)
    page(request, read_query("anything"))
    found = {}
    for kind, asked in timed_queries(world, COSTED_QUERIES).items():
        parsed = [read_query(query) for query in asked]
        ours = [cpu_of(lambda one=one: page(request, one)) for one in parsed]
        meant = [cpu_of(lambda one=one: service._meanings(request, one.text, service.MAX_MEANT)) for one in parsed]
        theirs = alone_ms(plain, asked)
        found[kind] = {
            name: statistics.median(took) for name, took in (("ours", ours), ("meant", meant), ("alone", theirs))
        } | {"most": max(ours)}
        print(kind, found[kind], file=sys.stderr, flush=True)
    context.close()
    return found


def alone_ms(database: sqlite3.Connection, asked: Sequence[str]) -> list[float]:
    """Return what FTS5 alone takes for each query, and for no more once one has taken a second."""
    took: list[float] = []
    for query in asked:
        took.append(cpu_of(lambda query=query: alone(database, query)))
        if took[-1] > SLOW_MS:
            break
    return took


def alone(database: sqlite3.Connection, query: str) -> list[int]:
    """Return what FTS5 says of any of a query's words, by its own order, on the index that is searched, if in time."""
    words = terms_of(KEYS.sub("", query).replace('"', " ")).words
    match = " OR ".join(f'"{word}"' for word in words)
    statement = "SELECT rowid FROM paper_search WHERE paper_search MATCH ? ORDER BY rank LIMIT ?"
    given_up = threading.Timer(PATIENCE, database.interrupt)
    given_up.start()
    try:
        return [number for (number,) in database.execute(statement, (match, PAGE))]
    except sqlite3.OperationalError as error:
        if str(error) != "interrupted":
            raise
        return []
    finally:
        given_up.cancel()


def cpu_of(work: Callable[[], Any]) -> float:
    """Return the milliseconds of this process's time that something takes, the lesser of two if it is quick."""
    took: list[float] = []
    while len(took) < 2 and not (took and took[0] > SLOW_MS):
        began = time.process_time()
        work()
        took.append((time.process_time() - began) * 1e3)
    return min(took)
