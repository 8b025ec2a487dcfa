"""What everybody's lists taught: followed from the log, told of k readers or more, and forgotten with the model."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from server.services import events, recent_errors
from server.services.context import Context
from server.services.events import Event
from server.services.model_cache import ModelCache
from server.services.papers import merge_source_papers
from server.services.recent_errors import RecentErrors
from server.store import events as event_store
from server.store import readers
from tests.server.services.test_model_cache import fill, publish

NOW = 1_800_000_000.0
PAGE = [f"2401.{number:05d}" for number in range(1, 21)]


@pytest.fixture
def known(context: Context, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setattr(recent_errors, "CORRECTED_EVERY", 0.0)
    with context.database.writing() as session:
        papers = [{"id": name, "title": f"Paper {name}", "abstract": "About it."} for name in PAGE]
        merge_source_papers(session, "hf", papers, now=NOW)
    return context


def make_readers(context: Context, count: int, **settings: bool) -> list[str]:
    with context.database.writing() as session:
        made = [readers.create(session, NOW) for _ in range(count)]
        for reader in made if settings else ():
            readers.set_settings(session, reader, settings)
    return made


def see(context: Context, reader: str, takes: list[str], *, opened_first: bool = False) -> None:
    """Log one list of the page and what the reader opens of it, in the order in which a browser may send them."""
    list_id = context.keys.new_list_id(reader, "a model")
    shown = [
        Event(str(uuid.uuid4()), "impression", paper, NOW, list_id=list_id, position=place)
        for place, paper in enumerate(PAGE, 1)
    ]
    opened = [Event(str(uuid.uuid4()), "open", paper, NOW + 5, list_id=list_id) for paper in takes]
    for batch in (opened, shown) if opened_first else (shown, opened):
        if batch:
            events.log(context, reader, batch, now=NOW)


def follow(context: Context, errors: RecentErrors) -> dict[str, float]:
    with context.database.reading() as session:
        for _ in range(30):
            errors.follow(session, NOW + 10)
    corrections = errors.corrections
    return dict(zip(corrections.papers, corrections.amounts.tolist(), strict=True))


def test_papers_taken_from_far_down_rise_for_everybody_and_those_passed_over_sink(known: Context) -> None:
    for reader in make_readers(known, 6):
        see(known, reader, [PAGE[15]])
    found = follow(known, RecentErrors(5, 0))
    assert set(found) == set(PAGE)
    assert found[PAGE[15]] > 1
    assert found[PAGE[0]] < found[PAGE[19]] < 0


@pytest.mark.parametrize(("saw", "told"), [(4, 0), (5, 20)])
def test_nothing_is_told_of_fewer_readers_than_asked(known: Context, saw: int, told: int) -> None:
    for reader in make_readers(known, saw):
        for _ in range(3):
            see(known, reader, [PAGE[3]])
    assert len(follow(known, RecentErrors(5, 0))) == told


def test_nothing_is_learned_from_readers_who_do_not_want_it(known: Context) -> None:
    for reader in make_readers(known, 4) + make_readers(known, 3, learn_for_others=False):
        see(known, reader, [PAGE[3]])
    assert follow(known, RecentErrors(5, 0)) == {}


def test_a_new_process_learns_the_same_from_the_log(known: Context) -> None:
    beside = RecentErrors(5, 0)
    for number, reader in enumerate(make_readers(known, 7)):
        see(known, reader, [PAGE[number], PAGE[9]])
        follow(known, beside)
    assert follow(known, RecentErrors(5, 0)) == pytest.approx(follow(known, beside), abs=1e-6)


def test_what_training_saw_is_not_an_error(known: Context) -> None:
    everybody = make_readers(known, 6)
    for reader in everybody:
        see(known, reader, [PAGE[3]])
    with known.database.reading() as session:
        trained = event_store.newest_number(session)
    later = RecentErrors(5, trained)
    assert follow(known, later) == {}
    assert follow(known, RecentErrors(5, None)) == {}, "where the model does not say, from now on"
    for reader in everybody:
        see(known, reader, [PAGE[7]])
    assert max(follow(known, later).items(), key=lambda pair: pair[1])[0] == PAGE[7]


def test_an_open_that_arrives_before_its_impressions_counts(known: Context) -> None:
    late, beside = RecentErrors(5, 0), RecentErrors(5, 0)
    for reader in make_readers(known, 5):
        see(known, reader, [PAGE[3]], opened_first=True)
        follow(known, late)
    assert follow(known, late) == pytest.approx(follow(known, beside))
    assert follow(known, late)[PAGE[3]] > 0


def test_few_events_are_read_at_once_and_old_ones_never(known: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    for reader in make_readers(known, 6):
        see(known, reader, [PAGE[3]])
    monkeypatch.setattr(recent_errors, "AT_ONCE", 7)
    errors = RecentErrors(5, 0)
    with known.database.reading() as session:
        errors.follow(session, NOW)
        assert len(errors.corrections) == 0
    assert len(follow(known, errors)) == 20
    monkeypatch.setattr(recent_errors, "NEWEST", 30)
    assert follow(known, RecentErrors(5, 0)) == {}


@pytest.fixture
def serving(known: Context, tmp_path: Path) -> Iterator[ModelCache]:
    (tmp_path / "models").mkdir()
    serving = ModelCache(known.database, tmp_path / "models", every=0.0, k_readers=3)
    yield serving
    serving.close()


def test_a_worker_follows_while_a_model_serves_and_forgets_with_it(
    known: Context, serving: ModelCache, tmp_path: Path
) -> None:
    fill(known.database, 1, 60)
    for reader in make_readers(known, 3):
        see(known, reader, [PAGE[3]])
    assert len(serving.current().errors.corrections) == 0
    publish(known.database, tmp_path / "models")
    serving.refresh()
    for reader in make_readers(known, 3):
        see(known, reader, [PAGE[3]])
    serving.refresh()
    assert len(serving.current().errors.corrections) == 20
    publish(known.database, tmp_path / "models", seed=1)
    serving.refresh()
    assert len(serving.current().errors.corrections) == 0
