"""The values of settings: from the text of a variable to a value, or a ValueError with what it must be instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from server import home as homes
from server.categories import parse_category

MAX_DURATION = 3650 * 86400.0  # seconds
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SWITCH = {"1": True, "on": True, "true": True, "yes": True, "0": False, "off": False, "false": False, "no": False}


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a converter to a whole number from `low` to `high`."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return convert


def switch(text: str) -> bool:
    """Return whether something is on."""
    if text.lower() not in _SWITCH:
        raise ValueError("on or off")
    return _SWITCH[text.lower()]


def duration(text: str) -> float:
    """Return seconds from `90`, `90s`, `30m`, `6h` or `1d`."""
    found = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,18})?)([smhd]?)", text)
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= MAX_DURATION:
        raise ValueError("a length of time above nothing and up to ten years, such as 90s, 30m, 6h or 1d")
    return seconds


def one_of(*names: str) -> Callable[[str], str]:
    """Return a converter that lets these names through."""

    def convert(text: str) -> str:
        if text not in names:
            raise ValueError("one of " + ", ".join(names))
        return text

    return convert


def _is_address(text: str) -> bool:
    """Whether a text parses as an address with a valid port."""
    try:
        return urlsplit(text).port != 0 and text.isprintable()
    except ValueError:
        return False


def web_address(text: str) -> str:
    """Return an http or https address without a slash at its end."""
    if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", text) or not _is_address(text):
        raise ValueError("an http or https address, such as https://example.org")
    return text.rstrip("/")


def redis_address(text: str) -> str:
    """Return the address of a Redis or Valkey."""
    if not text.startswith(("redis://", "rediss://", "unix://")) or not _is_address(text):
        raise ValueError("a redis://, rediss:// or unix:// address")
    return text


def database_address(text: str) -> str:
    """Return the SQLAlchemy URL; postgresql:// and postgres:// mean psycopg 3."""
    if text.startswith("sqlite:///"):
        if "?" in text:
            raise ValueError("a sqlite:/// address without options; a question mark in a path is written %3F")
        return file_address(unquote(text.removeprefix("sqlite:///")))
    text = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", text)
    if not text.startswith("postgresql+psycopg://") or not _is_address(text):
        raise ValueError("a postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:////PATH/FILE address")
    return text


def file_address(path: str) -> str:
    """Return the SQLite URL of a file, its path absolute and quoted, so that a `?` in it starts no options."""
    if path in ("", ":memory:") or path.startswith("file:"):
        raise ValueError("the address of a file, such as sqlite:////srv/inkling.sqlite3: several processes share it")
    return f"sqlite:///{quote(str(homes.parse_folder(path)))}"


def origins(text: str) -> tuple[str, ...]:
    """Return the origins in a list with commas."""
    found = tuple(re.split(r"[\s,]+", text.strip(" ,")))
    if not all(re.fullmatch(r"[a-z][a-z-]*://[^\s/?#]+", origin) for origin in found):
        raise ValueError("origins such as https://example.org, with commas between them")
    return found


def read_categories(text: str) -> tuple[str, ...]:
    """Return the codes in a list with commas. Raises ValueError with what it must be instead."""
    try:
        return tuple(dict.fromkeys(parse_category(part) for part in re.split(r"[\s,]+", text.strip(" ,"))))
    except ValueError as error:
        raise ValueError("categories of arXiv, such as cs.LG,stat.ML,hep-th, with commas between them") from error


def encoder_folder(text: str) -> Path:
    """Return the folder of an encoder's files."""
    folder = homes.parse_folder(text)
    if not all((folder / name).is_file() for name in ("model.onnx", "tokenizer.json")):
        raise ValueError("a folder with model.onnx and tokenizer.json in it")
    return folder


def spark_master(text: str) -> str:
    """Return the address of a Spark cluster's master."""
    if not re.fullmatch(r"spark://[\w.\-:\[\],]+:\d+|local(?:\[(?:\d+|\*)\])?", text, re.ASCII):
        raise ValueError("spark://HOST:PORT, or local[2] for two threads on this machine")
    return text


def word(text: str) -> str:
    """Return a text that needs no quotes anywhere."""
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("printable ASCII characters without a space")
    return text


def line(text: str) -> str:
    """Return a text that a header can hold: one line of ASCII."""
    if not re.fullmatch(r"[ -~]*", text):
        raise ValueError("one line of printable ASCII characters, such as an e-mail address")
    return text


def secret_key(text: str) -> str:
    """Return a secret that is long enough."""
    if len(text) < homes.MIN_SECRET:
        raise ValueError(f"at least {homes.MIN_SECRET} characters, such as `openssl rand -hex 32` prints")
    return text
