"""The gate: whether a retrained model may serve.

A model is judged on held-out papers that readers took up, by where it ranks them, beside the serving model and beside
words alone. It is held back if it is worse than either beyond noise.

The comparison is fair in both directions. The holdout fit (`train` on `Holdout.learn`) has seen none of the held-out
pairs, and neither has the serving model when they are newer than it. If too few are, the pairs that were held out when
the serving model was judged are held out again, and the gains are compared with those recorded in its artefact.

The holdout fit may begin from the serving model's vectors where that has seen no held-out pair (`warm_start.py`). The
model to publish is the holdout fit, brought up to date with every event in a few more iterations. It has seen the
held-out pairs and cannot be judged on them; it only has to be consistent with the holdout fit, which shows damage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from recommender.config import Config
from recommender.data.tables import Events, Papers
from recommender.features.encoders import Embeddings, Encoder, encode_papers
from recommender.features.tfidf import paper_texts
from recommender.model.blend import WITH_READERS, Blend, ComponentWeight
from recommender.model.factorization import WarmStart
from recommender.model.holdout_record import HoldoutRecord, Kind
from recommender.model.model import Model
from recommender.ranking.catalogue import Catalogue
from recommender.training.engine import LOCAL, Engine
from recommender.training.holdout import MIN_PAIRS, Holdout, choose_holdout
from recommender.training.train import Progress, learn_features, train
from recommender.training.warm_start import describe_cold_start, plan_start

MIN_RESAMPLED_READERS = 10  # with fewer, the bootstrap draws pairs instead of readers
DEPTH = 1000  # places looked at; a paper further down gains nothing
FALSE_ALARM_RATE = 0.01  # how often one comparison may hold a good model back by chance
TOLERANCE = 0.01  # share of the other's figure that no reader notices and another seed may cost
BOOTSTRAP_DRAWS = 2000
MIN_MEDIAN_COSINE = 0.5  # of papers' vectors in the holdout fit and in the model to publish
EMBEDDING_WEIGHTS = (0.5, 1.0, 2.0)  # tried where there are too few readers to learn a blend on
BLEND_GROWTH = 1.5  # the blend is learned again when the events have grown by this factor

UNJUDGED = f"Published unjudged: readers with a history took up fewer than {MIN_PAIRS} papers to judge it by."


@dataclass(frozen=True)
class Comparison:
    """Mean gains of two models on the same pairs.

    `low` and `high` bound their difference: it is below or above them by chance with a probability of
    `FALSE_ALARM_RATE` each.
    """

    ours: float
    theirs: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """Whether ours is worse by more than noise and by more than anybody would notice."""
        return self.high < -TOLERANCE * self.theirs


@dataclass(frozen=True)
class Verdict:
    """Whether a model may serve, why, in a sentence for the operator, and the comparisons by the other's name."""

    passed: bool
    judged_on: Kind
    reason: str
    readers: int = 0
    pairs: int = 0
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    holdout_record: HoldoutRecord = field(default_factory=HoldoutRecord.empty)

    @classmethod
    def unjudged(cls) -> Verdict:
        """Return the verdict on a model with too little to judge it by: it may serve."""
        return cls(True, "none", UNJUDGED)

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON values, without the holdout record."""
        names = [one.name for one in dataclasses.fields(self) if one.name != "holdout_record"]
        values = {name: getattr(self, name) for name in names}
        return values | {"comparisons": {name: dataclasses.asdict(one) for name, one in self.comparisons.items()}}


def retrain(
    papers: Papers,
    events: Events,
    serving: Model | None = None,
    config: Config = Config(),  # noqa: B008 - frozen
    *,
    seed: int = 0,
    now: float | None = None,
    progress: Progress | None = None,
    encoder: Encoder | None = None,
    engine: Engine = LOCAL,
    from_scratch: str = "",
) -> tuple[Model, Verdict]:
    """Train on everything and judge whether the model may serve in place of `serving`.

    The blend that `serving` learned is used again until there are half as many events again. The holdout fit starts
    from the vectors of `serving` where `plan_start` finds it fair, unless `from_scratch` says why not, and again from
    scratch if the model would be held back. Judging costs a fifth of `train`, and the lists of at most 200 readers.
    `now` and `progress` are as in `train`; `engine` does the heavy stages. Raises TooFewPapers under 20 papers.
    """
    report = progress or _ignore
    report("choosing", 0.0)
    since = {"since": serving.manifest.now, "holdout_record": serving.holdout_record} if serving else {"since": None}
    holdout = choose_holdout(papers, events, **since, config=config, seed=seed)
    embeddings = _encode(papers, encoder, serving, _sub_progress(report, 0.0, 0.1))
    blend, learned_on = _reuse_blend(serving, events, encoder)
    features = learn_features(papers, config, engine)
    fit = partial(train, papers, config=config, seed=seed, embeddings=embeddings, features=features)
    start, origin = plan_start(serving, papers.ids, features, holdout, config, from_scratch=from_scratch)
    if holdout.kind == "none":
        model = fit(events, now=now, progress=_sub_progress(report, 0.1, 1.0), blend=blend)
        return _record(model, Verdict.unjudged(), learned_on, origin), Verdict.unjudged()
    words = Catalogue.untrained(papers, features.vocabulary, features.words, _without_reranking(config))
    attempt = _Attempt(papers, events, serving, holdout, words, partial(fit, blend=blend), now)
    model, verdict = attempt(start, report)
    if start and not verdict.passed:
        origin = describe_cold_start(f"started from {origin['from']} it would have been held back: {verdict.reason}")
        model, verdict = attempt(None, _ignore)
    report("done", 1.0)
    return _record(model, verdict, learned_on, origin), verdict


def _ignore(stage: str, share: float) -> None:
    """Tell nobody of the progress."""


@dataclass(frozen=True)
class _Attempt:
    """What the fits of one retrain have in common; `fit` is `train` with what it is always given."""

    papers: Papers
    events: Events
    serving: Model | None
    holdout: Holdout
    words: Catalogue
    fit: Callable[..., Model]
    now: float | None

    def __call__(self, start: WarmStart | None, report: Progress) -> tuple[Model, Verdict]:
        """Return the model of all events, made by way of a holdout fit from `start`, and the verdict on it."""
        holdout, papers, progress = self.holdout, self.papers, _sub_progress(report, 0.1, 0.75)
        holdout_fit = self.fit(holdout.learn, now=holdout.now, progress=progress, start=start)
        if holdout_fit.embeddings and not holdout_fit.blend.learned:
            holdout_fit = replace(holdout_fit, blend=_choose_embedding_weight(holdout, papers, holdout_fit))
        finishing, progress = WarmStart.finishing(holdout_fit.factors), _sub_progress(report, 0.75, 0.9)
        fit = partial(self.fit, self.events, now=self.now, progress=progress, blend=holdout_fit.blend)
        regression = holdout_fit.item_regression
        model = fit(start=finishing, earlier=None if regression is None else (regression, holdout_fit.readers))
        report("judging", 0.9)
        judged = partial(judge, holdout, papers, holdout_fit=holdout_fit, model=model)
        return model, judged(serving=self.serving, words=self.words)


def _record(model: Model, verdict: Verdict, learned_on: int, origin: Mapping[str, Any]) -> Model:
    """Return a model that knows how it was judged, on how many events its blend was learned, and where it began."""
    manifest = replace(model.manifest, blend_learned_on=learned_on, start=origin)
    return replace(model, manifest=manifest, holdout_record=verdict.holdout_record)


def _reuse_blend(serving: Model | None, events: Events, encoder: Encoder | None) -> tuple[Blend | None, int]:
    """Return a blend to use again, or None to learn one, and how many events it was or will be learned on."""
    if serving is None or not serving.blend.learned or serving.embeddings.encoder != (encoder.name if encoder else ""):
        return None, len(events)
    if WITH_READERS.components.keys() - serving.blend.components.keys():  # learned before there was such a component
        return None, len(events)
    learned_on = int(serving.manifest.blend_learned_on or serving.manifest.counts["events"])
    return (None, len(events)) if len(events) >= BLEND_GROWTH * learned_on else (serving.blend, learned_on)


def _encode(papers: Papers, encoder: Encoder | None, serving: Model | None, progress: Progress) -> Embeddings | None:
    if encoder is None:
        return None
    known = serving.embeddings if serving else None
    return encode_papers(encoder, paper_texts(papers), known, lambda share: progress("meaning", share))


def _choose_embedding_weight(holdout: Holdout, papers: Papers, holdout_fit: Model) -> Blend:
    """Return the blend, with the component `embedding` if that ranks the held-out papers better beyond noise.

    For servers with too few readers to learn a blend on.
    """
    without = measure_gains(holdout, _build_catalogue(holdout_fit, papers))
    better = []
    for weight in EMBEDDING_WEIGHTS:
        component = ComponentWeight(base=weight, cold=weight)
        blend = replace(holdout_fit.blend, components={**holdout_fit.blend.components, "embedding": component})
        comparison = compare(
            measure_gains(holdout, _build_catalogue(replace(holdout_fit, blend=blend), papers)), without
        )
        if comparison.low > 0:
            better.append((comparison.ours, blend))
    return max(better, key=lambda one: one[0])[1] if better else holdout_fit.blend


def judge(
    holdout: Holdout,
    papers: Papers,
    *,
    holdout_fit: Model,
    model: Model,
    serving: Model | None,
    words: Catalogue | None = None,
) -> Verdict:
    """Judge `holdout_fit`, trained on `holdout.learn`, by its gains and `model`, trained on all, by its vectors.

    `words` is a catalogue of these papers by their words alone, made from their texts and not from a fit.
    """
    words = Catalogue(None, papers, _without_reranking(holdout_fit.config)) if words is None else words
    holdout_gains = measure_gains(holdout, _build_catalogue(holdout_fit, papers))
    comparisons = {"words alone": compare(holdout_gains, measure_gains(holdout, words))}
    if serving is not None and holdout.is_repeat:
        ours = _gains_without_newer(holdout, papers, holdout_fit, serving, holdout_gains)
        comparisons["the serving model"] = compare(ours, _read_recorded_gains(serving, holdout))
    elif serving is not None and holdout.kind == "newest":
        comparisons["the serving model"] = compare(
            holdout_gains, measure_gains(holdout, _build_catalogue(serving, papers))
        )
    holdout_record = HoldoutRecord(
        holdout.kind, holdout.now, np.concatenate(holdout.keys), np.concatenate(holdout_gains).astype(np.float32)
    )
    return _decide(holdout, comparisons, holdout_record, spoiled=not is_consistent(holdout_fit, model))


def is_consistent(holdout_fit: Model, model: Model) -> bool:
    """Return whether `model` has the holdout fit's papers, blend and, but for what new events change, its vectors."""
    if list(holdout_fit.ids) != list(model.ids) or holdout_fit.blend != model.blend:
        return False
    before, after = holdout_fit.factors.papers, model.factors.papers
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosines = (before * after).sum(axis=1)[lengths > 0] / lengths[lengths > 0]
    return bool(len(cosines) and np.isfinite(after).all() and np.median(cosines) > MIN_MEDIAN_COSINE)


