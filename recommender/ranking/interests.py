"""The several interests of one reader, clustered so that a list can serve each of them.

Axes: n rows of the profile, C interests.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from recommender.ranking.profile import Profile

MIN_DISTANCE = 0.92  # mean cosine distance between the papers of two interests
MIN_INTEREST_PAPERS, MIN_SHARE = 2, 0.1  # papers an interest has at least, and their share of the reader's
MAX_PAPERS = 200  # papers clustered: those of most weight


def cluster_interests(profile: Profile) -> np.ndarray | None:
    """Return which rows of the profile belong to which interest, float32 (C, n) of ones; None unless there are two.

    Average-linkage clustering of the liked rows by cosine distance. A reader as a few clusters of their items is the
    idea of Pal et al., "PinnerSage" (KDD 2020).
    """
    if not profile.vectors.shape[1]:
        return None
    length = np.linalg.norm(profile.vectors, axis=1)
    liked = np.flatnonzero((profile.weight > 0) & (length > 0) & np.isfinite(length))
    if len(liked) < 2 * MIN_INTEREST_PAPERS:
        return None
    liked = np.sort(liked[np.argsort(-profile.weight[liked], kind="stable")[:MAX_PAPERS]])
    clusters = fcluster(linkage(pdist(profile.vectors[liked], "cosine"), "average"), MIN_DISTANCE, "distance")
    labels, counts = np.unique(clusters, return_counts=True)
    labels = labels[counts >= max(MIN_INTEREST_PAPERS, MIN_SHARE * len(liked))]
    if len(labels) < 2:
        return None
    groups = np.zeros((len(labels), len(profile)), np.float32)
    groups[:, liked] = clusters == labels[:, None]
    return groups


def fair_shares(groups: np.ndarray) -> np.ndarray:
    """Return each interest's fair share of a list, float32 (C,), by the square root of its papers: the small gain."""
    roots = np.sqrt(groups.sum(axis=1))
    return (roots / roots.sum()).astype(np.float32)
