"""A bulk fill killed twice on its way: `python -m tests.long.arxiv_fill [PAPERS]`, from the clone.

A stand-in for arXiv holds 200,000 papers of three years in two categories, some changed since, some withdrawn, some
deleted; it answers 503 and cuts answers short now and then, and lets its resumption tokens expire. The fill runs in a
process of its own, at no pace but the machine's, and is killed (SIGKILL) at a third and at two thirds. It writes
`tests/long/reports/arxiv-fill.md`: some ten minutes.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from server.config import Settings
from server.services.bulk_fill import Fill, FillState, fill_patiently
from server.services.context import Context
from server.sources.arxiv_oai import ArxivOai
from server.store import papers
from tests.long.machine import described, revision
from tests.server.inkling_process import run
from tests.server.sources.arxiv_server import ArxivServer, Record, make_records

REPORT = Path(__file__).parent / "reports" / "arxiv-fill.md"
PAPERS, PAGE = 200_000, 1000
SINCE, DAYS = date(2023, 1, 1), 3 * 365
FILL = Fill(("cs.LG", "stat.ML"), SINCE, SINCE + timedelta(days=DAYS))
KILLED_AT = (1 / 3, 2 / 3)
WORDS = [
    f"{start}{end}" for start in ("retri", "gen", "quant", "learn", "infer") for end in ("eval", "ic", "um", "ing")
]


class Archive(ArxivServer):
    """The stand-in, in trouble now and then, with its lists sorted once."""

    def __init__(self, records: list[Record], dice: random.Random) -> None:
        super().__init__(records, page=PAGE)
        self.dice, self.lists, self.trouble = dice, dict[tuple[str, ...], list[Record]](), Counter[str]()
        self.quirk = self.misbehave

    def list_records(self, named_set: str, first: str, last: str) -> list[Record]:
        key = (named_set, first, last)
        if key not in self.lists:
            self.lists = {key: super().list_records(*key)}
        return self.lists[key]

    def misbehave(self, _path: str, query: dict[str, str]) -> object:
        luck = self.dice.random()
        if luck < 0.02:
            self.trouble["503 with Retry-After"] += 1
            return 503, {"Retry-After": "1"}, b""
        if luck < 0.04:
            self.trouble["answer cut short"] += 1
            return b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n<OAI-PMH"
        if luck < 0.05:
            self.trouble["HTML instead of XML"] += 1
            return 200, {}, b"<html><body>Just a moment</body></html>"
        if luck < 0.08 and "resumptionToken" in query:
            self.trouble["token expired"] += 1
            self.expire_tokens()
        return None


@dataclass
class Outcome:
    """What the report says of a fill."""

    runs: int
    seconds: float
    requests: int
    trouble: Counter[str]
    wanted: int
    found: int
    missing: int
    extra: int
    withdrawn: int
    wrong_titles: int
    again: int
    megabytes: float
    under_way: int


def make_archive(count: int, dice: random.Random) -> list[Record]:
    """Return the archive's records, a twentieth of them changed much later, a few withdrawn or deleted."""
    records = make_records(count, SINCE, DAYS, categories=FILL.categories)
    for number, record in enumerate(records):
        text = " ".join(dice.choices(WORDS, k=150))
        kind = dice.random()
        more: dict[str, object] = {"abstract": text}
        if kind < 0.05:
            more |= {"changed": record.changed + timedelta(days=dice.randrange(300)), "doi": f"10.1/{number}"}
        elif kind < 0.055:
            more |= {"comment": "This paper has been withdrawn by the author."}
        elif kind < 0.057:
            more |= {"deleted": True}
        records[number] = replace(record, **more)
    return records


