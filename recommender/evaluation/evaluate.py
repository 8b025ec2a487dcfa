"""The evaluation: the code that serves, and baselines, on the protocol's splits.

Axes: U training readers, R readers evaluated, P papers, W words.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.evaluation.ablations import ABLATIONS, ablate_settings, compute_half_figures, pair_readers
from recommender.evaluation.baseline_runs import (
    TASKS_WITH_READERS,
    Choice,
    build_baselines,
    choose_settings,
    rank_baseline,
)
from recommender.evaluation.baselines import Baseline
from recommender.evaluation.figures import DEPTH, Lists, compute_figures
from recommender.evaluation.interaction_log import InteractionLog
from recommender.evaluation.offline import Histories
from recommender.evaluation.report import OURS, Report
from recommender.evaluation.splits import Split, split_warm
from recommender.model.blend import FACTORS_ALONE
from recommender.model.model import Model
from recommender.ranking.catalogue import Catalogue
from recommender.ranking.ranked_list import RankedList
from recommender.training.train import PaperFeatures, learn_features, train

PAGE_DEPTH = 20  # places ranked in ablations of the settings of a page
MAX_REMOVALS = 200  # readers from whose history a named paper is removed
FACTORS_METHOD = "stack alone"


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
    """Rank for the readers of each seed's split with the code that serves, and with baselines beside it.

    `task` is one of `interaction_log.TASKS` or `ablations.ABLATIONS`. `progress` is called with a stage and the share
    done. Raises ValueError if the interactions do not allow the task.
    """
    run = Run(Material.of(papers, events, config), Report(task, list(seeds)), progress or (lambda *_: None))
    if baselines and task in TASKS_WITH_READERS:
        run.choose_baselines(seeds[0])
    for at, seed in enumerate(seeds):
        run.done = at / len(seeds)
        if task in ABLATIONS:
            run.run_ablation(task, seed)
        else:
            run.run_seed(seed, baselines)
    run.progress("done", 1.0)
    return run.report


@dataclass(frozen=True)
class Material:
    """What is evaluated on, and what is learned once for all splits of it."""

    papers: Papers
    log: InteractionLog
    config: Config

    @classmethod
    def of(cls, papers: Papers, events: Events, config: Config) -> Material:
        """Number readers and papers."""
        return cls(papers, InteractionLog.of(papers, events, config), config)

    @cached_property
    def features(self) -> PaperFeatures:
        """The papers' words and names, which depend on no reader."""
        return learn_features(self.papers, self.config)


