from dataclasses import replace

from recommender import train
from recommender.model.model_card import MODEL_CARD, render_model_card
from recommender.training.gate import retrain
from tests.recommender.conftest import NOW


def test_every_saved_model_has_its_card(model, tmp_path):
    model.save(tmp_path / "one")
    assert (tmp_path / "one" / MODEL_CARD).read_text(encoding="utf-8") == render_model_card(model.manifest.as_dict())


def test_a_card_says_what_a_model_is_made_of_and_its_limits(model, papers, events):
    told = render_model_card(model.manifest.as_dict())
    assert told.startswith(f"# Model {model.version}\n")
    for heading in ("## Data", "## Figures", "## Parameters", "## Blend", "## Limits"):
        assert heading in told
    assert f"| papers | {len(papers)} |" in told
    assert f"| events | {len(events)} |" in told
    for setting in model.config.as_dict():
        assert f"| {setting} |" in told
    assert "Not judged." in told


def test_a_card_says_how_the_model_was_judged(papers, events, config):
    model, verdict = retrain(papers, events, None, config, now=NOW)
    told = render_model_card(model.manifest.as_dict() | {"gate": verdict.as_dict()})
    assert verdict.reason in told
    assert "| words alone |" in told
    assert "Its vectors began from scratch: there was no model to start from." in told


def test_a_card_says_which_model_it_started_from(model):
    start = {"from": "20260101T000000-0123abcd", "warm_starts": 3}
    told = render_model_card(model.manifest.as_dict() | {"start": start})
    assert "began as those of 20260101T000000-0123abcd; models in a row that began so: 3." in told
    assert "began" not in render_model_card(model.manifest.as_dict())


def test_a_card_of_a_model_without_events_has_no_gaps(papers, events, config):
    model = train(papers, replace(events.take([]), times=events.times[:0]), config, now=NOW)
    told = render_model_card(model.manifest.as_dict())
    assert "| events | 0 |" in told
    assert "nan" not in told
    assert "None" not in told


def test_a_value_cannot_break_the_table(model):
    told = render_model_card(
        model.manifest.as_dict() | {"figures": {"a": {"b": "x|y\nz"}, "c": [1, 0.25], "d": True, "e": None}}
    )
    assert "| a: b | x\\|y z |" in told
    assert "| c | 1, 0.25 |" in told
    assert "| d | yes |" in told
    assert "| e | none |" in told
