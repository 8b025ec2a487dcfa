"""The home: the folder that holds everything, with files that only their owner may read.

This holds for any umask and any earlier permissions of the folder. Nothing here knows what is in the files.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import secrets
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

DATABASE = "inkling.sqlite3"
SECRET = "secret"  # noqa: S105 - the name of its file
# The names that Inkling uses; the folder may be the operator's and hold other files.
OWN_FILES = (
    *(DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", SECRET),
    *("models", "archive", "run", "valkey", "inkling.log"),
)
READ_ONLY = ((SECRET,), ("models",))  # these may belong to another host
UMASK = 0o077
SECRET_BYTES = 32
MIN_SECRET = 16  # characters

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class UnusableHome(Exception):
    """The home cannot be used; the text says why, and what to do."""


def parse_folder(text: str) -> Path:
    """Return the absolute path of the folder that `text` names. Raises ValueError with what it must be instead."""
    if not text or _UNPRINTABLE.search(text):
        raise ValueError("the path of a folder, in UTF-8 and without line breaks or other control characters")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # of `~` and `~name`
        raise ValueError("a path from the root on: nobody knows which folder its ~ stands for") from error


def prepare(home: Path) -> None:
    """Make the folder if it is missing, and make our files in it private. Raises UnusableHome."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = "it is a file" if os.path.isfile(home) else error.strerror
        raise UnusableHome(f"{home} cannot be made ({why}); choose another folder") from error
    _check_access(home, home)
    for path in _own_paths(home):
        _check_access(path, home)
        _make_private(path)


def permissions_warning(home: Path) -> str:
    """Return a warning when other users of the machine may enter the home, else an empty text."""
    mode = stat.S_IMODE(home.stat().st_mode)
    if not mode & UMASK:
        return ""
    return f"other users may enter {home} (mode {mode:o}): chmod 700 {shlex.quote(str(home))}"


def read_or_make_secret(home: Path) -> str:
    """Return the home's secret, made on the first start. Raises UnusableHome.

    Several processes may start at once: each writes a temporary file and the first link wins, so that all agree on
    one secret and none reads half of it.
    """
    path = home / SECRET
    try:
        if not path.exists():
            _make_secret(path)
        found = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UnusableHome(f"its file {SECRET} cannot be read or made ({why}); make {home} readable again") from error
    if len(found) < MIN_SECRET:
        raise UnusableHome(
            f"{path} is too short to be a secret; put it back from a backup, or delete it: the feeds then get new"
            " addresses, and pairing links made before no longer work"
        )
    return found


def make_private_folder(path: Path) -> None:
    """Make a folder, and its parents, for its owner alone; an existing one keeps its mode."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def private_opener(name: str, flags: int) -> int:
    """Open a file with mode 0600: an `opener` for `open`."""
    return os.open(name, flags, 0o600)


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    """Give a temporary text file, which replaces `path` when the block ends without an error; its mode is 0600.

    Anything but a plain file, such as /dev/stdout, is written to directly.
    """
    if path.exists() and not path.is_file():
        with open(path, "w", encoding="utf-8") as file:
            yield file
        return
    path = path.resolve()
    aside = path.with_name(f".{path.name[:200]}-{secrets.token_hex(8)}")
    try:
        with open(aside, "x", encoding="utf-8", opener=private_opener) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _make_secret(path: Path) -> None:
    aside = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    try:
        with open(aside, "x", encoding="ascii", opener=private_opener) as file:
            file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _own_paths(home: Path) -> Iterator[Path]:
    """Yield every path in the home that is ours, without following links."""
    for name in OWN_FILES:
        path = home / name
        if not path.is_symlink() and path.exists():
            yield path
            for folder, folders, files in os.walk(path):
                yield from (Path(folder, inner) for inner in (*folders, *files))


def _check_access(path: Path, home: Path) -> None:
    """Raise UnusableHome when this user lacks the access to `path` that a server needs."""
    reading = path.relative_to(home).parts[:1] in READ_ONLY
    access = os.R_OK | (0 if reading else os.W_OK) | (os.X_OK if path.is_dir() else 0)
    if os.access(path, access) or not os.path.lexists(path) or path.is_symlink():
        return
    me = _user_name()
    verb = "read" if reading else "written"
    if path.lstat().st_uid == os.getuid():
        raise UnusableHome(f"{path} cannot be {verb}; make it {verb[:4]}able to its owner, or choose another home")
    give_back = f"sudo chown -R {shlex.quote(me)} {shlex.quote(str(home))}"
    raise UnusableHome(f"{path} belongs to another user and cannot be {verb} by {me}; give it back with: {give_back}")


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user may have none
        return str(os.getuid())


def _make_private(path: Path) -> None:
    """Take other users' access to a path away. One that is gone, or that another user owns, is left."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        facts = path.lstat()
        if facts.st_mode & UMASK and not stat.S_ISLNK(facts.st_mode):
            path.chmod(stat.S_IMODE(facts.st_mode) & ~UMASK)
