"""One large JSON object, read piece by piece."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import InklingError, Invalid, Malformed, TooLarge
from server.services.json_stream import MAX_CHARACTERS, read_entries

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def pieces(raw: bytes, size: int) -> list[bytes]:
    return [raw[at : at + size] for at in range(0, len(raw), size)]


def read(chunks: Iterable[bytes]) -> dict[str, Any]:
    """Return the object that the entries make up again."""
    found: dict[str, Any] = {}
    for name, value, is_list in read_entries(chunks):
        if is_list:
            found[name].append(value)
        else:
            found[name] = value
    return found


@given(st.dictionaries(st.text(), values, max_size=5), st.integers(1, 9), st.sampled_from([None, 1]))
def test_it_reads_what_the_standard_library_reads(said: dict[str, Any], size: int, indent: int | None) -> None:
    assert read(pieces(json.dumps(said, indent=indent).encode(), size)) == said


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_file_is_read_as_an_editor_saved_it(encoding: str, newline: str) -> None:
    said = {"format": "x", "events": [{"ü": "漢字 😀"}, 2]}
    text = json.dumps(said, ensure_ascii=False, indent=2).replace("\n", newline) + newline
    for mark in {"", "\ufeff"} if encoding in {"utf-16-le", "utf-16-be"} else {""}:
        assert read(pieces((mark + text).encode(encoding), 7)) == said


@pytest.mark.parametrize(
    "text",
    ["{", '{"a"', '{"a":', '{"a":1', '{"a":1,}', '{"a":[1,]}', '{"a":[1 2]}', '{"a":1}}', '{"a":NaN}', '{"a":tru}',
     '{"a":"', "{1:2}", '{"a":1} x', '{"a":' + "[" * 100_000, "\xff\xfe"],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str) -> None:
    for size in (1, 1000):
        with pytest.raises((Malformed, Invalid)):
            read(pieces(text.encode("latin-1"), size))


@pytest.mark.parametrize("text", ["", "[]", "3", '"a"', "null"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read([text.encode()])


def test_a_value_that_is_too_long_is_refused_before_it_is_held() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b'{"a": "'
        while True:
            taken += 2**16
            yield b"x" * 2**16

    with pytest.raises(TooLarge):
        read(endless())
    assert taken < 5 * MAX_CHARACTERS


def _peak(count: int) -> int:
    entry = json.dumps({"id": "x" * 200}).encode()

    def chunks() -> Iterator[bytes]:
        yield b'{"events": ['
        for _ in range(count):
            yield entry + b","
        yield entry + b"]}"

    tracemalloc.start()
    for _ in read_entries(chunks()):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_longer_list_takes_no_more_memory() -> None:
    assert _peak(20_000) < 2 * _peak(2_000)


def test_a_long_value_is_not_tried_for_every_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    whole = json.JSONDecoder.raw_decode

    def counted(self: json.JSONDecoder, text: str, at: int = 0) -> Any:
        looked_at.append(len(text) - at)
        return whole(self, text, at)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", counted)
    raw = b'{"a": "' + b"x" * 2**20 + b'"}'
    read(pieces(raw, 100))
    assert sum(looked_at) < 5 * len(raw)


def test_an_error_says_where() -> None:
    text = '{"a": 1, "b" 2}'
    with pytest.raises(InklingError, match="at character 13"):
        read(pieces(text.encode(), 3))
