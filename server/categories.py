"""arXiv's categories: one spelling of each code, and what OAI-PMH calls it. Pure.

https://arxiv.org/category_taxonomy
"""

from __future__ import annotations

import re

# Archives that are one category each, and those that are split into several.
_WHOLE = frozenset(["gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph"])
_SPLIT = frozenset(["astro-ph", "cond-mat", "cs", "econ", "eess", "math", "nlin", "physics", "q-bio", "q-fin", "stat"])
_PHYSICS = _WHOLE | {"astro-ph", "cond-mat", "nlin", "physics"}
_CODE = re.compile(r"([a-z]{1,8}(?:-[a-z]{2,4})?)(?:\.([a-z]{2}|[a-z]{3,5}-[a-z]{2,5}|[a-z]{3,8}))?", re.ASCII)


def parse_category(text: str) -> str:
    """Return the code of a category (`cs.LG`, `cond-mat.mtrl-sci`, `hep-th`) or of a split archive (`cs`).

    Raises ValueError when it is none.
    """
    found = _CODE.fullmatch(text.strip().lower())
    archive, part = found.groups() if found else ("", None)
    if archive not in _WHOLE | _SPLIT or (part and archive in _WHOLE):
        raise ValueError("a category of arXiv, such as cs.LG, stat.ML or hep-th")
    if part is None:
        return archive
    # Two letters are written large: cs.LG; words are not: cond-mat.mtrl-sci.
    return f"{archive}.{part.upper() if len(part) == 2 else part}"


# Archives whose name is a word of another's codes as well, as in `math-ph` and `cond-mat.stat-mech`: all their parts.
_PARTS = {
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
    "stat": "AP CO ME ML OT TH",
}


def words_of(category: str) -> list[str]:
    """Return what a code's or an archive's categories begin with, where no other code has these words in a row."""
    return [f"{category}.{part}" for part in _PARTS[category].split()] if category in _PARTS else [category]


def is_archive(category: str) -> bool:
    """Whether a code is a whole archive of several categories."""
    return category in _SPLIT


def covers(wanted: str, category: str) -> bool:
    """Whether a paper's `category` is the `wanted` one, or in the wanted archive."""
    return category == wanted or (is_archive(wanted) and category.startswith(f"{wanted}."))


def oai_set(category: str) -> str:
    """Return the name of OAI-PMH's set: `cs:cs:LG`, `physics:hep-th`, `physics:cond-mat:mtrl-sci`."""
    archive, _, part = category.partition(".")
    group = "physics" if archive in _PHYSICS else archive
    if archive in _WHOLE:
        return f"{group}:{archive}"
    return f"{group}:{archive}:{part}" if part else f"{group}:{archive}"
