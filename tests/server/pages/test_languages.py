"""The language of a request: its days and numbers; the sentences themselves are in `test_translations.py`."""

from __future__ import annotations

from server.pages import languages


def test_days_and_numbers_are_written_as_the_language_does() -> None:
    assert languages.day("2026-11-20T08:15:00Z") == "Nov 20, 2026"
    assert languages.day(None) == ""
    assert languages.number(12345) == "12,345"
