"""Parse cards, events and settings from untrusted JSON values.

By hand: a marshmallow schema takes about 20 µs an event, and every request carries a page of cards. `api/schemas`
documents the same rules; a property test holds the two to the same verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from recommender.features.name_index import PREFIXES, read_name
from server.clock import parse_rfc3339
from server.errors import BadPaperId, Invalid
from server.mail_addresses import MAX_ADDRESS, read_address
from server.paper_ids import canonical
from server.services.events import EARLIEST_TIME, KINDS, SURFACES, Event
from server.translations import NAMES

MAX_LENGTH = {"title": 2_000, "abstract": 50_000, "organization": 500, "name": 500, "list_id": 200, "id": 300}
MAX_ENTRIES = {"authors": 5_000, "categories": 100}
MAX_UPVOTES = 2**31 - 1
MAX_POSITION = 1_000_000
TOPICS = ("interests", "followed", "muted")
FLAGS = ("personal", "learn_for_others")
LIST_WEIGHTS = ("variety", "freshness", "exploration")
MAX_LIST_WEIGHT = 2.0
SETTINGS = (*TOPICS, *FLAGS, *LIST_WEIGHTS, "digest")
DIGEST_EVERY = ("off", "daily", "weekly")
MAX_SETTING_ENTRIES, MAX_SETTING_LENGTH = 100, 200
MAX_TAGS, MAX_TAG_LENGTH, MAX_NOTE_LENGTH = 50, 100, 10_000
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
CATEGORY = re.compile(r"\w[\w.-]*")
PAGE = re.compile(r"[a-z][a-z_-]{0,30}(/[A-Za-z0-9][A-Za-z0-9._-]{0,31})?", re.ASCII)

_NAME_EXAMPLES = {
    "author": "author:Ada Lovelace",
    "category": "category:cs.LG",
    "organization": "org:Google DeepMind",
}
_PREFIX_OF = {kind: prefix for prefix, kind in PREFIXES.items()}


def read_text(value: Any, field: str, longest: int) -> str:
    """Return a string that a database can store. Raises Invalid naming `field`."""
    if not isinstance(value, str):
        raise Invalid("Must be a string.", field=field)
    if len(value) > longest:
        raise Invalid(f"Must be at most {longest} characters.", field=field)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Invalid("Contains half of a surrogate pair; send whole characters.", field=field) from error
    if "\0" in value:
        raise Invalid("Contains a NUL character; leave it out.", field=field)
    return value


def read_optional_text(value: Any, field: str, longest: int) -> str | None:
    """Return a stripped string, or None for null and for white space alone."""
    return None if value is None else read_text(value, field, longest).strip() or None


def read_texts(value: Any, field: str, most: int, longest: int = MAX_LENGTH["name"]) -> list[str] | None:
    """Return a list of stripped, non-empty strings, or None when none is left."""
    if value is None:
        return None
    if not isinstance(value, list):
        raise Invalid("Must be a list of strings.", field=field)
    if len(value) > most:
        raise Invalid(f"Must have at most {most} entries.", field=field)
    read = [
        # Where an entry is in its list is only told of one that is refused: most are plain names.
        (entry if _is_plain(entry, longest) else read_text(entry, f"{field}.{index}", longest)).strip()
        for index, entry in enumerate(value)
    ]
    return [entry for entry in read if entry] or None


def _is_plain(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value) <= longest and value.isascii() and "\0" not in value


def read_whole_number(value: Any, field: str, most: int) -> int | None:
    """Return a whole number from 0 to `most`, or None for null."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Invalid(f"Must be a whole number from 0 to {most}.", field=field)
    return value


def read_time(value: Any, field: str) -> float:
    """Return the epoch seconds of an RFC 3339 time with its zone."""
    try:
        return parse_rfc3339(read_text(value, field, 64))
    except ValueError as error:
        raise Invalid("Must be a time with its zone, such as 2026-11-20T08:15:00Z.", field=field) from error


def read_paper_id(value: Any, field: str) -> str:
    """Return the canonical form of a paper id. Raises BadPaperId naming `field`."""
    try:
        return canonical(read_text(value, field, MAX_LENGTH["id"]))
    except BadPaperId as error:
        raise BadPaperId(error.message, field=field) from error


def read_card(value: Any) -> dict[str, Any]:
    """Return a card with its canonical `id`, its `input_id` as sent, and its facts (None: unknown).

    Raises BadPaperId when only the id is unusable, else Invalid.
    """
    if not isinstance(value, Mapping):
        raise Invalid("Must be an object.", field="")
    card = {
        "title": read_optional_text(value.get("title"), "title", MAX_LENGTH["title"]),
        "abstract": read_optional_text(value.get("abstract"), "abstract", MAX_LENGTH["abstract"]),
        "authors": read_texts(value.get("authors"), "authors", MAX_ENTRIES["authors"]),
        "categories": read_texts(value.get("categories"), "categories", MAX_ENTRIES["categories"]),
        "organization": read_optional_text(value.get("organization"), "organization", MAX_LENGTH["organization"]),
        "published_at": None if value.get("published_at") is None else read_time(value["published_at"], "published_at"),
        "upvotes": read_whole_number(value.get("upvotes"), "upvotes", MAX_UPVOTES),
    }
    return {"id": _card_id(value.get("id")), "input_id": value.get("id"), **card}


def _card_id(value: Any) -> str:
    if not isinstance(value, str):
        raise BadPaperId("A card needs the paper's id, such as 2401.12345.", field="id")
    return read_paper_id(value, "id")


