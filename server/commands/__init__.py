"""The command line. Each command is imported when it is asked for, so that small commands start fast.

Law: as thin as a view. A command reads its options, calls one service, and prints.
"""

from __future__ import annotations

from importlib import import_module

import click

from server import __version__
from server.config import ConfigurationError
from server.errors import InklingError

# name -> module inside this package; the command is found in it under the same name, with _ for -.
COMMANDS = {
    "up": "up",
    "serve": "serve",
    "train": "training",
    "schedule": "training",
    "models": "training",
    "rank": "offline",
    "evaluate": "offline",
    "ingest": "ingest",
    "pair": "readers",
    "devices": "readers",
    "export": "readers",
    "import": "readers",
    "migrate": "storage",
    "backup": "storage",
    "restore": "storage",
    "demo": "demo",
    "service": "service",
    "prepare": "prepare",
}


class _LazyGroup(click.Group):
    """A group that imports a command only to run it or to print its help."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[name]}")
        return getattr(module, f"{name}_" if name == "import" else name)

    def invoke(self, context: click.Context) -> object:
        """Run a command; an expected error becomes one line on stderr instead of a trace."""
        try:
            return super().invoke(context)
        except ConfigurationError as error:
            raise click.UsageError("\n".join(error.problems)) from error
        except InklingError as error:
            raise click.ClickException(error.message) from error


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="inkling")
def main() -> None:
    """Inkling tells you what to read next, inside the papers listing you already open every day."""
