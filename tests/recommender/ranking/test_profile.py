"""A long history is told by its strongest papers, and forgets none of those that were met."""

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Papers
from recommender.ranking.profile import MAX_DISLIKED, MAX_LIKED

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
