"""The evaluation: what serves, and the baselines, on the protocol's splits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.evaluation.ablations import ABLATIONS, ablate_settings, half_figures, pair_readers
from recommender.evaluation.baselines import Als, Baseline, als_grid, company_baselines, text_baselines
from recommender.evaluation.interaction_log import InteractionLog
from recommender.evaluation.metrics import coverage, diversity, ndcg, novelty, recall, reciprocal_rank
from recommender.evaluation.offline import Histories, merge_events
from recommender.evaluation.report import OURS, Report
from recommender.evaluation.splits import FROM_K, Split, new, one_out, warm
from recommender.model.blend import FACTORS_ALONE
from recommender.model.model import Model
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.ranked_list import RankedList
from recommender.training.train import train

DEPTH = 100
PAGE = 20  # places of a list as it is shown, for trials of what makes lists
BATCH = 100  # readers whose scores are held at once
REMOVALS = 200  # readers for whom a named paper is really removed
STACK = "stack alone"
WITH_ALS = ("warm", "mixed", "new", "time")

Tops = list[np.ndarray]


def evaluate(
    papers: Papers,
    events: Events,
    task: str,
    seeds: Sequence[int],
    config: Config,
    *,
    baselines: bool = True,
    progress: Callable[[str, float], None] | None = None,
) -> Report:
    """Rank with the serving code for the readers of each seed's split, and with the baselines beside it.

    `task` is one of `log.TASKS` or `trials.ABLATIONS`. ValueError where the interactions do not allow it.
    """
    run = _Run(
        papers,
        InteractionLog.of(papers, events, config),
        config,
        Report(task, list(seeds)),
        progress or (lambda *_: None),
    )
    if baselines and task in WITH_ALS:
        run.choose_als(seeds[0])
    for at, seed in enumerate(seeds):
        run.done = at / len(seeds)
        if task in ABLATIONS:
            run.trial(task, seed)
        else:
            run.seed(seed, baselines)
    run.tell("done", 1.0)
    return run.report


@dataclass
class _Run:
    papers: Papers
    log: InteractionLog
    config: Config
    report: Report
    tell: Callable[[str, float], None]
    done: float = 0.0
    als: Als | None = None
    seconds: list[float] = field(default_factory=list)

    def say(self, stage: str) -> None:
        self.tell(stage, self.done)

    def seed(self, seed: int, baselines: bool) -> None:
        """Train once, then rank: the splits of one task and seed share their training."""
        splits = self.log.split(self.report.task, seed)
        train_on = splits[0][1].train
        model = self._trained(train_on, seed)
        for name, split in splits:
            self._ours(name, split, model, seed)
        if baselines:
            self._baselines(splits, train_on, model.words, seed)

    def trial(self, task: str, seed: int) -> None:
        """Rank the same lists by settings or by interests, in place of baselines."""
        if task == "prices":
            split = warm(self.log.X, seed)
            model = self._trained(split.train, seed)
            variants = [(OURS, model, self.config), *ablate_settings(model, self._now(split.train), seed)]
        else:
            pairs = pair_readers(self.log, seed)
            split, model = pairs.split, self._trained(pairs.split.train, seed)
            fair = replace(self.config, fairness=Config().fairness)
            variants = [(OURS, model, fair), ("one interest", model, self.config)]
        for name, served, config in variants:
            self.say(f"seed {seed}: {name}")
            owners = None if task == "prices" else pairs.owners
            lists = self._served(Catalogue(served, config=config), split, depth=PAGE, owners=owners)
            more = {} if task == "prices" else half_figures(lists, pairs, self.log)
            self.report.add(task, name, figures(lists, split, model.words) | more)

    def _trained(self, train_on: sp.csr_matrix, seed: int) -> Model:
        self.say(f"seed {seed}: training")
        began = time.perf_counter()
        model = train(self.papers, self.log.among(train_on), self.config, seed=seed, now=self._now(train_on))
        self.report.facts.setdefault("training seconds", []).append(round(time.perf_counter() - began, 1))
        self.report.facts.setdefault("blend", []).append(model.blend.as_dict())
        return model

    def _ours(self, name: str, split: Split, model: Model, seed: int) -> None:
        alone = replace(model, blend=FACTORS_ALONE, scoring_vectors=model.factors.papers)
        for method, served in ((OURS, model), (STACK, alone)):
            self.say(f"seed {seed}: {name}, {method}")
            began = time.perf_counter()
            catalogue = Catalogue(served)
            lists = self._served(catalogue, split, remove=method == OURS)
            self.report.add(name, method, figures(lists, split, model.words))
            if method == OURS:
                each = 1000 * (time.perf_counter() - began) / max(len(lists), 1)
                self.report.facts.setdefault(f"ms a reader, {name}", []).append(round(each, 2))

    def _served(
        self,
        catalogue: Catalogue,
        split: Split,
        *,
        remove: bool = False,
        depth: int = DEPTH,
        owners: np.ndarray | None = None,
    ) -> Tops:
        """Return each reader's best papers as `Catalogue.rank` gives them.

        `owners` (R, 2) are the rows in the log of those a reader is made of, where they are made of two.
        """
        row_of = {paper: row for row, paper in enumerate(self.papers.ids)}
        everything = len(split.candidates) == len(self.papers)
        candidates = None if everything else [self.papers.ids[row] for row in split.candidates]
        owners = split.readers[:, None] if owners is None else owners
        histories = Histories.of(self.log.among(_repeated(split.history, owners.shape[1]), owners.T.ravel()))
        now, lists, fell = self._now(split.train), [], []
        for row, names in enumerate([self.log.readers[reader] for reader in several] for several in owners):
            history = merge_events([histories.events_of(name) for name in names])
            met = set(history.papers)
            ranked = catalogue.rank(history, candidates=candidates, k=depth, now=now, exclude=met)
            lists.append(np.array([row_of[paper] for paper in ranked.ids], np.int64))
            if remove and row < REMOVALS:
                fell += removal_lowers(catalogue, history, ranked, now)
        if fell:
            self.report.facts["removing the first named paper lowers the score"] = round(float(np.mean(fell)), 3)
        return lists

    def _baselines(
        self, splits: list[tuple[str, Split]], train_on: sp.csr_matrix, words: sp.csr_matrix, seed: int
    ) -> None:
        for method in self._methods(seed):
            self.say(f"seed {seed}: {method.name}")
            method.fit(train_on, words)
            for name, split in splits:
                lists = tops(method, split)
                called = "ALS" if isinstance(method, Als) else method.name
                self.report.add(name, called, figures(lists, split, words))
                if method.from_text:
                    self.report.from_text.add(called)

    def _methods(self, seed: int) -> list[Baseline]:
        company = company_baselines() if self.report.task != "alone" else []
        return [*text_baselines(), *company, *([replace(self.als, seed=seed)] if self.als else [])]

    def _now(self, train_on: sp.csr_matrix) -> float:
        known = self.log.among(train_on).times
        return float(np.nanmax(known)) if np.isfinite(known).any() else 0.0

    def choose_als(self, seed: int) -> None:
        """Choose the settings of ALS on a split inside the first seed's training readers."""
        train_on = self.log.split(self.report.task, seed)[0][1].train
        apart = seed + 1000  # another draw: the same one would find the newcomers it took out already
        newcomers = self.report.task == "new"
        inner = [new(train_on, apart, k) for k in FROM_K["new"]] if newcomers else [one_out(train_on, apart)]
        empty = sp.csr_matrix((train_on.shape[1], 0), dtype=np.float32)
        settings = list(als_grid(seed))
        found = []
        for at, als in enumerate(settings):
            self.tell(f"choosing ALS: {als.name}", 0.0)
            als.fit(inner[0].train, empty)
            each = [figures(tops(als, split), split, None)["ndcg@20"].mean() for split in inner]
            found.append(float(np.mean(each)))
            self.report.grid.append({"name": als.name, "figure": found[at], "chosen": False})
        best = int(np.argmax(found))
        self.als = settings[best]
        self.report.grid[best]["chosen"] = True


