"""Servers between one reader and many: others' papers must help, or at least not harm."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender import Config, Events, train
from recommender.model.blend import ALONE
from recommender.training.train import MIN_READERS, MIN_READERS_PER_PAPER, _has_enough_readers
from tests.recommender.conftest import NOW


def liked(readers, of_each, papers):
    random = np.random.default_rng(0)
    rows = [random.permutation(papers)[:of_each] for _ in range(readers)]
    cells = (np.ones(readers * of_each, np.float32), np.concatenate(rows), np.arange(readers + 1) * of_each)
    return sp.csr_matrix(cells, shape=(readers, papers))


@pytest.mark.parametrize(
    ("readers", "of_each", "papers", "company"),
    [
        (MIN_READERS - 1, 50, 100, False),
        (MIN_READERS, 50, 100, True),
        (300, 17, 26_000, False),
        (1000, 17, 26_000, True),
    ],
)
def test_readers_are_company_when_they_are_enough_for_the_catalogue(readers, of_each, papers, company):
    assert _has_enough_readers(liked(readers, of_each, papers)) is company
    assert company == (readers >= MIN_READERS and readers * of_each >= MIN_READERS_PER_PAPER * papers)


@pytest.mark.parametrize("readers", [1, 5])
def test_what_few_others_read_stands_no_lower_than_unread(papers, readers):
    """The same paper, the same reader: once with others who read it, once with none."""
    rows = [(f"other{one}", f"t0p{number:02d}", "save", NOW) for one in range(readers) for number in range(10)]
    config = Config(factors=32, iterations=10)
    with_others, alone = (train(papers, Events.from_rows(events), config, now=NOW) for events in (rows, []))
    assert with_others.blend.components["factors"] == ALONE.components["factors"]
    read = [papers.ids.index(f"t0p{number:02d}") for number in range(10)]

    def length(model):
        return np.median(
            np.linalg.norm(model.scoring_vectors[read], axis=1) / np.linalg.norm(model.scoring_vectors, axis=1).mean()
        )

    assert length(with_others) > 0.9 * length(alone)
