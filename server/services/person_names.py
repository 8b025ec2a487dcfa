"""Names of authors taken apart as bibliographies do: first names, particle, last name, suffix. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SUFFIX = re.compile(r"(?:jr|sr)\.?|ii|iii|iv", re.IGNORECASE)
# Words of which one says that the author is no person; a person may well be called Ai or Lab, but not Team.
_COLLECTIVE = re.compile(
    r"\b(?:team|teams|group|collaboration|consortium|university|institute|laboratory|labs|community|project|"
    r"foundation|organization|committee|initiative|inc\.?|et al\.?)(?!\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class PersonName:
    """A name in its parts; all but `last` may be empty."""

    last: str
    first: str = ""
    particle: str = ""
    suffix: str = ""


def names_of(paper: Mapping[str, Any]) -> list[str]:
    """Return a paper's authors on one line each; listings also have a colon among them, after a team's name."""
    names = [" ".join(name.split()) for name in paper["authors"]]
    return [name for name in names if any(letter.isalnum() for letter in name)]


def is_collective(name: str) -> bool:
    """Whether a name must stay in one piece: a team's, or one that a bibliography would take for several."""
    parts = name.split(",")
    several = re.search(r"\s(?:and|&)\s", name, re.IGNORECASE) or len(parts) > 2 or name.lower() == "others"
    return bool(several or not all(part.strip() for part in parts) or _COLLECTIVE.search(name))


def split_name(name: str) -> PersonName:
    """Return the parts of a name written as `Ludwig van Beethoven`, `Beethoven, Ludwig van` or `Robert Downey Jr.`."""
    if is_collective(name):
        return PersonName(last=name)
    before, comma, after = (part.strip() for part in name.partition(","))
    if comma and not _SUFFIX.fullmatch(after):
        inside = split_name(before)
        return PersonName(inside.last, first=after, particle=f"{inside.first} {inside.particle}".strip())
    words = before.split()
    suffix = after
    if not suffix and len(words) > 2 and _SUFFIX.fullmatch(words[-1]):
        suffix = words.pop()
    small = [place for place, word in enumerate(words[:-1]) if word[0].islower()]
    first, last = (small[0], small[-1] + 1) if small else (len(words) - 1, len(words) - 1)
    parts = (" ".join(words[last:]), " ".join(words[:first]), " ".join(words[first:last]))
    return PersonName(*parts, suffix=suffix)
