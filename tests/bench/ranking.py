"""Our own code's time in a list: the catalogue ranked for one reader, beside reading every score's array once.

Catalogues of rising size with generated models, readers of rising history; arxiv-sanity-lite's way beside it, a linear
SVM over the catalogue for each request; and real readers beside `implicit`'s recommend.
"""

from __future__ import annotations

import random
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from implicit.cpu.als import AlternatingLeastSquares
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from recommender import Catalogue, Config, Events, Model, train
from recommender.data.files import read_events, read_papers
from tests.bench import homes
from tests.bench.generated_model import TOPIC, generated_model
from tests.bench.rows import Row, Scale, clock, in_turn
from tests.bench.world import NOW, World

HISTORIES = (5, 50, 200, 500, 5_000)
MIDDLE = 50  # of them: the history by which sizes are compared
CARDS, LISTED = 100, 20
FEW = 600  # papers, which take no time to read
GIB_A_MILLION = 15  # disk that writing the model of a million papers takes for a while


def rows(scale: Scale) -> Iterator[Row]:
    """Yield the rows of each size and history, and of real readers."""
    sizes = scale.choose(tiny=[600], quick=[10_000, 100_000], full=[10_000, 100_000, 1_000_000, 2_500_000])
    with threadpool_limits(1):
        yield calls_row(scale)
        for count in sizes:
            with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
                free = shutil.disk_usage(folder).free / 2**30
                if free < count / 1e6 * GIB_A_MILLION + 2:
                    yield Row(f"ranking {count:,} papers", note=f"not measured: {free:.0f} GiB of disk are free")
                    continue
                world = World(count)
                model = generated_model(Path(folder) / "model", world, factors=16 if scale.tiny else 256)
                yield from size_rows(model, world, scale)
        if scale.real:
            yield from real_rows(scale.real, 3 if scale.tiny else 60, Config(iterations=1 if scale.tiny else 5))


def calls_row(scale: Scale) -> Row:
    """Return what a list takes of hardly any papers: its calls into NumPy, which no size makes fewer."""
    world = World(FEW)
    with tempfile.TemporaryDirectory(prefix="inkling-bench-") as folder:
        model = generated_model(Path(folder) / "model", world, factors=16 if scale.tiny else 256)
        catalogue = Catalogue(model)
        state = catalogue.prepare(history_of(world, MIDDLE), now=NOW)
        make, limit = partial(recommend, catalogue, state), partial(read_once, model)
        ours, theirs = in_turn(make, limit, 3 * scale.repeats)
    return Row(f"a list of {FEW} papers: its calls into NumPy", ours, "ms", "every vector read once", theirs)


def size_rows(model: Model, world: World, scale: Scale) -> Iterator[Row]:
    """Yield the rows of one catalogue."""
    catalogue, count = Catalogue(model), len(world)
    catalogue.warm_up()
    limit, cards = partial(read_once, model), world.ids[-CARDS:]
    flat: dict[int, float] = {}
    for history in HISTORIES:
        if history > count // 10:
            continue
        events = history_of(world, history)
        state = catalogue.prepare(events, now=NOW)
        with_new = history_of(world, history, more=1)
        lists: dict[str, Callable[[], object]] = {
            "`/v1/recommendations`": lambda state=state: recommend(catalogue, state),
            "… after a new event": lambda new=with_new, state=state: recommend(
                catalogue, catalogue.prepare(new, now=NOW, previous=state)
            ),
            f"`/v1/rank` of {CARDS} cards": lambda state=state: rank_cards(catalogue, state, cards),
        }
        for name, make in lists.items():
            ours, theirs = in_turn(make, limit, 3 * scale.repeats)
            what = f"{name}, {count:,} papers, history {history:,}"
            series = f"Ranking: {name.strip('… `')}" if history == MIDDLE else ""
            beside = "every vector read once"
            yield Row(what, ours, "ms", beside, theirs, at_most=1.3, series=series, size=count)
            if name == "… after a new event":
                flat[history] = statistics.median(ours)
    if len(flat) == len(HISTORIES):
        what = f"a list after a new event, {count:,} papers: history 5,000 beside 200"
        yield Row(what, [flat[5_000] / flat[200]], "times", at_most=1.2, reach="flat past 200")
    if count <= 100_000:
        yield svm_row(model, catalogue, world)


