"""The manifest of a model: everything about it but its arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPTIONAL = ("blend_learned_on", "papers_until", "events_until", "gate", "start")


@dataclass(frozen=True)
class Manifest:
    """Where a model comes from and how good it was found. Times are epoch seconds.

    Attributes:
        version: The model's name, `YYYYmmddTHHMMSS-` and a hash of its vectors.
        trained_at: When it was trained, by the clock.
        now: The time its events' ages were counted from.
        watermark: The newest event or paper in it; None if no time is known.
        counts: Numbers of papers, events, readers, factors, words, names and pairs.
        config: `Config.as_dict`.
        figures: Figures of quality by name, if any were measured.
        encoder: The encoder of its embeddings; None without one.
        blend: `Blend.as_dict`.
        blend_learned_on: Number of events its blend was learned on; None for a default blend.
        papers_until: For the publisher: the newest change of a paper that training saw.
        events_until: For the publisher: the number of the newest event that training saw.
        gate: For the publisher: the gate's verdict as JSON.
        start: Where its vectors began: `from` a model's version or from scratch, and then why; `warm_starts`, how many
            models in a row began so; None for a model from before there were warm starts, which was from scratch.
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
    events_until: int | None = None
    gate: Mapping[str, Any] | None = None
    start: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return JSON values; optional ones only if they are set."""
        return {name: value for name, value in vars(self).items() if value is not None or name not in _OPTIONAL}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Manifest:
        """Read what `as_dict` wrote; unknown entries are ignored. Raises TypeError if one is missing."""
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: values[name] for name in names & values.keys()})
