"""What one reader likes at this moment: their papers and typed interests, as weighted rows ready to score with.

Axes: n rows of the profile (papers met, then interests), W words, D factors, N papers in the index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.interactions import Weights, weigh
from recommender.data.tables import Events
from recommender.features.tfidf import Vocabulary
from recommender.model.model import Model
from recommender.model.neighbours import find_neighbours
from recommender.ranking.paper_index import PaperIndex

_NO_VECTORS = np.zeros((0, 0), np.float32)
MOST_LIKED, MOST_DISLIKED = 500, 125  # papers that a long history is told by, those that weigh most, the newest of them
DISLIKED = -0.3  # what a hidden paper is fitted to, where a liked one is fitted to 1


@dataclass(frozen=True)
class Profile:
    """`rows` int64: the index's rows of the papers met, -1 for what was typed; `typed` its text, "" for papers.

    `weight` float32 (n,) negative for disliked, `words` float32 CSR (n, W), `vectors` float32 (n, D), `graph_rows`
    float32 CSR (n, P) where on the model's graph each stands. `seen` and `passed` are the index's
    rows never to be recommended, and those shown and passed over with `times` (float32) each;
    `muted` float32 CSR (m, W) the words of what was muted.
    """

    rows: np.ndarray
    typed: list[str]
    weight: np.ndarray
    words: sp.csr_matrix
    vectors: np.ndarray
    graph_rows: sp.csr_matrix
    seen: np.ndarray
    passed: np.ndarray
    times: np.ndarray
    muted: sp.csr_matrix

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def liked_papers(self) -> int:
        """How many rows are liked, which is how much is known of the reader."""
        return int((self.weight > 0).sum())

    @property
    def muted_vectors(self) -> np.ndarray:
        """Float32 (m', D): the vectors of what was muted, where the model knows a word of it."""
        return self.vectors[(self.rows < 0) & (self.weight < 0)] if len(self.vectors) else self.vectors

    @property
    def preference(self) -> np.ndarray:
        """Float32 (n,) the preference each row is fitted to."""
        return np.where(self.weight > 0, 1, DISLIKED).astype(np.float32)


def build_profile(
    history: Events,
    interests: Sequence[str],
    muted: Sequence[str],
    *,
    index: PaperIndex,
    vocabulary: Vocabulary,
    model: Model | None,
    config: Config,
    now: float,
) -> Profile:
    """Gather one reader's profile; events on papers that are not in the index, and words nobody knows, say nothing."""
    met = _weigh_history(history, index, config, now)
    told = _telling(met)
    rows = met.paper[told]
    typed = [*interests, *muted]
    words = vocabulary.rows(typed)
    known = np.flatnonzero(np.diff(words.indptr))
    weight = np.repeat(
        np.array([config.interest_weight, -config.mute_weight], np.float32), [len(interests), len(muted)]
    )
    return Profile(
        rows=np.concatenate([rows, np.full(len(known), -1)]),
        typed=[""] * len(rows) + [typed[row] for row in known],
        weight=np.concatenate([met.weight[told], weight[known]]),
        words=_vstack(index.words(rows), words[known]),
        vectors=np.concatenate([index.foldin_vectors(rows), model.vectors_of(words[known])]) if model else _NO_VECTORS,
        graph_rows=_vstack(index.graph_rows(rows), find_neighbours(words[known], index.blocks[0].by_word))
        if len(known)
        else index.graph_rows(rows),
        seen=met.paper[met.seen],
        passed=met.paper[met.passed > 0],
        times=met.passed[met.passed > 0],
        muted=words[len(interests) :],
    )


def profile_of_rows(rows: np.ndarray, weight: np.ndarray, index: PaperIndex) -> Profile:
    """Gather the profile for index rows with these weights, nothing else known."""
    words, nothing = index.words(rows), np.empty(0, np.int64)
    return Profile(
        rows=rows,
        typed=[""] * len(rows),
        weight=weight,
        words=words,
        vectors=index.foldin_vectors(rows),
        graph_rows=index.graph_rows(rows),
        seen=nothing,
        passed=nothing,
        times=np.empty(0, np.float32),
        muted=words[:0],
    )


def _vstack(one: sp.csr_matrix, other: sp.csr_matrix) -> sp.csr_matrix:
    return sp.vstack([one, other], format="csr") if other.shape[0] else one


def _telling(met: Weights) -> np.ndarray:
    """Return the rows of `met` that tell most of the reader, in order.

    All of them, but for a long history: solving for a reader takes the cube of their papers, and long before the bounds
    one more changes nothing. Hidden papers have a bound of their own, so that they cannot crowd out what is liked.
    """
    strongest = np.lexsort((-met.time, -np.abs(met.weight)))
    liked, disliked = (strongest[met.weight[strongest] * sign > 0] for sign in (1, -1))
    return np.sort(np.concatenate([liked[:MOST_LIKED], disliked[:MOST_DISLIKED]]))


def _weigh_history(history: Events, index: PaperIndex, config: Config, now: float) -> Weights:
    known = [row for row, paper in enumerate(history.papers) if paper in index.row_of]
    paper = np.array([index.row_of[history.papers[row]] for row in known], np.int64)
    events = Events([], [], [history.kinds[row] for row in known], history.times[known])
    return weigh(np.zeros(len(known), np.int64), paper, events, config, now)
