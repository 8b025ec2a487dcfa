"""Papers over HTTP."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import event as engine_events

from server.services import papers
from server.services import search as search_service
from server.services.context import Context
from server.services.papers import changing_texts, merge_source_papers
from server.services.search import MAX_SHOWN, SORTS
from server.store import search as search_store
from tests.server.api.test_others_pages import settled
from tests.server.conftest import Device, card, event, sqlite_only


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


def test_a_withdrawn_paper_is_found_but_recommended_to_nobody(me: Device, context: Context) -> None:
    me.rank(card(1), card(2), card(3))
    me.call("PUT", "/v1/library/2401.00001")

    def listed() -> set[str]:
        lists = [me.get("/v1/recommendations"), me.get("/v1/papers/2401.00001/similar")]
        return {item["paper"]["id"] for found in lists for item in found.json["items"]}

    assert listed() == {"2401.00002", "2401.00003"}
    with changing_texts(context) as (session, changed):
        told = {"id": "2401.00002", "withdrawn": True}
        changed.update(merge_source_papers(session, "arxiv", [told], now=context.now()))
    assert listed() == {"2401.00003"}
    assert me.get("/v1/papers/2401.00002").json["withdrawn"] is True
    assert [item["paper"]["id"] for item in me.get("/v1/papers?q=2401.00002").json["items"]] == ["2401.00002"]


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


def publish(context: Context, *rows: dict[str, Any]) -> None:
    """What a source says is everybody's."""
    with papers.changing_texts(context) as (session, changed):
        changed.update(merge_source_papers(session, "arxiv", rows, now=context.now()))


def public(number: int, **more: Any) -> dict[str, Any]:
    text = {"title": f"Robots that walk, part {number}", "abstract": "A study of legs. " * (1 + number % 7)}
    return {"id": f"2405.{number:05d}", **text, "published_at": 1.7e9 + number % 11 * 86_400, **more}


@pytest.fixture
def shelf(me: Device, context: Context) -> Device:
    rows = [public(number, authors=["Ann Lee"] if number % 2 else ["Lee Ann"]) for number in range(30)]
    rows[4] |= {"categories": ["cs.RO", "cs.LG"], "title": "Quixotic Graph-Walkers"}
    publish(context, *rows, {"id": "2406.00001", "abstract": "robots without a title"})
    return me


@pytest.mark.parametrize("sort", ["match", "new", "me"])
@pytest.mark.parametrize("asked", ["q=robots walk", "q=author:lee", "author=Lee&q=legs", "since=2023"])
def test_papers_that_come_in_meanwhile_neither_repeat_nor_hide_a_result(
    shelf: Device, context: Context, sort: str, asked: str
) -> None:
    path = f"/v1/papers?{asked}&sort={sort}"
    before = ids(shelf.get(f"{path}&limit=100").json["items"])
    assert len(before) == len(set(before)) >= 29
    seen: list[str] = []
    cursor, number = "", 100
    while cursor is not None:
        answer = shelf.get(f"{path}&limit=4&cursor={cursor}").json
        seen += ids(answer["items"])
        cursor, number = answer["next"], number + 3
        # Better, worse and longer ones, newer and older, and one that makes every word commoner.
        title, when = "Robots walk robots walk", (1.7e9 + number % 5 * 86_400, 1.8e9, 1.6e9)
        if number < 160:
            common = {"authors": ["Ann Lee"], "abstract": "legs " * (number - 99)}
            publish(context, *(public(number + at, title=title * at, published_at=when[at], **common) for at in (1, 2)))
            publish(context, public(number, published_at=when[0], authors=["A. Lee"]))
        if number == 109:
            shelf.log(event("save", before[-1]), event("hide", before[0]))
    assert len(seen) == len(set(seen))
    assert set(before) <= set(seen)


def test_every_next_is_answered_until_a_thousand_are_shown(me: Device, context: Context) -> None:
    names = [f"{2001 + at * 7 % 600:04d}.{at * 7919 % 90_000:05d}" for at in range(2_000)]
    publish(context, *({"id": name, "title": "Robots walk", "authors": ["Ann Lee"]} for name in names[:1_000]))
    for at in range(1_000, 2_000, 250):  # read on the reader's own pages, so that there are more than of one order
        me.rank(*(card(1, id=name, authors=["Ann Lee"]) for name in names[at : at + 250]))
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = me.get(f"/v1/papers?q=author:lee&sort=me&limit=90&cursor={cursor}")
        assert answer.status_code == 200, answer.json
        seen += ids(answer.json["items"])
        cursor = answer.json["next"]
    assert len(seen) == len(set(seen)) == MAX_SHOWN


