"""Tables in files: papers as JSON lines, events as tab-separated lines, gzipped if the name ends in `.gz`.

Ids keep their bytes, also those that are not UTF-8.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from recommender.data.tables import KINDS, Events, Papers

Row = TypeVar("Row")
Event = tuple[str, str, str, float | None]

_TEXTS = ("title", "abstract", "organization")
_LISTS = ("authors", "categories")


class MalformedLine(ValueError):
    """A line does not parse; the message starts with file:line."""


def read_papers(path: Path) -> Papers:
    """Read JSON lines `{id, title, abstract, …}`; only the id is required. Raises MalformedLine."""
    return Papers.from_rows(_parse_lines(path, _parse_paper))


def read_events(path: Path) -> Events:
    """Read lines `reader⇥paper⇥kind[⇥time]`. Raises MalformedLine."""
    return Events.from_rows(_parse_lines(path, _parse_event))


def read_histories(path: Path) -> tuple[list[str], Events]:
    """Read the readers to rank for, in order, and their events; a line may be a reader alone. Raises MalformedLine."""
    rows = list(
        _parse_lines(path, lambda line: (line, "", "", None) if line and "\t" not in line else _parse_event(line))
    )
    return list(dict.fromkeys(row[0] for row in rows)), Events.from_rows(row for row in rows if row[2])


def read_ids(path: Path) -> list[str]:
    """Read one id a line, without duplicates. Raises MalformedLine."""
    return list(dict.fromkeys(_parse_lines(path, _parse_id)))


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines to a temporary file and rename it; the same lines give the same bytes, gzipped too."""
    partial = path.with_name(path.name + ".part")
    with open(partial, "wb") as plain:
        out = gzip.GzipFile("", "wb", fileobj=plain, mtime=0) if path.suffix == ".gz" else plain
        for line in lines:
            out.write(_encode(line) + b"\n")
        if out is not plain:
            out.close()
    partial.replace(path)


def _parse_lines(path: Path, parse: Callable[[str], Row]) -> Iterator[Row]:
    stream = gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")  # noqa: SIM115
    number = 0
    try:
        with stream as file:
            for number, line in enumerate(file, 1):  # noqa: B007 - read below, when decompression fails
                yield parse(line.decode("utf-8", "surrogateescape").rstrip("\r\n"))
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedLine(f"{path}:{number}: {error}") from error
    except (EOFError, gzip.BadGzipFile) as error:
        raise MalformedLine(f"{path}:{number + 1}: {error}") from error


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # an id from JSON with a lone surrogate that encodes no byte
        return text.encode("utf-8", "surrogatepass")


def _parse_paper(line: str) -> dict[str, Any]:
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        raise ValueError('not a JSON object with a string "id"')
    for name in _TEXTS:
        if not isinstance(row.get(name), str | None):
            raise ValueError(f"{name} must be a string or null")
    for name in _LISTS:
        values = row.get(name)
        if values is not None and not (isinstance(values, list) and all(isinstance(one, str) for one in values)):
            raise ValueError(f"{name} must be a list of strings or null")
    return row | {"published": _parse_published(row), "upvotes": _parse_number(row.get("upvotes"), "upvotes")}


def _parse_published(row: dict[str, Any]) -> float | None:
    value = row.get("published_at", row.get("published"))
    return parse_time(value) if isinstance(value, str) and value else _parse_number(value or None, "published_at")


def _parse_number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} must be a number or null")
    return float(value)


def _parse_event(line: str) -> Event:
    fields = line.split("\t")
    if not 3 <= len(fields) <= 4:
        raise ValueError(f"{len(fields)} fields where reader, paper, kind and perhaps a time belong")
    reader, paper, kind = fields[:3]
    if not reader or not paper:
        raise ValueError("an empty reader or paper")
    if kind not in KINDS:
        raise ValueError(f"kind {kind!r} is none of {', '.join(KINDS)}")
    return reader, paper, kind, parse_time(fields[3]) if len(fields) == 4 else None


def _parse_id(line: str) -> str:
    if not line:
        raise ValueError("an empty id")
    return line


def parse_time(text: str) -> float:
    """Return epoch seconds, given as such or as an RFC 3339 time with its zone. Raises ValueError."""
    try:
        value = float(text)
    except ValueError:
        value = _parse_rfc3339(text)
    if not math.isfinite(value):
        raise ValueError(f"time {text!r} is not finite")
    return value


def _parse_rfc3339(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time {text!r} is neither epoch seconds nor RFC 3339") from None
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone")
    return moment.timestamp()
