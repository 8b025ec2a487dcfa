"""Tell a broken source from a quiet day, by the source's own weekly rhythm. Pure.

A source is judged by what it answered: how many papers it gave for which day, whether it repeats an earlier answer byte
for byte, and when it last answered at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

DAY = 86400.0
FINE = frozenset({"ok", "quiet"})
LATE = frozenset({"failing", "stopped", "stale", "silent"})  # readers get no new papers
# `new`: not asked yet · `filling`: the first fill · `failing`: cannot be asked · `stopped`: no good answer for long ·
# `stale`: an earlier answer again · `silent`: answers without papers, for longer than its rhythm explains
STATES = ("ok", "quiet", "new", "filling", "failing", "stopped", "stale", "silent")
MEMORY = 56  # days before the last paper, from which the rhythm is learned
ENOUGH = 14  # known days, with fewer of which the rhythm is taken to be Monday to Friday
WEEKDAYS = frozenset(range(5))
USUAL = 0.5  # share of a weekday's days with papers from which papers are expected on it
MISSED = 3  # expected days in a row without papers that no holiday explains
MIN_GAP = 14  # days without papers, at least, after which a source without any rhythm is silent
MAX_UNKNOWN = 20  # papers in a row that a source does not know
LATE_INTERVALS = 3  # of the source's own intervals without a good answer, and at least a day


@dataclass(frozen=True)
class DayAnswer:
    """What a source last answered for one day: how many papers, and the hash of its bytes (None without papers)."""

    papers: int
    digest: str | None = None


@dataclass(frozen=True)
class History:
    """What is known of a source's answers; times in epoch seconds, days in UTC.

    `every` is the interval at which it is asked, in seconds; `same_since` the time since when an answer that changes
    every day has not changed; `unknown` the papers asked for by id since the last one that it knew. A source
    `on_demand` is asked only when a paper is wanted: it may well be silent for long.
    """

    every: float = DAY
    days: Mapping[date, DayAnswer] = field(default_factory=dict)
    answered_at: float | None = None
    failure: str | None = None
    failing_since: float | None = None
    same_since: float | None = None
    unknown: int = 0
    on_demand: bool = False


@dataclass(frozen=True)
class Health:
    """The state of a source (one of `STATES`), why, since when; `age` is that of the last good answer, in seconds.

    `day` and `week` count the papers of yesterday and today, and of today and the six days before.
    """

    state: str
    reason: str | None = None
    since: float | None = None
    age: float | None = None
    day: int = 0
    week: int = 0

    @property
    def status(self) -> str:
        """`ok` or `degraded`, as `/readyz` says it."""
        return "ok" if self.state in FINE else "degraded"


def judge(history: History, now: float) -> Health:
    """Return the health of a source at `now`."""
    state, reason, since = _state(history, now)
    # A time in the future was written by a clock that has since been corrected.
    age = None if history.answered_at is None else max(0.0, now - history.answered_at)
    today = datetime.fromtimestamp(now, UTC).date()
    counts = _new_papers(history.days)
    day, week = (sum(counts.get(today - timedelta(days=back), 0) for back in range(span)) for span in (2, 7))
    return Health(state, reason, since, age, day, week)


def _state(history: History, now: float) -> tuple[str, str | None, float | None]:
    answered = history.answered_at
    if history.failure is not None:
        return "failing", history.failure, history.failing_since
    if history.unknown >= MAX_UNKNOWN:
        return "silent", f"it answers, but with none of {history.unknown} papers; they are asked for again", answered
    if history.on_demand:
        return "ok", None, None
    if answered is None:
        return "new", "not asked yet", None
    if now - answered > max(DAY, LATE_INTERVALS * history.every):
        return "stopped", f"no answer for {(now - answered) / 3600:.0f} h", answered
    return _rhythm_state(history, datetime.fromtimestamp(now, UTC).date())


def _rhythm_state(history: History, today: date) -> tuple[str, str | None, float | None]:
    """Return what the days before `today` say, which is not over yet; later ones are a wrong clock's."""
    counts = {day: count for day, count in _new_papers(history.days).items() if day <= today}
    last = max((day for day, count in counts.items() if count), default=None)
    expected = expected_weekdays(counts, last)
    quiet = sorted(day for day in counts if day < today and (last is None or day > last))
    missed = [day for day in quiet if day.weekday() in expected and not _is_year_end(day)]
    repeats = _repeats(history.days)
    again = next((day for day in missed if day in repeats), None)
    if again:
        return "stale", f"its answer for {again} is, byte for byte, the one for {repeats[again]}", _start(again)
    if same := _unchanged(history.same_since, expected, today):
        return "stale", f"the same answer, byte for byte, since {same}", history.same_since
    if last is None:
        return ("silent", _nothing(len(quiet)), None) if len(missed) >= MISSED else ("quiet", None, None)
    if len(missed) >= MISSED:
        return (
            "silent",
            f"nothing new since {last}: {len(missed)} days without papers on which it has some",
            _start(last),
        )
    gap = (today - last).days
    if not expected and gap > max(MIN_GAP, 2 * _longest_gap(counts)):
        return "silent", f"nothing new since {last}, over twice as long as ever before", _start(last)
    return "quiet" if quiet else "ok", None, None


def expected_weekdays(counts: Mapping[date, int], last: date | None) -> frozenset[int]:
    """Return the weekdays (Monday is 0) on which a source gives papers, from its 8 weeks up to the `last` with papers.

    A long silence after that must not unlearn the rhythm.
    """
    first = last - timedelta(days=MEMORY) if last else date.max
    known = {day: count for day, count in counts.items() if last and first < day <= last and not _is_year_end(day)}
    if len(known) < ENOUGH:
        return WEEKDAYS
    by_weekday: dict[int, list[bool]] = {}
    for day, count in known.items():
        by_weekday.setdefault(day.weekday(), []).append(count > 0)
    return frozenset(weekday for weekday, met in by_weekday.items() if sum(met) >= USUAL * len(met))


def _new_papers(days: Mapping[date, DayAnswer]) -> dict[date, int]:
    """Return day -> papers; a repeated answer brings none."""
    repeats = _repeats(days)
    return {day: 0 if day in repeats else answer.papers for day, answer in days.items()}


def _repeats(days: Mapping[date, DayAnswer]) -> dict[date, date]:
    """Return day -> the first day with the very same answer, for the days that repeat one."""
    first: dict[str, date] = {}
    repeats: dict[date, date] = {}
    for day in sorted(days):
        digest = days[day].digest
        if digest and first.setdefault(digest, day) != day:
            repeats[day] = first[digest]
    return repeats


def _unchanged(since: float | None, expected: frozenset[int], today: date) -> date | None:
    """Return the day since when an answer is the same, if one whole expected day lies in between."""
    begun = datetime.fromtimestamp(since, UTC).date() if since is not None else today
    between = [begun + timedelta(days=ahead) for ahead in range(1, min((today - begun).days, MEMORY))]
    return begun if any(day.weekday() in expected for day in between) else None


def _longest_gap(counts: Mapping[date, int]) -> int:
    """Return the most days between two days with papers."""
    met = sorted(day for day, count in counts.items() if count)
    return max(((after - before).days for before, after in pairwise(met)), default=0)


def _nothing(days: int) -> str:
    return f"nothing was listed in {days} days; is its address right?"


def _start(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _is_year_end(day: date) -> bool:
    """Whether a day is between Christmas and the second of January, when sources are closed."""
    return (day.month, day.day) >= (12, 24) or (day.month, day.day) <= (1, 2)
