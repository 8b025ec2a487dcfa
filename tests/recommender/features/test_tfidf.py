import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from recommender import Papers
from recommender.features.tfidf import learn_vocabulary, paper_texts
from recommender.features.tokenizer import tokenize

TEXTS = ["graph graph neural", "graph networks", "neural networks networks networks", "speech"]


def test_rows_are_those_of_the_usual_weighting():
    vocabulary, rows = learn_vocabulary(TEXTS, 1)
    usual = TfidfVectorizer(analyzer=tokenize, sublinear_tf=True)
    expected = usual.fit_transform(TEXTS)
    assert list(vocabulary.words) == usual.get_feature_names_out().tolist()
    assert np.allclose(rows.toarray(), expected.toarray(), atol=1e-6)
    assert rows.dtype == vocabulary.idf.dtype == np.float32


def test_new_texts_are_weighed_as_those_that_were_learned():
    vocabulary, rows = learn_vocabulary(TEXTS, 1)
    again = vocabulary.rows([TEXTS[2], "nothing known"])
    assert np.allclose(again[0].toarray(), rows[2].toarray())
    assert again[1].nnz == 0
    assert vocabulary.rows([]).shape == (0, len(vocabulary))


def test_a_word_must_be_in_min_df_texts_and_in_fewer_of_a_small_catalogue():
    texts = [f"common alone{chr(97 + at % 26)}{chr(97 + at // 26)}" for at in range(400)]
    texts[0] += " twice"
    texts[1] += " twice"
    assert list(learn_vocabulary(texts, 3)[0].words) == ["common"]
    assert "twice" in learn_vocabulary(texts[:299], 3)[0].words
    assert list(learn_vocabulary(texts, 2)[0].words) == ["common", "twice"]


def test_texts_without_words_teach_none():
    vocabulary, rows = learn_vocabulary(["", "the of"], 1)
    assert len(vocabulary) == 0
    assert rows.shape == (2, 0)
    assert vocabulary.rows(["graph"]).shape == (1, 0)


def test_unknown_words_have_no_column():
    vocabulary, _ = learn_vocabulary(TEXTS, 1)
    assert [vocabulary.words[at] for at in vocabulary.columns(["speech", "unknown", "graph"])] == ["graph", "speech"]


def test_a_paper_says_its_title_first():
    assert paper_texts(Papers.from_rows([{"id": "a", "title": "T", "abstract": "A"}])) == ["T\nA"]
