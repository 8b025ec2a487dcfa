"""Logged events in words."""

from __future__ import annotations

import pytest

from server.pages import logged
from server.services.events import KINDS, SURFACES


def test_every_kind_and_surface_of_the_api_has_its_words() -> None:
    assert set(KINDS) <= set(logged.kinds())
    assert len({tuple(logged.place({"surface": name}, None)) for name in SURFACES}) == len(SURFACES)
    assert all(logged.place({"surface": name}, None) for name in SURFACES)


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({}, []),
        ({"page": "trending"}, ["trending papers"]),
        ({"page": "monthly/2026-11"}, ["listing of a month (2026-11)"]),
        ({"page": "daily/2026-99-99"}, ["listing of a day (2026-99-99)"]),
        ({"page": "weekly/2026-W47"}, ["listing of a week (2026-W47)"]),
        ({"page": "something-new/1"}, ["something-new (1)"]),
        ({"surface": "something new", "position": 1}, ["at place 1"]),
        (
            {"surface": "card", "position": 2, "page": "daily/2026-11-20"},
            ["on its card in the listing", "at place 2", "listing of a day (Nov 20, 2026)"],
        ),
    ],
)
def test_a_place_is_told_as_far_as_it_is_known(event: dict[str, object], said: list[str]) -> None:
    assert logged.place(event, None) == said


def test_a_list_is_told_by_its_time() -> None:
    assert logged.place({"position": 2}, "2026-11-20T08:15:00Z") == ["at place 2 of the list of Nov 20, 2026"]
