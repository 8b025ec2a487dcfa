"""What a process that answers requests keeps in memory beside the `Context`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from server.config import Settings
from server.hot import Hot
from server.services.context import Context
from server.services.history import Histories
from server.services.known_cards import KnownCards
from server.services.model_cache import ModelCache
from server.services.overlays import ReaderOverlays
from server.services.reader_lists import ReaderLists
from server.services.trending import RecentlyRead
from server.store.database import Database
from server.tokens import Keys


@dataclass(frozen=True, kw_only=True)
class ServingContext(Context):
    """A context with the served model and the caches of what readers asked for last."""

    model_cache: ModelCache
    histories: Histories = field(default_factory=Histories)
    cards: KnownCards = field(default_factory=KnownCards)
    overlays: ReaderOverlays = field(default_factory=ReaderOverlays)
    reader_lists: ReaderLists = field(default_factory=ReaderLists)
    recently_read: RecentlyRead = field(default_factory=RecentlyRead)

    @classmethod
    def _on(cls, database: Database, settings: Settings) -> Self:
        cache = ModelCache(database, settings.models_dir, k_readers=settings.k_readers)
        return cls(
            settings=settings, database=database, hot=Hot(settings), keys=Keys(settings.secret_key), model_cache=cache
        )

    def fold_in(self, paper_ids: Collection[str]) -> None:
        """Let papers whose stored text changed count at once."""
        self.model_cache.fold_in(paper_ids)

    def close(self) -> None:
        """End what runs beside the requests and close the connections."""
        self.model_cache.close()
        super().close()
