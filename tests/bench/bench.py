"""Prints a table of speed: medians with minimum and maximum, each row beside a reference of the same run.

`tests/bench/run --quick` (two minutes or so on a quiet machine) or without `--quick` (more repetitions, more factors);
`--real PAPERS INTERACTIONS` measures training and ranking on those instead, at the factors that are served.
Nothing is asserted: the machines this runs on are shared, and only the ratios mean something elsewhere.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from recommender import Catalogue, Config, Events, Model, Papers, train
from recommender.data.files import read_events, read_papers
from tests.bench import homes
from tests.bench.world import NOW, World, make_log

ROOT = Path(__file__).parents[2]
Row = tuple[str, list[float], str, list[float]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer repetitions, a smaller model")
    options.add_argument("--papers", type=int, nargs="+", default=[10_000, 100_000], help="sizes of the catalogue")
    options.add_argument("--real", type=Path, nargs=2, metavar=("PAPERS", "INTERACTIONS"), help="files as for evaluate")
    asked = options.parse_args()
    quick = asked.quick
    if asked.real:
        papers, events = read_papers(asked.real[0]), read_events(asked.real[1])
        training, model = training_rows(papers, events, 3 if quick else 5, Config(), now=0.0)
        print(table([*training, *ranking_rows(model, papers, events)], Config()))
        return
    repeats, config = (30, Config(factors=64, iterations=3)) if quick else (200, Config(iterations=5))
    rows: list[Row] = []
    for count in asked.papers:
        rows += serving_rows(count, repeats, config)
    tell("training on 10,000 papers")
    catalogue = World(10_000)
    papers, events = catalogue.table(), make_log(catalogue, 10_000).table(catalogue.ids)
    rows += training_rows(papers, events, 3 if quick else 5, Config(), now=NOW)[0]
    print(table(rows, config))


def serving_rows(count: int, repeats: int, config: Config) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        home = Path(folder) / "home"
        tell(f"filling a home with {count:,} papers, training with {config.factors} factors")
        catalogue = World(count)
        homes.fill(home, catalogue, config)
        written = list(catalogue.rows(count - 2_000))
        with Served(home) as served:
            served.save(written[::60][:30])
            body = {"papers": homes.cards(written), "page": "daily/2026-11-20"}
            tell(f"asking with {count:,} papers")
            whole, bare = pairs(
                lambda: served.post("/v1/rank", body), lambda: served.post("/bench/json", body), repeats
            )
            ours = [took.server - took.recommender for took in whole]
            rows: list[Row] = [
                (f"/v1/rank, 100 cards, {count:,} papers", wall(whole), "bare Flask JSON, same body", wall(bare)),
                (
                    "… of it the server's own code",
                    ours,
                    "the recommender's arithmetic",
                    [took.recommender for took in whole],
                ),
            ]
            if count == 10_000:
                chance = random.Random(1)
                logged, checked = pairs(
                    lambda: served.post("/v1/events", {"events": homes.batch(written, chance)}),
                    lambda: served.post("/bench/validated", {"events": homes.batch(written, chance)}),
                    repeats,
                )
                rows.append(
                    (
                        "/v1/events, 20 events, on disk (SQLite, FULL)",
                        wall(logged),
                        "the same, validated only",
                        wall(checked),
                    )
                )
            return rows


def training_rows(papers: Papers, events: Events, repeats: int, config: Config, now: float) -> tuple[list[Row], Model]:
    """Time a whole training beside implicit's fit on the matrix that this very training factorised."""
    matrix: list[Any] = []
    fit = AlternatingLeastSquares.fit

    def catching(model: Any, given: Any, *arguments: Any, **more: Any) -> Any:
        matrix.append((given.copy(), model.factors, model.regularization, model.alpha, model.iterations))
        return fit(model, given, *arguments, **more)

    AlternatingLeastSquares.fit = catching
    models: list[Model] = []
    learning = clock(lambda: models.append(train(papers, events, config, seed=1, now=now)))
    AlternatingLeastSquares.fit = fit
    given, factors, regularization, alpha, iterations = max(matrix, key=lambda one: one[0].nnz)
    ours, theirs = [], []
    for _ in range(repeats):
        ours.append(clock(lambda: train(papers, events, config, seed=1, now=now, blend=models[0].blend)))
        als = AlternatingLeastSquares(
            factors=factors, regularization=regularization, alpha=alpha, iterations=iterations, random_state=1
        )
        with threadpool_limits(1, "blas"):
            theirs.append(clock(lambda als=als: als.fit(given.copy(), show_progress=False)))
    label = f"training on {len(papers):,} papers, {factors} factors, {iterations} iterations, blend given"
    beside = f"implicit ALS on the same matrix ({given.shape[0]:,} × {given.shape[1]:,}, {given.nnz:,})"
    return [(label, ours, beside, theirs), ("… and with learning the blend", [learning], beside, theirs)], models[0]


HISTORIES = ((1, 10), (11, 30), (31, 100), (101, 400))
RANKED = 60  # readers of each length of history


