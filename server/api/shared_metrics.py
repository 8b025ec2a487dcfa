"""What each process of the API has counted, and the sum over all of them.

Every process counts in its own memory and writes what it has to a small file, which the others read when they are
asked. Files that several processes map into memory would be quicker, but end a process where the disk is full.
"""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

logger = logging.getLogger(__name__)

WRITE_INTERVAL = 0.25  # seconds between two writings, at the least
REGISTRY = CollectorRegistry()
_CREATED = "_created"  # when a count began, which says nothing of a sum


class SharedMetrics:
    """One process's file among those of the others."""

    def __init__(self, folder: Path) -> None:
        # A process that takes the number of one that ended must not take its counts.
        self._file = folder / f"{os.getpid()}-{secrets.token_hex(4)}.prom"
        self._changed = threading.Event()
        self._failed = False
        threading.Thread(target=self._keep_writing, name="counts", daemon=True).start()

    def note_change(self) -> None:
        """Have the file written soon."""
        self._changed.set()

    def read_others(self) -> Iterator[str]:
        """Yield what the other processes have counted."""
        for file in sorted(self._file.parent.glob("*.prom")):
            if file != self._file:
                with suppress(OSError):
                    yield file.read_text(encoding="utf-8")

    def _keep_writing(self) -> None:
        while True:
            self._changed.wait()
            time.sleep(WRITE_INTERVAL)
            self._changed.clear()
            self._write()

    def _write(self) -> None:
        aside = self._file.with_suffix(".tmp")
        try:
            self._file.parent.mkdir(mode=0o700, exist_ok=True)
            aside.write_bytes(generate_latest(REGISTRY))
            aside.replace(self._file)
        except OSError as error:
            if not self._failed:
                logger.warning("counts are not shared with the other processes (%s)", error.strerror)
            self._failed = True
            with suppress(OSError):
                aside.unlink()
            self._changed.set()
        else:
            self._failed = False


class SummedMetrics(Collector):
    """The counts of this process and of others, given as text, added up."""

    def __init__(self, others: Iterable[str]) -> None:
        self._others = others

    def collect(self) -> Iterator[Metric]:
        """Yield each metric once."""
        families: dict[str, Metric] = {}
        values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
        for text in (generate_latest(REGISTRY).decode(), *self._others):
            for family in text_string_to_metric_families(text):
                families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                sums = values.setdefault(family.name, {})
                for sample in family.samples:
                    key = (sample.name, tuple(sorted(sample.labels.items())))
                    sums[key] = sums.get(key, 0.0) + sample.value
        for name, family in families.items():
            if not name.endswith(_CREATED):
                for (counted, labels), value in values[name].items():
                    family.add_sample(counted, dict(labels), value)
                yield family