def test_every_order_has_the_same_results_in_its_own_sequence(shelf: Device, context: Context) -> None:
    shelf.log(event("save", "2405.00004"))
    answers = {sort: shelf.get(f"/v1/papers?q=robots%20legs&sort={sort}&limit=100").json["items"] for sort in SORTS}
    assert {frozenset(ids(items)) for items in answers.values()} == {frozenset(ids(answers["match"]))}
    for sort in ("match", "me"):
        scores = [item["score"] for item in answers[sort]]
        assert scores == sorted(scores, reverse=True)
    dates = [item["paper"]["published_at"] for item in answers["new"]]
    assert dates == sorted(dates, reverse=True)
    assert ids(answers["me"]) != ids(answers["match"])


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ('q=author:"Ann Lee" legs', range(1, 30, 2)),
        ("author=Lee, Ann", range(1, 30, 2)),
        ("author=nobody", []),
        ("category=cs.LG", [4]),
        ("category=cs&q=legs", [4]),
        ("q=robots&category=stat", []),
        ("since=2023-11-22&until=2023-11-22&q=legs", [8, 19]),
        ("q=legs since:2023-11-22 until:2023-11-22", [8, 19]),
        ("until=2023-11-14", [0, 11, 22]),
        ("q=quixotic", [4]),
        ("q=Quixot", [4]),
        ('q="graph walkers"', [4]),
        ('q="walkers graph"', []),
        ("q=graphwalkers", [4]),
        ("q=2405.00004&category=cs.RO", [4]),
        ("q=2405.00004&category=math", []),
    ],
)
def test_filters_narrow_the_results(shelf: Device, asked: str, numbers: Any) -> None:
    items = shelf.get(f"/v1/papers?{asked}&limit=100").json["items"]
    assert sorted(ids(items)) == [f"2405.{number:05d}" for number in numbers]


def test_hits_name_the_fields_and_the_words_as_they_are_written(shelf: Device) -> None:
    [item] = shelf.get("/v1/papers?q=quixot%20walker%20lee&limit=1").json["items"][:1]
    hits = {hit["field"]: hit["words"] for hit in item["hits"]}
    assert hits["title"] == ["Quixotic", "Graph-Walkers"]
    assert hits["authors"] == ["Lee"]
    [item] = shelf.get("/v1/papers?q=arXiv:2405.00004").json["items"]
    assert item["hits"] == [{"field": "id", "words": ["2405.00004"]}]
    for hit in (hit for item in shelf.get("/v1/papers?q=legs").json["items"] for hit in item["hits"]):
        assert hit["words"] or hit["field"] == "meaning"


HOSTILE = [
    *(
        '"',
        '"""',
        "'",
        "*",
        "-",
        ":",
        "^",
        "(",
        ")",
        "()",
        "((((",
        "NEAR(",
        "NEAR/3",
        "\\",
        "`",
        "{",
        "}",
        "[",
        "]",
        "¶",
    ),
    *(
        "zebra NEAR quagga",
        "zebra*",
        "*zebra",
        "-zebra",
        "zebra:",
        "title:zebra",
        "^zebra",
        "zebra AND NOT",
        "(zebra OR",
    ),
    *(
        "author:",
        'author:"',
        "category:",
        "since:zebra",
        "zebra' OR 1=1 --",
        "<-> & | !",
        ":*",
        "zebra:A",
        "\u2060",
        "\ufeff",
    ),
    *("the", "of the and", "it is", "神", "的", "Ж", "ά", "ß", "😀", "e\u0301" * 50, "zebra " * 330, "(" * 1_999),
]


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_queries_that_match_nothing_give_nothing(shelf: Device, typed: str) -> None:
    for sort in SORTS:
        answer = shelf.get(f"/v1/papers?q={quote(typed)}&sort={sort}")
        assert (answer.status_code, answer.json) == (200, {"items": [], "next": None})


