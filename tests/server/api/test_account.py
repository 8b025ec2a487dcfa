"""The reader's own affairs over HTTP."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import text

from server.services.context import Context
from server.store.tables import metadata
from tests.server.conftest import Device, card, event, sqlite_only


def test_settings_are_changed_one_by_one(me: Device) -> None:
    me.call("PATCH", "/v1/me", {"interests": [" graphs ", ""], "muted": ["crypto"]})
    me.call("PATCH", "/v1/me", {"followed": ["Ann Author"], "muted": []})
    profile = me.get("/v1/me").json
    assert (profile["interests"], profile["followed"], profile["muted"]) == (["graphs"], ["Ann Author"], [])
    assert (profile["reader_id"], profile["device_id"], profile["operator"]) == (me.reader_id, me.id, True)


def test_ranking_settings_are_kept_and_begin_as_built(me: Device) -> None:
    built = {"personal": True, "learn_for_others": True, "variety": 1.0, "freshness": 1.0, "exploration": 1.0}
    profile = me.get("/v1/me").json
    assert {name: profile[name] for name in built} == built
    chosen = {"personal": False, "learn_for_others": False, "variety": 0, "freshness": 2, "exploration": 0.5}
    assert me.call("PATCH", "/v1/me", chosen).status_code == 200
    me.call("PATCH", "/v1/me", {"interests": ["graphs"]})
    profile = me.get("/v1/me").json
    assert {name: profile[name] for name in chosen} == chosen
    exported = me.get("/v1/me/export").json["settings"]
    assert exported == {**chosen, "interests": ["graphs"]}
    me.post("/v1/me/reset", {})
    assert {name: me.get("/v1/me").json[name] for name in built} == built
    assert me.post("/v1/me/import", {"format": "inkling-export", "version": 1, "settings": exported}).status_code == 200
    assert {name: me.get("/v1/me").json[name] for name in chosen} == chosen


@sqlite_only
@pytest.mark.parametrize(
    "body",
    [
        {"personal": "yes"},
        {"learn_for_others": 0},
        {"variety": 2.01},
        {"freshness": -0.1},
        {"exploration": "1"},
        {"exploration": True},
        {"variety": None},
        {"variety": [1]},
    ],
)
def test_a_ranking_setting_out_of_bounds_is_refused_by_name(me: Device, body: dict[str, Any]) -> None:
    before = me.get("/v1/me").json
    answer = me.call("PATCH", "/v1/me", body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, next(iter(body)))
    assert me.get("/v1/me").json == before


def test_names_are_followed_and_muted_besides_words(me: Device) -> None:
    chosen = {
        "interests": ["Graphs  of proteins", "graphs of PROTEINS", "rl: theory"],
        "followed": [
            " Author:  Ada \n Lovelace",
            "author:A. B.",
            "AUTHOR:Lovelace, ada",
            "category:cs.LG",
            "org:Some Lab",
        ],
        "muted": ["author:王伟", "category:math"],
    }
    answer = me.call("PATCH", "/v1/me", chosen)
    assert answer.status_code == 200
    assert answer.json["interests"] == ["Graphs of proteins", "rl: theory"]
    assert answer.json["followed"] == ["author:Ada Lovelace", "author:A. B.", "category:cs.LG", "org:Some Lab"]
    assert me.get("/v1/me").json["muted"] == ["author:王伟", "category:math"]


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"followed": ["author:"]}, "followed.0"),
        ({"followed": ["", "author:Ada", "org: ..."]}, "followed.2"),
        ({"interests": ["category:machine learning"]}, "interests.0"),
        ({"muted": ["graphs", "Category:\u200b"]}, "muted.1"),
        ({"muted": ["author:" + "x" * 200]}, "muted.0"),
        ({"muted": ["author:\0"]}, "muted.0"),
        ({"followed": "author:Ada"}, "followed"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused(me: Device, body: dict[str, Any], field: str) -> None:
    answer = me.call("PATCH", "/v1/me", body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
    assert me.get("/v1/me").json["followed"] == []


def test_the_profile_counts_what_is_kept(me: Device) -> None:
    me.log(event("open"), event("save"), event("hide", "2401.00002"))
    assert me.get("/v1/me").json["counts"] == {"events": 3, "opened": 1, "saved": 1, "hidden": 1}


def test_the_log_is_newest_first_and_word_for_word(me: Device) -> None:
    list_id = me.rank(card(1))["list_id"]
    old = event("open", at="2026-11-01T00:00:00Z", surface="paper_page", page="daily/2026-11-01")
    new = event("impression", at="2026-11-02T00:00:00Z", list_id=list_id, position=3, surface="panel")
    me.log(new, old)
    items = me.get("/v1/me/events").json["items"]
    assert [{**item, "received_at": None} for item in items] == [{**sent, "received_at": None} for sent in (new, old)]


def test_the_log_is_paged_though_events_come_in(me: Device) -> None:
    sent = [event(at=f"2026-11-{day:02d}T00:00:00Z") for day in range(1, 8)]
    me.log(*sent)
    first = me.get("/v1/me/events?limit=4").json
    me.log(event(at="2026-11-21T00:00:00Z"))
    second = me.get(f"/v1/me/events?limit=4&cursor={first['next']}").json
    assert [item["id"] for item in [*first["items"], *second["items"]]] == [one["id"] for one in reversed(sent)]


def test_the_log_of_one_paper_or_of_some_kinds(me: Device) -> None:
    other = "2401.00002"
    me.log(event("open"), event("save"), event("hide", other), event("unhide", other), event("open", other))

    def found(query: str) -> list[tuple[str, str]]:
        seen, cursor = [], ""
        while True:
            page = me.get(f"/v1/me/events?limit=1&{query}{cursor}").json
            seen += [(one["kind"], one["paper"]) for one in page["items"]]
            if not page["next"]:
                return seen[::-1]
            cursor = f"&cursor={page['next']}"

    assert found("paper=arXiv:2401.00002v3") == [("hide", other), ("unhide", other), ("open", other)]
    assert found("kind=hide&kind=unhide") == [("hide", other), ("unhide", other)]
    assert found(f"paper={other}&kind=open") == [("open", other)]
    refused = me.get("/v1/me/events?kind=like")
    assert (refused.status_code, refused.json["error"]["field"]) == (422, "kind.0")


def test_a_deleted_event_is_gone_for_good(me: Device) -> None:
    sent = event("save")
    me.log(sent)
    assert me.call("DELETE", f"/v1/me/events/{sent['id'].upper()}").status_code == 204
    assert me.log(sent)[0]["status"] == "duplicate"
    assert me.get("/v1/me/events").json["items"] == []
    assert me.get("/v1/library").json["items"] == []
    assert me.rank(card(1))["cards"][0]["state"]["saved"] is False


def test_what_was_forgotten_does_not_rank_on(me: Device) -> None:
    def states() -> list[tuple[bool, bool]]:
        entries = me.rank(card(1), card(2), card(3))["cards"]
        return [(entry["state"]["opened_at"] is not None, entry["state"]["saved"]) for entry in entries]

    deleted = event("open", "2401.00002")
    me.log(event("save"), event("open"), deleted, event("open", "2401.00003"), papers=[card(1), card(2), card(3)])
    assert states() == [(True, True), (True, False), (True, False)]
    me.call("DELETE", f"/v1/me/events/{deleted['id']}")
    assert states() == [(True, True), (False, False), (True, False)]
    me.post("/v1/me/reset", {})
    assert states() == [(False, True), (False, False), (False, False)]


def test_nothing_of_a_deleted_event_stays_in_the_database(me: Device, context: Context) -> None:
    sent = event("open")
    me.log(sent)
    me.call("DELETE", f"/v1/me/events/{sent['id']}")
    with context.database.engine.connect() as connection:
        rows = [str(connection.execute(table.select()).all()) for table in metadata.sorted_tables]
    assert not [row for row in rows if sent["id"] in row]


def test_nobody_deletes_somebody_elses_event(me: Device, other: Device) -> None:
    sent = event()
    me.log(sent)
    assert other.call("DELETE", f"/v1/me/events/{sent['id']}").status_code == 404
    assert me.call("DELETE", f"/v1/me/events/{uuid.uuid4()}").status_code == 404
    assert me.call("DELETE", "/v1/me/events/x").status_code == 422
    assert len(me.get("/v1/me/events").json["items"]) == 1


def test_starting_over_forgets_all_but_saved_papers(me: Device) -> None:
    batch = [event("save", "2401.00001"), event("open", "2401.00002"), event("hide", "2401.00003")]
    me.log(*batch, papers=[card(1), card(2), card(3)])
    assert me.post("/v1/me/reset", {}).json == {"forgotten": 2}
    assert [item["paper"]["id"] for item in me.get("/v1/library").json["items"]] == ["2401.00001"]
    assert {result["status"] for result in me.log(*batch)} == {"duplicate"}
    assert me.get("/v1/papers/2401.00002").status_code == 404
    # What was forgotten may be told anew: the page is read again with the next visit.
    me.rank(card(2))
    assert me.get("/v1/papers/2401.00002").json["title"] == card(2)["title"]


def test_one_file_carries_a_reader_elsewhere(me: Device, other: Device) -> None:
    me.log(event("save"), event("open", "2401.00002", at="2026-11-01T00:00:00Z"), papers=[card(1), card(2)])
    me.call("PUT", "/v1/library/2401.00001", {"tags": ["x"], "note": "y", "read": True})
    me.call("PATCH", "/v1/me", {"interests": ["graphs"]})
    answer = me.get("/v1/me/export")
    assert "attachment" in answer.headers["Content-Disposition"]
    first = other.post("/v1/me/import", answer.json)
    assert first.json == {"accepted": 2, "duplicate": 0, "rejected": 0, "papers": 2}
    again = other.post("/v1/me/import", answer.json)
    assert again.json == {"accepted": 0, "duplicate": 2, "rejected": 0, "papers": 2}
    assert other.get("/v1/library").json == me.get("/v1/library").json
    assert other.get("/v1/me").json["interests"] == ["graphs"]
    copy = other.get("/v1/me/export").json
    unlike = {"exported_at": "", "events": []}
    assert {**copy, **unlike} == {**answer.json, **unlike}


def test_importing_ones_own_file_changes_nothing(me: Device) -> None:
    list_id = me.rank(card(1))["list_id"]
    me.log(event("save"), event("impression", list_id=list_id, position=1), event("open", at="2126-01-01T00:00:00Z"))
    before = me.get("/v1/me/export").json
    answer = me.post("/v1/me/import", before).json
    assert (answer["accepted"], answer["duplicate"]) == (0, 3)
    assert {**me.get("/v1/me/export").json, "exported_at": ""} == {**before, "exported_at": ""}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"format": "x"}, "format"), ({"version": 2}, "format"), ({"events": 3}, "events"), ({"settings": 3}, "settings")],
)
@sqlite_only
def test_what_is_no_such_file_is_refused(me: Device, change: dict[str, Any], field: str) -> None:
    answer = me.post("/v1/me/import", {**me.get("/v1/me/export").json, **change})
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_a_file_with_spoilt_parts_gives_the_good_ones(me: Device) -> None:
    file = {
        "format": "inkling-export",
        "version": 1,
        "events": [event("save"), {"kind": "save"}, 3],
        "papers": [card(1), {"id": "nope"}, None],
        "library": [{"paper": "2401.00001", "note": "y"}, {"paper": "nope"}, 3],
    }
    answer = me.post("/v1/me/import", file)
    assert answer.json == {"accepted": 1, "duplicate": 0, "rejected": 2, "papers": 1}
    assert me.get("/v1/library").json["items"][0]["note"] == "y"


def test_a_file_larger_than_other_bodies_is_taken(me: Device) -> None:
    file = {"format": "inkling-export", "version": 1, "note": "x" * 5_000_000, "events": [event()]}
    assert me.post("/v1/me/import", file).json["accepted"] == 1


def test_leaving_takes_everything_along(me: Device, other: Device, context: Context) -> None:
    list_id = other.rank(card(1))["list_id"]
    other.log(event("save"), event("impression", list_id=list_id, position=1), papers=[card(2)])
    deleted = event()
    other.log(deleted)
    other.call("DELETE", f"/v1/me/events/{deleted['id']}")
    other.post("/v1/pairing-codes", {"reader": "me"})
    assert other.call("DELETE", "/v1/me").status_code == 204
    assert other.get("/v1/me").status_code == 401
    with context.database.engine.connect() as connection:
        left = [
            table.name
            for table in metadata.sorted_tables
            if "reader_id" in table.c
            and connection.execute(
                text(f"SELECT count(*) FROM {table.name} WHERE reader_id = :reader"), {"reader": other.reader_id}
            ).scalar()
        ]
    assert left == []
    assert me.get("/v1/me").status_code == 200


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"interests": "x"}, "interests"),
        ({"interests": ["x" * 201]}, "interests.0"),
        ({"muted": ["x"] * 101}, "muted"),
        ({"followed": ["\0"]}, "followed.0"),
        ({"renew_feed": "yes"}, "renew_feed"),
    ],
)
def test_what_is_wrong_with_a_setting_is_named(me: Device, body: dict[str, Any], field: str) -> None:
    answer = me.call("PATCH", "/v1/me", body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)
