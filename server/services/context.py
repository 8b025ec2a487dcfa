"""What use cases share: every one takes a `Context` as its first argument.

It is light to import (neither numpy nor the recommender), since most processes serve nothing: `inkling pair`, the
trainer's loop, the sources.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

from server.config import Settings
from server.hot import Hot
from server.store.database import Database
from server.tokens import Keys

IMPORTS = 2  # at once in one process


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a use case needs in any process."""

    settings: Settings
    database: Database
    hot: Hot
    keys: Keys
    # An import is long work that must leave most of the process's threads to others.
    imports: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(IMPORTS))

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Build a context from its settings; nothing is opened before it is used."""
        return cls._on(Database.at(settings), settings)

    @classmethod
    def ready(cls, settings: Settings) -> Self:
        """Build a context whose database can be used. Raises DatabaseUnavailable, SchemaNotCurrent."""
        return cls._on(Database.ready(settings), settings)

    @classmethod
    def _on(cls, database: Database, settings: Settings) -> Self:
        return cls(settings=settings, database=database, hot=Hot(settings), keys=Keys(settings.secret_key))

    def fold_in(self, paper_ids: Collection[str]) -> None:
        """Let papers whose stored text changed count at once, where a model is served; here none is."""

    def close(self) -> None:
        """Close the connections."""
        self.hot.close()
        self.database.close()

    @staticmethod
    def now() -> float:
        """Return the time in epoch seconds, to the microsecond: what a time still is after a way through JSON."""
        return round(time.time(), 6)
