import random

import numpy as np
import pytest

from recommender.features import tokenized_texts
from recommender.features.surface_forms import SurfaceForms
from recommender.features.tfidf import learn_vocabulary
from recommender.features.tokenized_texts import TokenizedTexts
from recommender.features.tokenizer import tokenize

# What may be read otherwise in a token alone than in its text.
PIECES = [
    *"LLMs GPU's VMs_x a_b 2.5 3D-CNNs self-supervised state‐of‐the‐art www.x.org https://a.b/c".split(),  # noqa: SIM905
    *"\\alpha $x_1$ {\\bf naïve Schrödinger Ωx α 強化学習 한국어는 “quoted” don’t x…y 1…5 K ﬁ ß İ x'y'z".split(),  # noqa: SIM905
    *"A1B2s GANs.5 ABs-CDs s the a - -- — – . , ! &amp; &#99999999; <b> １２ ٣ Ｆull e\u0301 \u00ad".split(),  # noqa: SIM905
    *("-\n", "‐\n", 40 * "?", 40 * "—", 120 * "x"),
]


def invented(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)

    def piece() -> str:
        return chance.choice(PIECES) + chance.choice([" ", " ", "", "\t"])

    def line() -> str:
        return "".join(piece() for _ in range(chance.randint(0, 40)))

    return [line() + "\n" * chance.randint(0, 2) + line() for _ in range(count)]


def count_words(text: str) -> dict[str, int]:
    words = tokenize(text)
    return {word: words.count(word) for word in words}


@pytest.mark.parametrize("chunk", [3, 4096])
def test_the_words_of_a_text_are_those_that_the_tokenizer_finds(monkeypatch, papers, chunk):
    monkeypatch.setattr(tokenized_texts, "_CHUNK", chunk)
    texts = [*invented(1, 400), "", "\n", "the of\n", *papers.abstracts[:50]]
    names, counts = TokenizedTexts.of(texts).count_words()
    found = [
        {names[column]: int(count) for column, count in zip(row.indices, row.data, strict=True)}
        for matrix in counts
        for row in matrix
    ]
    assert found == [count_words(text) for text in texts]


def test_plain_texts_are_read_once():
    texts = TokenizedTexts.of(["LLMs are 2.5x faster", "“Quoted”, isn’t it?", "so is the GPUs' – 3D-CNNs", "a_b", "é"])
    assert list(texts.unusual) == [3, 4]


def test_what_is_written_can_be_read_again():
    texts = TokenizedTexts.of(["A title\nWords, words.", "\nno order"])
    parts = np.split(texts.tokens, texts.ends[:-1])
    assert [[texts.names[token] for token in part] for part in parts] == [
        ["A", "title", "\n", "Words", ",", "words", ".", "\n"],
        ["\n", "no", "order", "\n"],
    ]
    assert texts.title_sizes.tolist() == [2, 0]
    assert texts.is_ordered.tolist() == [True, False]
    assert TokenizedTexts.of(texts) is texts


@pytest.mark.parametrize("chunk", [3, 4096])
def test_forms_and_pairs_are_the_same_whatever_is_looked_at_at_once(monkeypatch, chunk):
    texts = [f"{text}. Graph neural networks, and 5 graph networks" for text in invented(2, 200)]
    vocabulary, _ = learn_vocabulary(texts, 2)
    everything = np.ones(len(vocabulary), bool)
    whole = SurfaceForms.collect(texts, vocabulary.words)
    pairs = dict(whole.adjacent_words(everything, everything, 2))
    monkeypatch.setattr(tokenized_texts, "_CHUNK", chunk)
    parts = SurfaceForms.collect(texts, vocabulary.words)
    assert parts.labels == whole.labels
    assert dict(parts.adjacent_words(everything, everything, 2)) == pairs
    assert parts.phrase_labels(list(pairs)) == whole.phrase_labels(list(pairs))
    graph, neural = (vocabulary.words.index(word) for word in ("graph", "neural"))
    assert pairs[graph, neural] == len(texts)
    assert whole.phrase_labels([(graph, neural)]) == {(graph, neural): "Graph neural"}


def test_ascii_is_cut_as_any_other_text():
    every = "".join(map(chr, range(128)))
    hard = "1.2.3 1.a a.1 a.-1 -a a-1.5-b' 'c--d e-'f 3..4 1.5.x_y_1.2-_z\x1c1.\x1d2 don't-2.5x-\n.5"
    for text in (every * 2, hard, " ".join(f"a{mark}1{mark}2{mark}b" for mark in every)):
        assert tokenized_texts._ASCII_TOKEN.findall(text) == tokenized_texts._TOKEN.findall(text)
