"""The collaborators that use cases share in one process, made once by the application factory."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from server.config import Settings
from server.hot import Hot
from server.services.history import Histories
from server.services.model_cache import ModelCache
from server.services.own_papers import OwnPapers
from server.services.papers import KnownCards
from server.store.database import Database
from server.tokens import Keys

IMPORTS = 2  # at once in one process


@dataclass(frozen=True)
class Context:
    """Everything a use case may need, by name."""

    settings: Settings
    database: Database
    hot: Hot
    keys: Keys
    model_cache: ModelCache
    histories: Histories = field(default_factory=Histories)
    cards: KnownCards = field(default_factory=KnownCards)
    # Long work that must leave most of the process's threads to others.
    imports: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(IMPORTS))
    own_papers: OwnPapers = field(default_factory=OwnPapers)

    @classmethod
    def of(cls, settings: Settings) -> Context:
        """Build what a process shares from its settings."""
        database = Database.at(settings)
        return cls(
            settings=settings,
            database=database,
            hot=Hot(settings),
            keys=Keys(settings.secret_key),
            model_cache=ModelCache(database, settings.models_dir),
        )

    def close(self) -> None:
        """End what runs beside the requests and give back the connections."""
        self.model_cache.close()
        self.hot.close()
        self.database.close()

    @staticmethod
    def now() -> float:
        """Return the time in epoch seconds, to the microsecond: what a time still is after a way through JSON."""
        return round(time.time(), 6)
