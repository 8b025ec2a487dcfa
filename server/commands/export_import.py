"""`inkling export` and `inkling import`: everything kept about one reader, as a file."""

from __future__ import annotations

import gzip
import json
import time
from collections import Counter
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import BinaryIO

import click

from server.characters import one_line
from server.commands.progress import count_progress
from server.commands.settings import with_settings
from server.config import Settings
from server.errors import Invalid, Malformed
from server.home import atomic_write
from server.services import export_import
from server.services.context import Context

CHUNK = 2**16  # bytes
STDIN = "<stdin>"
MAX_LINE = 2**20  # bytes of a first line, by which a table is told from an export


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
@click.argument("reader", nargs=-1, metavar="[READER]")
@click.argument("file", type=click.File("rb"))
@click.option("--operator", is_flag=True, help="FILE is of many readers, or has papers for everybody.")
@with_settings
def import_(settings: Settings, reader: tuple[str, ...], file: BinaryIO, operator: bool) -> None:
    """Import FILE for READER, or with --operator for everybody; importing it twice changes nothing.

    FILE is from `inkling export` or the extension, or a table of `inkling rank`: lines reader⇥paper⇥kind[⇥time], or
    papers as JSON lines; gzipped too, if its name ends in .gz. With --operator each name in the first column becomes
    a reader (or is one, by id); they are listed, so that `inkling pair --reader ID` can make codes for them.
    """
    if operator == bool(reader) or len(reader) > 1:
        raise click.UsageError("Name one READER, or nobody with --operator.")
    context = Context.ready(settings)
    is_pipe = _name(file) == STDIN
    kind = "export" if is_pipe else _kind_of(file)
    if kind != "export":
        _import_table(context, kind, Path(_name(file)), None if operator else reader[0])
    elif operator and is_pipe:
        raise click.UsageError("Name the FILE: a table is not read from a pipe.")
    elif operator:
        raise click.UsageError("An export is of one reader: name the READER whose it is to become.")
    else:
        _import_export(context, reader[0], file)


def _name(file: BinaryIO) -> str:
    return str(getattr(file, "name", STDIN))


def _kind_of(file: BinaryIO) -> str:
    """Say what a file is by its first line that is not blank: `events` or `papers` of a table, else `export`."""
    try:
        with _plain(file) as plain:
            line = plain.readline(MAX_LINE)
            while line and not line.strip():
                line = plain.readline(MAX_LINE)
    except (EOFError, gzip.BadGzipFile) as error:
        name = click.format_filename(_name(file))
        raise click.UsageError(f"{name} is no gzip file, or cut short: {error}") from error
    file.seek(0)
    if b"\t" in line and not line.lstrip().startswith((b"{", b"[")):
        return "events"
    try:
        first = json.loads(line)
    except ValueError:
        return "export"
    return "papers" if isinstance(first, dict) and isinstance(first.get("id"), str) else "export"


def _plain(file: BinaryIO) -> gzip.GzipFile | nullcontext[BinaryIO]:
    return gzip.open(file) if _name(file).endswith(".gz") else nullcontext(file)


def _import_export(context: Context, reader: str, file: BinaryIO) -> None:
    try:
        with _plain(file) as plain:
            counts = export_import.import_(context, reader, iter(partial(plain.read, CHUNK), b""), time.time())
    except (EOFError, Malformed, Invalid) as error:
        why = error.message if isinstance(error, Malformed | Invalid) else f"it is cut short ({error})"
        raise click.UsageError(
            f"{click.format_filename(_name(file))} is not a file of Inkling's export: {why}"
        ) from error
    events = ", ".join(f"{counts[status]} {status}" for status in ("accepted", "duplicate", "rejected"))
    click.echo(f"Events: {events}. Papers: {counts['papers']}.")


def _import_table(context: Context, kind: str, path: Path, reader: str | None) -> None:
    # The recommender takes seconds to import, which an export need not pay.
    from recommender.data.files import MalformedLine, read_events, read_papers
    from server.services import bulk_import

    if reader is not None:
        bulk_import.check_reader(context, reader)
    try:
        table = read_events(path) if kind == "events" else read_papers(path)
    except MalformedLine as error:
        raise click.UsageError(str(error)) from error
    with count_progress(kind) as draw:
        outcome = bulk_import.import_table(
            context, table, time.time(), reader_id=reader, tell=lambda done: draw(done, len(table))
        )
    for refusal in outcome.refusals:
        click.echo(one_line(refusal), err=True)
    if reader is None:
        for name, made in outcome.readers.items():
            click.echo(f"{one_line(name)}\t{made}")
    counts = ", ".join(f"{number} {status}" for status, number in sorted(outcome.counts.items()))
    click.echo(f"{kind.capitalize()}: {counts or 'none'}.", err=reader is None)
