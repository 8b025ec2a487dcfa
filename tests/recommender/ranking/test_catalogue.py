import threading

import numpy as np
import pytest

from recommender import Catalogue, CatalogueScores, Config, Events, Papers
from tests.recommender.conftest import share_of_topic

NOW = 1_760_000_000.0
DAY = 86_400.0
NEW = {"id": "new", "title": "topic2word1 topic2word2", "abstract": "topic2word3 topic2word4 topic2word5 topic2word6"}


def rank(catalogue, history, **ask):
    return catalogue.rank(history, **({"candidates": None, "k": 10, "now": NOW} | ask))


def events(*rows):
    return Events.from_rows(("me", paper, kind, NOW - age * DAY) for paper, kind, age in rows)


def test_three_saves_make_the_list_personal_without_training(catalogue, saved):
    ranked = rank(catalogue, saved("t2p00", "t2p01", "t2p02"))
    assert share_of_topic(ranked, 2) >= 0.7
    assert set(ranked.basis) <= {"model", "text"}


def test_one_more_save_changes_the_next_answer(catalogue, saved):
    before, after = (rank(catalogue, saved("t2p00", *more)) for more in ((), ("t5p00", "t5p01")))
    assert share_of_topic(after, 5) > share_of_topic(before, 5)


def test_nobody_known_gets_the_fresh_and_the_popular_and_is_told_so(catalogue, papers):
    ranked = rank(catalogue, Events.empty(), k=20)
    row = {paper: at for at, paper in enumerate(papers.ids)}
    rows = [row[paper] for paper in ranked.ids]
    assert set(ranked.basis) == {"fallback"}
    assert np.median(papers.published[rows]) > np.median(papers.published)
    assert {reason.kind for at in range(20) for reason in ranked.reasons(at)} <= {
        "fresh",
        "popular",
        "readers",
        "explore",
    }


def test_typed_interests_serve_a_reader_without_any_event(catalogue):
    ranked = rank(catalogue, Events.empty(), interests=["topic4word1 topic4word2", "topic4word3"])
    assert share_of_topic(ranked, 4) >= 0.7
    assert "interest" in {reason.kind for reason in ranked.reasons(0)}
    assert set(ranked.basis) <= {"model", "text"}


def test_followed_counts_like_an_interest(catalogue):
    assert share_of_topic(rank(catalogue, Events.empty(), followed=["topic4word1 topic4word2"]), 4) >= 0.7


def test_muted_words_push_papers_down(catalogue, papers, saved):
    muted = papers.titles[papers.ids.index("t2p05")].split()[-1]
    history = saved("t2p00", "t2p01", "t2p02")
    plain, without = (rank(catalogue, history, k=None, muted=words) for words in ((), (muted,)))
    assert without.ids.index("t2p05") > plain.ids.index("t2p05")


def test_what_was_opened_saved_or_hidden_is_not_recommended_again(catalogue):
    history = events(("t2p00", "open", 1), ("t2p01", "save", 1), ("t2p02", "hide", 1), ("t2p03", "impression", 1))
    ranked = rank(catalogue, history, k=None)
    assert not {"t2p00", "t2p01", "t2p02"} & set(ranked.ids)
    assert "t2p03" in ranked.ids


def test_what_is_shown_again_or_no_longer_saved_may_be_recommended(catalogue):
    history = events(("t2p01", "save", 3), ("t2p01", "unsave", 2), ("t2p02", "hide", 3), ("t2p02", "unhide", 2))
    assert {"t2p01", "t2p02"} <= set(rank(catalogue, history, k=None).ids)


def test_cards_are_scored_even_when_they_were_met(catalogue, saved):
    ranked = rank(catalogue, saved("t2p00"), candidates=["t2p00", "t3p00", "t2p01"], k=None)
    assert sorted(ranked.ids) == ["t2p00", "t2p01", "t3p00"]
    assert ranked.basis != ["none"] * 3


def test_excluded_papers_are_in_no_list(catalogue, saved):
    for candidates in (None, ["t2p05", "t2p06"]):
        assert "t2p05" not in rank(catalogue, saved("t2p00"), candidates=candidates, exclude={"t2p05"}).ids


def test_hidden_and_passed_over_papers_count_against(catalogue):
    liked = [(f"t2p0{number}", "save", 1) for number in range(3)]
    ask = {"candidates": ["t2p10", "t6p10"], "k": None}
    plain = rank(catalogue, events(*liked), **ask)
    passed = rank(catalogue, events(*liked, *[("t2p10", "impression", 1)] * 4), **ask)
    hidden = rank(catalogue, events(*liked, ("t2p11", "hide", 1), ("t2p12", "hide", 1)), **ask)
    score = plain.scores[plain.ids.index("t2p10")]
    assert passed.scores[passed.ids.index("t2p10")] < score
    assert hidden.scores[hidden.ids.index("t2p10")] < score


def test_unknown_papers_come_last_without_a_score(catalogue, saved):
    ranked = rank(catalogue, saved("t2p00"), candidates=["nobody", "t2p01", "knows"], k=None)
    assert ranked.ids == ["t2p01", "knows", "nobody"]
    assert ranked.basis[1:] == ["none", "none"]
    assert np.isnan(ranked.scores[1:]).all()
    assert ranked.reasons(1) == []


def test_scores_never_increase_and_ties_go_by_id(catalogue, saved):
    ranked = rank(catalogue, saved("t2p00"), k=None)
    pairs = list(zip(-ranked.scores, ranked.ids, strict=True))
    assert pairs == sorted(pairs)
    assert ranked.scores.dtype == np.float32


