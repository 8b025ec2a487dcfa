import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.text import singular, words_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("self-supervised", "self‑supervised"),
        ("Large Language Models", "large language model"),
        ("GANs", "gan"),
        ("PanGu-$\\pi$", "PanGu-π"),
        ("\\textbf{fast} inference", "fast inference"),
        ("M\\\"uller and G\\'{e}rard", "Müller and Gérard"),
        ('na\\"{\\i}ve', "naïve"),
        ("étude", "etude"),
        ("studies", "study"),
        ("Bayes' rule", "Bayes rule"),
        ("the model's weights", "model weights"),
        ("$\\mathcal{O}(n)$ attention", "O(n) attention"),
        ("ＧＰＴ", "gpt"),
    ],
)
def test_writings_of_one_thing_agree(one, other):
    assert words_of(one) == words_of(other)


def test_a_hyphenated_word_meets_its_parts_and_the_closed_form():
    words = words_of("multi-modal")
    assert {"multi", "modal", "multimodal"} <= set(words)
    assert set(words_of("multimodal")) <= set(words)
    assert set(words_of("multi modal")) <= set(words)


def test_function_words_and_short_numbers_say_nothing():
    assert words_of("we use the 3 of these with 12") == []


def test_text_without_spaces_is_cut_into_pairs_of_characters():
    assert set(words_of("大規模言語モデル")) & set(words_of("言語モデルの研究")) >= {"言語", "モデ", "デル"}


def test_other_scripts_pass_whole():
    assert words_of("Машинное обучение") == ["машинное", "обучение"]
    assert words_of("한국어 모델") == ["한국어", "모델"]


@pytest.mark.parametrize("word", ["bus", "gas", "lens", "analysis", "gaussian", "loss", "corpus", "bias"])
def test_words_that_only_look_plural_stay(word):
    assert singular(word) == word


@given(st.text())
def test_any_text_gives_words_and_folding_is_stable(text):
    words = words_of(text)
    assert all(words)
    assert words_of(" ".join(words_of(text.upper()))) is not None


def test_real_titles_keep_no_trace_of_latex(shared):
    with gzip.open(shared / "data/hf-papers/papers.jsonl.gz", "rt") as file:
        rows = [json.loads(line) for line in file]
    words = {word for row in rows for word in words_of(f"{row['title']} {row['abstract']}")}
    assert len(words) > 5000
    assert not {word for word in words if set(word) & set("\\${}^_~")}
    assert not {"textbf", "textit", "emph", "mathcal", "mathbf", "texttt"} & words


def test_real_cards_of_a_listing_all_have_words(shared):
    cards = [
        card
        for page in ("mar-12", "mar-14")
        for card in json.loads((shared / f"data/listing/{page}.json").read_text(encoding="utf-8"))["cards"]
    ]
    assert len(cards) == 201
    assert all(len(words_of(card["title"])) for card in cards)
