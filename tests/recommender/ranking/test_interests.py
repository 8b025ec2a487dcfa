import dataclasses

import numpy as np
import pytest

from recommender import Catalogue, Config, Events
from recommender.ranking.interests import fair_shares
from recommender.ranking.paper_slices import PaperSelection

NOW = 1_760_000_000.0
MANY, FEW = [f"t1p{number:02d}" for number in range(12)], [f"t6p{number:02d}" for number in range(3)]


@pytest.fixture
def make_list(model):
    def make(papers, **settings):
        catalogue = Catalogue(model, config=dataclasses.replace(Config().relevance_only(), **settings))
        history = Events.from_rows(("me", paper, "save", NOW) for paper in papers)
        return catalogue.rank(history, candidates=None, k=12, now=NOW)

    return make


def of_topic(ranked, topic):
    return sum(paper.startswith(f"t{topic}p") for paper in ranked.ids)


def test_a_small_second_interest_gets_its_places(make_list):
    alone, fair = make_list(MANY + FEW), make_list(MANY + FEW, fairness=2.0)
    assert of_topic(fair, 6) > of_topic(alone, 6)
    assert of_topic(fair, 6) >= 2  # of twelve places, a fifth of the history
    assert of_topic(fair, 1) >= 5


def test_scores_stay_in_order_and_their_shares_add_up(make_list):
    fair = make_list(MANY + FEW, fairness=2.0)
    assert (np.diff(fair.scores) <= 1e-6).all()
    for at in range(len(fair)):
        assert sum(reason.share for reason in fair.reasons(at)) == pytest.approx(float(fair.scores[at]), rel=1e-4)


def test_a_reader_of_one_interest_sees_no_difference(make_list):
    assert make_list(MANY, fairness=2.0).ids == make_list(MANY).ids


def test_groups_of_papers_add_what_their_papers_add(make_list):
    ranked = make_list(MANY + FEW)
    scores = ranked._catalogue_scores
    paper = PaperSelection(scores.index, ranked._rows[:1])
    groups = np.zeros((2, 15), np.float32)
    groups[0, :12] = groups[1, 12:] = 1
    for weighted in scores.components:
        shares = weighted.component.shares(paper)[0]
        both = weighted.component.group_shares(paper, groups)[0]
        assert both == pytest.approx([shares[:12].sum(), shares[12:].sum()], rel=1e-3, abs=1e-5)


def test_fair_shares_lift_the_small():
    groups = np.zeros((2, 20), np.float32)
    groups[0, :16] = groups[1, 16:] = 1
    assert fair_shares(groups) == pytest.approx([2 / 3, 1 / 3])