def _read_recorded_gains(serving: Model, holdout: Holdout) -> list[np.ndarray]:
    gain_of = dict(zip(serving.holdout_record.keys.tolist(), serving.holdout_record.gains.tolist(), strict=True))
    return [np.array([gain_of[key] for key in keys.tolist()]) for keys in holdout.keys]


def _gains_without_newer(
    holdout: Holdout, papers: Papers, holdout_fit: Model, serving: Model, holdout_gains: list[np.ndarray]
) -> list[np.ndarray]:
    """Return the gains among the papers there were when the serving model was judged: newer ones would take places."""
    newer = set(papers.ids) - set(serving.ids)
    return measure_gains(holdout, _build_catalogue(holdout_fit, papers), exclude=newer) if newer else holdout_gains


def _decide(
    holdout: Holdout, comparisons: dict[str, Comparison], holdout_record: HoldoutRecord, *, spoiled: bool
) -> Verdict:
    worse = [name for name, comparison in comparisons.items() if comparison.is_worse]
    on = "sampled" if holdout.kind == "sample" else "of the newest"
    basis = f"on {holdout.pairs} {on} papers that {_pluralize(len(holdout.targets), 'reader')} took up"
    if worse:
        one = comparisons[worse[0]]
        reason = f"Worse than {' and '.join(worse)} {basis}: {one.ours:.4f} against {one.theirs:.4f}, beyond noise."
    elif spoiled:
        reason = f"Spoiled after it was judged {basis}: its papers no longer stand where the judged fit had them."
    else:
        figures = ", ".join(f"{one.ours:.4f} against {one.theirs:.4f} of {name}" for name, one in comparisons.items())
        reason = f"Not worse {basis}: {figures}."
    return Verdict(
        not worse and not spoiled,
        holdout.kind,
        reason,
        len(holdout.targets),
        holdout.pairs,
        comparisons,
        holdout_record,
    )


