"""What follows from a model's columns is the same whether it was stored, or is computed for an older model."""

import json
import random
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from recommender import BrokenModel, Catalogue, Events, Model, Papers, train
from recommender.config import Config
from recommender.data.strings import HashIndex
from recommender.model.artifact import MANIFEST
from tests.bench.generated_model import generated_model
from tests.bench.world import World

NOW = 1_760_000_000.0
COLUMNS = ("by_id", "id_ranks", "has_words", "log_upvotes", "log_readers", "scoring_norms")
MOMENTS = ("scoring_moments", "cosine_moments")
STORED = (
    *(f"{name}_{part}" for name in ("id", "terms", "names") for part in ("hashes", "hash_rows")),
    *(f"{name}_{part}" for name in ("by_word", "postings") for part in ("data", "indices", "indptr")),
    *COLUMNS,
    *(f"{name}_{part}" for name in MOMENTS for part in ("mean", "covariance")),
)


@pytest.fixture
def folder(model, tmp_path):
    model.save(tmp_path / "one")
    return tmp_path / "one"


def make_old(folder):
    """Leave what a version stored that knew none of these arrays."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for name in STORED:
        del manifest["arrays"][name]
        (folder / f"{name}.npy").unlink()
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_stored_columns_are_those_that_would_be_computed(model, folder):
    loaded = Model.load(folder).derived
    for name in COLUMNS:
        stored, computed = getattr(loaded, name), getattr(model.derived, name)
        assert stored.dtype == computed.dtype
        assert np.array_equal(stored, computed)
    for name in MOMENTS:
        stored, computed = getattr(loaded, name), getattr(model.derived, name)
        assert stored.covariance.dtype == stored.mean.dtype == np.float64
        assert np.array_equal(stored.covariance, computed.covariance)
        assert np.array_equal(stored.mean, computed.mean)
    assert (loaded.by_word != model.words.T.tocsr()).nnz == 0
    assert (loaded.postings != model.derived.postings).nnz == 0
    assert dict(loaded.row_of) == {paper: row for row, paper in enumerate(model.ids)}


def test_no_stored_column_is_copied(folder):
    loaded = Model.load(folder).derived
    assert isinstance(loaded.row_of, HashIndex)
    columns = [getattr(loaded, name) for name in COLUMNS]
    for array in (*columns, loaded.by_word.data, loaded.by_word.indices, loaded.row_of.hashes, loaded.row_of.rows):
        assert mapped(array).mode == "r"


def mapped(array):
    return array if isinstance(array, np.memmap) else mapped(array.base)


def test_a_model_from_before_they_were_stored_ranks_the_same(model, folder, saved):
    new = Model.load(folder)
    make_old(folder)
    old = Model.load(folder)
    assert not set(STORED) & set(json.loads((folder / MANIFEST).read_text())["arrays"])
    for history in (saved("t0p00", "t3p02"), saved()):
        ask = {"candidates": None, "k": 50, "now": NOW, "interests": ["topic1word3", "author:author 2 1"]}
        one, other = (Catalogue(each).rank(history, **ask) for each in (new, old))
        assert one.ids == other.ids
        assert np.array_equal(one.scores, other.scores)
        assert one.reasons(0) == other.reasons(0)
    fresh = Papers.from_rows([{"id": "new", "title": "topic1word3 topic1word4"}, {"id": "t0p00", "title": "changed"}])
    for catalogue in (Catalogue(new), Catalogue(old)):
        catalogue.update(fresh)
        assert catalogue.search("topic1word3", 3).ids[0] in catalogue
        assert len(catalogue) == len(model.ids) + 1


def test_other_columns_never_meet_what_was_stored_for_the_ones_before(folder):
    loaded = Model.load(folder)
    changed = replace(loaded, upvotes=np.full(len(loaded.ids), 7, np.float32))
    assert np.allclose(changed.derived.log_upvotes, np.log1p(7))
    assert not np.allclose(loaded.derived.log_upvotes, np.log1p(7))


def test_a_stored_column_of_another_length_is_refused(folder):
    ranks = np.load(folder / "id_ranks.npy")[:-1]
    np.save(folder / "id_ranks.npy", ranks)
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["arrays"]["id_ranks"] |= {"shape": [len(ranks)], "bytes": (folder / "id_ranks.npy").stat().st_size}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BrokenModel):
        Model.load(folder)


def test_ids_that_python_cannot_print_are_found_and_ordered(tmp_path):
    odd = ["", "\ud83d", "é", "e\u0301", "\0", "a\0", "大" * 900, *(f"p{number:03d}" for number in range(40))]
    words = random.Random(0)
    papers = Papers.from_rows(
        {"id": paper, "title": " ".join(words.choices(["alpha", "beta", "gamma", "delta"], k=6))} for paper in odd
    )
    train(papers, Events.empty(), Config(factors=16, iterations=2)).save(tmp_path / "odd")
    loaded = Model.load(tmp_path / "odd")
    assert dict(loaded.derived.row_of) == {paper: row for row, paper in enumerate(odd)}
    assert [loaded.ids[row] for row in loaded.derived.by_id] == sorted(odd)
    assert set(Catalogue(loaded).ids()) == set(odd)


def allocated(folder):
    """Return the bytes that a worker allocates and keeps for a model that it has read and looked into."""
    tracemalloc.start()
    catalogue = Catalogue(Model.load(folder))
    ids = catalogue.index.ids
    assert ids[100] in catalogue
    assert "no paper" not in catalogue
    assert catalogue.index.find_rows([ids[7], ids[-1 + len(ids)]]).tolist() == [7, len(ids) - 1]
    assert len(catalogue) == len(ids)
    catalogue.update(Papers.from_rows([{"id": ids[3], "title": "other"}, {"id": "new", "title": "new"}]))
    assert catalogue.index.row_of[ids[3]] == len(ids)
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return kept


def test_what_a_worker_keeps_does_not_grow_with_the_papers(tmp_path):
    kept = {}
    for papers in (2_000, 30_000):
        generated_model(tmp_path / str(papers), World(papers), factors=8, words=10_000)
        kept[papers] = allocated(tmp_path / str(papers))
    assert (kept[30_000] - kept[2_000]) / 28_000 < 0.5, f"{kept}: the ids alone would take 200 bytes each"


def test_what_a_worker_keeps_does_not_grow_with_the_words(tmp_path):
    kept = {}
    for words in (5_000, 40_000):
        generated_model(tmp_path / str(words), World(2_000), factors=8, words=words)
        kept[words] = allocated(tmp_path / str(words))
    assert (kept[40_000] - kept[5_000]) / 35_000 < 8, f"{kept}: a dictionary would take 150 bytes a word"
