"""A reader's own papers are laid over the catalogue once, and only what changed is laid again."""

from __future__ import annotations

import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from recommender import Catalogue, Overlay, Papers
from server.services import overlays
from server.services.model_cache import ModelCache
from server.services.overlays import ReaderOverlays, View
from server.services.papers import merge_cards, merge_source_papers
from server.store import papers, readers
from server.store.database import Database
from tests.server.services.test_model_cache import fill, publish, source_papers


class World:
    """A catalogue, a reader, and a note of each time that papers of theirs were placed."""

    def __init__(self, database: Database, folder: Path, *, model: bool) -> None:
        self.database = database
        fill(database, 0, 60)
        folder.mkdir()
        if model:
            publish(database, folder)
        self.serving = ModelCache(database, folder)
        self.own = ReaderOverlays()
        with database.writing() as session:
            self.reader = readers.create(session, 1.0)

    def tell(self, *cards: dict[str, Any], reader: str | None = None) -> set[str]:
        with self.database.writing() as session:
            return merge_cards(session, reader or self.reader, cards, confirm=True, now=time.time())

    def view(self, *wanted: str, reader: str | None = None) -> View:
        return self.own.over(self.catalogue, self.database, reader or self.reader, wanted)

    @property
    def catalogue(self) -> Catalogue:
        return self.serving.current().catalogue


@pytest.fixture(params=["words", "model"])
def world(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path / "models", model=request.param == "model")


