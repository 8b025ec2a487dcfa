"""What one reader's pages alone said changes nothing for another: not a score, a place, a reason, a result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.services import training
from server.services.context import Context
from server.services.papers import merge_source_papers
from tests.server.conftest import LOOPBACK, Device, event
from tests.server.services.test_model_cache import fill, publish

HIDDEN, UNTITLED, PUBLIC = "2402.00001", "2402.00002", "2401.00003"
# A word of its own, and words that many public papers have: both kinds would show, by themselves or by a score.
TEXT = {
    "title": "Quokkaword graph and protein",
    "abstract": "graph protein robot quokkaword " * 9,
    "authors": ["Ann Quokkaword"],
    "categories": ["cs.QW"],
    "organization": "Quokkaword Lab",
    "published_at": "2026-11-19T00:00:00Z",
    "upvotes": 77,
}


@pytest.fixture(params=["words", "model"])
def served(request: pytest.FixtureRequest, context: Context) -> None:
    """A catalogue that a source filled, without and with a model."""
    fill(context.database, 0, 60)
    if request.param == "model":
        context.settings.models_dir.mkdir(parents=True)
        publish(context.database, context.settings.models_dir)
    context.model_cache.refresh()


def asked(reader: Device, client: FlaskClient) -> dict[str, Any]:
    """Every answer in which a paper can show, as this reader gets it."""
    page = reader.rank({"id": HIDDEN}, {"id": UNTITLED}, {"id": PUBLIC}, {"id": "2401.00010"}, limit=20)
    paths = [
        "/v1/recommendations?limit=50",
        "/v1/recommendations?days=36500",
        *(f"/v1/papers/{paper}{more}" for paper in (HIDDEN, UNTITLED, PUBLIC) for more in ("", "/similar?limit=50")),
        *(f"/v1/papers?q={query}" for query in ("quokkaword", "graph protein", HIDDEN, "Quokkaword%20Lab")),
        "/v1/library",
    ]
    answers = {path: reader.get(path).json for path in paths} | {"rank": page}
    feed = client.get(reader.get("/v1/me").json["feed_url"].removeprefix(LOOPBACK), base_url=LOOPBACK)
    answers["feed"] = feed.get_data(as_text=True)
    return {path: settled(answer) for path, answer in answers.items()}


def settled(value: Any) -> Any:
    """Return an answer without what differs between two of them by itself: ids of the moment, and rounding."""
    if isinstance(value, dict):
        return {name: settled(one) for name, one in value.items() if name not in {"list_id", "request_id"}}
    if isinstance(value, list):
        return [settled(one) for one in value]
    return round(value, 3) if isinstance(value, float) else value


@pytest.mark.usefixtures("served")
def test_what_my_pages_said_changes_nothing_for_another(me: Device, other: Device, client: FlaskClient) -> None:
    # The other reader tries all that could pull a hidden text out: its words typed, its id opened and saved.
    other.call("PATCH", "/v1/me", {"interests": ["quokkaword", "graph protein"], "muted": ["robot"]})
    other.log(event("save", PUBLIC), event("open", UNTITLED))
    before = asked(other, client)
    me.rank({"id": HIDDEN, **TEXT}, {"id": UNTITLED, "abstract": TEXT["abstract"]})
    me.log(event("save", HIDDEN), event("open", UNTITLED))
    assert asked(other, client) == before
    assert "uokkaword" in json.dumps(asked(me, client))


@pytest.mark.usefixtures("served")
def test_what_my_pages_said_places_the_paper_for_me(me: Device) -> None:
    me.log(event("save", PUBLIC))
    [hidden, bare] = me.rank({"id": HIDDEN, **TEXT}, {"id": UNTITLED, "abstract": TEXT["abstract"]})["cards"]
    assert {hidden["basis"], bare["basis"]} == {"text"}
    assert hidden["reasons"]
    recommended = [item["paper"]["id"] for item in me.get("/v1/recommendations?limit=50").json["items"]]
    assert HIDDEN in recommended
    assert UNTITLED not in recommended  # there is nothing to show of it
    assert me.get("/v1/papers?q=quokkaword").json["items"] or me.get("/v1/papers?q=graph protein").json["items"]
    similar = me.get(f"/v1/papers/{HIDDEN}/similar?limit=5").json["items"]
    assert similar
    assert HIDDEN not in {item["paper"]["id"] for item in similar}


@pytest.mark.usefixtures("served")
def test_a_saved_paper_that_only_i_can_read_counts_in_my_next_answer(me: Device) -> None:
    me.rank({"id": HIDDEN, **TEXT})
    me.log(event("save", HIDDEN))
    reasons = [reason for entry in me.rank({"id": PUBLIC}, limit=20)["recommended"] for reason in entry["reasons"]]
    assert {reason["title"] for reason in reasons if reason.get("paper") == HIDDEN} == {TEXT["title"]}


@pytest.mark.usefixtures("served")
def test_once_a_source_tells_a_paper_its_text_is_everybodys(me: Device, other: Device, context: Context) -> None:
    me.rank({"id": HIDDEN, **TEXT})
    told = {"title": "Graph of another title", "abstract": "protein graph cache " * 9}
    with context.database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": HIDDEN, **told}], now=context.now())
    context.model_cache.refresh()
    for reader in (me, other):
        [entry] = reader.rank({"id": HIDDEN})["cards"]
        assert entry["basis"] in {"text", "fallback"}
        assert entry["score"] is not None
        assert reader.get(f"/v1/papers/{HIDDEN}").json["title"] == told["title"]
    assert me.get("/v1/papers?q=quokkaword").json["items"] == []


def test_no_model_learns_what_one_readers_pages_said(me: Device, context: Context) -> None:
    fill(context.database, 0, 60)
    me.rank({"id": HIDDEN, **TEXT})
    me.log(event("save", HIDDEN), event("open", "2403.00001"))
    result = training.train_once(context)
    kept = b"".join(path.read_bytes() for path in Path(context.settings.models_dir / result.version).iterdir())
    assert b"2401.00007" in kept
    for trace in (b"uokkaword", HIDDEN.encode(), b"2403.00001", me.reader_id.encode()):
        assert trace not in kept


def test_whether_anybody_named_a_paper_is_not_told(me: Device, other: Device) -> None:
    me.log(event("open", "2403.00001"))
    me.rank({"id": HIDDEN, **TEXT})
    for paper in ("2403.00001", HIDDEN, "2403.99999"):
        for path in (f"/v1/papers/{paper}", f"/v1/papers/{paper}/similar"):
            assert (other.get(path).status_code, other.get(path).json["error"]["code"]) == (404, "paper_not_found")
        assert other.get(f"/v1/papers?q={paper}").json == {"items": [], "next": None}
    assert me.get("/v1/papers/2403.00001").json["title"] is None
    assert me.get(f"/v1/papers/{HIDDEN}").json["title"] == TEXT["title"]
