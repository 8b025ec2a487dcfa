"""PostgreSQL's log in partitions by month."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import chain
from threading import Barrier
from threading import Event as Flag
from typing import Any

import pytest
from sqlalchemy import text

from server.config import Settings
from server.hot import Hot
from server.services import events
from server.services.context import Context
from server.services.events import Event
from server.store import event_partitions, readers
from server.store import events as event_rows
from server.store.archived_events import month_after, month_of, month_start
from server.store.database import Database
from server.tokens import Keys

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)]
THIS = month_of(time.time())


@pytest.fixture
def context(settings: Settings, database: Database) -> Context:
    return Context(settings=settings, database=database, hot=Hot(settings), keys=Keys("0123456789abcdef" * 2))


@pytest.fixture
def reader(database: Database) -> str:
    with database.writing() as session:
        return readers.create(session, 1.0)


@pytest.fixture(autouse=True)
def _as_before(database: Database) -> Iterator[None]:
    """Leave the partitions as the migration made them."""
    yield
    with database.writing() as session:
        session.execute(text("DELETE FROM events"))
    event_partitions.drop_empty(database, "9999-12")
    event_partitions.make_ahead(database, time.time())


def made(at: float, name: str | None = None) -> Event:
    return Event(name or str(uuid.uuid4()), "open", "2401.00001", at)


def months(database: Database) -> list[str]:
    with database.reading() as session:
        return event_partitions.months(session)


def places(database: Database) -> dict[str, int]:
    """Return partition -> how many events it has."""
    with database.reading() as session:
        found = session.execute(text("SELECT tableoid::regclass::text, count(*) FROM events GROUP BY 1"))
        return {row[0]: row[1] for row in found}


def test_this_and_the_next_months_have_their_partitions(database: Database) -> None:
    assert months(database)[-4:] == [month_after(THIS, number) for number in range(4)]
    assert event_partitions.make_ahead(database, time.time()) == []


def test_no_time_that_a_client_sends_makes_a_partition(context: Context, database: Database, reader: str) -> None:
    before, now = months(database), time.time()
    sent = [0.0, 1e-300, 662_688_000.0, now - 1e6, now + 1e5, 4.1e9, 2.5e11]
    assert {one.status for one in events.log(context, reader, [made(at) for at in sent], now=now)} == {"accepted"}
    assert places(database) == {event_partitions.name_of(THIS): len(sent)}
    event_partitions.make_ahead(database, now)
    assert months(database) == before


def test_what_waits_for_a_month_comes_into_its_partition(context: Context, database: Database, reader: str) -> None:
    late = month_start(month_after(THIS, 5))
    for received in (late - 1.0, late, late + 86400.0, month_start(month_after(THIS, 6))):
        events.log(context, reader, [made(received)], now=received)
    assert places(database) == {event_partitions.OTHER: 4}
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: event_partitions.make_ahead(database, late), range(4)))
    made_months = sorted(chain.from_iterable(found))
    assert made_months == [month_after(THIS, number) for number in (5, 6, 7, 8)], "each once"
    assert places(database) == {
        event_partitions.OTHER: 1,
        event_partitions.name_of(month_after(THIS, 5)): 2,
        event_partitions.name_of(month_after(THIS, 6)): 1,
    }
    with database.reading() as session:
        assert event_rows.count(session, reader) == 4


def test_a_partition_is_made_while_its_events_keep_coming(context: Context, database: Database) -> None:
    late = month_start(month_after(THIS, 5))
    with database.writing() as session:
        names = [readers.create(session, 1.0) for _ in range(4)]
    tried, done = Barrier(5, timeout=20), Flag()

    def send(name: str) -> int:
        tried.wait()
        count = 0
        while not done.is_set():
            assert [one.status for one in events.log(context, name, [made(late)], now=late)] == ["accepted"]
            count += 1
        return count

    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(send, name) for name in names]
        tried.wait()
        try:
            time.sleep(0.3)
            # A look at the log may put it off, but not each time.
            assert any(month_after(THIS, 5) in event_partitions.make_ahead(database, late) for _ in range(4))
        finally:
            done.set()
    assert places(database) == {event_partitions.name_of(month_after(THIS, 5)): sum(one.result() for one in sent)}


def test_only_empty_months_are_dropped(context: Context, database: Database, reader: str) -> None:
    late = month_start(month_after(THIS, 5))
    event_partitions.make_ahead(database, late)
    events.log(context, reader, [made(late)], now=late)
    dropped = event_partitions.drop_empty(database, month_after(THIS, 7))
    assert month_after(THIS, 5) not in dropped
    assert month_after(THIS, 6) in dropped
    assert months(database) == [month_after(THIS, number) for number in (5, 7, 8)]


def test_a_long_look_at_the_log_puts_changes_off_and_holds_nobody_up(
    context: Context, database: Database, reader: str
) -> None:
    events.log(context, reader, [made(1.0)], now=time.time())
    before = months(database)
    with database.reading() as training, closing(event_rows.for_training(training)) as stream:
        next(stream)
        assert event_partitions.drop_empty(database, "9999-12") == []
        assert event_partitions.make_ahead(database, month_start(month_after(THIS, 7))) == []
        assert [one.status for one in events.log(context, reader, [made(2.0)], now=time.time())] == ["accepted"]
    assert months(database) == before


def test_the_same_id_counts_once_whatever_partition_it_comes_into(
    context: Context, database: Database, reader: str
) -> None:
    """Sent by eight at once, each received in another month: with the same content, and with other content."""
    event_partitions.make_ahead(database, month_start(month_after(THIS, 3)))
    met = Barrier(8, timeout=20)

    def send(number: int) -> list[str]:
        found = []
        for turn in range(20):
            name = str(uuid.uuid5(uuid.NAMESPACE_OID, str(turn)))
            event = made(month_start(THIS) + (number if turn % 2 else 0), name)
            met.wait()
            received = month_start(month_after(THIS, number % 4)) + 5.0 * 86400
            found += [one.status for one in events.log(context, reader, [event], now=received)]
        return found

    with ThreadPoolExecutor(8) as pool:
        answers = [list(one) for one in zip(*pool.map(send, range(8)), strict=True)]
    expected: list[Any] = [{"accepted", "duplicate"}, {"accepted", "rejected"}]
    for turn, statuses in enumerate(answers):
        assert statuses.count("accepted") == 1, turn
        assert set(statuses) <= expected[turn % 2] | {"rejected"}
    with database.reading() as session:
        assert event_rows.count(session, reader) == 20
    assert len(places(database)) > 1


def test_the_trainer_reads_over_partitions_in_order_of_arrival(
    context: Context, database: Database, reader: str
) -> None:
    event_partitions.make_ahead(database, time.time())
    for number in range(30):
        received = month_start(month_after(THIS, (number * 7) % 4))
        events.log(context, reader, [made(float(number))], now=received)
    with database.reading() as session:
        times = [row[3] for row in chain.from_iterable(event_rows.for_training(session))]
        assert times == [float(number) for number in range(30)]
        newest = event_rows.newest_number(session)
        assert event_rows.count_since(session, newest - 7) == 7
