"""Many strings as a few arrays, which a model stores and all workers map: the strings, and a hash index of them.

A million Python strings take some 60 MB in every process, a dictionary of them another 80.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, overload

import numpy as np

_HASH_BYTES = 8


class Strings(Sequence[str]):
    """Strings packed into two arrays, `text` uint8 (their UTF-8 bytes) and `ends` int64, decoded on access."""

    def __init__(self, text: np.ndarray, ends: np.ndarray) -> None:
        self.text, self.ends = text, ends

    @classmethod
    def pack(cls, strings: Iterable[str]) -> Strings:
        """Pack strings; unpaired surrogates are kept."""
        encoded = [encode(string) for string in strings]
        text = np.frombuffer(b"".join(encoded), np.uint8)
        return cls(text, np.cumsum([len(one) for one in encoded], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ends)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Return one string, or a list of them for a slice."""
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        return self.encoded(index).decode("utf-8", "surrogatepass")

    def encoded(self, row: int) -> bytes:
        """Return the UTF-8 bytes of one string. Raises IndexError."""
        if not 0 <= row < len(self):
            raise IndexError(row)
        start = int(self.ends[row - 1]) if row else 0
        return self.text[start : int(self.ends[row])].tobytes()

    def take(self, rows: np.ndarray) -> list[str]:
        """Return the strings at `rows` int64 (M,): quicker than one by one."""
        starts, ends = np.where(rows > 0, self.ends[rows - 1], 0).tolist(), self.ends[rows].tolist()
        text = np.asarray(self.text)  # every slice of a memory map is one of its own
        return [
            text[start:end].tobytes().decode("utf-8", "surrogatepass") for start, end in zip(starts, ends, strict=True)
        ]

    def __iter__(self) -> Iterator[str]:
        for one in self.iterate_encoded():
            yield one.decode("utf-8", "surrogatepass")

    def iterate_encoded(self) -> Iterator[bytes]:
        """Yield the UTF-8 bytes of all strings in turn."""
        whole, start = self.text.tobytes(), 0
        for end in self.ends.tolist():
            yield whole[start:end]
            start = end

    def equal(self, rows: np.ndarray, others: Strings) -> np.ndarray:
        """Return which of the strings at `rows` int64 (M,) are those of `others` (M,), bool (M,)."""
        ends, other_ends = self.ends[rows], others.ends
        starts, other_starts = np.where(rows > 0, self.ends[rows - 1], 0), np.concatenate([[0], other_ends[:-1]])
        lengths = other_ends - other_starts
        same = (ends - starts) == lengths
        compared = np.flatnonzero(same & (lengths > 0))
        owner = np.repeat(compared, lengths[compared])
        within = np.arange(len(owner)) - np.repeat(np.cumsum(lengths[compared]) - lengths[compared], lengths[compared])
        differs = self.text[starts[owner] + within] != others.text[other_starts[owner] + within]
        same[owner[differs]] = False
        return same


class HashIndex(Mapping[str, int]):
    """The row of each of these `strings` (P,), found by its hash; of equal strings, the last row.

    `hashes` uint64 (K,) are sorted, `rows` int32 (K,) are theirs. BLAKE2b rather than anything quicker: whoever names
    papers could make many strings of one hash in a weak one, and each lookup would go through all of them.
    """

    def __init__(self, strings: Strings, hashes: np.ndarray, rows: np.ndarray) -> None:
        self.strings, self.hashes, self.rows = strings, hashes, rows

    @classmethod
    def build(cls, strings: Strings) -> HashIndex:
        """Index packed strings."""
        hashes = _hash_all(strings.iterate_encoded())
        order = np.argsort(hashes, kind="stable").astype(np.int32)
        index = cls(strings, hashes[order], order)
        kept = np.ones(len(order), bool)
        for at in np.flatnonzero(index.hashes[1:] == index.hashes[:-1]):
            kept[at] = index._find(strings.encoded(int(order[at]))) == order[at]
        return index if kept.all() else cls(strings, index.hashes[kept], index.rows[kept])

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[str]:
        if len(self.rows) == len(self.strings):
            return iter(self.strings)
        return (self.strings[row] for row in np.sort(self.rows).tolist())

    def __contains__(self, string: object) -> bool:
        return isinstance(string, str) and self._find(encode(string)) >= 0

    def __getitem__(self, string: str) -> int:
        row = self._find(encode(string)) if isinstance(string, str) else -1
        if row < 0:
            raise KeyError(string)
        return row

    def get(self, string: object, default: Any = None) -> Any:
        """Return the row of a string, or the default."""
        row = self._find(encode(string)) if isinstance(string, str) else -1
        return default if row < 0 else row

    def _find(self, encoded: bytes) -> int:
        """Return the row of a string, or -1."""
        wanted = np.uint64(int.from_bytes(_hash(encoded), "little"))
        for at in range(int(self.hashes.searchsorted(wanted, "right")) - 1, -1, -1):
            if self.hashes[at] != wanted:
                break
            row = int(self.rows[at])
            if self.strings.encoded(row) == encoded:
                return row
        return -1

    def find(self, strings: Sequence[str]) -> np.ndarray:
        """Return the rows of strings, int64 (M,), -1 for those that are not here: quicker than one by one."""
        if not len(strings) or not len(self.rows):
            return np.full(len(strings), -1, np.int64)
        wanted = Strings.pack(strings)
        hashes = _hash_all(wanted.iterate_encoded())
        at = np.minimum(np.maximum(self.hashes.searchsorted(hashes, "right") - 1, 0), len(self.rows) - 1)
        rows = self.rows[at].astype(np.int64)
        found = self.hashes[at] == hashes
        same = self.strings.equal(rows, wanted)
        for one in np.flatnonzero(found & ~same):  # another string of the same hash
            rows[one] = self._find(wanted.encoded(int(one)))
        return np.where(found, rows, -1)


def find_rows(rows_of: Mapping[str, int], strings: Sequence[str]) -> np.ndarray:
    """Return what a mapping has for each of these strings, int64 (M,), -1 for those it has not."""
    if isinstance(rows_of, HashIndex):
        return rows_of.find(strings)
    return np.array([rows_of.get(string, -1) for string in strings], np.int64)


def take_strings(strings: Sequence[str], rows: np.ndarray) -> list[str]:
    """Return the strings at `rows` int64 (M,) of any sequence."""
    return strings.take(rows) if isinstance(strings, Strings) else [strings[row] for row in rows.tolist()]


def encode(string: str) -> bytes:
    """Return the UTF-8 bytes of a string, unpaired surrogates kept."""
    return string.encode("utf-8", "surrogatepass")


def _hash(encoded: bytes) -> bytes:
    return blake2b(encoded, digest_size=_HASH_BYTES).digest()


def _hash_all(encoded: Iterable[bytes]) -> np.ndarray:
    """Return the hashes of strings, uint64 (M,)."""
    return np.frombuffer(b"".join(map(_hash, encoded)), "<u8")
