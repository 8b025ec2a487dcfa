"""A response's body is decompressed within a limit, and refused when it is cut off or too large."""

from __future__ import annotations

import gzip

import pytest

from server.sources.response_body import BadBody, ResponseBody


def read(encoding: str, *pieces: bytes, largest: int = 1000) -> bytes:
    body = ResponseBody(encoding, largest)
    for piece in pieces:
        body.add(piece)
    return body.content()


@pytest.mark.parametrize("encoding", ["", "identity", " Identity "])
def test_a_plain_body_is_its_pieces(encoding: str) -> None:
    assert read(encoding, b"one ", b"", b"two") == b"one two"


def test_gzip_is_unpacked_over_any_pieces_and_members() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert read("gzip", *(packed[at : at + 1] for at in range(len(packed)))) == b"one two"
    assert read("x-gzip", packed) == b"one two"


@pytest.mark.parametrize(("encoding", "pieces"), [("", [b"x" * 600] * 2), ("gzip", [gzip.compress(bytes(10**6))])])
def test_more_than_the_limit_is_refused(encoding: str, pieces: list[bytes]) -> None:
    with pytest.raises(BadBody, match="sends too much"):
        read(encoding, *pieces)


def test_what_is_cut_off_or_no_gzip_or_was_not_asked_for_is_refused() -> None:
    with pytest.raises(BadBody, match="cut off"):
        read("gzip", gzip.compress(b"x" * 100)[:-4])
    with pytest.raises(BadBody, match="cannot be unpacked"):
        read("gzip", b"<html>")
    with pytest.raises(BadBody, match="not asked for"):
        read("br", b"x")
