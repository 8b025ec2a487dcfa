import numpy as np
import pytest

from recommender import Catalogue, Events, Papers
from recommender.ranking.explanations import explain
from recommender.ranking.paper_slices import PaperSelection
from tests.recommender.ranking.slow_explanation import explain_slowly

NOW = 1_760_000_000.0
KINDS = {"paper", "words", "readers", "fresh", "popular", "explore", "interest"}
SENTENCE = "papers on topic4word3, topic4word5 topic4word6 and topic5word2, but not topic3word1"
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
            shares = weighted.component.shares(PaperSelection(scores.index, np.array([row])))[0]
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
            float(one.weight[row]) * float(one.component.shares(PaperSelection(scores.index, np.array([row]))).sum())
            for one in scores.components
        )
        priors = sum(float(prior[row]) for prior in scores.priors.values())
        assert components + priors + float(found._adjustments[at]) == pytest.approx(
            float(found.scores[at]), rel=1e-3, abs=1e-3
        )


WISHES = {
    "interests": [SENTENCE, "topic4word1 topic4word2", "common1", "author:Author 3 2", "category:cat.1"],
    "muted": ["topic7word1", "author:Author 5 1"],
}


def random_history(random, kinds):
    papers = [f"t{topic}p{number:02d}" for topic in range(8) for number in range(30)]
    size = int(random.integers(1, 80))
    return Events.from_rows(
        ("me", str(paper), str(kind), NOW - float(random.integers(0, 100)) * 86_400)
        for paper, kind in zip(random.choice(papers, size), random.choice(kinds, size), strict=True)
    )


def assert_as_slowly(scores, rows, adjustments, max_papers):
    """The same reasons in the same order, with shares the same but for the rounding of float32."""
    found = explain(scores, rows, scores.of(rows) + adjustments, adjustments, max_papers)
    for row, adjustment, reasons in zip(rows.tolist(), adjustments.tolist(), found, strict=True):
        expected = explain_slowly(scores, row, adjustment, max_papers)
        told = [one for one in reasons if abs(one.share) > 1e-5]
        expected = [one for one in expected if abs(one.share) > 1e-5]
        assert [one._replace(share=0.0) for one in told] == [one._replace(share=0.0) for one in expected]
        assert [one.share for one in told] == pytest.approx([one.share for one in expected], rel=1e-4, abs=2e-5)


@pytest.mark.parametrize("seed", range(6))
def test_all_papers_at_once_are_explained_as_one_at_a_time(catalogue, seed):
    random = np.random.default_rng(seed)
    kinds = [["save", "open"], ["save", "open", "hide", "dislike", "impression"], ["hide", "dislike"]][seed % 3]
    scores = catalogue.score(random_history(random, kinds), now=NOW, **(WISHES if seed > 2 else {}))
    rows = random.permutation(len(scores.index))[:40]
    rows = rows[~np.isnan(scores.total[rows])]
    adjustments = random.choice([0, 0.25, -1.5], len(rows)).astype(np.float32)
    for max_papers in (3, 0, 1, 200):
        assert_as_slowly(scores, rows, adjustments, max_papers)


def test_a_reader_of_whom_nothing_is_known_and_no_paper_at_all(catalogue):
    for wishes in ({}, WISHES):
        scores = catalogue.score(Events.empty(), now=NOW, **wishes)
        assert_as_slowly(scores, np.arange(30), np.zeros(30, np.float32), 3)
        assert explain(scores, np.arange(0), *[np.zeros(0, np.float32)] * 2, 3) == []


def test_papers_newer_than_the_model_copies_and_papers_without_words_are_explained_as_one_at_a_time(model):
    """Exact copies tie in every share: the first of them in the profile is named."""
    text = "topic2word1 topic2word2 topic2word3 common1 common2 common3"
    texts = {"copy1": text, "copy2": text, "copy3": text, "unread": text.upper(), "wordless": "\u2603", "t2p00": text}
    catalogue = Catalogue(model)
    catalogue.update(
        Papers.from_rows(
            {"id": name, "title": "A copy", "abstract": text, "published": NOW, "upvotes": 3.0}
            for name, text in texts.items()
        )
    )
    history = Events.from_rows(("me", name, "save", NOW) for name in ("copy1", "copy2", "copy3", "t2p00", "t2p01"))
    scores = catalogue.score(history, now=NOW, interests=[text])
    rows = np.array([scores.index.row_of[name] for name in (*texts, "t2p05", "t3p00", "t2p00")])
    assert_as_slowly(scores, rows, np.zeros(len(rows), np.float32), 3)
