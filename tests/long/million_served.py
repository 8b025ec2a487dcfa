"""The steps of a million papers that ask a real server of two workers: what its answers cost, hold and say."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.bench import homes
from tests.bench.freshness import Caller, swap_rows
from tests.bench.known_items import queries
from tests.bench.rows import clock
from tests.bench.world import Paper, World
from tests.server.inkling_process import Up, call, pair, until

SAVED, TOPICS, ASKED, SEED = 30, 3, 20, 3
TIMED = 15  # queries of each kind
CHOSEN_FROM = 3_000  # papers of the catalogue's ends
ENVIRON = {"INKLING_WORKERS": "2", "INKLING_RATE_LIMIT": "off", "INKLING_REGISTRATION": "open"}


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
        found["memory"] = memory_of(up)
        found["on_topic"] = share_on_topic(caller, world, liked)
        swaps = swap_rows(caller, home, cards, len(world), 20.0 if len(world) > 100_000 else 5.0, 1)
        found["swap"] = {row.what: [max(row.ours), *row.theirs] for row in swaps}
        found["memory_after"] = memory_of(up)
        found["workers"] = len(found["memory"])
        return found


def save_some(caller: Caller, papers: list[Paper]) -> set[int]:
    """Save papers of the most frequent topics among these; return the topics."""
    topics = {topic for topic, _ in Counter(paper.topic for paper in papers).most_common(TOPICS)}
    saved = [paper.id for paper in papers if paper.topic in topics][:SAVED]
    at = datetime.now(UTC).isoformat()
    events = [{"id": str(uuid.uuid4()), "kind": "save", "paper": paper, "at": at} for paper in saved]
    caller.ask("/v1/events", {"events": events})
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
