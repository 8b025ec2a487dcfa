import numpy as np
import pytest
import scipy.sparse as sp

from recommender.features.tfidf import learn_vocabulary, paper_texts
from recommender.model.nearest import NearestIndex
from recommender.model.neighbours import build_graph, find_neighbours


@pytest.fixture(scope="module")
def words(papers):
    return learn_vocabulary(paper_texts(papers), 3)[1]


@pytest.fixture(scope="module")
def liked(papers):
    random = np.random.default_rng(0)
    rows = np.repeat(np.arange(40), 6)
    columns = np.concatenate([30 * (reader % 8) + random.permutation(30)[:6] for reader in range(40)])
    return sp.csr_matrix((np.ones(240, np.float32), (rows, columns)), shape=(40, len(papers)))


def place(papers, *rows):
    return sp.csr_matrix((np.ones(len(rows), np.float32), (np.arange(len(rows)), rows)), shape=(len(rows), papers))


def test_the_nearest_by_text_are_of_the_same_topic_and_add_up_to_one(words, liked):
    _, neighbours = build_graph(words, liked)
    assert np.asarray(neighbours.sum(axis=1)).ravel() == pytest.approx(np.ones(240), rel=1e-5)
    assert neighbours.diagonal().sum() == 0
    same = sum(neighbours[row, 30 * (row // 30) : 30 * (row // 30) + 30].sum() for row in range(240)) / 240
    assert same > 0.8


def test_steps_are_symmetric_and_float32(words, liked):
    graph, _ = build_graph(words, liked)
    for step in (graph.text.one_step, graph.text.two_step, graph.joint.one_step, graph.joint.two_step):
        assert abs(step - step.T).max() < 1e-6
        assert step.dtype == np.float32


def test_a_paper_reaches_its_topic_and_not_itself(words, liked):
    graph, _ = build_graph(words, liked)
    for steps in (graph.text, graph.joint):
        reach = steps.propagate(place(240, 35, 100)).toarray()
        assert reach[0, 35] == reach[1, 100] == 0
        assert set(np.argsort(-reach[0])[:10] // 30) == {1}
        assert set(np.argsort(-reach[1])[:10] // 30) == {3}
        assert reach.dtype == np.float32


def test_without_readers_there_is_no_joint_graph(words):
    graph, _ = build_graph(words, sp.csr_matrix((0, 240), dtype=np.float32))
    assert graph.joint is None


def test_a_new_text_stands_where_its_nearest_are(words):
    found = find_neighbours(words[[10, 70]], NearestIndex(words, words.T.tocsr()))
    assert np.asarray(found.sum(axis=1)).ravel() == pytest.approx([1, 1], rel=1e-5)
    assert set(found[0].indices[np.argsort(-found[0].data)[:5]] // 30) == {0}
    assert find_neighbours(words[:0], NearestIndex(words, words.T.tocsr())).shape == (0, 240)
    assert (
        find_neighbours(sp.csr_matrix((1, words.shape[1]), dtype=np.float32), NearestIndex(words, words.T.tocsr())).nnz
        == 0
    )
