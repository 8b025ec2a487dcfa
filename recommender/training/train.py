"""Training: papers and events to a model.

Axes: U readers, P papers, W words, F names, D factors.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.interactions import build_interactions, interaction_matrix
from recommender.data.tables import Events, Papers
from recommender.errors import TooFewPapers
from recommender.features.encoders import Embeddings
from recommender.features.metadata import Names, learn_names, paper_names
from recommender.features.name_index import NameIndex
from recommender.features.tfidf import Vocabulary, tokenize_papers
from recommender.model.blend import ALONE, WITH_READERS, Blend
from recommender.model.factorization import ColdItemAdjustment, Factors, WarmStart, fit_cold_adjustment, stack_matrix
from recommender.model.item_regression import ItemRegression, fit_item_regression
from recommender.model.manifest import Manifest
from recommender.model.model import Model
from recommender.model.neighbours import Graph, build_graph, find_alike
from recommender.training.blend_search import search_blend, try_embedding
from recommender.training.blend_validation import score_candidates, split_interactions
from recommender.training.engine import LOCAL, Engine

MIN_PAPERS = 20
# With fewer readers than this, or fewer in the mean per paper (measured: .2 is too few, .65 enough), readers teach the
# factorisation nothing that the words do not.
MIN_READERS, MIN_READERS_PER_PAPER = 20, 0.4
ROWS_AT_ONCE = 4096  # papers whose vectors are adjusted together, to bound memory
MIN_VALIDATION_READERS = 100  # a blend learned from fewer would be noise

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class PaperFeatures:
    """What is known of papers besides their readers.

    `words` float32 CSR (P, W) are TF-IDF rows of the words of `vocabulary`, `name_rows` float32 CSR (P, F) those of
    `names`, and `name_index` has the papers of every name. `engine` does what is still to be done with them.
    """

    vocabulary: Vocabulary
    words: sp.csr_matrix
    names: Names
    name_rows: sp.csr_matrix
    name_index: NameIndex
    engine: Engine = LOCAL

    @cached_property
    def likeness(self) -> sp.csr_matrix:
        """What `find_alike` says of the words, CSR (P, P): found once for all fits, which differ in readers alone."""
        return find_alike(self.words, self.engine.find_nearest)


def learn_features(papers: Papers, config: Config, engine: Engine = LOCAL) -> PaperFeatures:
    """Learn the words and names of papers; `engine` does the heavy stages of this, and of what is trained on them."""
    texts = tokenize_papers(papers)
    vocabulary, words = engine.learn_vocabulary(papers, texts, config.min_df)
    vocabulary = vocabulary.with_keyphrases(texts, words)
    names, name_index = learn_names(papers), NameIndex.build(paper_names(papers))
    return PaperFeatures(vocabulary, words, names, names.rows(papers), name_index, engine)


def train(
    papers: Papers,
    events: Events,
    config: Config = Config(),  # noqa: B008 - frozen
    *,
    seed: int = 0,
    now: float | None = None,
    progress: Progress | None = None,
    blend: Blend | None = None,
    start: WarmStart | None = None,
    earlier: tuple[ItemRegression, np.ndarray] | None = None,
    embeddings: Embeddings | None = None,
    features: PaperFeatures | None = None,
) -> Model:
    """Train on papers and events; there may be no events at all.

    `now`, in epoch seconds, is what ages are counted from: by default the newest event's time, or else the clock.
    `progress` is called with a stage and the share of the whole that is done. `blend` is one learned earlier. `start`
    is where the factorisation begins, from scratch if None; `earlier` is what `fit_item_regression` may keep.
    `embeddings` are these papers' vectors from an encoder, `features` what `learn_features` makes of them.

    Raises TooFewPapers if fewer than 20 papers have text or a reader.
    """
    report = progress or (lambda stage, share: None)
    report("words", 0.0)
    features = features or learn_features(papers, config)
    now = _default_now(events) if now is None else now
    weights, readers = build_interactions(papers, events, config, now)
    interactions = _require_enough_papers(interaction_matrix(weights, len(readers), len(papers)), features)
    step = partial(_report_factors, report)
    learned = fit(features, interactions, config, seed, step=step, start=start, earlier=earlier)
    manifest = _build_manifest(papers, events, config=config, factors=learned.factors, now=now, readers=len(readers))
    model = _assemble(papers, features, learned, manifest, config)
    model = replace(model, readers=_count_readers(interactions), blend=blend or _default_blend(interactions))
    model = model if embeddings is None else replace(model, embeddings=embeddings)
    if blend is None and _has_enough_readers(interactions):
        report("blend", 0.9)
        model = replace(model, blend=_learn_blend(model, features, interactions, config, seed))
    report("done", 1.0)
    return _describe(model)


def _report_factors(report: Progress, share: float) -> None:
    report("factors", 0.1 + 0.8 * share)


def _default_blend(interactions: sp.csr_matrix) -> Blend:
    return WITH_READERS if _has_enough_readers(interactions) else ALONE


def _assemble(papers: Papers, features: PaperFeatures, learned: Fit, manifest: Manifest, config: Config) -> Model:
    """Assemble a model from what was learned; its readers, blend and embeddings are still to come."""
    return Model(
        manifest=manifest,
        config=config,
        blend=ALONE,
        ids=papers.ids,
        titles=papers.titles,
        published=papers.published,
        upvotes=papers.upvotes,
        readers=np.zeros(len(papers), np.float32),
        words=features.words,
        vocabulary=features.vocabulary,
        names=features.names,
        **vars(learned),
        embeddings=Embeddings.empty(len(papers)),
        name_index=features.name_index,
    )


def _describe(model: Model) -> Model:
    """Describe the finished model in its manifest."""
    sizes = {"words": len(model.vocabulary), "names": len(model.names), "pairs": int(model.readers.sum(dtype=np.int64))}
    counts, blend = {**model.manifest.counts, **sizes}, model.blend.as_dict()
    encoder = model.embeddings.encoder or None
    return replace(model, manifest=replace(model.manifest, counts=counts, blend=blend, encoder=encoder))


@dataclass(frozen=True)
class Fit:
    """What `fit` learns; `scoring_vectors` float32 (P, D) are the factors' with `cold_adjustment` for unread papers."""

    factors: Factors
    scoring_vectors: np.ndarray
    cold_adjustment: ColdItemAdjustment
    graph: Graph
    item_regression: ItemRegression | None


