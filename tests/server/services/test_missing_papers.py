"""Papers known by id alone: what arXiv refuses or does not know costs no other paper its text."""

from __future__ import annotations

import logging
import re
import time
from contextlib import closing

import pytest
from sqlalchemy import text

from server.errors import SourceUnavailable
from server.services import missing_papers, polling
from server.services.catalogue import health
from server.services.missing_papers import fill_from_archive, set_aside
from server.services.papers import merge_cards, merge_source_papers
from server.services.polling import Progress
from server.sources.arxiv import Arxiv
from server.store import paper_requests, papers
from tests.server.conftest import sqlite_only
from tests.server.sources.listing_server import atom_entry, feed, refuse_ids

NAMES = [f"2401.{number:05d}" for number in range(1, 61)]
ERROR = feed(atom_entry("x").replace("http://arxiv.org/abs/xv2", "http://arxiv.org/api/errors#incorrect_id_format"))
GARBLED = feed(atom_entry("2401.00001").replace("<title>", "<title>\x01"))
MAX_REFUSALS = {
    "an error": (400, {}, ERROR),
    "an error of status 200": (200, {}, ERROR),
    "not found": (404, {}, b""),
    "forbidden": (403, {}, b"<html>"),
    "broken": (500, {}, b""),
    "too long": (414, {}, b""),
    "a page": (200, {}, b"<html><body>Something went wrong</body></html>"),
    "a feed that cannot be read": (200, {}, GARBLED),
    "cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99\r\n<feed",
    "elsewhere": (302, {"Location": "http://10.0.0.1/"}, b""),
}


def add(database, names, at=1.0):
    with database.writing() as session:
        papers.add_stubs(session, names, at)


def blank(database):
    with database.reading() as session:
        return {name for (name,) in session.execute(text("SELECT id FROM papers WHERE title IS NULL"))}


def state(context):
    found = health(context, time.time())["arxiv"]
    return found.status, found.reason


def asked_ids(source):
    return [query["id_list"].split(",") for _, query in source.asked]


def make_due(database):
    """Let the time pass that everything set aside has to wait."""
    with database.writing() as session:
        session.execute(text("UPDATE paper_requests SET due_at = 0 WHERE tries > 0"))


@pytest.fixture
def source(source):
    source.papers = {name: atom_entry(name) for name in NAMES}
    return source


def test_papers_are_asked_for_once_and_in_few_requests(context, database, archive, source):
    names = [f"2402.{number:05d}" for number in range(250)]
    source.papers = {name: atom_entry(name) for name in names}
    add(database, names)
    assert fill_from_archive(context, archive) == 250
    assert fill_from_archive(context, archive) == 0
    assert len(source.asked) == 3
    assert state(context) == ("ok", None)


def rechecked_at(database, at=None):
    """Return when each paper is to be asked for again, after setting it to `at`."""
    with database.writing() as session:
        if at is not None:
            session.execute(text("UPDATE papers SET recheck_at = :at"), {"at": at})
        return dict(session.execute(text("SELECT id, recheck_at FROM papers")).all())


def test_facts_that_are_old_are_asked_for_again_and_changes_taken_over(context, database, archive, source):
    add(database, NAMES[:2])
    assert fill_from_archive(context, archive) == 2
    assert fill_from_archive(context, archive, only_due=True) == 0
    assert len(source.asked) == 1
    rechecked_at(database, 1.0)
    said = "<title>Better</title><arxiv:doi>10.1/x</arxiv:doi><arxiv:comment>Paper withdrawn</arxiv:comment>"
    source.papers[NAMES[0]] = re.sub("<title>.*?</title>", said, source.papers[NAMES[0]], flags=re.DOTALL)
    with database.reading() as session:
        before = papers.rows(session, NAMES[:2])
    assert fill_from_archive(context, archive, only_due=True) == 0, "none was without text"
    with database.reading() as session:
        after = papers.rows(session, NAMES[:2])
    changed, same = after[NAMES[0]], after[NAMES[1]]
    assert (changed["title"], changed["doi"], changed["withdrawn"]) == ("Better", "10.1/x", True)
    assert changed["updated_at"] > before[NAMES[0]]["updated_at"]
    assert same["updated_at"] == before[NAMES[1]]["updated_at"]
    assert same["confirmed_at"] > before[NAMES[1]]["confirmed_at"]
    assert min(rechecked_at(database).values()) > time.time()


def test_what_a_listing_gave_is_asked_for_once_for_the_facts_that_it_does_not_give(context, database, archive, source):
    with database.writing() as session:
        listed = {"id": NAMES[0], "title": "As listed", "abstract": "As listed.", "upvotes": 3}
        merge_source_papers(session, "hf", [listed], now=2.0)
        merge_source_papers(session, "demo", [{**listed, "id": "9912.00001"}], now=2.0)
    fill_from_archive(context, archive, only_due=True)
    assert asked_ids(source) == [[NAMES[0]]]
    with database.reading() as session:
        row = papers.rows(session, NAMES[:1])[NAMES[0]]
    assert (row["categories"], row["upvotes"], row["source"]) == (["cs.LG", "stat.ML"], 3, "arxiv")