@pytest.fixture
def placed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the ids of each lot of papers that was placed."""
    lots: list[list[str]] = []
    update = Overlay.update

    def noted(overlay: Overlay, catalogue: Catalogue, found: Papers) -> None:
        lots.append(sorted(found.ids))
        update(overlay, catalogue, found)

    monkeypatch.setattr(Overlay, "update", noted)
    return lots


def ids(first: int, count: int) -> list[str]:
    return [card["id"] for card in source_papers(first, count)]


def own_in(view: View, candidates: Collection[str]) -> list[str]:
    return sorted(name for name in candidates if name in view.catalogue)


def test_only_what_changed_is_placed_again(world: World, placed: list[list[str]]) -> None:
    world.tell(*source_papers(100, 3))
    for _ in range(3):
        assert own_in(world.view(), ids(100, 5)) == ids(100, 3)
    assert placed == [ids(100, 3)]
    world.tell(*source_papers(103, 1))
    world.tell({**source_papers(100, 1)[0], "upvotes": 3})
    world.view()
    assert placed[1:] == [["2401.00100", "2401.00103"]]


def test_what_everybody_may_read_by_now_is_the_shared_text(world: World) -> None:
    world.tell(*source_papers(100, 2))
    world.view()
    with world.database.writing() as session:
        merge_source_papers(session, "arxiv", source_papers(100, 1), now=time.time())
    world.serving.refresh()
    view = world.view()
    assert set(view.own) == {"2401.00101"}
    assert own_in(view, ids(100, 2)) == ids(100, 2)
    assert own_in(View(world.catalogue), ids(100, 2)) == ["2401.00100"]


def test_what_was_deleted_is_out_of_the_next_answer(world: World) -> None:
    world.tell(*source_papers(100, 2))
    world.view()
    with world.database.writing() as session:
        papers.delete_page_texts(session, ["2401.00100"], world.reader)
    assert own_in(world.view(), ids(100, 2)) == ["2401.00101"]
    with world.database.writing() as session:
        papers.delete_unsaved_page_texts(session, world.reader)
    assert world.view() == View(world.catalogue)


def test_another_model_places_them_anew(database: Database, tmp_path: Path, placed: list[list[str]]) -> None:
    world = World(database, tmp_path / "models", model=True)
    world.tell(*source_papers(100, 2))
    world.view()
    publish(database, tmp_path / "models", seed=1)
    world.serving.refresh()
    assert own_in(world.view(), ids(100, 2)) == ids(100, 2)
    assert placed == [ids(100, 2)] * 2


def test_each_reader_has_their_own(world: World) -> None:
    with world.database.writing() as session:
        second = readers.create(session, 1.0)
    world.tell(*source_papers(100, 1))
    world.tell(*source_papers(101, 1), reader=second)
    assert own_in(world.view(), ids(100, 2)) == ["2401.00100"]
    assert own_in(world.view(reader=second), ids(100, 2)) == ["2401.00101"]


def test_of_many_the_newest_count_and_those_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlays, "MAX_PAPERS", 4)
    monkeypatch.setattr(overlays, "MAX_PAPERS_WITHOUT_MODEL", 4)
    for number in range(8):
        world.tell(*source_papers(100 + number, 1))
    assert own_in(world.view(), ids(100, 8)) == ids(104, 4)
    assert own_in(world.view("2401.00100"), ids(100, 8)) == ["2401.00100", *ids(104, 4)]


def test_after_another_model_a_request_places_a_few_and_the_rest_follow(
    database: Database, tmp_path: Path, placed: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlays, "AT_ONCE", 5)
    monkeypatch.setattr(overlays, "CHUNK", 4)
    world = World(database, tmp_path / "models", model=True)
    for number in range(20):
        world.tell(*source_papers(100 + number, 1))
    for _ in range(2):
        placed.clear()
        view = world.own.over(world.catalogue, database, world.reader, ids(101, 2), ids(103, 1))
        assert placed[0] == sorted([*ids(101, 3), *ids(118, 2)])
        assert own_in(view, placed[0]) == placed[0]
        for _ in range(500):
            world.view()
            if sum(map(len, placed)) >= 20:
                break
            time.sleep(0.02)
        assert own_in(world.view(), ids(100, 20)) == ids(100, 20)
        assert max(len(lot) for lot in placed) <= 5
        assert sorted(name for lot in placed for name in lot) == ids(100, 20), "each once"
        publish(database, tmp_path / "models", seed=1)
        world.serving.refresh()


def test_the_model_before_is_not_kept_for_readers_who_are_gone(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.services.model_cache.REPLACED_FOR", 0.0)
    world = World(database, tmp_path / "models", model=True)
    with database.writing() as session:
        second = readers.create(session, 1.0)
    for reader in (world.reader, second):
        world.tell({**source_papers(100, 1)[0], "title": f"of {reader}"}, reader=reader)
        world.view(reader=reader)
    model = weakref.ref(world.catalogue.model)
    publish(database, tmp_path / "models", seed=1)
    world.serving.refresh()
    world.view(reader=second)
    world.serving.refresh()  # the cache itself lets go of it a while after
    assert model() is None


def test_an_answer_after_an_answer_lays_nothing_again(world: World) -> None:
    world.tell(*source_papers(100, 2))
    first = world.view().catalogue
    if first.model is not None:
        assert world.view().catalogue is first
    world.tell(*source_papers(102, 1))
    assert world.view().catalogue is not first or first.model is None


def test_papers_without_a_title_are_told_apart(world: World) -> None:
    [card] = source_papers(100, 1)
    world.tell({"id": card["id"], "abstract": card["abstract"]})
    assert world.view().untitled == {card["id"]}
    world.tell(card)
    assert world.view().untitled == frozenset()


def test_readers_who_have_not_asked_for_long_are_forgotten(world: World, placed: list[list[str]]) -> None:
    world.own = ReaderOverlays(size=1)
    with world.database.writing() as session:
        second = readers.create(session, 1.0)
    for reader in (world.reader, second):
        world.tell(*source_papers(100, 1), *[{"id": "2401.00101", "title": reader}], reader=reader)
    for reader in (world.reader, second, second, world.reader):
        world.view(reader=reader)
    assert len(placed) == 3


def test_a_reader_may_be_forgotten_while_another_of_their_requests_begins() -> None:
    own = ReaderOverlays()

    class Interrupted(OrderedDict[str, Any]):
        def setdefault(self, key: str, default: Any = None) -> Any:
            found = super().setdefault(key, default)
            forgetting = threading.Thread(target=own.forget, args=[key])
            forgetting.start()
            forgetting.join(0.3)
            return found

    own._kept = Interrupted()
    assert own._overlay_of("reader") is not None
