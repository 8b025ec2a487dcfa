"""The library as a page: filters, the reader's words, selections, exports."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.server.conftest import Device, card, event, sqlite_only
from tests.server.pages.conftest import Browser, words

HOSTILE = "<script>alert(\"x\")</script> & 'quoted'"


@pytest.fixture
def saved(me: Device) -> list[str]:
    """Six saved papers, the last one saved last."""
    ids = [f"2401.{number:05d}" for number in range(1, 7)]
    events = [event("save", paper, f"2026-11-2{n}T08:00:00Z") for n, paper in enumerate(ids)]
    me.log(*events, papers=[card(number) for number in range(1, 7)])
    return ids


def shown(page: Any) -> list[int]:
    return [int(found) for found in re.findall(r'<li class="paper[^"]*" id="paper-2401\.(\d+)"', page.text)]


def library(me: Device) -> dict[str, Any]:
    return {entry["paper"]["id"]: entry for entry in me.get("/v1/library").json["items"]}


def test_with_nothing_saved_the_page_says_how(mine: Browser) -> None:
    assert "Nothing saved yet." in words(mine.get("/library"))


def test_everything_saved_is_shown_with_its_links(mine: Browser, saved: list[str]) -> None:
    page = mine.get("/library")
    assert shown(page) == [6, 5, 4, 3, 2, 1]
    assert "6 papers" in words(page)
    for part in ("https://arxiv.org/abs/2401.00001", "https://arxiv.org/pdf/2401.00001", "/papers/2401.00001#similar"):
        assert f'href="{part}"' in page.text


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("q=attention", [6, 3]),
        ("tag=b", [2, 1]),
        ("tag=b&q=diffusion", [1]),
        ("read=read", [3]),
        ("read=unread&tag=a", [1]),
        ("read=nonsense&sort=nonsense", [6, 5, 4, 3, 2, 1]),
        ("sort=title", [3, 6, 1, 4, 2, 5]),
        ("q=nothing+like+it", []),
    ],
)
def test_the_page_shows_what_the_filter_wants(
    mine: Browser, me: Device, saved: list[str], query: str, numbers: list[int]
) -> None:
    me.call("PUT", f"/v1/library/{saved[0]}", {"tags": ["a", "b"]})
    me.call("PUT", f"/v1/library/{saved[1]}", {"tags": ["b"]})
    me.call("PUT", f"/v1/library/{saved[2]}", {"read": True})
    page = mine.get(f"/library?{query}")
    assert shown(page) == numbers
    if not numbers:
        assert "Nothing in your library is like that." in words(page)
    assert f"{len(numbers)} of 6 papers" in words(page) or "nonsense" in query or query == "sort=title"


def test_a_long_library_goes_on_and_the_filter_stays(mine: Browser, me: Device) -> None:
    me.log(*[event("save", f"2401.{number:05d}") for number in range(120)])
    for query, first in (("sort=title", 50), ("q=2401&sort=saved", 50)):
        page = mine.get(f"/library?{query}")
        seen = shown(page)
        assert len(seen) == first
        while found := re.search(r'href="(/library\?[^"]+)" rel="next"', page.text):
            page = mine.get(found[1].replace("&amp;", "&"))
            seen += shown(page)
        assert sorted(seen) == list(range(120))


def test_tags_and_note_are_kept(mine: Browser, me: Device, saved: list[str]) -> None:
    answer = mine.post("/library/entry", id=saved[0], tags=" a, b ,, a,ä & ö", note=f"two\r\nlines {HOSTILE}")
    assert answer.status_code == 303
    entry = library(me)[saved[0]]
    assert (entry["tags"], entry["note"]) == (["a", "b", "ä & ö"], f"two\nlines {HOSTILE}")
    page = mine.get("/library")
    assert "<script>alert" not in page.text
    assert HOSTILE in words(page)
    mine.post("/library/entry", id=saved[0], tags="", note="")
    assert (library(me)[saved[0]]["tags"], library(me)[saved[0]]["note"]) == ([], None)


def test_a_selection_is_changed_at_once(mine: Browser, me: Device, saved: list[str]) -> None:
    def change(action: str, *ids: str, **more: str) -> str:
        answer = mine.post("/library/selection", action=action, id=list(ids), **more)
        assert answer.status_code == 303, answer.text
        return words(mine.get(answer.headers["Location"]))

    assert "3 papers marked as read" in change("read", *saved[:3])
    assert [entry["read"] for entry in library(me).values()] == [False, False, False, True, True, True]
    assert "Marked as unread." in change("unread", saved[0])
    assert "Tags added to 2 papers." in change("tag", saved[0], saved[1], tags="new, other")
    assert "Tags removed." in change("untag", saved[1], tags="new")
    assert [library(me)[paper]["tags"] for paper in saved[:3]] == [["new", "other"], ["other"], []]
    assert "Nothing was selected." in change("read")
    assert "4 papers removed" in change("unsave", *saved[:4])
    assert list(library(me)) == [saved[5], saved[4]]


def test_a_removal_can_be_taken_back(mine: Browser, me: Device, saved: list[str]) -> None:
    me.call("PUT", f"/v1/library/{saved[0]}", {"note": "stays"})
    answer = mine.post("/library/selection", action="unsave", id=saved[:2], back="/library?sort=title")
    page = mine.get(answer.headers["Location"])
    undo = page.text.split('class="notice"')[1].split("</form>")[0]
    assert 'value="save"' in undo
    assert "/library?sort=title" in undo.replace("&amp;", "&")
    mine.post("/papers", action="save", id=re.findall(r'name="id" value="([^"]+)"', undo))
    assert set(library(me)) == set(saved)
    assert library(me)[saved[0]]["note"] == "stays"


def test_a_selection_is_exported(mine: Browser, saved: list[str]) -> None:
    answer = mine.post("/library/selection", action="export-bibtex", id=saved[:2])
    file = mine.get(answer.headers["Location"])
    assert (file.mimetype, file.text.count("@misc{")) == ("application/x-bibtex", 2)
    assert mine.get("/library/export?format=csv").text.count("\r\n") == 7
    assert file.headers["Cache-Control"] == "no-store"


@sqlite_only
@pytest.mark.parametrize(
    ("path", "fields", "status"),
    [
        ("/library/selection", {"action": "burn", "id": "2401.00001"}, 422),
        ("/library/selection", {"action": "read", "id": "nope"}, 422),
        ("/library/selection", {"action": "tag", "id": "2401.00001", "tags": "x" * 101}, 422),
        ("/library/entry", {"id": ["2401.00001", "2401.00002"]}, 422),
        ("/library/entry", {"id": "2401.00001", "note": "x" * 10_001}, 422),
        ("/library/entry", {"id": "2401.00001", "note": "\0"}, 422),
        ("/papers", {"action": "burn", "id": "2401.00001"}, 422),
        ("/papers", {"action": "save", "id": "2401.00001", "surface": "moon"}, 422),
    ],
)
def test_what_is_wrong_is_told_and_nothing_changes(
    mine: Browser, me: Device, saved: list[str], path: str, fields: dict[str, Any], status: int
) -> None:
    before = library(me)
    answer = mine.post(path, **fields)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert library(me) == before


def test_of_papers_with_too_many_tags_none_is_changed(mine: Browser, me: Device, saved: list[str]) -> None:
    me.call("PUT", f"/v1/library/{saved[0]}", {"tags": [f"tag {n}" for n in range(50)]})
    assert mine.post("/library/selection", action="tag", id=saved[:3], tags="one more").status_code == 422
    assert [library(me)[paper]["tags"] for paper in saved[1:3]] == [[], []]


def test_nobody_changes_or_exports_anothers_library(
    mine: Browser, theirs: Browser, me: Device, saved: list[str]
) -> None:
    before = library(me)
    for action in ("read", "unsave", "tag"):
        theirs.post("/library/selection", action=action, id=saved, tags="x")
    assert library(me) == before
    assert theirs.get("/library/export?format=bibtex").text == ""
    assert shown(theirs.get("/library")) == []