def test_a_known_paper_that_arxiv_does_not_know_any_more_waits_longer_each_time(context, database, archive, source):
    add(database, NAMES[:1])
    fill_from_archive(context, archive)
    source.papers = {}
    rechecked_at(database, 1.0)
    for _ in range(3):
        fill_from_archive(context, archive, only_due=True)
    assert len(source.asked) == 2
    assert state(context)[0] == "ok"
    assert set_aside(context) == {}


def test_a_paper_whose_page_gave_no_abstract_is_asked_for(context, database, archive, source):
    card = {"id": NAMES[0], "title": "Title as arXiv's list of recent papers has it"}
    add(database, NAMES[:1])
    with database.writing() as session:
        merge_cards(session, "reader", [card], confirm=False, now=1.0)
    assert fill_from_archive(context, archive) == 1
    with database.reading() as session:
        assert papers.rows(session, NAMES[:1])[NAMES[0]]["abstract"]


def test_a_paper_of_which_another_source_gave_no_abstract_is_asked_for_once(context, database, archive, source):
    add(database, NAMES[:2])
    with database.writing() as session:
        merge_source_papers(session, "hf", [{"id": name, "title": "As listed"} for name in NAMES[:2]], now=2.0)
    source.papers[NAMES[1]] = atom_entry(NAMES[1]).replace("<summary> An abstract. </summary>", "")
    assert fill_from_archive(context, archive) == 2
    assert fill_from_archive(context, archive) == 0
    with database.reading() as session:
        rows = papers.rows(session, NAMES[:2])
    assert [rows[name]["abstract"] for name in NAMES[:2]] == ["An abstract.", None]


def test_a_paper_unknown_yet_is_asked_for_again_after_a_short_wait_that_grows(context, database, archive, source):
    add(database, [*NAMES, "2611.00404"])
    waits = []
    for _ in range(5):
        fill_from_archive(context, archive, only_due=True)
        with database.reading() as session:
            (row,) = paper_requests.list_failed(session, "arxiv")
        waits.append(row["due_at"] - row["asked_at"])
        make_due(database)
    assert waits[0] == polling.FIRST_WAIT
    assert waits == sorted(set(waits))
    assert set_aside(context) == {"2611.00404": "arXiv does not know it"}
    source.papers["2611.00404"] = atom_entry("2611.00404")
    assert fill_from_archive(context, archive, only_due=True) == 1
    assert (set_aside(context), blank(database)) == ({}, set())


def test_what_waits_is_not_asked_for_before_its_time(context, database, archive, source):
    add(database, ["2611.00404"])
    for _ in range(3):
        fill_from_archive(context, archive, only_due=True)
    assert len(source.asked) == 1


@pytest.mark.slow
@sqlite_only
@pytest.mark.parametrize("kind", MAX_REFUSALS)
def test_an_id_that_is_refused_keeps_no_other_paper_blank(context, database, archive, source, kind):
    add(database, [*NAMES, "2401.99999"])
    source.quirk = refuse_ids("2401.99999", answer=MAX_REFUSALS[kind])
    assert fill_from_archive(context, archive) == 60
    assert blank(database) == {"2401.99999"}
    assert list(set_aside(context)) == ["2401.99999"]
    assert "arXiv" in set_aside(context)["2401.99999"]
    assert state(context)[0] == "ok"
    assert "refuses 1 of the papers" in state(context)[1]
    assert "99999" not in state(context)[1], "anybody may read this, and a reader named it"


@sqlite_only
@pytest.mark.parametrize("culprits", [(0,), (59,), (30,), (0, 1), (0, 59), (29, 30, 31), (3, 3)])
def test_culprits_at_any_place(context, database, archive, source, culprits):
    refused = {NAMES[place] for place in culprits}
    add(database, NAMES)
    source.quirk = refuse_ids(*refused)
    assert fill_from_archive(context, archive) == 60 - len(refused)
    assert blank(database) == refused
    assert all(query["max_results"] == str(len(query["id_list"].split(","))) for _, query in source.asked)


@sqlite_only
def test_what_was_refused_alone_is_asked_for_alone_and_last(context, database, archive, source):
    refused = ["2401.99998", "2401.99999"]
    add(database, [*NAMES[:30], *refused])
    source.quirk = refuse_ids(*refused)
    fill_from_archive(context, archive)
    add(database, NAMES[30:])
    make_due(database)
    source.asked.clear()
    fill_from_archive(context, archive, only_due=True)
    assert [sorted(batch) for batch in asked_ids(source)] == [NAMES[30:], *([name] for name in refused)]


def test_ids_that_arxiv_cannot_have_given_are_asked_for_last_and_apart(context, database, archive, source):
    never = ["1706.3762", "9912.00001", "2613.00001", "nonsense/9901001", "hep-th/0812001"]
    add(database, never, at=1.0)
    add(database, NAMES, at=2.0)
    source.quirk = refuse_ids(*never)
    assert fill_from_archive(context, archive, only_due=True) == 60
    first, *others = asked_ids(source)
    assert sorted(first) == NAMES
    assert {name for batch in others for name in batch} == set(never)
    assert set(set_aside(context)) == set(never)
    assert blank(database) == set(never), "they stay the stubs they are"


