"""Papers: merging what sources and readers' pages say, and who may see what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from server.clock import rfc3339
from server.errors import PaperNotFound
from server.paper_ids import web_address
from server.services.context import Context
from server.sources.arxiv import NAME as ARXIV
from server.sources.huggingface import NAME as LISTING
from server.store import papers as store
from server.store import reader_papers
from server.store.database import Session
from server.store.papers import FACTS, SOURCE_FACTS

IMPORT = "import"  # the source of papers that an operator imported
DAY = 86400.0
# arXiv is asked again about a paper after half its age, at least a week and at most a year.
FIRST_RECHECK, LONGEST_RECHECK, RECHECK_SHARE = 7 * DAY, 365 * DAY, 0.5
# Sources that know less of a paper than arXiv. The demo's papers are invented: arXiv is not asked about them.
_ASK_ARXIV_TOO = frozenset({LISTING, IMPORT})
_ALL_FACTS = (*FACTS, *SOURCE_FACTS)
# Facts that arXiv does not give, so that another source's later word always counts.
_NOT_ARXIVS = frozenset({"organization", "upvotes", "code_url", "project_url"})


def has_facts(card: Mapping[str, Any]) -> bool:
    """Whether a card says more than the paper's id."""
    return any(card.get(name) not in (None, "", []) for name in FACTS)


@contextmanager
def changing_texts(context: Context, *, in_turns: bool = False) -> Iterator[tuple[Session, set[str]]]:
    """Yield a writing session and a set for the ids of papers whose text it changes; they count once it commits.

    With `in_turns`, for one of many transactions (`Database.writing_in_turns`), there may be too many papers to wait
    for: they count with the model cache's next refresh.
    """
    changed: set[str] = set()
    with context.database.writing_in_turns() if in_turns else context.database.writing() as session:
        yield session, changed
    if not in_turns:
        context.fold_in(changed)


def merge_cards(
    session: Session, reader_id: str, cards: Sequence[Mapping[str, Any]], *, confirm: bool, now: float
) -> set[str]:
    """Store the cards of a reader's page; return the ids of papers whose text changed for everybody.

    A page fills only empty facts. With `confirm`, what it fills is this reader's own until a second reader's page or a
    source says the same; without, it is everybody's at once.
    """
    store.add_stubs(session, sorted({card["id"] for card in cards}), now)
    read = partial(_CardMerge, session, reader_id=reader_id, confirm=confirm, now=now)
    changing = read(cards).changing
    if not changing:  # as nearly always: nothing is locked
        return set()
    # Others may be filling the same papers: each paper's facts and page texts change under the lock of its row.
    store.lock(session, changing)
    return read([card for card in cards if card["id"] in changing]).write(session)


class _CardMerge:
    """The rows of some papers and of their page texts, with cards merged into them."""

    def __init__(
        self, session: Session, cards: Sequence[Mapping[str, Any]], *, reader_id: str, confirm: bool, now: float
    ) -> None:
        ids = sorted({card["id"] for card in cards})
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
        for card in cards:
            self._fill(card)

    @property
    def changing(self) -> set[str]:
        """The papers of which a fact becomes known, to all or to this reader."""
        return self.changed_papers | self.changed_own

    def _fill(self, card: Mapping[str, Any]) -> None:
        for name in FACTS:
            value = card.get(name)
            if value not in (None, "", []) and self.papers[card["id"]][name] is None:
                self._fill_fact(card["id"], name, value)

    def _fill_fact(self, paper_id: str, name: str, value: Any) -> None:
        said = [other[name] for other in self.others.get(paper_id, ())]
        agreed = value if not self.confirm else _confirm(name, value, said)
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

    def write(self, session: Session) -> set[str]:
        changed = [self.papers[name] for name in sorted(self.changed_papers)]
        for row in changed:
            # arXiv knows more of it than pages say.
            row["recheck_at"] = self.now if row["recheck_at"] is None else row["recheck_at"]
        store.save(session, [{**row, "updated_at": self.now} for row in changed])
        store.save_page_texts(
            session, [{**self.own[name], "updated_at": self.now} for name in sorted(self.changed_own)]
        )
        complete = [
            name for name in self.changed_papers if all(self.papers[name][fact] for fact in ("title", "abstract"))
        ]
        if complete:
            store.delete_page_texts(session, complete)
        return self.changed_papers


def _confirm(name: str, value: Any, others: Iterable[Any]) -> Any:
    """Return what this page and another reader's agree on, else None.

    Upvotes grow between two visits, so of two counts the lower is taken.
    """
    said = [other for other in others if other is not None]
    if name == "upvotes":
        return min([value, *said]) if said else None
    return value if any(_same(value, other) for other in said) else None


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold().split() == other.casefold().split()
    return bool(one == other)