def ranking_rows(model: Model, papers: Papers, events: Events) -> list[Row]:
    """Time `Catalogue.rank` on one core for readers of each length of history, beside `implicit`'s recommend."""
    catalogue, als = Catalogue(model), AlternatingLeastSquares(factors=model.factors.papers.shape[1], alpha=40.0)
    als.item_factors, als.user_factors = np.array(model.factors.papers), np.zeros((1, model.factors.papers.shape[1]))
    row_of = {paper: row for row, paper in enumerate(papers.ids)}
    met: dict[str, list[int]] = {}
    for at, reader in enumerate(events.readers):
        met.setdefault(reader, []).append(at)
    rows: list[Row] = []
    with threadpool_limits(1):
        for least, most in HISTORIES:
            some = [events.take(at) for at in met.values() if least <= len(at) <= most][:RANKED]
            ours, theirs = [], []
            for history in some:
                columns = np.array([row_of[paper] for paper in history.papers if paper in row_of])
                liked = sp.csr_matrix((np.ones(len(columns), np.float32), (columns * 0, columns)), (1, len(papers)))
                ours.append(clock(lambda one=history: catalogue.rank(one, candidates=None, k=20, now=0.0)))
                theirs.append(clock(lambda one=liked: als.recommend(0, one, N=20, recalculate_user=True)))
            if some:
                label = f"ranking {len(papers):,} papers for one reader of {least} to {most}, one core"
                rows.append((label, ours, "implicit's recommend, recalculated", theirs))
    return rows


class Took:
    """Milliseconds of one request: as the client saw it, in the server, and in the recommender."""

    def __init__(self, wall: float, spent: str) -> None:
        server, recommender = (int(part) / 1e6 for part in spent.split())
        self.wall, self.server, self.recommender = wall, server, recommender


class Served:
    """The application and its references on granian: one worker, one thread, as each request is timed alone."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __enter__(self) -> Served:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "INKLING_HOME": str(self.home),
            "INKLING_OFFLINE": "on",
            "INKLING_RATE_LIMIT": "off",
            "INKLING_REGISTRATION": "first",
        }
        command = [
            "granian",
            "--interface",
            "rsgi",
            "--port",
            str(port),
            "--workers",
            "1",
            "--log-level",
            "warning",
        ]
        self.process = subprocess.Popen(
            [
                str(Path(sys.executable).with_name(command[0])),
                *command[1:],
                "--factory",
                "tests.bench.application:rsgi",
            ],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.DEVNULL,
        )
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120)
        self._await()
        self.client.headers["Authorization"] = (
            f"Bearer {self.client.post('/v1/devices', json={'name': 'bench'}).json()['token']}"
        )
        return self

    def _await(self) -> None:
        for _ in range(600):
            try:
                if self.client.get("/readyz").json()["checks"]["model"]["status"] == "ok":
                    return
            except (httpx.HTTPError, KeyError, ValueError):
                pass
            if self.process.poll() is not None:
                raise SystemExit("the server ended while starting")
            time.sleep(0.2)
        raise SystemExit("the server did not become ready")

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self.process.terminate()
        self.process.wait(30)

    def post(self, path: str, body: Any) -> Took:
        began = time.perf_counter_ns()
        answer = self.client.post(path, json=body)
        took = (time.perf_counter_ns() - began) / 1e6
        if answer.status_code != 200:
            raise SystemExit(f"{path} answered {answer.status_code}: {answer.text[:300]}")
        return Took(took, answer.headers["X-Spent"])

    def save(self, papers: list[Any]) -> None:
        batch = homes.batch(papers, random.Random(2), len(papers))
        self.post(
            "/v1/events",
            {
                "events": [
                    {**event, "kind": "save", "paper": paper.id} for event, paper in zip(batch, papers, strict=True)
                ]
            },
        )


def pairs(call: Callable[[], Took], reference: Callable[[], Took], repeats: int) -> tuple[list[Took], list[Took]]:
    """Time two calls in turn, so that a slow moment of the machine meets both; three of each are not counted."""
    for _ in range(3):
        call(), reference()
    both = [(call(), reference()) for _ in range(repeats)]
    return [one for one, _ in both], [other for _, other in both]


def wall(took: list[Took]) -> list[float]:
    return [one.wall for one in took]


def clock(work: Callable[[], Any]) -> float:
    """Return the milliseconds some work takes."""
    began = time.perf_counter_ns()
    work()
    return (time.perf_counter_ns() - began) / 1e6


def table(rows: list[Row], config: Config) -> str:
    """Return the rows as Markdown."""
    lines = [
        f"Milliseconds, median (min–max); served with {config.factors} factors; "
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, numpy {np.__version__}.",
        "",
        "| what | ms | beside | ms | ratio of medians |",
        "| --- | --- | --- | --- | --- |",
    ]
    for label, ours, beside, theirs in rows:
        ratio = statistics.median(ours) / statistics.median(theirs)
        lines.append(f"| {label} | {spread(ours)} | {beside} | {spread(theirs)} | {ratio:.2f} |")
    return "\n".join(lines)


def spread(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def tell(what: str) -> None:
    print(f"… {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
