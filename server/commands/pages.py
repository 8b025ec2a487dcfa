"""`inkling open`."""

from __future__ import annotations

import json
import time
import webbrowser

import click

from server.clock import rfc3339
from server.commands.settings import with_settings
from server.config import Settings
from server.services import sessions
from server.services.context import Context
from server.store import readers
from server.supervise.state import RunState


@click.command()
@with_settings
@click.option("--reader", help="Whose pages; needed only when there are several readers.")
@click.option("--page", help=f"Where it leads: papers/ID, or one of {', '.join(sessions.PAGES)}.")
@click.option("--browser", is_flag=True, help="Open it here at once, in the browser of this desktop.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def open_(settings: Settings, reader: str | None, page: str | None, browser: bool, as_json: bool) -> None:
    """Print a link that signs a browser in to a reader's pages; it works once, for a minute."""
    if page is not None and not sessions.is_page(page):
        raise click.BadParameter(f"must be papers/ID or one of {', '.join(sessions.PAGES)}.", param_hint="--page")
    context = Context.ready(settings)
    made = sessions.new_link(context, reader or _only_reader(context), time.time())
    # One that runs may listen on another port than a bare `inkling open` knows of.
    url = settings.public_url or (RunState(settings.run_dir).read() or {}).get("url", settings.url)
    link = sessions.address(url, made.code, page)
    if as_json:
        click.echo(json.dumps({"url": link, "expires_at": rfc3339(round(made.expires_at))}))
    elif not (browser and webbrowser.open(link)):
        click.echo(link)


def _only_reader(context: Context) -> str:
    with context.database.reading() as session:
        reader_id, some = readers.only(session), readers.count(session)
    if reader_id is None and some:
        raise click.UsageError("There are several readers: say --reader ID (see `inkling devices`).")
    if reader_id is None:
        raise click.UsageError("There is no reader yet: `inkling pair` makes a link for the first.")
    return reader_id
