"""Papers over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from server.services.context import Context
from server.services.papers import merge_source_papers
from tests.server.conftest import Device, card, sqlite_only


def test_a_paper_is_answered_whole(me: Device) -> None:
    me.rank(card(1, authors=["Ann Author"], categories=["cs.LG"], organization="A Lab"))
    assert me.get("/v1/papers/arXiv:2401.00001v3").json == {
        **{name: card(1)[name] for name in ("id", "title", "published_at", "upvotes")},
        **{"abstract": card(1)["abstract"].strip(), "authors": ["Ann Author"], "categories": ["cs.LG"]},
        **{"organization": "A Lab", "code_url": None, "project_url": None, "doi": None, "journal_ref": None},
        **{"comment": None, "withdrawn": None},
        "url": "https://arxiv.org/abs/2401.00001",
    }


def test_what_sources_know_besides_is_answered_too(me: Device, context: Context) -> None:
    me.rank(card(1))
    told = {
        **{"code_url": "https://github.com/a/b", "project_url": "https://a.github.io", "doi": "10.1000/182"},
        **{"journal_ref": "J. Tests 3 (2026)", "comment": "12 pages", "withdrawn": False},
    }
    with context.database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": "2401.00001", **told}], now=context.now())
    found = me.get("/v1/papers/2401.00001").json
    assert {name: found[name] for name in told} == told
    me.call("PUT", "/v1/library/2401.00001")
    saved = me.get("/v1/library").json["items"][0]["paper"]
    assert {name: saved[name] for name in told} == told


@pytest.mark.parametrize("path", ["hep-th/9901001", "hep-th%2F9901001", "HEP-TH/9901001v1"])
def test_ids_with_a_slash_work_plain_and_escaped(me: Device, path: str) -> None:
    me.rank(card(1), card(4, id="hep-th/9901001"))
    assert me.get(f"/v1/papers/{path}").json["id"] == "hep-th/9901001"
    assert [item["paper"]["id"] for item in me.get(f"/v1/papers/{path}/similar").json["items"]] == ["2401.00001"]


def test_unknown_papers_and_impossible_ids(me: Device) -> None:
    for path in ("/v1/papers/2402.99999", "/v1/papers/2402.99999/similar"):
        assert (me.get(path).status_code, me.get(path).json["error"]["code"]) == (404, "paper_not_found")
    assert (me.get("/v1/papers/nope").status_code, me.get("/v1/papers/nope").json["error"]["field"]) == (422, "id")


def test_similar_papers_are_about_the_same_and_say_why(me: Device) -> None:
    me.rank(*[card(number) for number in range(1, 13)])
    items = me.get("/v1/papers/2401.00003/similar?limit=3").json["items"]
    assert {int(item["paper"]["id"][-2:]) % 3 for item in items} == {0}
    assert [item["rank"] for item in items] == [1, 2, 3]
    assert items[0]["reasons"]
    assert "2401.00003" not in {item["paper"]["id"] for item in items}


def test_search_finds_by_words_and_pages_through(me: Device) -> None:
    me.rank(*[card(number) for number in range(1, 31)])
    seen: list[str] = []
    cursor = ""
    while True:
        answer = me.get(f"/v1/papers?q=proteins%20graphs&limit=4&cursor={cursor}").json
        seen += [item["paper"]["id"] for item in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
        me.rank(card(30 + len(seen)))
    about = [paper for paper in seen if int(paper[-2:]) % 3 == 2]
    assert len(seen) == len(set(seen))
    assert set(about) >= {f"2401.{number:05d}" for number in range(2, 31, 3)}


def found(reader: Device, query: str, limit: int = 100) -> list[dict[str, Any]]:
    """Everything a search finds, page by page."""
    items: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = reader.get(f"/v1/papers?q={quote(query)}&limit={limit}&cursor={cursor}").json
        items += answer["items"]
        cursor = answer["next"]
    return items


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [item["paper"]["id"] for item in items]


SUBJECTS = ["caches of keys and values", "robots that walk", "proteins and graphs", "pictures from sentences"]


@pytest.fixture
def catalogue(me: Device) -> Device:
    """A reader of 80 papers on four subjects; two have a word that no other has."""
    cards = [
        card(at, title=f"Study {at} of {SUBJECTS[at % 4]}", abstract=f"A model for {SUBJECTS[at % 4]}, new and fast.")
        for at in range(1, 81)
    ]
    cards[0]["abstract"] += " It is Quixotic."
    cards[1]["title"] += ": Smart Carts"
    me.rank(*cards)
    return me


def test_what_does_not_match_is_no_result(catalogue: Device) -> None:
    robots = found(catalogue, "robot")
    assert sorted(ids(robots)) == [f"2401.{at:05d}" for at in range(1, 81) if at % 4 == 1]
    assert min(item["score"] for item in robots) > 0
    about = found(catalogue, "keys, values, caches", limit=7)
    assert {int(name[-2:]) % 4 for name in ids(about)} == {0}
    assert len(ids(about)) == len(set(ids(about))) == 20


@pytest.mark.parametrize("query", ["zebra", "zebra robot walks quagga", "%", "_", "art", "quix otic", "xyzzy \\"])
def test_what_matches_nothing_gives_nothing(catalogue: Device, query: str) -> None:
    assert catalogue.get(f"/v1/papers?q={quote(query)}").json == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "number"),
    [("quixotic", 1), ("Quixot", 1), ("quixotic robots", 1), ("smart", 2), ("SMART carts", 2), ("cart", 2)],
)
def test_a_word_that_one_paper_has_finds_it(catalogue: Device, query: str, number: int) -> None:
    assert ids(found(catalogue, query)) == [f"2401.{number:05d}"]


def test_a_common_word_finds_every_paper_that_has_it_once(catalogue: Device) -> None:
    names = ids(found(catalogue, "model", limit=9))
    assert len(names) == len(set(names)) == 80


def test_search_finds_a_paper_by_its_id(me: Device) -> None:
    me.rank(card(1), card(2))
    assert me.get("/v1/papers?q=arXiv:2401.00002v1").json["items"][0]["paper"]["id"] == "2401.00002"
    assert me.get("/v1/papers?q=2402.99999").json == {"items": [], "next": None}


def test_search_shows_nothing_of_anothers_pages(me: Device, other: Device) -> None:
    me.rank(*[card(number) for number in range(1, 10)])
    assert me.get("/v1/papers?q=proteins").json["items"]
    assert other.get("/v1/papers?q=proteins").json["items"] == []
    assert other.get("/v1/papers?q=2401.00001").json["items"] == []


def test_what_a_source_says_is_for_everybody(me: Device, other: Device, context: Context) -> None:
    with context.database.writing() as session:
        merge_source_papers(session, "arxiv", [{"id": "2401.00001", "title": "The title"}], now=context.now())
    assert [reader.get("/v1/papers/2401.00001").json["title"] for reader in (me, other)] == ["The title"] * 2


@sqlite_only
@pytest.mark.parametrize(
    ("query", "field"),
    [("", "q"), ("q=", "q"), ("q=%00", "q"), ("q=x&limit=101", "limit"), ("q=x&cursor=WzFd", "cursor")],
)
def test_what_is_wrong_with_a_search_is_named(me: Device, query: str, field: str) -> None:
    answer = me.get(f"/v1/papers?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
