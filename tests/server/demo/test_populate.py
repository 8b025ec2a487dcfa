"""The demo fills an empty home once, refuses any other, and mends a fill that was cut short."""

from __future__ import annotations

import time

import pytest

from server.demo import populate
from server.demo.populate import PAPERS, HomeNotEmpty, demo_token, populate_home
from server.services.pairing import authenticate
from server.store import events, papers, readers


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(populate, "READERS", 6)


def fill(context):
    return populate_home(context, now=time.time())


def counts(database):
    with database.reading() as session:
        return papers.count(session), readers.count(session), events.count(session)


def test_an_empty_home_is_filled_once(context, database):
    assert fill(context)
    before = counts(database)
    assert before[0] == PAPERS
    assert before[1] == 7
    assert before[2] > 6 * 10
    assert not fill(context)
    assert counts(database) == before


def test_everybody_in_it_is_marked_as_the_demos(context, database):
    fill(context)
    with database.reading() as session:
        assert not readers.any_not_demo(session)
        known = papers.rows(session, ["9911.00001", "9911.00480"])
    assert {row["source"] for row in known.values()} == {"demo"}


def test_the_page_has_a_reader_with_a_taste(context, database):
    fill(context)
    caller = authenticate(context, demo_token(context.settings.secret_key), time.time())
    with database.reading() as session:
        kinds = {row["kind"] for row in events.page(session, caller.reader_id, 100)}
    assert kinds == {"open", "save"}
    assert demo_token("another secret") != demo_token(context.settings.secret_key)


def test_a_home_with_a_real_reader_is_refused(context, database):
    with database.writing() as session:
        readers.create(session, 1.0)
    with pytest.raises(HomeNotEmpty, match="--home"):
        fill(context)
    assert counts(database) == (0, 1, 0)


def test_a_home_that_a_real_reader_joined_later_is_refused_too(context, database):
    fill(context)
    with database.writing() as session:
        readers.create(session, 1.0)
    with pytest.raises(HomeNotEmpty):
        fill(context)


def test_a_home_with_a_real_catalogue_is_refused(context, database):
    with database.writing() as session:
        papers.add_stubs(session, ["2401.00001"], 1.0)
    with pytest.raises(HomeNotEmpty):
        fill(context)


def test_a_fill_that_was_cut_short_is_made_whole(context, database, monkeypatch):
    def cut(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(populate, "_add_own_reader", cut)
        with pytest.raises(KeyboardInterrupt):
            fill(context)
    assert fill(context)
    papers_now, readers_now, _ = counts(database)
    assert (papers_now, readers_now) == (PAPERS, 7)
