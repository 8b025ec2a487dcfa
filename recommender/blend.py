"""How the parts of a score are weighed against each other, by readers per paper and by length of history."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Blend:
    """Weights on parts that each have unit spread over the catalogue.

    The text part counts `text + text_unread / (1 + readers / 3)` times `n / (n + text_history)`, n being the papers in
    the reader's history; the readers' prior counts `readers` times log1p(readers).
    """

    text: float = 0.2
    text_unread: float = 0.5
    text_history: float = 3.0
    readers: float = 0.0
    learned: bool = False

    def text_weights(self, readers: np.ndarray, history: int) -> np.ndarray:
        """Return the text part's weight for papers with so many readers, float32 (N,)."""
        of_history = history / (history + self.text_history)
        return (of_history * (self.text + self.text_unread / (1 + readers / 3))).astype(np.float32)

    def as_dict(self) -> dict[str, Any]:
        """Return the blend as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Blend:
        """Read what `as_dict` wrote."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


# No reader has taught the stack anything, so that words count as much.
ALONE = Blend(text=0.5, text_unread=0.5, text_history=0.5)
STACK_ALONE = Blend(text=0.0, text_unread=0.0)
