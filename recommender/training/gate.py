"""The gate: whether a retrained model may serve.

A model is judged on papers that readers took up and that it has not been trained on, by the places it gave them, beside
the model that serves and beside words alone. It is held back where it is worse than either beyond noise.

Fair in both directions. The holdout fit (`train` on `Holdout.learn`) knows none of the held-out pairs, and nor does the
serving model when they are newer than it. Where too few are, both are judged on one holdout: the pairs that the holdout
fit of the serving model was kept from are kept from the new one's, and what they gained then is in the artefact to
compare with.

The model to be published is the holdout fit brought up to date with every event in a few more iterations. As it has
seen what it would be judged on, all that is asked of it is to be still the same: that shows damage done since.
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
from recommender.model.blend import Blend, ComponentWeight
from recommender.model.holdout_record import HoldoutRecord, Kind
from recommender.model.model import Model
from recommender.ranking.catalogue import Catalogue
from recommender.training.holdout import MIN_PAIRS, Holdout, choose_holdout
from recommender.training.train import Progress, train

MIN_READERS = 10  # from here on readers are drawn with replacement, below it single pairs
DEPTH = 1000  # places looked at; whatever stands lower gains nothing
NOISE = 0.01  # how often chance alone may hold a good model back, in one comparison
TOLERANCE = 0.01  # share of the other's figure that a reader does not notice and another seed may cost
DRAWS = 2000
MIN_MEDIAN_COSINE = 0.5  # the median cosine of papers' vectors before and after the last events, at the least
MEANING_WEIGHTS = (0.5, 1.0, 2.0)
RELEARN = 1.5  # times the events a blend was learned on, after which it is learned anew

TOO_FEW = f"Published unjudged: readers with a history took up fewer than {MIN_PAIRS} papers to judge it by."


@dataclass(frozen=True)
class Comparison:
    """Figures of two models on the same pairs; `low` and `high` bound their difference but for `NOISE` on each side."""

    ours: float
    theirs: float
    low: float
    high: float

    @property
    def worse(self) -> bool:
        """Return whether ours is worse by more than noise and by more than anybody would notice."""
        return self.high < -TOLERANCE * self.theirs


@dataclass(frozen=True)
class Verdict:
    """Whether a model may serve, why, in a sentence for the operator, and the figures behind it, by what it met."""

    passed: bool
    judged_on: Kind
    reason: str
    readers: int = 0
    pairs: int = 0
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    holdout_record: HoldoutRecord = field(default_factory=HoldoutRecord.none)

    @classmethod
    def unjudged(cls) -> Verdict:
        """Return what is said of a model that there is too little to judge by: it may serve."""
        return cls(True, "none", TOO_FEW)

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON values, without the single pairs."""
        told = {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.name != "holdout_record"}
        return told | {"comparisons": {name: dataclasses.asdict(one) for name, one in self.comparisons.items()}}


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
) -> tuple[Model, Verdict]:
    """Train on everything and say whether the model may serve in place of `serving`.

    The blend that `serving` learned is used again until there are half as many events again. Where there is enough to
    judge on, this costs a fifth more than `train`, and the lists of at most 200 readers from four models; nothing more
    where there is not. TooFewPapers as `train`.
    """
    tell = progress or (lambda stage, share: None)
    tell("choosing", 0.0)
    since, before = (serving.manifest.now, serving.holdout_record) if serving else (None, None)
    holdout = choose_holdout(papers, events, since=since, config=config, seed=seed, holdout_record=before)
    embeddings = _encoded(papers, encoder, serving, _part(tell, 0.0, 0.1))
    blend, learned_on = _known_blend(serving, events, encoder)
    fitted = partial(train, papers, config=config, seed=seed, embeddings=embeddings)
    if holdout.kind == "none":
        model, verdict = fitted(events, now=now, progress=_part(tell, 0.1, 1.0), blend=blend), Verdict.unjudged()
        return _with_manifest(model, learned_on), verdict
    holdout_fit = fitted(holdout.learn, now=holdout.now, progress=_part(tell, 0.1, 0.75), blend=blend)
    if embeddings and not holdout_fit.blend.learned:
        holdout_fit = replace(holdout_fit, blend=_with_meaning(holdout, papers, holdout_fit))
    model = fitted(events, now=now, progress=_part(tell, 0.75, 0.9), blend=holdout_fit.blend, start=holdout_fit)
    tell("judging", 0.9)
    verdict = judge(holdout, papers, holdout_fit=holdout_fit, model=model, serving=serving)
    tell("done", 1.0)
    return replace(_with_manifest(model, learned_on), holdout_record=verdict.holdout_record), verdict


