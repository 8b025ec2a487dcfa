"""Everything of one reader that does not depend on which papers are asked about, solved once and reused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recommender.config import Config
from recommender.data.tables import Events
from recommender.features.sentences import Sentence
from recommender.features.tfidf import Vocabulary
from recommender.model.blend import UNTRAINED, Blend
from recommender.model.model import Model
from recommender.ranking.components import Component, EarlierComponents, GraphComponent, build_components
from recommender.ranking.interests import cluster_interests
from recommender.ranking.paper_index import PaperIndex
from recommender.ranking.paper_slices import find_sorted
from recommender.ranking.priors import Reactions
from recommender.ranking.profile import FoundPapers, Profile, TypedTexts, build_profile, embed_texts, find_papers

FOUND_BYTES = 16  # a row and a reference to the id, which the history holds


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
    found: FoundPapers

    @property
    def blend(self) -> Blend:
        """The weights of the components."""
        return self.model.blend if self.model else UNTRAINED

    @cached_property
    def interest_groups(self) -> np.ndarray | None:
        """Which rows of the profile belong to which interest, float32 (C, n) of ones; None unless there are two."""
        return cluster_interests(self.profile)

    @cached_property
    def nbytes(self) -> int:
        """About how many bytes it holds beside what all readers share."""
        profile = self.profile
        arrays = [profile.vectors, profile.seen, profile.passed_over, profile.muted_rows]
        arrays += [one.rows for one in profile.followed]
        matrices = [profile.words, profile.graph_rows]
        columns = list(self.reactions.columns.values())
        for component in self.components.values():
            if isinstance(component, GraphComponent):
                matrices.append(component.reach)
                columns += [component.sums] * 2  # and weighted by the blend, for the scan of the catalogue
        arrays += [part for matrix in matrices for part in (matrix.data, matrix.indices, matrix.indptr)]
        # Beside the vectors of the profile, the fold-in keeps what each of them adds.
        beside = profile.vectors.nbytes + sum(column.nbytes for column in columns)
        return sum(array.nbytes for array in arrays) + beside + FOUND_BYTES * len(self.found.rows)


def prepare_reader(
    history: Events,
    interests: Sequence[Sentence],
    muted: Sequence[Sentence],
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
    found = find_papers(history, index, previous.found if previous and previous.index is index else None)
    profile = build_profile(history, found, typed, index=index, model=model, config=config, now=now)
    blend = model.blend if model else UNTRAINED
    components: Mapping[str, Component] = {}
    if len(profile):
        components = build_components(
            profile,
            index,
            model,
            blend.weighed,
            config.text_regularization,
            earlier=_find_earlier(profile, previous) if previous else None,
        )
    reactions = Reactions(profile, index, model, config)
    return ReaderState(index, vocabulary, model, typed, profile, components, reactions, found)


def _find_earlier(profile: Profile, previous: ReaderState) -> EarlierComponents:
    """Find rows of a profile that were in the one before; papers newer than the model may be others by now."""
    papers, earlier = (one.rows[one.rows >= 0] for one in (profile, previous.profile))  # in order, before the texts
    found, has = find_sorted(earlier, papers)
    place_of = {text: at for at, text in enumerate(_tell_texts(previous.profile, len(earlier)), len(earlier))}
    texts = [place_of.get(text, -1) for text in _tell_texts(profile, len(papers))]
    trained = profile.graph_rows.shape[1]
    rows = np.where(has & (papers < trained), found, -1)
    return EarlierComponents(previous.components, np.concatenate([rows, np.array(texts, np.int64)]))


def _tell_texts(profile: Profile, start: int) -> Iterator[tuple[str, bool, int]]:
    """Yield what tells each row of a profile, from the first text on, from all others: one text may have several."""
    counts: Counter[tuple[str, bool]] = Counter()
    for text, weight in zip(profile.texts[start:], profile.weight[start:].tolist(), strict=True):
        counts[text, weight > 0] += 1
        yield text, weight > 0, counts[text, weight > 0]
