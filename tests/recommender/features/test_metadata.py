import numpy as np
import pytest

from recommender import Papers
from recommender.features.metadata import learn_names, paper_names


@pytest.fixture
def papers():
    return Papers.from_rows(
        [
            {"id": "a", "authors": ["Ada", "ada", "Bob"], "categories": ["cs.AI"], "organization": "Lab"},
            {"id": "b", "authors": ["ADA"], "categories": ["Bob"], "organization": "lab"},
            {"id": "c", "categories": ["CS.ai"]},
            {"id": "d"},
        ]
    )


def test_an_author_is_never_taken_for_a_category(papers):
    assert paper_names(papers)[1] == ["author:ada", "category:bob", "organization:lab"]


def test_only_names_on_two_papers_are_learned(papers):
    assert list(learn_names(papers).names) == ["author:ada", "category:cs.ai", "organization:lab"]


def test_rows_have_unit_length_and_are_empty_without_known_names(papers):
    rows = learn_names(papers).rows(papers)
    assert rows.shape == (4, 3)
    assert rows.dtype == np.float32
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1)).ravel().tolist()[0]
    assert lengths[1:] == pytest.approx([1, 1, 0])
    assert rows[1].toarray()[0] == pytest.approx([2**-0.5, 0, 2**-0.5])
