"""The gate: whether a retrained model may serve.

A model is judged on papers that readers took up and that it has not been trained on, by the places it gave them, beside
the model that serves and beside words alone. It is held back where it is worse than either beyond noise.

Fair in both directions. The judged fit (`train` on `Held.learn`) knows none of the judged pairs, and neither does the
serving model when they are newer than it ("newest"); only then are the two compared. The model to be published is that
fit brought up to date with every event in a few more iterations. It has seen what it is judged on, as the serving model
has of a "sample", so that it has no excuse for being worse: this second look catches damage done after the first.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from recommender.blend import Blend, PartWeight
from recommender.catalogue import Catalogue
from recommender.config import Config
from recommender.encoders import Encoded, Encoder, encode_papers
from recommender.model import Model
from recommender.tables import Events, Papers
from recommender.training import Progress, interactions, train
from recommender.vocabulary import texts_of

LEAST_PAIRS = 20  # fewer say nothing
MOST_PAIRS = 1000  # of the newest; more only keep events from the judged fit
MOST_READERS = 200  # ranked for, which bounds what judging costs
LEAST_READERS = 10  # from here on readers are drawn with replacement, below it single pairs
SHARE = 0.2  # of a reader's papers, or of all where there is no serving model to be newer than
NEWER_SHARE = 0.5  # of the pairs newer than the serving model; the judged fit learns from the others
DEPTH = 1000  # places looked at; whatever stands lower gains nothing
NOISE = 0.01  # how often chance alone may hold a good model back, in one comparison
TOLERANCE = 0.01  # share of the other's figure that a reader does not notice and another seed may cost
DRAWS = 2000
MEANING_WEIGHTS = (0.5, 1.0, 2.0)
RELEARN = 1.5  # times the events a blend was learned on, after which it is learned anew

TOO_FEW = f"Published unjudged: readers with a history took up fewer than {LEAST_PAIRS} papers to judge it by."

Kind = Literal["newest", "sample", "none"]


@dataclass(frozen=True)
class Held:
    """What models are judged on: for each of R readers, papers they took up and their history without those.

    `learn` is what the judged fit may learn from, `now` the moment the lists are made for, in epoch seconds.
    """

    kind: Kind
    learn: Events
    now: float
    histories: list[Events] = field(default_factory=list)
    targets: list[list[str]] = field(default_factory=list)

    @property
    def pairs(self) -> int:
        """Return how many pairs are judged."""
        return sum(map(len, self.targets))


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

    @classmethod
    def unjudged(cls) -> Verdict:
        """Return what is said of a model that there is too little to judge by: it may serve."""
        return cls(True, "none", TOO_FEW)

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON values."""
        return dataclasses.asdict(self)


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
    since = serving.manifest["now"] if serving else None
    held = hold_out(papers, events, since=since, config=config, seed=seed)
    encoded = _encoded(papers, encoder, serving, _part(tell, 0.0, 0.1))
    blend, learned_on = _known_blend(serving, events, encoder)
    fitted = partial(train, papers, config=config, seed=seed, encoded=encoded)
    if held.kind == "none":
        model, verdict = fitted(events, now=now, progress=_part(tell, 0.1, 1.0), blend=blend), Verdict.unjudged()
        model.manifest["blend_learned_on"] = learned_on
        return model, verdict
    judged = fitted(held.learn, now=held.now, progress=_part(tell, 0.1, 0.75), blend=blend)
    if encoded and not judged.blend.learned:
        judged = replace(judged, blend=_with_meaning(held, papers, judged))
    model = fitted(events, now=now, progress=_part(tell, 0.75, 0.9), blend=judged.blend, start=judged)
    model.manifest["blend_learned_on"] = learned_on
    tell("judging", 0.9)
    verdict = judge(held, papers, judged=judged, model=model, serving=serving)
    tell("done", 1.0)
    return model, verdict


