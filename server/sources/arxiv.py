"""arXiv's Atom API: title, abstract and authors of papers known by id alone.

Terms of use: https://info.arxiv.org/help/api/tou.html
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.paper_ids import canonical
from server.sources.http import Client, Source
from server.sources.paper import SourcePaper, clean_text, parse_time

NAME = "arxiv"
PACE = 3.0  # seconds between requests; arXiv's terms allow one in three seconds over all of one's machines
BATCH = 100  # ids in one request, which keeps its URL short
RATE_LIMIT_PAUSE = 900.0  # seconds without a request after arXiv says "Rate exceeded"
HOSTS = frozenset({"arxiv.org", "www.arxiv.org", "export.arxiv.org"})
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_RATE_EXCEEDED = re.compile(rb"Rate exceeded", re.IGNORECASE)
# arXiv has no field for it. Not "replaces a withdrawn paper", nor "version 2 was withdrawn".
_WITHDRAWN = re.compile(
    r"(?:\AWithdrawn|\b(?:This |The |Our )?(?:paper|article|submission|manuscript|work|preprint|note|report) "
    r"(?:(?:has|have) been |is |was )?(?:temporarily )?withdrawn)\b",
    re.IGNORECASE,
)
# The archives in ids assigned until March 2007.
_OLD_ARCHIVE = re.compile(
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg|"
    "q-bio|quant-ph|solv-int|supr-con"
)


class Arxiv(Client):
    """arXiv's API, used within its terms."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        super().__init__(Source("arXiv", settings.arxiv_url, pace, HOSTS), settings, stop=stop)

    def by_ids(self, ids: Sequence[str]) -> list[SourcePaper]:
        """Return the papers that arXiv knows among at most `BATCH` canonical ids.

        Raises SourceRefused when arXiv does not answer for these ids, SourceUnavailable when it does not answer at all.
        """
        if len(ids) > BATCH:
            raise ValueError(f"at most {BATCH} ids at once, got {len(ids)}")
        body = self.get("/api/query", {"id_list": ",".join(ids), "max_results": len(ids)})
        try:
            found = parse_feed(body)
        except SourceRefused:
            if _RATE_EXCEEDED.search(body, 0, 1000):  # a page of status 200
                raise self.pause_for(RATE_LIMIT_PAUSE, "says that it was asked too often") from None
            raise
        wanted = set(ids)
        return [paper for paper in found if paper.id in wanted]


def parse_feed(body: bytes) -> list[SourcePaper]:
    """Return the papers of an Atom feed, without the entries that are not papers.

    Raises SourceRefused when the body is not a feed, or a feed that only reports an error.
    """
    try:
        feed = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise SourceRefused("arXiv did not answer with a feed.") from error
    if feed.tag != _ATOM + "feed":
        raise SourceRefused("arXiv did not answer with a feed.")
    entries = list(feed.iter(_ATOM + "entry"))
    papers = [paper for entry in entries if (paper := _parse_entry(entry))]
    if not papers and any("/api/errors" in (entry.findtext(_ATOM + "id") or "") for entry in entries):
        raise SourceRefused("arXiv answered with an error instead of papers.")
    return papers


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


def is_withdrawn(comment: str | None, abstract: str | None) -> bool:
    """Whether a paper was withdrawn: its comment says so, or its abstract was replaced by words that do."""
    return bool(_WITHDRAWN.search(comment or "") or _WITHDRAWN.match(abstract or ""))


def _parse_entry(entry: Element) -> SourcePaper | None:
    title = clean_text(entry.findtext(_ATOM + "title"))
    try:
        paper_id = canonical(entry.findtext(_ATOM + "id") or "")
    except BadPaperId:  # an error is an entry too
        return None
    if title is None:
        return None
    abstract, comment = clean_text(entry.findtext(_ATOM + "summary")), clean_text(entry.findtext(_ARXIV + "comment"))
    return SourcePaper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=[name for node in entry.findall(f"{_ATOM}author/{_ATOM}name") if (name := clean_text(node.text))],
        categories=[term for node in entry.findall(_ATOM + "category") if (term := clean_text(node.get("term")))],
        published_at=parse_time(entry.findtext(_ATOM + "published")),
        doi=clean_text(entry.findtext(_ARXIV + "doi")) or "",
        journal_ref=clean_text(entry.findtext(_ARXIV + "journal_ref")) or "",
        comment=comment or "",
        withdrawn=is_withdrawn(comment, abstract),
    )
