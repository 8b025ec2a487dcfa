"""Saved papers as files for other programs: BibTeX, RIS, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.characters import for_terminal, one_line
from server.paper_ids import pdf_address
from server.services.bibtex import bibtex
from server.services.person_names import names_of, split_name

Entry = Mapping[str, Any]
# Where a spreadsheet may find a cell, and in it a formula, in ASCII and full width: at the start, and where a program
# takes another separator than the comma, whatever is quoted, also after that or on a new line.
_CELL_START = re.compile(r"((?:\A|[\s\";])[\s\";]*)([=+\-@＝＋－＠]?)")
_SEPARATORS = frozenset(";\t\n")
COLUMNS = (
    *("id", "title", "authors", "published_at", "categories", "organization", "doi", "journal_ref", "url", "pdf"),
    *("abstract", "tags", "note", "read", "saved_at"),
)


@dataclass(frozen=True)
class Format:
    """A kind of file: how it is written, its media type, and how its name ends."""

    write: Callable[[Iterable[Entry]], Iterator[str]]
    media_type: str
    ending: str


def ris(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield entries of a library as pieces of a RIS file."""
    for entry in entries:
        yield "".join(f"{tag}  - {value}\n" for tag, value in _ris_lines(entry)) + "\n"


def _ris_lines(entry: Entry) -> list[tuple[str, str]]:
    paper = entry["paper"]
    published = paper["published_at"] or ""
    found = [
        ("TI", paper["title"] or f"arXiv:{paper['id']}"),
        *(("AU", _inverted(name)) for name in names_of(paper)),
        ("PY", published[:4]),
        ("DA", published[:10].replace("-", "/")),
        ("JO", paper.get("journal_ref") or ""),
        ("PB", "arXiv"),
        ("AN", f"arXiv:{paper['id']}"),
        ("DO", paper.get("doi") or ""),
        ("UR", paper["url"]),
        ("L1", pdf_address(paper["id"])),
        ("AB", paper["abstract"] or ""),
        *(("KW", tag) for tag in entry.get("tags") or ()),
        ("N1", entry.get("note") or ""),
    ]
    lines = [(tag, one_line(value)) for tag, value in found]
    kind = "JOUR" if paper.get("journal_ref") else "UNPB"
    return [("TY", kind), *((tag, value) for tag, value in lines if value), ("ER", "")]


def _inverted(name: str) -> str:
    parts = split_name(name)
    last = f"{parts.particle} {parts.last}".strip()
    return ", ".join(part for part in (last, parts.first, parts.suffix) if part)


def table(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield entries of a library as rows of CSV, in which no spreadsheet finds a formula, whatever its separator."""
    yield _row(COLUMNS)
    for entry in entries:
        paper = entry["paper"]
        lists = {"authors": names_of(paper), "categories": paper["categories"], "tags": entry["tags"]}
        values = {
            **paper,
            **{name: "; ".join(texts) for name, texts in lists.items()},
            "pdf": pdf_address(paper["id"]),
            **{name: entry[name] for name in ("note", "read", "saved_at")},
        }
        yield _row([_cell(values.get(name)) for name in COLUMNS])


def _row(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _CELL_START.sub(_guarded, for_terminal("" if value is None else str(value)))


def _guarded(start: re.Match[str]) -> str:
    before, formula = start.groups()
    if formula and (start.start() == 0 or not _SEPARATORS.isdisjoint(before)):
        return f"{before}'{formula}"
    return start[0]


def plain(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield entries of a library as `GET /v1/library` has them."""
    before = '{"items": ['
    for entry in entries:
        yield before + "\n" + json.dumps(entry, ensure_ascii=False)
        before = ","
    yield ("]}" if before == "," else '{"items": []}') + "\n"


FORMATS: Mapping[str, Format] = {
    "bibtex": Format(bibtex, "application/x-bibtex; charset=utf-8", "bib"),
    "ris": Format(ris, "application/x-research-info-systems; charset=utf-8", "ris"),
    "csv": Format(table, "text/csv; charset=utf-8", "csv"),
    "json": Format(plain, "application/json", "json"),
}
