"""The settings of training and ranking, checked when they are built."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

DAY = 86_400.0  # seconds


@dataclass(frozen=True)
class Config:
    """Settings of a model and of the lists made from it.

    Half-lives are in days, `math.inf` for no decay. Event weights are relative to one fresh save. A score is a sum of
    components of unit spread (standard deviation over the model's papers), so what a prior adds is in such spreads.

    Raises ValueError, naming the setting, if a value is out of range.
    """

    factors: int = 256
    """Dimensions D of the vectors; a small catalogue gets fewer, at most a quarter of its papers and at least 16."""
    regularization: float = 10.0
    """L2 penalty λ of the ALS (Hu, Koren and Volinsky 2008) and of every fold-in; more keeps vectors shorter."""
    alpha: float = 40.0
    """Confidence of a cell of weight 1 where an empty cell has 1; scales all weights (α of Hu, Koren and Volinsky)."""
    iterations: int = 7
    """ALS sweeps over both sides of the matrix; fewer where a trained model is brought up to date."""
    min_df: int = 3
    """Papers a word must occur in to be learned; fewer suffice in a catalogue under 300 papers."""
    word_weight: float = 1.0
    """Weight of the unit-length TF-IDF rows among the readers' rows in the factorised matrix and in fold-ins."""
    feature_weight: float = 0.5
    """The same for the rows of authors, categories and organisations."""
    text_regularization: float = 1.0
    """Ridge added to the kernel's diagonal in `word_ridge` and `embedding`; more trusts single papers less."""

    save_weight: float = 1.0
    """Weight of a fresh save; decays by `save_half_life`."""
    open_weight: float = 0.4
    """Weight of a fresh open; decays by `open_half_life`. Of a save and an open of one paper the larger counts."""
    hide_weight: float = 0.5
    """Negative weight of a hidden paper; replaces that of saves and opens and does not decay."""
    dislike_weight: float = 1.0
    """Negative weight of a paper that the reader wants less like; replaces all others and does not decay."""
    dislike_penalty: float = 3.0
    """Taken off the score of a paper that is like one of these: all of it from a cosine of .3 between their TF-IDF
    rows, nothing up to .1, in proportion between; for the nearest of them, once."""
    interest_weight: float = 0.6
    """Weight of a typed interest or a followed topic in the reader's profile; does not decay."""
    mute_weight: float = 3.0
    """Negative weight of a muted topic in the profile, and the most it takes off a paper's score; a muted author,
    category or organisation takes off all of it."""
    followed_author: float = 3.0
    """Added to the score of a paper by an author whom the reader follows; once, however many of its authors are."""
    followed_organization: float = 1.0
    """Added to the score of a paper from an organisation that the reader follows."""
    followed_category: float = 0.5
    """Added to the score of a paper in a category that the reader follows; once, however many of its categories are."""
    save_half_life: float = 720.0
    """Days after which a save weighs half."""
    open_half_life: float = 90.0
    """Days after which an open weighs half."""
    oldest_share: float = 0.25
    """Share of its weight that an event keeps however old it is."""

    freshness: float = 0.6
    """Added to the score of a paper published now; halves every `fresh_half_life`."""
    fresh_half_life: float = 10.0
    """Days after publication in which the freshness prior halves."""
    popularity: float = 0.3
    """Added to the score of a paper with 100 upvotes; grows with the logarithm of the upvotes."""
    passed_over: float = 0.25
    """Taken off a paper for each doubling of the times it was shown and neither opened nor saved; the first is free."""
    diversity: float = 0.15
    """Cost of a cosine of 1 to the most similar paper already in the list, in spreads of the scores in the pool: the
    redundancy term of maximal marginal relevance (Carbonell and Goldstein 1998)."""
    fairness: float = 2.0
    """Cost, in the same spreads, of a paper of an interest that already has its fair places on a page, and in
    proportion before; calibrates the list to the reader's interests (cf. Steck 2018)."""
    exploration: float = 0.05
    """Share of the list given at random to papers from further down; only its lower half has such places."""

    def __post_init__(self) -> None:
        for name in ("factors", "iterations", "min_df"):
            _require(name, getattr(self, name), getattr(self, name) >= 1, "be at least 1")
        for name in ("save_half_life", "open_half_life", "fresh_half_life", "alpha", "text_regularization"):
            _require(name, getattr(self, name), getattr(self, name) > 0, "be positive")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            _require(field.name, value, not math.isnan(value) and value >= 0, "be a number, zero or more")

    def scaled(self, *, variety: float = 1.0, freshness: float = 1.0, exploration: float = 1.0) -> Config:
        """Return these settings with one reader's own weights for lists, each a factor; variety has two settings."""
        return dataclasses.replace(
            self,
            diversity=self.diversity * variety,
            fairness=self.fairness * variety,
            freshness=self.freshness * freshness,
            exploration=self.exploration * exploration,
        )

    def relevance_only(self) -> Config:
        """Return these settings with relevance alone: no freshness, popularity, diversity, fairness or exploration."""
        return dataclasses.replace(self, freshness=0.0, popularity=0.0, diversity=0.0, fairness=0.0, exploration=0.0)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as JSON values; an infinite half-life is null."""
        return {name: None if value == math.inf else value for name, value in dataclasses.asdict(self).items()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Config:
        """Read what `as_dict` wrote; settings this version does not know are ignored."""
        names = {field.name for field in dataclasses.fields(cls)}
        known: dict[str, Any] = {name: values[name] for name in names & values.keys()}
        endless: dict[str, Any] = {name: math.inf for name, value in known.items() if value is None}
        return cls(**(known | endless))


def _require(name: str, value: float, holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(f"{name} must {rule}, not {value!r}")
