"""A reader's profile: the papers and interests they like or dislike now, as weighted rows to score with.

Axes: n rows of the profile (papers, then interests, then muted texts), N papers in the index, P papers of the model,
W words, D factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.categorical import Categorical
from recommender.data.interactions import Interactions, weigh_events
from recommender.data.tables import Events
from recommender.features.name_index import Name
from recommender.features.sentences import Sentence
from recommender.features.tfidf import Vocabulary
from recommender.model.model import Model
from recommender.model.nearest import NearestIndex
from recommender.model.neighbours import find_neighbours
from recommender.ranking.paper_index import PaperBlock, PaperIndex

_NO_VECTORS = np.zeros((0, 0), np.float32)
MAX_PENALIZING = 50  # disliked papers, the newest, whose likes sink
MAX_LIKED, MAX_DISLIKED = 500, 125  # rows of a long history: those of most weight, the newest first
MAX_TOPICS = 300  # of all interests; the topics of further interests are not told apart
UNWANTED_WEIGHT = 0.5  # of what an interest does not want, beside 1 for the one topic that it wants
DISLIKED_PREFERENCE = -0.3  # the preference a hidden paper is fitted to; a liked paper is fitted to 1


@dataclass(frozen=True)
class FollowedName:
    """An author, category or organisation whom the reader follows; `rows` int64 are the papers' index rows."""

    name: Name
    rows: np.ndarray


@dataclass(frozen=True)
class Profile:
    """One reader's profile.

    `rows` int64 (n,) are index rows, -1 for an interest or a muted text; `texts` are what was typed there, "" for
    papers. `weight` float32 (n,) is negative for disliked rows; `words` float32 CSR (n, W), `vectors` float32 (n, D)
    and `graph_rows` float32 CSR (n, P) are what the components score with. `seen` int64 are index rows never to be
    recommended. `passed_over` int64 are index rows that were shown and not opened, `impressions` float32 how often.
    `muted_words` float32 CSR has one row for each muted text, also where no word of it is known. `followed` are the
    names the reader follows, `muted_rows` int64 the index rows of papers with a muted name, `disliked` int64 those of
    the papers that the reader wants less like.
    """

    rows: np.ndarray
    texts: list[str]
    weight: np.ndarray
    words: sp.csr_matrix
    vectors: np.ndarray
    graph_rows: sp.csr_matrix
    seen: np.ndarray
    passed_over: np.ndarray
    impressions: np.ndarray
    muted_words: sp.csr_matrix
    followed: Sequence[FollowedName]
    muted_rows: np.ndarray
    disliked: np.ndarray

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def liked_rows(self) -> int:
        """The number of liked rows: how much is known of the reader."""
        return int((self.weight > 0).sum())

    @property
    def muted_vectors(self) -> np.ndarray:
        """The vectors of the muted texts of which the model knows a word, float32 (muted texts, D)."""
        return self.vectors[(self.rows < 0) & (self.weight < 0)] if len(self.vectors) else self.vectors

    @property
    def preference(self) -> np.ndarray:
        """The preference each row is fitted to, float32 (n,)."""
        return np.where(self.weight > 0, 1, DISLIKED_PREFERENCE).astype(np.float32)


@dataclass(frozen=True)
class TypedTexts:
    """What a reader typed, placed among the papers of the first block.

    `words` float32 CSR, `vectors` float32, `graph_rows` float32 CSR and `is_muted` bool have one row for each of
    `texts`: an interest as it is written for each of the topics it wants, then what is muted; those with a known
    word. `muted_words` float32 CSR has one row for each muted topic.
    """

    interests: tuple[Sentence, ...]
    muted: tuple[Sentence, ...]
    block: PaperBlock
    texts: list[str]
    is_muted: np.ndarray
    words: sp.csr_matrix
    vectors: np.ndarray
    graph_rows: sp.csr_matrix
    muted_words: sp.csr_matrix
    followed: Sequence[Name]
    muted_names: Sequence[Name]


class _Topic(NamedTuple):
    """One row of what was typed: its words, the text it is from, and what that does not want, with its weight."""

    words: str
    written: str
    unwanted: str = ""
    unwanted_weight: float = 0.0


