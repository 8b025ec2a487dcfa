"""Every setting of Inkling, read once and checked at start: the only reader of the process environment."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

DEFAULT_HOME = "~/.local/share/inkling"
# Invented readers must not settle in the home that is meant for real ones.
DEFAULT_DEMO_HOME = "~/.local/share/inkling-demo"
HF_URL = "https://huggingface.co"
ARXIV_URL = "https://export.arxiv.org"
SECRET_BYTES = 32
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SWITCH = {"1": True, "on": True, "true": True, "yes": True, "0": False, "off": False, "false": False, "no": False}


class ConfigurationError(ValueError):
    """One or more settings cannot be used; `problems` has a sentence for each, naming the setting and the fix."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Return a converter to a whole number from `low` to `high`."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"-?\d+", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return convert


def _switch(text: str) -> bool:
    if text.lower() not in _SWITCH:
        raise ValueError("on or off")
    return _SWITCH[text.lower()]


def _duration(text: str) -> float:
    """Return seconds from `90`, `90s`, `30m`, `6h` or `1d`."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    if not found or float(found[1]) <= 0:
        raise ValueError("a length of time above nothing, such as 90s, 30m, 6h or 1d")
    return float(found[1]) * _UNITS[found[2]]


def _one_of(*names: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in names:
            raise ValueError("one of " + ", ".join(names))
        return text

    return convert


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text):
        raise ValueError("an http or https address, such as https://example.org")
    return text.rstrip("/")


def _redis_address(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("a redis://, rediss:// or unix:// address")
    return text


def _database_address(text: str) -> str:
    """Return a SQLAlchemy address; a plain postgresql:// (or postgres://) one means psycopg 3."""
    text = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", text)
    if not text.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise ValueError("a postgresql:// or sqlite:/// address")
    return text


def _origins(text: str) -> tuple[str, ...]:
    origins = tuple(re.split(r"[\s,]+", text.strip(" ,")))
    if not all(re.fullmatch(r"[a-z][a-z-]*://[^\s/?#]+", origin) for origin in origins):
        raise ValueError("origins such as https://example.org, with commas between them")
    return origins


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _encoder(text: str) -> Path:
    folder = _folder(text)
    if not all((folder / name).is_file() for name in ("model.onnx", "tokenizer.json")):
        raise ValueError("a folder with model.onnx and tokenizer.json in it")
    return folder


def _text(text: str) -> str:
    return text


@dataclass(frozen=True)
class _Setting:
    """One row of the table: the field it fills, its variable, its converter, its default, and whether it is secret."""

    field: str
    variable: str
    convert: Callable[[str], Any]
    default: str | None
    secret: bool = False


TABLE = (
    _Setting("home", "INKLING_HOME", _folder, None),
    _Setting("host", "INKLING_HOST", _text, "127.0.0.1"),
    _Setting("port", "INKLING_PORT", _whole(0, 65535), "8765"),
    _Setting("database_url", "INKLING_DATABASE_URL", _database_address, None, secret=True),
    _Setting("redis_url", "INKLING_REDIS_URL", _redis_address, None, secret=True),
    _Setting("workers", "INKLING_WORKERS", _whole(1, 256), None),
    _Setting("drain", "INKLING_DRAIN", _whole(0, 600), "0"),
    _Setting("body_seconds", "INKLING_BODY_SECONDS", _whole(1, 3600), "60"),
    _Setting("registration", "INKLING_REGISTRATION", _one_of("closed", "first", "open"), "closed"),
    _Setting("trusted_proxies", "INKLING_TRUSTED_PROXIES", _whole(0, 16), "0"),
    _Setting("metrics_token", "INKLING_METRICS_TOKEN", _text, None, secret=True),
    _Setting("rate_limit", "INKLING_RATE_LIMIT", _switch, "on"),
    _Setting("train_every", "INKLING_TRAIN_EVERY", _duration, "6h"),
    _Setting("train_after_events", "INKLING_TRAIN_AFTER_EVENTS", _whole(1, 1_000_000_000), "200"),
    _Setting("encoder", "INKLING_ENCODER", _encoder, None),
    _Setting("hf_url", "INKLING_HF_URL", _web_address, HF_URL),
    _Setting("arxiv_url", "INKLING_ARXIV_URL", _web_address, ARXIV_URL),
    _Setting("offline", "INKLING_OFFLINE", _switch, "off"),
    _Setting("contact", "INKLING_CONTACT", _text, ""),
    _Setting("cors_origins", "INKLING_CORS_ORIGINS", _origins, None),
    _Setting("confirm_page_text", "INKLING_CONFIRM_PAGE_TEXT", _switch, "on"),
    _Setting("secret_key", "INKLING_SECRET_KEY", _text, None, secret=True),
    _Setting("demo", "INKLING_DEMO", _switch, "off"),
)


