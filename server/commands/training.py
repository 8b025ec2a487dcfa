"""`inkling train` and `inkling models`."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime

import click

from server.characters import for_terminal, one_line
from server.commands.progress import stage_progress
from server.commands.settings import with_settings
from server.config import Settings
from server.services import training
from server.services.context import Context
from server.services.trainer_loop import NOT_ENOUGH

NICENESS = 5  # a training must not slow the reader's own work


@click.command()
@with_settings
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed and data give the same model.")
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Train here, or on the Spark cluster that INKLING_SPARK_MASTER names.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def train(settings: Settings, seed: int, engine: str, as_json: bool) -> None:
    """Train one model now, publish it and let it serve."""
    os.nice(NICENESS)
    try:
        with stage_progress("training") as progress:
            result = training.train_once(Context.ready(settings), progress, seed=seed, spark=engine == "spark")
    except training.NotEnoughPapers as error:
        click.echo(f"inkling: {error.message}", err=True)
        sys.exit(NOT_ENOUGH)
    if as_json:
        click.echo(json.dumps(vars(result)))
    else:
        words = f"{result.papers} papers and {result.events} events in {result.seconds:.1f} s"
        click.echo(f"Model {result.version} {'serves' if result.serves else 'was held back'}; trained on {words}.")
        click.echo(for_terminal(result.note))
        if not result.serves:
            click.echo(f"What served goes on; `inkling models promote {result.version}` would overrule that.")


@click.group()
def models() -> None:
    """List the models, or choose which one serves."""


@models.command(name="list")
@with_settings
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def list_(settings: Settings, as_json: bool) -> None:
    """List the models, newest first."""
    rows = training.list_models(Context.ready(settings))
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        made = datetime.fromtimestamp(row["created_at"], UTC).strftime("%Y-%m-%d %H:%M")
        counts = row["manifest"].get("counts", {})
        text = f"{counts.get('papers', '?')} papers, {counts.get('events', '?')} events"
        click.echo(f"{row['version']:<28} {row['status']:<9} {made}  {text}  {one_line(row['note'] or '')}".rstrip())
    if not rows:
        click.echo("No model yet.")


@models.command()
@click.argument("version")
@with_settings
def promote(settings: Settings, version: str) -> None:
    """Let the model VERSION serve."""
    training.promote(Context.ready(settings), version)
    click.echo(f"Model {version} serves.")


@models.command()
@with_settings
def rollback(settings: Settings) -> None:
    """Let the model that served before serve again."""
    version = training.rollback(Context.ready(settings))
    click.echo(f"Model {version} serves again.")


@models.command(name="card")
@click.argument("version", required=False)
@with_settings
def card(settings: Settings, version: str | None) -> None:
    """Print the card of model VERSION, by default the serving one: data, figures, parameters, limits."""
    click.echo(for_terminal(training.read_model_card(Context.ready(settings), version)), nl=False)