def embed_texts(
    interests: Sequence[Sentence],
    muted: Sequence[Sentence],
    index: PaperIndex,
    vocabulary: Vocabulary,
    model: Model | None,
    *,
    previous: TypedTexts | None = None,
) -> TypedTexts:
    """Place what a reader typed among the papers; what they typed before, `previous`, is placed already."""
    asked, block = (tuple(interests), tuple(muted)), index.blocks[0]
    if previous is not None and previous.block is block and asked == (previous.interests, previous.muted):
        return previous
    topics, refused = _read_topics(interests)
    every = [*topics, *(_Topic(text, one.written) for one in muted for text in one.words), *refused]
    words = vocabulary.rows(one.words for one in every)
    known = np.flatnonzero(np.diff(words.indptr))
    vectors = model.fold_in(words[known]) if model else _NO_VECTORS
    nearest = model.nearest if model else NearestIndex(block.words, block.by_word)
    graph_rows = (
        find_neighbours(words[known], nearest) if len(known) else sp.csr_matrix((0, len(block)), dtype=np.float32)
    )
    wanted_words, vectors = _take_off_unwanted([every[row] for row in known], words[known], vectors, vocabulary, model)
    return TypedTexts(
        *asked,
        block,
        texts=[every[row].written for row in known],
        is_muted=known >= len(topics),
        words=wanted_words,
        vectors=vectors,
        graph_rows=graph_rows,
        muted_words=words[len(topics) :],
        followed=[name for one in interests for name in one.names],
        muted_names=[name for one in muted for name in one.names]
        + [name for one in interests for name in one.unwanted_names],
    )


def _read_topics(interests: Sequence[Sentence]) -> tuple[list[_Topic], list[_Topic]]:
    """Return the topics in words that interests want, and those that interests in names alone do not want.

    Past `MAX_TOPICS` the topics of one interest are one, so that the rows of a profile stay few.
    """
    topics: list[_Topic] = []
    refused: list[_Topic] = []
    for one in interests:
        unwanted = " ".join(one.unwanted_words)
        apart = one.words if len(topics) + len(one.words) <= MAX_TOPICS else (" ".join(one.words),)
        weight = UNWANTED_WEIGHT / max(len(apart), 1) ** 0.5  # the topics' rows add up
        topics += [_Topic(text, one.written, unwanted, weight) for text in apart]
        refused += [_Topic(unwanted, one.written)] if unwanted and not one.words else []
    return topics, refused


def _take_off_unwanted(
    topics: Sequence[_Topic], words: sp.csr_matrix, vectors: np.ndarray, vocabulary: Vocabulary, model: Model | None
) -> tuple[sp.csr_matrix, np.ndarray]:
    """Return the words, float32 CSR (M, W), and vectors (M, D) of topics (M,), less those of what they do not want.

    Rocchio, "Relevance Feedback in Information Retrieval" (1971), with typed words in the place of judged documents.
    """
    once = {text: row for row, text in enumerate(dict.fromkeys(one.unwanted for one in topics))}
    if not any(once):
        return words, vectors
    rows, unwanted = [once[one.unwanted] for one in topics], vocabulary.rows(once)
    weights = np.array([one.unwanted_weight for one in topics], np.float32)
    less = (words - sp.diags(weights) @ unwanted[rows]).tocsr()
    return less, vectors - model.fold_in(unwanted)[rows] * weights[:, None] if model else vectors


@dataclass(frozen=True)
class FoundPapers:
    """The distinct `papers` of a history in order of first appearance, with index `rows` int64, -1 for unknown ones."""

    papers: Sequence[str]
    rows: np.ndarray

    def find(self, papers: Sequence[str]) -> np.ndarray:
        """Return the rows of papers, int64 (M,), -2 for those that are not here."""
        if papers[: len(self.papers)] == self.papers:  # as after most events: nothing else is compared or hashed
            return np.concatenate([self.rows, np.full(len(papers) - len(self.papers), -2)])
        row_of = dict(zip(self.papers, self.rows.tolist(), strict=True))
        return np.fromiter(map(row_of.get, papers, repeat(-2)), np.int64, len(papers))


