"""A stand-in for arXiv that speaks as its Atom API, RSS feeds and OAI-PMH do, over one catalogue of records."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from urllib.parse import quote, unquote

from server.categories import covers, oai_set
from tests.server.sources.listing_server import Answer, ListingServer, Raw

XML = {"Content-Type": "text/xml; charset=utf-8"}
CAT = re.compile(r"cat:([\w.-]+?)(?:\.\*)? AND submittedDate:\[(\d{8})0000 TO (\d{8})2359\]")


@dataclass(frozen=True)
class Record:
    """One paper of the archive; `changed` is OAI-PMH's datestamp."""

    id: str
    created: date
    changed: date
    categories: tuple[str, ...] = ("cs.LG",)
    title: str = ""
    abstract: str = "We study a thing."
    authors: tuple[tuple[str, str], ...] = (("Ada", "Lovelace"), ("Alan", "Turing"))
    comment: str = ""
    doi: str = ""
    journal_ref: str = ""
    deleted: bool = False
    kind: str = "new"

    @property
    def heading(self) -> str:
        return self.title or f"On {self.id}"


class ArxivServer(ListingServer):
    """`records` are what the archive holds, `today` its day; `expired` makes the tokens given so far unusable.

    `page` is how many papers one answer has at most, `tokens` whether a token says how long the list is.
    """

    def __init__(self, records: Sequence[Record] = (), *, page: int = 1000) -> None:
        super().__init__()
        self.records = list(records)
        self.today = date(2026, 11, 27)
        self.page = page
        self.generation = 0

    def expire_tokens(self) -> None:
        self.generation += 1

    def answer(self, path: str, query: dict[str, str]) -> Answer | Raw:
        if self.script:
            return self.script.pop(0)()
        if odd := self.quirk(path, query):
            return odd
        if path == "/api/query":
            return 200, {"Content-Type": "application/atom+xml"}, self.atom(query)
        if path.startswith("/rss/"):
            return 200, {"Content-Type": "application/rss+xml"}, self.rss(unquote(path.removeprefix("/rss/")))
        if path == "/oai":
            return 200, XML, self.oai(query)
        return 404, {}, b""

    # The Atom API

    def atom(self, query: dict[str, str]) -> bytes:
        start, size = int(query.get("start", 0)), min(int(query["max_results"]), self.page)
        if "id_list" in query:
            wanted = set(query["id_list"].split(","))
            found = [record for record in self.records if record.id in wanted and not record.deleted]
        else:
            found = self.search(query["search_query"])
        return atom_feed(found[start : start + size], len(found), start)

    def search(self, written: str) -> list[Record]:
        parts = CAT.fullmatch(written)
        assert parts, f"not a search of this API: {written}"
        first, last = (date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}") for day in parts.groups()[1:])
        found = [
            record
            for record in self.records
            if first <= record.created <= last and any(covers(parts[1], one) for one in record.categories)
        ]
        return sorted(
            (record for record in found if not record.deleted), key=lambda record: (record.created, record.id)
        )

    # RSS

    def rss(self, category: str) -> bytes:
        shown = [r for r in self.records if r.changed == self.today and category in r.categories and not r.deleted]
        return rss_feed(category, self.today, shown)

    # OAI-PMH

    def oai(self, query: dict[str, str]) -> bytes:
        if query.get("verb") != "ListRecords":
            return oai_error("badVerb", "Illegal verb")
        skip = 0
        if token := query.get("resumptionToken"):
            if set(query) != {"verb", "resumptionToken"}:
                return oai_error("badArgument", "resumptionToken is an exclusive argument")
            fields = dict(part.split("=", 1) for part in unquote(token).split("&"))
            if fields.pop("generation") != str(self.generation):
                return oai_error("badResumptionToken", "The value of the resumptionToken argument is expired")
            skip, query = int(fields["skip"]), fields
        found = self.list_records(query["set"], query["from"], query["until"])
        if not found:
            return oai_error("noRecordsMatch", "No records match")
        rest = skip + self.page
        given = {name: query[name] for name in ("set", "from", "until")} | {"generation": self.generation, "skip": rest}
        token = quote("&".join(f"{name}={value}" for name, value in given.items())) if rest < len(found) else ""
        return oai_list(found[skip:rest], token, cursor=skip, size=len(found), paged=bool(skip or token))

    def list_records(self, named_set: str, first: str, last: str) -> list[Record]:
        begin, end = date.fromisoformat(first), date.fromisoformat(last)
        found = [
            record
            for record in self.records
            if begin <= record.changed <= end
            and any(oai_set(one) == named_set or oai_set(one).startswith(f"{named_set}:") for one in record.categories)
        ]
        return sorted(found, key=lambda record: (record.changed, record.id))


