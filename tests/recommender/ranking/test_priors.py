"""Priors of some papers are those of the whole catalogue; penalties never add."""

import numpy as np
import pytest

from recommender import Catalogue, Events, Papers
from recommender.ranking.paper_slices import PaperSelection, iterate_spans
from tests.recommender.conftest import NOW

ASKED = {
    "followed": ["author:Author 2 1", "author:Author 3 1", "category:cat", "org:nobody"],
    "muted": ["topic5word1 topic5word3", "author:Author 1 1"],
}


@pytest.fixture
def scores(catalogue, papers):
    own = catalogue.copy()
    own.update(Papers.from_rows([{"id": "new", "title": papers.abstracts[3], "upvotes": 5.0}, {"id": "empty"}]))
    rows = [("me", "t2p00", "save", NOW), ("me", "t5p00", "dislike", NOW), ("me", "new", "dislike", NOW)]
    rows += [("me", "t3p00", "impression", NOW)] * 4
    return own.score(Events.from_rows(rows), now=NOW, **ASKED)


def test_of_some_rows_in_any_order(scores):
    rows = np.random.default_rng(1).permutation(len(scores.index))[:50]
    whole, some = scores.priors, scores.priors_of(PaperSelection(scores.index, rows))
    assert {"fresh", "popular", "explore", "author", "category", "interest", "disliked"} <= some.keys() == whole.keys()
    for kind, values in some.items():
        assert values.dtype == np.float32
        assert np.array_equal(values, whole[kind][rows]), kind


def test_penalties_never_add_and_spans_have_those_of_rows(scores):
    reactions = scores.state.reactions
    assert reactions.has_penalties
    spans = [dict(reactions.penalties(span)) for span in iterate_spans(scores.index, size=50)]
    for kind, values in reactions.penalties(PaperSelection(scores.index, np.arange(len(scores.index)))):
        assert (values <= 0).all()
        assert (values < 0).any()
        assert np.concatenate([span[kind] for span in spans]) == pytest.approx(values, abs=1e-6)


def test_who_dislikes_and_mutes_nothing_has_no_penalties(catalogue, saved):
    assert not catalogue.score(saved("t2p00"), now=NOW, interests=["topic1word1"]).state.reactions.has_penalties


def test_a_name_of_each_kind_counts_once(model):
    scores = Catalogue(model).score(Events.empty(), now=NOW, followed=["category:cat", "category:cat.1"])
    assert set(np.unique(scores.priors["category"])) == {np.float32(Catalogue(model).config.followed_category)}
