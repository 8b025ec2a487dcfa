"""What reasons call the words that papers share: in made-up catalogues of several kinds, and in the real one."""

import json
import time

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Model, Papers, train
from recommender.features import keyphrases
from recommender.features.keyphrases import Keyphrases
from recommender.features.tfidf import learn_vocabulary, paper_texts
from recommender.features.tokenizer import tokenize
from recommender.model.artifact import MANIFEST

NOW = 1_760_000_000.0
EMPTY = """We propose a new method. Long experiments show that it performs well. The model improves on others.
Training is fast on large data. Our approach uses little memory. A new model is trained on much data. Results show gain.
We show how long training performs. This method is a new one. The data and the model are public."""
TOPICS = {
    "decoding": """Speculative decoding by a draft. Tokens of the draft are verified. LoRA adapters for the draft.
        Speculative decoding halves latency. Tokens are accepted greedily. LoRA adapters share a cache.""",
    "video": """Coherent text-to-video frames. Multi-subject clips. Text-to-video needs motion. A
        text-to-video generator. Multi-subject frames with motion. Motion of the camera.""",
    "splats": """Gaussian splatting renders scenes. CLIP features guide Gaussian splatting. Views of scenes.
        Rendering novel views. CLIP scores of views. Gaussian splatting with meshes.""",
    "proteins": """Folding of protein chains. Self-supervised residues. Protein residues in contact. Folding energies.
        Self-supervised folding. Chains of amino acids.""",
    "shots": """Few-shot prompts. Zero-shot prompts and few-shot labels. Zero-shot labels. Few-shot classifiers.
        Prompts for classifiers. Labels that few-shot classifiers need.""",
    "graphs": """Nodes of sparse graphs. Walks over nodes. Communities in graphs. Graphs with sparse edges. Edges and
        walks. Communities of nodes.""",
    "speech": """Recognition of spoken utterances. Phonemes of utterances. Speakers and phonemes. Noisy utterances.
        Recognition of speakers. Spoken phonemes.""",
    "robots": """Grasping with robot hands. Robot arms learn grasping. Tactile hands. Tactile grasping of objects.
        Arms and hands. A robot that walks.""",
}


def made_up(papers, topics=TOPICS, generic=EMPTY, mark="."):
    """Papers on each topic in turn: a title and some sentences of the topic, and some that say nothing."""
    random, rows = np.random.default_rng(5), []
    for at in range(papers):
        name = list(topics)[at % len(topics)]
        said, empty = ([one.strip() for one in text.split(mark) if one.strip()] for text in (topics[name], generic))
        sentences = [*random.choice(said, min(4, len(said)), replace=False), *random.choice(empty, 3)]
        abstract = f"{mark} ".join(random.permutation(sentences)) + mark
        rows.append({"id": f"{name}{at}", "title": str(random.choice(said)).title(), "abstract": abstract})
    return Papers.from_rows(rows)


def named(papers, saved, config=None):
    """Every name in the reasons of what is recommended after one save."""
    catalogue = Catalogue(None, papers, config)
    found = catalogue.rank(Events.from_rows([("me", saved, "save", NOW)]), candidates=None, k=8, now=NOW)
    return [name for at in range(len(found)) for reason in found.reasons(at) for name in reason.words or ()]


def test_reasons_name_what_tells_as_papers_write_it():
    papers = made_up(160)
    expected = {"decoding0": ("peculative decoding", "LoRA"), "video1": ("text-to-video", "ulti-subject")}
    expected |= {"splats2": ("Gaussian splatting", "CLIP"), "proteins3": ("elf-supervised", "residues")}
    for saved, components in expected.items():
        names = named(papers, saved)
        assert all(any(component in name for name in names) for component in components), (saved, names)


def test_no_reason_names_a_word_of_the_catalogues_stop_list():
    papers = made_up(160)
    vocabulary, rows = learn_vocabulary(paper_texts(papers), 3)
    stop = stop_words(vocabulary.words, rows)
    assert {"propose", "new", "method", "show", "long", "experiment", "perform", "model", "training"} <= stop
    for saved in ("decoding0", "video1", "splats2", "proteins3"):
        names = named(papers, saved)
        assert names
        assert not {word for name in names for word in tokenize(name)} & stop


def test_a_term_is_named_without_its_words_and_a_whole_without_its_parts():
    for saved in ("decoding0", "video1", "splats2"):
        catalogue = Catalogue(None, made_up(160))
        found = catalogue.rank(Events.from_rows([("me", saved, "save", NOW)]), candidates=None, k=8, now=NOW)
        for reason in (reason for at in range(len(found)) for reason in found.reasons(at) if reason.words):
            pieces = [set(name.casefold().replace("-", " ").split()) for name in reason.words]
            assert not any(one & other for at, one in enumerate(pieces) for other in pieces[:at]), reason.words
            assert len(reason.words) <= 4


