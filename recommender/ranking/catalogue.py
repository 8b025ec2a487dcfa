"""The papers one worker serves: the model's own and newer ones, ranked for one reader at a time."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Sequence
from operator import attrgetter

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.features.sentences import Sentence, read_sentence
from recommender.features.tfidf import Vocabulary, learn_vocabulary, tokenize_papers
from recommender.model.artifact import map_pages
from recommender.model.model import Model
from recommender.ranking.error_memory import Corrections
from recommender.ranking.paper_index import (
    PaperBlock,
    PaperIndex,
    fold_in_papers,
    merge_blocks,
    model_block,
    untrained_block,
)
from recommender.ranking.paper_slices import SCANNED
from recommender.ranking.ranked_list import RankedList
from recommender.ranking.reader_state import ReaderState, prepare_reader
from recommender.ranking.reranking import rank_candidates, rank_catalogue, rank_matches, rank_similar
from recommender.ranking.scoring import CatalogueScores
from recommender.ranking.search import count_matches, find_matches

MAX_COUNTED = 20_000  # recent papers that `count_matches` looks at; arXiv has as many in a month
WARM_UP_PAPERS = 10
VOCABULARY_GROWTH = 1.5  # without a model, the vocabulary is learned again when the catalogue has grown by this factor


class Catalogue:
    """Papers to rank, with a model or, before any training, by their words alone.

    Safe to update from one thread while others rank: they see the papers from before the update or from after it.
    """

    def __init__(self, model: Model | None, papers: Papers | None = None, config: Config | None = None) -> None:
        self.model = model
        self.config = config or (model.config if model else Config())
        self._lock = threading.Lock()
        self._papers = Papers.from_rows(())
        self._learned_papers = 0
        vocabulary = model.vocabulary if model else Vocabulary([], np.empty(0, np.float32))
        index = PaperIndex([model_block(model)] if model else [untrained_block(self._papers, vocabulary)])
        self._snapshot: tuple[PaperIndex, Vocabulary] = (index, vocabulary)  # replaced in one assignment
        if papers is not None and len(papers):
            self.update(papers)

    @classmethod
    def untrained(cls, papers: Papers, vocabulary: Vocabulary, words: sp.csr_matrix, config: Config) -> Catalogue:
        """Return a catalogue of papers by their words alone, `words` being their TF-IDF rows, CSR (N, W)."""
        catalogue = cls(None, config=config)
        catalogue._papers, catalogue._learned_papers = papers, len(papers)
        catalogue._snapshot = (PaperIndex([untrained_block(papers, vocabulary, words)]), vocabulary)
        return catalogue

    def __len__(self) -> int:
        return len(self._snapshot[0].row_of)

    def __contains__(self, paper: object) -> bool:
        return paper in self._snapshot[0].row_of

    @property
    def index(self) -> PaperIndex:
        """The papers there are now, as one table that does not change."""
        return self._snapshot[0]

    def warm_up(self) -> None:
        """Map what a scan reads, and rank once for an invented reader, so that no real one waits for what that makes.

        A few cards, for a scan takes as long as all else, and among busy threads far longer: it lets go of Python's
        lock hundreds of times, and waits for it as often.
        """
        index, vocabulary = self._snapshot
        for block in index.blocks:
            for column in SCANNED:
                map_pages(attrgetter(column)(block))
            block.unknown  # noqa: B018 - made here, for all readers
        saved = [index.ids[row] for row in range(0, len(index), max(1, len(index) // WARM_UP_PAPERS))]
        history = Events.from_rows([("", paper, "save", None) for paper in saved])
        words = [vocabulary.words[int(vocabulary.idf.argmax())]] if len(vocabulary.words) else []  # a rare one
        self.rank(history, candidates=saved, k=WARM_UP_PAPERS, now=0.0, interests=words, muted=words)

    def ids(self) -> list[str]:
        """Return the ids of all papers, each once."""
        return list(self._snapshot[0].row_of)

    @property
    def space(self) -> object:
        """The space papers are folded into: while this is the same object, the same text gives the same block."""
        return self.model or self._snapshot

    def fold_in(self, papers: Papers) -> PaperBlock:
        """Fold papers into the model without adding them to the catalogue. Raises ValueError without a model."""
        if self.model is None:
            raise ValueError("without a model nothing can be folded in: copy the catalogue and update the copy")
        return fold_in_papers(self.model, papers)

    def with_block(self, block: PaperBlock) -> Catalogue:
        """Return a catalogue with the papers of a block from `fold_in` on top; this one does not change."""
        index, vocabulary = self._snapshot
        return self._with_snapshot(PaperIndex([*index.blocks, block]), vocabulary)

    def copy(self) -> Catalogue:
        """Return a catalogue of the same papers that can be updated on its own."""
        return self._with_snapshot(*self._snapshot)

    def _with_snapshot(self, index: PaperIndex, vocabulary: Vocabulary) -> Catalogue:
        other = copy.copy(self)
        other._lock, other._snapshot = threading.Lock(), (index, vocabulary)
        return other

    def update(self, papers: Papers) -> None:
        """Add papers, or replace those with the same id; they can be ranked at once, by their text."""
        with self._lock:
            self._snapshot = (
                self._update_with_model(self.model, papers) if self.model else self._update_without_model(papers)
            )

    def _update_with_model(self, model: Model, papers: Papers) -> tuple[PaperIndex, Vocabulary]:
        index, vocabulary = self._snapshot
        trained, *newer = index.blocks
        block = fold_in_papers(model, papers)
        return PaperIndex([trained, merge_blocks(newer[0], block) if newer else block]), vocabulary

    def _update_without_model(self, papers: Papers) -> tuple[PaperIndex, Vocabulary]:
        index, vocabulary = self._snapshot
        self._papers = self._papers.merge(papers)
        if len(self._papers) < VOCABULARY_GROWTH * self._learned_papers:
            return PaperIndex([merge_blocks(index.blocks[0], untrained_block(papers, vocabulary))]), vocabulary
        texts = tokenize_papers(self._papers)
        vocabulary, rows = learn_vocabulary(texts, self.config.min_df)
        vocabulary = vocabulary.with_keyphrases(texts, rows)
        self._learned_papers = len(self._papers)
        return PaperIndex([untrained_block(self._papers, vocabulary, rows)]), vocabulary

    def rank(
        self,
        history: Events,
        *,
        candidates: Sequence[str] | None,
        k: int | None,
        now: float,
        interests: Sequence[str] = (),
        followed: Sequence[str] = (),
        muted: Sequence[str] = (),
        exclude: Collection[str] = (),
        seed: int = 0,
        config: Config | None = None,
    ) -> RankedList:
        """Rank `candidates`, or the whole catalogue without what the reader opened, saved or hid, for one reader.

        `history` holds that reader's own events; `now` is in epoch seconds. `interests`, `followed` and `muted` are
        plain words or sentences, as `read_sentence` reads them, or `author:NAME`, `category:CODE`, `org:NAME`. Returns
        the best `k`, or all with None, and never one of `exclude`. Candidates are not dropped: those nothing is known
        of come last, with the basis "none".
        Freshness counts in both cases; diversity, fairness and exploration (drawn from `seed`) only without candidates.
        Events on papers outside the catalogue and unknown words are ignored. `config` replaces the catalogue's own.
        """
        scores = self.score(history, now=now, interests=interests, followed=followed, muted=muted, config=config)
        return self.rank_scores(scores, candidates=candidates, k=k, exclude=exclude, seed=seed, config=config)

    def score(
        self,
        history: Events,
        *,
        now: float,
        interests: Sequence[str] = (),
        followed: Sequence[str] = (),
        muted: Sequence[str] = (),
        config: Config | None = None,
    ) -> CatalogueScores:
        """Score the whole catalogue for one reader: the first half of `rank`, for callers that make several lists."""
        state = self.prepare(
            history, now=now, interests=interests, followed=followed, muted=muted, config=config, previous=None
        )
        return self.score_reader(state, now=now, config=config)

    def prepare(
        self,
        history: Events,
        *,
        now: float,
        interests: Sequence[str] = (),
        followed: Sequence[str] = (),
        muted: Sequence[str] = (),
        config: Config | None = None,
        previous: ReaderState | None = None,
    ) -> ReaderState:
        """Solve for one reader: what `score` does that does not depend on which papers are asked about.

        Of `previous`, an older state of the same reader, everything is reused that still holds. None of the weights
        that `Config.scaled` changes counts here.
        """
        wanted, refused = ([read_sentence(one) for one in typed] for typed in ([*interests, *followed], muted))
        return self._prepare(history, wanted, refused, now=now, config=config, previous=previous)

    def _prepare(
        self,
        history: Events,
        interests: Sequence[Sentence],
        muted: Sequence[Sentence],
        *,
        now: float,
        config: Config | None,
        previous: ReaderState | None = None,
    ) -> ReaderState:
        index, vocabulary = self._snapshot
        return prepare_reader(
            history,
            interests,
            muted,
            index=index,
            vocabulary=vocabulary,
            model=self.model,
            config=config or self.config,
            now=now,
            previous=previous,
        )

    def score_reader(
        self, state: ReaderState, *, now: float, config: Config | None = None, corrections: Corrections | None = None
    ) -> CatalogueScores:
        """Score the papers that this catalogue had when the reader was prepared (`is_current` tells a change).

        `corrections` are what an `ErrorMemory` found since the model was trained.
        """
        return CatalogueScores(state, config or self.config, now, corrections)

    @property
    def snapshot(self) -> object:
        """The papers as they are now: another object as soon as one of them changes."""
        return self._snapshot

    def is_current(self, state: ReaderState) -> bool:
        """Whether a reader was prepared for the papers that this catalogue has now."""
        return state.index is self._snapshot[0]

    def rank_scores(
        self,
        scores: CatalogueScores,
        *,
        candidates: Sequence[str] | None,
        k: int | None,
        exclude: Collection[str] = (),
        seed: int = 0,
        config: Config | None = None,
        unlisted: frozenset[str] = frozenset(),
    ) -> RankedList:
        """Make a list from what `score` returned: the second half of `rank`.

        Without candidates, `unlisted` are left out as `exclude` is; many may be, if it is the same set in all calls.
        """
        if candidates is None:
            return rank_catalogue(scores, k, exclude, config or self.config, seed, unlisted=unlisted)
        return rank_candidates(scores, [paper for paper in dict.fromkeys(candidates) if paper not in exclude], k)

    def similar(
        self, paper: str, k: int, exclude: Collection[str] = (), unlisted: frozenset[str] = frozenset()
    ) -> RankedList:
        """Return the k papers most similar to one; fewer where fewer score above zero, none for an unknown paper."""
        history = Events.from_rows([("", paper, "save", None)])
        scores = self.score(history, now=0.0, config=self.config.relevance_only())
        return rank_similar(scores, k if paper in self else 0, exclude, unlisted)

    def search(self, query: str, k: int) -> RankedList:
        """Return the best k of the papers that match a query, as `search.match_papers` decides."""
        config = self.config.relevance_only()
        state = self._prepare(Events.empty(), [Sentence.plain(query)], [], now=0.0, config=config)
        scores = self.score_reader(state, now=0.0, config=config)
        return rank_matches(scores, find_matches(query, scores, k), k)

    def count_matches(self, topics: Sequence[str], since: float) -> list[int]:
        """Return how many papers published at or after `since`, in epoch seconds, each topic matches.

        Topics are what `rank` takes as interests: words or names. Only the newest `MAX_COUNTED` papers are looked at.
        """
        index, vocabulary = self._snapshot
        rows = np.flatnonzero(index.is_current & (index.published >= since))
        newest = rows[np.argsort(-index.published[rows], kind="stable")[:MAX_COUNTED]]
        return count_matches(topics, index, vocabulary, self.model, newest)
