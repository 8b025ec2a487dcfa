"""Typed interests, followed and muted words are vectors like any other: they reach papers that lack the words."""

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Papers
from recommender.data.tables import KINDS
from recommender.ranking import components, paper_slices, scoring
from recommender.ranking.reranking import rank_catalogue
from tests.recommender.conftest import NOW

TYPED = "topic3word7 topic3word8 topic3word9"
MUTED = "topic1word3 topic1word4 topic1word5"


def topics_of(ids):
    return [paper[:2] for paper in ids]


@pytest.fixture
def has_one_of(papers):
    """Return a function that tells whether a paper's text has one of some words."""
    texts = {
        paper: {*title.split(), *abstract.split()}
        for paper, title, abstract in zip(papers.ids, papers.titles, papers.abstracts, strict=True)
    }
    return lambda paper, words: bool(texts[paper] & set(words.split()))


@pytest.fixture
def plain(model):
    return Catalogue(model, config=model.config.relevance_only())


def rank(catalogue, history=None, **more):
    return catalogue.rank(history or Events.empty(), candidates=None, k=None, now=NOW, **more)


@pytest.mark.parametrize("how", ["interests", "followed"])
def test_typed_words_reach_papers_that_lack_them(plain, has_one_of, how):
    found = rank(plain, **{how: [TYPED]}).ids[:29]
    assert topics_of(found).count("t3") >= 24
    assert sum(not has_one_of(paper, TYPED) for paper in found if paper.startswith("t3")) >= 2


def test_muted_words_push_down_papers_that_lack_them(plain, papers, has_one_of):
    history = Events.from_rows(("me", f"t{topic}p{number:02d}", "save", NOW) for topic in (0, 1) for number in range(6))
    unseen = [paper for paper in papers.ids if paper[:2] in ("t0", "t1") and int(paper[3:]) >= 6]
    lacking = [paper for paper in unseen if paper.startswith("t1") and not has_one_of(paper, MUTED)]
    others = [paper for paper in unseen if paper.startswith("t0")]

    def lead(**more):
        ranked = rank(plain, history, **more)
        score_of = dict(zip(ranked.ids, ranked.scores, strict=True))
        return np.mean([score_of[paper] for paper in lacking]) - np.mean([score_of[paper] for paper in others])

    assert len(lacking) > 3
    assert lead(muted=[MUTED]) < lead() - 0.1


def test_muted_papers_leave_the_top(plain):
    history = Events.from_rows(("me", f"t{topic}p{number:02d}", "save", NOW) for topic in (0, 1) for number in range(6))
    before, after = rank(plain, history).ids[:20], rank(plain, history, muted=[MUTED]).ids[:20]
    assert topics_of(before).count("t1") >= 5
    assert topics_of(after).count("t1") <= 4
    assert topics_of(after).count("t0") > topics_of(before).count("t0")


def test_muting_leaves_other_papers_in_their_order(plain):
    history = Events.from_rows(("me", f"t0p{number:02d}", "save", NOW) for number in range(6))
    before, after = rank(plain, history).ids, rank(plain, history, muted=[MUTED]).ids
    assert topics_of(after[:15]) == ["t0"] * 15
    assert len(set(before[:20]) & set(after[:20])) >= 18


def test_muting_outweighs_following_the_same_words(plain):
    followed, both = rank(plain, interests=[TYPED]).ids[:20], rank(plain, interests=[TYPED], muted=[TYPED]).ids[:20]
    assert topics_of(followed).count("t3") >= 18
    assert topics_of(both).count("t3") <= 5


def test_muting_says_so_in_the_reasons_and_they_add_up(plain):
    history = Events.from_rows(("me", f"t1p{number:02d}", "save", NOW) for number in range(6))
    ranked = rank(plain, history, muted=[MUTED])
    at = next(at for at, paper in enumerate(ranked.ids) if paper.startswith("t1"))
    reasons = ranked.reasons(at)
    assert sum(reason.share for reason in reasons) == pytest.approx(float(ranked.scores[at]), rel=1e-4)
    assert any(reason.kind == "interest" and reason.share < 0 for reason in reasons)


def test_a_topic_is_named_where_the_paper_is_on_it_and_the_shares_add_up(plain):
    ranked = rank(plain, Events.from_rows([("me", "t1p00", "save", NOW)]), interests=[TYPED])
    named, others = [], []
    for at, paper in enumerate(ranked.ids):
        reasons = ranked.reasons(at)
        assert sum(reason.share for reason in reasons) == pytest.approx(float(ranked.scores[at]), rel=1e-4, abs=1e-6)
        topics = [reason.words for reason in reasons if reason.kind == "interest" and reason.words]
        (named if [TYPED] in topics else others).append(paper)
    assert topics_of(named).count("t3") >= 0.9 * len(named)
    assert len(named) >= 5
    assert len(others) >= len(named)


def test_unknown_words_change_nothing(plain, saved):
    history = saved("t0p00", "t0p01")
    one, same = rank(plain, history), rank(plain, history, interests=["zzyzx"], muted=["qwrtzp"])
    assert one.ids == same.ids
    assert one.scores == pytest.approx(same.scores)


