"""Whose text counts: sources over pages, two readers over one, and never one reader's word for another."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from server.services.papers import merge_cards, merge_source_papers, paper_body
from server.store import papers, readers
from server.store.database import Database

NOW = 1_795_300_000.0
ID = "2401.00001"


@pytest.fixture
def two(database: Database) -> tuple[str, str]:
    with database.writing() as session:
        return readers.create(session, NOW), readers.create(session, NOW)


def say(database: Database, reader: str, *, confirm: bool = True, **facts: Any) -> set[str]:
    with database.writing() as session:
        return merge_cards(session, reader, [{"id": ID, **facts}], confirm=confirm, now=NOW)


def source(database: Database, **facts: Any) -> set[str]:
    with database.writing() as session:
        return merge_source_papers(session, "arxiv", [{"id": ID, **facts}], now=NOW + 1)


def seen(database: Database, reader: str) -> Mapping[str, Any]:
    with database.reading() as session:
        return papers.seen_by(session, reader, [ID]).get(ID) or paper_body(ID, None)


def test_a_readers_page_is_shown_to_that_reader_alone(database: Database, two: tuple[str, str]) -> None:
    say(database, two[0], title="A title", abstract="An abstract.")
    assert seen(database, two[0])["title"] == "A title"
    assert seen(database, two[1])["title"] is None
    with database.reading() as session:
        assert papers.seen_by(session, two[1], [ID]) == {}


def test_what_two_readers_pages_agree_on_is_shown_to_all(database: Database, two: tuple[str, str]) -> None:
    say(database, two[0], title="A title", abstract="An abstract.")
    assert say(database, two[1], title="a  TITLE", abstract="Another abstract.") == {ID}
    with database.writing() as session:
        third = readers.create(session, NOW)
    assert (seen(database, third)["title"], seen(database, third)["abstract"]) == ("a  TITLE", None)
    assert seen(database, two[0])["abstract"] == "An abstract."
    assert seen(database, two[1])["abstract"] == "Another abstract."


def test_readers_who_disagree_each_see_their_own(database: Database, two: tuple[str, str]) -> None:
    say(database, two[0], title="A title")
    say(database, two[1], title="Buy this now")
    assert [seen(database, reader)["title"] for reader in two] == ["A title", "Buy this now"]


def test_a_reader_cannot_confirm_themselves(database: Database, two: tuple[str, str]) -> None:
    say(database, two[0], title="A title")
    assert say(database, two[0], title="A title", upvotes=3) == set()
    assert say(database, two[0], title="A title", upvotes=5) == set()
    assert seen(database, two[1])["title"] is None


def test_a_page_fills_only_what_is_empty(database: Database, two: tuple[str, str]) -> None:
    source(database, title="The title")
    say(database, two[0], title="My title", abstract="An abstract.")
    assert (seen(database, two[0])["title"], seen(database, two[0])["abstract"]) == ("The title", "An abstract.")


def test_a_sources_text_wins_and_ends_the_wait(database: Database, two: tuple[str, str]) -> None:
    say(database, two[0], title="My title", upvotes=3)
    assert source(database, title="The title", abstract="The abstract.") == {ID}
    assert [seen(database, reader)["title"] for reader in two] == ["The title", "The title"]
    with database.reading() as session:
        assert papers.page_texts_of(session, [ID]) == []


def test_a_source_that_says_nothing_new_changes_nothing(database: Database, two: tuple[str, str]) -> None:
    source(database, title="The title", abstract="The abstract.")
    assert source(database, title="The title", abstract=None, authors=[]) == set()
    assert seen(database, two[0])["abstract"] == "The abstract."


def test_without_confirmation_a_page_speaks_to_all(database: Database, two: tuple[str, str]) -> None:
    say(database, two[0], confirm=False, title="A title")
    assert seen(database, two[1])["title"] == "A title"


def test_text_nobody_confirmed_places_the_paper_for_its_reader_alone(database: Database, two: tuple[str, str]) -> None:
    assert say(database, two[0], title="A title", authors=["Ann"]) == set()
    with database.reading() as session:
        [mine] = papers.own_catalogue_rows(session, two[0], [ID])
        [everybodys] = papers.catalogue_rows(session, [ID])
        [theirs] = papers.own_catalogue_rows(session, two[1], [ID])
    assert (mine["title"], mine["authors"]) == ("A title", ["Ann"])
    assert everybodys == theirs
    assert (everybodys["title"], everybodys["authors"]) == ("", [])


@pytest.mark.parametrize(("first", "second"), [(7, 9), (9, 7), (7, 7), (0, 9)])
def test_of_two_counts_of_upvotes_the_lower_is_everybodys(
    database: Database, two: tuple[str, str], first: int, second: int
) -> None:
    say(database, two[0], upvotes=first)
    say(database, two[1], upvotes=second)
    with database.writing() as session:
        third = readers.create(session, NOW)
    assert seen(database, third)["upvotes"] == min(first, second)


def test_what_is_unknown_of_a_paper_is_null_or_empty() -> None:
    nothing = {"title": None, "abstract": None, "authors": [], "published_at": None, "upvotes": None, "categories": []}
    of_sources = dict.fromkeys(("organization", *papers.SOURCE_FACTS))
    assert paper_body(ID, None) == {"id": ID, **nothing, **of_sources, "url": "https://arxiv.org/abs/2401.00001"}


def test_a_sources_later_word_replaces_its_earlier_one(database: Database, two: tuple[str, str]) -> None:
    source(database, title="The title", comment="12 pages", doi="10.1/early", withdrawn=False)
    assert source(database, title="A better title", comment="", journal_ref="J. Better 3", withdrawn=True) == {ID}
    found = paper_body(ID, seen(database, two[0]))
    told = ("title", "comment", "doi", "journal_ref", "withdrawn")
    assert [found[name] for name in told] == ["A better title", None, "10.1/early", "J. Better 3", True]


def test_a_source_that_repeats_itself_confirms_without_a_change(database: Database) -> None:
    facts = {"id": ID, "title": "The title", "abstract": "The abstract.", "doi": "", "withdrawn": False}
    for now in (NOW, NOW + 5):
        with database.writing() as session:
            merge_source_papers(session, "arxiv", [facts], now=now)
    with database.reading() as session:
        row = papers.rows(session, [ID])[ID]
    assert (row["updated_at"], row["confirmed_at"]) == (NOW, NOW + 5)


@pytest.mark.parametrize(
    ("age_days", "wait_days"), [(0, 7), (1, 7), (20, 10), (400, 200), (9000, 365), (-3, 7), (None, 7)]
)
def test_arxiv_is_asked_again_the_more_rarely_the_older_a_paper_is(
    database: Database, age_days: float | None, wait_days: float
) -> None:
    published = None if age_days is None else NOW + 1 - age_days * 86400
    source(database, title="The title", abstract="x", published_at=published)
    with database.reading() as session:
        assert papers.rows(session, [ID])[ID]["recheck_at"] == NOW + 1 + wait_days * 86400


@pytest.mark.parametrize(("origin", "recheck_at"), [("import", NOW), ("hf", NOW), ("demo", None)])
def test_arxiv_is_asked_about_what_a_file_or_a_listing_said_but_not_about_invented_papers(
    database: Database, origin: str, recheck_at: float | None
) -> None:
    with database.writing() as session:
        merge_source_papers(session, origin, [{"id": ID, "title": "The title", "abstract": "x"}], now=NOW)
    with database.reading() as session:
        assert papers.rows(session, [ID])[ID]["recheck_at"] == recheck_at


def test_a_day_says_no_more_than_the_time_known_of_it(database: Database, two: tuple[str, str]) -> None:
    day = 20_000 * 86400.0
    source(database, title="The title", published_at=day + 3600)
    assert source(database, title="The title", published_at=day) == set()
    assert seen(database, two[0])["published_at"] == day + 3600
    assert source(database, title="The title", published_at=day - 86400) == {ID}


def test_a_listing_does_not_bring_back_what_arxiv_has_changed(database: Database, two: tuple[str, str]) -> None:
    listed = {"id": ID, "title": "Old title", "abstract": "Old.", "upvotes": 3, "code_url": "https://github.com/a/b"}
    with database.writing() as session:
        merge_source_papers(session, "hf", [listed], now=NOW)
    source(database, title="New title", abstract="New.")
    with database.writing() as session:
        assert merge_source_papers(session, "hf", [listed | {"upvotes": 9}], now=NOW + 2) == {ID}
    found = seen(database, two[0])
    assert (found["title"], found["abstract"], found["upvotes"]) == ("New title", "New.", 9)
    assert found["code_url"] == "https://github.com/a/b"
    with database.reading() as session:
        row = papers.rows(session, [ID])[ID]
    assert (row["source"], row["confirmed_at"]) == ("arxiv", NOW + 1)


def _meet(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Let two threads come to a function of the store at once, or one wait in vain for one that the database holds."""
    together, do = Barrier(2), getattr(papers, name)

    def wait_and_do(*given: Any) -> Any:
        with suppress(BrokenBarrierError):
            together.wait(1)
        return do(*given)

    monkeypatch.setattr(papers, name, wait_and_do)


