"""Blocks of papers as one table: which row of an id counts, and where newer papers are on the model's graph."""

import numpy as np
import pytest

from recommender import Papers
from recommender.features.tfidf import learn_vocabulary
from recommender.ranking.paper_index import PaperIndex, fold_in_papers, merge_blocks, model_block, untrained_block

TEXTS = ["parsing trees", "parsing language", "robots that cook", "cooking with robots"]


def papers_of(*pairs):
    return Papers.from_rows({"id": paper, "title": title} for paper, title in pairs)


@pytest.fixture(scope="module")
def vocabulary():
    return learn_vocabulary(TEXTS, 1)[0]


@pytest.fixture
def blocks(vocabulary):
    old = untrained_block(papers_of(("c", TEXTS[0]), ("a", TEXTS[1])), vocabulary)
    new = untrained_block(papers_of(("b", TEXTS[2]), ("a", TEXTS[3])), vocabulary)
    return old, new


def test_of_an_id_in_two_blocks_the_later_row_is_current(blocks):
    index = PaperIndex(blocks)
    assert list(index.ids) == ["c", "a", "b", "a"]
    assert index.is_current.tolist() == [True, False, True, True]
    assert index.replaced.tolist() == [1]
    assert index.texts("titles", np.array([index.row_of["a"]])) == [TEXTS[3]]


def test_rows_are_found_as_a_dictionary_of_all_ids_would(blocks):
    index = PaperIndex(blocks)
    expected = {paper: row for row, paper in enumerate(["c", "a", "b", "a"])}
    assert dict(index.row_of) == expected
    assert list(index.row_of) == list(expected)
    assert len(index.row_of) == 3
    assert index.find_rows(["a", "", "b", "x", "c"]).tolist() == [3, -1, 2, -1, 0]
    assert "x" not in index.row_of
    assert index.row_of.get("x", -2) == -2
    with pytest.raises(KeyError):
        index.row_of["x"]


def test_merged_blocks_keep_the_later_row_alone(blocks):
    merged = merge_blocks(*blocks)
    assert list(merged.ids) == ["c", "b", "a"]
    assert list(merged.titles) == [TEXTS[0], TEXTS[2], TEXTS[3]]
    assert (merged.words[2] != blocks[1].words[1]).nnz == 0


def test_a_block_without_papers_keeps_the_others_in_order(blocks):
    left = merge_blocks(*blocks).without(["b"])
    assert list(left.ids) == ["c", "a"]
    assert left.words.shape[0] == len(left.published) == 2


def test_rows_come_back_in_the_order_asked_for(blocks):
    index = PaperIndex(blocks)
    rows = np.array([3, 0, 2, 1])
    expected = [blocks[1].words[1], blocks[0].words[0], blocks[1].words[0], blocks[0].words[1]]
    assert all((one != other).nnz == 0 for one, other in zip(index.words(rows), expected, strict=True))


def test_texts_come_back_in_the_order_asked_for(blocks):
    index = PaperIndex(blocks)
    for rows in ([3, 0, 2, 1, 0], [2], []):
        assert index.texts("ids", np.array(rows, int)) == [index.ids[row] for row in rows]
        titles = [block.titles[at] for block, at in map(index.locate, rows)]
        assert index.texts("titles", np.array(rows, int)) == titles
    one = PaperIndex(blocks[:1])
    assert one.texts("ids", np.array([1, 0])) == [one.ids[1], one.ids[0]]


@pytest.fixture(scope="module")
def folded(model, papers):
    """A paper the model does not know, with the text of one it does, and a known one with another's text."""
    text = {"title": papers.titles[3], "abstract": papers.abstracts[3]}
    new = Papers.from_rows([{"id": "new", **text}, {"id": papers.ids[70], **text}])
    own = model_block(model)
    return PaperIndex([own, fold_in_papers(model, new)])


def test_a_new_paper_stands_on_the_graph_by_its_neighbours(folded, model):
    graph_rows = folded.graph_rows(np.array([7, len(model.ids)]))
    assert graph_rows[0].indices.tolist() == [7]
    assert graph_rows[1].sum() == pytest.approx(1, abs=1e-5)
    assert graph_rows[1].indices[graph_rows[1].data.argmax()] == 3


def test_a_known_paper_with_another_text_stays_where_its_readers_placed_it(folded, model):
    row = np.array([len(model.ids) + 1])
    assert model.readers[70] > 0
    assert np.array_equal(folded.scoring_vectors(row)[0], model.scoring_vectors[70])
    assert folded.graph_rows(row).indices.tolist() == [70]
    assert folded.trained[row[0]]
    assert folded.readers[row[0]] == model.readers[70]
    assert not folded.trained[row[0] - 1]


@pytest.mark.parametrize(
    "ids", [["", "t0p00x", "zz", "t3p29"], ["\ud83d", "é", "t1", "~", "t7p29\0", "\0"], ["t2p1", "t2p01"]]
)
def test_ids_break_ties_in_their_order_whichever_block_they_are_in(model, ids):
    texts = Papers.from_rows({"id": paper, "title": "topic1word1"} for paper in ids)
    newer, newest = fold_in_papers(model, texts.take([0])), fold_in_papers(model, texts.take(range(1, len(ids))))
    index = PaperIndex([model_block(model), newer, newest])
    rows = np.random.default_rng(0).permutation(len(index))
    assert [index.ids[row] for row in rows[np.argsort(index.id_keys(rows))]] == sorted(index.ids)
