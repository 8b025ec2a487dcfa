"""Every setting of Inkling, read and checked at start; the only module that reads the process environment.

`deploy/RUNBOOK.md`, "Settings", documents each with its unit, and a test compares the two.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from server import home as homes
from server import mail_addresses, setting_values

DEFAULT_HOME = "~/.local/share/inkling"
# The demo's invented readers must not end up in the home of real ones.
DEFAULT_DEMO_HOME = "~/.local/share/inkling-demo"
ARXIV_URL = "https://export.arxiv.org"


class ConfigurationError(ValueError):
    """One or more settings cannot be used; each of `problems` is a sentence that names a setting and the fix."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class _Setting:
    """One row of the table: the field of `Settings`, its variable, its converter, its default, whether it is secret."""

    field: str
    variable: str
    convert: Callable[[str], Any]
    default: str | None
    secret: bool = False


TABLE = (
    _Setting("home", "INKLING_HOME", homes.parse_folder, None),
    _Setting("host", "INKLING_HOST", setting_values.word, "127.0.0.1"),
    _Setting("port", "INKLING_PORT", setting_values.whole_number(0, 65535), "8765"),
    _Setting("database_url", "INKLING_DATABASE_URL", setting_values.database_address, None, secret=True),
    _Setting("redis_url", "INKLING_REDIS_URL", setting_values.redis_address, None, secret=True),
    _Setting("workers", "INKLING_WORKERS", setting_values.whole_number(1, 256), None),
    _Setting("drain", "INKLING_DRAIN", setting_values.whole_number(0, 600), "0"),
    _Setting("body_seconds", "INKLING_BODY_SECONDS", setting_values.whole_number(1, 3600), "60"),
    _Setting("registration", "INKLING_REGISTRATION", setting_values.one_of("closed", "first", "open"), "closed"),
    _Setting("trusted_proxies", "INKLING_TRUSTED_PROXIES", setting_values.whole_number(0, 16), "0"),
    _Setting("metrics_token", "INKLING_METRICS_TOKEN", setting_values.word, None, secret=True),
    _Setting("rate_limit", "INKLING_RATE_LIMIT", setting_values.switch, "on"),
    _Setting("train_every", "INKLING_TRAIN_EVERY", setting_values.duration, "6h"),
    _Setting("train_after_events", "INKLING_TRAIN_AFTER_EVENTS", setting_values.whole_number(1, 1_000_000_000), "200"),
    _Setting("encoder", "INKLING_ENCODER", setting_values.encoder_folder, None),
    _Setting("spark_master", "INKLING_SPARK_MASTER", setting_values.spark_master, None),
    _Setting("hf_url", "INKLING_HF_URL", setting_values.web_address, "https://huggingface.co"),
    _Setting("arxiv_url", "INKLING_ARXIV_URL", setting_values.web_address, ARXIV_URL),
    _Setting("zotero_url", "INKLING_ZOTERO_URL", setting_values.web_address, "https://api.zotero.org"),
    _Setting("arxiv_categories", "INKLING_ARXIV_CATEGORIES", setting_values.read_categories, None),
    _Setting("offline", "INKLING_OFFLINE", setting_values.switch, "off"),
    _Setting("contact", "INKLING_CONTACT", setting_values.line, ""),
    _Setting("cors_origins", "INKLING_CORS_ORIGINS", setting_values.origins, None),
    _Setting("confirm_page_text", "INKLING_CONFIRM_PAGE_TEXT", setting_values.switch, "on"),
    _Setting("k_readers", "INKLING_K_READERS", setting_values.whole_number(1, 1000), "5"),
    _Setting("secret_key", "INKLING_SECRET_KEY", setting_values.secret_key, None, secret=True),
    _Setting("smtp_url", "INKLING_SMTP_URL", mail_addresses.check_server, None, secret=True),
    _Setting("mail_from", "INKLING_MAIL_FROM", mail_addresses.read_sender, None),
    _Setting("public_url", "INKLING_PUBLIC_URL", setting_values.web_address, None),
    _Setting("demo", "INKLING_DEMO", setting_values.switch, "off"),
)

SECRETS = frozenset(row.variable for row in TABLE if row.secret)


