import dataclasses
import json

import pytest

from recommender.model.manifest import Manifest


def manifest(**more):
    return Manifest(
        version="20260101T000000-0",
        trained_at=2.0,
        now=1.0,
        watermark=None,
        counts={"papers": 3},
        config={"factors": 8},
        figures={},
        encoder=None,
        blend={},
        **more,
    )


def test_it_survives_json():
    for one in (manifest(), manifest(blend_learned_on=5, papers_until=3.5, events_until=7, gate={"passed": True})):
        assert Manifest.from_dict(json.loads(json.dumps(one.as_dict()))) == one


def test_what_is_optional_is_left_out_until_it_is_set():
    values = manifest().as_dict()
    assert {"watermark", "encoder"} <= values.keys()
    assert not {"blend_learned_on", "papers_until", "events_until", "gate"} & values.keys()
    assert manifest(papers_until=0.0).as_dict()["papers_until"] == 0.0


def test_entries_of_another_version_are_ignored_and_missing_ones_refused():
    values = manifest().as_dict()
    assert Manifest.from_dict(values | {"unheard_of": 1}) == manifest()
    del values["version"]
    with pytest.raises(TypeError, match="version"):
        Manifest.from_dict(values)


def test_it_cannot_be_edited():
    with pytest.raises(dataclasses.FrozenInstanceError):
        manifest().version = "other"
