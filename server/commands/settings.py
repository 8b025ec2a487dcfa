"""The settings of a command: its `--home` option, and the checked settings it is called with."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from server.config import Settings
from server.logs import configure_logging

Command = Callable[..., Any]
home_option = click.option("--home", type=click.Path(file_okay=False), help="The folder that holds everything.")


def with_settings(command: Command) -> Command:
    """Add `--home` to a command, pass it the checked settings as its first argument, and configure logging."""

    @home_option
    @functools.wraps(command)
    def wrapped(*arguments: Any, home: str | None, **options: Any) -> Any:
        configure_logging()
        return command(settings_for(home=home), *arguments, **options)

    return wrapped


def settings_for(*, home: str | None, **overrides: Any) -> Settings:
    """Return the settings from the environment, overridden by those of the command line."""
    return Settings.from_environment(home=home, **overrides)
