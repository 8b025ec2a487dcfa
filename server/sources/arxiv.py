"""arXiv's Atom API: papers by id, and the papers that were submitted to some categories within some days.

https://info.arxiv.org/help/api/user-manual.html
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from xml.etree.ElementTree import Element

from server.categories import is_archive
from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.paper_ids import canonical
from server.sources.arxiv_xml import (
    PACE,
    RATE_LIMIT_PAUSE,
    is_withdrawn,
    read_text,
    read_texts,
    read_xml,
    says_rate_exceeded,
    service,
)
from server.sources.http import Client
from server.sources.paper import SourcePaper, clean_text, parse_time

NAME = "arxiv"
BATCH = 100  # ids in one request, which keeps its URL short
PAGE = 1000  # papers in one answer; arXiv gives at most 2000, and asks for smaller ones
MAX_FOUND = 30_000  # papers of one search, the most that arXiv gives
_EMPTY_PAGES = 3  # times that a page is asked for which is empty though papers remain, as arXiv's now and then are
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
# The archives in ids assigned until March 2007.
_OLD_ARCHIVE = re.compile(
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg|"
    "q-bio|quant-ph|solv-int|supr-con"
)


@dataclass(frozen=True)
class Feed:
    """The papers of one Atom feed, and how many papers the search has found in all."""

    papers: list[SourcePaper]
    entries: int
    total: int


class Arxiv(Client):
    """arXiv's API, used within its terms."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        super().__init__(service(settings, "export.arxiv.org", pace), settings, stop=stop)

    def by_ids(self, ids: Sequence[str]) -> list[SourcePaper]:
        """Return the papers that arXiv knows among at most `BATCH` canonical ids.

        Raises SourceRefused when arXiv does not answer for these ids, SourceUnavailable when it does not answer at all.
        """
        if len(ids) > BATCH:
            raise ValueError(f"at most {BATCH} ids at once, got {len(ids)}")
        found = self._feed({"id_list": ",".join(ids), "max_results": len(ids)})
        wanted = set(ids)
        return [paper for paper in found.papers if paper.id in wanted]

    def submitted(self, category: str, first: date, last: date) -> list[SourcePaper]:
        """Return the papers of a category that were first submitted from day `first` to day `last` (UTC).

        Raises SourceRefused, with the papers found so far, when arXiv does not answer for all of them;
        SourceUnavailable when it does not answer at all.
        """
        papers: dict[str, SourcePaper] = {}
        start, total = 0, 1
        try:
            while start < min(total, MAX_FOUND):
                page = self._page(category, first, last, start)
                papers.update((paper.id, paper) for paper in page.papers)
                start, total = start + page.entries, page.total
        except SourceRefused as error:
            error.found = list(papers.values())
            raise
        return list(papers.values())

    def _page(self, category: str, first: date, last: date, start: int) -> Feed:
        """Return one page of a search. Raises SourceRefused when it stays empty though papers remain."""
        query = f"cat:{category}{'.*' if is_archive(category) else ''}"
        params: dict[str, str | int] = {
            "search_query": f"{query} AND submittedDate:[{first:%Y%m%d}0000 TO {last:%Y%m%d}2359]",
            **{"sortBy": "submittedDate", "sortOrder": "ascending", "start": start, "max_results": PAGE},
        }
        for _ in range(_EMPTY_PAGES):
            found = self._feed(params)
            if found.entries or found.total <= start:
                return found
        raise SourceRefused(f"arXiv gives {start} of {found.total} papers and then none.")

    def _feed(self, params: Mapping[str, str | int]) -> Feed:
        body = self.get("/api/query", params)
        try:
            return parse_feed(body)
        except SourceRefused:
            if says_rate_exceeded(body):
                raise self.pause_for(RATE_LIMIT_PAUSE, "says that it was asked too often") from None
            raise


def parse_feed(body: bytes) -> Feed:
    """Return the papers of an Atom feed, without the entries that are not papers.

    Raises SourceRefused when the body is not a feed, or a feed that only reports an error.
    """
    feed = read_xml(body, _ATOM + "feed", "a feed")
    entries = list(feed.iter(_ATOM + "entry"))
    papers = [paper for entry in entries if (paper := _parse_entry(entry))]
    if not papers and any("/api/errors" in (entry.findtext(_ATOM + "id") or "") for entry in entries):
        raise SourceRefused("arXiv answered with an error instead of papers.")
    total = read_text(feed, _TOTAL) or ""
    return Feed(papers, len(entries), int(total) if re.fullmatch(r"[0-9]{1,9}", total) else len(entries))


def could_be_issued(paper_id: str, now: float) -> bool:
    """Whether arXiv can have assigned this canonical id by `now` (epoch seconds); arXiv refuses most that it cannot."""
    archive, _, number = paper_id.rpartition("/")
    month = number[:4]
    if not "01" <= month[2:] <= "12":
        return False
    if archive:
        return bool(_OLD_ARCHIVE.fullmatch(archive)) and ("9107" <= month <= "9912" or "0001" <= month <= "0703")
    # One day of slack for clocks that differ. Since 2015 the number has five digits.
    newest = time.strftime("%y%m", time.gmtime(now + 86400))
    return "0704" <= month <= newest and len(number) == (9 if month < "1501" else 10)


def _parse_entry(entry: Element) -> SourcePaper | None:
    title = read_text(entry, _ATOM + "title")
    try:
        paper_id = canonical(entry.findtext(_ATOM + "id") or "")
    except BadPaperId:  # an error is an entry too
        return None
    if title is None:
        return None
    abstract, comment = read_text(entry, _ATOM + "summary"), read_text(entry, _ARXIV + "comment")
    return SourcePaper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=read_texts(entry, f"{_ATOM}author/{_ATOM}name"),
        categories=_categories(entry),
        published_at=parse_time(entry.findtext(_ATOM + "published")),
        doi=read_text(entry, _ARXIV + "doi") or "",
        journal_ref=read_text(entry, _ARXIV + "journal_ref") or "",
        comment=comment or "",
        withdrawn=is_withdrawn(comment, abstract),
    )


def _categories(entry: Element) -> list[str]:
    """Return the categories of an entry, the primary one first.

    Codes of the MSC and the ACM are among them (`68T05`, `I.2.6`); arXiv's own categories have no digits.
    """
    named = [*entry.findall(_ARXIV + "primary_category"), *entry.findall(_ATOM + "category")]
    terms = dict.fromkeys(term for node in named if (term := clean_text(node.get("term"))))
    return [term for term in terms if not re.search("[0-9]", term)]
