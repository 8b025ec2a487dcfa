"""Ranking for one reader: a page's cards, recommendations, similar papers."""

from __future__ import annotations

import logging
import math
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from recommender import Catalogue, CatalogueScores, Config, Events, RankedList, ReaderState, explain_together
from server.clock import rfc3339
from server.errors import DatabaseUnavailable, InklingError
from server.services import papers
from server.services.history import History
from server.services.model_cache import Served
from server.services.overlays import View
from server.services.pairing import Caller
from server.services.parsing import LIST_WEIGHTS, TOPICS
from server.services.reader_lists import Basis, ReaderList, period_of
from server.services.serving_context import ServingContext
from server.store import papers as paper_store

logger = logging.getLogger(__name__)

DAY = 86400.0
REASONS = ("all", "shown", "none")  # which papers of an answer come with their reasons


@dataclass(frozen=True)
class BadCard:
    """A card without a usable id, which keeps its place in the answer."""

    input_id: Any
    error: InklingError


@dataclass(frozen=True)
class RankingRequest:
    """One reader's request, with everything needed to rank for them."""

    context: ServingContext
    caller: Caller
    served: Served
    view: View
    history: History
    now: float

    @classmethod
    def of(cls, context: ServingContext, caller: Caller, now: float, wanted: Collection[str] = ()) -> RankingRequest:
        """Gather what ranking for the caller needs; `wanted` are own papers that must be in the catalogue."""
        history = context.histories.of(context.database, caller.reader_id, caller.version, caller.forgot_version)
        served = context.model_cache.current()
        looked_up = served.looked_up.get(caller.reader_id, frozenset())
        if looked_up is not history.acted_on:
            context.model_cache.fold_in_missing(history.acted_on - looked_up)
            served.mark_looked_up(caller.reader_id, history.acted_on)
        view = View(served.catalogue)
        if caller.has_own_pages:
            view = context.overlays.over(served.catalogue, context.database, caller.reader_id, wanted, history.acted_on)
        return cls(context, caller, served, view, history, now)

    @property
    def catalogue(self) -> Catalogue:
        """The papers that this reader may read."""
        return self.view.catalogue

    @property
    def untitled(self) -> frozenset[str]:
        """The papers without a title that this reader may read; they cannot be listed."""
        return self.served.untitled.difference(self.view.own) | self.view.untitled

    @property
    def unlisted(self) -> frozenset[str]:
        """The papers that are recommended to nobody: without a title, or withdrawn."""
        return self.untitled | self.served.withdrawn

    @cached_property
    def scores(self) -> CatalogueScores:
        """The catalogue scored for the reader, once for all lists of a quarter of an hour in which nothing changes."""
        events = self.history.events if self.personal else Events.empty()
        interests, followed, muted = self._basis.topics

        def score(previous: ReaderState | None) -> CatalogueScores:
            state = self.catalogue.prepare(
                events,
                now=self.now,
                interests=interests,
                followed=followed,
                muted=muted,
                config=self.config,
                previous=previous,
            )
            corrections = self.served.errors.corrections
            return self.catalogue.score_reader(state, now=self.now, config=self.config, corrections=corrections)

        lists, shared = self.context.reader_lists, self.served.catalogue
        return lists.scores(self.caller.reader_id, self._basis, shared=shared, own=self.catalogue, score=score)

    @cached_property
    def _basis(self) -> Basis:
        topics = tuple(tuple(self.caller.settings.get(name, ())) for name in TOPICS) if self.personal else ((),) * 3
        period = period_of(self.caller.reader_id, self.now)
        return Basis(self.history, topics, self.personal, self.config, period)

    @property
    def personal(self) -> bool:
        """Whether to rank for this reader; else as for a stranger, but for what they have dealt with already."""
        return bool(self.caller.settings.get("personal", True))

    @cached_property
    def config(self) -> Config:
        """The catalogue's settings with the reader's own weights for lists."""
        return self.catalogue.config.scaled(**{name: self.caller.settings.get(name, 1.0) for name in LIST_WEIGHTS})

    def rank(self, candidates: Sequence[str] | None, k: int | None, exclude: Collection[str] = ()) -> RankedList:
        """Rank `candidates`, or the whole catalogue, without what the reader has dealt with, for None."""
        reader = self.caller.reader_id if self.personal else ""
        return self.catalogue.rank_scores(
            self.scores,
            candidates=candidates,
            k=k,
            exclude=exclude if candidates is not None else {*exclude, *self.history.acted_on},
            # Exploration changes from day to day, not with every reload.
            seed=zlib.crc32(f"{reader}:{int(self.now // DAY)}".encode()),
            config=self.config,
            unlisted=self.served.withdrawn,
        )

    def make_list(
        self, candidates: Sequence[str] | None, k: int | None, exclude: Collection[str] = (), *, explained: bool = True
    ) -> ReaderList:
        """Return what `rank` does with its reasons, kept for a quarter of an hour in which nothing changes.

        `explained` is whether the reasons are wanted.
        """
        key = (
            None if candidates is None else tuple(candidates),
            k,
            frozenset(exclude),
            self.served.withdrawn,
            int(self.now // DAY),
        )
        return self.context.reader_lists.ranked(
            self.caller.reader_id,
            self._basis,
            key,
            shared=self.served.catalogue,
            own=self.catalogue,
            explained=explained,
            rank=lambda: self.rank(candidates, k, exclude),
        )

    def new_list_id(self) -> str:
        """Return a new list id for this reader and model."""
        return self.context.keys.new_list_id(self.caller.reader_id, self.served.version)


def rank_page(
    context: ServingContext,
    caller: Caller,
    cards: Sequence[Mapping[str, Any] | BadCard],
    limit: int,
    now: float,
    *,
    reasons: str = "all",
) -> dict[str, Any]:
    """Rank a page's cards, recommend `limit` papers that are not on it, and store the cards' texts.

    `reasons` is one of REASONS: a recommended paper shows one, a card only where it is the page's only one.
    """
    good = [card for card in cards if not isinstance(card, BadCard)]
    if _store_cards(context, caller, good, now):
        caller = replace(caller, has_own_pages=True)  # perhaps
    ids = list(dict.fromkeys(card["id"] for card in good))
    request = RankingRequest.of(context, caller, now, ids)
    told = reasons == "all" or (reasons == "shown" and len(cards) == 1)
    found = request.make_list(ids, None, explained=told)
    beside = _list_recommended(request, limit, ids, explained=reasons != "none") if limit else None
    if told and beside and found.ranked and beside.ranked:
        explain_together([found.ranked, beside.ranked])
    entries = {name: _entry(request, found, index, told) for index, name in enumerate(found.ids)}
    return {
        "list_id": request.new_list_id(),
        "model": request.served.version,
        "cards": [_card_answer(card, entries) for card in cards],
        "recommended": _attach_papers(request, beside, limit, reasons=reasons != "none") if beside else [],
    }


def _store_cards(context: ServingContext, caller: Caller, cards: Sequence[Mapping[str, Any]], now: float) -> bool:
    """Store what is new in the cards; return whether anything was."""
    new = [card for card in context.cards.new(caller.reader_id, caller.forgot_version, cards) if papers.has_facts(card)]
    if not new:
        return False
    try:
        with papers.changing_texts(context) as (session, changed):
            confirm = context.settings.confirm_page_text
            changed.update(papers.merge_cards(session, caller.reader_id, new, confirm=confirm, now=now))
    except DatabaseUnavailable as error:
        # Ranking only needs to read: it goes on with what is known, and the next page brings the cards again.
        logger.warning("cards_not_kept", extra={"reason": error.message})
        return False
    context.model_cache.fold_in_missing({card["id"] for card in new})
    context.cards.add(caller.reader_id, caller.forgot_version, new)
    return True


def _entry(request: RankingRequest, found: ReaderList, index: int, told: bool) -> dict[str, Any]:
    paper_id, score = found.ids[index], found.scores[index]
    return {
        "id": paper_id,
        "input_id": None,
        "rank": index + 1,
        "score": None if math.isnan(score) else score,
        "basis": found.basis[index],
        "state": _state(request.history.states.get(paper_id)),
        "reasons": found.reasons(index) if told else [],
    }


def _state(state: Mapping[str, Any] | None) -> dict[str, Any]:
    if state is None:
        return {"opened_at": None, "saved": False, "hidden": False, "disliked": False}
    flags = {name: state[name] for name in ("saved", "hidden", "disliked")}
    return {"opened_at": rfc3339(state["opened_at"]), **flags}


def _card_answer(card: Mapping[str, Any] | BadCard, entries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if isinstance(card, BadCard):
        blank = {"id": None, "input_id": card.input_id, "rank": None, "score": None, "basis": "none"}
        return {**blank, "state": _state(None), "reasons": [], "error": card.error}
    return {**entries[card["id"]], "input_id": card["input_id"]}


def _list_recommended(
    request: RankingRequest, limit: int, exclude: Collection[str], days: float | None = None, *, explained: bool
) -> ReaderList:
    """Rank papers for the reader that they have not opened, saved or hidden, nor been shown too often."""
    reader_id = request.caller.reader_id
    out = {*exclude, *request.history.overexposed, *request.untitled}
    candidates = None
    if days is not None:
        with request.context.database.reading() as session:
            recent = paper_store.published_since(session, reader_id, request.now - days * DAY)
        out |= request.served.withdrawn
        candidates = [name for name in recent if name not in out | request.history.acted_on]
    return request.make_list(candidates, limit, out, explained=explained)


def _attach_papers(
    request: RankingRequest, found: ReaderList, limit: int, *, reasons: bool = True
) -> list[dict[str, Any]]:
    """Return the ranked papers with text and (or []) reasons, leaving out those without a score or a title."""
    if found.texts is None:
        found.texts = papers.find_papers(request.context, request.caller.reader_id, found.ids)
    known = found.texts
    items: list[dict[str, Any]] = []
    for index, (name, score) in enumerate(zip(found.ids, found.scores, strict=True)):
        if len(items) == limit or math.isnan(score) or name not in known or not known[name]["title"]:
            continue
        item = {"paper": known[name], "score": score, "rank": len(items) + 1}
        items.append({**item, "reasons": found.reasons(index) if reasons else []})
    return items


def recommendations(
    context: ServingContext,
    caller: Caller,
    *,
    limit: int,
    days: float | None,
    exclude: Collection[str],
    now: float,
    reasons: str = "all",
) -> dict[str, Any]:
    """Return a new list of recommendations; its row is written with the first event that cites it."""
    request = RankingRequest.of(context, caller, now)
    found = _list_recommended(request, limit, exclude, days, explained=reasons != "none")
    items = _attach_papers(request, found, limit, reasons=reasons != "none")
    return {"list_id": request.new_list_id(), "model": request.served.version, "items": items}


def explain(context: ServingContext, caller: Caller, paper_id: str, now: float) -> dict[str, Any]:
    """Return why a paper has its score, as the entry of a card says it. Raises PaperNotFound."""
    papers.find_paper(context, caller.reader_id, paper_id)
    request = RankingRequest.of(context, caller, now, [paper_id])
    entry = _entry(request, request.make_list([paper_id], None), 0, told=True)
    return {"model": request.served.version, **{name: entry[name] for name in ("id", "score", "basis", "reasons")}}


def best_of(
    context: ServingContext, caller: Caller, papers_: Collection[str], *, limit: int, now: float
) -> list[dict[str, Any]]:
    """Return the best of these papers that the reader has not acted on nor been shown too often."""
    request = RankingRequest.of(context, caller, now)
    out = request.history.acted_on | request.history.overexposed | request.unlisted
    found = request.make_list([name for name in papers_ if name not in out], limit, out)
    return _attach_papers(request, found, limit)


def states(context: ServingContext, caller: Caller) -> Mapping[str, Mapping[str, Any]]:
    """Return paper -> state of every paper this reader has any state of."""
    return context.histories.of(context.database, caller.reader_id, caller.version, caller.forgot_version).states


def similar(context: ServingContext, caller: Caller, paper_id: str, limit: int, now: float) -> list[dict[str, Any]]:
    """Return the papers most similar to one. Raises PaperNotFound."""
    papers.find_paper(context, caller.reader_id, paper_id)
    request = RankingRequest.of(context, caller, now, [paper_id])
    ranked = request.catalogue.similar(paper_id, limit, request.untitled | {paper_id}, request.served.withdrawn)
    return _attach_papers(request, ReaderList(ranked), limit)
