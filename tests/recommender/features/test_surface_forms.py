import numpy as np

from recommender.features.surface_forms import SurfaceForms

TEXTS = [
    "Speculative Decoding with LoRA\nDecoding by a draft. Text-to-video is next. KV cache reuse.",
    "Drafts for Decoding\nA draft, and LoRA adapters. KV cache reuse, again. Few-shot text-to-video.",
    "Zero-Shot and Few-Shot Labels\nOn LoRA. The KV cache. Fast decoding of naïve few-shot labels.",
]
WORDS = ["cache", "decoding", "draft", "fewshot", "kv", "lora", "naive", "reuse", "shot", "texttovideo"]


def forms(texts=TEXTS, words=WORDS):
    return SurfaceForms.collect(texts, words)


def labels(**more):
    return dict(zip(WORDS, forms(**more).labels, strict=True))


def test_words_are_labelled_as_most_papers_write_them():
    written = labels()
    assert written["lora"] == "LoRA"
    assert written["texttovideo"] == "text-to-video"
    assert written["naive"] == "naïve"
    assert written["kv"] == "KV"


def test_capitals_of_titles_and_sentences_do_not_count():
    assert labels()["fewshot"] == "few-shot"
    titles = [f"Decoding by Drafts {at}\nNothing new." for at in range(6)]
    assert labels(texts=[*titles, "\nFast decoding of labels."])["decoding"] == "decoding"


def test_a_part_of_hyphenated_words_is_no_word_of_its_own():
    standalone = dict(zip(WORDS, forms().standalone.tolist(), strict=True))
    assert not standalone["shot"]
    assert standalone["lora"]
    assert standalone["fewshot"]


def test_titles_are_counted_unless_most_papers_have_none():
    assert forms().title_counts[WORDS.index("decoding")] == 2
    assert forms(["\n" + text.split("\n")[1] for text in TEXTS]).title_counts is None


def test_adjacent_words_are_counted_by_paper_and_labelled():
    all_words = np.ones(len(WORDS), bool)
    pair = (WORDS.index("kv"), WORDS.index("cache"))
    found = dict(forms().adjacent_words(all_words, all_words, 3))
    assert found == {pair: 3}
    assert forms().phrase_labels([pair]) == {pair: "KV cache"}
    assert dict(forms().adjacent_words(all_words, ~all_words, 1)) == {}


def test_the_order_of_a_bag_of_words_says_nothing():
    every = np.ones(len(WORDS), bool)
    assert not list(forms(["\nkv cache kv cache"] * 3).adjacent_words(every, every, 1))


def test_characters_without_spaces_are_labelled_by_the_word_around_them():
    beside = zip("甲乙丙丁戊己庚辛", "子丑寅卯辰巳午未", strict=True)
    texts = [f"\nof {before}強化学習{after}。" for before, after in beside]
    found = SurfaceForms.collect(texts, ["強化", "化学", "学習"])
    assert found.labels == ["強化学習"] * 3
    assert not found.is_word.any()