def _repeated(history: sp.csr_matrix, times: int) -> sp.csr_matrix:
    return history if times == 1 else sp.vstack([history] * times, format="csr")


def figures(lists: Tops, split: Split, words: sp.csr_matrix | None) -> dict[str, np.ndarray]:
    """Return every metric for each of the readers ranked for, float64 (R,); nan where a reader has no such target."""
    targets = [set(_row(split.test, reader).tolist()) for reader in range(len(lists))]
    found = {
        f"recall@{k}": _each(lists, targets, lambda top, wanted, k=k: recall(top, wanted, k)) for k in (20, 50, 100)
    }
    found |= {"ndcg@20": _each(lists, targets, ndcg), "mrr": _each(lists, targets, reciprocal_rank)}
    if split.is_cold is not None:
        for half, flag in (("warm", False), ("cold", True)):
            some = [{paper for paper in wanted if split.is_cold[paper] == flag} for wanted in targets]
            found[f"{half} recall@20"] = _each(lists, some, lambda top, wanted: recall(top, wanted, 20))
            found[f"{half} ndcg@20"] = _each(lists, some, ndcg)
    if words is not None:
        found |= _beyond_accuracy(lists, split, words)
    return found


def _beyond_accuracy(lists: Tops, split: Split, words: sp.csr_matrix) -> dict[str, np.ndarray]:
    readers = np.bincount(split.train.indices, minlength=split.train.shape[1])
    everyone = int((np.diff(split.train.indptr) > 0).sum())
    return {
        "coverage": np.array([coverage(lists, len(split.candidates))]),
        "novelty": np.array([novelty(top, readers, everyone) for top in lists]),
        "diversity": np.array([diversity(top, words) for top in lists]),
    }