def test_the_best_k_are_the_first_of_all(papers, model, saved):
    catalogue = Catalogue(model, config=Config(diversity=0, exploration=0))
    everything = rank(catalogue, saved("t2p00"), k=None)
    assert rank(catalogue, saved("t2p00"), k=7).ids == everything.ids[:7]
    assert rank(catalogue, saved("t2p00"), candidates=papers.ids, exclude={"t2p00"}, k=7).ids == everything.ids[:7]


def test_asking_for_nothing_gives_nothing(catalogue, saved):
    assert rank(catalogue, saved("t2p00"), k=0).ids == []
    assert rank(catalogue, saved("t2p00"), candidates=[], k=5).ids == []


@pytest.mark.parametrize("trained", [True, False])
def test_a_new_paper_is_placed_by_its_words_at_once(papers, model, config, saved, trained):
    catalogue = Catalogue(model) if trained else Catalogue(None, papers, config)
    assert "new" not in catalogue
    catalogue.update(Papers.from_rows([NEW]))
    assert "new" in catalogue
    assert len(catalogue) == len(papers) + 1
    history = saved("t2p00", "t2p01", "t2p02")
    ranked = rank(catalogue, history, candidates=["new", "t5p00", "t6p00"], k=None)
    assert ranked.ids[0] == "new"
    assert ranked.basis[0] == "text"
    assert share_of_topic(rank(catalogue, saved("new")), 2) >= 0.6


def test_new_papers_leave_the_scores_of_others_alone(model, saved):
    catalogue = Catalogue(model)
    ask = {"candidates": ["t2p05", "t3p05"], "k": None}
    before = rank(catalogue, saved("t2p00"), **ask)
    catalogue.update(Papers.from_rows([NEW]))
    assert np.array_equal(before.scores, rank(catalogue, saved("t2p00"), **ask).scores)


def test_a_known_paper_brings_new_facts_but_stays_one_paper(model, papers, saved):
    catalogue = Catalogue(model)
    again = {"id": "t2p05", "title": "A new title", "abstract": papers.abstracts[papers.ids.index("t2p05")]}
    catalogue.update(Papers.from_rows([again]))
    assert len(catalogue) == len(papers)
    ranked = rank(catalogue, saved("t2p00"), k=None)
    assert ranked.ids.count("t2p05") == 1
    assert ranked.basis[ranked.ids.index("t2p05")] == "model"
    named = rank(catalogue, saved("t2p05"), candidates=["t2p06"], k=None).reasons(0)
    assert {reason.title for reason in named if reason.kind == "paper"} == {"A new title"}


def test_a_stub_without_text_is_of_no_basis_until_its_text_comes(model, saved):
    catalogue = Catalogue(model, Papers.from_rows([{"id": "new"}]))
    assert rank(catalogue, saved("t2p00"), candidates=["new"], k=None).basis == ["none"]
    catalogue.update(Papers.from_rows([NEW]))
    assert rank(catalogue, saved("t2p00"), candidates=["new"], k=None).basis == ["text"]


def test_similar_papers_are_of_the_same_topic_and_not_the_paper_itself(catalogue):
    found = catalogue.similar("t3p04", 8)
    assert "t3p04" not in found.ids
    assert share_of_topic(found, 3) >= 0.7
    assert catalogue.similar("unheard", 8).ids == []


def test_what_is_rather_unlike_a_paper_is_not_similar_to_it(catalogue, papers):
    assert min(catalogue.similar("t3p04", 240).scores) > 0
    if catalogue.model:
        assert len(catalogue.similar("t3p04", 240)) < 200
    few = [{"id": one, "title": one} for one in ("parsing trees", "parsing language", "cooking robots")]
    assert Catalogue(None, Papers.from_rows(few)).similar("parsing trees", 9).ids == ["parsing language"]


def test_an_empty_catalogue_answers():
    catalogue = Catalogue(None)
    assert len(catalogue) == 0
    assert rank(catalogue, Events.empty()).ids == []
    assert rank(catalogue, Events.empty(), candidates=["a"], k=None).basis == ["none"]
    catalogue.update(Papers.from_rows([NEW]))
    assert rank(catalogue, Events.empty(), interests=["topic2word1"]).ids == ["new"]


def test_updating_while_ranking_shows_the_old_or_the_new(model, saved):
    catalogue, failures = Catalogue(model), []

    def ask():
        try:
            for _ in range(60):
                ranked = rank(catalogue, saved("t2p00"), k=5)
                assert len(ranked.ids) == 5
                ranked.reasons(0)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(30):
        catalogue.update(Papers.from_rows([NEW | {"id": f"new{number % 7}"}]))
    for thread in threads:
        thread.join()
    assert not failures
    assert "new6" in catalogue


def test_all_arithmetic_is_float32(catalogue, saved):
    index, _ = catalogue._snapshot
    ranked = rank(catalogue, saved("t2p00", "t3p00"), interests=["topic4word1"], muted=["topic5word1"])
    scores = ranked._catalogue_scores
    arrays = [scores.total, ranked.scores, *scores.priors.values(), scores.profile.vectors, scores.profile.weight]
    arrays += [weighted.weight for weighted in scores.components] + [
        weighted.component.scores for weighted in scores.components
    ]
    arrays += [block.foldin_vectors for block in index.blocks] + [block.words.data for block in index.blocks]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def test_warming_up_makes_what_all_readers_share_and_scans_nothing(model, papers, config, monkeypatch):
    monkeypatch.setattr(CatalogueScores, "best", lambda *_: pytest.fail("scanned"))
    for catalogue in (Catalogue(model), Catalogue(None, papers, config), Catalogue(None, config=config)):
        catalogue.warm_up()
        assert all("unknown" in vars(block) for block in catalogue.index.blocks)
