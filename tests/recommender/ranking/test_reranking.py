import dataclasses

import numpy as np
import pytest

from recommender import Catalogue, Config, Papers
from recommender.model import derived_columns

NOW = 1_760_000_000.0


@pytest.fixture
def make_list(model, saved):
    def make(seed=0, **settings):
        catalogue = Catalogue(model, config=dataclasses.replace(Config().relevance_only(), **settings))
        return catalogue.rank(saved("t2p00", "t2p01", "t5p03"), candidates=None, k=20, now=NOW, seed=seed)

    return make


def likeness(ranked):
    vectors = ranked._catalogue_scores.index.foldin_vectors(ranked._rows)
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)].mean()


def test_diversity_makes_a_list_less_alike_and_keeps_its_scores_in_order(make_list):
    plain, diverse = make_list(), make_list(diversity=4.0)
    assert likeness(diverse) < likeness(plain)
    assert (np.diff(diverse.scores) <= 1e-6).all()
    assert diverse.ids[0] == plain.ids[0]


def test_exploration_changes_a_share_of_the_lower_places_only(make_list):
    plain, explored = make_list(), make_list(exploration=0.2)
    assert explored.ids[:10] == plain.ids[:10]
    assert 1 <= len(set(explored.ids) - set(plain.ids)) <= 8
    assert (np.diff(explored.scores) <= 1e-6).all()


def test_exploration_follows_its_seed(make_list):
    assert make_list(exploration=0.2, seed=1).ids == make_list(exploration=0.2, seed=1).ids
    assert make_list(exploration=0.2, seed=1).ids != make_list(exploration=0.2, seed=2).ids


def test_an_explored_paper_says_so(make_list):
    plain, explored = make_list(), make_list(exploration=0.2)
    for at, paper in enumerate(explored.ids):
        if paper not in plain.ids:
            assert "explore" in {reason.kind for reason in explored.reasons(at)}
            assert sum(reason.share for reason in explored.reasons(at)) == pytest.approx(
                float(explored.scores[at]), rel=1e-4
            )


def test_unlisted_papers_are_left_out_as_excluded_ones_are_and_looked_up_once(model, saved, monkeypatch):
    catalogue = Catalogue(model)
    ask = {"candidates": None, "k": 20}
    scores = catalogue.score(saved("t2p00", "t2p01"), now=NOW)
    best = catalogue.rank_scores(scores, **ask).ids
    unlisted = frozenset(best[:5]) | {"unknown"}
    looked_up = []
    find = derived_columns.find_rows
    monkeypatch.setattr(derived_columns, "find_rows", lambda *asked: looked_up.append(1) or find(*asked))
    for _ in range(3):
        one, other = (
            catalogue.rank_scores(scores, **ask, **out) for out in ({"unlisted": unlisted}, {"exclude": unlisted})
        )
        assert one.ids == other.ids
        assert not set(one.ids) & unlisted
    assert len(looked_up) == 1
    more = unlisted | {one.ids[0]}
    assert one.ids[0] not in catalogue.rank_scores(scores, **ask, unlisted=more).ids
    similar = catalogue.similar("t2p00", 5).ids
    assert similar[1] not in catalogue.similar("t2p00", 5, unlisted=frozenset(similar[1:2])).ids


def test_an_unlisted_paper_is_left_out_with_its_newer_text(model, saved):
    catalogue = Catalogue(model)
    catalogue.update(
        Papers.from_rows([{"id": "t2p03", "title": "topic2word1"}, {"id": "fresh", "title": "topic2word1"}])
    )
    unlisted = frozenset({"t2p03", "fresh"})
    scores = catalogue.score(saved("t2p00", "t2p01"), now=NOW)
    assert unlisted <= set(catalogue.rank_scores(scores, candidates=None, k=None).ids)
    assert not unlisted & set(catalogue.rank_scores(scores, candidates=None, k=None, unlisted=unlisted).ids)
