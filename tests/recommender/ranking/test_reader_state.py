"""A reader is solved for once; a later state reuses what still holds, and ranks exactly as a new one does."""

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Model, Papers
from recommender.model.neighbours import Propagation
from recommender.ranking.paper_index import PaperIndex
from tests.recommender.conftest import NOW

TOPICS = {"interests": ["topic3word1 topic3word2", "nonsense"], "muted": ["topic5word1", "author:Author 1 1"]}


def saves(*papers, kind="save"):
    return Events.from_rows(("me", paper, kind, NOW) for paper in papers)


def ranked(catalogue, state, **more):
    return catalogue.rank_scores(catalogue.score_reader(state, now=NOW), **({"candidates": None, "k": None} | more))


@pytest.fixture
def propagated(monkeypatch):
    """The numbers of rows that were propagated along a graph, a call each."""
    counts, propagate = [], Propagation.propagate

    def watch(self, graph_rows):
        counts.append(graph_rows.shape[0])
        return propagate(self, graph_rows)

    monkeypatch.setattr(Propagation, "propagate", watch)
    return counts


def test_a_list_of_a_kept_state_is_that_of_a_new_one(catalogue):
    history = saves("t2p00", "t2p01", "t5p03")
    state = catalogue.prepare(history, now=NOW, **TOPICS)
    for more in ({}, {"k": 20, "seed": 3}, {"candidates": ["t2p05", "t5p01", "nope"]}):
        one = ranked(catalogue, state, **more)
        same = catalogue.rank(history, now=NOW, **TOPICS, **({"candidates": None, "k": None} | more))
        assert (one.ids, one.basis) == (same.ids, same.basis)
        assert np.array_equal(one.scores, same.scores, equal_nan=True)