def _say_at_once(database: Database, said: Mapping[str, list[dict[str, Any]]], *, confirm: bool) -> None:
    """Merge the cards of several readers, each in a thread and a transaction."""

    def one(reader: str) -> None:
        with database.writing() as session:
            readers.touch(session, reader)
            merge_cards(session, reader, said[reader], confirm=confirm, now=NOW)

    with ThreadPoolExecutor(len(said)) as threads:
        list(threads.map(one, said))


def test_two_pages_may_complete_each_others_papers_at_once(
    database: Database, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ("2401.00001", "2401.00002")
    with database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": name, "title": "A title"} for name in ids], now=NOW)
    for reader, name in zip(two, ids, strict=True):
        _say_at_once(database, {reader: [{"id": name, "abstract": "Text."}]}, confirm=True)
    _meet(monkeypatch, "delete_page_texts")
    other, own = ({"abstract": "Text."}, {"categories": ["cs.LG"]})
    said = {
        two[0]: [{"id": ids[0], **own}, {"id": ids[1], **other}],
        two[1]: [{"id": ids[0], **other}, {"id": ids[1], **own}],
    }
    _say_at_once(database, said, confirm=True)
    with database.reading() as session:
        assert [row["abstract"] for row in papers.rows(session, ids).values()] == ["Text."] * 2


def test_two_pages_that_fill_facts_of_one_paper_at_once_lose_none(
    database: Database, two: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    say(database, two[0])
    _meet(monkeypatch, "save")
    said = {two[0]: [{"id": ID, "title": "A title"}], two[1]: [{"id": ID, "organization": "A lab"}]}
    _say_at_once(database, said, confirm=False)
    assert (seen(database, two[0])["title"], seen(database, two[0])["organization"]) == ("A title", "A lab")
