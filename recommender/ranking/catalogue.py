"""What one worker serves from: the model's papers and newer ones, ranked for one reader at a time."""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.features.tfidf import Vocabulary, learn_vocabulary, paper_texts
from recommender.model.model import Model
from recommender.ranking.paper_index import (
    PaperBlock,
    PaperIndex,
    block_by_words,
    fold_in_papers,
    merge_blocks,
    model_block,
)
from recommender.ranking.profile import build_profile
from recommender.ranking.ranked_list import RankedList
from recommender.ranking.reranking import found, rank_candidates, rank_catalogue
from recommender.ranking.scoring import CatalogueScores, score
from recommender.ranking.search import matching

REFIT = 1.5  # without a model, words are learned anew whenever the catalogue has grown by this


class Catalogue:
    """Papers to rank. Safe to update from one thread while others rank: they see the old papers or the new."""

    def __init__(self, model: Model | None, papers: Papers | None = None, config: Config | None = None) -> None:
        self.model = model
        self.config = config or (model.config if model else Config())
        self._lock = threading.Lock()
        self._papers = Papers.from_rows(())
        self._learned_at = 0
        vocabulary = model.vocabulary if model else Vocabulary([], np.empty(0, np.float32))
        index = PaperIndex([model_block(model)] if model else [block_by_words(self._papers, vocabulary)])
        self._now: tuple[PaperIndex, Vocabulary] = (index, vocabulary)  # replaced in one assignment
        if papers is not None and len(papers):
            self.update(papers)

    def __len__(self) -> int:
        return len(self._now[0].row_of)

    def __contains__(self, paper: object) -> bool:
        return paper in self._now[0].row_of

    def ids(self) -> list[str]:
        """Return the ids of all papers, each once."""
        return list(self._now[0].row_of)

    @property
    def ground(self) -> object:
        """What places papers here: while this is the same object, a paper's text has the same place."""
        return self.model or self._now

    def placed(self, papers: Papers) -> PaperBlock:
        """Return where their text places papers that are not added; the model must be there."""
        if self.model is None:
            raise ValueError("without a model there are no places: copy the catalogue and update it")
        return fold_in_papers(self.model, papers, self._row_of_trained, self._now[0].blocks[0].by_word)

    def with_block(self, block: PaperBlock) -> Catalogue:
        """Return this catalogue with papers on top that `placed` has placed; this one stays as it is."""
        index, vocabulary = self._now
        return self._showing(PaperIndex([*index.blocks, block], below=index), vocabulary)

    def copy(self) -> Catalogue:
        """Return a catalogue of the same papers that can be updated alone."""
        return self._showing(*self._now)

    def _showing(self, index: PaperIndex, vocabulary: Vocabulary) -> Catalogue:
        other = copy.copy(self)
        other._lock, other._now = threading.Lock(), (index, vocabulary)
        return other

    def update(self, papers: Papers) -> None:
        """Add papers, or replace those with the same id; their text places them at once."""
        with self._lock:
            self._now = self._with_model(self.model, papers) if self.model else self._without_model(papers)

    def _with_model(self, model: Model, papers: Papers) -> tuple[PaperIndex, Vocabulary]:
        index, vocabulary = self._now
        trained, *newer = index.blocks
        block = fold_in_papers(model, papers, self._row_of_trained, trained.by_word)
        return PaperIndex([trained, merge_blocks(newer[0], block) if newer else block]), vocabulary

    def _without_model(self, papers: Papers) -> tuple[PaperIndex, Vocabulary]:
        index, vocabulary = self._now
        self._papers = self._papers.updated(papers)
        if len(self._papers) < REFIT * self._learned_at:
            return PaperIndex([merge_blocks(index.blocks[0], block_by_words(papers, vocabulary))]), vocabulary
        texts = paper_texts(self._papers)
        vocabulary, rows = learn_vocabulary(texts, self.config.min_df)
        vocabulary = vocabulary.named(texts, rows)
        self._learned_at = len(self._papers)
        return PaperIndex([block_by_words(self._papers, vocabulary)]), vocabulary

    @cached_property
    def _row_of_trained(self) -> dict[str, int]:
        return {paper: row for row, paper in enumerate(self.model.ids)} if self.model else {}

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
    ) -> RankedList:
        """Rank `candidates`, or the whole catalogue without what the reader opened, saved or hid, for one reader.

        `history` is that reader's own events and `now` epoch seconds. The best `k` come back, all with None; never one
        of `exclude`. Candidates are never dropped: those nothing is known of come last with the basis "none".
        Freshness counts in both; diversity and exploration (by `seed`) only where the list is ours to choose.
        """
        scored = self.scored(history, now=now, interests=interests, followed=followed, muted=muted)
        return self.make_list(scored, candidates=candidates, k=k, exclude=exclude, seed=seed)

    def scored(
        self,
        history: Events,
        *,
        now: float,
        interests: Sequence[str] = (),
        followed: Sequence[str] = (),
        muted: Sequence[str] = (),
    ) -> CatalogueScores:
        """Score the whole catalogue for one reader: the first half of `rank`, for those who make several lists."""
        return self._score(history, [*interests, *followed], muted, now, self.config)

    def make_list(
        self,
        scored: CatalogueScores,
        *,
        candidates: Sequence[str] | None,
        k: int | None,
        exclude: Collection[str] = (),
        seed: int = 0,
    ) -> RankedList:
        """Make a list of what `scored` gave: the second half of `rank`."""
        if candidates is None:
            return rank_catalogue(scored, k, exclude, self.config, seed)
        return rank_candidates(scored, [paper for paper in dict.fromkeys(candidates) if paper not in exclude], k)

    def similar(self, paper: str, k: int, exclude: Collection[str] = ()) -> RankedList:
        """Return the k papers most like one, or fewer: none that is rather unlike it; none where it is unknown."""
        history = Events.from_rows([("", paper, "save", None)])
        scored = self._score(history, (), (), 0.0, self.config.plain())
        # Two papers of the same words are not told apart: all scores are zero.
        like = scored.scores > 0 if np.nan_to_num(scored.scores).any() else np.ones(len(scored.index), bool)
        return found(scored, like, k if paper in self else 0, exclude)

    def search(self, query: str, k: int) -> RankedList:
        """Return the best k of the papers that match a query (see `search.matching`)."""
        scored = self._score(Events.none(), [query], (), 0.0, self.config.plain())
        return found(scored, matching(query, scored), k)

    def _score(
        self, history: Events, interests: Sequence[str], muted: Sequence[str], now: float, config: Config
    ) -> CatalogueScores:
        index, vocabulary = self._now
        profile = build_profile(
            history, interests, muted, index=index, vocabulary=vocabulary, model=self.model, config=config, now=now
        )
        return score(profile, index, self.model, vocabulary, config=config, now=now)
