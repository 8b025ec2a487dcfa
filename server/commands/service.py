"""`inkling service`: keeps Inkling running after you log in again (systemd --user, launchd)."""

from __future__ import annotations

import os
import plistlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from server.commands.options import with_settings
from server.config import Settings
from server.supervise.own import own_command, own_environment

UNIT = "inkling.service"
LABEL = "local.inkling"


@dataclass(frozen=True)
class Manager:
    """A program that runs services: where it wants its file, and what to call to start, to end and to ask."""

    file: Path
    program: str
    start: list[list[str]]
    end: list[list[str]]
    ask: list[str]


def systemd(environ_home: Path) -> Manager:
    """Return systemd's manager for this user's own services."""
    control = ["systemctl", "--user"]
    return Manager(
        file=environ_home / ".config" / "systemd" / "user" / UNIT,
        program="systemctl",
        start=[[*control, "daemon-reload"], [*control, "enable", "--now", UNIT]],
        end=[[*control, "disable", "--now", UNIT]],
        ask=[*control, "--no-pager", "status", UNIT],
    )


def launchd(environ_home: Path) -> Manager:
    """Return macOS's manager for this user's own services."""
    file, domain = environ_home / "Library" / "LaunchAgents" / f"{LABEL}.plist", f"gui/{os.getuid()}"
    return Manager(
        file=file,
        program="launchctl",
        start=[["launchctl", "bootstrap", domain, str(file)]],
        end=[["launchctl", "bootout", f"{domain}/{LABEL}"]],
        ask=["launchctl", "print", f"{domain}/{LABEL}"],
    )


def unit_text(settings: Settings) -> str:
    """Return systemd's unit; a home that another run holds (status 3) or a taken port (4) is not tried again."""
    command = " ".join(_quote(part) for part in _command(settings))
    path = own_environment(settings).get("PYTHONPATH")
    environ = f"Environment={_quote('PYTHONPATH=' + path)}\n" if path else ""
    return (
        "[Unit]\nDescription=Inkling: what to read next\nAfter=network.target\n\n"
        f"[Service]\n{environ}ExecStart={command}\nKillMode=mixed\nTimeoutStopSec=30\n"
        "Restart=on-failure\nRestartSec=5\nRestartPreventExitStatus=2 3 4\n\n"
        "[Install]\nWantedBy=default.target\n"
    )


def plist_bytes(settings: Settings) -> bytes:
    """Return launchd's property list."""
    path = own_environment(settings).get("PYTHONPATH")
    log = str(settings.home / "inkling.log")
    content = {
        "Label": LABEL,
        "ProgramArguments": _command(settings),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "StandardOutPath": log,
        "StandardErrorPath": log,
        **({"EnvironmentVariables": {"PYTHONPATH": path}} if path else {}),
    }
    return plistlib.dumps(content)


def _command(settings: Settings) -> list[str]:
    """Return what the service runs; settings that are secret stay in the environment of who installs a server."""
    flags = ["--home", str(settings.home), "--host", settings.host, "--port", str(settings.port)]
    return own_command("up", *flags, *(["--offline"] if settings.offline else []))


def _quote(part: str) -> str:
    """Quote a word for a systemd unit, where % and $ mean something."""
    escaped = part.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _manager() -> Manager:
    """Return the manager of this machine. Raises ClickException when there is none for users."""
    found = launchd(Path.home()) if sys.platform == "darwin" else systemd(Path.home())
    if not shutil.which(found.program):
        raise click.ClickException(
            f"there is no {found.program} here; have whatever starts programs on this machine run `inkling up`."
        )
    return found


def _call(commands: list[list[str]]) -> None:
    for command in commands:
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            told = (ran.stderr or ran.stdout).strip() or f"status {ran.returncode}"
            raise click.ClickException(f"`{' '.join(command)}` failed: {told}")


@click.group()
def service() -> None:
    """Run Inkling whenever you are logged in."""


@service.command()
@with_settings
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on.")
@click.option("--print", "only_print", is_flag=True, help="Print the file and install nothing.")
def install(settings: Settings, port: int | None, only_print: bool) -> None:
    """Install and start it."""
    settings = Settings.from_environment(settings.to_environment(), port=port)
    content = plist_bytes(settings) if sys.platform == "darwin" else unit_text(settings).encode()
    if only_print:
        click.echo(content.decode())
        return
    manager = _manager()
    manager.file.parent.mkdir(parents=True, exist_ok=True)
    manager.file.write_bytes(content)
    _call(manager.start)
    click.echo(f"Inkling runs at {settings.url} and starts when you log in ({manager.file}).")
    if manager.program == "systemctl":
        click.echo("To have it run while you are logged out as well: loginctl enable-linger")


@service.command()
def remove() -> None:
    """Stop it and take it out again; what it keeps stays."""
    manager = _manager()
    if not manager.file.exists():
        raise click.ClickException("the service is not installed.")
    _call(manager.end)
    manager.file.unlink()
    click.echo("The service is removed; its papers and events are still there.")


@service.command()
def status() -> None:
    """Say whether it runs."""
    manager = _manager()
    if not manager.file.exists():
        click.echo("The service is not installed: `inkling service install`.")
        sys.exit(1)
    sys.exit(subprocess.run(manager.ask, check=False).returncode)
