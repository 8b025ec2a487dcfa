"""`inkling service`: keeps Inkling running after you log in again (systemd --user, launchd)."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import click

from server.commands.settings import home_option, settings_for
from server.config import SECRETS, Settings, secret_files
from server.home import UMASK, private_opener
from server.supervise.inkling_command import inkling_command, inkling_environment, shell_line

UNIT = "inkling.service"
LABEL = "local.inkling"


@dataclass(frozen=True)
class ServiceManager:
    """A service manager: where its file goes, and the commands that start, end and query the service.

    `links` are files that starting the service creates.
    """

    file: Path
    program: str
    start: list[list[str]]
    end: list[list[str]]
    query: list[str]
    links: tuple[Path, ...] = ()


def systemd(environ_home: Path) -> ServiceManager:
    """Return systemd's manager of this user's services."""
    control, units = ["systemctl", "--user"], environ_home / ".config" / "systemd" / "user"
    return ServiceManager(
        file=units / UNIT,
        program="systemctl",
        start=[[*control, "daemon-reload"], [*control, "enable", "--now", UNIT]],
        end=[[*control, "disable", "--now", UNIT]],
        query=[*control, "--no-pager", "status", UNIT],
        links=(units / "default.target.wants" / UNIT,),
    )


def launchd(environ_home: Path) -> ServiceManager:
    """Return macOS's manager of this user's services."""
    file, domain = environ_home / "Library" / "LaunchAgents" / f"{LABEL}.plist", f"gui/{os.getuid()}"
    return ServiceManager(
        file=file,
        program="launchctl",
        start=[["launchctl", "bootstrap", domain, str(file)]],
        end=[["launchctl", "bootout", f"{domain}/{LABEL}"]],
        query=["launchctl", "print", f"{domain}/{LABEL}"],
    )


def unit_text(settings: Settings) -> str:
    """Return systemd's unit; no restart after status 2 (a bad setting), 3 (already running) or 4 (port taken)."""
    environ = "".join(
        f"Environment={_quote(f'{name}={value}')}\n" for name, value in service_environment(settings).items()
    )
    # Run through env, because systemd unescapes `$$` in arguments but not in the program's path.
    command = " ".join(_quote(part).replace("$", "$$") for part in inkling_command("up"))
    return (
        "[Unit]\nDescription=Inkling: what to read next\nAfter=network.target\n\n"
        f"[Service]\n{environ}ExecStart=/usr/bin/env {command}\nUMask=0077\nKillMode=mixed\nTimeoutStopSec=30\n"
        "Restart=on-failure\nRestartSec=5\nRestartPreventExitStatus=2 3 4\n\n"
        "[Install]\nWantedBy=default.target\n"
    )


def plist_bytes(settings: Settings) -> bytes:
    """Return launchd's property list."""
    log = str(settings.home / "inkling.log")
    content = {
        "Label": LABEL,
        "ProgramArguments": inkling_command("up"),
        "EnvironmentVariables": service_environment(settings),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "Umask": UMASK,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    return plistlib.dumps(content)


def service_environment(settings: Settings) -> dict[str, str]:
    """Return the service's variables: each setting that is not the default, a secret as the path of its file."""
    changed = {"INKLING_HOME": str(settings.home), **settings.non_defaults()}
    kept = {variable: str(file) for variable, file in secret_paths(settings).items()}
    environ = {f"{name}_FILE" if name in kept else name: kept.get(name, text) for name, text in changed.items()}
    path = inkling_environment(settings).get("PYTHONPATH")
    return {**environ, "PYTHONPATH": path} if path else environ


def secret_paths(settings: Settings) -> dict[str, Path]:
    """Return variable -> the file that the service reads a secret from: the operator's own, or our copy."""
    files = secret_files()
    named = [name for name in settings.non_defaults() if name in SECRETS]
    return {name: Path(files.get(name, secrets_folder() / name)) for name in named}


def secrets_folder() -> Path:
    """Return the folder of the service's copies of secrets; a user has one service."""
    return Path.home() / ".config" / "inkling-service"


def _quote(part: str) -> str:
    """Quote a word for a systemd unit, where % is special; `unit_text` escapes $."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


def _service_manager() -> ServiceManager:
    """Return this machine's service manager. Raises ClickException when there is none for users."""
    found = launchd(Path.home()) if sys.platform == "darwin" else systemd(Path.home())
    if not shutil.which(found.program):
        raise click.ClickException(
            f"there is no {found.program} here; have whatever starts programs on this machine run `inkling up`."
        )
    return found


def _run_all(commands: list[list[str]]) -> None:
    for command in commands:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            reason = (ran.stderr or ran.stdout).strip() or f"status {ran.returncode}"
            raise click.ClickException(f"`{' '.join(command)}` failed: {reason}")


@contextmanager
def _rollback_on_error(paths: list[Path], undo: list[list[str]]) -> Iterator[None]:
    """When the block fails, restore the files `paths`; if the first did not exist before, also run `undo`."""
    before = {path: path.read_bytes() if path.is_file() else None for path in paths}
    try:
        yield
    except BaseException:
        if before[paths[0]] is None:
            with suppress(click.ClickException):
                _run_all(undo)
        for path, content in before.items():
            path.unlink(missing_ok=True)
            if content is not None:
                _write(path, content)
            with suppress(OSError):  # not empty: it holds other files
                path.parent.rmdir()
        raise


def _write(path: Path, content: bytes) -> None:
    """Replace a file by one with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(path, "xb", opener=private_opener) as file:
        file.write(content)


@click.group()
def service() -> None:
    """Run Inkling whenever you are logged in."""


@service.command()
@home_option
@click.option("--host", help="The address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option("--offline", is_flag=True, help="Ask no source for papers.")
@click.option("--print", "only_print", is_flag=True, help="Only print the file, install nothing.")
def install(home: str | None, host: str | None, port: int | None, offline: bool, only_print: bool) -> None:
    """Install and start the service, with the settings of this command and its environment."""
    settings = settings_for(home=home, host=host, port=port, offline=offline or None)
    content = plist_bytes(settings) if sys.platform == "darwin" else unit_text(settings).encode()
    if only_print:
        click.echo(content.decode())
        return
    manager = _service_manager()
    values = settings.to_environment()
    secret = {path: values[name] for name, path in secret_paths(settings).items() if path.parent == secrets_folder()}
    with _rollback_on_error([manager.file, *secret], manager.end):
        _write(manager.file, content)
        for path, text in secret.items():
            _write(path, f"{text}\n".encode())
        _run_all(manager.start)
    click.echo(f"Inkling runs at {settings.url} and starts when you log in ({manager.file}).")
    if manager.program == "systemctl":
        click.echo("To have it run while you are logged out as well: loginctl enable-linger")


@service.command()
def remove() -> None:
    """Stop and remove the service; its data stays."""
    manager = _service_manager()
    if not manager.file.exists():
        raise click.ClickException("the service is not installed.")
    try:
        _run_all(manager.end)
    except click.ClickException as error:  # without a bus or a session the files can go all the same
        click.echo(f"{error.message}\nIf it runs, it goes on until you log out or end it.", err=True)
    for path in (manager.file, *manager.links):
        path.unlink(missing_ok=True)
    shutil.rmtree(secrets_folder(), ignore_errors=True)
    click.echo("The service is removed; its papers and events are still there.")


@service.command()
def status() -> None:
    """Say whether the service runs."""
    manager = _service_manager()
    if not manager.file.exists():
        click.echo(f"The service is not installed: {shell_line('service', 'install')}")
        sys.exit(1)
    sys.exit(subprocess.run(manager.query, check=False).returncode)