def recommend(catalogue: Catalogue, state: object) -> object:
    """Make a page of recommendations with its reasons, for a reader who is prepared."""
    scores = catalogue.score_reader(state, now=NOW)  # type: ignore[arg-type]
    return catalogue.rank_scores(scores, candidates=None, k=LISTED)


def rank_cards(catalogue: Catalogue, state: object, cards: list[str]) -> object:
    """Rank the cards of a page."""
    scores = catalogue.score_reader(state, now=NOW)  # type: ignore[arg-type]
    return catalogue.rank_scores(scores, candidates=cards, k=None)


def read_once(model: Model) -> float:
    """Read every array that a scan reads once: by the largest value, for a sum is slower than the memory."""
    arrays = (model.scoring_vectors, model.published, model.readers, model.derived.log_upvotes)
    return sum(float(np.asarray(array).max()) for array in arrays)


def history_of(world: World, count: int, more: int = 0) -> Events:
    """Return a reader's saves: twenty of each neighbourhood of a generated model, and `more` new ones."""
    dice = random.Random(count)
    places = [dice.randrange(max(1, len(world) - TOPIC)) for _ in range(max(1, count // 20))]
    width = min(TOPIC, len(world))
    chosen = dict.fromkeys(dice.choice(places) + dice.randrange(width) for _ in range(3 * count))
    saved = [world.ids[row] for row in list(chosen)[:count] if row < len(world)]
    new = [world.ids[row] for row in range(more)]
    return Events.from_rows([("", paper, "save", NOW - 86_400.0) for paper in [*saved, *new]])


def svm_row(model: Model, catalogue: Catalogue, world: World) -> Row:
    """Return a list beside arxiv-sanity-lite's: a linear SVM of the reader's papers against all others."""
    events = history_of(world, min(MIDDLE, len(world) // 10))
    wanted = np.isin(np.array(world.ids), np.array(events.papers))
    words = sp.csr_matrix(model.words)

    def theirs() -> None:
        svm = LinearSVC(class_weight="balanced", max_iter=10_000, tol=1e-6, C=0.01)  # its own settings
        scores = svm.fit(words, wanted).decision_function(words)
        np.argsort(-scores)[:LISTED]

    ours = [clock(lambda: catalogue.rank(events, candidates=None, k=LISTED, now=NOW)) for _ in range(5)]
    beside = "arxiv-sanity-lite's way: a linear SVM over the catalogue"
    return Row(f"a list from nothing kept, {len(world):,} papers", ours, "ms", beside, [clock(theirs)])


REAL_HISTORIES = ((1, 10), (11, 30), (31, 100), (101, 400))


def real_rows(real: Path, readers: int, config: Config) -> Iterator[Row]:
    """Yield lists for real readers of each length of history, beside `implicit`'s recommend."""
    papers, events = (
        read_papers(real / "citeulike-t/papers.jsonl.gz"),
        read_events(real / "citeulike-t/interactions.tsv.gz"),
    )
    if config.iterations == 1:  # only whether it runs
        papers = papers.take(range(0, len(papers), 20))
        config = Config(factors=16, iterations=1)
    model = train(papers, events, config, seed=1, now=0.0, blend=homes.known_blend())
    catalogue, size = Catalogue(model), model.factors.papers.shape[1]
    als = AlternatingLeastSquares(factors=size, alpha=40.0)
    als.item_factors, als.user_factors = np.array(model.factors.papers), np.zeros((1, size))
    row_of = {paper: row for row, paper in enumerate(papers.ids)}
    met: dict[str, list[int]] = {}
    for at, reader in enumerate(events.readers):
        met.setdefault(reader, []).append(at)
    for least, most in REAL_HISTORIES:
        some = [events.take(at) for at in met.values() if least <= len(at) <= most][:readers]
        ours, theirs = [], []
        for history in some:
            columns = np.array([row_of[paper] for paper in history.papers if paper in row_of], np.int64)
            liked = sp.csr_matrix((np.ones(len(columns), np.float32), (columns * 0, columns)), (1, len(papers)))
            ours.append(clock(partial(catalogue.rank, history, candidates=None, k=LISTED, now=0.0)))
            theirs.append(clock(partial(als.recommend, 0, liked, N=LISTED, recalculate_user=True)))
        what = f"ranking {len(papers):,} real papers for a reader of {least} to {most}, nothing kept"
        yield Row(what, ours, "ms", "`implicit`'s recommend, recalculated", theirs)
