"""The percentile bootstrap (Efron 1979): how far a mean over some readers may be from that over all."""

from __future__ import annotations

import numpy as np


def bootstrap_interval(values: np.ndarray, seed: int = 0, draws: int = 2000) -> tuple[float, float]:
    """Return the 95% bootstrap interval of the mean of one value a reader, (U,); nan, nan without any."""
    if len(values) == 0:
        return (float("nan"), float("nan"))
    random = np.random.default_rng(seed)
    means = np.array([values[random.integers(0, len(values), len(values))].mean() for _ in range(draws)])
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)
