"""Encoders, on a real onnxruntime and a real tokenizer: a small model made here, in which synonyms mean the same."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Model, Papers, train
from recommender.errors import EncoderUnavailable
from recommender.features.encoders import Embeddings, OnnxEncoder, encode_papers
from recommender.training.gate import retrain
from tests.recommender.conftest import NOW

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
tokenizers = pytest.importorskip("tokenizers")

MEANINGS = [
    (*words, *(f"{words[0]}{number}" for number in range(17)))  # so many that no two papers need share one
    for words in (("car", "automobile", "vehicle"), ("dog", "hound", "puppy"), ("sun", "star", "daylight"))
]
WIDTH = 8


def write_encoder(folder: Path, output: str = "tokens", seed: int = 0) -> Path:
    """Write a model whose words of one meaning have one vector; `output` is "tokens" or "text"."""
    folder.mkdir()
    words = ["[PAD]", "[UNK]", "[CLS]"] + [word for meaning in MEANINGS for word in meaning]
    vocabulary = {word: number for number, word in enumerate(words)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A", special_tokens=[("[CLS]", 2)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    random = np.random.default_rng(seed)
    vectors = [np.zeros(WIDTH), random.normal(size=WIDTH) * 0.01, random.normal(size=WIDTH) * 0.01]
    for meaning in MEANINGS:
        vectors += [random.normal(size=WIDTH)] * len(meaning)
    onnx.save(graph(np.array(vectors, np.float32), output), folder / "model.onnx")
    return folder


def graph(vectors, output):
    """Return a graph that looks each token's vector up, and for "text" sums those that the mask keeps."""
    helper, numpy_helper, kind = onnx.helper, onnx.numpy_helper, onnx.TensorProto
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])]
    outputs = [helper.make_tensor_value_info("last_hidden_state", kind.FLOAT, ["n", "L", WIDTH])]
    if output == "text":
        nodes += [
            helper.make_node("Cast", ["attention_mask"], ["kept"], to=kind.FLOAT),
            helper.make_node("Unsqueeze", ["kept", "last"], ["column"]),
            helper.make_node("Mul", ["last_hidden_state", "column"], ["masked"]),
            helper.make_node("ReduceSum", ["masked", "middle"], ["sentence_embedding"], keepdims=0),
        ]
        outputs.append(helper.make_tensor_value_info("sentence_embedding", kind.FLOAT, ["n", WIDTH]))
    inputs = [helper.make_tensor_value_info(name, kind.INT64, ["n", "L"]) for name in ("input_ids", "attention_mask")]
    tables = {"table": vectors, "last": np.array([2], np.int64), "middle": np.array([1], np.int64)}
    initializers = [numpy_helper.from_array(array, name) for name, array in tables.items()]
    made = helper.make_graph(nodes, "small", inputs, outputs, initializers)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return OnnxEncoder(write_encoder(tmp_path_factory.mktemp("encoders") / "tokens"), threads=1)


