"""A million generated papers, from the source to the answers: `python -m tests.long.million`, from the top.

Generates papers, readers and events, takes them in through the store's own tables, trains with `inkling train`, which
learns the blend, and again after a day's events, serves with two workers, and searches. `--steps first` trains a first
model with a blend that is known, for half the time (with `BENCH_CONFIG='{"factors": 128}'`: fewer factors). Each step
runs in a process of its own, so that its time and its peak of memory are its own; steps can be run one by one
(`--steps ingest,log`), each measured in the same folder, from which `tests/long/reports/million.md` is written. Needs
40 GB of disk; time and memory: the report.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench import homes
from tests.bench.training import DAY_SHARE, beside_implicit
from tests.bench.world import World, make_log
from tests.long import million_served
from tests.long.million_report import write
from tests.server.inkling_process import ROOT, inkling

PAPERS, EVENTS, KIND = 1_000_000, 5_000_000, "growing"
GIB = 2**30


@dataclass(frozen=True)
class Plan:
    """What is to be made, and where: the home and, beside it, what was measured."""

    folder: Path
    papers: int
    events: int
    kind: str

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def results(self) -> Path:
        return self.folder / "measured.json"

    @property
    def world(self) -> World:
        return World(self.papers, self.kind)

    def measured(self) -> dict[str, Any]:
        """Return what the steps so far measured."""
        return dict(json.loads(self.results.read_text())) if self.results.exists() else {}

    def keep(self, step: str, found: dict[str, Any]) -> None:
        """Remember what a step measured."""
        self.results.write_text(json.dumps({**self.measured(), step: found}, indent=1))


def ingest(plan: Plan) -> dict[str, Any]:
    """Take in every paper as a source's; return papers a second of each tenth: does it slow down?"""
    database, marks = homes.empty(plan.home), [(0, time.monotonic())]
    tenth = max(plan.papers // 10, 1)

    def progress(done: int) -> None:
        if done - marks[-1][0] >= tenth or done == plan.papers:
            marks.append((done, time.monotonic()))
            print(f"{done:,} papers", file=sys.stderr, flush=True)

    homes.add_papers(database, plan.world, size=min(5_000, tenth), progress=progress)
    database.close()
    rates = [(b - a) / (later - earlier) for (a, earlier), (b, later) in pairwise(marks)]
    return {"papers": plan.papers, "rates": [round(rate) for rate in rates]}


def log(plan: Plan) -> dict[str, Any]:
    """Store the readers and all they did."""
    database, world = homes.empty(plan.home), plan.world
    made = make_log(world, plan.events)
    homes.add_log(database, world, made, progress=lambda done: print(f"{done:,} events", file=sys.stderr, flush=True))
    database.close()
    return {"events": len(made), "readers": made.count}


def first(plan: Plan) -> dict[str, Any]:
    """Train a first model with a blend that is known, and time `implicit` on the matrix that was factorised."""
    ours, theirs = beside_implicit(plan.home, plan.folder, "first")
    return {**ours, **{f"implicit_{name}": value for name, value in theirs.items()}}


def train(plan: Plan) -> dict[str, Any]:
    """Run `inkling train`; return what it says of the model."""
    homes.empty(plan.home).close()  # where the schema has changed since it was filled
    argv, keywords = inkling("train", "--json", home=plan.home)
    done = subprocess.run(argv, **keywords, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def retrain(plan: Plan) -> dict[str, Any]:
    """Train again after a day's events, from the vectors of the model before, and time `implicit` on the matrix."""
    database = homes.empty(plan.home)
    homes.add_day(database, plan.world, plan.events // DAY_SHARE)
    database.close()
    ours, theirs = beside_implicit(plan.home, plan.folder)
    return {**ours, **{f"implicit_{name}": value for name, value in theirs.items()}}


def serve(plan: Plan) -> dict[str, Any]:
    """Serve with two workers, and ask."""
    homes.empty(plan.home).close()
    return million_served.serve(plan.home, plan.world)


def search(plan: Plan) -> dict[str, Any]:
    """Search in one process for what a page costs, and through the API for known papers."""
    costs = million_served.search_costs(plan.home, plan.world)
    return {"costs": costs, **million_served.search(plan.home, plan.world)}


STEPS: dict[str, Callable[[Plan], dict[str, Any]]] = {
    "ingest": ingest,
    "log": log,
    "first": first,
    "train": train,
    "retrain": retrain,
    "serve": serve,
    "search": search,
}


ALL = [step for step in STEPS if step != "first"]


def run(step: str, plan: Plan, arguments: list[str]) -> None:
    """Run one step in a process of its own, and keep what it found and what it took."""
    print(f"… {step}", file=sys.stderr, flush=True)
    before, began = disk(plan.folder), time.monotonic()
    command = [sys.executable, "-m", "tests.long.million", *arguments, "--inside", step]
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cost = {
        "minutes": (time.monotonic() - began) / 60,
        "cpu_minutes": (used.ru_utime + used.ru_stime) / 60,
        "peak_gib": used.ru_maxrss * 1024 / GIB,
        "disk_gib": (disk(plan.folder) - before) / GIB,
    }
    if process.returncode:
        plan.keep(step, {"failed": f"ended with {process.returncode}", "cost": cost})
        raise SystemExit(f"{step} ended with {process.returncode}")
    plan.keep(step, {**json.loads(said.splitlines()[-1]), "cost": cost})


def disk(folder: Path) -> int:
    """Return the bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.long.million", description=__doc__)
    options.add_argument("--folder", type=Path, default=Path("/tmp/inkling-million"), help="kept: steps add to it")
    options.add_argument("--papers", type=int, default=PAPERS)
    options.add_argument("--events", type=int, default=EVENTS)
    options.add_argument("--kind", default=KIND)
    options.add_argument("--steps", default=",".join(ALL), help="some of them, separated by commas")
    options.add_argument("--inside", choices=STEPS, help=argparse.SUPPRESS)
    asked = options.parse_args()
    plan = Plan(asked.folder, asked.papers, asked.events, asked.kind)
    if asked.inside:
        print(json.dumps(STEPS[asked.inside](plan)))
        return
    plan.folder.mkdir(parents=True, exist_ok=True)
    given = ["--folder", str(plan.folder), "--papers", str(plan.papers), "--events", str(plan.events)]
    for step in asked.steps.split(","):
        run(step, plan, [*given, "--kind", plan.kind])
        write(plan.measured(), plan.papers, plan.kind, official=plan.papers >= PAPERS)


if __name__ == "__main__":
    main()