CHANGES = {
    "a save": (saves("t2p00", "t2p01", "t5p03", "t6p00"), TOPICS),
    "an unsave": (saves("t2p00", "t5p03"), TOPICS),
    "a hidden one": (saves("t2p00", "t2p01", "t5p03", "t5p04", kind="hide"), TOPICS),
    "other topics": (saves("t2p00", "t2p01", "t5p03"), {"interests": ["topic3word1 topic3word2", "topic4word1"]}),
    "everything": (saves("t7p00", "t1p01"), {"muted": ["topic3word1 topic3word2"]}),
    "a sentence": (saves("t2p00"), {"interests": ["papers on topic3word1, topic3word2; no topic4word1", "nonsense"]}),
    "nothing left": (saves(), {}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_the_next_state_ranks_like_a_new_one(catalogue, change):
    history, topics = CHANGES[change]
    before = catalogue.prepare(saves("t2p00", "t2p01", "t5p03"), now=NOW - 60, **TOPICS)
    after = catalogue.prepare(history, now=NOW, **topics, previous=before)
    new = catalogue.prepare(history, now=NOW, **topics)
    one, same = ranked(catalogue, after), ranked(catalogue, new)
    assert one.ids == same.ids
    assert one.scores == pytest.approx(same.scores, rel=1e-6, abs=1e-6)


def test_a_new_event_propagates_its_own_paper_alone(model, propagated):
    catalogue = Catalogue(model)
    before = catalogue.prepare(saves(*(f"t2p{at:02d}" for at in range(30))), now=NOW, **TOPICS)
    assert propagated == [32, 32]  # with two texts, along two graphs
    catalogue.prepare(saves(*(f"t2p{at:02d}" for at in range(30)), "t3p00"), now=NOW, **TOPICS, previous=before)
    assert propagated[2:] == [1, 1]


@pytest.fixture
def looked_up(monkeypatch):
    """The ids that were looked up in an index, a list a call."""
    calls, find_rows = [], PaperIndex.find_rows

    def watch(self, ids):
        calls.append(list(ids))
        return find_rows(self, ids)

    monkeypatch.setattr(PaperIndex, "find_rows", watch)
    return calls


AFTER = {
    "a new paper": (["t2p00", "gone", "t5p03", "t3p00"], ["t3p00"]),
    "an unknown one": (["t2p00", "gone", "t5p03", "never"], ["never"]),
    "nothing new": (["t2p00", "gone", "t5p03"], []),
    "another order": (["t5p03", "t2p00"], []),
    "a paper forgotten, another before": (["t3p00", "t5p03", "gone"], ["t3p00"]),
    "all forgotten": ([], []),
}


@pytest.mark.parametrize("after", AFTER)
def test_only_papers_that_are_new_in_the_history_are_looked_up(catalogue, looked_up, after):
    ids, new = AFTER[after]
    before = catalogue.prepare(saves("t2p00", "gone", "t5p03"), now=NOW)
    assert looked_up == [["t2p00", "gone", "t5p03"]]
    state = catalogue.prepare(saves(*ids), now=NOW, previous=before)
    assert looked_up[1:] == [new]
    assert [*state.found.papers] == ids
    assert state.found.rows.tolist() == [catalogue.index.row_of.get(one, -1) for one in ids]
    one, same = ranked(catalogue, state), catalogue.rank(saves(*ids), candidates=None, k=None, now=NOW)
    assert (one.ids, one.scores.tolist()) == (same.ids, same.scores.tolist())


def test_a_paper_that_came_since_is_looked_up_again(model, papers):
    catalogue = Catalogue(model)
    before = catalogue.prepare(saves("new", "t2p00"), now=NOW)
    catalogue.update(Papers.from_rows([{"id": "new", "abstract": papers.abstracts[0]}, {"id": "t2p00", "title": "x"}]))
    after = catalogue.prepare(saves("new", "t2p00"), now=NOW, previous=before)
    assert after.found.rows.tolist() == [catalogue.index.row_of["new"], catalogue.index.row_of["t2p00"]]
    assert min(after.found.rows) >= len(model.ids)


def test_papers_newer_than_the_model_are_placed_again(model, papers):
    catalogue = Catalogue(model)
    catalogue.update(Papers.from_rows([{"id": "new", "abstract": papers.abstracts[0]}]))
    before = catalogue.prepare(saves("new", "t2p00"), now=NOW)
    assert catalogue.is_current(before)
    catalogue.update(Papers.from_rows([{"id": "new", "abstract": papers.abstracts[200]}, {"id": "a"}]))
    assert not catalogue.is_current(before)
    after = catalogue.prepare(saves("new", "t2p00"), now=NOW, previous=before)
    assert catalogue.is_current(after)
    one, same = ranked(catalogue, after), catalogue.rank(saves("new", "t2p00"), candidates=None, k=None, now=NOW)
    assert (one.ids, one.scores.tolist()) == (same.ids, same.scores.tolist())


def test_another_model_reuses_nothing(model, tmp_path, propagated):
    model.save(tmp_path / "other")
    before = Catalogue(model).prepare(saves("t2p00", "t2p01"), now=NOW, **TOPICS)
    other = Catalogue(Model.load(tmp_path / "other"))
    assert not other.is_current(before)
    del propagated[:]
    state = other.prepare(saves("t2p00", "t2p01"), now=NOW, **TOPICS, previous=before)
    assert propagated == [4, 4]
    assert state.model is other.model


def test_the_weights_of_lists_are_not_in_the_state(model):
    catalogue, history = Catalogue(model), saves("t2p00", "t5p03")
    state = catalogue.prepare(history, now=NOW)
    config = Config.scaled(catalogue.config, variety=3, freshness=0, exploration=0)
    scores = catalogue.score_reader(state, now=NOW, config=config)
    one = catalogue.rank_scores(scores, candidates=None, k=20, config=config)
    same = catalogue.rank(history, candidates=None, k=20, now=NOW, config=config)
    assert (one.ids, one.scores.tolist()) == (same.ids, same.scores.tolist())


def test_its_size_is_told_and_grows_with_the_profile_alone(model):
    catalogue = Catalogue(model)
    small, large = (catalogue.prepare(saves(*ids), now=NOW) for ids in (["t2p00"], model.ids[:100]))
    assert 1000 < small.nbytes < large.nbytes < 100 * np.prod(model.scoring_vectors.shape)


SENTENCE = "papers on topic3word1, nonsense, topic6word2 and topic3word2, but not topic4word1"
MOVES = {
    "another event": {"interests": [SENTENCE]},
    "muted": {"muted": [SENTENCE]},
    "both": {"interests": [SENTENCE], "muted": [SENTENCE]},
    "among others": {
        "interests": ["topic5word1", SENTENCE, "papers on topic3word1, topic2word2"],
        "muted": ["topic3word1"],
    },
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("start", MOVES)
def test_the_topics_of_a_sentence_are_told_apart_when_it_is_moved(catalogue, start, move):
    before = catalogue.prepare(saves("t2p00"), now=NOW, **MOVES[start])
    after = catalogue.prepare(saves("t2p00", "t2p01"), now=NOW, **MOVES[move], previous=before)
    new = catalogue.prepare(saves("t2p00", "t2p01"), now=NOW, **MOVES[move])
    one, other = ranked(catalogue, after), ranked(catalogue, new)
    assert one.ids == other.ids
    assert np.allclose(one.scores, other.scores, rtol=1e-4, atol=1e-5)
