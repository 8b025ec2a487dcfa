"""What one worker serves from: the model that SQL names, and the papers that changed since, kept up to date."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recommender import BrokenModel, Catalogue, Model, Papers
from server.errors import DatabaseUnavailable
from server.services.recent_errors import RecentErrors
from server.store import papers, trained_models
from server.store.database import Database

logger = logging.getLogger(__name__)

REFRESH_INTERVAL = 0.5  # seconds between two queries
# Seconds before the newest change to read again: on PostgreSQL, an earlier transaction may commit later.
OVERLAP = 30.0
LONG_AGO = 600.0  # seconds: a newest change from before was not followed by one of an earlier time, whatever the clocks
REPLACED_FOR = 2.0  # seconds for which a replaced model is kept, so that no request ends it: that takes a tenth of one
MAX_READERS = 500  # whose history is remembered as looked up


@dataclass
class Served:
    """One model and the catalogue that everybody may read, with its papers without a title and its withdrawn ones.

    The model was trained on the papers it knows as they were at `trained_until`, in epoch seconds. `newest` is the
    newest change that was seen, and `seen_at` when it was seen, by the monotonic clock.
    """

    catalogue: Catalogue
    version: str | None
    untitled: frozenset[str]
    withdrawn: frozenset[str]
    trained_until: float = 0.0
    newest: float = 0.0
    seen_at: float = field(default_factory=time.monotonic)
    recent: dict[str, float] = field(default_factory=dict)
    # What was learned since it was trained, and what of it counts in scores.
    errors: RecentErrors = field(default_factory=lambda: RecentErrors(1, None))
    # Reader -> the papers of their history that were already looked up in SQL.
    looked_up: dict[str, frozenset[str]] = field(default_factory=dict)
    # Requests fold in what they stored while the refreshing thread folds in what others did.
    lock: threading.Lock = field(default_factory=threading.Lock)

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
        named = {row["id"] for row in rows}
        titled = {row["id"] for row in texts if row["title"]}
        with self.lock:
            self.note_times({row["id"]: row["updated_at"] for row in rows})
            self.untitled = _replace(self.untitled, titled, {row["id"] for row in texts} - titled)
            self.withdrawn = _replace(self.withdrawn, named, {row["id"] for row in rows if row.get("withdrawn")})

    def note_times(self, times: Mapping[str, float]) -> None:
        """Note when these papers changed, as they are in the catalogue now."""
        self.recent.update(times)
        newest = max(times.values(), default=0.0)
        if newest > self.newest:
            self.newest, self.seen_at = newest, time.monotonic()

    def since(self) -> float:
        """Return from which time of change on there may be something new.

        Whatever is older than the newest change was committed within `OVERLAP` seconds of it.
        """
        if time.monotonic() - self.seen_at > OVERLAP or time.time() - self.newest > LONG_AGO:
            return math.nextafter(self.newest, math.inf)
        return self.newest - OVERLAP

    def select_changed(self, times: Mapping[str, float]) -> list[str]:
        """Return which of these papers are not in the catalogue as they were changed at these times."""
        changed = [name for name, at in times.items() if self.recent.get(name) != at]
        # What the model was trained on need not be folded in again, however recent its change.
        known = self.catalogue.index.find_rows(changed) >= 0
        return [
            name
            for name, is_known in zip(changed, known, strict=True)
            if times[name] > self.trained_until or not is_known
        ]

    def forget_old_times(self) -> None:
        """Forget the times of changes that `since` leaves out."""
        since = self.since()
        if any(at < since for at in list(self.recent.values())):
            self.recent = {name: at for name, at in list(self.recent.items()) if at >= since}


def _replace(old: frozenset[str], gone: Collection[str], new: Collection[str]) -> frozenset[str]:
    """Return a set without some and with other names; the same object where that changes nothing."""
    changed = old.difference(gone).union(new)
    return old if changed == old else changed


class ModelCache:
    """Keeps a `Served` up to date in the background; only a process's first request waits for it."""

    def __init__(
        self, database: Database, models_dir: Path, every: float = REFRESH_INTERVAL, *, k_readers: int = 5
    ) -> None:
        self._database, self._models_dir, self._every, self._k_readers = database, models_dir, every, k_readers
        self._served: Served | None = None
        self._replaced: tuple[float, Served] | None = None
        self._due = 0.0
        self._lock = threading.Lock()
        self._refused: str | None = None
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._failing = False

    def keep_fresh(self) -> None:
        """Refresh from now on whether or not requests ask: a worker that had none for long serves no old model."""
        with self._starting:
            self._thread = threading.Thread(target=self._refresh_always, name="serving", daemon=True)
            self._thread.start()

    def current(self) -> Served:
        """Return what to serve from, and start a refresh at most once in `every` seconds."""
        served = self._served
        if served is None:
            self.refresh(only_first=True)
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

    def refresh(self, *, only_first: bool = False) -> None:
        """Load the model that SQL names, if it is another, and fold in papers that changed.

        Meanwhile the one before serves; it goes two seconds later, when its last request has ended. With `only_first`,
        do nothing if another thread has done it while this one waited.
        """
        with self._lock:
            if only_first and self._served is not None:
                return
            self._due = time.monotonic() + self._every
            with self._database.reading() as session:
                version = trained_models.serving_version(session)
            served = self._served
            if served is None or version not in (served.version, self._refused):
                served = self._open(version, served)
            elif version == served.version:
                self._refused = None  # whoever went back to the model that serves may have mended the other
            self._follow(served)
            self._replace(served)

    def _replace(self, served: Served) -> None:
        """Serve from another from now on, and let go of one that was replaced a while ago."""
        if self._replaced is not None and time.monotonic() - self._replaced[0] >= REPLACED_FOR:
            self._replaced = None
        if self._served is not None and served is not self._served:
            self._replaced = (time.monotonic(), self._served)
        self._served = served

    def _start_refresh(self) -> None:
        """Refresh in a thread, unless one is already refreshing or the cache is closed."""
        with self._starting:
            if not self._closed.is_set() and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._refresh_aside, name="serving", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Stop refreshing, and wait for a refresh under way."""
        with self._starting:
            self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _refresh_always(self) -> None:
        self._refresh_aside()
        while not self._closed.wait(self._every):
            self._refresh_aside()

    def _refresh_aside(self) -> None:
        try:
            self.refresh()
            self._failing = False
        except DatabaseUnavailable as error:
            if not self._failing:  # said once, not twice a second
                logger.warning("serving_not_refreshed", extra={"reason": error.message})
            self._failing = True
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
            untitled, withdrawn = frozenset(papers.untitled(session)), frozenset(papers.withdrawn(session))
            row = trained_models.serving(session) if model else None
        manifest = row["manifest"] if row else {}
        known_until = float(manifest.get("papers_until") or 0.0)
        if model is not None or version is None:
            self._refused = None
        catalogue = Catalogue(model)
        if model is not None:
            catalogue.warm_up()
        if version is not None:
            logger.info("model_served", extra={"version": version if model else None})
        facts = (untitled, withdrawn, known_until, known_until)
        errors = RecentErrors(self._k_readers, manifest.get("events_until"))
        return Served(catalogue, version if model else None, *facts, errors=errors)

    def _follow(self, served: Served) -> None:
        """Fold in the papers whose text changed, and learn from lists."""
        with self._database.reading() as session:
            if served.version is not None:
                served.errors.follow(session, time.time())
            for times in papers.change_times(session, served.since()):
                if changed := served.select_changed(times):
                    served.update_papers(papers.catalogue_rows(session, changed))
        served.forget_old_times()

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
