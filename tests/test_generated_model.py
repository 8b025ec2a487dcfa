"""The benchmarks' model without training is one that serves: it ranks, explains and takes in new papers."""

from pathlib import Path

import numpy as np

from recommender import Catalogue, Events, Papers
from tests.bench.generated_model import generated_model
from tests.bench.world import NOW, World


def test_a_generated_model_serves(tmp_path: Path) -> None:
    world = World(3_000)
    model = generated_model(tmp_path / "model", world, factors=16)
    catalogue = Catalogue(model)
    assert catalogue.ids() == world.ids
    for graph in (model.graph.text, model.graph.joint):
        assert graph is not None
        assert abs(graph.one_step - graph.one_step.T).max() == 0
    history = Events.from_rows(("me", paper, "save", NOW) for paper in world.ids[:3_000:600])
    ranked = catalogue.rank(history, candidates=None, k=20, now=NOW)
    assert np.isfinite(ranked.scores).all()
    assert abs(sum(reason.share for reason in ranked.reasons(0)) - ranked.scores[0]) < 1e-3
    fresh = World(3_000, seed=8)
    catalogue.update(Papers.from_rows({**vars(paper), "id": f"new{paper.id}"} for paper in fresh.rows(0, 3)))
    newest = catalogue._snapshot[0].blocks[1]
    assert newest.words.nnz > 3 * 40, "the words of the generated texts are the model's"
