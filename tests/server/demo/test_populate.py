"""The demo fills an empty home once, refuses any other, and mends a fill that was cut short."""

from __future__ import annotations

import time

import pytest

from server.demo import populate
from server.demo.populate import PAPERS, HomeNotEmpty, demo_token, populate_home
from server.services.pairing import authenticate
from server.store import events, papers, readers
from server.tokens import Keys

SECRET = "a secret"


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(populate, "READERS", 6)


def fill(database):
    return populate_home(database, Keys(SECRET), SECRET, now=time.time())


def counts(database):
    with database.reading() as session:
        return papers.count(session), readers.count(session), events.count(session)


def test_an_empty_home_is_filled_once(database):
    assert fill(database)
    before = counts(database)
    assert before[0] == PAPERS
    assert before[1] == 7
    assert before[2] > 6 * 10
    assert not fill(database)
    assert counts(database) == before


def test_everybody_in_it_is_marked_as_the_demos(database):
    fill(database)
    with database.reading() as session:
        assert not readers.any_not_demo(session)
        known = papers.rows(session, ["9911.00001", "9911.00480"])
    assert {row["source"] for row in known.values()} == {"demo"}


def test_the_page_has_a_reader_with_a_taste(database):
    fill(database)
    caller = authenticate(database, demo_token(SECRET), time.time())
    with database.reading() as session:
        kinds = {row["kind"] for row in events.page(session, caller.reader_id, 100)}
    assert kinds == {"open", "save"}
    assert demo_token("another secret") != demo_token(SECRET)


def test_a_home_with_a_real_reader_is_refused(database):
    with database.writing() as session:
        readers.create(session, 1.0)
    with pytest.raises(HomeNotEmpty, match="--home"):
        fill(database)
    assert counts(database) == (0, 1, 0)


def test_a_home_that_a_real_reader_joined_later_is_refused_too(database):
    fill(database)
    with database.writing() as session:
        readers.create(session, 1.0)
    with pytest.raises(HomeNotEmpty):
        fill(database)


def test_a_home_with_a_real_catalogue_is_refused(database):
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00001"], 1.0)
    with pytest.raises(HomeNotEmpty):
        fill(database)


def test_a_fill_that_was_cut_short_is_made_whole(database, monkeypatch):
    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(populate, "_add_own_reader", cut)
        with pytest.raises(KeyboardInterrupt):
            fill(database)
    assert fill(database)
    papers_now, readers_now, _ = counts(database)
    assert (papers_now, readers_now) == (PAPERS, 7)
