"""What a worker holds of its own, how soon it is ready, what it does when idle, a swap, and a day of new papers."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import text

from recommender import Catalogue, Model, Papers
from server.store import tables, trained_models
from server.store.database import Database
from tests.bench import homes
from tests.bench.freshness import Caller, asking
from tests.bench.generated_model import generated_model
from tests.bench.rows import Row, Scale
from tests.bench.served import free_port
from tests.bench.world import NOW, World, make_log
from tests.server.inkling_process import inkling, members, pair, until
from tests.server.postgres import find_binaries, running_server

WORKERS, ASKED = 2, 40
IDLE_SECONDS, SWAP_SECONDS = 30.0, 5.0
NEW_PAPERS = 1_000
TICK = os.sysconf("SC_CLK_TCK")


def rows(scale: Scale) -> Iterator[Row]:
    """Yield the rows of catalogues of some sizes, whose models are generated."""
    sizes = scale.choose(tiny=[300], quick=[10_000, 50_000], full=[10_000, 100_000, 1_000_000])
    bare: float | None = None
    for count in sizes:
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
            home, world = Path(folder) / "home", World(count)
            model = fill(home, world, factors=16 if scale.tiny else 256)
            yield from day_rows(model, count, 20 if scale.tiny else NEW_PAPERS)
            with Serving(home) as serving:
                measured = list(worker_rows(serving, world, bare, 1.0 if scale.tiny else IDLE_SECONDS))
                bare = bare or max(serving.private())
                yield from measured
                yield from swap_rows(serving, world, model, 1.0 if scale.tiny else SWAP_SECONDS)
    yield from disk_rows(World(scale.choose(tiny=300, quick=5_000, full=20_000)))


def disk_rows(world: World) -> Iterator[Row]:
    """Yield what a paper with its full text, and an event with the state that follows, take on each database's disk."""
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        yield from stored_rows(homes.empty(Path(folder)), world, "SQLite")
    if find_binaries() is not None:
        with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder, running_server() as url:
            yield from stored_rows(homes.empty(Path(folder), INKLING_DATABASE_URL=url), world, "PostgreSQL")


def stored_rows(database: Database, world: World, name: str) -> Iterator[Row]:
    """Yield the kilobytes that each paper, and each event of a reader of twenty, adds to a database."""
    sizes, events = [stored_bytes(database)], 5 * len(world)
    homes.add_papers(database, world)
    sizes.append(stored_bytes(database))
    homes.add_log(database, world, make_log(world, events))
    sizes.append(stored_bytes(database))
    database.close()
    of = f"of {len(world):,} papers and {events:,} events"
    yield Row(f"a paper on disk, {name}", [(sizes[1] - sizes[0]) / len(world) / 1024], "KB", note=of)
    yield Row(f"an event and its state on disk, {name}", [(sizes[2] - sizes[1]) / events / 1024], "KB", note=of)


def stored_bytes(database: Database) -> int:
    """Return how large a database is on disk, without its log of writes."""
    database.empty_log()
    if size := database.size():
        return size
    with database.reading() as session:
        return int(session.scalar(text("SELECT pg_database_size(current_database())")) or 0)


def fill(home: Path, world: World, factors: int) -> Model:
    """Fill a home with papers that have titles alone, and let a generated model serve in it."""
    database, settings = homes.empty(home), homes.settings_for(home)
    settings.models_dir.mkdir(parents=True, exist_ok=True)
    model = generated_model(settings.models_dir / "generated-0", world, factors=factors)
    with database.writing() as session:
        for start in range(0, len(world), 20_000):
            ids = world.ids[start : start + 20_000]
            told = [
                {"id": paper, "title": f"Paper {paper}", "source": homes.SOURCE, "created_at": NOW, "updated_at": NOW}
                for paper in ids
            ]
            session.execute(tables.papers.insert(), told)
    publish(database, model, 0)
    database.close()
    return model


def publish(database: Database, model: Model, number: int) -> str:
    """Let the model serve under another name, as what it is after a training."""
    version = f"generated-{number}"
    manifest = {**model.manifest.as_dict(), "version": version, "papers_until": NOW}
    with database.writing() as session:
        trained_models.add(session, version, manifest, NOW + number)
        trained_models.promote(session, version)
    return version


