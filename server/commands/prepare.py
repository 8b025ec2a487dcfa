"""`inkling prepare`: what `inkling up` does before it starts anything."""

from __future__ import annotations

import time

import click

from server.commands.readers import recipient
from server.commands.settings import with_settings
from server.config import Settings
from server.services import pairing
from server.store.database import Database, migrate
from server.tokens import Keys


@click.command(hidden=True)
@with_settings
def prepare(settings: Settings) -> None:
    """Bring the database up to date; where it is plain whose it is, print a pairing link and whom it is for."""
    database = Database.at(settings)
    migrate(database.engine)
    made = pairing.next_code(database, Keys(settings.secret_key), time.time())
    if made:
        click.echo(f"{pairing.link(settings.url, made.code)}\n{recipient(database, settings, made)}")