def _pluralize(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def measure_gains(holdout: Holdout, catalogue: Catalogue, exclude: Collection[str] = ()) -> list[np.ndarray]:
    """Return each held-out paper's gain, 1/log2(1 + rank) or 0 beyond `DEPTH`: float64 (papers,) for each reader.

    The discounted gain of Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques" (2002).
    """
    gains = []
    for history, targets in zip(holdout.histories, holdout.targets, strict=True):
        ranked_list = catalogue.rank(history, candidates=None, k=DEPTH, now=holdout.now, exclude=exclude)
        rank_of = {paper: rank for rank, paper in enumerate(ranked_list.ids, 1)}
        ranks = np.array([rank_of.get(paper, np.inf) for paper in targets])
        gains.append(np.where(np.isfinite(ranks), 1 / np.log2(1 + ranks), 0.0))
    return gains


def compare(ours: list[np.ndarray], theirs: list[np.ndarray], seed: int = 0) -> Comparison:
    """Compare mean gains on the same pairs by a paired bootstrap over readers, or over pairs where readers are few.

    A percentile interval, as in Sakai, "Evaluating Evaluation Metrics based on the Bootstrap" (SIGIR 2006).
    """
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    if len(differences) < MIN_RESAMPLED_READERS:
        differences = [np.array([value]) for one in differences for value in one]
    sums = np.array([one.sum() for one in differences])
    sizes = np.array([len(one) for one in differences])
    n = len(sums)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=BOOTSTRAP_DRAWS)
    low, high = np.quantile((drawn @ sums) / (drawn @ sizes), [FALSE_ALARM_RATE, 1 - FALSE_ALARM_RATE])
    return Comparison(_mean(ours), _mean(theirs), float(low), float(high))


def _mean(values: list[np.ndarray]) -> float:
    return float(np.concatenate(values).mean())


def _build_catalogue(model: Model, papers: Papers) -> Catalogue:
    """Return the catalogue that would serve, with papers newer than the model folded in."""
    known = set(model.ids)
    newer = papers.take(row for row, paper in enumerate(papers.ids) if paper not in known)
    return Catalogue(model, newer, _without_reranking(model.config))


def _without_reranking(config: Config) -> Config:
    """Leave out diversity, fairness and exploration, which put papers out of order on purpose."""
    return replace(config, diversity=0.0, fairness=0.0, exploration=0.0)


def _sub_progress(progress: Progress, start: float, stop: float) -> Callable[[str, float], None]:
    def report(stage: str, share: float) -> None:
        if stage != "done":  # the end of a part is not the end of the whole
            progress(stage, start + (stop - start) * share)

    return report
