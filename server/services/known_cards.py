"""The cards that one process has just stored, so that a page seen again costs no write."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from server.store.papers import FACTS

REMEMBERED_CARDS = 100_000  # some 10 MB


class KnownCards:
    """Fingerprints of the cards that this process stored last. Thread-safe."""

    def __init__(self, size: int = REMEMBERED_CARDS) -> None:
        self._size = size
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._lock = threading.Lock()

    def new(self, reader_id: str, forgot: int, cards: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the cards whose facts this reader has not just sent.

        `forgot` is the reader's version of their last deletion, which may have deleted what they sent before it.
        """
        return [card for card in cards if _fingerprint(reader_id, forgot, card) not in self._seen]

    def add(self, reader_id: str, forgot: int, cards: Iterable[Mapping[str, Any]]) -> None:
        """Remember cards that were just stored."""
        with self._lock:
            self._seen.update(dict.fromkeys(_fingerprint(reader_id, forgot, card) for card in cards))
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)


def _fingerprint(reader_id: str, forgot: int, card: Mapping[str, Any]) -> int:
    """Return a hash of what a reader says of a paper. Strings are hashed by a key that only this process knows."""
    facts = [card.get(name) for name in FACTS]
    return hash((reader_id, forgot, card["id"], *(tuple(fact) if isinstance(fact, list) else fact for fact in facts)))