@dataclass(frozen=True)
class Settings:
    """What an operator can choose. Lengths of time are in seconds; secrets never appear in `repr`."""

    home: Path
    host: str
    port: int
    database_url: str
    redis_url: str | None
    workers: int
    drain: int
    body_seconds: int
    registration: str
    trusted_proxies: int
    metrics_token: str | None
    rate_limit: bool
    train_every: float
    train_after_events: int
    encoder: Path | None
    hf_url: str
    arxiv_url: str
    offline: bool
    contact: str
    cors_origins: tuple[str, ...]
    confirm_page_text: bool
    secret_key: str
    demo: bool

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Read the environment (`os.environ` when none is given); `overrides` are fields already converted.

        Makes the home folder and its secret on the first start. Raises ConfigurationError naming every bad setting.
        """
        environ = os.environ if environ is None else environ
        values, problems = _read(environ)
        values.update({field: value for field, value in overrides.items() if value is not None})
        if problems:
            raise ConfigurationError(problems)
        return cls(**_complete(values))

    @property
    def models_dir(self) -> Path:
        """Where models are published, a folder a version."""
        return self.home / "models"

    @property
    def run_dir(self) -> Path:
        """Where a running server keeps its locks, sockets and state."""
        return self.home / "run"

    @property
    def stopping_file(self) -> Path:
        """There while the API is about to stop: its processes have no other way to learn of it."""
        return self.run_dir / "stopping"

    @property
    def url(self) -> str:
        """The address a browser on this machine reaches the server at."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def to_environment(self) -> dict[str, str]:
        """Return the variables from which a child process reads these same settings."""
        environ = {}
        for row in TABLE:
            value = getattr(self, row.field)
            if value not in (None, "", ()):
                environ[row.variable] = _spell(value)
        return environ

    def child_environment(self) -> dict[str, str]:
        """Return the whole environment for a child process: this one's, with these settings in it."""
        return {**os.environ, **self.to_environment()}

    def export(self, **more: str) -> None:
        """Put these settings, and `more`, into this process's own environment, for what is forked from it."""
        os.environ.update(self.to_environment() | more)

    def __repr__(self) -> str:
        hidden = {row.field for row in TABLE if row.secret}
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.name not in hidden)
        return f"Settings({', '.join(shown)})"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _read(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the converted value of every setting, and a sentence for each that could not be."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for row in TABLE:
        try:
            text = _raw(row, environ)
            values[row.field] = None if text is None else row.convert(text)
        except OSError as error:
            problems.append(f"{row.variable}_FILE: cannot be read ({error.strerror}); give a readable file")
        except ValueError as error:
            problems.append(f"{row.variable}: must be {error}")
    return values, problems


def _raw(row: _Setting, environ: Mapping[str, str]) -> str | None:
    """Return the text given for a setting; an empty variable counts as not given."""
    if environ.get(row.variable):
        return environ[row.variable]
    if row.secret and environ.get(row.variable + "_FILE"):
        return Path(environ[row.variable + "_FILE"]).read_text(encoding="utf-8").strip()
    return row.default


def _complete(values: dict[str, Any]) -> dict[str, Any]:
    """Fill in the settings whose default depends on another one or on this machine."""
    home = _folder(str(values["home"] or (DEFAULT_DEMO_HOME if values["demo"] else DEFAULT_HOME)))
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError([f"INKLING_HOME: {home} cannot be made ({error.strerror})"]) from error
    computed = {
        "home": home,
        "database_url": values["database_url"] or f"sqlite:///{home / 'inkling.sqlite3'}",
        "workers": values["workers"] or min(2, os.cpu_count() or 1),
        "cors_origins": values["cors_origins"] or (),
        "secret_key": values["secret_key"] or _own_secret(home / "secret"),
    }
    return {**values, **computed}


def _own_secret(path: Path) -> str:
    """Return the home's own secret, made on the first start.

    Several processes may start at once: each writes its own file aside and the first link wins, so that no process
    ever reads a half-written secret and all agree on one.
    """
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise ConfigurationError([f"INKLING_HOME: its file {path.name} cannot be read ({error.strerror})"]) from error
    aside = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    with open(aside, "x", encoding="ascii", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(secrets.token_urlsafe(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
    return path.read_text(encoding="ascii").strip()


def _spell(value: Any) -> str:
    """Return a value as its variable spells it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:f}".rstrip("0").rstrip(".")
    return ",".join(value) if isinstance(value, tuple) else str(value)
