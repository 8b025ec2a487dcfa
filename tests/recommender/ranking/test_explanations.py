import numpy as np
import pytest

from recommender import Events

NOW = 1_760_000_000.0
KINDS = {"paper", "words", "readers", "fresh", "popular", "explore", "interest"}
HISTORY = [("t2p00", "save"), ("t2p01", "open"), ("t2p02", "save"), ("t5p00", "save"), ("t6p00", "hide")]


@pytest.fixture
def ranked(catalogue):
    history = Events.from_rows(("me", paper, kind, NOW) for paper, kind in [*HISTORY, ("t2p09", "impression")])
    ask = {"interests": ["topic4word1 topic4word2"], "muted": ["topic7word1"]}
    return lambda candidates=None, k=25, **more: catalogue.rank(
        history, candidates=candidates, k=k, now=NOW, **(ask | more)
    )


def test_shares_add_up_to_the_returned_score(ranked):
    for found in (ranked(), ranked(candidates=["t2p09", "t2p00", "t7p00", "t6p01"], k=None)):
        for at in range(len(found)):
            reasons = found.reasons(at)
            assert sum(reason.share for reason in reasons) == pytest.approx(float(found.scores[at]), rel=1e-4, abs=1e-5)
            assert {reason.kind for reason in reasons} <= KINDS


def test_with_the_matrix_fixed_a_part_removed_takes_exactly_its_share(ranked):
    """Score again with the n rows of taste, one of them left out, and everything that was solved for held as it was."""
    found = ranked()
    scores = found._catalogue_scores
    for row in found._rows[:10].tolist():
        for weighted in scores.components:
            shares = weighted.component.shares(np.array([row]))[0]
            whole = weighted.weight[row] * weighted.component.scores[row]
            for gone in range(len(shares)):
                without = weighted.weight[row] * np.delete(shares, gone).sum()
                assert whole - without == pytest.approx(weighted.weight[row] * shares[gone], rel=1e-3, abs=1e-4)


def test_shares_of_the_factors_are_what_refolding_gives(catalogue, ranked):
    """Not from `shares`: the vector is solved for again, the factored matrix fixed and the right-hand side less."""
    from scipy.linalg import cho_solve

    found = ranked()
    for weighted in found._catalogue_scores.components:
        if not hasattr(weighted.component, "folded"):
            continue
        folded, index = weighted.component.folded, found._catalogue_scores.index
        for row in found._rows[:5].tolist():
            vector = index.foldin_vectors(np.array([row]))[0]
            for gone in range(len(folded.contributions)):
                rest = np.delete(folded.contributions, gone, axis=0).sum(axis=0)
                again = cho_solve((folded.factor, True), rest) @ vector
                share = folded.shares(vector[None])[0, gone]
                assert folded.vector @ vector - again == pytest.approx(share, rel=1e-2, abs=1e-4)


def test_named_papers_are_the_readers_own_with_their_titles_and_shared_words(ranked, papers):
    reasons = ranked(candidates=["t2p05"], k=None).reasons(0)
    named = [reason for reason in reasons if reason.kind == "paper"]
    assert {reason.paper for reason in named} <= {paper for paper, _ in HISTORY}
    for reason in named:
        assert reason.title == papers.titles[papers.ids.index(reason.paper)]
        assert reason.share > 0
    assert any(reason.words for reason in named)


def test_the_largest_share_comes_first_and_few_papers_are_named(ranked):
    found = ranked()
    for at in range(len(found)):
        shares = [reason.share for reason in found.reasons(at)]
        assert shares == sorted(shares, reverse=True)
        assert sum(reason.kind == "paper" for reason in found.reasons(at, max_papers=2)) <= 2


def test_really_removing_the_first_named_paper_mostly_lowers_the_score(catalogue):
    lowered = []
    for topic in range(8):
        history = Events.from_rows(("me", f"t{topic}p{number:02d}", "save", NOW) for number in range(5))
        found = catalogue.rank(history, candidates=None, k=3, now=NOW)
        named = next(reason.paper for reason in found.reasons(0) if reason.kind == "paper")
        less = history.take([row for row, paper in enumerate(history.papers) if paper != named])
        again = catalogue.rank(less, candidates=found.ids[:1], k=None, now=NOW)
        added = float(found._adjustments[0])
        lowered.append(again.scores[0] < found.scores[0] - added)
    assert np.mean(lowered) >= 0.75


def test_what_is_put_right_is_only_rounding(ranked):
    found = ranked()
    scores = found._catalogue_scores
    for at, row in enumerate(found._rows.tolist()):
        components = sum(
            float(one.weight[row]) * float(one.component.shares(np.array([row])).sum()) for one in scores.components
        )
        priors = sum(float(prior[row]) for prior in scores.priors.values())
        assert components + priors + float(found._adjustments[at]) == pytest.approx(
            float(found.scores[at]), rel=1e-3, abs=1e-3
        )
