"""What is known of papers, from sources and from readers' pages, and who may see it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from server.clock import rfc3339
from server.errors import PaperNotFound
from server.identifiers import web_address
from server.store import papers as store
from server.store import reader_papers
from server.store.database import Database
from server.store.papers import FACTS

REMEMBERED_CARDS = 20_000


class KnownCards:
    """The cards this process has just stored, so that a page seen again costs no write. Safe to share by threads."""

    def __init__(self, size: int = REMEMBERED_CARDS) -> None:
        self._size = size
        self._seen: OrderedDict[tuple[str, int, str], int] = OrderedDict()
        self._lock = threading.Lock()

    def new(self, reader_id: str, forgot: int, cards: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the cards whose facts this reader has not just sent.

        `forgot` is the reader's version that last deleted something: what they told before may be forgotten.
        """
        return [card for card in cards if self._seen.get((reader_id, forgot, card["id"])) != _fingerprint(card)]

    def add(self, reader_id: str, forgot: int, cards: Iterable[Mapping[str, Any]]) -> None:
        """Remember cards that are in the database now."""
        with self._lock:
            for card in cards:
                self._seen[reader_id, forgot, card["id"]] = _fingerprint(card)
            while len(self._seen) > self._size:
                self._seen.popitem(last=False)


def _fingerprint(card: Mapping[str, Any]) -> int:
    return hash(tuple(str(card.get(name)) for name in FACTS))


def has_facts(card: Mapping[str, Any]) -> bool:
    """Whether a card says more of its paper than the id."""
    return any(card.get(name) not in (None, "", []) for name in FACTS)


def take_cards(
    session: Any, reader_id: str, cards: Sequence[Mapping[str, Any]], *, confirm: bool, now: float
) -> set[str]:
    """Store what a reader's page says of papers, and return the ids of those whose text changed for everybody.

    A page fills only what is empty. While `confirm` is on, what it fills is this reader's own until a second
    reader's page says the same, or a source has spoken; off, it is everybody's at once.
    """
    ids = sorted({card["id"] for card in cards})
    store.add_stubs(session, ids, now)
    shelf = _CardMerge(session, ids, reader_id, confirm=confirm, now=now)
    for card in cards:
        shelf.fill(card)
    return shelf.write(session)


class _CardMerge:
    """The rows of some papers, and of what pages said of them, while cards are laid over them."""

    def __init__(self, session: Any, ids: Collection[str], reader_id: str, *, confirm: bool, now: float) -> None:
        self.papers = {name: dict(row) for name, row in store.rows(session, ids).items()}
        self.own: dict[str, dict[str, Any]] = {}
        self.others: dict[str, list[Mapping[str, Any]]] = {}
        self.changed_papers: set[str] = set()
        self.changed_own: set[str] = set()
        self.reader_id, self.confirm, self.now = reader_id, confirm, now
        for row in store.page_texts_of(session, ids):
            if row["reader_id"] == reader_id:
                self.own[row["paper_id"]] = dict(row)
            else:
                self.others.setdefault(row["paper_id"], []).append(row)

    def fill(self, card: Mapping[str, Any]) -> None:
        for name in FACTS:
            value = card.get(name)
            if value not in (None, "", []) and self.papers[card["id"]][name] is None:
                self._fill_fact(card["id"], name, value)

    def _fill_fact(self, paper_id: str, name: str, value: Any) -> None:
        said = [other[name] for other in self.others.get(paper_id, ())]
        agreed = value if not self.confirm else _agreed(name, value, said)
        if agreed is not None:
            self.papers[paper_id][name] = agreed
            self.changed_papers.add(paper_id)
            return
        own = self.own.setdefault(paper_id, self._empty(paper_id))
        if own[name] is None:
            own[name] = value
            self.changed_own.add(paper_id)

    def _empty(self, paper_id: str) -> dict[str, Any]:
        blank: dict[str, Any] = dict.fromkeys(FACTS)
        return {**blank, "paper_id": paper_id, "reader_id": self.reader_id}

    def write(self, session: Any) -> set[str]:
        store.put(session, [{**self.papers[name], "updated_at": self.now} for name in sorted(self.changed_papers)])
        store.put_page_texts(session, [{**self.own[name], "updated_at": self.now} for name in sorted(self.changed_own)])
        complete = [
            name for name in self.changed_papers if all(self.papers[name][fact] for fact in ("title", "abstract"))
        ]
        if complete:
            store.forget_page_texts(session, complete)
        return self.changed_papers


def _agreed(name: str, value: Any, others: Iterable[Any]) -> Any:
    """Return what a page and one of another reader's agree on, else None.

    Counts of upvotes move, so of any two the lower is true.
    """
    said = [other for other in others if other is not None]
    if name == "upvotes":
        return min([value, *said]) if said else None
    return value if any(_same(value, other) for other in said) else None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold().split() == other.casefold().split()
    return bool(one == other)


def take_source_papers(session: Any, source: str, papers: Sequence[Mapping[str, Any]], *, now: float) -> set[str]:
    """Store what a source says of papers (`id` and facts) and return the ids of those that changed.

    A source's text replaces a page's; what it does not say stays as it was.
    """
    said = {paper["id"]: paper for paper in papers}
    known = store.rows(session, list(said))
    changed = [row for name in sorted(said) if (row := _from_source(source, said[name], known.get(name), now))]
    store.put(session, changed)
    titled = [row["id"] for row in changed if row["title"] and row["abstract"]]
    if titled:
        store.forget_page_texts(session, titled)
    return {row["id"] for row in changed}


def _from_source(
    source: str, said: Mapping[str, Any], known: Mapping[str, Any] | None, now: float
) -> dict[str, Any] | None:
    """Return the paper's row with the source's facts laid over it, or None when that changes nothing."""
    old: Mapping[str, Any] = known or {**dict.fromkeys(FACTS), "id": said["id"], "source": None, "created_at": now}
    facts = {name: said[name] for name in FACTS if said.get(name) not in (None, "", [])}
    if known is not None and known["source"] == source and all(known[name] == facts[name] for name in facts):
        return None
    return {**old, **facts, "source": source, "updated_at": now}


def as_paper(paper_id: str, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the `Paper` of the API; absent facts are null or []."""
    facts = facts or {}
    return {
        "id": paper_id,
        "title": facts.get("title"),
        "abstract": facts.get("abstract"),
        "authors": facts.get("authors") or [],
        "published_at": rfc3339(facts.get("published_at")),
        "upvotes": facts.get("upvotes"),
        "categories": facts.get("categories") or [],
        "url": web_address(paper_id),
    }


def one(database: Database, reader_id: str, paper_id: str) -> dict[str, Any]:
    """Return a paper as this reader may see it.

    Raises PaperNotFound for one of which they may see nothing and which they never met: whether others did is theirs.
    """
    with database.reading() as session:
        found = store.seen_by(session, reader_id, [paper_id])
        met = reader_papers.of_papers(session, reader_id, [paper_id])
    if paper_id not in found and paper_id not in met:
        raise PaperNotFound(f"No paper {paper_id} is known here.", field="id")
    return as_paper(paper_id, found.get(paper_id))


def many(database: Database, reader_id: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return id -> `Paper` for the known ones among `ids`, as this reader may see them."""
    if not ids:
        return {}
    with database.reading() as session:
        found = store.seen_by(session, reader_id, list(ids))
    return {name: as_paper(name, facts) for name, facts in found.items()}