def test_other_scripts_and_signs_are_found(me: Device, context: Context) -> None:
    titles = ["图神经网络的注意力", "Überblick über größte Modelle", "GPT-4 in C++ for 3D", "A κ-cache, naïvely"]
    publish(context, *(public(at, title=title, abstract="") for at, title in enumerate(titles)))
    for typed, number in [
        *(("神经网络", 0), ("注意力", 0), ("uberblick", 1), ("GRÖSSTE", 1), ("größte modelle", 1), ("GPT-4", 2)),
        *(("gpt4", 2), ("C++", 2), ("3D", 2), ("κ-cache", 3), ("kappa cache", 3), ("naively", 3), ("κ", 3)),
    ]:
        assert ids(me.get(f"/v1/papers?q={quote(typed)}").json["items"]) == [f"2405.{number:05d}"], typed


@sqlite_only
def test_a_search_that_costs_too_much_says_so(shelf: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_service, "MAX_SECONDS", 0.0)
    monkeypatch.setattr(search_store, "_STEPS", 1)
    for asked in ("q=robot", "category=cs"):
        answer = shelf.get(f"/v1/papers?{asked}")
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "too_costly")
        assert answer.json["error"]["field"] == "q"
    monkeypatch.undo()
    assert shelf.get("/v1/papers?q=robot").status_code == 200


def test_the_beginnings_of_forty_words_cost_as_many_statements_as_one(shelf: Device, context: Context) -> None:
    sent: list[str] = []

    def statements(typed: str) -> int:
        sent.clear()
        assert shelf.get(f"/v1/papers?q={quote(typed)}").status_code == 200
        return len(sent)

    beginnings = [f"robo{letter}{other}" for letter in "bcdfghjk" for other in "aeiou"]
    engine_events.listen(context.database.engine, "before_cursor_execute", lambda *how: sent.append(how[2]))
    assert len(beginnings) == 40
    statements("zzz")  # the first request of a reader reads their history
    assert statements(" ".join(beginnings)) == statements("zzzz")


def test_stop_words_alone_are_looked_for_in_titles(me: Device, context: Context) -> None:
    publish(context, public(1, title="What Is It All For?"), public(2, abstract="what is it all for"))
    assert ids(me.get("/v1/papers?q=what is it").json["items"]) == ["2405.00001"]


def test_text_of_my_pages_is_found_by_me_alone_whatever_is_asked(me: Device, other: Device, context: Context) -> None:
    publish(context, *(public(number) for number in range(5)))
    paths = [
        f"/v1/papers?{asked}&sort={sort}&limit=2"
        for asked in (
            "q=quokkaword",
            "q=robots",
            "q=author:quokkaword",
            "author=Quokkaword",
            "category=cs.QW",
            "since=2026",
        )
        for sort in SORTS
    ]
    before = [settled(other.get(path).json) for path in paths]
    me.rank(
        *(
            card(number, title="Robots of Quokkaword", authors=["Q. Quokkaword"], categories=["cs.QW"])
            for number in range(9)
        )
    )
    assert [settled(other.get(path).json) for path in paths] == before
    for asked in ("q=quokkaword", "q=author:quokkaword", "author=Quokkaword", "category=cs.QW", "since=2026"):
        for sort in SORTS:
            assert len(found_all(me, f"{asked}&sort={sort}")) == 9
    assert len(found_all(me, "q=robots")) == 14
    me.post("/v1/me/reset", {})
    assert [settled(me.get(path).json) for path in paths] == before


def found_all(reader: Device, asked: str) -> set[str]:
    names: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = reader.get(f"/v1/papers?{asked}&limit=2&cursor={cursor}").json
        names += ids(answer["items"])
        cursor = answer["next"]
    assert len(names) == len(set(names))
    return set(names)


@sqlite_only
@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("", "q"), ("q=", "q"), ("q=%00", "q"), ("q=x&limit=101", "limit"), ("q=x&cursor=WzFd", "cursor")),
        *(("q=x&sort=best", "sort"), ("q=x&since=soon", "since"), ("until=2024-02-30", "until"), ("author=%20", "q")),
        *((f"q={'zebra ' * 10_000}", "q"), ("q=x&author=%00", "author"), (f"q=x&cursor={'a' * 9_000}", "cursor")),
    ],
)
def test_what_is_wrong_with_a_search_is_named(me: Device, query: str, field: str) -> None:
    answer = me.get(f"/v1/papers?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
