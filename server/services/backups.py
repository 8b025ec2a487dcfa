"""Back up to one file and restore from it: the database, the models and the home's secret."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server import __version__
from server.config import Settings
from server.errors import Invalid
from server.home import SECRET, make_private_folder, private_opener
from server.services.context import Context
from server.store import database_copies, events, papers, trained_models

FORMAT = 1
MANIFEST = "manifest.json"
COPIES = {"sqlite": "inkling.sqlite3", "postgresql": "inkling.pgdump"}
_MEMBER = re.compile(r"manifest\.json|inkling\.(sqlite3|pgdump)|secret|models/[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Backup:
    """What a backup contains; `size` in bytes."""

    papers: int
    events: int
    models: int
    size: int


def back_up(context: Context, target: Path) -> Backup:
    """Write a backup to `target`, whole or not at all, readable by its owner only: it contains the secret.

    Raises Invalid when `target` is no file, Unavailable when the database cannot be copied.
    """
    target = target.absolute()
    if target.exists() and not target.is_file():
        raise Invalid(f"{target} is not a file; name a new one or one to overwrite.", field="file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".inkling-backup-") as aside:
        copy = Path(aside) / COPIES[context.database.engine.dialect.name]
        database_copies.copy_out(context.database.engine, copy)
        manifest = _describe(context)
        packed = Path(aside) / "backup"
        with open(packed, "xb", opener=private_opener) as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
                _add_text(archive, MANIFEST, json.dumps(manifest, indent=1))
                archive.add(copy, copy.name)
                kept = _add_home(archive, context.settings, manifest["models"])
            file.flush()
            os.fsync(file.fileno())
        packed.replace(target)
    return Backup(manifest["papers"], manifest["events"], kept, target.stat().st_size)


def _describe(context: Context) -> dict[str, Any]:
    with context.database.reading() as session:
        kept = [row["version"] for row in trained_models.every(session) if row["status"] in trained_models.ON_DISK]
        counts = {"papers": papers.count(session), "events": events.count(session)}
    return {"format": FORMAT, "version": __version__, "made_at": time.time(), "models": kept, **counts}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    facts = tarfile.TarInfo(name)
    facts.size, facts.mtime, facts.mode = len(text.encode()), int(time.time()), 0o600
    archive.addfile(facts, io.BytesIO(text.encode()))


def _add_home(archive: tarfile.TarFile, settings: Settings, versions: list[str]) -> int:
    """Add the secret and the models; return how many. A model removed meanwhile by a training can be trained again."""
    secret = settings.home / SECRET
    if secret.exists():
        archive.add(secret, SECRET)
    present = [version for version in versions if (settings.models_dir / version / MANIFEST).exists()]
    for version in present:
        for file in sorted((settings.models_dir / version).iterdir()):
            archive.add(file, f"models/{version}/{file.name}")
    return len(present)


def restore(context: Context, source: Path) -> None:
    """Fill an empty home and an empty database from a backup.

    Raises Invalid when the file is no backup of ours or holds the other kind of database, Conflict when the database
    is not empty.
    """
    with _unpacked(source, context.settings.home) as folder:
        _check(folder, source)
        kind = "postgresql" if context.settings.database_url.startswith("postgresql") else "sqlite"
        if not (folder / COPIES[kind]).exists():
            raise Invalid(f"{source} holds no copy of a {kind} database.", field="file")
        database_copies.copy_in(context.database.engine, folder / COPIES[kind])
        if (folder / SECRET).exists():
            (folder / SECRET).replace(context.settings.home / SECRET)
        if (folder / "models").exists():
            make_private_folder(context.settings.models_dir)
            for model in (folder / "models").iterdir():
                shutil.rmtree(context.settings.models_dir / model.name, ignore_errors=True)
                model.rename(context.settings.models_dir / model.name)


@contextmanager
def _unpacked(source: Path, home: Path) -> Iterator[Path]:
    """Unpack into a temporary folder in the home, and only regular files with names that `back_up` writes."""
    with tempfile.TemporaryDirectory(dir=home, prefix=".inkling-restore-") as name:
        folder = Path(name)
        try:
            with tarfile.open(source, "r:*") as archive:
                for member in archive:
                    _unpack(archive, member, folder)
        except (tarfile.TarError, EOFError, OSError) as error:
            raise Invalid(f"{source} is not a whole backup: {error}.", field="file") from error
        yield folder


def _unpack(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    if not member.isreg() or not _MEMBER.fullmatch(member.name) or ".." in member.name:
        raise Invalid(f"{member.name!r} does not belong in a backup.", field="file")
    content = archive.extractfile(member)
    target = folder / member.name
    make_private_folder(target.parent)
    if content is not None:
        with open(target, "xb", opener=private_opener) as file:
            shutil.copyfileobj(content, file)


def _check(folder: Path, source: Path) -> None:
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{source} is not a backup made by `inkling backup`.", field="file") from error
    if found != FORMAT:
        raise Invalid(f"{source} has format {found}; this version reads {FORMAT}.", field="file")