def _known_blend(serving: Model | None, events: Events, encoder: Encoder | None) -> tuple[Blend | None, int]:
    """Return a blend to use again, or None to learn one; and how many events it was or will be learned on."""
    if serving is None or not serving.blend.learned or serving.encoded.encoder != (encoder.name if encoder else ""):
        return None, len(events)
    learned_on = int(serving.manifest.get("blend_learned_on") or serving.manifest["counts"]["events"])
    return (None, len(events)) if len(events) >= RELEARN * learned_on else (serving.blend, learned_on)


def _encoded(papers: Papers, encoder: Encoder | None, serving: Model | None, tell: Progress) -> Encoded | None:
    if encoder is None:
        return None
    known = serving.encoded if serving else None
    return encode_papers(encoder, texts_of(papers), known, lambda share: tell("meaning", share))


def _with_meaning(held: Held, papers: Papers, judged: Model) -> Blend:
    """Return the blend, with an encoder's part where that gives the judged papers better places beyond noise.

    For servers with too few readers to learn a blend on.
    """
    without = gains(held, _catalogue(judged, papers))
    tried = []
    for weight in MEANING_WEIGHTS:
        part = PartWeight(always=weight, unread=weight)
        blend = replace(judged.blend, parts={**judged.blend.parts, "meaning": part})
        comparison = compare(gains(held, _catalogue(replace(judged, blend=blend), papers)), without)
        if comparison.low > 0:
            tried.append((comparison.ours, blend))
    return max(tried, key=lambda one: one[0])[1] if tried else judged.blend


def hold_out(papers: Papers, events: Events, *, since: float | None, config: Config, seed: int) -> Held:
    """Choose what to judge on: the newest papers readers took up, or where there are too few, a sample of them all.

    `since` is when the serving model was trained, in epoch seconds: what it cannot have seen is newer.
    """
    pairs = _Pairs.of(papers, events, config)
    random = np.random.default_rng(seed)
    held = _newest(pairs, since, random)
    if held.pairs < LEAST_PAIRS:
        held = _sample(pairs, since, random)
    return held if held.pairs >= LEAST_PAIRS else Held("none", events, pairs.now)


@dataclass(frozen=True)
class _Pairs:
    """What readers took up and still like: names by row, and `first` float64 (N,), when, -inf where unknown."""

    events: Events
    reader: list[str]
    paper: list[str]
    first: np.ndarray

    @classmethod
    def of(cls, papers: Papers, events: Events, config: Config) -> _Pairs:
        weights, readers = interactions(papers, events, config, now=0.0)
        liked = np.flatnonzero(weights.weight > 0)
        reader = [readers[row] for row in weights.reader[liked]]
        return cls(events, reader, [papers.ids[row] for row in weights.paper[liked]], weights.first[liked])

    @property
    def now(self) -> float:
        known = self.events.times[np.isfinite(self.events.times)]
        return float(known.max()) if len(known) else 0.0

    def by_reader(self, rows: np.ndarray) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for row in rows.tolist():
            found.setdefault(self.reader[row], []).append(self.paper[row])
        return found


def _newest(pairs: _Pairs, since: float | None, random: np.random.Generator) -> Held:
    """Judge by what came last; everything from that moment on is kept from the judged fit."""
    new = np.flatnonzero(pairs.first > (-np.inf if since is None else since))
    if len(new) < LEAST_PAIRS:
        return Held("newest", pairs.events, pairs.now)
    n = min(MOST_PAIRS, max(LEAST_PAIRS, int(len(new) * (SHARE if since is None else NEWER_SHARE))))
    cut = float(np.sort(pairs.first[new])[-n])
    targets = pairs.by_reader(np.flatnonzero(pairs.first >= cut))
    return _held("newest", pairs.events, ~(pairs.events.times >= cut), cut, _some(targets, random))


def _sample(pairs: _Pairs, since: float | None, random: np.random.Generator) -> Held:
    """Judge by a random fifth of each reader's papers, of those that the serving model knows too."""
    known = np.flatnonzero(pairs.first <= (np.inf if since is None else since))
    held = {
        reader: [papers[at] for at in random.permutation(len(papers))[: int(SHARE * len(papers))]]
        for reader, papers in pairs.by_reader(known).items()
    }
    targets = _some({reader: papers for reader, papers in held.items() if papers}, random)
    gone = {(reader, paper) for reader, papers in targets.items() for paper in papers}
    names = zip(pairs.events.readers, pairs.events.papers, strict=True)
    kept = np.array([name not in gone for name in names], bool)
    return _held("sample", pairs.events, kept, pairs.now, targets)