def find_papers(history: Events, index: PaperIndex, previous: FoundPapers | None = None) -> FoundPapers:
    """Find the papers of a history in an index; those found there before, `previous`, are not looked up again."""
    papers = Categorical.of(history.papers).categories
    rows = previous.find(papers) if previous else np.full(len(papers), -2)
    new = np.flatnonzero(rows == -2)
    rows[new] = index.find_rows([papers[at] for at in new.tolist()])
    return FoundPapers(papers, rows)


def build_profile(
    history: Events,
    found: FoundPapers,
    typed: TypedTexts,
    *,
    index: PaperIndex,
    model: Model | None,
    config: Config,
    now: float,
) -> Profile:
    """Build a reader's profile at `now`, in epoch seconds; unknown papers and words are ignored."""
    interactions = _weigh_history(history, found, config, now)
    strongest = _select_strongest(interactions)
    rows = interactions.paper[strongest]
    amounts = np.where(typed.is_muted, -config.mute_weight, config.interest_weight).astype(np.float32)
    return Profile(
        rows=np.concatenate([rows, np.full(len(typed.texts), -1)]),
        texts=[""] * len(rows) + typed.texts,
        weight=np.concatenate([interactions.weight[strongest], amounts]),
        words=_vstack(index.words(rows), typed.words),
        vectors=np.concatenate([index.foldin_vectors(rows), typed.vectors]) if model else _NO_VECTORS,
        graph_rows=_vstack(index.graph_rows(rows), typed.graph_rows),
        seen=interactions.paper[interactions.seen],
        passed_over=interactions.paper[interactions.passed > 0],
        impressions=interactions.passed[interactions.passed > 0],
        muted_words=typed.muted_words,
        followed=[FollowedName(name, index.rows_of(name)) for name in typed.followed],
        muted_rows=_rows_of_any(index, typed.muted_names),
        disliked=_newest_disliked(interactions),
    )


def build_profile_from_rows(rows: np.ndarray, weight: np.ndarray, index: PaperIndex) -> Profile:
    """Build a profile from index rows (n,) with these weights, float32 (n,), and nothing else."""
    words, nothing = index.words(rows), np.empty(0, np.int64)
    return Profile(
        rows=rows,
        texts=[""] * len(rows),
        weight=weight,
        words=words,
        vectors=index.foldin_vectors(rows),
        graph_rows=index.graph_rows(rows),
        seen=nothing,
        passed_over=nothing,
        impressions=np.empty(0, np.float32),
        muted_words=words[:0],
        followed=(),
        muted_rows=nothing,
        disliked=nothing,
    )


def _newest_disliked(interactions: Interactions) -> np.ndarray:
    newest = np.argsort(-interactions.time, kind="stable")
    return interactions.paper[newest[interactions.disliked[newest]][:MAX_PENALIZING]]


def _rows_of_any(index: PaperIndex, names: Sequence[Name]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.int64), *(index.rows_of(name) for name in names)])


def _vstack(one: sp.csr_matrix, other: sp.csr_matrix) -> sp.csr_matrix:
    return sp.vstack([one, other], format="csr") if other.shape[0] else one


def _select_strongest(interactions: Interactions) -> np.ndarray:
    """Return the rows of `interactions` with the largest weights, in order: all of them, except in a long history.

    Solving for a reader takes the cube of the number of their papers, and one more changes nothing long before the
    bounds. Hidden papers have a bound of their own, so that they cannot crowd out liked ones.
    """
    by_strength = np.lexsort((-interactions.time, -np.abs(interactions.weight)))
    liked, disliked = (by_strength[interactions.weight[by_strength] * sign > 0] for sign in (1, -1))
    return np.sort(np.concatenate([liked[:MAX_LIKED], disliked[:MAX_DISLIKED]]))


def _weigh_history(history: Events, found: FoundPapers, config: Config, now: float) -> Interactions:
    rows = found.rows[Categorical.of(history.papers).codes]
    known = np.flatnonzero(rows >= 0)
    events = Events([], [], Categorical.of(history.kinds).take(known), history.times[known])
    return weigh_events(np.zeros(len(known), np.int64), rows[known], events, config, now)
