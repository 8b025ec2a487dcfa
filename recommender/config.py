"""What can be set about training and ranking; checked when it is built."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

DAY = 86_400.0


@dataclass(frozen=True)
class Config:
    """Settings of a model and of the lists made from it.

    Half-lives are in days (`math.inf`: never fades). Weights are relative to one fresh save, which is 1.
    """

    factors: int = 256
    regularization: float = 1.0
    alpha: float = 40.0
    iterations: int = 15
    min_df: int = 3
    word_weight: float = 1.0
    feature_weight: float = 0.5
    text_regularization: float = 1.0

    save_weight: float = 1.0
    open_weight: float = 0.4
    hide_weight: float = 0.5
    interest_weight: float = 0.6
    mute_weight: float = 3.0
    save_half_life: float = 720.0
    open_half_life: float = 90.0
    oldest_share: float = 0.25

    freshness: float = 0.6
    fresh_half_life: float = 10.0
    popularity: float = 0.3
    passed_over: float = 0.25
    diversity: float = 0.15
    fairness: float = 2.0
    exploration: float = 0.05

    def __post_init__(self) -> None:
        for name in ("factors", "iterations", "min_df"):
            _require(name, getattr(self, name), getattr(self, name) >= 1, "be at least 1")
        for name in ("save_half_life", "open_half_life", "fresh_half_life", "alpha", "text_regularization"):
            _require(name, getattr(self, name), getattr(self, name) > 0, "be positive")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            _require(field.name, value, not math.isnan(value) and value >= 0, "be a number, zero or more")

    def plain(self) -> Config:
        """Return the same settings with nothing but relevance in a list: no freshness, balance or exploration."""
        return dataclasses.replace(self, freshness=0.0, popularity=0.0, diversity=0.0, fairness=0.0, exploration=0.0)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values; a half-life that never ends is null."""
        return {name: None if value == math.inf else value for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Read what `as_dict` wrote, leaving out settings this version does not know."""
        names = {field.name for field in dataclasses.fields(cls)}
        known: dict[str, Any] = {name: values[name] for name in names & values.keys()}
        endless: dict[str, Any] = {name: math.inf for name, value in known.items() if value is None}
        return cls(**(known | endless))


def _require(name: str, value: float, holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} must {rule}, not {value!r}")
