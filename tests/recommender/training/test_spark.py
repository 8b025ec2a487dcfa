"""A training on a real Spark cluster of two workers: the same words, nearly the same lists, a model like any other."""

from __future__ import annotations

import numpy as np
import pytest

from recommender import Catalogue, Model, Papers, train
from recommender.errors import EngineUnavailable
from recommender.features.tfidf import learn_vocabulary, tokenize_papers
from recommender.model.nearest import find_nearest_exactly
from recommender.training.spark import SparkEngine
from recommender.training.train import learn_features
from tests.recommender.conftest import NOW
from tests.recommender.training import spark_cluster

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
TEXTS = [
    "",
    "Flash attention for long contexts",
    "long contexts, attention; long attention",
    "注意力机制的研究 注意力机制",
    "$\\alpha$-divergence of \\'etale maps",
    "GPT-4 and GPT4",
    "\x00\ud800 bytes",
    "Flash attention for long contexts",
    *(f"word{number % 7} thing{number % 5} topic{number % 3}" for number in range(300)),
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    reason = spark_cluster.why_not()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        with spark_cluster.running(folder) as master, SparkEngine(master, folder) as engine:
            yield engine
        spark_cluster.end_java()
    assert not list(folder.glob("inkling-spark-*")), "what lay in the shared folder is left there"


def test_the_words_are_those_of_one_machine(engine):
    papers = Papers.from_rows(
        {"id": str(row), "title": text.encode("utf-8", "replace").decode()} for row, text in enumerate(TEXTS)
    )
    texts = tokenize_papers(papers)
    vocabulary, rows = learn_vocabulary(texts, 3)
    there, found = engine.learn_vocabulary(papers, texts, 3)
    assert list(there.words) == list(vocabulary.words)
    assert np.array_equal(there.idf, vocabulary.idf)
    assert abs(found - rows).max() < 1e-6


def test_the_nearest_papers_are_found(engine, model):
    exact, found = find_nearest_exactly(model.words, 20), engine.find_nearest(model.words, 20)
    least = np.array([row.data.min() if row.nnz else 0 for row in exact])
    good = [(found[row].data >= least[row] - 1e-6).sum() / max(1, exact[row].nnz) for row in range(exact.shape[0])]
    assert np.mean(good) > 0.95


def test_a_model_trained_there_is_a_model_like_any_other(engine, papers, events, config, model, tmp_path):
    trained = train(papers, events, config, now=NOW, features=learn_features(papers, config, engine))
    trained.save(tmp_path / "model")
    there, here = Catalogue(Model.load(tmp_path / "model")), Catalogue(model)
    shared = []
    for reader in range(20):
        history = events.take([at for at, name in enumerate(events.readers) if name == f"r{reader}"])
        lists = [one.rank(history, candidates=None, k=20, now=NOW).ids for one in (there, here)]
        liked = {paper[:2] for paper in history.papers}
        assert {paper[:2] for paper in lists[0][:5]} <= liked, "the best are not of the reader's topics"
        shared.append(len(set(lists[0]) & set(lists[1])) / 20)
    assert np.mean(shared) > 0.6


@pytest.mark.parametrize("master", ["spark://127.0.0.1:1", "spark://127.0.0.1:1,127.0.0.1:2", "nonsense"])
def test_a_master_that_does_not_answer_is_named(master, tmp_path):
    with pytest.raises(EngineUnavailable, match=master):
        SparkEngine(master, tmp_path)
