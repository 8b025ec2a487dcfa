"""Training: papers and events to a model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.interactions import Weights, weigh
from recommender.data.tables import Events, Papers
from recommender.errors import TooFewPapers
from recommender.features.encoders import Encoded
from recommender.features.metadata import Names, learn_names
from recommender.features.tfidf import Vocabulary, learn_vocabulary, texts_of
from recommender.model.blend import ALONE, WITH_READERS, Blend
from recommender.model.factorization import Drawing, Stack, drawing_for, factorise, factors_for, stacked
from recommender.model.model import Model
from recommender.model.neighbours import Graph, build_graph
from recommender.training.blend_search import learn, with_meaning
from recommender.training.blend_validation import hold_out, lists_of

LEAST_PAPERS = 20
LEAST_READERS = 20  # below this the readers teach the stack nothing that the words do not,
LEAST_READ = 0.4  # nor while a paper has fewer readers than this in the mean (measured: .2 too few, .65 enough)
LEAST_LISTS = 100  # held-out lists below which a blend learned from them would be noise

Progress = Callable[[str, float], None]


def train(
    papers: Papers,
    events: Events,
    config: Config = Config(),  # noqa: B008 - frozen
    *,
    seed: int = 0,
    now: float | None = None,
    progress: Progress | None = None,
    blend: Blend | None = None,
    start: Model | None = None,
    encoded: Encoded | None = None,
) -> Model:
    """Train on these papers and events; no events at all is fine.

    `now` is the time ages are counted from, by default the newest event's, and where there is none the clock's.
    `progress` hears a stage's name and the share of the whole done. `blend` is one learned before, to be used again.
    `start` is a model of these same papers and this config trained on fewer events: it is finished, at a fifth of the
    cost, rather than trained anew. `encoded` are these papers' vectors from an encoder.
    TooFewPapers with fewer than 20 papers that have any text or reader.
    """
    tell = progress or (lambda stage, share: None)
    tell("words", 0.0)
    vocabulary, words, names = (
        _columns(papers, config) if start is None else (start.vocabulary, start.words, start.names)
    )
    now = _now(events) if now is None else now
    weights, readers = interactions(papers, events, config, now)
    liked = _matrix(weights, len(readers), len(papers))
    rows = Rows(words, names.rows(papers))
    _check(liked, rows)
    begun = start.stack if start else None
    fitted = fit(rows, liked, config, seed, step=lambda share: tell("factors", 0.1 + 0.8 * share), start=begun)
    model = Model(
        manifest=_manifest(papers, events, config=config, stack=fitted.stack, now=now, readers=len(readers)),
        config=config,
        blend=blend or (WITH_READERS if _has_company(liked) else ALONE),
        ids=papers.ids,
        titles=papers.titles,
        published=papers.published,
        upvotes=papers.upvotes,
        readers=_readers_each(liked),
        words=words,
        vocabulary=vocabulary,
        names=names,
        **vars(fitted),
        encoded=encoded or Encoded.nothing(len(papers)),
    )
    model.manifest["encoder"] = model.encoded.encoder or None
    model.manifest["counts"] |= {"words": len(vocabulary), "names": len(names), "pairs": int((liked.data > 0).sum())}
    if blend is None and _has_company(liked):
        tell("blend", 0.9)
        model = replace(model, blend=_learned(model, rows, liked, config, seed))
    tell("done", 1.0)
    model.manifest["blend"] = model.blend.as_dict()
    return model


def _columns(papers: Papers, config: Config) -> tuple[Vocabulary, sp.csr_matrix, Names]:
    texts = texts_of(papers)
    vocabulary, words = learn_vocabulary(texts, config.min_df)
    return vocabulary.named(texts, words), words, learn_names(papers)


@dataclass(frozen=True)
class Rows:
    """What is known of papers besides their readers: `words` float32 CSR (P, W) and `names` (P, F)."""

    words: sp.csr_matrix
    names: sp.csr_matrix


@dataclass(frozen=True)
class Fitted:
    """What is learned from readers and rows: the factorisation, the vectors to show (P, D) and how, and the graph."""

    stack: Stack
    shown: np.ndarray
    drawing: Drawing
    graph: Graph


def fit(
    rows: Rows,
    liked: sp.csr_matrix,
    config: Config,
    seed: int,
    *,
    step: Callable[[float], None] | None = None,
    start: Stack | None = None,
) -> Fitted:
    """Learn from `liked` (U, P)."""
    matrix = stacked(liked, rows.words, rows.names, config)
    stack = factorise(matrix, liked.shape[0], config, seed, step=step, start=start)
    graph, near = build_graph(rows.words, liked.maximum(0))
    # Among few readers, a paper that one of them read must not stand lower than it would unread.
    readers = _readers_each(liked) if _has_company(liked) else np.zeros(liked.shape[1], np.float32)
    neighbours = near @ stack.papers
    drawing = drawing_for(stack.papers, readers)
    shown = np.where(readers[:, None] > 0, stack.papers, drawing.of(stack.papers, neighbours))
    return Fitted(stack, shown, drawing, graph)


def _learned(model: Model, rows: Rows, liked: sp.csr_matrix, config: Config, seed: int) -> Blend:
    """Learn the blend on a split inside these readers; with too few lists the defaults stand."""
    held = hold_out(liked.maximum(0), seed)
    if len(held.history) < LEAST_LISTS or not _has_company(held.train):
        return model.blend
    fitted = fit(rows, held.train, config, seed)
    inner = replace(model, readers=_readers_each(held.train), **vars(fitted))
    lists = lists_of(inner, held, config)
    blend = learn(lists, model.blend)
    return with_meaning(lists, model.blend, blend, seed) if model.encoded else blend


def _readers_each(liked: sp.csr_matrix) -> np.ndarray:
    return np.bincount(liked.indices[liked.data > 0], minlength=liked.shape[1]).astype(np.float32)


def interactions(papers: Papers, events: Events, config: Config, now: float) -> tuple[Weights, list[str]]:
    """Return the weighted pairs of known papers, and the readers in order of first appearance."""
    row_of = {paper: row for row, paper in enumerate(papers.ids)}
    reader_of: dict[str, int] = {}
    known = [row for row, paper in enumerate(events.papers) if paper in row_of]
    reader = np.array([reader_of.setdefault(events.readers[row], len(reader_of)) for row in known], np.int64)
    paper = np.array([row_of[events.papers[row]] for row in known], np.int64)
    kept = Events([], [], [events.kinds[row] for row in known], events.times[known])
    return weigh(reader, paper, kept, config, now), list(reader_of)


def _matrix(weights: Weights, readers: int, papers: int) -> sp.csr_matrix:
    told = weights.weight != 0
    cells = (weights.weight[told], (weights.reader[told], weights.paper[told]))
    return sp.csr_matrix(cells, shape=(readers, papers), dtype=np.float32)


def _has_company(liked: sp.csr_matrix) -> bool:
    readers = int((np.diff(liked.indptr) > 0).sum())
    return readers >= LEAST_READERS and int((liked.data > 0).sum()) >= LEAST_READ * liked.shape[1]


def _check(liked: sp.csr_matrix, rows: Rows) -> None:
    told = int(((np.diff(rows.words.indptr) > 0) | (np.diff(rows.names.indptr) > 0) | (_readers_each(liked) > 0)).sum())
    if told < LEAST_PAPERS:
        raise TooFewPapers(
            f"{told} papers with text or readers; training needs {LEAST_PAPERS}: fill the catalogue first"
        )


def _now(events: Events) -> float:
    known = events.times[np.isfinite(events.times)]
    return float(known.max()) if len(known) else time.time()


def _newest(times: np.ndarray) -> float | None:
    known = times[np.isfinite(times)]
    return float(known.max()) if len(known) else None


def _manifest(
    papers: Papers, events: Events, *, config: Config, stack: Stack, now: float, readers: int
) -> dict[str, Any]:
    counts = {"papers": len(papers), "events": len(events), "readers": readers, "factors": stack.papers.shape[1]}
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    print_of = hashlib.sha256(stack.papers.tobytes()).hexdigest()[:8]
    return {
        "version": f"{stamp}-{print_of}",
        "trained_at": time.time(),
        "now": now,
        "watermark": _newest(np.concatenate([events.times, papers.published])),
        "counts": counts,
        "config": config.as_dict(),
        "figures": {},
    }


__all__ = ["LEAST_PAPERS", "factors_for", "interactions", "train"]