class Serving:
    """`inkling serve` on a home, with some workers."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()

    def __enter__(self) -> Serving:
        environ = {"INKLING_WORKERS": str(WORKERS), "INKLING_RATE_LIMIT": "off", "INKLING_REGISTRATION": "first"}
        command, keywords = inkling("serve", "--port", str(self.port), home=self.home, **environ)
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command, **keywords, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        if not until(self._is_ready, 300):
            raise RuntimeError("the server did not become ready")
        self.seconds = time.perf_counter() - began
        self.caller = Caller(f"http://127.0.0.1:{self.port}", pair(f"http://127.0.0.1:{self.port}"))
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _is_ready(self) -> bool:
        try:
            return bool(Caller(f"http://127.0.0.1:{self.port}", "").ask("/readyz")["checks"]["model"]["status"] == "ok")
        except (OSError, RuntimeError, KeyError):
            return False

    def workers(self) -> list[int]:
        """Return the worker processes: the largest of the group."""
        return sorted(members(self.process.pid), key=lambda pid: -memory(pid).get("Rss", 0.0))[:WORKERS]

    def private(self) -> list[float]:
        """Return the megabytes that each worker holds of its own and nobody can take from it."""
        return [memory(pid)["Anonymous"] for pid in self.workers()]


def memory(pid: int) -> dict[str, float]:
    """Return a process's memory by kind, in megabytes."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {name: int(value.split()[0]) / 1024 for name, value in (line.split(":") for line in lines)}


def worker_rows(serving: Serving, world: World, bare: float | None, idle: float) -> Iterator[Row]:
    """Ask each worker for some lists, then look at what they hold and do."""
    count = len(world)
    history = [{"id": paper.id} for paper in world.rows(0, 100)]
    for number in range(ASKED):
        serving.caller.ask("/v1/rank", {"papers": history[number:]})
        serving.caller.ask("/v1/recommendations?limit=20")
    every = [memory(pid) for pid in serving.workers()]
    what = f"a worker's own memory (anonymous), {count:,} papers, {WORKERS} workers"
    shares = ", ".join(f"{one['Pss']:.0f}" for one in every)
    shared = f"proportional sets {shares} MB, resident {max(one['Rss'] for one in every):.0f} MB"
    beside, theirs = ("the smallest catalogue's", [bare]) if bare else ("", [])
    own = [one["Anonymous"] for one in every]
    yield Row(
        what, own, "MB", beside, theirs, note=shared, reach="no more with more papers", series="own memory", size=count
    )
    yield Row(f"start until ready, {count:,} papers", [serving.seconds], "s", series="start", size=count)
    before, began = sum(map(processor_seconds, serving.workers())), time.monotonic()
    time.sleep(idle)
    spent = sum(map(processor_seconds, serving.workers())) - before
    share = 100 * spent / (time.monotonic() - began) / WORKERS
    yield Row(f"an idle worker's share of a processor, {count:,} papers", [share], "%", note=f"over {idle:g} s")


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def link(models: Path, source: str, name: str) -> None:
    """Make a model's folder under another name, without its gigabytes again."""
    (models / name).mkdir(mode=0o700)
    for file in (models / source).iterdir():
        os.link(file, models / name / file.name)
    manifest = models / name / "manifest.json"
    content = json.loads(manifest.read_text())
    manifest.unlink()
    manifest.write_text(json.dumps({**content, "version": name}))


def swap_rows(serving: Serving, world: World, model: Model, seconds: float) -> Iterator[Row]:
    """Publish a model while some connections ask without a pause."""
    settings = homes.settings_for(serving.home)
    link(settings.models_dir, "generated-0", "generated-1")
    database, stop = Database.at(settings), threading.Event()
    cards: dict[str, Any] = {"papers": [{"id": paper.id} for paper in world.rows(0, 100)], "limit": 10}
    with asking(serving.caller, cards, stop) as answers:
        time.sleep(seconds)
        version = publish(database, model, 1)
        published = time.monotonic()
        time.sleep(seconds)
    database.close()
    old = [began for began, _, served in answers.times if began >= published and served != version]
    what = f"a model published until every answer is by it, {len(world):,} papers, {WORKERS} workers"
    yield Row(what, [max((began - published for began in old), default=0.0)], "s", at_most=1.0)
    slowest, before = answers.slowest(published, published + seconds), answers.slowest(published - seconds, published)
    beside, failed = f"the slowest in the {seconds:g} s before", f"{len(answers.failed)} of {len(answers.times)} failed"
    yield Row(
        f"the slowest request of that swap, {len(world):,} papers", [slowest], "ms", beside, [before], note=failed
    )


def day_rows(model: Model, count: int, new: int) -> Iterator[Row]:
    """Let a worker's catalogue take in a day of new papers, in one lot and then one by one."""
    catalogue = Catalogue(model)
    catalogue.warm_up()
    papers = [
        {**vars(paper), "id": f"new.{number}", "published": paper.published_at}
        for number, paper in enumerate(World(max(2_000, new), seed=8).rows(0, new + 20))
    ]
    began = time.process_time()
    catalogue.update(Papers.from_rows(papers[:new]))
    yield Row(
        f"{new:,} new papers folded in over {count:,}",
        [(time.process_time() - began) * 1e3],
        "ms",
        reach="no more with more papers",
        series="a day of new papers",
        size=count,
        note="processor time",
    )
    singles = []
    for paper in papers[new:]:
        began = time.process_time()
        catalogue.update(Papers.from_rows([paper]))
        singles.append((time.process_time() - began) * 1e3)
    yield Row(f"one more after them, over {count:,}", singles, "ms", note="processor time")