def test_being_shown_once_is_no_verdict_each_further_time_counts_less_and_opening_forgives(plain):
    def score(times, *more):
        scoring_vectors = [("me", "t0p09", "impression", NOW - at) for at in range(times)]
        rows = [("me", "t0p00", "save", NOW), ("me", "t0p01", "save", NOW), *scoring_vectors, *more]
        ranked = plain.rank(Events.from_rows(rows), candidates=["t0p09"], k=1, now=NOW)
        return float(ranked.scores[0])

    scores = [score(times) for times in range(5)]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == scores[1]
    assert scores[1] - scores[2] > scores[2] - scores[3] > scores[3] - scores[4] > 0
    passed, opened = score(4), score(4, ("me", "t0p09", "open", NOW))
    assert opened > passed


READERS = {
    "a stranger": ([], {}),
    "a stranger to whom all papers are alike": ([], {"config": Config().relevance_only()}),
    "one save": ([("t2p00", "save")], {}),
    "many kinds": ([(f"t{at % 8}p{at % 29:02d}", KINDS[at % 8]) for at in range(90)], {}),
    "mutes what they like": ([(f"t2p{at:02d}", "save") for at in range(9)], {"muted": ["topic2word1 topic2word2"]}),
    "dislikes what they like": ([(f"t2p{at:02d}", ["save", "dislike"][at % 2]) for at in range(9)], {}),
    "mutes and dislikes nearly everything": (
        [(f"t{at}p00", "dislike") for at in range(8)],
        {"muted": [f"author:Author {topic} {at}" for topic in range(7) for at in range(6)]},
    ),
    "follows": ([("t4p00", "save")], {"followed": ["category:cat", "author:Author 2 1"], "interests": ["topic1word1"]}),
}


@pytest.fixture
def hostile(catalogue, papers):
    """A catalogue with equal papers, papers nothing is known of, replaced ones, and dates in the future."""
    own = catalogue.copy()
    same = [{"id": f"same{at}", "abstract": papers.abstracts[61], "published": NOW} for at in range(40)]
    odd = [{"id": "empty"}, {"id": "later", "title": "topic2word1", "published": NOW + 1e9}, {"id": "t2p03"}]
    own.update(Papers.from_rows([*same, *odd, {"id": "t2p04", "title": "other words", "upvotes": 1e9}]))
    return own


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("few", [True, False])
def test_the_best_are_those_of_the_whole_catalogue_scored(hostile, reader, few, monkeypatch):
    rows, asked = READERS[reader]
    if few:  # so that penalties let in papers from further down, and a scan has many spans
        monkeypatch.setattr(scoring, "MIN_PENALIZED", 1)
        monkeypatch.setattr(scoring, "PENALTY_FACTOR", 2)
        monkeypatch.setattr(paper_slices.iterate_block, "__defaults__", (16,))
        monkeypatch.setattr(paper_slices.iterate_spans, "__defaults__", (16,))
    history = Events.from_rows(("me", paper, kind, NOW) for paper, kind in rows)
    scores, whole = (hostile.score(history, now=NOW, **asked) for _ in range(2))
    index, config = scores.index, asked.get("config", hostile.config)
    eligible = index.is_current & ~np.isnan(whole.total)
    eligible[whole.profile.seen] = False
    expected = sorted(np.flatnonzero(eligible), key=lambda row: (-whole.total[row], index.ids[row]))
    for k in (1, 7, 60, 1000):
        got = rank_catalogue(scores, k, (), config.relevance_only(), 0)
        assert got.ids == [index.ids[row] for row in expected[:k]]
        assert np.array_equal(got.scores, whole.total[expected[:k]])
    assert "total" not in vars(scores)


def test_a_page_of_cards_reads_the_cards_alone(catalogue, saved, monkeypatch):
    scores = catalogue.score(saved("t2p00", "t5p03"), now=NOW, interests=[TYPED], muted=[MUTED])
    _ = scores.components, scores.state.reactions._muted_spreads
    monkeypatch.setattr(scoring, "iterate_spans", None)
    monkeypatch.setattr(components, "iterate_block", None)
    ids = [f"t{topic}p0{at}" for topic in range(8) for at in range(8)]
    ranked = catalogue.rank_scores(scores, candidates=ids, k=None)
    assert sorted(ranked.ids) == sorted(ids)
    assert ranked.reasons(0)


def test_looking_further_stops_and_scans_few_times(model, monkeypatch):
    """Everything but one topic is muted: the penalties reach nearly all papers above it."""
    scans = []

    class Watched(scoring._Largest):
        def __init__(self, count):
            scans.append(count)
            super().__init__(count)

    monkeypatch.setattr(scoring, "_Largest", Watched)
    monkeypatch.setattr(scoring, "MIN_PENALIZED", 10)
    muted = [f"author:Author {topic} {at}" for topic in range(7) for at in range(6)]
    history = Events.from_rows(("me", f"t{topic}p00", "save", NOW) for topic in range(7))
    catalogue = Catalogue(model, config=model.config.relevance_only())
    found = catalogue.rank(history, candidates=None, k=10, now=NOW, muted=muted)
    assert found.ids == catalogue.rank(history, candidates=None, k=None, now=NOW, muted=muted).ids[:10]
    assert 1 < len(scans) <= 4