def fit(
    features: PaperFeatures,
    interactions: sp.csr_matrix,
    config: Config,
    seed: int,
    *,
    step: Callable[[float], None] | None = None,
    start: WarmStart | None = None,
    earlier: tuple[ItemRegression, np.ndarray] | None = None,
) -> Fit:
    """Learn factors and graphs from features and `interactions` float32 CSR (U, P).

    `step` is called with the share done; `start` is where the factorisation begins, `earlier` what
    `fit_item_regression` may keep.
    """
    matrix = stack_matrix(interactions, features.words, features.name_rows, config)
    factors = features.engine.factorize(matrix, interactions.shape[0], config, seed, step=step, start=start)
    del matrix  # as large as all that is still to come
    liked, has_readers = interactions.maximum(0), _has_enough_readers(interactions)
    graph, nearest = build_graph(features.words, liked, features.likeness, features.engine.find_nearest)
    regression = (
        fit_item_regression(features.words, liked, graph.joint.one_step, earlier)
        if graph.joint and has_readers
        else None
    )
    # Among few readers, a paper that one of them has read must not score lower than it would unread.
    readers = _count_readers(interactions) if has_readers else np.zeros(interactions.shape[1], np.float32)
    cold_adjustment = fit_cold_adjustment(factors.papers, readers)
    scoring_vectors = _adjust_unread(cold_adjustment, factors.papers, nearest, readers)
    return Fit(factors, scoring_vectors, cold_adjustment, graph, regression)


def _adjust_unread(
    adjustment: ColdItemAdjustment, vectors: np.ndarray, nearest: sp.csr_matrix, readers: np.ndarray
) -> np.ndarray:
    """Return the vectors (P, D), adjusted where a paper has no `readers` (P,), some papers at a time."""
    adjusted, unread = vectors.copy(), np.flatnonzero(readers == 0)
    for start in range(0, len(unread), ROWS_AT_ONCE):
        rows = unread[start : start + ROWS_AT_ONCE]
        adjusted[rows] = adjustment.apply(vectors[rows], nearest[rows] @ vectors)
    return adjusted


def _learn_blend(
    model: Model, features: PaperFeatures, interactions: sp.csr_matrix, config: Config, seed: int
) -> Blend:
    """Learn the blend on a split inside these readers; with too few of them, keep the model's default."""
    split = split_interactions(interactions.maximum(0), seed)
    if len(split.history) < MIN_VALIDATION_READERS or not _has_enough_readers(split.train):
        return model.blend
    learned = fit(features, split.train, config, seed)
    inner_model = replace(model, readers=_count_readers(split.train), **vars(learned))
    candidates = score_candidates(inner_model, split, config)
    blend = search_blend(candidates, model.blend)
    return try_embedding(candidates, model.blend, blend, seed) if model.embeddings else blend


def _count_readers(interactions: sp.csr_matrix) -> np.ndarray:
    return np.bincount(interactions.indices[interactions.data > 0], minlength=interactions.shape[1]).astype(np.float32)


def _has_enough_readers(interactions: sp.csr_matrix) -> bool:
    readers = int((np.diff(interactions.indptr) > 0).sum())
    return (
        readers >= MIN_READERS and int((interactions.data > 0).sum()) >= MIN_READERS_PER_PAPER * interactions.shape[1]
    )


def _require_enough_papers(interactions: sp.csr_matrix, features: PaperFeatures) -> sp.csr_matrix:
    has_text = (np.diff(features.words.indptr) > 0) | (np.diff(features.name_rows.indptr) > 0)
    usable = int((has_text | (_count_readers(interactions) > 0)).sum())
    if usable < MIN_PAPERS:
        raise TooFewPapers(
            f"{usable} papers with text or readers; training needs {MIN_PAPERS}: fill the catalogue first"
        )
    return interactions


def _default_now(events: Events) -> float:
    latest = _latest(events.times)
    return time.time() if latest is None else latest


def _latest(times: np.ndarray) -> float | None:
    known = times[np.isfinite(times)]
    return float(known.max()) if len(known) else None


def _build_manifest(
    papers: Papers, events: Events, *, config: Config, factors: Factors, now: float, readers: int
) -> Manifest:
    created = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    fingerprint = hashlib.sha256(factors.papers.tobytes()).hexdigest()[:8]
    return Manifest(
        version=f"{created}-{fingerprint}",
        trained_at=time.time(),
        now=now,
        watermark=_latest(np.concatenate([events.times, papers.published])),
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
