import gzip
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.features import tokenizer
from recommender.features.tokenizer import MAX_CHARACTERS, MAX_WORD_CHARACTERS, singular, tokenize


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
        ("$\\lambda$-ECLIPSE", "λ-eclipse"),
        ("GPUs, APIs and LMs", "GPU, API and LM"),
        ("speed\\-up", "speedup"),
        ("state-of-\nthe-art", "state-of-the-art"),
        ("trans\u00adformer", "transformer"),
        ("<jats:p>Cats &amp; dogs</jats:p>", "cats & dogs"),
        ("see https://github.com/some/where", "see"),
        ("\\href{https://example.org/x}{Project page}", "project page"),
        ("1,000,000 samples, 10x faster, $2.35\\times$", "sample faster"),
        ("Straße in İzmir", "strasse in izmir"),
        ("ещё", "еще"),
        ("بِسْمِ", "بسم"),
    ],
)
def test_writings_of_one_thing_agree(one, other):
    assert tokenize(one) == tokenize(other)


def test_a_hyphenated_word_meets_its_parts_and_the_closed_form():
    words = tokenize("multi-modal")
    assert {"multi", "modal", "multimodal"} <= set(words)
    assert set(tokenize("multimodal")) <= set(words)
    assert set(tokenize("multi modal")) <= set(words)


def test_function_words_and_short_numbers_say_nothing():
    assert tokenize("we use the 3 of these with 12") == []


def test_text_without_spaces_is_cut_into_pairs_of_characters():
    assert set(tokenize("大規模言語モデル")) & set(tokenize("言語モデルの研究")) >= {"言語", "モデ", "デル"}


def test_other_scripts_pass_whole():
    assert tokenize("Машинное обучение") == ["машинное", "обучение"]
    assert tokenize("Случайный лес") == ["случайный", "лес"]
    assert tokenize("मशीन लर्निंग मॉडल") == ["मशीन", "लर्निंग", "मॉडल"]


def test_korean_meets_itself_with_another_ending():
    assert set(tokenize("언어 모델을")) & set(tokenize("언어 모델이")) == {"언어", "모델"}


def test_a_less_than_is_no_tag():
    assert tokenize("where alpha < beta and gamma > delta") == ["alpha", "beta", "gamma", "delta"]


def test_a_version_meets_its_name():
    assert "llama2" in tokenize("Llama-2-7B-chat")
    assert set(tokenize("LLaMA2")) <= set(tokenize("Llama-2-7B-chat"))
    assert tokenize("GPT-3.5") == ["gpt", "gpt3.5"]
    assert "1.5b" in tokenize("PanGu-$\\pi$-1.5B")


@pytest.mark.parametrize("word", ["bus", "gas", "lens", "analysis", "gaussian", "loss", "corpus", "bias"])
def test_words_that_only_look_plural_stay(word):
    assert singular(word) == word


@given(st.text())
def test_any_text_gives_words_and_folding_is_stable(tokenizer):
    words = tokenize(tokenizer)
    assert all(words)
    assert tokenize(" ".join(tokenize(tokenizer.upper()))) is not None