def _some(targets: dict[str, list[str]], random: np.random.Generator) -> dict[str, list[str]]:
    readers = list(targets)
    return {readers[at]: targets[readers[at]] for at in random.permutation(len(readers))[:MOST_READERS]}


def _held(kind: Kind, events: Events, kept: np.ndarray, now: float, targets: Mapping[str, list[str]]) -> Held:
    """Keep the judged readers' own kept events as their histories; readers without any cannot be judged."""
    learn = events.take(np.flatnonzero(kept).tolist())
    rows: dict[str, list[int]] = {}
    for row, (reader, event) in enumerate(zip(learn.readers, learn.kinds, strict=True)):
        if reader in targets and event != "impression":
            rows.setdefault(reader, []).append(row)
    return Held(kind, learn, now, [learn.take(mine) for mine in rows.values()], [targets[reader] for reader in rows])


def judge(held: Held, papers: Papers, *, judged: Model, model: Model, serving: Model | None) -> Verdict:
    """Compare `judged`, trained on `held.learn`, and `model`, trained on everything, with what serves."""
    words = gains(held, Catalogue(None, papers, _plain(judged.config)))
    blind = gains(held, _catalogue(judged, papers))
    comparisons = {"words alone": compare(blind, words)}
    if serving is not None:
        now_serving = gains(held, _catalogue(serving, papers))
        if held.kind == "newest":
            comparisons["the serving model"] = compare(blind, now_serving)
        finished = compare(gains(held, _catalogue(model, papers)), now_serving)
        comparisons["the serving model" if held.kind == "sample" else "the serving model, once finished"] = finished
    return _verdict(held, comparisons)


def _verdict(held: Held, comparisons: dict[str, Comparison]) -> Verdict:
    worse = [name for name, comparison in comparisons.items() if comparison.worse]
    on = "newest" if held.kind == "newest" else "sampled"
    told = f"on the {held.pairs} {on} papers that {len(held.targets)} readers took up"
    if worse:
        one = comparisons[worse[0]]
        reason = f"Worse than {' and '.join(worse)} {told}: {one.ours:.4f} against {one.theirs:.4f}, beyond noise."
    else:
        figures = ", ".join(f"{one.ours:.4f} against {one.theirs:.4f} of {name}" for name, one in comparisons.items())
        reason = f"Not worse {told}: {figures}."
    return Verdict(not worse, held.kind, reason, len(held.targets), held.pairs, comparisons)


def gains(held: Held, catalogue: Catalogue) -> list[np.ndarray]:
    """Return for each reader what each judged paper's place gains, float64 (n,): 1/log2(1 + place), 0 past `DEPTH`."""
    found = []
    for history, targets in zip(held.histories, held.targets, strict=True):
        ranked = catalogue.rank(history, candidates=None, k=DEPTH, now=held.now)
        place_of = {paper: at + 1 for at, paper in enumerate(ranked.ids)}
        places = np.array([place_of.get(paper, np.inf) for paper in targets])
        found.append(np.where(np.isfinite(places), 1 / np.log2(1 + places), 0.0))
    return found


def compare(ours: list[np.ndarray], theirs: list[np.ndarray], seed: int = 0) -> Comparison:
    """Bootstrap the difference of the mean gains over the same pairs, readers (or few readers' pairs) drawn anew."""
    differences = [one - other for one, other in zip(ours, theirs, strict=True)]
    if len(differences) < LEAST_READERS:
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
    return replace(config, diversity=0.0, exploration=0.0)


def _part(tell: Progress, start: float, stop: float) -> Callable[[str, float], None]:
    return lambda stage, share: tell(stage, start + (stop - start) * share)
