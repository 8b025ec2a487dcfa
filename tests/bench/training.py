"""A routine retrain, from events in SQL to a published model, beside `implicit` on the same ready-made matrix.

A day's events come in before each: then it starts from the serving model's vectors, or it is made to start from none.
`implicit` starts from none and makes as many sweeps as all fits of the retrain together. Each training runs in a
process of its own (`python -m tests.bench.training …`), so that its peak of memory is its own.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from threadpoolctl import threadpool_limits

from recommender import Config, train
from recommender.data.files import read_events, read_papers
from recommender.training import gate
from server.services import training
from server.services.context import Context
from tests.bench import homes
from tests.bench.rows import Row, Scale
from tests.bench.world import World

Found = dict[str, Any]
CONFIG = "BENCH_CONFIG"  # settings of the trainings of a home as JSON, such as fewer factors
MB = 2**20
DAY_SHARE = 100  # one event in so many comes in on a day


def rows(scale: Scale) -> Iterator[Row]:
    """Yield retrains of rising size, how they grow, and one on the real data."""
    sizes = scale.choose(
        tiny=[(300, 1_500)],
        quick=[(5_000, 25_000), (10_000, 50_000)],
        full=[(25_000, 250_000), (50_000, 500_000), (100_000, 1_000_000), (100_000, 5_000_000)],
    )
    first: tuple[int, float] | None = None
    for papers, events in sizes:
        repeats, world = 1 if papers >= 50_000 or scale.tiny else 3, World(papers, "growing")
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
            home = homes.copy_of(world, Config(), Path(folder), events=events)
            warm = [after_a_day(home, world, events, Path(folder), "retrain") for _ in range(repeats)]
            cold = [after_a_day(home, world, events, Path(folder), "cold")]
        yield from size_rows(papers, events, warm, "")
        yield from size_rows(papers, events, cold, ", from scratch")
        seconds = min(ours["seconds"] for ours, _ in warm)
        if first and events == papers * sizes[0][1] // sizes[0][0]:
            yield growth_row(first, (papers, seconds))
        first = first or (papers, seconds)
    if scale.real and not scale.tiny:
        yield from real_rows(scale.real, 3)


def after_a_day(home: Path, world: World, events: int, folder: Path, mode: str) -> tuple[Found, Found]:
    """Return what a retrain and `implicit` took once a day's events had come in."""
    database = homes.empty(home)
    homes.add_day(database, world, max(50, events // DAY_SHARE))
    database.close()
    return beside_implicit(home, folder, mode)


def size_rows(papers: int, events: int, both: list[tuple[Found, Found]], how: str) -> Iterator[Row]:
    """Yield the time and the peak of memory of the retrains of one size, and of how they start."""
    ours, theirs = [one["seconds"] for one, _ in both], [one["seconds"] for _, one in both]
    found, at_most = both[0][0], 1.25 if papers <= 100_000 else 1.5
    what = f"a retrain on {papers:,} papers and {events:,} events, blend known{how}"
    series = f"Training: SQL to published model{how}" if events <= papers * 10 else ""
    yield Row(what, ours, "s", beside(found), theirs, at_most, note=describe(found), series=series, size=papers)
    held = (found["matrix_bytes"] + found["factor_bytes"]) / MB
    peak = [(one["peak_bytes"] - one["start_bytes"]) / MB for one, _ in both]
    yield Row("… its peak of memory", peak, "MB", "matrix and factors", [held], at_most=2.0)


def beside(found: Found) -> str:
    """Return what a training is timed beside."""
    rows_, columns, cells = found["shape"]
    its = f"{found['iterations']} iterations of {found['factors']} factors"
    return f"`implicit`, {its} on the same matrix ({rows_:,} × {columns:,}, {cells:,} cells)"


def describe(found: Found) -> str:
    """Return which fits a training consisted of, and how much of the processor it took."""
    fits = f"{len(found['fits'])} fits of {', '.join(str(fit) for fit in found['fits'])} iterations in it"
    return f"{fits}; {found['cpu_seconds']:.0f} s of the processor"


def growth_row(first: tuple[int, float], last: tuple[int, float]) -> Row:
    """Return how a retrain grew between two sizes, beside P log P."""
    (less, before), (more, after) = first, last
    limit = more * math.log(more) / (less * math.log(less))
    what = f"a retrain on {more:,} papers beside one on {less:,}"
    return Row(what, [after / before], "times", "P log P", [limit], at_most=1.0)


def real_rows(real: Path, repeats: int) -> Iterator[Row]:
    """Yield a training on real papers and readers, whose tables are in memory."""
    folder = real / "citeulike-t"
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as kept:
        matrix = Path(kept) / "matrix.npz"
        both = [(child("real", folder, matrix), child("implicit", folder, matrix)) for _ in range(repeats)]
    found = both[0][0]
    what = f"training on {found['shape'][1]:,} real papers, blend known"
    ours, theirs = [one["seconds"] for one, _ in both], [one["seconds"] for _, one in both]
    yield Row(what, ours, "s", beside(found), theirs, 1.25, note=describe(found))


def beside_implicit(home: Path, folder: Path, mode: str = "retrain") -> tuple[Found, Found]:
    """Return what a training of a home and `implicit` on its matrix took, each in a process of its own."""
    matrix = folder / "matrix.npz"
    return child(mode, home, matrix), child("implicit", home, matrix)


def child(mode: str, source: Path, matrix: Path) -> Found:
    """Run one training in a process of its own and return what it printed."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.bench.training", mode, str(source), str(matrix)]
    environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    mode, source, matrix = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    print(json.dumps(fit_alone(matrix) if mode == "implicit" else watch(trainer(mode, source), matrix)))


def trainer(mode: str, source: Path) -> Callable[[], object]:
    """Return what is timed: a training of a home, or one of real files."""
    if mode in ("retrain", "cold", "first"):
        training.retrain = partial(gate.retrain, config=Config(**json.loads(os.environ.get(CONFIG, "{}"))))
        if mode == "first":
            gate._reuse_blend = lambda serving, events, encoder: (homes.known_blend(), len(events))
        if mode == "cold":
            training._why_from_scratch = lambda context, serving: "to be measured"
        return partial(training.train_once, Context.ready(homes.settings_for(source)))
    papers, events = read_papers(source / "papers.jsonl.gz"), read_events(source / "interactions.tsv.gz")
    return partial(train, papers, events, Config(), seed=1, now=0.0, blend=homes.known_blend())


def watch(work: Callable[[], object], matrix: Path) -> Found:
    """Train, and keep the largest matrix that was factorised; the time that keeping takes is not counted."""
    fit, fits, found, aside = AlternatingLeastSquares.fit, list[int](), Found(), 0.0

    def watched(model: Any, given: Any, *arguments: Any, **more: Any) -> Any:
        nonlocal aside
        began = time.perf_counter()
        fits.append(model.iterations)
        if given.nnz >= found.get("shape", (0, 0, 0))[2]:
            sp.save_npz(matrix, sp.csr_matrix(given), compressed=False)
            found.update(shape=(*given.shape, int(given.nnz)), factors=model.factors)
            found["matrix_bytes"] = given.data.nbytes + given.indices.nbytes + given.indptr.nbytes
            found["factor_bytes"] = sum(given.shape) * model.factors * 4
            settings = {"regularization": model.regularization, "alpha": model.alpha, "factors": model.factors}
            matrix.with_suffix(".json").write_text(json.dumps(settings))
        aside += time.perf_counter() - began
        return fit(model, given, *arguments, **more)

    AlternatingLeastSquares.fit = watched
    start, began, cpu = peak_bytes(), time.perf_counter(), time.process_time()
    result = work()
    seconds, cpu = time.perf_counter() - began - aside, time.process_time() - cpu
    settings = json.loads(matrix.with_suffix(".json").read_text()) | {"iterations": sum(fits)}
    matrix.with_suffix(".json").write_text(json.dumps(settings))
    sizes = {"start_bytes": start, "peak_bytes": peak_bytes()}
    said = {"serves": result.serves, "note": result.note} if isinstance(result, training.TrainingResult) else {}
    took = {"seconds": seconds, "cpu_seconds": cpu}
    return {**found, **sizes, **said, **took, "fits": fits, "iterations": sum(fits)}


def fit_alone(matrix: Path) -> Found:
    """Fit `implicit` on the matrix that was kept, as often over it as all fits of the training together."""
    given, settings = sp.load_npz(matrix), json.loads(matrix.with_suffix(".json").read_text())
    als = AlternatingLeastSquares(**settings, random_state=1)
    with threadpool_limits(1, "blas"):
        began, cpu = time.perf_counter(), time.process_time()
        als.fit(given, show_progress=False)
    return {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - cpu}


def peak_bytes() -> int:
    """Return the most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    main()