def test_texts_that_mean_the_same_get_the_same_vector(encoder):
    vectors = encoder.encode(["The car", "the Automobile", "a dog"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, WIDTH)
    assert vectors[0] @ vectors[1] > 0.99
    assert vectors[0] @ vectors[2] < 0.9
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_gets_the_same_vector_in_any_company(encoder):
    """Batches are padded and sorted by length: neither may show."""
    texts = ["dog", "car car car dog " * 40, "sun", "", "star " * 100] * 20
    together = encoder.encode(texts)
    for text, vector in zip(texts[:5], together[:5], strict=True):
        assert encoder.encode([text])[0] == pytest.approx(vector, abs=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_text_has_no_direction(encoder, text):
    assert not encoder.encode([text]).any()


def test_no_texts_give_no_rows(encoder):
    assert encoder.encode([]).shape == (0, WIDTH)


def test_any_text_can_be_encoded(encoder):
    assert np.isfinite(encoder.encode(["\\alpha_{1} \ud7ff 大規模 \x00", "x" * 10_000, "dog " * 5_000])).all()


def test_a_model_may_give_one_vector_a_text(tmp_path, encoder):
    whole = OnnxEncoder(write_encoder(tmp_path / "text", output="text"), threads=1)
    texts = ["the car", "puppy and sun", "star"]
    assert whole.encode(texts) == pytest.approx(encoder.encode(texts), abs=1e-5)


def test_the_first_token_stands_for_the_text_where_the_model_says_so(tmp_path):
    folder = write_encoder(tmp_path / "first")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    first = OnnxEncoder(folder, threads=1)
    vectors = first.encode(["car", "dog"])
    assert vectors[0] == pytest.approx(vectors[1])
    assert first.name != OnnxEncoder(write_encoder(tmp_path / "mean"), threads=1).name


def test_a_name_tells_encoders_apart(tmp_path, encoder):
    assert OnnxEncoder(write_encoder(tmp_path / "same"), threads=1).name == encoder.name
    assert OnnxEncoder(write_encoder(tmp_path / "other", seed=1), threads=1).name != encoder.name


@pytest.mark.parametrize("missing", ["model.onnx", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path, missing):
    folder = write_encoder(tmp_path / "gap")
    (folder / missing).unlink()
    with pytest.raises(EncoderUnavailable, match=missing):
        OnnxEncoder(folder)


@pytest.mark.parametrize("broken", ["model.onnx", "tokenizer.json"])
def test_a_broken_file_is_said_to_be_no_encoder(tmp_path, broken):
    folder = write_encoder(tmp_path / "broken")
    (folder / broken).write_text("not what it should be")
    with pytest.raises(EncoderUnavailable, match="cannot be opened"):
        OnnxEncoder(folder)


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_package_is_named_with_what_installs_it(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(EncoderUnavailable, match=rf"{package}.*pip install inkling\[onnx\]"):
        OnnxEncoder(write_encoder(tmp_path / "fine"))


class Counting:
    """A real encoder that counts the texts it was given."""

    def __init__(self, encoder):
        self.encoder, self.name, self.asked = encoder, encoder.name, []

    def encode(self, texts):
        self.asked += texts
        return self.encoder.encode(texts)


def test_only_new_texts_are_encoded_again(encoder):
    first = encode_papers(encoder, ["car", "dog", "sun"])
    counting = Counting(encoder)
    second = encode_papers(counting, ["hound", "car", "sun"], first)
    assert counting.asked == ["hound"]
    assert second.vectors == pytest.approx(encoder.encode(["hound", "car", "sun"]), abs=1e-6)


def test_vectors_of_another_encoder_are_not_taken_over(encoder):
    first = encode_papers(encoder, ["car"])
    other = Counting(encoder)
    other.name = "another"
    encode_papers(other, ["car"], first)
    assert other.asked == ["car"]


def test_nothing_new_asks_for_nothing(encoder):
    first = encode_papers(encoder, ["car", "dog"])
    counting = Counting(encoder)
    again = encode_papers(counting, ["dog", "dog"], first)
    assert not counting.asked
    assert again.vectors == pytest.approx(first.vectors[[1, 1]])


def test_progress_is_told(encoder):
    shares = []
    encode_papers(encoder, [f"car {number}" for number in range(1200)], step=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_papers_nobody_encoded_have_vectors_of_no_dimension():
    assert Embeddings.empty(3).vectors.shape == (3, 0)


@pytest.fixture(scope="module")
def synonyms():
    """Papers of three meanings, each written in one of twenty words for it that never meet in a text."""
    random = np.random.default_rng(0)
    rows = []
    for number in range(240):
        meaning = MEANINGS[number % 3]
        word = meaning[int(random.integers(20))]
        rows.append(
            {"id": f"p{number:03d}", "abstract": f"{word} filler{random.integers(40)} filler{random.integers(40)}"}
        )
    return Papers.from_rows(rows)


def reader_of(meaning, papers, count=60):
    """One reader of everything that has a meaning."""
    mine = [paper for at, paper in enumerate(papers.ids) if at % 3 == meaning][:count]
    return Events.from_rows(("only", paper, "save", NOW - 3600.0 * at) for at, paper in enumerate(mine))


@pytest.fixture(scope="module")
def learned(synonyms, encoder):
    return retrain(synonyms, reader_of(0, synonyms), None, Config(factors=16), now=NOW, encoder=encoder)[0]


def test_one_reader_alone_is_served_by_meaning_where_words_fail(learned, synonyms):
    assert learned.blend.components["embedding"].base > 0
    one = next(paper for paper in synonyms.ids[::3])
    found = Catalogue(learned).similar(one, 40).ids
    assert np.mean([int(paper[1:]) % 3 == 0 for paper in found]) > 0.9


def test_an_encoder_that_knows_nothing_is_left_out(synonyms, encoder):
    class Noise:
        name = "noise"

        def encode(self, texts):
            return np.random.default_rng(len(texts)).normal(size=(len(texts), 8)).astype(np.float32)

    model, _ = retrain(synonyms, reader_of(0, synonyms), None, Config(factors=16), now=NOW, encoder=Noise())
    assert "embedding" not in model.blend.components


def test_reasons_add_up_with_meaning_among_them(learned, synonyms):
    history = Events.from_rows(("me", paper, "save", NOW) for paper in synonyms.ids[:9:3])
    ranked = Catalogue(learned).rank(history, candidates=None, k=10, now=NOW)
    for at in range(len(ranked)):
        shares = sum(reason.share for reason in ranked.reasons(at))
        assert shares == pytest.approx(float(ranked.scores[at]), rel=1e-4)


def test_a_paper_newer_than_the_model_has_the_meaning_of_its_neighbours(learned, synonyms):
    catalogue = Catalogue(learned)
    catalogue.update(Papers.from_rows([{"id": "new", "abstract": "automobile"}, {"id": "off", "abstract": "hound"}]))
    history = Events.from_rows(("me", paper, "save", NOW) for paper in synonyms.ids[:30:3])
    ranked = catalogue.rank(history, candidates=["off", "new"], k=None, now=NOW)
    assert ranked.ids == ["new", "off"]
    shares = sum(reason.share for reason in ranked.reasons(0))
    assert shares == pytest.approx(float(ranked.scores[0]), rel=1e-4)


def test_a_model_keeps_what_was_encoded_for_the_next_training(learned, synonyms, encoder, tmp_path):
    learned.save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert loaded.embeddings.encoder == encoder.name
    counting = Counting(encoder)
    retrain(synonyms, reader_of(0, synonyms), loaded, Config(factors=16), now=NOW, encoder=counting)
    assert not counting.asked


def test_without_an_encoder_a_model_has_no_part_of_it(synonyms, tmp_path):
    train(synonyms, Events.empty(), Config(factors=16), now=NOW).save(tmp_path / "model")
    loaded = Model.load(tmp_path / "model")
    assert not loaded.embeddings
    assert loaded.manifest.encoder is None
    assert not (tmp_path / "model" / "meaning.npy").exists()


@pytest.mark.slow
def test_with_company_its_weight_is_learned_like_the_others(synonyms, encoder):
    random = np.random.default_rng(1)
    rows = [
        (f"r{reader}", synonyms.ids[3 * at + reader % 3], "save", NOW)
        for reader in range(150)
        for at in random.permutation(80)[:8]
    ]
    embeddings = encode_papers(encoder, [f"\n{text}" for text in synonyms.abstracts])
    model = train(synonyms, Events.from_rows(rows), Config(factors=16), now=NOW, embeddings=embeddings)
    assert model.blend.learned
    assert "embedding" in model.blend.components
