"""What arXiv's three services have in common: their addresses, one pace, and XML that is read with care.

Terms of use: https://info.arxiv.org/help/api/tou.html
"""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from server.config import ARXIV_URL, Settings
from server.errors import SourceRefused
from server.sources.http import Source
from server.sources.paper import clean_text

PACE = 3.0  # seconds between requests; arXiv's terms allow one in three seconds over all of one's machines
RATE_LIMIT_PAUSE = 900.0  # seconds without a request after arXiv says "Rate exceeded"
HOSTS = frozenset({"arxiv.org", "www.arxiv.org", "export.arxiv.org", "rss.arxiv.org", "oaipmh.arxiv.org"})
# arXiv has no field for it. Not "replaces a withdrawn paper", nor "version 2 was withdrawn", "withdrawn from ICLR".
_NOUN = r"(?:paper|article|submission|manuscript|work|preprint|note|report)(?: \([^)]{1,60}\))?"
_VERB = r"(?:(?:has|have|had) (?:now |already )?been|is(?: now| being| hereby)?|was) "
_ADVERB = r"(?:temporarily |voluntarily |now )?"
_NOT_FROM_VENUE = r"(?!(?: by (?:the |its |all )?authors?)? (?:from (?!(?:the )?arXiv|publication)|at ))"
_REASON = (
    r"(?= (?:by|due|because|owing|as|since|for|pending|until|after|on|in favou?r)\b| from (?:the )?arXiv\b"
    r"| and (?:replaced|superseded|merged|resubmitted)\b)"
)
_END = r"(?= ?(?:\Z|[.,;:!()\[\]–—]| - ))"
_SAYS_SO = (
    rf"{_NOUN} (?:{_VERB}{_ADVERB}withdrawn\b{_NOT_FROM_VENUE}|{_ADVERB}withdrawn(?:{_REASON}|{_END}){_NOT_FROM_VENUE})"
)
_THEY_DID = rf"\b(?:authors?|we|I) (?:has|have) withdrawn (?:this|the|our|my) {_NOUN}\b{_NOT_FROM_VENUE}"
_ALONE = rf"withdrawn(?:{_REASON}|{_END}){_NOT_FROM_VENUE}"
_START = r"(?:\A|[.,;:(\[–—] ?| - )"  # of a part of a comment
_COMMENT_WITHDRAWN = re.compile(
    rf"(?:{_START}|(?<!of )\b(?:this|the|our|my) ){_SAYS_SO}|{_THEY_DID}|\bwithdrawn by (?:the )?arXiv\b"
    rf"|{_START}withdrawn{_REASON}{_NOT_FROM_VENUE}|\A\W*{_ALONE}"
    # After "Submitted to ICLR", a mere "withdrawn" is about that.
    rf"|\A(?:(?!submi|accept|review|reject).)*{_START}{_ALONE}"
    rf"|arXiv admin note:(?:(?!overlap|[.;]).){{0,200}}?\bwithdrawn\b{_NOT_FROM_VENUE}",
    re.IGNORECASE | re.DOTALL,
)
_ABSTRACT_WITHDRAWN = re.compile(
    rf"\W*(?:(?:(?:this|the|our|my) )?{_SAYS_SO}|(?:The )?{_THEY_DID}|{_ALONE})", re.IGNORECASE
)
_RATE_EXCEEDED = re.compile(rb"Rate exceeded", re.IGNORECASE)


def service(settings: Settings, host: str, pace: float) -> Source:
    """Return the service that arXiv runs at `host`; all are at INKLING_ARXIV_URL when that is not arXiv's own.

    They are one source with one pace: arXiv allows one connection and one request in three seconds over all of them.
    """
    url = f"https://{host}" if settings.arxiv_url == ARXIV_URL else settings.arxiv_url
    return Source("arXiv", url, pace, HOSTS, turns=f"arXiv {settings.arxiv_url}")


def read_xml(body: bytes, root: str, what: str) -> Element:
    """Return the root element of a response. Raises SourceRefused when it is no XML with this root.

    Entities are not expanded, and a document with any of its own is refused.
    """
    try:
        element: Element = fromstring(body)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise SourceRefused(f"arXiv did not answer with {what}.") from error
    if element.tag != root:
        raise SourceRefused(f"arXiv did not answer with {what}.")
    return element


def says_rate_exceeded(body: bytes) -> bool:
    """Whether a response is the page with which arXiv says that it was asked too often; it has status 200."""
    return _RATE_EXCEEDED.search(body, 0, 1000) is not None


def read_text(element: Element, path: str) -> str | None:
    """Return the text of the first element at `path`, None when it is missing or blank."""
    return clean_text(element.findtext(path))


def read_texts(element: Element, path: str) -> list[str]:
    """Return the texts of the elements at `path`, without blank ones."""
    return [text for found in element.findall(path) if (text := clean_text(found.text))]


def is_withdrawn(comment: str | None, abstract: str | None) -> bool:
    """Whether a paper was withdrawn: its comment says so, or its abstract was replaced by words that do."""
    return bool(_COMMENT_WITHDRAWN.search(comment or "") or _ABSTRACT_WITHDRAWN.match(abstract or ""))
