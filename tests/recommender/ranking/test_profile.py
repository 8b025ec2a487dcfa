"""A long history is told by its strongest papers and forgets none of those met; a typed sentence by what it wants."""

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Papers
from recommender.ranking import profile
from recommender.ranking.profile import MAX_DISLIKED, MAX_LIKED, MAX_TOPICS
from tests.recommender.conftest import share_of_topic

NOW = 1_760_000_000.0
DAY = 86_400.0
PAPERS = 2_000


@pytest.fixture(scope="module")
def wide():
    """A catalogue that no test of a long history reads to its end."""
    words = np.random.default_rng(3).integers(0, 200, (PAPERS + 50, 12))
    rows = ({"id": f"p{at:04d}", "title": " ".join(f"word{one}" for one in some)} for at, some in enumerate(words))
    return Catalogue(None, Papers.from_rows(rows), Config(min_df=2))


def history(kind, numbers):
    return [("me", f"p{number:04d}", kind, NOW - number * DAY) for number in numbers]


def score(catalogue, *components):
    return catalogue.score(Events.from_rows(row for component in components for row in component), now=NOW)


def test_a_long_history_is_told_by_a_bounded_number_of_papers(wide):
    long = score(wide, history("open", range(1_500)), history("hide", range(1_500, PAPERS)))
    assert (long.profile.weight > 0).sum() == MAX_LIKED
    assert (long.profile.weight < 0).sum() == MAX_DISLIKED


def test_what_was_met_is_never_recommended_however_long_ago(wide):
    long = score(wide, history("open", range(1_500)), history("hide", range(1_500, PAPERS)))
    assert set(wide.rank_scores(long, candidates=None, k=None).ids) == {
        f"p{at:04d}" for at in range(PAPERS, PAPERS + 50)
    }


def test_saved_papers_tell_before_opened_ones_and_new_ones_before_old(wide):
    long = score(wide, history("open", range(1_500)), history("save", range(1_500, 1_600)))
    told = {wide.ids()[row] for row in long.profile.rows}
    assert told == {f"p{at:04d}" for at in [*range(MAX_LIKED - 100), *range(1_500, 1_600)]}


def test_a_short_history_is_told_whole(wide):
    some = score(wide, history("open", range(MAX_LIKED)), history("hide", range(1_500, 1_500 + MAX_DISLIKED)))
    assert len(some.profile) == MAX_LIKED + MAX_DISLIKED


def rank(catalogue, **typed):
    return catalogue.rank(Events.empty(), candidates=None, k=None, now=NOW, **typed)


def is_same(one, other):
    return one.ids == other.ids and np.allclose(one.scores, other.scores, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("into", ["interests", "followed"])
def test_a_sentence_counts_as_the_topics_it_wants(catalogue, into):
    read = rank(catalogue, **{into: ["I am interested in topic4word1, topic4word2 and topic6word3, please"]})
    assert is_same(read, rank(catalogue, interests=["topic4word1", "topic4word2", "topic6word3"]))
    assert not is_same(read, rank(catalogue, interests=["topic4word1 topic4word2 topic6word3"]))


def test_what_a_sentence_does_not_want_sinks_and_what_it_wants_stays(catalogue):
    wanted = "topic4word1 topic4word2 topic6word3 topic6word4"
    plain = rank(catalogue, interests=[wanted])
    read = rank(catalogue, interests=[f"papers on {wanted} but not topic6word3 topic6word9 topic6word5"])
    assert np.mean([one.startswith("t6") for one in read.ids[:30]]) < np.mean(
        [one.startswith("t6") for one in plain.ids[:30]]
    )
    assert share_of_topic(rank(catalogue, interests=["papers on topic4word1 but not topic6word3"]), 4) > 0


def test_what_a_sentence_does_not_want_is_muted_for_that_interest_alone(catalogue):
    """Another interest in the same words is still served, as it is not beside a muted text."""
    other = "topic6word3 topic6word9"
    read = rank(catalogue, interests=[f"papers on topic4word1 topic4word2 but not {other}", other])
    muted = rank(catalogue, interests=["topic4word1 topic4word2", other], muted=[other])
    served, refused = (sum(one.startswith("t6") for one in ranked.ids[:20]) for ranked in (read, muted))
    assert served > refused


def test_the_reasons_of_a_sentence_add_up_and_name_it_once_as_it_is_written(catalogue, saved):
    written = "I like topic4word1, topic4word2 and topic4word3,  except topic6word3!"
    ranked = catalogue.rank(saved("t2p00"), candidates=None, k=40, now=NOW, interests=[written, "topic5word1"])
    named = []
    for at, score in enumerate(ranked.scores):
        reasons = ranked.reasons(at)
        assert sum(one.share for one in reasons) == pytest.approx(float(score), rel=1e-4)
        texts = [one.words for one in reasons if one.kind == "interest"]
        assert len(texts) == len({str(one) for one in texts})
        named += texts
    assert [written] in named
    assert {str(one) for one in named} <= {str([written]), str(["topic5word1"])}


@pytest.mark.parametrize(
    "text", ["Themen wie topic4word1, aber nicht topic6word3", "topic4word1, no topic6word3", "図 topic4word1"]
)
def test_what_is_no_sentence_counts_as_all_of_its_words(catalogue, text, monkeypatch):
    read = rank(catalogue, interests=[text])
    monkeypatch.setattr("recommender.ranking.catalogue.read_sentence", profile.Sentence.plain)
    assert is_same(read, rank(catalogue, interests=[text]))


def test_names_in_a_sentence_are_followed_and_muted(catalogue):
    read = rank(catalogue, interests=["papers on topic4word1, author:Author 2 3, but not author:Author 4 1"])
    apart = rank(catalogue, interests=["topic4word1"], followed=["author:Author 2 3"], muted=["author:Author 4 1"])
    assert is_same(read, apart)
    names_alone = rank(catalogue, interests=["papers by author:Author 2 3, but not topic4word1"])
    assert is_same(names_alone, rank(catalogue, followed=["author:Author 2 3"], muted=["topic4word1"]))


def test_a_muted_sentence_mutes_what_it_is_about(catalogue):
    history = [("me", "t4p00", "save", NOW)]
    read, plain = (
        catalogue.rank(Events.from_rows(history), candidates=None, k=None, now=NOW, muted=[text])
        for text in ("papers on topic4word1", "topic4word1")
    )
    assert is_same(read, plain)


def test_endless_sentences_make_a_bounded_number_of_rows(catalogue):
    texts = [
        f"I like {', '.join(f'topic{at % 8}word{at % 25}' for at in range(start, start + 12))}" for start in range(100)
    ]
    assert MAX_TOPICS < len(catalogue.score(Events.empty(), now=NOW, interests=texts).profile) + 12 <= MAX_TOPICS + 112
