"""`inkling migrate`, `inkling backup` and `inkling restore`."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands.settings import with_settings
from server.config import Settings
from server.services import backups
from server.services.context import Context
from server.store.database import Database
from server.store.database import migrate as migrate_schema


@click.command()
@with_settings
def migrate(settings: Settings) -> None:
    """Bring the database's schema up to date."""
    migrate_schema(Database.at(settings).engine)
    click.echo("The schema is current.")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_settings
def backup(settings: Settings, file: Path) -> None:
    """Write everything that must not be lost to FILE (.tar.gz); the server may be running."""
    made = backups.back_up(Context.ready(settings), file)
    contents = f"{made.papers} papers, {made.events} events, {made.models} models, {made.size / 2**20:.1f} MB"
    click.echo(f"{click.format_filename(file)}: {contents}.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_settings
def restore(settings: Settings, file: Path) -> None:
    """Restore FILE into an empty home (or an empty PostgreSQL database)."""
    backups.restore(Context.of(settings), file)
    click.echo(f"{settings.home} holds what {click.format_filename(file)} held.")
