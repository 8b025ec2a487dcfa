import json

import numpy as np
import pytest

from recommender import Catalogue, Config, Events, Papers, TooFewPapers, train

NOW = 1_760_000_000.0


def test_progress_is_told_in_order_to_the_end(papers, events, config):
    told = []
    train(papers, events, config, now=NOW, progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert {"words", "factors"} <= {stage for stage, _ in told}


def test_too_few_papers_are_refused_with_the_number_needed():
    few = Papers.from_rows({"id": str(number), "title": f"word{number} topic"} for number in range(5))
    with pytest.raises(TooFewPapers, match="20"):
        train(few, Events.empty())


def test_papers_without_text_or_readers_do_not_count():
    stubs = Papers.from_rows({"id": str(number)} for number in range(100))
    with pytest.raises(TooFewPapers):
        train(stubs, Events.empty())


def test_events_on_unknown_papers_are_left_out(papers, events, config):
    strange = Events.from_rows([("r0", "nowhere", "save", NOW)])
    assert train(papers, strange, config, now=NOW).manifest.counts["readers"] == 0


def test_the_same_input_gives_the_same_model(papers, events, config):
    one, same = (train(papers, events, config, now=NOW, seed=3) for _ in range(2))
    assert np.array_equal(one.factors.papers, same.factors.papers)


def test_names_of_authors_tie_papers_together(config):
    rows = [
        {"id": f"p{number}", "title": f"word{number % 10} thing{number % 7}", "authors": [f"Author {number % 4}"]}
        for number in range(60)
    ]
    model = train(Papers.from_rows(rows), Events.empty(), config)
    assert len(model.names) == 4
    new = Papers.from_rows([{"id": "new", "title": "unheard", "authors": ["Author 3"]}])
    _, vectors = model.fold_in_texts(new)
    likeness = model.factors.papers @ vectors[0]
    assert {int(row) % 4 for row in np.argsort(-likeness)[:8]} == {3}


def test_the_manifest_is_json_with_the_blend_and_the_settings(model, config):
    manifest = json.loads(json.dumps(model.manifest.as_dict(), allow_nan=False))
    assert Config.from_dict(manifest["config"]) == config
    assert manifest["blend"]


def test_a_blend_learned_before_is_used_again(papers, events, config, model):
    assert train(papers, events, config, now=NOW, blend=model.blend).blend == model.blend


def test_forty_papers_are_enough(saved):
    rows = [{"id": f"p{n}", "title": f"alpha beta{n % 2}", "abstract": f"gamma{n % 2} delta{n % 2}"} for n in range(40)]
    ranked = Catalogue(train(Papers.from_rows(rows), Events.empty(), Config().relevance_only())).rank(
        saved("p0"), candidates=None, k=10, now=NOW
    )
    assert all(int(paper[1:]) % 2 == 0 for paper in ranked.ids)
