"""Addresses that say what has just happened."""

from __future__ import annotations

import pytest

from server.pages.notices import with_notice


@pytest.mark.parametrize(
    ("address", "made"),
    [
        ("/", "/?did=save&of=2401.00001&n=1"),
        ("/library?tag=a+b&did=hide&of=2&n=9#paper-1", "/library?tag=a+b&did=save&of=2401.00001&n=1#paper-1"),
    ],
)
def test_what_happened_takes_the_place_of_what_happened_before(address: str, made: str) -> None:
    assert with_notice(address, "save", ["2401.00001"]) == made


def test_many_papers_are_counted_and_not_named() -> None:
    assert with_notice("/", "save", ["2401.00001"] * 51) == "/?did=save&n=51"