def _with_manifest(model: Model, learned_on: int) -> Model:
    return replace(model, manifest=replace(model.manifest, blend_learned_on=learned_on))


def _known_blend(serving: Model | None, events: Events, encoder: Encoder | None) -> tuple[Blend | None, int]:
    """Return a blend to use again, or None to learn one; and how many events it was or will be learned on."""
    if serving is None or not serving.blend.learned or serving.embeddings.encoder != (encoder.name if encoder else ""):
        return None, len(events)
    learned_on = int(serving.manifest.blend_learned_on or serving.manifest.counts["events"])
    return (None, len(events)) if len(events) >= RELEARN * learned_on else (serving.blend, learned_on)


def _encoded(papers: Papers, encoder: Encoder | None, serving: Model | None, tell: Progress) -> Embeddings | None:
    if encoder is None:
        return None
    known = serving.embeddings if serving else None
    return encode_papers(encoder, paper_texts(papers), known, lambda share: tell("meaning", share))


def _with_meaning(holdout: Holdout, papers: Papers, holdout_fit: Model) -> Blend:
    """Return the blend, with an encoder's part where that gives the judged papers better places beyond noise.

    For servers with too few readers to learn a blend on.
    """
    without = gains(holdout, _catalogue(holdout_fit, papers))
    tried = []
    for weight in MEANING_WEIGHTS:
        component = ComponentWeight(base=weight, cold=weight)
        blend = replace(holdout_fit.blend, components={**holdout_fit.blend.components, "embedding": component})
        comparison = compare(gains(holdout, _catalogue(replace(holdout_fit, blend=blend), papers)), without)
        if comparison.low > 0:
            tried.append((comparison.ours, blend))
    return max(tried, key=lambda one: one[0])[1] if tried else holdout_fit.blend


def judge(holdout: Holdout, papers: Papers, *, holdout_fit: Model, model: Model, serving: Model | None) -> Verdict:
    """Compare `holdout_fit`, trained on `holdout.learn`, and `model`, trained on everything, with what serves."""
    words = gains(holdout, Catalogue(None, papers, _plain(holdout_fit.config)))
    blind = gains(holdout, _catalogue(holdout_fit, papers))
    comparisons = {"words alone": compare(blind, words)}
    if serving is not None and holdout.again:
        ours = _without_newer(holdout, papers, holdout_fit, serving, blind)
        comparisons["the serving model"] = compare(ours, _recorded_gains(serving, holdout))
    elif serving is not None and holdout.kind == "newest":
        comparisons["the serving model"] = compare(blind, gains(holdout, _catalogue(serving, papers)))
    holdout_record = HoldoutRecord(
        holdout.kind, holdout.now, np.concatenate(holdout.keys), np.concatenate(blind).astype(np.float32)
    )
    return _verdict(holdout, comparisons, holdout_record, spoiled=not is_still(holdout_fit, model))


def is_still(holdout_fit: Model, model: Model) -> bool:
    """Return whether `model` has the papers of the holdout fit where that had them, moved but by its last events."""
    if list(holdout_fit.ids) != list(model.ids) or holdout_fit.blend != model.blend:
        return False
    before, after = holdout_fit.factors.papers, model.factors.papers
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosines = (before * after).sum(axis=1)[lengths > 0] / lengths[lengths > 0]
    return bool(len(cosines) and np.isfinite(after).all() and np.median(cosines) > MIN_MEDIAN_COSINE)


