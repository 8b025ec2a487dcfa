"""The terms of texts: what a reader may type otherwise than the paper writes it."""

from __future__ import annotations

import random

import pytest

from server.terms import GAP, MAX_BYTES, MAX_CHARACTERS, MAX_TERM, indexed, indexed_names, name_terms, stem, terms_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PanGu-$\\pi$: Enhancing", "pangu pi enhancing"),
        ("κ-cache", "kappa cache"),
        ("C++ and C# and C", "cplusplus and csharp and c"),
        ("3D, GPT4 and Qwen2.5", "3d gpt4 and qwen2 5"),
        ("Müller's Straße, naïve", "muller strasse naive"),
        ('G\\"odel, \\textbf{bold} f&ouml;o', "godel bold foo"),
        ("don’t O'Brien", "dont obrien"),
        ("Graphs of studies", "graph of study"),
        ("图神经网络", "图 神 经 网 络"),
        ("한국어 모델", "한 국 어 모 델"),
        ("Быстрый метод", "быстрыи метод"),
        ("हिन्दी", "हिन्दी"),
        ("λόγος", "λογοσ"),
        ("ﬁne-tuning", "fine tuning"),
        ('()*:^ " - NEAR', "near"),
        ("", ""),
    ],
)
def test_one_spelling_for_each_word(text: str, words: str) -> None:
    assert " ".join(terms_of(text).words) == words


def test_a_hyphenated_word_is_also_one_word() -> None:
    assert terms_of("Self-supervised GPT-4 in 2023-24").joined == ("selfsupervised", "gpt4")
    assert terms_of("state–of—the-art").joined == ("stateoftheart",)


@pytest.mark.parametrize("typed", ["Yunhe Wang", "Wang, Yunhe", "Y. Wang", "wang"])
def test_a_name_is_found_however_it_is_written(typed: str) -> None:
    held = f" {indexed_names(['Li Na', 'Yunhe Wang', 'Hanting Chen'])} "
    assert f" {' '.join(name_terms(typed))} " in held


def test_no_phrase_reaches_from_one_author_into_the_next() -> None:
    held = indexed_names(["Yunhe Wang", "Hanting Chen"])
    assert "wang hanting" not in held
    assert GAP in held.split()


@pytest.mark.parametrize("name", ["John B. Goodenough", "Goodenough, John B."])
def test_a_middle_name_may_be_left_out(name: str) -> None:
    assert {"john b goodenough", "john goodenough", "j goodenough"} <= set(indexed_names([name]).split(f" {GAP} "))


def test_terms_are_letters_and_digits_whatever_the_text() -> None:
    """So that neither FTS5 nor PostgreSQL's parser can be made to read one as anything else."""
    dice = random.Random(3)
    for _ in range(300):
        text = "".join(chr(dice.choice([dice.randrange(1, 0x250), dice.randrange(1, 0xD800)])) for _ in range(40))
        terms = terms_of(text)
        for term in (*terms.words, *terms.joined):
            assert 0 < len(term) <= MAX_TERM
            assert not set(term) & set("'\"\\:*()&|!<>^ \t\n\x00" + GAP)


def test_what_is_indexed_has_an_end() -> None:
    assert len(terms_of("a " * MAX_CHARACTERS).words) == MAX_CHARACTERS / 2
    hostile = indexed(["\ufdfa " * 9_000] * 20)
    assert len(hostile.encode()) <= MAX_BYTES
    assert len(indexed_names(["A" * 499] * 5_000)) <= 2 * MAX_CHARACTERS


@pytest.mark.parametrize(
    ("word", "stemmed"),
    [("studies", "study"), ("classes", "class"), ("boxes", "box"), ("bias", "bia"), ("loss", "loss"), ("gas", "gas")],
)
def test_plurals(word: str, stemmed: str) -> None:
    assert stem(word) == stemmed
