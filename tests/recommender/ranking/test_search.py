"""What matches a query and what does not; the order of what was found is tested with the catalogue."""

import numpy as np
import pytest

from recommender import Catalogue, Events, Papers
from recommender.ranking import search
from recommender.ranking.paper_slices import PaperSelection
from recommender.ranking.reranking import rank_matches
from recommender.ranking.search import find_matches, match_interests, match_papers
from tests.recommender.conftest import share_of_topic

NOW = 1_760_000_000.0


def test_search_finds_papers_by_their_words(catalogue):
    assert share_of_topic(catalogue.search("topic7word1 topic7word2", 8), 7) >= 0.7
    assert catalogue.search("zzz qqq", 8).ids == []
    assert catalogue.search("", 8).ids == []


def having(papers, *words):
    """The papers that have one of the words."""
    texts = zip(papers.ids, papers.titles, papers.abstracts, strict=True)
    return {paper for paper, title, abstract in texts if set(words) & set(f"{title} {abstract}".split())}


def test_what_does_not_match_a_query_is_no_result(catalogue, papers):
    found = catalogue.search("topic7word1", 1000)
    assert having(papers, "topic7word1") <= set(found.ids)
    assert share_of_topic(found, 7) >= 0.9
    assert len(found) < 40
    assert min(found.scores) > 0
    assert len(set(found.ids)) == len(found)


def test_common_words_of_a_query_do_not_make_a_match(catalogue, papers):
    found = catalogue.search("topic7word1 topic", 1000)  # all papers are "on topic"
    assert having(papers, "topic7word1") <= set(found.ids)
    assert len(found) < 40


def test_a_query_mostly_of_unknown_words_finds_nothing(catalogue):
    assert catalogue.search("zzz qqq topic7word1", 8).ids == []
    assert catalogue.search("zzz common1", 8).ids == []


def test_every_paper_with_the_word_is_found_however_common_and_scores_above_zero(catalogue, papers):
    for word in ("topic", "common3"):
        found = catalogue.search(word, 1000)
        assert having(papers, word) <= set(found.ids)
        assert min(found.scores) > 0
        assert sum(one.share for one in found.reasons(len(found) - 1)) == pytest.approx(
            float(found.scores[-1]), rel=1e-4
        )


@pytest.mark.parametrize("query", ["topic", "common3", "topic common3 common1", "topic7word1", "topic7word1 zzz"])
@pytest.mark.parametrize("k", [1, 7, 1000])
def test_the_best_that_match_are_found_without_asking_every_paper(catalogue, papers, query, k):
    again = [{"id": papers.ids[at], "title": f"topic common3 number {at}", "abstract": ""} for at in range(0, 40, 3)]
    newer = catalogue.copy()
    newer.update(Papers.from_rows([*again, {"id": "new", "title": "topic topic7word1 common3", "abstract": ""}]))
    scores = newer.score(Events.empty(), now=0.0, interests=[query], config=newer.config.relevance_only())
    every = np.flatnonzero(match_papers(query, scores))
    found = find_matches(query, scores, k)
    assert set(found) <= set(every)
    best, slow = rank_matches(scores, found, k), rank_matches(scores, every, k)
    assert (best.ids, best.scores.tolist()) == (slow.ids, slow.scores.tolist())


def test_of_a_common_word_only_the_best_papers_are_asked_for_their_vectors(catalogue, monkeypatch):
    asked = []

    def count(scores, interests, papers):
        asked.append(len(papers))
        return np.zeros((1, len(papers)), bool)

    monkeypatch.setattr(search, "_match_vectors", count)
    assert len(catalogue.search("topic", 5)) == 5
    assert sum(asked) < len(catalogue) / 2


def test_a_query_is_no_sentence(catalogue):
    one, other = (
        catalogue.search(query, 1000) for query in ("topic7word1 but not topic7word2", "topic7word1 topic7word2")
    )
    assert (one.ids, one.scores.tolist()) == (other.ids, other.scores.tolist())


@pytest.mark.parametrize("papers", [1, 5, 20])
def test_small_catalogues_are_searched_by_their_words(papers):
    rows = [
        {"id": f"p{at}", "title": f"Robust parsing of language{at} trees", "abstract": "We parse."}
        for at in range(papers)
    ]
    catalogue = Catalogue(None, Papers.from_rows([*rows, {"id": "other", "title": "Robots that cook", "abstract": ""}]))
    assert catalogue.search("robot", 1000).ids == ["other"]
    assert len(catalogue.search("parsing trees", 1000)) == papers
    assert catalogue.search("quantum", 1000).ids == []


def test_search_knows_other_languages(catalogue):
    texts = [
        "大規模言語モデルの推論",
        "拡散モデルによる画像生成",
        "Maschinelle Übersetzung",
        "Übersetzungen prüfen",
        "언어 모델의 추론",
    ]
    small = Catalogue(None, Papers.from_rows({"id": f"p{at}", "title": text} for at, text in enumerate(texts)))
    assert small.search("言語モデル", 9).ids[0] == "p0"
    assert small.search("Übersetzung", 9).ids == ["p2"]
    assert small.search("모델을", 9).ids == ["p4"]
    assert small.search("量子", 9).ids == []


def test_an_interest_is_matched_by_the_rule_of_a_search(catalogue):
    query = "topic7word1 topic7word2"
    scores = catalogue.score(Events.from_rows(()), now=NOW, interests=[query])
    every = PaperSelection(scores.index, np.arange(len(scores.index)))
    as_query, as_interest = match_papers(query, scores), match_interests(scores, [0], every)
    assert np.array_equal(as_interest, as_query[None])
    assert 0 < as_query.sum() < 60


def test_without_interests_nothing_is_matched(catalogue):
    scores = catalogue.score(Events.from_rows(()), now=NOW)
    assert match_interests(scores, [], PaperSelection(scores.index, np.arange(5))).shape == (0, 5)
