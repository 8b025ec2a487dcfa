"""Cursors: they mark the place they were made of, and nothing else passes for one."""

from __future__ import annotations

import base64
import json

import pytest

from server.api.pagination import page_of, read_cursor, write_cursor
from server.errors import Invalid


@pytest.mark.parametrize("place", [(1.5, "2401.00001"), (0.0, ""), (-3.25, "hep-th/9901001")])
def test_a_cursor_is_read_as_it_was_written(place: tuple[float, str]) -> None:
    assert read_cursor(write_cursor(place), (float, str)) == place


@pytest.mark.parametrize("absent", [None, ""])
def test_no_cursor_is_the_beginning(absent: str | None) -> None:
    assert read_cursor(absent, (float, str)) is None


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ä",
        "AAAA",
        encoded("{}"),
        encoded("[1.5]"),
        encoded('["a", 1.5]'),
        encoded('[true, "a"]'),
        encoded('[NaN, "a"]'),
        encoded('[1e300, "a"]'),
        encoded(json.dumps([1.5, "a\x00"])),
        encoded(json.dumps([1.5, "a" * 501])),
        encoded("[" * 50_000),
    ],
)
def test_what_is_no_cursor_is_refused_by_name(cursor: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_cursor(cursor, (float, str))
    assert refusal.value.field == "cursor"


def test_a_page_says_where_the_next_one_begins() -> None:
    found = [((3.0, "c"), "C"), ((2.0, "b"), "B"), ((1.0, "a"), "A")]
    first = page_of(found, 2)
    assert first["items"] == ["C", "B"]
    assert read_cursor(first["next"], (float, str)) == (2.0, "b")
    assert page_of(found, 3) == {"items": ["C", "B", "A"], "next": None}
