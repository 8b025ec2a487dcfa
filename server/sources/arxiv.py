"""arXiv's Atom API: the facts of papers we know only by id."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.clock import parse_rfc3339
from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.identifiers import canonical
from server.sources.http import Client, Source
from server.sources.paper import SourcePaper, clean_text

NAME = "arxiv"
PACE = 3.0  # arXiv's terms: one request in three seconds, over all of one's machines, on one connection
BATCH = 100  # ids in one request, so that its address stays short
RATE_LIMIT_PAUSE = 900.0  # seconds to leave it alone once it says that it was asked too often
HOSTS = frozenset({"arxiv.org", "www.arxiv.org", "export.arxiv.org"})
_ATOM = "{http://www.w3.org/2005/Atom}"
_RATE_EXCEEDED = re.compile(rb"Rate exceeded", re.IGNORECASE)
# The archives of the ids that were given until March 2007.
_OLD_ARCHIVE = re.compile(
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg|"
    "q-bio|quant-ph|solv-int|supr-con"
)


class Arxiv:
    """Asks arXiv, within its terms of use."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        self._client = Client(Source("arXiv", settings.arxiv_url, pace, HOSTS), settings, stop=stop)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def by_ids(self, ids: Sequence[str]) -> list[SourcePaper]:
        """Return the papers that arXiv knows among at most `BATCH` canonical ids.

        Raises SourceRefused when it does not answer for these ids, SourceUnavailable when for none.
        """
        if len(ids) > BATCH:
            raise ValueError(f"at most {BATCH} ids at once, got {len(ids)}")
        body = self._client.get("/api/query", {"id_list": ",".join(ids), "max_results": len(ids)})
        try:
            found = parse_feed(body)
        except SourceRefused:
            if _RATE_EXCEEDED.search(body, 0, 1000):  # said in a page of status 200
                raise self._client.pause_for(RATE_LIMIT_PAUSE, "says that it was asked too often") from None
            raise
        wanted = set(ids)
        return [paper for paper in found if paper.id in wanted]


def parse_feed(body: bytes) -> list[SourcePaper]:
    """Return the papers of an Atom feed; entries that are no papers are left out.

    Raises SourceRefused when it is no feed, or one that holds nothing but arXiv's word of an error.
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
    """Whether arXiv can have given this canonical id by `now` (epoch seconds); most that it cannot, it refuses."""
    archive, _, number = paper_id.rpartition("/")
    month = number[:4]
    if not "01" <= month[2:] <= "12":
        return False
    if archive:
        return bool(_OLD_ARCHIVE.fullmatch(archive)) and ("9107" <= month <= "9912" or "0001" <= month <= "0703")
    # A day more, for clocks that differ. The number has had a fifth digit since 2015.
    newest = time.strftime("%y%m", time.gmtime(now + 86400))
    return "0704" <= month <= newest and len(number) == (9 if month < "1501" else 10)


def _parse_entry(entry: Element) -> SourcePaper | None:
    title = clean_text(entry.findtext(_ATOM + "title"))
    try:
        paper_id = canonical(entry.findtext(_ATOM + "id") or "")
    except BadPaperId:  # arXiv reports an error as an entry of its own
        return None
    if title is None:
        return None
    return SourcePaper(
        id=paper_id,
        title=title,
        abstract=clean_text(entry.findtext(_ATOM + "summary")),
        authors=[name for node in entry.findall(f"{_ATOM}author/{_ATOM}name") if (name := clean_text(node.text))],
        categories=[term for node in entry.findall(_ATOM + "category") if (term := clean_text(node.get("term")))],
        published_at=_time(entry.findtext(_ATOM + "published")),
    )


def _time(text: str | None) -> float | None:
    try:
        return parse_rfc3339(text.strip()) if text else None
    except ValueError:
        return None
