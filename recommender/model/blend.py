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

LOW_SUPPORT_READERS = 3.0  # with so many readers a paper's factors count half as learned


@dataclass(frozen=True)
class ComponentWeight:
    """One part's weight, n being the papers in the reader's history.

    For papers with r readers: `base + low_support / (1 + r / 3) + short_history / sqrt(n)`; for papers with none:
    `cold + cold_short_history / sqrt(n)`.
    """

    base: float = 0.0
    low_support: float = 0.0
    short_history: float = 0.0
    cold: float = 0.0
    cold_short_history: float = 0.0

    def of(self, readers: np.ndarray, history: np.ndarray | int, cold_scale: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the weight for papers with so many readers, float32 (N,) or as they broadcast.

        That of papers without readers counts `cold_scale` times.
        """
        root = np.sqrt(np.maximum(history, 1)).astype(np.float32)
        read = (self.base + self.short_history / root) + (
            self.low_support / (1 + readers / LOW_SUPPORT_READERS) if self.low_support else 0
        )
        cold = (self.cold + self.cold_short_history / root) * cold_scale
        return np.where(readers > 0, read, cold).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Blend:
    """`components` by name; to their sum comes a prior by the number of a paper's readers.

    The parts of papers without readers count `cold_scale + cold_scale_short_history / sqrt(n)` times when they meet the others.
    """

    components: Mapping[str, ComponentWeight] = field(default_factory=dict)
    readers: float = 0.0
    readers_short_history: float = 0.0
    cold: float = 0.0
    cold_scale: float = 1.0
    cold_scale_short_history: float = 0.0
    learned: bool = False

    def weight(self, component: str, readers: np.ndarray, history: np.ndarray | int) -> np.ndarray:
        """Return a part's weight for papers with so many readers, float32 (N,) or as they broadcast."""
        cold_scale = self.cold_scale + self.cold_scale_short_history / np.sqrt(np.maximum(history, 1))
        return self.components[component].of(readers, history, cold_scale)

    def prior(self, readers: np.ndarray, history: np.ndarray | int) -> np.ndarray:
        """Return `(readers + readers_short_history / sqrt(n)) * log1p(r)`, for papers without readers `cold`; float32."""
        each = self.readers + self.readers_short_history / np.sqrt(np.maximum(history, 1))
        if not self.cold and not np.any(each):
            return np.zeros(np.broadcast_shapes(np.shape(readers), np.shape(each)), np.float32)
        return np.where(readers > 0, each * np.log1p(readers), self.cold).astype(np.float32)

    def only(self, component: str) -> Blend:
        """Return a blend of one part alone, for all papers alike."""
        return Blend({component: ComponentWeight(base=1.0, cold=1.0)})

    def as_dict(self) -> dict[str, Any]:
        """Return the blend as JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Blend:
        """Read what `as_dict` wrote."""
        components = {name: ComponentWeight(**weight) for name, weight in values["parts"].items()}
        rest = {field.name for field in dataclasses.fields(cls)} - {"parts"}
        return cls(components, **{name: values[name] for name in rest & values.keys()})


# Measured on real readers: what stands until a validation split of one's own can teach better.
WITH_READERS = Blend(
    {
        "factors": ComponentWeight(base=1.0, low_support=-0.3, cold=1.0),
        "text_graph": ComponentWeight(base=0.13, short_history=-0.1, cold=0.05),
        "joint_graph": ComponentWeight(base=0.15, short_history=-0.1, cold=0.15),
    },
    cold_scale=0.87,
    cold_scale_short_history=0.15,
)
# Alone there is no joint graph; with few other readers it is what they bring.
ALONE = Blend(
    {
        "factors": ComponentWeight(base=1.0, cold=1.0),
        "text_graph": ComponentWeight(base=0.2, cold=0.2),
        "joint_graph": ComponentWeight(base=0.15, cold=0.15),
    }
)
UNTRAINED = Blend({"word_ridge": ComponentWeight(base=1.0, cold=1.0)})
FACTORS_ALONE = Blend().only("factors")
