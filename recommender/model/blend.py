"""The blend: how much each component of a score weighs, by a paper's readers and the length of the reader's history.

The components, each scaled to unit spread, are named in `ranking/components.py`: `factors` (the reader folded into the
factorisation), `text_graph` and `joint_graph` (how far their papers reach along the graphs), `item_regression` (linear
predictions of each paper from its neighbours), `word_ridge` (kernel ridge over the words) and `embedding` (the same
over an encoder's vectors).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# Their names in the manifests on disk, which outlive the names in the code.
_STORED_COMPONENTS = {
    "factors": "stack",
    "text_graph": "text",
    "joint_graph": "joint",
    "item_regression": "linear",
    "word_ridge": "words",
    "embedding": "meaning",
}
_STORED_WEIGHTS = {
    "base": "always",
    "low_support": "few",
    "short_history": "short",
    "cold": "unread",
    "cold_short_history": "unread_short",
}
_STORED_BLEND = {
    "components": "parts",
    "readers_short_history": "readers_short",
    "cold": "unread",
    "cold_scale": "meeting",
    "cold_scale_short_history": "meeting_short",
}

LOW_SUPPORT_READERS = 3.0  # the number of readers at which `low_support` has lost half of its effect


@dataclass(frozen=True)
class ComponentWeight:
    """The weight of one component, for a reader whose profile has n liked rows.

    For papers with r > 0 readers it is `max(0, base + short_history / sqrt(n)) + low_support / (1 + r / 3)`; for papers
    with none, `cold + cold_short_history / sqrt(n)`.
    """

    base: float = 0.0
    low_support: float = 0.0
    short_history: float = 0.0
    cold: float = 0.0
    cold_short_history: float = 0.0

    def at(self, readers: np.ndarray, history: np.ndarray | int, cold_scale: np.ndarray | float = 1.0) -> np.ndarray:
        """Return the weight for papers with these numbers of readers, float32 (N,) or broadcast with `history` (n).

        For papers without readers it is multiplied by `cold_scale`.
        """
        root = np.sqrt(np.maximum(history, 1)).astype(np.float32)
        read = np.maximum(self.base + self.short_history / root, 0) + (
            self.low_support / (1 + readers / LOW_SUPPORT_READERS) if self.low_support else 0
        )
        cold = (self.cold + self.cold_short_history / root) * cold_scale
        # Sums of products, for choosing between the two by `where` is a branch that no processor foresees.
        is_read = (readers > 0).astype(np.float32)
        return np.asarray(read, np.float32) * is_read + np.asarray(cold, np.float32) * (1 - is_read)


@dataclass(frozen=True)
class Blend:
    """The weights of the components by name, and a prior by a paper's number of readers r that is added to their sum.

    With n liked rows in the profile, the prior is `(readers + readers_short_history / sqrt(n)) * log1p(r)`, or `cold`
    for papers without readers. The components of those are multiplied by `cold_scale + cold_scale_short_history /
    sqrt(n)`, so that their scores compare with the others'. `learned` tells a blend of `training/blend_search.py` from
    a default.
    """

    components: Mapping[str, ComponentWeight] = field(default_factory=dict)
    readers: float = 0.0
    readers_short_history: float = 0.0
    cold: float = 0.0
    cold_scale: float = 1.0
    cold_scale_short_history: float = 0.0
    learned: bool = False

    @property
    def weighed(self) -> list[str]:
        """The names of the components that have any weight."""
        return [name for name, weight in self.components.items() if any(vars(weight).values())]

    def weight(self, component: str, readers: np.ndarray, history: np.ndarray | int) -> np.ndarray:
        """Return a component's weight for papers with these numbers of readers, float32 (N,) or broadcast."""
        cold_scale = self.cold_scale + self.cold_scale_short_history / np.sqrt(np.maximum(history, 1))
        return self.components[component].at(readers, history, cold_scale)

    def prior(self, readers: np.ndarray, history: np.ndarray | int) -> np.ndarray:
        """Return the prior for papers with these numbers of readers, float32 (N,) or broadcast."""
        each = self.readers + self.readers_short_history / np.sqrt(np.maximum(history, 1))
        if not self.cold and not np.any(each):
            return np.zeros(np.broadcast_shapes(np.shape(readers), np.shape(each)), np.float32)
        return np.where(readers > 0, each * np.log1p(readers), self.cold).astype(np.float32)

    def single(self, component: str) -> Blend:
        """Return a blend of one component, the same for all papers."""
        return Blend({component: ComponentWeight(base=1.0, cold=1.0)})

    def as_dict(self) -> dict[str, Any]:
        """Return the blend as JSON values, under the names that manifests have."""
        components = {
            _STORED_COMPONENTS.get(name, name): _rename(vars(weight), _STORED_WEIGHTS)
            for name, weight in self.components.items()
        }
        return _rename({**vars(self), "components": components}, _STORED_BLEND)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Blend:
        """Read what `as_dict` wrote; unknown entries are ignored."""
        component_of, weight_of, field_of = map(_invert, (_STORED_COMPONENTS, _STORED_WEIGHTS, _STORED_BLEND))
        known = {field.name for field in dataclasses.fields(cls)}
        fields = {name: value for name, value in _rename(values, field_of).items() if name in known}
        components = {
            component_of.get(name, name): ComponentWeight(**_rename(weight, weight_of))
            for name, weight in fields["components"].items()
        }
        return cls(**{**fields, "components": components})


def _rename(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in values.items()}


def _invert(names: Mapping[str, str]) -> dict[str, str]:
    return {stored: name for name, stored in names.items()}


# Measured on real readers; used until a validation split on the server's own proves a better one.
WITH_READERS = Blend(
    {
        "factors": ComponentWeight(base=1.0, low_support=-0.3, cold=1.0),
        "text_graph": ComponentWeight(base=0.13, short_history=-0.1, cold=0.05),
        "joint_graph": ComponentWeight(base=0.15, short_history=-0.1, cold=0.15),
        "item_regression": ComponentWeight(base=0.35, short_history=-0.6),
    },
    cold_scale=1.4,
    cold_scale_short_history=-0.4,
)
# A reader alone has no joint graph; where there are few readers, it is what they contribute.
ALONE = Blend(
    {
        "factors": ComponentWeight(base=1.0, cold=1.0),
        "text_graph": ComponentWeight(base=0.2, cold=0.2),
        "joint_graph": ComponentWeight(base=0.15, cold=0.15),
    }
)
UNTRAINED = Blend({"word_ridge": ComponentWeight(base=1.0, cold=1.0)})
FACTORS_ALONE = Blend().single("factors")
