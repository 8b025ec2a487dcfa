"""Read one large JSON object piece by piece, in constant memory.

UTF-8, UTF-16 and UTF-32 are accepted, with or without a byte order mark, as editors save them.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from server.errors import Invalid, Malformed, TooLarge

MAX_CHARACTERS = 8 * 2**20  # of one value

_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"[-+.0-9eE]*")
_KEEP = 2**16  # characters already read that are dropped together


def read_entries(chunks: Iterable[bytes]) -> Iterator[tuple[str, Any, bool]]:
    """Yield (name, value, in_list) for the object in `chunks`: a list's entries one by one, other values whole.

    A list is announced by (name, [], False). Raises Malformed for what is not JSON, Invalid for what is no object,
    TooLarge for a single value over MAX_CHARACTERS.
    """
    text = _Cursor(decode(chunks))
    if not text.take("{"):
        raise Invalid("Must be one JSON object.")
    if not text.take("}"):
        while True:
            name = text.name()
            text.expect(":")
            if text.take("["):
                yield name, [], False
                yield from ((name, value, True) for value in _read_list(text))
            else:
                yield name, text.value(), False
            if not text.take(","):
                break
        text.expect("}")
    text.expect("")


def _read_list(text: _Cursor) -> Iterator[Any]:
    if text.take("]"):
        return
    yield text.value()
    while text.take(","):
        yield text.value()
    text.expect("]")


def decode(chunks: Iterable[bytes]) -> Iterator[str]:
    """Decode a JSON file. Raises Malformed for bytes that are no text."""
    source = iter(chunks)
    start = b""
    while len(start) < 4 and (chunk := next(source, b"")):
        start += chunk
    # json.detect_encoding looks at the byte order mark or, as JSON begins with two ASCII characters, at the zero bytes.
    decoder = codecs.getincrementaldecoder(json.detect_encoding(start))()
    try:
        yield decoder.decode(start)
        for chunk in source:
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise Malformed(f"The file is no text: {error.reason}; save it as UTF-8.") from error


def _ended(text: str, start: int) -> bool:
    """Whether the value that begins at `start` certainly ends within `text`."""
    number = _NUMBER.match(text, start)
    return number is None or number.end() < len(text)


class _Cursor:
    """A cursor over text that arrives in chunks."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks = chunks
        self._text = ""
        self._at = 0
        self._before = 0  # characters read and dropped
        self._decoder = json.JSONDecoder(parse_constant=self._no_constant)

    def take(self, sign: str) -> bool:
        """Skip white space and read `sign` if it comes next."""
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def expect(self, sign: str) -> None:
        """Read `sign`, or the end of the text for "". Raises Malformed when something else comes next."""
        found = self._next()
        if found != sign:
            self._refuse(f"{sign or 'the end'} belongs here and not {found or 'the end'}")
        self._at += 1

    def name(self) -> str:
        """Read a member's name."""
        if self._next() != '"':
            self._refuse("a name in quotation marks belongs here")
        return str(self.value())

    def value(self) -> Any:
        """Read a whole value."""
        self._next()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._more():
                    self._refuse(error.msg, error.pos)
            except (ValueError, RecursionError) as error:
                self._refuse(str(error))
            else:
                # A number that ends where the text does may continue in the next chunk.
                if _ended(self._text, self._at) or not self._more():
                    self._at = end
                    return value

    def _next(self) -> str:
        """Return the next character that is not white space, "" at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Double the unread text, so that a long value is not parsed again for every chunk; False at the end."""
        if self._at > _KEEP:
            self._text, self._before, self._at = self._text[self._at :], self._before + self._at, 0
        waiting = len(self._text) - self._at
        if waiting > MAX_CHARACTERS:
            raise TooLarge(f"A single entry has more than {MAX_CHARACTERS} characters.")
        parts: list[str] = []
        got = 0
        while got <= waiting and (part := next(self._chunks, None)) is not None:
            parts.append(part)
            got += len(part)
        self._text += "".join(parts)
        return got > 0

    def _no_constant(self, name: str) -> NoReturn:
        self._refuse(f"{name} is no JSON")

    def _refuse(self, why: str, at: int | None = None) -> NoReturn:
        place = self._before + (self._at if at is None else at)
        raise Malformed(f"The file is not JSON: at character {place}, {why[:200]}.")
