"""The measurement of `tests/long/typed.py`, on a small invented data set."""

import numpy as np
import pytest
import scipy.sparse as sp

from recommender import Catalogue, Config, Events, Papers, train
from recommender.evaluation.splits import split_new
from recommender.features.sentences import read_sentence
from recommender.features.tokenizer import tokenize
from tests.long import typed

TOPICS, PAPERS_A_TOPIC, READERS = 6, 40, 60


@pytest.fixture(scope="module")
def world():
    random = np.random.default_rng(0)
    words = [[f"topic{topic}word{word}" for word in range(12)] for topic in range(TOPICS)]
    words = [[*own[:9], *words[topic ^ 1][:3]] for topic, own in enumerate(words)]  # two topics share some
    texts = [" ".join(random.choice(own, 8)) for own in words for _ in range(PAPERS_A_TOPIC)]
    papers = Papers.from_rows({"id": f"p{at:03d}", "title": "", "abstract": text} for at, text in enumerate(texts))
    liked = np.zeros((READERS, len(papers)), np.float32)
    for reader in range(READERS):
        liked[reader, random.permutation(PAPERS_A_TOPIC)[:20] + PAPERS_A_TOPIC * (reader % TOPICS)] = 1
    model = train(papers, Events.empty(), Config(factors=16, iterations=5).relevance_only(), now=0.0)
    split = split_new(sp.csr_matrix(liked), 0, 10)
    return papers, model, split


def test_readers_are_told_by_their_withheld_papers_alone(world):
    papers, model, split = world
    readers = list(typed.make_readers(split, model, papers, 0))
    assert len(readers) == len(split.readers)
    for reader in readers:
        assert len(reader.withheld) == 10
        assert not reader.targets & set(reader.withheld)
        assert not reader.others & (reader.targets | set(reader.withheld))
        known = set(tokenize(" ".join(papers.abstracts[papers.ids.index(one)] for one in reader.withheld)))
        assert set(reader.words) <= known
        assert set(reader.unwanted) - set(reader.words)
    assert any(set(reader.unwanted) & set(reader.words) for reader in readers)


def test_every_sentence_is_read_and_none_of_the_plain_words_is(world):
    papers, model, split = world
    for reader in typed.make_readers(split, model, papers, 0):
        for number in range(len(typed.WANTS) * len(typed.REFUSES)):
            (sentence,), _ = typed.TELLINGS["sentence with “but not”"](reader, number)
            read = read_sentence(sentence)
            assert sorted(read.words) == sorted(reader.words)
            assert set(" ".join(read.unwanted_words).split()) - {"and"} == set(reader.unwanted) - set(reader.words)
            (words,), _ = typed.TELLINGS["sentence with “but not” as plain words"](reader, number)
            assert read_sentence(words).words == (words,)
            assert tokenize(words) == tokenize(sentence)


def test_what_is_wanted_is_found_and_what_is_not_sinks(world):
    papers, model, split = world
    readers = list(typed.make_readers(split, model, papers, 0))
    catalogue = Catalogue(model)
    first, plain, read = (
        typed.measure(catalogue, readers, typed.TELLINGS[name]).mean(axis=0)
        for name in ("words, one interest", "sentence with “but not” as plain words", "sentence with “but not”")
    )
    assert first[0] > 0.3
    assert read[1] > plain[1]
    assert read[2] < plain[2]
    lines = list(typed.report(catalogue, readers[:3]))
    assert len(lines) == 2 + len(typed.TELLINGS)
    assert lines[2].endswith("| +0.0000 to +0.0000, +0.0000 to +0.0000, +0.0000 to +0.0000 |")
