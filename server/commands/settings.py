"""What several commands share: their options, their settings, their database."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from server.config import Settings
from server.logs import configure_logging

Command = Callable[..., Any]
home_option = click.option("--home", type=click.Path(file_okay=False), help="Where everything is kept.")


def with_settings(command: Command) -> Command:
    """Give a command `--home`, and the checked settings as its first argument; start the log."""

    @home_option
    @functools.wraps(command)
    def wrapped(*arguments: Any, home: str | None, **options: Any) -> Any:
        configure_logging()
        return command(settings_for(home=home), *arguments, **options)

    return wrapped


def settings_for(*, home: str | None, **overrides: Any) -> Settings:
    """Return the environment's settings with what was given on the command line over them."""
    return Settings.from_environment(home=home, **overrides)
