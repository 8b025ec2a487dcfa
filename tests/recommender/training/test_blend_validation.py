import numpy as np
import pytest
import scipy.sparse as sp

from recommender.ranking.components import COMPONENTS
from recommender.training.blend_validation import (
    HOLDOUT_SHARE,
    MAX_VALIDATION_READERS,
    score_candidates,
    split_interactions,
)


@pytest.fixture(scope="module")
def interactions():
    random = np.random.default_rng(0)
    return sp.random(200, 300, 0.05, format="csr", random_state=random, dtype=np.float32)


def test_holding_out_never_shows_a_target(events, papers):
    random = np.random.default_rng(0)
    liked = sp.random(200, 300, 0.05, format="csr", random_state=random, dtype=np.float32)
    split = split_interactions(liked, seed=0)
    assert split.train.nnz < liked.nnz
    for history, targets in zip(split.history, split.targets, strict=True):
        assert len(history)
        assert len(targets)
        assert not set(history) & set(targets)
    assert (split.train > liked).nnz == 0


def test_a_split_has_cold_papers_and_new_readers(interactions):
    split = split_interactions(interactions, seed=0)
    lost = (np.diff(interactions.tocsc().indptr) > 0) & (np.diff(split.train.tocsc().indptr) == 0)
    assert lost.sum() >= HOLDOUT_SHARE * lost.size * 0.8
    assert (np.diff(split.train.indptr) == 0).sum() > 0.05 * 200
    assert len(split.history) <= MAX_VALIDATION_READERS
    assert np.array_equal(split.had_readers, np.diff(interactions.tocsc().indptr) > 0)


def test_readers_with_few_papers_keep_them_all():
    few = sp.csr_matrix((np.ones(8, np.float32), np.arange(8), np.arange(0, 9, 4)), shape=(2, 100))
    split = split_interactions(few, seed=0)
    assert all(len(targets) <= 4 for targets in split.targets)


@pytest.fixture(scope="module")
def scored(model, events, papers):
    row_of, readers = {paper: row for row, paper in enumerate(papers.ids)}, sorted(set(events.readers))
    cells = ([readers.index(one) for one in events.readers], [row_of[one] for one in events.papers])
    split = split_interactions(sp.csr_matrix((np.ones(len(events), np.float32), cells)), seed=0)
    return split, score_candidates(model, split, model.config)


def test_candidates_hold_every_target_and_nothing_of_the_history(scored, model):
    split, candidates = scored
    assert candidates.is_target.sum(axis=1).tolist() == [len(targets) for targets in split.targets]
    assert candidates.target_counts.tolist() == candidates.is_target.sum(axis=1).tolist()
    assert (candidates.is_target <= candidates.mask).all()
    assert set(candidates.components) <= set(COMPONENTS)
    for scores in candidates.components.values():
        assert scores.shape == candidates.mask.shape
        assert scores.dtype == np.float32


def test_taking_readers_and_keeping_papers_leave_the_rest_as_it_was(scored):
    _, candidates = scored
    some = candidates.take(np.arange(len(candidates.history)) < 3)
    assert len(some.history) == 3
    warm = candidates.keep(candidates.readers > 0)
    assert (warm.readers[warm.mask] > 0).all()
    assert warm.is_target.any(axis=1).all()
    assert np.array_equal(warm.target_counts, warm.is_target.sum(axis=1))
    name = next(iter(candidates.components))
    kept = candidates.components[name][candidates.mask & (candidates.readers > 0)]
    assert set(warm.components[name][warm.mask]) <= set(kept)
