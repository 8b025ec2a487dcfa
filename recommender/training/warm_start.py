"""Warm starts: a routine retrain goes on from the serving model's vectors instead of random ones.

The sweeps of the factorisation that a fit from scratch needs more are saved. Every so often, and wherever the serving
model is no fair start, the fit is from scratch: vectors must not drift for ever, nor hold what was to be forgotten.

Axes: P papers, W words, F names, D factors.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recommender.config import Config
from recommender.data.strings import find_rows
from recommender.model.factorization import RETRAIN_SWEEPS, WarmStart, choose_factors
from recommender.model.model import Model
from recommender.training.holdout import Holdout
from recommender.training.train import PaperFeatures

logger = logging.getLogger(__name__)

MAX_WARM_STARTS = 6  # in a row: a server that trains every night starts from scratch once a week
MAX_NEW_SHARE = 0.15  # of the papers, words or events that the serving model does not know
_LEARNED_WITH = ("factors", "regularization", "alpha", "word_weight", "feature_weight")


def plan_start(
    serving: Model | None,
    ids: Sequence[str],
    features: PaperFeatures,
    holdout: Holdout,
    config: Config,
    *,
    from_scratch: str = "",
) -> tuple[WarmStart | None, dict[str, Any]]:
    """Return where to start the holdout fit, None for from scratch, and what the manifest says of it.

    `ids` (P,) are the papers of `features`; `from_scratch` is a reason of the caller's, if there is one.
    """
    if serving is None:
        return None, describe_cold_start("there was no model to start from")
    rows = _match(serving, ids, features)
    if (
        why := from_scratch
        or _why_unfair(serving, features, holdout, config, len(ids))
        or _why_new(rows, serving, holdout)
    ):
        return None, describe_cold_start(why)
    names = np.where(rows["names"] < 0, -1, rows["names"] + len(serving.vocabulary))
    start = WarmStart(serving.factors, rows["papers"], np.concatenate([rows["words"], names]), RETRAIN_SWEEPS)
    return start, {"from": serving.version, "warm_starts": _warm_starts(serving) + 1}


def describe_cold_start(why: str) -> dict[str, Any]:
    """Return what the manifest says of a fit from scratch, and log it."""
    logger.info("trained from scratch: %s", why)
    return {"from": None, "warm_starts": 0, "why": why}


def _match(serving: Model, ids: Sequence[str], features: PaperFeatures) -> dict[str, np.ndarray]:
    """Return the serving model's row of each paper, word and name, int64 (P,), (W,) and (F,), -1 where it is new."""
    return {
        "papers": find_rows(serving.derived.row_of, ids),
        "words": find_rows(serving.vocabulary.index, features.vocabulary.words),
        "names": find_rows(serving.names.index, features.names.names),
    }


def _why_unfair(serving: Model, features: PaperFeatures, holdout: Holdout, config: Config, papers: int) -> str:
    """Return why the serving model's vectors are no fair start, nothing if they are."""
    if not features.engine.starts_warm:
        return "the engine starts from no other model"
    if holdout.kind != "newest" or holdout.is_repeat:
        return "the model before has learned what this one is judged on"
    if any(getattr(serving.config, name) != getattr(config, name) for name in _LEARNED_WITH):
        return "the settings have changed"
    if serving.factors.papers.shape[1] != choose_factors(papers, config):
        return "the number of factors has changed with the catalogue's size"
    if _warm_starts(serving) >= MAX_WARM_STARTS:
        return f"the last {MAX_WARM_STARTS} models started from the one before each"
    return ""


def _why_new(rows: Mapping[str, np.ndarray], serving: Model, holdout: Holdout) -> str:
    """Return what there is too much of that the serving model does not know, nothing if it knows most."""
    shares = {what: float((rows[what] < 0).mean()) if len(rows[what]) else 0.0 for what in ("papers", "words")}
    shares["events"] = 1 - serving.manifest.counts["events"] / max(1, len(holdout.learn))
    new = [f"{share:.0%} of the {what}" for what, share in shares.items() if share > MAX_NEW_SHARE]
    return f"{' and '.join(new)} are new" if new else ""


def _warm_starts(model: Model) -> int:
    """Return how many models in a row, this one last, started from the one before; a model older than that, none."""
    start: Mapping[str, Any] = model.manifest.start or {}
    return int(start.get("warm_starts", 0))