@dataclass
class Run:
    """One task: what is measured goes to `report`, `progress` is called with a stage and the share `done`.

    `brief` leaves out what only a single evaluation reports: the factors alone, reasons, and metrics beyond accuracy.
    """

    material: Material
    report: Report
    progress: Callable[[str, float], None]
    done: float = 0.0
    choice: Choice | None = None
    brief: bool = False

    def report_stage(self, stage: str) -> None:
        """Tell what is being done."""
        self.progress(stage, self.done)

    def run_seed(self, seed: int, baselines: bool) -> None:
        """Train once, then rank: the splits of one task and seed share their training set."""
        splits = self.material.log.split(self.report.task, seed)
        model = self._train(splits[0][1].train, seed)
        for name, split in splits:
            self._evaluate_model(name, split, model, seed)
        if baselines:
            self.run_baselines(seed)

    def run_ablation(self, task: str, seed: int) -> None:
        """Rank for the same readers with different settings, in place of baselines."""
        if task == "prices":
            split = split_warm(self.material.log.X, seed)
            model = self._train(split.train, seed)
            variants = [
                (OURS, model, self.material.config),
                *ablate_settings(model, self._latest_time(split.train), seed),
            ]
        else:
            pairs = pair_readers(self.material.log, seed)
            split, model = pairs.split, self._train(pairs.split.train, seed)
            fair = replace(self.material.config, fairness=Config().fairness)
            variants = [(OURS, model, fair), ("one interest", model, self.material.config)]
        for name, variant, config in variants:
            self.report_stage(f"seed {seed}: {name}")
            owners = None if task == "prices" else pairs.owners
            lists = self._rank_readers(Catalogue(variant, config=config), split, depth=PAGE_DEPTH, owners=owners)
            more = {} if task == "prices" else compute_half_figures(lists, pairs, self.material.log)
            self.report.add(task, name, compute_figures(lists, split, model.words) | more)

    def _train(self, train_on: sp.csr_matrix, seed: int) -> Model:
        self.report_stage(f"seed {seed}: training")
        features, began = self.material.features, time.process_time()
        events, now = self.material.log.select_events(train_on), self._latest_time(train_on)
        model = train(self.material.papers, events, self.material.config, seed=seed, now=now, features=features)
        seconds = round(time.process_time() - began, 1)
        self.report.facts.setdefault("CPU seconds of a training without its words", []).append(seconds)
        self.report.facts.setdefault("blend", []).append(model.blend.as_dict())
        return model

    def _evaluate_model(self, name: str, split: Split, model: Model, seed: int) -> None:
        self.report_stage(f"seed {seed}: {name}, {OURS}")
        began = time.process_time()
        lists = self._rank_readers(Catalogue(model), split, remove=not self.brief)
        milliseconds = 1000 * (time.process_time() - began) / max(len(lists), 1)
        self.report.facts.setdefault(f"CPU ms a reader, {name}", []).append(round(milliseconds, 2))
        self.report.add(name, OURS, self._compute_figures(lists, split))
        if not self.brief:
            self.report_stage(f"seed {seed}: {name}, {FACTORS_METHOD}")
            factors_alone = replace(model, blend=FACTORS_ALONE, scoring_vectors=model.factors.papers)
            lists = self._rank_readers(Catalogue(factors_alone), split)
            self.report.add(name, FACTORS_METHOD, self._compute_figures(lists, split))

    def _rank_readers(
        self,
        catalogue: Catalogue,
        split: Split,
        *,
        remove: bool = False,
        depth: int = DEPTH,
        owners: np.ndarray | None = None,
    ) -> Lists:
        """Return each reader's best papers as `Catalogue.rank` gives them, int64 columns.

        `owners` int64 (R, 2) are rows in the log, where each reader is made of two.
        """
        row_of = {paper: row for row, paper in enumerate(self.material.papers.ids)}
        everything = len(split.candidates) == len(self.material.papers)
        candidates = None if everything else [self.material.papers.ids[row] for row in split.candidates]
        owners = split.readers[:, None] if owners is None else owners
        histories = Histories.of(
            self.material.log.select_events(_repeat_rows(split.history, owners.shape[1]), owners.T.ravel())
        )
        now, lists, removals = self._latest_time(split.train), [], []
        for row, names in enumerate([self.material.log.readers[reader] for reader in several] for several in owners):
            history = Events.concatenate([histories.events_of(name) for name in names])
            seen = set(history.papers)
            ranked_list = catalogue.rank(history, candidates=candidates, k=depth, now=now, exclude=seen)
            lists.append(np.array([row_of[paper] for paper in ranked_list.ids], np.int64))
            if remove and row < MAX_REMOVALS:
                removals += check_removal(catalogue, history, ranked_list, now)
        if removals:
            self.report.facts["removing the first named paper lowers the score"] = round(float(np.mean(removals)), 3)
        return lists

    def run_baselines(self, seed: int, methods: Iterable[tuple[str, Baseline]] | None = None) -> None:
        """Fit and rank with baselines, by default with all; those that have settings are chosen before."""
        splits, words = self.material.log.split(self.report.task, seed), self.material.features.words
        for label, method in methods or build_baselines(self.report.task, self.choice, seed):
            self.report_stage(f"seed {seed}: {label}")
            method.fit(splits[0][1].train, words)
            for name, split in splits:
                self.report.add(name, label, self._compute_figures(rank_baseline(method, split), split))

    def _compute_figures(self, lists: Lists, split: Split) -> dict[str, np.ndarray]:
        return compute_figures(lists, split, None if self.brief else self.material.features.words)

    def _latest_time(self, train_on: sp.csr_matrix) -> float:
        known = self.material.log.select_events(train_on).times
        return float(np.nanmax(known)) if np.isfinite(known).any() else 0.0

    def choose_baselines(self, seed: int) -> None:
        """Choose the settings of baselines on a split inside the seed's training readers."""
        train_on = self.material.log.split(self.report.task, seed)[0][1].train
        self.choice = choose_settings(self.report.task, train_on, seed, self.report_stage)
        self.report.grids = self.choice.tried


def _repeat_rows(history: sp.csr_matrix, times: int) -> sp.csr_matrix:
    return history if times == 1 else sp.vstack([history] * times, format="csr")


def check_removal(catalogue: Catalogue, history: Events, ranked_list: RankedList, now: float) -> list[bool]:
    """Return whether the first paper's score falls when the paper its first reason names leaves the history.

    Empty where no paper is named.
    """
    reasons = ranked_list.reasons(0) if len(ranked_list) else []
    named = next((reason.paper for reason in reasons if reason.paper), None)
    if named is None:
        return []
    without = history.take([row for row, paper in enumerate(history.papers) if paper != named])
    again = catalogue.rank(without, candidates=ranked_list.ids[:1], k=1, now=now)
    return [bool(again.scores[0] < ranked_list.scores[0])]
