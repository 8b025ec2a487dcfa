"""The cursor of a search."""

from __future__ import annotations

import base64
import random
import zlib
from string import ascii_lowercase

import pytest

from server.api.places import MAX_CURSOR, read_place, write_place
from server.errors import Invalid


@pytest.mark.parametrize(
    "place",
    [
        (1.5e9, "2401.00001"),
        (-1e12, "hep-th/9901001"),
        frozenset({"2401.00001", "math/0309136"}),
        frozenset({"2402.00001"}),
    ],
)
def test_a_place_comes_back_as_it_was(place: object) -> None:
    assert read_place(write_place(place)) == place  # type: ignore[arg-type]


def test_a_thousand_results_fit_into_an_address() -> None:
    cursor = write_place(
        frozenset(f"{2000 + number % 27 * 12 % 700:04d}.{number * 7919 % 20_000:05d}" for number in range(1_000))
    )
    assert cursor is not None
    assert len(cursor) < 5_000


def test_a_place_too_long_to_be_read_gives_no_cursor() -> None:
    chance = random.Random(1)
    strange = frozenset(f"{''.join(chance.choices(ascii_lowercase, k=31))}/{at:07d}" for at in range(1_000))
    assert write_place(strange) is None
    assert write_place(None) is None


def test_every_place_of_a_thousand_old_papers_is_read_again() -> None:
    chance = random.Random(2)
    archives = ["hep-th", "math", "cond-mat", "astro-ph", "cs", "gr-qc", "quant-ph", "q-bio", "solv-int", "cmp-lg"]
    place = frozenset(f"{chance.choice(archives)}/{chance.randrange(10_000_000):07d}" for _ in range(1_000))
    cursor = write_place(place)
    assert cursor is not None
    assert len(cursor) <= MAX_CURSOR
    assert read_place(cursor) == place


def packed(raw: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(raw)).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "é", "WzFd", "a" * 7_999, packed(b"[]"), packed(b"{}"), packed(b"[1.0]"), packed(b'["nope"]')),
        *(packed(b'[1e999, "2401.00001"]'), packed(b'[NaN, "2401.00001"]'), packed(b'["2401.00001", 3]')),
        *(packed(b'["\xff"]'), packed(b"[" * 100_000), packed(b" " * 10_000_000 + b'["2401.00001"]')),
    ],
)
def test_what_is_no_cursor_is_said(cursor: str) -> None:
    with pytest.raises(Invalid) as raised:
        read_place(cursor)
    assert raised.value.field == "cursor"


def test_no_cursor_is_the_beginning() -> None:
    assert read_place(None) is None
    assert read_place("") is None