def read_event(value: Any) -> Event:
    """Return an event. Raises Invalid naming the field that is wrong."""
    if not isinstance(value, Mapping):
        raise Invalid("Must be an object.", field="")
    kind = _one_of(value.get("kind"), "kind", KINDS)
    event = Event(
        id=_uuid(value.get("id")),
        kind=kind,
        paper=read_paper_id(value.get("paper"), "paper"),
        at=_event_time(value.get("at")),
        list_id=read_optional_text(value.get("list_id"), "list_id", MAX_LENGTH["list_id"]),
        position=read_whole_number(value.get("position"), "position", MAX_POSITION),
        surface=None if value.get("surface") is None else _one_of(value["surface"], "surface", SURFACES),
        page=_page(value.get("page")),
    )
    if kind == "impression" and (event.list_id is None or event.position is None):
        missing = "list_id" if event.list_id is None else "position"
        raise Invalid("An impression says in which list (list_id) and where (position) it was.", field=missing)
    return event


def _uuid(value: Any) -> str:
    if not isinstance(value, str) or not UUID.fullmatch(value):
        raise Invalid("Must be a UUID made for this one event.", field="id")
    return value.lower()


def _one_of(value: Any, field: str, names: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in names:
        raise Invalid(f"Must be one of {', '.join(names)}.", field=field)
    return value


def _event_time(value: Any) -> float:
    at = read_time(value, "at")
    if at < EARLIEST_TIME:
        raise Invalid("Is before 1991; check the device's clock.", field="at")
    return at


def _page(value: Any) -> str | None:
    if value is None or (isinstance(value, str) and PAGE.fullmatch(value)):
        return value
    read_text(value, "page", 100_000)
    raise Invalid(
        "Must be a kind of page and perhaps a date, such as daily/2026-11-20; never an address.", field="page"
    )


def default_settings() -> dict[str, Any]:
    """Return the settings of a reader who has changed none."""
    return {**{name: [] for name in TOPICS}, **dict.fromkeys(FLAGS, True), **dict.fromkeys(LIST_WEIGHTS, 1.0)}


def read_settings(value: Any) -> dict[str, Any]:
    """Return those of SETTINGS that an object names."""
    if not isinstance(value, Mapping):
        raise Invalid("Must be an object.", field="settings")
    read = {name: value[name] for name in SETTINGS if value.get(name) is not None}
    return {name: _setting(name, given) for name, given in read.items()}


def _setting(name: str, value: Any) -> Any:
    if name == "digest":
        return read_digest(value)
    if name in FLAGS:
        return read_flag(value, name)
    return read_list_weight(value, name) if name in LIST_WEIGHTS else read_topics(value, name)


def read_flag(value: Any, field: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise Invalid("Must be true or false.", field=field)
    return value


def read_list_weight(value: Any, field: str) -> float:
    """Return a factor of one of the weights by which a list is made."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_LIST_WEIGHT:
        raise Invalid(f"Must be a number from 0 to {MAX_LIST_WEIGHT:g}, where 1 is as built.", field=field)
    return float(value)


def read_digest(value: Any) -> dict[str, str | None]:
    """Return those of email, every and language that an object names."""
    if not isinstance(value, Mapping):
        raise Invalid("Must be an object.", field="digest")
    chosen: dict[str, str | None] = {}
    if "email" in value:
        chosen["email"] = _email(value["email"])
    for name, known in (("every", DIGEST_EVERY), ("language", tuple(NAMES))):
        if value.get(name) is not None:
            chosen[name] = _choice(value[name], f"digest.{name}", known)
    return chosen


def _email(value: Any) -> str | None:
    text = read_optional_text(value, "digest.email", MAX_ADDRESS)
    try:
        return None if text is None else read_address(text)
    except ValueError as error:
        raise Invalid(f"Must be {error}.", field="digest.email") from error


def _choice(value: Any, field: str, known: tuple[str, ...]) -> str:
    text = read_text(value, field, 100)
    if text not in known:
        raise Invalid(f"Must be one of {', '.join(known)}.", field=field)
    return text


def read_topics(value: Any, field: str) -> list[str]:
    """Return a list of topics, plain words or names after their prefix; of those that are the same, the first."""
    read_texts(value, field, MAX_SETTING_ENTRIES, MAX_SETTING_LENGTH)
    topics: dict[str, str] = {}
    for key, topic in (_topic(entry, f"{field}.{index}") for index, entry in enumerate(value) if entry.strip()):
        topics.setdefault(key, topic)
    return list(topics.values())


def topic_key(text: str) -> str:
    """Return what is the same for every way of writing a topic."""
    return _topic(text, "topic")[0]


def _topic(text: str, field: str) -> tuple[str, str]:
    """Return what is the same for every way of writing a topic, and the topic with its white space put in order."""
    name = read_name(text)
    if name is None:
        words = " ".join(text.split())
        return words.casefold(), words
    if not name.key:
        raise Invalid(f"Must have a name after the colon, such as {_NAME_EXAMPLES[name.kind]}.", field=field)
    if name.kind == "category" and not CATEGORY.fullmatch(name.written):
        raise Invalid("Must be a category's code without spaces, such as category:cs.LG.", field=field)
    return name.key, f"{_PREFIX_OF[name.kind]}:{name.written}"


def read_words(value: Any) -> dict[str, Any]:
    """Return those of tags, note and read that an object names."""
    if not isinstance(value, Mapping):
        raise Invalid("Must be an object.", field="")
    words: dict[str, Any] = {}
    if "tags" in value:
        words["tags"] = read_texts(value["tags"], "tags", MAX_TAGS, MAX_TAG_LENGTH)
    if "note" in value:
        words["note"] = read_optional_text(value["note"], "note", MAX_NOTE_LENGTH)
    if "read" in value:
        words["read"] = read_flag(value["read"], "read")
    return words
