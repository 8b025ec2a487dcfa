"""Events as a Parquet file, which Spark, pandas, DuckDB and others read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
import pyarrow
from pyarrow import parquet

from server.errors import Unavailable
from server.home import private_opener
from server.store.database import Row

ROWS = 50_000  # in a group, at least, of which there are no more than one in memory
SCHEMA = pyarrow.schema(
    [
        ("reader_id", pyarrow.string()),
        ("number", pyarrow.int64()),
        ("id", pyarrow.string()),
        ("kind", pyarrow.string()),
        ("paper_id", pyarrow.string()),
        ("at", pyarrow.float64()),
        ("received_at", pyarrow.float64()),
        ("clamped", pyarrow.bool_()),
        ("list_id", pyarrow.string()),
        ("position", pyarrow.int32()),
        ("surface", pyarrow.string()),
        ("page", pyarrow.string()),
        ("content_hash", pyarrow.string()),
    ]
)


def write(path: Path, parts: Iterable[Sequence[Row]]) -> str:
    """Write lists of events to a new file, readable by its owner only, and flush it to disk; return its checksum."""
    digest = blake2b(digest_size=16)
    with open(path, "xb", opener=private_opener) as file:
        with parquet.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
            for rows in _groups(parts):
                group = pyarrow.Table.from_pylist(rows, SCHEMA)
                _add(digest, rows)
                writer.write_table(group, row_group_size=len(rows))
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _groups(parts: Iterable[Sequence[Row]]) -> Iterator[list[Row]]:
    group: list[Row] = []
    for part in parts:
        group.extend(part)
        if len(group) >= ROWS:
            yield group
            group = []
    if group:
        yield group


def check(path: Path, checksum: str) -> None:
    """Read a file back. Raises Unavailable when its events are not those that were to be written."""
    digest = blake2b(digest_size=16)
    with parquet.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            _add(digest, file.read_row_group(number).to_pylist())
    if digest.hexdigest() != checksum:
        raise Unavailable(f"{path.name} does not hold what was written to it; nothing was kept of it.")


def holds(path: Path, count: int) -> bool:
    """Whether there is a file that ends as a whole one with so many events does; its events are not read."""
    try:
        return bool(parquet.read_metadata(path).num_rows == count)
    except (OSError, pyarrow.ArrowException):
        return False


def _add(digest: Any, rows: Iterable[Row]) -> None:
    """Add events to a checksum: of all their columns, in the order of the schema."""
    for row in rows:
        digest.update(orjson.dumps([row[name] for name in SCHEMA.names]))
