"""arXiv by OAI-PMH: every record of a set that changed within some days, page by page.

https://www.openarchives.org/OAI/openarchivesprotocol.html, https://info.arxiv.org/help/oa/index.html
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from datetime import date
from xml.etree.ElementTree import Element

from server.config import Settings
from server.errors import BadPaperId, SourceRefused
from server.paper_ids import canonical
from server.sources.arxiv_xml import PACE, is_withdrawn, read_text, read_xml, service
from server.sources.http import Client
from server.sources.paper import SourcePaper, parse_time

_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_META = "{http://arxiv.org/OAI/arXiv/}"
_FORMAT = "arXiv"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MAX_TOKEN = 2000  # characters


class TokenExpired(SourceRefused):
    """A resumption token is not valid any more: the list must be asked for from its beginning."""


@dataclass(frozen=True)
class RecordPage:
    """One page of a list of records.

    `deleted` are the papers that arXiv has removed, `newest` the latest day of change on this page, `token` what to ask
    for next, None after the last page.
    """

    papers: list[SourcePaper] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    newest: date | None = None
    token: str | None = None


class ArxivOai(Client):
    """arXiv's OAI-PMH, used within its terms."""

    def __init__(self, settings: Settings, *, stop: threading.Event | None = None, pace: float = PACE) -> None:
        super().__init__(service(settings, "oaipmh.arxiv.org", pace), settings, stop=stop)

    def records(self, named_set: str, first: date, last: date, token: str | None = None) -> RecordPage:
        """Return a page of the records of a set that changed from day `first` to day `last`, the first without `token`.

        Raises TokenExpired; SourceRefused when arXiv does not answer for this page, SourceUnavailable when it does not
        answer at all.
        """
        params: dict[str, str | int] = {"verb": "ListRecords"}
        if token:
            params["resumptionToken"] = token
        else:
            days = {"from": first.isoformat(), "until": last.isoformat()}
            params |= {"metadataPrefix": _FORMAT, "set": named_set, **days}
        return parse_records(self.get("/oai", params))


def parse_records(body: bytes) -> RecordPage:
    """Return the records of a response, without those that are no papers. Raises TokenExpired, SourceRefused."""
    root = read_xml(body, _OAI + "OAI-PMH", "OAI-PMH")
    for error in root.findall(_OAI + "error"):
        if error.get("code") == "noRecordsMatch":
            return RecordPage()
        said = f"arXiv answered with the error {(error.get('code') or '?')[:40]!r}: {(error.text or '').strip()[:200]}"
        raise (TokenExpired if error.get("code") == "badResumptionToken" else SourceRefused)(said)
    records = root.find(_OAI + "ListRecords")
    if records is None:
        raise SourceRefused("arXiv's OAI-PMH answered without a list of records.")
    return _read_page(records)


def _read_page(records: Element) -> RecordPage:
    papers, deleted, days = [], [], []
    for record in records.findall(_OAI + "record"):
        header = record.find(_OAI + "header")
        paper_id = None if header is None else _read_id(header)
        if header is None or paper_id is None:
            continue
        days.append(_parse_day(header.findtext(_OAI + "datestamp")))
        if header.get("status") == "deleted":
            deleted.append(paper_id)
        elif paper := _parse_record(paper_id, record.find(f"{_OAI}metadata/{_META}arXiv")):
            papers.append(paper)
    token = (records.findtext(_OAI + "resumptionToken") or "").strip()
    if len(token) > MAX_TOKEN:
        raise SourceRefused(f"arXiv's resumption token is longer than {MAX_TOKEN} characters.")
    return RecordPage(papers, deleted, max((day for day in days if day), default=None), token or None)


def _parse_record(paper_id: str, record: Element | None) -> SourcePaper | None:
    title = None if record is None else read_text(record, _META + "title")
    if record is None or title is None:
        return None
    abstract, comment = read_text(record, _META + "abstract"), read_text(record, _META + "comments")
    created = read_text(record, _META + "created")
    return SourcePaper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=[name for author in record.findall(f"{_META}authors/{_META}author") if (name := _read_name(author))],
        categories=(read_text(record, _META + "categories") or "").split(),
        published_at=parse_time(f"{created}T00:00:00Z"),
        doi=read_text(record, _META + "doi") or "",
        journal_ref=read_text(record, _META + "journal-ref") or "",
        comment=comment or "",
        withdrawn=is_withdrawn(comment, abstract),
    )


def _read_name(author: Element) -> str:
    parts = (read_text(author, _META + part) for part in ("forenames", "keyname", "suffix"))
    return " ".join(part for part in parts if part)


def _read_id(header: Element) -> str | None:
    try:
        return canonical((header.findtext(_OAI + "identifier") or "").strip().removeprefix("oai:arXiv.org:"))
    except BadPaperId:
        return None


def _parse_day(text: str | None) -> date | None:
    """Return the day of a datestamp, which may go on with a time; None when there is none."""
    found = _DAY.match((text or "").strip())
    try:
        return date.fromisoformat(found[0]) if found else None
    except ValueError:
        return None