def tops(method: Baseline, split: Split) -> Tops:
    """Return the best candidates of each reader a baseline scores, without their own papers."""
    readers = min(split.history.shape[0], method.most or split.history.shape[0])
    return [
        top for start in range(0, readers, BATCH) for top in _batch(method, split, start, min(start + BATCH, readers))
    ]


def _batch(method: Baseline, split: Split, start: int, stop: int) -> Iterator[np.ndarray]:
    history = split.history[start:stop]
    scores = method.scores(history)
    scores[np.repeat(np.arange(stop - start), np.diff(history.indptr)), history.indices] = -np.inf
    for row in scores[:, split.candidates]:
        best = np.argpartition(-row, min(DEPTH, len(row) - 1))[:DEPTH]
        best = best[np.lexsort((best, -row[best]))]
        yield split.candidates[best[np.isfinite(row[best])]]


def removal_lowers(catalogue: Catalogue, history: Events, ranked: RankedList, now: float) -> list[bool]:
    """Return whether the first paper's score falls when the paper its first reason names really leaves the history."""
    named = next((reason.paper for reason in ranked.reasons(0) if reason.paper), None) if len(ranked) else None
    if named is None:
        return []
    without = history.take([row for row, paper in enumerate(history.papers) if paper != named])
    again = catalogue.rank(without, candidates=ranked.ids[:1], k=1, now=now)
    return [bool(again.scores[0] < ranked.scores[0])]


def _each(lists: Tops, targets: list[set[int]], metric: Callable[..., float]) -> np.ndarray:
    pairs = zip(lists, targets, strict=True)
    return np.array([metric(top.tolist(), wanted) if wanted else np.nan for top, wanted in pairs])


def _row(matrix: sp.csr_matrix, row: int) -> np.ndarray:
    return matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
