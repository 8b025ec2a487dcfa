import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recommender.features.keyphrases import Keyphrases
from tests.recommender.ranking.slow_explanation import choose_labels

# Parts of each other, words in common, case, hyphens, the same label twice, other scripts, nothing but a hyphen.
LABELS = [
    "graph",
    "graphs",
    "Graph",
    "deep",
    "deep-learning",
    "learning",
    "net",
    "network",
    "a",
    "\u7814\u7a76",
    "-",
    "net",
]
PHRASES = [(0, 7), (3, 5), (5, 3), (7, 0), (3, 7), (9, 8), (4, 7), (0, 0)]


def keyphrases(informativeness, phrase_informativeness):
    return Keyphrases(
        LABELS,
        np.array(informativeness, np.float32),
        np.array(PHRASES, np.int32),
        [f"{LABELS[one]} {LABELS[other]}" for one, other in PHRASES],
        np.array(phrase_informativeness, np.float32),
    )


def floats(count):
    return st.lists(st.sampled_from([0.0, 0.1, 0.5, 0.5, 1.0, 3.0]), min_size=count, max_size=count)


GROUP = st.lists(st.tuples(st.integers(0, len(LABELS) - 1), st.sampled_from([0.1, 0.2, 0.7])), unique_by=lambda w: w[0])


@settings(max_examples=300, deadline=None)
@given(floats(len(LABELS)), floats(len(PHRASES)), st.lists(GROUP, max_size=6), st.integers(1, 5))
def test_many_groups_at_once_get_the_labels_of_one_at_a_time(words_tell, phrases_tell, groups, limit):
    learned = keyphrases(words_tell, phrases_tell)
    owners = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    columns = np.array([column for group in groups for column, _ in group], np.int32)
    weights = np.array([weight for group in groups for _, weight in group], np.float32)
    found = learned.chooser.choose(owners, columns, weights, len(groups), limit)
    expected = [
        choose_labels(learned, columns[owners == at], weights[owners == at], limit) for at in range(len(groups))
    ]
    assert found == expected


@pytest.mark.parametrize("count", [0, 3])
def test_groups_that_share_nothing_have_no_labels(count):
    nothing = np.zeros(0, np.int64)
    assert (
        keyphrases([1] * len(LABELS), [1] * len(PHRASES)).chooser.choose(nothing, nothing, nothing, count, 4)
        == [[]] * count
    )


def test_before_any_word_is_known_nothing_is_named():
    learned = Keyphrases.from_idf([], np.empty(0, np.float32))
    nothing = np.zeros(0, np.int64)
    assert learned.chooser.choose(nothing, nothing, nothing, 2, 4) == [[], []]
