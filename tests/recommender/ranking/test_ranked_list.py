import numpy as np
import pytest

from recommender.ranking import ranked_list as module
from recommender.ranking.explanations import explain
from recommender.ranking.ranked_list import EXPLAIN_BATCH, build_ranked_list, explain_together

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


@pytest.fixture
def explained(monkeypatch):
    """How many papers each pass explains."""
    counts = []

    def watched(scores, rows, *more):
        counts.append(len(rows))
        return explain(scores, rows, *more)

    monkeypatch.setattr(module, "explain", watched)
    return counts


def test_lists_are_explained_together_as_apart(scores, explained):
    def make_lists():
        lifted = np.linspace(-1, 1, 20).astype(np.float32)
        yield build_ranked_list(scores, np.arange(3, 60), ["unknown", "another"], None)
        yield build_ranked_list(scores, np.arange(50, 70), [], lifted)
        yield build_ranked_list(scores, [], ["unknown"], None)

    apart, together = list(make_lists()), list(make_lists())
    explain_together(together)
    assert explained == [80]
    for one, other in zip(together, apart, strict=True):
        told = [one.reasons(at) for at in range(len(one))]
        assert explained == [80]
        for mine, theirs in zip(told, map(other.reasons, range(len(other))), strict=True):
            assert [reason._replace(share=0) for reason in mine] == [reason._replace(share=0) for reason in theirs]
            assert [reason.share for reason in mine] == pytest.approx([reason.share for reason in theirs], abs=1e-5)
        explained[:] = [80]


def test_what_is_explained_or_fits_no_batch_or_has_other_scores_is_left_to_itself(catalogue, saved, scores, explained):
    few, many = (build_ranked_list(scores, np.arange(count), [], None) for count in (20, EXPLAIN_BATCH - 19))
    explain_together([few, many])
    explain_together([few])
    explain_together([few, build_ranked_list(catalogue.score(saved("t3p00"), now=NOW), np.arange(20), [], None)])
    explain_together([])
    assert explained == []
    few.reasons(0)
    explain_together([few, build_ranked_list(scores, np.arange(9), [], None)])
    assert explained == [20]


def test_reasons_are_computed_for_a_batch_at_a_time_and_once(scores, explained):
    ranked_list = build_ranked_list(scores, np.arange(EXPLAIN_BATCH + 5), [], None)
    assert explained == []
    ranked_list.reasons(3)
    ranked_list.reasons(4)
    assert explained == [EXPLAIN_BATCH]
    ranked_list.reasons(EXPLAIN_BATCH)
    assert explained == [EXPLAIN_BATCH, 5]
