"""What one worker serves from: the model that SQL names, and papers newer than it, followed as they change."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommender import BrokenModel, Catalogue, Model, Papers
from server.errors import DatabaseUnavailable
from server.store import models, papers
from server.store.database import Database

logger = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two looks at SQL
# A transaction that began earlier may commit later (PostgreSQL): look again at changes this much older than the newest.
OVERLAP = 30.0
MAX_READERS = 500  # whose papers are noted as looked for


@dataclass
class Served:
    """One model and its catalogue, of what everybody may read; `untitled` are the papers of it without a title."""

    catalogue: Catalogue
    version: str | None
    untitled: set[str]
    newest: float = 0.0
    recent: dict[str, float] = field(default_factory=dict)
    # Reader -> the papers of their history that were looked for, though another process had just stored them.
    looked_for: dict[str, frozenset[str]] = field(default_factory=dict)

    def note_looked_for(self, reader_id: str, papers: frozenset[str]) -> None:
        """Note that these papers of a reader need not be looked for again."""
        if len(self.looked_for) >= MAX_READERS:
            self.looked_for.clear()
        self.looked_for[reader_id] = papers

    def take(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Lay changed papers over what is served."""
        # A paper without any text would only pretend to be known.
        texts = [row for row in rows if row["title"] or row["abstract"]]
        if texts:
            self.catalogue.update(Papers.from_rows(texts))
        for row in rows:
            self.recent[row["id"]] = row["updated_at"]
            self.newest = max(self.newest, row["updated_at"])
        titled = {row["id"] for row in texts if row["title"]}
        # Another set each time: a request may be going through this one.
        self.untitled = (self.untitled - titled) | ({row["id"] for row in texts} - titled)


class ModelCache:
    """Keeps a Served up to date. A request never waits for it, except the first of a process."""

    def __init__(self, database: Database, models_dir: Path, every: float = EVERY) -> None:
        self._database, self._models_dir, self._every = database, models_dir, every
        self._served: Served | None = None
        self._due = 0.0
        self._lock = threading.Lock()
        self._refused: str | None = None
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def current(self) -> Served:
        """Return what to serve from now, and see to it, at most once in `every` seconds, that it is the newest."""
        served = self._served
        if served is None:
            self.refresh()
            assert self._served is not None
            return self._served
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + self._every
            self._start_refresh()
        return served

    @property
    def broken(self) -> str | None:
        """The version that SQL names but that cannot be read here, or None."""
        return self._refused

    def refresh(self) -> None:
        """Follow SQL now: another model, or papers that changed."""
        with self._lock:
            self._due = time.monotonic() + self._every
            with self._database.reading() as session:
                version = models.serving_version(session)
            served = self._served
            if served is None or version not in (served.version, self._refused):
                served = self._open(version, served)
            self._follow(served)
            self._served = served

    def _start_refresh(self) -> None:
        """Refresh in a thread of its own, unless one is at it or the service has ended."""
        with self._starting:
            if not self._closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._refresh_aside, name="serving", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Refresh no more, and wait for a refresh under way."""
        with self._starting:
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _refresh_aside(self) -> None:
        try:
            self.refresh()
        except DatabaseUnavailable as error:
            logger.warning("serving_not_refreshed", extra={"reason": error.message})
        except Exception:  # the outermost loop of this thread; what was served goes on being served
            logger.exception("serving_not_refreshed")

    def _open(self, version: str | None, before: Served | None) -> Served:
        """Load another model; where its folder is broken, what was served goes on."""
        model = None
        if version is not None:
            try:
                model = Model.load(self._models_dir / version)
            except (BrokenModel, OSError) as error:
                logger.error("model_not_served", extra={"version": version, "reason": str(error)})
                self._refused = version
                if before is not None:
                    return before
        with self._database.reading() as session:
            untitled = papers.untitled(session)
            row = models.serving(session) if model else None
            known_until = float((row["manifest"] if row else {}).get("papers_until") or 0.0)
            # What the model was trained on need not be folded in again, however shortly before that it changed.
            trained = papers.changed_between(session, known_until - OVERLAP, known_until)
        if model is not None or version is None:
            self._refused = None
        served = Served(Catalogue(model), version if model else None, untitled, newest=known_until)
        served.recent = {name: at for name, at in trained.items() if name in served.catalogue}
        if version is not None:
            logger.info("model_served", extra={"version": served.version})
        return served

    def _follow(self, served: Served) -> None:
        """Fold in the papers whose text changed."""
        start = served.newest - OVERLAP
        with self._database.reading() as session:
            for rows in papers.for_catalogue(session, start):
                changed = [row for row in rows if served.recent.get(row["id"]) != row["updated_at"]]
                if changed:
                    served.take(changed)
        served.recent = {name: at for name, at in list(served.recent.items()) if at >= served.newest - OVERLAP}

    def fold_in(self, ids: Collection[str]) -> None:
        """Let papers whose text this process has just stored count at once."""
        if ids:
            served = self.current()
            with self._database.reading() as session:
                served.take(papers.catalogue_rows(session, ids))

    def know(self, ids: Collection[str]) -> None:
        """Fold in those of these papers that another process stored less than `every` seconds ago."""
        catalogue = self.current().catalogue
        self.fold_in([name for name in ids if name not in catalogue])
