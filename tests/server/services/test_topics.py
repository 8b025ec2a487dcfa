"""How many papers of late each topic met."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from server.errors import Invalid, NotFound
from server.services.pairing import authenticate
from server.services.serving_context import ServingContext
from server.services.topics import count_recent_papers, put
from tests.server.conftest import Device, card
from tests.server.services.test_model_cache import fill, publish

NOW = 1_763_856_000.0  # 2025-11-23


@pytest.fixture
def serving(app: Flask) -> ServingContext:
    found: ServingContext = app.extensions["inkling"]
    return found


def counted(serving: ServingContext, device: Device) -> dict[str, list[tuple[str, int]]]:
    return count_recent_papers(serving, authenticate(serving, device.token, NOW), NOW)


def recent(number: int, **more: Any) -> dict[str, Any]:
    return card(number, **{"published_at": "2025-11-20T00:00:00Z", "authors": ["Ada Lovelace"], **more})


@pytest.mark.parametrize("model", [False, True])
def test_each_topic_is_counted_over_the_last_days(me: Device, serving: ServingContext, model: bool) -> None:
    if model:
        fill(serving.database, 0, 60)
        serving.settings.models_dir.mkdir(parents=True)
        publish(serving.database, serving.settings.models_dir)
        serving.model_cache.refresh()
    old = recent(2, published_at="2025-09-20T00:00:00Z")
    me.rank(recent(1), old, recent(3, authors=["A. Lovelace", "Bob Byte"]), recent(4, categories=["cs.LG"]))
    chosen = {
        "interests": ["diffusion of heat images", "author:Ada Lovelace"],
        "followed": ["author:Bob Byte", "category:cs", "org:Nobody"],
        "muted": ["author:Ada Lovelace", "unheardof"],
    }
    assert me.call("PATCH", "/v1/me", chosen).status_code == 200
    found = counted(serving, me)
    assert found["followed"] == [("author:Bob Byte", 1), ("category:cs", 1), ("org:Nobody", 0)]
    assert found["muted"] == [("author:Ada Lovelace", 3), ("unheardof", 0)]
    topic, papers = found["interests"][0]
    assert topic == "diffusion of heat images"
    assert model or papers >= 2


def test_papers_of_somebody_elses_pages_are_not_counted(me: Device, other: Device, serving: ServingContext) -> None:
    other.rank(recent(1))
    for device in (me, other):
        device.call("PATCH", "/v1/me", {"followed": ["author:Ada Lovelace"]})
    assert [counted(serving, device)["followed"][0][1] for device in (me, other)] == [0, 1]


def test_a_reader_without_topics_has_nothing_counted(me: Device, serving: ServingContext) -> None:
    assert counted(serving, me) == {"interests": [], "followed": [], "muted": []}


def chosen(device: Device) -> dict[str, Any]:
    profile = device.get("/v1/me").json
    return {name: profile[name] for name in ("interests", "followed", "muted")}


def test_a_topic_is_in_one_list_however_it_is_written(me: Device, serving: ServingContext) -> None:
    me.call("PATCH", "/v1/me", {"interests": ["Graphs", "heat"], "muted": ["author:Lovelace, Ada"]})
    put(serving, me.reader_id, "author:ada  LOVELACE", "followed")
    put(serving, me.reader_id, "graphs", "muted")
    assert chosen(me) == {"interests": ["heat"], "followed": ["author:ada LOVELACE"], "muted": ["graphs"]}
    put(serving, me.reader_id, "GRAPHS", None)
    put(serving, me.reader_id, "never there", None)
    assert chosen(me)["muted"] == []


@pytest.mark.parametrize("topic", ["", "  ", "author:", "category:two words", "x" * 201, "\0"])
def test_what_is_no_topic_changes_nothing(me: Device, serving: ServingContext, topic: str) -> None:
    me.call("PATCH", "/v1/me", {"followed": ["heat"]})
    with pytest.raises(Invalid):
        put(serving, me.reader_id, topic, "followed")
    assert chosen(me) == {"interests": [], "followed": ["heat"], "muted": []}


def test_a_reader_who_left_has_no_topics(me: Device, serving: ServingContext) -> None:
    with pytest.raises(NotFound):
        put(serving, "nobody", "heat", "followed")
