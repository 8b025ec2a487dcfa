"""Which arXiv papers a list of references names: pasted ids, BibTeX, RIS, CSL-JSON, items of Zotero's API. Pure.

Whatever is handed in, the work is in proportion to its size: texts and lists are bounded, and what exceeds a bound is
refused by name.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import bibtexparser
import rispy
from bibtexparser.model import Block, Entry

from server.characters import one_line
from server.errors import BadPaperId, Invalid, TooLarge
from server.paper_ids import canonical

MAX_TEXT = 3_000_000  # characters
MAX_PAPERS = 5_000
MAX_BLOCKS, MAX_FIELDS = 20_000, 100_000  # of BibTeX: `@` and `=`, at each of which its parser tries anew
MAX_UNREADABLE = 200  # told one by one
MAX_TITLE = 80

_PIECES = re.compile(r"""[\s,;|<>(){}\[\]"'“”‘’]+""")
_BARE = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?", re.ASCII)
_BEFORE_ID = frozenset({"arxiv", "arxiv:", "corr", "abs", "preprint"})
_RIS_RECORD_END = re.compile(r"^ER  -.*$", re.MULTILINE)
_RIS_LINE = re.compile(r"^[A-Z][A-Z0-9]  - ", re.MULTILINE)
# What is about other papers, or has no id: a reference's own words.
_WORDS = frozenset("abstract title shorttitle title_short keywords author note_text primary_title".split())  # noqa: SIM905
# Its parser quotes what it cannot read, which is the reader's own.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL + 1)


@dataclass
class References:
    """The papers named, each once, in order; and what could not be read: its line (or number) and the reason."""

    papers: dict[str, None] = field(default_factory=dict)
    unreadable: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, ids: Iterable[str], otherwise: str) -> None:
        """Add the papers that one reference names, or why it names none. Raises TooLarge."""
        found = dict.fromkeys(ids)
        self.papers |= found
        if not found:
            self.unreadable.append((line, otherwise))
        if len(self.papers) > MAX_PAPERS:
            raise TooLarge(f"At most {MAX_PAPERS:,} papers at once; send the list in parts.", field="text")

    def told(self) -> list[dict[str, Any]]:
        """Return what could not be read as the API gives it; past `MAX_UNREADABLE`, how many more there are."""
        first = [{"line": line, "reason": reason} for line, reason in self.unreadable[:MAX_UNREADABLE]]
        if left := self.unreadable[MAX_UNREADABLE:]:
            first.append({"line": left[0][0], "reason": f"{len(left):,} more from here on name no arXiv paper."})
        return first


def read_references(text: str, style: str) -> References:
    """Return the papers in a text: `ids`, `bibtex`, `ris`, or `zotero`, which is any file that Zotero exports.

    Raises TooLarge, or Invalid for a text that is not in this format at all.
    """
    if len(text) > MAX_TEXT:
        raise TooLarge(f"At most {MAX_TEXT:,} characters at once; send the list in parts.", field="text")
    readers = {"ids": _read_ids, "bibtex": _read_bibtex, "ris": _read_ris, "csl": _read_csl}
    return readers[_style_of(text) if style == "zotero" else style](text.lstrip("\ufeff"))


def _style_of(text: str) -> str:
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith(("[", "{")):
        return "csl"
    return "ris" if _RIS_LINE.search(start[:2000]) else "bibtex"


def find_ids(text: str, *, bare: bool = False) -> Iterator[str]:
    """Yield the paper ids in a text; a number alone is one only where `bare`, or after a word such as arXiv."""
    before = ""
    for piece in _PIECES.split(text):
        if piece and (bare or not _BARE.fullmatch(piece.rstrip(".")) or before in _BEFORE_ID):
            with contextlib.suppress(BadPaperId):
                yield canonical(piece)
        before = piece.lower()


def _read_ids(text: str) -> References:
    found = References()
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            found.add(number, find_ids(line, bare=True), "No arXiv id or address on this line.")
    return found


def _read_bibtex(text: str) -> References:
    if text.count("@") > MAX_BLOCKS or text.count("=") > MAX_FIELDS:
        raise TooLarge("Too many entries or fields at once; send the file in parts.", field="text")
    found = References()
    for block in bibtexparser.parse_string(text).blocks:
        _add_block(found, block)
    if not found.papers and not found.unreadable:
        raise Invalid("Has no BibTeX entry, such as @article{key, eprint = {2401.12345}}.", field="text")
    return found


