import numpy as np
import pytest

from recommender.ranking import ranked_list as module
from recommender.ranking.explanations import explain
from recommender.ranking.ranked_list import EXPLAIN_BATCH, build_ranked_list

NOW = 1_760_000_000.0


@pytest.fixture
def scores(catalogue, saved):
    return catalogue.score(saved("t2p00", "t2p01"), now=NOW)


def test_papers_nothing_is_known_of_come_last_without_score_or_reasons(scores):
    ranked_list = build_ranked_list(scores, [3, 1], ["unknown"], None)
    assert ranked_list.ids == [scores.index.ids[3], scores.index.ids[1], "unknown"]
    assert np.isnan(ranked_list.scores).tolist() == [False, False, True]
    assert ranked_list.basis[2] == "none"
    assert ranked_list.reasons(2) == []
    assert ranked_list.reasons(0)


def test_adjustments_are_in_the_scores_and_in_the_reasons(scores):
    plain = build_ranked_list(scores, [3], [], None)
    lifted = build_ranked_list(scores, [3], [], np.array([0.5], np.float32))
    assert lifted.scores[0] == pytest.approx(plain.scores[0] + 0.5)
    shares = [{reason.kind: reason.share for reason in one.reasons(0)} for one in (plain, lifted)]
    assert shares[1]["explore"] - shares[0].get("explore", 0) == pytest.approx(0.5, abs=1e-4)


def test_reasons_are_computed_for_a_batch_at_a_time_and_once(scores, monkeypatch):
    explained = []

    def watched(scores, rows, *more):
        explained.append(len(rows))
        return explain(scores, rows, *more)

    monkeypatch.setattr(module, "explain", watched)
    ranked_list = build_ranked_list(scores, np.arange(EXPLAIN_BATCH + 5), [], None)
    assert explained == []
    ranked_list.reasons(3)
    ranked_list.reasons(4)
    assert explained == [EXPLAIN_BATCH]
    ranked_list.reasons(EXPLAIN_BATCH)
    assert explained == [EXPLAIN_BATCH, 5]
