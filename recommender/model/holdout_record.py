"""How a model's holdout fit did on its holdout, kept with the model so that the next one can be judged on the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np

Kind = Literal["newest", "sample", "none"]


@dataclass(frozen=True)
class HoldoutRecord:
    """How a model's holdout fit did: `gains` float32 (N,) of the pairs that `keys` uint64 (N,) stand for."""

    kind: Kind
    now: float
    keys: np.ndarray
    gains: np.ndarray

    @classmethod
    def empty(cls) -> HoldoutRecord:
        """Return what stands for a model that was never judged."""
        return cls("none", 0.0, np.zeros(0, np.uint64), np.zeros(0, np.float32))

    def __len__(self) -> int:
        return len(self.keys)


def pair_key(reader: str, paper: str) -> int:
    """Return a number for a pair, from which neither can be read."""
    text = f"{reader}\n{paper}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")