def _add_block(found: References, block: Block) -> None:
    inner = getattr(block, "ignore_error_block", None)  # a key or a field that there is twice
    line = (block.start_line or 0) + 1
    entry = block if isinstance(block, Entry) else inner
    if isinstance(entry, Entry):
        fields = {one.key.lower(): str(one.value) for one in entry.fields}
        found.add(line, _ids_of_bibtex(fields), _no_id(entry.key))
    elif hasattr(block, "error"):
        found.add(line, (), "Not a whole BibTeX entry: a bracket, a comma or a quote is missing.")


def _ids_of_bibtex(fields: Mapping[str, str]) -> Iterator[str]:
    kind = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").lower()
    eprint = fields.get("eprint", "").strip()
    if kind == "arxiv" and eprint:
        archive = fields.get("primaryclass", "").strip()
        own = list(find_ids(eprint, bare=True)) or list(find_ids(f"{archive}/{eprint}", bare=True))
        if own:
            yield from own[:1]
            return
    yield from _first_ids(fields)


def _first_ids(fields: Mapping[str, Any]) -> Iterator[str]:
    """Yield the first paper id among a reference's fields, where it is plainly one; a reference is one paper."""
    for name, value in fields.items():
        if name.lower() not in _WORDS:
            for text in value if isinstance(value, list) else [value]:
                for one in find_ids(text) if isinstance(text, str) else ():
                    yield one
                    return


class _RisParser(rispy.RisParser):
    """Its base copies a field at each line that continues it; here a field is put together once."""

    def parse_lines(self, lines: Iterable[str]) -> list[dict[str, Any]]:
        """Return the records in these lines."""
        found: list[dict[str, Any]] = super().parse_lines(self._fields(lines))
        return found

    def _fields(self, lines: Iterable[str]) -> Iterator[str]:
        parts: list[str] = []
        for line in lines:
            if parts and self.parse_line(line)[0] is not None:
                yield " ".join(parts)
                parts = []
            parts.append(line.rstrip())
        yield " ".join(parts)


def _read_ris(text: str) -> References:
    found, line, start = References(), 1, 0
    for end in _RIS_RECORD_END.finditer(text):
        record = text[start : end.end()]
        _add_ris(found, line + _blank_lines(record), record)
        line, start = line + record.count("\n"), end.end()
    if text[start:].strip():
        found.add(line + _blank_lines(text[start:]), (), "Not a whole RIS record: it has no last line `ER  - `.")
    if not found.papers and not found.unreadable:
        raise Invalid("Has no RIS record, from a line `TY  - ` to a line `ER  - `.", field="text")
    return found


def _blank_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")


def _add_ris(found: References, line: int, record: str) -> None:
    try:
        entries = rispy.loads(record.lstrip(), implementation=_RisParser)
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        entries = []
    if len(entries) != 1:
        found.add(line, (), "Not a RIS record: it begins with a line `TY  - `.")
        return
    fields = {name: value for name, value in entries[0].items() if name != "unknown_tag"}
    found.add(line, _first_ids(fields), _no_id(str(fields.get("title") or fields.get("primary_title") or "")))


def _read_csl(text: str) -> References:
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("Is not whole JSON.", field="text") from error
    if not isinstance(items, list):
        raise Invalid("Must be a list of CSL-JSON items, as Zotero exports it.", field="text")
    return read_items(items)


def read_items(items: Iterable[Any]) -> References:
    """Return the papers of CSL-JSON items or of the `data` of Zotero's; the line of each is its number."""
    found = References()
    for number, item in enumerate(items, 1):
        if isinstance(item, Mapping):
            name = item.get("title")
            found.add(number, _first_ids(item), _no_id(name if isinstance(name, str) else ""))
        else:
            found.add(number, (), "Not an object.")
    return found


def _no_id(name: str) -> str:
    short = one_line(name)  # JSON escapes halves of surrogate pairs, which no answer can hold
    short = short if len(short) <= MAX_TITLE else f"{short[: MAX_TITLE - 1]}…"
    return f"“{short}” names no arXiv paper." if short else "Names no arXiv paper."
