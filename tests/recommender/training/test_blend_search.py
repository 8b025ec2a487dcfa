import dataclasses

import numpy as np
import pytest

from recommender.model.blend import WITH_READERS, Blend, ComponentWeight
from recommender.training.blend_search import blend_scores, mean_quality, search_blend
from recommender.training.blend_validation import ValidationCandidates


def candidates(useful="text_graph", seed=0, count=300, width=60):
    """Candidates whose targets score high in one component and at random in the others."""
    random = np.random.default_rng(seed)
    target = random.random((count, width)) < 0.06
    target[:, 0] = True
    noise = {
        name: random.normal(size=(count, width)).astype(np.float32) for name in ("factors", "text_graph", "joint_graph")
    }
    noise[useful] = noise[useful] + np.float32(2.5) * target
    return ValidationCandidates(
        mask=np.ones((count, width), bool),
        is_target=target,
        target_counts=target.sum(axis=1),
        components=noise,
        readers=np.where(random.random((count, width)) < 0.5, 5, 0).astype(np.float32),
        history=random.integers(1, 30, count),
        cold_share=0.1,
    )


def test_quality_is_of_the_best_ranking_two():
    some = candidates()
    perfect = some.is_target.astype(np.float32)
    assert mean_quality(some, perfect) == pytest.approx(2.0)
    assert mean_quality(some, -perfect) < 0.5


@pytest.mark.parametrize("useful", ["text_graph", "joint_graph"])
def test_the_component_that_finds_the_targets_gains_weight(useful):
    some, other = candidates(useful), candidates(useful, seed=1)
    learned = search_blend(some, WITH_READERS)
    assert learned.learned
    assert learned.components[useful].base > WITH_READERS.components[useful].base
    assert mean_quality(other, blend_scores(other, learned)) > mean_quality(other, blend_scores(other, WITH_READERS))


def test_scores_are_summed_in_the_order_of_the_blend_whatever_strings_hash_to():
    random, names = np.random.default_rng(3), [f"component {number}" for number in range(6)]
    table = {name: random.normal(size=(50, 40)).astype(np.float32) for name in names}
    some = dataclasses.replace(candidates(count=50, width=40), components=table)
    blend = Blend({name: ComponentWeight(base=1 / 3, cold=1 / 3) for name in names})
    expected = np.zeros((50, 40), np.float32)
    for name in names:
        expected += np.float32(1 / 3) * table[name]
    assert np.array_equal(blend_scores(some, blend), expected)


def test_candidates_that_teach_nothing_leave_the_blend_near_its_start():
    random = candidates("factors", count=120)
    random.components["factors"][:] = np.random.default_rng(9).normal(size=random.components["factors"].shape)
    learned = search_blend(random, WITH_READERS)
    assert learned.components == WITH_READERS.components


def test_cold_papers_are_scaled_until_their_targets_are_found_beside_the_others():
    start = Blend({"factors": ComponentWeight(base=1, cold=1)})
    for scores, expected in ((1.5, 0.9), (0.6, 1.3)):  # what a cold target scores beside a warm one's two
        some = candidates("factors", count=400)
        is_cold = some.readers == 0
        some.components["factors"][:] = some.is_target * np.where(is_cold, scores, 2.0)
        some.components["factors"][~some.is_target & ~is_cold] = np.random.default_rng(2).uniform(
            0, 1.2, (~some.is_target & ~is_cold).sum()
        )
        learned = search_blend(some, start)
        assert learned.cold_scale + learned.cold_scale_short_history / 4 >= expected


def test_the_share_of_unread_targets_decides_between_warm_and_cold():
    start = Blend({"factors": ComponentWeight(base=1, cold=1)}, cold_scale=1.2, cold_scale_short_history=-0.2)
    some = candidates("factors", count=600, seed=5)
    scales = [
        search_blend(dataclasses.replace(some, cold_share=share), start).cold_scale for share in (0.0, 0.35, 0.95)
    ]
    assert scales[0] == scales[1] < scales[2]  # every day's new papers are unread: there is a least share
