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