def test_part_of_a_hyphenated_word_is_not_named_alone():
    names = set(named(made_up(160), "shots4"))
    assert any("few-shot" in name for name in names)
    assert not {"shot", "few", "zero"} & names


def test_a_bag_of_words_has_no_terms():
    random = np.random.default_rng(1)
    rows = []
    for paper in made_up(160).abstracts:
        words = [word for word in paper.replace(".", "").split() if word not in ("the", "of")]
        rows.append({"id": f"p{len(rows)}", "abstract": " ".join(random.permutation(words))})
    in_rows = [{**row, "abstract": " ".join(sorted(row["abstract"].split()))} for row in rows]
    for bags in (rows, in_rows):
        texts = paper_texts(Papers.from_rows(bags))
        vocabulary, words = learn_vocabulary(texts, 3)
        learned = vocabulary.with_keyphrases(texts, words).keyphrases
        assert len(learned.phrases) == 0
        assert (learned.informativeness > 0).any()


@pytest.mark.parametrize("papers", [0, 1, 2, 5, 8, 12, 20])
def test_small_catalogues_name_no_word_that_most_of_their_papers_have(papers):
    table = made_up(papers)
    names = {name for one in table.ids for name in named(table, one)}
    assert not {word for name in names for word in tokenize(name)} & {"propose", "method", "model", "training", "long"}
    assert papers < 12 or names


def test_german_nouns_keep_their_capital_and_their_accents():
    topics = {
        "eins": "Bilderkennung mit Faltungsnetzen. Röntgenbilder und Bilderkennung. Faltungsnetze für Röntgenbilder",
        "zwei": "Maschinelle Übersetzung seltener Sprachen. Die Übersetzung von Sprachen. Wörterbücher der Sprachen",
        "drei": "Steuerung von Robotern. Greifen mit Robotern. Steuerung beim Greifen",
        "vier": "Faltung von Proteinen. Energie der Proteine. Faltung und Energie",
    }
    generic = "Wir zeigen ein neues Verfahren. Es ist schnell. Unser Verfahren ist neu. Die Ergebnisse zeigen es."
    papers = made_up(60, topics, generic)
    assert "Bilderkennung" in named(papers, "eins0")
    assert any("Übersetzung" in name for name in named(papers, "zwei1"))
    assert not {"zeigen", "neues", "verfahren", "Verfahren", "wir", "bilderkennung"} & set(named(papers, "eins0"))


def test_text_without_spaces_is_named_by_its_words_and_not_by_pairs_of_characters():
    topics = {
        "one": "大規模言語モデルを推論する。推論の高速化。大規模言語モデルの評価。高速化した言語モデル",
        "two": "拡散過程で画像を生成する。画像の編集。拡散過程の高解像度化。高解像度の画像",
        "three": "蛋白質の折り畳み。折り畳みの予測。蛋白質の構造予測。構造の解析",
        "four": "音声認識の雑音。雑音に強い音声認識。話者の識別。話者と雑音",
    }
    papers = made_up(60, topics, "本研究では新しい手法を提案する。実験で有効性を示した。結果を報告する。", "。")
    names = named(papers, "one0")
    assert {"言語モデル", "推論", "高速化"} <= set(names)
    assert not [name for name in names if "提案" in name or "新しい" in name or name in ("規模", "モデ", "デル")]


def test_korean_words_are_named_without_what_is_written_onto_them():
    random, rows = np.random.default_rng(2), []
    nouns = {
        "one": ("언어모델", "추론"),
        "two": ("그래프", "정점"),
        "three": ("단백질", "구조"),
        "four": ("음성인식", "화자"),
    }
    for at in range(60):
        name = list(nouns)[at % 4]
        said = [noun + random.choice(["을", "이", "은", "에서", ""]) for noun in nouns[name] * 2]
        rows.append({"id": f"p{at}", "title": " ".join(said), "abstract": f"새로운 방법을 제안한다. {' '.join(said)}."})
    names = named(Papers.from_rows(rows), "p4")
    assert "언어모델" in names
    assert not [name for name in names if name.endswith(("을", "이", "은")) or "제안" in name]


HOSTILE = [
    "\u202egnidoced\u202c",
    "<b onclick=x>Lo</b>RA",
    "\x1b[31mLoRA\x1b[0m",
    "LoRA\u200b\u200d",
    "A" * 2_000,
    "\ud800LoRA",
]


def test_hostile_titles_put_nothing_but_words_into_a_reason():
    papers = made_up(160)
    rows = [
        {"id": one, "title": title, "abstract": text}
        for one, title, text in zip(papers.ids, papers.titles, papers.abstracts, strict=True)
    ]
    for at, hostile in enumerate(HOSTILE * 3):
        rows[4 * at]["title"] += f" {hostile} {hostile}"
    for saved in ("decoding0", "decoding4", "decoding8"):
        for name in named(Papers.from_rows(rows), saved):
            assert name.isprintable()
            assert len(name) < 220
            assert not set(name) & set('<>\x1b\u202e\u200b"&;')


