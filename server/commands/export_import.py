"""`inkling export` and `inkling import`: everything kept about one reader, as a file."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from server.commands.settings import with_settings
from server.config import Settings
from server.errors import Invalid, Malformed
from server.home import atomic_write
from server.services import export_import
from server.services.context import Context

CHUNK = 2**16  # bytes


@click.command()
@click.argument("reader")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_settings
def export(settings: Settings, reader: str, file: Path) -> None:
    """Write everything kept about READER to FILE (JSON)."""
    counts: Counter[str] = Counter()
    pieces = export_import.export(Context.ready(settings), reader, time.time(), counts)
    with atomic_write(file) as out:
        out.writelines(pieces)
    click.echo(f"{click.format_filename(file)}: {counts['events']} events, {counts['papers']} papers.")


@click.command(name="import")
@click.argument("reader")
@click.argument("file", type=click.File("rb"))
@with_settings
def import_(settings: Settings, reader: str, file: BinaryIO) -> None:
    """Import FILE, from `inkling export` or the extension, for READER; importing it twice changes nothing."""
    try:
        counts = export_import.import_(
            Context.ready(settings), reader, iter(partial(file.read, CHUNK), b""), time.time()
        )
    except (Malformed, Invalid) as error:
        raise click.UsageError(
            f"{click.format_filename(file.name)} is not a file of Inkling's export: {error.message}"
        ) from error
    events = ", ".join(f"{counts[status]} {status}" for status in ("accepted", "duplicate", "rejected"))
    click.echo(f"Events: {events}. Papers: {counts['papers']}.")
