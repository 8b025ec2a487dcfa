"""Progress elsewhere than on a terminal: each stage is one line of the log."""

from __future__ import annotations

import logging

import pytest

from server.commands.progress import count_progress, stage_progress


def test_each_stage_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with stage_progress("training") as progress:
        for stage, share in (("tokens", 0.1), ("tokens", 0.2), ("factors", 0.9)):
            progress(stage, share)
    assert caplog.messages == ["training: tokens", "training: factors"]


def test_a_count_is_silent(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    with count_progress("days") as progress:
        progress(1, 2)
    assert not caplog.messages
    assert not any(capsys.readouterr())
