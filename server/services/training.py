"""Training: from the log and the catalogue to a published model, one at a time."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recommender import BrokenModel, Events, Model, Papers, TooFewPapers
from recommender.errors import EncoderUnavailable
from recommender.features.encoders import Encoder, OnnxEncoder
from recommender.model.model_card import render_model_card
from recommender.training.gate import Verdict, retrain
from server.config import Settings
from server.errors import BrokenArtefact, Conflict, NotFound
from server.home import make_private_folder, private_opener
from server.hot import Hot
from server.services import forgetting
from server.services.training_due import JOB, Trained
from server.store import events as event_rows
from server.store import job_states, locks, models, papers
from server.store.database import Database

logger = logging.getLogger(__name__)

KEEP = 5  # models kept on disk, the serving one among them
LOCK_NUMBER = 4919116
ASIDE = ".tmp-"

Progress = Callable[[str, float], None]


class TrainerBusy(Conflict):
    """Another training runs for this database."""

    code = "trainer_busy"


class NotEnoughPapers(Conflict):
    """The catalogue is too small to learn from."""

    code = "too_few_papers"


@dataclass(frozen=True)
class TrainingResult:
    """A model that was trained; `seconds` is how long it took.

    It now serves, unless it was held back; `note` is what the gate says of it.
    """

    version: str
    papers: int
    events: int
    seconds: float
    serves: bool
    note: str


def train_once(
    settings: Settings, database: Database, hot: Hot, progress: Progress | None = None, *, seed: int = 0
) -> TrainingResult:
    """Train on everything, publish, and let the new model serve unless the gate holds it back.

    Raises TrainerBusy when another trains, NotEnoughPapers when there is too little to learn from.
    """
    with trainer_lock(settings, database):
        started = time.time()
        sweep(settings, database)
        forgetting.compact_if_due(database, started)
        seen, paper_table, event_table = _read(database, started)
        try:
            model, verdict = retrain(
                paper_table,
                event_table,
                _serving(settings, database),
                seed=seed,
                now=started,
                progress=progress,
                encoder=_encoder(settings),
            )
        except TooFewPapers as error:
            raise NotEnoughPapers(f"Nothing was trained: {error}.") from error
        # Workers fold in the papers that changed since; when they changed is known to SQL, not to the recommender.
        told = replace(model.manifest, papers_until=seen.papers_changed, gate=verdict.as_dict())
        model = replace(model, manifest=told)
        publish(settings, database, model, seen, verdict)
        if progress:
            progress("published", 1.0)
        if not verdict.passed:
            logger.warning("model %s was held back: %s", model.version, verdict.reason)
        took = time.time() - started
        return TrainingResult(
            model.version, len(paper_table), len(event_table), took, serves=verdict.passed, note=verdict.reason
        )


def _encoder(settings: Settings) -> Encoder | None:
    """Return the operator's encoder; one that cannot be used must not keep the readers' events from being learned."""
    if settings.encoder is None:
        return None
    try:
        return OnnxEncoder(settings.encoder)
    except EncoderUnavailable as error:
        logger.warning("training without the encoder: %s", error)
        return None


def _serving(settings: Settings, database: Database) -> Model | None:
    """Return the model that serves; one that cannot be read cannot be better than a new one."""
    with database.reading() as session:
        version = models.serving_version(session)
    if version is None:
        return None
    try:
        return Model.load(settings.models_dir / version)
    except BrokenModel as error:
        logger.warning("the serving model cannot be read and is not compared with: %s", error)
        return None


def _read(database: Database, now: float) -> tuple[Trained, Papers, Events]:
    """Read the log and the catalogue in one transaction, and what was the newest in them."""
    with database.reading() as session:
        seen = Trained(
            event_rows.newest_number(session), papers.newest_update(session), papers.count_readable(session), now
        )
        chunks = papers.for_catalogue(session)
        # An id without text that everybody may read is only what some reader named: no matter for a model.
        paper_table = Papers.from_rows(row for chunk in chunks for row in chunk if row["title"] or row["abstract"])
        return seen, paper_table, Events.from_rows(event_rows.for_training(session))


def publish(settings: Settings, database: Database, model: Model, seen: Trained, verdict: Verdict) -> None:
    """Write the model aside, check that it loads, give it its name, and in one transaction let it serve.

    One that the gate holds back is kept beside the others, for the operator to look at or to promote.
    """
    aside = settings.models_dir / f"{ASIDE}{model.version}"
    folder = settings.models_dir / model.version
    make_private_folder(settings.models_dir)
    model.save(aside)
    Model.load(aside)
    aside.rename(folder)
    _settle(settings.models_dir)
    now = time.time()
    with database.writing() as session:
        status = "candidate" if verdict.passed else "withheld"
        models.add(session, model.version, model.manifest.as_dict(), now, status=status, note=verdict.reason)
        if verdict.passed:
            models.promote(session, model.version)
        job_states.put(session, JOB, vars(seen), now)
        old = models.prune(session, KEEP, forgetting.latest(session))
    _remove(settings.models_dir, old)


def promote(settings: Settings, database: Database, hot: Hot, version: str) -> None:
    """Let a kept model serve, once it is known to load. Raises NotFound, BrokenArtefact."""
    with database.reading() as session:
        known = {row["version"] for row in models.every(session) if row["status"] in models.ON_DISK}
    if version not in known:
        raise NotFound(f"No model {version} here; `inkling models list` shows those that are.", field="version")
    try:
        Model.load(settings.models_dir / version)
    except BrokenModel as error:
        raise BrokenArtefact(f"Model {version} is damaged and was not promoted: {error}.") from error
    with database.writing() as session:
        models.promote(session, version)


def rollback(settings: Settings, database: Database, hot: Hot) -> str:
    """Let the model before the serving one serve again and return its version. Raises NotFound when there is none."""
    with database.reading() as session:
        now = models.serving_version(session)
        version = models.before(session, now) if now else None
    if version is None:
        raise NotFound("There is no older model to go back to.", field="version")
    promote(settings, database, hot, version)
    return version


@contextmanager
def trainer_lock(settings: Settings, database: Database) -> Iterator[None]:
    """Be the only trainer of this home and this database; raises TrainerBusy.

    The kernel frees the file's lock and the database its own when this process ends, however it ends.
    """
    make_private_folder(settings.run_dir)
    with open(settings.run_dir / "train.lock", "a", opener=private_opener) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TrainerBusy("Another training is running here; wait for it to end.") from error
        with locks.advisory_lock(database, LOCK_NUMBER) as held:
            if not held:
                raise TrainerBusy("Another training is running on another host; wait for it to end.")
            yield


def sweep(settings: Settings, database: Database) -> list[str]:
    """Remove what a killed training left: folders never given a name, and folders no row knows. Holds the lock."""
    if not settings.models_dir.is_dir():
        return []
    with database.reading() as session:
        known = {row["version"] for row in models.every(session) if row["status"] in models.ON_DISK}
    left = [folder.name for folder in settings.models_dir.iterdir() if folder.is_dir() and folder.name not in known]
    _remove(settings.models_dir, left)
    return left


def _remove(folder: Path, names: list[str]) -> None:
    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Make sure a rename inside `folder` is on disk before anything refers to it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def listing(database: Database) -> list[dict[str, Any]]:
    """Return the models, newest first, as `inkling models list` shows them."""
    with database.reading() as session:
        return [dict(row) for row in models.every(session)]


def card_of(database: Database, version: str | None) -> str:
    """Return the card of a model, of the serving one for None; its folder need not be here. Raises NotFound."""
    with database.reading() as session:
        rows = {row["version"]: row for row in models.every(session)}
        name = version or models.serving_version(session)
    if name is None:
        raise NotFound("No model serves yet; `inkling train` makes one.", field="version")
    if name not in rows:
        raise NotFound(f"There never was a model {name}; `inkling models list` shows those known.", field="version")
    return render_model_card(rows[name]["manifest"])
