"""Each component is linear in the rows of the profile, so that its scores can be shared out."""

import numpy as np
import pytest

from recommender.model.foldin import fold
from recommender.ranking.components import COMPONENTS, build_components
from recommender.ranking.paper_index import PaperIndex, model_block
from recommender.ranking.paper_slices import PaperSelection
from recommender.ranking.profile import build_profile_from_rows

ROWS = np.array([0, 5, 40, 41])


@pytest.fixture(scope="module")
def index(model):
    return PaperIndex([model_block(model)])


@pytest.fixture(scope="module")
def profile(index):
    return build_profile_from_rows(ROWS, np.array([1, 0.4, 1, -0.5], np.float32), index)


@pytest.fixture(scope="module")
def components(model, index, profile):
    return build_components(profile, index, model, COMPONENTS, 1.0)


def test_there_is_a_component_for_all_that_the_model_has(components, profile, index):
    assert list(components) == [
        "factors",
        "text_graph",
        "joint_graph",
        "item_regression",
        "word_ridge",
    ]  # and no encoder
    assert list(build_components(profile, index, None, COMPONENTS, 1.0)) == ["word_ridge"]


@pytest.mark.parametrize("name", ["factors", "text_graph", "joint_graph", "item_regression", "word_ridge"])
def test_shares_add_up_to_the_scores_and_groups_to_their_rows(components, name):
    component, rows = components[name], np.array([1, 6, 42, 100])
    papers = PaperSelection(component.index, rows)
    shares = component.shares(papers)
    assert shares.shape == (4, len(ROWS))
    assert shares.sum(axis=1) == pytest.approx(component.scores[rows], rel=1e-3, abs=1e-5)
    groups = np.array([[1, 1, 0, 0], [0, 0, 1, 0]], np.float32)
    assert component.group_shares(papers, groups) == pytest.approx(shares @ groups.T, rel=1e-3, abs=1e-5)


def test_the_factors_are_the_fold_in_of_the_profile(components, model, index, profile):
    confidence = model.config.alpha * np.abs(profile.weight)
    folded = fold(
        model.factors.paper_gram, profile.vectors, confidence, profile.preference, model.config.regularization
    )
    assert components["factors"].scores == pytest.approx(model.scoring_vectors @ folded.vector, rel=1e-5, abs=1e-6)


def test_a_row_of_twice_the_weight_counts_as_two_rows(index):
    twice = build_profile_from_rows(np.array([0, 5]), np.array([2, 1], np.float32), index)
    copied = build_profile_from_rows(np.array([0, 0, 5]), np.ones(3, np.float32), index)
    one, same = (build_components(each, index, None, COMPONENTS, 1.0)["word_ridge"] for each in (twice, copied))
    assert one.scores == pytest.approx(same.scores, rel=1e-4, abs=1e-6)
