"""What one worker serves from: the model that SQL names, and the papers that changed since, kept up to date."""

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
from server.store import papers, trained_models
from server.store.database import Database

logger = logging.getLogger(__name__)

REFRESH_INTERVAL = 1.0  # seconds between two queries
# Seconds before the newest change to read again: on PostgreSQL, an earlier transaction may commit later.
OVERLAP = 30.0
MAX_READERS = 500  # whose history is remembered as looked up


@dataclass
class Served:
    """One model and the catalogue that everybody may read, with its papers without a title and its withdrawn ones."""

    catalogue: Catalogue
    version: str | None
    untitled: set[str]
    withdrawn: set[str]
    newest: float = 0.0
    recent: dict[str, float] = field(default_factory=dict)
    # Reader -> the papers of their history that were already looked up in SQL.
    looked_up: dict[str, frozenset[str]] = field(default_factory=dict)

    def mark_looked_up(self, reader_id: str, papers: frozenset[str]) -> None:
        """Remember that these papers of a reader need not be looked up again."""
        if len(self.looked_up) >= MAX_READERS:
            self.looked_up.clear()
        self.looked_up[reader_id] = papers

    def update_papers(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Replace the papers of these rows in the catalogue."""
        # A paper without text is not known.
        texts = [row for row in rows if row["title"] or row["abstract"]]
        if texts:
            self.catalogue.update(Papers.from_rows(texts))
        for row in rows:
            self.recent[row["id"]] = row["updated_at"]
            self.newest = max(self.newest, row["updated_at"])
        titled = {row["id"] for row in texts if row["title"]}
        # A new set each time: a request may be iterating over the old one.
        self.untitled = (self.untitled - titled) | ({row["id"] for row in texts} - titled)
        withdrawn = {row["id"] for row in rows if row.get("withdrawn")}
        self.withdrawn = self.withdrawn.difference(row["id"] for row in rows) | withdrawn


class ModelCache:
    """Keeps a `Served` up to date in the background; only a process's first request waits for it."""

    def __init__(self, database: Database, models_dir: Path, every: float = REFRESH_INTERVAL) -> None:
        self._database, self._models_dir, self._every = database, models_dir, every
        self._served: Served | None = None
        self._due = 0.0
        self._lock = threading.Lock()
        self._refused: str | None = None
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def current(self) -> Served:
        """Return what to serve from, and start a refresh at most once in `every` seconds."""
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
        """The version that SQL names but this process cannot read, or None."""
        return self._refused

    def refresh(self) -> None:
        """Load the model that SQL names, if it is another, and fold in papers that changed."""
        with self._lock:
            self._due = time.monotonic() + self._every
            with self._database.reading() as session:
                version = trained_models.serving_version(session)
            served = self._served
            if served is None or version not in (served.version, self._refused):
                served = self._open(version, served)
            self._follow(served)
            self._served = served

    def _start_refresh(self) -> None:
        """Refresh in a thread, unless one is already refreshing or the cache is closed."""
        with self._starting:
            if not self._closed and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._refresh_aside, name="serving", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop refreshing, and wait for a refresh under way."""
        with self._starting:
            self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _refresh_aside(self) -> None:
        try:
            self.refresh()
        except DatabaseUnavailable as error:
            logger.warning("serving_not_refreshed", extra={"reason": error.message})
        except Exception:  # the outermost loop of this thread: keep serving what was served
            logger.exception("serving_not_refreshed")

    def _open(self, version: str | None, before: Served | None) -> Served:
        """Load another model; when its folder is broken, keep the one before."""
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
            untitled, withdrawn = papers.untitled(session), papers.withdrawn(session)
            row = trained_models.serving(session) if model else None
            known_until = float((row["manifest"] if row else {}).get("papers_until") or 0.0)
            # What the model was trained on need not be folded in again, however recent its change.
            trained = papers.changed_between(session, known_until - OVERLAP, known_until)
        if model is not None or version is None:
            self._refused = None
        served = Served(Catalogue(model), version if model else None, untitled, withdrawn, newest=known_until)
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
                    served.update_papers(changed)
        served.recent = {name: at for name, at in list(served.recent.items()) if at >= served.newest - OVERLAP}

    def fold_in(self, ids: Collection[str]) -> None:
        """Fold in papers whose text this process has just stored."""
        if ids:
            served = self.current()
            with self._database.reading() as session:
                served.update_papers(papers.catalogue_rows(session, ids))

    def fold_in_missing(self, ids: Collection[str]) -> None:
        """Fold in those of these papers that are missing, since another process may have stored them just now."""
        catalogue = self.current().catalogue
        self.fold_in([name for name in ids if name not in catalogue])