def merge_source_papers(session: Session, source: str, papers: Sequence[Mapping[str, Any]], *, now: float) -> set[str]:
    """Store papers from a source (`id` and facts); return the ids of those whose facts changed.

    A source's facts replace a page's and its own earlier ones, and "" deletes a fact; facts it does not give stay. What
    arXiv says of a paper stands against other sources, which copied it once.
    """
    said = {paper["id"]: paper for paper in papers}
    known = store.locked_rows(session, list(said))
    merged = {name: _merge_source(source, said[name], known.get(name), now) for name in sorted(said)}
    changed = [row for name, row in merged.items() if name not in known or _facts_of(row) != _facts_of(known[name])]
    store.save(session, [{**row, "updated_at": now} for row in changed])
    titled = [row["id"] for row in changed if row["title"] and row["abstract"]]
    if titled:
        store.delete_page_texts(session, titled)
    ids = {row["id"] for row in changed}
    store.confirm(session, [row for name, row in merged.items() if name not in ids and row["source"] == source])
    return ids


def _merge_source(source: str, said: Mapping[str, Any], known: Mapping[str, Any] | None, now: float) -> dict[str, Any]:
    """Return the paper's row with the source's facts, as yet without the time of a change."""
    nothing: dict[str, Any] = dict.fromkeys((*_ALL_FACTS, "source", "confirmed_at", "recheck_at"))
    old = {**nothing, "id": said["id"], "created_at": now, **(known or {})}
    facts = {name: said[name] for name in _ALL_FACTS if said.get(name) not in (None, [])}
    if _is_same_day(facts.get("published_at"), old["published_at"]):
        del facts["published_at"]
    if old["source"] == ARXIV and source != ARXIV:
        facts = {name: fact for name, fact in facts.items() if name in _NOT_ARXIVS or old[name] is None}
        return {**old, **_without_blanks(facts)}
    row = {**old, **_without_blanks(facts), "source": source, "confirmed_at": now}
    if source == ARXIV:
        return {**row, "recheck_at": _recheck_at(row["published_at"], now)}
    # A listing gives no categories, DOI or comment, a file only what it was written with.
    return {**row, "recheck_at": now} if source in _ASK_ARXIV_TOO and row["recheck_at"] is None else row


def _recheck_at(published_at: float | None, now: float) -> float:
    """Return when to ask for a paper's facts again: the older it is, the more rarely."""
    age = now - published_at if published_at is not None else 0.0
    return now + min(LONGEST_RECHECK, max(FIRST_RECHECK, RECHECK_SHARE * age))


def _is_same_day(said: float | None, known: float | None) -> bool:
    """Whether a source says only the day (midnight in UTC) of a time that is known."""
    return said is not None and known is not None and said % DAY == 0 and said // DAY == known // DAY


def _without_blanks(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if fact == "" else fact for name, fact in facts.items()}


def _facts_of(row: Mapping[str, Any]) -> list[Any]:
    return [row[name] for name in _ALL_FACTS]


def paper_body(paper_id: str, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the API's `Paper`; absent facts are null or []."""
    facts = facts or {}
    return {
        "id": paper_id,
        "title": facts.get("title"),
        "abstract": facts.get("abstract"),
        "authors": facts.get("authors") or [],
        "published_at": rfc3339(facts.get("published_at")),
        "upvotes": facts.get("upvotes"),
        "categories": facts.get("categories") or [],
        "organization": facts.get("organization"),
        **{name: facts.get(name) for name in SOURCE_FACTS},
        "url": web_address(paper_id),
    }


def find_paper(context: Context, reader_id: str, paper_id: str) -> dict[str, Any]:
    """Return a paper as this reader may see it.

    Raises PaperNotFound for one they may see nothing of and have no state of: what others did with it is private.
    """
    with context.database.reading() as session:
        found = store.seen_by(session, reader_id, [paper_id])
        met = reader_papers.of_papers(session, reader_id, [paper_id])
    if paper_id not in found and paper_id not in met:
        raise PaperNotFound(f"No paper {paper_id} is known here.", field="id")
    return paper_body(paper_id, found.get(paper_id))


def find_papers(context: Context, reader_id: str, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return id -> `Paper` for those of `ids` that are known, as this reader may see them."""
    if not ids:
        return {}
    with context.database.reading() as session:
        found = store.seen_by(session, reader_id, list(ids))
    return {name: paper_body(name, facts) for name, facts in found.items()}
