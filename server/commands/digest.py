"""`inkling digest`: mails what is due."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace

import click

from server.characters import one_line
from server.commands.settings import with_settings
from server.config import Settings
from server.services import digests, mail
from server.services.digests import Outcome
from server.services.serving_context import ServingContext
from server.supervise.state import RunState

SAID = {
    "due": "would be mailed",
    "sent": "mailed",
    "empty": "nothing new, so nothing is mailed",
    "retry": "refused, and tried again later",
    "failed": "given up",
    "unknown": "may not have arrived, and is not mailed twice",
    "handing": "is being mailed",
    "unwanted": "not mailed",
    "overtaken": "mailed by another process",
}


@click.command()
@with_settings
@click.option("--dry-run", is_flag=True, help="Print what would be mailed to whom; mail nothing.")
@click.option("--only-due", is_flag=True, help="Leave alone what waits for a later try (as `inkling up` does).")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def digest(settings: Settings, dry_run: bool, only_due: bool, as_json: bool) -> None:
    """Mail the digest of the day or week to every reader who wants one and has not got it yet."""
    # One that runs may listen on another port than a bare `inkling digest` knows of.
    running = (RunState(settings.run_dir).read() or {}).get("url", settings.url)
    context = ServingContext.ready(replace(settings, public_url=settings.public_url or running))
    try:
        if not mail.is_configured(context) and not dry_run:
            raise click.UsageError(mail.UNCONFIGURED)
        now = time.time()
        found = digests.preview(context, now) if dry_run else digests.send_due(context, now, forced=not only_due)
        _print(found, as_json)
    finally:
        context.close()


def _print(found: Iterator[Outcome], as_json: bool) -> None:
    count = 0
    for one in found:
        count += 1
        if as_json:
            click.echo(json.dumps(asdict(one)))
            continue
        reason = f" ({one_line(one.reason)})" if one.reason and one.status not in {"empty"} else ""
        click.echo(f"reader {one.reader_id}  {one.to}  {one.period}: {SAID[one.status]}{reason}")
        if one.subject:
            click.echo(f"  {one_line(one.subject)}")
        for title in one.papers:
            click.echo(f"  {title}")
    if not count and not as_json:
        click.echo("No digest is due: nobody wants one who has confirmed an address, or all have got theirs.")
