"""`inkling archive`: past months, packed in the database and written as Parquet files."""

from __future__ import annotations

import time

import click

from server.commands.progress import count_progress
from server.commands.settings import with_settings
from server.config import Settings
from server.services import archives
from server.services.context import Context


@click.command()
@with_settings
@click.option("--before", metavar="MONTH", help="Archive all months before this one, such as 2026-03.")
@click.option(
    "--older-than",
    type=click.IntRange(archives.KEPT, 1200),
    metavar="MONTHS",
    help=f"Archive the months that ended at least so many months ago.  [default: {archives.OLDER_THAN}]",
)
@click.option("--dry-run", is_flag=True, help="Say what would be packed, and change nothing.")
def archive(settings: Settings, before: str | None, older_than: int | None, dry_run: bool) -> None:
    """Pack the events of past months in the database, and write each month as a Parquet file.

    What a reader sees stays the same. The server may be running, and this may be stopped and started again at any time.
    """
    if before is not None and older_than is not None:
        raise click.UsageError("Say --before or --older-than, not both.")
    context = Context.ready(settings)
    until = archives.first_month_kept(time.time(), older_than=older_than, before=before)
    if dry_run:
        _show_plan(context, until)
        return
    with count_progress("events") as draw:
        done = archives.archive(context, until, draw)
    for month, size in done.written.items():
        click.echo(f"{settings.archive_file(month)}  {size / 2**20:.2f} MB")
    for month in done.changing:
        click.echo(f"{month}: its events change all the time; the next run writes its file.", err=True)
    files = f"{len(done.written)} files written, {len(done.kept)} as they were"
    click.echo(f"{done.packed} events before {until} packed; {files}.")


def _show_plan(context: Context, until: str) -> None:
    counts = archives.plan(context, until)
    for month, count in counts.items():
        click.echo(f"{month}  {count} events")
    click.echo(f"{sum(counts.values())} events before {until} would be packed.")
