"""A source's text and times are cleaned before they are kept."""

from __future__ import annotations

import pytest

from server.sources.paper import MAX_TEXT, clean_text, parse_time


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  A\n title\t\x00here ", "A title here"),
        ("half \ud800 a pair", "half ? a pair"),
        (" \x1f\n", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_text_is_one_line_that_a_database_takes(text: object, kept: str | None) -> None:
    assert clean_text(text) == kept


def test_a_text_without_end_is_cut() -> None:
    assert len(clean_text("x" * 10**6) or "") == MAX_TEXT


def test_a_time_that_is_none_is_unknown() -> None:
    assert parse_time(" 1970-01-01T00:01:00Z\n") == 60.0
    assert [parse_time(text) for text in ("soon", "", None, 5)] == [None] * 4
