"""One reader's own papers over the catalogue that all share: theirs alone, and ranked as if they were in it."""

import numpy as np
import pytest

from recommender import Catalogue, Events, Overlay, Papers

NOW = 1_760_000_000.0
SAID = "topic2word1 topic2word2 topic2word3 topic2word4"


def own(*numbers, text=SAID):
    return Papers.from_rows({"id": f"own{number}", "title": text, "abstract": text} for number in numbers)


def laid(catalogue, papers):
    overlay = Overlay(catalogue)
    overlay.update(catalogue, papers)
    return overlay


def scores(catalogue, history, candidates):
    ranked = catalogue.rank(history, candidates=candidates, k=None, now=NOW)
    return dict(zip(ranked.ids, ranked.scores.tolist(), strict=True))


@pytest.fixture
def shared(catalogue):
    """A catalogue that these tests may change."""
    return catalogue.copy()


def test_an_own_paper_scores_as_it_would_in_the_shared_catalogue(shared, saved):
    history = saved("t2p00", "t2p01")
    view = laid(shared, own(1, 2)).apply_to(shared)
    found = scores(view, history, ["own1", "t2p03", "t4p00"])
    assert found["own1"] > found["t4p00"]
    shared.update(own(1, 2))
    assert found == pytest.approx(scores(shared, history, ["own1", "t2p03", "t4p00"]), rel=1e-3, abs=1e-4)


def test_nobody_elses_catalogue_changes(shared, saved):
    history = saved("t2p00")
    before = scores(shared, history, shared.ids())
    view = laid(shared, own(1)).apply_to(shared)
    assert "own1" in view
    assert "own1" not in shared
    assert scores(shared, history, shared.ids()) == before


def test_an_own_text_stands_in_the_place_of_the_shared_one(shared, saved):
    text = "topic5word1 topic5word2 topic5word3 topic5word4"
    changed = Papers.from_rows([{"id": "t2p03", "title": text, "abstract": text}])
    view = laid(shared, changed).apply_to(shared)
    assert len(view) == len(shared)
    # A paper that readers taught the model stays where they put it, whatever its new text.
    if shared.model is None:
        assert scores(view, saved("t5p00"), ["t2p03"])["t2p03"] > scores(shared, saved("t5p00"), ["t2p03"])["t2p03"]


def test_a_saved_own_paper_is_a_reason_by_name(shared):
    view = laid(shared, own(1)).apply_to(shared)
    ranked = view.rank(Events.from_rows([("me", "own1", "save", NOW)]), candidates=None, k=5, now=NOW)
    reasons = [reason for at in range(5) for reason in ranked.reasons(at) if reason.paper]
    assert {(reason.paper, reason.title) for reason in reasons} == {("own1", SAID)}
    for at in range(5):
        assert sum(reason.share for reason in ranked.reasons(at)) == pytest.approx(ranked.scores[at], rel=1e-4)


def test_papers_come_and_go_one_by_one(shared, saved):
    overlay = laid(shared, own(1, 2))
    changed = own(2, 3, text="topic4word1 topic4word2 topic4word3")
    overlay.update(shared, changed)
    if not overlay.remove(["own1"]):
        overlay = laid(shared, changed)
    view = overlay.apply_to(shared)
    assert {paper for paper in view.ids() if paper.startswith("own")} == {"own2", "own3"}
    at_once = scores(laid(shared, changed).apply_to(shared), saved("t4p00"), ["own2", "own3"])
    assert scores(view, saved("t4p00"), ["own2", "own3"]) == pytest.approx(at_once, rel=1e-4)
    if overlay.remove(["own2", "own3"]):
        assert overlay.apply_to(shared).ids() == shared.ids()


def test_the_shared_catalogue_may_grow_below_it(shared, saved):
    overlay = laid(shared, own(1))
    shared.update(own(9))
    assert overlay.is_valid_for(shared) is (shared.model is not None)
    view = (overlay if overlay.is_valid_for(shared) else laid(shared, own(1))).apply_to(shared)
    assert {"own1", "own9"} <= set(view.ids())
    found = scores(view, saved("t2p00"), ["own1", "own9"])
    assert found["own1"] == pytest.approx(found["own9"], rel=1e-4)


def test_without_a_model_it_is_made_anew_when_the_shared_catalogue_changes(papers):
    shared = Catalogue(None, papers)
    overlay = laid(shared, own(1))
    assert overlay.is_valid_for(shared)
    shared.update(own(9))
    assert not overlay.is_valid_for(shared)
    assert not overlay.remove(["own1"])


def test_a_reader_whose_pages_are_all_there_is_gets_words_of_their_own():
    shared = Catalogue(None)
    view = laid(shared, own(*range(30))).apply_to(shared)
    ranked = view.rank(Events.from_rows([("me", "own1", "save", NOW)]), candidates=None, k=5, now=NOW)
    assert set(ranked.basis) == {"text"}
    assert np.isfinite(ranked.scores).all()


def test_nothing_own_is_the_shared_catalogue(shared, saved):
    view = Overlay(shared).apply_to(shared)
    assert scores(view, saved("t2p00"), view.ids()) == scores(shared, saved("t2p00"), shared.ids())


def test_placing_asks_for_a_model(papers):
    with pytest.raises(ValueError, match="model"):
        Catalogue(None, papers).fold_in(own(1))
