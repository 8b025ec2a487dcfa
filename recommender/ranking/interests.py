"""Several interests of one reader, told apart so that a list can serve each of them.

n rows of the profile, C interests, M papers of a list.
"""

from __future__ import annotations

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from recommender.ranking.profile import Profile

MIN_DISTANCE = 0.92  # mean cosine distance between papers of two interests, from which they are two
LEAST = 2  # papers that make an interest, and
MIN_SHARE = 0.1  # the share of the reader's papers
MAX_PAPERS = 200  # looked at, those that weigh most


def cluster_interests(profile: Profile) -> np.ndarray | None:
    """Return which rows belong to which interest, float32 (C, n) of ones; None where there is only one or none.

    Average linkage over the directions of what the reader likes.
    """
    if not profile.vectors.shape[1]:
        return None
    length = np.linalg.norm(profile.vectors, axis=1)
    liked = np.flatnonzero((profile.weight > 0) & (length > 0) & np.isfinite(length))
    if len(liked) < 2 * LEAST:
        return None
    liked = np.sort(liked[np.argsort(-profile.weight[liked], kind="stable")[:MAX_PAPERS]])
    found = fcluster(linkage(pdist(profile.vectors[liked], "cosine"), "average"), MIN_DISTANCE, "distance")
    names, counts = np.unique(found, return_counts=True)
    names = names[counts >= max(LEAST, MIN_SHARE * len(liked))]
    if len(names) < 2:
        return None
    groups = np.zeros((len(names), len(profile)), np.float32)
    groups[:, liked] = found == names[:, None]
    return groups


def fair_shares(groups: np.ndarray) -> np.ndarray:
    """Return each interest's share of a list, float32 (C,): by the square root of its papers, so that none drowns."""
    roots = np.sqrt(groups.sum(axis=1))
    return (roots / roots.sum()).astype(np.float32)
