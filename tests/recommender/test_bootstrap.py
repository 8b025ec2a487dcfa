import numpy as np

from recommender.bootstrap import bootstrap_interval


def test_the_interval_holds_the_mean_and_narrows_with_more_readers():
    random = np.random.default_rng(0)
    few, many = random.random(30), random.random(3000)
    low, high = bootstrap_interval(few)
    assert low < few.mean() < high
    assert high - low > np.diff(bootstrap_interval(many))[0]
    assert bootstrap_interval(few) == bootstrap_interval(few)
