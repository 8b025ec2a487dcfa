"""How a model's holdout fit did on its holdout; stored with the model, so that the next one can be judged on it too."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["newest", "sample", "none"]


@dataclass(frozen=True)
class HoldoutRecord:
    """What the holdout fit gained on each held-out pair: `gains` float32 (Q,), `keys` uint64 (Q,) by `pair_key`.

    `kind` is how the pairs were chosen, `now` the time in epoch seconds that the readers were ranked for.
    """

    kind: Kind
    now: float
    keys: np.ndarray
    gains: np.ndarray

    @classmethod
    def empty(cls) -> HoldoutRecord:
        """Return the record of a model that was never judged."""
        return cls("none", 0.0, np.zeros(0, np.uint64), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.keys)


def pair_key(reader: str, paper: str) -> int:
    """Return a 64-bit hash of a pair, so that an artefact holds no reader's name."""
    text = f"{reader}\n{paper}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
