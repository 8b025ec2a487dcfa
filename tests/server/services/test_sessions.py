"""One-time links and the sessions that they begin, with the clock in hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from server.errors import BadLink, NotFound, Unauthenticated
from server.services import sessions
from server.services.context import Context
from server.services.sessions import DAY
from server.store import devices, readers

NOW = 1_800_000_000.0


@pytest.fixture
def reader(context: Context) -> str:
    with context.database.writing() as session:
        return readers.create(session, NOW)


def begin(context: Context, reader: str, now: float = NOW, before: str | None = None) -> str:
    return sessions.begin(context, sessions.new_link(context, reader, now).code, "pages", now, before=before)


def test_a_link_is_good_for_sixty_seconds(context: Context, reader: str) -> None:
    for age, good in ((0.0, True), (59.9, True), (60.0, False), (3600.0, False)):
        made = sessions.new_link(context, reader, NOW)
        assert made.expires_at == NOW + 60
        if good:
            assert sessions.begin(context, made.code, "pages", NOW + age)
        else:
            with pytest.raises(BadLink):
                sessions.begin(context, made.code, "pages", NOW + age)


def test_of_many_who_use_one_link_at_once_one_gets_in(context: Context, reader: str) -> None:
    made = sessions.new_link(context, reader, NOW)

    def attempt(_: int) -> bool:
        try:
            sessions.begin(context, made.code, "pages", NOW)
        except BadLink:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(8))) == 1


def test_nobody_gets_a_link_for_a_reader_who_is_not_there(context: Context) -> None:
    with pytest.raises(NotFound):
        sessions.new_link(context, "nobody", NOW)


def test_a_session_is_its_readers_and_no_devices_token(context: Context, reader: str) -> None:
    token = begin(context, reader)
    assert sessions.authenticate(context, token, NOW).reader_id == reader
    with context.database.reading() as session:
        assert devices.by_token(session, sessions.tokens.token_hash(token)) is None


def test_a_visit_makes_a_session_last_longer_and_nothing_makes_it_last_for_ever(context: Context, reader: str) -> None:
    token = begin(context, reader)
    sessions.authenticate(context, token, NOW + 29 * DAY)
    sessions.authenticate(context, token, NOW + 58 * DAY)
    with pytest.raises(Unauthenticated):
        sessions.authenticate(context, token, NOW + 89 * DAY)


def test_expired_sessions_are_not_listed_and_go(context: Context, reader: str) -> None:
    begin(context, reader)
    later = NOW + 40 * DAY
    with context.database.reading() as session:
        assert len(devices.of_reader(session, reader, NOW)) == 1
        assert devices.of_reader(session, reader, later) == []
    begin(context, reader, later)
    with context.database.reading() as session:
        assert len(devices.of_reader(session, reader, NOW)) == 1


def test_a_browser_that_signs_in_again_leaves_its_old_session(context: Context, reader: str) -> None:
    first = begin(context, reader)
    second = begin(context, reader, before=first)
    with pytest.raises(Unauthenticated):
        sessions.authenticate(context, first, NOW)
    assert sessions.authenticate(context, second, NOW).reader_id == reader
    sessions.end(context, second, NOW)
    with pytest.raises(Unauthenticated):
        sessions.authenticate(context, second, NOW)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("library", True),
        ("settings", True),
        ("papers/2401.12345", True),
        ("papers/hep-th/9901001", True),
        ("", False),
        ("/library", False),
        ("papers/", False),
        ("papers/../session", False),
        ("papers/2401.12345v2", False),
        ("Library", False),
    ],
)
def test_a_link_names_a_page_of_ours(name: str, is_one: bool) -> None:
    assert sessions.is_page(name) is is_one


def test_the_secret_of_an_address_is_after_the_hash() -> None:
    assert sessions.address("http://h/", "c", "library") == "http://h/session?to=library#c"
    assert sessions.address("http://h", "c") == "http://h/session#c"