@contextmanager
def serving(archive: Archive) -> Iterator[None]:
    """Answer requests for the block."""
    thread = threading.Thread(target=archive.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        archive.shutdown()
        thread.join()
        archive.server_close()


def settings_for(home: str, url: str) -> Settings:
    """Return settings that ask the stand-in."""
    return Settings.from_environment({"INKLING_HOME": home, "INKLING_ARXIV_URL": url})


def fill(home: str, url: str) -> None:
    """Fill to the end: the process that is killed."""
    settings, stop = settings_for(home, url), threading.Event()
    context, client = Context.ready(settings), ArxivOai(settings, stop=stop, pace=0.0)
    fill_patiently(context, client, FILL, stop, lambda reached: print(reached.papers, flush=True))


def start(home: str, url: str) -> subprocess.Popen[str]:
    """Start the fill in a process of its own, which says how many papers there are after each page."""
    command = [sys.executable, "-m", "tests.long.arxiv_fill", "--fill", home, url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def follow(process: subprocess.Popen[str], until: float) -> bool:
    """Read what the fill says, and kill it once there are so many papers; return whether it was killed."""
    with process:
        assert process.stdout
        for line in process.stdout:
            if int(line) >= until:
                process.send_signal(signal.SIGKILL)
                return True
    assert process.returncode == 0, "the fill failed"
    return False


def run_fill(count: int, seed: int = 1) -> Outcome:
    """Fill from an archive of so many papers, killed twice, and compare what is there with the archive."""
    dice = random.Random(seed)
    records = make_archive(count, dice)
    archive = Archive(records, dice)
    with serving(archive), tempfile.TemporaryDirectory() as home:
        run("migrate", home=Path(home))
        began = time.monotonic()
        killed = [follow(start(home, archive.url), count * share) for share in KILLED_AT]
        follow(start(home, archive.url), float("inf"))
        seconds = time.monotonic() - began
        assert killed == [True, True], "the fill was over before it was killed"
        requests = len(archive.asked)
        follow(start(home, archive.url), float("inf"))  # once more: nothing is new
        return compare(archive, home, seconds, requests)


def compare(archive: Archive, home: str, seconds: float, requests: int) -> Outcome:
    """Return how what is stored differs from what the archive holds."""
    context = Context.ready(settings_for(home, archive.url))
    alive = {record.id: record for record in archive.records if not record.deleted}
    stored = {}
    with context.database.reading() as session:
        for rows in papers.for_catalogue(session):
            stored.update(papers.rows(session, [row["id"] for row in rows]))
    state = FillState.load(context, FILL)
    assert state
    size = sum(file.stat().st_size for file in Path(home).glob("*.sqlite3*")) / 2**20
    context.database.close()
    return Outcome(
        runs=3,
        seconds=seconds,
        requests=requests,
        trouble=archive.trouble,
        wanted=len(alive),
        found=len(stored),
        missing=len(alive.keys() - stored.keys()),
        extra=len(stored.keys() - alive.keys()),
        withdrawn=sum(bool(row["withdrawn"]) for row in stored.values()),
        wrong_titles=sum(stored[name]["title"] != alive[name].heading for name in alive if name in stored),
        again=len(archive.asked) - requests,
        megabytes=size,
        under_way=state.papers,
    )


def write(outcome: Outcome, before: float) -> None:
    """Write the report."""
    trouble = ", ".join(f"{kind} {count}" for kind, count in sorted(outcome.trouble.items()))
    REPORT.write_text(f"""# A bulk fill from arXiv, killed twice

Written by `python -m tests.long.arxiv_fill` on {datetime.now(UTC).date()} at {revision()},
{described(before)}. SQLite. A stand-in that speaks OAI-PMH over HTTP, {PAGE} papers
a page, two sets, three years of days of change; the pace of 3 s is set to 0 for it. The process that fills was killed
(SIGKILL) at a third and at two thirds of the papers, and started again.

| | |
| --- | ---: |
| papers that the archive has | {outcome.wanted:,} |
| papers stored | {outcome.found:,} |
| missing | {outcome.missing} |
| stored but not in the archive (deleted there) | {outcome.extra} |
| titles that differ | {outcome.wrong_titles} |
| withdrawn, as the archive says in a comment | {outcome.withdrawn:,} |
| counted as new by the fill itself | {outcome.under_way:,} |
| requests | {outcome.requests} |
| requests of one more run, after the end | {outcome.again} |
| minutes | {outcome.seconds / 60:.1f} |
| papers a second, whole time, stand-in and restarts included | {outcome.found / outcome.seconds:.0f} |
| database, MB, with its full-text index | {outcome.megabytes:.0f} |

What the stand-in did on the way: {trouble}. At arXiv's pace the same requests
take {outcome.requests * 3 / 60:.0f} minutes at least.
""")


def main() -> None:
    """Run the fill, or be the process that fills."""
    if sys.argv[1:2] == ["--fill"]:
        fill(*sys.argv[2:4])
        return
    before = os.getloadavg()[0]
    outcome = run_fill(int(sys.argv[1]) if len(sys.argv) > 1 else PAPERS)
    print(outcome)
    if outcome.wanted > PAPERS // 2:
        write(outcome, before)
    assert (outcome.missing, outcome.extra, outcome.wrong_titles) == (0, 0, 0)
    assert outcome.under_way == outcome.found


if __name__ == "__main__":
    main()
