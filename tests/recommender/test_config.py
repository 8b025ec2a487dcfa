import json
import math

import pytest

from recommender import Blend, Config


@pytest.mark.parametrize(
    "wrong", [{"factors": 0}, {"alpha": -1}, {"open_half_life": 0}, {"diversity": math.nan}, {"save_weight": -0.1}]
)
def test_impossible_settings_are_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Config(**wrong)


def test_settings_survive_json():
    config = Config(save_half_life=math.inf, factors=64)
    assert Config.from_dict(json.loads(json.dumps(config.as_dict(), allow_nan=False))) == config
    assert Blend.from_dict(json.loads(json.dumps(Blend().as_dict()))) == Blend()


def test_settings_of_another_version_are_left_out():
    assert Config.from_dict({"factors": 8, "unheard_of": 1}) == Config(factors=8)


def test_one_readers_own_weights_are_factors_of_the_settings():
    config = Config(diversity=0.2, fairness=2.0, freshness=0.6, exploration=0.05)
    scaled = config.scaled(variety=0.5, freshness=0.0, exploration=2.0)
    assert (scaled.diversity, scaled.fairness, scaled.freshness, scaled.exploration) == (0.1, 1.0, 0.0, 0.1)
    assert config.scaled() == config
