"""What is said of a model beside its arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPTIONAL = ("blend_learned_on", "papers_until", "gate")


@dataclass(frozen=True)
class Manifest:
    """Where a model comes from and what was found of it. Times are epoch seconds.

    `now` is the moment its events' ages were counted from, `watermark` the newest event or paper in it. `counts` are of
    papers, events, readers, factors, words, names and pairs; `config` and `blend` are as their `as_dict` gives them;
    `encoder` names the encoder of its embeddings. `blend_learned_on` counts the events its blend was learned on;
    `papers_until` and `gate` (a verdict as JSON) are for whoever publishes it.
    """

    version: str
    trained_at: float
    now: float
    watermark: float | None
    counts: Mapping[str, int]
    config: Mapping[str, Any]
    figures: Mapping[str, Any]
    encoder: str | None
    blend: Mapping[str, Any]
    blend_learned_on: int | None = None
    papers_until: float | None = None
    gate: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; of what may be missing only what is there."""
        return {name: value for name, value in vars(self).items() if value is not None or name not in _OPTIONAL}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Manifest:
        """Read what `as_dict` wrote but for what this version does not know; TypeError where something is missing."""
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: values[name] for name in names & values.keys()})
