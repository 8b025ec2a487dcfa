"""A validation split inside the training readers, and its candidates: each component's scores of likely papers.

Axes: U readers, P papers, L readers of the split, M candidates of the reader who has most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.model.model import Model
from recommender.ranking.components import COMPONENTS, build_components
from recommender.ranking.paper_index import PaperIndex, model_block
from recommender.ranking.profile import build_profile_from_rows

HOLDOUT_SHARE = 0.2  # of the papers, which become cold, and of each reader's other papers
NEW_READER_SHARE = 0.1  # of the readers, who take no part in training
NEW_READER_PAPERS = (1, 1, 2, 3, 5, 10)  # how many papers are known of a new reader, drawn from these
MAX_VALIDATION_READERS = 1500
MIN_PAPERS_TO_HOLD_OUT = 5
MAX_CANDIDATES = 300  # papers kept by the sum of all components, and half as many by each; of each kind, warm and cold


@dataclass(frozen=True)
class ValidationSplit:
    """`train` float32 CSR (U, P) is what to fit on; `history` and `targets` are paper numbers of L readers.

    `had_readers` bool (P,) marks papers that somebody had read before any were held out. The others are nobody's
    targets here, and would only make cold papers look worse than they are. `cold_share` is the share of all pairs whose
    paper nobody else reads: of what a reader takes up, what nobody had read.
    """

    train: sp.csr_matrix
    had_readers: np.ndarray
    history: list[np.ndarray]
    targets: list[np.ndarray]
    cold_share: float


def split_interactions(interactions: sp.csr_matrix, seed: int) -> ValidationSplit:
    """Hold out papers, parts of histories and whole readers of `interactions` (U, P): warm, cold and new readers."""
    random = np.random.default_rng([seed, 1])
    readers, papers = interactions.shape
    is_cold = np.zeros(papers, bool)
    is_cold[random.permutation(papers)[: int(HOLDOUT_SHARE * papers)]] = True
    is_new = random.random(readers) < NEW_READER_SHARE
    kept: list[np.ndarray] = []
    halves: list[tuple[np.ndarray, np.ndarray]] = []
    for reader in range(readers):
        liked = random.permutation(interactions.indices[interactions.indptr[reader] : interactions.indptr[reader + 1]])
        cold, warm = liked[is_cold[liked]], liked[~is_cold[liked]]
        n = int(random.choice(NEW_READER_PAPERS)) if is_new[reader] else len(warm) - _holdout_size(len(warm))
        kept.append(warm[:0] if is_new[reader] else warm[:n])
        halves.append((warm[:n], np.concatenate([warm[n:], cold])))
    usable = [reader for reader, (history, targets) in enumerate(halves) if len(history) and len(targets)]
    chosen = random.permutation(usable)[:MAX_VALIDATION_READERS]
    train = interactions.multiply(_binary_matrix(kept, interactions.shape)).tocsr().astype(np.float32)
    readers_each = np.bincount(interactions.indices, minlength=papers)
    cold_share = float((readers_each == 1).sum() / max(1, interactions.nnz))
    history, targets = ([halves[one][part] for one in chosen] for part in (0, 1))
    return ValidationSplit(train, readers_each > 0, history, targets, cold_share)


def _holdout_size(papers: int) -> int:
    return max(1, round(HOLDOUT_SHARE * papers)) if papers >= MIN_PAPERS_TO_HOLD_OUT else 0


def _binary_matrix(rows: list[np.ndarray], shape: tuple[int, int]) -> sp.csr_matrix:
    ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return sp.csr_matrix((np.ones(ends[-1], np.float32), np.concatenate(rows), ends), shape=shape)


@dataclass(frozen=True)
class ValidationCandidates:
    """Likely papers of each reader of a split, padded to M columns; `mask` bool (L, M) is false for padding.

    `is_target` bool (L, M) marks targets and `target_counts` int64 (L,) counts them. `components` maps a component's
    name to its scores, float32 (L, M), of unit spread over all papers. `readers` float32 (L, M) counts each paper's
    readers, `history` int64 (L,) the papers known of each reader. `cold_share` is that of the split.
    """

    mask: np.ndarray
    is_target: np.ndarray
    target_counts: np.ndarray
    components: dict[str, np.ndarray]
    readers: np.ndarray
    history: np.ndarray
    cold_share: float

    def take(self, chosen: np.ndarray) -> ValidationCandidates:
        """Return the candidates of some readers, bool (L,)."""
        components = {name: scores[chosen] for name, scores in self.components.items()}
        tables = (self.mask[chosen], self.is_target[chosen], self.target_counts[chosen])
        readers, history = self.readers[chosen], self.history[chosen]
        return ValidationCandidates(*tables, components, readers, history, self.cold_share)

    def keep(self, papers: np.ndarray) -> ValidationCandidates:
        """Return only these candidates, bool (L, M), of the readers who have a target among them."""
        papers = papers & self.mask
        has_target = (self.is_target & papers).any(axis=1)
        width = papers[has_target].sum(axis=1).max(initial=0)
        columns = np.argsort(~papers[has_target], axis=1, kind="stable")[:, :width]

        def gather(table: np.ndarray) -> np.ndarray:
            return np.take_along_axis(table[has_target], columns, axis=1)

        is_target = gather(self.is_target & papers)
        return ValidationCandidates(
            mask=gather(papers),
            is_target=is_target,
            target_counts=is_target.sum(axis=1),
            components={name: gather(scores) for name, scores in self.components.items()},
            readers=gather(self.readers),
            history=self.history[has_target],
            cold_share=self.cold_share,
        )


def score_candidates(model: Model, split: ValidationSplit, config: Config) -> ValidationCandidates:
    """Score all papers by each component for each reader of the split, and keep the likely ones."""
    index = PaperIndex([model_block(model)])
    rows = [_score_reader(model, index, split, reader, config) for reader in range(len(split.history))]
    papers, is_target = _pad([row[0] for row in rows], -1), _pad([row[1] for row in rows], False)
    mask = papers >= 0
    names = rows[0][2].keys()
    return ValidationCandidates(
        mask=mask,
        is_target=is_target,
        target_counts=np.array([len(targets) for targets in split.targets]),
        components={name: _pad([row[2][name] for row in rows], np.float32(0)) for name in names},
        readers=np.where(mask, model.readers[papers], 0).astype(np.float32),
        history=np.array([len(history) for history in split.history]),
        cold_share=split.cold_share,
    )


def _score_reader(
    model: Model, index: PaperIndex, split: ValidationSplit, reader: int, config: Config
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Return a reader's candidates int64 (m,), which are targets bool (m,), and by component scores float32 (m,)."""
    history, targets = split.history[reader], split.targets[reader]
    profile = build_profile_from_rows(history, np.ones(len(history), np.float32), index)
    components = build_components(profile, index, model, COMPONENTS, config.text_regularization)
    scores = {
        name: component.scores / max(float(component.scores.std()), 1e-12) for name, component in components.items()
    }
    total = np.sum(list(scores.values()), axis=0)
    warm = np.flatnonzero(split.had_readers & (model.readers > 0))
    cold = np.flatnonzero(split.had_readers & (model.readers == 0))
    wanted = [(total, MAX_CANDIDATES), *((some, MAX_CANDIDATES // 2) for some in scores.values())]
    likely = [_select_best(some, most, kind) for kind in (warm, cold) for some, most in wanted]
    papers = np.setdiff1d(np.concatenate([*likely, targets]), history)
    return papers, np.isin(papers, targets), {name: some[papers].astype(np.float32) for name, some in scores.items()}


def _select_best(scores: np.ndarray, most: int, among: np.ndarray) -> np.ndarray:
    if len(among) <= most:
        return among
    return among[np.argpartition(-scores[among], most)[:most]]


def _pad(rows: Sequence[np.ndarray], filler: object) -> np.ndarray:
    longest = max(len(row) for row in rows)
    table = np.full((len(rows), longest), filler, dtype=rows[0].dtype)
    for at, row in enumerate(rows):
        table[at, : len(row)] = row
    return table
