"""The body of an answer, undone from its packing a piece at a time: a small answer must not become a large one here."""

from __future__ import annotations

import zlib

ACCEPT_ENCODING = "gzip"  # what we say we take; anything else was not asked for
_PLAIN = {"", "identity"}
_GZIP = {"gzip", "x-gzip"}


class BadBody(Exception):
    """A body that cannot be read; the text says why, as the end of a sentence that begins with who sent it."""


class ResponseBody:
    """Collects the pieces of one body, at most `largest` bytes of it after unpacking."""

    def __init__(self, encoding: str, largest: int) -> None:
        coding = encoding.strip().lower()
        if coding not in _PLAIN | _GZIP:
            raise BadBody(f"packs its answer as {coding[:40]!r}, which was not asked for")
        self._packed = coding in _GZIP
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._largest = largest
        self._content = bytearray()

    def add(self, piece: bytes) -> None:
        """Take the next piece as it came. Raises BadBody when it is too much, or not what it says it is."""
        while piece:
            piece = self._unpack(piece) if self._packed else self._keep(piece)
            if len(self._content) > self._largest:
                raise BadBody(f"sends too much; given up after {self._largest} bytes")

    def content(self) -> bytes:
        """Return the whole body. Raises BadBody when its end is missing."""
        if self._packed and not self._gzip.eof:
            raise BadBody("sends an answer that is cut off")
        return bytes(self._content)

    def _keep(self, piece: bytes) -> bytes:
        self._content += piece
        return b""

    def _unpack(self, piece: bytes) -> bytes:
        """Unpack no more of a piece than may still be kept; return what is left of it."""
        if self._gzip.eof:  # gzip may come in several members, one after the other
            self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            self._content += self._gzip.decompress(piece, self._largest + 1 - len(self._content))
        except zlib.error as error:
            raise BadBody("sends an answer that cannot be unpacked") from error
        return self._gzip.unconsumed_tail or self._gzip.unused_data
