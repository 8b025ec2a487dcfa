"""Python's garbage collection, in a process that serves for weeks what it made at its start."""

from __future__ import annotations

import gc


def spare_what_stays() -> None:
    """Leave all objects that exist now out of collections: they stay as long as the process.

    Some 170,000 exist once a worker is ready, and a full collection that went through them would stop every thread for
    a tenth of a second, after each few dozen readers' new answers.
    """
    gc.collect()
    gc.freeze()
