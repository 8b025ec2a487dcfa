"""The whole of `/v1/rank`, alone and under load, beside a bare Flask answer to the same body on the same server."""

from __future__ import annotations

import json
import re
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from recommender import Config
from server.app import THREADS
from tests.bench import homes
from tests.bench.rows import Row, Scale
from tests.bench.served import Served
from tests.bench.world import Paper, World

WORKERS, CONNECTIONS, READERS, SAVED, CARDS = 2, 16, 200, 30, 100
HISTORIES = (5, 30, 100, 500)  # papers saved by the readers in turn
_SCRIPT = """
local tokens, bodies, at = {{{tokens}}}, {{{bodies}}}, 0
wrk.method = "POST"
request = function()
  at = at + 1
  local headers = {{["Content-Type"] = "application/json", ["Authorization"] = tokens[at % #tokens + 1]}}
  return wrk.format("POST", wrk.path, headers, bodies[at % #bodies + 1])
end
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("found %d %d %d %.1f %.1f\\n", summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(99)))
end
"""


def rows(scale: Scale) -> Iterator[Row]:
    """Yield the rows of a catalogue of one size."""
    count = scale.choose(tiny=300, quick=10_000, full=100_000)
    config = Config(factors=16, iterations=1) if scale.tiny else Config(factors=128, iterations=3)
    world = World(count)
    newest = list(world.rows(max(0, count - 3_000)))
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        home = homes.copy_of(world, config, Path(folder))
        with Served(home) as served:
            served.save(newest[:: len(newest) // SAVED][:SAVED])
            yield alone(served, newest, count, scale.choose(tiny=3, quick=30, full=100))
            yield after_an_event(served, newest, count, scale.choose(tiny=3, quick=20, full=50))
        if shutil.which("wrk") is None:
            raise RuntimeError("no wrk on this machine (Debian: apt-get install wrk)")
        with Served(home, workers=WORKERS, threads=THREADS) as served:
            yield from under_load(served, newest, count, scale)


def alone(served: Served, newest: list[Paper], count: int, repeats: int) -> Row:
    """Time requests one by one, each beside the bare answer."""
    body = {"papers": homes.cards(newest, CARDS), "page": "daily/2026-11-20"}
    for _ in range(3):
        served.post("/v1/rank", body), served.post("/bench/json", body)
    both = [(served.post("/v1/rank", body), served.post("/bench/json", body)) for _ in range(repeats)]
    share = statistics.median(took.recommender / took.wall for took, _ in both)
    return Row(
        f"`/v1/rank`, {CARDS} cards, {count:,} papers, alone",
        [took.wall for took, _ in both],
        "ms",
        "a bare Flask answer to the same body",
        [took.wall for _, took in both],
        at_most=3.0,
        note=f"{share:.0%} of it in the recommender",
    )


def after_an_event(served: Served, newest: list[Paper], count: int, repeats: int) -> Row:
    """Time requests that each follow a save: nothing of the last answer holds."""
    body = {"papers": homes.cards(newest, CARDS), "page": "daily/2026-11-20"}
    ours, theirs = [], []
    for seed, one in enumerate(newest[CARDS : CARDS + repeats], start=1_000):
        served.save([one], seed=seed)
        ours.append(served.post("/v1/rank", body))
        theirs.append(served.post("/bench/json", body))
    share = statistics.median(took.recommender / took.wall for took in ours)
    return Row(
        f"`/v1/rank`, {CARDS} cards, {count:,} papers, alone, each after a save",
        [took.wall for took in ours],
        "ms",
        "a bare Flask answer to the same body",
        [took.wall for took in theirs],
        note=f"{share:.0%} of it in the recommender",
    )


def under_load(served: Served, newest: list[Paper], count: int, scale: Scale) -> Iterator[Row]:
    """Load both in turn from several connections; every reader has saved papers of their own."""
    readers = 3 if scale.tiny else READERS
    tokens = [served.register() for _ in range(readers)]
    for at, token in enumerate(tokens):
        served.save(newest[at * 7 :: 3][: HISTORIES[at % len(HISTORIES)]], token)
    pages = [newest[start : start + CARDS] for start in range(0, len(newest) - CARDS + 1, CARDS)][:10]
    bodies = [json.dumps({"papers": homes.cards(page, CARDS), "page": "daily/2026-11-20"}) for page in pages]
    seconds = scale.choose(tiny=2, quick=3, full=5)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        quoted = [[json.dumps(f"Bearer {token}") for token in tokens], list(map(lua_string, bodies))]
        script.write(_SCRIPT.format(tokens=",".join(quoted[0]), bodies=",".join(quoted[1])))
        script.flush()
        load(served, "/v1/rank", script.name, seconds)
        both = [
            tuple(load(served, path, script.name, seconds) for path in ("/v1/rank", "/bench/json"))
            for _ in range(scale.repeats)
        ]
    what = f"`/v1/rank`, {CARDS} cards, {count:,} papers, {CONNECTIONS} connections, {WORKERS} workers"
    beside, (ours, theirs) = "the bare answer under the same load", list(zip(*both, strict=True))
    rate = [[one["rate"] for one in some] for some in (ours, theirs)]
    failed = sum(one["failed"] for one in ours)
    saved = ", ".join(map(str, HISTORIES))
    note = f"{readers} readers with {saved} papers, each asking again for a page, by wrk; {failed:.0f} answers failed"
    yield Row(f"{what}: answers", rate[0], "a second", beside, rate[1], at_least=1 / 8, note=note)
    for name in ("p50", "p99"):
        took = [[one[name] for one in some] for some in (ours, theirs)]
        yield Row(f"… {name}", took[0], "ms", beside, took[1], at_most=8.0)


def load(served: Served, path: str, script: str, seconds: int) -> dict[str, float]:
    """Ask without a pause for some seconds; return answers a second, milliseconds and how many failed."""
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "30s", "-s", script]
    done = subprocess.run(["wrk", *options, f"{served.url}{path}"], capture_output=True, text=True, check=True)
    found = re.search(r"found (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(f"wrk said {done.stdout[-300:]}")
    requests, microseconds, failed, p50, p99 = map(float, found.groups())
    if not requests:  # a machine so busy that not one came: no figure, so ask for longer
        if seconds > 30:
            raise RuntimeError(f"{path} gave no answer in {seconds} s")
        return load(served, path, script, 3 * seconds)
    return {"rate": requests / microseconds * 1e6, "failed": failed, "p50": p50 / 1e3, "p99": p99 / 1e3}


def lua_string(text: str) -> str:
    """Return a text as a long string of Lua, which needs no escapes."""
    return f"[==[{text}]==]"
