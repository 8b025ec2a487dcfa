"""The cards that one process has just stored, so that a page seen again costs no write."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any

from server.store.papers import FACTS

REMEMBERED_CARDS = 20_000


class KnownCards:
    """Fingerprints of the cards that this process stored last. Thread-safe."""

    def __init__(self, size: int = REMEMBERED_CARDS) -> None:
        self._size = size
        self._seen: OrderedDict[tuple[str, int, str], int] = OrderedDict()
        self._lock = threading.Lock()

    def new(self, reader_id: str, forgot: int, cards: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the cards whose facts this reader has not just sent.

        `forgot` is the reader's version of their last deletion, which may have deleted what they sent before it.
        """
        return [card for card in cards if self._seen.get((reader_id, forgot, card["id"])) != _fingerprint(card)]

    def add(self, reader_id: str, forgot: int, cards: Iterable[Mapping[str, Any]]) -> None:
        """Remember cards that were just stored."""
        with self._lock:
            for card in cards:
                self._seen[reader_id, forgot, card["id"]] = _fingerprint(card)
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)


def _fingerprint(card: Mapping[str, Any]) -> int:
    return hash(tuple(str(card.get(name)) for name in FACTS))
