"""One file out and in: the database, the models and the home's secret."""

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
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server import __version__
from server.config import Settings
from server.errors import Invalid
from server.home import SECRET, make_private_folder, private_opener
from server.store import copies, events, models, papers
from server.store.database import Database

FORMAT = 1
MANIFEST = "manifest.json"
COPIES = {"sqlite": "inkling.sqlite3", "postgresql": "inkling.pgdump"}
_MEMBER = re.compile(r"manifest\.json|inkling\.(sqlite3|pgdump)|secret|models/[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Backup:
    """What went into a file, and its size in bytes."""

    papers: int
    events: int
    models: int
    size: int


def back_up(settings: Settings, database: Database, target: Path) -> Backup:
    """Write a backup into `target`, whole or not at all, readable by its owner alone: it holds the secret."""
    target = target.absolute()
    if target.exists() and not target.is_file():
        raise Invalid(f"{target} is not a file; name a new one or one to overwrite.", field="file")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".inkling-backup-") as aside:
        copy = Path(aside) / COPIES[database.engine.dialect.name]
        copies.copy_out(database.engine, copy)
        manifest = _describe(database)
        packed = Path(aside) / "backup"
        with open(packed, "xb", opener=private_opener) as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as archive:
                _add_text(archive, MANIFEST, json.dumps(manifest, indent=1))
                archive.add(copy, copy.name)
                kept = _add_home(archive, settings, manifest["models"])
            file.flush()
            os.fsync(file.fileno())
        packed.replace(target)
    return Backup(manifest["papers"], manifest["events"], kept, target.stat().st_size)


def _describe(database: Database) -> dict[str, Any]:
    with database.reading() as session:
        kept = [row["version"] for row in models.every(session) if row["status"] in models.ON_DISK]
        counts = {"papers": papers.count(session), "events": events.count(session)}
    return {"format": FORMAT, "version": __version__, "made_at": time.time(), "models": kept, **counts}


def _add_text(archive: tarfile.TarFile, name: str, text: str) -> None:
    facts = tarfile.TarInfo(name)
    facts.size, facts.mtime, facts.mode = len(text.encode()), int(time.time()), 0o600
    archive.addfile(facts, io.BytesIO(text.encode()))


def _add_home(archive: tarfile.TarFile, settings: Settings, versions: list[str]) -> int:
    """Add the secret and the models; a model that a training removes meanwhile is no loss, it can be trained again."""
    secret = settings.home / SECRET
    if secret.exists():
        archive.add(secret, SECRET)
    present = [version for version in versions if (settings.models_dir / version / MANIFEST).exists()]
    for version in present:
        for file in sorted((settings.models_dir / version).iterdir()):
            archive.add(file, f"models/{version}/{file.name}")
    return len(present)


def restore(settings: Settings, source: Path) -> None:
    """Fill an empty home and an empty database from a backup.

    Raises Invalid when the file is no backup of ours or of the other kind of database, Conflict when there is
    something already.
    """
    with _unpacked(source, settings.home) as folder:
        _check(folder, source)
        kind = "postgresql" if settings.database_url.startswith("postgresql") else "sqlite"
        if not (folder / COPIES[kind]).exists():
            raise Invalid(f"{source} holds no copy of a {kind} database.", field="file")
        with closing(Database.at(settings)) as database:
            copies.copy_in(database.engine, folder / COPIES[kind])
        if (folder / SECRET).exists():
            (folder / SECRET).replace(settings.home / SECRET)
        if (folder / "models").exists():
            make_private_folder(settings.models_dir)
            for model in (folder / "models").iterdir():
                shutil.rmtree(settings.models_dir / model.name, ignore_errors=True)
                model.rename(settings.models_dir / model.name)


@contextmanager
def _unpacked(source: Path, home: Path) -> Iterator[Path]:
    """Unpack into a folder in the home; only plain files with names we write ourselves come out."""
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
