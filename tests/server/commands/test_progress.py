"""Progress elsewhere than on a terminal: each stage is one line of the log."""

from __future__ import annotations

import logging

import pytest

from server.commands.progress import count_progress, describe_time_left, fill_progress, stage_progress


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


def test_a_fill_is_logged_now_and_then_and_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with fill_progress("arxiv") as progress:
        for done in range(100):
            progress(done / 100, done, None if done < 5 else 6000.0)
        progress(1.0, 100, 0.0)
    assert caplog.messages[0] == "arxiv: 0%, 0 new papers, time left not known yet"
    assert caplog.messages[-1] == "arxiv: 100%, 100 new papers, done"
    assert len(caplog.messages) == 2


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "time left not known yet"),
        (0.0, "done"),
        (1.0, "about a minute left"),
        (89.0, "about a minute left"),
        (150.0, "about 2 min left"),
        (5400.0, "about 90 min left"),
        (7200.0, "about 2 h left"),
    ],
)
def test_the_time_left_is_told_no_more_exactly_than_it_is_known(seconds: float | None, said: str) -> None:
    assert describe_time_left(seconds) == said
