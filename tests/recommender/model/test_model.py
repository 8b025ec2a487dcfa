"""The model as a whole: what it folds in, and that it is stored under the names that older servers wrote."""

import json

import numpy as np
import pytest

from recommender import BrokenModel, Model, Papers

KEYS = """published upvotes readers ids_text ids_ends titles_text titles_ends terms_text terms_ends names_text
names_ends name_keys_text name_keys_ends name_keys_row_ends name_keys_rows written_text written_ends
written_terms_text written_terms_ends telling two_words two_words_tell idf vectors features words_data
words_indices words_indptr text_once_data text_once_indices text_once_indptr text_twice_data
text_twice_indices text_twice_indptr joint_once_data joint_once_indices joint_once_indptr joint_twice_data
joint_twice_indices joint_twice_indptr linear_data linear_indices linear_indptr drawing shown paper_gram row_gram
answers_keys answers_gains
id_hashes id_hash_rows by_word_data by_word_indices by_word_indptr postings_data postings_indices
postings_indptr by_id id_ranks has_words log_upvotes log_readers scoring_norms scoring_moments_mean
scoring_moments_covariance cosine_moments_mean cosine_moments_covariance terms_hashes terms_hash_rows
names_hashes names_hash_rows"""
ENTRIES = "version trained_at now watermark counts config figures encoder blend answers format arrays"


def test_the_artefact_keeps_its_keys_in_their_order(model, tmp_path):
    model.save(tmp_path / "one")
    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())
    assert list(manifest) == ENTRIES.split()
    assert list(manifest["arrays"]) == KEYS.split()


def test_a_paper_folded_in_by_its_text_lies_by_its_topic(model, papers):
    text = Papers.from_rows([{"id": "new", "abstract": papers.abstracts[95]}])  # of topic 3
    words, vectors = model.fold_in_texts(text)
    assert words.shape == (1, len(model.vocabulary))
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(model.factors.papers, axis=1) * np.linalg.norm(vectors)
    nearest = np.argsort(-(model.factors.papers @ vectors[0]) / lengths)[:10]
    assert {model.ids[row][:2] for row in nearest} == {"t3"}


def test_names_count_beside_words(model, papers):
    words, names = model.vocabulary.rows([papers.abstracts[0]]), model.names.rows(papers.take([200]))
    assert names.nnz
    of_names = model.factors.features[len(model.vocabulary) + names.indices]
    assert (of_names @ model.fold_in(words, names)[0] > of_names @ model.fold_in(words)[0] + 0.01).all()


def test_a_paper_without_anything_known_has_a_zero_vector(model):
    _, vectors = model.fold_in_texts(Papers.from_rows([{"id": "new", "abstract": "unheard"}]))
    assert not vectors.any()
    assert model.fold_in_texts(Papers.from_rows([]))[1].shape == (0, model.factors.papers.shape[1])


def test_papers_with_readers_are_scored_by_their_own_vectors(model):
    read = model.readers > 0
    assert read.any()
    assert np.array_equal(model.scoring_vectors[read], model.factors.papers[read])


def test_vectors_that_are_not_the_papers_are_refused(model, tmp_path):
    folder = tmp_path / "one"
    model.save(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    np.save(folder / "vectors.npy", model.factors.papers[:-1])
    manifest["arrays"]["vectors"]["shape"][0] -= 1
    manifest["arrays"]["vectors"]["bytes"] = (folder / "vectors.npy").stat().st_size
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BrokenModel, match="do not match"):
        Model.load(folder)
