"""Texts that only one reader's own pages gave, laid over the shared catalogue for that reader alone."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from recommender import Catalogue, Overlay, Papers
from server.errors import DatabaseUnavailable
from server.store import papers as store
from server.store.database import Database

logger = logging.getLogger(__name__)

CACHED_READERS = 64
# How many of a reader's own papers count, newest first, beside those asked for. A model folds in some hundred papers a
# second, and a new model all of them again; without a model it takes a tenth of that.
MAX_PAPERS, MAX_PAPERS_WITHOUT_MODEL = 300, 2000
# How many of them a request folds in beside the urgent ones; the rest follow beside the requests, so many at a time.
AT_ONCE, CHUNK = 60, 30

Stamps = dict[str, tuple[float, float]]


@dataclass(frozen=True)
class View:
    """The catalogue as one reader sees it; `own` are papers from their own pages, `untitled` those without a title."""

    catalogue: Catalogue
    own: Collection[str] = ()
    untitled: frozenset[str] = frozenset()


class ReaderOverlays:
    """The own papers of the readers who asked last. Thread-safe."""

    def __init__(self, size: int = CACHED_READERS) -> None:
        self._size = size
        self._kept: OrderedDict[str, _ReaderOverlay] = OrderedDict()
        self._lock = threading.Lock()
        self._space: object = None
        self._turn = threading.Lock()

    def over(
        self,
        catalogue: Catalogue,
        database: Database,
        reader_id: str,
        wanted: Collection[str],
        urgent: Collection[str] = (),
    ) -> View:
        """Return the catalogue as this reader sees it, including any of their own papers in `wanted`.

        After another model all are folded in anew: those in `wanted` and `urgent` and the newest for this answer, the
        others soon after it.
        """
        self._leave_old_space(catalogue)
        limit = MAX_PAPERS if catalogue.model else MAX_PAPERS_WITHOUT_MODEL
        with database.reading() as session:
            stamps = store.own_change_times(session, reader_id, limit, wanted)
        if not stamps:
            self.forget(reader_id)
            return View(catalogue)
        return self._overlay_of(reader_id).view(catalogue, database, reader_id, stamps, {*wanted, *urgent})

    def forget(self, reader_id: str) -> None:
        """Drop a reader's own papers from memory."""
        with self._lock:
            self._kept.pop(reader_id, None)

    def _leave_old_space(self, catalogue: Catalogue) -> None:
        """Drop the overlays of the model before, which they would keep in memory until their readers come back."""
        if self._space is not catalogue.space and catalogue.model is not None:
            with self._lock:
                self._space = catalogue.space
                self._kept.clear()

    def _overlay_of(self, reader_id: str) -> _ReaderOverlay:
        with self._lock:
            overlay = self._kept.setdefault(reader_id, _ReaderOverlay(self._turn))
            self._kept.move_to_end(reader_id)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return overlay


class _ReaderOverlay:
    """One reader's overlay, with the time of change of each paper in it."""

    def __init__(self, turn: threading.Lock) -> None:
        self._lock = threading.Lock()
        self._turn = turn  # of the overlays, one at a time is completed beside the requests
        self._overlay: Overlay | None = None
        self._stamps: Stamps = {}
        self._untitled: set[str] = set()
        self._completing = False

    def view(
        self, catalogue: Catalogue, database: Database, reader_id: str, stamps: Stamps, urgent: Collection[str]
    ) -> View:
        with self._lock:
            overlay = self._fitting(catalogue, self._stamps.keys() - stamps.keys())
            changed = self._changed(stamps)
            first = [name for name in changed if name in urgent]
            others = [name for name in changed if name not in urgent]
            now = changed if catalogue.model is None else first + others[: max(AT_ONCE - len(first), 0)]
            self._place(overlay, catalogue, database, reader_id, {name: stamps[name] for name in now})
            if len(now) < len(changed) and not self._completing:
                self._completing = True
                arguments = (overlay, catalogue, database, reader_id, stamps)
                threading.Thread(target=self._complete, args=arguments, name="overlay", daemon=True).start()
            return View(overlay.apply_to(catalogue), stamps, frozenset(self._untitled))

    def _changed(self, stamps: Stamps) -> list[str]:
        return [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]

    def _place(
        self, overlay: Overlay, catalogue: Catalogue, database: Database, reader_id: str, stamps: Stamps
    ) -> None:
        if not stamps:
            return
        with database.reading() as session:
            rows = store.own_catalogue_rows(session, reader_id, stamps.keys())
        # A paper without text is not known.
        overlay.update(catalogue, Papers.from_rows(row for row in rows if row["title"] or row["abstract"]))
        self._untitled = (self._untitled - stamps.keys()) | {row["id"] for row in rows if not row["title"]}
        self._stamps |= stamps

    def _complete(
        self, overlay: Overlay, catalogue: Catalogue, database: Database, reader_id: str, stamps: Stamps
    ) -> None:
        """Fold in what a request left out, a few at a time, unless the overlay is replaced meanwhile."""
        try:
            left = True
            while left:
                with self._turn, self._lock:
                    changed = self._changed(stamps) if self._overlay is overlay else []
                    chunk = {name: stamps[name] for name in changed[:CHUNK]}
                    self._place(overlay, catalogue, database, reader_id, chunk)
                    left = len(changed) > CHUNK
        except DatabaseUnavailable as error:
            logger.warning("overlay_not_completed", extra={"reason": error.message})  # the next request goes on with it
        finally:
            self._completing = False

    def _fitting(self, catalogue: Catalogue, gone: Collection[str]) -> Overlay:
        """Return the overlay without `gone`, or an empty one when the old one no longer fits the catalogue."""
        overlay = self._overlay
        if overlay is None or not overlay.is_valid_for(catalogue) or (gone and not overlay.remove(gone)):
            overlay = self._overlay = Overlay(catalogue)
            self._stamps, self._untitled = {}, set()
        for name in gone:
            self._stamps.pop(name, None)
        self._untitled -= set(gone)
        return overlay
