"""A worker follows SQL: another model, newer papers, without a request waiting or failing."""

from __future__ import annotations

import shutil
import threading
import time
import uuid
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from recommender import Catalogue, Events, Papers, train
from server.services import model_cache
from server.services.model_cache import ModelCache
from server.services.papers import merge_cards, merge_source_papers
from server.store import papers, readers, trained_models
from server.store.database import Database

WORDS = ["attention", "diffusion", "graph", "protein", "cache", "robot"]


def source_papers(first: int, count: int) -> list[dict[str, str]]:
    return [
        {
            "id": f"2401.{number:05d}",
            "title": f"{WORDS[number % 6]} {WORDS[(number + 1) % 6]} number {number}",
            "abstract": f"{WORDS[number % 6]} and {WORDS[(number + 2) % 6]} " * 5,
        }
        for number in range(first, first + count)
    ]


def fill(database: Database, first: int, count: int) -> None:
    with database.writing() as session:
        merge_source_papers(session, "arxiv", source_papers(first, count), now=time.time())


def publish(database: Database, folder: Path, seed: int = 0) -> str:
    """Train on the catalogue as it is, and let the model serve."""
    with database.reading() as session:
        rows = [row for chunk in papers.for_catalogue(session) for row in chunk]
        until = papers.newest_update(session)
    model = train(Papers.from_rows(rows), Events.empty(), seed=seed)
    version = f"{model.version}-{uuid.uuid4().hex[:8]}"  # two may be of the same second
    model.save(folder / version)
    with database.writing() as session:
        trained_models.add(session, version, {**model.manifest.as_dict(), "papers_until": until}, time.time())
        trained_models.promote(session, version)
    return version


@pytest.fixture
def serving(database: Database, tmp_path: Path) -> Iterator[ModelCache]:
    (tmp_path / "models").mkdir()
    serving = ModelCache(database, tmp_path / "models", every=0.0)
    yield serving
    serving.close()


def wait_for(serving: ModelCache, version: str) -> bool:
    """Ask, as requests do, until the version serves."""
    for _ in range(200):
        if serving.current().version == version:
            return True
        time.sleep(0.02)
    return False


def test_without_a_model_the_catalogue_is_served_by_its_words(database: Database, serving: ModelCache) -> None:
    fill(database, 0, 30)
    served = serving.current()
    assert (served.version, len(served.catalogue)) == (None, 30)
    assert served.catalogue.search("protein", 5).ids


def test_a_promoted_model_is_served_soon_and_the_old_one_until_then(
    database: Database, serving: ModelCache, tmp_path: Path
) -> None:
    fill(database, 0, 60)
    before = serving.current()
    version = publish(database, tmp_path / "models")
    assert wait_for(serving, version)
    assert serving.current().catalogue.model is not None
    assert before.catalogue.search("protein", 3).ids


def test_papers_newer_than_the_model_are_folded_in(database: Database, serving: ModelCache, tmp_path: Path) -> None:
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    serving.refresh()
    fill(database, 60, 5)
    serving.refresh()
    assert "2401.00064" in serving.current().catalogue


