"""Texts that only one reader's own pages gave, laid over the shared catalogue for that reader alone."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from recommender import Catalogue, Overlay, Papers
from server.store import papers as store
from server.store.database import Database

CACHED_READERS = 64
# How many of a reader's own papers count, newest first, beside those asked for. A model folds in some hundred papers a
# second, and a new model all of them again; without a model it takes a tenth of that.
MAX_PAPERS, MAX_PAPERS_WITHOUT_MODEL = 300, 2000

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

    def over(self, catalogue: Catalogue, database: Database, reader_id: str, wanted: Collection[str]) -> View:
        """Return the catalogue as this reader sees it, including any of their own papers in `wanted`."""
        limit = MAX_PAPERS if catalogue.model else MAX_PAPERS_WITHOUT_MODEL
        with database.reading() as session:
            stamps = store.own_change_times(session, reader_id, limit, wanted)
        if not stamps:
            self.forget(reader_id)
            return View(catalogue)
        return self._overlay_of(reader_id).view(catalogue, database, reader_id, stamps)

    def forget(self, reader_id: str) -> None:
        """Drop a reader's own papers from memory."""
        self._kept.pop(reader_id, None)

    def _overlay_of(self, reader_id: str) -> _ReaderOverlay:
        with self._lock:
            overlay = self._kept.setdefault(reader_id, _ReaderOverlay())
            self._kept.move_to_end(reader_id)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return overlay


class _ReaderOverlay:
    """One reader's overlay, with the time of change of each paper in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._overlay: Overlay | None = None
        self._stamps: Stamps = {}
        self._untitled: set[str] = set()

    def view(self, catalogue: Catalogue, database: Database, reader_id: str, stamps: Stamps) -> View:
        with self._lock:
            overlay = self._fitting(catalogue, self._stamps.keys() - stamps.keys())
            changed = [name for name, stamp in stamps.items() if self._stamps.get(name) != stamp]
            if changed:
                with database.reading() as session:
                    rows = store.own_catalogue_rows(session, reader_id, changed)
                # A paper without text is not known.
                overlay.update(catalogue, Papers.from_rows(row for row in rows if row["title"] or row["abstract"]))
                self._untitled = (self._untitled - set(changed)) | {row["id"] for row in rows if not row["title"]}
            self._stamps = stamps
            return View(overlay.apply_to(catalogue), stamps, frozenset(self._untitled))

    def _fitting(self, catalogue: Catalogue, gone: Collection[str]) -> Overlay:
        """Return the overlay without `gone`, or an empty one when the old one no longer fits the catalogue."""
        overlay = self._overlay
        if overlay is None or not overlay.is_valid_for(catalogue) or (gone and not overlay.remove(gone)):
            overlay = self._overlay = Overlay(catalogue)
            self._stamps, self._untitled = {}, set()
        self._untitled -= set(gone)
        return overlay
