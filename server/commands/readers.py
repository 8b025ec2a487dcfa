"""`inkling pair` and `inkling devices`."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import click

from server.characters import one_line
from server.commands.settings import with_settings
from server.config import Settings
from server.services import pairing
from server.services.context import Context
from server.store import devices as device_rows
from server.store import readers
from server.store.database import Database
from server.supervise.state import RunState


@click.command()
@with_settings
@click.option("--reader", help="The reader whose next browser it pairs; needed only when there are several.")
@click.option("--new", is_flag=True, help="Pair the browser of a new reader.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def pair(settings: Settings, reader: str | None, new: bool, as_json: bool) -> None:
    """Print a link that pairs one browser; it works once, for 30 minutes."""
    context = Context.ready(settings)
    if new and reader:
        raise click.UsageError("--new and --reader exclude each other.")
    made = _code(context, reader, new)
    # A running server may listen on another port than this command's settings say.
    url = (RunState(settings.run_dir).read() or {}).get("url", settings.url)
    link = pairing.link(url, made.code)
    reader_text = recipient(context, made)
    if as_json:
        click.echo(
            json.dumps({"code": made.code, "expires_at": _moment(made.expires_at), "link": link, "for": reader_text})
        )
    else:
        click.echo(f"{link}\nOr address {url} and code {made.code}, until {_moment(made.expires_at)}.\n{reader_text}")


def _code(context: Context, reader: str | None, new: bool) -> pairing.NewCode:
    """Make the code that was asked for. Raises UsageError when there are several readers and none was named."""
    now = time.time()
    if new or reader:
        return pairing.new_code(context, reader, now)
    made = pairing.next_code(context, now)
    if made is None:
        raise click.UsageError("There are several readers: say --reader ID (see `inkling devices`) or --new.")
    return made


def recipient(context: Context, made: pairing.NewCode) -> str:
    """Return a sentence on whom a code is for."""
    whose = pairing.find_recipient(context, made.code, time.time())
    if whose.reader_id is None:
        return f"It is for a new reader{', the operator of this server' if whose.operator else ''}."
    names = ", ".join(one_line(name) for name in whose.devices)
    return f"It is for the next browser of reader {whose.reader_id} (so far: {names or 'none'})."


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
@with_settings
def devices(settings: Settings, context: click.Context, as_json: bool) -> None:
    """List readers and their paired browsers."""
    if context.invoked_subcommand:
        context.obj = settings
        return
    now = time.time()
    with Database.ready(settings).reading() as session:
        found = [(row, device_rows.of_reader(session, row["id"], now)) for row in readers.every(session)]
    if as_json:
        click.echo(json.dumps([_as_json(reader, paired) for reader, paired in found], indent=1))
        return
    for reader, paired in found:
        click.echo(
            f"reader {reader['id']}  since {_moment(reader['created_at'])}{'  (demo)' if reader['demo'] else ''}"
        )
        for device in paired:
            seen = _moment(device["last_seen_at"]) if device["last_seen_at"] else "never"
            click.echo(f"  device {device['id']}  {one_line(device['name'])}  last seen {seen}")
    if not found:
        click.echo("No reader yet: `inkling pair` makes a link for the first.")


def _as_json(reader: Any, paired: list[Any]) -> dict[str, Any]:
    shown = ("id", "name", "created_at", "last_seen_at")
    return {
        "reader": reader["id"],
        "created_at": reader["created_at"],
        "demo": reader["demo"],
        "devices": [{name: device[name] for name in shown} for device in paired],
    }


@devices.command()
@click.argument("reader")
@click.argument("device")
@click.pass_obj
def revoke(settings: Settings, reader: str, device: str) -> None:
    """Revoke the token of READER's DEVICE."""
    pairing.revoke(Context.ready(settings), reader, device)
    click.echo(f"Device {device} is no longer paired.")
