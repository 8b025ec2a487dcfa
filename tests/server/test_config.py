"""Settings: read once, checked, handed on to children, secrets kept out of sight."""

from __future__ import annotations

import re
import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest

from server.config import TABLE, ConfigurationError, Settings, is_loopback

RUNBOOK = Path(__file__).parents[2] / "deploy/RUNBOOK.md"


def read(home, **environ):
    return Settings.from_environment({"INKLING_HOME": str(home), **environ})


def test_defaults_serve_one_person_on_their_own_machine(tmp_path):
    settings = read(tmp_path)
    assert (settings.host, settings.port, settings.registration) == ("127.0.0.1", 8765, "closed")
    assert settings.database_url == f"sqlite:///{tmp_path}/inkling.sqlite3"
    assert settings.redis_url is None
    assert (settings.train_every, settings.train_after_events) == (6 * 3600, 200)


def test_the_runbook_documents_every_setting_once_with_its_unit_and_default():
    rows = re.findall(r"^\| `(INKLING_\w+)` \| (.+?) \| (.+?) \| .+ \|$", RUNBOOK.read_text(), re.MULTILINE)
    assert [variable for variable, *_ in rows] == [setting.variable for setting in TABLE]
    for setting, (_, _, default) in zip(TABLE, rows, strict=True):
        if setting.default:
            assert default == f"`{setting.default}`"


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_server_is_closed_unless_opened(tmp_path, host):
    assert read(tmp_path, INKLING_HOST=host).registration == "closed"
    for chosen in ("first", "open"):
        assert read(tmp_path, INKLING_HOST=host, INKLING_REGISTRATION=chosen).registration == chosen


def test_every_bad_setting_is_named_with_what_it_must_be(tmp_path):
    bad = {
        "INKLING_PORT": "80000",
        "INKLING_TRAIN_EVERY": "soon",
        "INKLING_OFFLINE": "maybe",
        "INKLING_HF_URL": "ftp://x",
        "INKLING_REGISTRATION": "all",
        "INKLING_DATABASE_URL": "mysql://x",
        "INKLING_REDIS_URL": "memory:",
        "INKLING_CORS_ORIGINS": "example.org",
        "INKLING_METRICS_TOKEN_FILE": str(tmp_path / "absent"),
    }
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path, **bad)
    assert sorted(problem.split(":")[0] for problem in caught.value.problems) == sorted(bad)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("1.5h", 5400), ("30m", 1800), ("1d", 86400)])
def test_lengths_of_time_have_units(tmp_path, text, seconds):
    assert read(tmp_path, INKLING_TRAIN_EVERY=text).train_every == seconds


def test_a_plain_postgresql_address_means_psycopg(tmp_path):
    settings = read(tmp_path, INKLING_DATABASE_URL="postgresql://u:p@h/d")
    assert settings.database_url == "postgresql+psycopg://u:p@h/d"


def test_children_read_what_was_read_here(tmp_path):
    settings = read(tmp_path, INKLING_CORS_ORIGINS="https://a.org, https://b.org", INKLING_TRAIN_EVERY="90s")
    assert Settings.from_environment(settings.to_environment()) == settings


def test_a_secret_may_come_from_a_file_and_is_never_shown(tmp_path):
    (tmp_path / "token").write_text("very-secret\n")
    settings = read(tmp_path, INKLING_METRICS_TOKEN_FILE=str(tmp_path / "token"))
    assert settings.metrics_token == "very-secret"
    assert "very-secret" not in repr(settings)
    assert settings.secret_key not in repr(settings)


def test_the_home_keeps_one_secret_that_only_its_owner_reads(tmp_path):
    home = tmp_path / "home"
    with ThreadPool(8) as pool:
        secrets = set(pool.map(lambda _: read(home).secret_key, range(24)))
    assert len(secrets) == 1
    assert stat.S_IMODE((home / "secret").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret"]


def test_the_demo_has_a_home_of_its_own_unless_told_where(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings.from_environment({}, demo=True).home.name == "inkling-demo"
    assert Settings.from_environment({}).home.name == "inkling"
    assert Settings.from_environment({}, demo=True, home=tmp_path / "x").home == tmp_path / "x"


def test_an_address_can_be_opened_by_a_browser_on_this_machine(tmp_path):
    assert read(tmp_path, INKLING_HOST="0.0.0.0").url == "http://127.0.0.1:8765"
    assert read(tmp_path, INKLING_HOST="::1").url == "http://[::1]:8765"


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("example.org", False)],
)
def test_what_counts_as_loopback(host, own):
    assert is_loopback(host) is own


def test_no_setting_is_named_twice():
    assert len({row.variable for row in TABLE}) == len({row.field for row in TABLE}) == len(TABLE)
