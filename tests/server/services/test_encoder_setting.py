"""An operator's own encoder, from its setting to a model."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from recommender import Model
from server.config import ConfigurationError, Settings
from server.demo.populate import populate_home
from server.services import training
from server.services.context import Context
from tests.recommender.features.test_encoders import write_encoder


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    (tmp_path / "inkling.sqlite3").write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{tmp_path / 'inkling.sqlite3'}"


@pytest.fixture(autouse=True)
def _filled(context: Context) -> None:
    populate_home(context, now=time.time())


def test_a_folder_that_is_no_encoder_is_refused_at_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"INKLING_ENCODER: must be a folder with model\.onnx and tokenizer"):
        Settings.from_environment({"INKLING_ENCODER": str(tmp_path)}, home=tmp_path / "home")


@pytest.mark.slow
def test_training_encodes_with_it_and_children_read_the_same_setting(context: Context, tmp_path: Path) -> None:
    folder = write_encoder(tmp_path / "encoder")
    settings = replace(context.settings, encoder=folder)
    assert Settings.from_environment(settings.to_environment()).encoder == folder
    result = training.train_once(replace(context, settings=settings))
    model = Model.load(settings.models_dir / result.version)
    assert str(model.manifest.encoder).startswith("onnx-")
    assert model.embeddings.vectors.shape[0] == result.papers


@pytest.mark.slow
def test_an_encoder_that_breaks_later_costs_no_training(
    context: Context, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_encoder(tmp_path / "encoder")
    (folder / "model.onnx").write_text("broken since")
    settings = replace(context.settings, encoder=folder)
    with caplog.at_level(logging.WARNING, "server.services.training"):
        result = training.train_once(replace(context, settings=settings))
    assert result.serves
    assert "without the encoder" in caplog.text
