import math

import numpy as np
import pytest

from recommender import Config, Events, Papers
from recommender.config import DAY
from recommender.data.interactions import build_interactions, interaction_matrix, weigh_events
from recommender.data.tables import KINDS

NOW = 1000 * DAY
PLAIN = Config(save_half_life=math.inf, open_half_life=math.inf)


def weights(*rows, config=PLAIN, now=NOW):
    """Weigh (kind, days ago or None) events of one reader on one paper."""
    table = Events.from_rows(("r", "p", kind, None if age is None else now - age * DAY) for kind, age in rows)
    number = np.zeros(len(table), np.int64)
    return weigh_events(number, number, table, config, now)


def test_a_save_weighs_more_than_an_open():
    assert weights(("save", 0)).weight > weights(("open", 0)).weight > 0


def test_an_open_and_a_save_weigh_as_the_save():
    assert weights(("open", 0), ("save", 1)).weight == weights(("save", 1)).weight


def test_a_save_fades_to_half_over_its_half_life_and_never_to_nothing():
    config = Config(save_half_life=100, oldest_share=0.25)
    assert weights(("save", 100), config=config).weight == pytest.approx(0.5)
    assert weights(("save", 900), config=config).weight == pytest.approx(0.25)


def test_nothing_fades_without_a_time_or_before_its_time():
    config = Config(save_half_life=1)
    assert weights(("save", None), config=config).weight == 1
    assert weights(("save", -5), config=config).weight == 1


@pytest.mark.parametrize("order", [(("save", 2), ("unsave", 1)), (("unsave", 1), ("save", 2))])
def test_an_unsave_undoes_an_earlier_save_whatever_came_in_first(order):
    found = weights(*order)
    assert found.weight == 0
    assert not found.seen


def test_of_one_time_the_later_arrival_stands():
    assert weights(("save", 1), ("unsave", 1)).weight == 0
    assert weights(("unsave", 1), ("save", 1)).weight == 1


def test_an_unsaved_paper_that_was_opened_counts_as_opened():
    assert weights(("open", 3), ("save", 2), ("unsave", 1)).weight == np.float32(PLAIN.open_weight)


def test_hidden_counts_against_until_it_is_shown_again():
    assert weights(("save", 3), ("hide", 2)).weight == -PLAIN.hide_weight
    assert weights(("save", 3), ("hide", 2), ("unhide", 1)).weight == 1


def test_disliked_counts_against_until_it_is_taken_back_whatever_else_was_done():
    found = weights(("save", 3), ("hide", 3), ("dislike", 2))
    assert (found.weight, found.disliked, found.seen) == (-PLAIN.dislike_weight, True, True)
    back = weights(("save", 3), ("dislike", 2), ("undislike", 1))
    assert (back.weight, back.disliked) == (1, False)
    assert not weights(("dislike", 2), ("undislike", 1)).seen
    assert not weights(("save", 2), ("hide", 1)).disliked


def test_impressions_count_as_passed_over_only_of_papers_never_opened_or_saved():
    passed = weights(("impression", 2), ("impression", 1))
    assert (passed.weight, passed.passed, passed.seen) == (0, 2, False)
    assert weights(("impression", 2), ("open", 1)).passed == 0


def test_events_of_several_readers_and_papers_come_back_as_sorted_pairs():
    table = Events.from_rows([("b", "y", "save", 1.0), ("a", "x", "open", 2.0), ("b", "x", "hide", 3.0)])
    found = weigh_events(np.array([1, 0, 1]), np.array([1, 0, 0]), table, PLAIN, NOW)
    assert list(zip(found.reader, found.paper, strict=True)) == [(0, 0), (1, 0), (1, 1)]
    assert found.weight.dtype == np.float32


def test_no_events_weigh_nothing():
    found = weigh_events(np.empty(0, np.int64), np.empty(0, np.int64), Events.empty(), PLAIN, NOW)
    assert len(found.weight) == len(found.seen) == 0


def test_pairs_and_readers_are_numbered_as_one_event_after_the_other_would():
    random = np.random.default_rng(3)
    rows = [
        (f"r{one}", f"p{other}", KINDS[kind], time)
        for one, other, kind, time in zip(
            *(random.integers(0, most, 4000).tolist() for most in (60, 90, len(KINDS), 50)), strict=True
        )
    ]
    papers = Papers.from_rows({"id": f"p{number}"} for number in range(80, 0, -1))
    found, readers = build_interactions(papers, Events.from_rows(rows), Config(), now=60.0)
    row_of = {paper: row for row, paper in enumerate(papers.ids)}
    known = [row for row in rows if row[1] in row_of]
    number = {reader: at for at, reader in enumerate(dict.fromkeys(row[0] for row in known))}
    assert readers == list(number)
    pairs = sorted({(number[reader], row_of[paper]) for reader, paper, _, _ in known})
    assert list(zip(found.reader.tolist(), found.paper.tolist(), strict=True)) == pairs
    for at in range(0, len(pairs), 97):
        own = [row for row in known if (number[row[0]], row_of[row[1]]) == pairs[at]]
        alone, _ = build_interactions(papers, Events.from_rows(own), Config(), now=60.0)
        assert [value[0] for value in list(vars(alone).values())[2:]] == [
            value[at] for value in list(vars(found).values())[2:]
        ]


def test_the_matrix_has_each_weight_in_its_place():
    table = [("b", "y", "save", 1.0), ("a", "x", "open", 1.0), ("b", "x", "hide", 1.0), ("a", "y", "impression", 1.0)]
    papers = Papers.from_rows([{"id": "x"}, {"id": "y"}])
    found, readers = build_interactions(papers, Events.from_rows(table), PLAIN, now=1.0)
    matrix = interaction_matrix(found, len(readers), 2)
    assert matrix.toarray().tolist() == [[-PLAIN.hide_weight, 1.0], [np.float32(PLAIN.open_weight), 0.0]]
    assert matrix.dtype == np.float32
