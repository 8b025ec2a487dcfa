"""Training: papers and events to a model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.interactions import build_interactions, interaction_matrix
from recommender.data.tables import Events, Papers
from recommender.errors import TooFewPapers
from recommender.features.encoders import Embeddings
from recommender.features.metadata import Names, learn_names
from recommender.features.tfidf import Vocabulary, learn_vocabulary, paper_texts
from recommender.model.blend import ALONE, WITH_READERS, Blend
from recommender.model.factorization import ColdItemAdjustment, Factors, factorize, fit_cold_adjustment, stack_matrix
from recommender.model.manifest import Manifest
from recommender.model.model import Model
from recommender.model.neighbours import Graph, build_graph
from recommender.training.blend_search import search_blend, try_embedding
from recommender.training.blend_validation import score_lists, split_interactions

MIN_PAPERS = 20
MIN_READERS = 20  # below this the readers teach the stack nothing that the words do not,
# nor while a paper has fewer readers than this in the mean (measured: .2 too few, .65 enough)
MIN_READERS_PER_PAPER = 0.4
MIN_LISTS = 100  # held-out lists below which a blend learned from them would be noise

Progress = Callable[[str, float], None]
Columns = tuple[Vocabulary, sp.csr_matrix, Names]  # the words with the papers' rows (P, W), and the names


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
    embeddings: Embeddings | None = None,
) -> Model:
    """Train on these papers and events; no events at all is fine.

    `now` is the time ages are counted from, by default the newest event's, and where there is none the clock's.
    `progress` hears a stage's name and the share of the whole done. `blend` is one learned before, to be used again.
    `start` is a model of these same papers and this config trained on fewer events: it is finished, at a fifth of the
    cost, rather than trained anew. `embeddings` are these papers' vectors from an encoder.
    TooFewPapers with fewer than 20 papers that have any text or reader.
    """
    tell = progress or (lambda stage, share: None)
    tell("words", 0.0)
    columns = _columns(papers, config) if start is None else (start.vocabulary, start.words, start.names)
    now = _now(events) if now is None else now
    weights, readers = build_interactions(papers, events, config, now)
    liked = interaction_matrix(weights, len(readers), len(papers))
    rows = PaperFeatures(columns[1], columns[2].rows(papers))
    _check(liked, rows)
    begun = start.factors if start else None
    fitted = fit(rows, liked, config, seed, step=lambda share: tell("factors", 0.1 + 0.8 * share), start=begun)
    manifest = _manifest(papers, events, config=config, factors=fitted.factors, now=now, readers=len(readers))
    with_company = _has_company(liked)
    model = _assemble(papers, columns, fitted, manifest, config)
    model = replace(model, readers=_count_readers(liked), blend=blend or (WITH_READERS if with_company else ALONE))
    model = model if embeddings is None else replace(model, embeddings=embeddings)
    if blend is None and with_company:
        tell("blend", 0.9)
        model = replace(model, blend=_learn_blend(model, rows, liked, config, seed))
    tell("done", 1.0)
    return _describe(model)


def _assemble(papers: Papers, columns: Columns, fitted: Fit, manifest: Manifest, config: Config) -> Model:
    """Put together what was learned, of no readers, by the default blend and without an encoder."""
    vocabulary, words, names = columns
    return Model(
        manifest=manifest,
        config=config,
        blend=ALONE,
        ids=papers.ids,
        titles=papers.titles,
        published=papers.published,
        upvotes=papers.upvotes,
        readers=np.zeros(len(papers), np.float32),
        words=words,
        vocabulary=vocabulary,
        names=names,
        **vars(fitted),
        embeddings=Embeddings.nothing(len(papers)),
    )


def _describe(model: Model) -> Model:
    """Put into the manifest what the finished model is made of."""
    sizes = {"words": len(model.vocabulary), "names": len(model.names), "pairs": int(model.readers.sum(dtype=np.int64))}
    counts, blend = {**model.manifest.counts, **sizes}, model.blend.as_dict()
    encoder = model.embeddings.encoder or None
    return replace(model, manifest=replace(model.manifest, counts=counts, blend=blend, encoder=encoder))


def _columns(papers: Papers, config: Config) -> Columns:
    texts = paper_texts(papers)
    vocabulary, words = learn_vocabulary(texts, config.min_df)
    return vocabulary.named(texts, words), words, learn_names(papers)


@dataclass(frozen=True)
class PaperFeatures:
    """What is known of papers besides their readers: `words` float32 CSR (P, W) and `names` (P, F)."""

    words: sp.csr_matrix
    names: sp.csr_matrix


@dataclass(frozen=True)
class Fit:
    """What is learned from readers and rows: the factorisation, the vectors to show (P, D) and how, and the graph."""

    factors: Factors
    scoring_vectors: np.ndarray
    cold_adjustment: ColdItemAdjustment
    graph: Graph


def fit(
    rows: PaperFeatures,
    liked: sp.csr_matrix,
    config: Config,
    seed: int,
    *,
    step: Callable[[float], None] | None = None,
    start: Factors | None = None,
) -> Fit:
    """Learn from `liked` (U, P)."""
    matrix = stack_matrix(liked, rows.words, rows.names, config)
    factors = factorize(matrix, liked.shape[0], config, seed, step=step, start=start)
    graph, nearest = build_graph(rows.words, liked.maximum(0))
    # Among few readers, a paper that one of them read must not stand lower than it would unread.
    readers = _count_readers(liked) if _has_company(liked) else np.zeros(liked.shape[1], np.float32)
    neighbours = nearest @ factors.papers
    cold_adjustment = fit_cold_adjustment(factors.papers, readers)
    scoring_vectors = np.where(readers[:, None] > 0, factors.papers, cold_adjustment.of(factors.papers, neighbours))
    return Fit(factors, scoring_vectors, cold_adjustment, graph)


def _learn_blend(model: Model, rows: PaperFeatures, liked: sp.csr_matrix, config: Config, seed: int) -> Blend:
    """Learn the blend on a split inside these readers; with too few lists the defaults stand."""
    held = split_interactions(liked.maximum(0), seed)
    if len(held.history) < MIN_LISTS or not _has_company(held.train):
        return model.blend
    fitted = fit(rows, held.train, config, seed)
    inner = replace(model, readers=_count_readers(held.train), **vars(fitted))
    lists = score_lists(inner, held, config)
    blend = search_blend(lists, model.blend)
    return try_embedding(lists, model.blend, blend, seed) if model.embeddings else blend


def _count_readers(liked: sp.csr_matrix) -> np.ndarray:
    return np.bincount(liked.indices[liked.data > 0], minlength=liked.shape[1]).astype(np.float32)


def _has_company(liked: sp.csr_matrix) -> bool:
    readers = int((np.diff(liked.indptr) > 0).sum())
    return readers >= MIN_READERS and int((liked.data > 0).sum()) >= MIN_READERS_PER_PAPER * liked.shape[1]


def _check(liked: sp.csr_matrix, rows: PaperFeatures) -> None:
    told = int(
        ((np.diff(rows.words.indptr) > 0) | (np.diff(rows.names.indptr) > 0) | (_count_readers(liked) > 0)).sum()
    )
    if told < MIN_PAPERS:
        raise TooFewPapers(f"{told} papers with text or readers; training needs {MIN_PAPERS}: fill the catalogue first")


def _now(events: Events) -> float:
    known = events.times[np.isfinite(events.times)]
    return float(known.max()) if len(known) else time.time()


def _newest(times: np.ndarray) -> float | None:
    known = times[np.isfinite(times)]
    return float(known.max()) if len(known) else None


def _manifest(
    papers: Papers, events: Events, *, config: Config, factors: Factors, now: float, readers: int
) -> Manifest:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    print_of = hashlib.sha256(factors.papers.tobytes()).hexdigest()[:8]
    return Manifest(
        version=f"{stamp}-{print_of}",
        trained_at=time.time(),
        now=now,
        watermark=_newest(np.concatenate([events.times, papers.published])),
        counts={
            "papers": len(papers),
            "events": len(events),
            "readers": readers,
            "factors": factors.papers.shape[1],
        },
        config=config.as_dict(),
        figures={},
        encoder=None,
        blend={},
    )
