"""`inkling demo`: fills an empty home with invented papers and readers."""

from __future__ import annotations

from dataclasses import replace

import click

from server.commands.options import with_settings
from server.commands.prepare import prepare_demo
from server.config import Settings
from server.store.database import Database
from server.store.database import migrate as migrate_schema


@click.command()
@with_settings
def demo(settings: Settings) -> None:
    """Fill an empty home with invented papers and readers, and train on them; `inkling up --demo` then shows it."""
    database = Database.at(settings)
    migrate_schema(database.engine)
    prepare_demo(replace(settings, demo=True), database)
    click.echo(f"{settings.home} holds the demo; `inkling up --demo --home {settings.home}` shows it.")
