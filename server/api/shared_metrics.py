"""The metrics of each process of the API, and their sum.

Every process counts in its own memory and writes its metrics to a small file, which the others read on a request for
/metrics. Memory-mapped files (as in prometheus_client's own mode) would be faster, but on a full disk they kill the
process.
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

WRITE_INTERVAL = 0.25  # seconds between two writes, at least
REGISTRY = CollectorRegistry()
_CREATED = "_created"  # the time at which a counter began, which has no sum


class SharedMetrics:
    """This process's file of metrics, and those of the other processes."""

    def __init__(self, folder: Path) -> None:
        # A process that gets the pid of an earlier one must not overwrite its file.
        self._file = folder / f"{os.getpid()}-{secrets.token_hex(4)}.prom"
        self._changed = threading.Event()
        self._failed = False
        threading.Thread(target=self._keep_writing, name="metrics", daemon=True).start()

    def note_change(self) -> None:
        """Schedule a write of the file."""
        self._changed.set()

    def read_others(self) -> Iterator[str]:
        """Yield the metrics of the other processes as text."""
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
    """The metrics of this process and of others (given as text) added up."""

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
                for (sample_name, labels), value in values[name].items():
                    family.add_sample(sample_name, dict(labels), value)
                yield family
