"""Everything of one reader that does not depend on which papers are asked about, solved once and reused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.config import Config
from recommender.data.tables import Events
from recommender.features.tfidf import Vocabulary
from recommender.model.blend import UNTRAINED, Blend
from recommender.model.model import Model
from recommender.ranking.components import Component, EarlierComponents, GraphComponent, build_components
from recommender.ranking.interests import cluster_interests
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.priors import Reactions
from recommender.ranking.profile import Profile, TypedTexts, build_profile, embed_texts


@dataclass(frozen=True)
class ReaderState:
    """A reader's profile and the components built from it, for one index of papers; it never changes.

    It depends on the reader's events and topics and, by the decay of events, on the time. A state of a minute ago is
    as good as a new one; a state of before an event is the start of the next (`previous` in `prepare_reader`).
    """

    index: PaperIndex
    vocabulary: Vocabulary
    model: Model | None
    typed: TypedTexts
    profile: Profile
    components: Mapping[str, Component]
    reactions: Reactions

    @property
    def blend(self) -> Blend:
        """The weights of the components."""
        return self.model.blend if self.model else UNTRAINED

    @cached_property
    def interest_groups(self) -> np.ndarray | None:
        """Which rows of the profile belong to which interest, float32 (C, n) of ones; None unless there are two."""
        return cluster_interests(self.profile)

    @property
    def nbytes(self) -> int:
        """About how many bytes it holds beside what all readers share."""
        profile = self.profile
        arrays = [profile.vectors, profile.seen, profile.passed_over, profile.muted_rows]
        arrays += [one.rows for one in profile.followed]
        matrices = [profile.words, profile.graph_rows]
        columns = list(self.reactions.columns.values())
        for component in self.components.values():
            if isinstance(component, GraphComponent):
                matrices += [component.reach, component.by_paper]
                columns += [component.sums] * 2  # and weighted by the blend, for the scan of the catalogue
        arrays += [part for matrix in matrices for part in (matrix.data, matrix.indices, matrix.indptr)]
        # Beside the vectors of the profile, the fold-in keeps what each of them adds.
        beside = profile.vectors.nbytes + sum(column.nbytes for column in columns)
        return sum(array.nbytes for array in arrays) + beside


def prepare_reader(
    history: Events,
    interests: Sequence[str],
    muted: Sequence[str],
    *,
    index: PaperIndex,
    vocabulary: Vocabulary,
    model: Model | None,
    config: Config,
    now: float,
    previous: ReaderState | None = None,
) -> ReaderState:
    """Build a reader's profile and components at `now`, in epoch seconds, reusing what still holds of `previous`."""
    if previous is not None and (previous.model is not model or previous.vocabulary is not vocabulary):
        previous = None
    typed = embed_texts(interests, muted, index, vocabulary, model, previous=previous.typed if previous else None)
    profile = build_profile(history, typed, index=index, model=model, config=config, now=now)
    blend = model.blend if model else UNTRAINED
    components: Mapping[str, Component] = {}
    if len(profile):
        components = build_components(
            profile,
            index,
            model,
            blend.components,
            config.text_regularization,
            earlier=_find_earlier(profile, previous) if previous else None,
        )
    return ReaderState(index, vocabulary, model, typed, profile, components, Reactions(profile, index, model, config))


def _find_earlier(profile: Profile, previous: ReaderState) -> EarlierComponents:
    place_of = {key: place for place, key in enumerate(_keys(previous.profile))}
    rows = [-1 if key is None else place_of.get(key, -1) for key in _keys(profile)]
    return EarlierComponents(previous.components, np.array(rows, np.int64))


def _keys(profile: Profile) -> list[int | str | None]:
    """Return what tells rows of a profile apart in any index of one model, None for papers newer than the model."""
    newest = profile.graph_rows.shape[1]
    return [
        text or (row if row < newest else None) for row, text in zip(profile.rows.tolist(), profile.texts, strict=True)
    ]
