"""A response's body, decompressed piece by piece within a limit, so that a small response cannot fill the memory."""

from __future__ import annotations

import zlib

ACCEPT_ENCODING = "gzip"
_PLAIN = {"", "identity"}
_GZIP = {"gzip", "x-gzip"}


class BadBody(Exception):
    """A body that cannot be read; the text says why, to follow the name of the source in a sentence."""


class ResponseBody:
    """Collects the pieces of one body, at most `largest` bytes after decompression."""

    def __init__(self, encoding: str, largest: int) -> None:
        coding = encoding.strip().lower()
        if coding not in _PLAIN | _GZIP:
            raise BadBody(f"packs its answer as {coding[:40]!r}, which was not asked for")
        self._packed = coding in _GZIP
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._largest = largest
        self._content = bytearray()

    def add(self, piece: bytes) -> None:
        """Add the next piece as it arrived. Raises BadBody past the limit, or when it cannot be decompressed."""
        while piece:
            piece = self._unpack(piece) if self._packed else self._keep(piece)
            if len(self._content) > self._largest:
                raise BadBody(f"sends too much; given up after {self._largest} bytes")

    def content(self) -> bytes:
        """Return the whole body. Raises BadBody when it was cut off."""
        if self._packed and not self._gzip.eof:
            raise BadBody("sends an answer that is cut off")
        return bytes(self._content)

    def _keep(self, piece: bytes) -> bytes:
        self._content += piece
        return b""

    def _unpack(self, piece: bytes) -> bytes:
        """Decompress as much of a piece as the limit still allows; return the rest of the piece."""
        if self._gzip.eof:  # a gzip stream may have several members
            self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            self._content += self._gzip.decompress(piece, self._largest + 1 - len(self._content))
        except zlib.error as error:
            raise BadBody("sends an answer that cannot be unpacked") from error
        return self._gzip.unconsumed_tail or self._gzip.unused_data
