import dataclasses

import numpy as np
import pytest

from recommender import Blend, ComponentWeight
from recommender.model.blend import ALONE, FACTORS_ALONE, WITH_READERS


def test_weights_follow_readers_and_history():
    weight = ComponentWeight(base=1.0, low_support=-0.5, short_history=0.4, cold=0.2, cold_short_history=0.1)
    readers = np.array([0, 3, 1e9], np.float32)
    assert weight.at(readers, 4) == pytest.approx([0.25, 0.95, 1.2], abs=1e-6)
    assert weight.at(readers, 4).dtype == np.float32


def test_papers_without_readers_count_by_the_cold_scale():
    blend = Blend(
        {"factors": ComponentWeight(base=1, cold=1)}, readers=0.5, cold=-1, cold_scale=0.5, cold_scale_short_history=0.5
    )
    readers = np.array([0, 1], np.float32)
    assert blend.weight("factors", readers, 25) == pytest.approx([0.6, 1])
    assert blend.prior(readers, 25) == pytest.approx([-1, 0.5 * np.log(2)])


@pytest.mark.parametrize("blend", [WITH_READERS, ALONE, FACTORS_ALONE])
def test_blends_survive_their_json(blend):
    assert Blend.from_dict(blend.as_dict()) == blend
    assert dataclasses.replace(blend, learned=True) != blend


def test_manifests_keep_the_names_they_had():
    values = WITH_READERS.as_dict()
    assert list(values["parts"]) == ["stack", "text", "joint", "linear"]
    assert list(values["parts"]["stack"]) == ["always", "few", "short", "unread", "unread_short"]
    assert {"readers_short", "unread", "meeting", "meeting_short"} <= values.keys()


def test_a_weight_for_papers_with_readers_does_not_fall_below_zero_in_short_histories():
    weight, readers = ComponentWeight(base=0.35, low_support=-0.2, short_history=-0.6), np.array([3], np.float32)
    assert [float(weight.at(readers, n)[0]) for n in (1, 2)] == pytest.approx([-0.1, -0.1])
    assert weight.at(readers, 100) == pytest.approx([0.35 - 0.06 - 0.1])


def test_a_component_without_any_weight_is_not_weighed():
    blend = Blend(
        {"factors": ComponentWeight(base=1), "text_graph": ComponentWeight(), "word_ridge": ComponentWeight(cold=1)}
    )
    assert blend.weighed == ["factors", "word_ridge"]


def test_a_blend_of_one_component_weighs_all_papers_alike():
    weight = FACTORS_ALONE.weight("factors", np.array([0, 1, 1000], np.float32), 9)
    assert weight.tolist() == [1, 1, 1]
    assert not FACTORS_ALONE.prior(np.array([0, 5], np.float32), 9).any()
