"""The command line. A command's module is imported only when it is used, so that small commands start fast.

Law: as thin as a view. A command reads its options, calls one service, and prints.
"""

from __future__ import annotations

import errno
import os
from importlib import import_module

import click

from server import __version__
from server.characters import for_terminal
from server.config import ConfigurationError
from server.errors import InklingError
from server.home import UMASK

# name -> (module in this package, help text). In the module the command has the same name; `import` and `open` have an
# underscore more.
COMMANDS = {
    "up": ("up", "Run everything in the foreground: Valkey, the API, the trainer and the sources."),
    "serve": ("serve", "Serve the API alone."),
    "train": ("training", "Train one model now, publish it and let it serve."),
    "schedule": ("schedule", "Train at intervals, or after enough new events."),
    "rank": ("offline", "Rank papers for readers from files, without a server."),
    "evaluate": ("offline", "Measure the ranking on held-out interactions."),
    "models": ("training", "List the models, or choose which one serves."),
    "ingest": ("ingest", "Ask the sources for papers."),
    "digest": ("digest", "Mail every reader what is new for them, if they want it."),
    "pair": ("readers", "Print a link that pairs one browser."),
    "open": ("pages", "Print a link into a reader's pages."),
    "devices": ("readers", "List readers and their paired browsers."),
    "archive": ("archive", "Pack the events of past months and write them as Parquet files."),
    "migrate": ("storage", "Bring the database's schema up to date."),
    "backup": ("storage", "Write everything that must not be lost to one file."),
    "restore": ("storage", "Restore an empty home from such a file."),
    "export": ("export_import", "Write everything kept about one reader to a file."),
    "import": ("export_import", "Import such a file for a reader."),
    "demo": ("demo", "Fill an empty home with invented papers and readers."),
    "service": ("service", "Run Inkling whenever you are logged in."),
}
# Errors of a path that was named on the command line, or of the disk.
FILE_ERRORS = {
    *(errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP),
    *(errno.ENAMETOOLONG, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ETXTBSY),
}
HIDDEN = {
    "prepare": ("prepare", "What `inkling up` runs before it starts anything."),
    "mail": ("mail", "What `inkling up` runs to mail digests at their time."),
}


class _LazyGroup(click.Group):
    """A group that imports a command only to run it or to print its own help."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        place, _ = {**COMMANDS, **HIDDEN}.get(name, ("", ""))
        if not place:
            return None
        return getattr(import_module(f"{__name__}.{place}"), f"{name}_" if name in {"import", "open"} else name)

    def format_commands(self, _context: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, context: click.Context) -> object:
        """Run a command with a private umask; an expected error becomes one line on stderr."""
        # Read when a command imports NumPy. More threads wait for each other, and change the last digits of results.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        before = os.umask(UMASK)
        try:
            return super().invoke(context)
        except ConfigurationError as error:
            raise click.UsageError("\n".join(error.problems)) from error
        except InklingError as error:
            detail = f" ({error.detail})" if error.detail else ""
            raise click.ClickException(for_terminal(f"{error.message}{detail}")) from error
        except OSError as error:
            if error.errno not in FILE_ERRORS:
                raise
            place = f"{click.format_filename(error.filename)}: " if error.filename else ""
            raise click.ClickException(f"{place}{error.strerror}.") from error
        finally:
            os.umask(before)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="inkling")
def main() -> None:
    """Inkling tells you what to read next, inside the papers listing you already open every day."""