def test_naming_takes_time_in_proportion_to_the_words_shared():
    def seconds(words):
        names = [f"word{at}" for at in range(words)]
        learned = Keyphrases(names, np.ones(words, np.float32), np.zeros((0, 2), np.int32), [], np.zeros(0, np.float32))
        began = time.thread_time()
        [chosen] = learned.chooser.choose(np.zeros(words, int), np.arange(words), np.ones(words), 1, 4)
        assert len(chosen) == 4
        return time.thread_time() - began

    assert min(seconds(40_000) for _ in range(3)) < 10 * min(seconds(10_000) for _ in range(3)) + 0.01


def test_texts_copied_from_each_other_make_no_terms_without_end(monkeypatch):
    monkeypatch.setattr(keyphrases, "MAX_PHRASES", 50)
    random = np.random.default_rng(3)
    text = " ".join(f"w{one}x" for one in random.permutation(3_000)) + "."
    rows = [{"id": f"p{at}", "title": f"{text[:500]}", "abstract": text} for at in range(2)]
    texts = paper_texts(Papers.from_rows([*rows, *({"id": f"q{at}", "title": f"other{at}"} for at in range(30))]))
    vocabulary, words = learn_vocabulary(texts, 3)
    assert 0 < len(vocabulary.with_keyphrases(texts, words).keyphrases.phrases) <= 50


@pytest.fixture(scope="module")
def trained():
    return train(made_up(160), Events.empty(), Config(factors=16, iterations=3), now=NOW)


def told(model):
    found = Catalogue(model).rank(Events.from_rows([("me", "decoding0", "save", NOW)]), candidates=None, k=8, now=NOW)
    return [[reason.words for reason in found.reasons(at)] for at in range(len(found))]


def test_a_saved_model_names_the_same(trained, tmp_path):
    trained.save(tmp_path / "model")
    assert told(Model.load(tmp_path / "model")) == told(trained)
    assert any("halves latency" in words for reasons in told(trained) for words in reasons if words)


def test_a_model_of_before_names_were_learned_still_loads(trained, tmp_path):
    trained.save(tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / MANIFEST).read_text())
    for name in [name for name in manifest["arrays"] if name.startswith(("written", "telling", "two_words"))]:
        del manifest["arrays"][name]
    (tmp_path / "model" / MANIFEST).write_text(json.dumps(manifest))
    older = Model.load(tmp_path / "model")
    assert older.vocabulary.keyphrases is None
    names = {name for reasons in told(older) for words in reasons for name in words or ()}
    assert "latency" in names
    assert not names & {"model", "propose", "new"}


def stop_words(words, rows):
    counts = np.bincount(rows.indices, minlength=len(words))
    found = keyphrases._find_stop_words(
        counts, keyphrases._coherence(rows, np.ones(rows.shape[1], bool)), rows.shape[0]
    )
    return {words[column] for column in np.flatnonzero(found)}


@pytest.fixture(scope="module")
def real(shared):
    from recommender.data.files import read_papers

    return read_papers(shared / "data/hf-papers/papers.jsonl.gz")


@pytest.mark.slow
def test_real_reasons_name_no_empty_and_no_folded_word(real):
    vocabulary, rows = learn_vocabulary(paper_texts(real), 3)
    stop = stop_words(vocabulary.words, rows)
    assert {"new", "long", "model", "shot", "perform", "training", "propose", "novel", "method"} <= stop
    assert not {"robot", "nerf", "lora", "mamba", "rlhf", "texttovideo", "speculative"} & stop
    catalogue, text = Catalogue(None, real), " ".join(paper_texts(real))
    answered = 0
    for saved in real.ids[::50]:
        found = catalogue.rank(Events.from_rows([("me", saved, "save", NOW)]), candidates=None, k=5, now=NOW)
        names = [name for at in range(len(found)) for reason in found.reasons(at) for name in reason.words or ()]
        answered += bool(names)
        assert not {word for name in names for word in name.casefold().split()} & stop, names
        assert all(name in text for name in names), names
    assert answered >= 14


def test_real_words_are_written_as_the_papers_write_them(real):
    texts = paper_texts(real)
    vocabulary, rows = learn_vocabulary(texts, 3)
    learned = vocabulary.with_keyphrases(texts, rows).keyphrases
    labels = dict(zip(vocabulary.words, learned.labels, strict=True))
    for word in (
        "text-to-video",
        "LoRA",
        "CLIP",
        "NeRF",
        "self-supervised",
        "multi-subject",
        "GPT-4",
        "Mamba",
        "robot",
    ):
        assert labels[max(tokenize(word), key=len)] == word
    assert {"speculative decoding", "KV cache", "reward hacking"} <= set(learned.phrase_labels)
