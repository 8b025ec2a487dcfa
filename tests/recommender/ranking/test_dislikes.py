"""Less like this: the paper leaves the lists, what is like it sinks, all else stays, and it can be taken back."""

import gzip
import json

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Overlay, Papers, train

NOW = 1_760_000_000.0
LIKED = [("t2p00", "save"), ("t2p01", "save"), ("t5p00", "save"), ("t5p01", "save")]


def history_of(*rows):
    return Events.from_rows(("me", paper, kind, NOW + at) for at, (paper, kind) in enumerate(rows))


def rank(catalogue, history, **ask):
    return catalogue.rank(history, **({"candidates": None, "k": None, "now": NOW} | ask))


def test_the_paper_leaves_the_list_and_comes_back(catalogue):
    assert "t2p02" in rank(catalogue, history_of(*LIKED)).ids
    assert "t2p02" not in rank(catalogue, history_of(*LIKED, ("t2p02", "dislike"))).ids
    back = rank(catalogue, history_of(*LIKED, ("t2p02", "dislike"), ("t2p02", "undislike")))
    before = rank(catalogue, history_of(*LIKED))
    assert (back.ids, back.scores.tolist()) == (before.ids, before.scores.tolist())


def test_the_amount_is_the_one_that_is_stated(catalogue):
    scores = catalogue.score(history_of(*LIKED, ("t2p02", "dislike"), ("t5p03", "dislike")), now=NOW)
    penalty, index = scores.priors["disliked"], scores.index
    disliked = index.words(np.array([index.row_of["t2p02"], index.row_of["t5p03"]]))
    cosine = (index.words(np.arange(len(index))) @ disliked.T).toarray().max(axis=1)
    assert (penalty[cosine <= 0.1] == 0).all()
    assert penalty[cosine >= 0.3] == pytest.approx(-Config().dislike_penalty)
    between = (cosine > 0.1) & (cosine < 0.3)
    assert between.any()
    assert penalty[between] == pytest.approx(-Config().dislike_penalty * (cosine[between] - 0.1) / 0.2, abs=1e-5)


def test_a_reason_names_the_disliked_paper_and_shares_add_up(catalogue, papers):
    found = rank(catalogue, history_of(*LIKED, ("t2p02", "dislike"), ("t6p00", "dislike")), k=40)
    named = set()
    for at in range(len(found)):
        reasons = found.reasons(at)
        assert sum(one.share for one in reasons) == pytest.approx(float(found.scores[at]), rel=1e-4, abs=1e-5)
        named |= {(one.paper, one.title, one.words is None) for one in reasons if one.kind == "paper" and one.share < 0}
    assert {paper for paper, _, _ in named} <= {"t2p02", "t6p00"}
    assert ("t2p02", papers.titles[papers.ids.index("t2p02")], True) in named


def test_what_is_like_a_paper_of_the_readers_own_pages_sinks_for_them_alone(catalogue, papers):
    row = papers.ids.index("t2p04")
    own = Overlay(catalogue)
    own.update(catalogue, Papers.from_rows([{"id": "own", "title": "x", "abstract": papers.abstracts[row]}]))
    history = history_of(*LIKED, ("own", "dislike"))
    view = own.apply_to(catalogue)
    assert view.score(history, now=NOW).priors["disliked"][row] == pytest.approx(-Config().dislike_penalty)
    assert "disliked" not in catalogue.score(history, now=NOW).priors


def test_only_the_newest_of_a_great_many_count(catalogue, monkeypatch):
    monkeypatch.setattr("recommender.ranking.profile.MAX_PENALIZING", 2)
    scores = catalogue.score(history_of(("t1p00", "dislike"), ("t2p00", "dislike"), ("t3p00", "dislike")), now=NOW)
    assert [scores.index.ids[row] for row in scores.profile.disliked] == ["t3p00", "t2p00"]


def test_disliking_is_learned_from_in_training(papers, events, config):
    """The same reader, once with a topic disliked: what the model makes of it for a stranger to the topic's papers."""
    disliked = Events.from_rows(("r0", f"t7p{number:02d}", "dislike", NOW) for number in range(20))
    both = Events(
        [*events.readers, *disliked.readers],
        [*events.papers, *disliked.papers],
        [*events.kinds, *disliked.kinds],
        np.concatenate([events.times, disliked.times]),
    )
    plain, after = (train(papers, some, config, now=NOW).factors.papers for some in (events, both))
    assert not np.allclose(plain, after)


@pytest.mark.slow
def test_on_real_papers_what_is_like_it_sinks_and_the_others_stay(shared):
    """A replay: 60 readers of three saved papers each dislike the first paper recommended."""
    with gzip.open(shared / "data" / "hf-papers" / "papers.jsonl.gz", "rt") as file:
        rows = [{**json.loads(line), "published": None} for line in file]
    papers = Papers.from_rows(rows)
    catalogue = Catalogue(train(papers, Events.empty(), Config(iterations=6), now=NOW))
    random, sunk, moved = np.random.default_rng(0), [], []
    for _ in range(60):
        liked = [(papers.ids[at], "save") for at in random.choice(len(papers), 3, replace=False)]
        before = rank(catalogue, history_of(*liked)).ids
        after = rank(catalogue, history_of(*liked, (before[0], "dislike"))).ids
        place = {paper: at for at, paper in enumerate(after)}
        index = catalogue.score(Events.empty(), now=NOW).index
        cosine = (index.words(np.array([index.row_of[before[0]]])) @ index.blocks[0].by_word).toarray()[0]
        for at, paper in enumerate(before[1:101]):
            near = cosine[index.row_of[paper]]
            (sunk if near >= 0.2 else moved if near <= 0.1 else []).append(place[paper] - at)
    assert np.median(sunk) > 25
    assert abs(np.median(moved)) <= 10