def test_a_flood_of_ids_that_are_refused_does_not_starve_the_rest(context, database, archive, source):
    flood = [f"1706.{number:04d}" for number in range(2500)]
    add(database, flood, at=1.0)
    add(database, NAMES, at=2.0)
    source.quirk = lambda _path, query: (400, {}, b"") if "1706" in query["id_list"] else None
    assert fill_from_archive(context, archive, only_due=True) == 60
    assert sorted(asked_ids(source)[0]) == NAMES
    assert len(source.asked) <= 1 + polling.MAX_REFUSALS
    assert state(context)[0] == "ok"


def test_an_empty_answer_is_no_answer(context, database, archive, source):
    names = [f"2403.{number:05d}" for number in range(124)]
    add(database, names)
    source.quirk = lambda *_: (200, {}, feed())
    assert fill_from_archive(context, archive, only_due=True) == 0
    assert len(source.asked) == 2
    assert state(context) == ("degraded", "it answers, but with none of 124 papers; they are asked for again")
    with database.reading() as session:
        waits = {row["due_at"] - row["asked_at"] for row in paper_requests.list_failed(session, "arxiv")}
    assert waits == {polling.FIRST_WAIT}
    make_due(database)
    source.quirk = lambda *_: None
    source.papers = {name: atom_entry(name) for name in names}
    assert fill_from_archive(context, archive, only_due=True) == 124
    assert (state(context), set_aside(context)) == (("ok", None), {})


def test_a_few_unknown_papers_are_no_fault_of_arxiv(context, database, archive, source):
    add(database, ["2403.00001", "2403.00002"])
    fill_from_archive(context, archive)
    assert state(context) == ("ok", None)


def test_a_source_that_refuses_everything_is_left_and_the_next_round_begins_elsewhere(
    context, database, archive, source
):
    source.quirk = lambda *_: (403, {}, b"")
    names = [f"2403.{number:05d}" for number in range(200)]
    add(database, names)
    with pytest.raises(SourceUnavailable, match=r"Refused 30 times in a row.*status 403"):
        fill_from_archive(context, archive, only_due=True)
    assert len(source.asked) == polling.MAX_REFUSALS
    assert state(context)[0] == "degraded"
    tried = set(set_aside(context))
    source.asked.clear()
    with pytest.raises(SourceUnavailable):
        fill_from_archive(context, archive, only_due=True)
    assert not tried & {name for batch in asked_ids(source) for name in batch}


def test_being_asked_to_wait_is_kept_over_a_restart(context, database, archive, source, asked):
    add(database, NAMES)
    source.quirk = lambda *_: (503, {"Retry-After": "7200"}, b"")
    with pytest.raises(SourceUnavailable, match="left alone until"):
        fill_from_archive(context, archive, only_due=True)
    assert state(context)[1] == Progress.load(database, "arxiv").reason
    with closing(Arxiv(asked, pace=0.0)) as after_a_restart, pytest.raises(SourceUnavailable, match="left alone until"):
        fill_from_archive(context, after_a_restart)
    assert len(source.asked) == 1
    assert set_aside(context) == {}


def test_trouble_with_papers_that_nobody_wants_any_more_is_over(context, database, archive, source):
    add(database, NAMES[:1])
    source.quirk = lambda *_: (429, {}, b"")
    with pytest.raises(SourceUnavailable):
        fill_from_archive(context, archive, only_due=True)
    assert state(context)[0] == "degraded"
    with database.writing() as session:
        session.execute(text("DELETE FROM papers"))
    assert fill_from_archive(context, archive, only_due=True) == 0
    assert state(context) == ("ok", None)


def test_a_paper_deleted_while_it_is_asked_for_is_no_trouble(context, database, archive, source):
    add(database, ["2403.00001", *NAMES[:2]])

    def forget(*_):
        with database.writing() as session:
            session.execute(text("DELETE FROM papers WHERE id = '2403.00001'"))

    source.quirk = forget
    assert fill_from_archive(context, archive) == 2
    assert set_aside(context) == {}


def test_what_is_kept_of_a_paper_goes_with_it(context, database, archive, source):
    add(database, ["2403.00001"])
    fill_from_archive(context, archive)
    with database.writing() as session:
        session.execute(text("DELETE FROM papers"))
        assert session.execute(text("SELECT count(*) FROM paper_requests")).scalar() == 0


@sqlite_only
def test_the_log_names_no_paper(context, database, archive, source, caplog):
    add(database, [*NAMES, "2401.99999"])
    source.quirk = refuse_ids("2401.99999", answer=MAX_REFUSALS["an error"])
    with caplog.at_level(logging.INFO):
        fill_from_archive(context, archive)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("server")]
    assert ours
    assert not any("99999" in line for line in ours)


def test_a_round_is_bounded(context, database, archive, source, monkeypatch):
    add(database, NAMES)
    assert fill_from_archive(context, archive, limit=10) == 10
    assert len(asked_ids(source)[0]) == 10
    assert missing_papers.MAX_ROUND > 10
