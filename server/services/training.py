"""Training: from the log and the catalogue to a published model, one at a time."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from recommender import BrokenModel, Events, Model, Papers, TooFewPapers
from recommender.errors import EncoderUnavailable, EngineUnavailable
from recommender.features.encoders import Encoder, OnnxEncoder
from recommender.model.model_card import render_model_card
from recommender.training.engine import LOCAL, Engine
from recommender.training.gate import Verdict, retrain
from recommender.training.spark import SparkEngine
from server.errors import BrokenArtefact, Conflict, NotFound
from server.home import make_private_folder
from server.services import deletion
from server.services.context import Context
from server.services.training_due import JOB, TrainingWatermarks
from server.store import events as event_rows
from server.store import job_states, locks, papers, trained_models

logger = logging.getLogger(__name__)

KEEP = 5  # models kept on disk, including the serving one
ASIDE = ".tmp-"

Progress = Callable[[str, float], None]


class TrainerBusy(Conflict):
    """Another training runs for this database."""

    code = "trainer_busy"


class NoCluster(Conflict):
    """There is no Spark cluster to train on."""

    code = "no_cluster"


class NotEnoughPapers(Conflict):
    """The catalogue is too small to learn from."""

    code = "too_few_papers"


@dataclass(frozen=True)
class TrainingResult:
    """A trained model and how long it took; `serves` unless it was held back, `note` is the gate's reason."""

    version: str
    papers: int
    events: int
    seconds: float
    serves: bool
    note: str


def train_once(
    context: Context, progress: Progress | None = None, *, seed: int = 0, spark: bool = False
) -> TrainingResult:
    """Train on the whole log and catalogue, publish, and let the model serve unless the gate holds it back.

    Here, or on the Spark cluster of the settings. Raises TrainerBusy while another training runs, NotEnoughPapers when
    there is too little to learn from, NoCluster when the cluster cannot be used.
    """
    with _trainer(context), _engine(context, spark) as engine:
        started = time.time()
        deletion.compact_if_due(context, started)
        seen, paper_table, event_table = _read(context, started)
        serving = _serving(context)
        try:
            model, verdict = retrain(
                paper_table,
                event_table,
                serving,
                seed=seed,
                now=started,
                progress=progress,
                encoder=_encoder(context),
                engine=engine,
                from_scratch=_why_from_scratch(context, serving),
            )
        except TooFewPapers as error:
            raise NotEnoughPapers(f"Nothing was trained: {error}.") from error
        # From where on workers fold in papers and learn from lists; SQL knows it, the recommender does not.
        manifest = replace(model.manifest, papers_until=seen.papers_changed, events_until=seen.event)
        model = replace(model, manifest=replace(manifest, gate=verdict.as_dict()))
        publish(context, model, seen, verdict)
        if progress:
            progress("published", 1.0)
        if not verdict.passed:
            logger.warning("model %s was held back: %s", model.version, verdict.reason)
        took = time.time() - started
        return TrainingResult(
            model.version, len(paper_table), len(event_table), took, serves=verdict.passed, note=verdict.reason
        )


@contextmanager
def _trainer(context: Context) -> Iterator[None]:
    """Be the only trainer, and remove what a killed one left. Raises TrainerBusy."""
    with trainer_lock(context):
        remove_leftovers(context)
        yield


@contextmanager
def _engine(context: Context, spark: bool) -> Iterator[Engine]:
    """Give what does the heavy stages. Raises NoCluster."""
    if not spark:
        yield LOCAL
        return
    master = context.settings.spark_master
    if master is None:
        raise NoCluster("Set INKLING_SPARK_MASTER to the cluster's master, such as spark://HOST:7077.")
    make_private_folder(context.settings.models_dir)
    try:
        # The models' folder is the one that all hosts see.
        engine = SparkEngine(master, context.settings.models_dir)
    except EngineUnavailable as error:
        raise NoCluster(f"Nothing was trained: {error}.") from error
    with engine:
        yield engine


def _encoder(context: Context) -> Encoder | None:
    """Return the operator's encoder; None for one that cannot be used, which must not stop training."""
    if context.settings.encoder is None:
        return None
    try:
        return OnnxEncoder(context.settings.encoder)
    except EncoderUnavailable as error:
        logger.warning("training without the encoder: %s", error)
        return None


def _serving(context: Context) -> Model | None:
    """Return the serving model, None when there is none or it cannot be read."""
    with context.database.reading() as session:
        version = trained_models.serving_version(session)
    if version is None:
        return None
    try:
        return Model.load(context.settings.models_dir / version)
    except BrokenModel as error:
        logger.warning("the serving model cannot be read and is not compared with: %s", error)
        return None


