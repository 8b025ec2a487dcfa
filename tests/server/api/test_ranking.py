"""Ranking over HTTP: one entry a card in input order, and recommendations that keep their promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from recommender import Corrections
from server.services.context import Context
from server.services.model_cache import ModelCache
from tests.server.conftest import Device, card, event, sqlite_only
from tests.server.services.test_model_cache import fill, publish

LISTING = Path(__file__).parents[3].parent / "shared" / "data" / "listing"


def ids(answer: dict[str, Any]) -> list[str]:
    return [item["paper"]["id"] for item in answer.get("recommended", answer.get("items", []))]


def test_every_card_has_an_entry_in_input_order(me: Device) -> None:
    cards = [card(3), {"id": "nope"}, card(1, id="arXiv:2401.00001v2"), {"id": "9912.00001"}, card(2)]
    answer = me.rank(*cards)
    assert [entry["input_id"] for entry in answer["cards"]] == [given["id"] for given in cards]
    assert [entry["id"] for entry in answer["cards"]] == ["2401.00003", None, "2401.00001", "9912.00001", "2401.00002"]
    assert sorted(entry["rank"] for entry in answer["cards"] if entry["rank"]) == [1, 2, 3, 4]
    scores = {entry["rank"]: entry["score"] for entry in answer["cards"] if entry["score"] is not None}
    assert [scores[rank] for rank in sorted(scores)] == sorted(scores.values(), reverse=True)


def test_a_page_without_cards_has_recommendations_too(context: Context, me: Device) -> None:
    fill(context.database, 1, 8)
    answer = me.rank()
    assert answer["cards"] == []
    assert len(ids(answer)) > 0
    assert answer["list_id"]


def test_a_card_without_a_usable_id_has_an_error_and_no_rank(me: Device) -> None:
    [broken, missing] = me.rank({"id": "nope", "title": "A title"}, {"title": "A title"})["cards"]
    assert (broken["rank"], broken["error"]["code"]) == (None, "bad_paper_id")
    assert (missing["rank"], missing["input_id"], missing["error"]["field"]) == (None, None, "id")


def test_a_card_of_which_nothing_is_known_ranks_last_without_a_score(me: Device) -> None:
    last = me.rank({"id": "9912.00001"}, card(1), card(2))["cards"][0]
    assert (last["rank"], last["score"], last["basis"], last["reasons"]) == (3, None, "none", [])


def test_one_paper_on_two_cards_has_one_rank(me: Device) -> None:
    entries = me.rank(card(1), card(2), card(1))["cards"]
    assert entries[0]["rank"] == entries[2]["rank"]
    assert {entry["rank"] for entry in entries} == {1, 2}


def test_before_the_first_model_the_answer_says_what_it_rests_on(me: Device) -> None:
    answer = me.rank(card(1), card(2))
    assert answer["model"] is None
    assert {entry["basis"] for entry in answer["cards"]} <= {"text", "fallback"}
    assert {reason["kind"] for entry in answer["cards"] for reason in entry["reasons"]} <= {"fresh", "popular"}


def test_cards_count_at_once_and_a_save_changes_the_next_answer(me: Device) -> None:
    page = [card(number) for number in range(1, 10)]
    me.rank(*page)
    me.log(event("save", "2401.00003"), event("save", "2401.00006"))
    best = min(me.rank(*page)["cards"], key=lambda entry: entry["rank"] if not entry["state"]["saved"] else 99)
    assert best["id"] == "2401.00009"
    assert best["basis"] == "text"
    assert {"paper"} <= {reason["kind"] for reason in best["reasons"]}
    named = [reason for reason in best["reasons"] if reason["kind"] == "paper"]
    assert named[0]["title"].startswith("On attention")


def test_a_saved_paper_counts_though_only_another_worker_has_seen_its_text(me: Device, context: Context) -> None:
    me.rank(card(9), card(8))
    me.log(event("save", "2401.00003"), papers=[card(3)])
    # A worker that has served this long already, and has not looked at SQL since.
    context.model_cache.__dict__.update(ModelCache(context.database, context.settings.models_dir).__dict__)
    entries = me.rank(card(9), card(8))["cards"]
    assert entries[0]["rank"] == 1
    assert any(reason.get("paper") == "2401.00003" for reason in entries[0]["reasons"])


def test_shares_add_up_to_the_score(me: Device) -> None:
    page = [card(number) for number in range(1, 10)]
    me.rank(*page)
    me.log(event("save", "2401.00003"), event("open", "2401.00004"), event("hide", "2401.00005"))
    answer = me.rank(*page[:6])
    for entry in [*answer["cards"], *answer["recommended"]]:
        total = sum(reason["share"] for reason in entry["reasons"])
        assert total == pytest.approx(entry["score"], rel=1e-4, abs=1e-6)


def test_what_everybodys_lists_taught_since_training_is_in_scores_and_their_reasons(
    me: Device, context: Context
) -> None:
    fill(context.database, 1, 60)
    context.settings.models_dir.mkdir(exist_ok=True)
    publish(context.database, context.settings.models_dir)
    context.model_cache.refresh()
    amounts = np.array([2.0, -1.5], np.float32)
    context.model_cache.current().errors.corrections = Corrections(["2401.00003", "2401.00004"], amounts)
    entries = {entry["id"]: entry for entry in me.rank(card(3), card(4), card(5))["cards"]}
    of_readers = {
        name: sum(reason["share"] for reason in entry["reasons"] if reason["kind"] == "readers")
        for name, entry in entries.items()
    }
    assert of_readers == pytest.approx({"2401.00003": 2.0, "2401.00004": -1.5, "2401.00005": 0.0}, abs=1e-5)
    for entry in entries.values():
        total = sum(reason["share"] for reason in entry["reasons"])
        assert total == pytest.approx(entry["score"], rel=1e-4, abs=1e-6)


def test_the_state_of_a_card_is_the_readers_own(me: Device, other: Device) -> None:
    me.log(event("open"), event("save"), event("hide"))
    [mine] = me.rank(card(1))["cards"]
    [theirs] = other.rank(card(1))["cards"]
    assert mine["state"] == {"opened_at": "2026-11-20T08:15:00Z", "saved": True, "hidden": True, "disliked": False}
    assert theirs["state"] == {"opened_at": None, "saved": False, "hidden": False, "disliked": False}


def test_not_personal_ranks_as_for_a_stranger_and_logs_on(me: Device, other: Device) -> None:
    page = [card(number) for number in range(1, 13)]
    other.rank(*page)
    me.call("PATCH", "/v1/me", {"interests": ["graphs of proteins"], "muted": ["diffusion"]})
    me.rank(*page)
    me.log(event("save", "2401.00003"), event("hide", "2401.00006"))
    mine, theirs = me.rank(*page)["cards"], other.rank(*page)["cards"]
    assert [one["rank"] for one in mine] != [one["rank"] for one in theirs]
    me.call("PATCH", "/v1/me", {"personal": False})
    mine = me.rank(*page)["cards"]
    assert [one["rank"] for one in mine] == [one["rank"] for one in theirs]
    assert [one["score"] for one in mine] == pytest.approx([one["score"] for one in theirs], rel=1e-4)
    assert {reason["kind"] for one in mine for reason in one["reasons"]} <= {"fresh", "popular", "readers", "explore"}
    assert [one["state"]["saved"] for one in mine].count(True) == 1
    # What was dealt with is not recommended again, and what is done now counts once it is personal again.
    assert {"2401.00003", "2401.00006"}.isdisjoint(ids(me.rank(card(1), limit=30)))
    assert me.log(event("save", "2401.00009"))[0]["status"] == "accepted"
    me.call("PATCH", "/v1/me", {"personal": True})
    assert me.get("/v1/library").json["items"][0]["paper"]["id"] in {"2401.00003", "2401.00009"}
    best = min(me.rank(*page)["cards"], key=lambda one: one["rank"])
    assert best["id"] in {"2401.00003", "2401.00009", "2401.00012"}


def test_the_sliders_are_one_readers_own(me: Device, other: Device) -> None:
    page = [card(1), card(2, published_at="2020-01-01T00:00:00Z")]

    def fresh(device: Device) -> float:
        reasons = [one for entry in device.rank(*page)["cards"] for one in entry["reasons"]]
        return sum(one["share"] for one in reasons if one["kind"] == "fresh")

    built = fresh(me)
    assert built > 0
    me.call("PATCH", "/v1/me", {"freshness": 2})
    assert fresh(me) == pytest.approx(2 * built, rel=1e-3)
    assert fresh(other) == pytest.approx(built, rel=1e-3)
    me.call("PATCH", "/v1/me", {"freshness": 0})
    assert fresh(me) == 0


def test_without_variety_and_exploration_a_list_is_in_the_order_of_relevance(me: Device) -> None:
    me.rank(*[card(number, upvotes=None) for number in range(1, 40)])
    me.log(event("save", "2401.00003"))
    me.call("PATCH", "/v1/me", {"variety": 0, "exploration": 0})
    plain = me.get("/v1/recommendations?limit=30").json["items"]
    assert not [one for item in plain for one in item["reasons"] if one["kind"] == "explore"]
    me.call("PATCH", "/v1/me", {"variety": 2, "exploration": 2})
    varied = me.get("/v1/recommendations?limit=30").json["items"]
    assert [one for item in varied for one in item["reasons"] if one["kind"] == "explore"]
    assert [item["paper"]["id"] for item in varied] != [item["paper"]["id"] for item in plain]
    for item in varied:
        assert sum(one["share"] for one in item["reasons"]) == pytest.approx(item["score"], rel=1e-4, abs=1e-6)


def test_less_like_this_and_its_undo(me: Device, other: Device) -> None:
    page = [card(number) for number in range(1, 13)]
    before = {entry["id"]: entry for entry in me.rank(*page)["cards"]}
    list_id = me.rank(*page)["list_id"]
    [told] = me.log(event("dislike", "2401.00003", surface="card", list_id=list_id, page="daily/2026-11-20"))
    assert told["status"] == "accepted"
    after = {entry["id"]: entry for entry in me.rank(*page)["cards"]}
    assert after["2401.00003"]["state"]["disliked"]
    alike = ["2401.00006", "2401.00009", "2401.00012"]
    assert all(after[name]["score"] < before[name]["score"] - 1 for name in alike)
    assert {after[name]["rank"] for name in ["2401.00003", *alike]} == {9, 10, 11, 12}
    reason = next(one for one in after[alike[0]]["reasons"] if one.get("paper") == "2401.00003")
    assert reason["share"] < 0
    assert "2401.00003" not in ids(me.rank(card(1), limit=20))
    assert not other.rank(card(3))["cards"][0]["state"]["disliked"]
    listed = [item["paper"]["id"] for item in me.get("/v1/recommendations?days=30000").json["items"]]
    assert "2401.00003" not in listed
    me.log(event("undislike", "2401.00003", at="2026-11-20T09:00:00Z"))
    back = {entry["id"]: entry for entry in me.rank(*page)["cards"]}
    assert not back["2401.00003"]["state"]["disliked"]
    assert {name: one["score"] for name, one in back.items()} == pytest.approx(
        {name: one["score"] for name, one in before.items()}, rel=1e-4
    )
    assert [one["kind"] for one in me.get("/v1/me/events?paper=2401.00003&kind=dislike").json["items"]] == ["dislike"]


def test_nothing_done_with_nor_on_the_page_is_recommended(me: Device) -> None:
    page = [card(number) for number in range(1, 13)]
    me.rank(*page)
    me.log(event("open", "2401.00001"), event("save", "2401.00002"), event("hide", "2401.00003"))
    assert set(ids(me.rank(*page[3:6]))) == {f"2401.{number:05d}" for number in range(7, 13)}
    me.log(event("unhide", "2401.00003", at="2026-11-20T09:00:00Z"))
    assert "2401.00003" in ids(me.rank(*page[3:6]))


def test_a_paper_shown_three_times_without_action_leaves(me: Device) -> None:
    list_id = me.rank(*[card(number) for number in range(1, 6)])["list_id"]
    for times in range(3):
        assert "2401.00004" in ids(me.rank(card(1), limit=9)), times
        me.log(event("impression", "2401.00004", list_id=list_id, position=1))
    assert "2401.00004" not in ids(me.rank(card(1), limit=9))


def test_what_only_my_pages_said_is_recommended_to_me_alone(me: Device, other: Device) -> None:
    me.rank(card(1), card(2))
    assert ids(other.get("/v1/recommendations").json) == []
    assert set(ids(me.get("/v1/recommendations").json)) == {"2401.00001", "2401.00002"}
    other.rank(card(1))
    third = {"2401.00001"}
    assert set(ids(other.get("/v1/recommendations").json)) == third


def test_words_of_anothers_page_are_no_reason_shown_to_me(me: Device, other: Device) -> None:
    me.rank(card(3, title="A secret plan of attention in transformers"), card(6))
    other.log(event("save", "2401.00006"), papers=[card(6)])
    [entry] = other.rank({"id": "2401.00003"})["cards"]
    assert "secret" not in json.dumps(entry)
    assert all("words" not in reason for reason in entry["reasons"])


def test_an_empty_server_has_nothing_to_say_and_says_it(me: Device) -> None:
    assert me.rank()["cards"] == []
    for path in ("/v1/recommendations", "/v1/recommendations?days=3", "/v1/papers?q=attention"):
        assert me.get(path).json["items"] == []


def test_recommendations_can_be_narrowed(me: Device) -> None:
    old = [card(number, published_at="2020-01-01T00:00:00Z") for number in (1, 2)]
    me.rank(*old, card(3, published_at="2026-11-20T00:00:00Z"), card(4, published_at="2126-11-20T00:00:00Z"))
    assert set(ids(me.get("/v1/recommendations?days=36500").json)) == {f"2401.0000{number}" for number in (1, 2, 3, 4)}
    assert not {"2401.00001", "2401.00002"} & set(ids(me.get("/v1/recommendations?days=400").json))
    assert len(ids(me.get("/v1/recommendations?limit=1").json)) == 1
    left = ids(me.get("/v1/recommendations?exclude=2401.00001,arXiv:2401.00002&exclude=2401.00003").json)
    assert left == ["2401.00004"]


def test_asking_for_recommendations_writes_nothing(me: Device, context: Context) -> None:
    me.rank(card(1))
    with context.database.engine.connect() as connection:
        tables = ("lists", "events", "papers", "reader_papers", "page_texts")
        count = text("SELECT " + ", ".join(f"(SELECT count(*) FROM {name})" for name in tables))
        before = connection.execute(count).one()
    assert me.get("/v1/recommendations").json["list_id"]
    with context.database.engine.connect() as connection:
        assert connection.execute(count).one() == before


def test_interests_and_muted_words_count(me: Device) -> None:
    page = [card(number) for number in range(1, 10)]
    me.rank(*page)
    me.call("PATCH", "/v1/me", {"interests": ["graphs of proteins"]})
    answer = me.rank(*page)
    best = min(answer["cards"], key=lambda entry: entry["rank"])
    assert "proteins" in page[int(best["id"][-1]) - 1]["title"]
    assert "interest" in {reason["kind"] for reason in best["reasons"]}


def test_an_interest_may_be_a_sentence_and_a_reason_names_it_as_it_was_written(me: Device) -> None:
    page = [card(number) for number in range(1, 10)]
    me.rank(*page)
    sentence = "I like papers on graphs of proteins, but not robots" + ", nor robots" * 11
    assert me.call("PATCH", "/v1/me", {"interests": [sentence]}).status_code == 200
    best = min(me.rank(*page)["cards"], key=lambda entry: entry["rank"])
    assert "proteins" in page[int(best["id"][-1]) - 1]["title"]
    assert [reason["words"] for reason in best["reasons"] if reason["kind"] == "interest"] == [[sentence]]
    assert sum(reason["share"] for reason in best["reasons"]) == pytest.approx(best["score"], rel=1e-4)


@pytest.mark.parametrize("model", [False, True])
def test_a_followed_author_moves_a_page_and_a_reason_says_so(me: Device, context: Context, model: bool) -> None:
    if model:
        fill(context.database, 0, 60)
        context.settings.models_dir.mkdir(parents=True)
        publish(context.database, context.settings.models_dir)
        context.model_cache.refresh()
    page = [card(number, authors=[f"Author {'ABCDEFGHI'[number % 9]}. Number"]) for number in range(101, 110)]
    page[4] |= {"authors": ["Zoë Z. Quine"], "organization": "Some Lab", "categories": ["cs.LG"]}
    before = {entry["id"]: entry for entry in me.rank(*page)["cards"]}
    followed = ["author:zoe quine", "org:SOME LAB", "category:cs"]
    me.call("PATCH", "/v1/me", {"followed": followed})
    after = {entry["id"]: entry for entry in me.rank(*page)["cards"]}
    chosen = after[page[4]["id"]]
    assert chosen["rank"] == 1
    amounts = {"author": 3.0, "organization": 1.0, "category": 0.5}
    told = {one["kind"]: one for one in chosen["reasons"] if one["kind"] in amounts}
    assert {kind: one["share"] for kind, one in told.items()} == pytest.approx(amounts, rel=1e-4)
    assert [one["words"] for one in told.values()] == [["zoe quine"], ["SOME LAB"], ["cs"]]
    assert chosen["score"] == pytest.approx(before[chosen["id"]]["score"] + 4.5, rel=1e-4)
    assert sum(one["share"] for one in chosen["reasons"]) == pytest.approx(chosen["score"], rel=1e-4)
    others = after.keys() - {chosen["id"]}
    unmoved = {name: before[name]["score"] for name in others}
    assert {name: after[name]["score"] for name in others} == pytest.approx(unmoved, rel=1e-4)
    me.call("PATCH", "/v1/me", {"followed": [], "muted": followed[:1]})
    muted = {entry["id"]: entry for entry in me.rank(*page)["cards"]}[chosen["id"]]
    assert muted["rank"] == len(page)
    assert muted["score"] == pytest.approx(before[chosen["id"]]["score"] - 3, rel=1e-4)


def test_a_model_serves_as_soon_as_it_is_promoted(me: Device, context: Context) -> None:
    fill(context.database, 0, 60)
    context.settings.models_dir.mkdir(parents=True)
    version = publish(context.database, context.settings.models_dir)
    context.model_cache.refresh()
    answer = me.rank({"id": "2401.00001"}, {"id": "2401.00002"})
    assert answer["model"] == version
    assert {entry["basis"] for entry in answer["cards"]} <= {"model", "text", "fallback"}
    assert me.get("/readyz").json["checks"]["model"]["status"] == "ok"


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "papers"),
        ({"papers": "x"}, "papers"),
        ({"papers": [card(1), 3]}, "papers.1"),
        ({"papers": [card(1), card(2, title=3)]}, "papers.1.title"),
        ({"papers": [card(1, authors=["Ann", "\0"])]}, "papers.0.authors.1"),
        ({"papers": [card(1, abstract="\ud800")]}, "papers.0.abstract"),
        ({"papers": [], "limit": 51}, "limit"),
        ({"papers": [], "limit": "3"}, "limit"),
        ({"papers": [], "page": "https://example.org"}, "page"),
    ],
)
def test_what_is_wrong_with_a_page_is_named(me: Device, body: dict[str, Any], field: str) -> None:
    answer = me.post("/v1/rank", body)
    assert (answer.status_code, answer.json["error"]["field"]) == (422, field)


def test_at_most_250_cards(me: Device) -> None:
    assert me.post("/v1/rank", {"papers": [{"id": "2401.00001"}] * 251}).status_code == 413
    assert len(me.rank(*[card(number) for number in range(250)])["cards"]) == 250


@pytest.mark.skipif(not LISTING.is_dir(), reason="the real listing pages (../shared/data/listing) are not here")
@pytest.mark.parametrize("name", ["mar-12.json", "mar-14.json"])
def test_the_real_listing_pages(me: Device, name: str) -> None:
    cards = json.loads((LISTING / name).read_text())["cards"]
    answer = me.rank(*cards)
    assert [entry["id"] for entry in answer["cards"]] == [given["id"] for given in cards]
    assert {entry["rank"] for entry in answer["cards"]} == set(range(1, len({given["id"] for given in cards}) + 1))


def has_reasons(entries: list[dict[str, Any]]) -> set[bool]:
    return {bool(entry["reasons"]) for entry in entries}


@sqlite_only
def test_reasons_come_for_all_papers_for_those_that_show_one_or_for_none(me: Device) -> None:
    page = [card(number) for number in range(1, 7)]
    me.rank(*[card(number) for number in range(1, 13)])
    me.log(event("save", "2401.00003"))
    told = me.rank(*page)
    expected = {"all": ({True}, {True}), "shown": ({False}, {True}), "none": ({False}, {False})}
    for asked, (of_cards, of_recommended) in expected.items():
        answer = me.post("/v1/rank", {"papers": page, "reasons": asked}).json
        assert (has_reasons(answer["cards"]), has_reasons(answer["recommended"])) == (of_cards, of_recommended)
        for one, other in zip(answer["cards"], told["cards"], strict=True):
            assert {**one, "reasons": None} == {**other, "reasons": None}
        items = me.get(f"/v1/recommendations?reasons={asked}").json["items"]
        assert has_reasons(items) == of_recommended
    alone = me.post("/v1/rank", {"papers": page[:1], "reasons": "shown"}).json
    assert has_reasons(alone["cards"]) == {True}, "a page of one card has room for its reason"
    for wrong in ("some", "", None, [], 1):
        answer = me.post("/v1/rank", {"papers": page, "reasons": wrong})
        assert (answer.status_code, answer.json["error"]["field"]) == (422, "reasons")
    assert me.get("/v1/recommendations?reasons=some").status_code == 422


@sqlite_only
def test_the_reasons_for_one_paper_are_those_of_its_card(me: Device, other: Device) -> None:
    page = [card(number) for number in range(1, 7)]
    me.rank(*page)
    me.log(event("save", "2401.00003"))
    for entry in me.rank(*page)["cards"]:
        told = me.get(f"/v1/papers/{entry['id']}/reasons").json
        assert told == {"model": None, **{name: entry[name] for name in ("id", "score", "basis", "reasons")}}
        assert sum(reason["share"] for reason in told["reasons"]) == pytest.approx(told["score"], rel=1e-4, abs=1e-6)
    assert me.get("/v1/papers/9912.00001/reasons").status_code == 404
    assert other.get("/v1/papers/2401.00003/reasons").status_code == 404, "only my pages told of it"


@sqlite_only
def test_nothing_is_like_a_paper_without_text_in_an_empty_catalogue(me: Device) -> None:
    me.log(event("save", "2401.00001"))
    assert me.get("/v1/papers/2401.00001/similar").json == {"items": [], "next": None}
    assert me.get("/v1/papers/2401.00001/reasons").json["basis"] == "none"
