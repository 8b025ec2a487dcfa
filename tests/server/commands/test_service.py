"""The service's file: it carries every setting, quoted as its reader wants it, and goes away as a whole."""

from __future__ import annotations

import os
import plistlib
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.commands import main, service
from server.commands.service import plist_bytes, service_environment, unit_text
from server.config import TABLE, Settings
from server.supervise import inkling_command

SYSTEMD = "/usr/lib/systemd/systemd"
ODD = "we %i $HOME ${x} $$ \"q\" 'q' \\n \\ é 100%"
# A value for each setting that is not its default.
OTHERS = {
    "INKLING_HOST": "localhost",
    "INKLING_PORT": "9100",
    "INKLING_DATABASE_URL": "postgresql+psycopg://me:p%40ss$w@db.example.org/ink",
    "INKLING_REDIS_URL": "redis://:pass@r.example.org:6379/1",
    "INKLING_WORKERS": "7",
    "INKLING_DRAIN": "9",
    "INKLING_REGISTRATION": "open",
    "INKLING_TRUSTED_PROXIES": "2",
    "INKLING_METRICS_TOKEN": "a$token%i\"'\\",
    "INKLING_RATE_LIMIT": "off",
    "INKLING_TRAIN_EVERY": "5400",
    "INKLING_TRAIN_AFTER_EVENTS": "17",
    "INKLING_SPARK_MASTER": "spark://10.0.0.7:7077",
    "INKLING_HF_URL": "https://hf.example.org",
    "INKLING_ARXIV_URL": "https://arxiv.example.org",
    "INKLING_ARXIV_CATEGORIES": "cs.LG,stat.ML",
    "INKLING_SMTP_URL": "smtps://me:p%40ss$w@mail.example.org",
    "INKLING_MAIL_FROM": "Inkling $HOME <inkling@example.org>",
    "INKLING_PUBLIC_URL": "https://inkling.example.org",
    "INKLING_OFFLINE": "on",
    "INKLING_CONTACT": "Me $HOME <me%i@example.org> \"'\\",
    "INKLING_CORS_ORIGINS": "https://a.example.org,https://b.example.org",
    "INKLING_CONFIRM_PAGE_TEXT": "off",
    "INKLING_SECRET_KEY": "a secret of sixteen letters and more",
    "INKLING_DEMO": "on",
}


