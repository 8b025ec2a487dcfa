"""The library over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.conftest import Device, card, event, sqlite_only


def test_saving_twice_keeps_one_copy_and_its_day(me: Device) -> None:
    first = me.call("PUT", "/v1/library/2401.00001")
    again = me.call("PUT", "/v1/library/2401.00001", {})
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json
    assert len(me.get("/v1/library").json["items"]) == 1
    assert [item["kind"] for item in me.get("/v1/me/events").json["items"]] == ["save"]


def test_the_readers_words_are_set_one_by_one(me: Device) -> None:
    me.call("PUT", "/v1/library/2401.00001", {"tags": ["a", "b"], "note": "for Friday"})
    entry = me.call("PUT", "/v1/library/2401.00001", {"read": True, "note": None}).json
    assert (entry["tags"], entry["note"], entry["read"]) == (["a", "b"], None, True)


def test_unsaving_what_is_not_saved_is_fine_and_logs_nothing(me: Device) -> None:
    assert me.call("DELETE", "/v1/library/2401.00001").status_code == 204
    assert me.get("/v1/me/events").json["items"] == []


def test_a_saved_paper_can_be_unsaved_and_saved_again(me: Device) -> None:
    me.log(event("save"))
    assert me.call("DELETE", "/v1/library/2401.00001").status_code == 204
    assert me.get("/v1/library").json["items"] == []
    me.call("PUT", "/v1/library/2401.00001")
    assert len(me.get("/v1/library").json["items"]) == 1


def test_a_word_given_now_counts_over_one_from_a_clock_that_is_ahead(me: Device) -> None:
    me.log(event("save", at="2026-12-01T00:00:00Z"))
    me.call("DELETE", "/v1/library/2401.00001")
    assert me.get("/v1/library").json["items"] == []


def test_ids_with_a_slash_work_plain_and_escaped(me: Device) -> None:
    plain = me.call("PUT", "/v1/library/hep-th/9901001")
    escaped = me.call("PUT", "/v1/library/hep-th%2F9901001v2")
    assert plain.json == escaped.json
    assert plain.json["paper"]["id"] == "hep-th/9901001"
    assert me.call("DELETE", "/v1/library/math.GT%2F0309136").status_code == 204
    assert me.call("DELETE", "/v1/library/hep-th%2F9901001").status_code == 204
    assert me.get("/v1/library").json["items"] == []


def test_pages_follow_one_another_though_papers_come_in(me: Device) -> None:
    at = "2026-11-{:02d}T08:15:00Z"
    me.log(*[event("save", f"2401.{day:05d}", at.format(day)) for day in range(1, 8)])
    seen: list[str] = []
    cursor = ""
    for newer in ("2401.00021", "2401.00022", "2401.00023", None):
        answer = me.get(f"/v1/library?limit=2&cursor={cursor}").json
        seen += [item["paper"]["id"] for item in answer["items"]]
        cursor = answer["next"] or ""
        if newer:
            me.log(event("save", newer, "2026-11-21T08:15:00Z"))
    assert seen == [f"2401.{day:05d}" for day in range(7, 0, -1)]
    assert cursor == ""


def test_papers_saved_in_one_moment_are_all_listed(me: Device) -> None:
    me.log(*[event("save", f"2401.{number:05d}") for number in range(5)])
    first = me.get("/v1/library?limit=3").json
    second = me.get(f"/v1/library?limit=3&cursor={first['next']}").json
    assert [item["paper"]["id"] for item in [*first["items"], *second["items"]]] == [f"2401.{n:05d}" for n in range(5)]
    assert second["next"] is None


def test_a_library_is_ones_own(me: Device, other: Device) -> None:
    me.log(event("save"), papers=[card(1)])
    assert other.get("/v1/library").json["items"] == []
    other.call("PUT", "/v1/library/2401.00001")
    assert other.get("/v1/library").json["items"][0]["paper"]["title"] is None


@sqlite_only
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("nope", None, "id"),
        ("2401.00001", {"tags": "x"}, "tags"),
        ("2401.00001", {"tags": ["x" * 101]}, "tags.0"),
        ("2401.00001", {"note": "\0"}, "note"),
        ("2401.00001", {"read": "yes"}, "read"),
    ],
)
def test_what_is_wrong_with_an_entry_is_named(me: Device, path: str, body: Any, field: str) -> None:
    answer = me.call("PUT", f"/v1/library/{path}", body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert me.get("/v1/library").json["items"] == []


@sqlite_only
@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=1.5", "cursor=x", "cursor=WzEsMl0", "cursor=%00"]
)
def test_what_is_wrong_with_a_page_of_a_list_is_named(me: Device, query: str) -> None:
    answer = me.get(f"/v1/library?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, query.split("=", maxsplit=1)[0])


WANTED = [
    ("", "54321"),
    ("sort=published", "24153"),
    ("sort=title", "54321"[::-1]),
    ("q=attention", "53"),
    ("q=ATTENTION+robots", "3"),
    ("q=müller", "41"),
    ("q=MÜLLER&read=true", "1"),
    ("q=%25", ""),
    ("q=_", "2"),
    ("q=friday", "2"),
    ("q=2401.00004", "4"),
    ("q=tagged", "5"),
    ("tag=tagged-ÄÖ", "5"),
    ("tag=tagged", ""),
    ("tag=b&read=false", "32"),
    ("read=true", "1"),
    ("read=0", "5432"),
    ("q=nothing+at+all", ""),
]


def fill(me: Device) -> None:
    about = {
        1: {"title": "Aerial Views", "authors": ["Ada Müller"], "published_at": "2026-01-03T00:00:00Z"},
        2: {"title": "Birds_Eye", "abstract": "nothing", "published_at": "2026-01-05T00:00:00Z"},
        3: {"title": "Clever Attention", "abstract": "for robots", "published_at": None},
        4: {"title": "ähnlich", "authors": ["Ö. MÜLLER"], "published_at": "2026-01-04T00:00:00Z"},
        5: {"title": "Überall attention", "published_at": "2026-01-01T00:00:00Z"},
    }
    for number, known in about.items():
        paper = {"abstract": "An abstract.", "authors": [], **known, "id": f"2401.{number:05d}", "upvotes": None}
        me.log(event("save", paper["id"], f"2026-11-2{number}T08:00:00Z"), papers=[paper])
    for number, words in {
        1: {"read": True},
        2: {"note": "For Friday", "tags": ["b"]},
        3: {"tags": ["a", "b"]},
        5: {"tags": ["tagged-ÄÖ"]},
    }.items():
        me.call("PUT", f"/v1/library/2401.{number:05d}", words)


def test_what_is_saved_is_filtered_and_sorted(me: Device, other: Device) -> None:
    fill(me)
    other.log(event("save", "2401.00001"))
    for query, numbers in WANTED:
        items = me.get(f"/v1/library?{query}").json["items"]
        assert "".join(item["paper"]["id"][-1] for item in items) == numbers, query
    assert [item["paper"]["title"] for item in other.get("/v1/library?q=2401.00001").json["items"]] == [None]
    assert other.get("/v1/library?q=aerial").json["items"] == []


@pytest.mark.parametrize("sort", ["saved", "published", "title"])
def test_every_order_has_stable_pages(me: Device, sort: str) -> None:
    fill(me)
    # Two that are alike in everything an order may go by, one of which is longer than a cursor likes.
    long = "👩‍🔬 " * 300
    for number in (6, 7):
        paper = {"id": f"2401.{number:05d}", "title": long, "published_at": "2026-01-03T00:00:00Z"}
        me.log(event("save", paper["id"], "2026-11-21T08:00:00Z"), papers=[paper])
    whole = [item["paper"]["id"] for item in me.get(f"/v1/library?sort={sort}").json["items"]]
    seen: list[str] = []
    cursor = ""
    while True:
        answer = me.get(f"/v1/library?sort={sort}&limit=2&cursor={cursor}")
        assert answer.status_code == 200, answer.json
        seen += [item["paper"]["id"] for item in answer.json["items"]]
        cursor = answer.json["next"]
        if not cursor:
            break
        me.log(event("save", f"2402.{len(seen):05d}", "2026-11-26T08:00:00Z"))
        me.call("DELETE", f"/v1/library/{seen[0]}")
    newer = {one for one in seen if one.startswith("2402")}
    assert [one for one in seen if one not in newer] == whole
    assert len(seen) == len(set(seen))


@sqlite_only
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sort=worst", "sort"),
        ("read=maybe", "read"),
        ("q=%00", "q"),
        ("tag=" + "x" * 101, "tag"),
        ("q=" + "x" * 501, "q"),
    ],
)
def test_what_is_wrong_with_a_filter_is_named(me: Device, query: str, field: str) -> None:
    answer = me.get(f"/v1/library?{query}")
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


@sqlite_only
def test_a_cursor_of_another_order_is_refused(me: Device) -> None:
    fill(me)
    cursor = me.get("/v1/library?limit=1&sort=title").json["next"]
    assert me.get(f"/v1/library?limit=1&cursor={cursor}").status_code == 422


@pytest.mark.parametrize(
    ("kind", "media", "sign"),
    [
        ("bibtex", "application/x-bibtex", "@misc{{muller-{id},"),
        ("ris", "application/x-research-info-systems", "AN  - arXiv:{id}"),
        ("csv", "text/csv", '"{id}","Aerial Views'),
        ("json", "application/json", '"id": "{id}"'),
    ],
)
def test_an_export_is_a_file_of_all_or_of_those_named(
    me: Device, other: Device, kind: str, media: str, sign: str
) -> None:
    fill(me)
    whole = me.get(f"/v1/library/export?format={kind}")
    assert (whole.status_code, whole.mimetype) == (200, media)
    assert whole.headers["Content-Disposition"].startswith('attachment; filename="inkling-library-20')
    assert sign.format(id="2401.00001") in whole.text
    assert all(f"2401.{number:05d}" in whole.text for number in range(1, 6))
    some = me.get(f"/v1/library/export?format={kind}&id=2401.00001v2,2401.00009&id=2401.00004")
    assert [number for number in range(1, 10) if f"2401.{number:05d}" in some.text] == [1, 4]
    assert "2401" not in other.get(f"/v1/library/export?format={kind}").text


def test_an_export_has_all_of_a_long_library(me: Device) -> None:
    me.log(*[event("save", f"2401.{number:05d}") for number in range(450)])
    assert me.get("/v1/library/export?format=bibtex").text.count("@misc{") == 450


@sqlite_only
@pytest.mark.parametrize("query", ["", "format=word", "format=ris&id=nope"])
def test_what_is_wrong_with_an_export_is_named(me: Device, query: str) -> None:
    assert me.get(f"/v1/library/export?{query}").status_code == 422
