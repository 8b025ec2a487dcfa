import numpy as np
import pytest

from recommender.data.categorical import Categorical, CategoricalBuilder, concatenate

WORDS = ["b", "a", "b", "", "é", "a"]


def test_a_column_is_the_strings_it_was_made_of():
    column = Categorical.of(WORDS)
    assert list(column) == WORDS
    assert column == WORDS
    assert column != WORDS[1:]
    assert [column[at] for at in range(len(column))] == WORDS
    assert column[1:3] == ["a", "b"]
    assert Categorical.of(column) is column
    with pytest.raises(IndexError):
        column[len(WORDS)]


def test_each_string_is_kept_once_in_order_of_appearance():
    builder = CategoricalBuilder()
    builder.extend(WORDS[:3])
    builder.extend(iter(WORDS[3:]))
    column = builder.build()
    assert column.categories == ["b", "a", "", "é"]
    assert column.codes.tolist() == [0, 1, 0, 2, 3, 1]
    assert column.codes.dtype == np.int32


def test_an_empty_column_has_no_rows():
    assert list(CategoricalBuilder().build()) == []
    assert list(concatenate([])) == []


def test_rows_are_taken_in_the_order_asked_for():
    assert Categorical.of(WORDS).take(np.array([4, 0, 0])) == ["é", "b", "b"]


def test_strings_are_numbered_once_each():
    asked = []
    numbers = Categorical.of(WORDS).translate(lambda one: asked.append(one) or len(one))
    assert numbers.tolist() == [1, 1, 1, 0, 1, 1]
    assert asked == ["b", "a", "", "é"]


def test_columns_of_different_strings_are_one_after_the_other():
    both = concatenate([Categorical.of(["x", "b"]), Categorical.of(WORDS)])
    assert both == ["x", "b", *WORDS]
    assert len(set(both.categories)) == len(both.categories) == 5


def test_a_compact_column_has_what_occurs_in_order_of_first_appearance():
    column = Categorical.of(["b", "a", "c", "d", "a"]).take([3, 1, 4, 0])
    compact = column.compact()
    assert compact == column == ["d", "a", "a", "b"]
    assert list(compact.categories) == ["d", "a", "b"]
    assert compact.codes.dtype == np.int32
    assert len(Categorical.of(["a"]).take([]).compact()) == 0