@pytest.fixture
def user(tmp_path, monkeypatch):
    """Give a user with a home folder of their own and no session bus."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("INKLING_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "no-session"))
    return tmp_path


@pytest.fixture
def everything(user, monkeypatch):
    """Give the settings of somebody who chose every one of them."""
    encoder = user / ODD
    encoder.mkdir()
    for name in ("model.onnx", "tokenizer.json"):
        (encoder / name).touch()
    for name, text in {**OTHERS, "INKLING_HOME": str(user / f"home {ODD}"), "INKLING_ENCODER": str(encoder)}.items():
        monkeypatch.setenv(name, text)
    settings = Settings.from_environment()
    assert set(settings.to_environment()) == {row.variable for row in TABLE}, "a setting has no value in OTHERS"
    return settings


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["service", *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def started_with(environ: dict[str, str]) -> Settings:
    """Return the settings of a service that starts with these variables alone."""
    return Settings.from_environment(environ)


def test_the_service_starts_with_every_setting_it_was_installed_with(everything, user):
    code, output = run("install")
    assert code == (0 if shutil.which("systemctl") is None else 1), output
    environ = service_environment(everything)
    for row in TABLE:
        if row.secret:
            assert row.variable not in environ
            path = Path(environ[f"{row.variable}_FILE"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(everything.to_environment()[row.variable])
    assert started_with(environ) == everything


def test_settings_left_as_they_are_leave_the_file_short(user):
    settings = Settings.from_environment()
    assert set(service_environment(settings)) - {"PYTHONPATH"} == {"INKLING_HOME"}


def test_a_secret_kept_in_a_file_is_read_from_there(user, monkeypatch):
    (user / "token").write_text("very-secret")
    monkeypatch.setenv("INKLING_METRICS_TOKEN_FILE", str(user / "token"))
    settings = Settings.from_environment()
    assert service_environment(settings)["INKLING_METRICS_TOKEN_FILE"] == str(user / "token")
    monkeypatch.setenv("INKLING_METRICS_TOKEN", "another")
    settings = Settings.from_environment()
    assert service_environment(settings)["INKLING_METRICS_TOKEN_FILE"] != str(user / "token")


@pytest.mark.parametrize("text", [unit_text, lambda settings: plist_bytes(settings).decode()], ids=["unit", "plist"])
def test_no_secret_is_in_the_file(text, everything):
    for row in TABLE:
        if row.secret:
            assert everything.to_environment()[row.variable] not in text(everything)


def test_the_property_list_is_read_back_as_it_was_meant(everything):
    content = plistlib.loads(plist_bytes(everything))
    assert content["EnvironmentVariables"] == service_environment(everything)
    assert content["ProgramArguments"] == inkling_command.inkling_command("up")
    assert content["Umask"] == 0o077


@pytest.fixture
def lent() -> Iterator[Path]:
    """Give a short folder that everybody may enter: systemd refuses to look at units as root."""
    folder = Path(tempfile.mkdtemp(prefix="inkling-unit-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def as_systemd_reads_it(text: str, folder: Path) -> tuple[dict[str, str], str]:
    """Return the variables and the command line that the real systemd reads from a unit."""
    units, runtime = folder / "systemd" / "user", folder / "run"
    units.mkdir(parents=True)
    runtime.mkdir()
    (units / "inkling.service").write_text(text)
    as_root: dict[str, object] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for path in (folder, *folder.rglob("*")):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        as_root = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    environ = {"XDG_CONFIG_HOME": str(folder), "XDG_RUNTIME_DIR": str(runtime), "HOME": str(folder), "LANG": "C.UTF-8"}
    asked = [SYSTEMD, "--user", "--test", "--unit=inkling.service"]
    ran = subprocess.run(asked, env=environ, **as_root, capture_output=True, text=True, timeout=60, check=False)
    own_part = ran.stdout.partition("-> Unit inkling.service:")[2].partition("\n-> Unit ")[0]
    if not own_part:
        pytest.skip(f"systemd --test does not work here: {ran.stderr[-200:]}")
    found = re.findall(r"^\t*Environment: ([A-Z_]+)=(.*)$", own_part, re.MULTILINE)
    return dict(found), re.findall(r"^\t*Command Line: (.*)$", own_part, re.MULTILINE)[0]


@pytest.mark.skipif(not Path(SYSTEMD).exists(), reason="no systemd on this machine")
def test_systemd_reads_the_unit_as_it_was_meant(everything, lent, monkeypatch):
    program = f"/opt/{ODD}/bin/python"
    monkeypatch.setattr(sys, "executable", program)
    environ, command = as_systemd_reads_it(unit_text(everything), lent)
    assert environ == service_environment(everything)
    # It shows the arguments before it takes $$ for a $, quoted as a shell would have them.
    escaped = program.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$\\$")
    assert command == f'/usr/bin/env "{escaped}" -P -m server up'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
def test_systemd_finds_nothing_wrong_with_the_unit(everything, tmp_path):
    (tmp_path / "inkling.service").write_text(unit_text(everything))
    (tmp_path / "run").mkdir()
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path / "run")}
    asked = ["systemd-analyze", "--user", "verify", str(tmp_path / "inkling.service")]
    ran = subprocess.run(asked, env=environ, capture_output=True, text=True, timeout=60, check=False)
    if "bus" in ran.stderr or "runtime" in ran.stderr.lower():
        pytest.skip(f"systemd-analyze does not work here: {ran.stderr[-200:]}")
    assert (ran.returncode, ran.stdout + ran.stderr) == (0, "")


needs_systemctl = pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl on this machine")


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() or path.is_symlink()}


@needs_systemctl
def test_an_install_that_fails_leaves_nothing(user, monkeypatch):
    monkeypatch.setenv("INKLING_METRICS_TOKEN", "very-secret")
    code, output = run("install", "--home", str(user / "home"), "--port", "9100")
    assert code == 1
    assert "systemctl" in output
    assert {name for name in files(user) if not name.startswith("home/")} == set()
    assert not (user / ".config" / "inkling-service").exists()


@needs_systemctl
def test_an_install_that_fails_keeps_the_one_before(user, monkeypatch):
    unit = service.systemd(user).file
    unit.parent.mkdir(parents=True)
    unit.write_text("# the one before\n")
    assert run("install", "--home", str(user / "home"))[0] == 1
    assert unit.read_text() == "# the one before\n"


@needs_systemctl
def test_it_can_be_removed_without_a_bus(user):
    manager = service.systemd(user)
    link = manager.links[0]
    link.parent.mkdir(parents=True)
    manager.file.write_text(unit_text(Settings.from_environment({}, home=user / "home")))
    link.symlink_to(manager.file)
    service.secrets_folder().mkdir(parents=True)
    (service.secrets_folder() / "INKLING_METRICS_TOKEN").touch()
    before = files(user / "home")
    code, output = run("remove")
    assert code == 0, output
    assert "it goes on until" in output
    assert {name for name in files(user) if not name.startswith("home/")} == set()
    assert files(user / "home") == before
    code, output = run("remove")
    assert (code, "not installed" in output) == (1, True)


def test_what_is_written_for_the_service_is_its_owners_alone(tmp_path):
    before = os.umask(0)
    try:
        service._write(tmp_path / "a" / "token", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "token").stat().st_mode) == 0o600
