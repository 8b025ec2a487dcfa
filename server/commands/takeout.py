"""`inkling export` and `inkling import`: one reader's own file, out and in."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TextIO

import click

from server.commands.options import with_settings
from server.config import Settings
from server.home import writing
from server.services import me
from server.services.rooms import Rooms
from server.store.database import Database


def _rooms(settings: Settings) -> Rooms:
    """Return what the use cases need, once the database is known to be usable."""
    Database.ready(settings).close()
    return Rooms.of(settings)


@click.command()
@click.argument("reader")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_settings
def export(settings: Settings, reader: str, file: Path) -> None:
    """Write everything kept of READER into FILE (JSON)."""
    found = me.export(_rooms(settings), reader, time.time())
    with writing(file) as out:
        json.dump(found, out, indent=1, ensure_ascii=False)
        out.write("\n")
    click.echo(f"{click.format_filename(file)}: {len(found['events'])} events, {len(found['papers'])} papers.")


@click.command(name="import")
@click.argument("reader")
@click.argument("file", type=click.File(encoding="utf-8"))
@with_settings
def import_(settings: Settings, reader: str, file: TextIO) -> None:
    """Take FILE, made by `inkling export` or by the extension, in for READER; doing so twice changes nothing."""
    try:
        content = json.load(file)
    except ValueError as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise click.UsageError(f"{file.name} is not a file of Inkling's export.")
    told = me.import_(_rooms(settings), reader, content, time.time())
    events = ", ".join(f"{told[status]} {status}" for status in ("accepted", "duplicate", "rejected"))
    click.echo(f"Events: {events}. Papers: {told['papers']}.")
