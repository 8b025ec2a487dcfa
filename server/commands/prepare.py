"""`inkling prepare`: what `inkling up` does before it starts anything."""

from __future__ import annotations

import time

import click

from server.commands.options import with_settings
from server.config import Settings
from server.services import pairing
from server.store import readers
from server.store.database import Database, migrate
from server.tokens import Keys


@click.command(hidden=True)
@with_settings
def prepare(settings: Settings) -> None:
    """Bring the database up to date, and print a pairing link where it is plain whose it is."""
    database = Database.at(settings)
    migrate(database.engine)
    click.echo(_pairing_link(settings, database))


def _pairing_link(settings: Settings, database: Database) -> str:
    """Return a link for a new reader on a new server, or for the next browser of the only reader there is."""
    with database.reading() as session:
        known = [row["id"] for row in readers.every(session)]
    if len(known) > 1:
        return ""
    code = pairing.new_code(database, Keys(settings.secret_key), known[0] if known else None, time.time())
    return pairing.link(settings.url, code.code)