def test_what_the_model_was_trained_on_is_not_folded_in_again(
    database: Database, serving: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    folded: list[str] = []
    update = type(serving.current()).update_papers
    monkeypatch.setattr(
        "server.services.model_cache.Served.update_papers",
        lambda served, rows: folded.extend(row["id"] for row in rows) or update(served, rows),
    )
    again = ModelCache(database, tmp_path / "models")
    again.refresh()
    fill(database, 60, 2)
    again.refresh()
    assert sorted(folded) == ["2401.00060", "2401.00061"]


def test_papers_read_again_after_a_restart_are_not_kept_in_memory(
    database: Database, serving: ModelCache, tmp_path: Path
) -> None:
    """However many changed in the last seconds before the training, as after an import of a whole catalogue."""
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    serving.refresh()
    assert serving.current().recent == {}


def quieten(serving: ModelCache) -> None:
    """Let it be long since the newest change was seen."""
    # Not by `current`, which may start a refresh beside.
    assert serving._served
    serving._served.seen_at -= model_cache.OVERLAP + 1


def test_when_nothing_changes_no_paper_is_read(
    database: Database, serving: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    fill(database, 60, 5)
    serving.refresh()
    read: list[str] = []
    change_times = papers.change_times

    def noted(session: papers.Session, since: float) -> Iterator[dict[str, float]]:
        for times in change_times(session, since):
            read.extend(times)
            yield times

    monkeypatch.setattr(papers, "change_times", noted)
    monkeypatch.setattr(papers, "catalogue_rows", lambda *_: pytest.fail("texts were read"))
    serving.refresh()
    assert len(read) == 65, "what changed last may still be followed by an earlier transaction"
    quieten(serving)
    read.clear()
    serving.refresh()
    assert read == []
    assert serving.current().recent == {}


@pytest.mark.parametrize("quiet", [False, True])
def test_what_is_committed_late_is_not_missed(
    database: Database, serving: ModelCache, tmp_path: Path, *, quiet: bool
) -> None:
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    serving.refresh()
    if quiet:
        quieten(serving)
    for number, ago in enumerate((0.0, 10.0, 20.0)):
        with database.writing() as session:
            merge_source_papers(session, "arxiv", source_papers(60 + number, 1), now=time.time() + 1 - ago)
        serving.refresh()
        assert f"2401.{60 + number:05d}" in serving.current().catalogue


def test_a_worker_without_requests_serves_the_new_model_too(database: Database, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    idle = ModelCache(database, tmp_path / "models", every=0.01)
    idle.keep_fresh()
    version = publish(database, tmp_path / "models", seed=1)
    for _ in range(1000):
        if idle._served is not None and idle._served.version == version:
            break
        time.sleep(0.02)
    assert idle._served is not None
    assert idle._served.version == version
    idle.close()
    assert "serving" not in {thread.name for thread in threading.enumerate() if thread is idle._thread}


def test_the_old_model_serves_until_the_new_one_is_warm_and_is_gone_after(
    database: Database, serving: ModelCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, 0, 60)
    old = publish(database, tmp_path / "models")
    serving.refresh()
    model = weakref.ref(serving.current().catalogue.model)
    new = publish(database, tmp_path / "models", seed=1)
    seen: list[str | None] = []
    warm_up = Catalogue.warm_up

    def watched(catalogue: Catalogue) -> None:
        warm_up(catalogue)
        seen.append(serving._served.version if serving._served else None)

    monkeypatch.setattr(Catalogue, "warm_up", watched)
    in_flight = serving.current()
    serving.refresh()
    assert seen == [old]
    assert serving.current().version == new
    assert in_flight.catalogue.search("protein", 3).ids, "a request under way ends on the old one"
    del in_flight
    assert model() is not None, "no request ends a model: that would take it a tenth of a second"
    serving.refresh()
    assert model() is not None
    monkeypatch.setattr("server.services.model_cache.REPLACED_FOR", 0.0)
    serving.refresh()
    assert model() is None


def test_a_broken_model_does_not_end_the_service(database: Database, serving: ModelCache, tmp_path: Path) -> None:
    fill(database, 0, 60)
    publish(database, tmp_path / "models")
    serving.refresh()
    good = serving.current()
    broken = publish(database, tmp_path / "models", seed=1)
    shutil.rmtree(tmp_path / "models" / broken)
    serving.refresh()
    assert serving.current() is good
    assert serving.broken == broken
    mended = publish(database, tmp_path / "models", seed=2)
    serving.refresh()
    assert serving.current() is not good
    assert serving.broken is None
    assert mended


def test_a_paper_known_from_one_readers_page_is_not_served_to_all(database: Database, serving: ModelCache) -> None:
    with database.writing() as session:
        one, two = readers.create(session, 1.0), readers.create(session, 1.0)
        changed = merge_cards(session, one, source_papers(0, 1), confirm=True, now=time.time())
    assert changed == set()
    serving.fold_in(["2401.00000"])
    assert "2401.00000" not in serving.current().catalogue
    with database.writing() as session:
        merge_cards(session, two, source_papers(0, 1), confirm=True, now=time.time())
    serving.refresh()
    assert "2401.00000" in serving.current().catalogue


def test_a_paper_without_a_title_is_told_apart_until_it_has_one(database: Database, serving: ModelCache) -> None:
    text = source_papers(0, 1)[0]
    for facts, untitled in (({"abstract": text["abstract"]}, {"2401.00000"}), (text, set[str]())):
        with database.writing() as session:
            merge_source_papers(session, "arxiv", [{"id": text["id"], **facts}], now=time.time())
        serving.refresh()
        assert serving.current().untitled == untitled
        assert ModelCache(database, Path("nowhere")).current().untitled == untitled


def test_a_stub_is_not_served(database: Database, serving: ModelCache) -> None:
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00001"], time.time())
    assert "2401.00001" not in serving.current().catalogue


def test_hostile_text_that_is_already_stored_stops_nothing(database: Database, serving: ModelCache) -> None:
    """What an older version stored is folded anew by every worker, and by the trainer."""
    fill(database, 0, 30)
    hostile = [
        "A" * 50_000,
        "&#" + "9" * 50_000 + ";",
        "a" + "\u0316\u0300" * 25_000,
        "a-" * 25_000,
        "\\u" + " " * 49_998,
    ]
    with database.writing() as session:
        said = [{"id": f"2402.{at:05d}", "title": "A title", "abstract": text} for at, text in enumerate(hostile)]
        merge_source_papers(session, "arxiv", said, now=time.time())
    assert all(paper["id"] in serving.current().catalogue for paper in said)
    version = publish(database, serving._models_dir)
    assert wait_for(serving, version)


def test_after_a_broken_model_the_one_before_serves_again_and_the_mended_one_later(
    database: Database, serving: ModelCache, tmp_path: Path
) -> None:
    fill(database, 0, 60)
    first = publish(database, tmp_path / "models")
    serving.refresh()
    second = publish(database, tmp_path / "models", seed=1)
    shutil.move(tmp_path / "models" / second, tmp_path / "aside")
    serving.refresh()
    assert (serving.current().version, serving.broken) == (first, second)
    with database.writing() as session:
        trained_models.promote(session, first)
    serving.refresh()
    assert (serving.current().version, serving.broken) == (first, None)
    shutil.move(tmp_path / "aside", tmp_path / "models" / second)
    with database.writing() as session:
        trained_models.promote(session, second)
    serving.refresh()
    assert serving.current().version == second


def test_what_two_threads_fold_in_at_once_is_both_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(name: str) -> list[dict[str, object]]:
        facts = {"authors": None, "categories": None, "organization": None, "published": None, "upvotes": None}
        return [{"id": name, "title": None, "abstract": "graph", **facts, "updated_at": 1.0, "withdrawn": True}]

    served = model_cache.Served(Catalogue(None), None, frozenset(), frozenset())
    original, others = model_cache._replace, [threading.Thread(target=lambda: served.update_papers(rows("2401.00002")))]

    def interrupted(*sets: frozenset[str]) -> frozenset[str]:
        if others:
            started.append(others.pop())
            started[0].start()
            started[0].join(0.3)
        return original(*sets)

    started: list[threading.Thread] = []
    monkeypatch.setattr(model_cache, "_replace", interrupted)
    served.update_papers(rows("2401.00001"))
    started[0].join()
    assert served.untitled == served.withdrawn == {"2401.00001", "2401.00002"}
