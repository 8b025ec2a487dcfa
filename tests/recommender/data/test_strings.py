"""Packed strings and their hash index give what lists and dictionaries give, for whatever strings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommender.data import strings as module
from recommender.data.strings import HashIndex, Strings, find_rows, take_strings

HOSTILE = [
    "",
    "plain",
    "Gérard 大",
    "line\nbreak\t",
    "\udc80 lone",
    "\ud83d",
    "\0",
    "a\0",
    "a",
    "é",
    "e\u0301",
    "x" * 70_000,
]
ARXIV = [f"{2401 + at // 1000}.{at % 1000:05d}" for at in range(5000)]
KINDS = {
    "none": [],
    "one empty": [""],
    "hostile": HOSTILE,
    "arXiv's": ARXIV,
    "old, with a slash": [f"hep-th/{9901000 + at}" for at in range(300)],
    "repeated": ["b", "a", "b", "c", "a", "b"],
    "of one beginning": ["long" * 500 + str(at) for at in range(200)],
}
UNKNOWN = ["", "2401", "2401.0000", "2401.000000", "ä", "\ud83e", "x" * 69_999, "\0\0"]


def test_strings_come_back_byte_for_byte():
    packed = Strings.pack(HOSTILE)
    assert list(packed) == HOSTILE
    assert [packed[row] for row in range(len(packed))] == HOSTILE
    assert packed[1:3] == HOSTILE[1:3]
    assert list(Strings.pack([])) == []
    with pytest.raises(IndexError):
        packed[len(HOSTILE)]
    with pytest.raises(IndexError):
        packed[-1]


@pytest.mark.parametrize("kind", KINDS)
def test_some_strings_are_taken_as_one_by_one(kind):
    strings = KINDS[kind]
    rows = np.random.default_rng(1).integers(0, len(strings), 40 if strings else 0)
    expected = [strings[row] for row in rows]
    assert take_strings(Strings.pack(strings), rows) == take_strings(strings, rows) == expected


def check(strings: list[str], asked: list[str]) -> None:
    expected = {string: row for row, string in enumerate(strings)}
    index = HashIndex.build(Strings.pack(strings))
    wanted = [expected.get(string, -1) for string in asked]
    assert [index.get(string, -1) for string in asked] == wanted
    assert [string in index for string in asked] == [string in expected for string in asked]
    assert index.find(asked).tolist() == wanted == find_rows(expected, asked).tolist()
    assert len(index) == len(expected)
    assert set(index) == set(expected)
    assert dict(index) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_a_hash_index_finds_what_a_dictionary_finds(kind):
    check(KINDS[kind], [*KINDS[kind], *UNKNOWN, *KINDS[kind][::-1]])


@given(st.lists(st.text(st.characters(exclude_categories=()))), st.lists(st.text(st.characters(exclude_categories=()))))
def test_a_hash_index_finds_any_strings(strings, others):
    check(strings, [*others, *strings])


@pytest.mark.parametrize("kind", KINDS)
def test_strings_of_one_hash_are_told_apart(kind, monkeypatch):
    monkeypatch.setattr(module, "_hash", lambda encoded: bytes([len(encoded) % 2]) * 8)
    few = KINDS[kind][:60]
    check(few, [*few, *UNKNOWN])


def test_what_is_no_string_is_not_found():
    index = HashIndex.build(Strings.pack(["1", "None"]))
    assert 1 not in index
    assert None not in index
    assert index.get(None, "default") == "default"
    for missing in ("2", 1):
        with pytest.raises(KeyError):
            index[missing]


def test_an_index_read_back_finds_the_same(tmp_path):
    index = HashIndex.build(Strings.pack(ARXIV))
    for name, array in {"text": index.strings.text, "ends": index.strings.ends}.items():
        np.save(tmp_path / f"{name}.npy", array)
    for name, array in {"hashes": index.hashes, "rows": index.rows}.items():
        np.save(tmp_path / f"{name}.npy", array)
    text, ends, hashes, rows = (
        np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("text", "ends", "hashes", "rows")
    )
    assert HashIndex(Strings(text, ends), hashes, rows).find(ARXIV[::7]).tolist() == list(range(0, 5000, 7))