def atom_feed(records: Sequence[Record], total: int, start: int = 0) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">ArXiv Query</title>
<opensearch:totalResults xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{total}</opensearch:totalResults>
<opensearch:startIndex xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">{start}</opensearch:startIndex>
{"".join(_atom_entry(record) for record in records)}</feed>""".encode()


def _atom_entry(record: Record) -> str:
    arxiv = 'xmlns:arxiv="http://arxiv.org/schemas/atom"'
    extra = "".join(
        f"<arxiv:{name} {arxiv}>{escape(value)}</arxiv:{name}>"
        for name, value in (("comment", record.comment), ("journal_ref", record.journal_ref), ("doi", record.doi))
        if value
    )
    authors = "".join(f"<author><name>{escape(' '.join(name))}</name></author>" for name in record.authors)
    terms = "".join(
        f'<category term="{one}" scheme="http://arxiv.org/schemas/atom"/>' for one in sorted(record.categories)
    )
    return f"""<entry><id>http://arxiv.org/abs/{record.id}v1</id><updated>{record.changed}T09:00:00Z</updated>
<published>{record.created}T08:30:00Z</published><title>{escape(record.heading)}</title>
<summary>  {escape(record.abstract)}
</summary>{authors}{extra}<arxiv:primary_category {arxiv} term="{record.categories[0]}"/>{terms}
<category term="68T05" scheme="http://arxiv.org/schemas/atom"/></entry>"""


def rss_feed(category: str, day: date, records: Sequence[Record]) -> bytes:
    stamp = day.strftime("%a, %d %b %Y 00:00:00 -0500")
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>{category} updates on arXiv.org</title><link>http://rss.arxiv.org/rss/{category}</link>
<description>{category} updates on the arXiv.org e-print archive.</description><language>en-us</language>
<lastBuildDate>{day.strftime("%a, %d %b %Y 05:00:03 +0000")}</lastBuildDate><pubDate>{stamp}</pubDate>
<skipDays><day>Sunday</day><day>Saturday</day></skipDays>
{"".join(_rss_item(record, stamp) for record in records)}</channel></rss>""".encode()


def _rss_item(record: Record, stamp: str) -> str:
    authors = ", ".join(" ".join(name) for name in record.authors)
    doi = f"<arxiv:DOI>{escape(record.doi)}</arxiv:DOI>" if record.doi else ""
    reference = escape(record.journal_ref)
    journal = f"<arxiv:journal_reference>{reference}</arxiv:journal_reference>" if reference else ""
    return f"""<item><title>{escape(record.heading)}</title><link>https://arxiv.org/abs/{record.id}</link>
<description>arXiv:{record.id}v1 Announce Type: {record.kind}
Abstract: {escape(record.abstract)}</description><guid isPermaLink="false">oai:arXiv.org:{record.id}v1</guid>
{"".join(f"<category>{one}</category>" for one in record.categories)}<pubDate>{stamp}</pubDate>
<arxiv:announce_type>{record.kind}</arxiv:announce_type>{doi}{journal}
<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights><dc:creator>{escape(authors)}</dc:creator></item>"""


def _oai(inside: str) -> bytes:
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<responseDate>2026-11-27T08:00:00Z</responseDate><request verb="ListRecords">http://oaipmh.arxiv.org/oai</request>
{inside}</OAI-PMH>""".encode()


def oai_error(code: str, text: str) -> bytes:
    return _oai(f'<error code="{code}">{text}</error>')


def oai_list(
    records: Sequence[Record], token: str = "", *, cursor: int = 0, size: int = 0, paged: bool = True
) -> bytes:
    expires = "2026-11-28T00:00:00Z"
    resumption = (
        f'<resumptionToken expirationDate="{expires}" completeListSize="{size}" cursor="{cursor}">'
        f"{escape(token)}</resumptionToken>"
    )
    inside = "".join(_oai_record(record) for record in records)
    return _oai(f"<ListRecords>{inside}{resumption if paged else ''}</ListRecords>")


def _oai_record(record: Record) -> str:
    sets = "".join(f"<setSpec>{oai_set(one)}</setSpec>" for one in record.categories)
    status = ' status="deleted"' if record.deleted else ""
    header = f"""<header{status}><identifier>oai:arXiv.org:{record.id}</identifier>
<datestamp>{record.changed}</datestamp>{sets}</header>"""
    if record.deleted:
        return f"<record>{header}</record>"
    authors = "".join(
        f"<author><keyname>{escape(last)}</keyname><forenames>{escape(first)}</forenames></author>"
        for first, last in record.authors
    )
    extra = "".join(
        f"<{name}>{escape(value)}</{name}>"
        for name, value in (("comments", record.comment), ("journal-ref", record.journal_ref), ("doi", record.doi))
        if value
    )
    return f"""<record>{header}<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>{record.id}</id>
<created>{record.created}</created><updated>{record.changed}</updated><authors>{authors}</authors>
<title>{escape(record.heading)}</title><categories>{" ".join(record.categories)}</categories>{extra}
<license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license><abstract>  {escape(record.abstract)}
</abstract></arXiv></metadata></record>"""


@contextlib.contextmanager
def arxiv_server(records: Sequence[Record] = (), *, page: int = 1000) -> Iterator[ArxivServer]:
    server = ArxivServer(records, page=page)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def make_records(count: int, first: date, days: int, *, categories: Sequence[str] = ("cs.LG",)) -> list[Record]:
    """Return papers spread evenly over some days, each announced a day after it was submitted."""
    made = []
    for number in range(count):
        created = first + timedelta(days=number * days // count)
        paper_id = f"{created:%y%m}.{number % 100_000:05d}"
        category = categories[number % len(categories)]
        made.append(Record(paper_id, created, created + timedelta(days=1), (category,)))
    return made
