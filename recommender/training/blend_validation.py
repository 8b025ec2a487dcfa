"""A split inside the training readers, to learn a blend on, and the lists it gives: scores of parts at likely papers.

L lists, M papers in the longest; U readers, P papers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.model.model import Model
from recommender.ranking.components import COMPONENTS, score_components
from recommender.ranking.paper_index import PaperIndex, model_block
from recommender.ranking.profile import build_profile_from_rows

HIDDEN = 0.2  # share of papers nobody reads in training, and of each reader's other papers held out
NEWCOMERS = 0.1  # share of readers who take no part in training and are known by a few papers only
FIRST_PAPERS = (1, 1, 2, 3, 5, 10)  # how many: one of these each
MAX_LISTS = 1500
MIN_TO_HOLD_OUT = 5
BEST = 300  # papers a list keeps by all parts together, and half as many by each


@dataclass(frozen=True)
class ValidationSplit:
    """`train` (U, P) to fit on; for each list the reader's `history` and their `targets`, paper numbers.

    `once_read` bool (P,): papers that somebody read before holding out. The others are nobody's targets here, and would
    only make unread papers look worse than they are.
    """

    train: sp.csr_matrix
    once_read: np.ndarray
    history: list[np.ndarray]
    targets: list[np.ndarray]


def split_interactions(liked: sp.csr_matrix, seed: int) -> ValidationSplit:
    """Hold out papers, parts of histories and whole readers of `liked` (U, P), so that each kind of list is there."""
    random = np.random.default_rng([seed, 1])
    unread = np.zeros(liked.shape[1], bool)
    unread[random.permutation(liked.shape[1])[: int(HIDDEN * liked.shape[1])]] = True
    newcomer = random.random(liked.shape[0]) < NEWCOMERS
    kept: list[np.ndarray] = []
    lists: list[tuple[np.ndarray, np.ndarray]] = []
    for reader in range(liked.shape[0]):
        papers = random.permutation(liked.indices[liked.indptr[reader] : liked.indptr[reader + 1]])
        cold, warm = papers[unread[papers]], papers[~unread[papers]]
        n = int(random.choice(FIRST_PAPERS)) if newcomer[reader] else len(warm) - _held(len(warm))
        kept.append(warm[:0] if newcomer[reader] else warm[:n])
        lists.append((warm[:n], np.concatenate([warm[n:], cold])))
    order = random.permutation([at for at, (known, rest) in enumerate(lists) if len(known) and len(rest)])[:MAX_LISTS]
    train = liked.multiply(_binary(kept, liked.shape)).tocsr().astype(np.float32)
    once_read = np.bincount(liked.indices, minlength=liked.shape[1]) > 0
    return ValidationSplit(train, once_read, [lists[at][0] for at in order], [lists[at][1] for at in order])


def _held(papers: int) -> int:
    return max(1, round(HIDDEN * papers)) if papers >= MIN_TO_HOLD_OUT else 0


def _binary(rows: list[np.ndarray], shape: tuple[int, int]) -> sp.csr_matrix:
    ends = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return sp.csr_matrix((np.ones(ends[-1], np.float32), np.concatenate(rows), ends), shape=shape)


@dataclass(frozen=True)
class ValidationLists:
    """Likely papers of each list: `papers` int64 (L, M), where `there`; `target` bool (L, M), `targets` (L,) counted.

    `components` maps a component's name to its scores there, float32 (L, M), of unit spread over all papers; `readers`
    float32 (L, M) each paper's readers, `history` int64 (L,) the papers known of each reader.
    """

    there: np.ndarray
    target: np.ndarray
    targets: np.ndarray
    components: dict[str, np.ndarray]
    readers: np.ndarray
    history: np.ndarray

    def take(self, lists: np.ndarray) -> ValidationLists:
        """Return some of the lists, bool (L,)."""
        components = {name: scores[lists] for name, scores in self.components.items()}
        tables = (self.there[lists], self.target[lists], self.targets[lists])
        return ValidationLists(*tables, components, self.readers[lists], self.history[lists])

    def of(self, papers: np.ndarray) -> ValidationLists:
        """Return the lists with nothing but papers (L, M) of a kind in them, where there is a target among those."""
        papers = papers & self.there
        some = (self.target & papers).any(axis=1)
        first = np.argsort(~papers[some], axis=1, kind="stable")[:, : papers[some].sum(axis=1).max(initial=0)]

        def kept(table: np.ndarray) -> np.ndarray:
            return np.take_along_axis(table[some], first, axis=1)

        target = kept(self.target & papers)
        return ValidationLists(
            there=kept(papers),
            target=target,
            targets=target.sum(axis=1),
            components={name: kept(scores) for name, scores in self.components.items()},
            readers=kept(self.readers),
            history=self.history[some],
        )


def score_lists(model: Model, held: ValidationSplit, config: Config) -> ValidationLists:
    """Score every list's papers by each part and keep the likely ones."""
    index = PaperIndex([model_block(model)])
    rows = [_list(model, index, held, at, config) for at in range(len(held.history))]
    papers, target = _padded([row[0] for row in rows], -1), _padded([row[1] for row in rows], False)
    there = papers >= 0
    names = rows[0][2].keys()
    return ValidationLists(
        there=there,
        target=target,
        targets=np.array([len(targets) for targets in held.targets]),
        components={name: _padded([row[2][name] for row in rows], np.float32(0)) for name in names},
        readers=np.where(there, model.readers[papers], 0).astype(np.float32),
        history=np.array([len(history) for history in held.history]),
    )


def _list(
    model: Model, index: PaperIndex, held: ValidationSplit, at: int, config: Config
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    history, targets, ranked = held.history[at], held.targets[at], held.once_read
    profile = build_profile_from_rows(history, np.ones(len(history), np.float32), index)
    components = score_components(profile, index, model, COMPONENTS, config.text_regularization)
    scores = {
        name: component.scores / max(float(component.scores.std()), 1e-12) for name, component in components.items()
    }
    total = np.sum(list(scores.values()), axis=0)
    kinds = [np.flatnonzero(ranked & (model.readers > 0)), np.flatnonzero(ranked & (model.readers == 0))]
    wanted = [(total, BEST), *((one, BEST // 2) for one in scores.values())]
    likely = [_best(one, most, kind) for kind in kinds for one, most in wanted]
    papers = np.setdiff1d(np.concatenate([*likely, targets]), history)
    return papers, np.isin(papers, targets), {name: one[papers].astype(np.float32) for name, one in scores.items()}


def _best(scores: np.ndarray, most: int, among: np.ndarray) -> np.ndarray:
    if len(among) <= most:
        return among
    return among[np.argpartition(-scores[among], most)[:most]]


def _padded(rows: Sequence[np.ndarray], filler: object) -> np.ndarray:
    longest = max(len(row) for row in rows)
    table = np.full((len(rows), longest), filler, dtype=rows[0].dtype)
    for at, row in enumerate(rows):
        table[at, : len(row)] = row
    return table