def _recorded_gains(serving: Model, holdout: Holdout) -> list[np.ndarray]:
    gain_of = dict(zip(serving.holdout_record.keys.tolist(), serving.holdout_record.gains.tolist(), strict=True))
    return [np.array([gain_of[key] for key in keys.tolist()]) for keys in holdout.keys]


def _without_newer(
    holdout: Holdout, papers: Papers, holdout_fit: Model, serving: Model, blind: list[np.ndarray]
) -> list[np.ndarray]:
    """Return the gains among the papers there were when the serving model was judged: fewer compete for places."""
    newer = set(papers.ids) - set(serving.ids)
    return gains(holdout, _catalogue(holdout_fit, papers), exclude=newer) if newer else blind


def _verdict(
    holdout: Holdout, comparisons: dict[str, Comparison], holdout_record: HoldoutRecord, *, spoiled: bool
) -> Verdict:
    worse = [name for name, comparison in comparisons.items() if comparison.worse]
    on = "sampled" if holdout.kind == "sample" else "of the newest"
    told = f"on {holdout.pairs} {on} papers that {_counted(len(holdout.targets), 'reader')} took up"
    if worse:
        one = comparisons[worse[0]]
        reason = f"Worse than {' and '.join(worse)} {told}: {one.ours:.4f} against {one.theirs:.4f}, beyond noise."
    elif spoiled:
        reason = f"Spoiled after it was judged {told}: its papers no longer stand where the judged fit had them."
    else:
        figures = ", ".join(f"{one.ours:.4f} against {one.theirs:.4f} of {name}" for name, one in comparisons.items())
        reason = f"Not worse {told}: {figures}."
    return Verdict(
        not worse and not spoiled,
        holdout.kind,
        reason,
        len(holdout.targets),
        holdout.pairs,
        comparisons,
        holdout_record,
    )


def _counted(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def gains(holdout: Holdout, catalogue: Catalogue, exclude: Collection[str] = ()) -> list[np.ndarray]:
    """Return for each reader what each judged paper's place gains, float64 (n,): 1/log2(1 + place), 0 past `DEPTH`."""
    found = []
    for history, targets in zip(holdout.histories, holdout.targets, strict=True):
        ranked = catalogue.rank(history, candidates=None, k=DEPTH, now=holdout.now, exclude=exclude)
        place_of = {paper: at + 1 for at, paper in enumerate(ranked.ids)}
        places = np.array([place_of.get(paper, np.inf) for paper in targets])
        found.append(np.where(np.isfinite(places), 1 / np.log2(1 + places), 0.0))
    return found


def compare(ours: list[np.ndarray], theirs: list[np.ndarray], seed: int = 0) -> Comparison:
    """Bootstrap the difference of the mean gains over the same pairs, readers (or few readers' pairs) drawn anew."""
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    if len(differences) < MIN_READERS:
        differences = [np.array([value]) for one in differences for value in one]
    sums = np.array([one.sum() for one in differences])
    sizes = np.array([len(one) for one in differences])
    n = len(sums)
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS)
    low, high = np.quantile((drawn @ sums) / (drawn @ sizes), [NOISE, 1 - NOISE])
    return Comparison(_mean(ours), _mean(theirs), float(low), float(high))


def _mean(values: list[np.ndarray]) -> float:
    return float(np.concatenate(values).mean())


def _catalogue(model: Model, papers: Papers) -> Catalogue:
    """Return what would serve, with papers newer than the model folded in."""
    known = set(model.ids)
    newer = papers.take(row for row, paper in enumerate(papers.ids) if paper not in known)
    return Catalogue(model, newer, _plain(model.config))


def _plain(config: Config) -> Config:
    """Leave out what a list does on purpose against its own order."""
    return replace(config, diversity=0.0, fairness=0.0, exploration=0.0)


def _part(tell: Progress, start: float, stop: float) -> Callable[[str, float], None]:
    def told(stage: str, share: float) -> None:
        if stage != "done":  # a part's end is not the end
            tell(stage, start + (stop - start) * share)

    return told
