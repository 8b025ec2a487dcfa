"""The log: JSON lines without local variables, and on a terminal nothing that it would act on."""

from __future__ import annotations

import json
import logging
import sys

import pytest

from server.logs import configure_logging


@pytest.fixture(autouse=True)
def handlers_as_before():
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers = before
    root.setLevel(level)


def log_failure() -> None:
    token = "a-token-nobody-should-see"
    try:
        raise ValueError(len(token))
    except ValueError:
        logging.getLogger("test").exception("it \x1b[2Jfailed")


def test_lines_are_json_without_local_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    log_failure()
    line = capsys.readouterr().err
    entry = json.loads(line)
    assert (entry["level"], entry["logger"], entry["event"]) == ("error", "test", "it \x1b[2Jfailed")
    assert entry["exception"][0]["exc_type"] == "ValueError"
    assert "a-token" not in line


def test_a_terminal_is_given_no_orders(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging()
    log_failure()
    text = capsys.readouterr().err
    assert "it [2Jfailed" in text
    assert "\x1b[2J" not in text
