"""What is kept of a reader never makes an answer old, nor shows it to another; and it stays within its bytes."""

from __future__ import annotations

import functools
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from flask import Flask

from recommender import Catalogue, Events, Model, Papers, train
from recommender.ranking import paper_index
from recommender.ranking.reader_state import ReaderState
from server.app import create_app
from server.config import Settings
from server.services.context import Context
from server.services.papers import merge_source_papers
from server.services.reader_lists import PERIOD, ReaderLists, period_of
from server.services.serving_context import ServingContext
from server.store import papers as paper_store
from server.store import trained_models
from tests.server.conftest import Device, event, pair, sqlite_only
from tests.server.services.test_model_cache import WORDS, source_papers

PAGE = [{"id": f"2401.{number:05d}"} for number in range(1, 25)]
SAVED = [event("save", f"2401.{number:05d}") for number in (1, 7, 13, 30)]
HIDDEN = event("hide", "2401.00003")


class Clock:
    """The time of all processes."""

    def __init__(self) -> None:
        # Later than what the database holds.
        self.now = float(int(time.time()) // 60 * 60 + 80)


@dataclass
class World:
    """A reader whom two workers serve, a second reader, and the time."""

    app: Flask
    another: Flask
    me: Device
    other: Device
    clock: Clock

    @property
    def context(self) -> ServingContext:
        found: ServingContext = self.app.extensions["inkling"]
        return found

    def elsewhere(self, device: Device) -> Device:
        """Return the device as the other worker serves it."""
        return Device(self.another.test_client(), device.token, device.reader_id, device.id)

    def refresh(self) -> None:
        for app in (self.app, self.another):
            app.extensions["inkling"].model_cache.refresh()


@functools.cache
def different_papers() -> list[dict[str, Any]]:
    """Return papers of six topics, no two of which score alike: rounding would order those that do."""
    dice, papers = random.Random(8), source_papers(0, 60)
    for at, paper in enumerate(papers):
        topical = [f"{WORDS[at % 6]}word{dice.randrange(25)}" for _ in range(14)]
        paper["abstract"] += " ".join(topical + [f"common{dice.randrange(40)}" for _ in range(6)])
    return papers


@functools.cache
def trained(seed: int) -> Model:
    """Return a model of the papers, trained once for all tests."""
    rows = ({**paper, "published": None, "upvotes": None} for paper in different_papers())
    return train(Papers.from_rows(rows), Events.empty(), seed=seed)


def publish(context: ServingContext, seed: int = 0) -> None:
    """Let a model serve from the next refresh on."""
    version = f"model-{seed}"
    trained(seed).save(context.settings.models_dir / version)
    with context.database.writing() as session:
        until = paper_store.newest_update(session)
        trained_models.add(session, version, {**trained(seed).manifest.as_dict(), "papers_until": until}, time.time())
        trained_models.promote(session, version)


def start(settings: Settings) -> Flask:
    app = create_app(settings)
    app.extensions["inkling"].model_cache.refresh()
    # Only a test's own call refreshes: what a worker notices must not depend on how long a test takes.
    app.extensions["inkling"].model_cache._start_refresh = lambda: None
    return app


@pytest.fixture
def world(
    settings: Settings, me: Device, other: Device, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    clock, context = Clock(), app.extensions["inkling"]
    monkeypatch.setattr(Context, "now", staticmethod(lambda: clock.now))
    with context.database.writing() as session:
        merge_source_papers(session, "arxiv", different_papers(), now=time.time())
    settings.models_dir.mkdir(parents=True)
    publish(context)
    context.model_cache.refresh()
    context.model_cache._start_refresh = lambda: None
    another = start(settings)
    for device in (me, other):
        device.log(*({**one, "id": str(uuid.uuid4())} for one in (*SAVED, HIDDEN)))
    yield World(app, another, me, other, clock)
    another.extensions["inkling"].close()


def answers(device: Device) -> dict[str, Any]:
    """Return what a reader is told, without the id that each list gets anew."""
    told = {"page": device.rank(*PAGE), "more": device.get("/v1/recommendations?limit=20").json}
    return {name: {key: value for key, value in answer.items() if key != "list_id"} for name, answer in told.items()}


def answers_of_a_new_worker(world: World, device: Device) -> dict[str, Any]:
    worker = start(world.context.settings)
    try:
        return answers(Device(worker.test_client(), device.token, device.reader_id, device.id))
    finally:
        worker.extensions["inkling"].close()


def add_source_paper(world: World) -> None:
    new = {"id": "2402.00001", "title": "diffusion graph", "abstract": "diffusion and protein " * 5, "upvotes": 90}
    with world.context.database.writing() as session:
        merge_source_papers(session, "arxiv", [new], now=world.clock.now)
    world.refresh()


def withdraw_a_paper(world: World) -> None:
    gone = answers(world.me)["more"]["items"][0]["paper"]
    with world.context.database.writing() as session:
        merge_source_papers(session, "arxiv", [{**gone, "withdrawn": True}], now=world.clock.now)
    world.refresh()


def delete_an_event(world: World) -> None:
    [last] = world.me.get("/v1/me/events?paper=2401.00013").json["items"]
    assert world.me.call("DELETE", f"/v1/me/events/{last['id']}").status_code == 204


def another_device(world: World) -> None:
    code = world.me.post("/v1/pairing-codes", {"reader": "me"}).json["code"]
    device = pair(world.another.test_client(), code=code)
    assert device.reader_id == world.me.reader_id
    device.log(event("hide", "2401.00020"))


def promote(world: World) -> None:
    publish(world.context, seed=1)
    world.refresh()


def own_page(world: World) -> None:
    text = "diffusion and protein, graph and cache " * 4
    world.elsewhere(world.me).rank({"id": "2403.00001", "title": "Of my own page", "abstract": text, "upvotes": 99})


def set_(**settings: Any) -> Callable[[World], object]:
    return lambda world: world.me.call("PATCH", "/v1/me", settings)


def pass_time(seconds: float) -> Callable[[World], object]:
    return lambda world: setattr(world.clock, "now", world.clock.now + seconds)


CHANGES: dict[str, Callable[[World], object]] = {
    "an event": lambda world: world.me.log(event("save", "2401.00020")),
    "an event at another worker": lambda world: world.elsewhere(world.me).log(event("dislike", "2401.00020")),
    "an impression": lambda world: world.me.log(
        *(event("impression", "2401.00002", list_id="a", position=1) for _ in range(3))
    ),
    "another device": another_device,
    "a deletion": delete_an_event,
    "starting over": lambda world: world.me.post("/v1/me/reset", {}),
    "an interest": set_(interests=["robot cache"]),
    "a followed name": set_(followed=["author:Ann Lee"], interests=["protein"]),
    "a muted word": set_(muted=["diffusion"]),
    "a slider": set_(freshness=0, variety=2),
    "not personal": set_(personal=False),
    "a new paper": add_source_paper,
    "a withdrawn paper": withdraw_a_paper,
    "a model": promote,
    "a page of their own at another worker": own_page,
    "a quarter of an hour": pass_time(PERIOD),
    "a day": pass_time(86_400),
}


@sqlite_only
@pytest.mark.parametrize("change", CHANGES)
def test_the_next_answer_is_that_of_a_process_that_kept_nothing(world: World, change: str) -> None:
    before = answers(world.me)
    assert answers(world.me) == before
    others_before = answers(world.other)
    CHANGES[change](world)
    after = answers(world.me)
    assert is_close(after, answers_of_a_new_worker(world, world.me))
    assert after != before
    if change not in ("a new paper", "a withdrawn paper", "a model", "a quarter of an hour", "a day"):
        assert answers(world.other) == others_before
    assert is_close(answers(world.other), answers_of_a_new_worker(world, world.other))


def is_close(one: Any, other: Any) -> bool:
    """Compare answers but for the rounding of float32: a state that starts from the last one adds in another order."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_close(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_close, one, other))
    return bool(one == pytest.approx(other, rel=1e-4, abs=1e-5)) if isinstance(one, float) else bool(one == other)


@sqlite_only
def test_a_page_asked_about_again_is_not_computed_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[str] = []
    for name in ("prepare", "rank_scores"):
        original = getattr(Catalogue, name)
        monkeypatch.setattr(
            Catalogue, name, lambda *a, _call=original, _name=name, **k: counted.append(_name) or _call(*a, **k)
        )
    world.me.rank(*PAGE)
    assert counted == ["prepare", "rank_scores", "rank_scores"]
    world.me.rank(*PAGE)
    world.me.get("/v1/recommendations?limit=20")
    world.me.get("/v1/recommendations?limit=20")
    assert counted == ["prepare", "rank_scores", "rank_scores", "rank_scores"]
    world.other.rank(*PAGE)
    assert counted[4:] == ["prepare", "rank_scores", "rank_scores"]


def test_no_two_of_many_readers_have_to_be_computed_anew_at_once() -> None:
    readers = [f"reader{number}" for number in range(2_000)]
    begin = 1_760_000_000.0
    moments = [begin + 9 * step for step in range(int(PERIOD / 9) + 1)]
    periods = np.array([[period_of(reader, moment) for reader in readers] for moment in moments])
    anew = np.diff(periods, axis=0)
    assert (anew.sum(axis=0) == 1).all()
    assert anew.sum(axis=1).max() < 60  # of 2,000, in a hundredth of the time


@sqlite_only
@pytest.mark.parametrize("most", [0, 20_000, 300_000])
def test_with_too_little_room_answers_are_the_same(world: World, most: int) -> None:
    expected = [answers(world.me), answers(world.other)]
    lists = ReaderLists(max_bytes=most)
    object.__setattr__(world.context, "reader_lists", lists)
    for _ in range(2):
        assert is_close([answers(world.me), answers(world.other)], expected)
        assert lists.nbytes <= most


@sqlite_only
def test_a_page_is_not_computed_again_when_the_scores_are_forgotten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores take megabytes in a large catalogue, so that they stay for few readers."""
    lists = ReaderLists(max_bytes=2_000_000)
    object.__setattr__(world.context, "reader_lists", lists)
    monkeypatch.setattr(ReaderState, "nbytes", 600_000)
    before = [answers(world.me), answers(world.other)]
    assert list(lists._scores) == [world.other.reader_id]
    monkeypatch.setattr(Catalogue, "prepare", None)
    assert [answers(world.me), answers(world.other)] == before
    mine = lists._lists[world.me.reader_id].lists.values()
    assert all(one.ranked is None and one.can_explain for one in mine)


@sqlite_only
def test_reasons_that_were_not_asked_for_are_made_when_they_are(world: World) -> None:
    whole = world.me.rank(*PAGE)
    lists = ReaderLists(max_bytes=2_000_000)
    object.__setattr__(world.context, "reader_lists", lists)
    for reasons in ("none", "shown", "none", "all"):
        answer = world.me.post("/v1/rank", {"papers": PAGE, "reasons": reasons}).json
        lists._scores.clear()
        for one in lists._lists.values():
            one.forget_scores()
        assert [bool(card["reasons"]) for card in answer["cards"]] == [reasons == "all"] * len(PAGE)
        assert [bool(one["reasons"]) for one in answer["recommended"]] == [reasons != "none"] * 10
    assert is_close(answer["cards"], whole["cards"])


@sqlite_only
def test_a_list_whose_scores_were_not_kept_does_not_keep_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = ReaderLists(max_bytes=2_000_000)
    object.__setattr__(world.context, "reader_lists", lists)
    monkeypatch.setattr(ReaderState, "nbytes", 1_100_000)
    answers(world.me)
    assert not lists._scores
    assert [one.ranked for one in lists._lists[world.me.reader_id].lists.values()] == [None, None, None]


@sqlite_only
def test_scores_of_other_papers_are_not_kept_in_memory(world: World) -> None:
    """The tables of an earlier model or of earlier papers would outlive them, one for each reader."""
    answers(world.me)
    answers(world.other)
    assert len(world.context.reader_lists._scores) == 2
    promote(world)
    answers(world.me)
    current = world.context.model_cache.current().catalogue
    assert [kept.scores.state.model for kept in world.context.reader_lists._scores.values()] == [current.model]


@sqlite_only
def test_papers_of_a_readers_own_pages_count_among_the_bytes_kept(world: World) -> None:
    """Nobody else's scores hold them: 64 MB of scores would keep several times as much in memory."""
    own = [{"id": f"2403.{number:05d}", "title": "Graph of my own", "abstract": "graph " * 40} for number in range(30)]
    world.me.rank(*own)
    world.other.rank(*PAGE)
    kept = world.context.reader_lists._scores
    mine, others = kept[world.me.reader_id], kept[world.other.reader_id]
    block = mine.scores.index.blocks[-1]
    assert block.ids[0].startswith("2403.")
    assert mine.own_bytes > block.words.data.nbytes + block.foldin_vectors.nbytes + block.scoring_vectors.nbytes
    assert others.own_bytes == 0
    assert mine.nbytes - mine.scores.state.nbytes == mine.own_bytes


@sqlite_only
def test_a_reader_for_whom_there_is_no_room_leaves_the_others_theirs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = ReaderLists(max_bytes=1_000_000)
    object.__setattr__(world.context, "reader_lists", lists)
    world.other.rank(*PAGE)
    monkeypatch.setattr(paper_index, "_TEXT_BYTES", 2_000_000)
    world.me.rank({"id": "2403.00001", "title": "Graph of my own", "abstract": "graph " * 40})
    assert list(lists._scores) == [world.other.reader_id]
    assert all(one.ranked is None for one in lists._lists[world.me.reader_id].lists.values())
