"""The home: the folder in which everything is kept, whose files their owner alone may read.

Whatever the umask and however open the folder was before. Nothing here knows what is in the files.
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
# What lies in the home and is ours; the folder itself may be the operator's and hold more.
OWN_FILES = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", SECRET, "models", "run", "valkey", "inkling.log")
READ_ONLY = ((SECRET,), ("models",))  # another host's, perhaps
UMASK = 0o077
SECRET_BYTES = 32
MIN_SECRET = 16  # characters

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


class UnusableHome(Exception):
    """The home cannot be used; the text says why, and what to do."""


def parse_folder(text: str) -> Path:
    """Return the folder that `text` names, from the root on. Raises ValueError with what it must be instead."""
    if not text or _UNPRINTABLE.search(text):
        raise ValueError("the path of a folder, in UTF-8 and without line breaks or other control characters")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # of `~` and `~name`
        raise ValueError("a path from the root on: nobody knows which folder its ~ stands for") from error


def prepare(home: Path) -> None:
    """Make the folder unless it is there, and take back from others what is ours in it. Raises UnusableHome."""
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
    """Return a warning where other users of the machine may enter the home, else nothing."""
    mode = stat.S_IMODE(home.stat().st_mode)
    if not mode & UMASK:
        return ""
    return f"other users may enter {home} (mode {mode:o}): chmod 700 {shlex.quote(str(home))}"


def read_or_make_secret(home: Path) -> str:
    """Return the home's own secret, made on the first start. Raises UnusableHome.

    Several processes may start at once: each writes its own file aside and the first link wins, so that no process
    ever reads a half-written secret and all agree on one.
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
    """Make a folder, and those above it, for its owner alone; one that is there stays as it is."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def private_opener(name: str, flags: int) -> int:
    """Open a file that only its owner may read: an `opener` for `open`."""
    return os.open(name, flags, 0o600)


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    """Give a file to write text to, which becomes `path` when the block ends well: whole, and its owner's alone.

    What is no plain file, such as /dev/stdout, is written to directly.
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
    """Yield every path in the home that is ours; what a link leads to is not."""
    for name in OWN_FILES:
        path = home / name
        if not path.is_symlink() and path.exists():
            yield path
            for folder, folders, files in os.walk(path):
                yield from (Path(folder, inner) for inner in (*folders, *files))


def _check_access(path: Path, home: Path) -> None:
    """Raise UnusableHome where this user may not do to `path` what a server has to."""
    reading = path.relative_to(home).parts[:1] in READ_ONLY
    wanted = os.R_OK | (0 if reading else os.W_OK) | (os.X_OK if path.is_dir() else 0)
    if os.access(path, wanted) or not os.path.lexists(path) or path.is_symlink():
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
    """Close a file, folder or socket to others. One that is gone meanwhile, or another user's, is left."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        facts = path.lstat()
        if facts.st_mode & UMASK and not stat.S_ISLNK(facts.st_mode):
            path.chmod(stat.S_IMODE(facts.st_mode) & ~UMASK)
