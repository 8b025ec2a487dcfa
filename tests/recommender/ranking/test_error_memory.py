"""An error memory: taken against expected, bounded, decayed, and silent about what few readers did."""

import numpy as np
import pytest

from recommender import Catalogue, Papers
from recommender.ranking.error_memory import HALF_LIFE, LIMIT, MAX_PLACES, Corrections, ErrorMemory
from tests.recommender.conftest import DAY, NOW

PAGE = [f"p{place}" for place in range(1, 21)]


def log_lists(memory, readers, takes, *, at=NOW, page=PAGE):
    for reader in range(readers):
        for place, paper in enumerate(page, 1):
            memory.show(f"r{reader}", f"list of r{reader} at {at}", paper, place)
        for paper in takes:
            memory.take(f"r{reader}", f"list of r{reader} at {at}", paper, at)


def amounts(memory, now=NOW):
    corrections = memory.correct(now)
    return dict(zip(corrections.papers, corrections.amounts.tolist(), strict=True))


def test_what_is_taken_from_below_rises_and_what_is_passed_over_above_falls():
    memory = ErrorMemory(5)
    log_lists(memory, 12, ["p15"])
    found = amounts(memory)
    assert found["p15"] == max(found.values()) > 1
    assert found["p1"] < found["p2"] < found["p20"] < 0, "the higher it stood, the more was expected of it"


def test_a_place_that_gets_what_it_promises_is_not_corrected():
    memory = ErrorMemory(5)
    promised = np.arange(1, 21) ** -0.5
    takes = np.random.default_rng(0).choice(PAGE, 4000, p=promised / promised.sum())
    for number, paper in enumerate(takes.tolist()):
        for place, one in enumerate(PAGE, 1):
            memory.show(f"r{number % 50}", number, one, place)
        memory.take(f"r{number % 50}", number, paper, NOW)
    assert max(map(abs, amounts(memory).values())) < 0.5


@pytest.mark.parametrize(("readers", "told"), [(4, 0), (5, 20)])
def test_nothing_is_told_of_fewer_readers_than_asked(readers, told):
    memory = ErrorMemory(5)
    log_lists(memory, readers, ["p3"])
    for at in range(30):  # however often they come
        log_lists(memory, readers, ["p3"], at=NOW + at)
    assert len(memory.correct(NOW)) == told


def test_a_list_of_which_nothing_is_taken_says_nothing():
    memory = ErrorMemory(1)
    log_lists(memory, 10, [])
    assert len(memory.correct(NOW)) == 0


def test_a_paper_counts_once_a_list_and_only_in_lists_it_was_in():
    once, twice = ErrorMemory(1), ErrorMemory(1)
    log_lists(once, 5, ["p4"])
    log_lists(twice, 5, ["p4", "p4", "elsewhere"])
    twice.take("r0", "no list", "p4", NOW)
    twice.take("somebody else", f"list of r0 at {NOW}", "p4", NOW)
    assert amounts(once) == amounts(twice)


def test_errors_fade_and_are_never_above_the_limit():
    memory = ErrorMemory(5)
    for at in range(40):
        log_lists(memory, 5, ["p20"], at=NOW + at)
    now, later, long_after = (amounts(memory, NOW + days * DAY) for days in (0, 6 * HALF_LIFE, 60 * HALF_LIFE))
    assert now["p20"] == LIMIT > later["p20"] > 0
    assert 0 > later["p1"] > now["p1"]
    assert max(map(abs, long_after.values())) < 1e-6


def test_it_is_bounded_and_forgets_the_oldest():
    memory = ErrorMemory(1, papers=MAX_PLACES, shown=500)
    before = memory.nbytes
    for page in range(40):
        log_lists(memory, 2, [f"{page} 3"], page=[f"{page} {place}" for place in range(1, 21)], at=NOW + page)
    assert len(memory) == MAX_PLACES
    assert memory.nbytes == before
    kept = amounts(memory)
    assert "39 3" in kept
    assert "0 3" not in kept
    memory.take("r0", f"list of r0 at {NOW}", "0 5", NOW)  # the list is forgotten too
    assert "0 5" not in amounts(memory)


def test_a_list_longer_than_any_page_is_cut():
    memory = ErrorMemory(1, papers=MAX_PLACES)
    log_lists(memory, 1, ["p1", f"p{MAX_PLACES + 50}"], page=[f"p{place}" for place in range(1, MAX_PLACES + 100)])
    assert len(memory) == MAX_PLACES
    with pytest.raises(ValueError, match="fewer than a list may have"):
        ErrorMemory(1, papers=MAX_PLACES - 1)


def test_corrections_are_added_to_scores_and_to_the_shares_of_their_reasons(catalogue, saved):
    own = catalogue.copy()
    own.update(Papers.from_rows([{"id": "new", "title": "topic2word1 topic2word2"}]))
    state = own.prepare(saved("t2p00", "t2p01"), now=NOW)
    corrections = Corrections(["new", "t5p03", "unknown"], np.array([2.5, -1.5, 3.0], np.float32))
    plain, corrected = own.score_reader(state, now=NOW), own.score_reader(state, now=NOW, corrections=corrections)
    added = corrected.total - plain.total
    rows = own.index.find_rows(["new", "t5p03"])
    assert added[rows] == pytest.approx([2.5, -1.5], abs=1e-5)
    assert np.count_nonzero(np.delete(added, rows)) == 0
    ranked = own.rank_scores(corrected, candidates=["new", "t5p03", "t2p05"], k=None)
    for at, (paper, score) in enumerate(zip(ranked.ids, ranked.scores.tolist(), strict=True)):
        reasons = ranked.reasons(at)
        assert sum(reason.share for reason in reasons) == pytest.approx(score, rel=1e-4, abs=1e-5), paper
    of_readers = {paper: _share(ranked, at, "readers") for at, paper in enumerate(ranked.ids)}
    before = own.rank_scores(plain, candidates=["new", "t5p03", "t2p05"], k=None)
    gained = {paper: of_readers[paper] - _share(before, at, "readers") for at, paper in enumerate(before.ids)}
    assert gained == pytest.approx({"new": 2.5, "t5p03": -1.5, "t2p05": 0}, abs=1e-4)


def _share(ranked, at, kind):
    return sum(reason.share for reason in ranked.reasons(at) if reason.kind == kind)


def test_the_best_of_the_catalogue_are_those_of_the_corrected_scores(catalogue, saved):
    state = catalogue.prepare(saved("t2p00"), now=NOW)
    corrections = Corrections(["t6p01"], np.array([50], np.float32))
    ranked = catalogue.rank_scores(
        catalogue.score_reader(state, now=NOW, corrections=corrections), candidates=None, k=5
    )
    assert ranked.ids[0] == "t6p01"


def test_without_corrections_nothing_is_looked_up(model, saved):
    catalogue = Catalogue(model)
    scores = catalogue.score_reader(catalogue.prepare(saved("t2p00"), now=NOW), now=NOW, corrections=Corrections())
    assert "recent" not in scores.priors
