"""Whichever way some papers are asked about, their columns are those of the index."""

import numpy as np
import pytest

from recommender import Catalogue, Papers
from recommender.ranking.overlay import Overlay
from recommender.ranking.paper_slices import PaperSelection, SparseColumn, iterate_spans
from tests.recommender.conftest import NOW


@pytest.fixture(scope="module")
def index(model, papers):
    """The model's papers, newer ones (two of which replace some of them), and one reader's own."""
    catalogue = Catalogue(model)
    newer = [{"id": f"new{at}", "abstract": papers.abstracts[at * 31], "published": NOW} for at in range(5)]
    catalogue.update(Papers.from_rows([*newer, {"id": "t1p01", "title": "topic1word1"}, {"id": "empty"}]))
    own = Overlay(catalogue)
    own.update(catalogue, Papers.from_rows([{"id": "own", "abstract": papers.abstracts[40]}, {"id": "new1"}]))
    return own.apply_to(catalogue)._snapshot[0]


def slices(index):
    every = np.arange(len(index))
    yield every, list(iterate_spans(index))
    yield every, list(iterate_spans(index, size=7))
    some = np.random.default_rng(1).permutation(len(index))[:60]
    yield some, [PaperSelection(index, some)]
    twice = np.array([len(index) - 1, 3, 3, 240, 0])
    yield twice, [PaperSelection(index, twice)]
    yield every[:0], [PaperSelection(index, every[:0])]


@pytest.mark.parametrize("name", ["published", "readers", "trained", "derived.has_words", "scoring_vectors"])
def test_columns_are_those_of_the_index(index, name):
    whole = index.column(name)
    assert len(index.blocks) == 3
    for rows, parts in slices(index):
        assert sum(map(len, parts)) == len(rows)
        found = np.concatenate([part.column(name) for part in parts])
        assert np.array_equal(found, whole[rows], equal_nan=True)


def test_words_are_those_of_the_index(index):
    for rows, parts in slices(index):
        found = np.concatenate([part.words().toarray() for part in parts])
        assert np.array_equal(found, index.words(rows).toarray())


def test_what_some_papers_have_is_gathered_once(index):
    some = PaperSelection(index, np.array([5, 2, 5]))
    assert some.words() is some.words()
    assert some.column("published") is some.column("published")


def columns(size):
    random = np.random.default_rng(3)
    for share in (0, 0.02, 0.5, 1):
        rows = np.flatnonzero(random.random(size) < share)
        yield SparseColumn(rows, random.standard_normal(len(rows)).astype(np.float32), size)


def dense(column):
    values = np.zeros(column.size, np.float32)
    values[column.rows] = column.values
    return values


def test_sparse_columns_are_picked_and_propagated_like_dense_ones(index):
    for column in columns(len(index)):
        for rows, parts in slices(index):
            assert np.array_equal(np.concatenate([part.pick(column) for part in parts]), dense(column)[rows])
    for column in columns(len(index.blocks[0])):
        assert column.deviation() == pytest.approx(dense(column).std(), rel=1e-5, abs=1e-9)
        for rows, parts in slices(index):
            expected = index.graph_rows(rows) @ dense(column)
            assert np.concatenate([part.propagate(column) for part in parts]) == pytest.approx(expected, abs=1e-5)


def test_what_a_column_takes_is_known_before_it_is_added_to_papers(index):
    for column in columns(len(index)):
        known = column.nbytes
        column.add_to(np.zeros(len(index), np.float32), 0)
        assert known == sum(array.nbytes for array in vars(column).values() if isinstance(array, np.ndarray))