@dataclass(frozen=True)
class Settings:
    """The checked settings, documented in deploy/RUNBOOK.md. Durations are in seconds; `repr` leaves secrets out."""

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
    spark_master: str | None
    hf_url: str
    arxiv_url: str
    zotero_url: str
    arxiv_categories: tuple[str, ...]
    offline: bool
    contact: str
    cors_origins: tuple[str, ...]
    confirm_page_text: bool
    k_readers: int
    secret_key: str
    smtp_url: str | None
    mail_from: str | None
    public_url: str | None
    demo: bool

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
        """Read `environ`, by default `os.environ`; `overrides` are converted values, except `home`, a text.

        Makes the home and its secret on the first start, and makes the files in it private. Raises ConfigurationError,
        which names every bad setting.
        """
        environ = os.environ if environ is None else environ
        values, problems = read(environ)
        values.update({field: value for field, value in overrides.items() if value is not None})
        if values.get("smtp_url") and not values.get("mail_from", True):
            problems.append("INKLING_MAIL_FROM: must be the sender of mails where INKLING_SMTP_URL is set")
        if problems:
            raise ConfigurationError(problems)
        return cls(**_with_defaults(values))

    @property
    def models_dir(self) -> Path:
        """The folder of the published models, one folder per version."""
        return self.home / "models"

    @property
    def archive_dir(self) -> Path:
        """The folder of the archived months, one Parquet file each."""
        return self.home / "archive"

    def archive_file(self, month: str) -> Path:
        """Return where the file of an archived month, such as 2026-03, is or would be."""
        return self.archive_dir / f"{month}.parquet"

    @property
    def run_dir(self) -> Path:
        """The folder of a running server's locks, sockets and state."""
        return self.home / "run"

    @property
    def metrics_dir(self) -> Path:
        """The folder in which the API's processes share their metrics."""
        return self.run_dir / "metrics"

    @property
    def stopping_file(self) -> Path:
        """The file that exists while the API is about to stop, which tells its worker processes."""
        return self.run_dir / "stopping"

    @property
    def url(self) -> str:
        """The address at which a browser on this machine reaches the server."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def public_base(self) -> str:
        """The address at which readers reach the server from anywhere, for what they read elsewhere."""
        return self.public_url or self.url

    def to_environment(self) -> dict[str, str]:
        """Return the variables from which a child process reads these settings."""
        environ = {}
        for row in TABLE:
            value = getattr(self, row.field)
            if value not in (None, "", ()):
                environ[row.variable] = _format(value)
        return environ

    def non_defaults(self) -> dict[str, str]:
        """Return the variables whose values are not the defaults for this home."""
        plain = Settings.from_environment({}, home=self.home).to_environment()
        return {name: text for name, text in self.to_environment().items() if plain.get(name) != text}

    def child_environment(self) -> dict[str, str]:
        """Return the whole environment of a child process: this process's own, with these settings."""
        return {**os.environ, **self.to_environment()}

    def export(self, **more: str) -> None:
        """Put these settings, and `more`, into this process's environment, for the processes forked from it."""
        os.environ.update(self.to_environment() | more)

    def __repr__(self) -> str:
        hidden = {row.field for row in TABLE if row.secret}
        shown = (f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.name not in hidden)
        return f"Settings({', '.join(shown)})"


def flags(settings: Settings, *fields: str) -> list[str]:
    """Return the command line options that set these `fields`, whatever the environment of the shell.

    Only values that are the default both in this process's environment and in an empty one are left out.
    """
    given: list[str] = []
    plain = [{**values, "home": chosen_home(values)} for values, _ in (read(os.environ), read({}))]
    for field in fields:
        value = getattr(settings, field)
        if value is not False and any(value != values[field] for values in plain):
            given += [f"--{field}"] if value is True else [f"--{field}", str(value)]
    return given


def secret_files(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return variable -> the file its secret was read from, which the operator may change later."""
    environ = os.environ if environ is None else environ
    named = {row.variable: environ.get(row.variable + "_FILE") for row in TABLE if row.secret}
    return {name: os.path.abspath(file) for name, file in named.items() if file and not environ.get(name)}


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the converted value of every setting, and a sentence for each that cannot be used."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for row in TABLE:
        try:
            text = _raw(row, environ)
            values[row.field] = None if text is None else row.convert(text)
        except OSError as error:
            problems.append(f"{row.variable}_FILE: cannot be read ({error.strerror}); give a readable file")
        except UnicodeDecodeError:
            problems.append(f"{row.variable}_FILE: is no text; give a file with the secret alone in it")
        except ValueError as error:
            problems.append(f"{row.variable}: must be {error}")
    return values, problems


def _raw(row: _Setting, environ: Mapping[str, str]) -> str | None:
    """Return the text of a setting, or its default; an empty variable counts as unset, an empty file is an error."""
    if environ.get(row.variable):
        return environ[row.variable]
    if row.secret and environ.get(row.variable + "_FILE"):
        text = Path(environ[row.variable + "_FILE"]).read_text(encoding="utf-8").strip()
        if not text:
            raise ValueError(f"in the file that {row.variable}_FILE names, which is empty")
        return text
    return row.default


def chosen_home(values: Mapping[str, Any]) -> Path:
    """Return the home for these values. Raises ValueError with what it must be instead."""
    default = DEFAULT_DEMO_HOME if values["demo"] else DEFAULT_HOME
    return homes.parse_folder(default if values["home"] is None else str(values["home"]))


def _with_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Fill in the settings whose defaults depend on another setting or on this machine."""
    try:
        home = chosen_home(values)
        homes.prepare(home)
        secret_key = values["secret_key"] or homes.read_or_make_secret(home)
    except ValueError as error:
        raise ConfigurationError([f"INKLING_HOME: must be {error}"]) from error
    except homes.UnusableHome as error:
        raise ConfigurationError([f"INKLING_HOME: {error}"]) from error
    computed = {
        "home": home,
        "database_url": values["database_url"] or setting_values.file_address(str(home / homes.DATABASE)),
        "workers": values["workers"] or min(2, os.cpu_count() or 1),
        **{name: values[name] or () for name in ("cors_origins", "arxiv_categories")},
        "secret_key": secret_key,
    }
    return {**values, **computed}


def _format(value: Any) -> str:
    """Return a value as the text of its variable."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:f}".rstrip("0").rstrip(".")
    return ",".join(value) if isinstance(value, tuple) else str(value)