@pytest.fixture(scope="module")
def real(shared):
    """Real titles and abstracts by id, of the listing and of its papers."""
    with gzip.open(shared / "data/hf-papers/papers.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    for page in ("mar-12", "mar-14"):
        rows += json.loads((shared / f"data/listing/{page}.json").read_text(encoding="utf-8"))["cards"]
    return {row["id"]: (row["title"], row["abstract"] or "") for row in rows}


def test_real_titles_keep_no_trace_of_latex(real):
    words = {word for title, abstract in real.values() for word in tokenize(f"{title} {abstract}")}
    assert len(words) > 8000
    assert not {word for word in words if set(word) & set("\\${}^_~<>/&")}
    assert not {"textbf", "textit", "emph", "mathcal", "mathbf", "texttt", "frac", "http", "https"} & words
    assert not {word for word in words if word.replace(".", "").isdigit()}


def test_real_plurals_meet_their_singulars(real):
    words = {word for title, abstract in real.values() for word in tokenize(f"{title} {abstract}")}
    assert not {"gpus", "lms", "apis", "llms", "images", "models", "studies"} & words
    apart = {word for word in words if len(word) > 3 and word + "s" in words and word.isalpha()}
    assert len(apart) <= 5, apart


@pytest.mark.parametrize(
    ("paper", "words"),
    [
        ("2312.17276", {"pangu", "pi", "pangupi"}),  # "PanGu-$\\pi$" in the abstract, "PanGu-$π$" in the title
        ("2401.05252", {"pixart", "delta", "pixartdelta"}),  # "PIXART-{\\delta}", "PIXART-δ"
        ("2401.02330", {"llava", "phi", "llavaphi"}),  # "LLaVA-$\\phi$", "LLaVA-Phi"
    ],
)
def test_a_real_name_is_one_word_in_title_and_abstract(real, paper, words):
    title, abstract = real[paper]
    assert words <= set(tokenize(title))
    assert words <= set(tokenize(abstract))


def test_a_greek_letter_in_a_real_title_is_its_name(real):
    titles = [title for title, _ in real.values() if "λ" in title or "Ψ" in title]
    assert titles
    for title in titles:
        assert {"lambda", "psi"} & set(tokenize(title)), title


def test_real_cards_of_a_listing_all_have_words(real):
    assert len(real) > 900
    assert all(tokenize(title) for title, _ in real.values())


@given(st.text(alphabet="a4sv.-'_ /(", max_size=30))
def test_plain_text_has_the_same_words_by_either_pattern(plain):
    assert tokenizer.ASCII_WORD.findall(plain) == tokenizer.WORD.findall(plain)


HOSTILE = {
    "one capital": "A",
    "capitals and digits": "A1",
    "an accent without a letter": "\\u ",
    "an accent and space": "\\u{     ",
    "a tag without an end": "<a a",
    "references": "&#1",
    "a reference without an end": "9",
    "marks out of order": "\u0316\u0300",
    "marks of another script": "\u0e38\u0e48",
    "ligatures of eighteen": "\ufdfa",
    "hyphens": "a-",
    "a line end after a hyphen": "a-\n  ",
    "version numbers": "1.",
    "Chinese": "\u6f22",
    "Korean": "\uac00",
    "addresses": "http: ",
    "commands": "\\big",
    "braces": "{$}",
    "lone surrogates": "\ud800",
}


def seconds(tokenizer):
    began = time.thread_time()
    tokenize(tokenizer)
    return time.thread_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("start", ["", "a", "&#", "\\u"])
@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_folding_takes_time_in_proportion_to_the_text(start, piece):
    short, long = (
        start + piece * (size // len(piece)) + "\u00e9" for size in (MAX_CHARACTERS // 4 - 10, MAX_CHARACTERS - 10)
    )
    # Linear is four times; the quadratic ones took sixteen times, and whole seconds.
    assert min(seconds(long) for _ in range(3)) < 10 * min(seconds(short) for _ in range(3)) + 0.01


def test_a_text_is_read_up_to_a_stated_length():
    assert tokenize("word " * MAX_CHARACTERS) == tokenize(("word " * MAX_CHARACTERS)[:MAX_CHARACTERS])
    assert tokenize(" " * MAX_CHARACTERS + "word") == []


def test_what_is_longer_than_a_word_is_none_but_its_parts_are():
    assert tokenize("A" * (MAX_WORD_CHARACTERS + 1)) == []
    chain = tokenize("-".join(["speculative", "decoding"] * 100))
    assert set(chain) == {"speculative", "decoding"}
    assert len(tokenize("\u6f22\u5b57" * 1000)) == 1999


def test_a_character_reference_without_an_end_is_no_error():
    assert tokenize("fast &#" + "9" * 5_000 + "; decoding &#x" + "f" * 5_000 + ";") == ["fast", "decoding"]


def test_long_words_are_not_kept():
    before = tokenizer._split.cache_info().currsize
    tokenize(" ".join(f"{at:09d}" + "a" * MAX_WORD_CHARACTERS for at in range(100)))
    assert tokenizer._split.cache_info().currsize == before


@pytest.mark.parametrize(
    "word",
    ["LLMs", "GPT4s", "Studies", "iPhone", "ABC", "a", "The", "3x", "2020", "4Gs", "G4s", "x1x", "q" * 150, "AAs1"],
)
def test_a_word_alone_is_read_as_in_a_text(word):
    """A word without marks takes a shorter way."""
    assert tokenize(word) == tokenize(f" {word} ")
