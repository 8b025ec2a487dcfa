"""How the parts of a score are weighed against each other, by readers per paper and by length of history.

The parts, each brought to unit spread: `stack` (the reader folded into the factorisation), `text` and `joint` (how far
their papers reach along the graphs), `words` (kernel ridge over the words).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

FEW_READERS = 3.0  # with so many readers a paper's factors count half as learned


@dataclass(frozen=True)
class ComponentWeight:
    """One part's weight, n being the papers in the reader's history.

    For papers with r readers: `always + few / (1 + r / 3) + short / sqrt(n)`; for papers with none:
    `unread + unread_short / sqrt(n)`.
    """

    always: float = 0.0
    few: float = 0.0
    short: float = 0.0
    unread: float = 0.0
    unread_short: float = 0.0

    def of(self, readers: np.ndarray, history: np.ndarray | int, meeting: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the weight for papers with so many readers, float32 (N,) or as they broadcast.

        That of papers without readers counts `meeting` times.
        """
        root = np.sqrt(np.maximum(history, 1)).astype(np.float32)
        read = (self.always + self.short / root) + (self.few / (1 + readers / FEW_READERS) if self.few else 0)
        unread = (self.unread + self.unread_short / root) * meeting
        return np.where(readers > 0, read, unread).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Blend:
    """`parts` by name; to their sum comes a prior by the number of a paper's readers.

    The parts of papers without readers count `meeting + meeting_short / sqrt(n)` times when they meet the others.
    """

    parts: Mapping[str, ComponentWeight] = field(default_factory=dict)
    readers: float = 0.0
    readers_short: float = 0.0
    unread: float = 0.0
    meeting: float = 1.0
    meeting_short: float = 0.0
    learned: bool = False

    def weight(self, part: str, readers: np.ndarray, history: np.ndarray | int) -> np.ndarray:
        """Return a part's weight for papers with so many readers, float32 (N,) or as they broadcast."""
        meeting = self.meeting + self.meeting_short / np.sqrt(np.maximum(history, 1))
        return self.parts[part].of(readers, history, meeting)

    def prior(self, readers: np.ndarray, history: np.ndarray | int) -> np.ndarray:
        """Return `(readers + readers_short / sqrt(n)) * log1p(r)`, for papers without readers `unread`; float32."""
        each = self.readers + self.readers_short / np.sqrt(np.maximum(history, 1))
        if not self.unread and not np.any(each):
            return np.zeros(np.broadcast_shapes(np.shape(readers), np.shape(each)), np.float32)
        return np.where(readers > 0, each * np.log1p(readers), self.unread).astype(np.float32)

    def only(self, part: str) -> Blend:
        """Return a blend of one part alone, for all papers alike."""
        return Blend({part: ComponentWeight(always=1.0, unread=1.0)})

    def as_dict(self) -> dict[str, Any]:
        """Return the blend as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Blend:
        """Read what `as_dict` wrote."""
        parts = {name: ComponentWeight(**weight) for name, weight in values["parts"].items()}
        rest = {field.name for field in dataclasses.fields(cls)} - {"parts"}
        return cls(parts, **{name: values[name] for name in rest & values.keys()})


# Measured on real readers: what stands until a validation split of one's own can teach better.
WITH_READERS = Blend(
    {
        "stack": ComponentWeight(always=1.0, few=-0.3, unread=1.0),
        "text": ComponentWeight(always=0.13, short=-0.1, unread=0.05),
        "joint": ComponentWeight(always=0.15, short=-0.1, unread=0.15),
    },
    meeting=0.87,
    meeting_short=0.15,
)
# Alone there is no joint graph; with few other readers it is what they bring.
ALONE = Blend(
    {
        "stack": ComponentWeight(always=1.0, unread=1.0),
        "text": ComponentWeight(always=0.2, unread=0.2),
        "joint": ComponentWeight(always=0.15, unread=0.15),
    }
)
UNTRAINED = Blend({"words": ComponentWeight(always=1.0, unread=1.0)})
FACTORS_ALONE = Blend().only("stack")