def _why_from_scratch(context: Context, serving: Model | None) -> str:
    """Return why the next model may not start from the serving one, nothing where it may.

    Vectors that learned from a reader who left since would hand on what was to be forgotten.
    """
    with context.database.reading() as session:
        left = deletion.last_departure(session)
    return "a reader left or started over since" if serving and serving.manifest.now <= left else ""


def _read(context: Context, now: float) -> tuple[TrainingWatermarks, Papers, Events]:
    """Read the log, the catalogue and their watermarks as of one moment."""
    with context.database.reading_one_state() as session:
        seen = TrainingWatermarks(
            event_rows.newest_number(session), papers.newest_update(session), papers.count_readable(session), now
        )
        chunks = papers.for_catalogue(session)
        # A paper without public text is only an id that some reader named: of no use to a model.
        paper_table = Papers.from_rows(row for chunk in chunks for row in chunk if row["title"] or row["abstract"])
        return seen, paper_table, Events.from_rows(chain.from_iterable(event_rows.for_training(session)))


def publish(context: Context, model: Model, seen: TrainingWatermarks, verdict: Verdict) -> None:
    """Save the model aside, check that it loads, rename it into place, and in one transaction let it serve.

    A model that the gate holds back is kept, for the operator to look at or promote.
    """
    aside = context.settings.models_dir / f"{ASIDE}{model.version}"
    folder = context.settings.models_dir / model.version
    make_private_folder(context.settings.models_dir)
    model.save(aside)
    Model.load(aside)
    aside.rename(folder)
    _sync_folder(context.settings.models_dir)
    now = time.time()
    with context.database.writing() as session:
        status = "candidate" if verdict.passed else "withheld"
        trained_models.add(session, model.version, model.manifest.as_dict(), now, status=status, note=verdict.reason)
        if verdict.passed:
            trained_models.promote(session, model.version)
        job_states.save(session, JOB, vars(seen), now)
        old = trained_models.prune(session, KEEP, deletion.last_departure(session))
    _remove(context.settings.models_dir, old)


def promote(context: Context, version: str) -> None:
    """Let a kept model serve, after checking that it loads. Raises NotFound, BrokenArtefact."""
    with context.database.reading() as session:
        known = {row["version"] for row in trained_models.every(session) if row["status"] in trained_models.ON_DISK}
    if version not in known:
        raise NotFound(f"No model {version} here; `inkling models list` shows those that are.", field="version")
    try:
        Model.load(context.settings.models_dir / version)
    except BrokenModel as error:
        raise BrokenArtefact(f"Model {version} is damaged and was not promoted: {error}.") from error
    with context.database.writing() as session:
        trained_models.promote(session, version)


def rollback(context: Context) -> str:
    """Let the model before the serving one serve again; return its version. Raises NotFound when there is none."""
    with context.database.reading() as session:
        now = trained_models.serving_version(session)
        version = trained_models.previous(session, now) if now else None
    if version is None:
        raise NotFound("There is no older model to go back to.", field="version")
    promote(context, version)
    return version


@contextmanager
def trainer_lock(context: Context) -> Iterator[None]:
    """Be the only trainer of this home and this database. Raises TrainerBusy."""
    lock = context.settings.run_dir / "train.lock"
    with locks.exclusive_lock(context.database, lock, locks.TRAINING) as holder:
        if holder:
            raise TrainerBusy(f"Another training is running {holder}; wait for it to end.")
        yield


def remove_leftovers(context: Context) -> list[str]:
    """Remove folders that a killed training left: any without a row. The caller holds the trainer's lock."""
    models_dir = context.settings.models_dir
    if not models_dir.is_dir():
        return []
    with context.database.reading() as session:
        known = {row["version"] for row in trained_models.every(session) if row["status"] in trained_models.ON_DISK}
    left = [folder.name for folder in models_dir.iterdir() if folder.is_dir() and folder.name not in known]
    _remove(models_dir, left)
    return left


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    """Flush a rename inside `folder` to disk before anything refers to it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def list_models(context: Context) -> list[dict[str, Any]]:
    """Return all trained_models, newest first, as `inkling models list` shows them."""
    with context.database.reading() as session:
        return [dict(row) for row in trained_models.every(session)]


def read_model_card(context: Context, version: str | None) -> str:
    """Return the model card of a version (None: the serving one), made from its stored manifest. Raises NotFound."""
    with context.database.reading() as session:
        rows = {row["version"]: row for row in trained_models.every(session)}
        name = version or trained_models.serving_version(session)
    if name is None:
        raise NotFound("No model serves yet; `inkling train` makes one.", field="version")
    if name not in rows:
        raise NotFound(f"There never was a model {name}; `inkling models list` shows those known.", field="version")
    return render_model_card(rows[name]["manifest"])
