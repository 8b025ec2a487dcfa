"""Entries of a library to export: real papers, and invented ones made to break a file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

REAL = Path(__file__).parents[4] / "shared/data/hf-papers/papers.jsonl.gz"


def entry(paper_id: str = "2401.00001", title: str | None = "A Title", **more: Any) -> dict[str, Any]:
    paper = {
        "id": paper_id,
        "title": title,
        "abstract": None,
        "authors": [],
        "published_at": "2024-01-02T00:00:00Z",
        "upvotes": None,
        "categories": [],
        "url": f"https://arxiv.org/abs/{paper_id}",
    }
    own = {name: more.pop(name) for name in ("tags", "note", "read", "saved_at") if name in more}
    return {
        "paper": {**paper, **more},
        "saved_at": "2026-11-20T08:15:00Z",
        "tags": [],
        "note": None,
        "read": False,
        **own,
    }


def real_entries() -> list[dict[str, Any]]:
    with gzip.open(REAL, "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    # Those most likely to break something first, then others.
    found.sort(key=lambda paper: -sum(not letter.isalnum() for letter in paper["title"] + "".join(paper["authors"])))
    kept = ("title", "abstract", "authors", "published_at")
    return [entry(paper["id"], **{name: paper[name] for name in kept}) for paper in found]


# What a title, an abstract, a note or a name can have in it.
HOSTILE = [
    "100% of $5 and $10: R&D #1, a_b, {set}, ~tilde, ^hat",
    "An unbalanced { brace",
    "An unbalanced } brace",
    "}} @article{evil, title={x}} {{",
    "@article{evil, title = {x}}",
    '@string{x = "y"} "quoted" # y',
    "Line one\n@misc{evil,\n}\nTY  - JOUR\nER  - \n",
    "Mathematics $\\alpha_{i}^2 \\leq 5\\%$ and $x$-learning",
    "Half $ of mathematics, $\\frac{1}{2$ and $}$",
    "Schr\\\"odinger, G\\\"{o}del, \\aka \\input{/etc/passwd} \\write18{rm}",
    "Ends in a backslash \\",
    "ＦＵＬＬ width, 中文標題, العربية, Ω≈ç√∫, 👩‍🔬",
    "Tabs\tand\u2028separators\u0085and\x0bcontrols\x7f\u200b",
    "=cmd|' /C calc'!A0",
    ", and , and and",
    "%",
    "\\",
    "$$",
    "a" * 3000,
]  # fmt: skip
